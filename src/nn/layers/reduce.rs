//! What a line (the numbers along the last axis) comes to: its sum or mean. In: x of
//! shape (lines, width). Out: y of shape (lines).

use rayon::prelude::*;

use super::super::blocks::{rows_per_task, total, vectorised};

/// Lines shorter than this are summed number by number.
const SHORT: usize = 16;

/// A sum over lines, times a factor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reduce {
    pub(crate) width: usize,
    /// 1 for the sum, 1/width for the mean.
    pub(crate) factor: f32,
}

impl Reduce {
    /// Fills `y`.
    pub(crate) fn forward(&self, x: &[f32], y: &mut [f32]) {
        let lines = rows_per_task(self.width);
        y.par_chunks_mut(lines)
            .zip(x.par_chunks(lines * self.width))
            .for_each(|(y, x)| {
                vectorised(
                    #[inline(always)]
                    || {
                        let lines = y.iter_mut().zip(x.chunks_exact(self.width));
                        for (y, x) in lines {
                            let sum = match self.width < SHORT {
                                true => x.iter().sum(),
                                false => total(x),
                            };
                            *y = sum * self.factor;
                        }
                    },
                );
            });
    }

    /// Fills `gx`.
    pub(crate) fn backward(&self, gy: &[f32], gx: &mut [f32]) {
        let lines = rows_per_task(self.width);
        gx.par_chunks_mut(lines * self.width)
            .zip(gy.par_chunks(lines))
            .for_each(|(gx, gy)| {
                let pairs = gx.chunks_exact_mut(self.width).zip(gy);
                pairs.for_each(|(gx, gy)| gx.fill(gy * self.factor));
            });
    }
}

#[cfg(test)]
mod tests {
    use super::super::differences::{check, random, weighted};
    use super::*;

    #[test]
    fn sums_are_exact_on_integers_and_means_divide_them() {
        for (lines, width) in [(1, 1), (3, 5), (2, 16), (40, 37), (9, 5000)] {
            let x: Vec<f32> = (0..lines * width).map(|i| (i % 7) as f32).collect();
            for factor in [1.0, 1.0 / width as f32] {
                let mut y = vec![f32::NAN; lines];
                Reduce { width, factor }.forward(&x, &mut y);
                for (y, x) in y.iter().zip(x.chunks(width)) {
                    assert_eq!(*y, x.iter().sum::<f32>() * factor);
                }
            }
        }
    }

    #[test]
    fn gradients_are_finite_differences() {
        for (lines, width) in [(1, 1), (3, 5), (2, 40)] {
            let reduce = Reduce {
                width,
                factor: 1.0 / width as f32,
            };
            let (x, w) = (random(lines * width, 1), random(lines, 2));
            let mut gx = vec![f32::NAN; x.len()];
            reduce.backward(&w, &mut gx);
            check("mean_last", &x, &gx, |x| {
                let mut y = vec![f32::NAN; lines];
                reduce.forward(x, &mut y);
                weighted(&y, &w)
            });
        }
    }
}
