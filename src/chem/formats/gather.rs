//! Records come in one by one; all of them, with their columns and what is wrong with
//! the bad ones, go out.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::{Labels, Sink};
use crate::chem::fault::{Fault, code as known};
use crate::chem::records::{
    Column, KEPT_FAULTS, Kind, OnBad, Record, Records, standard_unit,
};

/// Most columns a data set may have.
const MAX_COLUMNS: usize = 1_000;

/// What has been seen of a column.
struct Seen {
    kind: Kind,
    first: String,
    cells: usize,
    whole: bool,
}

/// Run `read` and keep what it hands over. `many` says that the source is a folder, so
/// that a file in it that cannot be read is one bad record of many.
pub(super) fn gather(
    file: &str,
    on_bad: OnBad,
    many: bool,
    labels: Option<Labels>,
    most: usize,
    read: impl FnOnce(&mut Sink<'_>) -> ControlFlow<()>,
) -> Result<Records, Fault> {
    let mut records = Records {
        rows: Vec::new(),
        bad: Vec::new(),
        bad_counts: BTreeMap::new(),
        columns: Vec::new(),
    };
    let mut ids: BTreeMap<String, u64> = BTreeMap::new();
    let mut columns: BTreeMap<String, Seen> = BTreeMap::new();
    let mut stop = None;
    let _ = read(&mut |next| {
        let next = next
            .and_then(|record| match &labels {
                Some(labels) => labels.add_to(record, file),
                None => Ok(record),
            })
            .map(renamed)
            .and_then(|record| check(file, record, &mut ids, &mut columns));
        match next {
            Ok(record) => {
                records.rows.push(record);
                if records.rows.len() >= most {
                    return ControlFlow::Break(());
                }
            }
            Err(fault) => {
                let whole = fault.code == known::UNREADABLE && !many;
                if on_bad == OnBad::Fail || whole {
                    stop = Some(fault);
                    return ControlFlow::Break(());
                }
                *records.bad_counts.entry(fault.code).or_insert(0) += 1;
                if records.bad.len() < KEPT_FAULTS {
                    records.bad.push(fault);
                }
            }
        }
        ControlFlow::Continue(())
    });
    if let Some(fault) = stop {
        return Err(fault);
    }
    if records.rows.is_empty() {
        return Err(none(file, &records));
    }
    let rows = records.rows.len();
    records.columns = columns
        .into_iter()
        .map(|(name, seen)| Column {
            unit: unit_of(&name, labels.as_ref()).filter(|_| seen.kind == Kind::Number),
            name,
            kind: seen.kind,
            whole: seen.whole,
            optional: seen.cells < rows,
        })
        .collect();
    Ok(records)
}

/// The unit the labels give a column, else the one it has by convention.
fn unit_of(name: &str, labels: Option<&Labels>) -> Option<String> {
    let given = labels.and_then(|labels| labels.unit(name));
    given.or_else(|| standard_unit(name)).map(str::to_owned)
}

/// A column's name as a script can write it: letters, digits and `_`.
fn named(name: &str) -> Option<String> {
    let fits = |c: char| c.is_alphanumeric() || c == '_';
    if name.chars().all(fits) {
        return None;
    }
    let mut written = String::with_capacity(name.len());
    for c in name.chars() {
        match fits(c) {
            true => written.push(c),
            false if written.is_empty() || written.ends_with('_') => {}
            false => written.push('_'),
        }
    }
    let written = written.trim_end_matches('_');
    (!written.is_empty()).then(|| written.to_owned())
}

/// The record with names of columns that a script can write, where they are not taken.
fn renamed(mut record: Record) -> Record {
    let others: Vec<(String, String)> = record
        .columns
        .keys()
        .filter_map(|name| Some((name.clone(), named(name)?)))
        .collect();
    for (name, written) in others {
        if !record.columns.contains_key(&written)
            && let Some(cell) = record.columns.remove(&name)
        {
            record.columns.insert(written, cell);
        }
    }
    record
}

fn none(file: &str, records: &Records) -> Fault {
    let Some(first) = records.bad.first() else {
        let title = "it holds no structure".to_owned();
        return Fault::of_file(known::NO_RECORDS, file, title)
            .help("name a file, an archive or a folder that holds structures");
    };
    let title = match records.bad_total() {
        1 => "the only structure is unusable".to_owned(),
        many => format!("none of the {many} structures is usable"),
    };
    Fault::of_file(known::NO_RECORDS, file, title).help(format!(
        "the first, {}: {}; {}",
        first.place(),
        first.title,
        first.help
    ))
}

/// Hold a record against those before it.
fn check(
    file: &str,
    record: Record,
    ids: &mut BTreeMap<String, u64>,
    columns: &mut BTreeMap<String, Seen>,
) -> Result<Record, Fault> {
    let fault = |code, field: &str, title: String| Fault {
        line: record.line,
        record: Some(record.id.clone()),
        field: Some(field.to_owned()),
        ..Fault::of_file(code, file, title)
    };
    if ids.contains_key(&record.id) {
        let title = format!("the id `{}` is that of another structure too", record.id);
        return Err(fault(known::DUPLICATE_ID, "id", title).help(
            "each structure needs an id of its own: rename the file or the data block, \
             or remove one of the two",
        ));
    }
    for (name, cell) in &record.columns {
        match columns.get(name) {
            Some(seen) if seen.kind.with(cell.kind()).is_none() => {
                let title = format!(
                    "`{name}` is {}, but {} in record {}",
                    cell.kind().said(),
                    seen.kind.said(),
                    seen.first
                );
                return Err(fault(known::WRONG_TYPE, name, title).help(
                    "a column holds one kind of value: correct it, or leave the field out",
                ));
            }
            None if columns.len() >= MAX_COLUMNS => {
                let title = format!("`{name}` is one column more than {MAX_COLUMNS}");
                return Err(fault(known::WRONG_TYPE, name, title)
                    .help("leave out the fields you do not need"));
            }
            _ => {}
        }
    }
    for (name, cell) in &record.columns {
        let whole = cell.number().is_some_and(|x| x.fract() == 0.0);
        let seen = columns.entry(name.clone()).or_insert_with(|| Seen {
            kind: cell.kind(),
            first: record.id.clone(),
            cells: 0,
            whole: true,
        });
        seen.cells += 1;
        seen.whole &= whole;
        seen.kind = seen.kind.with(cell.kind()).unwrap_or(seen.kind);
    }
    ids.insert(record.id.clone(), record.line);
    Ok(record)
}
