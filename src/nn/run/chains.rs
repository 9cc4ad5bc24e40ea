//! Chains in the two passes. In: the values there are, or the gradients that have come. Out:
//! the values a chain makes, or the gradients of what it read and of the weights in it.

use super::super::buffer::{Buffer, Pool};
use super::super::chain::{Chain, Out, Source, World, run};
use super::super::lower::{Back, Chained};
use super::{Mode, Run, taken, values};

impl Run<'_> {
    /// Makes the values of a chain.
    pub(super) fn chain(
        &self,
        chained: &Chained,
        all: &mut [Option<Buffer>],
        pool: &mut Pool,
    ) {
        let chain = &chained.chain;
        let counts = self.batch.counts;
        let room = |value: usize, pool: &mut Pool| {
            pool.take(self.program.numbers(value, counts))
        };
        let mut stores: Vec<Buffer> = chain
            .stores
            .iter()
            .map(|store| room(store.value, pool))
            .collect();
        let mut sums: Vec<Buffer> =
            chain.sums.iter().map(|sum| room(sum.value, pool)).collect();
        let learns = matches!(self.mode, Mode::Learn(_));
        let read = |source: Source| match source {
            Source::Value(value) => values(all.get(value)),
            Source::Weight(ordinal) => self.weight(Some(&ordinal)).unwrap_or(&[]),
            Source::Gradient(_) | Source::Back(_) => &[],
        };
        let fresh = |buffer| Out {
            values: Buffer::values_mut(buffer),
            onto: false,
        };
        let totals = run(
            chain,
            &World {
                read: &read,
                map: &|route| self.map(route),
                rows: counts.of(chain.domain),
            },
            stores.iter_mut().map(fresh).collect(),
            sums.iter_mut().map(fresh).collect(),
            learns && !chained.notes.is_empty(),
        );
        let made = chain.stores.iter().map(|store| store.value);
        let made = made.chain(chain.sums.iter().map(|sum| sum.value));
        for (value, buffer) in made.zip(stores.into_iter().chain(sums)) {
            if let Some(place) = all.get_mut(value) {
                *place = Some(buffer);
            }
        }
        for note in &chained.notes {
            let mut buffer = pool.take(note.norm.noted());
            let w = self.weight(note.weights.first()).unwrap_or(&[]);
            if learns {
                let total =
                    |k: usize| totals.get(note.columns + k).map_or(&[][..], |t| t);
                let samples = self.samples(chain, note.columns);
                let sums = (total(0), total(1));
                note.norm.summarise(samples, sums, w, buffer.values_mut());
            } else {
                let state = |k| self.weight(note.state.get(k)).unwrap_or(&[]);
                note.norm.recall(state(0), state(1), w, buffer.values_mut());
            }
            if let Some(place) = all.get_mut(note.value) {
                *place = Some(buffer);
            }
        }
    }

    /// Numbers per channel that the columns number `k` of a chain sum.
    fn samples(&self, chain: &Chain, k: usize) -> usize {
        let Some(columns) = chain.columns.get(k) else {
            return 0;
        };
        let rows = self.batch.counts.of(chain.domain);
        rows * chain.exprs.width(columns.expr) / columns.channels.max(1)
    }

    /// The way back through a chain. Uses up the gradients of what it made.
    pub(super) fn chain_back(
        &self,
        (chained, back): (&Chained, &Back),
        kept: &[Option<Buffer>],
        flowing: &mut [Option<Buffer>],
        weights: &mut Written,
        pool: &mut Pool,
    ) {
        let counts = self.batch.counts;
        let made = chained.makes();
        for value in &made {
            // What nothing downstream asked about has no influence.
            let learns = self.program.values.get(*value).is_some_and(|v| v.learns);
            if let (true, Some(place @ None)) = (learns, flowing.get_mut(*value)) {
                let mut zeros = pool.take(self.program.numbers(*value, counts));
                zeros.values_mut().fill(0.0);
                *place = Some(zeros);
            }
        }
        let notes = self.norms_back(back, kept, flowing, weights, pool);
        self.send_back(back, (kept, &notes), flowing, pool);
        for (k, (from, to)) in back.passes.iter().enumerate() {
            let again = back
                .passes
                .iter()
                .skip(k + 1)
                .any(|(later, _)| later == from);
            let passed = match again {
                false => taken(flowing.get_mut(*from)),
                true => flowing.get(*from).and_then(Option::as_ref).map(|own| {
                    let mut copy = pool.take(own.values().len());
                    copy.values_mut().copy_from_slice(own.values());
                    copy
                }),
            };
            if let Some(passed) = passed {
                arrive(*to, passed, flowing, pool);
            }
        }
        for value in made {
            let used = taken(flowing.get_mut(value));
            used.into_iter().for_each(|b| pool.give(b));
        }
        notes.into_iter().for_each(|(_, b)| pool.give(b));
    }

    /// The sums that the normalisations of a chain need, and the gradients of their
    /// weights.
    fn norms_back(
        &self,
        back: &Back,
        kept: &[Option<Buffer>],
        flowing: &[Option<Buffer>],
        weights: &mut Written,
        pool: &mut Pool,
    ) -> Vec<(usize, Buffer)> {
        if back.norms.is_empty() {
            return Vec::new();
        }
        let chain = &back.first;
        let totals = run(
            chain,
            &World {
                read: &|source| self.back_source(source, kept, flowing, &[]),
                map: &|route| self.map(route),
                rows: self.batch.counts.of(chain.domain),
            },
            Vec::new(),
            Vec::new(),
            true,
        );
        let learns = matches!(self.mode, Mode::Learn(_));
        let mut notes = Vec::new();
        for (k, norm) in back.norms.iter().enumerate() {
            let channels = norm.norm.channels;
            let total = |which: usize| totals.get(2 * k + which).map_or(&[][..], |t| t);
            let mut note = pool.take(2 * channels);
            let mut of_weights = vec![0.0f32; 2 * channels];
            let (gw, gb) = of_weights.split_at_mut(channels);
            norm.norm.summarise_back(
                learns.then(|| self.samples(chain, 2 * k)),
                (total(0), total(1)),
                values(kept.get(norm.note)),
                note.values_mut(),
                (gw, gb),
            );
            for (ordinal, gradient) in norm.weights.iter().zip([&*gw, &*gb]) {
                weights.write(*ordinal, |own| own.copy_from_slice(gradient), pool);
            }
            notes.push((norm.note, note));
        }
        notes
    }

    /// The gradients of what a chain read.
    fn send_back(
        &self,
        back: &Back,
        (kept, notes): (&[Option<Buffer>], &[(usize, Buffer)]),
        flowing: &mut [Option<Buffer>],
        pool: &mut Pool,
    ) {
        let chain = &back.second;
        if chain.is_empty() {
            return;
        }
        let targets = chain.stores.iter().map(|store| store.value);
        let targets = targets.chain(chain.sums.iter().map(|sum| sum.value));
        // What has come already is added to, in place; the second of two goes by itself.
        let mut rooms: Vec<(usize, Buffer, bool)> = Vec::new();
        for value in targets {
            let own = taken(flowing.get_mut(value));
            let onto = own.is_some();
            let numbers = self.program.numbers(value, self.batch.counts);
            let buffer = own.unwrap_or_else(|| pool.take(numbers));
            rooms.push((value, buffer, onto));
        }
        let mut outs = rooms.iter_mut().map(|(_, buffer, onto)| Out {
            values: buffer.values_mut(),
            onto: *onto,
        });
        let stores: Vec<Out> = outs.by_ref().take(chain.stores.len()).collect();
        let sums: Vec<Out> = outs.collect();
        let totals = run(
            chain,
            &World {
                read: &|source| self.back_source(source, kept, flowing, notes),
                map: &|route| self.map(route),
                rows: self.batch.counts.of(chain.domain),
            },
            stores,
            sums,
            !chain.columns.is_empty(),
        );
        for (value, total) in back.same.iter().zip(totals) {
            let mut gradient = pool.take(total.len());
            let places = gradient.values_mut().iter_mut().zip(total);
            places.for_each(|(g, t)| *g = t as f32);
            arrive(*value, gradient, flowing, pool);
        }
        for (value, buffer, _) in rooms {
            arrive(value, buffer, flowing, pool);
        }
    }

    fn back_source<'a>(
        &'a self,
        source: Source,
        kept: &'a [Option<Buffer>],
        flowing: &'a [Option<Buffer>],
        notes: &'a [(usize, Buffer)],
    ) -> &'a [f32] {
        match source {
            Source::Value(value) => values(kept.get(value)),
            Source::Gradient(value) => values(flowing.get(value)),
            Source::Weight(ordinal) => self.weight(Some(&ordinal)).unwrap_or(&[]),
            Source::Back(value) => {
                let note = notes.iter().find(|(own, _)| *own == value);
                note.map_or(&[], |(_, note)| note.values())
            }
        }
    }
}

/// Adds a gradient to what has come for a value so far.
pub(super) fn arrive(
    value: usize,
    gradient: Buffer,
    flowing: &mut [Option<Buffer>],
    pool: &mut Pool,
) {
    match flowing.get_mut(value) {
        Some(Some(own)) => super::back::add(own, gradient, pool),
        Some(none) => *none = Some(gradient),
        None => pool.give(gradient),
    }
}

/// The gradients of the weights, and which have been written in this pass: what is written
/// again is added.
pub(super) struct Written<'a> {
    gradients: &'a mut [Buffer],
    seen: Vec<bool>,
}

impl<'a> Written<'a> {
    pub(super) fn new(gradients: &'a mut [Buffer]) -> Written<'a> {
        Written {
            seen: vec![false; gradients.len()],
            gradients,
        }
    }

    /// Lets `fill` write the gradient of a weight.
    pub(super) fn write(
        &mut self,
        ordinal: usize,
        fill: impl FnOnce(&mut [f32]),
        pool: &mut Pool,
    ) {
        let (Some(own), Some(seen)) =
            (self.gradients.get_mut(ordinal), self.seen.get_mut(ordinal))
        else {
            return;
        };
        if !std::mem::replace(seen, true) {
            return fill(own.values_mut());
        }
        let mut part = pool.take(own.values().len());
        fill(part.values_mut());
        super::back::add(own, part, pool);
    }

    /// The gradients of weights that follow each other, if one of them has been written.
    pub(super) fn again(&self, first: usize) -> bool {
        self.seen.get(first) == Some(&true)
    }

    /// Lets those gradients that have not been written be zero.
    pub(super) fn clear(&mut self, first: usize, count: usize) {
        let all = self.gradients.iter_mut().zip(&self.seen);
        for (gradient, seen) in all.skip(first).take(count) {
            if !seen {
                gradient.values_mut().fill(0.0);
            }
        }
    }

    /// Those gradients, to be overwritten.
    pub(super) fn range(&mut self, first: usize, count: usize) -> &mut [Buffer] {
        let seen = self.seen.get_mut(first..first + count);
        seen.into_iter().flatten().for_each(|seen| *seen = true);
        self.gradients
            .get_mut(first..first + count)
            .unwrap_or(&mut [])
    }
}
