//! Rows as typed columns, for files that other programs read: Parquet and numpy's npz.

mod npz;
mod parquet;
#[cfg(test)]
mod tests;
mod thrift;

pub use npz::{Array, archive, npz, npz_arrays};
pub use parquet::parquet;

/// The values of a column, one a row; `None` where there is none.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Numbers.
    Numbers(Vec<Option<f64>>),
    /// Numbers of single precision; none is missing.
    Singles(Vec<f32>),
    /// Whole numbers; none is missing.
    Whole(Vec<i64>),
    /// Truths.
    Truths(Vec<Option<bool>>),
    /// Texts.
    Texts(Vec<Option<String>>),
    /// Lists of numbers.
    NumberLists(Vec<Option<Vec<f64>>>),
    /// Lists of whole numbers; none is missing.
    WholeLists(Vec<Vec<i64>>),
    /// Lists of texts.
    TextLists(Vec<Option<Vec<String>>>),
    /// Lists of vectors; none is missing.
    Vectors(Vec<Vec<[f64; 3]>>),
}

/// A column of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct TypedColumn {
    /// Its name; no two of a file are the same.
    pub name: String,
    /// The unit its numbers are in; empty for plain numbers.
    pub unit: String,
    /// Its values.
    pub values: Values,
}

impl TypedColumn {
    /// A column of plain values.
    pub fn new(name: &str, unit: &str, values: Values) -> TypedColumn {
        TypedColumn {
            name: name.to_owned(),
            unit: unit.to_owned(),
            values,
        }
    }
}

impl Values {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        match self {
            Values::Numbers(all) => all.len(),
            Values::Singles(all) => all.len(),
            Values::Whole(all) => all.len(),
            Values::Truths(all) => all.len(),
            Values::Texts(all) => all.len(),
            Values::NumberLists(all) => all.len(),
            Values::WholeLists(all) => all.len(),
            Values::TextLists(all) => all.len(),
            Values::Vectors(all) => all.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
