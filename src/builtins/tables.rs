//! Tables as the report shows them.

use std::sync::Arc;

use super::data::{Done, lost};
use super::settings::known;
use crate::ir::Static;
use crate::plan::NodeId;
use crate::report::{
    OutcomeFile, PlainCell, PlainColumn, PlainTable, ReportProblem, Script, TableReport,
    table_csv, table_jsonl,
};
use crate::run::{Cell, Column, Entry, Rows, Runner, Table, Value, Work};
use crate::types::Unit;

/// `save("name.csv")`: the table remembers that a file of it is asked for. One of a name
/// asked for twice is the later.
pub fn save(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let Some(Static::Text(name)) = known(work.call, "name") else {
        return Err(lost(work.span));
    };
    let input = runner.input(work)?;
    let Rows::Table(table) = runner.rows(input)? else {
        return Err(lost(work.span));
    };
    let mut saving = (*table).clone();
    saving.saved.retain(|(known, _)| known != name);
    saving.saved.push((name.clone(), table));
    Ok(Value::Table(Arc::new(saving)))
}

/// The files a table was asked to be saved to.
///
/// # Errors
/// One of them cannot be written down.
pub fn saved_files(table: &Table) -> Result<Vec<OutcomeFile>, ReportProblem> {
    let mut files = Vec::new();
    for (name, of) in &table.saved {
        let of = plain(of);
        files.push(OutcomeFile {
            name: name.to_string(),
            bytes: match name.ends_with(".jsonl") {
                true => table_jsonl(&of)?,
                false => table_csv(&of)?,
            },
        });
    }
    Ok(files)
}

/// The report of a table, without the study's name, words and script.
pub fn table_report(runner: &Runner<'_>, id: NodeId, table: &Table) -> TableReport {
    TableReport {
        study: String::new(),
        doc: String::new(),
        table: plain(table),
        notes: table.notes.clone(),
        script: Script::default(),
        provenance: super::summary::provenance(runner, id),
    }
}

/// A table as plain data, numbers in the units they are shown in.
pub fn plain(table: &Table) -> PlainTable {
    PlainTable {
        columns: table.columns.iter().flat_map(plain_column).collect(),
    }
}

/// A column as plain data; one of records becomes a column for each field.
fn plain_column(column: &Column) -> Vec<PlainColumn> {
    let fields = column.cells.iter().find_map(|cell| match cell {
        Cell::Fields(fields) => Some(fields.clone()),
        _ => None,
    });
    if let Some(fields) = fields {
        let inner = fields
            .iter()
            .filter(|field| !matches!(field.cell, Cell::Table(_)));
        return inner
            .flat_map(|Entry { name, unit, .. }| {
                plain_column(&Column {
                    name: format!("{}.{name}", column.name).into(),
                    unit: unit.clone(),
                    cells: column
                        .cells
                        .iter()
                        .map(|cell| cell.field(name).cloned().unwrap_or(Cell::Missing))
                        .collect(),
                })
            })
            .collect();
    }
    let scale = match &*column.unit {
        "%" | "" => None,
        unit => Unit::parse(unit).ok(),
    };
    let percent = &*column.unit == "%";
    let number = |x: f64| match &scale {
        Some(unit) => unit.count_in(x),
        None if percent => x * 100.0,
        None => x,
    };
    vec![PlainColumn {
        name: column.name.to_string(),
        unit: column.unit.to_string(),
        cells: column
            .cells
            .iter()
            .map(|cell| plain_cell(cell, &number))
            .collect(),
    }]
}

fn plain_cell(cell: &Cell, number: &dyn Fn(f64) -> f64) -> PlainCell {
    match cell {
        Cell::Number(x) if x.is_finite() => PlainCell::Number(number(*x)),
        Cell::Missing => PlainCell::Missing,
        Cell::Failed(why) => PlainCell::Failed(why.to_string()),
        other => PlainCell::Text(said(other, number)),
    }
}

/// A value in words.
pub(super) fn said(cell: &Cell, number: &dyn Fn(f64) -> f64) -> String {
    let several =
        |all: &[Cell]| all.iter().map(|one| said(one, number)).collect::<Vec<_>>();
    match cell {
        Cell::Number(x) => number(*x).to_string(),
        Cell::Bool(value) => value.to_string(),
        Cell::Text(text) => text.to_string(),
        Cell::Element(element) => element.symbol().to_string(),
        Cell::Many(all) => several(all).join(" "),
        Cell::Range(from, to, inclusive) => {
            let dots = if *inclusive { "..=" } else { ".." };
            format!("{}{dots}{}", number(*from), number(*to))
        }
        Cell::Structure(record) => record.formula.clone(),
        Cell::Fields(fields) => fields
            .iter()
            .map(|field| format!("{}: {}", field.name, said(&field.cell, number)))
            .collect::<Vec<_>>()
            .join(", "),
        Cell::Table(table) => format!("{} rows", table.rows),
        Cell::Failed(why) => why.to_string(),
        Cell::Missing => String::new(),
    }
}
