//! Watches a training: passes progress on, writes checkpoints, and stops it when told to.

use std::time::{Duration, Instant};

use super::failed::training_failed;
use crate::diagnostic::Problem;
use crate::nn::{self, BatchProgress, EpochRecord, Go, Observer, TrainingState};
use crate::run::interrupt::Interrupt;
use crate::run::progress::{Event, Progress};
use crate::run::store::{Key, Store};
use crate::run::{Runner, Work, store_problem};
use crate::source::Span;

/// A checkpoint may cost this share of the time: one that took a second is followed by
/// none for the next twenty.
const SHARE: u32 = 20;

/// Passes progress on, writes checkpoints, and stops when told to.
pub struct Watch<'a> {
    node: u64,
    progress: &'a dyn Progress,
    interrupt: Interrupt,
    store: &'a Store,
    key: Key,
    batch: u64,
    samples: u64,
    factor: f64,
    best: f64,
    last: Instant,
    /// How long after that the next checkpoint is due.
    wait: Duration,
    least: Duration,
    /// Why it stopped the training, when it did so by itself.
    pub failed: Option<Problem>,
}

impl<'a> Watch<'a> {
    /// A watch over one training of that many rows, whose losses are shown times `factor`.
    pub fn new(
        runner: &Runner<'a>,
        work: &Work<'_>,
        settings: &nn::Settings,
        samples: usize,
        factor: f64,
    ) -> Watch<'a> {
        Watch {
            node: work.id.0 as u64,
            progress: runner.settings.progress,
            interrupt: runner.settings.interrupt.clone(),
            store: runner.settings.store,
            key: work.key,
            batch: settings.batch as u64,
            samples: samples as u64,
            factor,
            best: f64::INFINITY,
            last: Instant::now(),
            wait: runner.settings.checkpoint_every,
            least: runner.settings.checkpoint_every,
            failed: None,
        }
    }
}

impl Watch<'_> {
    /// Whether to go on: writes a checkpoint when one is due, and hears the interrupt.
    fn go(&mut self, state: &TrainingState) -> Go {
        if self.last.elapsed() >= self.wait
            && let Err(problem) = self.save(state)
        {
            self.failed = Some(problem);
            return Go::Stop;
        }
        match self.interrupt.is_raised() {
            true => Go::Stop,
            false => Go::On,
        }
    }

    fn save(&mut self, state: &TrainingState) -> Result<(), Problem> {
        let begin = Instant::now();
        let bytes = state.checkpoint().to_bytes();
        let bytes = bytes.map_err(|failure| training_failed(&failure, Span::NOWHERE))?;
        let put = self.store.put_checkpoint(self.key, &bytes);
        put.map_err(|problem| store_problem(&problem))?;
        self.last = Instant::now();
        self.wait = self.least.max(begin.elapsed() * SHARE);
        Ok(())
    }
}

impl Observer for Watch<'_> {
    fn batch(&mut self, progress: &BatchProgress, state: &TrainingState) -> Go {
        let samples = (progress.batch as u64 * self.batch).min(self.samples);
        let (node, epoch) = (self.node, progress.epoch as u32);
        self.progress.report(Event::Batch {
            node,
            epoch,
            samples,
        });
        self.go(state)
    }

    fn epoch(&mut self, record: &EpochRecord, state: &TrainingState) -> Go {
        let measure = record.val_loss.unwrap_or(record.train_loss);
        let best = measure < self.best;
        self.best = self.best.min(measure);
        self.progress.report(Event::Epoch {
            node: self.node,
            epoch: record.epoch as u32,
            train: record.train_loss * self.factor,
            val: record.val_loss.map(|loss| loss * self.factor),
            best,
        });
        self.go(state)
    }
}
