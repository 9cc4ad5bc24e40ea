//! Which rows a step sees. In: the ids of the rows, how large each is, draws. Out: the
//! batches of an epoch, the same on any machine and for any number of threads.

use crate::draw::Draws;

/// Batches whose rows are chosen among each other by size.
const POOL: usize = 16;

/// How rows come together in batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Batching {
    /// As the shuffle of the epoch has them.
    #[default]
    Shuffled,
    /// Crystals of near size together. Of every sixteen batches' worth of shuffled rows the
    /// largest make one batch, the next largest the next; then the batches are shuffled.
    BySize,
}

/// How many rows a batch has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Rows of a batch.
    pub(crate) batch: usize,
    /// Whether a batch that would have fewer is left out.
    pub(crate) whole: bool,
}

impl Size {
    /// How many of so many rows an epoch sees.
    pub(crate) fn seen(self, rows: usize) -> usize {
        match self.whole {
            true => rows - rows % self.batch.max(1),
            false => rows,
        }
    }
}

/// The batches of an epoch: places of rows, as many in each as asked for but one that may
/// have fewer. `size` tells how large a row is.
pub(crate) fn batches(
    batching: Batching,
    draws: &Draws,
    epoch: u64,
    ids: &[u64],
    of: Size,
    size: impl Fn(usize) -> usize,
) -> Vec<Vec<usize>> {
    let batch = of.batch;
    let mut order = draws.order("shuffle", &[epoch], ids);
    // Left out before they are sorted, so that it is the shuffle that chooses them.
    order.truncate(of.seen(order.len()));
    let cut = |order: &[usize]| order.chunks(batch).map(<[usize]>::to_vec).collect();
    if batching == Batching::Shuffled {
        return cut(&order);
    }
    for pool in order.chunks_mut(POOL.saturating_mul(batch)) {
        // Rows of one size stay as the shuffle has them.
        pool.sort_by_key(|row| std::cmp::Reverse(size(*row)));
    }
    let mut all: Vec<Vec<usize>> = cut(&order);
    draws.stream("batches", &[epoch]).shuffle(&mut all);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const ROWS: usize = 1000;
    const BATCH: usize = 32;

    fn size(row: usize) -> usize {
        5 + row * 7919 % 101
    }

    fn cut(batching: Batching, seed: u64, epoch: u64, whole: bool) -> Vec<Vec<usize>> {
        let ids: Vec<u64> = (0..ROWS as u64).map(|id| id * 31).collect();
        let of = Size {
            batch: BATCH,
            whole,
        };
        batches(batching, &Draws::new(1, seed), epoch, &ids, of, size)
    }

    fn of(batching: Batching, seed: u64, epoch: u64) -> Vec<Vec<usize>> {
        cut(batching, seed, epoch, false)
    }

    #[test]
    fn the_batch_that_is_short_can_be_left_out_and_is_another_each_epoch() {
        let left = |batching, epoch| {
            let whole = cut(batching, 2, epoch, true);
            assert!(whole.iter().all(|batch| batch.len() == BATCH));
            let seen: BTreeSet<usize> = whole.into_iter().flatten().collect();
            assert_eq!(seen.len(), 992);
            (0..ROWS).filter(|row| !seen.contains(row)).collect()
        };
        for batching in [Batching::Shuffled, Batching::BySize] {
            let (first, second): (Vec<usize>, Vec<usize>) =
                (left(batching, 1), left(batching, 2));
            assert_ne!(first, second);
            // Not those that are small: their mean is that of all, 55, more or less.
            let sizes = first.iter().chain(&second).map(|row| size(*row));
            let mean = sizes.sum::<usize>() as f64 / 16.0;
            assert!((25.0..85.0).contains(&mean), "{mean}");
        }
        let mut all = of(Batching::Shuffled, 2, 1);
        all.retain(|batch| batch.len() == BATCH);
        assert_eq!(cut(Batching::Shuffled, 2, 1, true), all);
    }

    /// The largest size of each batch less its smallest, on the mean.
    fn spread(all: &[Vec<usize>]) -> f64 {
        let of = |batch: &Vec<usize>| {
            let sizes = || batch.iter().map(|row| size(*row));
            sizes().max().unwrap() - sizes().min().unwrap()
        };
        all.iter().map(of).sum::<usize>() as f64 / all.len() as f64
    }

    #[test]
    fn every_row_is_in_one_batch_and_near_sizes_are_together() {
        for batching in [Batching::Shuffled, Batching::BySize] {
            let all = of(batching, 2, 1);
            let rows: BTreeSet<usize> = all.iter().flatten().copied().collect();
            assert_eq!(rows.len(), ROWS);
            let short = all.iter().filter(|batch| batch.len() != BATCH).count();
            assert_eq!((all.len(), short), (ROWS.div_ceil(BATCH), 1));
            assert_eq!(all, of(batching, 2, 1));
            assert_ne!(all, of(batching, 2, 2), "another epoch");
            assert_ne!(all, of(batching, 3, 1), "another seed");
        }
        let shuffled = spread(&of(Batching::Shuffled, 2, 1));
        let by_size = spread(&of(Batching::BySize, 2, 1));
        assert!(by_size * 5.0 < shuffled, "{by_size} {shuffled}");
    }

    #[test]
    fn large_batches_do_not_come_first() {
        let all = of(Batching::BySize, 2, 1);
        let mean = |batch: &Vec<usize>| batch.iter().map(|row| size(*row)).sum::<usize>();
        let sizes: Vec<usize> = all.iter().map(mean).collect();
        assert!(!sizes.is_sorted_by(|a, b| a >= b));
    }
}
