//! Tensors laid side by side along their last axis, and parts cut out of it again. In:
//! values. Out: values; gradients, each number going back to where it came from.

use rayon::prelude::*;

use super::super::blocks::BLOCK;

/// Tensors laid side by side along the last axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Concat {
    /// The last axis of each.
    pub(crate) widths: Vec<usize>,
}

impl Concat {
    /// Copies input number `which` to its place in `y`.
    pub(crate) fn forward(&self, which: usize, x: &[f32], y: &mut [f32]) {
        let (start, width, all) = self.place(which);
        each_line(y, all, x, width, |y, x| {
            if let Some(y) = y.get_mut(start..start + width) {
                y.copy_from_slice(x);
            }
        });
    }

    /// Copies the part of `gy` that belongs to input number `which`.
    pub(crate) fn backward(&self, which: usize, gy: &[f32], gx: &mut [f32]) {
        let (start, width, all) = self.place(which);
        each_line(gx, width, gy, all, |gx, gy| {
            gx.copy_from_slice(gy.get(start..start + width).unwrap_or(&[]));
        });
    }

    /// Where an input begins, its width, and the width of the whole.
    fn place(&self, which: usize) -> (usize, usize, usize) {
        let start = self.widths.iter().take(which).sum();
        let width = self.widths.get(which).copied().unwrap_or(0);
        (start, width, self.widths.iter().sum())
    }
}

/// Part of the last axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slice {
    /// Length of the axis.
    pub(crate) axis: usize,
    /// The first place that is taken and the first after it that is not.
    pub(crate) start: usize,
    pub(crate) stop: usize,
}

impl Slice {
    /// Fills `y`.
    pub(crate) fn forward(&self, x: &[f32], y: &mut [f32]) {
        each_line(y, self.stop - self.start, x, self.axis, |y, x| {
            y.copy_from_slice(x.get(self.start..self.stop).unwrap_or(&[]));
        });
    }

    /// Fills `gx`: zero where nothing was taken.
    pub(crate) fn backward(&self, gy: &[f32], gx: &mut [f32]) {
        each_line(gx, self.axis, gy, self.stop - self.start, |gx, gy| {
            gx.fill(0.0);
            if let Some(gx) = gx.get_mut(self.start..self.stop) {
                gx.copy_from_slice(gy);
            }
        });
    }
}

/// Calls `work` on each line of `y` and its line of `x`.
fn each_line(
    y: &mut [f32],
    y_width: usize,
    x: &[f32],
    x_width: usize,
    work: impl Fn(&mut [f32], &[f32]) + Sync,
) {
    let lines = (BLOCK / y_width.max(x_width).max(1)).max(1);
    y.par_chunks_mut(lines * y_width)
        .zip(x.par_chunks(lines * x_width))
        .for_each(|(y, x)| {
            let pairs = y.chunks_exact_mut(y_width).zip(x.chunks_exact(x_width));
            pairs.for_each(|(y, x)| work(y, x));
        });
}

#[cfg(test)]
mod tests {
    use super::super::differences::{check, random, weighted};
    use super::*;

    #[test]
    fn joining_and_cutting_undo_each_other() {
        for (widths, lines) in [
            (vec![1], 1),
            (vec![2, 3], 4),
            (vec![5, 1, 7, 2], 9),
            (vec![300, 200], 70),
        ] {
            let all: usize = widths.iter().sum();
            let concat = Concat {
                widths: widths.clone(),
            };
            let mut y = vec![f32::NAN; lines * all];
            let inputs: Vec<Vec<f32>> = widths
                .iter()
                .enumerate()
                .map(|(k, n)| random(lines * n, k as u64))
                .collect();
            for (k, x) in inputs.iter().enumerate() {
                concat.forward(k, x, &mut y);
            }
            let mut start = 0;
            for (k, (x, width)) in inputs.iter().zip(&widths).enumerate() {
                let slice = Slice {
                    axis: all,
                    start,
                    stop: start + width,
                };
                let mut back = vec![f32::NAN; x.len()];
                slice.forward(&y, &mut back);
                assert_eq!(&back, x);
                let mut gradient = vec![f32::NAN; x.len()];
                concat.backward(k, &y, &mut gradient);
                assert_eq!(&gradient, x);
                start += width;
            }
        }
    }

    #[test]
    fn gradients_of_a_cut_are_finite_differences() {
        for (axis, start, stop) in [(1, 0, 1), (5, 1, 3), (7, 0, 6), (9, 8, 9)] {
            let slice = Slice { axis, start, stop };
            let (x, w) = (random(4 * axis, 1), random(4 * (stop - start), 2));
            let mut gx = vec![f32::NAN; x.len()];
            slice.backward(&w, &mut gx);
            check("slice", &x, &gx, |x| {
                let mut y = vec![f32::NAN; w.len()];
                slice.forward(x, &mut y);
                weighted(&y, &w)
            });
        }
    }

    #[test]
    fn dfdx_joins_alike() {
        use dfdx::prelude::{Cpu, TensorFromVec, TryConcatAlong};
        let (a, b) = (random(12, 1), random(8, 2));
        let device = Cpu::default();
        let left = device.tensor_from_vec(a.clone(), (4usize, 3usize));
        let right = device.tensor_from_vec(b.clone(), (4usize, 2usize));
        let theirs = (left, right)
            .concat_along(dfdx::prelude::Axis::<1>)
            .as_vec();
        let concat = Concat { widths: vec![3, 2] };
        let mut ours = vec![f32::NAN; 20];
        concat.forward(0, &a, &mut ours);
        concat.forward(1, &b, &mut ours);
        assert_eq!(ours, theirs);
    }
}
