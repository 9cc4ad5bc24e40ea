//! CGCNN's graph: the same number of neighbours for every atom (Xie and Grossman, Phys.
//! Rev. Lett. 120, 145301 (2018), as built by its `CIFData` through pymatgen).

#![allow(
    clippy::indexing_slicing,
    reason = "kernel over arrays whose lengths are set together"
)]

use super::super::neighbours::{Neighbours, TOLERANCE};
use super::super::structure::Structure;
use super::{CrystalGraph, GraphError, Workspace, check_list, rank};

/// Settings of [`cgcnn_graph`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CgcnnGraph {
    /// Neighbours within this distance may be joined, Å.
    pub radius: f64,
    /// Every atom has so many, padded where there are fewer.
    pub neighbours: usize,
}

impl Default for CgcnnGraph {
    /// 8 Å and 12 neighbours.
    fn default() -> CgcnnGraph {
        CgcnnGraph {
            radius: 8.0,
            neighbours: 12,
        }
    }
}

/// The padded graph: into every atom lead exactly `neighbours` edges, nearest first, so
/// `src` read as `[n, neighbours]` is the reference's `nbr_fea_idx`. Where there are too
/// few, edges from atom 0 of length radius + 1 and with no displacement fill the row;
/// they take part in everything, as in the reference. Neighbours at equal distance (to
/// 1e-8 Å) are taken by index, then by image; the reference takes them as they come.
///
/// # Errors
/// A bad radius or number, or too many neighbours.
pub fn cgcnn_graph(
    structure: &Structure,
    settings: &CgcnnGraph,
) -> Result<CrystalGraph, GraphError> {
    settings.make(structure, &mut Workspace::new())
}

impl CgcnnGraph {
    /// [`cgcnn_graph`] without new memory for the search.
    ///
    /// # Errors
    /// As [`cgcnn_graph`].
    pub fn make(
        &self,
        structure: &Structure,
        workspace: &mut Workspace,
    ) -> Result<CrystalGraph, GraphError> {
        let Workspace {
            search,
            list,
            ranked,
            ..
        } = workspace;
        search.run(structure, self.radius, list)?;
        self.build(structure, list, ranked)
    }

    /// [`cgcnn_graph`] from a list of neighbours with this radius or more.
    ///
    /// # Errors
    /// As [`cgcnn_graph`], and a list that is too short or another structure's.
    pub fn make_from(
        &self,
        structure: &Structure,
        list: &Neighbours,
        workspace: &mut Workspace,
    ) -> Result<CrystalGraph, GraphError> {
        self.build(structure, list, &mut workspace.ranked)
    }

    fn build(
        &self,
        structure: &Structure,
        list: &Neighbours,
        ranked: &mut Vec<(u64, u32)>,
    ) -> Result<CrystalGraph, GraphError> {
        check_list(structure, list, self.radius)?;
        let wanted = self.neighbours;
        if wanted == 0 {
            return Err(GraphError::NoNeighboursWanted);
        }
        let edges = structure.sites().saturating_mul(wanted);
        if edges > super::super::neighbours::MAX_PAIRS {
            return Err(super::NeighbourError::TooMany {
                cutoff: self.radius,
            }
            .into());
        }
        let limit = self.radius + TOLERANCE;
        let mut graph = CrystalGraph::with_room(structure, self.radius, edges);
        for centre in 0..structure.sites() {
            let row = list.row(centre);
            ranked.clear();
            let near = row
                .distance
                .iter()
                .enumerate()
                .filter(|(_, d)| **d <= limit);
            // Entries of a row go by index, then by image: so do equal ranks.
            ranked.extend(near.map(|(entry, &d)| (rank(d), entry as u32)));
            if ranked.len() > wanted {
                ranked.select_nth_unstable(wanted - 1);
                ranked.truncate(wanted);
            }
            ranked.sort_unstable();
            for &(_, entry) in ranked.iter() {
                let entry = entry as usize;
                let (image, vector) = (row.image[entry], row.displacement[entry]);
                let far = row.distance[entry];
                graph.hear(centre as u32, row.index[entry], image, vector, far);
            }
            for _ in ranked.len()..wanted {
                graph.hear(centre as u32, 0, [0; 3], [-0.0; 3], self.radius + 1.0);
            }
            graph.end_row();
        }
        Ok(graph)
    }
}
