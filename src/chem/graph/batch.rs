//! Graphs of many structures at once, and several graphs of one.

use std::borrow::Borrow;

use rayon::prelude::*;

use super::super::neighbours::Neighbours;
use super::super::structure::Structure;
use super::{CrystalGraph, GraphError, Recipe, Workspace};

/// Structures one task takes; fixed, though no result depends on it.
const BLOCK: usize = 16;

/// The graph of every structure, on all threads of the current pool. The result does
/// not depend on how many there are.
///
/// # Errors
/// The first structure (counted from 0) that has no such graph, and why.
pub fn graphs<S: Borrow<Structure> + Sync>(
    structures: &[S],
    recipe: &Recipe,
) -> Result<Vec<CrystalGraph>, (usize, GraphError)> {
    let blocks: Vec<Result<Vec<CrystalGraph>, (usize, GraphError)>> = structures
        .par_chunks(BLOCK)
        .enumerate()
        .map_init(Workspace::new, |workspace, (block, structures)| {
            let numbered = (block * BLOCK..).zip(structures);
            numbered
                .map(|(number, structure)| {
                    let made = recipe.make(structure.borrow(), workspace);
                    made.map_err(|error| (number, error))
                })
                .collect()
        })
        .collect();
    let mut all = Vec::with_capacity(structures.len());
    for block in blocks {
        all.append(&mut block?);
    }
    Ok(all)
}

/// Several graphs of one structure from one search for neighbours; the same graphs, in
/// the order of the recipes, as each [`Recipe::make`] gives.
///
/// # Errors
/// The first recipe that gives no graph: see [`GraphError`].
pub fn graphs_of(
    structure: &Structure,
    recipes: &[Recipe],
    workspace: &mut Workspace,
) -> Result<Vec<CrystalGraph>, GraphError> {
    let reach = recipes.iter().filter_map(Recipe::reach).fold(0.0, f64::max);
    let mut list: Neighbours = std::mem::take(&mut workspace.list);
    let found = if reach > 0.0 {
        workspace.search.run(structure, reach, &mut list)
    } else {
        Ok(())
    };
    let made = found.map_err(GraphError::from).and_then(|()| {
        let each = recipes.iter().map(|recipe| match recipe {
            Recipe::Alignn(settings) => settings.make(structure, workspace),
            Recipe::Megnet(settings) => settings.make_from(structure, &list),
            Recipe::NearestImage(settings) => {
                settings.make_from(structure, &list, workspace)
            }
            Recipe::Cgcnn(settings) => settings.make_from(structure, &list, workspace),
        });
        each.collect()
    });
    workspace.list = list;
    made
}
