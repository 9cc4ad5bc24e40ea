//! Verbs over the rows of a data set or a table; the kind stays what it was.

use super::Subject;
use crate::ir::Setting;
use crate::types::builtin::Applied;
use crate::types::check::Checker;
use crate::types::problems;
use crate::types::ty::Ty;
use crate::types::value::Val;

pub fn take(checker: &mut Checker<'_>, call: &Applied) -> Val {
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
    let setting = ("keep".into(), Setting::Lambda(lambda));
    checker.emit_with(call, subject.ty(), vec![setting])
}
