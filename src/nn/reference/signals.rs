//! Operations along the positions of a signal. In: a matrix whose rows are signals of
//! [length, channels]. Out: a matrix whose rows are signals of [positions, …].

use dfdx::prelude::{Axis, HasShape, MeanTo, ReshapeTo, Tape};

use super::super::graph::Conv1d;
use super::device::Device;
use super::tensor::{Cube, Made, Matrix, Vector, dense, pick};

/// The shape of a signal, and how many positions come of it.
#[derive(Clone, Copy)]
pub(super) struct Signal {
    pub(super) length: usize,
    pub(super) channels: usize,
    pub(super) positions: usize,
}

impl Signal {
    /// For each position of each row the places of its `kernel` neighbours among the lines
    /// of all rows; the place after the last where a neighbour lies in the padding.
    fn neighbours(
        self,
        rows: usize,
        (kernel, stride): (usize, usize),
        before: usize,
    ) -> Vec<usize> {
        let none = rows * self.length;
        let mut all = Vec::with_capacity(rows * self.positions * kernel);
        for row in 0..rows {
            for position in 0..self.positions {
                let place = |k: usize| {
                    let at = (position * stride + k).checked_sub(before);
                    let inside = at.filter(|at| *at < self.length);
                    inside.map_or(none, |at| row * self.length + at)
                };
                all.extend((0..kernel).map(place));
            }
        }
        all
    }
}

/// Cross-correlation: the product of every neighbourhood with the weights.
pub(super) fn conv1d<D: Device, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    w: Vector<D, T>,
    b: Option<Vector<D, T>>,
    signal: Signal,
    conv: Conv1d,
) -> Made<D, Matrix<D, T>> {
    let (rows, _) = *x.shape();
    let x = x.try_reshape_like(&(rows * signal.length, signal.channels))?;
    let places = (conv.kernel, conv.stride);
    let places = signal.neighbours(rows, places, conv.padding / 2);
    let patch = conv.kernel * signal.channels;
    let patches = pick(x, places, 0.0)?;
    let patches = patches.try_reshape_like(&(rows * signal.positions, patch))?;
    let w = w.try_reshape_like(&(patch, conv.filters))?;
    dense(patches, w, b)?.try_reshape_like(&(rows, signal.positions * conv.filters))
}

/// Means over `width` neighbours, every `stride`.
pub(super) fn avg_pool1d<D: Device, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    signal: Signal,
    (width, stride): (usize, usize),
) -> Made<D, Matrix<D, T>> {
    let (rows, _) = *x.shape();
    let x = x.try_reshape_like(&(rows * signal.length, signal.channels))?;
    let places = signal.neighbours(rows, (width, stride), 0);
    let all = (rows * signal.positions, width, signal.channels);
    let parts: Cube<D, T> = pick(x, places, 0.0)?.try_reshape_like(&all)?;
    let means: Matrix<D, T> = parts.try_mean::<_, Axis<1>>()?;
    means.try_reshape_like(&(rows, signal.positions * signal.channels))
}
