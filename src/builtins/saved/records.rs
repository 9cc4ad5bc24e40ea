//! A data set as records of structures with their columns: CIF, extended XYZ, an archive of
//! POSCAR files and the JSON lines that `jsonl` reads back.

use std::collections::BTreeSet;

use crate::builtins::tables::said;
use crate::chem::formats::{cif, write};
use crate::chem::{Cell, Record};
use crate::report::columns::archive;
use crate::report::{PlainCell, ReportProblem};
use crate::run::{self, Table};

/// What the readers find out from the structure by themselves.
const FOUND: [&str; 6] = ["id", "formula", "elements", "nelements", "nsites", "volume"];

/// The rows of the data set a table was made of, with its columns and the numbers of the
/// features.
fn records(table: &Table) -> impl Iterator<Item = Record> {
    let rows = table.data.as_ref().map(|data| data.rows.as_slice());
    let plain = super::with_features(table);
    let rows = rows.unwrap_or_default().iter().enumerate();
    rows.map(move |(at, row)| {
        let columns = plain.columns.iter().filter_map(|column| {
            let value = table.column(&column.name).map(|column| column.cell(at));
            let cell = match (value, column.cells.get(at)?) {
                (Some(run::Cell::Bool(value)), _) => Cell::Bool(value),
                (Some(run::Cell::Many(all)), _) => list(&all),
                (_, PlainCell::Number(x)) => Cell::Number(*x),
                (_, PlainCell::Text(text)) => Cell::Text(text.clone()),
                (_, PlainCell::Missing | PlainCell::Failed(_)) => return None,
            };
            Some((column.name.clone(), cell))
        });
        Record {
            columns: columns
                .filter(|(name, _)| !FOUND.contains(&name.as_str()))
                .collect(),
            ..Record::clone(row)
        }
    })
}

/// A list of numbers, or else of texts.
fn list(all: &[run::Cell]) -> Cell {
    let numbers: Option<Vec<f64>> = all.iter().map(run::Cell::number).collect();
    match numbers {
        Some(numbers) if !numbers.is_empty() => Cell::Numbers(numbers),
        _ => Cell::Texts(all.iter().map(|one| said(one, &|x| x)).collect()),
    }
}

/// A line for each row.
pub(super) fn json_lines(table: &Table) -> String {
    records(table)
        .map(|record| write::json_line(&record) + "\n")
        .collect()
}

/// A frame for each row, the columns in its second line.
pub(super) fn extxyz(table: &Table) -> String {
    records(table)
        .map(|record| write::extxyz(&record))
        .collect()
}

/// A data block for each row, all sites without symmetry; columns have no place in it.
pub(super) fn cif(table: &Table) -> String {
    let rows = table.data.as_ref().map(|data| data.rows.as_slice());
    let blocks = rows.unwrap_or_default().iter();
    blocks
        .map(|row| cif::write::p1(&row.id, &row.structure))
        .collect()
}

/// A POSCAR file of each row, in an archive, called by its id: `ID.POSCAR`. What cannot
/// stand in the name of a file is `_` there, and a name that is taken gets a number.
pub(super) fn poscars(table: &Table) -> Result<Vec<u8>, ReportProblem> {
    let rows = table.data.as_ref().map(|data| data.rows.as_slice());
    let mut taken = BTreeSet::new();
    archive(rows.unwrap_or_default().iter().map(|row| {
        let plain = |c: char| c.is_alphanumeric() || "._-".contains(c);
        let name: String = row
            .id
            .chars()
            .map(|c| if plain(c) { c } else { '_' })
            .collect();
        let name = name.trim_start_matches('.').to_owned();
        let mut own = format!("{name}.POSCAR");
        for number in 2.. {
            if taken.insert(own.clone()) {
                break;
            }
            own = format!("{name}-{number}.POSCAR");
        }
        (own, write::poscar(&row.id, &row.structure).into_bytes())
    }))
}
