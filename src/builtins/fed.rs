//! Features of a data set as nn takes them.

use std::borrow::Cow;
use std::sync::Arc;

use crate::chem::graph::CrystalGraph;
use crate::ir::Input;
use crate::nn;
use crate::run::Features;

/// The features of some rows, as one network takes them.
pub struct Fed {
    /// Numbers, row after row.
    vectors: Option<Vec<f32>>,
    /// A graph a row.
    crystals: Option<Graphs>,
}

/// Graphs as nn asks for them.
pub struct Graphs(Arc<Vec<Arc<CrystalGraph>>>);

impl Fed {
    /// The features of the rows at those positions that go into those inputs; none where
    /// one is missing.
    pub fn of(features: &Features, at: &[usize], inputs: &[Input]) -> Option<Fed> {
        let (mut numbers, mut crystals) = (Vec::new(), None);
        let mut take = |features: Features| match features {
            Features::Vector { sizes, values, .. } => {
                numbers.push((values, sizes.iter().product()));
                Some(())
            }
            Features::Graphs(graphs) => {
                crystals = Some(Graphs(graphs));
                Some(())
            }
            Features::Named(_) => None,
        };
        match features {
            Features::Named(all) => {
                for input in inputs {
                    let found = all.iter().find(|(name, _)| *name == input.name);
                    take(found?.1.pick(at))?;
                }
            }
            alone => take(alone.pick(at))?,
        }
        let vectors = side_by_side(&numbers, at.len());
        Some(Fed { vectors, crystals })
    }

    /// The same, borrowed.
    pub fn features(&self) -> nn::Features<'_> {
        match (&self.vectors, &self.crystals) {
            (Some(vectors), Some(graphs)) => nn::Features::Both(graphs, vectors),
            (Some(vectors), None) => nn::Features::Vectors(vectors),
            (None, Some(graphs)) => nn::Features::Crystals(graphs),
            (None, None) => nn::Features::Vectors(&[]),
        }
    }
}

/// Numbers of several features, each with how many a row has of it, joined row by row.
fn side_by_side(parts: &[(Arc<Vec<f32>>, usize)], rows: usize) -> Option<Vec<f32>> {
    if let [] | [_] = parts {
        return parts.first().map(|(values, _)| values.to_vec());
    }
    let mut all = Vec::with_capacity(parts.iter().map(|(part, _)| part.len()).sum());
    for row in 0..rows {
        for (values, width) in parts {
            all.extend_from_slice(values.get(row * width..(row + 1) * width)?);
        }
    }
    Some(all)
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
