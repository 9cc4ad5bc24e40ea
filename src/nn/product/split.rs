//! Whole products on the tile unit. In: views of two matrices. Out: their product, cut into
//! tasks by its shape alone, so that any number of threads gives the same bits.

use rayon::prelude::*;

use super::super::blocks::vectorised;
use super::amx::{Soon, Unit, there};
use super::pack::{Panels, SIDE, Source};
use super::{Shape, View};

/// Numbers of depth that are packed at once, at most.
const DEPTH: usize = 256;
/// Rows of the result in a task: few enough that they are still in the cache when they are
/// finished.
const ROWS: usize = 128;
/// Rows of a weight's gradient for which the left factor is packed at once.
const PACKED: usize = 256;
/// Sizes below which packing takes as long as it saves.
const LEAST: usize = 64;

/// Whether a product is done here.
pub(super) fn serves(shape: Shape, a: View, b: View) -> bool {
    let Shape {
        rows,
        columns,
        depth,
    } = shape;
    let packs = (a.column_step == 1 || a.row_step == 1) && b.column_step == 1;
    // Tiles are filled up with zeros: at most a fifth of the work may be done on those.
    let filled = |size: usize| size.next_multiple_of(SIDE);
    let all = filled(rows) * filled(columns) * filled(depth);
    let full = 4 * all <= 5 * rows * columns * depth;
    packs && full && rows.min(columns).min(depth) >= LEAST && there()
}

/// What lies from (`row`, `column`) of a view on.
fn part<'a>(x: View<'a>, (row, column): (usize, usize)) -> &'a [f32] {
    let start = row * x.row_step + column * x.column_step;
    x.values.get(start..).unwrap_or(&[])
}

/// Packs `count` rows of a left factor from `at` (row, column) on.
fn pack_left(
    panels: &mut Panels,
    a: View,
    at: (usize, usize),
    count: usize,
    depth: usize,
) {
    let values = part(a, at);
    match (a.column_step, a.row_step) {
        (1, step) => panels.take_rows(Source { values, step }, count, depth),
        (step, _) => panels.take_turned(Source { values, step }, count, depth),
    }
}

/// Packs `depth` rows of a right factor from `row` on.
fn pack_right(panels: &mut Panels, b: View, row: usize, columns: usize, depth: usize) {
    let (values, step) = (part(b, (row, 0)), b.row_step);
    panels.take_columns(Source { values, step }, columns, depth);
}

/// The parts of a depth that are packed at once: first and length.
fn depths(depth: usize) -> impl Iterator<Item = (usize, usize)> {
    let firsts = (0..depth).step_by(DEPTH);
    firsts.map(move |first| (first, DEPTH.min(depth - first)))
}

/// Writes the product of a panel of 32 rows and all of the right factor to the rows `c`, or
/// adds it if `onto`. Gives what is to be fetched next.
fn multiply_panel(
    left: (&Panels, usize),
    right: &Panels,
    (c, width): (&mut [f32], usize),
    onto: bool,
    mut soon: Soon,
) -> Soon {
    let unit = Unit::new();
    for j in 0..right.count() {
        let columns = SIDE.min(width - j * SIDE);
        let whole = c.len() == SIDE * width && columns == SIDE;
        if whole && !onto {
            let c = c.get_mut(j * SIDE..).unwrap_or(&mut []);
            unit.multiply(left, (right, j), (c, width), soon);
        } else {
            let mut block = [0.0; SIDE * SIDE];
            unit.multiply(left, (right, j), (&mut block, SIDE), soon);
            place(&block, (c, width), (j * SIDE, columns), onto);
        }
        soon = soon.past(right);
    }
    soon
}

/// Writes or adds `columns` columns of a block to rows, from `first` on.
fn place(
    block: &[f32; SIDE * SIDE],
    (c, width): (&mut [f32], usize),
    (first, columns): (usize, usize),
    onto: bool,
) {
    vectorised(
        #[inline(always)]
        || {
            let rows = c.chunks_exact_mut(width).zip(block.chunks_exact(SIDE));
            for (row, made) in rows {
                let row = row.get_mut(first..first + columns).unwrap_or(&mut []);
                match onto {
                    true => row.iter_mut().zip(made).for_each(|(c, x)| *c += x),
                    false => row.iter_mut().zip(made).for_each(|(c, x)| *c = *x),
                }
            }
        },
    );
}

/// A right factor, packed.
pub(super) struct Right {
    width: usize,
    /// First number of depth, how many, and what was packed of them.
    parts: Vec<(usize, usize, Panels)>,
}

impl Right {
    pub(super) fn new(b: View, columns: usize, depth: usize) -> Right {
        let packed = |(first, depth)| {
            let mut panels = Panels::default();
            pack_right(&mut panels, b, first, columns, depth);
            (first, depth, panels)
        };
        Right {
            width: columns,
            parts: depths(depth).map(packed).collect(),
        }
    }

    /// Writes the rows of `a` from `first` on, times this, to `c`, or adds them if `onto`, on
    /// this thread; `left` is room for what is packed of `a`.
    pub(super) fn multiply(
        &self,
        left: &mut Panels,
        (a, first): (View, usize),
        c: &mut [f32],
        onto: bool,
    ) {
        let width = self.width;
        for (k, c) in c.chunks_mut(SIDE * width).enumerate() {
            let row = first + k * SIDE;
            let next = [SIDE * a.row_step, SIDE * width];
            let mut soon = Soon::new([part(a, (row, 0)), c], next);
            for (begin, depth, right) in &self.parts {
                pack_left(left, a, (row, *begin), c.len() / width, *depth);
                let onto = onto || *begin > 0;
                soon = multiply_panel((left, 0), right, (c, width), onto, soon);
            }
        }
    }
}

/// `c = a·b`, or `c += a·b` if `onto`; then `finish` on each part of some whole rows.
pub(super) fn multiply(
    shape: Shape,
    a: View,
    b: View,
    c: &mut [f32],
    onto: bool,
    finish: impl Fn(&mut [f32]) + Sync,
) {
    let right = Right::new(b, shape.columns, shape.depth);
    let tasks = c.par_chunks_mut(ROWS * shape.columns).enumerate();
    tasks.for_each_init(Panels::default, |left, (task, c)| {
        right.multiply(left, (a, task * ROWS), c, onto);
        finish(c);
    });
}

/// Adds `aᵀ·b` to `c`, for `a` and `b` of `shape.depth` rows, on this thread.
pub(super) fn accumulate(
    [left, right]: [&mut Panels; 2],
    shape: Shape,
    a: View,
    b: View,
    c: &mut [f32],
) {
    let width = shape.columns;
    let turned = a.turned();
    for (first, depth) in depths(shape.depth) {
        pack_right(right, b, first, width, depth);
        let next = [depth * a.row_step, depth * b.row_step];
        let mut soon = Soon::new([part(a, (first, 0)), part(b, (first, 0))], next);
        for (group, c) in c.chunks_mut(PACKED * width).enumerate() {
            pack_left(
                left,
                turned,
                (group * PACKED, first),
                c.len() / width,
                depth,
            );
            for (i, c) in c.chunks_mut(SIDE * width).enumerate() {
                soon = multiply_panel((left, i), right, (c, width), true, soon);
            }
        }
    }
}
