//! Orbital field matrix: a [`Structure`] comes in, 1,024 numbers go out.
//!
//! The matrix of Pham et al., Sci. Technol. Adv. Mater. 18, 756 (2017), in the form of
//! matminer's `OrbitalFieldMatrix(period_tag=False)`: with v the 32 slots of an element
//! (see [`slots`]), that of atom i is Σ over the faces of its Voronoi cell of
//! v_neighbour ⊗ v_i · w / d, where d is the neighbour's distance in bohr and w the
//! face's solid angle divided by the largest of that atom. Rows belong to the
//! neighbour, columns to the atom. The structure's matrix is the mean over the orbits of
//! its symmetry, the first site of each standing for all: where the symmetry is only
//! approximate this is not quite the mean over the sites.
//!
//! Cells are whole ones; matminer looks no further than 13 Å for neighbours, which
//! differs only where a cell reaches beyond 6.5 Å from its atom.

#![allow(
    clippy::indexing_slicing,
    reason = "slots are below 32 and sites below their number by construction"
)]

mod electrons;

use std::sync::LazyLock;

use super::element::Element;
use super::structure::Structure;
use super::symmetry::{SymmetryError, SymmetrySettings, orbits};
use super::voronoi::{Tessellator, VoronoiCell, VoronoiError};
pub use electrons::{SLOTS, slots};

/// Numbers per structure: 32 × 32.
pub const FEATURES: usize = SLOTS * SLOTS;

/// Å in bohr, by CODATA 2022 and the ångström star, as matminer has it through scipy:
/// 1.00001495e-10 m / 5.29177210544e-11 m.
const BOHR_PER_ANGSTROM: f64 = 1.889_754_377_313_364_7;

/// Why a structure has no orbital field matrix.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OfmError {
    /// The table has no electrons of this element.
    #[error("the table of electrons has no configuration of {element} (it ends at Rf)")]
    NoElectrons {
        /// Which element.
        element: Element,
    },
    /// No Voronoi cells.
    #[error(transparent)]
    Voronoi(#[from] VoronoiError),
    /// No symmetry found.
    #[error(transparent)]
    Symmetry(#[from] SymmetryError),
}

/// Names of the features in matminer's order, `OFM: s^1 - p^4`: row, then column.
pub fn labels() -> &'static [String] {
    static LABELS: LazyLock<Vec<String>> = LazyLock::new(|| {
        let names: Vec<String> = [("s", 2), ("p", 6), ("d", 10), ("f", 14)]
            .iter()
            .flat_map(|(shell, most)| (1..=*most).map(move |n| format!("{shell}^{n}")))
            .collect();
        let pair = |row: &String| {
            let row = row.clone();
            names
                .iter()
                .map(move |column| format!("OFM: {row} - {column}"))
        };
        names.iter().flat_map(pair).collect()
    });
    &LABELS
}

/// Put the orbital field matrix of a structure into `matrix`, row by row, in bohr⁻¹.
/// The settings are those of the orbits; the default is matminer's 0.01 Å (which allows
/// angles 5° besides: on nearly symmetric crystals values differ by some 1e-3).
///
/// # Errors
/// An element without electrons in the table, coincident sites, no symmetry found.
pub fn ofm_into(
    structure: &Structure,
    settings: &SymmetrySettings,
    matrix: &mut [f64; FEATURES],
) -> Result<(), OfmError> {
    matrix.fill(0.0);
    let species = structure.species();
    for &element in species {
        if slots(element).is_empty() {
            return Err(OfmError::NoElectrons { element });
        }
    }
    let mut tessellator = Tessellator::new(structure);
    let mut cell = VoronoiCell::default();
    let mut sums: Vec<(Element, f64)> = Vec::new();
    for (site, count) in orbits(structure, settings)? {
        tessellator.cell_into(site, &mut cell)?;
        add_up(&cell, species, &mut sums);
        let share = count as f64 / structure.sites() as f64;
        for &(neighbour, sum) in &sums {
            for &row in slots(neighbour) {
                for &column in slots(species[site]) {
                    let at = usize::from(row) * SLOTS + usize::from(column);
                    matrix[at] += sum * share;
                }
            }
        }
    }
    Ok(())
}

/// Σ w/d over the faces, by element of the neighbour.
fn add_up(cell: &VoronoiCell, species: &[Element], sums: &mut Vec<(Element, f64)>) {
    sums.clear();
    let angles = cell.faces.iter().map(|face| face.solid_angle);
    let largest = angles.fold(0.0, f64::max);
    for face in &cell.faces {
        let weight = face.solid_angle / largest;
        let term = weight / (face.distance * BOHR_PER_ANGSTROM);
        let element = species[face.neighbour];
        match sums.iter_mut().find(|(known, _)| *known == element) {
            Some((_, sum)) => *sum += term,
            None => sums.push((element, term)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(symbol: &str) -> Element {
        symbol.parse().unwrap()
    }

    fn of(structure: &Structure) -> Vec<f64> {
        let mut matrix = [0.0; FEATURES];
        ofm_into(structure, &SymmetrySettings::default(), &mut matrix).unwrap();
        matrix.to_vec()
    }

    #[test]
    fn simple_cubic_by_hand() {
        // Six faces of weight 1 at 3 Å; carbon is s² p².
        let lattice = [[3.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 0.0, 3.0]];
        let c = element("C");
        let structure = Structure::new(lattice, vec![c], vec![[0.3; 3]]).unwrap();
        let matrix = of(&structure);
        let value = 6.0 / (3.0 * BOHR_PER_ANGSTROM);
        let full: Vec<usize> = (0..FEATURES).filter(|&k| matrix[k] > 1e-9).collect();
        assert_eq!(full, [SLOTS + 1, SLOTS + 3, 3 * SLOTS + 1, 3 * SLOTS + 3]);
        for k in full {
            assert!((matrix[k] - value).abs() < 1e-9);
        }
    }

    #[test]
    fn rows_belong_to_the_neighbour() {
        // CsCl: 8 neighbours of the other kind, 6 of the own, with smaller faces.
        let a = 4.0;
        let lattice = [[a, 0.0, 0.0], [0.0, a, 0.0], [0.0, 0.0, a]];
        let species = vec![element("Na"), element("Cl")];
        let structure =
            Structure::new(lattice, species, vec![[0.0; 3], [0.5; 3]]).unwrap();
        let matrix = of(&structure);
        // Na is s¹, Cl s² p⁵: columns of Na from rows of Cl and the other way round
        // are equal here, since both atoms lie alike.
        let at = |row: usize, column: usize| matrix[row * SLOTS + column];
        let near = 8.0 / (a * 0.75_f64.sqrt() * BOHR_PER_ANGSTROM) / 2.0;
        assert!((at(1, 0) - near).abs() < 1e-9 && (at(0, 1) - near).abs() < 1e-9);
        assert!((at(6, 0) - near).abs() < 1e-9);
        assert!(at(0, 0) > 0.0 && at(0, 0) < near);
        assert!((at(1, 1) - at(6, 6)).abs() < 1e-12);
    }

    #[test]
    fn a_larger_cell_of_the_same_crystal_changes_nothing() {
        let lattice = [[4.2, 0.0, 0.0], [0.0, 4.2, 0.0], [0.0, 0.0, 2.9]];
        let (ti, o) = (element("Ti"), element("O"));
        let frac = vec![[0.0; 3], [0.5, 0.5, 0.0], [0.5, 0.0, 0.5]];
        let small = Structure::new(lattice, vec![ti, o, o], frac.clone()).unwrap();
        let mut doubled = Vec::new();
        let mut species = Vec::new();
        for (at, e) in frac.iter().zip([ti, o, o]) {
            for half in 0..2 {
                doubled.push([at[0], at[1], (at[2] + f64::from(half)) / 2.0]);
                species.push(e);
            }
        }
        let twice = [lattice[0], lattice[1], lattice[2].map(|x| 2.0 * x)];
        let large = Structure::new(twice, species, doubled).unwrap();
        for (x, y) in of(&small).iter().zip(of(&large)) {
            assert!((x - y).abs() < 1e-9);
        }
    }

    #[test]
    fn labels_are_matminers() {
        assert_eq!(labels().len(), FEATURES);
        assert_eq!(labels()[0], "OFM: s^1 - s^1");
        assert_eq!(labels()[3], "OFM: s^1 - p^2");
        assert_eq!(labels()[SLOTS], "OFM: s^2 - s^1");
        assert_eq!(labels()[FEATURES - 1], "OFM: f^14 - f^14");
    }

    #[test]
    fn elements_without_electrons_are_refused() {
        let lattice = [[3.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 0.0, 3.0]];
        let heavy = element("Og");
        let structure = Structure::new(lattice, vec![heavy], vec![[0.0; 3]]).unwrap();
        let mut matrix = [0.0; FEATURES];
        assert_eq!(
            ofm_into(&structure, &SymmetrySettings::default(), &mut matrix),
            Err(OfmError::NoElectrons { element: heavy })
        );
    }
}
