//! MEGNet's graph: all neighbours within a radius (Chen et al., Chem. Mater. 31, 3564
//! (2019), as built by `megnet` 1.3.2 through pymatgen).

use std::iter::repeat_n;

use super::super::neighbours::{MAX_PAIRS, NeighbourError, Neighbours, TOLERANCE};
use super::super::structure::Structure;
use super::{CrystalGraph, GraphError, Workspace, check_list};

/// Settings of [`megnet_graph`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MegnetGraph {
    /// Neighbours within this distance are joined, Å.
    pub cutoff: f64,
}

impl Default for MegnetGraph {
    /// 5 Å, as in the study.
    fn default() -> MegnetGraph {
        MegnetGraph { cutoff: 5.0 }
    }
}

/// The radius graph: an edge for every pair of atoms within the cutoff, every image by
/// itself. `dst` is MEGNet's `index1`, `src` its `index2`, `distance` its `bond`. Edges
/// into an atom go by `src`, then by image. An atom without neighbours has none.
///
/// # Errors
/// A bad cutoff, too many neighbours, or no edge at all.
pub fn megnet_graph(
    structure: &Structure,
    settings: &MegnetGraph,
) -> Result<CrystalGraph, GraphError> {
    settings.make(structure, &mut Workspace::new())
}

impl MegnetGraph {
    /// [`megnet_graph`] without new memory for the search.
    ///
    /// # Errors
    /// As [`megnet_graph`].
    pub fn make(
        &self,
        structure: &Structure,
        workspace: &mut Workspace,
    ) -> Result<CrystalGraph, GraphError> {
        let search = &mut workspace.search;
        search.begin(structure, self.cutoff)?;
        let sites = structure.sites();
        // As many as a crystal of this density has on average, and some more.
        let ball = 4.2 * self.cutoff * self.cutoff * self.cutoff / structure.volume();
        let room = (1.1 * ball * sites as f64 * sites as f64) as usize;
        let room = room.min(MAX_PAIRS);
        let mut graph = CrystalGraph::with_room(structure, self.cutoff, room);
        for centre in 0..sites {
            let around = search.around(centre);
            if graph.edges() + around.len() > MAX_PAIRS {
                let cutoff = self.cutoff;
                return Err(NeighbourError::TooMany { cutoff }.into());
            }
            let vectors = around.displacement();
            graph.src.extend(around.index());
            graph.dst.extend(repeat_n(centre as u32, around.len()));
            graph.image.extend(around.image());
            graph
                .displacement
                .extend(vectors.map(|v| v.map(|x| -x as f32)));
            graph
                .distance
                .extend(around.distance().map(|far| far as f32));
            graph.end_row();
        }
        self.with_edges(graph)
    }

    /// [`megnet_graph`] from a list of neighbours with this cutoff or a longer one.
    ///
    /// # Errors
    /// As [`megnet_graph`], and a list that is too short or another structure's.
    pub fn make_from(
        &self,
        structure: &Structure,
        list: &Neighbours,
    ) -> Result<CrystalGraph, GraphError> {
        check_list(structure, list, self.cutoff)?;
        let limit = self.cutoff + TOLERANCE;
        let room = if list.cutoff() == self.cutoff {
            list.pairs()
        } else {
            0
        };
        let mut graph = CrystalGraph::with_room(structure, self.cutoff, room);
        for centre in 0..list.centres() {
            let row = list.row(centre);
            let vectors = row.image.iter().zip(row.displacement);
            let entries = row.index.iter().zip(row.distance).zip(vectors);
            for ((&index, &distance), (&image, &vector)) in entries {
                if distance <= limit {
                    graph.hear(centre as u32, index, image, vector, distance);
                }
            }
            graph.end_row();
        }
        self.with_edges(graph)
    }

    fn with_edges(&self, graph: CrystalGraph) -> Result<CrystalGraph, GraphError> {
        match graph.edges() {
            0 => Err(GraphError::NoEdges {
                cutoff: self.cutoff,
            }),
            _ => Ok(graph),
        }
    }
}
