//! How a step is taken. In: weights, gradients, what the optimiser remembers, the number
//! of the step. Out: weights and memory after the step.

mod adam;
mod clip;
mod sgd;

pub use adam::{Adam, AdamForm};
pub use clip::Clip;
pub use sgd::Sgd;

use rayon::prelude::*;

use super::blocks::{BLOCK, vectorised};
use super::buffer::Buffer;
use super::failure::Failure;
use super::graph::WeightSpec;
use super::schedule::Pace;
use super::weights::{Weights, all_finite};

/// An optimiser and its settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Optimizer {
    /// Adam (Kingma, Ba 2015).
    Adam(Adam),
    /// Adam with decoupled weight decay (Loshchilov, Hutter 2019), as torch has it.
    AdamW(AdamW),
    /// Gradient descent with momentum, as torch has it.
    Sgd(Sgd),
}

impl From<Adam> for Optimizer {
    fn from(adam: Adam) -> Optimizer {
        Optimizer::Adam(adam)
    }
}

impl From<AdamW> for Optimizer {
    fn from(adamw: AdamW) -> Optimizer {
        Optimizer::AdamW(adamw)
    }
}

impl From<Sgd> for Optimizer {
    fn from(sgd: Sgd) -> Optimizer {
        Optimizer::Sgd(sgd)
    }
}

/// Adam with decoupled weight decay: before each step p *= 1 - rate·decay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// The step itself.
    pub adam: Adam,
    /// The decay per step and unit of rate. It reaches the weights whose `decay` flag is
    /// set, which no bias has, or every weight, as in torch's default, where the settings
    /// of the training say so.
    pub decay: f64,
}

/// What is done to the gradient `g` of a weight `p` before it is used:
/// (g + pull·p)·scale; and to the weight: p·shrink.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shaping {
    pub(crate) pull: f32,
    pub(crate) scale: f32,
    pub(crate) shrink: f32,
}

impl Shaping {
    pub(crate) const NONE: Shaping = Shaping {
        pull: 0.0,
        scale: 1.0,
        shrink: 1.0,
    };

    /// The gradient after L2 penalty and clipping.
    #[inline(always)]
    pub(crate) fn gradient(self, g: f32, p: f32) -> f32 {
        (g + self.pull * p) * self.scale
    }
}

/// What the weights are changed by, beside the gradients.
pub(crate) struct Update<'a> {
    pub(crate) optimizer: Optimizer,
    pub(crate) clip: Clip,
    /// The factor of the sum of squared weights in the loss.
    pub(crate) l2: f64,
    /// Whether penalty and decay reach every weight.
    pub(crate) everything: bool,
    pub(crate) pace: Pace,
    /// The number of the step, from 1.
    pub(crate) step: u64,
    pub(crate) gradients: &'a Weights,
}

impl Optimizer {
    /// The learning rate.
    pub fn rate(&self) -> f64 {
        match self {
            Optimizer::Adam(adam) => adam.rate,
            Optimizer::AdamW(adamw) => adamw.adam.rate,
            Optimizer::Sgd(sgd) => sgd.rate,
        }
    }

    /// An error if a setting is outside what it may be.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        match self {
            Optimizer::Adam(adam) => adam.check(),
            Optimizer::AdamW(adamw) => {
                let decay = adamw.decay;
                let fine = decay >= 0.0 && decay.is_finite();
                setting("decay", fine, "at least 0 and finite", decay)?;
                adamw.adam.check()
            }
            Optimizer::Sgd(sgd) => sgd.check(),
        }
    }

    /// The same optimiser at another rate and momentum (of Adam: β1).
    fn at(self, pace: Pace) -> Optimizer {
        let adam = |adam: Adam| Adam {
            rate: pace.rate,
            beta1: pace.momentum.unwrap_or(adam.beta1),
            ..adam
        };
        match self {
            Optimizer::Adam(own) => Optimizer::Adam(adam(own)),
            Optimizer::AdamW(own) => Optimizer::AdamW(AdamW {
                adam: adam(own.adam),
                ..own
            }),
            Optimizer::Sgd(own) => Optimizer::Sgd(Sgd {
                rate: pace.rate,
                momentum: pace.momentum.unwrap_or(own.momentum),
            }),
        }
    }

    /// By what a step shrinks a weight that decays beforehand.
    fn shrink(&self, decays: bool) -> f32 {
        match self {
            Optimizer::AdamW(own) if decays => (1.0 - own.adam.rate * own.decay) as f32,
            _ => 1.0,
        }
    }
}

impl Update<'_> {
    /// One step on `weights`, whose memory is `first` (the running mean of the gradient,
    /// or the momentum) and `second` (that of its square). Says whether all weights are
    /// finite after it.
    #[must_use]
    pub(crate) fn apply(
        &self,
        weights: &mut Weights,
        first: &mut Weights,
        second: &mut Weights,
    ) -> bool {
        let optimizer = self.optimizer.at(self.pace);
        let shapings = self.shapings(&optimizer, weights);
        let work = match optimizer {
            Optimizer::Adam(adam) | Optimizer::AdamW(AdamW { adam, .. }) => {
                Work::Adam(adam.factors(self.step))
            }
            Optimizer::Sgd(sgd) => Work::Sgd(sgd.factors()),
        };
        let all = weights.buffers.iter_mut().zip(&self.gradients.buffers);
        let memory = first.buffers.iter_mut().zip(&mut second.buffers);
        let mut finite = true;
        for (((p, g), (m, v)), shaping) in all.zip(memory).zip(shapings) {
            if let Some(shaping) = shaping {
                finite &= work.apply(shaping, p, g, m, v);
            }
        }
        finite
    }

    /// How each gradient is shaped; nothing for what is not learnt.
    fn shapings(&self, optimizer: &Optimizer, weights: &Weights) -> Vec<Option<Shaping>> {
        let shaping = |spec: &WeightSpec| {
            let decays = self.everything || spec.decay;
            spec.trained.then(|| Shaping {
                pull: if decays { (2.0 * self.l2) as f32 } else { 0.0 },
                scale: 1.0,
                shrink: optimizer.shrink(decays),
            })
        };
        let mut shapings: Vec<_> = weights.specs.iter().map(shaping).collect();
        self.clip.scale(&mut shapings, weights, self.gradients);
        shapings
    }
}

/// The arithmetic of one step.
enum Work {
    Adam(adam::Factors),
    Sgd(sgd::Factors),
}

impl Work {
    /// One step on one tensor; whether it is finite after it (asked of each block while it
    /// is in the cache).
    fn apply(
        &self,
        shaping: Shaping,
        p: &mut Buffer,
        g: &Buffer,
        m: &mut Buffer,
        v: &mut Buffer,
    ) -> bool {
        let blocks = p.values_mut().par_chunks_mut(BLOCK);
        let blocks = blocks
            .zip(g.values().par_chunks(BLOCK))
            .zip(m.values_mut().par_chunks_mut(BLOCK));
        match self {
            Work::Adam(factors) => blocks
                .zip(v.values_mut().par_chunks_mut(BLOCK))
                .map(|(((p, g), m), v)| {
                    vectorised(
                        #[inline(always)]
                        || {
                            factors.apply(shaping, p, g, m, v);
                            all_finite(p)
                        },
                    )
                })
                .reduce(|| true, |a, b| a & b),
            Work::Sgd(factors) => blocks
                .map(|((p, g), m)| {
                    vectorised(
                        #[inline(always)]
                        || {
                            factors.apply(shaping, p, g, m);
                            all_finite(p)
                        },
                    )
                })
                .reduce(|| true, |a, b| a & b),
        }
    }
}

/// The sum of the squares of the weights that the penalty reaches.
pub(crate) fn penalised(weights: &Weights, everything: bool) -> f64 {
    let all = weights.specs.iter().zip(&weights.buffers);
    all.filter(|(spec, _)| spec.trained && (everything || spec.decay))
        .map(|(_, buffer)| clip::squares(buffer.values(), buffer.values(), 0.0))
        .sum()
}

/// An error unless `holds`.
pub(crate) fn setting(
    name: &'static str,
    holds: bool,
    needed: &str,
    value: f64,
) -> Result<(), Failure> {
    if holds {
        return Ok(());
    }
    Err(Failure::Setting {
        name,
        problem: format!("it must be {needed}, not {value}"),
    })
}

/// An error unless the setting is above 0 and finite.
pub(crate) fn above_zero(name: &'static str, value: f64) -> Result<(), Failure> {
    let fine = value > 0.0 && value.is_finite();
    setting(name, fine, "above 0 and finite", value)
}

/// An error unless the setting is in [0, 1).
pub(crate) fn share(name: &'static str, value: f64) -> Result<(), Failure> {
    let fine = (0.0..1.0).contains(&value);
    setting(name, fine, "at least 0 and below 1", value)
}

#[cfg(test)]
mod tests;
