//! The Adam optimiser (Kingma, Ba 2015). In: weights, gradients, moments, the number of
//! the step. Out: weights and moments after the step.

use super::super::failure::Failure;
use super::{Shaping, above_zero, share};

/// Where eps stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdamForm {
    /// p -= rate/(1-β1^t) · m / (√(v/(1-β2^t)) + eps): the form of the paper and of torch.
    Torch,
    /// p -= rate·√(1-β2^t)/(1-β1^t) · m / (√v + eps): the form of Keras.
    Keras,
}

/// Adam and its settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// The learning rate.
    pub rate: f64,
    /// How much of the mean gradient a step keeps.
    pub beta1: f64,
    /// How much of the mean squared gradient a step keeps.
    pub beta2: f64,
    /// What keeps the quotient finite where gradients vanish.
    pub eps: f64,
    /// Where eps stands.
    pub form: AdamForm,
}

impl Adam {
    /// Adam as torch has it: eps 1e-8 inside the bias correction.
    pub fn torch(rate: f64) -> Adam {
        Adam {
            rate,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            form: AdamForm::Torch,
        }
    }

    /// Adam as Keras has it: eps 1e-7 outside the bias correction.
    pub fn keras(rate: f64) -> Adam {
        Adam {
            eps: 1e-7,
            form: AdamForm::Keras,
            ..Adam::torch(rate)
        }
    }

    /// An error if a setting is outside what it may be.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        above_zero("rate", self.rate)?;
        above_zero("eps", self.eps)?;
        share("beta1", self.beta1)?;
        share("beta2", self.beta2)
    }

    /// The factors of a step. Both forms are p -= size · m / (√v · root + eps).
    ///
    /// Keras takes the powers of β in single precision, where 1 - 0.999^t is off by 1e-5
    /// of itself: enough to be seen after a few steps, so its form does the same.
    pub(crate) fn factors(&self, step: u64) -> Factors {
        let (size, root) = match self.form {
            AdamForm::Torch => {
                let one = 1.0 - libm::pow(self.beta1, step as f64);
                let two = 1.0 - libm::pow(self.beta2, step as f64);
                ((self.rate / one) as f32, (1.0 / two.sqrt()) as f32)
            }
            AdamForm::Keras => {
                let one = 1.0 - libm::powf(self.beta1 as f32, step as f32);
                let two = 1.0 - libm::powf(self.beta2 as f32, step as f32);
                (self.rate as f32 * two.sqrt() / one, 1.0)
            }
        };
        Factors {
            size,
            root,
            eps: self.eps as f32,
            keep1: self.beta1 as f32,
            keep2: self.beta2 as f32,
            fresh1: (1.0 - self.beta1) as f32,
            fresh2: (1.0 - self.beta2) as f32,
        }
    }
}

/// The numbers a step needs, in the precision of the weights.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Factors {
    size: f32,
    root: f32,
    eps: f32,
    keep1: f32,
    keep2: f32,
    fresh1: f32,
    fresh2: f32,
}

impl Factors {
    /// One step on the weights `p`, given their gradients `g` and the running means `m` of
    /// the gradient and `v` of its square.
    #[inline(always)]
    pub(crate) fn apply(
        self,
        shaping: Shaping,
        p: &mut [f32],
        g: &[f32],
        m: &mut [f32],
        v: &mut [f32],
    ) {
        if shaping == Shaping::NONE {
            self.apply_shaped(|g, _| g, 1.0, p, g, m, v);
        } else {
            let shaped = |g: f32, p: f32| shaping.gradient(g, p);
            self.apply_shaped(shaped, shaping.shrink, p, g, m, v);
        }
    }

    #[inline(always)]
    fn apply_shaped(
        self,
        shaped: impl Fn(f32, f32) -> f32,
        shrink: f32,
        p: &mut [f32],
        g: &[f32],
        m: &mut [f32],
        v: &mut [f32],
    ) {
        for (((p, g), m), v) in p.iter_mut().zip(g).zip(m).zip(v) {
            let g = shaped(*g, *p);
            *p *= shrink;
            *m = self.keep1 * *m + self.fresh1 * g;
            *v = self.keep2 * *v + self.fresh2 * (g * g);
            *p -= self.size * *m / (v.sqrt() * self.root + self.eps);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs `gradients` through Adam on one weight that starts at 1, and beside it the
    /// formula of the form's documentation in double precision.
    fn both(adam: Adam, gradients: &[f64]) -> (f64, f64) {
        let (mut p, mut m, mut v) = ([1.0], [0.0], [0.0]);
        let (mut q, mut a, mut b) = (1.0f64, 0.0, 0.0);
        for (k, g) in gradients.iter().enumerate() {
            let t = k as i32 + 1;
            let factors = adam.factors(t as u64);
            factors.apply(Shaping::NONE, &mut p, &[*g as f32], &mut m, &mut v);
            a = adam.beta1 * a + (1.0 - adam.beta1) * g;
            b = adam.beta2 * b + (1.0 - adam.beta2) * g * g;
            q -= match adam.form {
                AdamForm::Torch => {
                    let (c1, c2) = (1.0 - adam.beta1.powi(t), 1.0 - adam.beta2.powi(t));
                    adam.rate / c1 * a / ((b / c2).sqrt() + adam.eps)
                }
                AdamForm::Keras => {
                    let rest = |beta: f64| f64::from(1.0 - (beta as f32).powi(t));
                    let (c1, c2) = (rest(adam.beta1), rest(adam.beta2));
                    adam.rate * c2.sqrt() / c1 * a / (b.sqrt() + adam.eps)
                }
            };
        }
        (f64::from(p[0]), q)
    }

    #[test]
    fn the_first_step_by_hand() {
        // t = 1, g = 1e-4: m/(1-β1) = g and √(v/(1-β2)) = g in the torch form, so the step
        // is rate·1e-4/(1e-4 + 1e-5). In the Keras form eps stands beside
        // √v = √0.001·1e-4, so the step is rate·√0.001·1e-4/(√0.001·1e-4 + 1e-5).
        let (rate, g, eps) = (0.1, 1e-4, 1e-5);
        let torch = Adam {
            eps,
            ..Adam::torch(rate)
        };
        let keras = Adam {
            eps,
            ..Adam::keras(rate)
        };
        assert!((both(torch, &[g]).0 - (1.0 - 0.1 / 1.1)).abs() < 1e-6);
        let root = 0.001f64.sqrt() * g;
        let expected = 1.0 - 0.1 * root / (root + eps);
        assert!((both(keras, &[g]).0 - expected).abs() < 1e-6);
        assert!((expected - 0.975_974_7).abs() < 1e-6);
    }

    #[test]
    fn many_steps_follow_the_formulas() {
        let gradients = [0.5, -2.0, 1e-5, 3.0, 0.0, -1e-6, 7.0];
        for adam in [
            Adam::torch(0.05),
            Adam::keras(0.05),
            Adam {
                beta1: 0.5,
                beta2: 0.9,
                eps: 0.1,
                ..Adam::keras(0.3)
            },
            Adam {
                beta1: 0.0,
                beta2: 0.0,
                ..Adam::torch(0.01)
            },
        ] {
            let (found, expected) = both(adam, &gradients);
            assert!(
                (found - expected).abs() < 2e-6,
                "{adam:?}: {found} {expected}"
            );
        }
    }

    #[test]
    fn settings_outside_their_range_are_refused() {
        let good = Adam::keras(1e-3);
        assert!(good.check().is_ok());
        for (bad, name) in [
            (Adam { rate: 0.0, ..good }, "rate"),
            (
                Adam {
                    rate: f64::NAN,
                    ..good
                },
                "rate",
            ),
            (Adam { eps: -1.0, ..good }, "eps"),
            (Adam { beta1: 1.0, ..good }, "beta1"),
            (
                Adam {
                    beta2: -0.1,
                    ..good
                },
                "beta2",
            ),
        ] {
            let text = bad.check().unwrap_err().to_string();
            assert!(text.starts_with(name), "{text}");
        }
    }
}
