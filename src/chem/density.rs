//! Density features: a structure comes in; its density, volume per atom, packing
//! fraction and lattice parameters go out.

use super::element::Element;
use super::periodic::{atomic_mass, atomic_radius};
use super::structure::Structure;

/// Atomic mass unit in 10⁻²⁴ g (CODATA 2022), so that u/Å³ times it is g/cm³.
const UNIT_MASS: f64 = 1.660_539_068_92;

/// The labels of [`DensityFeatures::values`], those of matminer's `DensityFeatures`.
pub const LABELS: [&str; 3] = ["density", "vpa", "packing fraction"];

/// What fills a cell, and how tightly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DensityFeatures {
    /// Mass density, g/cm³.
    pub density: f64,
    /// Cell volume over the number of sites, Å³.
    pub volume_per_atom: f64,
    /// Σ 4/3 π r³ / V with [`atomic_radius`]: overlapping spheres count twice, so it may
    /// exceed 1.
    pub packing_fraction: f64,
}

impl DensityFeatures {
    /// The three numbers in the order of [`LABELS`].
    pub fn values(&self) -> [f64; 3] {
        [self.density, self.volume_per_atom, self.packing_fraction]
    }
}

/// Why a structure has no packing fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DensityError {
    /// The table of radii has no entry for an element.
    #[error("no atomic radius is known for {element}, so there is no packing fraction")]
    NoRadius {
        /// The element.
        element: Element,
    },
}

/// Mass density in g/cm³: Σ m / V.
pub fn density(structure: &Structure) -> f64 {
    let mass: f64 = structure.species().iter().map(|&e| atomic_mass(e)).sum();
    mass * UNIT_MASS / structure.volume()
}

/// Cell volume over the number of sites, Å³.
pub fn volume_per_atom(structure: &Structure) -> f64 {
    structure.volume() / structure.sites() as f64
}

/// Σ 4/3 π r³ / V over the sites, with the radii of [`atomic_radius`].
///
/// # Errors
/// An element without a radius.
pub fn packing_fraction(structure: &Structure) -> Result<f64, DensityError> {
    let mut cubes = 0.0;
    for &element in structure.species() {
        let radius = atomic_radius(element).ok_or(DensityError::NoRadius { element })?;
        cubes += radius * radius * radius;
    }
    Ok(4.0 / 3.0 * std::f64::consts::PI * cubes / structure.volume())
}

/// All three features.
///
/// # Errors
/// An element without a radius.
pub fn density_features(structure: &Structure) -> Result<DensityFeatures, DensityError> {
    Ok(DensityFeatures {
        density: density(structure),
        volume_per_atom: volume_per_atom(structure),
        packing_fraction: packing_fraction(structure)?,
    })
}

/// Lengths a, b, c in Å, then angles alpha, beta, gamma in degrees.
pub fn lattice_parameters(structure: &Structure) -> [f64; 6] {
    let [a, b, c] = structure.lengths();
    let [alpha, beta, gamma] = structure.angles();
    [a, b, c, alpha, beta, gamma]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cube(edge: f64, species: &[&str], frac: &[[f64; 3]]) -> Structure {
        let lattice = [[edge, 0.0, 0.0], [0.0, edge, 0.0], [0.0, 0.0, edge]];
        let species = species.iter().map(|s| s.parse().unwrap()).collect();
        Structure::new(lattice, species, frac.to_vec()).unwrap()
    }

    #[test]
    fn iron_has_its_density() {
        let iron = cube(2.8665, &["Fe", "Fe"], &[[0.0; 3], [0.5; 3]]);
        let features = density_features(&iron).unwrap();
        assert!((features.density - 7.874).abs() < 0.005, "{features:?}");
        assert!((features.volume_per_atom - 2.8665_f64.powi(3) / 2.0).abs() < 1e-12);
        let spheres = 2.0 * 4.0 / 3.0 * std::f64::consts::PI * 1.4_f64.powi(3);
        assert!((features.packing_fraction - spheres / iron.volume()).abs() < 1e-12);
        assert_eq!(features.values()[0], density(&iron));
    }

    #[test]
    fn parameters_are_lengths_then_angles() {
        let [a, b, c, alpha, beta, gamma] =
            lattice_parameters(&cube(4.0, &["O"], &[[0.0; 3]]));
        assert_eq!([a, b, c], [4.0; 3]);
        for angle in [alpha, beta, gamma] {
            assert!((angle - 90.0).abs() < 1e-12);
        }
    }

    #[test]
    fn an_element_without_a_radius_is_named() {
        let error = density_features(&cube(4.0, &["Kr"], &[[0.0; 3]])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "no atomic radius is known for Kr, so there is no packing fraction"
        );
    }
}
