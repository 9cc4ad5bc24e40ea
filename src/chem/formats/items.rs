//! A JSON file comes in, a record for each structure in it goes out. What each object
//! is shows in its fields: the same item is read alone, in a list and in a page.

use std::ops::ControlFlow;

use serde_json::value::RawValue;

use super::json::{Fields, each_item, fields, first_byte, id_of, place, text};
use super::source::{Bad, Source};
use super::{Settings, Sink, jarvis, matbench, optimade, pymatgen};
use crate::chem::fault::{Fault, code as known};
use crate::chem::records::Record;

/// Fields that name a record, the surest first.
pub(super) const IDS: [&str; 9] = [
    "material_id",
    "entry_id",
    "jid",
    "mp_id",
    "task_id",
    "id",
    "_id",
    "identifier",
    "name",
];

pub(super) fn read(
    source: &Source<'_>,
    stem: &str,
    settings: &Settings,
    sink: &mut Sink<'_>,
) -> ControlFlow<()> {
    match read_top(source, stem, settings, sink) {
        Ok(flow) => flow,
        Err(bad) => sink(Err(source.fault(bad, None))),
    }
}

fn read_top(
    source: &Source<'_>,
    stem: &str,
    settings: &Settings,
    sink: &mut Sink<'_>,
) -> Result<ControlFlow<()>, Bad> {
    let text = text(source)?;
    let begin = text.trim_start();
    if begin.starts_with('[') {
        return read_list(source, begin, stem, settings, sink);
    }
    let top = fields(source, begin)?;
    if let Some(data) = top.get("data").filter(|raw| first_byte(raw) == b'[') {
        if top.contains_key("columns") && top.contains_key("index") {
            return matbench::read(source, &top, settings, sink);
        }
        return read_list(source, data.get(), stem, settings, sink);
    }
    if let Some(data) = top.get("data").filter(|raw| first_byte(raw) == b'{') {
        // A page of a single entry.
        return Ok(sink(read_item(source, data, stem, settings, None)));
    }
    Ok(sink(item(
        source,
        &top,
        place(source, begin),
        stem,
        settings,
        None,
    )))
}

fn read_list<'a>(
    source: &Source<'a>,
    text: &'a str,
    stem: &str,
    settings: &Settings,
    sink: &mut Sink<'_>,
) -> Result<ControlFlow<()>, Bad> {
    let mut count = 0_u64;
    let flow = each_item(source, text, &mut |raw| {
        count += 1;
        sink(read_item(source, raw, stem, settings, Some(count)))
    })?;
    if count == 0 && flow.is_continue() {
        let title = "the file holds no record".to_owned();
        return Ok(sink(Err(Fault::of_file(
            known::NO_RECORDS,
            source.file,
            title,
        )
        .help("its list is empty: was the query right?"))));
    }
    Ok(flow)
}

/// Each line of a file is an item.
pub(super) fn read_lines(
    source: &Source<'_>,
    stem: &str,
    settings: &Settings,
    sink: &mut Sink<'_>,
) -> ControlFlow<()> {
    let text = match text(source) {
        Ok(text) => text,
        Err(bad) => return sink(Err(source.fault(bad, None))),
    };
    for (line, number) in text.lines().zip(1..) {
        if line.trim().is_empty() {
            continue;
        }
        let read = match fields(source, line) {
            Ok(fields) => {
                let at = place(source, line);
                item(source, &fields, at, stem, settings, Some(number))
            }
            Err(bad) => Err(source.fault(bad, Some(&numbered(stem, Some(number))))),
        };
        sink(read)?;
    }
    ControlFlow::Continue(())
}

fn read_item(
    source: &Source<'_>,
    raw: &RawValue,
    stem: &str,
    settings: &Settings,
    number: Option<u64>,
) -> Result<Record, Fault> {
    match fields(source, raw.get()) {
        Ok(fields) => {
            let at = place(source, raw.get());
            item(source, &fields, at, stem, settings, number)
        }
        Err(bad) => Err(source.fault(bad, Some(&numbered(stem, number)))),
    }
}

fn numbered(stem: &str, number: Option<u64>) -> String {
    match number {
        Some(number) => format!("{stem}/{number}"),
        None => stem.to_owned(),
    }
}

/// The record of one object.
fn item(
    source: &Source<'_>,
    fields: &Fields<'_>,
    at: usize,
    stem: &str,
    settings: &Settings,
    number: Option<u64>,
) -> Result<Record, Fault> {
    let id = id_of(fields, &IDS).unwrap_or_else(|| numbered(stem, number));
    let has = |name: &str| fields.contains_key(name);
    let read = if has("attributes") {
        optimade::item(source, fields, at, settings)
    } else if has("lattice") && has("sites") {
        pymatgen::structure(source, fields, at, settings)
            .map(|structure| (structure, std::collections::BTreeMap::new()))
    } else if has("structure") {
        pymatgen::entry(source, fields, at, settings)
    } else if has("atoms") {
        jarvis::entry(source, fields, at)
    } else if has("lattice_mat") {
        jarvis::atoms(source, fields, at)
            .map(|structure| (structure, std::collections::BTreeMap::new()))
    } else if has("lattice") && (has("frac") || has("frac_coords")) {
        jarvis::plain(source, fields, at)
    } else {
        Err(Bad::new(
            known::MISSING_FIELD,
            at,
            "the object holds no structure that is known",
        )
        .help(
            "structures are read from `structure` (pymatgen, Materials Project), \
                 `lattice` with `sites`, `atoms` (JARVIS), `attributes` (OPTIMADE), or \
                 `lattice`, `species` and `frac`",
        ))
    };
    match read {
        Ok((structure, columns)) => Ok(Record {
            columns,
            ..super::record_of(id, structure, source.line_of(at))
        }),
        Err(bad) => Err(source.fault(bad, Some(&id))),
    }
}
