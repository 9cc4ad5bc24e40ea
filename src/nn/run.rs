//! Runs a program forward and backward on a device. In: a program, weights, a batch of
//! features, the device's [`Kernels`]. Out: the output; with a [`Tape`], also the gradient of
//! every weight. Room comes from the device and goes back as soon as nothing needs it.

mod back;
mod chains;
mod forward;
mod kernels;
mod written;

pub(crate) use kernels::{Kernels, Room, Sight, Statistic, Work};

use std::time::Instant;

use super::batch::{Batch, Map};
use super::buffer::Buffer;
use super::layers::{BatchNorm, Dropout};
use super::lower::{Kernel, Program};
use super::profile::{Stopwatch, Way};
use crate::draw::Draws;

/// What the forward pass leaves for the backward pass.
#[derive(Debug)]
pub(crate) struct Tape<N> {
    /// The values of the program that the backward pass reads.
    values: Vec<Option<N>>,
    /// For each step what it noted beside its result: a padded signal, statistics.
    notes: Vec<Option<N>>,
}

impl<N> Default for Tape<N> {
    fn default() -> Tape<N> {
        Tape {
            values: Vec::new(),
            notes: Vec::new(),
        }
    }
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

/// A program with its weights (in ordinal order), numbers on a device.
pub(crate) struct Run<'a, N> {
    pub(crate) program: &'a Program,
    pub(crate) weights: &'a [N],
    pub(crate) mode: Mode,
    pub(crate) batch: &'a Batch,
    /// Notes how long each step takes, if anybody asks.
    pub(crate) watch: Option<&'a Stopwatch>,
}

impl<'a, N> Run<'a, N> {
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
    pub(crate) fn seed(&self, dropout: &Dropout) -> Option<u64> {
        match self.mode {
            Mode::Learn(Some(masks)) | Mode::Ask(masks) => Some(masks.seed(dropout)),
            Mode::Learn(None) | Mode::Predict => None,
        }
    }

    /// Whether the batch's own statistics are used.
    pub(crate) fn learns(&self) -> bool {
        matches!(self.mode, Mode::Learn(_))
    }

    /// One of the batch's maps.
    pub(crate) fn map(&self, route: usize) -> &'a Map {
        static NONE: Map = Map::none();
        self.batch.maps.get(route).unwrap_or(&NONE)
    }

    /// Room for the numbers of a value.
    fn room<K: Kernels<Numbers = N>>(&self, value: usize, device: &mut K) -> N {
        device.take(self.program.numbers(value, self.batch.counts))
    }
}

/// The statistics of one batch: the normalisation that took them, the ordinals of its
/// running ones, and what it noted.
pub(crate) type Statistics = Vec<(BatchNorm, Vec<usize>, Vec<f32>)>;

impl<N> Tape<N> {
    /// The statistics of the batch, before the backward pass uses up the tape. There are
    /// none of what the batch has not a single row of.
    pub(crate) fn statistics<K>(&self, run: &Run<'_, N>, device: &K) -> Statistics
    where
        K: Kernels<Numbers = N>,
    {
        let mut all = Statistics::new();
        for (step, noted) in run.program.steps.iter().zip(&self.notes) {
            match &step.kernel {
                Kernel::BatchNorm(norm) => {
                    let empty = run.program.numbers(step.output, run.batch.counts) == 0;
                    if let (Some(noted), false) = (noted, empty) {
                        all.push((*norm, step.state.clone(), device.fetch(noted)));
                    }
                }
                Kernel::Chain(chained)
                    if run.batch.counts.of(chained.chain.domain) > 0 =>
                {
                    for note in &chained.notes {
                        let noted = self.values.get(note.value).and_then(Option::as_ref);
                        let noted = noted.map_or(Vec::new(), |noted| device.fetch(noted));
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

/// Takes numbers out of their place.
fn taken<N>(place: Option<&mut Option<N>>) -> Option<N> {
    place.and_then(Option::take)
}

#[cfg(test)]
pub(crate) mod crystal_tests;
#[cfg(test)]
pub(crate) mod tests;
