//! Sums, differences, products and quotients of two tensors, number by number. In: a and
//! b, whose sizes are equal or literally 1, the shorter shape aligned at the end. Out: y;
//! the gradients with respect to a and b, summed over what was spread.

use rayon::prelude::*;

use super::super::blocks::{BLOCK, each_with, rows_per_task, total, vectorised};

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
        if self.runs.is_empty() {
            if y.len() <= BLOCK {
                return vectorised(
                    #[inline(always)]
                    || both(y, a, b, f),
                );
            }
            let blocks = y.par_chunks_mut(BLOCK).zip(a.par_chunks(BLOCK));
            blocks.zip(b.par_chunks(BLOCK)).for_each(|((y, a), b)| {
                vectorised(
                    #[inline(always)]
                    || both(y, a, b, f),
                )
            });
            return;
        }
        let rows = y.par_chunks_mut(self.made).zip(a.par_chunks(self.left));
        rows.zip(b.par_chunks(self.right))
            .with_min_len(rows_per_task(self.made))
            .for_each(|((y, a), b)| {
                vectorised(
                    #[inline(always)]
                    || {
                        let runs = y.chunks_exact_mut(self.run).zip(&self.runs);
                        for (y, &(i, j)) in runs {
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
                    },
                );
            });
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
        if self.runs.is_empty() {
            return each_with(
                gx,
                gy,
                #[inline(always)]
                |gx, gy| each(gx, gy, f),
            );
        }
        let (width, moves) = self.side(side);
        gx.par_chunks_mut(width)
            .zip(gy.par_chunks(self.made))
            .with_min_len(rows_per_task(self.made))
            .for_each(|(gx, gy)| {
                vectorised(
                    #[inline(always)]
                    || {
                        gx.fill(0.0);
                        for (gy, starts) in gy.chunks_exact(self.run).zip(&self.runs) {
                            let gx = onto(gx, side, starts);
                            if moves {
                                gx.iter_mut().zip(gy).for_each(|(x, g)| *x += f(*g));
                            } else if let Some(gx) = gx.first_mut() {
                                *gx += f(total(gy));
                            }
                        }
                    },
                );
            });
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
        if self.runs.is_empty() {
            let blocks = gx.par_chunks_mut(BLOCK).zip(gy.par_chunks(BLOCK));
            let blocks = blocks.zip(a.par_chunks(BLOCK)).zip(b.par_chunks(BLOCK));
            blocks.for_each(|(((x, g), a), b)| {
                vectorised(
                    #[inline(always)]
                    || {
                        for (((x, g), a), b) in x.iter_mut().zip(g).zip(a).zip(b) {
                            *x = f(*g, *a, *b);
                        }
                    },
                );
            });
            return;
        }
        let (width, moves) = self.side(side);
        let rows = gx.par_chunks_mut(width).zip(gy.par_chunks(self.made));
        let rows = rows.zip(a.par_chunks(self.left));
        rows.zip(b.par_chunks(self.right))
            .with_min_len(rows_per_task(self.made))
            .for_each_init(
                || vec![0.0; self.run],
                |terms, (((gx, gy), a), b)| {
                    vectorised(
                        #[inline(always)]
                        || {
                            gx.fill(0.0);
                            for (gy, starts) in gy.chunks_exact(self.run).zip(&self.runs)
                            {
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
                                    gx.iter_mut().zip(&*terms).for_each(|(x, t)| *x += t);
                                } else if let Some(gx) = gx.first_mut() {
                                    *gx += total(terms);
                                }
                            }
                        },
                    );
                },
            );
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

#[inline(always)]
fn each(y: &mut [f32], x: &[f32], f: impl Fn(f32) -> f32) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y = f(*x));
}

#[cfg(test)]
mod tests {
    use super::super::differences::{check_curved, random, weighted};
    use super::*;

    const ALL: [Arithmetic; 4] = [
        Arithmetic::Add,
        Arithmetic::Subtract,
        Arithmetic::Multiply,
        Arithmetic::Divide,
    ];

    fn shapes() -> Vec<(Vec<usize>, Vec<usize>)> {
        let pairs: [(&[usize], &[usize]); 14] = [
            (&[5], &[5]),
            (&[2, 3], &[2, 3]),
            (&[4, 1], &[4, 3]),
            (&[4, 3], &[1, 3]),
            (&[4, 1], &[1, 3]),
            (&[1], &[7]),
            (&[3, 20], &[]),
            (&[3], &[2, 4, 3]),
            (&[2, 1, 3], &[4, 1]),
            (&[2, 1, 3, 1], &[1, 4, 1, 5]),
            (&[1, 1], &[1]),
            (&[], &[]),
            (&[2, 1, 1, 3], &[2, 4, 5, 3]),
            (&[6, 1, 2], &[6, 40, 1]),
        ];
        pairs
            .iter()
            .map(|(a, b)| (a.to_vec(), b.to_vec()))
            .collect()
    }

    /// The place in a shape `sizes` of place `k` of the shape `made`.
    fn place(mut k: usize, made: &[usize], sizes: &[usize]) -> usize {
        let sizes = aligned(sizes, made.len());
        let (mut place, mut step) = (0, 1);
        for (n, own) in made.iter().zip(&sizes).rev() {
            place += if *own == 1 { 0 } else { k % n * step };
            step *= own;
            k /= n;
        }
        place
    }

    #[test]
    fn shapes_go_together_if_sizes_are_equal_or_one() {
        assert_eq!(spread(&[4, 1], &[3]), Some(vec![4, 3]));
        assert_eq!(spread(&[], &[2, 2]), Some(vec![2, 2]));
        assert_eq!(spread(&[2, 3], &[2]), None);
        assert_eq!(spread(&[4], &[2]), None);
    }

    #[test]
    fn values_by_definition_and_gradients_by_differences() {
        for (seed, (a, b)) in shapes().into_iter().enumerate() {
            let made = spread(&a, &b).unwrap();
            let count = |sizes: &[usize]| sizes.iter().product::<usize>();
            for arithmetic in ALL {
                for rows in [1, 3] {
                    let pair = Pair::new(arithmetic, &a, &b);
                    let x = random(rows * count(&a), seed as u64);
                    let mut z = random(rows * count(&b), 50 + seed as u64);
                    // Divisors away from zero.
                    z.iter_mut().for_each(|z| *z += 1.5f32.copysign(*z));
                    let run = |x: &[f32], z: &[f32]| {
                        let mut y = vec![f32::NAN; rows * count(&made)];
                        pair.forward(x, z, &mut y);
                        y
                    };
                    let y = run(&x, &z);
                    for (k, y) in y.iter().enumerate() {
                        let (row, k) = (k / count(&made), k % count(&made));
                        let x = x[row * count(&a) + place(k, &made, &a)];
                        let z = z[row * count(&b) + place(k, &made, &b)];
                        let expected = match arithmetic {
                            Arithmetic::Add => x + z,
                            Arithmetic::Subtract => x - z,
                            Arithmetic::Multiply => x * z,
                            Arithmetic::Divide => x / z,
                        };
                        assert_eq!(*y, expected, "{arithmetic:?} {a:?} {b:?}");
                    }
                    let g = random(y.len(), 99);
                    let mut gx = vec![f32::NAN; x.len()];
                    let mut gz = vec![f32::NAN; z.len()];
                    let empty = !pair.keeps_inputs();
                    let (p, q) = if empty {
                        (&[][..], &[][..])
                    } else {
                        (&x[..], &z[..])
                    };
                    pair.backward(Side::Left, &g, p, q, &mut gx);
                    pair.backward(Side::Right, &g, p, q, &mut gz);
                    let what = format!("{arithmetic:?} {a:?} {b:?}");
                    check_curved(&what, &x, &gx, |x| weighted(&run(x, &z), &g));
                    check_curved(&what, &z, &gz, |z| weighted(&run(&x, z), &g));
                }
            }
        }
    }

    #[test]
    fn equal_shapes_agree_with_dfdx() {
        use dfdx::prelude::{Backward, Cpu, SumTo, TensorFromVec, Trace};
        let (a, b) = (random(30, 1), random(30, 2));
        let device = Cpu::default();
        let x = device.tensor_from_vec(a.clone(), (30,));
        let z = device.tensor_from_vec(b.clone(), (30,));
        for arithmetic in ALL {
            let y = match arithmetic {
                Arithmetic::Add => x.leaky_trace() + z.clone(),
                Arithmetic::Subtract => x.leaky_trace() - z.clone(),
                Arithmetic::Multiply => x.leaky_trace() * z.clone(),
                Arithmetic::Divide => x.leaky_trace() / z.clone(),
            };
            let values = y.as_vec();
            let slopes = y.sum::<dfdx::prelude::Rank0, _>().backward();
            let pair = Pair::new(arithmetic, &[5], &[5]);
            let mut ours = vec![f32::NAN; 30];
            pair.forward(&a, &b, &mut ours);
            let close = |ours: &[f32], theirs: &[f32]| {
                for (a, b) in ours.iter().zip(theirs) {
                    let allowed = 1e-6 * b.abs().max(1.0);
                    assert!((a - b).abs() <= allowed, "{arithmetic:?}: {a} {b}");
                }
            };
            close(&ours, &values);
            for (side, theirs) in [
                (Side::Left, slopes.get(&x).as_vec()),
                (Side::Right, slopes.get(&z).as_vec()),
            ] {
                pair.backward(side, &[1.0; 30], &a, &b, &mut ours);
                close(&ours, &theirs);
            }
        }
    }
}
