//! Functions of each number that dfdx lacks, or whose slope at a kink or treatment of NaN
//! is another there. In: a matrix. Out: a matrix of the same shape.

use dfdx::prelude::{
    Axis, ChooseFrom, HasShape, LogSumExpTo, ReshapeTo, Tape, TryAdd, TryConcatAlong,
    TryLe, TryLt, TryMul, TrySub,
};

use super::device::Device;
use super::tensor::{Made, Matrix, Vector, along, lines, repeat, zeros};

/// max(x, 0); NaN stays NaN, and the slope at 0 is 0.
pub(super) fn relu<D: Device, T: Tape<f32, D>>(x: Matrix<D, T>) -> Made<D, Matrix<D, T>> {
    let off = zeros(x.device(), *x.shape())?.retaped::<T>();
    x.try_le(0.0)?.try_choose(off, x)
}

/// x, or `slope`·x from 0 down.
pub(super) fn leaky_relu<D: Device, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    slope: f32,
) -> Made<D, Matrix<D, T>> {
    let low = x.retaped::<T>().try_mul(slope)?;
    x.try_le(0.0)?.try_choose(low, x)
}

/// |x|, with slope 1 at 0.
pub(super) fn abs<D: Device, T: Tape<f32, D>>(x: Matrix<D, T>) -> Made<D, Matrix<D, T>> {
    let turned = x.retaped::<T>().try_negate()?;
    x.try_lt(0.0)?.try_choose(turned, x)
}

/// The cube root.
pub(super) fn cbrt<D: Device, T: Tape<f32, D>>(x: Matrix<D, T>) -> Made<D, Matrix<D, T>> {
    let below = x.try_lt(0.0)?;
    let root = abs(x)?.try_powf(1.0 / 3.0)?;
    let turned = root.retaped::<T>().try_negate()?;
    below.try_choose(turned, root)
}

/// x·σ(x).
pub(super) fn silu<D: Device, T: Tape<f32, D>>(x: Matrix<D, T>) -> Made<D, Matrix<D, T>> {
    let gate = x.retaped::<T>().try_sigmoid()?;
    x.try_mul(gate)
}

/// ln(e^x + e^0).
pub(super) fn softplus<D: Device, T: Tape<f32, D>>(
    x: Matrix<D, T>,
) -> Made<D, Matrix<D, T>> {
    let shape = *x.shape();
    let x = lines(x, 1)?;
    let zeros = zeros(x.device(), *x.shape())?;
    let both = (x, zeros).try_concat_along(Axis::<1>)?;
    let sum: Vector<D, T> = both.try_logsumexp::<_, Axis<1>>()?;
    sum.try_reshape_like(&shape)
}

/// (x - low)·factor.
pub(super) fn shifted<D: Device, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    low: f32,
    factor: f32,
) -> Made<D, Matrix<D, T>> {
    x.try_add(-low)?.try_mul(factor)
}

/// e^(-(x - c)²·sharpness) for each centre c, after each other for each number.
pub(super) fn gaussians<D: Device, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    centres: Vector<D>,
    sharpness: f32,
) -> Made<D, Matrix<D, T>> {
    let (rows, width) = *x.shape();
    let (count,) = *centres.shape();
    let x = repeat(lines(x, 1)?, count)?;
    let off = lines(x, count)?.try_sub(along(centres, rows * width)?)?;
    let y = off.try_square()?.try_mul(-sharpness)?.try_exp()?;
    y.try_reshape_like(&(rows, width * count))
}
