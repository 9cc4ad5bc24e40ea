//! ALIGNN's graph: k nearest neighbours, made symmetric, with their line graph
//! (Choudhary and DeCost, npj Comput. Mater. 7, 185 (2021); `alignn` 2023.10.01,
//! `nearest_neighbor_edges` and `build_undirected_edgedata`).
//!
//! The reference searches within a cutoff and, where an atom has fewer than k
//! neighbours, starts again with a longer one; then it keeps what is no farther than
//! the k-th. What is kept does not depend on the cutoff that was enough, so here each
//! atom is searched only as far as its k-th neighbour; the reference's last cutoff is
//! computed afterwards.

#![allow(
    clippy::indexing_slicing,
    reason = "kernel over arrays whose lengths are set together"
)]

use super::super::neighbours::{MAX_PAIRS, Search};
use super::super::structure::Structure;
use super::{CrystalGraph, GraphError, NeighbourError, Workspace, line_graph};

/// Atoms nearer than this (Å) are no neighbours.
const TOO_NEAR: f64 = 0.15;
/// The first search is for a sphere in which this many times k atoms are expected.
const EXPECTED: f64 = 2.0;
/// How much farther the next search goes where that was not enough.
const GROWTH: f64 = 1.5;

/// Settings of [`alignn_graph`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AlignnGraph {
    /// First cutoff of the reference, Å. Which edges there are does not depend on it;
    /// it shows in [`CrystalGraph::cutoff`].
    pub cutoff: f64,
    /// Each atom's nearest so many neighbours, and all as near as the last of them.
    pub max_neighbors: usize,
    /// Decimals (of Å) to which the lattice is rounded where it places atoms and makes
    /// displacements; not where it makes images for the search. The reference's
    /// `Lattice` keeps 5, which can part a shell of neighbours that symmetry makes
    /// equal. None takes the lattice as it is.
    pub lattice_decimals: Option<u8>,
    /// Whether to add the line graph.
    pub line: bool,
}

impl Default for AlignnGraph {
    /// 8 Å, 12 neighbours, 5 decimals, with line graph.
    fn default() -> AlignnGraph {
        AlignnGraph {
            cutoff: 8.0,
            max_neighbors: 12,
            lattice_decimals: Some(5),
            line: true,
        }
    }
}

/// The k-nearest graph. Every atom keeps all neighbours no farther than its k-th (an
/// exact comparison: of neighbours equal but for rounding some may be cut, as in the
/// reference); a pair that either atom keeps gives an edge each way, `displacement` r
/// and −r. A bond of an atom to its own image is found in both directions and so gives
/// four edges, two and two alike, as in the reference. Atoms within 0.15 Å of each
/// other are not joined. Edges into an atom go by `src`, then by image.
///
/// # Errors
/// A bad cutoff or number, or too many neighbours.
pub fn alignn_graph(
    structure: &Structure,
    settings: &AlignnGraph,
) -> Result<CrystalGraph, GraphError> {
    settings.make(structure, &mut Workspace::new())
}

/// Memory of the graph's making.
#[derive(Default)]
pub(super) struct Memory {
    kept: Vec<Kept>,
    /// Which of `kept` belong to each atom.
    own: Vec<[u32; 2]>,
    /// Bits of distances: of numbers above zero they sort alike.
    distances: Vec<u64>,
    waiting: Vec<u32>,
    bonds: Vec<Bond>,
    place: Vec<u32>,
    sorted: Vec<Edge>,
}

/// A neighbour that an atom keeps.
#[derive(Clone, Copy)]
struct Kept {
    index: u32,
    image: [i32; 3],
}

/// A pair of atoms, `low` at most `high`: the second is the one moved by `image`.
#[derive(Clone, Copy)]
struct Bond {
    low: u32,
    high: u32,
    image: [i32; 3],
}

/// An edge on its way to its place; `vector` leads from destination to source.
#[derive(Clone, Copy, Default)]
struct Edge {
    src: u32,
    image: [i32; 3],
    vector: [f64; 3],
    distance: f64,
}

impl AlignnGraph {
    /// [`alignn_graph`] without new memory for the search.
    ///
    /// # Errors
    /// As [`alignn_graph`].
    pub fn make(
        &self,
        structure: &Structure,
        workspace: &mut Workspace,
    ) -> Result<CrystalGraph, GraphError> {
        self.check()?;
        let memory = &mut workspace.alignn;
        let inner = rounded(structure.lattice(), self.lattice_decimals);
        let search = &mut workspace.search;
        search.place(structure.lattice(), &inner, structure.frac())?;
        let farthest = memory.search(structure, self.max_neighbors, search)?;
        let mut cutoff = self.cutoff;
        while cutoff < farthest {
            cutoff = self.next_cutoff(structure, cutoff);
        }
        memory.find_bonds();
        let mut graph = memory.join(structure, &inner, cutoff);
        if self.line {
            graph.line = Some(line_graph(&graph)?);
        }
        Ok(graph)
    }

    fn check(&self) -> Result<(), GraphError> {
        if self.max_neighbors == 0 {
            return Err(GraphError::NoNeighboursWanted);
        }
        let cutoff = self.cutoff;
        if !cutoff.is_finite() || cutoff <= 0.0 {
            return Err(NeighbourError::Cutoff { cutoff }.into());
        }
        Ok(())
    }

    /// The cutoff the reference tries after `cutoff`.
    fn next_cutoff(&self, structure: &Structure, cutoff: f64) -> f64 {
        let longest = structure.lengths().into_iter().fold(0.0, f64::max);
        if cutoff < longest {
            longest
        } else {
            2.0 * cutoff
        }
    }
}

impl Memory {
    fn clear(&mut self, sites: usize) {
        self.kept.clear();
        self.own.clear();
        self.own.resize(sites, [0; 2]);
        self.waiting.clear();
    }

    /// Find each atom's nearest among those placed; the greatest distance of a k-th neighbour.
    fn search(
        &mut self,
        structure: &Structure,
        wanted: usize,
        search: &mut Search,
    ) -> Result<f64, GraphError> {
        self.clear(structure.sites());
        self.waiting.extend(0..structure.sites() as u32);
        let volume = structure.volume() / structure.sites() as f64;
        let cube = EXPECTED * wanted as f64 * volume * 3.0 / (4.0 * std::f64::consts::PI);
        let mut reach = libm::cbrt(cube).max(TOO_NEAR);
        let mut farthest = 0.0_f64;
        while !self.waiting.is_empty() {
            search.reach(reach)?;
            let mut waiting = std::mem::take(&mut self.waiting);
            waiting.retain(|&centre| {
                if self.kept.len() > MAX_PAIRS {
                    return false;
                }
                let around = search.around(centre as usize);
                let last = self.keep(
                    centre as usize,
                    wanted,
                    around.index(),
                    around.image(),
                    around.distance(),
                );
                farthest = farthest.max(last.unwrap_or(0.0));
                last.is_none()
            });
            self.waiting = waiting;
            // Atoms heaped on few spots keep one another without end.
            if self.kept.len() > MAX_PAIRS {
                return Err(NeighbourError::TooMany { cutoff: reach }.into());
            }
            reach *= GROWTH;
        }
        Ok(farthest)
    }

    /// Keep what is no farther than the k-th neighbour, and say how far that is; keep
    /// nothing if there are fewer.
    fn keep(
        &mut self,
        centre: usize,
        wanted: usize,
        index: impl Iterator<Item = u32>,
        image: impl Iterator<Item = [i32; 3]>,
        distance: impl Iterator<Item = f64> + Clone,
    ) -> Option<f64> {
        self.distances.clear();
        let counted = distance.clone().filter(|&d| d > TOO_NEAR);
        self.distances.extend(counted.map(f64::to_bits));
        if self.distances.len() < wanted {
            return None;
        }
        let (_, last, _) = self.distances.select_nth_unstable(wanted - 1);
        let last = f64::from_bits(*last);
        let start = self.kept.len() as u32;
        for ((index, image), distance) in index.zip(image).zip(distance) {
            if distance > TOO_NEAR && distance <= last {
                self.kept.push(Kept { index, image });
            }
        }
        self.own[centre] = [start, self.kept.len() as u32];
        Some(last)
    }

    fn kept_by(&self, centre: usize) -> &[Kept] {
        let [start, end] = self.own[centre];
        &self.kept[start as usize..end as usize]
    }

    /// Each pair that at least one of its atoms keeps, once.
    fn find_bonds(&mut self) {
        let mut bonds = std::mem::take(&mut self.bonds);
        bonds.clear();
        for centre in 0..self.own.len() {
            for kept in self.kept_by(centre) {
                let other = kept.index as usize;
                let back = kept.image.map(|n| -n);
                if other >= centre {
                    // A bond to the atom's own image is in the list in both directions,
                    // and stays so: the reference counts it twice.
                    bonds.push(Bond {
                        low: centre as u32,
                        high: kept.index,
                        image: kept.image,
                    });
                    continue;
                }
                let known = |k: &Kept| k.index as usize == centre && k.image == back;
                if !self.kept_by(other).iter().any(known) {
                    bonds.push(Bond {
                        low: kept.index,
                        high: centre as u32,
                        image: back,
                    });
                }
            }
        }
        self.bonds = bonds;
    }

    /// Two edges per bond, sorted by destination, source and image.
    fn join(
        &mut self,
        structure: &Structure,
        lattice: &[[f64; 3]; 3],
        cutoff: f64,
    ) -> CrystalGraph {
        let frac = structure.frac();
        let [a, b, c] = lattice;
        let edges = 2 * self.bonds.len();
        let place = &mut self.place;
        place.clear();
        place.resize(structure.sites() + 1, 0);
        for bond in &self.bonds {
            place[bond.low as usize] += 1;
            place[bond.high as usize] += 1;
        }
        let mut end = 0;
        for count in place.iter_mut() {
            end += *count;
            *count = end;
        }
        self.sorted.resize(edges, Edge::default());
        // Backwards: each row's end runs down to its start.
        for bond in self.bonds.iter().rev() {
            let (from, to) = (&frac[bond.low as usize], &frac[bond.high as usize]);
            let [x, y, z] =
                [0, 1, 2].map(|k| (to[k] + f64::from(bond.image[k])) - from[k]);
            let vector = [0, 1, 2].map(|k| x * a[k] + y * b[k] + z * c[k]);
            let square: f64 = vector.iter().map(|x| x * x).sum();
            let distance = square.sqrt();
            let ahead = Edge {
                src: bond.high,
                image: bond.image,
                vector,
                distance,
            };
            let back = Edge {
                src: bond.low,
                image: bond.image.map(|n| -n),
                vector: vector.map(|x| -x),
                distance,
            };
            for (dst, edge) in [(bond.low, ahead), (bond.high, back)] {
                let at = &mut place[dst as usize];
                *at -= 1;
                self.sorted[*at as usize] = edge;
            }
        }
        let mut graph = CrystalGraph::with_room(structure, cutoff, edges);
        for dst in 0..structure.sites() {
            let row = &mut self.sorted[place[dst] as usize..place[dst + 1] as usize];
            row.sort_unstable_by_key(|edge| (edge.src, edge.image));
            for edge in row {
                let (src, image) = (edge.src, edge.image);
                graph.hear(dst as u32, src, image, edge.vector, edge.distance);
            }
            graph.end_row();
        }
        graph
    }
}

/// The lattice as numpy rounds it.
fn rounded(lattice: &[[f64; 3]; 3], decimals: Option<u8>) -> [[f64; 3]; 3] {
    let Some(decimals) = decimals else {
        return *lattice;
    };
    let scale = (0..decimals).fold(1.0, |scale, _| scale * 10.0);
    lattice.map(|row| row.map(|x| (x * scale).round_ties_even() / scale))
}
