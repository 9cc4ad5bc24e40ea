//! Crystal structures: a lattice, species and fractional coordinates come in, a
//! checked [`Structure`] goes out.

#![allow(
    clippy::indexing_slicing,
    reason = "3 × 3 lattice algebra with constant indices"
)]

use super::composition::Composition;
use super::element::Element;

/// Most sites a structure may have.
pub const MAX_SITES: usize = 100_000;
/// Shortest and longest lattice vector, Å.
pub const LENGTH_RANGE: [f64; 2] = [0.1, 10_000.0];
/// Largest fractional coordinate (absolute): beyond it the number is no fraction.
pub const MAX_FRACTION: f64 = 10_000.0;
/// Smallest volume relative to the product of the three lengths: below it the three
/// vectors lie in one plane as far as coordinates with six decimals can tell.
const MIN_RELATIVE_VOLUME: f64 = 1e-5;

/// A crystal: lattice rows a, b, c in Å, and for each site its element and its
/// fractional coordinates. Always valid: made only by [`Structure::new`].
#[derive(Clone, Debug, PartialEq)]
pub struct Structure {
    lattice: [[f64; 3]; 3],
    species: Vec<Element>,
    frac: Vec<[f64; 3]>,
}

/// Why three vectors, species and coordinates are no crystal. Axes count from 0
/// (a, b, c), sites from 0.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StructureError {
    /// No site at all.
    #[error("the structure has no sites")]
    NoSites,
    /// More than [`MAX_SITES`].
    #[error("the structure has {sites} sites, more than {MAX_SITES}")]
    TooManySites {
        /// Number of sites.
        sites: usize,
    },
    /// Species and coordinates differ in number.
    #[error("{species} species but {frac} coordinates")]
    CountsDiffer {
        /// Number of species.
        species: usize,
        /// Number of coordinate triples.
        frac: usize,
    },
    /// A lattice number that is NaN or infinite.
    #[error("lattice vector {} is not finite", AXES[*axis])]
    LatticeNotFinite {
        /// Which vector.
        axis: usize,
    },
    /// A lattice vector outside [`LENGTH_RANGE`].
    #[error("lattice vector {} is {length} Å long", AXES[*axis])]
    Length {
        /// Which vector.
        axis: usize,
        /// Its length, Å.
        length: f64,
    },
    /// The three vectors lie in one plane.
    #[error("the three lattice vectors lie in one plane: the cell has no volume")]
    Flat,
    /// A coordinate that is NaN, infinite or beyond [`MAX_FRACTION`].
    #[error("coordinate {} of site {site} is {value}", AXES[*axis])]
    Coordinate {
        /// Which site.
        site: usize,
        /// Which of its coordinates.
        axis: usize,
        /// What it is.
        value: f64,
    },
}

/// Names of the lattice vectors and of the coordinates along them.
pub const AXES: [&str; 3] = ["a", "b", "c"];

impl Structure {
    /// Check and keep a crystal.
    ///
    /// # Errors
    /// Numbers not finite, vectors too short, too long or in one plane, counts that
    /// differ, no sites or more than [`MAX_SITES`].
    pub fn new(
        lattice: [[f64; 3]; 3],
        species: Vec<Element>,
        frac: Vec<[f64; 3]>,
    ) -> Result<Structure, StructureError> {
        check_lattice(&lattice)?;
        if species.len() != frac.len() {
            return Err(StructureError::CountsDiffer {
                species: species.len(),
                frac: frac.len(),
            });
        }
        if species.is_empty() {
            return Err(StructureError::NoSites);
        }
        if species.len() > MAX_SITES {
            return Err(StructureError::TooManySites {
                sites: species.len(),
            });
        }
        for (site, triple) in frac.iter().enumerate() {
            for (axis, &value) in triple.iter().enumerate() {
                if !value.is_finite() || value.abs() > MAX_FRACTION {
                    return Err(StructureError::Coordinate { site, axis, value });
                }
            }
        }
        Ok(Structure {
            lattice,
            species,
            frac,
        })
    }

    /// Lattice vectors a, b, c as rows, Å.
    pub fn lattice(&self) -> &[[f64; 3]; 3] {
        &self.lattice
    }

    /// The element of each site.
    pub fn species(&self) -> &[Element] {
        &self.species
    }

    /// Fractional coordinates of each site, as read (not wrapped into the cell).
    pub fn frac(&self) -> &[[f64; 3]] {
        &self.frac
    }

    /// Cartesian coordinates of each site, Å.
    pub fn cartesian(&self) -> Vec<[f64; 3]> {
        let [a, b, c] = &self.lattice;
        let place = |[x, y, z]: &[f64; 3]| {
            std::array::from_fn(|i| x * a[i] + y * b[i] + z * c[i])
        };
        self.frac.iter().map(place).collect()
    }

    /// Number of sites, 1..=100,000.
    pub fn sites(&self) -> usize {
        self.species.len()
    }

    /// Cell volume, Å^3.
    pub fn volume(&self) -> f64 {
        let [a, b, c] = &self.lattice;
        dot(a, &cross(b, c)).abs()
    }

    /// Lengths of a, b, c, Å.
    pub fn lengths(&self) -> [f64; 3] {
        self.lattice.map(|row| norm(&row))
    }

    /// Angles alpha (b, c), beta (a, c), gamma (a, b) in degrees.
    pub fn angles(&self) -> [f64; 3] {
        let [a, b, c] = &self.lattice;
        [(b, c), (a, c), (a, b)].map(|(u, v)| {
            let cosine = dot(u, v) / (norm(u) * norm(v));
            libm::acos(cosine.clamp(-1.0, 1.0)).to_degrees()
        })
    }

    /// How many atoms of each element the cell holds.
    pub fn composition(&self) -> Composition {
        Composition::count(&self.species)
    }
}

fn check_lattice(lattice: &[[f64; 3]; 3]) -> Result<(), StructureError> {
    for (axis, row) in lattice.iter().enumerate() {
        if row.iter().any(|x| !x.is_finite()) {
            return Err(StructureError::LatticeNotFinite { axis });
        }
        let length = norm(row);
        let [least, most] = LENGTH_RANGE;
        if !(least..=most).contains(&length) {
            return Err(StructureError::Length { axis, length });
        }
    }
    let [a, b, c] = lattice;
    let relative = dot(a, &cross(b, c)).abs() / (norm(a) * norm(b) * norm(c));
    if relative < MIN_RELATIVE_VOLUME {
        return Err(StructureError::Flat);
    }
    Ok(())
}

fn dot(u: &[f64; 3], v: &[f64; 3]) -> f64 {
    u[0] * v[0] + u[1] * v[1] + u[2] * v[2]
}

fn cross(u: &[f64; 3], v: &[f64; 3]) -> [f64; 3] {
    [
        u[1] * v[2] - u[2] * v[1],
        u[2] * v[0] - u[0] * v[2],
        u[0] * v[1] - u[1] * v[0],
    ]
}

fn norm(u: &[f64; 3]) -> f64 {
    dot(u, u).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUBE: [[f64; 3]; 3] = [[4.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0, 0.0, 4.0]];

    fn of(lattice: [[f64; 3]; 3], sites: usize) -> Result<Structure, StructureError> {
        Structure::new(lattice, vec![Element::O; sites], vec![[0.0; 3]; sites])
    }

    #[test]
    fn a_cube_has_its_volume_lengths_and_angles() {
        let cube = of(CUBE, 2).unwrap();
        assert_eq!(cube.volume(), 64.0);
        assert_eq!(cube.lengths(), [4.0; 3]);
        for angle in cube.angles() {
            assert!((angle - 90.0).abs() < 1e-12);
        }
        assert_eq!(cube.sites(), 2);
        assert_eq!(cube.composition().amount(Element::O), 2.0);
    }

    #[test]
    fn a_left_handed_cell_has_a_positive_volume() {
        let [a, b, c] = CUBE;
        assert_eq!(of([b, a, c], 1).unwrap().volume(), 64.0);
    }

    #[test]
    fn angles_of_a_hexagonal_cell() {
        let h = 0.75_f64.sqrt();
        let cell = of([[1.0, 0.0, 0.0], [-0.5, h, 0.0], [0.0, 0.0, 2.0]], 1).unwrap();
        let [alpha, beta, gamma] = cell.angles();
        assert!((alpha - 90.0).abs() < 1e-9 && (beta - 90.0).abs() < 1e-9);
        assert!((gamma - 120.0).abs() < 1e-9);
    }

    #[test]
    fn impossible_cells_are_refused() {
        let [a, b, c] = CUBE;
        let zero = of([a, [0.0; 3], c], 1).unwrap_err();
        assert_eq!(
            zero,
            StructureError::Length {
                axis: 1,
                length: 0.0
            }
        );
        assert_eq!(
            of([a, b, [4.0, 4.0, 0.0]], 1).unwrap_err(),
            StructureError::Flat
        );
        let nan = of([a, b, [f64::NAN, 0.0, 1.0]], 1).unwrap_err();
        assert_eq!(nan, StructureError::LatticeNotFinite { axis: 2 });
        let long = of([[2e4, 0.0, 0.0], b, c], 1).unwrap_err();
        assert_eq!(long.to_string(), "lattice vector a is 20000 Å long");
        // Squares of such numbers overflow; the length is then infinite, not NaN.
        assert!(matches!(
            of([[1e200, 0.0, 0.0], b, c], 1).unwrap_err(),
            StructureError::Length { axis: 0, .. }
        ));
    }

    #[test]
    fn impossible_sites_are_refused() {
        assert_eq!(of(CUBE, 0).unwrap_err(), StructureError::NoSites);
        assert_eq!(
            of(CUBE, MAX_SITES + 1).unwrap_err(),
            StructureError::TooManySites {
                sites: MAX_SITES + 1
            }
        );
        let uneven = Structure::new(CUBE, vec![Element::O], vec![[0.0; 3]; 2]);
        assert_eq!(
            uneven.unwrap_err(),
            StructureError::CountsDiffer {
                species: 1,
                frac: 2
            }
        );
        let far = Structure::new(CUBE, vec![Element::O], vec![[0.0, 1e9, 0.0]]);
        assert_eq!(
            far.unwrap_err(),
            StructureError::Coordinate {
                site: 0,
                axis: 1,
                value: 1e9
            }
        );
        let nan = Structure::new(CUBE, vec![Element::O], vec![[0.0, f64::NAN, 0.0]]);
        assert!(nan.is_err());
    }
}
