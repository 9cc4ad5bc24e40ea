//! Features of a data set as nn takes them.

use std::borrow::Cow;
use std::sync::Arc;

use crate::chem::graph::CrystalGraph;
use crate::nn;
use crate::run::Features;

/// The features of some rows.
pub enum Fed {
    /// Numbers, row after row.
    Vectors(Vec<f32>),
    /// A graph a row.
    Crystals(Graphs),
}

/// Graphs as nn asks for them.
pub struct Graphs(Arc<Vec<Arc<CrystalGraph>>>);

impl Fed {
    /// The features of the rows at those positions.
    pub fn of(features: &Features, at: &[usize]) -> Fed {
        match features.pick(at) {
            Features::Vector { values, .. } => Fed::Vectors(values.to_vec()),
            Features::Graphs(graphs) => Fed::Crystals(Graphs(graphs)),
        }
    }

    /// The same, borrowed.
    pub fn features(&self) -> nn::Features<'_> {
        match self {
            Fed::Vectors(values) => nn::Features::Vectors(values),
            Fed::Crystals(graphs) => nn::Features::Crystals(graphs),
        }
    }
}

impl nn::Crystals for Graphs {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn crystal(&self, row: usize) -> nn::Crystal<'_> {
        let Some(graph) = self.0.get(row) else {
            return nn::Crystal {
                species: Cow::Borrowed(&[]),
                src: &[],
                dst: &[],
                distance: &[],
                line: None,
            };
        };
        nn::Crystal {
            species: graph.species.iter().map(|element| element.z()).collect(),
            src: &graph.src,
            dst: &graph.dst,
            distance: &graph.distance,
            line: graph.line.as_ref().map(|line| nn::Line {
                src: &line.src,
                dst: &line.dst,
                cosine: &line.cosine,
            }),
        }
    }
}
