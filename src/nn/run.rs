//! Runs a program forward and backward. In: a program, weights, a batch of features. Out:
//! the output; with a [`Tape`], also the gradient of every weight. Buffers come from a
//! pool and go back as soon as nothing needs them.

mod back;
mod forward;

use super::batch::{Batch, Map};
use super::buffer::Buffer;
use super::layers::Dropout;
use super::lower::{Kernel, Program, Step};
use crate::draw::Draws;

/// What the forward pass leaves for the backward pass.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    /// The values of the program that the backward pass reads.
    values: Vec<Option<Buffer>>,
    /// For each step what it noted beside its result: a padded signal, statistics.
    notes: Vec<Option<Buffer>>,
}

/// The masks of one training step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Masks {
    pub(crate) draws: Draws,
    pub(crate) step: u64,
}

impl Masks {
    fn seed(&self, dropout: &Dropout) -> u64 {
        self.draws.seed("dropout", &[self.step, dropout.site])
    }
}

/// What a network is run for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mode {
    /// To predict: nothing is dropped, running statistics are used.
    Predict,
    /// To learn from a batch: its own statistics are used; nothing is dropped if there are
    /// no masks.
    Learn(Option<Masks>),
}

/// A program with its weights (in ordinal order).
#[derive(Clone, Copy)]
pub(crate) struct Run<'a> {
    pub(crate) program: &'a Program,
    pub(crate) weights: &'a [Buffer],
    pub(crate) mode: Mode,
    pub(crate) batch: &'a Batch,
}

impl Run<'_> {
    /// The seed of a dropout, if it drops anything.
    fn seed(&self, dropout: &Dropout) -> Option<u64> {
        match self.mode {
            Mode::Learn(Some(masks)) => Some(masks.seed(dropout)),
            Mode::Learn(None) | Mode::Predict => None,
        }
    }

    /// One of the batch's maps.
    fn map(&self, route: usize) -> &Map {
        static NONE: Map = Map::none();
        self.batch.maps.get(route).unwrap_or(&NONE)
    }

    /// The ends of a range that was fitted.
    fn range(&self, step: &Step) -> (f32, f32) {
        let end = |k: usize| self.weight(step.state.get(k)).and_then(|w| w.first());
        (
            end(0).copied().unwrap_or(0.0),
            end(1).copied().unwrap_or(1.0),
        )
    }

    /// The numbers of a weight.
    fn weight(&self, ordinal: Option<&usize>) -> Option<&[f32]> {
        self.weights.get(*ordinal?).map(Buffer::values)
    }
}

/// The statistics of one batch: the step that took them, and what it noted.
pub(crate) type Statistics = Vec<(usize, Vec<f32>)>;

impl Tape {
    /// The statistics of the batch, before the backward pass uses up the tape. There are
    /// none of what the batch has not a single row of.
    pub(crate) fn statistics(&self, run: &Run) -> Statistics {
        let program = run.program;
        let steps = program.steps.iter().zip(&self.notes).enumerate();
        let empty = |step: &Step| program.numbers(step.output, run.batch.counts) == 0;
        let taken = steps.filter_map(|(k, (step, note))| match (&step.kernel, note) {
            (Kernel::BatchNorm(_), Some(note)) if !empty(step) => {
                Some((k, note.values().to_vec()))
            }
            _ => None,
        });
        taken.collect()
    }
}

impl Program {
    /// Moves running statistics among `weights` towards those of a batch.
    pub(crate) fn follow(&self, statistics: &Statistics, weights: &mut [Buffer]) {
        for (k, note) in statistics {
            let Some(step) = self.steps.get(*k) else {
                continue;
            };
            let first = step.state.first().copied().unwrap_or(0);
            let mut pair = weights.iter_mut().skip(first).map(Buffer::values_mut);
            if let (Kernel::BatchNorm(norm), Some(mean), Some(variance)) =
                (&step.kernel, pair.next(), pair.next())
            {
                norm.follow(note, mean, variance);
            }
        }
    }
}

/// The numbers of a value that may not have been kept.
fn values(buffer: Option<&Option<Buffer>>) -> &[f32] {
    buffer.and_then(Option::as_ref).map_or(&[], Buffer::values)
}

/// Takes a buffer out of its place.
fn taken(place: Option<&mut Option<Buffer>>) -> Option<Buffer> {
    place.and_then(Option::take)
}

#[cfg(test)]
pub(crate) mod crystal_tests;
#[cfg(test)]
mod tests;
