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

pub fn split(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(mut data) = data(call) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    if data.has_test || data.from.is_some() {
        checker.report(problems::split_twice("split", call.at, "test rows"));
        return Val::poison(call.at);
    }
    data.has_test = true;
    checker.emit(call, Ty::Dataset(data.into()))
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
