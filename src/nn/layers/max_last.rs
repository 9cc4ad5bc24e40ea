//! The largest number of a line (the numbers along the last axis). In: x of shape (lines,
//! width). Out: y of shape (lines).

use rayon::prelude::*;

use super::super::blocks::rows_per_task;

/// The largest of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MaxLast {
    pub(crate) width: usize,
}

impl MaxLast {
    /// Fills `y`.
    pub(crate) fn forward(&self, x: &[f32], y: &mut [f32]) {
        y.par_iter_mut()
            .zip(x.par_chunks_exact(self.width))
            .with_min_len(rows_per_task(self.width))
            .for_each(|(y, x)| *y = first_largest(x).1);
    }

    /// Fills `gx`: the first of the largest gets the gradient.
    pub(crate) fn backward(&self, x: &[f32], gy: &[f32], gx: &mut [f32]) {
        gx.par_chunks_exact_mut(self.width)
            .zip(x.par_chunks_exact(self.width))
            .zip(gy)
            .with_min_len(rows_per_task(self.width))
            .for_each(|((gx, x), gy)| {
                let (first, _) = first_largest(x);
                let entries = gx.iter_mut().enumerate();
                entries.for_each(|(k, gx)| *gx = if k == first { *gy } else { 0.0 });
            });
    }
}

/// The place and the value of the first of the largest numbers; a NaN stays: it is not
/// larger, and nothing is larger than it.
fn first_largest(x: &[f32]) -> (usize, f32) {
    let larger = |top: (usize, f32), (k, x): (usize, &f32)| {
        if *x > top.1 || x.is_nan() {
            (k, *x)
        } else {
            top
        }
    };
    let first = x.first().copied().unwrap_or(f32::NEG_INFINITY);
    x.iter().enumerate().skip(1).fold((0, first), larger)
}

#[cfg(test)]
mod tests {
    use super::super::differences::{check, random, weighted};
    use super::*;

    #[test]
    fn by_hand_and_the_first_of_equals_has_the_gradient() {
        let max = MaxLast { width: 3 };
        let x = [1.0, 5.0, 5.0, -2.0, -3.0, f32::NEG_INFINITY];
        let mut y = [0.0; 2];
        max.forward(&x, &mut y);
        assert_eq!(y, [5.0, -2.0]);
        let mut gx = [f32::NAN; 6];
        max.backward(&x, &[7.0, 11.0], &mut gx);
        assert_eq!(gx, [0.0, 7.0, 0.0, 11.0, 0.0, 0.0]);
        for x in [[f32::NAN, 1.0, 2.0], [1.0, f32::NAN, 2.0]] {
            let mut y = [0.0];
            max.forward(&x, &mut y);
            assert!(y[0].is_nan());
        }
    }

    #[test]
    fn gradients_are_finite_differences() {
        for (lines, width) in [(1, 1), (3, 5), (2, 40), (700, 3)] {
            let max = MaxLast { width };
            let (x, w) = (random(lines * width, 1), random(lines, 2));
            let mut gx = vec![f32::NAN; x.len()];
            max.backward(&x, &w, &mut gx);
            check("max_last", &x, &gx, |x| {
                let mut y = vec![f32::NAN; lines];
                max.forward(x, &mut y);
                weighted(&y, &w)
            });
        }
    }
}
