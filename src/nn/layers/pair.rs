//! Sums, differences, products and quotients of two tensors, number by number. In: a and
//! b, whose sizes are equal or literally 1, the shorter shape aligned at the end. Out: y;
//! the gradients with respect to a and b, summed over what was spread.

use rayon::prelude::*;

use super::super::blocks::{each_with, rows_per_task, total, vectorised};

/// What is done with two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// An operation on two tensors.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pair {
    pub(crate) arithmetic: Arithmetic,
    /// Numbers per row of a, b and y.
    left: usize,
    right: usize,
    made: usize,
    /// Numbers in a run, along which each side moves on or stays.
    run: usize,
    left_moves: bool,
    right_moves: bool,
    /// Where each run of a row begins in a and in b. Empty if both have the shape of y.
    runs: Vec<(usize, usize)>,
}

/// The shape of what comes of two shapes, if they go together.
pub(crate) fn spread(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let axes = a.len().max(b.len());
    let (a, b) = (aligned(a, axes), aligned(b, axes));
    let pairs = a.into_iter().zip(b);
    pairs
        .map(|(a, b)| match (a, b) {
            (a, b) if a == b => Some(a),
            (1, b) => Some(b),
            (a, 1) => Some(a),
            _ => None,
        })
        .collect()
}

/// The shape with ones before it, `axes` in all.
fn aligned(sizes: &[usize], axes: usize) -> Vec<usize> {
    let ones = axes.saturating_sub(sizes.len());
    let ones = std::iter::repeat_n(1, ones);
    ones.chain(sizes.iter().copied()).collect()
}

impl Pair {
    /// The operation on shapes that go together (see [`spread`]).
    pub(crate) fn new(arithmetic: Arithmetic, a: &[usize], b: &[usize]) -> Pair {
        let made = spread(a, b).unwrap_or_default();
        let (left, right) = (aligned(a, made.len()), aligned(b, made.len()));
        let mut pair = Pair {
            arithmetic,
            left: left.iter().product(),
            right: right.iter().product(),
            made: made.iter().product(),
            run: 1,
            left_moves: true,
            right_moves: true,
            runs: Vec::new(),
        };
        if left == right {
            return pair;
        }
        // Axes of length 1 do not matter, and neighbours on which each side does the same
        // are one axis: (length, whether a moves, whether b moves), the last axis first.
        let mut axes: Vec<(usize, bool, bool)> = Vec::new();
        for ((&n, &a), &b) in made.iter().zip(&left).zip(&right).rev() {
            let (a, b) = (a == n, b == n);
            match axes.last_mut() {
                _ if n == 1 => (),
                Some((length, x, y)) if (*x, *y) == (a, b) => *length *= n,
                _ => axes.push((n, a, b)),
            }
        }
        let mut axes = axes.into_iter();
        (pair.run, pair.left_moves, pair.right_moves) =
            axes.next().unwrap_or((1, true, true));
        let taken = |moves: bool, length: usize| if moves { length } else { 1 };
        let mut step = (
            taken(pair.left_moves, pair.run),
            taken(pair.right_moves, pair.run),
        );
        pair.runs = vec![(0, 0)];
        for (length, a, b) in axes {
            let by = (if a { step.0 } else { 0 }, if b { step.1 } else { 0 });
            let inner = std::mem::take(&mut pair.runs);
            for k in 0..length {
                let moved = |&(x, y): &(usize, usize)| (x + k * by.0, y + k * by.1);
                pair.runs.extend(inner.iter().map(moved));
            }
            step = (step.0 * taken(a, length), step.1 * taken(b, length));
        }
        pair
    }

    /// Whether both sides have the shape of the result.
    pub(crate) fn plain(&self) -> bool {
        self.runs.is_empty()
    }

    /// Whether the backward pass reads what the operation read.
    pub(crate) fn keeps_inputs(&self) -> bool {
        matches!(self.arithmetic, Arithmetic::Multiply | Arithmetic::Divide)
    }

    /// Fills `y`.
    pub(crate) fn forward(&self, a: &[f32], b: &[f32], y: &mut [f32]) {
        match self.arithmetic {
            Arithmetic::Add => self.combine(a, b, y, |a, b| a + b),
            Arithmetic::Subtract => self.combine(a, b, y, |a, b| a - b),
            Arithmetic::Multiply => self.combine(a, b, y, |a, b| a * b),
            Arithmetic::Divide => self.combine(a, b, y, |a, b| a / b),
        }
    }

    /// `y = a op b` where `y` holds a and both have the shape of the result.
    pub(crate) fn over(&self, y: &mut [f32], b: &[f32]) {
        debug_assert!(self.plain());
        match self.arithmetic {
            Arithmetic::Add => in_place(y, b, |a, b| a + b),
            Arithmetic::Subtract => in_place(y, b, |a, b| a - b),
            Arithmetic::Multiply => in_place(y, b, |a, b| a * b),
            Arithmetic::Divide => in_place(y, b, |a, b| a / b),
        }
    }

    /// Fills the rows of `y`, `width` numbers long, from rows of a and b that lie apart; both
    /// have the shape of the result.
    pub(crate) fn by_rows<'a>(
        &self,
        a: impl Fn(usize) -> &'a [f32],
        b: impl Fn(usize) -> &'a [f32],
        y: &mut [f32],
        width: usize,
    ) {
        debug_assert!(self.plain());
        vectorised(
            #[inline(always)]
            || {
                for (k, y) in y.chunks_exact_mut(width).enumerate() {
                    let (a, b) = (a(k), b(k));
                    match self.arithmetic {
                        Arithmetic::Add => both(y, a, b, |a, b| a + b),
                        Arithmetic::Subtract => both(y, a, b, |a, b| a - b),
                        Arithmetic::Multiply => both(y, a, b, |a, b| a * b),
                        Arithmetic::Divide => both(y, a, b, |a, b| a / b),
                    }
                }
            },
        );
    }

    /// The same where `y` holds a.
    pub(crate) fn over_by_rows<'a>(
        &self,
        y: &mut [f32],
        b: impl Fn(usize) -> &'a [f32],
        width: usize,
    ) {
        debug_assert!(self.plain());
        vectorised(
            #[inline(always)]
            || {
                for (k, y) in y.chunks_exact_mut(width).enumerate() {
                    let pairs = y.iter_mut().zip(b(k));
                    match self.arithmetic {
                        Arithmetic::Add => pairs.for_each(|(y, b)| *y += b),
                        Arithmetic::Subtract => pairs.for_each(|(y, b)| *y -= b),
                        Arithmetic::Multiply => pairs.for_each(|(y, b)| *y *= b),
                        Arithmetic::Divide => pairs.for_each(|(y, b)| *y /= b),
                    }
                }
            },
        );
    }

    /// Turns the gradient `g` of the result into that of one side, in place, where both
    /// have the shape of the result.
    pub(crate) fn backward_over(&self, side: Side, a: &[f32], b: &[f32], g: &mut [f32]) {
        debug_assert!(self.plain());
        use Arithmetic::{Add, Divide, Multiply, Subtract};
        use Side::{Left, Right};
        match (self.arithmetic, side) {
            (Add, _) | (Subtract, Left) => (),
            (Subtract, Right) => super::Map::Scale(-1.0).apply(g),
            (Multiply, Left) => in_place(g, b, |g, b| g * b),
            (Multiply, Right) => in_place(g, a, |g, a| g * a),
            (Divide, Left) => in_place(g, b, |g, b| g / b),
            (Divide, Right) => {
                in_place(g, a, |g, a| g * a);
                in_place(g, b, |g, b| -g / (b * b));
            }
        }
    }

    /// Fills the gradient `gx` of one side from that of y. `a` and `b` may be empty where
    /// they are not kept.
    pub(crate) fn backward(
        &self,
        side: Side,
        gy: &[f32],
        a: &[f32],
        b: &[f32],
        gx: &mut [f32],
    ) {
        use Arithmetic::{Add, Divide, Multiply, Subtract};
        use Side::{Left, Right};
        match (self.arithmetic, side) {
            (Add, _) | (Subtract, Left) => self.collect(side, gy, gx, |g| g),
            (Subtract, Right) => self.collect(side, gy, gx, |g| -g),
            (Multiply, Left) => self.gather(side, gy, a, b, gx, |g, _, b| g * b),
            (Multiply, Right) => self.gather(side, gy, a, b, gx, |g, a, _| g * a),
            (Divide, Left) => self.gather(side, gy, a, b, gx, |g, _, b| g / b),
            (Divide, Right) => {
                self.gather(side, gy, a, b, gx, |g, a, b| -(g * a) / (b * b));
            }
        }
    }

    /// y = f(a, b).
    #[inline(always)]
    fn combine(
        &self,
        a: &[f32],
        b: &[f32],
        y: &mut [f32],
        f: impl Fn(f32, f32) -> f32 + Sync + Copy,
    ) {
        let (rows, (left, made, right)) = (rows_per_task(self.made), self.widths());
        if y.len() <= rows * made {
            return self.combine_block(a, b, y, f);
        }
        let blocks = y.par_chunks_mut(rows * made).zip(a.par_chunks(rows * left));
        blocks
            .zip(b.par_chunks(rows * right))
            .for_each(|((y, a), b)| self.combine_block(a, b, y, f));
    }

    /// The same on a few rows, with the widest vectors, in a function of its own (see
    /// `blocks`).
    #[inline(never)]
    fn combine_block(
        &self,
        a: &[f32],
        b: &[f32],
        y: &mut [f32],
        f: impl Fn(f32, f32) -> f32 + Copy,
    ) {
        vectorised(
            #[inline(always)]
            || match self.plain() {
                true => both(y, a, b, f),
                false => self.combine_rows(a, b, y, f),
            },
        );
    }

    /// The same where one side is spread.
    #[inline(always)]
    fn combine_rows(
        &self,
        a: &[f32],
        b: &[f32],
        y: &mut [f32],
        f: impl Fn(f32, f32) -> f32 + Copy,
    ) {
        let rows = y.chunks_exact_mut(self.made).zip(a.chunks_exact(self.left));
        for ((y, a), b) in rows.zip(b.chunks_exact(self.right)) {
            for (y, &(i, j)) in y.chunks_exact_mut(self.run).zip(&self.runs) {
                let (a, b) = (from(a, i), from(b, j));
                match (self.left_moves, self.right_moves) {
                    (true, true) => both(y, a, b, f),
                    (true, false) => {
                        let b = first(b);
                        each(y, a, |a| f(a, b));
                    }
                    (false, true) => {
                        let a = first(a);
                        each(y, b, |b| f(a, b));
                    }
                    (false, false) => y.fill(f(first(a), first(b))),
                }
            }
        }
    }

    /// The gradient of a side where it needs neither side's numbers.
    #[inline(always)]
    fn collect(
        &self,
        side: Side,
        gy: &[f32],
        gx: &mut [f32],
        f: impl Fn(f32) -> f32 + Sync + Copy,
    ) {
        if self.plain() {
            return each_with(
                gx,
                gy,
                #[inline(always)]
                |gx, gy| each(gx, gy, f),
            );
        }
        let (rows, (width, _)) = (rows_per_task(self.made), self.side(side));
        if gy.len() <= rows * self.made {
            return self.collect_block(side, gy, gx, f);
        }
        gx.par_chunks_mut(rows * width)
            .zip(gy.par_chunks(rows * self.made))
            .for_each(|(gx, gy)| self.collect_block(side, gy, gx, f));
    }

    /// The same on a few rows, with the widest vectors.
    #[inline(never)]
    fn collect_block(
        &self,
        side: Side,
        gy: &[f32],
        gx: &mut [f32],
        f: impl Fn(f32) -> f32 + Copy,
    ) {
        let (width, moves) = self.side(side);
        vectorised(
            #[inline(always)]
            || {
                gx.fill(0.0);
                let rows = gx.chunks_exact_mut(width);
                for (gx, gy) in rows.zip(gy.chunks_exact(self.made)) {
                    for (gy, starts) in gy.chunks_exact(self.run).zip(&self.runs) {
                        let gx = onto(gx, side, starts);
                        if moves {
                            gx.iter_mut().zip(gy).for_each(|(x, g)| *x += f(*g));
                        } else if let Some(gx) = gx.first_mut() {
                            *gx += f(total(gy));
                        }
                    }
                }
            },
        );
    }

    /// The gradient of a side: f(gradient, a, b), summed over what was spread.
    #[inline(always)]
    fn gather(
        &self,
        side: Side,
        gy: &[f32],
        a: &[f32],
        b: &[f32],
        gx: &mut [f32],
        f: impl Fn(f32, f32, f32) -> f32 + Sync + Copy,
    ) {
        let (rows, (left, made, right)) = (rows_per_task(self.made), self.widths());
        let width = match side {
            Side::Left => left,
            Side::Right => right,
        };
        if gy.len() <= rows * made {
            return self.gather_rows(side, gy, (a, b), gx, f);
        }
        let blocks = gx.par_chunks_mut(rows * width);
        let blocks = blocks.zip(gy.par_chunks(rows * made));
        let blocks = blocks.zip(a.par_chunks(rows * left));
        blocks
            .zip(b.par_chunks(rows * right))
            .for_each(|(((gx, gy), a), b)| self.gather_rows(side, gy, (a, b), gx, f));
    }

    /// The same on rows.
    #[inline(never)]
    fn gather_rows(
        &self,
        side: Side,
        gy: &[f32],
        (a, b): (&[f32], &[f32]),
        gx: &mut [f32],
        f: impl Fn(f32, f32, f32) -> f32 + Copy,
    ) {
        if self.plain() {
            return vectorised(
                #[inline(always)]
                || {
                    for (((x, g), a), b) in gx.iter_mut().zip(gy).zip(a).zip(b) {
                        *x = f(*g, *a, *b);
                    }
                },
            );
        }
        let (width, moves) = self.side(side);
        let mut terms = vec![0.0; self.run];
        vectorised(
            #[inline(always)]
            || {
                let rows = gx.chunks_exact_mut(width).zip(gy.chunks_exact(self.made));
                let rows = rows.zip(a.chunks_exact(self.left));
                for (((gx, gy), a), b) in rows.zip(b.chunks_exact(self.right)) {
                    gx.fill(0.0);
                    for (gy, starts) in gy.chunks_exact(self.run).zip(&self.runs) {
                        let (a, b) = (from(a, starts.0), from(b, starts.1));
                        terms.copy_from_slice(gy);
                        match (self.left_moves, self.right_moves) {
                            (true, true) => {
                                let pairs = terms.iter_mut().zip(a).zip(b);
                                pairs.for_each(|((t, a), b)| *t = f(*t, *a, *b));
                            }
                            (true, false) => {
                                let b = first(b);
                                let pairs = terms.iter_mut().zip(a);
                                pairs.for_each(|(t, a)| *t = f(*t, *a, b));
                            }
                            (false, true) => {
                                let a = first(a);
                                let pairs = terms.iter_mut().zip(b);
                                pairs.for_each(|(t, b)| *t = f(*t, a, *b));
                            }
                            (false, false) => {
                                let (a, b) = (first(a), first(b));
                                terms.iter_mut().for_each(|t| *t = f(*t, a, b));
                            }
                        }
                        let gx = onto(gx, side, starts);
                        if moves {
                            gx.iter_mut().zip(&terms).for_each(|(x, t)| *x += t);
                        } else if let Some(gx) = gx.first_mut() {
                            *gx += total(&terms);
                        }
                    }
                }
            },
        );
    }

    /// Numbers per row of a, y and b.
    fn widths(&self) -> (usize, usize, usize) {
        (self.left, self.made, self.right)
    }

    /// Numbers per row of a side, and whether it moves along a run.
    fn side(&self, side: Side) -> (usize, bool) {
        match side {
            Side::Left => (self.left, self.left_moves),
            Side::Right => (self.right, self.right_moves),
        }
    }
}

/// The numbers from a place on.
#[inline(always)]
fn from(x: &[f32], start: usize) -> &[f32] {
    x.get(start..).unwrap_or(&[])
}

#[inline(always)]
fn first(x: &[f32]) -> f32 {
    x.first().copied().unwrap_or(f32::NAN)
}

/// The part of a side's gradient that a run adds to.
#[inline(always)]
fn onto<'a>(gx: &'a mut [f32], side: Side, starts: &(usize, usize)) -> &'a mut [f32] {
    let start = if side == Side::Left {
        starts.0
    } else {
        starts.1
    };
    gx.get_mut(start..).unwrap_or(&mut [])
}

#[inline(always)]
fn both(y: &mut [f32], a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32) {
    let pairs = y.iter_mut().zip(a).zip(b);
    pairs.for_each(|((y, a), b)| *y = f(*a, *b));
}

/// y = f(y, x).
#[inline(always)]
fn in_place(y: &mut [f32], x: &[f32], f: impl Fn(f32, f32) -> f32 + Sync) {
    each_with(
        y,
        x,
        #[inline(always)]
        |y, x| y.iter_mut().zip(x).for_each(|(y, x)| *y = f(*y, *x)),
    );
}

#[inline(always)]
fn each(y: &mut [f32], x: &[f32], f: impl Fn(f32) -> f32) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y = f(*x));
}

#[cfg(test)]
mod tests;
