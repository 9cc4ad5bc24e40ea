//! Exponential, logarithm and what is made of them, in single precision. In: a number.
//! Out: the function's value. No branch depends on the number, so that loops over slices
//! vectorise, and products are fused with the sums they go into by `mul_add` alone, which is
//! exact to the last bit everywhere: every processor gives the same bits. (One without fused
//! products, of before 2013, computes them by a library, slowly.)
//!
//! Largest errors over the whole range, relative to the value where that is a normal
//! number (the tests hold them): [`exp`] and [`ln`] 2e-7, [`sigmoid`] and [`tanh`] 3e-7,
//! [`softplus`] and [`cbrt`] 3e-7. The polynomials of [`exp`], [`ln`] and [`tanh`] are those
//! of Cephes (S. Moshier).
#![allow(
    clippy::excessive_precision,
    reason = "the coefficients as they are published"
)]

/// Adding and subtracting it rounds to a whole number: 1.5·2^23.
const ROUNDER: f32 = 12_582_912.0;

/// The polynomial with these coefficients, highest power first, written out: a loop over
/// them would keep the loop over the numbers from being vectorised.
macro_rules! polynomial {
    ($x:expr; $first:expr $(, $next:expr)* $(,)?) => {{
        let x: f32 = $x;
        let sum: f32 = $first;
        $(let sum = sum.mul_add(x, $next);)*
        sum
    }};
}

/// 2^`n` for -126 <= n <= 127; zero for -127.
#[inline(always)]
fn power_of_two(n: i32) -> f32 {
    f32::from_bits((n.wrapping_add(127) as u32) << 23)
}

/// e^x as a number between √½ and √2, and the power of two it is to be multiplied by: with
/// [`ROUNDER`] added, as bits.
#[inline(always)]
fn parts(x: f32) -> (f32, f32) {
    let shifted = x.mul_add(std::f32::consts::LOG2_E, ROUNDER);
    let whole = shifted - ROUNDER;
    let rest = whole.mul_add(-0.693_359_375, x);
    let rest = whole.mul_add(2.121_944_40e-4, rest);
    let curve = polynomial!(rest; 1.987_569_15e-4,
            1.398_199_950_7e-3,
            8.333_451_907_3e-3,
            4.166_579_589_4e-2,
            1.666_666_545_9e-1,
            5.000_000_120_1e-1);
    (curve.mul_add(rest * rest, rest) + 1.0, shifted)
}

/// The whole number that [`ROUNDER`] was added to.
#[inline(always)]
fn whole(shifted: f32) -> i32 {
    (shifted.to_bits() as i32).wrapping_sub(ROUNDER.to_bits() as i32)
}

/// e^x; infinite above 88.73, zero below -104.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    // Comparisons rather than `clamp` on whole ranges keep NaN as it is.
    let x = if x > 89.0 { 89.0 } else { x };
    let x = if x < -104.0 { -104.0 } else { x };
    let (value, shifted) = parts(x);
    // In two factors: 2^128 and 2^-150 are no normal numbers.
    let n = whole(shifted);
    let half = n >> 1;
    value * power_of_two(half) * power_of_two(n.wrapping_sub(half))
}

/// e^x for x <= 0; zero below -87.3, where it is no normal number.
#[inline(always)]
fn decay(x: f32) -> f32 {
    let x = if x < -88.0 { -88.0 } else { x };
    let (value, shifted) = parts(x);
    // -127 is the least power, and gives zero.
    value * power_of_two(whole(shifted))
}

/// ln(x); NaN below 0.
#[inline(always)]
pub(crate) fn ln(x: f32) -> f32 {
    // Numbers too small to be normal are scaled by 2^24 first.
    let tiny = x < f32::MIN_POSITIVE;
    let scaled = if tiny { x * 16_777_216.0 } else { x };
    // Split into 2^n · m with m between √½ and √2.
    let bits = scaled.to_bits();
    let lifted = bits.wrapping_sub(0x3F35_04F3);
    let n = (lifted as i32) >> 23;
    let m = f32::from_bits((lifted & 0x007F_FFFF).wrapping_add(0x3F35_04F3));
    let n = n as f32 - if tiny { 24.0 } else { 0.0 };
    let value = near_one(m - 1.0, n);
    let value = if x == 0.0 { f32::NEG_INFINITY } else { value };
    let value = if x == f32::INFINITY { x } else { value };
    if x >= 0.0 { value } else { f32::NAN }
}

/// ln(1 + r) + n·ln 2, for 1 + r between √½ and √2.
#[inline(always)]
fn near_one(r: f32, n: f32) -> f32 {
    let square = r * r;
    let curve = polynomial!(r; 7.037_683_629_2e-2,
            -1.151_461_031_0e-1,
            1.167_699_874_0e-1,
            -1.242_014_084_6e-1,
            1.424_932_278_7e-1,
            -1.666_805_766_5e-1,
            2.000_071_476_5e-1,
            -2.499_999_399_3e-1,
            3.333_333_117_4e-1);
    let tail = n.mul_add(-2.121_944_40e-4, curve * r * square);
    let tail = square.mul_add(-0.5, tail);
    n.mul_add(0.693_359_375, r + tail)
}

/// 1 / (1 + e^-x).
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    let small = decay(-x.abs());
    let part = if x < 0.0 { small } else { 1.0 };
    part / (1.0 + small)
}

/// The hyperbolic tangent.
#[inline(always)]
pub(crate) fn tanh(x: f32) -> f32 {
    let size = x.abs();
    let square = x * x;
    let curve = polynomial!(square; -5.704_988_727_45e-3,
            2.063_908_879_54e-2,
            -5.373_971_555_31e-2,
            1.333_144_220_36e-1,
            -3.333_328_194_22e-1);
    let near = (curve * square).mul_add(x, x);
    let far = (1.0 - 2.0 / (exp(2.0 * size) + 1.0)).copysign(x);
    if size < 0.625 { near } else { far }
}

/// The cube root.
#[inline(always)]
pub(crate) fn cbrt(x: f32) -> f32 {
    let size = x.abs();
    // By the logarithm to 1e-6, then two of Newton's steps.
    let near = exp(ln(size) * (1.0 / 3.0));
    let near = near - (near - size / (near * near)) * (1.0 / 3.0);
    let near = near - (near - size / (near * near)) * (1.0 / 3.0);
    let root = if size == 0.0 || size == f32::INFINITY {
        size
    } else {
        near
    };
    root.copysign(x)
}

/// ln(1 + e^x).
#[inline(always)]
pub(crate) fn softplus(x: f32) -> f32 {
    let t = decay(-x.abs());
    // (ln(1 + t) - t) / t² for t between 0 and 1: least squares in the relative error of
    // the logarithm, weighted until it was even (8e-10).
    let curve = polynomial!(t; 2.072_917_996e-3,
            -1.363_133_267e-2,
            4.198_104_888e-2,
            -8.307_369_798e-2,
            1.246_709_6e-1,
            -1.612_932_384e-1,
            1.989_792_883e-1,
            -2.498_857_826e-1,
            3.333_269_06e-1,
            -4.999_998_808e-1);
    let above = if x < 0.0 { 0.0 } else { x };
    above + curve.mul_add(t * t, t)
}

/// 1 - e^-x for x >= 0: the slope of ln(1 + e^z) by what it is, x. Zero below.
#[inline(always)]
pub(crate) fn rise(x: f32) -> f32 {
    let x = if x < 0.0 { 0.0 } else { x };
    // Near zero by Taylor's series, whose next term is 2e-8 of it at most.
    let near = polynomial!(x; -2.480_158_73e-5,
            1.984_126_98e-4,
            -1.388_888_89e-3,
            8.333_333_33e-3,
            -4.166_666_67e-2,
            1.666_666_67e-1,
            -0.5,
            1.0);
    let far = 1.0 - decay(-x);
    if x < 0.5 { near * x } else { far }
}

#[cfg(test)]
mod tests {
    use super::super::super::blocks::vectorised;
    use super::*;

    /// Every 257th number between `low` and `high`, through both signs.
    fn numbers(low: f32, high: f32) -> Vec<f32> {
        let all = (0..=u32::MAX).step_by(25_771).map(f32::from_bits);
        all.filter(|x| (low..=high).contains(x)).collect()
    }

    fn worst(
        what: &str,
        x: &[f32],
        ours: impl Fn(f32) -> f32,
        exact: impl Fn(f64) -> f64,
        allowed: f64,
    ) {
        assert!(x.len() > 1000, "{what}: {} numbers", x.len());
        // The compiled loops are what runs, so they are what is tested.
        let mut y = x.to_vec();
        vectorised(
            #[inline(always)]
            || y.iter_mut().for_each(|y| *y = ours(*y)),
        );
        for (x, y) in x.iter().zip(y) {
            assert_eq!(y.to_bits(), ours(*x).to_bits(), "{what}({x}) in a loop");
            let (y, exact) = (f64::from(y), exact(f64::from(*x)));
            let error = (y - exact).abs() / exact.abs().max(f64::from(f32::MIN_POSITIVE));
            assert!(
                error <= allowed,
                "{what}({x}) = {y}, not {exact}: {error:e}"
            );
        }
    }

    #[test]
    fn errors_are_within_what_is_stated() {
        worst("exp", &numbers(-104.0, 88.72), exp, libm::exp, 2e-7);
        worst("ln", &numbers(1e-45, f32::MAX), ln, libm::log, 2e-7);
        let all = numbers(-87.0, 1e30);
        let exact = |x: f64| 1.0 / (1.0 + libm::exp(-x));
        worst("sigmoid", &all, sigmoid, exact, 3e-7);
        worst("tanh", &numbers(-1e30, 1e30), tanh, libm::tanh, 3e-7);
        worst("cbrt", &numbers(-1e30, 1e30), cbrt, libm::cbrt, 3e-7);
        let exact = |x: f64| x.max(0.0) + libm::log1p(libm::exp(-x.abs()));
        worst("softplus", &numbers(-87.0, 1e30), softplus, exact, 3e-7);
        let exact = |x: f64| -libm::expm1(-x);
        worst("rise", &numbers(0.0, 1e30), rise, exact, 3e-7);
    }

    #[test]
    fn the_ends_are_right() {
        assert_eq!(exp(89.0), f32::INFINITY);
        assert_eq!(exp(f32::INFINITY), f32::INFINITY);
        assert_eq!(
            (exp(-200.0), exp(f32::NEG_INFINITY), exp(0.0)),
            (0.0, 0.0, 1.0)
        );
        assert_eq!((ln(0.0), ln(1.0)), (f32::NEG_INFINITY, 0.0));
        assert_eq!(ln(f32::INFINITY), f32::INFINITY);
        assert!(ln(-1.0).is_nan() && ln(f32::NEG_INFINITY).is_nan());
        assert_eq!(
            (sigmoid(-1e30), sigmoid(1e30), sigmoid(0.0)),
            (0.0, 1.0, 0.5)
        );
        assert_eq!((tanh(-50.0), tanh(50.0), tanh(0.0)), (-1.0, 1.0, 0.0));
        assert_eq!((softplus(-1e30), softplus(1e30)), (0.0, 1e30));
        assert_eq!((rise(-1e-8), rise(0.0), rise(1e30)), (0.0, 0.0, 1.0));
        for f in [exp, ln, sigmoid, tanh, softplus, cbrt, rise] {
            assert!(f(f32::NAN).is_nan());
        }
    }
}
