//! Coulomb matrices: a structure comes in; a symmetric matrix of one row per site, or
//! its eigenvalues, go out.
//!
//! Diagonal 0.5 Z^2.4, off the diagonal Zᵢ Zⱼ / d. In the Coulomb matrix (Rupp et al.,
//! Phys. Rev. Lett. 108, 058301 (2012)) d is the distance of the sites; in the sine
//! Coulomb matrix (Faber et al., Int. J. Quantum Chem. 115, 1094 (2015)), made for
//! crystals, d = |Σₖ sin²(π Δfₖ) aₖ| with the lattice vectors aₖ and the difference Δf of
//! the fractional coordinates.

#![allow(
    clippy::indexing_slicing,
    reason = "matrices of a length fixed by the number of sites"
)]

use super::structure::Structure;

mod distance;
mod eigenvalues;
#[cfg(test)]
mod tests;

/// Bohr radii per ångström, as matminer has it: the ratio of scipy's "Angstrom star" and
/// "Bohr radius".
pub const BOHR_PER_ANGSTROM: f64 = 1.889_754_377_313_364_7;

/// Most sites of a matrix: it then takes 200 MB.
pub const MAX_ORDER: usize = 5_000;

/// Whose numbers a matrix has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Convention {
    /// dscribe's: d in Å; in the Coulomb matrix the distance of the sites as they lie in
    /// the cell, images not considered.
    #[default]
    Dscribe,
    /// matminer's: d in Bohr radii; in the Coulomb matrix the distance to the nearest
    /// image.
    Matminer,
}

/// A symmetric matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct SymmetricMatrix {
    order: usize,
    values: Vec<f64>,
}

/// Why there is no matrix or spectrum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CoulombError {
    /// Two sites at the same place, counted from 0.
    #[error("sites {} and {} lie at the same place, so they repel without limit", .0 + 1, .1 + 1)]
    SamePlace(usize, usize),
    /// More sites than [`MAX_ORDER`].
    #[error(
        "a Coulomb matrix of {sites} sites was asked for; at most {MAX_ORDER} are possible"
    )]
    TooManySites {
        /// Number of sites.
        sites: usize,
    },
    /// A spectrum is to be padded to fewer values than it has.
    #[error("{sites} sites do not fit into a spectrum of {size} values")]
    SizeTooSmall {
        /// Number of sites.
        sites: usize,
        /// Values asked for.
        size: usize,
    },
    /// The iteration for the eigenvalues did not end.
    #[error("the eigenvalues of the Coulomb matrix could not be found")]
    NotConverged,
}

impl SymmetricMatrix {
    /// Number of rows and of columns.
    pub fn order(&self) -> usize {
        self.order
    }

    /// All values, row by row: order² of them.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// One row, empty where there is none.
    pub fn row(&self, row: usize) -> &[f64] {
        self.values
            .chunks_exact(self.order.max(1))
            .nth(row)
            .unwrap_or_default()
    }

    /// The eigenvalues by descending absolute value (of ±x, +x first).
    ///
    /// # Errors
    /// [`CoulombError::NotConverged`], not known to happen.
    pub fn eigenspectrum(&self) -> Result<Vec<f64>, CoulombError> {
        let mut values = eigenvalues::eigenvalues(self.values.clone(), self.order)
            .ok_or(CoulombError::NotConverged)?;
        values.sort_unstable_by(|x, y| {
            y.abs().total_cmp(&x.abs()).then_with(|| y.total_cmp(x))
        });
        Ok(values)
    }
}

/// The eigenspectrum of a matrix followed by zeros, `size` values in all: one length for
/// structures of any number of sites up to `size`.
///
/// # Errors
/// More sites than `size`.
pub fn padded_eigenspectrum(
    matrix: &SymmetricMatrix,
    size: usize,
) -> Result<Vec<f64>, CoulombError> {
    let sites = matrix.order();
    if sites > size {
        return Err(CoulombError::SizeTooSmall { sites, size });
    }
    let mut spectrum = matrix.eigenspectrum()?;
    spectrum.resize(size, 0.0);
    Ok(spectrum)
}

/// The Coulomb matrix.
///
/// # Errors
/// Sites that coincide, or too many.
pub fn coulomb_matrix(
    structure: &Structure,
    convention: Convention,
) -> Result<SymmetricMatrix, CoulombError> {
    match convention {
        Convention::Dscribe => {
            let direct = distance::Direct::new(structure);
            fill(structure, 1.0, |i, j| direct.distance(i, j))
        }
        Convention::Matminer => {
            let nearest = distance::Nearest::new(structure);
            fill(structure, BOHR_PER_ANGSTROM, |i, j| nearest.distance(i, j))
        }
    }
}

/// The sine Coulomb matrix.
///
/// # Errors
/// Sites that coincide, or too many.
pub fn sine_coulomb_matrix(
    structure: &Structure,
    convention: Convention,
) -> Result<SymmetricMatrix, CoulombError> {
    let sine = distance::Sine::new(structure);
    let unit = match convention {
        Convention::Dscribe => 1.0,
        Convention::Matminer => BOHR_PER_ANGSTROM,
    };
    fill(structure, unit, |i, j| sine.distance(i, j))
}

/// Distances shorter than this (Å) are those of one place: at 0 the matrix is infinite.
const SAME_PLACE: f64 = 1e-12;

/// The matrix whose distances, in Å, are `distance`, times `unit`.
fn fill(
    structure: &Structure,
    unit: f64,
    distance: impl Fn(usize, usize) -> f64,
) -> Result<SymmetricMatrix, CoulombError> {
    let order = structure.sites();
    if order > MAX_ORDER {
        return Err(CoulombError::TooManySites { sites: order });
    }
    let charge: Vec<f64> = structure.species().iter().map(|e| e.z().into()).collect();
    let mut values = vec![0.0; order * order];
    for i in 0..order {
        values[i * order + i] = 0.5 * libm::pow(charge[i], 2.4);
        for j in 0..i {
            let d = distance(i, j);
            if d < SAME_PLACE {
                return Err(CoulombError::SamePlace(j, i));
            }
            let value = charge[i] * charge[j] / (d * unit);
            values[i * order + j] = value;
            values[j * order + i] = value;
        }
    }
    Ok(SymmetricMatrix { order, values })
}
