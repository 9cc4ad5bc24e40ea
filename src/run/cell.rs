//! One value of a row.

use std::sync::Arc;

use super::table::Table;
use crate::chem::{Element, Record};

/// A value of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A number, in canonical units.
    Number(f64),
    /// A truth.
    Bool(bool),
    /// A text.
    Text(Arc<str>),
    /// An element.
    Element(Element),
    /// Several: a list, a set or a tuple.
    Many(Vec<Cell>),
    /// From, to, and whether `to` belongs to it.
    Range(f64, f64, bool),
    /// The structure of a record.
    Structure(Arc<Record>),
    /// A record: scores, and the like.
    Fields(Arc<[Entry]>),
    /// A table.
    Table(Arc<Table>),
    /// It could not be computed, and why; what is computed from it fails alike.
    Failed(Arc<str>),
    /// The row lacks it.
    Missing,
}

/// A field of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its name.
    pub name: Arc<str>,
    /// The unit a number is shown in; empty for plain numbers and all else.
    pub unit: Arc<str>,
    /// Its value.
    pub cell: Cell,
}

impl Cell {
    /// A text.
    pub fn text(text: &str) -> Cell {
        Cell::Text(text.into())
    }

    /// The number, when it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Cell::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The field of that name, of a record.
    pub fn field(&self, name: &str) -> Option<&Cell> {
        match self {
            Cell::Fields(fields) => {
                let found = fields.iter().find(|field| &*field.name == name);
                found.map(|field| &field.cell)
            }
            _ => None,
        }
    }

    /// Whether two values are the same. A list of elements is what its elements are, in
    /// any order; numbers are the same to the last bit, and 0 is -0.
    pub fn same(&self, other: &Cell) -> bool {
        match (self, other) {
            (Cell::Many(a), Cell::Many(b)) if elements(a) && elements(b) => {
                a.iter().all(|x| b.contains(x)) && b.iter().all(|x| a.contains(x))
            }
            (Cell::Structure(a), Cell::Structure(b)) => a.structure == b.structure,
            _ => self == other,
        }
    }
}

fn elements(all: &[Cell]) -> bool {
    all.iter().all(|cell| matches!(cell, Cell::Element(_)))
}
