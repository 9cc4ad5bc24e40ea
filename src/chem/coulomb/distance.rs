//! What stands below the charges: the three kinds of distance between two sites, in Å.

#![allow(clippy::indexing_slicing, reason = "3 × 3 lattice algebra and sites")]

use crate::chem::structure::Structure;

/// Between the sites as they lie in the cell.
pub(super) struct Direct {
    cartesian: Vec<[f64; 3]>,
}

impl Direct {
    pub(super) fn new(structure: &Structure) -> Direct {
        let place = |f: &[f64; 3]| combine(f, structure.lattice());
        Direct {
            cartesian: structure.frac().iter().map(place).collect(),
        }
    }

    pub(super) fn distance(&self, i: usize, j: usize) -> f64 {
        let (p, q) = (self.cartesian[i], self.cartesian[j]);
        norm(&[p[0] - q[0], p[1] - q[1], p[2] - q[2]])
    }
}

/// |Σₖ sin²(π Δfₖ) aₖ|.
pub(super) struct Sine<'a> {
    lattice: &'a [[f64; 3]; 3],
    /// Sine and cosine of π f, by site and axis.
    waves: Vec<[(f64, f64); 3]>,
}

impl Sine<'_> {
    pub(super) fn new(structure: &Structure) -> Sine<'_> {
        // sin² has period 1 in f.
        let wave = |f: f64| libm::sincos(std::f64::consts::PI * (f - f.floor()));
        Sine {
            lattice: structure.lattice(),
            waves: structure.frac().iter().map(|f| f.map(wave)).collect(),
        }
    }

    pub(super) fn distance(&self, i: usize, j: usize) -> f64 {
        let (p, q) = (&self.waves[i], &self.waves[j]);
        let mut squares = [0.0; 3];
        for axis in 0..3 {
            let sine = p[axis].0 * q[axis].1 - p[axis].1 * q[axis].0;
            squares[axis] = sine * sine;
        }
        norm(&combine(&squares, self.lattice))
    }
}

/// To the nearest periodic image.
pub(super) struct Nearest {
    /// A basis of the lattice of short vectors.
    basis: [[f64; 3]; 3],
    /// Rows b* with b · b* = 1: the distance of two lattice planes is 1 / |b*|.
    dual: [[f64; 3]; 3],
    cartesian: Vec<[f64; 3]>,
}

impl Nearest {
    pub(super) fn new(structure: &Structure) -> Nearest {
        let basis = reduce(*structure.lattice());
        let [a, b, c] = &basis;
        let rows = [cross(b, c), cross(c, a), cross(a, b)];
        let volume = dot(a, &rows[0]);
        Nearest {
            basis,
            dual: rows.map(|row| row.map(|x| x / volume)),
            cartesian: Direct::new(structure).cartesian,
        }
    }

    pub(super) fn distance(&self, i: usize, j: usize) -> f64 {
        let (p, q) = (self.cartesian[i], self.cartesian[j]);
        let apart = [p[0] - q[0], p[1] - q[1], p[2] - q[2]];
        let f = self.dual.map(|row| dot(&row, &apart));
        let f = f.map(|x| x - x.round());
        let mut best = norm(&combine(&f, &self.basis));
        // An image closer than `best` lies within best · |b*| of 0 along each axis.
        let reach = self.dual.map(|row| best * norm(&row));
        let range = |axis: usize| {
            let low = (-reach[axis] - f[axis]).ceil() as i32;
            let high = (reach[axis] - f[axis]).floor() as i32;
            low..=high
        };
        for u in range(0) {
            for v in range(1) {
                for w in range(2) {
                    let shift = [u, v, w].map(f64::from);
                    let at = [f[0] + shift[0], f[1] + shift[1], f[2] + shift[2]];
                    best = best.min(norm(&combine(&at, &self.basis)));
                }
            }
        }
        best
    }
}

/// Shorten each vector by multiples of the others until none gets shorter.
fn reduce(mut basis: [[f64; 3]; 3]) -> [[f64; 3]; 3] {
    // Each step shortens a vector; the bound on steps is for rounding only.
    for _ in 0..1000 {
        let mut changed = false;
        for (p, q) in [(0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (2, 1)] {
            let times = (dot(&basis[p], &basis[q]) / dot(&basis[q], &basis[q])).round();
            let mut shorter = basis[p];
            for axis in 0..3 {
                shorter[axis] -= times * basis[q][axis];
            }
            if norm(&shorter) < norm(&basis[p]) * (1.0 - 1e-12) {
                basis[p] = shorter;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    basis
}

fn combine(f: &[f64; 3], rows: &[[f64; 3]; 3]) -> [f64; 3] {
    [0, 1, 2]
        .map(|axis| f[0] * rows[0][axis] + f[1] * rows[1][axis] + f[2] * rows[2][axis])
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

fn norm(u: &[f64; 3]) -> f64 {
    dot(u, u).sqrt()
}
