//! How much room a crystal leaves: a [`Structure`] and the radii of its atoms come in;
//! void fraction, largest included and largest free sphere go out.
//!
//! Atoms are hard spheres. The void fraction is 1 − (volume of their union) / (volume of
//! the cell); the union is taken cell by cell of the radical Voronoi diagram, where each
//! sphere meets only its own cell, and each part is exact (see `ball`). The largest
//! included sphere sits on the vertex of that diagram furthest from all surfaces; the
//! largest free sphere is the largest that can move along its edges from a vertex to an
//! image of it (Willems et al., Microporous Mesoporous Mater. 149, 134 (2012)). With
//! equal radii both are exact; with unequal ones they are what the vertices and edges
//! allow: true spheres and true paths, perhaps not quite the largest.

mod ball;
mod channels;

use super::element::Element;
use super::periodic::atomic_radius;
use super::structure::Structure;
use super::voronoi::{Tessellator, VoronoiCell, VoronoiError};

/// The room in a crystal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Porosity {
    /// Share of the cell outside all spheres, 0..=1.
    pub void_fraction: f64,
    /// Radius of the largest included sphere, Å; 0 where no point lies outside.
    pub included_radius: f64,
    /// Radius of the largest free sphere, Å; 0 where no path goes through.
    pub free_radius: f64,
}

/// Why a crystal has no porosity.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PorosityError {
    /// The table has no radius of this element.
    #[error("the table of atomic radii has none of {element}; give the radii yourself")]
    NoRadius {
        /// Which element.
        element: Element,
    },
    /// Radii that do not fit, or no Voronoi cells.
    #[error(transparent)]
    Voronoi(#[from] VoronoiError),
}

/// The empirical atomic radius of each site, Å (pymatgen's `atomic_radius`).
///
/// # Errors
/// An element that has none in the table.
pub fn atomic_radii(structure: &Structure) -> Result<Vec<f64>, PorosityError> {
    let species = structure.species().iter();
    species
        .map(|&element| atomic_radius(element).ok_or(PorosityError::NoRadius { element }))
        .collect()
}

/// Void fraction, largest included and largest free sphere; `radii` in Å, one for each
/// site.
///
/// # Errors
/// Radii that do not fit the sites, two sites at the same place.
pub fn porosity(structure: &Structure, radii: &[f64]) -> Result<Porosity, PorosityError> {
    let mut tessellator = Tessellator::radical(structure, radii)?;
    let cells = tessellator.all()?;
    let spheres = channels::spheres(&mut tessellator, &cells, radii)?;
    Ok(Porosity {
        void_fraction: outside(structure, &cells, radii),
        included_radius: spheres.included.max(0.0),
        free_radius: spheres.free.max(0.0),
    })
}

/// Void fraction alone, 0..=1; `radii` in Å, one for each site.
///
/// # Errors
/// As [`porosity`].
pub fn void_fraction(structure: &Structure, radii: &[f64]) -> Result<f64, PorosityError> {
    let cells = Tessellator::radical(structure, radii)?.all()?;
    Ok(outside(structure, &cells, radii))
}

fn outside(structure: &Structure, cells: &[VoronoiCell], radii: &[f64]) -> f64 {
    let pairs = cells.iter().zip(radii);
    let filled: f64 = pairs
        .map(|(cell, &radius)| ball::within(cell, radius))
        .sum();
    (1.0 - filled / structure.volume()).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests;
