//! DeeperGATGNN's graph: of each other atom only the nearest image (Omee et al.,
//! Patterns 3, 100491 (2022); its `process.py` of MatDeepLearn, with distances of ase).

#![allow(
    clippy::indexing_slicing,
    reason = "kernel over arrays whose lengths are set together"
)]

use super::super::neighbours::{Neighbours, Row, TOLERANCE};
use super::super::structure::Structure;
use super::{CrystalGraph, GraphError, RANK_STEP, Workspace, check_list, rank};

/// Settings of [`nearest_image_graph`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NearestImageGraph {
    /// Atoms within this distance may be joined, Å.
    pub radius: f64,
    /// The nearest so many of them are.
    pub neighbours: usize,
}

impl Default for NearestImageGraph {
    /// 8 Å and 12 neighbours.
    fn default() -> NearestImageGraph {
        NearestImageGraph {
            radius: 8.0,
            neighbours: 12,
        }
    }
}

/// The minimum-image graph: for each pair of atoms at most one edge each way, of the
/// length of their shortest distance over all images; each atom hears its nearest few,
/// and itself by a loop of length 0, the last edge of its row. `dst` is the reference's
/// `edge_index[0]`, `src` its `edge_index[1]`, `distance` its edge weight before
/// scaling. The graph is not symmetric. Atoms at equal distance (to 1e-8 Å) are taken
/// by index; the reference lets rounding choose. An atom on the very spot of another
/// takes up one of its places but makes no edge, as in the reference.
///
/// # Errors
/// A bad radius or number, or too many neighbours.
pub fn nearest_image_graph(
    structure: &Structure,
    settings: &NearestImageGraph,
) -> Result<CrystalGraph, GraphError> {
    settings.make(structure, &mut Workspace::new())
}

impl NearestImageGraph {
    /// [`nearest_image_graph`] without new memory for the search.
    ///
    /// # Errors
    /// As [`nearest_image_graph`].
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

    /// [`nearest_image_graph`] from a list of neighbours with this radius or more.
    ///
    /// # Errors
    /// As [`nearest_image_graph`], and a list that is too short or another structure's.
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
        if self.neighbours == 0 {
            return Err(GraphError::NoNeighboursWanted);
        }
        let sites = structure.sites();
        let most = sites.saturating_mul(self.neighbours.min(sites - 1));
        let room = sites + most.min(list.pairs());
        let mut graph = CrystalGraph::with_room(structure, self.radius, room);
        for centre in 0..sites {
            let row = list.row(centre);
            nearest_images(&row, centre as u32, self.radius + TOLERANCE, ranked);
            if ranked.len() > self.neighbours {
                let order = |entry: &(u64, u32)| (entry.0, row.index[entry.1 as usize]);
                ranked.select_nth_unstable_by_key(self.neighbours - 1, order);
                ranked.truncate(self.neighbours);
            }
            ranked.retain(|entry| row.distance[entry.1 as usize] > 0.0);
            // Entries of a row go by index.
            ranked.sort_unstable_by_key(|entry| entry.1);
            for &(_, entry) in ranked.iter() {
                let entry = entry as usize;
                let (image, vector) = (row.image[entry], row.displacement[entry]);
                let far = row.distance[entry];
                graph.hear(centre as u32, row.index[entry], image, vector, far);
            }
            graph.hear(centre as u32, centre as u32, [0; 3], [-0.0; 3], 0.0);
            graph.end_row();
        }
        Ok(graph)
    }
}

/// For each other atom within the radius the entry of its nearest image, with its rank.
fn nearest_images(row: &Row, centre: u32, radius: f64, found: &mut Vec<(u64, u32)>) {
    found.clear();
    let mut last = None;
    for (entry, (&index, &distance)) in row.index.iter().zip(row.distance).enumerate() {
        if index == centre || distance > radius {
            continue;
        }
        let candidate = (rank(distance), entry as u32);
        match found.last_mut() {
            Some(best) if last == Some(index) => {
                // Of images equally near, the first: rounding shall not choose.
                let least = row.distance[best.1 as usize];
                if distance < least - RANK_STEP {
                    *best = candidate;
                }
            }
            _ => found.push(candidate),
        }
        last = Some(index);
    }
}
