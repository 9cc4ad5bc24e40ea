//! Verbs over trained models.

use std::sync::Arc;

use super::data;
use crate::ir::{Call, Expr, Kind, Setting, Static};
use crate::types::builtin::Applied;
use crate::types::check::Checker;
use crate::types::dimension::Dimension;
use crate::types::problems;
use crate::types::ty::{TrainedTy, Ty};
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

/// The call that made the weights of a model.
fn trainer(expr: &Expr) -> Option<&Call> {
    match &expr.kind {
        Kind::Call(call) if call.setting("network").is_some() => Some(call),
        Kind::Call(call) => trainer(call.inputs.first()?),
        _ => None,
    }
}

/// The call that made what a network sees.
fn featurizer(expr: &Expr) -> Option<&Call> {
    match &expr.kind {
        Kind::Call(call) if call.short_name() == "featurize" => Some(call),
        Kind::Call(call) => featurizer(call.inputs.first()?),
        Kind::Field(of, _) => featurizer(of),
        _ => None,
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
    if let Form::Run(expr) = &model.form
        && let Some(made) = trainer(expr)
    {
        if trained.spread || made.short_name() != "train" {
            checker.report(problems::not_one_training(model.span));
            return Val::poison(call.at);
        }
        if watches_val(made) {
            checker.report(problems::refit_watches_nothing(call.at));
            return Val::poison(call.at);
        }
    }
    trained.data.has_val = false;
    trained.asked = Vec::new();
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
    let Some(Form::List(members)) = call.value("members").map(|val| val.form.clone())
    else {
        return Val::unknown(Ty::Poison, call.at);
    };
    if members.len() < 2 {
        let at = call.span_of("members");
        checker.report(problems::too_few_members(at, members.len()));
        return Val::poison(call.at);
    }
    let first = match members.first().map(|val| &val.ty) {
        Some(Ty::Trained(trained) | Ty::Evaluated(trained)) => (**trained).clone(),
        _ => return Val::unknown(Ty::Poison, call.at),
    };
    if !first.data.has_val {
        let why = "how far a spread is from an error is seen on validation rows";
        let fix = "holdout(val: 20%)";
        checker.report(problems::split_missing("ensemble", call.at, why, fix));
        return Val::poison(call.at);
    }
    let inputs: Option<Vec<Arc<Expr>>> = members.iter().map(Val::as_ir).collect();
    let ty = TrainedTy {
        spread: true,
        asked: Vec::new(),
        ..first
    };
    made(checker, call, Ty::Trained(ty.into()), inputs)
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
    let inputs = inputs(call, &model, &rows);
    made(checker, call, Ty::Dataset(data.into()), inputs)
}

/// The model, and the rows with what it sees of them: computed as it was for its own.
fn inputs(call: &Applied, model: &Val, rows: &Val) -> Option<Vec<Arc<Expr>>> {
    let (model, rows) = (model.as_ir()?, rows.as_ir()?);
    let mut featurize = featurizer(&model)?.clone();
    let on_bad = call.value("on_bad")?.as_static()?;
    for (name, setting) in &mut featurize.settings {
        if &**name == "on_bad" {
            *setting = Setting::Static(on_bad.clone());
        }
    }
    featurize.inputs = vec![rows];
    let seen = Expr {
        kind: Kind::Call(featurize),
        span: call.at,
        shape: None,
    };
    Some(vec![model, Arc::new(seen)])
}
