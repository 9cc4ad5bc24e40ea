//! What is to be predicted, and which rows are set aside.

use std::sync::Arc;

use super::data;
use super::lambdas::with_unit;
use crate::ir::{Call, Kind, Setting, Static};
use crate::types::builtin::Applied;
use crate::types::check::Checker;
use crate::types::numeric::{number, unless_missing};
use crate::types::problems;
use crate::types::ty::{TargetTy, Ty};
use crate::types::value::Val;

/// The most folds a data set is cut into.
const MOST_FOLDS: i64 = 1000;

pub fn target(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(mut data) = data(call) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    let Some((lambda, found)) = checker.row_function(call, "of", &data.columns) else {
        return Val::poison(call.at);
    };
    let found = match unless_missing(found) {
        Ok(found) => found,
        Err(problem) => {
            checker.report(problem);
            return Val::poison(call.at);
        }
    };
    let Some(number) = number(&found.ty).filter(|number| number.axes.is_scalar()) else {
        checker.report(problems::target_not_a_number(&found));
        return Val::poison(call.at);
    };
    let bare = match &lambda.body.kind {
        Kind::Shown(of, _) => of,
        _ => &lambda.body,
    };
    let name: Arc<str> = match &bare.kind {
        Kind::Field(_, name) => name.clone(),
        _ => checker.sources.text(call.span_of("of")).into(),
    };
    if number.dimension.is_none() {
        checker.report(problems::target_without_unit(&name, call.span_of("of")));
    }
    data.target = Some(TargetTy {
        name,
        dimension: number.dimension,
    });
    // The network sees the numbers in the unit they are shown in.
    let lambda = with_unit(lambda, &found.ty);
    let setting = ("of".into(), Setting::Lambda(lambda));
    checker.emit_with(call, Ty::Dataset(data.into()), vec![setting])
}

/// `split(test: …)`.
pub fn split(checker: &mut Checker<'_>, call: &Applied) -> Val {
    match test_set_aside(checker, call) {
        Some(ty) => checker.emit(call, ty),
        None => Val::poison(call.at),
    }
}

/// `split_where(test: …)`: the rows for which it holds.
pub fn split_where(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(before) = data(call) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    let Some(ty) = test_set_aside(checker, call) else {
        return Val::poison(call.at);
    };
    let found = checker.row_function(call, "test", &before.columns);
    let Some((lambda, found)) = found else {
        return Val::poison(call.at);
    };
    if found.ty != Ty::Bool {
        checker.report(problems::wrong_operand("split_where", &found, "a Bool"));
        return Val::poison(call.at);
    }
    let setting = ("test".into(), Setting::Lambda(lambda));
    checker.emit_with(call, ty, vec![setting])
}

/// `group_split(by: …, test: …)`: whole groups of rows with an equal value.
pub fn group_split(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(before) = data(call) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    let Some(ty) = test_set_aside(checker, call) else {
        return Val::poison(call.at);
    };
    let found = checker.row_function(call, "by", &before.columns);
    let Some((lambda, found)) = found else {
        return Val::poison(call.at);
    };
    let found = match unless_missing(found) {
        Ok(found) => found,
        Err(problem) => {
            checker.report(problem);
            return Val::poison(call.at);
        }
    };
    if !super::columns::column_fits(&found.ty) || found.ty == Ty::Structure {
        let wanted = "a value rows can share";
        checker.report(problems::wrong_operand("group_split", &found, wanted));
        return Val::poison(call.at);
    }
    let setting = ("by".into(), Setting::Lambda(lambda));
    checker.emit_with(call, ty, vec![setting])
}

/// The data set with test rows set aside, when none are yet.
fn test_set_aside(checker: &mut Checker<'_>, call: &Applied) -> Option<Ty> {
    let mut data = data(call)?;
    if data.has_test || data.from.is_some() {
        let name = call.signature.name.clone();
        checker.report(problems::split_twice(&name, call.at, "test rows"));
        return None;
    }
    data.has_test = true;
    Some(Ty::Dataset(data.into()))
}

pub fn holdout(checker: &mut Checker<'_>, call: &Applied) -> Val {
    match val_set_aside(checker, call) {
        Some(ty) => checker.emit(call, ty),
        None => Val::poison(call.at),
    }
}

/// `kfold(5)`: a holdout with an axis `fold`.
pub fn kfold(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(ty) = val_set_aside(checker, call) else {
        return Val::poison(call.at);
    };
    let (Some(folds), Some(seed)) = (
        call.value("folds").and_then(Val::as_int),
        call.value("seed").and_then(Val::as_static),
    ) else {
        return super::not_known(checker, call, "folds");
    };
    if !(2..=MOST_FOLDS).contains(&folds) {
        let at = call.span_of("folds");
        checker.report(problems::no_such_folds(folds, MOST_FOLDS, at));
        return Val::poison(call.at);
    }
    let fold = checker.folds(folds, call.at);
    let (Some(rows), Some(fold)) =
        (call.value("rows").and_then(Val::as_ir), fold.as_static())
    else {
        return Val::unknown(ty, call.at);
    };
    let settings = [
        ("folds", Static::Int(folds)),
        ("fold", fold),
        ("seed", seed),
    ];
    let settings = settings.map(|(name, value)| (name.into(), Setting::Static(value)));
    let of = Call {
        builtin: checker.program.full_name(call.id).into(),
        settings: settings.into(),
        inputs: vec![rows],
        site: None,
    };
    Val::run(ty, Kind::Call(of), call.at)
}

/// The data set with rows held out of training, when none are yet.
fn val_set_aside(checker: &mut Checker<'_>, call: &Applied) -> Option<Ty> {
    let mut data = data(call)?;
    let name = call.signature.name.clone();
    if data.has_val {
        checker.report(problems::split_twice(&name, call.at, "validation rows"));
        return None;
    }
    if !data.has_test {
        let why =
            "there are no training rows to hold some out of: the test rows come first";
        let fix = "split(test: 20%)";
        checker.report(problems::split_missing(&name, call.at, why, fix));
        return None;
    }
    data.has_val = true;
    Some(Ty::Dataset(data.into()))
}
