//! What the operations here are made of. In: tensors of dfdx, with a tape or without. Out:
//! tensors on the same tape.
//!
//! Every value is a matrix: a row for each entry of its domain, its numbers in one line.
//! dfdx takes no tensor without a row and no operand twice, and its reshapes do not carry
//! gradients back to a broadcast on every device, so broadcasts here are either operands of
//! arithmetic or copied by it.

use dfdx::prelude::{
    Axis, BroadcastTo, GatherTo, HasErr, HasShape, NoneTape, PutTape, ReshapeTo, Tape,
    Tensor, TryAdd, TryConcatAlong, TryMatMul, TryMul, ZerosTensor,
};

use super::device::Device;

/// A value: a row for each entry of its domain.
pub(super) type Matrix<D, T = NoneTape> = Tensor<(usize, usize), f32, D, T>;
/// Matrices one after the other.
pub(super) type Cube<D, T = NoneTape> = Tensor<(usize, usize, usize), f32, D, T>;
/// A weight, or a number for each line or place.
pub(super) type Vector<D, T = NoneTape> = Tensor<(usize,), f32, D, T>;
/// What an operation makes, or the device's error.
pub(super) type Made<D, X> = Result<X, <D as HasErr>::Err>;

/// Numbers of the host as a matrix of that shape.
pub(super) fn constant<D: Device>(
    device: &D,
    values: Vec<f32>,
    shape: (usize, usize),
) -> Made<D, Matrix<D>> {
    device.try_tensor_from_vec(values, shape)
}

/// A matrix of zeros.
pub(super) fn zeros<D: Device>(device: &D, shape: (usize, usize)) -> Made<D, Matrix<D>> {
    ZerosTensor::<f32>::try_zeros_like(device, &shape)
}

/// The same numbers in lines of `width`.
pub(super) fn lines<D: Device, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    width: usize,
) -> Made<D, Matrix<D, T>> {
    let (rows, own) = *x.shape();
    x.try_reshape_like(&(rows * own / width.max(1), width))
}

/// Each line `times` times, one after the other.
pub(super) fn repeat<D: Device, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    times: usize,
) -> Made<D, Matrix<D, T>> {
    let (lines, width) = *x.shape();
    let shape = (lines, times, width);
    let zeros: Cube<D> = ZerosTensor::<f32>::try_zeros_like(x.device(), &shape)?;
    let spread = x.try_broadcast_like::<_, Axis<1>>(&shape)?;
    let all = zeros.put_tape(T::default()).try_add(spread)?;
    all.try_reshape_like(&(lines * times, width))
}

/// A view for arithmetic: the vector is every one of `lines` lines.
pub(super) fn along<D: Device, T: Tape<f32, D>>(
    x: Vector<D, T>,
    lines: usize,
) -> Made<D, Matrix<D, T>> {
    let (width,) = *x.shape();
    x.try_broadcast_like::<_, Axis<0>>(&(lines, width))
}

/// A view for arithmetic: each number of the vector fills a line of `width`.
pub(super) fn across<D: Device, T: Tape<f32, D>>(
    x: Vector<D, T>,
    width: usize,
) -> Made<D, Matrix<D, T>> {
    let (lines,) = *x.shape();
    x.try_broadcast_like::<_, Axis<1>>(&(lines, width))
}

/// A copy that is another operand to dfdx.
pub(super) fn twin<D: Device, T: Tape<f32, D>>(x: Matrix<D, T>) -> Made<D, Matrix<D, T>> {
    x.try_mul(1.0)
}

/// The rows at these places; the place after the last stands for a row full of `pad`.
pub(super) fn pick<D: Device, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    places: Vec<usize>,
    pad: f32,
) -> Made<D, Matrix<D, T>> {
    let (rows, width) = *x.shape();
    let device = x.device().clone();
    let padded = match places.contains(&rows) {
        true => {
            let pad = constant(&device, vec![pad; width], (1, width))?;
            (x, pad).try_concat_along(Axis::<0>)?
        }
        false => x,
    };
    let count = places.len();
    let places = device.try_tensor_from_vec(places, (count,))?;
    padded.try_gather(places)
}

/// x·W, and b added to every line.
pub(super) fn dense<D: Device, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    w: Matrix<D, T>,
    b: Option<Vector<D, T>>,
) -> Made<D, Matrix<D, T>> {
    let (lines, _) = *x.shape();
    let y = x.try_matmul(w)?;
    match b {
        Some(b) => y.try_add(along(b, lines)?),
        None => Ok(y),
    }
}
