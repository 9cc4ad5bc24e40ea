//! What makes two crystals the same: a structure comes in, numbers that depend neither on
//! the choice of cell, nor on the order of its atoms, nor on where its origin lies, go
//! out.
//!
//! They are the reduced formula, the volume per atom, for each element the mean over its
//! atoms of the distances to the twelve nearest neighbours, and for each pair of elements
//! that of the distances to the four nearest of the other. Equal crystals have equal
//! fingerprints; crystals that differ in a distance by much more than the tolerance do
//! not. It is a screen, not a proof: it knows no angles and no handedness.

use std::collections::BTreeMap;

use super::Structure;
use super::neighbours::{NeighbourError, Neighbours, Search};

/// Nearest neighbours of any element.
const NEAREST: usize = 12;
/// Nearest neighbours of one element.
const NEAREST_OF_ONE: usize = 4;
/// How far neighbours are looked for, in cube roots of the volume per atom: some 120
/// atoms lie within.
const REACH: f64 = 3.1;

/// What a crystal looks like from its atoms.
#[derive(Clone, Debug, PartialEq)]
pub struct Fingerprint {
    /// The reduced formula.
    pub formula: String,
    /// Cube root of the volume per atom, then mean distances, all in Å.
    pub lengths: Vec<f64>,
}

/// The fingerprint of a crystal.
///
/// # Errors
/// A cell in which no neighbours can be searched.
pub fn fingerprint(structure: &Structure) -> Result<Fingerprint, NeighbourError> {
    let size = libm::cbrt(structure.volume() / structure.sites() as f64);
    let reach = REACH * size;
    let mut list = Neighbours::default();
    Search::new().run(structure, reach, &mut list)?;
    let species = structure.species();
    let mut kinds: Vec<u8> = species.iter().map(|element| element.z()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    // A neighbour beyond the reach counts as being there: no jump where one comes in.
    let mut sums: BTreeMap<u8, Vec<f64>> = BTreeMap::new();
    let mut atoms: BTreeMap<u8, f64> = BTreeMap::new();
    for (centre, element) in species.iter().enumerate() {
        let row = list.row(centre);
        let mut near: Vec<(f64, u8)> = row
            .distance
            .iter()
            .zip(row.index)
            .filter_map(|(distance, at)| {
                let other = species.get(*at as usize)?;
                Some((*distance, other.z()))
            })
            .collect();
        near.sort_by(|a, b| a.0.total_cmp(&b.0));
        let nearest = |count: usize, of: Option<u8>| {
            let found = near
                .iter()
                .filter(move |(_, z)| of.is_none_or(|of| of == *z));
            let found = found.map(|(distance, _)| *distance);
            found.chain(std::iter::repeat(reach)).take(count)
        };
        let mut lengths: Vec<f64> = nearest(NEAREST, None).collect();
        for kind in &kinds {
            lengths.extend(nearest(NEAREST_OF_ONE, Some(*kind)));
        }
        *atoms.entry(element.z()).or_insert(0.0) += 1.0;
        let sum = sums
            .entry(element.z())
            .or_insert_with(|| vec![0.0; lengths.len()]);
        for (sum, length) in sum.iter_mut().zip(lengths) {
            *sum += length;
        }
    }
    let mut lengths = vec![size];
    for (kind, sum) in sums {
        let count = atoms.get(&kind).copied().unwrap_or(1.0);
        lengths.extend(sum.into_iter().map(|sum| sum / count));
    }
    Ok(Fingerprint {
        formula: structure.composition().reduced_formula(),
        lengths,
    })
}

impl Fingerprint {
    /// Whether both are of one crystal: the same formula, and no length that differs by
    /// more than `tolerance` (Å).
    pub fn same(&self, other: &Fingerprint, tolerance: f64) -> bool {
        self.formula == other.formula
            && self.lengths.len() == other.lengths.len()
            && self
                .lengths
                .iter()
                .zip(&other.lengths)
                .all(|(a, b)| (a - b).abs() <= tolerance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chem::bundled;

    fn structures() -> Vec<Structure> {
        let data = bundled("flla-2015").unwrap();
        let rows = data.read().unwrap().rows;
        rows.into_iter().take(40).map(|row| row.structure).collect()
    }

    /// The same crystal: its cell doubled along a, its atoms turned round and moved.
    fn doubled(of: &Structure) -> Structure {
        let mut lattice = *of.lattice();
        lattice[0] = lattice[0].map(|x| 2.0 * x);
        let mut species = Vec::new();
        let mut frac = Vec::new();
        for half in [0.0, 0.5] {
            for (element, at) in of.species().iter().zip(of.frac()).rev() {
                species.push(*element);
                frac.push([at[0] / 2.0 + half + 0.1, at[1] + 0.2, at[2] + 0.7]);
            }
        }
        Structure::new(lattice, species, frac).unwrap()
    }

    #[test]
    fn a_larger_cell_of_the_same_crystal_is_the_same() {
        for structure in structures() {
            let a = fingerprint(&structure).unwrap();
            let b = fingerprint(&doubled(&structure)).unwrap();
            assert!(a.same(&b, 1e-6), "{} {:?} {:?}", a.formula, a, b);
        }
    }

    #[test]
    fn a_stretched_crystal_is_another() {
        for structure in structures() {
            let lattice = structure.lattice().map(|row| row.map(|x| 1.1 * x));
            let stretched = Structure::new(
                lattice,
                structure.species().to_vec(),
                structure.frac().to_vec(),
            )
            .unwrap();
            let a = fingerprint(&structure).unwrap();
            let b = fingerprint(&stretched).unwrap();
            assert!(!a.same(&b, 0.1), "{}", a.formula);
        }
    }
}
