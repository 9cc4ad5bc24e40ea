//! The cell a search works in: a structure comes in; a compact cell of the same
//! lattice, with all atoms inside it, goes out.
//!
//! Reduction is Minkowski's in three dimensions (Semaev, CaLC 2001; Nguyen and Stehlé,
//! ACM Trans. Algorithms 5, 46 (2009)): shorten the second vector by the first and the
//! third by both, until nothing gets shorter. A cell that is compact already is taken
//! as it is, so that positions are rounded as in the codes the graphs are compared with.

#![allow(
    clippy::indexing_slicing,
    reason = "3 × 3 lattice algebra with constant indices"
)]

use super::NeighbourError;

/// A step of the reduction must shorten a vector's square by this fraction.
const GAIN: f64 = 1e-3;
/// Rounds of the reduction; each takes at least [`GAIN`] off, a hundred would be many.
const ROUNDS: usize = 10_000;
/// Largest image number: sums of a few stay within 32 bits.
const MAX_IMAGE: f64 = 5e8;

/// Largest number of times a lattice vector may go into a reduced one.
const MAX_TURN: i64 = 1_000_000_000;

pub(super) type Matrix = [[f64; 3]; 3];
type Whole = [[i64; 3]; 3];

const UNIT: Whole = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];

/// The reduced cell and the atoms in it.
#[derive(Default)]
pub(super) struct WorkCell {
    /// Lattice vectors of the reduced cell as rows, Å.
    pub(super) basis: Matrix,
    /// Each of them as a sum of the structure's own lattice vectors.
    pub(super) turn: Whole,
    /// Distance between the two faces of the cell along each axis, Å.
    pub(super) heights: [f64; 3],
    /// Fractional coordinates in the reduced cell, 0..=1.
    pub(super) frac: Vec<[f64; 3]>,
    /// Where the atoms are, Å.
    pub(super) position: Vec<[f64; 3]>,
    /// How far off the fractional coordinates two atoms may be placed together, Å.
    pub(super) slack: f64,
    /// Translation that was taken off each atom to bring it into the reduced cell, in
    /// the structure's own lattice vectors.
    pub(super) shift: Vec<[i32; 3]>,
}

impl WorkCell {
    /// Take a lattice and fractional coordinates, forget the last ones. The atoms are
    /// placed by `inner`, their images by `lattice`.
    pub(super) fn place(
        &mut self,
        lattice: &Matrix,
        inner: &Matrix,
        all: &[[f64; 3]],
    ) -> Result<(), NeighbourError> {
        self.turn = reduce(lattice);
        self.basis = if self.turn == UNIT {
            *lattice
        } else {
            combine(&self.turn, lattice)
        };
        self.heights = heights(&self.basis);
        self.frac.clear();
        self.position.clear();
        self.shift.clear();
        let back = unimodular_inverse(&self.turn).ok_or(NeighbourError::ImagesTooFar)?;
        let off = [0, 1, 2].map(|k| [0, 1, 2].map(|m| inner[k][m] - lattice[k][m]));
        self.slack = 0.0;
        for frac in all {
            let inside = self.bring_inside(frac, &back)?;
            self.frac.push(inside);
            let off = cartesian(frac, &off);
            self.slack = self.slack.max(2.0 * dot(&off, &off).sqrt());
            self.position.push(if self.turn == UNIT && inside == *frac {
                cartesian(frac, inner)
            } else {
                let at = cartesian(&inside, &self.basis);
                [0, 1, 2].map(|k| at[k] + off[k])
            });
        }
        Ok(())
    }

    /// Fractional coordinates in the reduced cell; the translation goes to `shift`.
    fn bring_inside(
        &mut self,
        frac: &[f64; 3],
        back: &Whole,
    ) -> Result<[f64; 3], NeighbourError> {
        let reduced = if self.turn == UNIT {
            *frac
        } else {
            [0, 1, 2].map(|k| (0..3).map(|m| frac[m] * back[m][k] as f64).sum())
        };
        let floor: [f64; 3] = reduced.map(f64::floor);
        self.shift.push(self.own_image(floor)?);
        Ok([0, 1, 2].map(|k| reduced[k] - floor[k]))
    }

    /// A translation in reduced lattice vectors, told in the structure's own.
    pub(super) fn own_image(
        &self,
        reduced: [f64; 3],
    ) -> Result<[i32; 3], NeighbourError> {
        if self.turn == UNIT && reduced.iter().all(|x| x.abs() < MAX_IMAGE) {
            return Ok(reduced.map(|x| x as i32));
        }
        let own: [f64; 3] = [0, 1, 2].map(|k| {
            (0..3)
                .map(|m| reduced[m] * self.turn[m][k] as f64)
                .sum::<f64>()
        });
        if own.iter().any(|x| x.is_nan() || x.abs() > MAX_IMAGE) {
            return Err(NeighbourError::ImagesTooFar);
        }
        Ok(own.map(|x| x as i32))
    }
}

/// `frac · basis`.
pub(super) fn cartesian(frac: &[f64; 3], basis: &Matrix) -> [f64; 3] {
    let [a, b, c] = basis;
    [0, 1, 2].map(|k| frac[0] * a[k] + frac[1] * b[k] + frac[2] * c[k])
}

fn combine(turn: &Whole, lattice: &Matrix) -> Matrix {
    turn.map(|row| cartesian(&row.map(|x| x as f64), lattice))
}

/// Distances between opposite faces: volume over the area of a face.
fn heights(basis: &Matrix) -> [f64; 3] {
    let [a, b, c] = basis;
    let faces = [cross(b, c), cross(c, a), cross(a, b)];
    let volume = dot(a, &faces[0]).abs();
    faces.map(|face| volume / dot(&face, &face).sqrt())
}

/// The reduced basis as whole-number combinations of the rows of `lattice`.
fn reduce(lattice: &Matrix) -> Whole {
    let mut turn = UNIT;
    for _ in 0..ROUNDS {
        let basis = combine(&turn, lattice);
        let square = basis.map(|row| dot(&row, &row));
        let mut order = [0, 1, 2];
        order.sort_by(|&i, &j| square[i].total_cmp(&square[j]));
        let [i, j, k] = order;
        let step = shorten_second(&basis, i, j)
            .map(|n| (j, [n, 0]))
            .or_else(|| shorten_third(&basis, [i, j, k]).map(|n| (k, n)));
        let Some((row, [m, n])) = step else { break };
        let other = [turn[i], if row == k { turn[j] } else { [0; 3] }];
        let sum = [0, 1, 2].map(|x| {
            let taken = m.checked_mul(other[0][x])?;
            let taken = taken.checked_add(n.checked_mul(other[1][x])?)?;
            let rest = turn[row][x].checked_sub(taken)?;
            (rest.abs() < MAX_TURN).then_some(rest)
        });
        // Numbers beyond use: the cell stays as compact as it has become.
        let [Some(a), Some(b), Some(c)] = sum else {
            break;
        };
        turn[row] = [a, b, c];
    }
    turn
}

/// How many times vector `i` is taken off vector `j` to make it shorter, if it helps.
fn shorten_second(basis: &Matrix, i: usize, j: usize) -> Option<i64> {
    let (a, b) = (&basis[i], &basis[j]);
    let n = (dot(a, b) / dot(a, a)).round();
    let rest = minus(b, &[(n, a)]);
    (dot(&rest, &rest) < dot(b, b) * (1.0 - GAIN)).then_some(n as i64)
}

/// How many times the two shorter vectors are taken off the third, if it helps.
fn shorten_third(basis: &Matrix, [i, j, k]: [usize; 3]) -> Option<[i64; 2]> {
    let (a, b, c) = (&basis[i], &basis[j], &basis[k]);
    let (aa, ab, bb) = (dot(a, a), dot(a, b), dot(b, b));
    let (ac, bc) = (dot(a, c), dot(b, c));
    let area = aa * bb - ab * ab;
    let m = ((ac * bb - bc * ab) / area).floor();
    let n = ((bc * aa - ac * ab) / area).floor();
    let mut best = None;
    let mut least = dot(c, c) * (1.0 - GAIN);
    // The best whole numbers are within one of the rounded real ones.
    for m in [m - 1.0, m, m + 1.0, m + 2.0] {
        for n in [n - 1.0, n, n + 1.0, n + 2.0] {
            let rest = minus(c, &[(m, a), (n, b)]);
            let square = dot(&rest, &rest);
            if square < least {
                (least, best) = (square, Some([m as i64, n as i64]));
            }
        }
    }
    best
}

/// Inverse of a whole-number matrix of determinant ±1.
fn unimodular_inverse(m: &Whole) -> Option<Whole> {
    if *m == UNIT {
        return Some(UNIT);
    }
    let minor = |r: usize, c: usize| -> Option<i64> {
        let (r0, r1, c0, c1) = ((r + 1) % 3, (r + 2) % 3, (c + 1) % 3, (c + 2) % 3);
        let left = m[r0][c0].checked_mul(m[r1][c1])?;
        left.checked_sub(m[r0][c1].checked_mul(m[r1][c0])?)
    };
    let mut inverse = UNIT;
    let mut determinant = 0_i64;
    for (r, row) in m.iter().enumerate() {
        for (c, &x) in row.iter().enumerate() {
            inverse[c][r] = minor(r, c)?;
            if r == 0 {
                determinant = determinant.checked_add(x.checked_mul(minor(r, c)?)?)?;
            }
        }
    }
    if determinant.abs() != 1 {
        return None;
    }
    Some(inverse.map(|row| row.map(|x| x * determinant)))
}

fn minus(v: &[f64; 3], taken: &[(f64, &[f64; 3])]) -> [f64; 3] {
    taken.iter().fold(*v, |rest, (times, w)| {
        [0, 1, 2].map(|k| rest[k] - times * w[k])
    })
}

fn dot(u: &[f64; 3], v: &[f64; 3]) -> f64 {
    u[0] * v[0] + u[1] * v[1] + u[2] * v[2]
}

fn cross(u: &[f64; 3], v: &[f64; 3]) -> [f64; 3] {
    [
        u[1] * v[2] - u[2] * v[1],
        u[2] * v[0] - u[0] * v[2],
        u[0] * v[1] - u[1] * v[0],
    ]
}
