//! What a network is fed, as nodes: crystals say so, vectors lie side by side in one row.

use std::collections::BTreeMap;

use crate::ir::{Fed, Input, VarId};
use crate::nn::{Failure, GraphBuilder, NodeId};

/// Tell the builder what comes in; gives the node of each input that is a tensor.
pub fn feed(
    builder: &mut GraphBuilder,
    inputs: &[Input],
) -> Result<BTreeMap<VarId, NodeId>, Failure> {
    let mut vectors: Vec<(&Input, &Vec<usize>)> = Vec::new();
    for input in inputs {
        match &input.fed {
            Fed::Crystal { angles } => builder.crystals(&input.name, *angles)?,
            Fed::Vector(sizes) => vectors.push((input, sizes)),
        }
    }
    if let [(input, sizes)] = vectors[..] {
        let node = builder.input(&input.name, sizes)?;
        return Ok(BTreeMap::from([(input.var, node)]));
    }
    let mut nodes = BTreeMap::new();
    if vectors.is_empty() {
        return Ok(nodes);
    }
    let width = |sizes: &[usize]| sizes.iter().product::<usize>();
    let all = vectors.iter().map(|(_, sizes)| width(sizes)).sum();
    let row = builder.input("features", &[all])?;
    let mut start = 0;
    for (input, sizes) in vectors {
        let stop = start + width(sizes);
        let part = builder.slice(&input.name, row, start, stop)?;
        nodes.insert(input.var, builder.reshape(&input.name, part, sizes)?);
        start = stop;
    }
    Ok(nodes)
}
