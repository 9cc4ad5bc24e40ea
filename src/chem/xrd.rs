//! Powder X-ray diffraction: a structure comes in; its peaks, or the smoothed pattern as
//! a vector of fixed length, go out.
//!
//! Kinematic intensities of the unrelaxed, motionless crystal as pymatgen computes them:
//! reflections g = h a* + k b* + l c* with |g| = 1/d; atomic form factors
//! f(s) = Z − 41.78214 s² Σ aᵢ e^(−bᵢ s²), s = |g|/2;
//! F = Σ f e^(2πi (h x + k y + l z)); intensity |F|² (1 + cos² 2θ) / (sin² θ cos θ) with
//! sin θ = λ |g| / 2. The vector is matminer's `XRDPowderPattern`: a Gaussian kernel
//! density of the peaks, each counted as often as its intensity (0..=100, truncated)
//! says.

use super::element::Element;
use super::structure::Structure;

mod merge;
mod reflections;
mod scattering;
#[cfg(test)]
mod tests;
mod vector;

/// Wavelength of Cu Kα, Å: the mean of Kα1 and Kα2.
pub const CU_KA: f64 = 1.541_84;

/// Peaks below this share (percent) of the strongest are left out.
const LEAST_INTENSITY: f64 = 1e-3;

/// Most reflections a pattern may have, half of them counted.
pub const MAX_REFLECTIONS: usize = 5_000_000;

/// How reflections at nearly the same angle become one peak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Merging {
    /// By ascending angle, a reflection joins the peak whose first member lies less than
    /// 1e-5° from it (pymatgen up to 2025).
    #[default]
    Tolerance,
    /// By the nearest multiple of 1e-5° (pymatgen from 2026): reflections closer than
    /// that are apart if the edge of a bin lies between them.
    Bins,
}

/// What is measured, and how.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct XrdSettings {
    /// Wavelength, Å.
    pub wavelength: f64,
    /// Least and largest scattering angle 2θ, degrees, within 0 and 180.
    pub two_theta: [f64; 2],
    /// How reflections become peaks.
    pub merging: Merging,
}

impl Default for XrdSettings {
    /// Cu Kα, 2θ from 0° to 127°, merged by tolerance.
    fn default() -> XrdSettings {
        XrdSettings {
            wavelength: CU_KA,
            two_theta: [0.0, 127.0],
            merging: Merging::Tolerance,
        }
    }
}

/// How a pattern is smoothed into a vector.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VectorSettings {
    /// The peaks.
    pub xrd: XrdSettings,
    /// Width of the kernel in standard deviations of the peaks' angles.
    pub bandwidth: f64,
    /// Number of angles, evenly spaced from the least to the largest; `None`: one per
    /// degree, both ends included.
    pub length: Option<usize>,
}

impl Default for VectorSettings {
    /// [`XrdSettings::default`], bandwidth 0.05, one value per degree: 128 numbers.
    fn default() -> VectorSettings {
        VectorSettings {
            xrd: XrdSettings::default(),
            bandwidth: 0.05,
            length: None,
        }
    }
}

/// Lattice planes whose indices differ in order and sign only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    /// Miller indices: the greatest of the members', compared from h on.
    pub hkl: [i32; 3],
    /// How many members contribute to the peak.
    pub multiplicity: u32,
}

impl Family {
    /// Miller–Bravais indices h k i l with i = −(h + k), as usual for a hexagonal
    /// lattice.
    pub fn hkil(&self) -> [i32; 4] {
        let [h, k, l] = self.hkl;
        [h, k, -h - k, l]
    }
}

/// One peak of a powder pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct Peak {
    /// Scattering angle 2θ of the first member, degrees.
    pub two_theta: f64,
    /// Intensity, the strongest peak's being 100.
    pub intensity: f64,
    /// Plane distance of the first member, Å.
    pub d: f64,
    /// The planes that scatter here, in the order in which they were met.
    pub families: Vec<Family>,
}

/// A powder pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// Peaks by ascending angle.
    pub peaks: Vec<Peak>,
    /// Intensity of the strongest peak before scaling, electrons² per cell.
    pub largest: f64,
    /// Whether the lattice is hexagonal (two angles within 5° of 90°, the third of 60° or
    /// 120°, the two edges at it within 0.01 Å): families then are those of
    /// [`Family::hkil`].
    pub hexagonal: bool,
}

/// Why there is no pattern.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum XrdError {
    /// Wavelength not a positive number.
    #[error("the wavelength is {0} Å; it must be a positive number")]
    Wavelength(f64),
    /// Range of angles empty or beyond 0..180.
    #[error("the range of 2θ is {0}° to {1}°; it must rise, from 0 or more to below 180")]
    Range(f64, f64),
    /// Bandwidth not a positive number.
    #[error("the bandwidth is {0}; it must be a positive number")]
    Bandwidth(f64),
    /// A vector of fewer than two values, or of more than a million.
    #[error("a pattern of {0} values was asked for; it must have 2 to 1,000,000")]
    Length(usize),
    /// The table of form factors has no entry for an element.
    #[error("no X-ray form factor is known for {element}")]
    NoFormFactor {
        /// The element.
        element: Element,
    },
    /// No reflection lies in the range.
    #[error("no reflection lies in the range of angles")]
    NoReflections,
    /// More than [`MAX_REFLECTIONS`].
    #[error(
        "the range of angles holds about {0:.1e} reflections, more than \
         {MAX_REFLECTIONS}; take a longer wavelength or a smaller range"
    )]
    TooManyReflections(f64),
    /// All peaks that count lie at one angle, so the kernel has no width.
    #[error("the pattern has one peak only, so its smoothed form has no width")]
    SinglePeak,
}

/// The peaks of a structure.
///
/// # Errors
/// Settings out of range, an element without form factor, no or too many reflections.
pub fn powder_pattern(
    structure: &Structure,
    settings: &XrdSettings,
) -> Result<Pattern, XrdError> {
    let mut reflections = reflections::reflections(structure, settings)?;
    let lines = merge::merge(&mut reflections, settings)?;
    let hexagonal = merge::is_hexagonal(structure);
    let peak = |line: &merge::Line| Peak {
        two_theta: line.two_theta,
        intensity: line.intensity,
        d: line.d,
        families: merge::families(&reflections, line, hexagonal),
    };
    Ok(Pattern {
        peaks: lines.kept.iter().map(peak).collect(),
        largest: lines.largest,
        hexagonal,
    })
}

/// The smoothed pattern of a structure: a density over 2θ in 1/degree, whose integral
/// over all angles is 1. [`vector_length`] values.
///
/// # Errors
/// As [`powder_pattern`], and settings of the smoothing out of range.
pub fn powder_vector(
    structure: &Structure,
    settings: &VectorSettings,
) -> Result<Vec<f64>, XrdError> {
    let angles = vector::angles(settings)?;
    let mut reflections = reflections::reflections(structure, &settings.xrd)?;
    let lines = merge::merge(&mut reflections, &settings.xrd)?;
    vector::smooth(&lines.kept, &angles, settings.bandwidth)
}

/// How many values [`powder_vector`] gives: the settings' `length`, or one per degree.
///
/// # Errors
/// Settings out of range.
pub fn vector_length(settings: &VectorSettings) -> Result<usize, XrdError> {
    vector::length(settings)
}

/// The labels of a vector of `length` values: `xrd_0`, `xrd_1`, …
pub fn labels(length: usize) -> Vec<String> {
    (0..length).map(|k| format!("xrd_{k}")).collect()
}

impl XrdSettings {
    /// Check the settings.
    ///
    /// # Errors
    /// Wavelength or range out of bounds.
    pub fn check(&self) -> Result<(), XrdError> {
        if !(self.wavelength.is_finite() && self.wavelength > 0.0) {
            return Err(XrdError::Wavelength(self.wavelength));
        }
        let [low, high] = self.two_theta;
        if !(0.0 <= low && low < high && high < 180.0) {
            return Err(XrdError::Range(low, high));
        }
        Ok(())
    }
}
