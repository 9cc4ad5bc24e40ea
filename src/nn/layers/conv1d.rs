//! Cross-correlation over [length, channels]. In: x of shape (rows, length, channels),
//! W (kernel, channels, filters), b (filters). Out: y of shape (rows, positions, filters).
//!
//! The neighbourhood of a position is `kernel·channels` contiguous numbers of the padded
//! signal, so the matrix of neighbourhoods is a view with overlapping rows: nothing is
//! copied to make it.

use rayon::prelude::*;

use super::super::blocks::{
    column_sums, rows_per_task, sum_blocks, summed_rows, vectorised,
};
use super::super::product::{Shape, View, multiply};
use super::relu::{pass_positive, rectify_part};

/// A convolution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Convolution {
    pub(crate) length: usize,
    pub(crate) channels: usize,
    pub(crate) filters: usize,
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    /// Zeros before and after the signal.
    pub(crate) left: usize,
    pub(crate) right: usize,
    /// Length of the output.
    pub(crate) positions: usize,
    /// Whether max(·, 0) follows.
    pub(crate) relu: bool,
}

impl Convolution {
    /// Whether there are zeros around the signal.
    pub(crate) fn pads(&self) -> bool {
        self.left + self.right > 0
    }

    /// Numbers per row of the padded signal.
    pub(crate) fn padded_width(&self) -> usize {
        (self.left + self.length + self.right) * self.channels
    }

    /// Numbers in one neighbourhood.
    fn patch(&self) -> usize {
        self.kernel * self.channels
    }

    /// Numbers per row of the output.
    fn width(&self) -> usize {
        self.positions * self.filters
    }

    /// The neighbourhoods of one padded row, (positions, kernel·channels).
    fn patches<'a>(&self, row: &'a [f32]) -> View<'a> {
        View {
            values: row,
            row_step: self.stride * self.channels,
            column_step: 1,
        }
    }

    /// Copies x into `padded`, with zeros around each row.
    pub(crate) fn pad(&self, x: &[f32], padded: &mut [f32]) {
        let signal = self.length * self.channels;
        let start = self.left * self.channels;
        padded
            .par_chunks_mut(self.padded_width())
            .zip(x.par_chunks(signal))
            .with_min_len(rows_per_task(self.padded_width()))
            .for_each(|(padded, x)| {
                let (before, rest) = padded.split_at_mut(start);
                let (inside, after) = rest.split_at_mut(signal);
                before.fill(0.0);
                inside.copy_from_slice(x);
                after.fill(0.0);
            });
    }

    /// Fills `y` from the padded signal.
    pub(crate) fn forward(
        &self,
        padded: &[f32],
        w: &[f32],
        b: Option<&[f32]>,
        y: &mut [f32],
    ) {
        let shape = Shape {
            rows: self.positions,
            columns: self.filters,
            depth: self.patch(),
        };
        let w = View::rows(w, self.filters);
        y.par_chunks_mut(self.width())
            .zip(padded.par_chunks(self.padded_width()))
            .for_each(|(y, row)| {
                multiply(shape, self.patches(row), w, y, false);
                vectorised(
                    #[inline(always)]
                    || {
                        y.chunks_exact_mut(self.filters)
                            .for_each(|part| finish_part(part, b, self.relu));
                    },
                );
            });
    }

    /// From the gradient `gy` of y (which is used up), the gradients of W, b and, where
    /// asked for, x (not padded).
    #[allow(clippy::too_many_arguments, reason = "values in, gradients out")]
    pub(crate) fn backward(
        &self,
        padded: &[f32],
        y: &[f32],
        w: &[f32],
        gy: &mut [f32],
        gw: &mut [f32],
        gb: Option<&mut [f32]>,
        gx: Option<&mut [f32]>,
    ) {
        if self.relu {
            pass_positive(gy, y);
        }
        if let Some(gb) = gb {
            column_sums(gy, gb);
        }
        self.weight_gradient(padded, gy, gw);
        if let Some(gx) = gx {
            self.input_gradient(w, gy, gx);
        }
    }

    /// The sum over rows of patchesᵀ·gy.
    fn weight_gradient(&self, padded: &[f32], gy: &[f32], gw: &mut [f32]) {
        let rows = gy.len() / self.width();
        let block = summed_rows(rows, 4);
        let shape = Shape {
            rows: self.patch(),
            columns: self.filters,
            depth: self.positions,
        };
        sum_blocks(rows.div_ceil(block), gw, |k, sum| {
            let signals = padded.chunks(self.padded_width());
            let pairs = signals.zip(gy.chunks(self.width()));
            for (row, gy) in pairs.skip(k * block).take(block) {
                let gy = View::rows(gy, self.filters);
                multiply(shape, self.patches(row).turned(), gy, sum, true);
            }
        });
    }

    /// gy·Wᵀ, each position's numbers added to where its neighbourhood lies.
    fn input_gradient(&self, w: &[f32], gy: &[f32], gx: &mut [f32]) {
        let patch = self.patch();
        let shape = Shape {
            rows: self.positions,
            columns: patch,
            depth: self.filters,
        };
        let turned = View::rows(w, self.filters).turned();
        let (before, step) = (self.left * self.channels, self.stride * self.channels);
        let fresh = || vec![0.0; self.positions * patch];
        gx.par_chunks_mut(self.length * self.channels)
            .zip(gy.par_chunks(self.width()))
            .for_each_init(fresh, |patches, (gx, gy)| {
                multiply(shape, View::rows(gy, self.filters), turned, patches, false);
                gx.fill(0.0);
                vectorised(
                    #[inline(always)]
                    || {
                        for (position, part) in patches.chunks_exact(patch).enumerate() {
                            let start = position * step;
                            let from = before.saturating_sub(start);
                            let part = part.get(from..).unwrap_or(&[]);
                            let to = (start + from).saturating_sub(before);
                            let place = gx.get_mut(to..).unwrap_or(&mut []);
                            place.iter_mut().zip(part).for_each(|(g, p)| *g += p);
                        }
                    },
                );
            });
    }
}

/// Adds the constant terms to a row, and rectifies it if asked to.
#[inline(always)]
fn finish_part(part: &mut [f32], b: Option<&[f32]>, relu: bool) {
    if let Some(b) = b {
        part.iter_mut().zip(b).for_each(|(y, b)| *y += b);
    }
    if relu {
        rectify_part(part);
    }
}

#[cfg(test)]
mod tests {
    use super::super::differences::{check, random, weighted};
    use super::*;

    fn layer(
        [length, channels, filters]: [usize; 3],
        [kernel, stride, padding]: [usize; 3],
        relu: bool,
    ) -> Convolution {
        Convolution {
            length,
            channels,
            filters,
            kernel,
            stride,
            left: padding / 2,
            right: padding - padding / 2,
            positions: (length + padding - kernel) / stride + 1,
            relu,
        }
    }

    fn run(layer: &Convolution, x: &[f32], w: &[f32], b: Option<&[f32]>) -> Vec<f32> {
        let rows = x.len() / (layer.length * layer.channels);
        let mut padded = vec![f32::NAN; rows * layer.padded_width()];
        layer.pad(x, &mut padded);
        let mut y = vec![f32::NAN; rows * layer.width()];
        layer.forward(&padded, w, b, &mut y);
        y
    }

    /// The definition: every product in its own place.
    fn by_definition(layer: &Convolution, x: &[f32], w: &[f32], b: &[f32]) -> Vec<f32> {
        let mut y = Vec::new();
        for row in x.chunks(layer.length * layer.channels) {
            for p in 0..layer.positions {
                for f in 0..layer.filters {
                    let mut sum = f64::from(b[f]);
                    for k in 0..layer.kernel {
                        let place = (p * layer.stride + k).wrapping_sub(layer.left);
                        if place >= layer.length {
                            continue;
                        }
                        for c in 0..layer.channels {
                            let w = w[(k * layer.channels + c) * layer.filters + f];
                            let x = row[place * layer.channels + c];
                            sum += f64::from(w) * f64::from(x);
                        }
                    }
                    y.push(sum as f32);
                }
            }
        }
        y
    }

    /// Odd and even kernels, strides, paddings none to wider than the signal.
    const CASES: [([usize; 3], [usize; 3]); 9] = [
        ([1, 1, 1], [1, 1, 0]),
        ([7, 2, 3], [3, 1, 2]),
        ([8, 1, 4], [4, 1, 3]),
        ([9, 3, 2], [5, 2, 0]),
        ([9, 2, 5], [2, 3, 1]),
        ([6, 2, 2], [6, 1, 0]),
        ([3, 2, 2], [2, 1, 9]),
        ([4, 1, 2], [3, 5, 4]),
        ([5, 4, 1], [2, 4, 1]),
    ];

    #[test]
    fn values_follow_the_definition() {
        for (sizes, places) in CASES {
            let layer = layer(sizes, places, false);
            let x = random(3 * layer.length * layer.channels, 1);
            let (w, b) = (
                random(layer.patch() * layer.filters, 2),
                random(layer.filters, 3),
            );
            let y = run(&layer, &x, &w, Some(&b));
            for (a, b) in y.iter().zip(by_definition(&layer, &x, &w, &b)) {
                assert!((a - b).abs() < 1e-5, "{sizes:?} {places:?}: {a} {b}");
            }
        }
    }

    #[test]
    fn an_even_kernel_pads_more_on_the_right() {
        let layer = layer([3, 1, 1], [2, 1, 1], false);
        let y = run(&layer, &[1.0, 10.0, 100.0], &[1.0, 2.0], None);
        assert_eq!(y, [21.0, 210.0, 100.0]);
    }

    #[test]
    fn gradients_are_finite_differences() {
        for (seed, (sizes, places)) in CASES.into_iter().enumerate() {
            for rows in [1, 9] {
                let layer = layer(sizes, places, false);
                let seed = 100 + seed as u64 * 10;
                let x = random(rows * layer.length * layer.channels, seed);
                let w = random(layer.patch() * layer.filters, seed + 1);
                let b = random(layer.filters, seed + 2);
                let y = run(&layer, &x, &w, Some(&b));
                let g = random(y.len(), seed + 3);
                let mut padded = vec![0.0; rows * layer.padded_width()];
                layer.pad(&x, &mut padded);
                let (mut gw, mut gb) = (vec![f32::NAN; w.len()], vec![f32::NAN; b.len()]);
                let (mut gx, mut gy) = (vec![f32::NAN; x.len()], g.clone());
                layer.backward(
                    &padded,
                    &y,
                    &w,
                    &mut gy,
                    &mut gw,
                    Some(&mut gb),
                    Some(&mut gx),
                );
                let value = |x: &[f32], w: &[f32], b: &[f32]| {
                    weighted(&run(&layer, x, w, Some(b)), &g)
                };
                check("conv1d x", &x, &gx, |x| value(x, &w, &b));
                check("conv1d w", &w, &gw, |w| value(&x, w, &b));
                check("conv1d b", &b, &gb, |b| value(&x, &w, b));
            }
        }
    }

    #[test]
    fn relu_inside_equals_relu_after() {
        let plain = layer([7, 2, 3], [3, 1, 2], false);
        let fused = layer([7, 2, 3], [3, 1, 2], true);
        let (x, w, b) = (random(28, 1), random(18, 2), random(3, 3));
        let mut y = run(&plain, &x, &w, Some(&b));
        super::super::relu::rectify_part(&mut y);
        assert_eq!(run(&fused, &x, &w, Some(&b)), y);
        assert!(y.contains(&0.0) && y.iter().any(|&y| y > 0.0));
        let g = random(y.len(), 4);
        let mut padded = vec![0.0; 2 * plain.padded_width()];
        plain.pad(&x, &mut padded);
        let gradients = |layer: &Convolution, mut gy: Vec<f32>| {
            let (mut gw, mut gb, mut gx) = (vec![0.0; 18], vec![0.0; 3], vec![0.0; 28]);
            let (to_b, to_x) = (Some(&mut gb[..]), Some(&mut gx[..]));
            layer.backward(&padded, &y, &w, &mut gy, &mut gw, to_b, to_x);
            (gw, gb, gx)
        };
        let mut masked = g.clone();
        pass_positive(&mut masked, &y);
        assert_eq!(gradients(&plain, masked), gradients(&fused, g));
    }
}
