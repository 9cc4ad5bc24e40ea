//! Verbs over data sets, tables and models: what they need and what comes of it. A verb
//! is a line of [`VERBS`] and a function in the file of its kind.

mod axes;
mod columns;
mod figures;
mod insertion;
mod lambdas;
mod models;
mod networks;
mod rows;
mod search;
mod sources;
mod splits;
mod training;

use super::builtin::Applied;
use super::check::Checker;
use super::problems;
use super::ty::{Columns, DatasetTy, Holds, Part, TableTy, Ty};
use super::value::{Form, Val};

pub use columns::as_rows;
pub use insertion::{ECHOED, insertion_fields};

/// What a verb makes of its arguments.
pub type Verb = fn(&mut Checker<'_>, &Applied) -> Val;

/// Builtins that are verbs, by name.
pub const VERBS: &[(&str, Verb)] = &[
    ("ase_db", super::source::structures),
    ("bader", insertion::bader),
    ("bars", figures::bars),
    ("boxes", figures::boxes),
    ("bundled", sources::bundled),
    ("cif_folder", super::source::structures),
    ("compare", search::compare),
    ("complete", rows::complete),
    ("count", columns::count),
    ("count_members", columns::count_members),
    ("deduplicate", rows::deduplicate),
    ("density_difference", insertion::density_difference),
    ("derive", rows::derive),
    ("ensemble", models::ensemble),
    ("evaluate", training::evaluate),
    ("export_weights", models::export_weights),
    ("extxyz", super::source::structures),
    ("featurize", training::featurize),
    ("group_split", splits::group_split),
    ("heatmap", figures::heatmap),
    ("histogram", figures::histogram),
    ("holdout", splits::holdout),
    ("import_weights", training::import_weights),
    ("impute", rows::impute),
    ("insertion", insertion::insertion),
    ("isosurface", insertion::isosurface),
    ("jarvis", super::source::structures),
    ("join", rows::join),
    ("jsonl", sources::jsonl),
    ("kfold", splits::kfold),
    ("lines", figures::points),
    ("matbench", super::source::structures),
    ("materials_project", super::source::structures),
    ("mc_dropout", models::mc_dropout),
    ("optimade", super::source::structures),
    ("periodic_table", figures::periodic_table),
    ("pick", search::pick),
    ("pivot", search::pivot),
    ("predict", models::predict),
    ("rank", rows::rank),
    ("refit", models::refit),
    ("report", figures::report),
    ("sample", rows::fewer),
    ("save", columns::save),
    ("scatter", figures::points),
    ("select", columns::select),
    ("sort", rows::sort),
    ("split", splits::split),
    ("split_where", splits::split_where),
    ("structures", super::source::structures),
    ("table", columns::table),
    ("take", rows::fewer),
    ("target", splits::target),
    ("train", training::train),
    ("tune", search::tune),
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
        Subject::from(&call.value("rows")?.ty)
    }

    fn from(ty: &Ty) -> Option<Subject> {
        match ty {
            Ty::Dataset(data) => Some(Subject::Dataset((**data).clone())),
            // What a verb makes of a saved data set is columns.
            Ty::Table(table) => Some(Subject::Table(TableTy {
                holds: Holds::Columns,
                ..(**table).clone()
            })),
            _ => None,
        }
    }

    fn columns(&self) -> &Columns {
        match self {
            Subject::Dataset(data) => &data.columns,
            Subject::Table(table) => &table.columns,
        }
    }

    fn columns_mut(&mut self) -> &mut Columns {
        match self {
            Subject::Dataset(data) => &mut data.columns,
            Subject::Table(table) => &mut table.columns,
        }
    }

    /// The part the rows come from, when they come from one.
    fn part(&self) -> Option<Part> {
        match self {
            Subject::Dataset(data) => data.from,
            Subject::Table(table) => table.from,
        }
    }

    /// Columns came in that hold rows of that part: the more secret part counts.
    fn comes_from(&mut self, part: Option<Part>) {
        let from = match self {
            Subject::Dataset(data) => &mut data.from,
            Subject::Table(table) => &mut table.from,
        };
        if let Some(part @ (Part::Val | Part::Test)) = part {
            *from = (*from).max(Some(part));
        }
    }

    fn ty(self) -> Ty {
        match self {
            Subject::Dataset(data) => Ty::Dataset(data.into()),
            Subject::Table(table) => Ty::Table(table.into()),
        }
    }
}
