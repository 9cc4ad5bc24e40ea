//! Chains in the two passes. In: the values there are, or the gradients that have come. Out:
//! the values a chain makes, or the gradients of what it read and of the weights in it.

use super::super::chain::Chain;
use super::super::lower::{Back, Chained};
use super::back::arrive;
use super::written::Written;
use super::{Kernels, Room, Run, Sight, Statistic, taken};

impl<N> Run<'_, N> {
    /// Makes the values of a chain.
    pub(super) fn chain<K: Kernels<Numbers = N>>(
        &self,
        chained: &Chained,
        all: &mut [Option<N>],
        device: &mut K,
    ) {
        let chain = &chained.chain;
        let mut fresh = |value: usize| Room::fresh(self.room(value, device));
        let mut stores: Vec<Room<N>> = chain
            .stores
            .iter()
            .map(|store| fresh(store.value))
            .collect();
        let mut sums: Vec<Room<N>> =
            chain.sums.iter().map(|sum| fresh(sum.value)).collect();
        let learns = self.learns();
        let sight = Sight {
            run: self,
            values: all,
            gradients: &[],
            notes: &[],
        };
        let columns = learns && !chained.notes.is_empty();
        let totals = device.chain(chain, &sight, &mut stores, &mut sums, columns);
        let made = chain.stores.iter().map(|store| store.value);
        let made = made.chain(chain.sums.iter().map(|sum| sum.value));
        for (value, room) in made.zip(stores.into_iter().chain(sums)) {
            if let Some(place) = all.get_mut(value) {
                *place = Some(room.numbers);
            }
        }
        for note in &chained.notes {
            let mut noted = device.take(note.norm.noted());
            let total = |k: usize| totals.get(note.columns + k).map_or(&[][..], |t| t);
            let weight = |ordinals: &[usize], k: usize| {
                ordinals
                    .get(k)
                    .and_then(|ordinal| self.weights.get(*ordinal))
            };
            let from = match learns {
                true => Statistic::Batch(
                    self.samples(chain, note.columns),
                    [total(0), total(1)],
                ),
                false => {
                    Statistic::Running(weight(&note.state, 0), weight(&note.state, 1))
                }
            };
            device.note(&note.norm, from, weight(&note.weights, 0), &mut noted);
            if let Some(place) = all.get_mut(note.value) {
                *place = Some(noted);
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
    pub(super) fn chain_back<K: Kernels<Numbers = N>>(
        &self,
        (chained, back): (&Chained, &Back),
        kept: &[Option<N>],
        flowing: &mut [Option<N>],
        weights: &mut Written<'_, N>,
        device: &mut K,
    ) {
        let made = chained.makes();
        for value in &made {
            // What nothing downstream asked about has no influence.
            let learns = self.program.values.get(*value).is_some_and(|v| v.learns);
            if let (true, Some(place @ None)) = (learns, flowing.get_mut(*value)) {
                let mut zeros = self.room(*value, device);
                device.clear(&mut zeros);
                *place = Some(zeros);
            }
        }
        let notes = self.norms_back(back, kept, flowing, weights, device);
        self.send_back(back, (kept, &notes), flowing, device);
        for (k, (from, to)) in back.passes.iter().enumerate() {
            let mut later = back.passes.iter().skip(k + 1);
            let passed = match later.any(|(later, _)| later == from) {
                false => taken(flowing.get_mut(*from)),
                true => flowing.get(*from).and_then(Option::as_ref).map(|own| {
                    let mut copy = device.take(K::length(own));
                    device.copy(own, &mut copy);
                    copy
                }),
            };
            if let Some(passed) = passed {
                arrive(*to, passed, flowing, device);
            }
        }
        for value in made {
            let used = taken(flowing.get_mut(value));
            used.into_iter().for_each(|n| device.give(n));
        }
        notes.into_iter().for_each(|(_, n)| device.give(n));
    }

    /// The sums that the normalisations of a chain need, and the gradients of their
    /// weights.
    fn norms_back<K: Kernels<Numbers = N>>(
        &self,
        back: &Back,
        kept: &[Option<N>],
        flowing: &[Option<N>],
        weights: &mut Written<'_, N>,
        device: &mut K,
    ) -> Vec<(usize, N)> {
        if back.norms.is_empty() {
            return Vec::new();
        }
        let chain = &back.first;
        let sight = Sight {
            run: self,
            values: kept,
            gradients: flowing,
            notes: &[],
        };
        let totals = device.chain(chain, &sight, &mut [], &mut [], true);
        let mut notes = Vec::new();
        for (k, norm) in back.norms.iter().enumerate() {
            let total = |which: usize| totals.get(2 * k + which).map_or(&[][..], |t| t);
            let samples = self.learns().then(|| self.samples(chain, 2 * k));
            let sums = (samples, [total(0), total(1)]);
            let noted = kept.get(norm.note).and_then(Option::as_ref);
            let mut note = device.take(2 * norm.norm.channels);
            let own = (
                norm.weights.first().copied().unwrap_or(0),
                norm.weights.len(),
            );
            weights.write(own, false, device, |device, gw| {
                device.note_back(&norm.norm, sums, noted, &mut note, gw);
            });
            notes.push((norm.note, note));
        }
        notes
    }

    /// The gradients of what a chain read.
    fn send_back<K: Kernels<Numbers = N>>(
        &self,
        back: &Back,
        (kept, notes): (&[Option<N>], &[(usize, N)]),
        flowing: &mut [Option<N>],
        device: &mut K,
    ) {
        let chain = &back.second;
        if chain.is_empty() {
            return;
        }
        // What has come already is added to, in place; the second of two goes by itself.
        let mut room = |value: usize| match taken(flowing.get_mut(value)) {
            Some(numbers) => Room {
                numbers,
                onto: true,
            },
            None => Room::fresh(self.room(value, device)),
        };
        let mut stores: Vec<Room<N>> =
            chain.stores.iter().map(|store| room(store.value)).collect();
        let mut sums: Vec<Room<N>> =
            chain.sums.iter().map(|sum| room(sum.value)).collect();
        let sight = Sight {
            run: self,
            values: kept,
            gradients: flowing,
            notes,
        };
        let columns = !chain.columns.is_empty();
        let totals = device.chain(chain, &sight, &mut stores, &mut sums, columns);
        for (value, total) in back.same.iter().zip(totals) {
            let mut gradient = device.take(total.len());
            device.bring(&total, &mut gradient);
            arrive(*value, gradient, flowing, device);
        }
        let made = chain.stores.iter().map(|store| store.value);
        let made = made.chain(chain.sums.iter().map(|sum| sum.value));
        for (value, room) in made.zip(stores.into_iter().chain(sums)) {
            arrive(value, room.numbers, flowing, device);
        }
    }
}
