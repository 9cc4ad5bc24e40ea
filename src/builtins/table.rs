//! A network as a table: its layers with shapes and weights.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::settings::{count, truth};
use crate::ir::{Call, Expr, Fed, Input, Kind, Network, Setting, Static, parts};

/// A line of the layer table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerShape {
    /// Where it stands in the model.
    pub place: String,
    /// What it does.
    pub layer: String,
    /// Its output for one batch.
    pub output: String,
    /// How many weights it owns; a layer used a second time owns none.
    pub weights: usize,
}

/// The layers of a network, inputs before what uses them; at the end those on which the
/// output does not depend.
pub fn layer_table(network: &Network) -> Vec<LayerShape> {
    let mut table = Table {
        rows: network.inputs.iter().map(input_row).collect(),
        seen: BTreeSet::new(),
        owned: BTreeMap::new(),
    };
    table.walk(&network.output);
    for layer in &network.written {
        table.walk(layer);
    }
    table.rows
}

/// The line of an input.
fn input_row(input: &Input) -> LayerShape {
    let output = match &input.fed {
        Fed::Vector(sizes) => {
            let sizes = sizes.iter().map(|size| format!(", {size}"));
            format!("[rows{}]", sizes.collect::<String>())
        }
        Fed::Crystal { angles: false } => "Crystal[n, e]".into(),
        Fed::Crystal { angles: true } => "Crystal[n, e, t]".into(),
    };
    LayerShape {
        place: input.name.to_string(),
        layer: "input".into(),
        output,
        weights: 0,
    }
}

/// How many weights a network has.
pub fn weight_count(network: &Network) -> usize {
    layer_table(network).iter().map(|row| row.weights).sum()
}

struct Table {
    rows: Vec<LayerShape>,
    seen: BTreeSet<usize>,
    /// Sites whose weights were counted.
    owned: BTreeMap<Arc<str>, ()>,
}

impl Table {
    fn walk(&mut self, expr: &Arc<Expr>) {
        if !self.seen.insert(Arc::as_ptr(expr) as usize) {
            return;
        }
        for part in parts(expr) {
            self.walk(part);
        }
        let Kind::Call(call) = &expr.kind else { return };
        let weights = match &call.site {
            Some(site) if self.owned.insert(site.path.clone(), ()).is_none() => {
                weights_of(call, expr)
            }
            _ => 0,
        };
        self.rows.push(LayerShape {
            place: call
                .site
                .as_ref()
                .map_or(call.short_name(), |site| &site.label)
                .to_string(),
            layer: words(call),
            output: expr
                .shape
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            weights,
        });
    }
}

/// How many weights one layer owns.
fn weights_of(call: &Call, expr: &Expr) -> usize {
    let given = call.inputs.first().and_then(|input| input.shape.as_ref());
    let last = given
        .and_then(|shape| shape.sizes.last())
        .copied()
        .unwrap_or(0);
    let number = |name: &str| count(call, name).unwrap_or(0);
    match call.short_name() {
        "dense" => {
            let bias = truth(call, "bias").unwrap_or(true);
            number("units") * (last + usize::from(bias))
        }
        "conv1d" => number("filters") * (number("kernel") * last + 1),
        "embedding" => number("classes") * number("width"),
        "batch_norm" | "layer_norm" => 2 * last,
        "weight" => expr
            .shape
            .as_ref()
            .map_or(0, |shape| shape.sizes.iter().product()),
        _ => 0,
    }
}

/// A layer in the words of the script: its numbers, those that say something.
fn words(call: &Call) -> String {
    let mut all = Vec::new();
    for (at, (name, setting)) in call.settings.iter().enumerate() {
        let Setting::Static(value) = setting else {
            continue;
        };
        match (value, &**name) {
            (Static::Int(0 | 1), "stride" | "padding") => {}
            (Static::Int(_), "stride")
                if count(call, "stride") == count(call, "width") => {}
            (Static::Bool(true), "bias") | (Static::Made(_) | Static::Symbol(_), _) => {}
            (_, "decay" | "momentum" | "eps") => {}
            (value, _) if at == 0 => all.push(value.to_string()),
            (value, name) => all.push(format!("{name}: {value}")),
        }
    }
    match all.as_slice() {
        [] => call.short_name().to_string(),
        _ => format!("{}({})", call.short_name(), all.join(", ")),
    }
}
