//! Tables in a run: named columns of values.

use std::sync::Arc;

use super::cell::Cell;
use super::dataset::Dataset;
use super::executor::Value;

/// A column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: Arc<str>,
    /// The unit its numbers are shown in; empty for plain numbers.
    pub unit: Arc<str>,
    /// One value for each row, numbers in canonical units.
    pub cells: Vec<Cell>,
}

/// A table. Every column has one value for each row.
#[derive(Clone, Default)]
pub struct Table {
    /// Its columns, in the order to show them.
    pub columns: Vec<Column>,
    /// How many rows it has.
    pub rows: usize,
    /// What each row was before it became one: what `pick` gives back. Empty where rows
    /// were nothing else.
    pub cells: Vec<Value>,
    /// Sentences about where the rows came from.
    pub notes: Vec<String>,
    /// Files asked for by name.
    pub saved: Vec<(Arc<str>, Saved)>,
    /// The data set whose rows these are, as long as nothing was done with them: a file of
    /// it holds structures and features too.
    pub data: Option<Arc<Dataset>>,
}

/// What a file asked for by name holds.
#[derive(Clone)]
pub enum Saved {
    /// The table as it was when `save` was asked.
    Table(Arc<Table>),
    /// These bytes.
    Bytes(Arc<[u8]>),
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table")
            .field("columns", &self.columns)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        self.rows == other.rows && self.columns == other.columns
    }
}

impl Table {
    /// A table of those columns; as many rows as the longest has.
    pub fn new(columns: Vec<Column>) -> Table {
        let rows = columns.iter().map(|column| column.cells.len()).max();
        Table {
            columns,
            rows: rows.unwrap_or(0),
            ..Table::default()
        }
    }

    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| &*column.name == name)
    }

    /// The rows at those positions, in that order.
    pub fn pick(&self, at: &[usize]) -> Table {
        Table {
            columns: self.columns.iter().map(|column| column.pick(at)).collect(),
            rows: at.len(),
            cells: at
                .iter()
                .filter_map(|i| self.cells.get(*i).cloned())
                .collect(),
            notes: self.notes.clone(),
            saved: self.saved.clone(),
            data: None,
        }
    }
}

impl Column {
    /// The value of a row; missing where there is none.
    pub fn cell(&self, at: usize) -> Cell {
        self.cells.get(at).cloned().unwrap_or(Cell::Missing)
    }

    /// The values of those rows, in that order.
    pub fn pick(&self, at: &[usize]) -> Column {
        Column {
            cells: at.iter().map(|i| self.cell(*i)).collect(),
            ..self.clone()
        }
    }
}
