//! Files that a study is asked for by name: CSV, JSON lines, Parquet, numpy's npz, and
//! those of structures.

mod graphs;
mod records;
mod typed;

use std::sync::Arc;

use super::data::{Done, lost};
use super::settings::known;
use super::tables::plain;
use crate::ir::Static;
use crate::report::columns::{Array, TypedColumn, Values, npz, npz_arrays, parquet};
use crate::report::{
    OutcomeFile, PlainCell, PlainColumn, PlainTable, ReportProblem, table_csv,
    table_jsonl,
};
use crate::run::{
    Cell, Column, Dataset, Features, Rows, Runner, Saved, Table, Value, Work,
};
use typed::{optimade, typed};

/// `save("name.csv")`: the table remembers that a file of it is asked for. One of a name
/// asked for twice is the later. A data set becomes the table of its columns.
pub fn save(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let Some(Static::Text(name)) = known(work.call, "name") else {
        return Err(lost(work.span));
    };
    let input = runner.input(work)?;
    let table = match runner.rows(input)? {
        Rows::Table(table) => table,
        Rows::Dataset(data) => Arc::new(table_of(data)),
    };
    let mut saving = (*table).clone();
    saving.saved.retain(|(known, _)| known != name);
    saving.saved.push((name.clone(), Saved::Table(table)));
    Ok(Value::Table(Arc::new(saving)))
}

/// The columns of a data set, without the structures and the features: those the checker
/// promises.
fn table_of(data: Arc<Dataset>) -> Table {
    let rows = Rows::Dataset(data.clone());
    let mut columns: Vec<Column> = rows
        .names()
        .into_iter()
        .filter(|name| **name != *"structure")
        .map(|name| Column {
            unit: rows.unit(&name),
            cells: (0..rows.len()).map(|at| rows.field(at, &name)).collect(),
            name,
        })
        .collect();
    let parts = data.parts.as_ref();
    if let Some(parts) = parts.filter(|_| columns.iter().all(|c| &*c.name != "split")) {
        columns.push(Column {
            name: "split".into(),
            unit: "".into(),
            cells: parts.iter().map(|part| Cell::text(part.as_str())).collect(),
        });
    }
    Table {
        notes: rows.notes(),
        data: Some(data),
        ..Table::new(columns)
    }
}

/// The files a table was asked to be saved to.
///
/// # Errors
/// One of them cannot be written down.
pub fn saved_files(table: &Table) -> Result<Vec<OutcomeFile>, ReportProblem> {
    let mut files = Vec::new();
    for (name, of) in &table.saved {
        let of = match of {
            Saved::Table(of) => of,
            Saved::Bytes(bytes) => {
                let (name, bytes) = (name.to_string(), bytes.to_vec());
                files.push(OutcomeFile { name, bytes });
                continue;
            }
        };
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        let bytes = match ending {
            "cif" => records::cif(of).into_bytes(),
            "extxyz" => records::extxyz(of).into_bytes(),
            "zip" => records::poscars(of)?,
            "jsonl" if of.data.is_some() => records::json_lines(of).into_bytes(),
            "jsonl" => table_jsonl(&plain(of))?,
            "parquet" => {
                let mut columns = columns(of);
                columns.extend(feature_columns(of, &columns));
                parquet(&columns)?
            }
            "npz" => {
                let features = feature_arrays(of);
                let mut arrays = npz_arrays(&columns(of));
                for array in &mut arrays {
                    if features.iter().any(|feature| feature.name == array.name) {
                        array.name += "_column";
                    }
                }
                arrays.extend(features);
                npz(&arrays)?
            }
            _ => table_csv(&with_features(of))?,
        };
        let name = name.to_string();
        files.push(OutcomeFile { name, bytes });
    }
    Ok(files)
}

/// The columns of a table as files of typed columns have them: a data set's structures
/// under the names of OPTIMADE.
fn columns(table: &Table) -> Vec<TypedColumn> {
    let mut columns = Vec::new();
    let optimade = table.data.as_ref().map(|data| optimade(data));
    let own = table.columns.iter().flat_map(typed);
    for column in optimade.into_iter().flatten().chain(own) {
        // What OPTIMADE calls by that name is the same.
        let known = |known: &TypedColumn| known.name == column.name;
        if !columns.iter().any(known) {
            columns.push(column);
        }
    }
    columns
}

/// The table with a column for each number of the features.
pub(super) fn with_features(table: &Table) -> PlainTable {
    let mut plain = plain(table);
    let Some((values, names)) = numbers(table) else {
        return plain;
    };
    let mut features: Vec<PlainColumn> = Vec::with_capacity(names.len());
    for (at, name) in names.iter().enumerate() {
        let of_column = values.iter().skip(at).step_by(names.len());
        features.push(PlainColumn {
            name: free(name, |name| plain.columns.iter().any(|c| c.name == name)),
            unit: String::new(),
            cells: of_column.map(|x| PlainCell::Number(shortest(*x))).collect(),
        });
    }
    plain.columns.extend(features);
    plain
}

/// The double that is written as the single is: 0.1 and not 0.10000000149.
fn shortest(x: f32) -> f64 {
    x.to_string().parse().unwrap_or(f64::from(x))
}

/// The features of a table's rows that are numbers, and what these are called.
fn numbers(table: &Table) -> Option<(&[f32], &[String])> {
    match table.data.as_ref()?.features.as_ref()? {
        Features::Vector { values, names, .. } => Some((values, names)),
        Features::Graphs(_) | Features::Named(_) => None,
    }
}

/// A column for each number of the features.
fn feature_columns(table: &Table, others: &[TypedColumn]) -> Vec<TypedColumn> {
    let Some((values, names)) = numbers(table) else {
        return Vec::new();
    };
    let column = |(at, name): (usize, &String)| {
        let of_column = values.iter().skip(at).step_by(names.len()).copied();
        let name = free(name, |name| others.iter().any(|c| c.name == name));
        TypedColumn::new(&name, "", Values::Singles(of_column.collect()))
    };
    names.iter().enumerate().map(column).collect()
}

/// A name for a number of the features that no column has.
fn free(name: &str, taken: impl Fn(&str) -> bool) -> String {
    match taken(name) {
        true => format!("{name} (feature)"),
        false => name.to_owned(),
    }
}

/// The features as arrays: `features`, one row a row, and `feature_names`; or graphs. Of
/// several features each begins with its name: `x.features`.
fn feature_arrays(table: &Table) -> Vec<Array> {
    let data = table.data.as_ref();
    match data.and_then(|data| data.features.as_ref()) {
        None => Vec::new(),
        Some(Features::Named(all)) => {
            let mut arrays = Vec::new();
            for (name, features) in all {
                for mut array in arrays_of(features, table.rows) {
                    array.name = format!("{name}.{}", array.name);
                    arrays.push(array);
                }
            }
            arrays
        }
        Some(alone) => arrays_of(alone, table.rows),
    }
}

fn arrays_of(features: &Features, rows: usize) -> Vec<Array> {
    match features {
        Features::Named(_) => Vec::new(),
        Features::Graphs(all) => graphs::arrays(all),
        Features::Vector {
            sizes,
            values,
            names,
        } => {
            let mut shape = vec![rows];
            shape.extend(sizes);
            vec![
                Array::singles("features", &shape, values),
                Array::texts("feature_names", &[names.len()], names),
            ]
        }
    }
}
