//! Coefficients of the atomic density: a neighbour list comes in, the coefficients over
//! radial functions and harmonics around each site, or their mean, go out.

#![allow(
    clippy::indexing_slicing,
    reason = "kernel over arrays whose lengths are set together"
)]

use super::basis::Basis;
use super::harmonics::Block;
use crate::chem::neighbours::Neighbours;
use crate::chem::vectors::{LANES, exp, padded, vectorised};

/// Coefficients: rows by site (or one row, their mean); in a row by species, harmonic
/// (l² + l + m), then radial function, padded to `stride`.
pub(super) struct Expansion {
    row: usize,
    values: Vec<f64>,
}

/// Length of the radial functions' axis.
pub(super) fn stride(basis: &Basis) -> usize {
    padded(basis.n_max)
}

impl Expansion {
    pub(super) fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.values.chunks_exact(self.row)
    }
}

/// Coefficients around every site, or their mean over the sites.
pub(super) fn expand(
    basis: &Basis,
    list: &Neighbours,
    places: &[usize],
    species: usize,
    mean: bool,
) -> Expansion {
    let sites = places.len();
    let part = basis.harmonics.count() * stride(basis);
    let row = species * part;
    let rows = if mean { 1 } else { sites };
    let mut sums = vec![0.0; rows * row];
    let at = |centre: usize, other: usize| {
        let own = if mean { 0 } else { centre * row };
        own + places[other] * part
    };
    let pairs = half_pairs(list);
    vectorised(
        #[inline(always)]
        || {
            add_pairs(basis, list, &pairs, &mut sums, at);
            // Each site itself, at R = 0: only l = 0, where the exponentials are 1.
            let spherical = 0.5 / std::f64::consts::PI.sqrt();
            for site in 0..sites {
                let first = at(site, site);
                for x in &mut sums[first..first + basis.n_max] {
                    *x += spherical;
                }
            }
            let scale = if mean { 1.0 / sites as f64 } else { 1.0 };
            for part in sums.chunks_exact_mut(part) {
                mix(basis, part, scale);
            }
        },
    );
    Expansion { row, values: sums }
}

/// Of each pair of atoms, one entry of the list: the other differs in sign only. Centre
/// and entry.
fn half_pairs(list: &Neighbours) -> Vec<(u32, u32)> {
    let mut pairs = Vec::with_capacity(list.pairs() / 2 + LANES);
    for centre in 0..list.centres() {
        let row = list.row(centre);
        let first = list.offsets()[centre];
        for (k, (&other, image)) in row.index.iter().zip(row.image).enumerate() {
            let (centre, entry) = (centre as u32, first + k as u32);
            if other > centre || (other == centre && *image > [0; 3]) {
                pairs.push((centre, entry));
            }
        }
    }
    pairs
}

/// Add, for each pair, either atom to the coefficients around the other.
#[inline(always)]
fn add_pairs(
    basis: &Basis,
    list: &Neighbours,
    pairs: &[(u32, u32)],
    sums: &mut [f64],
    at: impl Fn(usize, usize) -> usize,
) {
    let stride = stride(basis);
    let mut harmonics = vec![[0.0; LANES]; basis.harmonics.count()];
    let mut radial = vec![0.0; basis.exponents.len()];
    for block in pairs.chunks(LANES) {
        let (mut x, mut y, mut z) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
        for (lane, &(_, entry)) in block.iter().enumerate() {
            [x[lane], y[lane], z[lane]] = list.displacement()[entry as usize];
        }
        basis.harmonics.fill(&x, &y, &z, &mut harmonics);
        for (lane, &(centre, entry)) in block.iter().enumerate() {
            let square = x[lane] * x[lane] + y[lane] * y[lane] + z[lane] * z[lane];
            fill_radial(basis, square, &mut radial);
            let centre = centre as usize;
            let other = list.index()[entry as usize] as usize;
            let near = at(centre, other);
            add_atom(
                basis,
                stride,
                &radial,
                &harmonics,
                lane,
                1.0,
                &mut sums[near..],
            );
            // Seen from the other side the vector is opposite: odd l change sign.
            let far = at(other, centre);
            add_atom(
                basis,
                stride,
                &radial,
                &harmonics,
                lane,
                -1.0,
                &mut sums[far..],
            );
        }
    }
}

/// e^(exponent · R²) of every radial function.
#[inline(always)]
fn fill_radial(basis: &Basis, square: f64, radial: &mut [f64]) {
    for (value, exponent) in radial.iter_mut().zip(&basis.exponents) {
        *value = exp(exponent * square);
    }
}

/// Add radial function times harmonic, odd degrees times `odd`, to one species'
/// coefficients. Beyond n_max the radial axis holds what is never read.
#[inline(always)]
fn add_atom(
    basis: &Basis,
    stride: usize,
    radial: &[f64],
    harmonics: &[Block],
    lane: usize,
    odd: f64,
    sums: &mut [f64],
) {
    let (sums, _) = sums.as_chunks_mut::<LANES>();
    let blocks = stride / LANES;
    for block in 0..blocks {
        let mut sign = 1.0;
        for l in 0..=basis.l_max {
            let first = l * basis.n_max + block * LANES;
            // A copy, which no sum can overlap: the loop below is then one instruction.
            let mut values = [0.0; LANES];
            values.copy_from_slice(&radial[first..first + LANES]);
            for place in l * l..(l + 1) * (l + 1) {
                let harmonic = sign * harmonics[place][lane];
                let sum = &mut sums[place * blocks + block];
                for k in 0..LANES {
                    sum[k] += harmonic * values[k];
                }
            }
            sign *= odd;
        }
    }
}

/// From sums over exponentials to coefficients of the orthonormal functions.
#[inline(always)]
fn mix(basis: &Basis, part: &mut [f64], scale: f64) {
    let (n_max, stride) = (basis.n_max, stride(basis));
    let mut mixed = vec![0.0; stride];
    for l in 0..=basis.l_max {
        let mixing = &basis.mixing[l * n_max * n_max..(l + 1) * n_max * n_max];
        for place in l * l..(l + 1) * (l + 1) {
            let values = &mut part[place * stride..(place + 1) * stride];
            for (n, mixed) in mixed[..n_max].iter_mut().enumerate() {
                let row = &mixing[n * n_max..(n + 1) * n_max];
                *mixed = row
                    .iter()
                    .zip(values.iter())
                    .map(|(b, v)| b * v)
                    .sum::<f64>()
                    * scale;
            }
            values.copy_from_slice(&mixed);
        }
    }
}
