//! The functions of two neighbours: G4 and G5 of one atom.

#![allow(
    clippy::indexing_slicing,
    reason = "kernel over arrays whose lengths are set together"
)]

use super::shell::{Shell, cutoff};
use super::{AcsfSettings, Angular};
use crate::chem::vectors::{LANES, exp, vectorised};

/// Block of neighbours k that are worked on at once.
type Block = [f64; LANES];

/// One function: 2 ((1 + λ cos θ) / 2)^ζ times the weight of its η.
struct Term {
    /// Which of the distinct η.
    eta: usize,
    half_lambda: f64,
    power: Power,
    /// Whether rjk counts (G4).
    closed: bool,
}

enum Power {
    Whole(u32),
    Real(f64),
}

/// Sums of the angular functions, with the memory they need.
pub(super) struct AngularSums {
    inverse_cut2: f64,
    etas: Vec<f64>,
    /// Whether a G4 uses the η: only then rjk is needed with it.
    closed: Vec<bool>,
    terms: Vec<Term>,
    /// fc e^(−η r²) of each neighbour, for one η after another.
    weights: Vec<Block>,
    /// Sums over j, for each k, of one term after another.
    sums: Vec<Block>,
    /// Of the pairs of one j, for each k: cos θ, rjk², fc(rjk), the weight without and
    /// with the terms of rjk, and e^(−η rjk²) of the last η.
    pair: [Vec<f64>; 6],
}

impl AngularSums {
    pub(super) fn new(settings: &AcsfSettings) -> AngularSums {
        let mut sums = AngularSums {
            inverse_cut2: 1.0 / (settings.r_cut * settings.r_cut),
            etas: Vec::new(),
            closed: Vec::new(),
            terms: Vec::new(),
            weights: Vec::new(),
            sums: Vec::new(),
            pair: [const { Vec::new() }; 6],
        };
        for (list, closed) in [(&settings.g4, true), (&settings.g5, false)] {
            for function in list {
                sums.add_term(*function, closed);
            }
        }
        sums
    }

    fn add_term(&mut self, function: Angular, closed: bool) {
        let known = self.etas.iter().position(|&eta| eta == function.eta);
        let eta = known.unwrap_or_else(|| {
            self.etas.push(function.eta);
            self.closed.push(false);
            self.etas.len() - 1
        });
        self.closed[eta] |= closed;
        let whole = function.zeta.fract() == 0.0 && function.zeta <= 1024.0;
        self.terms.push(Term {
            eta,
            half_lambda: 0.5 * function.lambda,
            power: match whole {
                true => Power::Whole(function.zeta as u32),
                false => Power::Real(function.zeta),
            },
            closed,
        });
    }

    /// Add the functions of each pair of species to `row`.
    pub(super) fn add(&mut self, shell: &Shell, row: &mut [f64]) {
        if self.terms.is_empty() {
            return;
        }
        let blocks = shell.r.len() / LANES;
        self.weights.clear();
        self.weights.resize(blocks * self.etas.len(), [0.0; LANES]);
        self.sums.clear();
        self.sums.resize(blocks * self.terms.len(), [0.0; LANES]);
        for values in &mut self.pair {
            values.resize(shell.r.len(), 0.0);
        }
        vectorised(
            #[inline(always)]
            || {
                self.fill_weights(shell, blocks);
                self.sum_pairs(shell, blocks, row);
            },
        );
    }

    #[inline(always)]
    fn fill_weights(&mut self, shell: &Shell, blocks: usize) {
        for (&eta, weights) in self
            .etas
            .iter()
            .zip(self.weights.chunks_exact_mut(blocks.max(1)))
        {
            let weights = weights.as_flattened_mut();
            for ((weight, r), cut) in weights.iter_mut().zip(&shell.r).zip(&shell.cut) {
                *weight = exp(-eta * (r * r)) * cut;
            }
        }
    }

    /// Over species a and its neighbours j, over all later k: for each k the sum over
    /// j; then for each species b the sum over its k.
    #[inline(always)]
    fn sum_pairs(&mut self, shell: &Shell, blocks: usize, row: &mut [f64]) {
        let species = shell.starts.len() - 1;
        let functions = self.terms.len();
        for a in 0..species {
            let members = shell.starts[a]..shell.starts[a + 1];
            if members.is_empty() {
                continue;
            }
            self.sums.fill([0.0; LANES]);
            for j in members {
                self.add_pairs_of(shell, blocks, j);
            }
            for (term, sums) in self.sums.chunks_exact(blocks).enumerate() {
                let sums = sums.as_flattened();
                for b in a..species {
                    let sum: f64 =
                        sums[shell.starts[b]..shell.starts[b + 1]].iter().sum();
                    row[(b * (b + 1) / 2 + a) * functions + term] += 2.0 * sum;
                }
            }
        }
    }

    /// Add the pairs of neighbour j with every k > j: from the block on in which j lies,
    /// with weight 0 up to j.
    #[inline(always)]
    fn add_pairs_of(&mut self, shell: &Shell, blocks: usize, j: usize) {
        let first = j / LANES * LANES;
        let pair = &mut self.pair;
        let count = shell.r.len() - first;
        let [x, y, z] = shell.unit.each_ref().map(|u| &u[first..]);
        let at = [x, y, z, &shell.r[first..]].map(|values| values[j - first]);
        let [cosine, square, far, open, closed, decay] =
            pair.each_mut().map(|values| &mut values[..count]);
        relate(at, [x, y, z, &shell.r[first..]], cosine, square);
        for (far, square) in far.iter_mut().zip(square.iter()) {
            *far = cutoff(square * self.inverse_cut2);
        }
        // The η whose decay is known.
        let mut decayed = 0.0;
        for (index, &eta) in self.etas.iter().enumerate() {
            let start = index * blocks;
            let weights = &self.weights[start..start + blocks].as_flattened();
            let weight_j = weights[j];
            by_block(open, &weights[first..], |_, weight| weight_j * weight);
            open[..=j - first].fill(0.0);
            if self.closed[index] {
                if decayed > 0.0 && eta == 2.0 * decayed {
                    by_block(decay, square, |decay, _| decay * decay);
                } else {
                    for (decay, square) in decay.iter_mut().zip(square.iter()) {
                        *decay = exp(-eta * square);
                    }
                }
                decayed = eta;
                closed.copy_from_slice(open);
                by_block(closed, far, |x, far| x * far);
                by_block(closed, decay, |x, decay| x * decay);
            }
            for (k, term) in self.terms.iter().enumerate() {
                if term.eta != index {
                    continue;
                }
                let weight = if term.closed { &*closed } else { &*open };
                let sums = &mut self.sums[k * blocks..(k + 1) * blocks];
                term.add(cosine, weight, &mut sums[first / LANES..]);
            }
        }
    }
}

/// cos θ of neighbour j (unit vector and distance `at`) with each neighbour, and the
/// square of their distance.
#[inline(always)]
fn relate(at: [f64; 4], neighbours: [&[f64]; 4], cosine: &mut [f64], square: &mut [f64]) {
    let count = cosine.len();
    let [x, y, z, r] = neighbours.map(|values| &values[..count]);
    let square = &mut square[..count];
    let [jx, jy, jz, jr] = at;
    for k in 0..count {
        let c = jx * x[k] + jy * y[k] + jz * z[k];
        cosine[k] = c;
        let d2 = jr * jr + r[k] * r[k] - 2.0 * (jr * r[k]) * c;
        // By rounding it may fall below 0 where j and k coincide.
        square[k] = if d2 > 0.0 { d2 } else { 0.0 };
    }
}

/// Replace each x by `new(x, y)`, a block at a time. Blocks are copied out and back, so
/// that the compiler sees that none overlaps another.
#[inline(always)]
fn by_block(x: &mut [f64], y: &[f64], new: impl Fn(f64, f64) -> f64) {
    let (x, _) = x.as_chunks_mut::<LANES>();
    let (y, _) = y.as_chunks::<LANES>();
    for (x, y) in x.iter_mut().zip(y) {
        let (mut block, y) = (*x, *y);
        for lane in 0..LANES {
            block[lane] = new(block[lane], y[lane]);
        }
        *x = block;
    }
}

impl Term {
    #[inline(always)]
    fn add(&self, cosine: &[f64], weight: &[f64], sums: &mut [Block]) {
        let half = self.half_lambda;
        let (cosine, _) = cosine.as_chunks::<LANES>();
        let (weight, _) = weight.as_chunks::<LANES>();
        let blocks = sums.iter_mut().zip(cosine).zip(weight);
        match self.power {
            Power::Whole(1) => {
                blocks.for_each(|((s, c), w)| add_block(half, c, w, s, |x| x));
            }
            Power::Whole(2) => {
                blocks.for_each(|((s, c), w)| add_block(half, c, w, s, |x| x * x));
            }
            Power::Whole(4) => blocks.for_each(|((s, c), w)| {
                add_block(half, c, w, s, |x| (x * x) * (x * x));
            }),
            Power::Whole(n) => blocks.for_each(|((s, c), w)| {
                add_block(half, c, w, s, |x| whole_power(x, n));
            }),
            Power::Real(zeta) => blocks.for_each(|((s, c), w)| {
                add_block(half, c, w, s, |x| libm::pow(x, zeta));
            }),
        }
    }
}

/// Add weight · power((1 + λ cos θ) / 2) of a block to its sums.
#[inline(always)]
fn add_block(
    half_lambda: f64,
    cosine: &Block,
    weight: &Block,
    sums: &mut Block,
    power: impl Fn(f64) -> f64,
) {
    let (cosine, weight, mut sum) = (*cosine, *weight, *sums);
    for lane in 0..LANES {
        // cos θ may exceed ±1 by rounding; the base is never negative.
        let half = 0.5 + half_lambda * cosine[lane];
        let base = if half > 0.0 { half } else { 0.0 };
        sum[lane] += weight[lane] * power(base);
    }
    *sums = sum;
}

#[inline(always)]
fn whole_power(base: f64, mut n: u32) -> f64 {
    let (mut square, mut power) = (base, 1.0);
    loop {
        if n & 1 == 1 {
            power *= square;
        }
        n >>= 1;
        if n == 0 {
            return power;
        }
        square *= square;
    }
}
