//! The pairs of neighbours of one atom, gathered for the functions of two neighbours.
//!
//! About half of all pairs are farther from each other than the cutoff and add nothing to
//! G4. So a neighbour is related to many others by a few operations each; the pairs that
//! count are gathered, and the costly part runs over long arrays of them.

#![allow(
    clippy::indexing_slicing,
    reason = "kernel over arrays whose lengths are set together"
)]

use std::ops::Range;

use super::angular::{Block, Kind};
use super::shell::{Shell, cutoff};
use crate::chem::vectors::{LANES, exp};

/// Pairs that are worked on at once: their arrays stay in the nearest memory.
const PAIRS: usize = 384;
/// Neighbours that are related to one at once.
const NEAR: usize = 128;
/// Room for the pairs that those may add. A power of two: places are taken modulo it, so
/// that no loop checks them.
const ROOM: usize = PAIRS + NEAR;

/// A number of each gathered pair.
type OfPairs = [f64; ROOM];

/// Gathered pairs j, k.
pub(super) struct Pairs {
    /// Of the pairs just related: the first four numbers below.
    near: [[Block; NEAR / LANES]; 4],
    count: usize,
    cosine: OfPairs,
    /// rjk², Å².
    square: OfPairs,
    /// The sum of squares that η stands before, Å².
    spread: OfPairs,
    /// The product of the cutoff functions.
    cut: OfPairs,
    /// e^(−η spread) of the last η, and the weight with it.
    decay: OfPairs,
    weight: OfPairs,
}

impl Pairs {
    pub(super) fn new() -> Pairs {
        Pairs {
            near: [[[0.0; LANES]; NEAR / LANES]; 4],
            count: 0,
            cosine: [0.0; ROOM],
            square: [0.0; ROOM],
            spread: [0.0; ROOM],
            cut: [0.0; ROOM],
            decay: [0.0; ROOM],
            weight: [0.0; ROOM],
        }
    }

    /// Add the pairs of species a and b to the sums.
    #[inline(always)]
    pub(super) fn sum_species(
        &mut self,
        shell: &Shell,
        [a, b]: [usize; 2],
        kind: &Kind,
        cut2: f64,
        sums: &mut [Block],
    ) {
        self.count = 0;
        let limit = if kind.closed { cut2 } else { f64::INFINITY };
        for j in shell.starts[a]..shell.starts[a + 1] {
            let from = if a == b { j + 1 } else { shell.starts[b] };
            let with = from..shell.starts[b + 1];
            let first = with.start / LANES;
            for block in (first..with.end.div_ceil(LANES)).step_by(NEAR / LANES) {
                let end = with.end.min(block * LANES + NEAR);
                self.relate(shell, j, block..end.div_ceil(LANES), kind.closed);
                let start = with.start.max(block * LANES);
                self.gather(start - block * LANES..end - block * LANES, limit);
                if self.count >= PAIRS {
                    self.add(kind, PAIRS, cut2, sums);
                    self.keep_rest();
                }
            }
        }
        let whole = self.count.next_multiple_of(LANES);
        self.cut[self.count..whole].fill(0.0);
        self.add(kind, whole, cut2, sums);
    }

    /// Relate neighbour j to some others, those of whole blocks.
    #[inline(always)]
    fn relate(&mut self, shell: &Shell, j: usize, blocks: Range<usize>, closed: bool) {
        let [jx, jy, jz] = shell.unit.each_ref().map(|u| u[j]);
        let (jr, jfc) = (shell.r[j], shell.cut[j]);
        let again = if closed { 1.0 } else { 0.0 };
        let of = |values: &[f64], at: usize| -> Block {
            let mut block = [0.0; LANES];
            block.copy_from_slice(&values[at * LANES..(at + 1) * LANES]);
            block
        };
        for (place, at) in blocks.enumerate() {
            let [x, y, z] = shell.unit.each_ref().map(|u| of(u, at));
            let (r, fc) = (of(&shell.r, at), of(&shell.cut, at));
            let [mut cosine, mut square, mut spread, mut cut] = [[0.0; LANES]; 4];
            for k in 0..LANES {
                let c = jx * x[k] + jy * y[k] + jz * z[k];
                let own = jr * jr + r[k] * r[k];
                let d2 = own - 2.0 * (jr * r[k]) * c;
                // By rounding it may fall below 0 where j and k coincide.
                let d2 = if d2 > 0.0 { d2 } else { 0.0 };
                cosine[k] = c;
                square[k] = d2;
                spread[k] = own + again * d2;
                cut[k] = jfc * fc[k];
            }
            let [cosines, squares, spreads, cuts] = &mut self.near;
            cosines[place] = cosine;
            squares[place] = square;
            spreads[place] = spread;
            cuts[place] = cut;
        }
    }

    /// Gather the related pairs that lie within a limit of each other.
    #[inline(always)]
    fn gather(&mut self, places: Range<usize>, limit: f64) {
        let [cosine, square, spread, cut] =
            self.near.each_ref().map(|blocks| blocks.as_flattened());
        let mut count = self.count;
        for place in places {
            let (from, to) = (place % NEAR, count % ROOM);
            self.cosine[to] = cosine[from];
            self.square[to] = square[from];
            self.spread[to] = spread[from];
            self.cut[to] = cut[from];
            count += usize::from(square[from] < limit);
        }
        self.count = count;
    }

    /// Move what stands beyond the pairs that were added to the front.
    #[inline(always)]
    fn keep_rest(&mut self) {
        let of_pairs = [
            &mut self.cosine,
            &mut self.square,
            &mut self.spread,
            &mut self.cut,
        ];
        for values in of_pairs {
            values.copy_within(PAIRS.., 0);
        }
        self.count -= PAIRS;
    }

    /// Add the first `count` pairs, whole blocks, to the sums of every function.
    #[inline(always)]
    fn add(&mut self, kind: &Kind, count: usize, cut2: f64, sums: &mut [Block]) {
        let (cut, square) = (&mut self.cut[..count], &self.square[..count]);
        if kind.closed {
            let inverse = 1.0 / cut2;
            for (cut, square) in cut.iter_mut().zip(square) {
                *cut *= cutoff(square * inverse);
            }
        }
        let (decay, spread) = (&mut self.decay[..count], &self.spread[..count]);
        let (weight, cosine) = (&mut self.weight[..count], &self.cosine[..count]);
        for group in &kind.groups {
            if group.twice {
                decay.iter_mut().for_each(|decay| *decay *= *decay);
            } else {
                for (decay, spread) in decay.iter_mut().zip(spread) {
                    *decay = exp(-group.eta * spread);
                }
            }
            for ((weight, decay), cut) in weight.iter_mut().zip(&*decay).zip(&*cut) {
                *weight = decay * cut;
            }
            for term in &group.terms {
                term.add(cosine, weight, &mut sums[term.place]);
            }
        }
    }
}
