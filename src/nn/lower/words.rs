//! The steps of a lowered network in words. In: a program. Out: a line per step; chains
//! with their expressions below.

use super::super::chain::{Expr, ExprId, Leaf, Local, Reach, Source, Times};
use super::super::domain::Domain;
use super::super::graph::Graph;
use super::super::layers::{Arithmetic, Dense, Map, Reduce, Slice};
use super::{Chained, Kernel, Program, Step};

/// The steps that `graph` is run as, a line each; what a chain computes stands below it.
pub fn lowered(graph: &Graph) -> Vec<String> {
    let program = Program::new(graph);
    let mut lines = Vec::new();
    for step in &program.steps {
        lines.push(step.words(&program));
        if let Kernel::Chain(chained) = &step.kernel {
            lines.extend(
                contents(chained, graph)
                    .into_iter()
                    .map(|l| format!("  {l}")),
            );
        }
    }
    lines
}

impl Step {
    /// The step in a line.
    pub(crate) fn words(&self, program: &Program) -> String {
        let made = program.values.get(self.output);
        let domain = match &self.kernel {
            Kernel::Chain(chained) => chained.chain.domain,
            _ => made.and_then(|value| value.domain),
        };
        let place = domain.map_or("once", Domain::word);
        let over = match domain {
            Some(_) => format!("over {place}"),
            None => place.to_owned(),
        };
        let inputs = self.inputs.iter().map(|input| format!("v{input}"));
        let inputs = inputs.collect::<Vec<_>>().join(", ");
        let width = made.map_or(0, |value| value.width);
        if let Kernel::Chain(chained) = &self.kernel {
            let chain = &chained.chain;
            let makes = chained
                .makes()
                .iter()
                .map(|v| format!("v{v}"))
                .collect::<Vec<_>>();
            return format!(
                "{} = chain({inputs}) {over}: {} rows, {} sums, {} statistics",
                makes.join(", "),
                chain.stores.len(),
                chain.sums.len(),
                chained.notes.len(),
            );
        }
        let made = match &self.kernel {
            Kernel::Map(map) => applied(*map, &inputs),
            Kernel::Constant(c) => c.to_string(),
            Kernel::Pair(pair) => {
                let sign = format!(" {} ", sign(pair.arithmetic));
                inputs.replace(", ", &sign)
            }
            kernel => format!("{}({inputs})", name(kernel)),
        };
        let made = match &self.kernel {
            Kernel::Dense(Dense {
                then: Some(map), ..
            }) => applied(*map, &made),
            _ => made,
        };
        format!("v{} = {made} [{width}] {over}", self.output)
    }
}

/// An operation that is no chain.
fn name(kernel: &Kernel) -> String {
    let plain = match kernel {
        Kernel::Dense(dense) => {
            let part = match dense.part {
                true => format!(" (rows {}.. of its weight)", dense.first),
                false => String::new(),
            };
            return format!("dense {}→{}{part}", dense.inputs, dense.units);
        }
        Kernel::Convolution(conv) => {
            let relu = if conv.relu { " relu" } else { "" };
            return format!("conv1d {}×{}{relu}", conv.filters, conv.kernel);
        }
        Kernel::Map(map) => return applied(*map, "x"),
        Kernel::Constant(c) => return format!("{c}"),
        Kernel::Pooling(_) => "avg_pool1d",
        Kernel::Dropout(_) => "dropout",
        Kernel::Pair(pair) => sign(pair.arithmetic),
        Kernel::Concat(_) => "concat",
        Kernel::Slice(slice) => return part_of(slice),
        Kernel::Transpose(_) => "transpose",
        Kernel::Reduce(reduce) => totalled(reduce),
        Kernel::MaxLast(_) => "max_last",
        Kernel::Softmax(_) => "softmax_last",
        Kernel::BatchNorm(_) => "batch_norm",
        Kernel::LayerNorm(_) => "layer_norm",
        Kernel::Weight => "weight",
        Kernel::Spread => "spread",
        Kernel::Input(_) => "input",
        Kernel::Gather { .. } => "gather",
        Kernel::Group { .. } => "group",
        Kernel::SoftmaxGroup { .. } => "softmax",
        Kernel::Embedding { .. } => "embedding",
        Kernel::Lookup { .. } => "table",
        Kernel::OneHot(_) => "one_hot",
        Kernel::Gaussians(_) => "gaussians",
        Kernel::RangeScale => "range_scale",
        Kernel::Chain(_) => "chain",
    };
    plain.to_owned()
}

fn sign(arithmetic: Arithmetic) -> &'static str {
    match arithmetic {
        Arithmetic::Add => "+",
        Arithmetic::Subtract => "-",
        Arithmetic::Multiply => "*",
        Arithmetic::Divide => "/",
    }
}

/// A sum over the numbers of a row, or their mean.
fn totalled(reduce: &Reduce) -> &'static str {
    match reduce.factor {
        1.0 => "sum_last",
        _ => "mean_last",
    }
}

/// Which numbers of a row are taken.
fn part_of(slice: &Slice) -> String {
    format!("slice {}..{}", slice.start, slice.stop)
}

/// A function of `x`; a sum, difference, product or quotient stands in brackets.
fn applied(map: Map, x: &str) -> String {
    let plain = match map {
        Map::Shift(c) if c < 0.0 => return format!("({x} - {})", -c),
        Map::Shift(c) => return format!("({x} + {c})"),
        Map::Scale(-1.0) => return format!("-{x}"),
        Map::Scale(c) => return format!("({c} * {x})"),
        Map::From(c) => return format!("({c} - {x})"),
        Map::Inverse(c) => return format!("({c} / {x})"),
        Map::Over(c) => return format!("({x} / {c})"),
        Map::LeakyRelu { slope } => return format!("leaky_relu {slope}({x})"),
        Map::Clamp { low, high } => return format!("clamp {low}..{high}({x})"),
        Map::Relu => "relu",
        Map::Sigmoid => "sigmoid",
        Map::Tanh => "tanh",
        Map::Silu => "silu",
        Map::Softplus(0.0) => "softplus",
        Map::Softplus(c) if c < 0.0 => return format!("(softplus({x}) - {})", -c),
        Map::Softplus(c) => return format!("(softplus({x}) + {c})"),
        Map::Exp => "exp",
        Map::Ln => "ln",
        Map::Sqrt => "sqrt",
        Map::Cbrt => "cbrt",
        Map::Abs => "abs",
    };
    format!("{plain}({x})")
}

/// What a chain computes, a line for each thing it makes.
fn contents(chained: &Chained, graph: &Graph) -> Vec<String> {
    let chain = &chained.chain;
    let formula = |id: ExprId| formula(chained, id, graph);
    let mut lines = Vec::new();
    for store in &chain.stores {
        lines.push(format!("v{} = {}", store.value, formula(store.expr)));
    }
    for sum in &chain.sums {
        let what = if sum.share { "mean" } else { "sum" };
        let by = route(graph, sum.route);
        lines.push(format!(
            "v{} = {what} by {by}: {}",
            sum.value,
            formula(sum.expr)
        ));
    }
    for note in &chained.notes {
        let column = chain.columns.get(note.columns);
        let of = column.map_or(String::new(), |column| formula(column.expr));
        debug_assert!(column.is_none_or(|column| column.times == Times::One));
        lines.push(format!("v{} = statistics of {of}", note.value));
    }
    lines
}

fn route(graph: &Graph, route: usize) -> String {
    let route = graph.routes().get(route);
    route.map_or(String::new(), |route| route.words())
}

/// An expression written out; what the chain stores is named.
fn formula(chained: &Chained, id: ExprId, graph: &Graph) -> String {
    let chain = &chained.chain;
    let part = |x: ExprId| {
        let stored = chain.stores.iter().find(|store| store.expr == x);
        match stored {
            Some(store) => format!("v{}", store.value),
            None => formula(chained, x, graph),
        }
    };
    match chain.exprs.expr(id) {
        Expr::Leaf(Leaf { source, reach }) => {
            let source = match source {
                Source::Value(value) => format!("v{value}"),
                Source::Weight(ordinal) => format!("w{ordinal}"),
                Source::Gradient(value) => format!("d{value}"),
                Source::Back(value) => format!("b{value}"),
            };
            match reach {
                Reach::Rows | Reach::Same => source,
                Reach::Route(by) => format!("{source}[{}]", route(graph, *by)),
                Reach::Share(by) => format!("{source}[{}]/n", route(graph, *by)),
            }
        }
        Expr::Map(map, x) => applied(*map, &part(*x)),
        Expr::Pair(pair, a, b) => {
            format!("({} {} {})", part(*a), sign(pair.arithmetic), part(*b))
        }
        Expr::Normal { x, note, .. } => {
            let Source::Value(note) = note else {
                return part(*x);
            };
            format!("normalised({}, v{note})", part(*x))
        }
        Expr::Local(local, inputs) => {
            let name = match &**local {
                Local::Concat(_) => "concat".to_owned(),
                Local::Slice(slice) => part_of(slice),
                Local::Transpose(_) => "transpose".to_owned(),
                Local::Reduce(reduce) => totalled(reduce).to_owned(),
                Local::Softmax(_) => "softmax_last".to_owned(),
            };
            let inputs: Vec<String> = inputs.iter().map(|x| part(*x)).collect();
            format!("{name}({})", inputs.join(", "))
        }
        Expr::Slope { .. }
        | Expr::PairBack { .. }
        | Expr::LocalBack { .. }
        | Expr::Denormal { .. } => "gradient".to_owned(),
    }
}
