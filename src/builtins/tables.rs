//! Tables as the report shows them.

use crate::plan::NodeId;
use crate::report::{PlainCell, PlainColumn, PlainTable, Script, TableReport};
use crate::run::{Cell, Column, Entry, Runner, Table};
use crate::types::Unit;

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

/// The columns of the fields of a column of records.
pub(super) fn fields_of(column: &Column) -> Option<Vec<Column>> {
    let fields = column.cells.iter().find_map(|cell| match cell {
        Cell::Fields(fields) => Some(fields.clone()),
        _ => None,
    })?;
    let inner = fields
        .iter()
        .filter(|entry| !matches!(entry.cell, Cell::Table(_)));
    let of = |Entry { name, unit, .. }: &Entry| Column {
        name: format!("{}.{name}", column.name).into(),
        unit: unit.clone(),
        cells: column
            .cells
            .iter()
            .map(|cell| cell.field(name).cloned().unwrap_or(Cell::Missing))
            .collect(),
    };
    Some(inner.map(of).collect())
}

/// A column as plain data; one of records becomes a column for each field.
fn plain_column(column: &Column) -> Vec<PlainColumn> {
    if let Some(fields) = fields_of(column) {
        return fields.iter().flat_map(plain_column).collect();
    }
    let number = in_unit(&column.unit);
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

/// From a canonical number to the one shown in that unit.
pub(super) fn in_unit(unit: &str) -> impl Fn(f64) -> f64 + use<> {
    let percent = unit == "%";
    let scale = match unit {
        "%" | "" => None,
        unit => Unit::parse(unit).ok(),
    };
    move |x| match &scale {
        Some(unit) => unit.count_in(x),
        None if percent => x * 100.0,
        None => x,
    }
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
