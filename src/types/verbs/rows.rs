//! Verbs over the rows of a data set or a table; the kind stays what it was.

use std::sync::Arc;

use super::columns::{column_fits, shown};
use super::{Subject, data};
use crate::ir::{Kind, Lambda, Setting};
use crate::types::builtin::Applied;
use crate::types::check::Checker;
use crate::types::problems;
use crate::types::ty::{Part, Ty};
use crate::types::value::{Arg, Val};

/// `take(n)`, `sample(n)`: fewer rows.
pub fn fewer(checker: &mut Checker<'_>, call: &Applied) -> Val {
    if let Some(count) = call.value("count")
        && count.as_int().is_some_and(|n| n < 1)
    {
        let problem = problems::not_positive(count, &call.due("count"));
        checker.report(problem);
        return Val::poison(call.at);
    }
    match Subject::of(call) {
        Some(subject) => checker.emit(call, subject.ty()),
        None => Val::unknown(Ty::Poison, call.at),
    }
}

/// `where(…)`.
pub fn keep_where(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(subject) = Subject::of(call) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    let Some((lambda, found)) = checker.row_function(call, "keep", subject.columns())
    else {
        return Val::poison(call.at);
    };
    if found.ty != Ty::Bool {
        checker.report(problems::wrong_operand("where", &found, "a Bool"));
        return Val::poison(call.at);
    }
    if let Some(val) = super::axes::cells_kept(checker, call, &lambda, &found) {
        return val;
    }
    let setting = ("keep".into(), Setting::Lambda(lambda));
    checker.emit_with(call, subject.ty(), vec![setting])
}

/// `derive(name: …)`.
pub fn derive(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(mut subject) = Subject::of(call) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    let Some(Arg::Several(all)) = call.arg("columns").cloned() else {
        return Val::poison(call.at);
    };
    if all.is_empty() {
        checker.report(problems::no_columns(call.at, "derive(name: …)"));
        return Val::poison(call.at);
    }
    let before = subject.columns().clone();
    let mut settings = Vec::new();
    for (name, arg) in &all {
        let Some(name) = name else { continue };
        if before.iter().any(|(known, _)| known == name) {
            checker.report(problems::column_twice(name, arg.span()));
            return Val::poison(call.at);
        }
        let found = checker.row_function_of(call, "columns", arg, &before);
        let Some((lambda, found)) = found else {
            return Val::poison(call.at);
        };
        if !column_fits(&found.ty) {
            checker.report(problems::not_a_column(&found));
            return Val::poison(call.at);
        }
        let setting = Setting::Lambda(shown(lambda, &found.ty));
        settings.push((format!("columns.{name}").into(), setting));
        subject.columns_mut().push((name.clone(), found.ty));
    }
    checker.emit_with(call, subject.ty(), settings)
}

/// `sort(by: …)`.
pub fn sort(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(subject) = Subject::of(call) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    match ordered(checker, call, &subject) {
        Some(setting) => checker.emit_with(call, subject.ty(), vec![setting]),
        None => Val::poison(call.at),
    }
}

/// `rank(by: …)`: sorted, and the place of each row.
pub fn rank(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(mut subject) = Subject::of(call) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    let Some(setting) = ordered(checker, call, &subject) else {
        return Val::poison(call.at);
    };
    if subject.columns().iter().any(|(name, _)| &**name == "rank") {
        checker.report(problems::column_twice("rank", call.at));
        return Val::poison(call.at);
    }
    subject.columns_mut().push(("rank".into(), Ty::int()));
    checker.emit_with(call, subject.ty(), vec![setting])
}

/// The function rows are put in order by.
fn ordered(
    checker: &mut Checker<'_>,
    call: &Applied,
    subject: &Subject,
) -> Option<(Arc<str>, Setting)> {
    let (lambda, found) = checker.row_function(call, "by", subject.columns())?;
    let found = match crate::types::numeric::unless_missing(found) {
        Ok(found) => found,
        Err(problem) => {
            checker.report(problem);
            return None;
        }
    };
    let plain = |ty: &Ty| match ty {
        Ty::Number(number) => number.axes.is_scalar(),
        Ty::Text | Ty::Bool | Ty::Element => true,
        _ => false,
    };
    if !plain(&found.ty) {
        let wanted = "a number, a text or an element";
        let name = call.signature.name.clone();
        checker.report(problems::wrong_operand(&name, &found, wanted));
        return None;
    }
    Some(("by".into(), Setting::Lambda(lambda)))
}

/// The column a verb names with `.x`, and its place; it may have no unit beside it.
pub(super) fn named_column(
    checker: &mut Checker<'_>,
    call: &Applied,
    arg: &Arg,
    param: &str,
    subject: &Subject,
) -> Option<(usize, Lambda)> {
    let (lambda, found) = checker.row_function_of(call, param, arg, subject.columns())?;
    if let Kind::Field(of, name) = &lambda.body.kind
        && matches!(of.kind, Kind::Var(_))
    {
        let mut columns = subject.columns().iter();
        return Some((columns.position(|(known, _)| known == name)?, lambda));
    }
    let name = call.signature.name.clone();
    checker.report(problems::wrong_operand(
        &name,
        &found,
        "a column, as in `.x`",
    ));
    None
}

/// `complete(.x, …)`: rows without the value are left out.
pub fn complete(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(mut subject) = Subject::of(call) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    let Some(Arg::Several(all)) = call.arg("columns").cloned() else {
        return Val::poison(call.at);
    };
    if all.is_empty() {
        checker.report(problems::no_columns(call.at, "complete(.x)"));
        return Val::poison(call.at);
    }
    let mut settings = Vec::new();
    for (_, arg) in &all {
        let found = named_column(checker, call, arg, "columns", &subject);
        let Some((at, lambda)) = found else {
            return Val::poison(call.at);
        };
        let Some((name, ty)) = subject.columns_mut().get_mut(at) else {
            return Val::poison(call.at);
        };
        if let Ty::Maybe(of) = &*ty {
            *ty = (**of).clone();
        }
        settings.push((format!("columns.{name}").into(), Setting::Lambda(lambda)));
    }
    checker.emit_with(call, subject.ty(), settings)
}

/// `impute(.x)`: the mean over the training rows where the value is missing.
pub fn impute(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(mut found) = data(call) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    if let Some(part @ (Part::Val | Part::Test)) = found.from {
        let at = call.value("rows").map_or(call.at, |val| val.span);
        checker.report(problems::fitted_to(part, at, "impute"));
        return Val::poison(call.at);
    }
    if !found.has_test && found.from.is_none() {
        checker.report(problems::fitted_before_split(call.at, "impute"));
        return Val::poison(call.at);
    }
    let subject = Subject::Dataset(found.clone());
    let Some(arg) = call.arg("column").cloned() else {
        return Val::poison(call.at);
    };
    let column = named_column(checker, call, &arg, "column", &subject);
    let Some((at, lambda)) = column else {
        return Val::poison(call.at);
    };
    let Some((_, ty)) = found.columns.get_mut(at) else {
        return Val::poison(call.at);
    };
    let of = match &*ty {
        Ty::Maybe(of) => (**of).clone(),
        other => other.clone(),
    };
    if !matches!(of, Ty::Number(_)) {
        let val = Val::unknown(of, arg.span());
        checker.report(problems::wrong_operand(
            "impute",
            &val,
            "a column of numbers",
        ));
        return Val::poison(call.at);
    }
    *ty = match of {
        // A mean of whole numbers is not one.
        Ty::Number(number) => Ty::real(number.dimension),
        other => other,
    };
    let setting = ("column".into(), Setting::Lambda(lambda));
    checker.emit_with(call, Ty::Dataset(found.into()), vec![setting])
}

/// `deduplicate(…)`: one of each structure.
pub fn deduplicate(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(found) = data(call) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    if let Some(tolerance) = call.value("tolerance")
        && tolerance.as_f64().is_some_and(|x| x <= 0.0)
    {
        let due = call.due("tolerance");
        let problem = problems::out_of_its_range(tolerance, &due, "a number above 0");
        checker.report(problem);
        return Val::poison(call.at);
    }
    checker.emit(call, Ty::Dataset(found.into()))
}

/// `join(other, on: .id)`: the columns of both, for rows with an equal key.
pub fn join(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(mut subject) = Subject::of(call) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    let Some(other) = call.value("other").and_then(|val| Subject::from(&val.ty)) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    let Some(arg) = call.arg("on").cloned() else {
        return Val::poison(call.at);
    };
    let Some((at, lambda)) = named_column(checker, call, &arg, "on", &subject) else {
        return Val::poison(call.at);
    };
    let Some((key, ty)) = subject.columns().get(at).cloned() else {
        return Val::poison(call.at);
    };
    let theirs = other.columns().iter().find(|(name, _)| *name == key);
    let Some((_, other_ty)) = theirs else {
        let (at, ty) = (arg.span(), Ty::Row(other.columns().clone()));
        checker.report(problems::no_such_field(&key, at, &ty, other.columns()));
        return Val::poison(call.at);
    };
    if !crate::types::numeric::same_kind(&ty, other_ty) {
        let a = Val::unknown(ty, arg.span());
        let b = Val::unknown(other_ty.clone(), call.span_of("other"));
        checker.report(problems::types_differ("both keys of a join", &a, &b));
        return Val::poison(call.at);
    }
    for (name, ty) in other.columns() {
        if *name == key {
            continue;
        }
        if subject.columns().iter().any(|(known, _)| known == name) {
            let at = call.span_of("other");
            checker.report(problems::column_of_both(name, &key, at));
            return Val::poison(call.at);
        }
        subject.columns_mut().push((name.clone(), ty.clone()));
    }
    subject.comes_from(other.part());
    let setting = ("on".into(), Setting::Lambda(lambda));
    checker.emit_with(call, subject.ty(), vec![setting])
}
