//! Operations over the rows that a map leads to the same place. In: a matrix with a row for
//! each entry of the map. Out: a matrix with a row for each place, or each entry.
//!
//! dfdx has no sums by index, so groups are laid out with padding, (places, most members,
//! width), by one gather; sums are then sums over an axis, in the order of the members.

use dfdx::prelude::{
    Axis, HasShape, MaxTo, NoneTape, ReshapeTo, SumTo, Tape, TryDiv, TryMul, TrySub,
};

use super::super::batch::Map;
use super::super::domain::Grouping;
use super::device::Device;
use super::tensor::{Cube, Made, Matrix, Vector, across, lines, pick};

/// Where each entry leads.
pub(super) fn places(map: &Map) -> Vec<usize> {
    map.to.iter().map(|place| *place as usize).collect()
}

/// The members of each place in their order, all padded to as many as the largest has with
/// the place after the last entry; and how many that are.
fn members(map: &Map) -> (Vec<usize>, usize) {
    let groups = || (0..map.places()).map(|g| map.group(g));
    let most = groups().map(|group| group.len()).max().unwrap_or(0);
    let mut all = Vec::with_capacity(map.places() * most);
    for group in groups() {
        let missing = most - group.len();
        all.extend(group.map(|k| map.member(k)));
        all.extend(std::iter::repeat_n(map.to.len(), missing));
    }
    (all, most)
}

/// The groups side by side: (places, most members, width).
fn laid_out<D: Device, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    map: &Map,
    pad: f32,
) -> Made<D, Cube<D, T>> {
    let (_, width) = *x.shape();
    let (members, most) = members(map);
    pick(x, members, pad)?.try_reshape_like(&(map.places(), most, width))
}

/// What `grouping` makes of each group; 0 of none. There is at least one entry.
pub(super) fn group<D: Device, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    map: &Map,
    grouping: Grouping,
) -> Made<D, Matrix<D, T>> {
    match grouping {
        Grouping::Sum => sum(x, map),
        Grouping::Mean => {
            let (_, width) = *x.shape();
            let share = |g: usize| 1.0 / map.group(g).len().max(1) as f32;
            let shares: Vec<f32> = (0..map.places()).map(share).collect();
            let shares: Vector<D> =
                x.device().try_tensor_from_vec(shares, (map.places(),))?;
            sum(x, map)?.try_mul(across(shares, width)?)
        }
        Grouping::Max => largest(x, map),
    }
}

fn sum<D: Device, T: Tape<f32, D>>(x: Matrix<D, T>, map: &Map) -> Made<D, Matrix<D, T>> {
    laid_out(x, map, 0.0)?.try_sum::<_, Axis<1>>()
}

/// The first of the largest numbers of each group is taken, and gets the gradient: which
/// one that is, is looked up on the host (dfdx's maximum ignores NaN, and gives the
/// gradient to every number that is as large).
fn largest<D: Device, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    map: &Map,
) -> Made<D, Matrix<D, T>> {
    let (entries, width) = *x.shape();
    let larger = larger(x.as_vec());
    let mut places = Vec::with_capacity(map.places() * width);
    for g in 0..map.places() {
        for channel in 0..width {
            let all = map.group(g).map(|k| map.member(k) * width + channel);
            // A group without members is the padding's 0.
            places.push(all.reduce(&larger).unwrap_or(entries * width));
        }
    }
    pick(lines(x, 1)?, places, 0.0)?.try_reshape_like(&(map.places(), width))
}

/// Of two places of `values` that of the larger, or of a NaN; of equals the first.
fn larger(values: Vec<f32>) -> impl Fn(usize, usize) -> usize {
    move |top, other| {
        let value = |place: usize| values.get(place).copied().unwrap_or(f32::NAN);
        let other_wins = value(other) > value(top) || value(other).is_nan();
        if other_wins { other } else { top }
    }
}

/// The first of the largest numbers of each line of `width`, in the same way.
pub(super) fn max_last<D: Device, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    width: usize,
) -> Made<D, Matrix<D, T>> {
    let (rows, numbers) = *x.shape();
    let larger = larger(x.as_vec());
    let starts = (0..rows * numbers).step_by(width.max(1));
    let places = starts.map(|start| (start + 1..start + width).fold(start, &larger));
    let places: Vec<usize> = places.collect();
    let of_each = numbers / width.max(1);
    pick(lines(x, 1)?, places, 0.0)?.try_reshape_like(&(rows, of_each))
}

/// e^x over its sum in its group. The largest number of a group is taken off first, so that
/// nothing overflows; it is no variable, since it drops out.
pub(super) fn softmax<D: Device, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    map: &Map,
) -> Made<D, Matrix<D, T>> {
    let plain = x.retaped::<NoneTape>();
    let tops = laid_out(plain, map, f32::NEG_INFINITY)?.try_max::<_, Axis<1>>()?;
    let lowered = x.try_sub(pick(tops, places(map), 0.0)?)?;
    let powers = lowered.try_exp()?;
    let sums = sum(powers.retaped::<T>(), map)?;
    powers.try_div(pick(sums, places(map), 0.0)?)
}
