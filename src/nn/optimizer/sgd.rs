//! Gradient descent with momentum, as torch has it. In: weights, gradients, the momentum.
//! Out: weights and momentum after the step.

use super::super::failure::Failure;
use super::{Shaping, above_zero, share};

/// Gradient descent with momentum: b = momentum·b + g (b = g in the first step), then
/// p -= rate·b.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// The learning rate.
    pub rate: f64,
    /// How much of the last step goes into the next; 0 for none.
    pub momentum: f64,
}

impl Sgd {
    /// An error if a setting is outside what it may be.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        above_zero("rate", self.rate)?;
        share("momentum", self.momentum)
    }

    /// The factors of a step. The memory is zero before the first, which makes it torch's.
    pub(crate) fn factors(&self) -> Factors {
        Factors {
            rate: self.rate as f32,
            momentum: self.momentum as f32,
        }
    }
}

/// The numbers a step needs, in the precision of the weights.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Factors {
    rate: f32,
    momentum: f32,
}

impl Factors {
    /// One step on the weights `p`, given their gradients `g` and the momentum `m`.
    #[inline(always)]
    pub(crate) fn apply(self, shaping: Shaping, p: &mut [f32], g: &[f32], m: &mut [f32]) {
        for ((p, g), m) in p.iter_mut().zip(g).zip(m) {
            *m = self.momentum * *m + shaping.gradient(*g, *p);
            *p -= self.rate * *m;
        }
    }
}
