//! Graphs of a structure.

use super::made::{Made, Why, Workspace, structure};
use crate::builtins::settings::{count, number};
use crate::chem::graph::{
    AlignnGraph, CgcnnGraph, CrystalGraph, GraphError, MegnetGraph, NearestImageGraph,
    Recipe, line_graph,
};
use crate::ir::Call;

/// A setting the checker promised.
fn radius(call: &Call) -> Result<f64, Why> {
    number(call, "radius").ok_or_else(|| Why::from("it lacks its radius"))
}

fn neighbours(call: &Call) -> Result<usize, Why> {
    count(call, "neighbours")
        .ok_or_else(|| Why::from("`neighbours` counts: it is 1 or more"))
}

fn made<'a>(
    recipe: Recipe,
    given: Vec<Made<'a>>,
    workspace: &mut Workspace,
) -> Result<Made<'a>, Why> {
    let graph = recipe
        .make(structure(given)?, &mut workspace.graphs)
        .map_err(explained)?;
    Ok(Made::Graph(Box::new(graph)))
}

fn explained(error: GraphError) -> Why {
    let help = match &error {
        GraphError::NoEdges { .. } => Some("make `radius` longer"),
        GraphError::LineTooLarge => {
            Some("ask for fewer neighbours, or a shorter `radius`")
        }
        GraphError::ZeroLength { .. } => Some(
            "angles need bonds between atoms that are apart: `knn_graph(…) >> with_angles`",
        ),
        _ => None,
    };
    Why {
        text: error.to_string(),
        help,
    }
}

/// `crystal_graph(…)`.
pub fn crystal_graph<'a>(
    call: &Call,
    given: Vec<Made<'a>>,
    workspace: &mut Workspace,
) -> Result<Made<'a>, Why> {
    let cutoff = radius(call)?;
    made(Recipe::Megnet(MegnetGraph { cutoff }), given, workspace)
}

/// `knn_graph(…)`.
pub fn knn_graph<'a>(
    call: &Call,
    given: Vec<Made<'a>>,
    workspace: &mut Workspace,
) -> Result<Made<'a>, Why> {
    let settings = AlignnGraph {
        cutoff: radius(call)?,
        max_neighbors: neighbours(call)?,
        line: false,
        ..AlignnGraph::default()
    };
    made(Recipe::Alignn(settings), given, workspace)
}

/// `nearest_image_graph(…)`.
pub fn nearest_image_graph<'a>(
    call: &Call,
    given: Vec<Made<'a>>,
    workspace: &mut Workspace,
) -> Result<Made<'a>, Why> {
    let settings = NearestImageGraph {
        radius: radius(call)?,
        neighbours: neighbours(call)?,
    };
    made(Recipe::NearestImage(settings), given, workspace)
}

/// `padded_graph(…)`.
pub fn padded_graph<'a>(
    call: &Call,
    given: Vec<Made<'a>>,
    workspace: &mut Workspace,
) -> Result<Made<'a>, Why> {
    let settings = CgcnnGraph {
        radius: radius(call)?,
        neighbours: neighbours(call)?,
    };
    made(Recipe::Cgcnn(settings), given, workspace)
}

/// `with_angles`.
pub fn with_angles<'a>(
    _call: &Call,
    given: Vec<Made<'a>>,
    _workspace: &mut Workspace,
) -> Result<Made<'a>, Why> {
    let Some(Made::Graph(graph)) = given.into_iter().next() else {
        return Err(Why::from("a graph is due here"));
    };
    let line = line_graph(&graph).map_err(explained)?;
    Ok(Made::Graph(Box::new(CrystalGraph {
        line: Some(line),
        ..*graph
    })))
}
