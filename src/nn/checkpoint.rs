//! The whole state of a training. In: a state, or bytes. Out: bytes (safetensors), or a
//! state from which training goes on to the same bits as if it had never stopped.

use super::archive::{Archive, Entry};
use super::failure::Failure;
use super::graph::Graph;
use super::observe::EpochRecord;
use super::schedule::Slope;
use super::weights::Weights;

/// The epoch with the lowest validation loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Best {
    /// Epoch, from 1.
    pub epoch: usize,
    /// Its validation loss.
    pub loss: f64,
}

/// What changes while training.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) weights: Weights,
    /// Adam's running means of the gradient and of its square; the momentum of gradient
    /// descent is the first.
    pub(crate) mean: Weights,
    pub(crate) square: Weights,
    /// The running mean of the weights, if one is kept.
    pub(crate) ema: Option<Weights>,
    /// Steps taken.
    pub(crate) step: u64,
    /// Epochs finished, and batches done of the next.
    pub(crate) epochs: usize,
    pub(crate) batches: usize,
    /// Sum of the losses over those batches.
    pub(crate) loss_sum: f64,
    pub(crate) history: Vec<EpochRecord>,
    pub(crate) best: Option<Best>,
    /// The weights of the best epoch, if they are to be kept.
    pub(crate) best_weights: Option<Weights>,
    /// The loss patience compares with, and epochs since it was undercut.
    pub(crate) reference: f64,
    pub(crate) waited: usize,
    /// What the schedule remembers.
    pub(crate) slope: Slope,
}

impl State {
    /// The state before the first step.
    pub(crate) fn new(graph: &Graph, weights: Weights, rate: f64) -> State {
        State {
            weights,
            mean: Weights::zeros(graph),
            square: Weights::zeros(graph),
            ema: None,
            step: 0,
            epochs: 0,
            batches: 0,
            loss_sum: 0.0,
            history: Vec::new(),
            best: None,
            best_weights: None,
            reference: f64::INFINITY,
            waited: 0,
            slope: Slope::new(rate),
        }
    }

    /// The weights that are validated and kept.
    pub(crate) fn judged(&self) -> &Weights {
        self.ema.as_ref().unwrap_or(&self.weights)
    }
}

/// A saved training.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    pub(crate) state: State,
    pub(crate) fingerprint: u64,
}

impl Checkpoint {
    /// How many epochs are finished.
    pub fn epochs(&self) -> usize {
        self.state.epochs
    }

    /// How many batches of the next are done.
    pub fn batches(&self) -> usize {
        self.state.batches
    }

    /// The finished epochs.
    pub fn history(&self) -> &[EpochRecord] {
        &self.state.history
    }

    /// The bytes to save: a safetensors file of weights, moments, counters and history.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Failure> {
        let state = &self.state;
        let mut entries = state.weights.entries("weights/");
        entries.extend(state.mean.entries("mean/"));
        entries.extend(state.square.entries("square/"));
        if let Some(ema) = &state.ema {
            entries.extend(ema.entries("ema/"));
        }
        if let Some(best) = &state.best_weights {
            entries.extend(best.entries("best/"));
        }
        let counters = [
            self.fingerprint,
            state.step,
            state.epochs as u64,
            state.batches as u64,
            state.waited as u64,
            state.slope.waited as u64,
        ];
        entries.push(Entry::u64("counters", &counters));
        entries.push(Entry::f64("losses", &[state.loss_sum, state.reference]));
        entries.push(Entry::f64(
            "schedule",
            &[state.slope.rate, state.slope.best],
        ));
        if let Some(best) = state.best {
            entries.push(Entry::u64("best_epoch", &[best.epoch as u64]));
            entries.push(Entry::f64("best_loss", &[best.loss]));
        }
        let train: Vec<f64> = state.history.iter().map(|r| r.train_loss).collect();
        let val: Vec<f64> = state.history.iter().filter_map(|r| r.val_loss).collect();
        entries.push(Entry::f64("history/train", &train));
        entries.push(Entry::f64("history/validation", &val));
        Archive::write(entries).map_err(unusable)
    }

    /// The checkpoint in `bytes`, of a training of `graph`.
    pub fn from_bytes(graph: &Graph, bytes: &[u8]) -> Result<Checkpoint, Failure> {
        let mut archive = Archive::read(bytes).map_err(unusable)?;
        read(graph, &mut archive).map_err(unusable)
    }
}

/// Takes a checkpoint out of an archive.
fn read(graph: &Graph, archive: &mut Archive) -> Result<Checkpoint, String> {
    let counters = archive.take_u64::<6>("counters")?;
    let [fingerprint, step, epochs, batches, waited, flat] = counters;
    let [loss_sum, reference] = archive.take_f64("losses")?[..] else {
        return Err("losses needs 2 numbers".to_owned());
    };
    let [rate, lowest] = archive.take_f64("schedule")?[..] else {
        return Err("schedule needs 2 numbers".to_owned());
    };
    let mut best = None;
    if archive.has("best_epoch") {
        let [epoch] = archive.take_u64::<1>("best_epoch")?;
        let [loss] = archive.take_f64("best_loss")?[..] else {
            return Err("best_loss needs 1 number".to_owned());
        };
        let epoch = epoch as usize;
        best = Some(Best { epoch, loss });
    }
    let history = history(archive)?;
    if history.len() as u64 != epochs {
        let found = history.len();
        return Err(format!("{epochs} epochs are done, the history has {found}"));
    }
    let weights = Weights::take(graph, archive, "weights/")?;
    let mean = Weights::take(graph, archive, "mean/")?;
    let square = Weights::take(graph, archive, "square/")?;
    let mut some = |prefix: &str| match archive.has_below(prefix) {
        true => Weights::take(graph, archive, prefix).map(Some),
        false => Ok(None),
    };
    let (ema, best_weights) = (some("ema/")?, some("best/")?);
    archive.must_be_empty()?;
    let state = State {
        weights,
        mean,
        square,
        ema,
        step,
        epochs: epochs as usize,
        batches: batches as usize,
        loss_sum,
        history,
        best,
        best_weights,
        reference,
        waited: waited as usize,
        slope: Slope {
            rate,
            best: lowest,
            waited: flat as usize,
        },
    };
    Ok(Checkpoint { state, fingerprint })
}

/// Takes the finished epochs out of an archive.
fn history(archive: &mut Archive) -> Result<Vec<EpochRecord>, String> {
    let train = archive.take_f64("history/train")?;
    let val = archive.take_f64("history/validation")?;
    if !val.is_empty() && val.len() != train.len() {
        return Err("the history's two columns differ in length".to_owned());
    }
    let record = |(k, train_loss): (usize, &f64)| EpochRecord {
        epoch: k + 1,
        train_loss: *train_loss,
        val_loss: val.get(k).copied(),
    };
    Ok(train.iter().enumerate().map(record).collect())
}

/// The error of a checkpoint that cannot be used.
pub(crate) fn unusable(problem: String) -> Failure {
    Failure::CheckpointDoesNotFit { problem }
}
