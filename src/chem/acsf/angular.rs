//! The functions of two neighbours: G4 and G5 of one atom.

#![allow(
    clippy::indexing_slicing,
    reason = "kernel over arrays whose lengths are set together"
)]

use super::pairs::Pairs;
use super::shell::Shell;
use super::{AcsfSettings, Angular};
use crate::chem::vectors::{LANES, vectorised};

/// A number of each pair of a block.
pub(super) type Block = [f64; LANES];

/// One function: 2 ((1 + λ cos θ) / 2)^ζ times the weight of its η.
pub(super) struct Term {
    /// Its place among the functions.
    pub(super) place: usize,
    half_lambda: f64,
    power: Power,
}

enum Power {
    Whole(u32),
    Real(f64),
}

/// The functions of one η.
pub(super) struct Group {
    pub(super) eta: f64,
    /// Whether η is twice that of the group before.
    pub(super) twice: bool,
    pub(super) terms: Vec<Term>,
}

/// The functions of one kind: G4, whose pairs are within the cutoff, or G5.
pub(super) struct Kind {
    pub(super) closed: bool,
    pub(super) groups: Vec<Group>,
}

/// Sums of the angular functions, with the memory they need.
pub(super) struct AngularSums {
    cut2: f64,
    kinds: [Kind; 2],
    functions: usize,
    /// The sums of each function over the pairs of two species, by lanes.
    sums: Vec<Block>,
    pairs: Box<Pairs>,
}

impl AngularSums {
    pub(super) fn new(settings: &AcsfSettings) -> AngularSums {
        let closed = Kind::new(true, &settings.g4, 0);
        let open = Kind::new(false, &settings.g5, settings.g4.len());
        let functions = settings.g4.len() + settings.g5.len();
        AngularSums {
            cut2: settings.r_cut * settings.r_cut,
            kinds: [closed, open],
            functions,
            sums: vec![[0.0; LANES]; functions],
            pairs: Box::new(Pairs::new()),
        }
    }

    /// Add the functions of each pair of species to `row`.
    pub(super) fn add(&mut self, shell: &Shell, row: &mut [f64]) {
        let AngularSums { pairs, sums, .. } = self;
        for kind in &self.kinds {
            if kind.groups.is_empty() {
                continue;
            }
            let (cut2, functions) = (self.cut2, self.functions);
            vectorised(
                #[inline(always)]
                || {
                    let species = shell.starts.len() - 1;
                    for b in 0..species {
                        for a in 0..=b {
                            if shell.lacks(a) || shell.lacks(b) {
                                continue;
                            }
                            sums.fill([0.0; LANES]);
                            pairs.sum_species(shell, [a, b], kind, cut2, sums);
                            let place = (b * (b + 1) / 2 + a) * functions;
                            for (total, sum) in row[place..].iter_mut().zip(&*sums) {
                                *total += 2.0 * sum.iter().sum::<f64>();
                            }
                        }
                    }
                },
            );
        }
    }
}

impl Kind {
    fn new(closed: bool, functions: &[Angular], first: usize) -> Kind {
        let mut groups: Vec<Group> = Vec::new();
        for (place, function) in (first..).zip(functions) {
            let whole = function.zeta.fract() == 0.0 && function.zeta <= 1024.0;
            let term = Term {
                place,
                half_lambda: 0.5 * function.lambda,
                power: match whole {
                    true => Power::Whole(function.zeta as u32),
                    false => Power::Real(function.zeta),
                },
            };
            let eta = function.eta;
            if let Some(known) = groups.iter_mut().find(|group| group.eta == eta) {
                known.terms.push(term);
                continue;
            }
            let twice = groups.last().is_some_and(|last| eta == 2.0 * last.eta);
            groups.push(Group {
                eta,
                twice,
                terms: vec![term],
            });
        }
        Kind { closed, groups }
    }
}

impl Term {
    /// Add the pairs with these cosines and weights to the lanes of the sum.
    #[inline(always)]
    pub(super) fn add(&self, cosine: &[f64], weight: &[f64], sum: &mut Block) {
        let half = self.half_lambda;
        match self.power {
            Power::Whole(1) => add_pairs(half, cosine, weight, sum, |x| x),
            Power::Whole(2) => add_pairs(half, cosine, weight, sum, |x| x * x),
            Power::Whole(4) => {
                add_pairs(half, cosine, weight, sum, |x| (x * x) * (x * x));
            }
            Power::Whole(n) => {
                add_pairs(half, cosine, weight, sum, |x| whole_power(x, n));
            }
            Power::Real(zeta) => {
                add_pairs(half, cosine, weight, sum, |x| libm::pow(x, zeta));
            }
        }
    }
}

/// Add weight · power((1 + λ cos θ) / 2) of each pair to its lane of the sum.
#[inline(always)]
fn add_pairs(
    half_lambda: f64,
    cosine: &[f64],
    weight: &[f64],
    sum: &mut Block,
    power: impl Fn(f64) -> f64,
) {
    let (cosine, _) = cosine.as_chunks::<LANES>();
    let (weight, _) = weight.as_chunks::<LANES>();
    let mut total = *sum;
    for (cosine, weight) in cosine.iter().zip(weight) {
        for lane in 0..LANES {
            // cos θ may exceed ±1 by rounding; the base is never negative.
            let half = 0.5 + half_lambda * cosine[lane];
            let base = if half > 0.0 { half } else { 0.0 };
            total[lane] += weight[lane] * power(base);
        }
    }
    *sum = total;
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
