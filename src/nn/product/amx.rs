//! Matrix products on the tile unit (AMX) of the processors that have one. In: two matrices
//! of single precision. Out: their product, as near to the exact one as by multiply-adds in
//! single precision (the tests hold both against double precision).
//!
//! The unit multiplies numbers of eight significant bits and adds in single precision. A
//! number of 24 bits is the sum of three such, high + middle + low, and of the nine
//! products of two sums six matter: the other three are below the last bit. The five
//! smaller products are summed first, while the sums are small, then high·high. That takes
//! six operations for one, on a unit sixteen times as fast.
//!
//! A number beyond 2^111 becomes NaN; products below 2^-126 become zero.
#![allow(
    unsafe_code,
    reason = "tiles are reached by assembly, and filled through pointers"
)]

use std::arch::asm;
use std::arch::x86_64::{
    __cpuid, __cpuid_count, __m512, __m512i, _mm512_castps_si512, _mm512_maskz_loadu_ps,
    _mm512_mul_ps, _mm512_set1_epi32, _mm512_set1_ps, _mm512_shuffle_i32x4,
    _mm512_srli_epi32, _mm512_store_si512, _mm512_sub_ps, _mm512_ternarylogic_epi32,
    _mm512_unpackhi_epi32, _mm512_unpackhi_epi64, _mm512_unpacklo_epi32,
    _mm512_unpacklo_epi64,
};
use std::sync::OnceLock;

/// Rows, and columns, of a block of the result: two tiles each way.
pub(super) const SIDE: usize = 32;
/// Rows of a tile.
const HALF: usize = 16;
/// Numbers of depth in a tile.
const DEEP: usize = 32;
/// Numbers of each stretch that are fetched with every step of a product.
const FETCHED: usize = 8 * HALF;
/// Lines of a panel for each [`DEEP`] numbers of depth: three parts of two tiles.
const STEP: usize = 6 * HALF;

/// A line of a tile: pairs of numbers, of depths `k` and `k + 16`, the first of a pair in the
/// lower half.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u32; HALF]);

const EMPTY: Line = Line([0; HALF]);

/// Rows of a left factor or columns of a right one, in panels of 32, split into three parts
/// and laid out tile by tile: for every 32 numbers of depth two tiles of high parts, two of
/// middle ones, two of low ones.
#[derive(Default)]
pub(super) struct Panels {
    lines: Vec<Line>,
    count: usize,
    /// Thirty-twos of depth.
    steps: usize,
}

/// Whether this processor has the unit and the system lets this program use it.
pub(super) fn there() -> bool {
    static THERE: OnceLock<bool> = OnceLock::new();
    *THERE.get_or_init(|| {
        let wide = std::arch::is_x86_feature_detected!("avx512f");
        let leaves = __cpuid(0).eax >= 7;
        let bits = if leaves { __cpuid_count(7, 0).edx } else { 0 };
        // Tiles, and their product of numbers of eight bits.
        let unit = bits >> 24 & 1 == 1 && bits >> 22 & 1 == 1;
        wide && unit && permitted()
    })
}

/// Asks the system for the unit's registers, which are large and not given unasked.
#[cfg(target_os = "linux")]
fn permitted() -> bool {
    /// "Let me use a component of the processor's state", and tiles among those.
    const REQUEST: libc::c_long = 0x1023;
    const TILES: libc::c_long = 18;
    // SAFETY: the call has no arguments in memory and changes only what may be used.
    unsafe { libc::syscall(libc::SYS_arch_prctl, REQUEST, TILES) == 0 }
}

#[cfg(not(target_os = "linux"))]
fn permitted() -> bool {
    false
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
    /// The processor has AVX-512.
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

    /// Makes room; every line of it is going to be written.
    fn fit(&mut self, count: usize, depth: usize) {
        self.count = count.div_ceil(SIDE);
        self.steps = depth.div_ceil(DEEP);
        self.lines.resize(self.count * self.steps * STEP, EMPTY);
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

/// Two stretches of memory that are going to be needed soon: while the unit multiplies two
/// panels, so many numbers of each are fetched as [`Soon::past`] counts.
#[derive(Clone, Copy)]
pub(super) struct Soon([*const f32; 2]);

impl Soon {
    /// What begins `ahead` numbers after each. It may lie outside: fetching reads nothing.
    pub(super) fn new(stretches: [&[f32]; 2], ahead: [usize; 2]) -> Soon {
        let ([a, b], [i, j]) = (stretches, ahead);
        Soon([a.as_ptr().wrapping_add(i), b.as_ptr().wrapping_add(j)])
    }

    /// What follows after a product of panels like those.
    pub(super) fn past(self, panels: &Panels) -> Soon {
        Soon(self.0.map(|at| at.wrapping_add(panels.steps * FETCHED)))
    }
}

/// The unit, set up for tiles of sixteen lines on this thread until it is dropped. Nothing
/// else that uses it may run on the thread in between.
pub(super) struct Unit(());

/// How the unit is to see its eight tiles.
#[repr(C, align(64))]
struct Setup {
    layout: u8,
    start: u8,
    reserved: [u8; 14],
    /// Bytes per line of each.
    widths: [u16; 16],
    lines: [u8; 16],
}

static SETUP: Setup = Setup {
    layout: 1,
    start: 0,
    reserved: [0; 14],
    widths: [64, 64, 64, 64, 64, 64, 64, 64, 0, 0, 0, 0, 0, 0, 0, 0],
    lines: [16, 16, 16, 16, 16, 16, 16, 16, 0, 0, 0, 0, 0, 0, 0, 0],
};

impl Unit {
    pub(super) fn new() -> Unit {
        assert!(there());
        // SAFETY: the unit is there, and the setup is a valid one.
        unsafe { asm!("ldtilecfg [{0}]", in(reg) &raw const SETUP, options(nostack)) };
        Unit(())
    }

    /// Writes the block of 32 × 32 of the product of two panels of equal depth to the front
    /// of `c`, whose rows are `width` numbers apart.
    pub(super) fn multiply(
        &self,
        (left, i): (&Panels, usize),
        (right, j): (&Panels, usize),
        (c, width): (&mut [f32], usize),
        soon: Soon,
    ) {
        let steps = left.steps;
        assert!(i < left.count && j < right.count && right.steps == steps && steps > 0);
        assert!(width >= SIDE && (SIDE - 1) * width + SIDE <= c.len());
        let a = left.lines.as_ptr().wrapping_add(i * steps * STEP);
        let b = right.lines.as_ptr().wrapping_add(j * steps * STEP);
        // SAFETY: both panels have that many steps, `c` has room for the block, and the unit
        // is set up.
        unsafe { block((a, b), steps, (c.as_mut_ptr(), width), soon) }
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        // SAFETY: it gives the unit's registers back.
        unsafe { asm!("tilerelease", options(nostack, nomem)) };
    }
}

/// The product of two panels.
///
/// # Safety
/// Both have `steps` steps; `c` has 32 rows of 32 numbers, `width` numbers apart, that nothing
/// else refers to; the unit is set up for tiles of sixteen lines.
unsafe fn block(
    (a, b): (*const Line, *const Line),
    steps: usize,
    (c, width): (*mut f32, usize),
    Soon([near, far]): Soon,
) {
    // Tiles 0 to 3 are the block, 4 and 5 of the left factor, 6 and 7 of the right one. A
    // step of a panel is 6 KiB: high parts at 0, middle ones at 2048, low ones at 4096. The
    // order of the six products is one in which most read only one part anew.
    // SAFETY: the caller's promise; tiles are declared as overwritten.
    unsafe {
        asm!(
            "tilezero tmm0",
            "tilezero tmm1",
            "tilezero tmm2",
            "tilezero tmm3",
            "2:",
            // Middle·middle.
            "tileloadd tmm4, [{a} + {line}*1 + 2048]",
            "tileloadd tmm6, [{b} + {line}*1 + 2048]",
            "tileloadd tmm5, [{a} + {line}*1 + 3072]",
            "tileloadd tmm7, [{b} + {line}*1 + 3072]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "prefetcht1 [{near}]",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "prefetcht1 [{far}]",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "prefetcht1 [{near} + 64]",
            "tdpbf16ps tmm3, tmm5, tmm7",
            "prefetcht1 [{far} + 64]",
            // High·middle.
            "tileloadd tmm4, [{a} + {line}*1]",
            "tileloadd tmm5, [{a} + {line}*1 + 1024]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "prefetcht1 [{near} + 128]",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "prefetcht1 [{far} + 128]",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "prefetcht1 [{near} + 192]",
            "tdpbf16ps tmm3, tmm5, tmm7",
            "prefetcht1 [{far} + 192]",
            // High·low.
            "tileloadd tmm6, [{b} + {line}*1 + 4096]",
            "tileloadd tmm7, [{b} + {line}*1 + 5120]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "prefetcht1 [{near} + 256]",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "prefetcht1 [{far} + 256]",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "prefetcht1 [{near} + 320]",
            "tdpbf16ps tmm3, tmm5, tmm7",
            "prefetcht1 [{far} + 320]",
            // High·high.
            "tileloadd tmm6, [{b} + {line}*1]",
            "tileloadd tmm7, [{b} + {line}*1 + 1024]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "prefetcht1 [{near} + 384]",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "prefetcht1 [{far} + 384]",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "prefetcht1 [{near} + 448]",
            "tdpbf16ps tmm3, tmm5, tmm7",
            "prefetcht1 [{far} + 448]",
            // Middle·high.
            "tileloadd tmm4, [{a} + {line}*1 + 2048]",
            "tileloadd tmm5, [{a} + {line}*1 + 3072]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "tdpbf16ps tmm3, tmm5, tmm7",
            // Low·high.
            "tileloadd tmm4, [{a} + {line}*1 + 4096]",
            "tileloadd tmm5, [{a} + {line}*1 + 5120]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "tdpbf16ps tmm3, tmm5, tmm7",
            "add {near}, 512",
            "add {far}, 512",
            "add {a}, 6144",
            "add {b}, 6144",
            "dec {steps}",
            "jnz 2b",
            "tilestored [{c} + {width}*1], tmm0",
            "tilestored [{c} + {width}*1 + 64], tmm1",
            "tilestored [{low} + {width}*1], tmm2",
            "tilestored [{low} + {width}*1 + 64], tmm3",
            a = inout(reg) a => _,
            near = inout(reg) near => _,
            far = inout(reg) far => _,
            b = inout(reg) b => _,
            c = in(reg) c,
            low = in(reg) c.wrapping_add(HALF * width),
            steps = inout(reg) steps => _,
            line = in(reg) size_of::<Line>(),
            width = in(reg) width * size_of::<f32>(),
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
            out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
            options(nostack),
        );
    }
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
/// The matrix of `count` × `depth` lies within the values, the panels fit it.
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
/// The matrix of `depth` × `count` lies within the values, the panels fit it.
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
        for panel in (0..panels.count).filter(|_| turned) {
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
