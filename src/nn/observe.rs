//! What a training tells while it runs, and how it is asked to stop. In: progress. Out:
//! [`Go`].

use super::checkpoint::{Checkpoint, State};

/// What the watcher wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Go {
    /// Go on.
    On,
    /// Stop here; the training ends as interrupted and can be resumed.
    Stop,
}

/// Where a training is after a batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchProgress {
    /// Epoch, from 1.
    pub epoch: usize,
    /// The most epochs there will be.
    pub epochs: usize,
    /// Batch in the epoch, from 1.
    pub batch: usize,
    /// Batches per epoch.
    pub batches: usize,
    /// Mean loss of the batch before its step.
    pub loss: f64,
}

/// What an epoch came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpochRecord {
    /// Epoch, from 1.
    pub epoch: usize,
    /// Mean of the training loss over the epoch's rows, each before its batch's step and
    /// with dropout.
    pub train_loss: f64,
    /// Mean validation loss after the epoch, without dropout.
    pub val_loss: Option<f64>,
}

/// Watches a training.
pub trait Observer: Send {
    /// After each batch. `state` gives a checkpoint to whoever wants to save one.
    fn batch(&mut self, progress: &BatchProgress, state: &TrainingState<'_>) -> Go {
        let _ = (progress, state);
        Go::On
    }

    /// After each epoch. `state` gives a checkpoint to whoever wants to save one.
    fn epoch(&mut self, record: &EpochRecord, state: &TrainingState<'_>) -> Go {
        let _ = (record, state);
        Go::On
    }
}

/// An observer that watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {}

/// A training between two batches or two epochs.
#[derive(Debug)]
pub struct TrainingState<'a> {
    pub(crate) state: &'a State,
    pub(crate) fingerprint: u64,
}

impl TrainingState<'_> {
    /// Everything needed to go on from here. Copies the weights and moments.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            state: self.state.clone(),
            fingerprint: self.fingerprint,
        }
    }
}
