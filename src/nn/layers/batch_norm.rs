//! Batch normalisation over all axes but the last, as torch has it. In: x of shape
//! (rows, channels), a factor and a constant per channel. Out: y = factor·(x - mean) /
//! √(variance + eps) + constant. In training mean and (biased) variance are those of the
//! batch, and the running ones move towards them; else the running ones are used.

use rayon::prelude::*;

use super::super::blocks::{rows_per_task, summed_rows, vectorised};

/// A batch normalisation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BatchNorm {
    pub(crate) channels: usize,
    pub(crate) eps: f64,
    /// The share of a batch in the running statistics.
    pub(crate) momentum: f64,
}

/// Numbers per channel that the forward pass notes: mean, 1/√(variance + eps), the unbiased
/// variance, and the learnt factor over √(variance + eps).
const NOTED: usize = 4;

impl BatchNorm {
    /// How many numbers the forward pass notes.
    pub(crate) fn noted(&self) -> usize {
        NOTED * self.channels
    }

    /// Notes the statistics of the batch `x`, given the factors `w`.
    pub(crate) fn measure(&self, x: &[f32], w: &[f32], note: &mut [f32]) {
        // Of no row (a crystal without angles) everything is 0 and nothing reads it.
        let rows = (x.len() / self.channels).max(1);
        let zeros = vec![0.0; self.channels];
        let means = sums(x, &zeros, |x, _| f64::from(x));
        let means: Vec<f64> = means.iter().map(|sum| sum / rows as f64).collect();
        let squares = sums(x, &means, |x, mean| {
            let off = f64::from(x) - mean;
            off * off
        });
        let unbiased = (rows as f64 - 1.0).max(1.0);
        let (mean, rest) = note.split_at_mut(self.channels);
        let (scale, rest) = rest.split_at_mut(self.channels);
        let (variance, factor) = rest.split_at_mut(self.channels);
        let places = mean
            .iter_mut()
            .zip(scale)
            .zip(variance.iter_mut().zip(factor));
        for (((mean, scale), (variance, factor)), ((m, square), w)) in
            places.zip(means.iter().zip(&squares).zip(w))
        {
            *mean = *m as f32;
            *scale = (1.0 / (square / rows as f64 + self.eps).sqrt()) as f32;
            *variance = (square / unbiased) as f32;
            *factor = *scale * w;
        }
    }

    /// Notes the statistics of `samples` numbers per channel from their sums and the sums
    /// of their squares, given the factors `w`.
    pub(crate) fn summarise(
        &self,
        samples: usize,
        [sums, squares]: [&[f64]; 2],
        w: &[f32],
        note: &mut [f32],
    ) {
        let samples = samples.max(1) as f64;
        let unbiased = (samples - 1.0).max(1.0);
        let (mean, rest) = note.split_at_mut(self.channels);
        let (scale, rest) = rest.split_at_mut(self.channels);
        let (variance, factor) = rest.split_at_mut(self.channels);
        let places = mean
            .iter_mut()
            .zip(scale)
            .zip(variance.iter_mut().zip(factor));
        let given = sums.iter().zip(squares).zip(w);
        for (((mean, scale), (variance, factor)), ((sum, square), w)) in places.zip(given)
        {
            let middle = sum / samples;
            // What is left of rounding may be a little below zero.
            let spread = (square - sum * middle).max(0.0);
            *mean = middle as f32;
            *scale = (1.0 / (spread / samples + self.eps).sqrt()) as f32;
            *variance = (spread / unbiased) as f32;
            *factor = *scale * w;
        }
    }

    /// Notes the running statistics in place of a batch's, given the factors `w`.
    pub(crate) fn recall(
        &self,
        mean: &[f32],
        variance: &[f32],
        w: &[f32],
        note: &mut [f32],
    ) {
        let (means, rest) = note.split_at_mut(self.channels);
        let (scales, rest) = rest.split_at_mut(self.channels);
        let (variances, factors) = rest.split_at_mut(self.channels);
        means.copy_from_slice(mean);
        variances.copy_from_slice(variance);
        let places = scales.iter_mut().zip(factors);
        for ((scale, factor), (v, w)) in places.zip(variance.iter().zip(w)) {
            *scale = (1.0 / (f64::from(*v) + self.eps).sqrt()) as f32;
            *factor = *scale * w;
        }
    }

    /// From the sums over `samples` numbers per channel of the gradient g of y, and of
    /// g·(x - mean), fills `back`: the mean of g, and of g·x̂ over √(variance + eps), or
    /// zeros where the statistics are fixed, and there is no number of samples; and the
    /// gradients of the factors and the constants.
    pub(crate) fn summarise_back(
        &self,
        samples: Option<usize>,
        [plain, along]: [&[f64]; 2],
        note: &[f32],
        back: &mut [f32],
        (gw, gb): (&mut [f32], &mut [f32]),
    ) {
        let share = samples.map_or(0.0, |n| 1.0 / n.max(1) as f64);
        let scale = note.get(self.channels..).unwrap_or(&[]);
        let (level, tilt) = back.split_at_mut(self.channels);
        let places = level.iter_mut().zip(tilt).zip(gw.iter_mut().zip(gb));
        let given = plain.iter().zip(along).zip(scale);
        for (((level, tilt), (gw, gb)), ((plain, along), scale)) in places.zip(given) {
            let along = along * f64::from(*scale);
            (*gw, *gb) = (along as f32, *plain as f32);
            *level = (plain * share) as f32;
            *tilt = (along * share) as f32 * scale;
        }
    }

    /// Moves the running statistics towards those of a batch.
    pub(crate) fn follow(&self, note: &[f32], mean: &mut [f32], variance: &mut [f32]) {
        let (fresh, kept) = (self.momentum as f32, (1.0 - self.momentum) as f32);
        let (means, rest) = note.split_at(self.channels);
        let variances = rest.get(self.channels..).unwrap_or(&[]);
        let all = mean.iter_mut().chain(variance);
        for (own, batch) in all.zip(means.iter().chain(variances)) {
            *own = kept * *own + fresh * batch;
        }
    }

    /// Fills `y`, given what was noted, the factors `w` and the constants `b`.
    pub(crate) fn forward(
        &self,
        x: &[f32],
        note: &[f32],
        w: &[f32],
        b: &[f32],
        y: &mut [f32],
    ) {
        let (mean, rest) = note.split_at(self.channels);
        let factor: Vec<f32> = rest.iter().zip(w).map(|(s, w)| s * w).collect();
        let size = rows_per_task(self.channels) * self.channels;
        y.par_chunks_mut(size)
            .zip(x.par_chunks(size))
            .for_each(|(y, x)| {
                vectorised(
                    #[inline(always)]
                    || {
                        let rows = y.chunks_exact_mut(self.channels);
                        for (y, x) in rows.zip(x.chunks_exact(self.channels)) {
                            let places = y.iter_mut().zip(x).zip(mean);
                            for (((y, x), mean), (f, b)) in
                                places.zip(factor.iter().zip(b))
                            {
                                *y = (x - mean) * f + b;
                            }
                        }
                    },
                );
            });
    }

    /// From the gradient `gy`, those of the factors, the constants and, where asked for,
    /// x. `of_batch` says whether mean and variance depend on x.
    #[allow(clippy::too_many_arguments, reason = "values in, gradients out")]
    pub(crate) fn backward(
        &self,
        x: &[f32],
        note: &[f32],
        w: &[f32],
        gy: &[f32],
        of_batch: bool,
        gw: &mut [f32],
        gb: &mut [f32],
        gx: Option<&mut [f32]>,
    ) {
        let (mean, rest) = note.split_at(self.channels);
        let scale = rest.get(..self.channels).unwrap_or(&[]);
        let zeros = vec![0.0; self.channels];
        let plain = sums(gy, &zeros, |g, _| f64::from(g));
        let along = sums_of_two(gy, x, mean);
        let along: Vec<f64> = along
            .iter()
            .zip(scale)
            .map(|(sum, s)| sum * f64::from(*s))
            .collect();
        for ((gw, gb), (a, p)) in gw.iter_mut().zip(gb).zip(along.iter().zip(&plain)) {
            (*gw, *gb) = (*a as f32, *p as f32);
        }
        let Some(gx) = gx else { return };
        // gx = w·scale·(gy - mean(gy) - x̂·mean(gy·x̂)), the means being zero where the
        // statistics are fixed.
        let share = match of_batch {
            true => self.channels as f64 / x.len().max(1) as f64,
            false => 0.0,
        };
        let factor: Vec<f32> = scale.iter().zip(w).map(|(s, w)| s * w).collect();
        let level: Vec<f32> = plain.iter().map(|p| (p * share) as f32).collect();
        let tilt: Vec<f32> = along
            .iter()
            .zip(scale)
            .map(|(a, s)| (a * share) as f32 * s)
            .collect();
        let size = rows_per_task(self.channels) * self.channels;
        let blocks = gx.par_chunks_mut(size).zip(gy.par_chunks(size));
        blocks.zip(x.par_chunks(size)).for_each(|((gx, gy), x)| {
            vectorised(
                #[inline(always)]
                || {
                    let rows = gx.chunks_exact_mut(self.channels);
                    let rows = rows.zip(gy.chunks_exact(self.channels));
                    for ((gx, gy), x) in rows.zip(x.chunks_exact(self.channels)) {
                        let places = gx.iter_mut().zip(gy).zip(x);
                        let sides = mean.iter().zip(&factor).zip(level.iter().zip(&tilt));
                        for (((gx, gy), x), ((mean, factor), (level, tilt))) in
                            places.zip(sides)
                        {
                            *gx = factor * (gy - level - (x - mean) * tilt);
                        }
                    }
                },
            );
        });
    }
}

/// The sum over rows of `f(x, at[channel])` for each channel, in double precision and in
/// the order of fixed blocks.
#[inline(always)]
fn sums(x: &[f32], at: &[f64], f: impl Fn(f32, f64) -> f64 + Sync + Copy) -> Vec<f64> {
    let channels = at.len();
    in_blocks(x.len() / channels.max(1), channels, |first, rows, sum| {
        let part = x.get(first * channels..(first + rows) * channels);
        for row in part.unwrap_or(&[]).chunks_exact(channels) {
            let places = sum.iter_mut().zip(row).zip(at);
            places.for_each(|((sum, x), at)| *sum += f(*x, *at));
        }
    })
}

/// The sum over rows of g·(x - mean) for each channel.
fn sums_of_two(g: &[f32], x: &[f32], mean: &[f32]) -> Vec<f64> {
    let channels = mean.len();
    in_blocks(x.len() / channels.max(1), channels, |first, rows, sum| {
        let range = first * channels..(first + rows) * channels;
        let (g, x) = (g.get(range.clone()), x.get(range));
        let rows = g.unwrap_or(&[]).chunks_exact(channels);
        for (g, x) in rows.zip(x.unwrap_or(&[]).chunks_exact(channels)) {
            let places = sum.iter_mut().zip(g).zip(x.iter().zip(mean));
            places.for_each(|((sum, g), (x, mean))| *sum += f64::from(g * (x - mean)));
        }
    })
}

/// Sums over rows, block by block: `add(first row, rows, sum)`.
#[inline(always)]
fn in_blocks(
    rows: usize,
    channels: usize,
    add: impl Fn(usize, usize, &mut [f64]) + Sync,
) -> Vec<f64> {
    let block = summed_rows(rows, 256);
    let part = |k: usize| {
        let mut sum = vec![0.0f64; channels];
        let first = k * block;
        vectorised(
            #[inline(always)]
            || add(first, block.min(rows - first), &mut sum),
        );
        sum
    };
    let blocks = rows.div_ceil(block.max(1));
    if blocks <= 1 {
        return part(0);
    }
    let parts: Vec<Vec<f64>> = (0..blocks).into_par_iter().map(part).collect();
    let mut total = vec![0.0f64; channels];
    for part in parts {
        total.iter_mut().zip(part).for_each(|(t, p)| *t += p);
    }
    total
}

#[cfg(test)]
mod tests {
    use super::super::differences::{check_curved, random, weighted};
    use super::*;

    fn layer(channels: usize) -> BatchNorm {
        BatchNorm {
            channels,
            eps: 1e-5,
            momentum: 0.1,
        }
    }

    fn run(norm: &BatchNorm, x: &[f32], w: &[f32], b: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let (mut note, mut y) = (vec![f32::NAN; norm.noted()], vec![f32::NAN; x.len()]);
        norm.measure(x, w, &mut note);
        norm.forward(x, &note, w, b, &mut y);
        (y, note)
    }

    #[test]
    fn values_and_running_statistics_by_hand() {
        // Channel one: 1, 3 (mean 2, biased variance 1, unbiased 2); channel two: 5, 5.
        let norm = layer(2);
        let x = [1.0, 5.0, 3.0, 5.0];
        let (y, note) = run(&norm, &x, &[2.0, 1.0], &[0.5, 7.0]);
        let one = (1.0f64 / (1.0 + 1e-5f64).sqrt()) as f32;
        for (y, expected) in y.iter().zip([0.5 - 2.0 * one, 7.0, 0.5 + 2.0 * one, 7.0]) {
            assert!((y - expected).abs() < 1e-6, "{y} {expected}");
        }
        let (mut mean, mut variance) = ([0.0, 0.0], [1.0, 1.0]);
        norm.follow(&note, &mut mean, &mut variance);
        for (found, expected) in mean.iter().chain(&variance).zip([0.2, 0.5, 1.1, 0.9]) {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
        let mut note = vec![f32::NAN; norm.noted()];
        norm.recall(&[1.0, 5.0], &[4.0, 1.0], &[2.0, 1.0], &mut note);
        let mut y = [f32::NAN; 4];
        norm.forward(&x, &note, &[2.0, 1.0], &[0.5, 7.0], &mut y);
        for (y, expected) in y.iter().zip([0.5, 7.0, 2.5, 7.0]) {
            assert!((y - expected).abs() < 1e-4, "{y} {expected}");
        }
    }

    #[test]
    fn gradients_are_finite_differences() {
        for (rows, channels) in [(2, 1), (5, 3), (40, 2), (3, 17), (600, 1)] {
            let norm = layer(channels);
            let x = random(rows * channels, 1);
            let (w, b) = (random(channels, 2), random(channels, 3));
            let g = random(x.len(), 4);
            let (_, note) = run(&norm, &x, &w, &b);
            let (mut gw, mut gb) = (vec![f32::NAN; channels], vec![f32::NAN; channels]);
            let mut gx = vec![f32::NAN; x.len()];
            norm.backward(&x, &note, &w, &g, true, &mut gw, &mut gb, Some(&mut gx));
            let value =
                |x: &[f32], w: &[f32], b: &[f32]| weighted(&run(&norm, x, w, b).0, &g);
            // Two rows give ±1 whatever they are: there a step of 0.02 is no small one.
            if rows > 2 {
                check_curved("batch_norm x", &x, &gx, |x| value(x, &w, &b));
            }
            check_curved("batch_norm w", &w, &gw, |w| value(&x, w, &b));
            check_curved("batch_norm b", &b, &gb, |b| value(&x, &w, b));
            norm.backward(&x, &note, &w, &g, false, &mut gw, &mut gb, Some(&mut gx));
            check_curved("fixed batch_norm x", &x, &gx, |x| {
                let mut y = vec![f32::NAN; x.len()];
                norm.forward(x, &note, &w, &b, &mut y);
                weighted(&y, &g)
            });
        }
    }

    #[test]
    fn a_large_mean_does_not_spoil_the_variance() {
        let norm = layer(1);
        let x: Vec<f32> = (0..10_000).map(|i| 1000.0 + (i % 2) as f32).collect();
        let mut note = vec![f32::NAN; norm.noted()];
        norm.measure(&x, &[1.0], &mut note);
        assert!((note[0] - 1000.5).abs() < 1e-3);
        assert!((f64::from(note[2]) - 0.25 * 10_000.0 / 9_999.0).abs() < 1e-6);
    }
}
