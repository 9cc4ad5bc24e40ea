//! Features as the store keeps them: numbers as a tensor, graphs in their own format,
//! and the rows that have none.

use std::collections::BTreeMap;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use crate::chem::graph::CrystalGraph;
use crate::chem::graph::file::GraphWriter;

/// The file of numbers.
const NUMBERS: &str = "features.safetensors";
/// The file of graphs.
pub const GRAPHS: &str = "features.graphs";
/// The file that names the rows without features.
pub const LEFT_OUT: &str = "left_out.json";

/// A row without features.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Its place among the rows.
    pub row: usize,
    /// Why.
    pub why: String,
}

/// Takes features structure by structure.
pub enum Packer {
    /// Nothing so far.
    Empty,
    /// Numbers.
    Numbers(Vec<f32>),
    /// Graphs.
    Graphs(GraphWriter<Vec<u8>>),
}

impl Packer {
    /// Add the numbers of a structure.
    pub fn numbers(&mut self, row: &[f64]) -> Result<(), String> {
        if let Packer::Empty = self {
            *self = Packer::Numbers(Vec::new());
        }
        let Packer::Numbers(all) = self else {
            return Err("some rows have numbers and others a graph".into());
        };
        // Networks compute in single precision: this is where features become f32.
        all.extend(row.iter().map(|x| *x as f32));
        Ok(())
    }

    /// Add the graph of a structure.
    pub fn graph(&mut self, graph: &CrystalGraph) -> Result<(), String> {
        if let Packer::Empty = self {
            let writer = GraphWriter::new(Vec::new()).map_err(|e| e.to_string())?;
            *self = Packer::Graphs(writer);
        }
        let Packer::Graphs(writer) = self else {
            return Err("some rows have a graph and others numbers".into());
        };
        writer.add(graph).map_err(|error| error.to_string())
    }

    /// The file for the store; `width` is how many numbers a structure has.
    pub fn finish(self, width: usize) -> Result<(&'static str, Vec<u8>), String> {
        Ok(match self {
            Packer::Empty => (NUMBERS, pack(&[], width)?),
            Packer::Numbers(values) => (NUMBERS, pack(&values, width)?),
            Packer::Graphs(writer) => {
                (GRAPHS, writer.finish().map_err(|error| error.to_string())?)
            }
        })
    }
}

fn pack(values: &[f32], width: usize) -> Result<Vec<u8>, String> {
    let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
    let rows = values.len().checked_div(width).unwrap_or(0);
    let view = TensorView::new(Dtype::F32, vec![rows, width], &bytes)
        .map_err(|error| error.to_string())?;
    safetensors::serialize([("features", view)], None).map_err(|error| error.to_string())
}

/// `width` numbers of each of `rows` structures; none when the files are for others.
pub fn numbers(
    files: &BTreeMap<String, Vec<u8>>,
    rows: usize,
    width: usize,
) -> Option<Vec<f32>> {
    let tensors = SafeTensors::deserialize(files.get(NUMBERS)?).ok()?;
    let view = tensors.tensor("features").ok()?;
    if *view.shape() != [rows, width] || view.dtype() != Dtype::F32 {
        return None;
    }
    let number = |four: &[u8]| four.try_into().ok().map(f32::from_le_bytes);
    view.data().chunks_exact(4).map(number).collect()
}
