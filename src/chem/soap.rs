//! Smooth overlap of atomic positions (SOAP): a structure comes in, the power spectrum of
//! the atomic density around its sites goes out, per site or averaged.
//!
//! Bartók, Kondor and Csányi, Phys. Rev. B 87, 184115 (2013), with the Gaussian radial
//! basis and the numbers of dscribe (Himanen et al., Comput. Phys. Commun. 247, 106949
//! (2020)): aₙ = 1 … r_cut Å evenly spaced, αₙₗ = −ln(10⁻³ / aₙˡ) / aₙ², made orthonormal
//! by the inverse square root of their overlap. Every atom, the centre included, is a
//! Gaussian of width σ; those within r_cut + σ √(−2 ln 10⁻³) count, without a cutoff
//! function. With the coefficients c over real spherical harmonics, per species Z:
//! p(Z, Z', l, n, n') = π √(8 / (2l + 1)) Σₘ c(Z, n, l, m) c(Z', n', l, m).
//!
//! Order of the values: Z, Z' ≥ Z (by atomic number), l, n, n'; n' ≥ n where Z' = Z.

#![allow(
    clippy::indexing_slicing,
    reason = "places are counted from the same settings as the arrays"
)]

use super::neighbours::{Finder, NeighbourError};
use super::species::{SpeciesList, UnlistedElement};
use super::structure::Structure;

mod basis;
mod expansion;
mod harmonics;
mod spectrum;
#[cfg(test)]
mod tests;

/// Largest number of radial functions.
pub const MAX_N: usize = 24;
/// Largest degree of the spherical harmonics.
pub const MAX_L: usize = 20;
/// Most numbers a result may hold: 1 GB.
const MAX_VALUES: usize = 1 << 27;

/// The expansion's size and reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SoapSettings {
    /// Cutoff radius, Å: above 1.
    pub r_cut: f64,
    /// Number of radial functions, 1 to [`MAX_N`].
    pub n_max: usize,
    /// Largest degree of the spherical harmonics, 0 to [`MAX_L`].
    pub l_max: usize,
    /// Width of the atoms' Gaussians, Å.
    pub sigma: f64,
}

/// Over what the power spectrum is averaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Average {
    /// The coefficients over the sites, then their power spectrum: one row.
    Inner,
    /// The sites' power spectra: one row.
    Outer,
    /// Nothing: one row per site.
    Off,
}

/// Rows of power spectra.
#[derive(Clone, Debug, PartialEq)]
pub struct SoapRows {
    width: usize,
    values: Vec<f64>,
}

/// A basis made ready, for as many structures as wanted.
#[derive(Clone, Debug)]
pub struct Soap {
    settings: SoapSettings,
    basis: basis::Basis,
}

/// Why there is no power spectrum.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SoapError {
    /// The cutoff must be a number above 1 Å, where the radial functions begin.
    #[error("the cutoff radius is {0} Å; it must be a number above 1")]
    Cutoff(f64),
    /// No radial function, or more than [`MAX_N`].
    #[error("n_max is {0}; it must be 1 to {MAX_N}")]
    RadialSize(usize),
    /// A degree above [`MAX_L`].
    #[error("l_max is {0}; it must be 0 to {MAX_L}")]
    Degree(usize),
    /// Width not a positive number.
    #[error("sigma is {0} Å; it must be a positive number")]
    Width(f64),
    /// The radial functions are so alike that they cannot be made orthonormal.
    #[error(
        "n_max = {n_max} radial functions within {r_cut} Å are too alike for f64; take fewer"
    )]
    Dependent {
        /// Number of radial functions.
        n_max: usize,
        /// Cutoff radius, Å.
        r_cut: f64,
    },
    /// An element without columns.
    #[error(transparent)]
    Unlisted(#[from] UnlistedElement),
    /// The neighbours could not be listed.
    #[error(transparent)]
    Neighbours(#[from] NeighbourError),
    /// More values than fit into 1 GB.
    #[error("{rows} rows of {width} values are too many")]
    TooManyValues {
        /// Number of rows.
        rows: usize,
        /// Values per row.
        width: usize,
    },
}

impl SoapRows {
    /// Values per row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// All values, row by row.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// All values, row by row.
    pub fn into_values(self) -> Vec<f64> {
        self.values
    }

    /// The rows: one per site, or one if averaged.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.values.chunks_exact(self.width)
    }
}

impl Soap {
    /// Make the basis ready.
    ///
    /// # Errors
    /// Settings out of range.
    pub fn new(settings: SoapSettings) -> Result<Soap, SoapError> {
        let SoapSettings {
            r_cut,
            n_max,
            l_max,
            sigma,
        } = settings;
        if !(r_cut.is_finite() && r_cut > 1.0) {
            return Err(SoapError::Cutoff(r_cut));
        }
        if !(1..=MAX_N).contains(&n_max) {
            return Err(SoapError::RadialSize(n_max));
        }
        if l_max > MAX_L {
            return Err(SoapError::Degree(l_max));
        }
        if !(sigma.is_finite() && sigma > 0.0) {
            return Err(SoapError::Width(sigma));
        }
        let basis =
            basis::Basis::new(&settings).ok_or(SoapError::Dependent { n_max, r_cut })?;
        Ok(Soap { settings, basis })
    }

    /// The settings.
    pub fn settings(&self) -> &SoapSettings {
        &self.settings
    }

    /// Values per row for `species` species.
    pub fn width(&self, species: usize) -> usize {
        let functions = species * self.settings.n_max;
        functions * (functions + 1) / 2 * (self.settings.l_max + 1)
    }

    /// A name for each value: `O-Ti l0 n1 n2`, n counted from 1.
    pub fn labels(&self, species: &SpeciesList) -> Vec<String> {
        let mut labels = Vec::with_capacity(self.width(species.len()));
        let elements = species.elements();
        for (a, first) in elements.iter().enumerate() {
            for (b, second) in elements.iter().enumerate().skip(a) {
                for l in 0..=self.settings.l_max {
                    for n in 0..self.settings.n_max {
                        let least = if a == b { n } else { 0 };
                        for m in least..self.settings.n_max {
                            let [n, m] = [n + 1, m + 1];
                            labels.push(format!("{first}-{second} l{l} n{n} n{m}"));
                        }
                    }
                }
            }
        }
        labels
    }

    /// The power spectra of a structure; the columns are those of `species`, which must
    /// hold every element of the structure and may hold more (their columns are 0).
    ///
    /// # Errors
    /// An element that is not listed, too many neighbours or values.
    pub fn spectra(
        &self,
        structure: &Structure,
        species: &SpeciesList,
        average: Average,
    ) -> Result<SoapRows, SoapError> {
        self.spectra_in(&mut Finder::new(), structure, species, average)
    }

    /// [`Soap::spectra`] without new memory for the neighbours.
    ///
    /// # Errors
    /// As [`Soap::spectra`].
    pub fn spectra_in(
        &self,
        finder: &mut Finder,
        structure: &Structure,
        species: &SpeciesList,
        average: Average,
    ) -> Result<SoapRows, SoapError> {
        let places = species.places(structure)?;
        let (sites, width) = (structure.sites(), self.width(species.len()));
        let rows = if average == Average::Off { sites } else { 1 };
        let fits = |n: usize| n.checked_mul(width).filter(|&n| n <= MAX_VALUES);
        let count = fits(rows).ok_or(SoapError::TooManyValues { rows, width })?;
        let list = finder.find(structure, self.basis.reach)?;
        let expansion = expansion::expand(
            &self.basis,
            list,
            &places,
            species.len(),
            average == Average::Inner,
        );
        let mut values = vec![0.0; count];
        match average {
            Average::Inner | Average::Off => {
                for (row, c) in values.chunks_exact_mut(width).zip(expansion.rows()) {
                    spectrum::add_spectrum(&self.basis, c, species.len(), row);
                }
            }
            Average::Outer => {
                for c in expansion.rows() {
                    spectrum::add_spectrum(&self.basis, c, species.len(), &mut values);
                }
                values.iter_mut().for_each(|x| *x /= sites as f64);
            }
        }
        Ok(SoapRows { width, values })
    }
}
