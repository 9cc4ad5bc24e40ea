//! What a step computes. In: a node of a checked graph. Out: its kernel, every size in it
//! fixed.

use super::super::graph::{Graph, Node, Op};
use super::super::layers::{
    Arithmetic, BatchNorm, Concat, Convolution, Dense, Dropout, Gaussians, Group,
    LayerNorm, Map, MaxLast, OneHot, Pair, Pooling, Reduce, Slice, Softmax, SoftmaxGroup,
    Transpose,
};
use super::fuse::Chained;

/// What a step computes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kernel {
    Dense(Dense),
    Convolution(Convolution),
    Pooling(Pooling),
    Dropout(Dropout),
    /// A function of each number.
    Map(Map),
    /// An operation on two tensors.
    Pair(Pair),
    Concat(Concat),
    Slice(Slice),
    Transpose(Transpose),
    Reduce(Reduce),
    MaxLast(MaxLast),
    Softmax(Softmax),
    BatchNorm(BatchNorm),
    LayerNorm(LayerNorm),
    /// The same number for every row.
    Constant(f32),
    /// Its weight.
    Weight,
    /// One row, for every entry of the domain.
    Spread,
    /// A field of the batch.
    Input(usize),
    /// Rows taken by a map.
    Gather {
        route: usize,
    },
    /// What is made of rows that a map leads to the same place.
    Group {
        route: usize,
        group: Group,
    },
    SoftmaxGroup {
        route: usize,
        softmax: SoftmaxGroup,
    },
    /// Rows of its weight.
    Embedding {
        classes: usize,
        width: usize,
    },
    /// Rows of a table.
    Lookup {
        table: usize,
        width: usize,
    },
    OneHot(OneHot),
    Gaussians(Gaussians),
    RangeScale,
    /// Many operations on rows, together.
    Chain(Box<Chained>),
}

impl Kernel {
    /// Whether it can change its input in place instead of making new numbers.
    pub(crate) fn in_place(&self) -> bool {
        matches!(self, Kernel::Map(_) | Kernel::Dropout(_))
    }

    /// Whether the backward pass reads what the step read as input number `which`.
    pub(crate) fn keeps_input(&self, which: usize) -> bool {
        match self {
            Kernel::Dense(_) | Kernel::BatchNorm(_) | Kernel::LayerNorm(_) => true,
            Kernel::Convolution(conv) => !conv.pads(),
            Kernel::Map(map) => map.keeps_input(),
            Kernel::Pair(pair) => pair.keeps_inputs() && which < 2,
            Kernel::Group { group, .. } => group.keeps(),
            Kernel::Embedding { .. } | Kernel::Gaussians(_) | Kernel::MaxLast(_) => true,
            _ => false,
        }
    }

    /// Whether the backward pass reads what the step made.
    pub(crate) fn keeps_output(&self) -> bool {
        match self {
            Kernel::Dense(dense) => dense.then.is_some(),
            Kernel::Convolution(conv) => conv.relu,
            Kernel::Map(map) => map.keeps_output(),
            Kernel::Softmax(_) | Kernel::SoftmaxGroup { .. } | Kernel::Gaussians(_) => {
                true
            }
            Kernel::Group { group, .. } => group.keeps(),
            _ => false,
        }
    }
}

/// The kernel of a node that is no reshape.
pub(super) fn kernel(graph: &Graph, node: &Node) -> Kernel {
    let read = |which: usize| {
        let input = node.inputs.get(which);
        input.and_then(|x| graph.nodes.get(x.0))
    };
    let sizes = |which: usize| read(which).map_or(&[][..], |node| &node.sizes);
    let last = || sizes(0).last().copied().unwrap_or(1);
    let signal = |sizes: &[usize]| match sizes {
        [length, channels] => (*length, *channels),
        _ => unreachable!("the builder gives signals two axes"),
    };
    match node.op {
        Op::Dense { units, .. } => Kernel::Dense(Dense::new(last(), units)),
        Op::Conv1d(conv) => {
            let (length, channels) = signal(sizes(0));
            Kernel::Convolution(Convolution {
                length,
                channels,
                filters: conv.filters,
                kernel: conv.kernel,
                stride: conv.stride,
                left: conv.padding / 2,
                right: conv.padding - conv.padding / 2,
                positions: signal(&node.sizes).0,
                relu: false,
            })
        }
        Op::AvgPool1d { width, stride } => {
            let (length, channels) = signal(sizes(0));
            Kernel::Pooling(Pooling {
                length,
                channels,
                width,
                stride,
                positions: signal(&node.sizes).0,
            })
        }
        Op::Dropout { rate, site } => Kernel::Dropout(Dropout { rate, site }),
        Op::Relu => Kernel::Map(Map::Relu),
        Op::LeakyRelu { slope } => Kernel::Map(Map::LeakyRelu {
            slope: slope as f32,
        }),
        Op::Sigmoid => Kernel::Map(Map::Sigmoid),
        Op::Tanh => Kernel::Map(Map::Tanh),
        Op::Silu => Kernel::Map(Map::Silu),
        Op::Softplus => Kernel::Map(Map::Softplus(0.0)),
        Op::Exp => Kernel::Map(Map::Exp),
        Op::Ln => Kernel::Map(Map::Ln),
        Op::Negate => Kernel::Map(Map::Scale(-1.0)),
        Op::Scalar(value) => Kernel::Constant(value as f32),
        Op::Zeros => Kernel::Constant(0.0),
        Op::Ones => Kernel::Constant(1.0),
        Op::Spread => Kernel::Spread,
        Op::Clamp { low, high } => Kernel::Map(Map::Clamp {
            low: low as f32,
            high: high as f32,
        }),
        Op::Sqrt => Kernel::Map(Map::Sqrt),
        Op::Cbrt => Kernel::Map(Map::Cbrt),
        Op::Abs => Kernel::Map(Map::Abs),
        Op::Input(field) => {
            let place = graph.fields.iter().position(|known| *known == field);
            Kernel::Input(place.unwrap_or(0))
        }
        Op::Gather { route } => Kernel::Gather { route },
        Op::Group { route, grouping } => Kernel::Group {
            route,
            group: Group {
                grouping,
                width: node.width(),
            },
        },
        Op::SoftmaxGroup { route } => Kernel::SoftmaxGroup {
            route,
            softmax: SoftmaxGroup {
                width: node.width(),
            },
        },
        Op::Embedding { classes, width } => Kernel::Embedding { classes, width },
        Op::Lookup { table, width } => Kernel::Lookup { table, width },
        Op::OneHot { low, classes } => Kernel::OneHot(OneHot { low, classes }),
        Op::Gaussians {
            count,
            low,
            high,
            width,
        } => Kernel::Gaussians(Gaussians::new(count, low, high, width)),
        Op::RangeScale => Kernel::RangeScale,
        Op::Weight => Kernel::Weight,
        Op::Add => arithmetic(Arithmetic::Add, read(0), read(1)),
        Op::Subtract => arithmetic(Arithmetic::Subtract, read(0), read(1)),
        Op::Multiply => arithmetic(Arithmetic::Multiply, read(0), read(1)),
        Op::Divide => arithmetic(Arithmetic::Divide, read(0), read(1)),
        Op::Concat => {
            let inputs = node.inputs.iter().filter_map(|x| graph.nodes.get(x.0));
            let widths = inputs.map(|x| x.sizes.last().copied().unwrap_or(1));
            Kernel::Concat(Concat {
                widths: widths.collect(),
            })
        }
        Op::Slice { start, stop } => Kernel::Slice(Slice {
            axis: last(),
            start,
            stop,
        }),
        Op::Transpose => {
            let mut ends = sizes(0).iter().rev().copied();
            let wide = ends.next().unwrap_or(1);
            let tall = ends.next().unwrap_or(1);
            Kernel::Transpose(Transpose { tall, wide })
        }
        Op::SumLast => Kernel::Reduce(Reduce {
            width: last(),
            factor: 1.0,
        }),
        Op::MeanLast => Kernel::Reduce(Reduce {
            width: last(),
            factor: 1.0 / last() as f32,
        }),
        Op::MaxLast => Kernel::MaxLast(MaxLast { width: last() }),
        Op::SoftmaxLast => Kernel::Softmax(Softmax { width: last() }),
        Op::BatchNorm { eps, momentum } => Kernel::BatchNorm(BatchNorm {
            channels: last(),
            eps,
            momentum,
        }),
        Op::LayerNorm { eps } => Kernel::LayerNorm(LayerNorm { width: last(), eps }),
        Op::Reshape => unreachable!("it is no step"),
    }
}

/// An operation on two nodes, one of which may be a constant (the builder folds two).
fn arithmetic(op: Arithmetic, a: Option<&Node>, b: Option<&Node>) -> Kernel {
    let constant = |node: Option<&Node>| match node.map(|node| node.op) {
        Some(Op::Scalar(value)) => Some(value as f32),
        _ => None,
    };
    let map = match (op, constant(a), constant(b)) {
        (Arithmetic::Add, Some(c), _) | (Arithmetic::Add, _, Some(c)) => Map::Shift(c),
        (Arithmetic::Subtract, Some(c), _) => Map::From(c),
        (Arithmetic::Subtract, _, Some(c)) => Map::Shift(-c),
        (Arithmetic::Multiply, Some(c), _) | (Arithmetic::Multiply, _, Some(c)) => {
            Map::Scale(c)
        }
        (Arithmetic::Divide, Some(c), _) => Map::Inverse(c),
        (Arithmetic::Divide, _, Some(c)) => Map::Over(c),
        (_, None, None) => {
            let sizes = |node: Option<&Node>| node.map_or(vec![], |n| n.sizes.clone());
            return Kernel::Pair(Pair::new(op, &sizes(a), &sizes(b)));
        }
    };
    Kernel::Map(map)
}
