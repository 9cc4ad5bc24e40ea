//! Means over neighbouring positions. In: x of shape (rows, length, channels). Out: y of
//! shape (rows, positions, channels); a rest of the signal too short for a mean is unused.

use rayon::prelude::*;

use super::super::blocks::{rows_per_task, vectorised};

/// An average pool.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pooling {
    pub(crate) length: usize,
    pub(crate) channels: usize,
    /// Positions per mean.
    pub(crate) width: usize,
    /// Distance between means.
    pub(crate) stride: usize,
    /// Length of the output.
    pub(crate) positions: usize,
}

impl Pooling {
    /// Fills `y`.
    pub(crate) fn forward(&self, x: &[f32], y: &mut [f32]) {
        let scale = 1.0 / self.width as f32;
        let (taken, step) = (self.width * self.channels, self.stride * self.channels);
        y.par_chunks_mut(self.positions * self.channels)
            .zip(x.par_chunks(self.length * self.channels))
            .with_min_len(rows_per_task(self.length * self.channels))
            .for_each(|(y, x)| {
                vectorised(
                    #[inline(always)]
                    || {
                        for (p, y) in y.chunks_exact_mut(self.channels).enumerate() {
                            let start = p * step;
                            let places = x.get(start..start + taken).unwrap_or(&[]);
                            y.fill(0.0);
                            for place in places.chunks_exact(self.channels) {
                                y.iter_mut().zip(place).for_each(|(y, x)| *y += x);
                            }
                            y.iter_mut().for_each(|y| *y *= scale);
                        }
                    },
                );
            });
    }

    /// Fills `gx` from the gradient `gy` of y.
    pub(crate) fn backward(&self, gy: &[f32], gx: &mut [f32]) {
        let scale = 1.0 / self.width as f32;
        let (taken, step) = (self.width * self.channels, self.stride * self.channels);
        gx.par_chunks_mut(self.length * self.channels)
            .zip(gy.par_chunks(self.positions * self.channels))
            .with_min_len(rows_per_task(self.length * self.channels))
            .for_each(|(gx, gy)| {
                vectorised(
                    #[inline(always)]
                    || {
                        gx.fill(0.0);
                        for (p, gy) in gy.chunks_exact(self.channels).enumerate() {
                            let start = p * step;
                            let places = gx.get_mut(start..start + taken);
                            for place in
                                places.unwrap_or(&mut []).chunks_exact_mut(self.channels)
                            {
                                place
                                    .iter_mut()
                                    .zip(gy)
                                    .for_each(|(x, y)| *x += y * scale);
                            }
                        }
                    },
                );
            });
    }
}

#[cfg(test)]
mod tests {
    use super::super::differences::{check, random, weighted};
    use super::*;

    fn layer([length, channels, width, stride]: [usize; 4]) -> Pooling {
        Pooling {
            length,
            channels,
            width,
            stride,
            positions: (length - width) / stride + 1,
        }
    }

    fn run(layer: &Pooling, x: &[f32]) -> Vec<f32> {
        let rows = x.len() / (layer.length * layer.channels);
        let mut y = vec![f32::NAN; rows * layer.positions * layer.channels];
        layer.forward(x, &mut y);
        y
    }

    #[test]
    fn the_rest_of_the_signal_is_dropped() {
        let x = [1.0, 10.0, 3.0, 30.0, 5.0, 50.0, 7.0, 70.0, 999.0, 999.0];
        assert_eq!(run(&layer([5, 2, 2, 2]), &x), [2.0, 20.0, 6.0, 60.0]);
        let overlapping = run(&layer([5, 2, 4, 1]), &x);
        assert_eq!(overlapping[..2], [4.0, 40.0]);
    }

    #[test]
    fn gradients_are_finite_differences() {
        let cases = [
            [1, 1, 1, 1],
            [8, 3, 2, 2],
            [9, 2, 2, 2],
            [9, 4, 3, 1],
            [10, 1, 2, 4],
            [5, 17, 5, 3],
        ];
        for (seed, case) in cases.into_iter().enumerate() {
            for rows in [1, 3] {
                let layer = layer(case);
                let x = random(rows * layer.length * layer.channels, seed as u64);
                let g = random(run(&layer, &x).len(), 50 + seed as u64);
                let mut gx = vec![f32::NAN; x.len()];
                layer.backward(&g, &mut gx);
                check("avg_pool1d", &x, &gx, |x| weighted(&run(&layer, x), &g));
            }
        }
    }
}
