//! MEGNet's graph: all neighbours within a radius (Chen et al., Chem. Mater. 31, 3564
//! (2019), as built by `megnet` 1.3.2 through pymatgen).

use super::super::neighbours::{Neighbours, TOLERANCE};
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
        let list = &mut workspace.list;
        workspace.search.run(structure, self.cutoff, list)?;
        self.make_from(structure, list)
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
        if graph.edges() == 0 {
            return Err(GraphError::NoEdges {
                cutoff: self.cutoff,
            });
        }
        Ok(graph)
    }
}
