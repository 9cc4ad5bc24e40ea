//! Rules for functions over lists and over what rows hold.

use std::sync::Arc;

use super::builtin::Applied;
use super::check::Checker;
use super::literal::real;
use super::numeric::{number, same_kind, unless_missing, widen};
use super::problems;
use super::size::Size;
use super::ty::Ty;
use super::value::{Form, Val};
use crate::ir::{Call, Expr, Kind, Lambda, Setting, Static};

/// The entries' type of a list or set; none, reported, for anything else.
fn entries(checker: &mut Checker<'_>, call: &Applied, val: &Val) -> Option<Ty> {
    match &val.ty {
        Ty::List(of) | Ty::Set(of) => Some((**of).clone()),
        Ty::Poison => None,
        Ty::Maybe(_) => {
            checker.report(problems::may_be_missing(val.span, &val.ty));
            None
        }
        _ => {
            let name = call.signature.name.clone();
            checker.report(problems::wrong_operand(&name, val, "a list or a set"));
            None
        }
    }
}

impl Checker<'_> {
    /// A call whose value is known for each row.
    pub(super) fn row_call(
        &mut self,
        call: &Applied,
        ty: Ty,
        settings: Vec<(Arc<str>, Setting)>,
        inputs: Vec<Arc<Expr>>,
    ) -> Val {
        let made = Call {
            builtin: self.program.full_name(call.id).into(),
            settings,
            inputs,
            site: None,
        };
        Val::run(ty, Kind::Call(made), call.at)
    }
}

/// `list |> map(x => …)`.
pub fn map(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(over) = call.value("over").cloned() else {
        return Val::poison(call.at);
    };
    let Some(entry) = entries(checker, call, &over) else {
        return Val::poison(call.at);
    };
    let Some(each) = checker.now(call.arg("each"), None) else {
        return Val::poison(call.at);
    };
    if let Form::List(all) = &over.form {
        let mut made = Vec::new();
        for one in all {
            let found = checker.apply(&each, vec![one.clone()], each.span);
            if found.is_poison() {
                return Val::poison(call.at);
            }
            made.push(found);
        }
        let of = made.first().map_or(Ty::Poison, |one| one.ty.clone());
        return Val {
            ty: Ty::List(of.into()),
            form: Form::List(made),
            span: call.at,
        };
    }
    let var = checker.variable();
    let one = Val::run(entry, Kind::Var(var), each.span);
    let found = checker.apply(&each, vec![one], each.span);
    if found.is_poison() {
        return Val::poison(call.at);
    }
    let ty = Ty::List(found.ty.clone().into());
    match (over.as_ir(), found.as_ir()) {
        (Some(over), Some(body)) => {
            let each = Setting::Lambda(Lambda { var, body });
            checker.row_call(call, ty, vec![("each".into(), each)], vec![over])
        }
        _ => Val::unknown(ty, call.at),
    }
}

/// `.x |> fill(value)`: the value where a row lacks it.
pub fn fill(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let (Some(value), Some(x)) = (call.value("value").cloned(), call.value("x").cloned())
    else {
        return Val::poison(call.at);
    };
    if x.is_poison() || value.is_poison() {
        return Val::poison(call.at);
    }
    let wanted = match &x.ty {
        Ty::Maybe(of) => (**of).clone(),
        other => other.clone(),
    };
    let zero = value.as_f64() == Some(0.0) && number(&wanted).is_some();
    if !zero && !same_kind(&wanted, &value.ty) {
        let x = Val { ty: wanted, ..x };
        let problem = match (number(&x.ty), number(&value.ty)) {
            (Some(a), Some(b)) if a.dimension != b.dimension => {
                let sides = ((&x, a.dimension), (&value, b.dimension));
                problems::sides_differ("fill", call.at, sides.0, sides.1)
            }
            _ => problems::types_differ("a value and what fills its gaps", &x, &value),
        };
        checker.report(problem);
        return Val::poison(call.at);
    }
    let Some(known) = value.as_static() else {
        let problem = problems::known_after_run(value.span, &call.due("value"));
        checker.report(problem);
        return Val::poison(call.at);
    };
    // A whole number's gap filled by a fraction makes numbers of all.
    let ty = match (number(&wanted), number(&value.ty)) {
        (Some(a), Some(b)) if a.whole && !b.whole => value.ty.clone(),
        _ => wanted,
    };
    match x.as_ir() {
        Some(input) => {
            let setting = ("value".into(), Setting::Static(known));
            checker.row_call(call, ty, vec![setting], vec![input])
        }
        None => Val::unknown(ty, call.at),
    }
}

/// `overlaps(a, b)`: whether two lists or sets share an entry.
pub fn overlaps(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let (Some(a), Some(b)) = (call.value("a").cloned(), call.value("b").cloned()) else {
        return Val::poison(call.at);
    };
    let Some(of_a) = entries(checker, call, &a) else {
        return Val::poison(call.at);
    };
    let Some(of_b) = entries(checker, call, &b) else {
        return Val::poison(call.at);
    };
    if !same_kind(&of_a, &of_b) {
        checker.report(problems::types_differ("what `overlaps` compares", &a, &b));
        return Val::poison(call.at);
    }
    if let (Some(Static::List(a)), Some(Static::List(b))) = (a.as_static(), b.as_static())
    {
        return Val::truth(a.iter().any(|one| b.contains(one)), call.at);
    }
    match (a.as_ir(), b.as_ir()) {
        (Some(a), Some(b)) => checker.row_call(call, Ty::Bool, Vec::new(), vec![a, b]),
        _ => Val::unknown(Ty::Bool, call.at),
    }
}

/// `least`, `greatest`, `total`, `average`: one number of a list of numbers.
pub fn of_numbers(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(of) = call.value("of").cloned() else {
        return Val::poison(call.at);
    };
    let Some(entry) = entries(checker, call, &of) else {
        return Val::poison(call.at);
    };
    let entry = match unless_missing(Val::unknown(entry, of.span)) {
        Ok(entry) => entry.ty,
        Err(problem) => {
            checker.report(problem);
            return Val::poison(call.at);
        }
    };
    let Some(found) = number(&entry)
        .filter(|number| number.axes.is_scalar())
        .cloned()
    else {
        let name = call.signature.name.clone();
        checker.report(problems::wrong_operand(&name, &of, "a list of numbers"));
        return Val::poison(call.at);
    };
    let name = call.signature.name.clone();
    if let Form::List(all) = &of.form {
        if let (Some(known), true) = (all_sizes(all), &*name != "average") {
            let found = match &*name {
                "least" => known.iter().copied().min(),
                "greatest" => known.iter().copied().max(),
                _ => Some(known.iter().sum()),
            };
            return Val::size(Size::number(found.unwrap_or(0)), call.at);
        }
        let known: Option<Vec<f64>> = all.iter().map(Val::as_f64).collect();
        if let Some(known) = known {
            let value = match &*name {
                "least" => known.iter().copied().fold(f64::INFINITY, f64::min),
                "greatest" => known.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                "sum_of" => known.iter().sum(),
                _ => known.iter().sum::<f64>() / known.len() as f64,
            };
            let shown = all.first().and_then(|one| match &one.form {
                Form::Real(real) => real.shown.clone(),
                _ => None,
            });
            return real(value, found.dimension, shown.as_deref(), call.at);
        }
    }
    let whole = found.whole && &*name != "average";
    let ty = Ty::Number(super::ty::Number { whole, ..found });
    let inputs: Option<Vec<Arc<Expr>>> = match &of.form {
        Form::List(all) => all.iter().map(|one| widen(one.clone()).as_ir()).collect(),
        _ => of.as_ir().map(|expr| vec![expr]),
    };
    match inputs {
        Some(inputs) => checker.row_call(call, ty, Vec::new(), inputs),
        None => Val::unknown(ty, call.at),
    }
}

fn all_sizes(all: &[Val]) -> Option<Vec<i64>> {
    all.iter().map(Val::as_int).collect()
}
