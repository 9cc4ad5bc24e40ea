//! Features as the store keeps them: numbers as a tensor, graphs in their own format,
//! and the rows that have none.

use std::collections::BTreeMap;
use std::sync::Arc;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use crate::chem::graph::CrystalGraph;
use crate::chem::graph::file::{GraphFile, GraphWriter};
use crate::run::Features;

const NUMBERS: &str = "features.safetensors";
const GRAPHS: &str = "features.graphs";
const LEFT_OUT: &str = "left_out.json";

/// A row without features.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Its place among the rows.
    pub row: usize,
    /// Why.
    pub why: String,
}

/// The features of the rows that have them, in order, and of those that have none.
pub struct Stored {
    /// One entry for each row that is not left out.
    pub features: Features,
    /// The others.
    pub left_out: Vec<LeftOut>,
}

/// Takes features row by row.
pub enum Packer {
    /// Nothing so far.
    Empty,
    /// Numbers.
    Numbers(Vec<f32>),
    /// Graphs.
    Graphs(GraphWriter<Vec<u8>>),
}

impl Packer {
    /// Add the numbers of a row.
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

    /// Add the graph of a row.
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

    /// The files for the store; `width` is how many numbers a row has.
    pub fn finish(
        self,
        width: usize,
        left_out: &[LeftOut],
    ) -> Result<BTreeMap<String, Vec<u8>>, String> {
        let (name, bytes) = match self {
            Packer::Empty => (NUMBERS, pack(&[], width)?),
            Packer::Numbers(values) => (NUMBERS, pack(&values, width)?),
            Packer::Graphs(writer) => {
                (GRAPHS, writer.finish().map_err(|error| error.to_string())?)
            }
        };
        let left_out = serde_json::to_vec(left_out).map_err(|error| error.to_string())?;
        Ok(BTreeMap::from([
            (name.to_string(), bytes),
            (LEFT_OUT.to_string(), left_out),
        ]))
    }
}

fn pack(values: &[f32], width: usize) -> Result<Vec<u8>, String> {
    let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
    let rows = values.len().checked_div(width).unwrap_or(0);
    let view = TensorView::new(Dtype::F32, vec![rows, width], &bytes)
        .map_err(|error| error.to_string())?;
    safetensors::serialize([("features", view)], None).map_err(|error| error.to_string())
}

/// The features of `rows` rows of that shape; none when the files are for others.
pub fn unpack(
    files: &BTreeMap<String, Vec<u8>>,
    rows: usize,
    sizes: &[usize],
) -> Option<Stored> {
    let left_out: Vec<LeftOut> = serde_json::from_slice(files.get(LEFT_OUT)?).ok()?;
    let rows = rows.checked_sub(left_out.len())?;
    let features = match (files.get(NUMBERS), files.get(GRAPHS)) {
        (Some(bytes), _) => numbers(bytes, rows, sizes)?,
        (None, Some(bytes)) => graphs(bytes, rows)?,
        (None, None) => return None,
    };
    Some(Stored { features, left_out })
}

fn numbers(bytes: &[u8], rows: usize, sizes: &[usize]) -> Option<Features> {
    let tensors = SafeTensors::deserialize(bytes).ok()?;
    let view = tensors.tensor("features").ok()?;
    let width = sizes.iter().product::<usize>();
    if *view.shape() != [rows, width] || view.dtype() != Dtype::F32 {
        return None;
    }
    let number = |four: &[u8]| four.try_into().ok().map(f32::from_le_bytes);
    let values: Option<Vec<f32>> = view.data().chunks_exact(4).map(number).collect();
    Some(Features::Vector {
        sizes: sizes.to_vec(),
        values: Arc::new(values?),
    })
}

fn graphs(bytes: &[u8], rows: usize) -> Option<Features> {
    let file = GraphFile::new(bytes).ok()?;
    let all: Result<Vec<Arc<CrystalGraph>>, _> =
        file.iter().map(|graph| graph.map(Arc::new)).collect();
    let all = all.ok()?;
    (all.len() == rows).then(|| Features::Graphs(Arc::new(all)))
}
