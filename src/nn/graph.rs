//! A static network: what is computed from what, with shapes and weights, before any
//! number is there. In: nothing (see [`super::GraphBuilder`]). Out: [`Graph`].
//!
//! A value is a tensor with a leading axis, whose length is known only when the network
//! runs, and trailing sizes, which are known here. The leading axis counts the entries of
//! a domain: rows of the batch, atoms, bonds, angles. A value that is the same everywhere
//! (a number, a weight) has none.

use std::sync::Arc;

use super::domain::{Domain, Field, Grouping, Route};

/// A node's place in its graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeId(pub(crate) usize);

impl NodeId {
    /// The place as a number, in the order of building.
    pub fn index(self) -> usize {
        self.0
    }
}

/// The settings of a one-dimensional convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv1d {
    /// How many channels come out.
    pub filters: usize,
    /// How many neighbouring positions each output looks at.
    pub kernel: usize,
    /// Distance between the places looked at.
    pub stride: usize,
    /// Zeros put around the signal in total: half on each side, an odd one on the right.
    /// `kernel - 1` keeps the length ("same") where the stride is 1.
    pub padding: usize,
    /// Whether each filter has a constant term.
    pub bias: bool,
}

/// Where the weights of a layer begin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// Uniform within ±√(6 / (inputs + outputs)); the bias is zero (Glorot 2010, Keras).
    Glorot,
    /// Weight and bias uniform within ±1/√inputs (the start of torch's Linear and Conv).
    Kaiming,
    /// Every weight is this number; the bias is zero.
    Constant(f32),
    /// Uniform within ±`bound`; the bias is zero.
    Uniform(f32),
    /// A matrix whose rows or columns, whichever are fewer, are orthonormal; the bias is
    /// zero.
    Orthogonal,
}

/// What a network is fed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fed {
    /// A row of numbers for each row.
    Vectors,
    /// A crystal graph for each row.
    Crystals {
        /// Whether it reads the line graph.
        angles: bool,
    },
    /// A crystal graph and a row of numbers for each row.
    Both {
        /// Whether it reads the line graph.
        angles: bool,
    },
}

impl Fed {
    /// Whether the line graph is read; none without crystals.
    pub fn angles(&self) -> Option<bool> {
        match self {
            Fed::Vectors => None,
            Fed::Crystals { angles } | Fed::Both { angles } => Some(*angles),
        }
    }
}

/// How one weight tensor begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Start {
    /// Uniform between `-limit` and `limit`.
    Uniform {
        /// Half the width of the interval.
        limit: f32,
    },
    /// The same number everywhere.
    Constant(f32),
    /// A matrix with orthonormal rows or columns, whichever are fewer.
    Orthogonal,
}

/// One weight tensor of a graph.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightSpec {
    /// Its place among the graph's weights: what its start is drawn by.
    pub ordinal: usize,
    /// `LABEL.weight` or `LABEL.bias`; running statistics are `LABEL.running_mean` and
    /// `LABEL.running_var`.
    pub name: String,
    /// Dense weight (in, out); convolution (kernel, channels, filters); bias (out).
    pub sizes: Vec<usize>,
    /// How it begins.
    pub start: Start,
    /// Whether weight decay and the L2 penalty reach it. A bias never has it by itself;
    /// see [`super::GraphBuilder::set_decay`].
    pub decay: bool,
    /// Whether it is learnt. Running statistics are carried with the weights and are not.
    pub trained: bool,
}

impl WeightSpec {
    /// How many numbers it holds.
    pub fn count(&self) -> usize {
        self.sizes.iter().product()
    }
}

/// One operation of a network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op {
    /// Numbers of the batch.
    Input(Field),
    /// Zeros.
    Zeros,
    /// Ones.
    Ones,
    /// What is the same everywhere, once for each entry of a domain.
    Spread,
    /// For each entry of a route the row it leads to.
    Gather {
        /// Which of the graph's routes.
        route: usize,
    },
    /// What a grouping makes of the rows that lead to the same place.
    Group {
        /// Which of the graph's routes.
        route: usize,
        /// What is made of them.
        grouping: Grouping,
    },
    /// e^x over its sum over the rows that lead to the same place.
    SoftmaxGroup {
        /// Which of the graph's routes.
        route: usize,
    },
    /// A learnt row for each class.
    Embedding {
        /// How many classes there are, from 0.
        classes: usize,
        /// Numbers per class.
        width: usize,
    },
    /// A row of a fixed table for each whole number; zeros outside it.
    Lookup {
        /// Which of the graph's tables.
        table: usize,
        /// Numbers per row of it.
        width: usize,
    },
    /// 1 at the place of a whole number among `low`, `low` + 1, …, else 0.
    OneHot {
        /// The first class.
        low: i64,
        /// How many there are.
        classes: usize,
    },
    /// e^(-(x - c)²/width²) for `count` centres c from `low` to `high`.
    Gaussians {
        /// How many.
        count: usize,
        /// The first centre.
        low: f64,
        /// The last centre.
        high: f64,
        /// Where a Gaussian has fallen to 1/e.
        width: f64,
    },
    /// What is outside becomes the nearer end.
    Clamp {
        /// The lower end.
        low: f64,
        /// The upper end.
        high: f64,
    },
    /// The range of the training rows becomes 0 to 1.
    RangeScale,
    /// The square root.
    Sqrt,
    /// The cube root.
    Cbrt,
    /// The size without the sign.
    Abs,
    /// The same numbers under other sizes.
    Reshape,
    /// Cross-correlation over [length, channels].
    Conv1d(Conv1d),
    /// Mean over `width` positions, every `stride`; a rest that is too short is dropped.
    AvgPool1d {
        /// Positions per mean.
        width: usize,
        /// Distance between means.
        stride: usize,
    },
    /// max(x, 0).
    Relu,
    /// x, or `slope`·x below zero.
    LeakyRelu {
        /// At least 0.
        slope: f64,
    },
    /// 1 / (1 + e^-x).
    Sigmoid,
    /// The hyperbolic tangent.
    Tanh,
    /// x·σ(x).
    Silu,
    /// ln(1 + e^x).
    Softplus,
    /// e^x.
    Exp,
    /// The natural logarithm.
    Ln,
    /// -x.
    Negate,
    /// The same number for every row.
    Scalar(f64),
    /// A learnt tensor that is the same for every row.
    Weight,
    /// x + y, and so on; sizes equal or literally 1, aligned at the end.
    Add,
    /// x - y.
    Subtract,
    /// x·y.
    Multiply,
    /// x / y.
    Divide,
    /// Its inputs side by side along the last axis.
    Concat,
    /// Places `start` to `stop` (excluded) of the last axis.
    Slice {
        /// The first place taken.
        start: usize,
        /// The first place after it that is not.
        stop: usize,
    },
    /// The last two axes exchanged.
    Transpose,
    /// The sum over the last axis, which stays with size 1.
    SumLast,
    /// The mean over the last axis, which stays with size 1.
    MeanLast,
    /// The largest number of the last axis, which stays with size 1.
    MaxLast,
    /// e^x over its sum along the last axis.
    SoftmaxLast,
    /// Mean 0 and variance 1 over all axes but the last, then a factor and a constant per
    /// place of the last.
    BatchNorm {
        /// What is added to the variance.
        eps: f64,
        /// The share of a batch in the running statistics.
        momentum: f64,
    },
    /// Mean 0 and variance 1 along the last axis, then a factor and a constant per place.
    LayerNorm {
        /// What is added to the variance.
        eps: f64,
    },
    /// In training each number is zero with probability `rate`, else divided by 1 - rate.
    Dropout {
        /// Probability of a zero.
        rate: f64,
        /// Its place among the graph's dropouts: what its masks are drawn by.
        site: u64,
    },
    /// x·W + b over the last axis.
    Dense {
        /// Size of the last axis that comes out.
        units: usize,
        /// Whether there is a constant term.
        bias: bool,
    },
}

impl Op {
    /// The operation in the words of the script: `slice(0, 5)`.
    pub fn words(&self) -> String {
        let plain = match self {
            Op::Input(field) => field.word(),
            Op::Zeros => "zeros",
            Op::Ones => "ones",
            Op::Spread => "spread",
            Op::Gather { .. } => "gather",
            Op::Group { grouping, .. } => match grouping {
                Grouping::Sum => "sum",
                Grouping::Mean => "mean",
                Grouping::Max => "max",
            },
            Op::SoftmaxGroup { .. } => "softmax",
            Op::RangeScale => "range_scale",
            Op::Sqrt => "sqrt",
            Op::Cbrt => "cbrt",
            Op::Abs => "abs",
            Op::Reshape => "reshape",
            Op::Relu => "relu",
            Op::Sigmoid => "sigmoid",
            Op::Tanh => "tanh",
            Op::Silu => "silu",
            Op::Softplus => "softplus",
            Op::Exp => "exp",
            Op::Ln => "ln",
            Op::Negate => "-x",
            Op::Weight => "weight",
            Op::Add => "+",
            Op::Subtract => "-",
            Op::Multiply => "*",
            Op::Divide => "/",
            Op::Concat => "concat",
            Op::Transpose => "transpose",
            Op::SumLast => "sum_last",
            Op::MeanLast => "mean_last",
            Op::MaxLast => "max_last",
            Op::SoftmaxLast => "softmax_last",
            Op::BatchNorm { .. } => "batch_norm",
            Op::LayerNorm { .. } => "layer_norm",
            Op::Scalar(c) => return format!("{c}"),
            Op::Embedding { classes, width } => {
                return format!("embedding({classes}, {width})");
            }
            Op::Lookup { width, .. } => return format!("table of {width}"),
            Op::OneHot { low, classes } => {
                return format!("one_hot({low}..{})", low + *classes as i64);
            }
            Op::Gaussians { count, .. } => return format!("gaussians({count})"),
            Op::Clamp { low, high } => return format!("clamp({low} .. {high})"),
            Op::LeakyRelu { slope } => return format!("leaky_relu({slope})"),
            Op::Slice { start, stop } => return format!("slice({start}, {stop})"),
            Op::Dropout { rate, .. } => return format!("dropout({rate})"),
            Op::Dense { units, .. } => return format!("dense({units})"),
            Op::Conv1d(conv) => {
                return format!("conv1d({}, kernel: {})", conv.filters, conv.kernel);
            }
            Op::AvgPool1d { width, stride } => {
                return format!("avg_pool1d({width}, stride: {stride})");
            }
        };
        plain.to_owned()
    }
}

/// One node of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it does.
    pub op: Op,
    /// What it reads.
    pub inputs: Vec<NodeId>,
    /// What the leading axis of its output counts; none where it is the same everywhere.
    pub domain: Option<Domain>,
    /// The shape of one row of its output.
    pub sizes: Vec<usize>,
    /// What the reader calls it.
    pub label: String,
    /// Ordinals of its weights: the weight, then the bias if there is one. Two nodes may
    /// have the same.
    pub weights: Vec<usize>,
    /// Ordinals of its running statistics: mean and variance, where it keeps them.
    pub state: Vec<usize>,
}

impl Node {
    /// How many numbers one row of its output holds.
    pub fn width(&self) -> usize {
        self.sizes.iter().product()
    }
}

/// A network. Nodes stand after what they read; every index in it is in range.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    pub(crate) nodes: Vec<Node>,
    pub(crate) weights: Vec<WeightSpec>,
    pub(crate) fed: Fed,
    /// The fields of a batch that it reads.
    pub(crate) fields: Vec<Field>,
    /// The maps it goes by.
    pub(crate) routes: Vec<Route>,
    /// Its fixed tables.
    pub(crate) tables: Vec<Arc<Vec<f32>>>,
    pub(crate) output: NodeId,
}

impl Graph {
    /// The nodes in order.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The weights in order, running statistics among them.
    pub fn weights(&self) -> &[WeightSpec] {
        &self.weights
    }

    /// How many numbers are learnt.
    pub fn weight_count(&self) -> usize {
        let learnt = self.weights.iter().filter(|spec| spec.trained);
        learnt.map(WeightSpec::count).sum()
    }

    /// What it is fed.
    pub fn fed(&self) -> Fed {
        self.fed
    }

    /// The maps it goes by.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// How many features a row has, if it is fed vectors; else 0.
    pub fn input_width(&self) -> usize {
        let features = |node: &&Node| node.op == Op::Input(Field::Features);
        self.nodes.iter().find(features).map_or(0, Node::width)
    }

    /// How many numbers come out per row.
    pub fn output_width(&self) -> usize {
        self.nodes.get(self.output.0).map_or(0, Node::width)
    }
}
