//! Verbs over data sets, tables and models: what they need and what comes of it. A verb
//! is a line of [`VERBS`] and a function in the file of its kind.

mod lambdas;
mod models;
mod networks;
mod rows;
mod sources;
mod splits;
mod training;

use super::builtin::Applied;
use super::check::Checker;
use super::problems;
use super::ty::{Columns, DatasetTy, TableTy, Ty};
use super::value::{Form, Val};

/// What a verb makes of its arguments.
pub type Verb = fn(&mut Checker<'_>, &Applied) -> Val;

/// Builtins that are verbs, by name.
pub const VERBS: &[(&str, Verb)] = &[
    ("bundled", sources::bundled),
    ("ensemble", models::ensemble),
    ("evaluate", training::evaluate),
    ("featurize", training::featurize),
    ("holdout", splits::holdout),
    ("jsonl", sources::jsonl),
    ("predict", models::predict),
    ("refit", models::refit),
    ("split", splits::split),
    ("take", rows::take),
    ("target", splits::target),
    ("train", training::train),
    ("where", rows::keep_where),
];

/// The verb of that name.
pub fn verb(name: &str) -> Option<Verb> {
    let found = VERBS.iter().find(|(known, _)| *known == name);
    found.map(|(_, verb)| *verb)
}

pub(super) fn not_known(checker: &mut Checker<'_>, call: &Applied, param: &str) -> Val {
    // A parameter of a function checked by itself: each use of it will know.
    if matches!(call.value(param).map(|val| &val.form), Some(Form::Unknown)) {
        return Val::unknown(Ty::Poison, call.at);
    }
    let problem = problems::known_after_run(call.span_of(param), &call.due(param));
    checker.report(problem);
    Val::poison(call.at)
}

/// The data set a verb is given.
fn data(call: &Applied) -> Option<DatasetTy> {
    match &call.value("rows")?.ty {
        Ty::Dataset(data) => Some((**data).clone()),
        _ => None,
    }
}

/// What a verb over rows of either kind is given.
#[derive(Clone)]
enum Subject {
    Dataset(DatasetTy),
    Table(TableTy),
}

impl Subject {
    fn of(call: &Applied) -> Option<Subject> {
        match &call.value("rows")?.ty {
            Ty::Dataset(data) => Some(Subject::Dataset((**data).clone())),
            Ty::Table(table) => Some(Subject::Table((**table).clone())),
            _ => None,
        }
    }

    fn columns(&self) -> &Columns {
        match self {
            Subject::Dataset(data) => &data.columns,
            Subject::Table(table) => &table.columns,
        }
    }

    fn ty(self) -> Ty {
        match self {
            Subject::Dataset(data) => Ty::Dataset(data.into()),
            Subject::Table(table) => Ty::Table(table.into()),
        }
    }
}
