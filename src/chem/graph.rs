//! Crystal graphs: a structure comes in; atoms, directed edges between neighbours and,
//! if wanted, the line graph (edges between edges) go out.
//!
//! Four graphs of the literature: ALIGNN's k nearest neighbours with their line graph,
//! MEGNet's radius graph, DeeperGATGNN's minimum-image graph and CGCNN's padded graph.
//! Each is made from one search for neighbours, or from a list one has already, with
//! the same result. An edge points from the neighbour (`src`) to the atom that hears
//! (`dst`); edges are sorted by `dst`, so that the edges into an atom are a run.

#![allow(
    clippy::indexing_slicing,
    reason = "kernel over arrays whose lengths are set together"
)]

use super::element::Element;
use super::neighbours::{NeighbourError, Neighbours, Search};
use super::structure::Structure;

mod alignn;
mod batch;
pub mod file;
mod line;
mod nearest_image;
mod padded;
mod radius;
#[cfg(test)]
mod tests;

pub use alignn::{AlignnGraph, alignn_graph};
pub use batch::{graphs, graphs_of};
pub use line::{MAX_LINE_EDGES, line_graph};
pub use nearest_image::{NearestImageGraph, nearest_image_graph};
pub use padded::{CgcnnGraph, cgcnn_graph};
pub use radius::{MegnetGraph, megnet_graph};

/// Distances that differ less than this (Å) are ranked by index instead, where a graph
/// takes the nearest few: rounding shall not choose among equal neighbours.
const RANK_STEP: f64 = 1e-8;

/// A graph of atoms. Lists named "per edge" have one entry for each directed edge, in
/// the order of `dst`.
#[derive(Clone, Debug, PartialEq)]
pub struct CrystalGraph {
    /// Per node, the element.
    pub species: Vec<Element>,
    /// The edges into node `v` are `rows[v]..rows[v + 1]`; one more than there are nodes.
    pub rows: Vec<u32>,
    /// Per edge, the atom it comes from: the neighbour.
    pub src: Vec<u32>,
    /// Per edge, the atom it goes to: the one that hears.
    pub dst: Vec<u32>,
    /// Per edge, the lattice translation (along a, b, c) of the neighbour: the source is
    /// the atom `src` moved by `image`, the destination is the atom `dst` itself, both
    /// at the coordinates the structure gives.
    pub image: Vec<[i32; 3]>,
    /// Per edge, the vector from source to destination, Å.
    pub displacement: Vec<[f32; 3]>,
    /// Per edge, its length, Å.
    pub distance: Vec<f32>,
    /// The radius within which neighbours count, Å. ALIGNN's grows with the structure.
    pub cutoff: f64,
    /// The graph whose nodes are the edges of this one, if it was asked for.
    pub line: Option<LineGraph>,
}

/// A graph of edges: node `e` is the edge `e` of a [`CrystalGraph`]; an edge leads from
/// `e1` to `e2` where `e1` ends at the atom at which `e2` begins. Sorted by `dst`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LineGraph {
    /// The edges into node `e` are `rows[e]..rows[e + 1]`; one more than there are nodes.
    pub rows: Vec<u32>,
    /// Per edge, the edge of the crystal graph it comes from.
    pub src: Vec<u32>,
    /// Per edge, the edge of the crystal graph it goes to.
    pub dst: Vec<u32>,
    /// Per edge, the cosine of the angle at the shared atom, −1..=1: 1 where the second
    /// edge runs back along the first.
    pub cosine: Vec<f32>,
}

/// Why a structure has no such graph.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// The search for neighbours failed.
    #[error(transparent)]
    Neighbours(#[from] NeighbourError),
    /// A number of neighbours of 0.
    #[error("a graph of 0 neighbours per atom: expected at least 1")]
    NoNeighboursWanted,
    /// No atom has a neighbour.
    #[error("no two atoms lie within {cutoff} Å: the graph has no edge")]
    NoEdges {
        /// The cutoff, Å.
        cutoff: f64,
    },
    /// The list of neighbours is too short for this graph.
    #[error(
        "neighbours within {cutoff} Å are too few: this graph needs those within {needed} Å"
    )]
    ListTooShort {
        /// The cutoff of the list, Å.
        cutoff: f64,
        /// What the graph needs, Å.
        needed: f64,
    },
    /// The list of neighbours has not one row per site: it is another structure's.
    #[error("a list of neighbours of {rows} atoms for a structure of {sites}")]
    OtherStructure {
        /// Rows of the list.
        rows: usize,
        /// Sites of the structure.
        sites: usize,
    },
    /// An edge of length 0 makes no angle.
    #[error("edge {edge} of the graph has length 0: it makes no angle")]
    ZeroLength {
        /// Which edge.
        edge: usize,
    },
    /// More than [`MAX_LINE_EDGES`].
    #[error("the line graph has more than {MAX_LINE_EDGES} edges")]
    LineTooLarge,
}

/// Which graph, with its settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Recipe {
    /// k nearest neighbours and line graph.
    Alignn(AlignnGraph),
    /// All neighbours within a radius.
    Megnet(MegnetGraph),
    /// Nearest image of each other atom.
    NearestImage(NearestImageGraph),
    /// A fixed number of neighbours, padded.
    Cgcnn(CgcnnGraph),
}

/// The memory of graph making, reused from structure to structure.
#[derive(Default)]
pub struct Workspace {
    search: Search,
    list: Neighbours,
    alignn: alignn::Memory,
    ranked: Vec<(u64, u32)>,
}

impl Workspace {
    /// A workspace that holds no memory yet.
    pub fn new() -> Workspace {
        Workspace::default()
    }
}

impl Recipe {
    /// Make the graph of one structure.
    ///
    /// # Errors
    /// See [`GraphError`].
    pub fn make(
        &self,
        structure: &Structure,
        workspace: &mut Workspace,
    ) -> Result<CrystalGraph, GraphError> {
        match self {
            Recipe::Alignn(settings) => settings.make(structure, workspace),
            Recipe::Megnet(settings) => settings.make(structure, workspace),
            Recipe::NearestImage(settings) => settings.make(structure, workspace),
            Recipe::Cgcnn(settings) => settings.make(structure, workspace),
        }
    }

    /// The cutoff of a list of neighbours this graph can be made from, Å. ALIGNN's has
    /// none: it searches each atom as far as it needs, which is quicker.
    pub fn reach(&self) -> Option<f64> {
        match self {
            Recipe::Alignn(_) => None,
            Recipe::Megnet(settings) => Some(settings.cutoff),
            Recipe::NearestImage(settings) => Some(settings.radius),
            Recipe::Cgcnn(settings) => Some(settings.radius),
        }
    }
}

impl CrystalGraph {
    /// Number of atoms.
    pub fn nodes(&self) -> usize {
        self.species.len()
    }

    /// Number of directed edges.
    pub fn edges(&self) -> usize {
        self.src.len()
    }

    /// A graph of these atoms, without edges so far, with room for some.
    fn with_room(structure: &Structure, cutoff: f64, edges: usize) -> CrystalGraph {
        let mut rows = Vec::with_capacity(structure.sites() + 1);
        rows.push(0);
        CrystalGraph {
            species: structure.species().to_vec(),
            rows,
            src: Vec::with_capacity(edges),
            dst: Vec::with_capacity(edges),
            image: Vec::with_capacity(edges),
            displacement: Vec::with_capacity(edges),
            distance: Vec::with_capacity(edges),
            cutoff,
            line: None,
        }
    }

    /// Add an edge into the last row begun; `vector` leads from `dst` to `src`.
    #[inline]
    fn hear(&mut self, dst: u32, src: u32, image: [i32; 3], vector: [f64; 3], far: f64) {
        self.src.push(src);
        self.dst.push(dst);
        self.image.push(image);
        self.displacement.push(vector.map(|x| -x as f32));
        self.distance.push(far as f32);
    }

    /// End the row of a node.
    fn end_row(&mut self) {
        self.rows.push(self.src.len() as u32);
    }
}

impl LineGraph {
    /// Number of edges between edges.
    pub fn edges(&self) -> usize {
        self.src.len()
    }
}

/// A list must be of the structure and reach as far as the graph needs.
fn check_list(
    structure: &Structure,
    list: &Neighbours,
    needed: f64,
) -> Result<(), GraphError> {
    let (rows, sites) = (list.centres(), structure.sites());
    if rows != sites {
        return Err(GraphError::OtherStructure { rows, sites });
    }
    let cutoff = list.cutoff();
    if cutoff < needed {
        return Err(GraphError::ListTooShort { cutoff, needed });
    }
    Ok(())
}

/// The place of a distance (Å) among others, equal for those that differ by rounding.
fn rank(distance: f64) -> u64 {
    (distance / RANK_STEP + 0.5) as u64
}
