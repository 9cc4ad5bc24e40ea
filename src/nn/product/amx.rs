//! Matrix products on the tile unit (AMX) of the processors that have one. In: two matrices
//! of single precision. Out: their product, as near to the exact one as by multiply-adds in
//! single precision (the tests hold both against double precision).
//!
//! The unit multiplies numbers of eight significant bits and adds in single precision. A
//! number of 24 bits is the sum of three such (`pack.rs`), and of the nine products of two
//! sums six matter: the other three are below the last bit. That takes six operations for
//! one, on a unit sixteen times as fast.
//!
//! That is for numbers of usual size: one of 2^112 or more, an infinite one too, becomes NaN;
//! one below 2^-102 loses its lowest bits, and products below 2^-126 are zero.
#![allow(unsafe_code, reason = "tiles are reached by assembly")]

use std::arch::asm;
use std::arch::x86_64::{__cpuid, __cpuid_count};
use std::sync::OnceLock;

use super::pack::{HALF, Line, Panels, SIDE};

/// Numbers of each stretch that are fetched with every step of a product.
const FETCHED: usize = 8 * HALF;

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
        Soon(self.0.map(|at| at.wrapping_add(panels.steps() * FETCHED)))
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
        let steps = left.steps();
        assert!(i < left.count() && j < right.count());
        assert!(right.steps() == steps && steps > 0);
        assert!(width >= SIDE && (SIDE - 1) * width + SIDE <= c.len());
        let a = left.first(i);
        let b = right.first(j);
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
