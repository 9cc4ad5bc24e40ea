//! Crystal graphs as arrays: those of all rows one after the other, with the places where
//! each begins.

use std::sync::Arc;

use crate::chem::graph::CrystalGraph;
use crate::report::columns::Array;

/// `atoms` and `edges` say where each row's begin, and the end; `src` and `dst` count the
/// atoms of their row from 0. With a line graph, `angles` does so for `line_src` and
/// `line_dst`, which count its edges.
pub(super) fn arrays(graphs: &[Arc<CrystalGraph>]) -> Vec<Array> {
    let mut arrays = vec![
        ends("atoms", graphs, CrystalGraph::nodes),
        ends("edges", graphs, CrystalGraph::edges),
        numbers("species", graphs, |graph| {
            graph.species.iter().map(|element| u32::from(element.z()))
        }),
        numbers("src", graphs, |graph| graph.src.iter().copied()),
        numbers("dst", graphs, |graph| graph.dst.iter().copied()),
    ];
    let distances: Vec<f32> = all(graphs, |graph| graph.distance.iter().copied());
    arrays.push(Array::singles("distance", &[distances.len()], &distances));
    let vectors: Vec<[f32; 3]> = all(graphs, |graph| graph.displacement.iter().copied());
    let shape = [vectors.len(), 3];
    arrays.push(Array::singles(
        "displacement",
        &shape,
        vectors.as_flattened(),
    ));
    if graphs.iter().any(|graph| graph.line.is_none()) {
        return arrays;
    }
    let edges =
        |graph: &CrystalGraph| graph.line.as_ref().map_or(0, |line| line.src.len());
    arrays.push(ends("angles", graphs, edges));
    arrays.push(numbers("line_src", graphs, |graph| {
        graph.line.iter().flat_map(|line| line.src.iter().copied())
    }));
    arrays.push(numbers("line_dst", graphs, |graph| {
        graph.line.iter().flat_map(|line| line.dst.iter().copied())
    }));
    let cosines: Vec<f32> = all(graphs, |graph| {
        graph
            .line
            .iter()
            .flat_map(|line| line.cosine.iter().copied())
    });
    arrays.push(Array::singles("line_cosine", &[cosines.len()], &cosines));
    arrays
}

fn all<'a, T, I: Iterator<Item = T>>(
    graphs: &'a [Arc<CrystalGraph>],
    of: impl Fn(&'a CrystalGraph) -> I,
) -> Vec<T> {
    graphs.iter().flat_map(|graph| of(graph)).collect()
}

fn numbers<'a, I: Iterator<Item = u32>>(
    name: &str,
    graphs: &'a [Arc<CrystalGraph>],
    of: impl Fn(&'a CrystalGraph) -> I,
) -> Array {
    let numbers: Vec<i64> = all(graphs, of).into_iter().map(i64::from).collect();
    Array::whole(name, &[numbers.len()], &numbers)
}

fn ends(
    name: &str,
    graphs: &[Arc<CrystalGraph>],
    count: impl Fn(&CrystalGraph) -> usize,
) -> Array {
    let mut ends = vec![0_i64];
    let mut end = 0;
    for graph in graphs {
        end += count(graph) as i64;
        ends.push(end);
    }
    Array::whole(&format!("{name}_offsets"), &[ends.len()], &ends)
}
