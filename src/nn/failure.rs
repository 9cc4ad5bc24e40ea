//! What can go wrong in `nn`, in the reader's words. In: nothing. Out: [`Failure`], whose
//! fields let the caller point at the place in the script or in the data.

use thiserror::Error;

/// Every error of this module.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum Failure {
    /// The training loss of a batch became NaN or infinite.
    #[error(
        "the loss is not a finite number in epoch {epoch}, batch {batch} (rows {}); \
         a smaller learning rate or scaled features usually help",
        list(rows)
    )]
    LossNotFinite {
        /// Epoch, from 1.
        epoch: usize,
        /// Batch in the epoch, from 1.
        batch: usize,
        /// The ids of the rows of that batch.
        rows: Vec<u64>,
    },
    /// A weight became NaN or infinite in the step of a batch whose loss is finite.
    #[error(
        "{weight} is not finite after the step of epoch {epoch}, batch {batch} (rows {}), \
         whose loss is: its gradient is infinite or no number, or the rate far too large",
        list(rows)
    )]
    WeightNotFinite {
        /// Epoch, from 1.
        epoch: usize,
        /// Batch in the epoch, from 1.
        batch: usize,
        /// The ids of the rows of that batch.
        rows: Vec<u64>,
        /// The weight's name.
        weight: String,
    },
    /// The validation loss, or a running statistic after the last batch, is NaN or infinite.
    #[error(
        "{what} is not a finite number after epoch {epoch}; \
         a smaller learning rate or scaled features usually help"
    )]
    EpochNotFinite {
        /// Epoch, from 1.
        epoch: usize,
        /// What was looked at: "the validation loss" or a statistic's name.
        what: String,
    },
    /// Weights whose names, shapes, type or values are not those of the model.
    #[error("the weights do not fit the model: {problem}")]
    WeightsDoNotFit {
        /// What differs, with what was expected.
        problem: String,
    },
    /// A training state that is damaged or belongs to another training.
    #[error("the saved training state cannot be used: {problem}")]
    CheckpointDoesNotFit {
        /// What is wrong with it.
        problem: String,
    },
    /// A data set without rows where at least one is needed.
    #[error("there are no rows to {purpose}; at least one is needed")]
    NoRows {
        /// What the rows were for: "train on", "validate on", "predict".
        purpose: &'static str,
    },
    /// Features, targets or ids whose number does not go with the model.
    #[error("{what}: expected {expected} numbers, found {found}")]
    Width {
        /// What was counted.
        what: String,
        /// How many the model needs.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A crystal that a network cannot be fed.
    #[error("the crystal of row {row} cannot be used: {problem}")]
    Crystal {
        /// The row's id.
        row: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// Features of a kind that the network does not take.
    #[error("the network takes {expected}, and is given {found}")]
    Fed {
        /// What it takes.
        expected: &'static str,
        /// What it is given.
        found: &'static str,
    },
    /// A layer that cannot be applied to its input.
    #[error("{layer}: {problem}")]
    Layer {
        /// The label of the layer.
        layer: String,
        /// What does not fit, with both shapes.
        problem: String,
    },
    /// A setting outside what it may be.
    #[error("{name}: {problem}")]
    Setting {
        /// The name of the setting, as the script writes it.
        name: &'static str,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// The worker threads could not be started.
    #[error("could not start {count} worker threads: {problem}")]
    Threads {
        /// How many were asked for.
        count: usize,
        /// The system's answer.
        problem: String,
    },
    /// The device that computes has failed: it is not there, or its memory is full.
    #[error("the device that computes has failed: {problem}")]
    Device {
        /// What it says.
        problem: String,
    },
    /// A feature or target that is NaN or infinite.
    #[error("the {what} of row {row} is not a finite number ({value})")]
    ValueNotFinite {
        /// "target", or "feature" with its column.
        what: String,
        /// The row's id.
        row: u64,
        /// The value found.
        value: String,
    },
}

impl Failure {
    /// The code under which the error is explained to the user.
    pub fn code(&self) -> &'static str {
        match self {
            Failure::LossNotFinite { .. }
            | Failure::WeightNotFinite { .. }
            | Failure::EpochNotFinite { .. } => "E0801",
            Failure::WeightsDoNotFit { .. } => "E0802",
            Failure::CheckpointDoesNotFit { .. } => "E0803",
            Failure::NoRows { .. }
            | Failure::Width { .. }
            | Failure::Crystal { .. }
            | Failure::Fed { .. } => "E0804",
            Failure::Layer { .. } => "E0805",
            Failure::Setting { .. } => "E0806",
            Failure::Threads { .. } => "E0807",
            Failure::ValueNotFinite { .. } => "E0808",
            Failure::Device { .. } => "E0810",
        }
    }
}

/// Row ids for a message: the first eight, and how many more there are.
fn list(rows: &[u64]) -> String {
    let shown: Vec<String> = rows.iter().take(8).map(u64::to_string).collect();
    let more = rows.len().saturating_sub(8);
    if more == 0 {
        return shown.join(", ");
    }
    format!("{} and {more} more", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_batches_are_listed_in_short() {
        let failure = Failure::LossNotFinite {
            epoch: 2,
            batch: 3,
            rows: (0..32).collect(),
        };
        let text = failure.to_string();
        assert!(text.contains("epoch 2, batch 3"), "{text}");
        assert!(text.contains("rows 0, 1, 2, 3, 4, 5, 6, 7 and 24 more"));
        assert_eq!(failure.code(), "E0801");
    }
}
