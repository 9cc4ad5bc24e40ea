//! Weights out to a file, under the names of a reference code or ours.

use std::sync::Arc;

use super::failed::training_failed;
use super::lost;
use super::model::model;
use crate::builtins::layers::lower;
use crate::builtins::settings::{known, symbol};
use crate::diagnostic::{Code, Problem};
use crate::ir::{self, Call, Expr, Kind, Setting, Static};
use crate::nn::{self, Graph, Named};
use crate::run::{Cell, Column, Runner, Saved, Table, Value, Work};
use crate::source::Span;

/// `export_weights(…)`: a table of the tensors, and the file.
pub fn export_weights(
    runner: &mut Runner<'_>,
    work: &Work<'_>,
) -> Result<Value, Problem> {
    let Some(Static::Text(file)) = known(work.call, "name") else {
        return Err(lost(work.span));
    };
    let input = runner.input(work)?;
    let model = model(runner, input, work.span)?;
    let [member] = model.members.as_slice() else {
        return Err(lost(work.span));
    };
    let (weights, scale) = (&member.weights, member.scale);
    let unit = model.data.target.as_ref();
    let unit = unit.map_or("", |target| &target.unit);
    let failed = |failure| training_failed(&failure, work.span);
    let (tensors, bytes) = match theirs(work.call) {
        false => {
            let own = weights.iter().map(|(name, sizes, values)| {
                (name.to_owned(), sizes.to_vec(), values.to_vec())
            });
            (own.collect(), weights.to_file(scale, unit))
        }
        true => {
            let code = code_of(&member.graph, work.span)?;
            let tensors = nn::export_named(code, weights).map_err(failed)?;
            (tensors, nn::export_file(code, weights, scale, unit))
        }
    };
    let mut table = table(&tensors);
    let bytes: Arc<[u8]> = bytes.map_err(failed)?.into();
    table.saved.push((file.clone(), Saved::Bytes(bytes)));
    Ok(Value::Table(Arc::new(table)))
}

/// Whether the names asked for are those of the reference code.
fn theirs(call: &Call) -> bool {
    symbol(call, "names") == Some("code_names")
}

/// The reference code's name of the network.
fn code_of(graph: &Graph, span: Span) -> Result<&'static str, Problem> {
    nn::reference_names(graph).ok_or_else(|| {
        let known: Vec<&str> = nn::architectures().collect();
        let title = "no reference code has names for the weights of this network";
        Problem::new(Code::E0802, title, span, "to be written under such names")
            .note(format!("there are names for {}", known.join(", ")))
            .help("write `names: tmo_names`")
    })
}

/// An error if a study would find after its training only that its weights have no names.
pub fn exportable(root: &Expr) -> Result<(), Problem> {
    let mut first = Ok(());
    ir::visit_calls(root, &mut |call, span| {
        if first.is_err() || call.short_name() != "export_weights" || !theirs(call) {
            return;
        }
        if let Some(network) = call.inputs.first().and_then(|input| trained(input)) {
            first = lower(network).and_then(|graph| code_of(&graph, span).map(|_| ()));
        }
    });
    first
}

/// The network of a model, where it is known before a run.
fn trained(expr: &Expr) -> Option<&Arc<ir::Network>> {
    let Kind::Call(call) = &expr.kind else {
        return None;
    };
    match call.setting("network") {
        Some(Setting::Network(network)) => Some(network),
        _ => trained(call.inputs.first()?),
    }
}

fn table(tensors: &[Named]) -> Table {
    let column = |name: &str, of: &dyn Fn(&Named) -> Cell| Column {
        name: name.into(),
        unit: "".into(),
        cells: tensors.iter().map(of).collect(),
    };
    let shape = |sizes: &[usize]| {
        let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
        format!("[{}]", sizes.join(", "))
    };
    Table::new(vec![
        column("name", &|(name, ..)| Cell::text(name)),
        column("shape", &|(_, sizes, _)| Cell::text(&shape(sizes))),
        column("weights", &|(.., values)| Cell::Number(values.len() as f64)),
    ])
}
