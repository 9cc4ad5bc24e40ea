//! The processor as a device: [`Kernels`] by the loops of `layers` and `chain` on buffers of
//! a pool. In: steps and buffers. Out: buffers.

mod back;
mod make;

use super::blocks::each_with;
use super::buffer::{Buffer, Pool};
use super::chain::{self, Chain, Out, World};
use super::layers::BatchNorm;
use super::lower::{Kernel, Step};
use super::run::{Kernels, Room, Run, Sight, Statistic, Work};

/// The processor, and the room that programs use on it again and again.
#[derive(Debug, Default)]
pub(crate) struct Processor {
    pub(crate) pool: Pool,
}

impl Kernels for Processor {
    type Numbers = Buffer;

    fn take(&mut self, length: usize) -> Buffer {
        self.pool.take(length)
    }

    fn give(&mut self, numbers: Buffer) {
        self.pool.give(numbers);
    }

    fn length(numbers: &Buffer) -> usize {
        numbers.values().len()
    }

    fn fetch(&self, numbers: &Buffer) -> Vec<f32> {
        numbers.values().to_vec()
    }

    fn clear(&mut self, numbers: &mut Buffer) {
        numbers.values_mut().fill(0.0);
    }

    fn copy(&mut self, from: &Buffer, to: &mut Buffer) {
        to.values_mut().copy_from_slice(from.values());
    }

    fn add(&mut self, from: &Buffer, to: &mut Buffer) {
        each_with(to.values_mut(), from.values(), |y, x| {
            y.iter_mut().zip(x).for_each(|(y, x)| *y += x);
        });
    }

    fn change(&mut self, run: &Run<'_, Buffer>, step: &Step, x: &mut Buffer) {
        match &step.kernel {
            Kernel::Map(map) => map.apply(x.values_mut()),
            Kernel::Dropout(dropout) => {
                if let Some(seed) = run.seed(dropout) {
                    dropout.apply(seed, x.values_mut());
                }
            }
            _ => unreachable!("the others make new numbers"),
        }
    }

    fn make(&mut self, work: &Work<'_, Buffer>, y: &mut Buffer) -> Option<Buffer> {
        make::make(work, y, &mut self.pool)
    }

    fn back(
        &mut self,
        work: &Work<'_, Buffer>,
        gy: &mut Buffer,
        gw: &mut [Buffer],
        gx: &mut [Option<Room<Buffer>>],
    ) {
        back::back(work, gy, gw, gx);
    }

    fn chain(
        &mut self,
        chain: &Chain,
        sight: &Sight<'_, Buffer>,
        stores: &mut [Room<Buffer>],
        sums: &mut [Room<Buffer>],
        columns: bool,
    ) -> Vec<Vec<f64>> {
        let world = World {
            read: &|source| values(sight.at(source)),
            map: &|route| sight.run.map(route),
            rows: sight.run.batch.counts.of(chain.domain),
        };
        let stores = stores.iter_mut().map(out).collect();
        let sums = sums.iter_mut().map(out).collect();
        chain::run(chain, &world, stores, sums, columns)
    }

    fn note(
        &mut self,
        norm: &BatchNorm,
        from: Statistic<'_, Buffer>,
        w: Option<&Buffer>,
        note: &mut Buffer,
    ) {
        let (w, note) = (values(w), note.values_mut());
        match from {
            Statistic::Batch(samples, totals) => norm.summarise(samples, totals, w, note),
            Statistic::Running(mean, variance) => {
                norm.recall(values(mean), values(variance), w, note);
            }
        }
    }

    fn note_back(
        &mut self,
        norm: &BatchNorm,
        (samples, totals): (Option<usize>, [&[f64]; 2]),
        noted: Option<&Buffer>,
        back: &mut Buffer,
        gw: &mut [Buffer],
    ) {
        let mut gw = gw.iter_mut().map(Buffer::values_mut);
        let gw = (gw.next().unwrap_or(&mut []), gw.next().unwrap_or(&mut []));
        norm.summarise_back(samples, totals, values(noted), back.values_mut(), gw);
    }

    fn bring(&mut self, totals: &[f64], to: &mut Buffer) {
        let places = to.values_mut().iter_mut().zip(totals);
        places.for_each(|(to, total)| *to = *total as f32);
    }
}

/// Where a chain writes.
fn out(room: &mut Room<Buffer>) -> Out<'_> {
    Out {
        onto: room.onto,
        values: room.numbers.values_mut(),
    }
}

/// The numbers of something that may not have been kept.
fn values(buffer: Option<&Buffer>) -> &[f32] {
    buffer.map_or(&[], Buffer::values)
}

/// The ends of a range that was fitted.
fn range(work: &Work<'_, Buffer>) -> (f32, f32) {
    let end = |k: usize| values(work.state(k)).first().copied();
    (end(0).unwrap_or(0.0), end(1).unwrap_or(1.0))
}
