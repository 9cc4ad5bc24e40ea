//! Sources: where rows come from.

use super::not_known;
use crate::chem::OnBad;
use crate::types::builtin::Applied;
use crate::types::check::Checker;
use crate::types::value::{Form, Val};

pub fn bundled(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(Form::Text(name)) = call.value("name").map(|val| val.form.clone()) else {
        return not_known(checker, call, "name");
    };
    match checker.bundled(&name, call.span_of("name")) {
        Some(ty) => checker.emit(call, ty),
        None => Val::poison(call.at),
    }
}

pub fn jsonl(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(Form::Path(written, found)) = call.value("path").map(|val| val.form.clone())
    else {
        return not_known(checker, call, "path");
    };
    let skips = matches!(
        call.value("on_bad").map(|val| &val.form),
        Some(Form::Symbol(name)) if name.ends_with(".skip")
    );
    let on_bad = if skips { OnBad::Skip } else { OnBad::Fail };
    match checker.records(&written, &found, on_bad, call.span_of("path")) {
        Some(ty) => checker.emit(call, ty),
        None => Val::poison(call.at),
    }
}
