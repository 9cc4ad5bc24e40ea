//! The power spectrum: coefficients come in, the sums over m of their products go out.

#![allow(
    clippy::indexing_slicing,
    reason = "kernel over arrays whose lengths are set together"
)]

use super::basis::Basis;
use super::expansion::stride;
use crate::chem::vectors::{LANES, vectorised};

/// Add the power spectrum of one row of coefficients to `row`.
pub(super) fn add_spectrum(basis: &Basis, c: &[f64], species: usize, row: &mut [f64]) {
    vectorised(
        #[inline(always)]
        || add(basis, c, species, row),
    );
}

#[inline(always)]
fn add(basis: &Basis, c: &[f64], species: usize, row: &mut [f64]) {
    let (n_max, stride) = (basis.n_max, stride(basis));
    let part = basis.harmonics.count() * stride;
    // One species, one degree: rows by m of `stride` numbers.
    let block = |z: usize, l: usize| {
        let first = z * part + l * l * stride;
        &c[first..first + (2 * l + 1) * stride]
    };
    let mut products = vec![0.0; stride];
    let mut rest = row;
    for a in 0..species {
        for b in a..species {
            for l in 0..=basis.l_max {
                let (left, right) = (block(a, l), block(b, l));
                for n in 0..n_max {
                    for block in (0..stride).step_by(LANES) {
                        let mut sums = [0.0; LANES];
                        for m in 0..=2 * l {
                            let factor = left[m * stride + n];
                            let first = m * stride + block;
                            let values = &right[first..first + LANES];
                            for k in 0..LANES {
                                sums[k] += factor * values[k];
                            }
                        }
                        products[block..block + LANES].copy_from_slice(&sums);
                    }
                    let least = if a == b { n } else { 0 };
                    let (now, later) =
                        std::mem::take(&mut rest).split_at_mut(n_max - least);
                    for (value, product) in now.iter_mut().zip(&products[least..n_max]) {
                        *value += product;
                    }
                    rest = later;
                }
            }
        }
    }
}
