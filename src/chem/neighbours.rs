//! Neighbour lists: a crystal and a cutoff come in, every pair of atoms within the
//! cutoff comes out, all periodic images counted.
//!
//! Correct for any triclinic cell: the search runs in a reduced cell of the same
//! lattice (so a skewed cell costs no more than a compact one), around which as many
//! images are laid as the cutoff needs (so the cutoff may be far beyond the cell). Few
//! points are compared with all; many are sorted into linked cells first.
//!
//! A [`Search`] keeps its memory from call to call: once it has seen a structure as
//! large, a call allocates nothing.

#![allow(
    clippy::indexing_slicing,
    reason = "kernel over arrays whose lengths are set together"
)]

use super::structure::Structure;

mod cell;
mod points;
mod scan;
#[cfg(test)]
pub(super) mod tests;

use cell::WorkCell;
use points::{Points, TooMany};
use scan::Scan;

/// A pair this much beyond the cutoff (Å) still counts: in a lattice given with few
/// decimals a shell that lies exactly at the cutoff would otherwise be cut in two by
/// rounding. pymatgen's `numerical_tol`.
pub const TOLERANCE: f64 = 1e-8;

/// Most pairs a list may hold; 48 bytes each.
pub const MAX_PAIRS: usize = 1 << 25;

/// Most points (atoms and images of atoms) a search may lay out; about 100
/// bytes each.
pub const MAX_POINTS: usize = 1 << 23;

/// Why there is no neighbour list.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NeighbourError {
    /// The cutoff is not a finite length above zero.
    #[error("a cutoff of {cutoff} Å: expected a length above 0 Å")]
    Cutoff {
        /// What was asked for, Å.
        cutoff: f64,
    },
    /// More than [`MAX_PAIRS`] or [`MAX_POINTS`]: the cutoff is too long for this cell.
    #[error("too many neighbours within {cutoff} Å: choose a shorter cutoff")]
    TooMany {
        /// The cutoff, Å.
        cutoff: f64,
    },
    /// The cell is so extreme that images cannot be counted in 32 bits.
    #[error("the cell is too skewed, or its coordinates lie too far outside it")]
    ImagesTooFar,
}

/// All neighbours of all atoms: one row per atom of the cell (the centre), one entry
/// per neighbour. An entry is in the list of both its atoms. An atom is no neighbour of
/// itself, but its own images are. Within a row entries go by the neighbour's index,
/// then by image: the order does not depend on the cutoff.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Neighbours {
    cutoff: f64,
    offsets: Vec<u32>,
    index: Vec<u32>,
    image: Vec<[i32; 3]>,
    distance: Vec<f64>,
    displacement: Vec<[f64; 3]>,
}

/// The neighbours of one atom; all four slices have the same length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row<'a> {
    /// Which atom of the cell the neighbour is, or is an image of.
    pub index: &'a [u32],
    /// Lattice translation (along a, b, c) from that atom, at the coordinates the
    /// structure gives it, to the neighbour.
    pub image: &'a [[i32; 3]],
    /// Distance from the centre, Å.
    pub distance: &'a [f64],
    /// Vector from the centre to the neighbour, Å.
    pub displacement: &'a [[f64; 3]],
}

impl Neighbours {
    /// The cutoff of the list, Å.
    pub fn cutoff(&self) -> f64 {
        self.cutoff
    }

    /// Number of centres: the sites of the structure.
    pub fn centres(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// Number of entries of all rows.
    pub fn pairs(&self) -> usize {
        self.index.len()
    }

    /// Where the rows begin; one more than there are centres.
    pub fn offsets(&self) -> &[u32] {
        &self.offsets
    }

    /// Index of the neighbour, per entry.
    pub fn index(&self) -> &[u32] {
        &self.index
    }

    /// Image of the neighbour, per entry; see [`Row::image`].
    pub fn image(&self) -> &[[i32; 3]] {
        &self.image
    }

    /// Distance in Å, per entry.
    pub fn distance(&self) -> &[f64] {
        &self.distance
    }

    /// Vector from centre to neighbour in Å, per entry.
    pub fn displacement(&self) -> &[[f64; 3]] {
        &self.displacement
    }

    /// The neighbours of one centre, none if there is no such centre.
    pub fn row(&self, centre: usize) -> Row<'_> {
        let range = match self.offsets.get(centre..centre.saturating_add(2)) {
            Some(&[start, end]) => start as usize..end as usize,
            _ => 0..0,
        };
        Row {
            index: &self.index[range.clone()],
            image: &self.image[range.clone()],
            distance: &self.distance[range.clone()],
            displacement: &self.displacement[range],
        }
    }

    fn clear(&mut self, cutoff: f64) {
        self.cutoff = cutoff;
        self.offsets.clear();
        self.index.clear();
        self.image.clear();
        self.distance.clear();
        self.displacement.clear();
        self.offsets.push(0);
    }
}

/// The neighbour list of one structure. For many structures keep a [`Search`].
///
/// # Errors
/// See [`NeighbourError`].
pub fn neighbours(
    structure: &Structure,
    cutoff: f64,
) -> Result<Neighbours, NeighbourError> {
    let mut list = Neighbours::default();
    Search::new().run(structure, cutoff, &mut list)?;
    Ok(list)
}

/// A search and its list, both reused from structure to structure.
#[derive(Default)]
pub struct Finder {
    search: Search,
    list: Neighbours,
}

impl Finder {
    /// A finder that holds no memory yet.
    pub fn new() -> Finder {
        Finder::default()
    }

    /// All neighbours within `cutoff` (Å).
    ///
    /// # Errors
    /// See [`NeighbourError`].
    pub fn find(
        &mut self,
        structure: &Structure,
        cutoff: f64,
    ) -> Result<&Neighbours, NeighbourError> {
        self.search.run(structure, cutoff, &mut self.list)?;
        Ok(&self.list)
    }
}

/// The memory of a search, reused from structure to structure.
#[derive(Default)]
pub struct Search {
    cell: WorkCell,
    points: Points,
    scan: Scan,
    cutoff: f64,
}

/// What lies around one centre: its neighbours as points, in the order of a [`Row`].
pub(super) struct Around<'a> {
    centre: usize,
    hits: &'a [u32],
    squares: &'a [f64],
    points: &'a Points,
    cell: &'a WorkCell,
}

impl Search {
    /// A search that holds no memory yet.
    pub fn new() -> Search {
        Search::default()
    }

    /// Find all neighbours within `cutoff` (Å); what `list` held is replaced.
    ///
    /// # Errors
    /// See [`NeighbourError`]; `list` is then of no use.
    pub fn run(
        &mut self,
        structure: &Structure,
        cutoff: f64,
        list: &mut Neighbours,
    ) -> Result<(), NeighbourError> {
        list.clear(cutoff);
        self.begin(structure, cutoff)?;
        for centre in 0..structure.sites() {
            let around = self.around(centre);
            if list.index.len() + around.len() > MAX_PAIRS {
                return Err(NeighbourError::TooMany { cutoff });
            }
            list.index.extend(around.index());
            list.image.extend(around.image());
            list.distance.extend(around.distance());
            list.displacement.extend(around.displacement());
            list.offsets.push(list.index.len() as u32);
        }
        Ok(())
    }

    /// Take a structure and lay out all points within `cutoff` (Å) of its atoms.
    pub(super) fn begin(
        &mut self,
        structure: &Structure,
        cutoff: f64,
    ) -> Result<(), NeighbourError> {
        let lattice = structure.lattice();
        self.place(lattice, lattice, structure.frac())?;
        self.reach(cutoff)
    }

    /// Take a lattice (rows, Å) and the fractional coordinates of the atoms, which are
    /// placed by `inner`: the same lattice, or one a little off; [`Search::reach`]
    /// comes next.
    pub(super) fn place(
        &mut self,
        lattice: &[[f64; 3]; 3],
        inner: &[[f64; 3]; 3],
        frac: &[[f64; 3]],
    ) -> Result<(), NeighbourError> {
        self.cell.place(lattice, inner, frac)
    }

    /// Lay out all points within `cutoff` of the atoms placed last.
    pub(super) fn reach(&mut self, cutoff: f64) -> Result<(), NeighbourError> {
        if !cutoff.is_finite() || cutoff <= 0.0 {
            return Err(NeighbourError::Cutoff { cutoff });
        }
        self.cutoff = cutoff + TOLERANCE;
        let all = self.points.lay_out(&self.cell, self.cutoff);
        all.map_err(|TooMany| NeighbourError::TooMany { cutoff })?;
        self.scan.prepare(&self.cell, &self.points, self.cutoff);
        Ok(())
    }

    /// The neighbours of one centre.
    pub(super) fn around(&mut self, centre: usize) -> Around<'_> {
        let found = self.scan.around(&self.cell, &self.points, centre);
        let (hits, squares) = found;
        Around {
            centre,
            hits,
            squares,
            points: &self.points,
            cell: &self.cell,
        }
    }
}

impl<'a> Around<'a> {
    /// Number of neighbours.
    pub(super) fn len(&self) -> usize {
        self.hits.len()
    }

    /// Index of each neighbour.
    pub(super) fn index(&self) -> impl Iterator<Item = u32> + use<'a> {
        let atom = &self.points.atom;
        self.hits.iter().map(move |&hit| atom[hit as usize])
    }

    /// Image of each neighbour.
    pub(super) fn image(&self) -> impl Iterator<Item = [i32; 3]> + use<'a> {
        let image = &self.points.image;
        let [a, b, c] = self.cell.shift[self.centre];
        self.hits.iter().map(move |&hit| {
            let [x, y, z] = image[hit as usize];
            [x + a, y + b, z + c]
        })
    }

    /// Distance of each neighbour, Å.
    pub(super) fn distance(&self) -> impl Iterator<Item = f64> + Clone + use<'a> {
        self.squares.iter().map(|square| square.sqrt())
    }

    /// Vector from the centre to each neighbour, Å.
    pub(super) fn displacement(&self) -> impl Iterator<Item = [f64; 3]> + use<'a> {
        let [a, b, c] = self.cell.position[self.centre];
        let Points { x, y, z, .. } = self.points;
        self.hits.iter().map(move |&hit| {
            let hit = hit as usize;
            [x[hit] - a, y[hit] - b, z[hit] - c]
        })
    }
}
