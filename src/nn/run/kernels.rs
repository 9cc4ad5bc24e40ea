//! What a device offers, so that programs run on it. In: steps, chains, numbers that lie on
//! the device. Out: what they make. The walk over a program knows no device but through
//! [`Kernels`]; the processor's are in `nn/processor`, and those of another device stand beside
//! them without a change here.

use super::super::chain::{Chain, Source};
use super::super::layers::BatchNorm;
use super::super::lower::Step;
use super::Run;

/// A device: room for numbers, and the arithmetic on them.
pub(crate) trait Kernels {
    /// Numbers on the device. Whoever holds them alone may change them.
    type Numbers: Send + Sync;

    /// Room for `length` numbers whose values are unspecified.
    fn take(&mut self, length: usize) -> Self::Numbers;

    /// Takes back room that is no longer needed.
    fn give(&mut self, numbers: Self::Numbers);

    /// How many numbers there are.
    fn length(numbers: &Self::Numbers) -> usize;

    /// The numbers, on the host: of the few that leave the device.
    fn fetch(&self, numbers: &Self::Numbers) -> Vec<f32>;

    /// Sets all numbers to zero.
    fn clear(&mut self, numbers: &mut Self::Numbers);

    /// Copies numbers onto as many others.
    fn copy(&mut self, from: &Self::Numbers, to: &mut Self::Numbers);

    /// Adds numbers to as many others.
    fn add(&mut self, from: &Self::Numbers, to: &mut Self::Numbers);

    /// Does a step that changes what it reads, which is `x`, in place.
    fn change(
        &mut self,
        run: &Run<'_, Self::Numbers>,
        step: &Step,
        x: &mut Self::Numbers,
    );

    /// Does a step that makes new numbers, `y`. Gives what its way back needs beside them.
    fn make(
        &mut self,
        work: &Work<'_, Self::Numbers>,
        y: &mut Self::Numbers,
    ) -> Option<Self::Numbers>;

    /// From the gradient `gy` of what a step made, those of its weights, written into `gw`,
    /// and those of what it read, into the rooms there are (one place an input). A step
    /// that works in place changes `gy` to the gradient of what it read.
    fn back(
        &mut self,
        work: &Work<'_, Self::Numbers>,
        gy: &mut Self::Numbers,
        gw: &mut [Self::Numbers],
        gx: &mut [Option<Room<Self::Numbers>>],
    );

    /// Runs a chain into `stores` and `sums`, which stand in its order; gives the sums over
    /// all rows, in the order of its columns, if they are asked for.
    fn chain(
        &mut self,
        chain: &Chain,
        sight: &Sight<'_, Self::Numbers>,
        stores: &mut [Room<Self::Numbers>],
        sums: &mut [Room<Self::Numbers>],
        columns: bool,
    ) -> Vec<Vec<f64>>;

    /// Notes what a batch normalisation with the factors `w` takes from.
    fn note(
        &mut self,
        norm: &BatchNorm,
        from: Statistic<'_, Self::Numbers>,
        w: Option<&Self::Numbers>,
        note: &mut Self::Numbers,
    );

    /// Notes for the way back through a normalisation, given what it noted on the way
    /// forward, what [`BatchNorm::summarise_back`] does; the gradients of its factors and
    /// its constants go into `gw`.
    fn note_back(
        &mut self,
        norm: &BatchNorm,
        totals: (Option<usize>, [&[f64]; 2]),
        noted: Option<&Self::Numbers>,
        back: &mut Self::Numbers,
        gw: &mut [Self::Numbers],
    );

    /// Brings sums of a chain to the device, rounded.
    fn bring(&mut self, totals: &[f64], to: &mut Self::Numbers);
}

/// What a step is done with.
pub(crate) struct Work<'a, N> {
    pub(crate) run: &'a Run<'a, N>,
    pub(crate) step: &'a Step,
    /// The values there are; on the way back those that were kept.
    pub(crate) values: &'a [Option<N>],
    /// What it noted on the way forward.
    pub(crate) note: Option<&'a N>,
}

impl<'a, N> Work<'a, N> {
    /// What the step reads as input number `which`.
    pub(crate) fn read(&self, which: usize) -> Option<&'a N> {
        self.values.get(*self.step.inputs.get(which)?)?.as_ref()
    }

    /// What the step made.
    pub(crate) fn made(&self) -> Option<&'a N> {
        self.values.get(self.step.output)?.as_ref()
    }

    /// Its weight number `k`.
    pub(crate) fn weight(&self, k: usize) -> Option<&'a N> {
        self.run.weights.get(*self.step.weights.get(k)?)
    }

    /// Its running statistic or fitted end number `k`.
    pub(crate) fn state(&self, k: usize) -> Option<&'a N> {
        self.run.weights.get(*self.step.state.get(k)?)
    }
}

/// Room for something that is made.
pub(crate) struct Room<N> {
    pub(crate) numbers: N,
    /// Whether it is added to what is there.
    pub(crate) onto: bool,
}

impl<N> Room<N> {
    /// Room whose values are unspecified.
    pub(crate) fn fresh(numbers: N) -> Room<N> {
        Room {
            numbers,
            onto: false,
        }
    }
}

/// What a chain can read.
pub(crate) struct Sight<'a, N> {
    pub(crate) run: &'a Run<'a, N>,
    pub(crate) values: &'a [Option<N>],
    /// The gradients that have come, by value.
    pub(crate) gradients: &'a [Option<N>],
    /// What the way back through the chain noted, and the value it stands for.
    pub(crate) notes: &'a [(usize, N)],
}

impl<'a, N> Sight<'a, N> {
    /// What stands at a source; nothing, where it was not kept.
    pub(crate) fn at(&self, source: Source) -> Option<&'a N> {
        match source {
            Source::Value(value) => self.values.get(value)?.as_ref(),
            Source::Gradient(value) => self.gradients.get(value)?.as_ref(),
            Source::Weight(ordinal) => self.run.weights.get(ordinal),
            Source::Back(value) => {
                let note = self.notes.iter().find(|(own, _)| *own == value);
                note.map(|(_, note)| note)
            }
        }
    }
}

/// What a batch normalisation takes its mean and variance from.
pub(crate) enum Statistic<'a, N> {
    /// The sums, and those of the squares, of so many numbers a channel.
    Batch(usize, [&'a [f64]; 2]),
    /// The running mean and variance.
    Running(Option<&'a N>, Option<&'a N>),
}
