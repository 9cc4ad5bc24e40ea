//! Several tensors at once: arithmetic on two whose sizes are equal or literally 1, parts
//! side by side. In: matrices with the sizes of their rows. Out: a matrix.

use dfdx::prelude::{
    Axes3, Axis, HasShape, PermuteTo, ReshapeTo, Tape, TryAdd, TryConcatAlong, TryDiv,
    TryMul, TrySub,
};

use super::super::graph::Op;
use super::device::Device;
use super::tensor::{Cube, Made, Matrix, lines, repeat, twin};

/// `x`, whose axes have the lengths `own` (rows first), repeated along those of length 1
/// until they have the lengths `wanted`.
pub(super) fn widened<D: Device, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    own: &[usize],
    wanted: &[usize],
) -> Made<D, Matrix<D, T>> {
    let mut x = x;
    // The first axis is the rows; the others are aligned at the end.
    let (rows, sizes) = own.split_at(1.min(own.len()));
    let ones = std::iter::repeat_n(&1, wanted.len().saturating_sub(own.len()));
    let aligned = rows.iter().chain(ones).chain(sizes);
    let (mut outer, mut inner) = (1, own.iter().product::<usize>());
    for (own, wanted) in aligned.zip(wanted) {
        inner /= own;
        if own != wanted {
            x = repeat(x.try_reshape_like(&(outer, inner))?, *wanted)?;
        }
        outer *= wanted;
    }
    let rows = wanted.first().copied().unwrap_or(1);
    x.try_reshape_like(&(rows, outer / rows.max(1)))
}

/// a + b, a - b, a·b or a / b, number by number.
pub(super) fn arithmetic<D: Device, T: Tape<f32, D>>(
    op: Op,
    a: Matrix<D, T>,
    b: Matrix<D, T>,
) -> Made<D, Matrix<D, T>> {
    // The two may be one value.
    let b = twin(b)?;
    match op {
        Op::Add => a.try_add(b),
        Op::Subtract => a.try_sub(b),
        Op::Multiply => a.try_mul(b),
        Op::Divide => a.try_div(b),
        _ => unreachable!("there are four operations on two numbers"),
    }
}

/// The parts side by side along lines of these widths.
pub(super) fn concat<D: Device, T: Tape<f32, D>>(
    first: Matrix<D, T>,
    rest: impl Iterator<Item = Matrix<D, T>>,
) -> Made<D, Matrix<D, T>> {
    let mut all = first;
    for part in rest {
        all = (all, twin(part)?).try_concat_along(Axis::<1>)?;
    }
    Ok(all)
}

/// Places `start` to `stop` of lines of `width`.
pub(super) fn slice<D: Device, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    width: usize,
    (start, stop): (usize, usize),
) -> Made<D, Matrix<D, T>> {
    lines(x, width)?.try_slice((.., start..stop))
}

/// Matrices of `tall` lines of `wide` numbers turned, one after the other.
pub(super) fn transposed<D: Device, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    (tall, wide): (usize, usize),
) -> Made<D, Matrix<D, T>> {
    let (rows, width) = *x.shape();
    let all = rows * width / (tall * wide).max(1);
    let x: Cube<D, T> = x.try_reshape_like(&(all, tall, wide))?;
    let turned: Cube<D, T> = x.try_permute::<_, Axes3<0, 2, 1>>()?;
    turned.try_reshape_like(&(rows, width))
}
