//! Lowers a graph to the steps that are run. In: a [`Graph`]. Out: a [`Program`]: the
//! layers between input and output in order, reshapes gone (they move no number), a relu
//! taken into the dense or convolution before it, and for each value whether the backward
//! pass will ask for it.

use super::graph::{Graph, Node, Op};
use super::layers::{Convolution, Dense, Dropout, Pooling};

/// What a step computes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kernel {
    Dense(Dense),
    Convolution(Convolution),
    Pooling(Pooling),
    Relu,
    Dropout(Dropout),
}

/// One step: reads value `k`, makes value `k + 1`, where `k` is its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    pub(crate) kernel: Kernel,
    /// Numbers per row of what it reads and of what it makes.
    pub(crate) width_in: usize,
    pub(crate) width_out: usize,
    /// Ordinals of its weight and bias.
    pub(crate) weight: Option<usize>,
    pub(crate) bias: Option<usize>,
    /// Whether something before it learns, so that the gradient must go on.
    pub(crate) sends_gradient: bool,
}

impl Step {
    /// Whether it can change its input in place instead of making new numbers.
    pub(crate) fn in_place(&self) -> bool {
        matches!(self.kernel, Kernel::Relu | Kernel::Dropout(_))
    }

    /// Whether the backward pass reads what the step read.
    pub(crate) fn keeps_input(&self) -> bool {
        match self.kernel {
            Kernel::Dense(_) => true,
            Kernel::Convolution(conv) => !conv.pads(),
            Kernel::Pooling(_) | Kernel::Relu | Kernel::Dropout(_) => false,
        }
    }

    /// Whether the backward pass reads what the step made.
    pub(crate) fn keeps_output(&self) -> bool {
        match self.kernel {
            Kernel::Dense(dense) => dense.relu,
            Kernel::Convolution(conv) => conv.relu,
            Kernel::Relu => true,
            Kernel::Pooling(_) | Kernel::Dropout(_) => false,
        }
    }
}

/// The steps of a network.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Program {
    pub(crate) steps: Vec<Step>,
    pub(crate) width_in: usize,
    pub(crate) width_out: usize,
}

impl Program {
    /// The steps of `graph`.
    pub(crate) fn new(graph: &Graph) -> Program {
        let mut steps: Vec<Step> = Vec::new();
        let mut learns = false;
        for (node, before) in chain(graph) {
            let kernel = match node.op {
                Op::Input | Op::Reshape => continue,
                Op::Relu if rectified(&mut steps) => continue,
                op => kernel(op, node, before),
            };
            let mut weights = node.weights.iter().copied();
            steps.push(Step {
                kernel,
                width_in: before.width(),
                width_out: node.width(),
                weight: weights.next(),
                bias: weights.next(),
                sends_gradient: learns,
            });
            learns |= !node.weights.is_empty();
        }
        Program {
            steps,
            width_in: graph.input_width(),
            width_out: graph.output_width(),
        }
    }

    /// Whether the backward pass reads value `k`.
    pub(crate) fn keeps(&self, k: usize) -> bool {
        let made = k.checked_sub(1).and_then(|maker| self.steps.get(maker));
        made.is_some_and(Step::keeps_output)
            || self.steps.get(k).is_some_and(Step::keeps_input)
    }
}

/// The nodes from input to output, each with the node it reads (the input with itself).
/// Every operation so far reads one node, so what the output needs is a chain.
fn chain(graph: &Graph) -> Vec<(&Node, &Node)> {
    let mut pairs = Vec::new();
    let mut place = graph.output;
    while let Some(node) = graph.nodes.get(place.0) {
        let Some(&input) = node.inputs.first() else {
            break;
        };
        if let Some(before) = graph.nodes.get(input.0) {
            pairs.push((node, before));
        }
        place = input;
    }
    pairs.reverse();
    pairs
}

/// Lets the last step rectify its own output, if it can or already does.
fn rectified(steps: &mut [Step]) -> bool {
    match steps.last_mut().map(|step| &mut step.kernel) {
        Some(Kernel::Dense(dense)) => dense.relu = true,
        Some(Kernel::Convolution(conv)) => conv.relu = true,
        Some(Kernel::Relu) => (),
        Some(Kernel::Pooling(_) | Kernel::Dropout(_)) | None => return false,
    }
    true
}

/// The kernel of an operation on the output of `before`.
fn kernel(op: Op, node: &Node, before: &Node) -> Kernel {
    let signal = |node: &Node| match node.sizes[..] {
        [length, channels] => (length, channels),
        _ => unreachable!("the builder gives signals two axes"),
    };
    match op {
        Op::Dense { units, .. } => Kernel::Dense(Dense {
            inputs: before.sizes.last().copied().unwrap_or(1),
            units,
            relu: false,
        }),
        Op::Conv1d(conv) => {
            let (length, channels) = signal(before);
            Kernel::Convolution(Convolution {
                length,
                channels,
                filters: conv.filters,
                kernel: conv.kernel,
                stride: conv.stride,
                left: conv.padding / 2,
                right: conv.padding - conv.padding / 2,
                positions: signal(node).0,
                relu: false,
            })
        }
        Op::AvgPool1d { width, stride } => {
            let (length, channels) = signal(before);
            Kernel::Pooling(Pooling {
                length,
                channels,
                width,
                stride,
                positions: signal(node).0,
            })
        }
        Op::Dropout { rate, site } => Kernel::Dropout(Dropout { rate, site }),
        Op::Relu => Kernel::Relu,
        Op::Input | Op::Reshape => unreachable!("they are no steps"),
    }
}
