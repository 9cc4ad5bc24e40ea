//! Columns of a data set, read from the head of its source.

use std::sync::Arc;

use super::check::Checker;
use super::dimension::Dimension;
use super::problems;
use super::ty::{Columns, DatasetTy, Ty};
use super::unit::Unit;
use crate::chem::{Column, Kind, OnBad, bundled, bundled_names, schema_from};
use crate::diagnostic::{Code, Problem};
use crate::source::Span;

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
                self.report(problems::file_missing(written, at, &error.to_string()));
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
                self.report(Problem::from_fault(&fault, at));
                None
            }
        }
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
        let unit = column.unit.and_then(|unit| Unit::parse(unit).ok());
        let ty = match column.kind {
            Kind::Number => Ty::real(unit.map_or(Dimension::NONE, |unit| unit.dimension)),
            Kind::Text => Ty::Text,
            Kind::Bool => Ty::Bool,
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
}
