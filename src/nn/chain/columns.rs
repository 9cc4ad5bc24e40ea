//! Sums over all rows of a chain. In: the rows of a tile. Out: their sums, added to totals
//! in double precision.

use super::super::blocks::vectorised;
use super::loops::{Out, World};
use super::tile::Tile;
use super::{Columns, Times};

/// Columns whose sums are kept in registers while the rows go by.
const STRIP: usize = 16;

/// Adds the rows of some columns, as a tile has made them, to their totals.
pub(super) fn add(
    tile: &Tile,
    world: &World,
    stores: &[Out],
    columns: &Columns,
    total: &mut [f64],
) {
    let e = tile.made(columns.expr, stores);
    let channels = columns.channels;
    vectorised(
        #[inline(always)]
        || match columns.times {
            Times::One => each(e, e, &[], channels, total, |e, _, _| f64::from(e)),
            Times::Itself => each(e, e, &[], channels, total, |e, _, _| {
                let e = f64::from(e);
                e * e
            }),
            Times::Off { x, note } => {
                let (x, mean) = (tile.made(x, stores), (world.read)(note));
                each(e, x, mean, channels, total, |e, x, mean| {
                    f64::from(e * (x - mean))
                });
            }
        },
    );
}

/// Adds `term(e, x, mean)` of every row to its column's total.
#[inline(always)]
fn each(
    e: &[f32],
    x: &[f32],
    mean: &[f32],
    channels: usize,
    total: &mut [f64],
    term: impl Fn(f32, f32, f32) -> f64,
) {
    let none = [0.0f32; STRIP];
    let whole = channels / STRIP * STRIP;
    for (at, total) in total.chunks_exact_mut(STRIP).enumerate() {
        let strip = at * STRIP..(at + 1) * STRIP;
        let mean = mean.get(strip.clone()).unwrap_or(&none);
        let mut sums = [0.0f64; STRIP];
        for (e, x) in e.chunks_exact(channels).zip(x.chunks_exact(channels)) {
            let (Some(e), Some(x)) = (e.get(strip.clone()), x.get(strip.clone())) else {
                continue;
            };
            let places = sums.iter_mut().zip(e).zip(x.iter().zip(mean));
            for ((sum, e), (x, mean)) in places {
                *sum += term(*e, *x, *mean);
            }
        }
        total.iter_mut().zip(sums).for_each(|(t, s)| *t += s);
    }
    for (at, total) in total.iter_mut().enumerate().skip(whole) {
        let mean = mean.get(at).copied().unwrap_or(0.0);
        let column = |x: &[f32]| x.get(at).copied().unwrap_or(0.0);
        let rows = e.chunks_exact(channels).zip(x.chunks_exact(channels));
        let sum: f64 = rows.map(|(e, x)| term(column(e), column(x), mean)).sum();
        *total += sum;
    }
}
