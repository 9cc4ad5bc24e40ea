//! Runs a program forward and backward. In: a program, weights, a batch of features. Out:
//! the output; with a [`Tape`], also the gradient of every weight. Buffers come from a
//! pool and go back as soon as nothing needs them.

mod back;
mod chains;
mod forward;

use std::time::Instant;

use super::batch::{Batch, Map};
use super::buffer::Buffer;
use super::layers::{BatchNorm, Dropout};
use super::lower::{Kernel, Program, Step};
use super::profile::{Stopwatch, Way};
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
    /// The seed of a dropout's mask.
    pub(crate) fn seed(&self, dropout: &Dropout) -> u64 {
        self.draws.seed("dropout", &[self.step, dropout.site])
    }
}

/// What a network is run for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mode {
    /// To predict: nothing is dropped, running statistics are used.
    Predict,
    /// To predict with dropout left on.
    Ask(Masks),
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
    /// Notes how long each step takes, if anybody asks.
    pub(crate) watch: Option<&'a Stopwatch>,
}

impl Run<'_> {
    /// Does the work of a step, watched.
    fn watched<T>(&self, step: usize, way: Way, work: impl FnOnce() -> T) -> T {
        let Some(watch) = self.watch else {
            return work();
        };
        let begun = Instant::now();
        let done = work();
        watch.note(step, way, begun);
        done
    }

    /// The seed of a dropout, if it drops anything.
    fn seed(&self, dropout: &Dropout) -> Option<u64> {
        match self.mode {
            Mode::Learn(Some(masks)) | Mode::Ask(masks) => Some(masks.seed(dropout)),
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

/// The statistics of one batch: the normalisation that took them, the ordinals of its
/// running ones, and what it noted.
pub(crate) type Statistics = Vec<(BatchNorm, Vec<usize>, Vec<f32>)>;

impl Tape {
    /// The statistics of the batch, before the backward pass uses up the tape. There are
    /// none of what the batch has not a single row of.
    pub(crate) fn statistics(&self, run: &Run) -> Statistics {
        let mut all = Statistics::new();
        for (step, noted) in run.program.steps.iter().zip(&self.notes) {
            match &step.kernel {
                Kernel::BatchNorm(norm) => {
                    let empty = run.program.numbers(step.output, run.batch.counts) == 0;
                    if let (Some(noted), false) = (noted, empty) {
                        all.push((*norm, step.state.clone(), noted.values().to_vec()));
                    }
                }
                Kernel::Chain(chained)
                    if run.batch.counts.of(chained.chain.domain) > 0 =>
                {
                    for note in &chained.notes {
                        let noted = values(self.values.get(note.value)).to_vec();
                        all.push((note.norm, note.state.clone(), noted));
                    }
                }
                _ => (),
            }
        }
        all
    }
}

impl Program {
    /// Moves running statistics among `weights` towards those of a batch.
    pub(crate) fn follow(&self, statistics: &Statistics, weights: &mut [Buffer]) {
        for (norm, state, note) in statistics {
            let first = state.first().copied().unwrap_or(0);
            let mut pair = weights.iter_mut().skip(first).map(Buffer::values_mut);
            if let (Some(mean), Some(variance)) = (pair.next(), pair.next()) {
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
pub(crate) mod tests;
