//! Symmetry of crystals, found by the crate `moyo`: a [`Structure`] and a tolerance
//! come in; space group, orbits, primitive and conventional cell go out.

use std::panic::{AssertUnwindSafe, catch_unwind};

use moyo::MoyoDataset;
use moyo::base::{AngleTolerance, Cell, Lattice};
use moyo::data::Setting;

use super::element::Element;
use super::structure::{Structure, StructureError};
use super::voronoi::Tessellator;

/// How far a crystal may be from the symmetry it is said to have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SymmetrySettings {
    /// Largest distance between an atom and the image of its equal, Å. Angles may
    /// change by what moves the end of a vector that far; there is no tolerance of its
    /// own for them (pymatgen allows 5°): with one, `moyo` 0.22 does not end on crystals
    /// nearly of a higher symmetry, since what it then takes for rotations makes no
    /// finite group.
    pub symprec: f64,
}

impl Default for SymmetrySettings {
    /// 0.01 Å, as pymatgen's `SpacegroupAnalyzer`.
    fn default() -> SymmetrySettings {
        SymmetrySettings { symprec: 0.01 }
    }
}

/// The symmetry of a crystal.
#[derive(Clone, Debug, PartialEq)]
pub struct Symmetry {
    /// Number of the space group, 1..=230.
    pub number: u8,
    /// Short Hermann–Mauguin symbol, `Fd-3m`.
    pub symbol: String,
    /// Number of the Hall symbol, 1..=530.
    pub hall_number: u16,
    /// Pearson symbol, `cF56`.
    pub pearson: String,
    /// For each site, the first site that symmetry makes its equal.
    pub orbits: Vec<usize>,
    /// For each site, the letter of its Wyckoff position.
    pub wyckoffs: Vec<char>,
    /// Conventional cell in the standard setting, its sites moved onto the symmetry.
    pub conventional: Structure,
    /// Primitive cell of the same.
    pub primitive: Structure,
    /// The distance used, Å: not the one asked for where that gave no group.
    pub symprec: f64,
}

/// Why a crystal's symmetry was not found.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SymmetryError {
    /// The distance is not a positive number.
    #[error("the symmetry tolerance is {symprec} Å: it must be above 0 and finite")]
    Symprec {
        /// What was asked for, Å.
        symprec: f64,
    },
    /// The cell is so long and its atoms so near to each other that shears of the
    /// lattice are within the tolerance: they make no finite group.
    #[error(
        "a lattice vector is {longest} Å long and equal atoms lie less than {shortest} \
         Å from each other: within {symprec} Å, symmetry has no meaning here; take a \
         smaller symmetry tolerance"
    )]
    Sheared {
        /// The distance asked for, Å.
        symprec: f64,
        /// The longest vector of the reduced cell, Å.
        longest: f64,
        /// What the atoms would have to keep, Å.
        shortest: f64,
    },
    /// No group fits.
    #[error(
        "no space group found within {symprec} Å ({why}); try another symmetry tolerance"
    )]
    NotFound {
        /// The distance asked for, Å.
        symprec: f64,
        /// What the search said.
        why: String,
    },
    /// The standardised cell is no crystal.
    #[error("the standardised cell is none: {0}")]
    Cell(#[from] StructureError),
}

/// Find the symmetry of a crystal.
///
/// # Errors
/// Tolerances out of range; no group found, which happens where the tolerance is of
/// the size of the bonds or of the rounding of the coordinates.
pub fn symmetry(
    structure: &Structure,
    settings: &SymmetrySettings,
) -> Result<Symmetry, SymmetryError> {
    let found = search(structure, settings)?;
    let not_found = |why: &str| SymmetryError::NotFound {
        symprec: settings.symprec,
        why: why.to_owned(),
    };
    let number =
        u8::try_from(found.number).map_err(|_| not_found("its number is no group's"))?;
    let hall_number = u16::try_from(found.hall_number)
        .map_err(|_| not_found("its Hall number is no group's"))?;
    Ok(Symmetry {
        number,
        symbol: found.hm_symbol.replace(' ', ""),
        hall_number,
        pearson: found.pearson_symbol,
        orbits: found.orbits,
        wyckoffs: found.wyckoffs,
        conventional: to_structure(&found.std_cell)?,
        primitive: to_structure(&found.prim_std_cell)?,
        symprec: found.symprec,
    })
}

/// The sites by orbit: for each orbit its first site and how many sites it has, in the
/// order of those first sites.
///
/// # Errors
/// As [`symmetry`].
pub fn orbits(
    structure: &Structure,
    settings: &SymmetrySettings,
) -> Result<Vec<(usize, usize)>, SymmetryError> {
    // One atom in the cell: nothing to search.
    if structure.sites() == 1 {
        check(structure, settings)?;
        return Ok(vec![(0, 1)]);
    }
    Ok(count(&search(structure, settings)?.orbits))
}

fn count(equals: &[usize]) -> Vec<(usize, usize)> {
    let mut counts = vec![0; equals.len()];
    for &first in equals {
        if let Some(count) = counts.get_mut(first) {
            *count += 1;
        }
    }
    counts
        .into_iter()
        .enumerate()
        .filter(|(_, count)| *count > 0)
        .collect()
}

/// The tolerance is one, and no shear of the lattice lies within it.
///
/// `moyo` takes a shear c → c + a of a lattice vector for a symmetry if sin²(a/c) · a · c
/// is below symprec², that is if a³/c is: as it multiplies what it found until nothing new
/// comes, it would not end. The vectors of the primitive cell are no shorter than the
/// distance of equal atoms, and no longer than those of the reduced cell. Twice the least
/// such distance is asked for, to be safe.
fn check(
    structure: &Structure,
    settings: &SymmetrySettings,
) -> Result<(), SymmetryError> {
    let symprec = settings.symprec;
    if !(symprec > 0.0 && symprec.is_finite()) {
        return Err(SymmetryError::Symprec { symprec });
    }
    let mut tessellator = Tessellator::new(structure);
    let longest = tessellator.longest();
    let shortest = libm::cbrt(8.0 * symprec * symprec * longest);
    let species = structure.species();
    let mut around = Vec::new();
    for (site, element) in species.iter().enumerate() {
        // Sites are those of the structure: there is no other error.
        if tessellator.around(site, shortest, &mut around).is_err() {
            continue;
        }
        if around
            .iter()
            .any(|(other, _)| species.get(*other) == Some(element))
        {
            return Err(SymmetryError::Sheared {
                symprec,
                longest,
                shortest,
            });
        }
    }
    Ok(())
}

fn search(
    structure: &Structure,
    settings: &SymmetrySettings,
) -> Result<MoyoDataset, SymmetryError> {
    check(structure, settings)?;
    let cell = Cell::new(
        Lattice::from_basis(*structure.lattice()),
        structure.frac().iter().map(|&x| x.into()).collect(),
        structure
            .species()
            .iter()
            .map(|e| i32::from(e.z()))
            .collect(),
    );
    let symprec = settings.symprec;
    // The crate takes some things for impossible; what it gives up on is an error of
    // this crystal, not the end of the study.
    let searched = catch_unwind(AssertUnwindSafe(|| {
        MoyoDataset::new(
            &cell,
            symprec,
            AngleTolerance::Default,
            Setting::Spglib,
            true,
        )
    }));
    let why = match searched {
        Ok(Ok(found)) => return Ok(found),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "the search gave up".to_owned(),
    };
    Err(SymmetryError::NotFound { symprec, why })
}

fn to_structure(cell: &Cell) -> Result<Structure, SymmetryError> {
    let basis = &cell.lattice.basis;
    // Its columns are the lattice vectors.
    let lattice = [0, 1, 2].map(|k| [0, 1, 2].map(|x| basis[(x, k)]));
    let species = cell
        .numbers
        .iter()
        .filter_map(|&z| Element::from_z(u8::try_from(z).ok()?))
        .collect();
    Ok(Structure::new(
        lattice,
        species,
        cell.positions_as_arrays(),
    )?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(symbol: &str) -> Element {
        symbol.parse().unwrap()
    }

    /// Rutile TiO2, its sites displaced by `off` Å along a.
    fn rutile(off: f64) -> Structure {
        let (a, c, x) = (4.594, 2.959, 0.305);
        let lattice = [[a, 0.0, 0.0], [0.0, a, 0.0], [0.0, 0.0, c]];
        let (ti, o) = (element("Ti"), element("O"));
        let mut frac = vec![
            [0.0, 0.0, 0.0],
            [0.5, 0.5, 0.5],
            [x, x, 0.0],
            [-x, -x, 0.0],
            [0.5 - x, 0.5 + x, 0.5],
            [0.5 + x, 0.5 - x, 0.5],
        ];
        frac[2][0] += off / a;
        Structure::new(lattice, vec![ti, ti, o, o, o, o], frac).unwrap()
    }

    #[test]
    fn rutile_is_rutile() {
        let found = symmetry(&rutile(0.0), &SymmetrySettings::default()).unwrap();
        assert_eq!((found.number, found.symbol.as_str()), (136, "P4_2/mnm"));
        assert_eq!(found.orbits, [0, 0, 2, 2, 2, 2]);
        assert_eq!(found.wyckoffs, ['a', 'a', 'f', 'f', 'f', 'f']);
        assert_eq!(found.pearson, "tP6");
        assert_eq!(found.primitive.sites(), 6);
        assert!((found.conventional.volume() - 4.594 * 4.594 * 2.959).abs() < 1e-6);
        let counts = orbits(&rutile(0.0), &SymmetrySettings::default()).unwrap();
        assert_eq!(counts, [(0, 2), (2, 4)]);
    }

    #[test]
    fn the_tolerance_decides() {
        let at = |symprec| {
            let settings = SymmetrySettings { symprec };
            symmetry(&rutile(0.02), &settings).unwrap().number
        };
        assert_eq!(at(0.1), 136);
        assert!(at(0.001) < 136);
    }

    #[test]
    fn primitive_and_conventional_cell_of_rock_salt() {
        let h = 2.11;
        let lattice = [[0.0, h, h], [h, 0.0, h], [h, h, 0.0]];
        let species = vec![element("Mg"), element("O")];
        let frac = vec![[0.0; 3], [0.5; 3]];
        let primitive = Structure::new(lattice, species, frac).unwrap();
        let found = symmetry(&primitive, &SymmetrySettings::default()).unwrap();
        assert_eq!((found.number, found.symbol.as_str()), (225, "Fm-3m"));
        assert_eq!(found.conventional.sites(), 8);
        assert_eq!(found.primitive.sites(), 2);
        for length in found.conventional.lengths() {
            assert!((length - 4.22).abs() < 1e-9);
        }
        let again = symmetry(&found.conventional, &SymmetrySettings::default()).unwrap();
        assert_eq!(again.primitive.sites(), 2);
        assert_eq!(again.orbits, [0, 0, 0, 0, 4, 4, 4, 4]);
    }

    #[test]
    fn impossible_tolerances_are_refused() {
        for symprec in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(
                symmetry(&rutile(0.0), &SymmetrySettings { symprec }),
                Err(SymmetryError::Symprec { .. })
            ));
        }
        let error = orbits(&rutile(0.0), &SymmetrySettings { symprec: 5.0 }).unwrap_err();
        assert!(matches!(error, SymmetryError::Sheared { .. }), "{error}");
    }

    #[test]
    fn a_cell_of_nearly_higher_symmetry_ends() {
        let rod = [[0.1, 0.0, 0.0], [0.0, 0.1, 0.0], [0.0, 0.0, 9_000.0]];
        let rod = Structure::new(rod, vec![element("O")], vec![[0.0; 3]]).unwrap();
        let error = symmetry(&rod, &SymmetrySettings::default()).unwrap_err();
        assert!(matches!(error, SymmetryError::Sheared { .. }), "{error}");
        let tight = SymmetrySettings { symprec: 1e-5 };
        assert_eq!(symmetry(&rod, &tight).unwrap().number, 123);
        // A tall cell that is tetragonal but for 0.006 Å and leans by half a vector.
        let tall = [[3.018, 0.0, 0.0], [0.0, 3.024, 0.0], [1.509, 1.512, 24.9]];
        let frac = vec![[0.0; 3], [0.52, 0.5, 0.13]];
        let tall = Structure::new(tall, vec![element("Ti"); 2], frac).unwrap();
        assert!(symmetry(&tall, &SymmetrySettings::default()).is_ok());
    }
}
