//! Layer normalisation along the last axis. In: x of shape (lines, width), a factor and a
//! constant per place. Out: y = factor·(x - mean)/√(variance + eps) + constant, mean and
//! (biased) variance being those of the line.

use rayon::prelude::*;

use super::super::blocks::{rows_per_task, sum_blocks, summed_rows, total, vectorised};

/// A layer normalisation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LayerNorm {
    pub(crate) width: usize,
    pub(crate) eps: f64,
}

impl LayerNorm {
    /// Fills `y` and notes mean and 1/√(variance + eps) of each line.
    pub(crate) fn forward(
        &self,
        x: &[f32],
        w: &[f32],
        b: &[f32],
        note: &mut [f32],
        y: &mut [f32],
    ) {
        let lines = rows_per_task(self.width);
        let share = 1.0 / self.width as f32;
        y.par_chunks_mut(lines * self.width)
            .zip(x.par_chunks(lines * self.width))
            .zip(note.par_chunks_mut(lines * 2))
            .for_each(|((y, x), note)| {
                vectorised(
                    #[inline(always)]
                    || {
                        let all = y.chunks_exact_mut(self.width);
                        let all = all.zip(x.chunks_exact(self.width));
                        for ((y, x), note) in all.zip(note.chunks_exact_mut(2)) {
                            let mean = total(x) * share;
                            let squares = y.iter_mut().zip(x);
                            squares.for_each(|(y, x)| *y = (x - mean) * (x - mean));
                            let variance = f64::from(total(y) * share);
                            let scale = (1.0 / (variance + self.eps).sqrt()) as f32;
                            for ((y, x), (w, b)) in
                                y.iter_mut().zip(x).zip(w.iter().zip(b))
                            {
                                *y = (x - mean) * scale * w + b;
                            }
                            note.copy_from_slice(&[mean, scale]);
                        }
                    },
                );
            });
    }

    /// From the gradient `gy`, those of the factors, the constants and, where asked for,
    /// x.
    #[allow(clippy::too_many_arguments, reason = "values in, gradients out")]
    pub(crate) fn backward(
        &self,
        x: &[f32],
        note: &[f32],
        w: &[f32],
        gy: &[f32],
        gw: &mut [f32],
        gb: &mut [f32],
        gx: Option<&mut [f32]>,
    ) {
        self.weight_gradients(x, note, gy, gw, gb);
        let Some(gx) = gx else { return };
        let lines = rows_per_task(self.width);
        let share = 1.0 / self.width as f32;
        let size = lines * self.width;
        let blocks = gx.par_chunks_mut(size).zip(gy.par_chunks(size));
        let blocks = blocks
            .zip(x.par_chunks(size))
            .zip(note.par_chunks(lines * 2));
        let fresh = || vec![0.0f32; self.width];
        blocks.for_each_init(fresh, |products, (((gx, gy), x), note)| {
            vectorised(
                #[inline(always)]
                || {
                    let all = gx.chunks_exact_mut(self.width);
                    let all = all.zip(gy.chunks_exact(self.width));
                    let all = all.zip(x.chunks_exact(self.width));
                    for (((gx, gy), x), note) in all.zip(note.chunks_exact(2)) {
                        let (mean, scale) = pair(note);
                        let products = &mut products[..];
                        for ((gx, p), ((gy, w), x)) in gx
                            .iter_mut()
                            .zip(&mut *products)
                            .zip(gy.iter().zip(w).zip(x))
                        {
                            *gx = gy * w;
                            *p = *gx * ((x - mean) * scale);
                        }
                        let (level, tilt) = (total(gx) * share, total(products) * share);
                        for (gx, x) in gx.iter_mut().zip(x) {
                            *gx = scale * (*gx - level - (x - mean) * scale * tilt);
                        }
                    }
                },
            );
        });
    }

    /// The sums over lines of gy·x̂ and of gy, in the order of fixed blocks.
    fn weight_gradients(
        &self,
        x: &[f32],
        note: &[f32],
        gy: &[f32],
        gw: &mut [f32],
        gb: &mut [f32],
    ) {
        let lines = x.len() / self.width;
        let block = summed_rows(lines, 256);
        let mut both = vec![0.0; 2 * self.width];
        sum_blocks(lines.div_ceil(block), &mut both, |k, sum| {
            let (along, plain) = sum.split_at_mut(self.width);
            let part = |x: &'_ [f32], width: usize| (k * block * width).min(x.len());
            let skip = |x| from(x, part(x, self.width));
            vectorised(
                #[inline(always)]
                || {
                    let rows = skip(gy).chunks_exact(self.width);
                    let rows = rows.zip(skip(x).chunks_exact(self.width));
                    let rows = rows.zip(from(note, part(note, 2)).chunks_exact(2));
                    for ((gy, x), note) in rows.take(block) {
                        let (mean, scale) = pair(note);
                        let sums = along.iter_mut().zip(&mut *plain);
                        for ((along, plain), (gy, x)) in sums.zip(gy.iter().zip(x)) {
                            *along += gy * ((x - mean) * scale);
                            *plain += gy;
                        }
                    }
                },
            );
        });
        let (along, plain) = both.split_at(self.width);
        gw.copy_from_slice(along);
        gb.copy_from_slice(plain);
    }
}

/// The numbers from a place on.
fn from(x: &[f32], start: usize) -> &[f32] {
    x.get(start..).unwrap_or(&[])
}

/// The two numbers noted for a line.
#[inline(always)]
fn pair(note: &[f32]) -> (f32, f32) {
    match note {
        [mean, scale] => (*mean, *scale),
        _ => unreachable!("two numbers are noted for each line"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::differences::{check_curved, random, weighted};
    use super::*;

    fn run(norm: &LayerNorm, x: &[f32], w: &[f32], b: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let lines = x.len() / norm.width;
        let (mut note, mut y) = (vec![f32::NAN; 2 * lines], vec![f32::NAN; x.len()]);
        norm.forward(x, w, b, &mut note, &mut y);
        (y, note)
    }

    #[test]
    fn a_line_by_hand() {
        let norm = LayerNorm { width: 2, eps: 0.0 };
        let (y, _) = run(&norm, &[1.0, 3.0, 10.0, 0.0], &[2.0, 3.0], &[0.5, 0.0]);
        assert_eq!(y, [-1.5, 3.0, 2.5, -3.0]);
    }

    #[test]
    fn values_and_gradients_agree_with_differences_and_dfdx() {
        use dfdx::prelude::{Axis, Cpu, TensorFromVec};
        for (lines, width) in [(1, 3), (3, 5), (9, 40), (700, 3)] {
            let norm = LayerNorm { width, eps: 1e-3 };
            let x = random(lines * width, 1);
            let (w, b) = (random(width, 2), random(width, 3));
            let (y, note) = run(&norm, &x, &w, &b);
            let g = random(x.len(), 4);
            let (mut gw, mut gb) = (vec![f32::NAN; width], vec![f32::NAN; width]);
            let mut gx = vec![f32::NAN; x.len()];
            norm.backward(&x, &note, &w, &g, &mut gw, &mut gb, Some(&mut gx));
            let value =
                |x: &[f32], w: &[f32], b: &[f32]| weighted(&run(&norm, x, w, b).0, &g);
            if lines < 100 {
                check_curved("layer_norm x", &x, &gx, |x| value(x, &w, &b));
            }
            check_curved("layer_norm w", &w, &gw, |w| value(&x, w, &b));
            check_curved("layer_norm b", &b, &gb, |b| value(&x, &w, b));
            let t = Cpu::default().tensor_from_vec(x, (lines, width));
            let theirs = t.normalize::<Axis<1>>(1e-3).as_vec();
            for (k, (y, t)) in y.iter().zip(theirs).enumerate() {
                let expected = t * w[k % width] + b[k % width];
                assert!((y - expected).abs() < 1e-5, "{y} {expected}");
            }
        }
    }
}
