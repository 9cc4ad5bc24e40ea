//! Features, training and scores.

use std::sync::Arc;

use super::{data, not_known};
use crate::diagnostic::Problem;
use crate::ir::{Call, Kind, Lambda, Setting, Static};
use crate::types::builtin::Applied;
use crate::types::check::Checker;
use crate::types::dimension::{Dimension, Exponent};
use crate::types::problems;
use crate::types::ty::{Columns, DatasetTy, Part, TrainedTy, Ty};
use crate::types::value::{Arg, Form, Val};

pub fn featurize(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(mut data) = data(call) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    let given = |param: &str| match call.arg(param) {
        Some(Arg::Several(all)) => all.clone(),
        Some(Arg::Value(_) | Arg::Later(..)) | None => Vec::new(),
    };
    let (alone, named) = (given("by"), given("named"));
    if let Some(problem) = not_features(call, &alone, &named) {
        checker.report(problem);
        return Val::poison(call.at);
    }
    if let [(_, by)] = &alone[..] {
        let (lambda, ty) = match feature(checker, call, by) {
            Ok(found) => found,
            Err(val) => return val,
        };
        data.features = Some(ty);
        let setting = ("by".into(), Setting::Lambda(lambda));
        return checker.emit_with(call, Ty::Dataset(data.into()), vec![setting]);
    }
    let (mut features, mut settings) = (Columns::new(), Vec::new());
    for (name, by) in &named {
        let Some(name) = name else { continue };
        let (lambda, ty) = match feature(checker, call, by) {
            Ok(found) => found,
            Err(val) => return val,
        };
        features.push((name.clone(), ty));
        settings.push((format!("named.{name}").into(), Setting::Lambda(lambda)));
    }
    data.features = Some(Ty::Record(features));
    checker.emit_with(call, Ty::Dataset(data.into()), settings)
}

/// Why those are not one feature without a name or some with names; none when they are.
fn not_features(call: &Applied, alone: &[Given], named: &[Given]) -> Option<Problem> {
    match (alone, named) {
        ([], []) => {
            let wanted = "Structure => T";
            Some(problems::missing_argument(&call.due("by"), call.at, wanted))
        }
        ([_], []) | ([], _) => None,
        ([_, second, ..], []) => Some(problems::features_without_names(second.1.span())),
        (_, [(name, arg), ..]) => {
            let name = name.as_deref().unwrap_or_default();
            let (of, declared) = (&call.signature.name, call.signature.span);
            let known = ["by", "on_bad"];
            let at = arg.span();
            Some(problems::unknown_argument(name, at, of, &known, declared))
        }
    }
}

/// One of several arguments, with its name where it has one.
type Given = (Option<Arc<str>>, Arg);

/// What a function makes of a structure, and its type; else what the call comes to, which
/// was reported.
fn feature(
    checker: &mut Checker<'_>,
    call: &Applied,
    by: &Arg,
) -> Result<(Lambda, Ty), Val> {
    let Some(by) = checker.now(Some(by), None) else {
        return Err(Val::poison(call.at));
    };
    let var = checker.variable();
    let input = Val::run(Ty::Structure, Kind::Var(var), by.span);
    let found = checker.apply(&by, vec![input], by.span);
    if found.is_poison() {
        return Err(Val::poison(call.at));
    }
    let Form::Run(body) = &found.form else {
        return Err(not_known(checker, call, "by"));
    };
    let lambda = Lambda {
        var,
        body: body.clone(),
    };
    if !matches!(found.ty, Ty::Number(_) | Ty::Crystal(_)) {
        let wanted = "numbers or a graph, which a network can take";
        checker.report(problems::wrong_operand("featurize", &found, wanted));
        return Err(Val::poison(call.at));
    }
    Ok((lambda, found.ty))
}

pub fn evaluate(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let (Some(model), Some(on)) = (call.value("trained").cloned(), call.value("on"))
    else {
        return Val::unknown(Ty::Poison, call.at);
    };
    let trained = match &model.ty {
        Ty::Trained(trained) | Ty::Evaluated(trained) => trained.clone(),
        _ => return Val::unknown(Ty::Poison, call.at),
    };
    let on =
        (!matches!(&on.ty, Ty::Record(fields) if fields.is_empty())).then(|| on.clone());
    if let Some(on) = &on {
        if let Some(problem) = not_tested_on(on, &trained) {
            checker.report(problem);
            return Val::poison(call.at);
        }
    } else if !trained.data.has_test {
        let why = "there are no test rows to evaluate on";
        let problem =
            problems::split_missing("evaluate", call.at, why, "split(test: 20%)");
        checker.report(problem);
        return Val::poison(call.at);
    }
    let Some(asked) = crate::types::training::metrics(checker, call, &trained.data)
    else {
        return Val::poison(call.at);
    };
    let trained = TrainedTy {
        asked,
        ..(*trained).clone()
    };
    let ty = Ty::Evaluated(trained.into());
    let metrics = call.value("metrics").and_then(Val::as_static);
    let inputs = match &on {
        None => model.as_ir().map(|model| vec![model]),
        Some(rows) => {
            let on_bad = Static::Symbol("prelude.fail".into());
            super::models::seen_by(&model, rows, &on_bad, call.at)
        }
    };
    let (Some(metrics), Some(inputs)) = (metrics, inputs) else {
        return Val::unknown(ty, call.at);
    };
    let of = Call {
        builtin: checker.program.full_name(call.id).into(),
        settings: vec![("metrics".into(), Setting::Static(metrics))],
        inputs,
        site: None,
    };
    Val::run(ty, Kind::Call(of), call.at)
}

/// Why a model cannot be tested on something; none when it can.
fn not_tested_on(on: &Val, trained: &TrainedTy) -> Option<Problem> {
    let Ty::Dataset(data) = &on.ty else {
        let wanted = "a data set with a target";
        return Some(problems::wrong_operand("evaluate(on:)", on, wanted));
    };
    let Some(target) = &data.target else {
        return Some(problems::nothing_to_test(on.span));
    };
    let wanted = trained.data.target.as_ref()?;
    (target.dimension != wanted.dimension)
        .then(|| problems::other_target(on.span, target, wanted))
}

pub fn import_weights(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(data) = data(call) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    if !has_target_and_features(checker, call, &data, "import_weights") {
        return Val::poison(call.at);
    }
    let of = data.target.as_ref().map(|target| target.dimension);
    let loss = of.unwrap_or(Dimension::NONE).power(Exponent::new(2, 1));
    network_of(checker, call, data, loss)
}

pub fn train(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(data) = data(call) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    if !training_can_start(checker, call, &data) {
        return Val::poison(call.at);
    }
    let of = data.target.as_ref().map(|target| target.dimension);
    let loss = loss_dimension(call, of.unwrap_or(Dimension::NONE));
    network_of(checker, call, data, loss)
}

/// The model that a call makes of its `network` on these rows.
fn network_of(
    checker: &mut Checker<'_>,
    call: &Applied,
    data: DatasetTy,
    loss: Dimension,
) -> Val {
    let (Some(features), Some(model)) = (&data.features, call.value("network").cloned())
    else {
        return Val::poison(call.at);
    };
    let Some(network) = checker.network(&model, features, &call.due("network")) else {
        return Val::poison(call.at);
    };
    let setting = ("network".into(), Setting::Network(Arc::new(network)));
    let ty = Ty::Trained(Arc::new(TrainedTy {
        loss,
        data,
        asked: Vec::new(),
        spread: false,
        trials: None,
    }));
    checker.emit_with(call, ty, vec![setting])
}

/// Whether rows say what is predicted and what a network sees of them, and are no part
/// that is set aside; if not it was reported.
fn has_target_and_features(
    checker: &mut Checker<'_>,
    call: &Applied,
    data: &DatasetTy,
    verb: &str,
) -> bool {
    let before = checker.problems.len();
    let at = call.value("rows").map_or(call.at, |val| val.span);
    if let Some(part @ (Part::Val | Part::Test)) = data.from {
        checker.report(problems::leak(part, at, verb));
        return false;
    }
    if data.target.is_none() {
        checker.report(problems::no_target(call.at, verb));
    }
    if data.features.is_none() {
        let featurize = checker.featurize_for(call.value("network"));
        checker.report(problems::no_features(call.at, verb, &featurize));
    }
    checker.problems.len() == before
}

/// Whether the rows and the settings allow a training.
fn training_can_start(
    checker: &mut Checker<'_>,
    call: &Applied,
    data: &DatasetTy,
) -> bool {
    let before = checker.problems.len();
    has_target_and_features(checker, call, data, "train");
    if data.from.is_some_and(|part| part != Part::Train) {
        return false;
    }
    for param in ["epochs", "batch"] {
        if let Some(val) = call.value(param)
            && val.as_int().is_some_and(|n| n < 1)
        {
            let problem = problems::not_positive(val, &call.due(param));
            checker.report(problem);
        }
    }
    crate::types::training::settings_fit(checker, call, data);
    let by_size = call.value("order").is_some_and(
        |val| matches!(&val.form, Form::Symbol(name) if name.ends_with(".by_size")),
    );
    if by_size && matches!(data.features, Some(Ty::Number(_))) {
        checker.report(problems::all_of_one_size(call.span_of("order")));
    }
    let patient = call
        .value("patience")
        .and_then(Val::as_int)
        .is_some_and(|n| n > 0);
    let best = call.value("keep").is_some_and(
        |val| matches!(&val.form, Form::Symbol(name) if name.ends_with(".best")),
    );
    if !data.has_val && patient {
        let span = call.span_of("patience");
        let why = "when to stop";
        checker.report(problems::nothing_held_out(span, why, "patience: 0"));
    } else if !data.has_val && best {
        let why = "which epoch is best";
        checker.report(problems::nothing_held_out(call.at, why, "keep: final"));
    }
    checker.problems.len() == before
}

/// The dimension of a loss over targets of that dimension.
fn loss_dimension(call: &Applied, target: Dimension) -> Dimension {
    match call.value("loss").map(|val| &val.form) {
        Some(Form::Symbol(name)) if name.ends_with(".mae") => target,
        _ => target.power(Exponent::new(2, 1)),
    }
}
