//! Columns of a data set, read from the head of its source.

use std::sync::Arc;

use super::builtin::Applied;
use super::check::Checker;
use super::dimension::Dimension;
use super::problems;
use super::ty::{Columns, DatasetTy, Ty};
use super::unit::Unit;
use super::value::{Form, Val};
use crate::chem::records::HEAD;
use crate::chem::{Column, Kind, OnBad, bundled, bundled_names, schema_from};
use crate::diagnostic::{Code, Problem};
use crate::files::Reading;
use crate::ir::{Setting, Static};
use crate::source::Span;
use crate::world::plain;

/// A data set of those columns, nothing chosen yet.
fn dataset(columns: Columns) -> Ty {
    Ty::Dataset(Arc::new(DatasetTy {
        columns,
        target: None,
        has_test: false,
        has_val: false,
        from: None,
        features: None,
    }))
}

impl Checker<'_> {
    /// The type of a data set that comes with tmo.
    pub fn bundled(&mut self, name: &str, at: Span) -> Option<Ty> {
        let Some(found) = bundled(name) else {
            let known: Vec<&str> = bundled_names().collect();
            self.report(problems::bundled_unknown(name, at, &known));
            return None;
        };
        let schema = self.schemas.get(name).cloned();
        let columns = match schema {
            Some(columns) => columns,
            None => match found.schema() {
                Ok(columns) => {
                    let columns = columns_of(&columns);
                    self.schemas.insert(name.into(), columns.clone());
                    columns
                }
                Err(fault) => {
                    self.report(Problem::from_fault(&fault, at));
                    return None;
                }
            },
        };
        Some(dataset(columns))
    }

    /// The type of a file of records.
    pub fn records(
        &mut self,
        written: &str,
        found: &std::path::Path,
        on_bad: OnBad,
        at: Span,
    ) -> Option<Ty> {
        let key = format!("{}\n{on_bad:?}", found.display());
        if let Some(columns) = self.schemas.get(&key) {
            return Some(dataset(columns.clone()));
        }
        let reader = match self.world.open(found) {
            Ok(reader) => reader,
            Err(error) => {
                self.report(problems::file_missing(written, at, &plain(&error)));
                return None;
            }
        };
        match schema_from(&found.display().to_string(), reader, on_bad) {
            Ok(columns) => {
                let columns = columns_of(&columns);
                self.schemas.insert(key, columns.clone());
                Some(dataset(columns))
            }
            Err(fault) => {
                self.report(Problem::from_fault(&fault, at).or_skip(&fault, on_bad));
                None
            }
        }
    }
}

/// Structures from the files of other programs: `structures(…)` and its like.
pub fn structures(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let (written, found) = match call.value("path").map(|val| &val.form) {
        Some(Form::Path(written, found)) => (written.clone(), found.clone()),
        Some(Form::Unknown) => return Val::unknown(Ty::Poison, call.at),
        _ => {
            let due = call.due("path");
            checker.report(problems::known_after_run(call.span_of("path"), &due));
            return Val::poison(call.at);
        }
    };
    let skips = matches!(
        call.value("on_bad").map(|val| &val.form),
        Some(Form::Symbol(name)) if name.ends_with(".skip")
    );
    let on_bad = if skips { OnBad::Skip } else { OnBad::Fail };
    let Some(mut reading) = Reading::of(&call.signature.name, on_bad) else {
        return Val::poison(call.at);
    };
    let mut settings = Vec::new();
    if let Some(Form::Text(text)) = call.value("labels").map(|val| val.form.clone())
        && !text.is_empty()
    {
        let Some(found) = checker.path(&text, call.span_of("labels")) else {
            return Val::poison(call.at);
        };
        reading.labels = Some(found.clone());
        let written = text;
        let path = Setting::Static(Static::Path { written, found });
        settings.push(("labels".into(), path));
    }
    if let Some(units) = call.value("units").cloned() {
        match checker.units(&units) {
            Some(units) => reading.units = units,
            None => return Val::poison(call.at),
        }
    }
    match checker.columns_in(&written, &found, &reading, call) {
        Some(columns) => checker.emit_with(call, dataset(columns), settings),
        None => Val::poison(call.at),
    }
}

impl Checker<'_> {
    /// The units a script gives columns: `{ energy: 1 eV/atom }`.
    fn units(&mut self, val: &Val) -> Option<Vec<(String, String)>> {
        let wanted = "a unit for each column, `{ energy: 1 eV/atom }`";
        let Form::Record(fields) = &val.form else {
            self.report(problems::wrong_operand("units", val, wanted));
            return None;
        };
        let mut units = Vec::new();
        for (name, val) in fields {
            let unit = match &val.form {
                Form::Real(real) => real.shown.as_deref().filter(|unit| {
                    let read = Unit::parse(unit).ok();
                    read.is_some_and(|unit| unit.canonical(1.0) == real.value)
                }),
                _ => None,
            };
            let Some(unit) = unit else {
                self.report(problems::wrong_operand("units", val, wanted));
                return None;
            };
            units.push((name.to_string(), unit.to_owned()));
        }
        Some(units)
    }

    fn columns_in(
        &mut self,
        written: &str,
        found: &std::path::Path,
        reading: &Reading,
        call: &Applied,
    ) -> Option<Columns> {
        let key = format!("{}\n{reading:?}", found.display());
        if let Some(columns) = self.schemas.get(&key) {
            return Some(columns.clone());
        }
        let at = call.span_of("path");
        let missing = |path: &std::path::Path, world: &dyn crate::world::World| {
            let listed = world.list(path).ok().flatten().is_some();
            if listed { None } else { world.open(path).err() }
        };
        if let Some(error) = missing(found, self.world) {
            self.report(problems::file_missing(written, at, &plain(&error)));
            return None;
        }
        if let Some(labels) = &reading.labels
            && let Some(error) = missing(labels, self.world)
        {
            let written = labels.display().to_string();
            let at = call.span_of("labels");
            self.report(problems::file_missing(&written, at, &plain(&error)));
            return None;
        }
        let records = match crate::files::read(self.world, found, reading, HEAD) {
            Ok(records) => records,
            Err(fault) => {
                let problem = Problem::from_fault(&fault, at);
                self.report(problem.or_skip(&fault, reading.on_bad));
                return None;
            }
        };
        for column in &records.columns {
            if let Some(unit) = &column.unit
                && Unit::parse(unit).is_err()
            {
                let label = "read here";
                let title =
                    format!("the unit of `{}` is `{unit}`, which is none", column.name);
                let at = call.span_of("labels");
                let help = "a head is written `energy (eV/atom)`; `tmo explain E0303` lists \
                            units";
                self.report(Problem::new(Code::E0303, title, at, label).help(help));
                return None;
            }
        }
        let columns = columns_of(&records.columns);
        for (name, _) in &reading.units {
            if !columns.iter().any(|(known, _)| **known == **name) {
                let row = Ty::Row(columns.clone());
                let at = call.span_of("units");
                self.report(problems::no_such_field(name, at, &row, &columns));
                return None;
            }
        }
        self.schemas.insert(key, columns.clone());
        Some(columns)
    }
}

/// What every data set with structures has, and the columns of its source.
fn columns_of(found: &[Column]) -> Columns {
    let quantity =
        |name: &str| Ty::real(Dimension::named(name).unwrap_or(Dimension::NONE));
    let mut columns: Columns = vec![
        ("id".into(), Ty::Text),
        ("formula".into(), Ty::Text),
        ("elements".into(), Ty::Set(Ty::Element.into())),
        ("nelements".into(), Ty::int()),
        ("nsites".into(), quantity("Count")),
        ("volume".into(), quantity("Volume")),
        ("structure".into(), Ty::Structure),
    ];
    for column in found {
        if columns.iter().any(|(name, _)| **name == *column.name) {
            continue;
        }
        let unit = column.unit.as_ref().and_then(|unit| Unit::parse(unit).ok());
        let ty = match column.kind {
            Kind::Number => Ty::real(unit.map_or(Dimension::NONE, |unit| unit.dimension)),
            Kind::Text => Ty::Text,
            Kind::Bool => Ty::Bool,
            Kind::Numbers => Ty::List(Ty::real(Dimension::NONE).into()),
            Kind::Texts | Kind::Empty => Ty::List(Ty::Text.into()),
        };
        let ty = if column.optional {
            Ty::Maybe(ty.into())
        } else {
            ty
        };
        columns.push((column.name.as_str().into(), ty));
    }
    columns
}

impl Problem {
    /// A fault of a data file, met where a script names the file.
    pub fn from_fault(fault: &crate::chem::Fault, at: Span) -> Problem {
        let code = Code::parse(fault.code).unwrap_or(Code::E0702);
        let mut place = fault.file.clone();
        if fault.line > 0 {
            place = format!("{place}, line {}", fault.line);
        }
        if let Some(column) = fault.column {
            place = format!("{place}, column {column}");
        }
        if let Some(record) = &fault.record {
            place = format!("{place}, record {record}");
        }
        if let Some(field) = &fault.field {
            place = format!("{place}, field `{field}`");
        }
        Problem::new(code, fault.title.clone(), at, "this file is read here")
            .note(format!("in {place}"))
            .help(fault.help.clone())
    }

    /// Says of a bad record that it could be left out, where the script does not ask for
    /// that.
    #[must_use]
    pub fn or_skip(self, fault: &crate::chem::Fault, on_bad: OnBad) -> Problem {
        let of_record = fault.record.is_some() || fault.line > 0;
        if on_bad == OnBad::Skip || !of_record || fault.code == "E0701" {
            return self;
        }
        self.note("`on_bad: skip` leaves such records out and counts them in the report")
    }
}
