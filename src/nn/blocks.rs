//! Work cut into blocks whose size depends on the work alone, so that the result has the
//! same bits for any number of threads. In: slices and a function on one block. Out: the
//! slices filled, or sums taken in the order of the blocks.

use pulp::Arch;
use rayon::prelude::*;

/// Numbers per block of element-wise work: 64 kB, so that a block stays in the cache.
pub(crate) const BLOCK: usize = 16 * 1024;

/// Rows per task of work on rows of `width` numbers: as many as make a block, so that
/// little work wakes no second thread. It shapes the schedule only, never a result.
pub(crate) fn rows_per_task(width: usize) -> usize {
    (BLOCK / width.max(1)).max(1)
}

/// Runs `work` compiled for the widest vectors this processor has. `work` and what it
/// calls must be `#[inline(always)]` or closures to profit.
#[inline(always)]
pub(crate) fn vectorised<R>(work: impl FnOnce() -> R) -> R {
    Arch::new().dispatch(work)
}

/// Calls `work(first, block)` on blocks of `y`, `first` being the block's first position.
pub(crate) fn each(y: &mut [f32], work: impl Fn(usize, &mut [f32]) + Sync) {
    if y.len() <= BLOCK {
        return block(&work, 0, y);
    }
    let blocks = y.par_chunks_mut(BLOCK).enumerate();
    blocks.for_each(|(k, y)| block(&work, k * BLOCK, y));
}

/// Calls `work(y block, x block)` on matching blocks of two slices of equal length.
pub(crate) fn each_with(
    y: &mut [f32],
    x: &[f32],
    work: impl Fn(&mut [f32], &[f32]) + Sync,
) {
    if y.len() <= BLOCK {
        return blocks_of_two(&work, y, x);
    }
    let blocks = y.par_chunks_mut(BLOCK).zip(x.par_chunks(BLOCK));
    blocks.for_each(|(y, x)| blocks_of_two(&work, y, x));
}

/// `work` with the widest vectors, in a function of its own: work that is called from two
/// places may be compiled apart from both, and then for the narrowest.
#[inline(never)]
fn block(work: &impl Fn(usize, &mut [f32]), first: usize, y: &mut [f32]) {
    vectorised(
        #[inline(always)]
        || work(first, y),
    );
}

/// The same for two slices.
#[inline(never)]
fn blocks_of_two(work: &impl Fn(&mut [f32], &[f32]), y: &mut [f32], x: &[f32]) {
    vectorised(
        #[inline(always)]
        || work(y, x),
    );
}

/// Rows per partial sum when `rows` are summed: at most 16 partial sums, none of fewer
/// than `least` rows.
pub(crate) fn summed_rows(rows: usize, least: usize) -> usize {
    rows.div_ceil(16).max(least)
}

/// The sum over blocks of `partial(block, sum)`, which adds a block's part to `sum`
/// (given as zeros). The parts are added in the order of the blocks.
pub(crate) fn sum_blocks(
    blocks: usize,
    total: &mut [f32],
    partial: impl Fn(usize, &mut [f32]) + Sync,
) {
    total.fill(0.0);
    if blocks <= 1 {
        (0..blocks).for_each(|block| partial(block, total));
        return;
    }
    let parts: Vec<Vec<f32>> = (0..blocks)
        .into_par_iter()
        .map(|block| {
            let mut part = vec![0.0; total.len()];
            partial(block, &mut part);
            part
        })
        .collect();
    for part in &parts {
        add(total, part);
    }
}

/// `y += x`.
pub(crate) fn add(y: &mut [f32], x: &[f32]) {
    vectorised(
        #[inline(always)]
        || y.iter_mut().zip(x).for_each(|(y, x)| *y += x),
    );
}

/// The sum of `x`, in sixteen interleaved sums that are then added pairwise: an order that
/// vectorises and does not depend on the processor.
#[inline(always)]
pub(crate) fn total(x: &[f32]) -> f32 {
    let mut sums = [0.0f32; 16];
    let mut chunks = x.chunks_exact(16);
    for chunk in &mut chunks {
        sums.iter_mut().zip(chunk).for_each(|(s, x)| *s += x);
    }
    let rest = chunks.remainder();
    sums.iter_mut().zip(rest).for_each(|(s, x)| *s += x);
    for half in [8, 4, 2, 1] {
        let (low, high) = sums.split_at_mut(half);
        low.iter_mut().zip(high).for_each(|(s, x)| *s += *x);
    }
    sums.first().copied().unwrap_or(0.0)
}

/// The column sums of `x`, whose rows are `total.len()` long.
pub(crate) fn column_sums(x: &[f32], total: &mut [f32]) {
    let width = total.len();
    let block = summed_rows(x.len() / width.max(1), 256);
    let blocks = x.len().div_ceil((block * width).max(1));
    sum_blocks(blocks, total, |k, sum| {
        let rows = x.chunks(block * width).nth(k).unwrap_or(&[]);
        add_rows(rows, sum);
    });
}

/// Adds rows as long as `sum` to it, one after the other.
pub(crate) fn add_rows(rows: &[f32], sum: &mut [f32]) {
    if sum.is_empty() {
        return;
    }
    vectorised(
        #[inline(always)]
        || {
            for row in rows.chunks_exact(sum.len()) {
                sum.iter_mut().zip(row).for_each(|(s, x)| *s += x);
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn column_sums_are_exact_on_integers_of_any_shape() {
        for (rows, width) in [(0, 3), (1, 1), (7, 5), (4_000, 3), (20_000, 2)] {
            let x: Vec<f32> = (0..rows * width).map(|i| (i % 7) as f32).collect();
            let mut sums = vec![9.0; width];
            column_sums(&x, &mut sums);
            for (column, sum) in sums.iter().enumerate() {
                let expected: f32 = x.iter().skip(column).step_by(width).sum();
                assert_eq!(*sum, expected);
            }
        }
    }

    #[test]
    fn blocks_cover_everything_once() {
        let n = 2 * BLOCK + 3;
        let x: Vec<f32> = (0..n).map(|i| i as f32).collect();
        let mut y = vec![1.0; n];
        each_with(&mut y, &x, |y, x| {
            y.iter_mut().zip(x).for_each(|(y, x)| *y += x);
        });
        each(&mut y, |first, y| {
            for (i, y) in y.iter_mut().enumerate() {
                *y -= (first + i) as f32;
            }
        });
        assert!(y.iter().all(|&y| y == 1.0));
    }
}
