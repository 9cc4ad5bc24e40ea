//! The table layout of matbench (`index`, `columns`, `data`) comes in, a record for
//! each row goes out.

use std::ops::ControlFlow;

use serde_json::value::RawValue;

use super::json::{Fields, columns, each_item, fields, first_byte, place, typed};
use super::source::{Bad, Source};
use super::{Settings, Sink, pymatgen};
use crate::chem::fault::code as known;
use crate::chem::records::Record;

pub(super) fn read(
    source: &Source<'_>,
    top: &Fields<'_>,
    settings: &Settings,
    sink: &mut Sink<'_>,
) -> Result<ControlFlow<()>, Bad> {
    let (Some(index), Some(names), Some(data)) =
        (top.get("index"), top.get("columns"), top.get("data"))
    else {
        return Err(Bad::new(known::MISSING_FIELD, 0, "the table lacks a part")
            .help("a table holds `index`, `columns` and `data`"));
    };
    let ids: Vec<&RawValue> = list(source, index, "index")?;
    let names: Vec<String> = typed(source, names, "columns", "the names of the columns")?;
    let Some(column) = names.iter().position(|name| name == "structure") else {
        let title = "the table has no column `structure`";
        return Err(
            Bad::new(known::MISSING_FIELD, place(source, data.get()), title)
                .field("structure")
                .help("tables of compositions have no structures; use a task that has"),
        );
    };
    let mut row = 0;
    each_item(source, data.get(), &mut |raw| {
        let id = match ids.get(row) {
            Some(id) => {
                serde_json::from_str(id.get()).unwrap_or_else(|_| id.get().to_owned())
            }
            None => format!("row {}", row + 1),
        };
        row += 1;
        let next = read_row(source, raw, &names, column, settings);
        sink(match next {
            Ok((structure, columns)) => Ok(Record {
                columns,
                ..super::record_of(
                    id,
                    structure,
                    source.line_of(place(source, raw.get())),
                )
            }),
            Err(bad) => Err(source.fault(bad, Some(&id))),
        })
    })
}

fn read_row(
    source: &Source<'_>,
    raw: &RawValue,
    names: &[String],
    column: usize,
    settings: &Settings,
) -> Result<super::jarvis::Entry, Bad> {
    let at = place(source, raw.get());
    let cells = list(source, raw, "data")?;
    if cells.len() != names.len() {
        let title = format!("the row has {} cells, not {}", cells.len(), names.len());
        return Err(Bad::new(known::WRONG_TYPE, at, title)
            .field("data")
            .help("each row gives a value for each of `columns`"));
    }
    let Some(cell) = cells.get(column).filter(|raw| first_byte(raw) == b'{') else {
        return Err(Bad::new(
            known::WRONG_TYPE,
            at,
            "the structure of the row is no object",
        )
        .field("structure")
        .help("it holds a pymatgen `Structure` as a JSON object"));
    };
    let inner = fields(source, cell.get())?;
    let structure =
        pymatgen::structure(source, &inner, place(source, cell.get()), settings)?;
    let others: Fields<'_> = names.iter().cloned().zip(cells.iter().copied()).collect();
    Ok((structure, columns(source, &others, &["structure"])?))
}

fn list<'a>(
    source: &Source<'_>,
    raw: &'a RawValue,
    name: &str,
) -> Result<Vec<&'a RawValue>, Bad> {
    serde_json::from_str(raw.get()).map_err(|_| {
        Bad::new(
            known::WRONG_TYPE,
            place(source, raw.get()),
            format!("`{name}` is no list"),
        )
        .field(name)
        .help("a table holds lists `index`, `columns` and `data`")
    })
}
