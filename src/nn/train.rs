//! The training loop. In: a graph, weights or a checkpoint, rows, settings. Out: trained
//! weights, the history, and a checkpoint from which the same training can go on.
//!
//! Nothing here depends on the number of threads, on time or on chance: shuffles and masks
//! are draws of (seed, epoch) and (seed, step), sums are taken in a fixed order. While a
//! step is computed an idle thread puts the next batch together.

use super::batch::Batch;
use super::checkpoint::{Best, Checkpoint, State, unusable};
use super::ema;
use super::engine::{Engine, Lesson};
use super::failure::Failure;
use super::graph::Graph;
use super::lower::Program;
use super::observe::{BatchProgress, EpochRecord, Go, Observer, TrainingState};
use super::optimizer::{Update, penalised};
use super::order::batches;
use super::predict::entries;
use super::run::Masks;
use super::schedule::{Place, Schedule, Watch};
use super::settings::{Keep, Rows, Settings};
use super::threads::Threads;
use super::weights::Weights;

/// Where a training begins.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one per training")]
pub enum Begin {
    /// At the first epoch, from these weights.
    Weights(Weights),
    /// Where another run of the same training was left, be it in the middle of an epoch.
    Resume(Checkpoint),
}

/// Why a training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All epochs are done.
    AllEpochs,
    /// The validation loss has not become lower for as long as patience allows.
    Patience,
    /// The observer asked to stop.
    Interrupted,
}

/// What a training gives.
#[derive(Clone, Debug)]
pub struct Trained {
    /// Why it ended.
    pub ended: Ended,
    /// The best or the last weights, as the settings ask.
    pub weights: Weights,
    /// Every epoch done.
    pub history: Vec<EpochRecord>,
    /// The epoch with the lowest validation loss.
    pub best: Option<Best>,
    /// From where to go on.
    pub checkpoint: Checkpoint,
}

/// Trains `graph` on `train`, watching `validation`.
pub fn train(
    graph: &Graph,
    begin: Begin,
    train: Rows,
    validation: Option<Rows>,
    settings: &Settings,
    threads: &Threads,
    observer: &mut dyn Observer,
) -> Result<Trained, Failure> {
    settings.check(validation.is_some())?;
    train.check(graph, "train on")?;
    settings.some_batch(train.ids.len())?;
    if let Some(rows) = &validation {
        rows.check(graph, "validate on")?;
    }
    let program = Program::new(graph);
    let seen = settings.seen(train.ids.len());
    enough_samples(&program, seen, settings.batch)?;
    let executor = threads.executor();
    let fingerprint = settings.fingerprint(graph, &train, validation.as_ref(), executor);
    threads.run(|| {
        let mut engine = Engine::new(executor, graph, &program)?;
        let state = match begin {
            Begin::Weights(mut weights) => {
                weights.must_fit(graph)?;
                engine.fit_ranges(&mut weights, train.features)?;
                State::new(graph, weights, settings.optimizer.rate())
            }
            Begin::Resume(checkpoint) if checkpoint.fingerprint == fingerprint => {
                checkpoint.state
            }
            Begin::Resume(_) => {
                let problem =
                    "it belongs to a training with other data, settings, layers or executor";
                return Err(unusable(problem.to_owned()));
            }
        };
        let mut training = Training {
            width: program.width_out,
            engine,
            train,
            validation,
            settings,
            fingerprint,
            gradients: Weights::zeros(graph),
            state,
        };
        let ended = training.run(observer)?;
        Ok(training.finish(ended))
    })
}

/// What came of a step.
enum Step {
    /// The sum of its rows' losses before it.
    Done(f64),
    /// That sum is not finite; no step was taken.
    LossNotFinite,
    /// The step left a weight, the one of this name, that is not finite.
    WeightNotFinite(String),
}

/// A training on its way.
struct Training<'a> {
    engine: Engine<'a>,
    /// Numbers per row of the output.
    width: usize,
    train: Rows<'a>,
    validation: Option<Rows<'a>>,
    settings: &'a Settings,
    fingerprint: u64,
    gradients: Weights,
    state: State,
}

impl Training<'_> {
    /// Epoch after epoch, until there is a reason to end.
    fn run(&mut self, observer: &mut dyn Observer) -> Result<Ended, Failure> {
        let mut go = Go::On;
        loop {
            let patience = self.settings.patience.unwrap_or(usize::MAX);
            if self.state.epochs >= self.settings.epochs {
                return Ok(Ended::AllEpochs);
            }
            if self.state.waited >= patience {
                return Ok(Ended::Patience);
            }
            if go == Go::Stop || self.batches(observer)? == Go::Stop {
                return Ok(Ended::Interrupted);
            }
            let record = self.close_epoch()?;
            let state = TrainingState {
                state: &self.state,
                fingerprint: self.fingerprint,
            };
            go = observer.epoch(&record, &state);
        }
    }

    /// The batches of the running epoch that are not yet done.
    fn batches(&mut self, observer: &mut dyn Observer) -> Result<Go, Failure> {
        let epoch = self.state.epochs + 1;
        let (features, settings) = (self.train.features, self.settings);
        let needs = self.engine.needs().clone();
        let size = |row: usize| entries(features, row);
        let ids = self.train.ids;
        let (batching, draws) = (settings.batching, &settings.draws);
        let all = batches(batching, draws, epoch as u64, ids, settings.size(), size);
        let count = all.len();
        let joined =
            |rows: &Vec<usize>| Batch::new(&needs, features, rows.iter().copied());
        let first = self.state.batches;
        let mut ready = all.get(first).map(joined);
        for (k, rows) in all.iter().enumerate().skip(first) {
            let Some(batch) = ready.take() else {
                break;
            };
            let (next, joined) = (all.get(k + 1), &joined);
            // An engine stays on its thread; what another thread is given is the next batch.
            let done = rayon::in_place_scope(|scope| {
                if let Some(next) = next {
                    scope.spawn(|_| ready = Some(joined(next)));
                }
                self.step(rows, &batch, count)
            })?;
            let rows_here = || rows.iter().filter_map(|row| ids.get(*row).copied());
            let sum = match done {
                Step::Done(sum) => sum,
                Step::LossNotFinite => {
                    return Err(Failure::LossNotFinite {
                        epoch,
                        batch: k + 1,
                        rows: rows_here().collect(),
                    });
                }
                Step::WeightNotFinite(weight) => {
                    return Err(Failure::WeightNotFinite {
                        epoch,
                        batch: k + 1,
                        rows: rows_here().collect(),
                        weight,
                    });
                }
            };
            self.state.loss_sum += sum;
            self.state.batches += 1;
            let progress = BatchProgress {
                epoch,
                epochs: settings.epochs,
                batch: k + 1,
                batches: count,
                loss: sum / (rows.len() * self.width) as f64,
            };
            let state = TrainingState {
                state: &self.state,
                fingerprint: self.fingerprint,
            };
            if observer.batch(&progress, &state) == Go::Stop {
                return Ok(Go::Stop);
            }
        }
        Ok(Go::On)
    }

    /// One step on the rows at these places, which are `batch`.
    fn step(
        &mut self,
        rows: &[usize],
        batch: &Batch,
        batches: usize,
    ) -> Result<Step, Failure> {
        let Training {
            engine,
            width,
            settings,
            state,
            gradients,
            ..
        } = self;
        let mut targets = vec![0.0; rows.len() * *width];
        collect(&mut targets, self.train.targets, rows);
        let lesson = Lesson {
            batch,
            targets: &targets,
            loss: settings.loss,
            masks: Some(Masks {
                draws: settings.draws,
                step: state.step,
            }),
        };
        let penalty = penalty(settings, &state.weights) * targets.len() as f64;
        let sum = engine.learn(&mut state.weights, &lesson, gradients)?.sum + penalty;
        if !sum.is_finite() {
            return Ok(Step::LossNotFinite);
        }
        let place = Place {
            step: state.step,
            epoch: state.epochs,
            total: (settings.epochs * batches) as u64,
        };
        let rate = settings.optimizer.rate();
        state.step += 1;
        let update = Update {
            optimizer: settings.optimizer,
            clip: settings.clip,
            l2: settings.l2,
            everything: settings.decay_everything,
            pace: settings.schedule.pace(rate, place, &state.slope),
            step: state.step,
            gradients,
        };
        if !update.apply(&mut state.weights, &mut state.mean, &mut state.square) {
            let weight = state.weights.learnt_not_finite().unwrap_or_default();
            return Ok(Step::WeightNotFinite(weight.to_owned()));
        }
        if let Some(past) = settings.ema {
            ema::follow(&mut state.ema, &state.weights, past);
        }
        Ok(Step::Done(sum))
    }

    /// Validates, and notes what the epoch came to.
    fn close_epoch(&mut self) -> Result<EpochRecord, Failure> {
        let epoch = self.state.epochs + 1;
        let broken = |what: &str| Failure::EpochNotFinite {
            epoch,
            what: what.to_owned(),
        };
        let val_loss = self.validate()?;
        if val_loss.is_some_and(|loss| !loss.is_finite()) {
            return Err(broken("the validation loss"));
        }
        if let Some(name) = self.state.weights.not_finite() {
            return Err(broken(name));
        }
        let seen = self.settings.seen(self.train.ids.len());
        let numbers = seen * self.width;
        let state = &mut self.state;
        let record = EpochRecord {
            epoch,
            train_loss: state.loss_sum / numbers as f64,
            val_loss,
        };
        state.epochs = epoch;
        state.batches = 0;
        state.loss_sum = 0.0;
        state.history.push(record);
        if let Schedule::Plateau(plateau) = &self.settings.schedule {
            let watched = match plateau.watch {
                Watch::Training => Some(record.train_loss),
                Watch::Validation => val_loss,
            };
            if let Some(loss) = watched {
                plateau.look(loss, &mut state.slope);
            }
        }
        if let Some(loss) = val_loss {
            self.compare(Best { epoch, loss });
        }
        Ok(record)
    }

    /// The mean validation loss, dropout off.
    fn validate(&mut self) -> Result<Option<f64>, Failure> {
        let Some(rows) = self.validation else {
            return Ok(None);
        };
        let weights = self.state.judged();
        let y = self.engine.outputs(weights, rows.features)?;
        let loss = self.settings.loss.sum(&y, rows.targets) / y.len() as f64;
        Ok(Some(loss + penalty(self.settings, weights)))
    }

    /// Compares an epoch with the best so far, for the weights to keep and for patience.
    fn compare(&mut self, now: Best) {
        let state = &mut self.state;
        if state.best.is_none_or(|best| now.loss < best.loss) {
            state.best = Some(now);
            let judged = state.ema.as_ref().unwrap_or(&state.weights);
            match (&mut state.best_weights, self.settings.keep) {
                (_, Keep::Last) => (),
                (Some(best), Keep::Best) => best.copy_from(judged),
                (none, Keep::Best) => *none = Some(judged.clone()),
            }
        }
        state.waited += 1;
        if now.loss < state.reference - self.settings.min_delta {
            state.reference = now.loss;
            state.waited = 0;
        }
    }

    /// What the training gives.
    fn finish(self, ended: Ended) -> Trained {
        let state = self.state;
        let best = state.best_weights.as_ref();
        Trained {
            ended,
            weights: best.unwrap_or(state.judged()).clone(),
            history: state.history.clone(),
            best: state.best,
            checkpoint: Checkpoint {
                fingerprint: self.fingerprint,
                state,
            },
        }
    }
}

/// Sets the ends of every `range_scale` of `graph` as a training on these rows would.
///
/// # Errors
/// Weights or rows that are not the graph's.
pub fn fit_ranges(
    graph: &Graph,
    weights: &mut Weights,
    rows: Rows,
    threads: &Threads,
) -> Result<(), Failure> {
    weights.must_fit(graph)?;
    rows.check(graph, "fit ranges to")?;
    let program = Program::new(graph);
    threads.run(|| {
        let mut engine = Engine::new(threads.executor(), graph, &program)?;
        engine.fit_ranges(weights, rows.features)
    })
}

/// What the weights themselves add to the loss.
fn penalty(settings: &Settings, weights: &Weights) -> f64 {
    if settings.l2 == 0.0 {
        return 0.0;
    }
    settings.l2 * penalised(weights, settings.decay_everything)
}

/// An error if a batch would have a single number per channel to take a variance of.
fn enough_samples(program: &Program, rows: usize, batch: usize) -> Result<(), Failure> {
    let smallest = match rows % batch {
        0 => batch.min(rows),
        rest => rest,
    };
    match program.fewest_samples {
        Some(per_row) if per_row * smallest < 2 => Err(Failure::Setting {
            name: "batch",
            problem: format!(
                "with {rows} rows in batches of {batch} the last batch has one row, and \
                 batch_norm needs two to take a variance of; choose another size"
            ),
        }),
        _ => Ok(()),
    }
}

/// Copies the rows of `from` at these places into `to`.
fn collect(to: &mut [f32], from: &[f32], rows: &[usize]) {
    let width = to.len() / rows.len().max(1);
    for (to, row) in to.chunks_exact_mut(width.max(1)).zip(rows) {
        let start = row * width;
        to.copy_from_slice(from.get(start..start + width).unwrap_or(&[]));
    }
}

#[cfg(test)]
mod tests;
