//! Matrix products by `gemm` or on a tile unit (`split.rs`), cut into fixed tiles. In: views
//! of two matrices. Out: their product, row-major. The order of summation depends on the
//! shapes alone, so the bits are the same for any number of threads (within one class of
//! processor).
#![allow(unsafe_code, reason = "gemm's interface is pointers and strides")]

#[cfg(target_arch = "x86_64")]
mod amx;
#[cfg(target_arch = "x86_64")]
mod pack;
mod right;
#[cfg(target_arch = "x86_64")]
mod split;

pub(crate) use right::{Right, Room, accumulate};

use rayon::prelude::*;

use super::blocks::{sum_blocks, summed_rows};

/// Columns per tile of a product with few rows.
const TILE_COLUMNS: usize = 128;
/// Rows per tile of a product with many rows, at least, and at most: the right factor is
/// packed for each tile anew, so tiles are tall where there are rows for all threads.
const TILE_ROWS: usize = 264;
const TALL_ROWS: usize = 1584;
/// Tiles that there are at least before they become taller.
const TILES: usize = 24;
/// Products with at most this many rows count as having few.
const FEW_ROWS: usize = 64;
/// Below this depth and width a product is too small to be worth turning.
const WORTH_TURNING: usize = 64;

/// Whether this processor has a tile unit that products are done on: they round otherwise
/// there.
pub fn on_tiles() -> bool {
    #[cfg(target_arch = "x86_64")]
    return amx::there();
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// A view of a matrix: element (i, j) is `values[i * row_step + j * column_step]`.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) row_step: usize,
    pub(crate) column_step: usize,
}

impl<'a> View<'a> {
    /// A row-major matrix of rows `width` long.
    pub(crate) fn rows(values: &'a [f32], width: usize) -> View<'a> {
        View {
            values,
            row_step: width,
            column_step: 1,
        }
    }

    /// The transpose.
    pub(crate) fn turned(self) -> View<'a> {
        View {
            values: self.values,
            row_step: self.column_step,
            column_step: self.row_step,
        }
    }

    /// Whether a matrix of `rows` × `columns` lies within the values.
    fn holds(&self, rows: usize, columns: usize) -> bool {
        if rows == 0 || columns == 0 {
            return true;
        }
        let last = (rows - 1) * self.row_step + (columns - 1) * self.column_step;
        last < self.values.len()
    }

    /// A pointer to element (row, column).
    fn at(&self, row: usize, column: usize) -> *const f32 {
        let place = row * self.row_step + column * self.column_step;
        self.values.as_ptr().wrapping_add(place)
    }
}

/// The shape of a product: `rows` × `depth` times `depth` × `columns`.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) depth: usize,
}

/// `c = a·b`, or `c += a·b` if `onto`, on this thread.
pub(crate) fn multiply(shape: Shape, a: View, b: View, c: &mut [f32], onto: bool) {
    check(shape, a, b, c);
    // SAFETY: `check` has seen that both views and the result lie within their slices.
    unsafe {
        call(
            shape,
            a,
            b,
            Target::new(c, shape.columns),
            0,
            0,
            shape,
            onto,
        )
    }
}

/// `c = a·bᵀ`, or `c += a·bᵀ` if `onto`, on all threads, for `b` of rows `depth` long:
/// packing turned numbers is slow, and done for each tile, so where there are many rows
/// `b` is turned once.
pub(crate) fn multiply_by_turned(
    shape: Shape,
    a: View,
    b: &[f32],
    c: &mut [f32],
    onto: bool,
) {
    if shape.rows <= FEW_ROWS {
        let b = View::rows(b, shape.depth).turned();
        if !onto {
            return multiply_tiled(shape, a, b, c, |_, _| ());
        }
        let mut part = vec![0.0; c.len()];
        multiply_tiled(shape, a, b, &mut part, |_, _| ());
        return super::blocks::add(c, &part);
    }
    let turned = turned(b, shape.depth);
    let b = View::rows(&turned, shape.columns);
    tiled(shape, a, b, c, onto, |_, _| ());
}

/// `c = a·b` on all threads; then `finish(first column, part)` on each part: whole rows that
/// follow each other, or part of one row.
pub(crate) fn multiply_tiled(
    shape: Shape,
    a: View,
    b: View,
    c: &mut [f32],
    finish: impl Fn(usize, &mut [f32]) + Sync,
) {
    tiled(shape, a, b, c, false, finish);
}

/// The same; `c += a·b` if `onto`.
fn tiled(
    shape: Shape,
    a: View,
    b: View,
    c: &mut [f32],
    onto: bool,
    finish: impl Fn(usize, &mut [f32]) + Sync,
) {
    check(shape, a, b, c);
    let few = shape.rows <= FEW_ROWS;
    #[cfg(target_arch = "x86_64")]
    if !few && split::serves(shape, a, b) {
        return split::multiply(shape, a, b, c, onto, |part| finish(0, part));
    }
    let (tall, wide) = match few {
        true => (shape.rows.max(1), TILE_COLUMNS),
        false => (tall(shape.rows), shape.columns.max(1)),
    };
    let flat = b.row_step == 1 && a.column_step == 1;
    if few && flat && !onto && shape.depth.min(shape.columns) >= WORTH_TURNING {
        return multiply_turned(shape, a, b, c, finish);
    }
    let across = shape.columns.div_ceil(wide);
    let target = Target::new(c, shape.columns);
    let tiles = shape.rows.div_ceil(tall) * across;
    (0..tiles).into_par_iter().for_each(|tile| {
        let (row, column) = (tile / across * tall, tile % across * wide);
        let part = Shape {
            rows: tall.min(shape.rows - row),
            columns: wide.min(shape.columns - column),
            depth: shape.depth,
        };
        // SAFETY: the part lies within the product, whose operands `check` has seen to lie
        // within their slices, and tiles do not overlap.
        unsafe { call(shape, a, b, target, row, column, part, onto) }
        if part.columns == shape.columns {
            let numbers = part.rows * part.columns;
            // SAFETY: as above; whole rows follow each other.
            return finish(0, unsafe { target.part(row, 0, numbers) });
        }
        for row in row..row + part.rows {
            // SAFETY: as above; the reference ends before the next is made.
            finish(column, unsafe { target.part(row, column, part.columns) });
        }
    });
}

/// Rows per tile of `rows` rows.
fn tall(rows: usize) -> usize {
    let even = (rows / TILES).next_multiple_of(TILE_ROWS);
    even.clamp(TILE_ROWS, TALL_ROWS)
}

/// `multiply_tiled` for few rows and a right factor that lies transposed: the transpose of
/// the result is made, a tile at a time, from `b` as it lies (`gemm` would copy all of it
/// into another order, for too few rows to repay that) and a turned copy of `a`.
fn multiply_turned(
    shape: Shape,
    a: View,
    b: View,
    c: &mut [f32],
    finish: impl Fn(usize, &mut [f32]) + Sync,
) {
    let mut turned = vec![0.0; shape.depth * shape.rows];
    for (row, values) in a.values.chunks(a.row_step).take(shape.rows).enumerate() {
        let places = turned.iter_mut().skip(row).step_by(shape.rows);
        places.zip(values).for_each(|(to, from)| *to = *from);
    }
    let target = Target::new(c, shape.columns);
    let tiles = shape.columns.div_ceil(TILE_ROWS);
    let fresh = || vec![0.0; TILE_ROWS * shape.rows];
    (0..tiles).into_par_iter().for_each_init(fresh, |tile, k| {
        let column = k * TILE_ROWS;
        let columns = TILE_ROWS.min(shape.columns - column);
        let part = Shape {
            rows: columns,
            columns: shape.rows,
            depth: shape.depth,
        };
        let (left, _) = tile.split_at_mut(columns * shape.rows);
        let start = column * b.column_step;
        let rows = View::rows(b.values.get(start..).unwrap_or(&[]), b.column_step);
        multiply(part, rows, View::rows(&turned, shape.rows), left, false);
        for row in 0..shape.rows {
            // SAFETY: the part lies within the result, tiles do not overlap, and the
            // reference ends before the next is made.
            let part = unsafe { target.part(row, column, columns) };
            let values = left.iter().skip(row).step_by(shape.rows);
            part.iter_mut()
                .zip(values)
                .for_each(|(to, from)| *to = *from);
            finish(column, part);
        }
    });
}

/// `c = aᵀ·b` for `a` of `depth` rows and `b` of `depth` rows, where `depth` may be large
/// and the result small (the gradient of a weight): cut along the sum if that is long,
/// along the result if not.
pub(crate) fn multiply_summed(shape: Shape, a: View, b: View, c: &mut [f32]) {
    let block = summed_rows(shape.depth, 1024);
    if shape.depth <= block {
        return multiply_tiled(shape, a.turned(), b, c, |_, _| ());
    }
    check(shape, a.turned(), b, c);
    sum_blocks(shape.depth.div_ceil(block), c, |k, sum| {
        let first = k * block;
        let shape = Shape {
            depth: block.min(shape.depth - first),
            ..shape
        };
        let skip = |view: View<'_>| first * view.row_step;
        let a = View {
            values: a.values.get(skip(a)..).unwrap_or(&[]),
            ..a
        };
        let b = View {
            values: b.values.get(skip(b)..).unwrap_or(&[]),
            ..b
        };
        multiply(shape, a.turned(), b, sum, true);
    });
}

/// The transpose of a matrix of rows `width` long, row-major.
fn turned(x: &[f32], width: usize) -> Vec<f32> {
    let mut turned = vec![0.0; x.len()];
    let height = x.len() / width.max(1);
    for (column, row) in x.chunks_exact(width.max(1)).enumerate() {
        let places = turned.iter_mut().skip(column).step_by(height.max(1));
        places.zip(row).for_each(|(to, from)| *to = *from);
    }
    turned
}

/// Panics unless both operands and the result lie within their slices: the callers'
/// shapes come from one checked graph, so this is a fault of `nn`, never of the input.
fn check(shape: Shape, a: View, b: View, c: &[f32]) {
    assert!(a.holds(shape.rows, shape.depth), "left factor of a product");
    assert!(
        b.holds(shape.depth, shape.columns),
        "right factor of a product"
    );
    assert_eq!(c.len(), shape.rows * shape.columns, "result of a product");
}

/// The result of a product, written by several threads in parts that do not overlap.
#[derive(Clone, Copy)]
struct Target {
    first: *mut f32,
    width: usize,
}

// SAFETY: threads write to parts that do not overlap (see `multiply_tiled`).
unsafe impl Send for Target {}
// SAFETY: as above.
unsafe impl Sync for Target {}

impl Target {
    fn new(c: &mut [f32], width: usize) -> Target {
        Target {
            first: c.as_mut_ptr(),
            width,
        }
    }

    /// Numbers from `column` of a row on.
    ///
    /// # Safety
    /// The part lies within the result and nothing else refers to it.
    unsafe fn part<'a>(self, row: usize, column: usize, columns: usize) -> &'a mut [f32] {
        // SAFETY: the caller's promise.
        unsafe {
            let first = self.first.add(row * self.width + column);
            std::slice::from_raw_parts_mut(first, columns)
        }
    }
}

/// The part of `a·b` at (`row`, `column`) of shape `part`.
///
/// # Safety
/// The part lies within the product `shape`, whose operands and result lie within their
/// slices, and nothing else refers to that part of the result.
#[allow(
    clippy::too_many_arguments,
    reason = "two factors, a result and a place in it"
)]
unsafe fn call(
    shape: Shape,
    a: View,
    b: View,
    c: Target,
    row: usize,
    column: usize,
    part: Shape,
    onto: bool,
) {
    debug_assert!(
        row + part.rows <= shape.rows && column + part.columns <= shape.columns
    );
    // SAFETY: the caller's promise; strides are in numbers, alpha scales what is there.
    unsafe {
        gemm::gemm(
            part.rows,
            part.columns,
            part.depth,
            c.first.wrapping_add(row * c.width + column),
            1,
            c.width as isize,
            onto,
            a.at(row, 0),
            a.column_step as isize,
            a.row_step as isize,
            b.at(0, column),
            b.column_step as isize,
            b.row_step as isize,
            if onto { 1.0 } else { 0.0 },
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests;
