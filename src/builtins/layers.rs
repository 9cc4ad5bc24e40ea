//! A network of the IR as a graph of nn: one arm for each layer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

mod crystal;
mod inputs;

use super::settings::{count, init, number, truth};
use crate::chem::{CGCNN_WIDTH, cgcnn_atoms};
use crate::diagnostic::{Code, Problem};
use crate::ir::{Call, Expr, Kind, Network, Setting, Static, VarId};
use crate::nn::{Conv1d, Failure, Graph, GraphBuilder, Grouping, NodeId};
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, UnaryOp};

/// Build the graph a network stands for.
pub fn lower(network: &Network) -> Result<Graph, Problem> {
    let mut lowering = Lowering {
        builder: GraphBuilder::new(),
        done: BTreeMap::new(),
        sites: BTreeSet::new(),
        inputs: BTreeMap::new(),
    };
    let fed = inputs::feed(&mut lowering.builder, &network.inputs);
    lowering.inputs = fed.map_err(|failure| failed(&failure, network.span))?;
    let output = lowering.node(&network.output)?;
    // Layers that were written and that the output does not need have weights all the
    // same: those of the last edges in ALIGNN, as in its code.
    for layer in &network.written {
        lowering.node(layer)?;
    }
    lowering
        .builder
        .finish(output)
        .map_err(|failure| failed(&failure, network.span))
}

struct Lowering {
    builder: GraphBuilder,
    /// Nodes by the address of their expression: what is used twice is built once.
    done: BTreeMap<usize, NodeId>,
    /// Sites whose weights were made: a second use shares them.
    sites: BTreeSet<Arc<str>>,
    /// The inputs that are tensors.
    inputs: BTreeMap<VarId, NodeId>,
}

impl Lowering {
    fn node(&mut self, expr: &Arc<Expr>) -> Result<NodeId, Problem> {
        let address = Arc::as_ptr(expr) as usize;
        if let Some(done) = self.done.get(&address) {
            return Ok(*done);
        }
        let span = expr.span;
        let built = |node: Result<NodeId, Failure>| node.map_err(|f| failed(&f, span));
        let node = match &expr.kind {
            Kind::Var(var) => {
                let input = self.inputs.get(var).copied();
                input.ok_or_else(|| unsupported("this", span))?
            }
            Kind::Field(_, name) => match crystal::field(expr) {
                Some(field) => built(self.builder.field(name, field))?,
                None => return Err(unsupported(name, span)),
            },
            Kind::Gather(of, by) => {
                let of = self.node(of)?;
                let route =
                    crystal::route(by).ok_or_else(|| unsupported("this", span))?;
                built(self.builder.gather("gather", of, &route))?
            }
            Kind::Shown(of, _) => self.node(of)?,
            Kind::Call(call) if is_grouping(call.short_name()) => {
                let grouped = crystal::grouped(call);
                let (of, by) =
                    grouped.ok_or_else(|| unsupported(call.short_name(), span))?;
                let of = self.node(of)?;
                let name = call.short_name();
                built(match name {
                    "sum" => self.builder.group(name, of, &by, Grouping::Sum),
                    "mean" => self.builder.group(name, of, &by, Grouping::Mean),
                    "max" => self.builder.group(name, of, &by, Grouping::Max),
                    _ => self.builder.softmax_group(name, of, &by),
                })?
            }
            // What chooses by whole numbers takes those of the crystal; along a map it takes
            // the choices.
            Kind::Call(call)
                if matches!(
                    call.short_name(),
                    "cgcnn_atoms" | "embedding" | "one_hot"
                ) =>
            {
                let lost = || unsupported(call.short_name(), span);
                let mut of = call.inputs.first().ok_or_else(lost)?;
                let mut maps = Vec::new();
                while let Kind::Gather(inner, by) = &of.kind {
                    maps.push(crystal::route(by).ok_or_else(lost)?);
                    of = inner;
                }
                let of = self.node(of)?;
                let mut node = self.layer(call, &[of], span)?;
                for map in maps.iter().rev() {
                    node = built(self.builder.gather("gather", node, map))?;
                }
                node
            }
            Kind::Call(call) => {
                let mut inputs = Vec::new();
                for input in &call.inputs {
                    inputs.push(self.node(input)?);
                }
                self.layer(call, &inputs, span)?
            }
            Kind::Binary(op, a, b) => {
                let (a, b) = (self.node(a)?, self.node(b)?);
                let builder = &mut self.builder;
                built(match op {
                    BinaryOp::Add => builder.add("add", a, b),
                    BinaryOp::Subtract => builder.subtract("subtract", a, b),
                    BinaryOp::Multiply => builder.multiply("multiply", a, b),
                    BinaryOp::Divide => builder.divide("divide", a, b),
                    _ => return Err(unsupported(op.symbol(), span)),
                })?
            }
            Kind::Unary(UnaryOp::Negate, of) => {
                let of = self.node(of)?;
                built(self.builder.negate("negate", of))?
            }
            Kind::Static(value) => match value.as_f64() {
                Some(value) => built(self.builder.scalar("number", value))?,
                None => return Err(unsupported("this", span)),
            },
            Kind::Unary(UnaryOp::Not, _)
            | Kind::Cells(_)
            | Kind::Tuple(_)
            | Kind::If(..) => return Err(unsupported("this", span)),
        };
        self.done.insert(address, node);
        Ok(node)
    }

    fn layer(
        &mut self,
        call: &Call,
        inputs: &[NodeId],
        span: Span,
    ) -> Result<NodeId, Problem> {
        let name = call.short_name();
        let label = call
            .site
            .as_ref()
            .map_or(name, |site| &site.label)
            .to_string();
        if let Some(site) = &call.site
            && !self.sites.insert(site.path.clone())
        {
            self.builder.shared(&label);
        }
        let node = match (name, inputs) {
            ("concat", _) => self.builder.concat(&label, inputs),
            ("weight", []) => {
                let sizes =
                    sizes(call, "shape").ok_or_else(|| unsupported(name, span))?;
                let init = init(call).ok_or_else(|| unsupported(name, span))?;
                self.builder.weight(&label, &sizes, init)
            }
            ("zeros" | "ones", []) => {
                let (domain, sizes) =
                    crystal::axes(call).ok_or_else(|| unsupported(name, span))?;
                match name {
                    "zeros" => self.builder.zeros(&label, domain, &sizes),
                    _ => self.builder.ones(&label, domain, &sizes),
                }
            }
            (_, [x]) => self
                .of_one(call, &label, *x)
                .ok_or_else(|| unsupported(name, span))?,
            _ => return Err(unsupported(name, span)),
        };
        let node = node.map_err(|failure| failed(&failure, span))?;
        if let Some(decay) = truth(call, "decay") {
            self.builder.set_decay(node, decay);
        }
        Ok(node)
    }

    /// A layer of one input; none when it is not one, or lacks a setting.
    fn of_one(
        &mut self,
        call: &Call,
        label: &str,
        x: NodeId,
    ) -> Option<Result<NodeId, Failure>> {
        let builder = &mut self.builder;
        Some(match call.short_name() {
            "relu" => builder.relu(label, x),
            "sigmoid" => builder.sigmoid(label, x),
            "tanh" => builder.tanh(label, x),
            "silu" => builder.silu(label, x),
            "softplus" => builder.softplus(label, x),
            "leaky_relu" => builder.leaky_relu(label, x, number(call, "slope")?),
            "exp" => builder.exp(label, x),
            "sqrt" => builder.sqrt(label, x),
            "cbrt" => builder.cbrt(label, x),
            "abs" => builder.abs(label, x),
            "clamp" => {
                let (low, high) = crystal::range(call, "range")?;
                builder.clamp(label, x, low, high)
            }
            "gaussians" => builder.gaussians(
                label,
                x,
                count(call, "count")?,
                crystal::range(call, "span")?,
                number(call, "width")?,
            ),
            "one_hot" => {
                let (low, classes) = crystal::classes(call, "classes")?;
                builder.one_hot(label, x, low, classes)
            }
            "cgcnn_atoms" => builder.lookup(label, x, cgcnn_atoms(), CGCNN_WIDTH),
            "embedding" => builder.embedding(
                label,
                x,
                count(call, "classes")?,
                count(call, "width")?,
                init(call)?,
            ),
            "range_scale" => builder.range_scale(label, x),
            "ln" => builder.ln(label, x),
            "flatten" => builder.flatten(label, x),
            "reshape" => builder.reshape(label, x, &sizes(call, "sizes")?),
            "transpose" => builder.transpose(label, x),
            "slice" => {
                builder.slice(label, x, count(call, "start")?, count(call, "stop")?)
            }
            "sum_last" => builder.sum_last(label, x),
            "mean_last" => builder.mean_last(label, x),
            "max_last" => builder.max_last(label, x),
            "softmax_last" => builder.softmax_last(label, x),
            "dropout" => builder.dropout(label, x, number(call, "rate")?),
            "avg_pool1d" => builder.avg_pool1d(
                label,
                x,
                count(call, "width")?,
                count(call, "stride")?,
            ),
            "batch_norm" => builder.batch_norm(
                label,
                x,
                number(call, "eps")?,
                number(call, "momentum")?,
            ),
            "layer_norm" => builder.layer_norm(label, x, number(call, "eps")?),
            "dense" => builder.dense(
                label,
                x,
                count(call, "units")?,
                truth(call, "bias")?,
                init(call)?,
            ),
            "conv1d" => {
                let conv = Conv1d {
                    filters: count(call, "filters")?,
                    kernel: count(call, "kernel")?,
                    stride: count(call, "stride")?,
                    padding: count(call, "padding")?,
                    bias: true,
                };
                builder.conv1d(label, x, conv, init(call)?)
            }
            _ => return None,
        })
    }
}

fn sizes(call: &Call, name: &str) -> Option<Vec<usize>> {
    let Setting::Static(Static::List(all)) = call.setting(name)? else {
        return None;
    };
    let size = |value: &Static| match value {
        Static::Int(n) => usize::try_from(*n).ok(),
        _ => None,
    };
    all.iter().map(size).collect()
}

fn failed(failure: &Failure, span: Span) -> Problem {
    let code = Code::parse(failure.code()).unwrap_or(Code::E0805);
    Problem::new(code, failure.to_string(), span, "this layer")
}

fn unsupported(what: &str, span: Span) -> Problem {
    Problem::new(
        Code::E0805,
        format!("`{what}` cannot stand in a network yet"),
        span,
        "this version checks it and cannot run it",
    )
}

pub fn is_grouping(name: &str) -> bool {
    matches!(name, "sum" | "mean" | "max" | "softmax")
}
