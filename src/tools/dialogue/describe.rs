//! What is known of a value, in words.

use std::fmt::Write as _;

use crate::names::Program;
use crate::tools::doc;
use crate::types::{DatasetTy, Seen, Ty, Unit};

/// A value and its type.
pub fn value(seen: &Seen, program: &Program) -> String {
    match &seen.value {
        Some(known) => format!("{known} : {}", seen.ty),
        None => ty(seen, program),
    }
}

/// A type, with what belongs to it.
pub fn ty(seen: &Seen, program: &Program) -> String {
    match &seen.ty {
        Ty::Dataset(data) => dataset(data),
        Ty::Function => match seen.function.and_then(|id| doc::entry(program, id)) {
            Some(entry) => entry.signature,
            None => "a function".into(),
        },
        other => {
            let mut text = other.to_string();
            if let Ty::Table(columns) = other {
                let columns = columns.columns.iter();
                table(
                    &mut text,
                    columns.map(|(name, ty)| (&**name, ty.to_string())),
                );
            } else if seen.value.is_none() {
                table(
                    &mut text,
                    seen.fields.iter().map(|(n, ty)| (&**n, ty.clone())),
                );
            }
            text
        }
    }
}

/// One line for an item that was defined.
pub fn brief(seen: &Seen) -> String {
    match (&seen.value, &seen.ty) {
        (Some(known), ty) => format!("{known} : {ty}"),
        (None, Ty::Dataset(data)) => {
            let mut text = format!("Dataset, {} columns", data.columns.len());
            for (name, what) in marks(data) {
                let _ = write!(text, "; {name} {what}");
            }
            text
        }
        (None, ty) => ty.to_string(),
    }
}

fn dataset(data: &DatasetTy) -> String {
    let mut text = "Dataset".to_owned();
    let columns = data
        .columns
        .iter()
        .map(|(name, ty)| (&**name, ty.to_string()));
    table(&mut text, columns);
    for (name, what) in marks(data) {
        let _ = write!(text, "\n{name}: {what}");
    }
    text
}

/// What a data set has besides columns.
fn marks(data: &DatasetTy) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    if let Some(target) = &data.target {
        found.push(("target", format!("{} : {}", target.name, target.dimension)));
    }
    let parts = [
        (data.has_test, "train"),
        (data.has_val, "val"),
        (data.has_test, "test"),
    ];
    let parts: Vec<&str> = parts
        .iter()
        .filter(|(has, _)| *has)
        .map(|(_, name)| *name)
        .collect();
    if !parts.is_empty() {
        found.push(("splits", parts.join(", ")));
    }
    if let Some(part) = data.from {
        found.push(("part", part.name().to_owned()));
    }
    if let Some(features) = &data.features {
        found.push(("features", features.to_string()));
    }
    found
}

fn table<'a>(text: &mut String, rows: impl Iterator<Item = (&'a str, String)>) {
    let rows: Vec<(&str, String)> = rows.collect();
    let width = rows
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or(0);
    for (name, ty) in rows {
        let _ = write!(text, "\n  {name:width$}  {ty}");
    }
}

/// The units a number can be written in, and a known one in each of them.
pub fn units(seen: &Seen) -> Option<String> {
    let Ty::Number(number) = &seen.ty else {
        return None;
    };
    if number.dimension.is_none() {
        return Some("a plain number, without a unit".into());
    }
    let mut units: Vec<String> = vec![number.dimension.unit()];
    for symbol in Unit::symbols() {
        let same =
            Unit::parse(symbol).is_ok_and(|unit| unit.dimension == number.dimension);
        if same && !units.iter().any(|known| known == symbol) {
            units.push(symbol.into());
        }
    }
    let known = seen.value.as_ref().and_then(|value| value.as_f64());
    let in_unit = |unit: &String| match (known, Unit::parse(unit)) {
        (Some(value), Ok(parsed)) => {
            let count = parsed.count_in(value);
            let rounded: f64 = format!("{count:.11e}").parse().unwrap_or(count);
            format!("{rounded} {unit}")
        }
        _ => unit.clone(),
    };
    let all: Vec<String> = units.iter().map(in_unit).collect();
    Some(format!("{}: {}", number.dimension, all.join(" · ")))
}
