//! What is to be predicted, and which rows are set aside.

use std::sync::Arc;

use super::data;
use super::lambdas::with_unit;
use crate::ir::{Kind, Setting};
use crate::types::builtin::Applied;
use crate::types::check::Checker;
use crate::types::numeric::{number, unless_missing};
use crate::types::problems;
use crate::types::ty::{TargetTy, Ty};
use crate::types::value::Val;

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
    let Some(mut data) = data(call) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    if data.has_val {
        checker.report(problems::split_twice("holdout", call.at, "validation rows"));
        return Val::poison(call.at);
    }
    if !data.has_test {
        let why =
            "there are no training rows to hold some out of: the test rows come first";
        let problem =
            problems::split_missing("holdout", call.at, why, "split(test: 20%)");
        checker.report(problem);
        return Val::poison(call.at);
    }
    data.has_val = true;
    checker.emit(call, Ty::Dataset(data.into()))
}
