//! What a chain does to rows without a layer's help: taking them by a map, and batch
//! normalisation by noted statistics. In: rows. Out: rows.

use super::super::batch::Map;
use super::super::blocks::vectorised;
use super::tile::Rows;

/// The rows of one side of a pair.
pub(super) enum Lines<'a> {
    /// They follow each other.
    Made { values: &'a [f32], width: usize },
    /// They are taken by a map from where they lie.
    Taken {
        values: &'a [f32],
        width: usize,
        map: &'a Map,
        rows: &'a Rows<'a>,
    },
}

impl<'a> Lines<'a> {
    /// The `k`-th of them.
    #[inline(always)]
    pub(super) fn at(&self, k: usize) -> &'a [f32] {
        let (values, width, row) = match self {
            Lines::Made { values, width } => (*values, *width, k),
            Lines::Taken {
                values,
                width,
                map,
                rows,
            } => {
                let row = match rows {
                    Rows::From(first, _) => first + k,
                    Rows::Members(rows) => rows.get(k).map_or(0, |row| *row as usize),
                };
                (*values, *width, map.place(row))
            }
        };
        values.get(row * width..(row + 1) * width).unwrap_or(&[])
    }
}

/// Fills `y` with the rows of `values` at `at(row)`.
#[inline(always)]
pub(super) fn take(
    values: &[f32],
    width: usize,
    rows: &Rows,
    at: impl Fn(usize) -> usize,
    y: &mut [f32],
) {
    let copy = |y: &mut [f32], row: usize| {
        let start = at(row) * width;
        y.copy_from_slice(values.get(start..start + width).unwrap_or(&[]));
    };
    let y = y.chunks_exact_mut(width);
    match rows {
        Rows::From(first, count) => {
            let rows = *first..first + count;
            y.zip(rows).for_each(|(y, row)| copy(y, row));
        }
        Rows::Members(rows) => {
            y.zip(*rows).for_each(|(y, row)| copy(y, *row as usize));
        }
    }
}

/// Divides each row by how many lead to the same place.
pub(super) fn share(map: &Map, width: usize, rows: &Rows, y: &mut [f32]) {
    let divide = |y: &mut [f32], row: usize| {
        let factor = 1.0 / map.group(map.place(row)).len().max(1) as f32;
        y.iter_mut().for_each(|y| *y *= factor);
    };
    let y = y.chunks_exact_mut(width);
    match rows {
        Rows::From(first, count) => {
            y.zip(*first..first + count)
                .for_each(|(y, row)| divide(y, row));
        }
        Rows::Members(rows) => {
            y.zip(*rows).for_each(|(y, row)| divide(y, *row as usize));
        }
    }
}

/// y = (x - mean)·factor + shift.
pub(super) fn normal(
    x: &[f32],
    note: &[f32],
    shift: &[f32],
    channels: usize,
    y: &mut [f32],
) {
    let (mean, factor) = (part(note, channels, 0), part(note, channels, 3));
    vectorised(
        #[inline(always)]
        || {
            let rows = y.chunks_exact_mut(channels).zip(x.chunks_exact(channels));
            for (y, x) in rows {
                let places = y.iter_mut().zip(x).zip(mean);
                for (((y, x), mean), (f, b)) in places.zip(factor.iter().zip(shift)) {
                    *y = (x - mean) * f + b;
                }
            }
        },
    );
}

/// y = factor·(g - level - (x - mean)·tilt).
pub(super) fn denormal(
    g: &[f32],
    x: &[f32],
    note: &[f32],
    back: &[f32],
    channels: usize,
    y: &mut [f32],
) {
    let (mean, factor) = (part(note, channels, 0), part(note, channels, 3));
    let (level, tilt) = (part(back, channels, 0), part(back, channels, 1));
    vectorised(
        #[inline(always)]
        || {
            let rows = y.chunks_exact_mut(channels).zip(g.chunks_exact(channels));
            for ((y, g), x) in rows.zip(x.chunks_exact(channels)) {
                let places = y.iter_mut().zip(g).zip(x);
                let sides = mean.iter().zip(factor).zip(level.iter().zip(tilt));
                for (((y, g), x), ((mean, factor), (level, tilt))) in places.zip(sides) {
                    *y = factor * (g - level - (x - mean) * tilt);
                }
            }
        },
    );
}

/// The `k`-th list of `channels` numbers.
fn part(all: &[f32], channels: usize, k: usize) -> &[f32] {
    all.get(k * channels..(k + 1) * channels).unwrap_or(&[])
}
