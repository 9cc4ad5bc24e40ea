//! Verbs over trained models.

use std::sync::Arc;

use super::data;
use crate::ir::{Call, Expr, Kind, Setting, Static, as_written, visit_calls};
use crate::source::Span;
use crate::types::builtin::Applied;
use crate::types::check::Checker;
use crate::types::dimension::Dimension;
use crate::types::problems;
use crate::types::ty::{TableTy, TrainedTy, Ty};
use crate::types::value::{Form, Val};

/// The trained model a verb is given.
fn model(call: &Applied) -> Option<(TrainedTy, Val)> {
    let val = call.value("trained")?;
    match &val.ty {
        Ty::Trained(trained) | Ty::Evaluated(trained) => {
            Some(((**trained).clone(), val.clone()))
        }
        _ => None,
    }
}

/// The trainings a model may come from: one, or that of each cell it is chosen from. A
/// run counts them in the same order.
fn trainings(expr: &Expr) -> Vec<&Call> {
    match &expr.kind {
        Kind::Call(call) if call.trains() => vec![call],
        Kind::Call(call) => call.inputs.first().map_or(vec![], |of| trainings(of)),
        Kind::Cells(cells) => {
            let cells = cells.cells.iter();
            cells.flat_map(|(_, cell)| trainings(cell)).collect()
        }
        _ => Vec::new(),
    }
}

/// The call that made what the network of a training sees.
fn featurizer(expr: &Arc<Expr>) -> Option<&Arc<Expr>> {
    match &expr.kind {
        Kind::Call(call) if call.short_name() == "featurize" => Some(expr),
        Kind::Call(call) => featurizer(call.inputs.first()?),
        Kind::Field(of, _) => featurizer(of),
        _ => None,
    }
}

/// The `train` of a training: of a search, that of its trials.
fn trainer(training: &Call) -> Option<&Call> {
    match training.setting("trial") {
        Some(Setting::Space(space)) => trainings(&space.sample).first().copied(),
        _ => Some(training),
    }
}

pub fn refit(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some((mut trained, model)) = model(call) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    if !trained.data.has_val {
        let why = "there are no validation rows to train on as well";
        let fix = "holdout(val: 20%)";
        checker.report(problems::split_missing("refit", call.at, why, fix));
        return Val::poison(call.at);
    }
    if let Form::Run(expr) = &model.form {
        let made: Vec<&Call> = trainings(expr).into_iter().filter_map(trainer).collect();
        if trained.spread || made.iter().any(|made| made.short_name() != "train") {
            checker.report(problems::not_one_training(model.span));
            return Val::poison(call.at);
        }
        if made.into_iter().any(watches_val) {
            checker.report(problems::refit_watches_nothing(call.at));
            return Val::poison(call.at);
        }
    }
    trained.data.has_val = false;
    trained.asked = Vec::new();
    trained.trials = None;
    checker.emit(call, Ty::Trained(trained.into()))
}

/// Whether the rate of a training falls by what the validation rows say.
fn watches_val(call: &Call) -> bool {
    let Some(Setting::Static(Static::Made(made))) = call.setting("schedule") else {
        return false;
    };
    matches!(
        made.setting("watch"),
        Some(Static::Symbol(name)) if name.ends_with(".val_loss")
    )
}

pub fn ensemble(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(given) = call.value("members").cloned() else {
        return Val::unknown(Ty::Poison, call.at);
    };
    let (first, members) = match (&given.form, &given.ty) {
        (Form::List(members), _) => (
            members.first().map(|val| val.ty.clone()),
            Members::Known(members.iter().filter_map(Val::as_ir).collect()),
        ),
        (Form::Run(table), Ty::Table(ty)) => (ty.cell.clone(), Members::of(table)),
        _ => return Val::unknown(Ty::Poison, call.at),
    };
    if let Members::Known(all) = &members
        && !fit_together(checker, all, &given)
    {
        return Val::poison(call.at);
    }
    let first = match first {
        Some(Ty::Trained(trained) | Ty::Evaluated(trained)) => (*trained).clone(),
        _ => return Val::unknown(Ty::Poison, call.at),
    };
    if !first.data.has_val {
        let why = "how far a spread is from an error is seen on validation rows";
        let fix = "holdout(val: 20%)";
        checker.report(problems::split_missing("ensemble", call.at, why, fix));
        return Val::poison(call.at);
    }
    let ty = TrainedTy {
        spread: true,
        asked: Vec::new(),
        ..first
    };
    let inputs = match members {
        Members::Known(all) => all,
        Members::Left(table) => vec![table],
    };
    made(checker, call, Ty::Trained(ty.into()), Some(inputs))
}

/// The members of an ensemble.
enum Members {
    /// Each of them.
    Known(Vec<Arc<Expr>>),
    /// Those that are left of a table after its verbs, which a run knows.
    Left(Arc<Expr>),
}

impl Members {
    /// Those of a sweep one by one, as a list has them: both ways of writing it are one
    /// computation.
    fn of(table: &Arc<Expr>) -> Members {
        match &table.kind {
            Kind::Cells(cells) => {
                let cells = cells.cells.iter();
                Members::Known(cells.map(|(_, cell)| cell.clone()).collect())
            }
            _ => Members::Left(table.clone()),
        }
    }
}

/// Whether those are several models of the same rows and features; if not it was
/// reported.
fn fit_together(checker: &mut Checker<'_>, members: &[Arc<Expr>], given: &Val) -> bool {
    if members.len() < 2 {
        checker.report(problems::too_few_members(given.span, members.len()));
        return false;
    }
    // Of a member chosen among several, a run knows which it is.
    let rows = members
        .iter()
        .map(|member| match trainings(member).as_slice() {
            [one] => one.inputs.first().cloned(),
            _ => None,
        });
    let rows: Vec<Arc<Expr>> = rows.flatten().collect();
    let alike = rows.windows(2).all(|pair| match pair {
        [a, b] => Arc::ptr_eq(a, b) || as_written(a) == as_written(b),
        _ => true,
    });
    if !alike {
        checker.report(problems::other_rows(given.span));
    }
    alike
}

/// A call without settings, once all its inputs are known.
fn made(
    checker: &Checker<'_>,
    call: &Applied,
    ty: Ty,
    inputs: Option<Vec<Arc<Expr>>>,
) -> Val {
    let Some(inputs) = inputs else {
        return Val::unknown(ty, call.at);
    };
    let kind = Kind::Call(Call {
        builtin: checker.program.full_name(call.id).into(),
        settings: Vec::new(),
        inputs,
        site: None,
    });
    Val::run(ty, kind, call.at)
}

/// `mc_dropout(…)`: the spread of a model asked again and again with its dropout on.
pub fn mc_dropout(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some((mut trained, model)) = model(call) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    if let Some(passes) = call.value("passes")
        && passes.as_int().is_some_and(|count| count < 2)
    {
        let due = call.due("passes");
        checker.report(problems::out_of_its_range(passes, &due, "2 or more"));
        return Val::poison(call.at);
    }
    if !trained.data.has_val {
        let why = "how far a spread is from an error is seen on validation rows";
        let fix = "holdout(val: 20%)";
        checker.report(problems::split_missing("mc_dropout", call.at, why, fix));
        return Val::poison(call.at);
    }
    if let Form::Run(expr) = &model.form
        && let Some(fixed) = trainings(expr)
            .into_iter()
            .filter_map(trainer)
            .find(|made| !drops(made))
    {
        let name = match fixed.setting("network") {
            Some(Setting::Network(network)) => network.name.clone(),
            _ => "this model".into(),
        };
        checker.report(problems::nothing_random(&name, call.at));
        return Val::poison(call.at);
    }
    trained.spread = true;
    trained.asked = Vec::new();
    checker.emit(call, Ty::Trained(trained.into()))
}

/// Whether the network of a training drops anything out.
fn drops(training: &Call) -> bool {
    let Some(Setting::Network(network)) = training.setting("network") else {
        return false;
    };
    let mut found = false;
    visit_calls(&network.output, &mut |call, _| {
        let rate = match call.setting("rate") {
            Some(Setting::Static(rate)) => rate.as_f64(),
            _ => None,
        };
        found |= call.short_name() == "dropout" && rate.is_some_and(|rate| rate > 0.0);
    });
    found
}

pub fn predict(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let (Some((trained, model)), Some(rows)) = (model(call), call.value("rows").cloned())
    else {
        return Val::unknown(Ty::Poison, call.at);
    };
    let Some(mut data) = data(call) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    let target = trained.data.target.as_ref();
    let target = Ty::real(target.map_or(Dimension::NONE, |target| target.dimension));
    let mut columns = vec![("predicted", target.clone())];
    if trained.spread {
        columns.push(("uncertainty", target));
    }
    columns.push(("known_elements", Ty::Bool));
    columns.push(("in_domain", Ty::Bool));
    for (name, ty) in columns {
        if data.columns.iter().any(|(known, _)| &**known == name) {
            checker.report(problems::predicted_already(name, call.at));
            return Val::poison(call.at);
        }
        data.columns.push((name.into(), ty));
    }
    data.features = None;
    let on_bad = call.value("on_bad").and_then(Val::as_static);
    let inputs = on_bad.and_then(|on_bad| seen_by(&model, &rows, &on_bad, call.at));
    made(checker, call, Ty::Dataset(data.into()), inputs)
}

/// The model, and the rows with what it sees of them: computed as it was for its own. Of
/// a model chosen among some that see different things, the rows as each of them does.
pub fn seen_by(
    model: &Val,
    rows: &Val,
    on_bad: &Static,
    at: Span,
) -> Option<Vec<Arc<Expr>>> {
    let (model, rows) = (model.as_ir()?, rows.as_ir()?);
    let seeing = trainings(&model).into_iter();
    let seeing = seeing.map(|training| featurizer(training.inputs.first()?));
    let mut seeing: Vec<&Arc<Expr>> = seeing.collect::<Option<_>>()?;
    if seeing.windows(2).all(|pair| match pair {
        [a, b] => Arc::ptr_eq(a, b),
        _ => true,
    }) {
        seeing.truncate(1);
    }
    let seen: Option<Vec<Arc<Expr>>> = seeing
        .into_iter()
        .map(|featurize| seen_alike(featurize, &rows, on_bad, at))
        .collect();
    let mut all = vec![model.clone()];
    all.extend(seen.filter(|seen| !seen.is_empty())?);
    Some(all)
}

/// Rows with the features that a `featurize` gave others.
fn seen_alike(
    featurize: &Expr,
    rows: &Arc<Expr>,
    on_bad: &Static,
    at: Span,
) -> Option<Arc<Expr>> {
    let Kind::Call(featurize) = &featurize.kind else {
        return None;
    };
    let mut featurize = featurize.clone();
    for (name, setting) in &mut featurize.settings {
        if &**name == "on_bad" {
            *setting = Setting::Static(on_bad.clone());
        }
    }
    featurize.inputs = vec![rows.clone()];
    Some(Arc::new(Expr {
        kind: Kind::Call(featurize),
        span: at,
        shape: None,
    }))
}

/// What a file of weights may end with.
const ENDINGS: [&str; 1] = [".safetensors"];

pub fn export_weights(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some((trained, model)) = model(call) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    if trained.spread {
        checker.report(problems::not_one_network(model.span));
        return Val::poison(call.at);
    }
    if super::columns::file_name(checker, call, &ENDINGS).is_none() {
        return Val::poison(call.at);
    }
    let columns = vec![
        ("name".into(), Ty::Text),
        ("shape".into(), Ty::Text),
        ("weights".into(), Ty::int()),
    ];
    let table = TableTy {
        columns,
        ..TableTy::default()
    };
    checker.emit(call, Ty::Table(table.into()))
}
