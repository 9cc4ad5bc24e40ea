//! Periodic Voronoi cells: a [`Structure`] (and radii, for radical cells) comes in,
//! the convex polyhedron of each site with its faces goes out.
//!
//! Plain cell of site i: the points no further from i than from any other site or
//! image. Radical (power, Laguerre) cell: the points x of least |x − p_j|² − r_j²
//! (Gellatly and Finney, J. Non-Cryst. Solids 50, 313 (1982)). The planes of the
//! sites around are cut off one after the other, the nearest first, until none
//! further out can reach the polyhedron.
//!
//! Everything runs in one thread and gives the same bits everywhere; callers share
//! out the structures.

mod build;
mod grid;
mod lattice;
mod polyhedron;

use std::ops::Range;

use super::structure::Structure;
pub use build::Tessellator;

/// Nearest two sites may lie, Å: below it they have no plane between them.
pub const LEAST_DISTANCE: f64 = 1e-4;
/// Largest radius a site may be given, Å.
pub const MOST_RADIUS: f64 = 1e4;

/// Why a structure has no Voronoi cells. Sites count from 0.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum VoronoiError {
    /// Two sites (or a site and an image) at the same place.
    #[error(
        "sites {first} and {second} lie {distance} Å from each other: no plane divides \
         them (at least {LEAST_DISTANCE} Å)"
    )]
    Coincident {
        /// One of the two.
        first: usize,
        /// The other.
        second: usize,
        /// Their distance, Å.
        distance: f64,
    },
    /// Not one radius for each site.
    #[error("{radii} radii for {sites} sites")]
    CountsDiffer {
        /// How many radii.
        radii: usize,
        /// How many sites.
        sites: usize,
    },
    /// A radius negative, not finite or above [`MOST_RADIUS`].
    #[error("the radius of site {site} is {radius} Å (from 0 to {MOST_RADIUS} Å)")]
    Radius {
        /// Whose.
        site: usize,
        /// What it is, Å.
        radius: f64,
    },
    /// There is no such site.
    #[error("there is no site {site}: the structure has {sites}")]
    NoSuchSite {
        /// Which was asked for.
        site: usize,
        /// How many there are.
        sites: usize,
    },
    /// Rounding leaves no polyhedron whose faces meet.
    #[error("the Voronoi cell of site {site} is lost in rounding errors")]
    Degenerate {
        /// Whose cell.
        site: usize,
    },
}

/// One face of a cell: the part of the plane between two sites that bounds it.
#[derive(Clone, Debug, PartialEq)]
pub struct Face {
    /// The site on the other side.
    pub neighbour: usize,
    /// Which of its images: whole lattice vectors added to its coordinates as given.
    pub image: [i32; 3],
    /// Area, Å^2.
    pub area: f64,
    /// From the site to that neighbour, Å.
    pub distance: f64,
    /// From the site to the face's plane, Å; half the distance in a plain cell,
    /// negative in a radical cell that does not hold its own site.
    pub plane: f64,
    /// Solid angle seen from the site, sr; it has the sign of `plane`.
    pub solid_angle: f64,
    /// From the site towards that neighbour, of length 1.
    pub normal: [f64; 3],
    /// Its corners in order, in [`VoronoiCell::corners`].
    corners: Range<u32>,
}

/// How a site is surrounded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coordination {
    /// How many faces.
    pub faces: usize,
    /// The sum of their weights: 12 in fcc, 8 and a bit in bcc.
    pub effective: f64,
}

/// The cell of one site. A radical cell may be empty: no faces, no volume.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VoronoiCell {
    /// Volume, Å^3.
    pub volume: f64,
    /// Faces, in ascending distance of the neighbour.
    pub faces: Vec<Face>,
    /// Vertices relative to the site, Å; one point may stand more than once where
    /// more than three faces meet.
    pub vertices: Vec<[f64; 3]>,
    /// Pairs of vertices that an edge joins, each edge once.
    pub edges: Vec<[u32; 2]>,
    corners: Vec<u32>,
}

impl VoronoiCell {
    /// A face's corners in order around it, as numbers of `vertices`.
    pub fn corners(&self, face: &Face) -> &[u32] {
        let range = face.corners.start as usize..face.corners.end as usize;
        self.corners.get(range).unwrap_or_default()
    }

    /// Coordination of the site by the solid angles of its faces (O'Keeffe, Acta
    /// Cryst. A35, 772 (1979)): each face weighs its angle over the largest. `None` for
    /// an empty cell. Faces that weigh no more than `least` are left out; 0 takes all
    /// that have an area beyond rounding.
    pub fn coordination(&self, least: f64) -> Option<Coordination> {
        let angles = self.faces.iter().map(|face| face.solid_angle);
        let largest = angles.clone().fold(0.0, f64::max);
        if largest <= 0.0 {
            return None;
        }
        let weights = angles
            .map(|angle| angle / largest)
            .filter(|&weight| weight > least.max(1e-9));
        Some(Coordination {
            faces: weights.clone().count(),
            effective: weights.sum(),
        })
    }

    /// Empty it for reuse.
    fn clear(&mut self) {
        self.volume = 0.0;
        self.faces.clear();
        self.vertices.clear();
        self.edges.clear();
        self.corners.clear();
    }
}

/// The plain Voronoi cells of all sites, in their order.
///
/// # Errors
/// Two sites at the same place; see [`VoronoiError`].
pub fn voronoi(structure: &Structure) -> Result<Vec<VoronoiCell>, VoronoiError> {
    Tessellator::new(structure).all()
}

/// The radical Voronoi cells of all sites, in their order; `radii` in Å, one for each
/// site.
///
/// # Errors
/// Radii that do not fit, two sites at the same place; see [`VoronoiError`].
pub fn radical_voronoi(
    structure: &Structure,
    radii: &[f64],
) -> Result<Vec<VoronoiCell>, VoronoiError> {
    Tessellator::radical(structure, radii)?.all()
}

#[cfg(test)]
pub(crate) mod tests;
