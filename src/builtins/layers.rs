//! A network of the IR as a graph of nn: one arm for each layer.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::settings::{count, init, number, truth};
use crate::diagnostic::{Code, Problem};
use crate::ir::{Call, Expr, Fed, Kind, Network, Setting, Static};
use crate::nn::{Conv1d, Failure, Graph, GraphBuilder, NodeId};
use crate::source::Span;

/// Build the graph a network stands for.
pub fn lower(network: &Network) -> Result<Graph, Problem> {
    let mut lowering = Lowering {
        builder: GraphBuilder::new(),
        done: BTreeMap::new(),
        sites: BTreeMap::new(),
        input: None,
    };
    let Fed::Vector(sizes) = &network.input.fed else {
        return Err(graphs_later(network));
    };
    let input = lowering
        .builder
        .input(&network.input.name, sizes)
        .map_err(|failure| failed(&failure, network.span))?;
    lowering.input = Some(input);
    let output = lowering.node(&network.output)?;
    lowering
        .builder
        .finish(output)
        .map_err(|failure| failed(&failure, network.span))
}

struct Lowering {
    builder: GraphBuilder,
    /// Nodes by the address of their expression: what is used twice is built once.
    done: BTreeMap<usize, NodeId>,
    /// Where the weights of a site were made.
    sites: BTreeMap<Arc<str>, Span>,
    input: Option<NodeId>,
}

impl Lowering {
    fn node(&mut self, expr: &Arc<Expr>) -> Result<NodeId, Problem> {
        let address = Arc::as_ptr(expr) as usize;
        if let Some(done) = self.done.get(&address) {
            return Ok(*done);
        }
        let node = match &expr.kind {
            Kind::Var(_) => self.input.ok_or_else(|| unsupported("this", expr.span))?,
            Kind::Call(call) => {
                let [input] = call.inputs.as_slice() else {
                    return Err(unsupported(call.short_name(), expr.span));
                };
                let x = self.node(input)?;
                self.layer(call, x, expr.span)?
            }
            Kind::Binary(op, ..) => return Err(unsupported(op.symbol(), expr.span)),
            Kind::Static(_)
            | Kind::Field(..)
            | Kind::Unary(..)
            | Kind::Gather(..)
            | Kind::Shown(..)
            | Kind::If(..) => return Err(unsupported("this", expr.span)),
        };
        self.done.insert(address, node);
        Ok(node)
    }

    fn layer(&mut self, call: &Call, x: NodeId, span: Span) -> Result<NodeId, Problem> {
        let name = call.short_name();
        let label = call
            .site
            .as_ref()
            .map_or(name, |site| &site.label)
            .to_string();
        if let Some(site) = &call.site
            && let Some(first) = self.sites.insert(site.path.clone(), span)
        {
            return Err(shared(&label, span, first));
        }
        let lost = || unsupported(name, span);
        let builder = &mut self.builder;
        let node = match name {
            "relu" => builder.relu(&label, x),
            "flatten" => builder.flatten(&label, x),
            "reshape" => builder.reshape(&label, x, &sizes(call).ok_or_else(lost)?),
            "dropout" => {
                builder.dropout(&label, x, number(call, "rate").ok_or_else(lost)?)
            }
            "avg_pool1d" => builder.avg_pool1d(
                &label,
                x,
                count(call, "width").ok_or_else(lost)?,
                count(call, "stride").ok_or_else(lost)?,
            ),
            "dense" => builder.dense(
                &label,
                x,
                count(call, "units").ok_or_else(lost)?,
                truth(call, "bias").ok_or_else(lost)?,
                init(call).ok_or_else(lost)?,
            ),
            "conv1d" => {
                let conv = Conv1d {
                    filters: count(call, "filters").ok_or_else(lost)?,
                    kernel: count(call, "kernel").ok_or_else(lost)?,
                    stride: count(call, "stride").ok_or_else(lost)?,
                    padding: count(call, "padding").ok_or_else(lost)?,
                    bias: true,
                };
                builder.conv1d(&label, x, conv, init(call).ok_or_else(lost)?)
            }
            _ => return Err(lost()),
        };
        node.map_err(|failure| failed(&failure, span))
    }
}

fn sizes(call: &Call) -> Option<Vec<usize>> {
    let Setting::Static(Static::List(all)) = call.setting("sizes")? else {
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
    .help("networks are made of dense, conv1d, avg_pool1d, relu, dropout, reshape and flatten")
}

fn shared(label: &str, span: Span, first: Span) -> Problem {
    Problem::new(
        Code::E0805,
        format!("`{label}` is used twice, and would share its weights"),
        span,
        "this version cannot run a shared layer",
    )
    .and(first, "first used here")
    .help("write the layer once for each use")
}

fn graphs_later(network: &Network) -> Problem {
    Problem::new(
        Code::E0805,
        format!(
            "`{}` takes a crystal graph, and this version trains on vectors",
            network.name
        ),
        network.span,
        "checked, and not run",
    )
    .help("`tmo show` draws it; features such as `magpie()` can be trained on")
}
