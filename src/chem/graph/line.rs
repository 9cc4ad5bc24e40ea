//! The line graph: the edges of a crystal graph come in; which follows which, and at
//! what angle, goes out.

#![allow(
    clippy::indexing_slicing,
    reason = "kernel over arrays whose lengths are set together"
)]

use pulp::Arch;

use super::{CrystalGraph, GraphError, LineGraph};

/// Most edges a line graph may have; 12 bytes each.
pub const MAX_LINE_EDGES: u64 = 1 << 27;

/// Which edges follow which: `e1` leads to `e2` where `dst[e1] == src[e2]`, the edge
/// that runs straight back included, an edge and itself not (a loop would be its own
/// follower). The cosine is −r₁·r₂ / (|r₁| |r₂|) of the displacements, within −1..=1
/// (Choudhary and DeCost, npj Comput. Mater. 7, 185 (2021); `compute_bond_cosines`).
/// Edges into a node go by `src`.
///
/// # Errors
/// An edge of length 0, or more than [`MAX_LINE_EDGES`].
pub fn line_graph(graph: &CrystalGraph) -> Result<LineGraph, GraphError> {
    let edges = graph.edges();
    let directions = Directions::of(graph)?;
    let mut rows = Vec::with_capacity(edges + 1);
    let mut total = 0_u64;
    rows.push(0);
    for (edge, &node) in graph.src.iter().enumerate() {
        let node = node as usize;
        total += u64::from(graph.rows[node + 1] - graph.rows[node]);
        total -= u64::from(graph.dst[edge] as usize == node);
        if total > MAX_LINE_EDGES {
            return Err(GraphError::LineTooLarge);
        }
        rows.push(total as u32);
    }
    let mut line = LineGraph {
        rows,
        src: vec![0; total as usize],
        dst: vec![0; total as usize],
        cosine: vec![0.0; total as usize],
    };
    Arch::new().dispatch(
        #[inline(always)]
        || fill(graph, &directions, &mut line),
    );
    Ok(line)
}

/// Unit vectors along the edges.
struct Directions {
    x: Vec<f64>,
    y: Vec<f64>,
    z: Vec<f64>,
}

impl Directions {
    fn of(graph: &CrystalGraph) -> Result<Directions, GraphError> {
        let mut all = Directions {
            x: Vec::with_capacity(graph.edges()),
            y: Vec::with_capacity(graph.edges()),
            z: Vec::with_capacity(graph.edges()),
        };
        for (edge, displacement) in graph.displacement.iter().enumerate() {
            let [x, y, z] = displacement.map(f64::from);
            let length = (x * x + y * y + z * z).sqrt();
            if length == 0.0 {
                return Err(GraphError::ZeroLength { edge });
            }
            all.x.push(x / length);
            all.y.push(y / length);
            all.z.push(z / length);
        }
        Ok(all)
    }
}

#[inline(always)]
fn fill(graph: &CrystalGraph, along: &Directions, line: &mut LineGraph) {
    for (edge, &node) in graph.src.iter().enumerate() {
        let start = graph.rows[node as usize] as usize;
        let end = graph.rows[node as usize + 1] as usize;
        let at = line.rows[edge] as usize;
        // All edges into the atom at which this one begins; a loop is one of them.
        if graph.dst[edge] == node {
            let rest = at + (edge - start);
            fill_run(along, edge, start..edge, at, line);
            fill_run(along, edge, edge + 1..end, rest, line);
        } else {
            fill_run(along, edge, start..end, at, line);
        }
    }
}

/// The line edges from each of `from` to `to`, written from `at` on.
#[inline(always)]
fn fill_run(
    along: &Directions,
    to: usize,
    from: std::ops::Range<usize>,
    at: usize,
    line: &mut LineGraph,
) {
    let count = from.len();
    let (a, b, c) = (-along.x[to], -along.y[to], -along.z[to]);
    let (x, y) = (&along.x[from.clone()], &along.y[from.clone()]);
    let z = &along.z[from.clone()];
    let cosine = &mut line.cosine[at..at + count];
    for k in 0..count {
        cosine[k] = (x[k] * a + y[k] * b + z[k] * c).clamp(-1.0, 1.0) as f32;
    }
    for (slot, edge) in line.src[at..at + count].iter_mut().zip(from) {
        *slot = edge as u32;
    }
    line.dst[at..at + count].fill(to as u32);
}
