//! What training makes small. In: predictions and targets. Out: the loss, averaged over
//! all numbers, and its gradient.

use super::failure::Failure;

/// A loss function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loss {
    /// Mean of the squared errors.
    Mse,
    /// Mean of the absolute errors.
    Mae,
    /// Half the squared error up to `delta`, then `delta`·(|error| - delta/2): torch's
    /// HuberLoss and Keras's Huber.
    Huber {
        /// Where the parabola becomes a line, above 0.
        delta: f64,
    },
}

impl Loss {
    /// An error if a setting is outside what it may be.
    pub(crate) fn check(self) -> Result<(), Failure> {
        match self {
            Loss::Huber { delta } if !(delta > 0.0 && (delta as f32).is_finite()) => {
                Err(Failure::Setting {
                    name: "delta",
                    problem: format!("it must be above 0 and finite, not {delta}"),
                })
            }
            _ => Ok(()),
        }
    }

    /// The sum of the losses of all numbers, in double precision and in their order.
    pub(crate) fn sum(self, predicted: &[f32], targets: &[f32]) -> f64 {
        let errors = predicted
            .iter()
            .zip(targets)
            .map(|(p, t)| f64::from(*p) - f64::from(*t));
        match self {
            Loss::Mse => errors.map(|e| e * e).sum(),
            Loss::Mae => errors.map(f64::abs).sum(),
            Loss::Huber { delta } => {
                let one = |e: f64| match e.abs() {
                    size if size <= delta => 0.5 * e * e,
                    size => delta * (size - 0.5 * delta),
                };
                errors.map(one).sum()
            }
        }
    }

    /// Fills `gradient` with that of the mean loss with respect to each prediction. At an
    /// error of exactly zero the gradient of MAE is zero.
    pub(crate) fn gradient(
        self,
        predicted: &[f32],
        targets: &[f32],
        gradient: &mut [f32],
    ) {
        let share = 1.0 / predicted.len().max(1) as f32;
        for ((g, p), t) in gradient.iter_mut().zip(predicted).zip(targets) {
            let error = p - t;
            *g = match self {
                Loss::Mse => 2.0 * error * share,
                Loss::Mae if error == 0.0 => 0.0,
                Loss::Mae => error.signum() * share,
                Loss::Huber { delta } => {
                    let delta = delta as f32;
                    error.clamp(-delta, delta) * share
                }
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::layers::differences::{check, random};
    use super::*;

    #[test]
    fn values_by_hand() {
        let (p, t) = ([1.0, 2.0, 5.0], [1.0, 4.0, 4.0]);
        assert_eq!(Loss::Mse.sum(&p, &t), 5.0);
        assert_eq!(Loss::Mae.sum(&p, &t), 3.0);
        let mut g = [9.0; 3];
        Loss::Mae.gradient(&p, &t, &mut g);
        assert_eq!(g, [0.0, -1.0 / 3.0, 1.0 / 3.0]);
        // Errors 0, -2 and 1: 0, 1.5·(2 - 0.75) and ½.
        let huber = Loss::Huber { delta: 1.5 };
        assert_eq!(huber.sum(&p, &t), 1.5 * 1.25 + 0.5);
        huber.gradient(&p, &t, &mut g);
        assert_eq!(g, [0.0, -0.5, 1.0 / 3.0]);
        assert!(huber.check().is_ok());
        assert!(Loss::Huber { delta: 0.0 }.check().is_err());
    }

    #[test]
    fn gradients_are_finite_differences() {
        let huber = |delta| Loss::Huber { delta };
        for loss in [Loss::Mse, Loss::Mae, huber(2.0), huber(0.02)] {
            let (p, t) = (random(12, 1), vec![0.0; 12]);
            let mut g = vec![0.0; 12];
            loss.gradient(&p, &t, &mut g);
            check("loss", &p, &g, |p| loss.sum(p, &t) / 12.0);
        }
    }
}
