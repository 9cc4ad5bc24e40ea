//! Atom-centred symmetry functions: a structure comes in, one row of numbers per site
//! goes out.
//!
//! Behler, J. Chem. Phys. 134, 074106 (2011), in the order of dscribe's `ACSF`. With the
//! cutoff function fc(r) = ½ (cos(π r / r_cut) + 1), over all periodic images: for each
//! species by ascending Z
//! * G1 = Σ fc(r),
//! * each G2 (η, Rs): Σ e^(−η (r − Rs)²) fc(r),
//! * each G3 κ: Σ cos(κ r) fc(r);
//!
//! then for each pair of species (11, 12, 22, 13, 23, 33, …), over the pairs j, k of
//! neighbours,
//! * each G4 (η, ζ, λ): Σ 2^(1−ζ) (1 + λ cos θ)^ζ e^(−η (rij² + rik² + rjk²))
//!   fc(rij) fc(rik) fc(rjk),
//! * each G5: the same without the terms of rjk.

#![allow(
    clippy::indexing_slicing,
    reason = "places are counted from the same settings as the arrays"
)]

use super::neighbours::{Finder, NeighbourError};
use super::species::{SpeciesList, UnlistedElement};
use super::structure::Structure;

mod angular;
mod pairs;
mod shell;
#[cfg(test)]
mod tests;

/// Most numbers a result may hold: 1 GB.
const MAX_VALUES: usize = 1 << 27;

/// Parameters of a G4 or G5 function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Angular {
    /// η, 1/Å².
    pub eta: f64,
    /// ζ, above 0; whole numbers are fast.
    pub zeta: f64,
    /// λ, within −1 and 1; dscribe allows these two only.
    pub lambda: f64,
}

/// Which functions, and how far they see.
#[derive(Clone, Debug, PartialEq)]
pub struct AcsfSettings {
    /// Cutoff radius, Å.
    pub r_cut: f64,
    /// η in 1/Å² and Rs in Å of each G2.
    pub g2: Vec<[f64; 2]>,
    /// κ in 1/Å of each G3.
    pub g3: Vec<f64>,
    /// The G4 functions.
    pub g4: Vec<Angular>,
    /// The G5 functions.
    pub g5: Vec<Angular>,
}

/// Values of the functions: one row per site.
#[derive(Clone, Debug, PartialEq)]
pub struct AcsfRows {
    width: usize,
    values: Vec<f64>,
}

/// Why there are no symmetry functions.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AcsfError {
    /// Cutoff not a positive number.
    #[error("the cutoff radius is {0} Å; it must be a positive number")]
    Cutoff(f64),
    /// A parameter that is not finite or out of its range.
    #[error("{function}: {parameter} is {value}; it must be {expected}")]
    Parameter {
        /// `G2` to `G5`.
        function: &'static str,
        /// Which parameter.
        parameter: &'static str,
        /// What it is.
        value: f64,
        /// What it may be.
        expected: &'static str,
    },
    /// An element without columns.
    #[error(transparent)]
    Unlisted(#[from] UnlistedElement),
    /// The neighbours could not be listed.
    #[error(transparent)]
    Neighbours(#[from] NeighbourError),
    /// More values than fit into 1 GB.
    #[error("{sites} sites times {width} functions are too many values")]
    TooManyValues {
        /// Number of sites.
        sites: usize,
        /// Number of functions.
        width: usize,
    },
}

impl AcsfRows {
    /// Number of functions: values per site.
    pub fn width(&self) -> usize {
        self.width
    }

    /// All values, site by site.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The rows, one per site.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.values.chunks_exact(self.width)
    }

    /// The mean over the sites.
    pub fn mean(&self) -> Vec<f64> {
        let mut mean = vec![0.0; self.width];
        for row in self.rows() {
            for (sum, x) in mean.iter_mut().zip(row) {
                *sum += x;
            }
        }
        let sites = self.rows().len() as f64;
        mean.iter_mut().for_each(|x| *x /= sites);
        mean
    }
}

impl AcsfSettings {
    /// Number of functions per site for `species` species.
    pub fn width(&self, species: usize) -> usize {
        let pairs = species * (species + 1) / 2;
        species * self.radial() + pairs * self.angular()
    }

    /// Functions per species.
    fn radial(&self) -> usize {
        1 + self.g2.len() + self.g3.len()
    }

    /// Functions per pair of species.
    fn angular(&self) -> usize {
        self.g4.len() + self.g5.len()
    }

    /// A name for each function: `O G1`, `O G2 0`, …, `O-Ti G4 0`, counted as in the
    /// settings.
    pub fn labels(&self, species: &SpeciesList) -> Vec<String> {
        let mut labels = Vec::with_capacity(self.width(species.len()));
        let elements = species.elements();
        for element in elements {
            labels.push(format!("{element} G1"));
            labels.extend((0..self.g2.len()).map(|k| format!("{element} G2 {k}")));
            labels.extend((0..self.g3.len()).map(|k| format!("{element} G3 {k}")));
        }
        for (k, second) in elements.iter().enumerate() {
            for first in &elements[..=k] {
                let of = |kind: &str, k| format!("{first}-{second} {kind} {k}");
                labels.extend((0..self.g4.len()).map(|k| of("G4", k)));
                labels.extend((0..self.g5.len()).map(|k| of("G5", k)));
            }
        }
        labels
    }

    /// Check the parameters.
    ///
    /// # Errors
    /// The first that is out of its range.
    pub fn check(&self) -> Result<(), AcsfError> {
        if !(self.r_cut.is_finite() && self.r_cut > 0.0) {
            return Err(AcsfError::Cutoff(self.r_cut));
        }
        let need = |ok: bool, function, parameter, value: f64, expected| match ok {
            true => Ok(()),
            false => Err(AcsfError::Parameter {
                function,
                parameter,
                value,
                expected,
            }),
        };
        let spread = |x: f64| x.is_finite() && x >= 0.0;
        let not_negative = "a number not below 0";
        for [eta, centre] in self.g2.iter().copied() {
            need(spread(eta), "G2", "η", eta, not_negative)?;
            need(centre.is_finite(), "G2", "Rs", centre, "a finite number")?;
        }
        for kappa in self.g3.iter().copied() {
            need(kappa.is_finite(), "G3", "κ", kappa, "a finite number")?;
        }
        for (function, list) in [("G4", &self.g4), ("G5", &self.g5)] {
            for Angular { eta, zeta, lambda } in list.iter().copied() {
                need(spread(eta), function, "η", eta, not_negative)?;
                let positive = zeta.is_finite() && zeta > 0.0;
                need(positive, function, "ζ", zeta, "a number above 0")?;
                let inside = (-1.0..=1.0).contains(&lambda);
                need(inside, function, "λ", lambda, "within −1 and 1")?;
            }
        }
        Ok(())
    }
}

/// The symmetry functions of each site; the columns are those of `species`, which must
/// hold every element of the structure and may hold more (their columns are 0).
///
/// # Errors
/// Settings out of range, an element that is not listed, too many neighbours or values.
pub fn acsf(
    structure: &Structure,
    settings: &AcsfSettings,
    species: &SpeciesList,
) -> Result<AcsfRows, AcsfError> {
    acsf_in(&mut Finder::new(), structure, settings, species)
}

/// [`acsf`] without new memory for the neighbours.
///
/// # Errors
/// As [`acsf`].
pub fn acsf_in(
    finder: &mut Finder,
    structure: &Structure,
    settings: &AcsfSettings,
    species: &SpeciesList,
) -> Result<AcsfRows, AcsfError> {
    settings.check()?;
    let places = species.places(structure)?;
    let (sites, width) = (structure.sites(), settings.width(species.len()));
    let count = sites.checked_mul(width).filter(|&n| n <= MAX_VALUES);
    let count = count.ok_or(AcsfError::TooManyValues { sites, width })?;
    let list = finder.find(structure, settings.r_cut)?;
    let mut values = vec![0.0; count];
    let mut shell = shell::Shell::new(settings, species.len());
    let mut angular = angular::AngularSums::new(settings);
    let radial = settings.radial();
    for (site, row) in values.chunks_exact_mut(width).enumerate() {
        shell.fill(list.row(site), &places);
        let (first, rest) = row.split_at_mut(species.len() * radial);
        shell.add_radial(settings, first);
        angular.add(&shell, rest);
    }
    Ok(AcsfRows { width, values })
}
