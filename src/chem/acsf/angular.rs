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
        let (r, _) = shell.r.as_chunks::<LANES>();
        let (cut, _) = shell.cut.as_chunks::<LANES>();
        for (eta, weights) in
            self.etas.iter().zip(self.weights.chunks_exact_mut(blocks.max(1)))
        {
            for ((weight, r), cut) in weights.iter_mut().zip(r).zip(cut) {
                for lane in 0..LANES {
                    weight[lane] = exp(-eta * (r[lane] * r[lane])) * cut[lane];
                }
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

    /// Add the pairs of neighbour j with every k > j.
    #[inline(always)]
    fn add_pairs_of(&mut self, shell: &Shell, blocks: usize, j: usize) {
        let [ux, uy, uz] = shell.unit.each_ref().map(|u| u.as_chunks::<LANES>().0);
        let (r, _) = shell.r.as_chunks::<LANES>();
        let (jb, jl) = (j / LANES, j % LANES);
        let at = |blocks: &[Block]| blocks[jb][jl];
        let (jx, jy, jz, jr) = (at(ux), at(uy), at(uz), at(r));
        for block in jb..blocks {
            let first = block * LANES;
            let (mut cosine, mut square, mut far) =
                ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
            let (x, y, z, r) = (&ux[block], &uy[block], &uz[block], &r[block]);
            for lane in 0..LANES {
                let c = jx * x[lane] + jy * y[lane] + jz * z[lane];
                cosine[lane] = c;
                let d2 = jr * jr + r[lane] * r[lane] - 2.0 * (jr * r[lane]) * c;
                // By rounding it may fall below 0 where j and k coincide.
                square[lane] = if d2 > 0.0 { d2 } else { 0.0 };
            }
            for lane in 0..LANES {
                far[lane] = cutoff(square[lane] * self.inverse_cut2);
            }
            for (index, eta) in self.etas.iter().enumerate() {
                let weights = &self.weights[index * blocks..(index + 1) * blocks];
                let weight_j = at(weights);
                let mut open = [0.0; LANES];
                for lane in 0..LANES {
                    let later = first + lane > j;
                    let weight = weight_j * weights[block][lane];
                    open[lane] = if later { weight } else { 0.0 };
                }
                let mut closed = [0.0; LANES];
                if self.closed[index] {
                    for lane in 0..LANES {
                        closed[lane] = open[lane] * far[lane] * exp(-eta * square[lane]);
                    }
                }
                for (k, term) in self.terms.iter().enumerate() {
                    if term.eta != index {
                        continue;
                    }
                    let weight = if term.closed { &closed } else { &open };
                    let sum = &mut self.sums[k * blocks + block];
                    term.add(&cosine, weight, sum);
                }
            }
        }
    }
}

impl Term {
    #[inline(always)]
    fn add(&self, cosine: &Block, weight: &Block, sum: &mut Block) {
        let mut base = [0.0; LANES];
        for lane in 0..LANES {
            // cos θ may exceed ±1 by rounding; the base is never negative.
            let half = 0.5 + self.half_lambda * cosine[lane];
            base[lane] = if half > 0.0 { half } else { 0.0 };
        }
        let power = match self.power {
            Power::Whole(n) => whole_power(base, n),
            Power::Real(zeta) => base.map(|x| libm::pow(x, zeta)),
        };
        for lane in 0..LANES {
            sum[lane] += weight[lane] * power[lane];
        }
    }
}

#[inline(always)]
fn whole_power(base: Block, mut n: u32) -> Block {
    let (mut square, mut power) = (base, [1.0; LANES]);
    loop {
        if n & 1 == 1 {
            for lane in 0..LANES {
                power[lane] *= square[lane];
            }
        }
        n >>= 1;
        if n == 0 {
            return power;
        }
        for lane in 0..LANES {
            square[lane] *= square[lane];
        }
    }
}
