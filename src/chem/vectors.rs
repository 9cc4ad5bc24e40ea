//! Arithmetic for long loops: functions a compiler turns into vector instructions.
//!
//! Only additions, multiplications and bit operations, in a fixed order and never
//! contracted, so the bits of a result do not depend on the processor or on how wide its
//! vectors are.

/// Numbers in one block of a padded array: the widest vectors hold this many f64.
pub(super) const LANES: usize = 8;

/// The next multiple of [`LANES`].
pub(super) fn padded(length: usize) -> usize {
    length.next_multiple_of(LANES)
}

/// Runs `work` compiled for the widest vectors this processor has. `work` and what it
/// calls must be `#[inline(always)]` or closures to profit.
#[inline(always)]
pub(super) fn vectorised<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}

/// 1.5 · 2^52: adding it rounds a number below 2^51 to an integer, which then stands in
/// the lowest bits.
const ROUNDER: f64 = 6_755_399_441_055_744.0;
/// Upper part of ln 2, with trailing zeros: times an integer below 2^20 it is exact.
const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// The polynomial with those coefficients, lowest power first, from the inside out.
#[inline(always)]
fn polynomial<const N: usize>(x: f64, coefficients: [f64; N]) -> f64 {
    let mut sum = 0.0;
    for coefficient in coefficients.into_iter().rev() {
        sum = coefficient + x * sum;
    }
    sum
}

/// e^x for x ≤ 700: relative error below 3e-16; 0 below −708.
#[inline(always)]
pub(super) fn exp(x: f64) -> f64 {
    // e^x = 2^n e^r, |r| ≤ ln 2 / 2, and e^r by Taylor's series up to r^13, whose rest
    // is below 5e-18: even and odd powers apart, for two short chains.
    let rounded = x * std::f64::consts::LOG2_E + ROUNDER;
    let n = rounded - ROUNDER;
    let r = (x - n * LN2_HIGH) - n * LN2_LOW;
    let q = r * r;
    let even = polynomial(
        q,
        [
            1.0,
            1.0 / 2.0,
            1.0 / 24.0,
            1.0 / 720.0,
            1.0 / 40_320.0,
            1.0 / 3_628_800.0,
            1.0 / 479_001_600.0,
        ],
    );
    let odd = polynomial(
        q,
        [
            1.0,
            1.0 / 6.0,
            1.0 / 120.0,
            1.0 / 5_040.0,
            1.0 / 362_880.0,
            1.0 / 39_916_800.0,
            1.0 / 6_227_020_800.0,
        ],
    );
    let power = even + r * odd;
    let scaled = power.to_bits().wrapping_add(rounded.to_bits() << 52);
    if x < -708.0 {
        0.0
    } else {
        f64::from_bits(scaled)
    }
}

/// cos(π √t) for 0 ≤ t ≤ 1: absolute error below 2e-15.
#[inline(always)]
pub(super) fn cos_pi_sqrt(t: f64) -> f64 {
    // cos(π √t) = 1 − 2 sin² y with y = π √t / 2, and sin(y)/y is a series in y², here
    // y² ≤ π²/4: up to y^18 its rest is below 3e-16.
    let y2 = t * (std::f64::consts::PI * std::f64::consts::PI / 4.0);
    let sinc = polynomial(
        y2,
        [
            1.0,
            -1.0 / 6.0,
            1.0 / 120.0,
            -1.0 / 5_040.0,
            1.0 / 362_880.0,
            -1.0 / 39_916_800.0,
            1.0 / 6_227_020_800.0,
            -1.0 / 1_307_674_368_000.0,
            1.0 / 355_687_428_096_000.0,
            -1.0 / 121_645_100_408_832_000.0,
        ],
    );
    1.0 - 2.0 * y2 * sinc * sinc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_that_of_libm() {
        let mut largest = 0.0_f64;
        for k in 0..200_000 {
            let x = 5.0 - f64::from(k) * 0.003_564_1;
            let exact = libm::exp(x);
            let ours = exp(x);
            if x > -708.0 {
                largest = largest.max((ours - exact).abs() / exact);
            } else {
                assert_eq!(ours, 0.0);
            }
        }
        assert!(largest < 4.5e-16, "{largest:e}");
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(-1e9), 0.0);
    }

    #[test]
    fn the_cosine_is_that_of_libm() {
        let mut largest = 0.0_f64;
        for k in 0..=100_000 {
            let t = f64::from(k) / 100_000.0;
            let exact = libm::cos(std::f64::consts::PI * t.sqrt());
            largest = largest.max((cos_pi_sqrt(t) - exact).abs());
        }
        assert!(largest < 2e-15, "{largest:e}");
    }

    #[test]
    fn padding_reaches_the_next_block() {
        assert_eq!([0, 1, 8, 9].map(padded), [0, 8, 8, 16]);
    }

    #[test]
    fn vectorised_runs_the_work_once() {
        let mut count = 0;
        assert_eq!(vectorised(|| exp(-0.0)), 1.0);
        vectorised(|| count += 1);
        assert_eq!(count, 1);
    }
}
