//! What a training is given: rows and settings. In: the caller's values. Out: the same,
//! checked, and a fingerprint by which a saved state knows its training again.

use super::ema;
use super::engine::Executor;
use super::failure::Failure;
use super::features::{Features, finite};
use super::graph::Graph;
use super::loss::Loss;
use super::optimizer::{Clip, Optimizer, setting};
use super::order::{Batching, Size};
use super::schedule::Schedule;
use crate::draw::Draws;

/// Rows of data.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// What the network sees of each row.
    pub features: Features<'a>,
    /// The targets, row after row.
    pub targets: &'a [f32],
    /// The id of each row: what shuffles are drawn by and what errors name.
    pub ids: &'a [u64],
}

impl Rows<'_> {
    /// An error unless there are rows, as wide as the graph asks, of finite numbers.
    pub(crate) fn check(
        &self,
        graph: &Graph,
        purpose: &'static str,
    ) -> Result<(), Failure> {
        let rows = self.ids.len();
        if rows == 0 {
            return Err(Failure::NoRows { purpose });
        }
        self.features.check(graph, rows, self.ids, purpose)?;
        let deep = graph.output_width();
        if self.targets.len() != rows * deep {
            return Err(Failure::Width {
                what: format!("targets of the {rows} rows to {purpose} ({deep} per row)"),
                expected: rows * deep,
                found: self.targets.len(),
            });
        }
        finite("target", self.targets, deep, self.ids)
    }
}

/// Which weights a training ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Those of the epoch with the lowest validation loss.
    Best,
    /// Those after the last epoch.
    Last,
}

/// The settings of a training.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Rows per step; the last batch of an epoch may be smaller.
    pub batch: usize,
    /// Whether such a batch is left out, as torch's loaders can do it.
    pub drop_last: bool,
    /// Which rows come together in a step.
    pub batching: Batching,
    /// How often each row is seen, at most.
    pub epochs: usize,
    /// What is made small.
    pub loss: Loss,
    /// How.
    pub optimizer: Optimizer,
    /// How the learning rate goes on from the optimiser's.
    pub schedule: Schedule,
    /// What is done about gradients that are long.
    pub clip: Clip,
    /// This times the sum of the squares of all weights whose `decay` flag is set is part
    /// of the loss, reported ones included, as Keras adds it.
    pub l2: f64,
    /// Whether that, and the decay of AdamW, reaches every weight and not only those whose
    /// `decay` flag is set.
    pub decay_everything: bool,
    /// How much of the past the running mean of the weights keeps at each step; where it
    /// is given, that mean is validated and kept, and not the weights themselves.
    pub ema: Option<f64>,
    /// Stop after so many epochs without a lower validation loss.
    pub patience: Option<usize>,
    /// By how much a loss must be lower to count for patience.
    pub min_delta: f64,
    /// Which weights to end with.
    pub keep: Keep,
    /// Where shuffles ("shuffle", epoch; "batches", epoch) and dropouts ("dropout", step, site) come from.
    pub draws: Draws,
}

impl Settings {
    /// Mean squared error, a constant rate, no patience, no clipping, no penalty, the last
    /// weights kept.
    pub fn new(
        batch: usize,
        epochs: usize,
        optimizer: impl Into<Optimizer>,
        draws: Draws,
    ) -> Settings {
        Settings {
            batch,
            drop_last: false,
            batching: Batching::default(),
            epochs,
            loss: Loss::Mse,
            optimizer: optimizer.into(),
            schedule: Schedule::Constant,
            clip: Clip::Never,
            l2: 0.0,
            decay_everything: false,
            ema: None,
            patience: None,
            min_delta: 0.0,
            keep: Keep::Last,
            draws,
        }
    }

    /// How many rows a step sees.
    pub(crate) fn size(&self) -> Size {
        Size {
            batch: self.batch,
            whole: self.drop_last,
        }
    }

    /// How many of so many training rows an epoch sees.
    pub fn seen(&self, rows: usize) -> usize {
        self.size().seen(rows)
    }

    /// An error if so many rows make no batch.
    pub(crate) fn some_batch(&self, rows: usize) -> Result<(), Failure> {
        if self.seen(rows) > 0 {
            return Ok(());
        }
        Err(Failure::Setting {
            name: "drop_last",
            problem: format!(
                "it leaves out batches of fewer than {} rows, and there are {rows}",
                self.batch
            ),
        })
    }

    /// An error if a setting is outside what it may be.
    pub(crate) fn check(&self, validated: bool) -> Result<(), Failure> {
        let wrong = |name, problem: &str| {
            let problem = problem.to_owned();
            Err(Failure::Setting { name, problem })
        };
        if self.batch == 0 {
            return wrong("batch", "it must be at least 1, not 0");
        }
        if self.epochs == 0 {
            return wrong("epochs", "it must be at least 1, not 0");
        }
        if self.patience == Some(0) {
            return wrong("patience", "it must be at least 1, not 0");
        }
        if !(self.min_delta >= 0.0 && self.min_delta.is_finite()) {
            return wrong("min_delta", "it must be at least 0 and finite");
        }
        if self.patience.is_some() && !validated {
            return wrong("patience", "it needs validation rows to watch");
        }
        if self.keep == Keep::Best && !validated {
            return wrong(
                "keep",
                "the best weights need validation rows to be told by",
            );
        }
        let fine = self.l2 >= 0.0 && self.l2.is_finite();
        setting("l2", fine, "at least 0 and finite", self.l2)?;
        ema::check(self.ema)?;
        self.loss.check()?;
        self.clip.check()?;
        self.schedule.check(validated)?;
        self.optimizer.check()
    }

    /// What makes a saved state belong to this training: data, weights' names, the executor
    /// and every setting but `epochs` and `patience`, which may change when a training goes on
    /// (`epochs` not where the schedule depends on it).
    pub(crate) fn fingerprint(
        &self,
        graph: &Graph,
        train: &Rows,
        validation: Option<&Rows>,
        executor: Executor,
    ) -> u64 {
        let mut hasher = blake3::Hasher::new();
        let mut number = |x: u64| {
            hasher.update(&x.to_le_bytes());
        };
        number(self.batch as u64);
        number(u64::from(self.drop_last));
        number(self.batching as u64);
        number(self.keep as u64);
        number(self.min_delta.to_bits());
        number(self.l2.to_bits());
        number(u64::from(self.decay_everything));
        number(self.ema.unwrap_or(-1.0).to_bits());
        if self.schedule.knows_its_end() {
            number(self.epochs as u64);
        }
        number(self.draws.seed("fingerprint", &[]));
        for rows in [Some(train), validation].into_iter().flatten() {
            number(rows.ids.len() as u64);
            rows.ids.iter().for_each(|&id| number(id));
            rows.targets
                .iter()
                .for_each(|x| number(u64::from(x.to_bits())));
        }
        for rows in [Some(train), validation].into_iter().flatten() {
            rows.features.hash(&mut hasher);
        }
        // Every number in these texts is written so that it reads back to the same bits.
        let ways = (&self.loss, &self.optimizer, &self.schedule, &self.clip);
        hasher.update(format!("{ways:?}").as_bytes());
        for node in graph.nodes() {
            let inputs = (&node.inputs, &node.weights, &node.state);
            hasher.update(format!("{:?}{:?}{inputs:?}", node.op, node.sizes).as_bytes());
        }
        hasher.update(format!("{:?}{:?}", graph.routes, graph.tables).as_bytes());
        for spec in graph.weights() {
            hasher.update(&[u8::from(spec.decay)]);
        }
        // The two executors round differently, and so do devices.
        if executor != Executor::Fused {
            hasher.update(format!("{executor:?}{}", executor.device()).as_bytes());
        }
        let mut first = [0u8; 8];
        hasher.finalize_xof().fill(&mut first);
        u64::from_le_bytes(first)
    }
}
