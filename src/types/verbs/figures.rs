//! Figures and reports: what may be drawn against what, and what may stand in a report.

use std::sync::Arc;

use super::Subject;
use super::lambdas::with_unit;
use crate::ir::{Call, Expr, Kind, Lambda, Setting};
use crate::types::builtin::Applied;
use crate::types::check::Checker;
use crate::types::dimension::Dimension;
use crate::types::numeric::number;
use crate::types::problems;
use crate::types::ty::{Columns, Ty};
use crate::types::value::{Form, Val};

/// What a function of a row gives a figure.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Axis {
    /// A number, or a name: a text, an element, a truth.
    Any,
    /// A number.
    Number,
}

pub fn bars(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let axes = [("x", Axis::Any), ("y", Axis::Number), ("by", Axis::Any)];
    drawn(checker, call, &axes)
}

pub fn points(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let axes = [("x", Axis::Any), ("y", Axis::Number), ("by", Axis::Any)];
    drawn(checker, call, &axes)
}

pub fn boxes(checker: &mut Checker<'_>, call: &Applied) -> Val {
    drawn(checker, call, &[("x", Axis::Any), ("y", Axis::Number)])
}

pub fn heatmap(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let axes = [("x", Axis::Any), ("y", Axis::Any), ("value", Axis::Number)];
    drawn(checker, call, &axes)
}

pub fn histogram(checker: &mut Checker<'_>, call: &Applied) -> Val {
    if let Some(bins) = call.value("bins")
        && bins.as_int().is_some_and(|n| n < 1)
    {
        let problem = problems::not_positive(bins, &call.due("bins"));
        checker.report(problem);
        return Val::poison(call.at);
    }
    let Some(subject) = Subject::of(call) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    let of = axis_of(checker, call, "of", Axis::Number, subject.columns());
    let Some((lambda, dimension)) = of else {
        return Val::poison(call.at);
    };
    if let Some(Form::List(shares)) = call.value("shares").map(|val| &val.form) {
        for share in shares {
            let Some(found) = number(&share.ty).map(|number| number.dimension) else {
                continue;
            };
            // Nothing is nothing in every unit.
            let zero = found.is_none() && share.as_f64() == Some(0.0);
            if found != dimension && !zero {
                let due = call.due("shares");
                let problem = problems::wrong_dimension(share, found, dimension, &due);
                checker.report(problem);
                return Val::poison(call.at);
            }
        }
    }
    let settings = vec![("of".into(), Setting::Lambda(lambda))];
    checker.emit_with(call, Ty::Figure, settings)
}

/// A figure of rows: each function of a row read over their columns.
fn drawn(checker: &mut Checker<'_>, call: &Applied, axes: &[(&str, Axis)]) -> Val {
    let Some(subject) = Subject::of(call) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    let mut settings = Vec::new();
    for (name, axis) in axes {
        let found = axis_of(checker, call, name, *axis, subject.columns());
        let Some((lambda, _)) = found else {
            return Val::poison(call.at);
        };
        settings.push(((*name).into(), Setting::Lambda(lambda)));
    }
    checker.emit_with(call, Ty::Figure, settings)
}

fn axis_of(
    checker: &mut Checker<'_>,
    call: &Applied,
    name: &str,
    axis: Axis,
    columns: &Columns,
) -> Option<(Lambda, Dimension)> {
    let (lambda, found) = checker.row_function(call, name, columns)?;
    // A row without the value is not drawn, and the figure says so.
    let ty = match &found.ty {
        Ty::Maybe(of) => &**of,
        ty => ty,
    };
    let scalar = number(ty).filter(|number| number.axes.is_scalar());
    let fits = match axis {
        Axis::Number => scalar.is_some(),
        Axis::Any => scalar.is_some() || matches!(ty, Ty::Text | Ty::Element | Ty::Bool),
    };
    if !fits {
        let wanted = match axis {
            Axis::Number => "a number of each row",
            Axis::Any => "a number, a text or an element of each row",
        };
        let symbol = format!("{}({name}:)", call.signature.name);
        checker.report(problems::wrong_operand(&symbol, &found, wanted));
        return None;
    }
    // Every quantity says in which unit it is drawn.
    let dimension = scalar.map_or(Dimension::NONE, |number| number.dimension);
    Some((with_unit(lambda, ty), dimension))
}

pub fn periodic_table(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(Ty::Table(table)) = call.value("table").map(|val| val.ty.clone()) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    let elements = table.columns.iter().any(|(_, ty)| *ty == Ty::Element);
    let numbers = table.columns.iter().any(|(_, ty)| number(ty).is_some());
    if let (false, Some(val)) = (elements && numbers, call.value("table")) {
        let wanted = "a table with a column of elements and one of numbers";
        checker.report(problems::wrong_operand("periodic_table", val, wanted));
        return Val::poison(call.at);
    }
    checker.emit(call, Ty::Figure)
}

/// `report("title", [ … ])`.
pub fn report(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let (Some(title), Some(entries)) = (call.value("title"), call.value("entries"))
    else {
        return Val::poison(call.at);
    };
    let Form::List(entries) = &entries.form else {
        let problem = problems::known_after_run(entries.span, &call.due("entries"));
        checker.report(problem);
        return Val::poison(call.at);
    };
    let Some(title) = title.as_static() else {
        return Val::unknown(Ty::Poison, call.at);
    };
    let mut inputs = Vec::new();
    for entry in entries {
        let fits = matches!(
            entry.ty,
            Ty::Figure
                | Ty::Table(_)
                | Ty::Scores(_)
                | Ty::Evaluated(_)
                | Ty::Trained(_)
                | Ty::Text
        );
        if !fits {
            checker.report(problems::not_for_a_report(entry));
            return Val::poison(call.at);
        }
        match entry.as_ir() {
            Some(expr) => inputs.push(expr),
            None => return Val::unknown(Ty::Poison, call.at),
        }
    }
    let settings = vec![("title".into(), Setting::Static(title))];
    made(checker, call, Ty::Report, settings, inputs)
}

/// A call put together here, since its inputs are of several kinds.
fn made(
    checker: &Checker<'_>,
    call: &Applied,
    ty: Ty,
    settings: Vec<(Arc<str>, Setting)>,
    inputs: Vec<Arc<Expr>>,
) -> Val {
    let of = Call {
        builtin: checker.program.full_name(call.id).into(),
        settings,
        inputs,
        site: None,
    };
    Val::run(ty, Kind::Call(of), call.at)
}
