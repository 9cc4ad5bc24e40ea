//! e^x over the sum of e^x along a line (the last axis). In: x of shape (lines, width).
//! Out: y of the same shape, each line adding up to 1.

use rayon::prelude::*;

use super::super::blocks::{rows_per_task, total, vectorised};
use super::math::exp;

/// Shares of each line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Softmax {
    pub(crate) width: usize,
}

impl Softmax {
    /// Fills `y`. The largest number of a line is taken off first, so that nothing
    /// overflows.
    pub(crate) fn forward(&self, x: &[f32], y: &mut [f32]) {
        let size = rows_per_task(self.width) * self.width;
        y.par_chunks_mut(size)
            .zip(x.par_chunks(size))
            .for_each(|(y, x)| {
                vectorised(
                    #[inline(always)]
                    || {
                        let lines = y.chunks_exact_mut(self.width);
                        for (y, x) in lines.zip(x.chunks_exact(self.width)) {
                            let top = largest(x);
                            y.iter_mut().zip(x).for_each(|(y, x)| *y = exp(x - top));
                            let sum = total(y);
                            y.iter_mut().for_each(|y| *y /= sum);
                        }
                    },
                );
            });
    }

    /// Turns the gradient of y into that of x, in place: y·(g - Σ g·y).
    pub(crate) fn backward(&self, y: &[f32], g: &mut [f32]) {
        let size = rows_per_task(self.width) * self.width;
        g.par_chunks_mut(size)
            .zip(y.par_chunks(size))
            .for_each_init(
                || vec![0.0; self.width],
                |products, (g, y)| {
                    vectorised(
                        #[inline(always)]
                        || {
                            let lines = g.chunks_exact_mut(self.width);
                            for (g, y) in lines.zip(y.chunks_exact(self.width)) {
                                let pairs = products.iter_mut().zip(&*g).zip(y);
                                pairs.for_each(|((p, g), y)| *p = g * y);
                                let sum = total(products);
                                g.iter_mut()
                                    .zip(y)
                                    .for_each(|(g, y)| *g = y * (*g - sum));
                            }
                        },
                    );
                },
            );
    }
}

/// The largest number.
#[inline(always)]
fn largest(x: &[f32]) -> f32 {
    let larger = |top: f32, x: &f32| if *x > top { *x } else { top };
    x.iter().fold(f32::NEG_INFINITY, larger)
}

#[cfg(test)]
mod tests {
    use super::super::differences::{check_curved, random, weighted};
    use super::*;

    fn run(width: usize, x: &[f32]) -> Vec<f32> {
        let mut y = vec![f32::NAN; x.len()];
        Softmax { width }.forward(x, &mut y);
        y
    }

    #[test]
    fn shares_by_hand_and_far_out() {
        let y = run(2, &[0.0, 3f32.ln(), 1000.0, 1000.0, -1000.0, 1000.0]);
        for (y, expected) in y.iter().zip([0.25, 0.75, 0.5, 0.5, 0.0, 1.0]) {
            assert!((y - expected).abs() < 1e-6, "{y} {expected}");
        }
        assert!(run(2, &[f32::NAN, 1.0]).iter().all(|y| y.is_nan()));
    }

    #[test]
    fn values_and_gradients_agree_with_differences_and_dfdx() {
        use dfdx::prelude::{Axis, Backward, Cpu, Rank0, SumTo, TensorFromVec, Trace};
        for (lines, width) in [(1, 1), (3, 5), (2, 40), (7, 3)] {
            let (x, w) = (random(lines * width, 1), random(lines * width, 2));
            let y = run(width, &x);
            let mut g = w.clone();
            Softmax { width }.backward(&y, &mut g);
            check_curved("softmax", &x, &g, |x| weighted(&run(width, x), &w));
            let device = Cpu::default();
            let t = device.tensor_from_vec(x.clone(), (lines, width));
            let out = t.leaky_trace().softmax::<Axis<1>>();
            let theirs = out.as_vec();
            let weights = device.tensor_from_vec(w, (lines, width));
            let slopes = (out * weights).sum::<Rank0, _>().backward();
            let slopes = slopes.get(&t).as_vec();
            for (a, b) in y.iter().chain(&g).zip(theirs.iter().chain(&slopes)) {
                assert!((a - b).abs() < 1e-6, "{a} {b}");
            }
        }
    }
}
