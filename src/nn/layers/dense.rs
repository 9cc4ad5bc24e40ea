//! x·W + b over the last axis, and a function of it where the graph has one. In: x of shape
//! (rows, inputs), W (inputs, units), b (units). Out: y of shape (rows, units).

use rayon::prelude::*;

use super::super::blocks::{
    add, add_rows, column_sums, rows_per_task, summed_rows, vectorised,
};
use super::super::product::{
    Right, Room, Shape, View, accumulate, multiply_by_turned, multiply_summed,
    multiply_tiled,
};
use super::Map;

/// Rows from which on the way back is cut along the rows, not along the weights.
const MANY: usize = 256;
/// Weights above which their gradient is too large to be made once for each block of rows.
const SMALL: usize = 1 << 18;
/// Fewest rows of a block.
const LEAST: usize = 64;
/// Fewest rows that are worked on at a time, and most.
const SOME: usize = 128;
const MOST: usize = 1024;
/// Numbers of the wider side that are worked on at a time.
const CACHED: usize = 64 * 1024;

/// A dense layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Dense {
    pub(crate) inputs: usize,
    pub(crate) units: usize,
    /// A function that follows, whose way back reads what it makes.
    pub(crate) then: Option<Map>,
    /// Which of the rows of the weight is its first, and whether it has only some of them.
    pub(crate) first: usize,
    pub(crate) part: bool,
}

impl Dense {
    /// The layer of a weight of its own.
    pub(crate) fn new(inputs: usize, units: usize) -> Dense {
        Dense {
            inputs,
            units,
            then: None,
            first: 0,
            part: false,
        }
    }

    /// Its places in the weight.
    pub(crate) fn places(&self) -> std::ops::Range<usize> {
        self.first * self.units..(self.first + self.inputs) * self.units
    }

    /// Fills `y`.
    pub(crate) fn forward(&self, x: &[f32], w: &[f32], b: Option<&[f32]>, y: &mut [f32]) {
        let shape = Shape {
            rows: x.len() / self.inputs,
            columns: self.units,
            depth: self.inputs,
        };
        let (x, w) = (View::rows(x, self.inputs), View::rows(w, self.units));
        // A few rows at a time, so that both are done in one walk through the tile.
        let block = rows_per_task(self.units) * self.units;
        multiply_tiled(shape, x, w, y, |first, part| {
            let b = b.and_then(|b| b.get(first..));
            for part in part.chunks_mut(block) {
                vectorised(
                    #[inline(always)]
                    || add_to_rows(part, b.unwrap_or(&[]), self.units),
                );
                if let Some(map) = self.then {
                    map.apply(part);
                }
            }
        });
    }

    /// From the gradient `gy` of y (which is used up), the gradients of W, b and, where
    /// asked for, x; this one is added to what is there if `onto`.
    #[allow(clippy::too_many_arguments, reason = "values in, gradients out")]
    pub(crate) fn backward(
        &self,
        x: &[f32],
        y: &[f32],
        w: &[f32],
        gy: &mut [f32],
        gw: &mut [f32],
        gb: Option<&mut [f32]>,
        gx: Option<&mut [f32]>,
        onto: bool,
    ) {
        let rows = x.len() / self.inputs;
        let weights = self.inputs * self.units;
        if rows >= MANY && weights <= SMALL {
            return self.backward_in_blocks((x, y, w), gy, (gw, gb), (gx, onto));
        }
        if let Some(map) = self.then {
            map.back(gy, &[], y);
        }
        if let Some(gb) = gb {
            column_sums(gy, gb);
        }
        let gy = View::rows(gy, self.units);
        let shape = Shape {
            rows: self.inputs,
            columns: self.units,
            depth: rows,
        };
        multiply_summed(shape, View::rows(x, self.inputs), gy, gw);
        let Some(gx) = gx else { return };
        let shape = Shape {
            rows,
            columns: self.inputs,
            depth: self.units,
        };
        multiply_by_turned(shape, gy, w, gx, onto);
    }

    /// The same, all of it done for some rows before the next, so that they are read once.
    fn backward_in_blocks(
        &self,
        (x, y, w): (&[f32], &[f32], &[f32]),
        gy: &mut [f32],
        (gw, gb): (&mut [f32], Option<&mut [f32]>),
        (gx, onto): (Option<&mut [f32]>, bool),
    ) {
        let (inputs, units) = (self.inputs, self.units);
        let block = summed_rows(x.len() / inputs, LEAST);
        let turned = gx.is_some().then(|| Right::turned(w, inputs, units, block));
        let blocks = gy.len().div_ceil(block * units);
        let to_x: Vec<&mut [f32]> = match gx {
            Some(gx) => gx.chunks_mut(block * inputs).collect(),
            None => (0..blocks).map(|_| &mut [][..]).collect(),
        };
        let from_y: Vec<&[f32]> = match self.then {
            Some(_) => y.chunks(block * units).collect(),
            None => vec![&[]; blocks],
        };
        let has_constants = gb.is_some();
        let tasks = gy.par_chunks_mut(block * units).zip(to_x);
        let tasks = tasks.zip(x.par_chunks(block * inputs)).zip(from_y);
        let parts: Vec<[Vec<f32>; 2]> = tasks
            .map_init(Room::default, |room, (((gy, gx), x), y)| {
                let constants = if has_constants { units } else { 0 };
                let mut part = [vec![0.0; gw.len()], vec![0.0; constants]];
                let rows = Walk { x, y, gy, gx };
                self.walk(room, rows, turned.as_ref(), onto, &mut part);
                part
            })
            .collect();
        gw.fill(0.0);
        parts.iter().for_each(|[weights, _]| add(gw, weights));
        if let Some(gb) = gb {
            gb.fill(0.0);
            parts.iter().for_each(|[_, constants]| add(gb, constants));
        }
    }

    /// A block of rows, some at a time: few enough that they stay in the cache.
    fn walk(
        &self,
        room: &mut Room,
        Walk { x, y, gy, gx }: Walk,
        turned: Option<&Right>,
        onto: bool,
        [gw, gb]: &mut [Vec<f32>; 2],
    ) {
        let (inputs, units) = (self.inputs, self.units);
        let some = CACHED / inputs.max(units) / SOME * SOME;
        let some = some.clamp(SOME, MOST);
        let part = rows_per_task(units) * units;
        let mut to_x = gx.chunks_mut(some * inputs);
        let mut from_y = y.chunks(some * units);
        for (x, gy) in x.chunks(some * inputs).zip(gy.chunks_mut(some * units)) {
            if let (Some(map), Some(y)) = (self.then, from_y.next()) {
                // Parts that are done on this thread.
                let parts = gy.chunks_mut(part).zip(y.chunks(part));
                parts.for_each(|(gy, y)| map.back(gy, &[], y));
            }
            add_rows(gy, gb);
            let shape = Shape {
                rows: inputs,
                columns: units,
                depth: x.len() / inputs,
            };
            accumulate(room, shape, x, gy, gw);
            if let (Some(turned), Some(gx)) = (turned, to_x.next()) {
                turned.multiply(room, gy, gx, onto);
            }
        }
    }
}

/// Rows on their way back.
struct Walk<'a> {
    x: &'a [f32],
    y: &'a [f32],
    gy: &'a mut [f32],
    gx: &'a mut [f32],
}

/// Adds the constant terms to each row, or to the part of one that there is.
#[inline(always)]
fn add_to_rows(rows: &mut [f32], b: &[f32], width: usize) {
    for row in rows.chunks_mut(width) {
        row.iter_mut().zip(b).for_each(|(y, b)| *y += b);
    }
}

#[cfg(test)]
mod tests {
    use super::super::differences::{check, random, weighted};
    use super::*;

    #[test]
    fn a_small_product_by_hand() {
        let layer = Dense {
            then: Some(Map::Relu),
            ..Dense::new(2, 3)
        };
        let w = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let mut y = [f32::NAN; 3];
        layer.forward(&[1.0, -1.0], &w, Some(&[2.0, 3.5, 4.0]), &mut y);
        assert_eq!(y, [0.0, 0.5, 1.0]);
    }

    #[test]
    fn gradients_are_finite_differences() {
        for (seed, (rows, inputs, units)) in [
            (1, 1, 1),
            (3, 4, 5),
            (2, 7, 1),
            (70, 3, 2),
            (5, 2, 70),
            (300, 3, 2),
        ]
        .into_iter()
        .enumerate()
        {
            for bias in [false, true] {
                let layer = Dense::new(inputs, units);
                let seed = seed as u64 * 10;
                let (x, w) = (
                    random(rows * inputs, seed),
                    random(inputs * units, seed + 1),
                );
                let b = random(units, seed + 2);
                let g = random(rows * units, seed + 3);
                let run = |x: &[f32], w: &[f32], b: &[f32]| {
                    let mut y = vec![f32::NAN; rows * units];
                    layer.forward(x, w, bias.then_some(b), &mut y);
                    y
                };
                let y = run(&x, &w, &b);
                let (mut gx, mut gw) = (vec![f32::NAN; x.len()], vec![f32::NAN; w.len()]);
                let mut gb = vec![0.0; units];
                let (mut gy, to_b) = (g.clone(), bias.then_some(&mut gb[..]));
                layer.backward(&x, &y, &w, &mut gy, &mut gw, to_b, Some(&mut gx), false);
                let mut twice = gx.clone();
                let (mut gy, mut gw) = (g.clone(), gw.clone());
                let to_x = Some(&mut twice[..]);
                layer.backward(&x, &y, &w, &mut gy, &mut gw, None, to_x, true);
                for (twice, once) in twice.iter().zip(&gx) {
                    assert!((twice - 2.0 * once).abs() <= 1e-5 * once.abs().max(1.0));
                }
                check("dense x", &x, &gx, |x| weighted(&run(x, &w, &b), &g));
                check("dense w", &w, &gw, |w| weighted(&run(&x, w, &b), &g));
                check("dense b", &b, &gb, |b| weighted(&run(&x, &w, b), &g));
            }
        }
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bits() {
        // Large enough for a tile unit, and for several blocks of rows.
        let layer = Dense {
            then: Some(Map::Tanh),
            ..Dense::new(64, 96)
        };
        let (x, w, b) = (random(400 * 64, 1), random(64 * 96, 2), random(96, 3));
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            pool.build().unwrap().install(|| {
                let mut y = vec![f32::NAN; 400 * 96];
                layer.forward(&x, &w, Some(&b), &mut y);
                let mut gy = random(400 * 96, 4);
                let (mut gw, mut gb) = (vec![f32::NAN; w.len()], vec![f32::NAN; 96]);
                let mut gx = vec![f32::NAN; x.len()];
                let (to_b, to_x) = (Some(&mut gb[..]), Some(&mut gx[..]));
                layer.backward(&x, &y, &w, &mut gy, &mut gw, to_b, to_x, false);
                let all = [y, gw, gb, gx].concat();
                all.into_iter().map(f32::to_bits).collect::<Vec<u32>>()
            })
        };
        let one = run(1);
        assert!(run(2) == one && run(5) == one);
    }

    #[test]
    fn a_function_inside_equals_one_after() {
        // Few rows, and blocks of many.
        one_inside(3);
        one_inside(400);
    }

    fn one_inside(rows: usize) {
        let (x, w, b) = (random(4 * rows, 1), random(20, 2), random(5, 3));
        for map in [Map::Relu, Map::Softplus(-0.7), Map::Sigmoid, Map::Tanh] {
            let plain = Dense::new(4, 5);
            let fused = Dense {
                then: Some(map),
                ..plain
            };
            let (mut y, mut z) = (vec![0.0; 5 * rows], vec![0.0; 5 * rows]);
            plain.forward(&x, &w, Some(&b), &mut y);
            map.apply(&mut y);
            fused.forward(&x, &w, Some(&b), &mut z);
            assert_eq!(y, z);
            let g = random(5 * rows, 4);
            let gradients = |layer: &Dense, mut gy: Vec<f32>| {
                let (mut gw, mut gb, mut gx) =
                    (vec![0.0; 20], vec![0.0; 5], vec![0.0; 4 * rows]);
                let to_x = Some(&mut gx[..]);
                layer.backward(&x, &y, &w, &mut gy, &mut gw, Some(&mut gb), to_x, false);
                (gw, gb, gx)
            };
            let mut before = g.clone();
            map.back(&mut before, &[], &y);
            assert_eq!(gradients(&plain, before), gradients(&fused, g), "{map:?}");
        }
    }
}
