//! Keeps gradients from being too long. In: gradients, L2 penalty included. Out: factors.

use rayon::prelude::*;

use super::super::blocks::{BLOCK, vectorised};
use super::super::failure::Failure;
use super::super::weights::Weights;
use super::{Shaping, above_zero};

/// What is done about gradients that are long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Clip {
    /// Nothing.
    Never,
    /// All gradients are scaled by limit/length if together they are longer.
    Global(f64),
    /// Each tensor's gradient is scaled by limit/length if it is longer (Keras's
    /// `clipnorm`).
    PerVariable(f64),
}

impl Clip {
    /// An error if the limit is outside what it may be.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        match self {
            Clip::Never => Ok(()),
            Clip::Global(limit) | Clip::PerVariable(limit) => above_zero("clip", *limit),
        }
    }

    /// Sets the scale of each gradient.
    pub(crate) fn scale(
        &self,
        shapings: &mut [Option<Shaping>],
        weights: &Weights,
        gradients: &Weights,
    ) {
        if *self == Clip::Never {
            return;
        }
        let pairs = gradients.buffers.iter().zip(&weights.buffers);
        let own = shapings.iter().zip(pairs).map(|(shaping, (g, p))| {
            let pull = |s: &Shaping| squares(g.values(), p.values(), s.pull);
            shaping.as_ref().map_or(0.0, pull)
        });
        let own: Vec<f64> = own.collect();
        let all: f64 = own.iter().sum();
        for (shaping, own) in shapings.iter_mut().zip(own) {
            let (limit, length) = match self {
                Clip::Global(limit) => (*limit, all.sqrt()),
                Clip::PerVariable(limit) => (*limit, own.sqrt()),
                Clip::Never => continue,
            };
            if let (Some(shaping), true) = (shaping, length > limit) {
                shaping.scale = (limit / length) as f32;
            }
        }
    }
}

/// Σ (g + pull·p)² in double precision, in the order of fixed blocks.
pub(crate) fn squares(g: &[f32], p: &[f32], pull: f32) -> f64 {
    let parts: Vec<f64> = g
        .par_chunks(BLOCK)
        .zip(p.par_chunks(BLOCK))
        .map(|(g, p)| {
            vectorised(
                #[inline(always)]
                || {
                    let mut sums = [0.0f64; 8];
                    for (g, p) in g.chunks(8).zip(p.chunks(8)) {
                        for ((sum, g), p) in sums.iter_mut().zip(g).zip(p) {
                            let x = f64::from(g + pull * p);
                            *sum += x * x;
                        }
                    }
                    sums.iter().sum::<f64>()
                },
            )
        })
        .collect();
    parts.iter().sum()
}
