//! How fast to learn, step by step. In: the place in the training. Out: the learning rate
//! and, where the schedule moves it, the momentum.

use super::failure::Failure;
use super::optimizer::{above_zero, setting, share};

/// How the learning rate goes on from the optimiser's.
#[derive(Clone, Debug, PartialEq)]
pub enum Schedule {
    /// The optimiser's rate throughout.
    Constant,
    /// Up to the optimiser's rate and down again along cosines, every step.
    OneCycle(OneCycle),
    /// Lower when a loss stops falling.
    Plateau(Plateau),
    /// Lower at given epochs.
    MultiStep {
        /// After so many epochs each, in rising order.
        epochs: Vec<usize>,
        /// What the rate is multiplied by.
        factor: f64,
    },
    /// From the optimiser's rate down to `final_rate` along half a cosine, every step.
    Cosine {
        /// Where it would arrive one step after the last.
        final_rate: f64,
    },
}

/// The settings of one cycle (Smith, Topin 2017), as torch's OneCycleLR has them with
/// cosine annealing: the optimiser's rate is the highest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OneCycle {
    /// The share of the steps in which the rate rises.
    pub rise: f64,
    /// The first rate is the highest divided by this.
    pub start_divisor: f64,
    /// The last rate is the first divided by this.
    pub final_divisor: f64,
    /// Lowest and highest momentum (of Adam: β1), which moves against the rate; none to
    /// leave it where it is.
    pub momentum: Option<(f64, f64)>,
}

impl Default for OneCycle {
    /// torch's: 0.3, 25, 1e4, momentum between 0.85 and 0.95.
    fn default() -> OneCycle {
        OneCycle {
            rise: 0.3,
            start_divisor: 25.0,
            final_divisor: 1e4,
            momentum: Some((0.85, 0.95)),
        }
    }
}

/// Which loss is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watch {
    /// The loss of the epoch's batches.
    Training,
    /// That of the rows held out.
    Validation,
}

/// The settings of torch's ReduceLROnPlateau (relative threshold, no cooldown).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plateau {
    /// Which loss is looked at after each epoch.
    pub watch: Watch,
    /// What the rate is multiplied by.
    pub factor: f64,
    /// So many epochs without a lower loss pass before the rate falls.
    pub patience: usize,
    /// A loss counts as lower below best·(1 - threshold).
    pub threshold: f64,
    /// The rate falls no further.
    pub lowest: f64,
}

/// What a plateau remembers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Slope {
    /// The rate as it is now.
    pub(crate) rate: f64,
    pub(crate) best: f64,
    pub(crate) waited: usize,
}

/// The place of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    /// Steps done.
    pub(crate) step: u64,
    /// Epochs done.
    pub(crate) epoch: usize,
    /// Steps in all, if no patience ends the training.
    pub(crate) total: u64,
}

/// How a step is taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pace {
    pub(crate) rate: f64,
    pub(crate) momentum: Option<f64>,
}

impl Schedule {
    /// Whether the pace depends on how many epochs there will be.
    pub(crate) fn knows_its_end(&self) -> bool {
        matches!(self, Schedule::OneCycle(_) | Schedule::Cosine { .. })
    }

    /// An error if a setting is outside what it may be.
    pub(crate) fn check(&self, validated: bool) -> Result<(), Failure> {
        match self {
            Schedule::Constant => Ok(()),
            Schedule::OneCycle(cycle) => {
                let inside = cycle.rise > 0.0 && cycle.rise < 1.0;
                setting("rise", inside, "above 0 and below 1", cycle.rise)?;
                above_zero("start_divisor", cycle.start_divisor)?;
                above_zero("final_divisor", cycle.final_divisor)?;
                let Some((low, high)) = cycle.momentum else {
                    return Ok(());
                };
                share("momentum", low)?;
                share("momentum", high)?;
                let needed = format!("at least the lowest, {low}");
                setting("momentum", low <= high, &needed, high)
            }
            Schedule::Plateau(plateau) => {
                let inside = plateau.factor > 0.0 && plateau.factor < 1.0;
                setting("factor", inside, "above 0 and below 1", plateau.factor)?;
                share("threshold", plateau.threshold)?;
                let fine = plateau.lowest >= 0.0 && plateau.lowest.is_finite();
                setting("lowest", fine, "at least 0 and finite", plateau.lowest)?;
                if plateau.watch == Watch::Validation && !validated {
                    return Err(Failure::Setting {
                        name: "schedule",
                        problem:
                            "a plateau of the validation loss needs validation rows \
                                  to watch"
                                .to_owned(),
                    });
                }
                Ok(())
            }
            Schedule::MultiStep { epochs, factor } => {
                above_zero("factor", *factor)?;
                let mut pairs = epochs.iter().zip(epochs.iter().skip(1));
                if epochs.is_empty()
                    || epochs.contains(&0)
                    || pairs.any(|(now, next)| now >= next)
                {
                    return Err(Failure::Setting {
                        name: "epochs",
                        problem: format!(
                            "the epochs at which the rate changes must rise from 1 on, \
                             not {epochs:?}"
                        ),
                    });
                }
                Ok(())
            }
            Schedule::Cosine { final_rate } => {
                let fine = *final_rate >= 0.0 && final_rate.is_finite();
                setting("final_rate", fine, "at least 0 and finite", *final_rate)
            }
        }
    }

    /// The pace of the step at `place`; `rate` is the optimiser's, `slope` what the
    /// plateau remembers.
    pub(crate) fn pace(&self, rate: f64, place: Place, slope: &Slope) -> Pace {
        let rate = match self {
            Schedule::Constant => rate,
            Schedule::OneCycle(cycle) => return cycle.pace(rate, place),
            Schedule::Plateau(_) => slope.rate,
            Schedule::MultiStep { epochs, factor } => {
                let passed = epochs.iter().filter(|epoch| **epoch <= place.epoch);
                rate * libm::pow(*factor, passed.count() as f64)
            }
            Schedule::Cosine { final_rate } => {
                let done = place.step as f64 / place.total.max(1) as f64;
                anneal(rate, *final_rate, done.min(1.0))
            }
        };
        Pace {
            rate,
            momentum: None,
        }
    }
}

impl OneCycle {
    fn pace(&self, highest: f64, place: Place) -> Pace {
        let (step, total) = (place.step as f64, place.total as f64);
        let first = highest / self.start_divisor;
        let last = first / self.final_divisor;
        let top = self.rise * total - 1.0;
        let end = total - 1.0;
        let (low, high) = self.momentum.unwrap_or((0.0, 0.0));
        let (rate, momentum) = if step <= top {
            let done = passed(step, top);
            (anneal(first, highest, done), anneal(high, low, done))
        } else {
            let done = passed(step - top, end - top);
            (anneal(highest, last, done), anneal(low, high, done))
        };
        Pace {
            rate,
            momentum: self.momentum.map(|_| momentum),
        }
    }
}

impl Plateau {
    /// Looks at the loss of an epoch.
    pub(crate) fn look(&self, loss: f64, slope: &mut Slope) {
        if loss < slope.best * (1.0 - self.threshold) {
            slope.best = loss;
            slope.waited = 0;
        } else {
            slope.waited += 1;
        }
        if slope.waited > self.patience {
            let lower = (slope.rate * self.factor).max(self.lowest);
            // torch leaves the rate alone where the change would be this small.
            if slope.rate - lower > 1e-8 {
                slope.rate = lower;
            }
            slope.waited = 0;
        }
    }
}

impl Slope {
    /// Before the first epoch.
    pub(crate) fn new(rate: f64) -> Slope {
        Slope {
            rate,
            best: f64::INFINITY,
            waited: 0,
        }
    }
}

/// The share of `span` that is done; all of it where there is no span.
fn passed(done: f64, span: f64) -> f64 {
    if span <= 0.0 {
        return 1.0;
    }
    (done / span).min(1.0)
}

/// From `start` to `end` along half a cosine.
fn anneal(start: f64, end: f64, done: f64) -> f64 {
    end + (start - end) / 2.0 * (1.0 + libm::cos(std::f64::consts::PI * done))
}

#[cfg(test)]
mod tests;
