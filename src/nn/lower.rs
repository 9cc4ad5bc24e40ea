//! Lowers a graph to the steps that are run. In: a [`Graph`]. Out: a [`Program`]: what the
//! output needs, in order, reshapes gone (they move no number), constants taken into the
//! operations on them, a relu taken into the dense or convolution before it; rewritten to
//! cost less, fused to chains; and for each value whether the backward pass will ask for
//! it.

mod derive;
mod fuse;
mod kernel;
mod rewrite;
mod words;

pub(crate) use derive::Back;
pub(crate) use fuse::Chained;
pub(crate) use kernel::Kernel;
pub use words::lowered;

use std::sync::Arc;

use super::batch::{Counts, Needs};
use super::domain::Domain;
use super::graph::{Graph, Op};
use super::layers::Map;

/// One step: reads values, makes one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    pub(crate) kernel: Kernel,
    /// The values it reads.
    pub(crate) inputs: Vec<usize>,
    /// For each of them, whether something before it learns, so that the gradient must go
    /// on.
    pub(crate) sends: Vec<bool>,
    /// The value it makes.
    pub(crate) output: usize,
    /// Ordinals of its weights, which follow each other, and of its running statistics.
    pub(crate) weights: Vec<usize>,
    pub(crate) state: Vec<usize>,
}

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Value {
    /// What it has a row for each of; none where there is one row.
    pub(crate) domain: Option<Domain>,
    /// Numbers per row.
    pub(crate) width: usize,
    /// Whether weights have gone into it.
    pub(crate) learns: bool,
    /// Whether the backward pass reads it.
    pub(crate) kept: bool,
    /// The last step that reads it.
    pub(crate) last_read: Option<usize>,
}

/// The steps of a network.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Program {
    pub(crate) steps: Vec<Step>,
    pub(crate) values: Vec<Value>,
    pub(crate) output: usize,
    /// What it asks of a batch.
    pub(crate) needs: Needs,
    /// Its fixed tables.
    pub(crate) tables: Vec<Arc<Vec<f32>>>,
    pub(crate) width_out: usize,
    /// How many numbers per channel one row gives to the batch normalisation of rows that
    /// gets the fewest, if there is one.
    pub(crate) fewest_samples: Option<usize>,
}

impl Program {
    /// The steps of `graph`, fused to chains.
    pub(crate) fn new(graph: &Graph) -> Program {
        let rewritten = Program::rewritten(graph);
        let (steps, values) =
            fuse::fuse(rewritten.steps, rewritten.values, rewritten.output);
        let mut program = Program {
            steps,
            values,
            ..rewritten
        };
        program.settle();
        program
    }

    /// The steps of `graph`, rewritten and not fused.
    pub(crate) fn rewritten(graph: &Graph) -> Program {
        let plain = Program::plain(graph);
        let (steps, values, output) =
            rewrite::rewrite(plain.steps, plain.values, plain.output);
        let mut program = Program {
            steps,
            values,
            output,
            ..plain
        };
        program.settle();
        program
    }

    /// The steps of `graph`, one for each operation.
    pub(crate) fn plain(graph: &Graph) -> Program {
        let mut lowering = Lowering::new(graph);
        for place in 0..graph.nodes.len() {
            lowering.lower(place);
        }
        let output = lowering.value_of.get(graph.output.0).copied().unwrap_or(0);
        let mut program = Program {
            steps: lowering.steps,
            values: lowering.values,
            output,
            needs: Needs::of(graph),
            tables: graph.tables.clone(),
            width_out: graph.output_width(),
            fewest_samples: None,
        };
        program.settle();
        program.fewest_samples = program.samples();
        program
    }

    /// Notes for each value which step reads it last, and whether the backward pass does.
    fn settle(&mut self) {
        for value in &mut self.values {
            (value.last_read, value.kept) = (None, false);
        }
        for (k, step) in self.steps.iter().enumerate() {
            let mut keep = |value: usize| {
                if let Some(value) = self.values.get_mut(value) {
                    value.kept = true;
                }
            };
            match &step.kernel {
                Kernel::Chain(chained) => chained.keeps().into_iter().for_each(keep),
                kernel => {
                    for (which, input) in step.inputs.iter().enumerate() {
                        if kernel.keeps_input(which) {
                            keep(*input);
                        }
                    }
                    if kernel.keeps_output() {
                        keep(step.output);
                    }
                }
            }
            for input in &step.inputs {
                if let Some(value) = self.values.get_mut(*input) {
                    value.last_read = Some(k);
                }
            }
        }
    }

    /// Numbers per row of a value.
    pub(crate) fn width(&self, value: usize) -> usize {
        self.values.get(value).map_or(0, |value| value.width)
    }

    /// How many numbers a value has in a batch.
    pub(crate) fn numbers(&self, value: usize, counts: Counts) -> usize {
        let value = self.values.get(value);
        value.map_or(0, |value| counts.of(value.domain) * value.width)
    }

    /// Whether a value has one row for each row of the batch.
    fn of_rows(&self, value: usize) -> bool {
        let value = self.values.get(value);
        value.is_some_and(|value| value.domain == Some(Domain::Rows))
    }

    /// How many numbers per channel one row gives to the batch normalisation of rows that
    /// gets the fewest, if there is one.
    fn samples(&self) -> Option<usize> {
        let samples = |step: &Step| match &step.kernel {
            Kernel::BatchNorm(norm) if self.of_rows(step.output) => {
                Some(self.width(step.output) / norm.channels)
            }
            _ => None,
        };
        self.steps.iter().filter_map(samples).min()
    }
}

/// A program on its way.
struct Lowering<'a> {
    graph: &'a Graph,
    /// How often each node's numbers are read, those of its reshapes included; zero for
    /// what the output does not need.
    uses: Vec<usize>,
    /// The node whose numbers a node's are: itself, but for a reshape.
    origin: Vec<usize>,
    needed: Vec<bool>,
    steps: Vec<Step>,
    values: Vec<Value>,
    value_of: Vec<usize>,
}

impl<'a> Lowering<'a> {
    fn new(graph: &'a Graph) -> Lowering<'a> {
        let count = graph.nodes.len();
        let mut origin: Vec<usize> = Vec::new();
        for (place, node) in graph.nodes.iter().enumerate() {
            let read = node.inputs.first().and_then(|x| origin.get(x.0)).copied();
            origin.push(match (node.op, read) {
                (Op::Reshape, Some(read)) => read,
                _ => place,
            });
        }
        let mut lowering = Lowering {
            graph,
            uses: vec![0; count],
            origin,
            needed: vec![false; count],
            steps: Vec::new(),
            values: Vec::new(),
            value_of: vec![0; count],
        };
        lowering.need(graph.output.0);
        for (place, node) in graph.nodes.iter().enumerate().rev() {
            if lowering.needed.get(place) != Some(&true) {
                continue;
            }
            for input in lowering.reads(place) {
                lowering.need(input);
                let own = lowering.origin.get(input).copied().unwrap_or(input);
                if let (false, Some(uses)) =
                    (node.op == Op::Reshape, lowering.uses.get_mut(own))
                {
                    *uses += 1;
                }
            }
        }
        let own = lowering.origin.get(graph.output.0).copied();
        if let Some(uses) = own.and_then(|own| lowering.uses.get_mut(own)) {
            *uses += 1;
        }
        lowering
    }

    fn need(&mut self, place: usize) {
        if let Some(needed) = self.needed.get_mut(place) {
            *needed = true;
        }
    }

    /// The nodes whose numbers a node reads: constants are taken into the operation.
    fn reads(&self, place: usize) -> Vec<usize> {
        let Some(node) = self.graph.nodes.get(place) else {
            return Vec::new();
        };
        let pair = matches!(node.op, Op::Add | Op::Subtract | Op::Multiply | Op::Divide);
        let constant = |x: usize| {
            let op = self.graph.nodes.get(x).map(|node| node.op);
            matches!(op, Some(Op::Scalar(_)))
        };
        let inputs = node.inputs.iter().map(|x| x.0);
        inputs.filter(|x| !(pair && constant(*x))).collect()
    }

    /// Adds the step of a node, if it needs one.
    fn lower(&mut self, place: usize) {
        let graph = self.graph;
        let Some(node) = graph.nodes.get(place) else {
            return;
        };
        if self.needed.get(place) != Some(&true) {
            return;
        }
        let reads = self.reads(place);
        let value_of = |x: &usize| self.value_of.get(*x).copied().unwrap_or(0);
        let inputs: Vec<usize> = reads.iter().map(value_of).collect();
        let first = inputs.first().copied().unwrap_or(0);
        let alias = node.op == Op::Reshape
            || node.op == Op::Relu && self.rectified(reads.first().copied(), first);
        if alias {
            self.give(place, first);
            return;
        }
        let learns = |value: &usize| self.values.get(*value).is_some_and(|v| v.learns);
        // What is looked up by a number does not change with it by degrees.
        let steps = matches!(node.op, Op::OneHot { .. } | Op::Lookup { .. });
        let sends: Vec<bool> = inputs.iter().map(|x| !steps && learns(x)).collect();
        let output = self.values.len();
        self.values.push(Value {
            domain: node.domain,
            width: node.width(),
            learns: !node.weights.is_empty() || sends.contains(&true),
            kept: false,
            last_read: None,
        });
        self.steps.push(Step {
            kernel: kernel::kernel(graph, node),
            inputs,
            sends,
            output,
            weights: node.weights.clone(),
            state: node.state.clone(),
        });
        self.give(place, output);
    }

    /// Notes the value of a node.
    fn give(&mut self, place: usize, value: usize) {
        if let Some(own) = self.value_of.get_mut(place) {
            *own = value;
        }
    }

    /// Lets the step that makes `value` rectify it, if it can and nothing else reads the
    /// numbers of node `read`, or if it already does.
    fn rectified(&mut self, read: Option<usize>, value: usize) -> bool {
        let own = read.and_then(|read| self.origin.get(read));
        let alone = own.and_then(|own| self.uses.get(*own)) == Some(&1);
        let mut makers = self.steps.iter_mut();
        let maker = makers.find(|step| step.output == value);
        match maker.map(|step| &mut step.kernel) {
            Some(Kernel::Dense(dense)) => {
                dense.then = dense.then.or(alone.then_some(Map::Relu));
                dense.then == Some(Map::Relu)
            }
            Some(Kernel::Convolution(conv)) => {
                conv.relu |= alone;
                conv.relu
            }
            Some(Kernel::Map(Map::Relu)) => true,
            _ => false,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
