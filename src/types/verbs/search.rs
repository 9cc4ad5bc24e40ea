//! Sweeps and searches: a cell chosen, cells laid out, holes for `tune` to fill.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::lambdas::with_unit;
use crate::ir::{Expr, Kind, Lambda, SearchAxis, Setting, Space, parts};
use crate::types::builtin::Applied;
use crate::types::check::Checker;
use crate::types::holes::{Axis, AxisId, Filled, Swept};
use crate::types::numeric::number;
use crate::types::problems;
use crate::types::ty::{Columns, TableTy, Ty};
use crate::types::value::{Arg, Form, Val};

/// `t |> pick(minimize: …)`.
pub fn pick(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(table) = table(call) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    let Some(cell) = table.cell.clone() else {
        let given = call.value("t").map_or(Ty::Poison, |val| val.ty.clone());
        checker.report(problems::no_cells(call.span_of("t"), &given));
        return Val::poison(call.at);
    };
    let Some((lambda, found)) = checker.row_function(call, "minimize", &table.columns)
    else {
        return Val::poison(call.at);
    };
    if !measures(checker, &found) {
        return Val::poison(call.at);
    }
    if reads_test(&lambda.body) {
        let at = call.span_of("minimize");
        checker.report(problems::test_chooses(at, "pick"));
    }
    let setting = ("minimize".into(), Setting::Lambda(lambda));
    checker.emit_with(call, cell, vec![setting])
}

/// Whether a value can be minimised; says so when it cannot.
fn measures(checker: &mut Checker<'_>, found: &Val) -> bool {
    let fine = number(&found.ty).is_some_and(|number| number.axes.is_scalar());
    if !fine {
        checker.report(problems::wrong_operand("minimize", found, "a number"));
    }
    fine
}

/// Whether a row function reads the score of test rows.
fn reads_test(expr: &Expr) -> bool {
    if let Kind::Field(_, name) = &expr.kind
        && &**name == "test"
    {
        return true;
    }
    parts(expr).into_iter().any(|part| reads_test(part))
}

/// `t |> pivot(rows: …, columns: …, value: …)`.
pub fn pivot(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(table) = table(call) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    let mut settings = Vec::new();
    let mut found = Vec::new();
    for param in ["rows", "columns", "value"] {
        let Some((lambda, val)) = checker.row_function(call, param, &table.columns)
        else {
            return Val::poison(call.at);
        };
        let lambda = match param {
            "value" => with_unit(lambda, &val.ty),
            _ => lambda,
        };
        found.push((lambda.body.clone(), val));
        settings.push((param.into(), Setting::Lambda(lambda)));
    }
    let [(rows, row), (columns, _), (_, value)] = found.as_slice() else {
        return Val::poison(call.at);
    };
    let mut made: Columns = keys(rows)
        .into_iter()
        .zip(types(&row.ty))
        .map(|(name, ty)| (name.unwrap_or_else(|| "row".into()), ty))
        .collect();
    let Some(names) = column_names(&table, columns) else {
        checker.report(problems::columns_not_known(call.span_of("columns")));
        return Val::poison(call.at);
    };
    for name in names {
        // Where the sweep has no such cell, the place stays empty.
        made.push((name.into(), Ty::Maybe(value.ty.clone().into())));
    }
    let ty = Ty::Table(Arc::new(TableTy {
        columns: made,
        cell: None,
        axes: Vec::new(),
        from: table.from,
        ..TableTy::default()
    }));
    checker.emit_with(call, ty, settings)
}

/// The columns a row function reads, one for each part of a tuple.
fn keys(expr: &Expr) -> Vec<Option<Arc<str>>> {
    let all = match &expr.kind {
        Kind::Tuple(parts) => parts.iter().map(|part| &**part).collect(),
        _ => vec![expr],
    };
    let name = |expr: &&Expr| match &expr.kind {
        Kind::Field(_, name) => Some(name.clone()),
        _ => None,
    };
    all.iter().map(name).collect()
}

fn types(ty: &Ty) -> Vec<Ty> {
    match ty {
        Ty::Tuple(parts) => parts.clone(),
        other => vec![other.clone()],
    }
}

/// What the columns of a pivot are called; none when an axis is not known.
fn column_names(table: &TableTy, columns: &Expr) -> Option<Vec<String>> {
    let mut names = vec![String::new()];
    for key in keys(columns) {
        let key = key?;
        let axis = table.axes.iter().find(|axis| axis.name == key)?;
        let mut longer = Vec::new();
        for start in &names {
            for value in &axis.values {
                let shown = axis.label(value);
                longer.push(match start.is_empty() {
                    true => shown,
                    false => format!("{start}, {shown}"),
                });
            }
        }
        names = longer;
    }
    Some(names)
}

/// `compare({ name: model, … })`: the models are cells, their names the axis.
pub fn compare(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(models) = call.value("models").cloned() else {
        return Val::poison(call.at);
    };
    let Form::Record(fields) = &models.form else {
        let wanted = "a record of scored models: `{ A: a, B: b }`";
        checker.report(problems::wrong_operand("compare", &models, wanted));
        return Val::poison(call.at);
    };
    let mut names = Vec::new();
    let mut cells = BTreeMap::new();
    for (at, (name, val)) in fields.iter().enumerate() {
        if !matches!(val.ty, Ty::Evaluated(_)) {
            let wanted = "a scored model: `… |> evaluate(rmse)`";
            checker.report(problems::wrong_operand(name, val, wanted));
            return Val::poison(call.at);
        }
        names.push(Val {
            ty: Ty::Text,
            form: Form::Text(name.clone()),
            span: val.span,
        });
        cells.insert(vec![at], val.clone());
    }
    if names.is_empty() {
        checker.report(problems::no_values(models.span));
        return Val::poison(call.at);
    }
    let axis = Axis {
        id: AxisId {
            at: call.at,
            copy: Vec::new(),
        },
        name: "name".into(),
        filled: Filled::ByEach,
        values: names,
    };
    let axes = vec![Arc::new(axis)];
    checker.as_table(Swept { axes, cells }, call.at)
}

/// `rows |> tune(method, minimize: …, trial: …)`.
pub fn tune(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let (Some(rows), Some(Arg::Later(trial, ctx))) =
        (call.value("rows").cloned(), call.arg("trial").cloned())
    else {
        return Val::unknown(Ty::Poison, call.at);
    };
    let Ty::Dataset(data) = &rows.ty else {
        return Val::unknown(Ty::Poison, call.at);
    };
    if !data.has_val {
        let why = "which trial is best";
        checker.report(problems::nothing_held_out(call.at, why, "train"));
        return Val::poison(call.at);
    }
    let at = trial.span;
    let mut read = |checker: &mut Checker<'_>| {
        let func = checker.infer(&trial, &ctx);
        checker.apply(&func, vec![rows.clone()], at)
    };
    let swept = checker.searched(at, &mut read);
    let Some(first) = swept.cells.values().next().cloned() else {
        return Val::poison(call.at);
    };
    if swept.cells.values().any(Val::is_poison) {
        return Val::poison(call.at);
    }
    let Ty::Trained(trained) = &first.ty else {
        checker.report(problems::wrong_operand("tune", &first, "a `train(…)`"));
        return Val::poison(call.at);
    };
    let mut trained = trained.clone();
    if swept.axes.is_empty() {
        checker.report(problems::nothing_to_tune(at));
    }
    let Some((lambda, found)) =
        checker.function_of(call, "minimize", Ty::Trained(trained.clone()))
    else {
        return Val::poison(call.at);
    };
    if !measures(checker, &found) {
        return Val::poison(call.at);
    }
    let Form::Run(sample) = &first.form else {
        return Val::unknown(Ty::Trained(trained), call.at);
    };
    Arc::make_mut(&mut trained).trials = Some(trials(&swept.axes, &found.ty));
    let space = Space {
        axes: swept.axes.iter().map(|axis| search_axis(axis)).collect(),
        sample: sample.clone(),
    };
    let settings: Vec<(Arc<str>, Setting)> = vec![
        ("minimize".into(), Setting::Lambda(lambda)),
        ("trial".into(), Setting::Space(Arc::new(space))),
    ];
    checker.emit_with(call, Ty::Trained(trained), settings)
}

/// What is known of each trial: its number, what its holes were filled with, and what
/// `minimize` came to. A hole of a copy that not every trial has may be missing.
fn trials(axes: &[Arc<Axis>], minimized: &Ty) -> Columns {
    let mut columns: Columns = vec![("trial".into(), Ty::int())];
    for axis in axes {
        let ty = axis.values.first().map_or(Ty::Poison, |val| val.ty.clone());
        let ty = match axis.id.copy.is_empty() {
            true => ty,
            false => Ty::Maybe(ty.into()),
        };
        columns.push((axis.name.clone(), ty));
    }
    columns.push(("minimized".into(), minimized.clone()));
    columns
}

fn search_axis(axis: &crate::types::holes::Axis) -> SearchAxis {
    SearchAxis {
        name: axis.name.clone(),
        values: axis.values.iter().filter_map(Val::as_static).collect(),
    }
}

fn table(call: &Applied) -> Option<TableTy> {
    match &call.value("t")?.ty {
        Ty::Table(table) => Some((**table).clone()),
        _ => None,
    }
}

impl Checker<'_> {
    /// Read a trial for every combination of its search holes. Its `each` are the axes of
    /// what stands around it.
    fn searched(
        &mut self,
        at: crate::source::Span,
        read: &mut dyn FnMut(&mut Self) -> Val,
    ) -> Swept {
        let all = self.cells(at, read);
        if all.axes.iter().all(|axis| axis.filled == Filled::BySearch) {
            return all;
        }
        let swept: Vec<_> = all
            .axes
            .iter()
            .filter(|axis| axis.filled == Filled::ByEach)
            .cloned()
            .collect();
        self.in_cell_of(&swept, |checker| checker.cells(at, read))
    }

    /// A function of a row that is no row of columns: `.val.rmse` of a trained model.
    fn function_of(
        &mut self,
        call: &Applied,
        param: &str,
        of: Ty,
    ) -> Option<(Lambda, Val)> {
        let arg = call.arg(param)?.clone();
        self.row_function_on(call, param, &arg, of)
    }
}
