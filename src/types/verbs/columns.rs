//! Verbs that make a table of rows, and what a column may hold.

use std::sync::Arc;

use indexmap::IndexMap;

use super::Subject;
use crate::ir::{Call, Expr, Kind, Lambda, Setting, Static};
use crate::source::Span;
use crate::types::builtin::Applied;
use crate::types::check::Checker;
use crate::types::problems;
use crate::types::ty::{Columns, DatasetTy, Holds, TableTy, Ty};
use crate::types::value::{Arg, Form, Val};

/// Whether a column may hold values of that type.
pub fn column_fits(ty: &Ty) -> bool {
    match ty {
        Ty::Number(number) => number.axes.is_scalar(),
        Ty::Bool | Ty::Text | Ty::Element | Ty::Structure => true,
        Ty::List(of) | Ty::Set(of) | Ty::Maybe(of) => column_fits(of),
        _ => false,
    }
}

/// The function with the unit its numbers are shown in, when they have one.
pub fn shown(lambda: Lambda, ty: &Ty) -> Lambda {
    Lambda {
        var: lambda.var,
        body: shown_expr(lambda.body, ty),
    }
}

/// An expression with the unit its numbers are shown in: the one written, or else the
/// canonical one.
fn shown_expr(expr: Arc<Expr>, ty: &Ty) -> Arc<Expr> {
    let inner = match ty {
        Ty::Maybe(of) | Ty::List(of) | Ty::Set(of) => of,
        other => other,
    };
    let Ty::Number(number) = inner else {
        return expr;
    };
    // A plain column keeps the unit it is shown in.
    let column =
        matches!(&expr.kind, Kind::Field(of, _) if matches!(of.kind, Kind::Var(_)));
    if column || number.dimension.is_none() || matches!(expr.kind, Kind::Shown(..)) {
        return expr;
    }
    let unit = match &expr.kind {
        Kind::Static(Static::Real(real)) => real.shown.clone(),
        _ => None,
    };
    let unit = unit.unwrap_or_else(|| number.dimension.unit().into());
    let span = expr.span;
    Arc::new(Expr {
        kind: Kind::Shown(expr, unit),
        span,
        shape: None,
    })
}

/// What a column made of an expression is called: `.id` is `id`, `.test.rmse` is
/// `test_rmse`.
fn column_name(body: &Expr) -> Option<String> {
    match &body.kind {
        Kind::Shown(of, _) => column_name(of),
        Kind::Field(of, name) => match column_name(of) {
            Some(before) => Some(format!("{before}_{name}")),
            None if matches!(of.kind, Kind::Var(_)) => Some(name.to_string()),
            None => None,
        },
        // `.x |> fill(0)` is still x.
        Kind::Call(call) if call.short_name() == "fill" => {
            call.inputs.first().and_then(|input| column_name(input))
        }
        _ => None,
    }
}

/// `select(.a, …)`.
pub fn select(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(subject) = Subject::of(call) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    let Some(Arg::Several(all)) = call.arg("columns").cloned() else {
        return Val::poison(call.at);
    };
    if all.is_empty() {
        checker.report(problems::no_columns(call.at, "select(.id, .formula)"));
        return Val::poison(call.at);
    }
    let mut columns = Columns::new();
    let mut settings = Vec::new();
    for (_, arg) in &all {
        let found = checker.row_function_of(call, "columns", arg, subject.columns());
        let Some((lambda, found)) = found else {
            return Val::poison(call.at);
        };
        let Some(name) = column_name(&lambda.body) else {
            checker.report(problems::column_without_name(&found, "select"));
            return Val::poison(call.at);
        };
        if !column_fits(&found.ty) && !matches!(found.ty, Ty::Scores(_) | Ty::Table(_)) {
            checker.report(problems::not_a_column(&found));
            return Val::poison(call.at);
        }
        let name: Arc<str> = name.into();
        if columns.iter().any(|(known, _)| *known == name) {
            checker.report(problems::column_twice(&name, arg.span()));
            return Val::poison(call.at);
        }
        let setting = Setting::Lambda(shown(lambda, &found.ty));
        settings.push((format!("columns.{name}").into(), setting));
        columns.push((name, found.ty));
    }
    let table = TableTy {
        columns,
        from: subject.part(),
        ..TableTy::default()
    };
    checker.emit_with(call, Ty::Table(table.into()), settings)
}

/// `count(by: …)`: how many rows share a value.
pub fn count(checker: &mut Checker<'_>, call: &Applied) -> Val {
    counted(checker, call, "by", |ty| match ty {
        Ty::Maybe(_) => None,
        ty => column_fits(ty).then(|| ty.clone()),
    })
}

/// `count_members(of: …)`: how many rows have a value among several.
pub fn count_members(checker: &mut Checker<'_>, call: &Applied) -> Val {
    counted(checker, call, "of", |ty| match ty {
        Ty::List(of) | Ty::Set(of) => Some((**of).clone()),
        _ => None,
    })
}

fn counted(
    checker: &mut Checker<'_>,
    call: &Applied,
    param: &str,
    key_of: fn(&Ty) -> Option<Ty>,
) -> Val {
    let Some(subject) = Subject::of(call) else {
        return Val::unknown(Ty::Poison, call.at);
    };
    let found = checker.row_function(call, param, subject.columns());
    let Some((lambda, found)) = found else {
        return Val::poison(call.at);
    };
    let Some(key) = key_of(&found.ty) else {
        let problem = match &found.ty {
            Ty::Maybe(_) => problems::may_be_missing(found.span, &found.ty),
            _ => {
                let name = call.signature.name.clone();
                problems::wrong_operand(&name, &found, "a value of each row")
            }
        };
        checker.report(problem);
        return Val::poison(call.at);
    };
    let Some(name) = column_name(&lambda.body) else {
        let name = call.signature.name.clone();
        checker.report(problems::column_without_name(&found, &name));
        return Val::poison(call.at);
    };
    if name == "count" {
        checker.report(problems::column_twice("count", found.span));
        return Val::poison(call.at);
    }
    let table = TableTy {
        columns: vec![(name.as_str().into(), key), ("count".into(), Ty::int())],
        from: subject.part(),
        ..TableTy::default()
    };
    let setting = Setting::Lambda(shown(lambda, &found.ty));
    let settings = vec![(param.into(), setting)];
    checker.emit_with(call, Ty::Table(table.into()), settings)
}

/// `table({ … })`: a record as a table of one row; a table is one already.
pub fn table(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let Some(of) = call.value("of").cloned() else {
        return Val::poison(call.at);
    };
    let fields = match (&of.ty, &of.form) {
        (Ty::Table(_), _) => return of,
        (_, Form::Record(fields)) if !fields.is_empty() => fields.clone(),
        _ => {
            checker.report(problems::wrong_operand("table", &of, "a record"));
            return Val::poison(call.at);
        }
    };
    if fields.values().any(Val::is_poison) {
        return Val::poison(call.at);
    }
    if let Some(val) = fields.values().find(|val| !in_a_row(&val.ty)) {
        checker.report(problems::not_a_column(val));
        return Val::poison(call.at);
    }
    one_row(&fields, call.at)
}

/// Whether a table of one row may hold it.
fn in_a_row(ty: &Ty) -> bool {
    column_fits(ty) || matches!(ty, Ty::Scores(_))
}

/// A record of plain values where rows are due is a table of one row; all else stays what
/// it is.
pub fn as_rows(val: Val) -> Val {
    match &val.form {
        Form::Record(fields) if fields.values().any(Val::is_poison) => {
            Val::poison(val.span)
        }
        Form::Record(fields)
            if !fields.is_empty() && fields.values().all(|val| in_a_row(&val.ty)) =>
        {
            one_row(fields, val.span)
        }
        _ => val,
    }
}

/// The table that fields are a row of.
fn one_row(fields: &IndexMap<Arc<str>, Val>, at: Span) -> Val {
    let columns = fields
        .iter()
        .map(|(name, val)| (name.clone(), val.ty.clone()));
    let table = TableTy {
        columns: columns.collect(),
        ..TableTy::default()
    };
    let ty = Ty::Table(table.into());
    let (mut names, mut inputs) = (Vec::new(), Vec::new());
    for (name, val) in fields {
        let Some(expr) = val.as_ir() else {
            return Val::unknown(ty, at);
        };
        names.push(Static::Text(name.clone()));
        inputs.push(shown_expr(expr, &val.ty));
    }
    let made = Call {
        builtin: "prelude.table".into(),
        settings: vec![("names".into(), Setting::Static(Static::List(names)))],
        inputs,
        site: None,
    };
    Val::run(ty, Kind::Call(made), at)
}

/// Ends of the names `save` takes.
const FORMATS: [&str; 7] = [
    ".csv", ".jsonl", ".parquet", ".npz", ".cif", ".extxyz", ".zip",
];
/// Those of them that hold structures and no graphs or tables.
const OF_STRUCTURES: [&str; 3] = [".cif", ".extxyz", ".zip"];

/// `save("name.csv")`: the table, and a file of it. A data set becomes the table of its
/// columns, which may be saved again as all that the data set was.
pub fn save(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let table = match call.value("rows").map(|val| &val.ty) {
        Some(Ty::Table(table)) => (**table).clone(),
        Some(Ty::Dataset(data)) => saved(data),
        _ => return Val::unknown(Ty::Poison, call.at),
    };
    let Some(name) = file_name(checker, call, &FORMATS) else {
        return Val::poison(call.at);
    };
    let structures = OF_STRUCTURES.iter().any(|end| name.ends_with(end));
    let at = call.span_of("name");
    if structures && table.holds == Holds::Columns {
        checker.report(problems::no_structures(&name, at));
        return Val::poison(call.at);
    }
    let apart = match table.holds {
        Holds::Graphs => Some("the graphs"),
        Holds::Named => Some("the features by name that"),
        Holds::Columns | Holds::Structures => None,
    };
    if let Some(apart) = apart
        && !structures
        && !name.ends_with(".npz")
    {
        checker.report(problems::not_in_columns(&name, at, apart));
        return Val::poison(call.at);
    }
    checker.emit(call, Ty::Table(table.into()))
}

/// The table a data set becomes when it is saved.
fn saved(data: &DatasetTy) -> TableTy {
    let mut columns = data.columns.clone();
    columns.retain(|(_, ty)| column_fits(ty) && *ty != Ty::Structure);
    let parted = data.has_test || data.has_val;
    if parted && columns.iter().all(|(name, _)| **name != *"split") {
        columns.push(("split".into(), Ty::Text));
    }
    TableTy {
        columns,
        from: data.from,
        holds: match data.features {
            Some(Ty::Crystal(_)) => Holds::Graphs,
            Some(Ty::Record(_)) => Holds::Named,
            _ => Holds::Structures,
        },
        ..TableTy::default()
    }
}

/// The `name` of a file with one of these endings; none when it is none, which was
/// reported.
pub(super) fn file_name(
    checker: &mut Checker<'_>,
    call: &Applied,
    endings: &[&str],
) -> Option<Arc<str>> {
    let Some(Form::Text(name)) = call.value("name").map(|val| val.form.clone()) else {
        super::not_known(checker, call, "name");
        return None;
    };
    let at = call.span_of("name");
    let plain = |c: char| c.is_alphanumeric() || "._- ".contains(c);
    if name.starts_with('.') || !name.chars().all(plain) {
        checker.report(problems::not_a_file_name(&name, at));
        return None;
    }
    if !endings.iter().any(|end| name.ends_with(end)) {
        checker.report(problems::no_such_format(&name, at, endings));
        return None;
    }
    Some(name)
}
