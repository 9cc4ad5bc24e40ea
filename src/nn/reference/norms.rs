//! Normalisations. In: lines of numbers, a factor and a constant for each place of a line.
//! Out: the lines normalised; of a batch also its statistics.

use dfdx::prelude::{
    Axis, HasShape, PutTape, ReshapeTo, Tape, TryAdd, TryMatMul, TryMul, TrySub,
};

use super::device::Device;
use super::tensor::{Made, Matrix, Vector, along, constant};

/// What a batch normalisation saw: a number for each channel.
pub(super) struct Seen {
    pub(super) mean: Vec<f32>,
    /// Unbiased.
    pub(super) variance: Vec<f32>,
}

/// Mean 0 and variance 1 along each line, then the factors and constants.
pub(super) fn layer_norm<D: Device, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    w: Vector<D, T>,
    b: Vector<D, T>,
    eps: f64,
) -> Made<D, Matrix<D, T>> {
    let (lines, _) = *x.shape();
    let y = x.try_normalize::<Axis<1>>(eps)?;
    y.try_mul(along(w, lines)?)?.try_add(along(b, lines)?)
}

/// The lines with these means (on the tape or constants) and scales, then the factors and
/// constants.
pub(super) fn affine<D: Device, T: Tape<f32, D>>(
    off: Matrix<D, T>,
    scale: Vector<D, T>,
    w: Vector<D, T>,
    b: Vector<D, T>,
) -> Made<D, Matrix<D, T>> {
    let (lines, _) = *off.shape();
    let factor = scale.try_mul(w)?;
    off.try_mul(along(factor, lines)?)?
        .try_add(along(b, lines)?)
}

/// Mean 0 and variance 1 for each place over all lines, by the statistics of these lines.
pub(super) fn batch_norm<D: Device, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    w: Vector<D, T>,
    b: Vector<D, T>,
    eps: f64,
) -> Made<D, (Matrix<D, T>, Seen)> {
    let (lines, channels) = *x.shape();
    // A product with a row of shares: dfdx's own sums walk number by number and round at
    // each.
    let shares = constant(x.device(), vec![1.0 / lines as f32; lines], (1, lines))?;
    let means = |x: Matrix<D, T>| -> Made<D, Vector<D, T>> {
        let shares = shares.clone().put_tape(T::default());
        shares.try_matmul(x)?.try_reshape_like(&(channels,))
    };
    let mean = means(x.retaped::<T>())?;
    let noted = mean.as_vec();
    let off = x.try_sub(along(mean, lines)?)?;
    let variance = means(off.retaped::<T>().try_square()?)?;
    let unbiased = lines as f32 / (lines as f32 - 1.0).max(1.0);
    let seen = Seen {
        mean: noted,
        variance: variance.as_vec().iter().map(|v| v * unbiased).collect(),
    };
    let scale = variance.try_add(eps as f32)?.try_sqrt()?.try_recip()?;
    Ok((affine(off, scale, w, b)?, seen))
}
