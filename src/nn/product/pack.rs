//! The factors of a product split for the tile unit. In: rows or columns of a matrix of single
//! precision. Out: panels of tiles.
//!
//! A number of 24 significant bits becomes the sum of three of eight: high + middle + low. The
//! unit takes numbers in pairs, one below the other in depth; which two make a pair is free,
//! as long as both factors agree, and these are numbers `k` and `k + 16` of every 32: so rows
//! are packed without moving numbers about.
#![allow(
    unsafe_code,
    reason = "tiles are filled through pointers, with instructions not every processor has"
)]

use std::arch::x86_64::{
    __m512, __m512i, _mm512_castps_si512, _mm512_maskz_loadu_ps, _mm512_mul_ps,
    _mm512_set1_epi32, _mm512_set1_ps, _mm512_shuffle_i32x4, _mm512_srli_epi32,
    _mm512_store_si512, _mm512_sub_ps, _mm512_ternarylogic_epi32, _mm512_unpackhi_epi32,
    _mm512_unpackhi_epi64, _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
};

use super::amx::there;

/// Rows, and columns, of a block of the result: two tiles each way.
pub(super) const SIDE: usize = 32;
/// Rows of a tile.
pub(super) const HALF: usize = 16;
/// Numbers of depth in a tile.
const DEEP: usize = 32;
/// Lines of a panel for each [`DEEP`] numbers of depth: three parts of two tiles.
const STEP: usize = 6 * HALF;

/// A line of a tile: pairs of numbers, of depths `k` and `k + 16`, the first of a pair in the
/// lower half.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Line([u32; HALF]);

const EMPTY: Line = Line([0; HALF]);

/// Rows of a left factor or columns of a right one, in panels of 32, split into three parts
/// and laid out tile by tile: for every 32 numbers of depth two tiles of high parts, two of
/// middle ones, two of low ones.
#[derive(Default)]
pub(super) struct Panels {
    /// At least as many as the panels take up.
    lines: Vec<Line>,
    count: usize,
    /// Thirty-twos of depth.
    steps: usize,
}

/// A matrix to be packed: numbers from `values` on, rows `step` numbers apart.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) values: &'a [f32],
    pub(super) step: usize,
}

impl Source<'_> {
    /// Sixteen numbers of a row from `column` on, zero where there are none.
    ///
    /// # Safety
    /// The processor has AVX-512, and a matrix of that size lies within the values.
    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn read(
        &self,
        (rows, columns): (usize, usize),
        row: usize,
        column: usize,
    ) -> __m512 {
        let there = match row < rows {
            true => columns.saturating_sub(column).min(HALF),
            false => 0,
        };
        let mask = ((1u32 << there) - 1) as u16;
        let start = row * self.step + column;
        debug_assert!(there == 0 || start + there <= self.values.len());
        // SAFETY: only numbers under the mask are read, and the caller's matrix lies within
        // the values.
        unsafe { _mm512_maskz_loadu_ps(mask, self.values.as_ptr().wrapping_add(start)) }
    }
}

impl Panels {
    /// Packs `count` rows of a left factor whose depth lies along them.
    pub(super) fn take_rows(&mut self, x: Source, count: usize, depth: usize) {
        assert!(there() && holds(x, count, depth));
        self.fit(count, depth);
        // SAFETY: the processor has AVX-512, the rows lie within the values, and the panels
        // fit them.
        unsafe { pack_rows(self, x, count, depth) }
    }

    /// Packs `count` columns of a right factor, whose rows go down the depth.
    pub(super) fn take_columns(&mut self, x: Source, count: usize, depth: usize) {
        assert!(there() && holds(x, depth, count));
        self.fit(count, depth);
        // SAFETY: as above, of columns.
        unsafe { pack_columns(self, x, count, depth, false) }
    }

    /// Packs `count` rows of a left factor that lie as columns: its rows go down the depth.
    pub(super) fn take_turned(&mut self, x: Source, count: usize, depth: usize) {
        assert!(there() && holds(x, depth, count));
        self.fit(count, depth);
        // SAFETY: as above, of columns.
        unsafe { pack_columns(self, x, count, depth, true) }
    }

    /// How many panels there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Thirty-twos of their depth.
    pub(super) fn steps(&self) -> usize {
        self.steps
    }

    /// The first line of a panel, which is followed by all others of that panel.
    pub(super) fn first(&self, panel: usize) -> *const Line {
        let size = self.steps * STEP;
        let lines = self.lines.get(panel * size..(panel + 1) * size);
        lines.unwrap_or(&[]).as_ptr()
    }

    /// Makes room; every line of it is going to be written.
    fn fit(&mut self, count: usize, depth: usize) {
        self.count = count.div_ceil(SIDE);
        self.steps = depth.div_ceil(DEEP);
        let needed = self.count * self.steps * STEP;
        if self.lines.len() < needed {
            self.lines.resize(needed, EMPTY);
        }
    }

    /// The lines of a panel from a step on.
    #[inline]
    fn step(&mut self, panel: usize, step: usize) -> &mut [Line] {
        let first = (panel * self.steps + step) * STEP;
        self.lines.get_mut(first..first + STEP).unwrap_or(&mut [])
    }
}

/// Whether a matrix of `rows` × `columns` lies within the values.
fn holds(x: Source, rows: usize, columns: usize) -> bool {
    rows == 0 || columns == 0 || (rows - 1) * x.step + columns <= x.values.len()
}

/// Sixteen numbers as high, middle and low parts of eight bits each, which add up to them.
/// After Veltkamp, "A floating-point technique for extending the available precision"
/// (T. J. Dekker, Numer. Math. 18, 224, 1971).
#[inline]
#[target_feature(enable = "avx512f")]
fn split(x: __m512) -> [__m512; 3] {
    let spread = _mm512_set1_ps(65_537.0);
    let top = |x: __m512| {
        let far = _mm512_mul_ps(x, spread);
        _mm512_sub_ps(far, _mm512_sub_ps(far, x))
    };
    let high = top(x);
    let rest = _mm512_sub_ps(x, high);
    let middle = top(rest);
    [high, middle, _mm512_sub_ps(rest, middle)]
}

/// Pairs of numbers of eight bits: those of `x` in the lower halves, those of `y` in the
/// upper ones. (Numbers too small to be normal have bits below their upper half.)
#[inline]
#[target_feature(enable = "avx512f")]
fn paired(x: __m512, y: __m512) -> __m512i {
    let low = _mm512_srli_epi32::<16>(_mm512_castps_si512(x));
    let upper = _mm512_set1_epi32(0xFFFF_0000_u32 as i32);
    // low | y & upper.
    _mm512_ternarylogic_epi32::<0xF8>(low, _mm512_castps_si512(y), upper)
}

/// Writes a line.
///
/// # Safety
/// `place` is one of `lines`.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn write(lines: &mut [Line], place: usize, pairs: __m512i) {
    debug_assert!(place < lines.len());
    // SAFETY: the caller's promise; lines are aligned.
    unsafe { _mm512_store_si512(lines.as_mut_ptr().add(place).cast(), pairs) }
}

/// Packs rows whose depth lies along them.
///
/// # Safety
/// The processor has AVX-512, the matrix of `count` × `depth` lies within the values, and the
/// panels fit it.
#[target_feature(enable = "avx512f")]
unsafe fn pack_rows(panels: &mut Panels, x: Source, count: usize, depth: usize) {
    let size = (count, depth);
    for row in 0..panels.count * SIDE {
        for step in 0..panels.steps {
            let (near, far) = (step * DEEP, step * DEEP + HALF);
            // SAFETY: the caller's promise.
            let near = split(unsafe { x.read(size, row, near) });
            let far = split(unsafe { x.read(size, row, far) });
            let lines = panels.step(row / SIDE, step);
            let row = row % SIDE;
            for (part, (near, far)) in near.into_iter().zip(far).enumerate() {
                let line = (2 * part + row / HALF) * HALF + row % HALF;
                // SAFETY: a step has lines for three parts of two tiles.
                unsafe { write(lines, line, paired(near, far)) };
            }
        }
    }
}

/// Packs columns, each row being one number of depth of all; `turned` for a left factor.
///
/// # Safety
/// The processor has AVX-512, the matrix of `depth` × `count` lies within the values, and the
/// panels fit it.
#[target_feature(enable = "avx512f")]
unsafe fn pack_columns(
    panels: &mut Panels,
    x: Source,
    count: usize,
    depth: usize,
    turned: bool,
) {
    let size = (depth, count);
    // Rows go by once, so that they are read as they lie.
    for step in 0..panels.steps {
        for row in 0..HALF {
            let near = step * DEEP + row;
            for tile in 0..2 * panels.count {
                // SAFETY: the caller's promise.
                let [near, far] = [near, near + HALF]
                    .map(|row| split(unsafe { x.read(size, row, tile * HALF) }));
                let lines = panels.step(tile / 2, step);
                for (part, (near, far)) in near.into_iter().zip(far).enumerate() {
                    let line = (2 * part + tile % 2) * HALF + row;
                    // SAFETY: a step has lines for three parts of two tiles.
                    unsafe { write(lines, line, paired(near, far)) };
                }
            }
        }
        if !turned {
            continue;
        }
        for panel in 0..panels.count {
            for tile in panels.step(panel, step).chunks_exact_mut(HALF) {
                // SAFETY: a tile has sixteen lines.
                unsafe { turn(tile) };
            }
        }
    }
}

/// Turns a tile: lines to columns of pairs.
///
/// # Safety
/// There are sixteen lines.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn turn(lines: &mut [Line]) {
    let first = lines.as_mut_ptr().cast::<__m512i>();
    // SAFETY: the caller's promise; lines are aligned, and as long as a vector.
    let line = |k: usize| unsafe { first.add(k) };
    for four in (0..HALF).step_by(4) {
        // SAFETY: as above.
        let [a, b, c, d] = [0, 1, 2, 3].map(|k| unsafe { *line(four + k) });
        let (ab, cd) = (_mm512_unpacklo_epi32(a, b), _mm512_unpacklo_epi32(c, d));
        let (ab_far, cd_far) = (_mm512_unpackhi_epi32(a, b), _mm512_unpackhi_epi32(c, d));
        let columns = [
            _mm512_unpacklo_epi64(ab, cd),
            _mm512_unpackhi_epi64(ab, cd),
            _mm512_unpacklo_epi64(ab_far, cd_far),
            _mm512_unpackhi_epi64(ab_far, cd_far),
        ];
        for (k, column) in columns.into_iter().enumerate() {
            // SAFETY: as above.
            unsafe { *line(four + k) = column };
        }
    }
    // Now line 4q + k has, in its block p, column 4p + k of the lines 4q to 4q + 3.
    let mut turned = [EMPTY; HALF];
    let to = turned.as_mut_ptr().cast::<__m512i>();
    for k in 0..4 {
        // SAFETY: as above.
        let [a, b, c, d] = [0, 4, 8, 12].map(|four| unsafe { *line(four + k) });
        let near = _mm512_shuffle_i32x4::<0x88>(a, b);
        let near_odd = _mm512_shuffle_i32x4::<0xDD>(a, b);
        let far = _mm512_shuffle_i32x4::<0x88>(c, d);
        let far_odd = _mm512_shuffle_i32x4::<0xDD>(c, d);
        let columns = [
            _mm512_shuffle_i32x4::<0x88>(near, far),
            _mm512_shuffle_i32x4::<0x88>(near_odd, far_odd),
            _mm512_shuffle_i32x4::<0xDD>(near, far),
            _mm512_shuffle_i32x4::<0xDD>(near_odd, far_odd),
        ];
        for (block, column) in columns.into_iter().enumerate() {
            // SAFETY: sixteen lines again.
            unsafe { *to.add(4 * block + k) = column };
        }
    }
    lines.copy_from_slice(&turned);
}
