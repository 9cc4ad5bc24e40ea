//! Builds a [`Graph`] layer by layer. In: settings and the node a layer reads. Out: the
//! node it makes, with its shape, or an error that names the layer and both shapes.

mod domains;
mod elementwise;
mod encodings;
mod last_axis;
mod norms;
mod weights;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::domain::{Domain, Field, Route};
use super::failure::Failure;
use super::graph::{Conv1d, Fed, Graph, Init, Node, NodeId, Op, WeightSpec};

/// Numbers a tensor may hold per row or as a weight: more is a slip of the pen (2^31
/// numbers are 8 GB), and below it no product of sizes overflows.
const MOST_NUMBERS: usize = 1 << 31;

/// A graph under construction.
#[derive(Clone, Debug, Default)]
pub struct GraphBuilder {
    nodes: Vec<Node>,
    weights: Vec<WeightSpec>,
    fed: Option<Fed>,
    fields: Vec<Field>,
    routes: Vec<Route>,
    tables: Vec<Arc<Vec<f32>>>,
    dropouts: u64,
    /// Labels whose weights may be used again.
    shared: BTreeSet<String>,
}

impl GraphBuilder {
    /// An empty graph.
    pub fn new() -> GraphBuilder {
        GraphBuilder::default()
    }

    /// The shape of one row of node `x`; empty for a node of another graph.
    pub fn sizes(&self, x: NodeId) -> &[usize] {
        self.nodes.get(x.0).map_or(&[], |node| &node.sizes)
    }

    /// What the leading axis of node `x` counts; none where it is the same everywhere.
    pub fn domain(&self, x: NodeId) -> Option<Domain> {
        self.nodes.get(x.0).and_then(|node| node.domain)
    }

    /// The features of a row, of shape `sizes`. Once per graph.
    pub fn input(&mut self, label: &str, sizes: &[usize]) -> Result<NodeId, Failure> {
        let fed = match self.fed {
            None => Fed::Vectors,
            Some(Fed::Crystals { angles }) => Fed::Both { angles },
            Some(Fed::Vectors | Fed::Both { .. }) => {
                return Err(layer(label, "these are second features of one network"));
            }
        };
        let op = Op::Input(Field::Features);
        let id = self.push(label, op, vec![], sizes.to_vec(), vec![])?;
        self.fed = Some(fed);
        self.fields.push(Field::Features);
        Ok(id)
    }

    /// The same numbers under the shape `sizes`.
    pub fn reshape(
        &mut self,
        label: &str,
        x: NodeId,
        sizes: &[usize],
    ) -> Result<NodeId, Failure> {
        let from = self.read(label, x)?;
        let (have, want) = (count(&from), count(sizes));
        if have.is_none() || have != want {
            let problem = format!(
                "a reshape keeps the number of values, but {} cannot become {}",
                shape(&from),
                shape(sizes)
            );
            return Err(layer(label, problem));
        }
        self.push(label, Op::Reshape, vec![x], sizes.to_vec(), vec![])
    }

    /// All numbers of a row in one axis, the last axis running fastest.
    pub fn flatten(&mut self, label: &str, x: NodeId) -> Result<NodeId, Failure> {
        let from = self.read(label, x)?;
        let all = from.iter().product();
        self.push(label, Op::Reshape, vec![x], vec![all], vec![])
    }

    /// A convolution over `x` of shape [length, channels].
    pub fn conv1d(
        &mut self,
        label: &str,
        x: NodeId,
        conv: Conv1d,
        init: Init,
    ) -> Result<NodeId, Failure> {
        let (length, channels) = self.signal(label, x)?;
        positive(label, "filters", conv.filters)?;
        positive(label, "kernel", conv.kernel)?;
        positive(label, "stride", conv.stride)?;
        let padded = length.saturating_add(conv.padding);
        if conv.kernel > padded {
            let problem = format!(
                "a kernel of {} does not fit into a signal of length {length} with {} \
                 zeros around it (input {})",
                conv.kernel,
                conv.padding,
                shape(&[length, channels])
            );
            return Err(layer(label, problem));
        }
        if count(&[padded, channels]).is_none() {
            return Err(layer(label, too_large(&[padded, channels])));
        }
        let positions = (padded - conv.kernel) / conv.stride + 1;
        let kernel = [conv.kernel, channels, conv.filters];
        let op = Op::Conv1d(conv);
        let weights = self.affine(label, &op, &kernel, conv.bias, init)?;
        let sizes = vec![positions, conv.filters];
        self.push(label, op, vec![x], sizes, weights)
    }

    /// Means over `width` positions, every `stride`, of `x` of shape [length, channels].
    pub fn avg_pool1d(
        &mut self,
        label: &str,
        x: NodeId,
        width: usize,
        stride: usize,
    ) -> Result<NodeId, Failure> {
        let (length, channels) = self.signal(label, x)?;
        positive(label, "width", width)?;
        positive(label, "stride", stride)?;
        if width > length {
            let problem = format!(
                "a pool of {width} does not fit into a signal of length {length} \
                 (input {})",
                shape(&[length, channels])
            );
            return Err(layer(label, problem));
        }
        let sizes = vec![(length - width) / stride + 1, channels];
        let op = Op::AvgPool1d { width, stride };
        self.push(label, op, vec![x], sizes, vec![])
    }

    /// Dropout with probability `rate` in [0, 1).
    pub fn dropout(
        &mut self,
        label: &str,
        x: NodeId,
        rate: f64,
    ) -> Result<NodeId, Failure> {
        let sizes = self.read(label, x)?;
        if !(0.0..1.0).contains(&rate) {
            let problem = format!("the rate must be at least 0 and below 1, not {rate}");
            return Err(layer(label, problem));
        }
        let site = self.dropouts;
        self.dropouts += 1;
        self.push(label, Op::Dropout { rate, site }, vec![x], sizes, vec![])
    }

    /// x·W + b over the last axis of `x`.
    pub fn dense(
        &mut self,
        label: &str,
        x: NodeId,
        units: usize,
        bias: bool,
        init: Init,
    ) -> Result<NodeId, Failure> {
        let mut sizes = self.read(label, x)?;
        positive(label, "units", units)?;
        let Some(last) = sizes.last_mut() else {
            return Err(layer(
                label,
                "a dense layer needs at least one axis to act on",
            ));
        };
        let inputs = std::mem::replace(last, units);
        let op = Op::Dense { units, bias };
        let weights = self.affine(label, &op, &[inputs, units], bias, init)?;
        self.push(label, op, vec![x], sizes, weights)
    }

    /// The finished graph, whose result is `output`.
    pub fn finish(self, output: NodeId) -> Result<Graph, Failure> {
        let mut own = self;
        let Some(fed) = own.fed else {
            return Err(layer("model", "the network has no input"));
        };
        if output.0 >= own.nodes.len() {
            return Err(layer("model", "the output is not a node of this network"));
        }
        let output = own.spread("model", output, Some(Domain::Rows))?;
        Ok(Graph {
            nodes: own.nodes,
            weights: own.weights,
            fed,
            fields: own.fields,
            routes: own.routes,
            tables: own.tables,
            output,
        })
    }

    /// The shape of `x`, known to be of this graph.
    fn read(&self, label: &str, x: NodeId) -> Result<Vec<usize>, Failure> {
        match self.nodes.get(x.0) {
            Some(node) => Ok(node.sizes.clone()),
            None => Err(layer(label, "its input is not a node of this network")),
        }
    }

    /// The shape of `x` as a signal.
    fn signal(&self, label: &str, x: NodeId) -> Result<(usize, usize), Failure> {
        let sizes = self.read(label, x)?;
        if let [length, channels] = sizes[..] {
            return Ok((length, channels));
        }
        let problem = format!(
            "it needs a signal of shape [length, channels], its input is {}",
            shape(&sizes)
        );
        Err(layer(label, problem))
    }

    /// Appends a node after a last look at its shape and its weights' names.
    fn push(
        &mut self,
        label: &str,
        op: Op,
        inputs: Vec<NodeId>,
        sizes: Vec<usize>,
        weights: Vec<usize>,
    ) -> Result<NodeId, Failure> {
        if let Some(stranger) = inputs.iter().find(|x| x.0 >= self.nodes.len()) {
            let problem = format!("its input {stranger:?} is not a node of this network");
            return Err(layer(label, problem));
        }
        if sizes.contains(&0) {
            let problem = format!("its output {} has an axis of length 0", shape(&sizes));
            return Err(layer(label, problem));
        }
        if count(&sizes).is_none() {
            return Err(layer(label, too_large(&sizes)));
        }
        let domain = self.domain_of(label, &op, &inputs)?;
        let id = NodeId(self.nodes.len());
        let trained = |k: &usize| self.weights.get(*k).is_some_and(|spec| spec.trained);
        let (weights, state) = weights.into_iter().partition(trained);
        self.nodes.push(Node {
            op,
            inputs,
            domain,
            sizes,
            label: label.to_owned(),
            weights,
            state,
        });
        Ok(id)
    }
}

/// An error at the layer `label`.
fn layer(label: &str, problem: impl Into<String>) -> Failure {
    Failure::Layer {
        layer: label.to_owned(),
        problem: problem.into(),
    }
}

/// The error of a setting that must be at least 1.
fn positive(label: &str, setting: &str, value: usize) -> Result<(), Failure> {
    if value == 0 {
        return Err(layer(label, format!("{setting} must be at least 1, not 0")));
    }
    Ok(())
}

/// The number of values of a shape, if it is one that can be held.
fn count(sizes: &[usize]) -> Option<usize> {
    sizes
        .iter()
        .try_fold(1usize, |all, &n| all.checked_mul(n))
        .filter(|&all| all < MOST_NUMBERS)
}

/// The problem of a tensor that no machine holds.
fn too_large(sizes: &[usize]) -> String {
    format!("{} is too large: at most 2^31 numbers", shape(sizes))
}

/// A shape as the reader sees it: `[132, 64]`.
fn shape(sizes: &[usize]) -> String {
    format!("{sizes:?}")
}

#[cfg(test)]
mod tests;
