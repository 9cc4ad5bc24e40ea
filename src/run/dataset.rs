//! Data sets in a run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cell::Cell;
use super::table::Column;
use crate::chem::graph::CrystalGraph;
use crate::chem::{self, Fault, Record};
use crate::types::Unit;

/// Which rows a row belongs to.
pub use crate::report::Split as Part;

/// Where the rows came from, for the report.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// `bundled("flla-2015")` or a file.
    pub name: String,
    /// Sentences about it: origin, licence, filters.
    pub notes: Vec<String>,
    /// Records left out, by code, and the first of each.
    pub skipped: Vec<(String, u64, Vec<Fault>)>,
}

impl Source {
    /// A sentence for each kind of record that was left out: how many, and the first.
    pub fn left_out(&self) -> Vec<String> {
        let each = self.skipped.iter().map(|(code, count, first)| {
            let records = if *count == 1 { "record" } else { "records" };
            let such = match (first.first(), count) {
                (None, _) => String::new(),
                (Some(fault), 1) => format!(": {}: {}", fault.place(), fault.title),
                (Some(fault), _) => {
                    format!(", the first: {}: {}", fault.place(), fault.title)
                }
            };
            format!("{count} bad {records} left out ({code}){such}")
        });
        each.collect()
    }
}

/// What is to be predicted.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// The unit its numbers are in; empty for plain numbers.
    pub unit: String,
    /// One number per row.
    pub values: Vec<f64>,
}

/// What a network sees, an entry for each row.
#[derive(Clone, Debug)]
pub enum Features {
    /// Numbers.
    Vector {
        /// Sizes of one row's entry; none for a single number.
        sizes: Vec<usize>,
        /// Entries of all rows, one after the other.
        values: Arc<Vec<f32>>,
        /// What the numbers of an entry are called; no two are the same.
        names: Arc<Vec<String>>,
    },
    /// A crystal graph a row; with its line graph when the features have angles.
    Graphs(Arc<Vec<Arc<CrystalGraph>>>),
    /// Several by name.
    Named(Vec<(Arc<str>, Features)>),
}

impl Features {
    /// The entries of the rows at those positions, in that order.
    pub fn pick(&self, at: &[usize]) -> Features {
        match self {
            Features::Vector {
                sizes,
                values,
                names,
            } => {
                let width: usize = sizes.iter().product();
                let rows = at
                    .iter()
                    .filter_map(|i| values.get(i * width..(i + 1) * width));
                Features::Vector {
                    sizes: sizes.clone(),
                    values: Arc::new(rows.flatten().copied().collect()),
                    names: names.clone(),
                }
            }
            Features::Graphs(graphs) => {
                let picked = at.iter().filter_map(|i| graphs.get(*i).cloned());
                Features::Graphs(Arc::new(picked.collect()))
            }
            Features::Named(all) => {
                let all = all.iter();
                let picked = all.map(|(name, of)| (name.clone(), of.pick(at)));
                Features::Named(picked.collect())
            }
        }
    }
}

/// Rows with what was attached to them; every list has one entry per row.
#[derive(Clone, Debug, Default)]
pub struct Dataset {
    /// The rows.
    pub rows: Vec<Arc<Record>>,
    /// Where they came from.
    pub source: Source,
    /// The target, once chosen.
    pub target: Option<Target>,
    /// The part each row belongs to, once split.
    pub parts: Option<Vec<Part>>,
    /// The features, once attached.
    pub features: Option<Features>,
    /// Columns computed here, beside those of the records.
    pub columns: Vec<Column>,
    /// Units of the records' numbers, by column, as text and as read.
    pub units: Arc<BTreeMap<String, (Arc<str>, Unit)>>,
}

impl Dataset {
    /// The rows at those positions, in that order, with everything attached to them.
    pub fn pick(&self, at: &[usize]) -> Dataset {
        let target = self.target.as_ref().map(|target| Target {
            values: at
                .iter()
                .filter_map(|i| target.values.get(*i).copied())
                .collect(),
            ..target.clone()
        });
        let parts = self.parts.as_ref();
        let features = self.features.as_ref().map(|features| features.pick(at));
        Dataset {
            rows: at
                .iter()
                .filter_map(|i| self.rows.get(*i).cloned())
                .collect(),
            source: self.source.clone(),
            target,
            parts: parts
                .map(|parts| at.iter().filter_map(|i| parts.get(*i).copied()).collect()),
            features,
            columns: self.columns.iter().map(|column| column.pick(at)).collect(),
            units: self.units.clone(),
        }
    }

    /// The unit a column is shown in; empty for plain numbers and whatever is none.
    pub fn unit(&self, name: &str) -> Arc<str> {
        if let Some(column) = self.columns.iter().find(|column| &*column.name == name) {
            return column.unit.clone();
        }
        match name {
            "nsites" => "atom".into(),
            "volume" => "Å^3".into(),
            name => self
                .units
                .get(name)
                .map_or("".into(), |(text, _)| text.clone()),
        }
    }

    /// Columns of records and computed ones, beside those every data set has.
    pub fn names(&self) -> Vec<Arc<str>> {
        let records = self.rows.iter().flat_map(|row| row.columns.keys());
        let mut names: BTreeSet<&str> = records.map(String::as_str).collect();
        names.extend(self.columns.iter().map(|column| &*column.name));
        let every = ["id", "formula", "elements", "nelements", "nsites", "volume"];
        let every = every.into_iter().chain(["structure"]);
        every.chain(names).map(Into::into).collect()
    }

    /// A value of a row, in canonical units.
    pub fn field(&self, at: usize, name: &str) -> Cell {
        if let Some(column) = self.columns.iter().find(|column| &*column.name == name) {
            return column.cell(at);
        }
        let Some(row) = self.rows.get(at) else {
            return Cell::Missing;
        };
        match name {
            "id" => Cell::text(&row.id),
            "formula" => Cell::text(&row.formula),
            "elements" => {
                let elements = row.structure.composition().elements();
                Cell::Many(elements.into_iter().map(Cell::Element).collect())
            }
            "nelements" => Cell::Number(row.structure.composition().len() as f64),
            "nsites" => Cell::Number(row.structure.sites() as f64),
            "volume" => Cell::Number(row.structure.volume()),
            "structure" => Cell::Structure(row.clone()),
            other => match row.columns.get(other) {
                Some(chem::Cell::Number(number)) => {
                    let unit = self.units.get(other);
                    Cell::Number(
                        unit.map_or(*number, |(_, unit)| unit.canonical(*number)),
                    )
                }
                Some(chem::Cell::Text(text)) => Cell::text(text),
                Some(chem::Cell::Bool(value)) => Cell::Bool(*value),
                Some(chem::Cell::Numbers(all)) => {
                    Cell::Many(all.iter().copied().map(Cell::Number).collect())
                }
                Some(chem::Cell::Texts(all)) => {
                    Cell::Many(all.iter().map(|text| Cell::text(text)).collect())
                }
                None => Cell::Missing,
            },
        }
    }

    /// Positions of the rows of a part. Without a split every row is a training row.
    pub fn positions(&self, part: Part) -> Vec<usize> {
        match &self.parts {
            None if part == Part::Train => (0..self.rows.len()).collect(),
            None => Vec::new(),
            Some(parts) => {
                let of = parts.iter().enumerate().filter(|(_, of)| **of == part);
                of.map(|(at, _)| at).collect()
            }
        }
    }
}

/// A number for a row's id: what draws about the row depend on.
pub fn row_id(id: &str) -> u64 {
    let hash = blake3::hash(id.as_bytes());
    let mut bytes = [0; 8];
    for (to, from) in bytes.iter_mut().zip(hash.as_bytes()) {
        *to = *from;
    }
    u64::from_le_bytes(bytes)
}
