//! What the columns of a data file hold: cells come in row by row, each column's kind
//! goes out.

use std::collections::BTreeMap;

use serde::Serialize;

/// Most columns a data set may have.
pub(super) const MAX_COLUMNS: usize = 1_000;

/// One value of a record.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// A finite number.
    Number(f64),
    /// A text.
    Text(String),
    /// True or false.
    Bool(bool),
    /// Finite numbers.
    Numbers(Vec<f64>),
    /// Texts; an empty list is one of these.
    Texts(Vec<String>),
}

/// What all cells of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Finite numbers.
    Number,
    /// Texts.
    Text,
    /// True or false.
    Bool,
    /// Lists of finite numbers.
    Numbers,
    /// Lists of texts.
    Texts,
    /// Lists that were all empty.
    Empty,
}

impl Kind {
    /// `a number`, `text`, `true or false`: as a message says it.
    pub fn said(self) -> &'static str {
        match self {
            Kind::Number => "a number",
            Kind::Text => "text",
            Kind::Bool => "true or false",
            Kind::Numbers => "a list of numbers",
            Kind::Texts => "a list of texts",
            Kind::Empty => "an empty list",
        }
    }

    /// What a column is whose cells are of both kinds; `None` where none is. An empty list
    /// is one of any kind.
    pub fn with(self, other: Kind) -> Option<Kind> {
        match (self, other) {
            (a, b) if a == b => Some(a),
            (Kind::Empty, list @ (Kind::Numbers | Kind::Texts))
            | (list @ (Kind::Numbers | Kind::Texts), Kind::Empty) => Some(list),
            _ => None,
        }
    }
}

impl Cell {
    /// What the cell is.
    pub fn kind(&self) -> Kind {
        match self {
            Cell::Number(_) => Kind::Number,
            Cell::Text(_) => Kind::Text,
            Cell::Bool(_) => Kind::Bool,
            Cell::Numbers(_) => Kind::Numbers,
            Cell::Texts(all) if all.is_empty() => Kind::Empty,
            Cell::Texts(_) => Kind::Texts,
        }
    }

    /// The number, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Cell::Number(x) => Some(*x),
            Cell::Text(_) | Cell::Bool(_) | Cell::Numbers(_) | Cell::Texts(_) => None,
        }
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Cell::Text(text) => Some(text),
            Cell::Number(_) | Cell::Bool(_) | Cell::Numbers(_) | Cell::Texts(_) => None,
        }
    }
}

/// A column of a data set, beside the structure itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Its name in the file.
    pub name: String,
    /// What its cells are.
    pub kind: Kind,
    /// Whether every number seen is a whole number.
    pub whole: bool,
    /// Whether some row seen has no value.
    pub optional: bool,
    /// The unit such a column has by convention.
    pub unit: Option<String>,
}

/// The unit of a column that materials databases give under this name; `None` where
/// the name is unknown or the quantity has no unit.
pub fn standard_unit(column: &str) -> Option<&'static str> {
    match column {
        "formation_energy_per_atom"
        | "paper_formation_energy_per_atom"
        | "e_above_hull"
        | "energy_above_hull"
        | "energy_per_atom"
        | "uncorrected_energy_per_atom"
        | "equilibrium_reaction_energy_per_atom" => Some("eV/atom"),
        // JARVIS, matbench and OQMD call the same things otherwise.
        "formation_energy_peratom"
        | "ehull"
        | "e_form"
        | "_oqmd_delta_e"
        | "_oqmd_stability" => Some("eV/atom"),
        "optb88vdw_bandgap" | "mbj_bandgap" | "hse_gap" | "gap_pbe" | "gap_expt"
        | "_oqmd_band_gap" => Some("eV"),
        "exfoliation_energy" | "exfoliation_en" => Some("meV/atom"),
        "bulk_modulus_kv" | "shear_modulus_gv" => Some("GPa"),
        "energy" | "formation_energy" | "total_energy" => Some("eV"),
        "band_gap" | "efermi" => Some("eV"),
        "volume" => Some("Å^3"),
        "volume_per_atom" => Some("Å^3/atom"),
        "density" => Some("g/cm^3"),
        "bulk_modulus" | "shear_modulus" => Some("GPa"),
        _ => None,
    }
}

/// What has been seen of one column.
struct Seen {
    kind: Kind,
    first_line: u64,
    cells: u64,
    whole: bool,
}

/// Why a row does not fit the columns seen so far.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    /// The column's cells were of another kind, first on that line.
    Kind {
        column: String,
        was: Kind,
        first_line: u64,
    },
    /// One column more than [`MAX_COLUMNS`].
    TooMany { column: String },
}

/// The columns of the rows taken in so far.
#[derive(Default)]
pub(super) struct Columns {
    seen: BTreeMap<String, Seen>,
    rows: u64,
}

impl Columns {
    /// Take in a row, or say why it does not fit; then nothing has changed.
    pub(super) fn take(
        &mut self,
        cells: &BTreeMap<String, Cell>,
        line: u64,
    ) -> Result<(), Misfit> {
        let mut known = self.seen.len();
        for (name, cell) in cells {
            match self.seen.get(name) {
                Some(seen) if seen.kind.with(cell.kind()).is_none() => {
                    return Err(Misfit::Kind {
                        column: name.clone(),
                        was: seen.kind,
                        first_line: seen.first_line,
                    });
                }
                Some(_) => {}
                None if known == MAX_COLUMNS => {
                    return Err(Misfit::TooMany {
                        column: name.clone(),
                    });
                }
                None => known += 1,
            }
        }
        for (name, cell) in cells {
            let whole = cell.number().is_some_and(|x| x.fract() == 0.0);
            match self.seen.get_mut(name) {
                Some(seen) => {
                    seen.cells += 1;
                    seen.whole &= whole;
                    seen.kind = seen.kind.with(cell.kind()).unwrap_or(seen.kind);
                }
                None => {
                    let kind = cell.kind();
                    let seen = Seen {
                        kind,
                        first_line: line,
                        cells: 1,
                        whole,
                    };
                    self.seen.insert(name.clone(), seen);
                }
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// The columns, by name.
    pub(super) fn list(&self) -> Vec<Column> {
        let describe = |(name, seen): (&String, &Seen)| Column {
            name: name.clone(),
            kind: seen.kind,
            whole: seen.whole,
            optional: seen.cells < self.rows,
            unit: standard_unit(name)
                .filter(|_| seen.kind == Kind::Number)
                .map(str::to_owned),
        };
        self.seen.iter().map(describe).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row<const N: usize>(cells: [(&str, Cell); N]) -> BTreeMap<String, Cell> {
        cells
            .into_iter()
            .map(|(name, cell)| (name.to_owned(), cell))
            .collect()
    }

    #[test]
    fn kinds_and_gaps_are_kept() {
        let mut columns = Columns::default();
        let text = |t: &str| Cell::Text(t.to_owned());
        let first = row([("year", Cell::Number(2001.0)), ("by", text("x"))]);
        columns.take(&first, 1).unwrap();
        let second = row([("band_gap", Cell::Number(0.5)), ("year", Cell::Number(2.0))]);
        columns.take(&second, 2).unwrap();
        let told: Vec<_> = columns
            .list()
            .into_iter()
            .map(|c| (c.name, c.kind, c.whole, c.optional, c.unit.clone()))
            .collect();
        assert_eq!(
            told,
            [
                (
                    "band_gap".to_owned(),
                    Kind::Number,
                    false,
                    true,
                    Some("eV".to_owned())
                ),
                ("by".to_owned(), Kind::Text, false, true, None),
                ("year".to_owned(), Kind::Number, true, false, None),
            ]
        );
    }

    #[test]
    fn a_row_that_does_not_fit_changes_nothing() {
        let mut columns = Columns::default();
        columns.take(&row([("a", Cell::Bool(true))]), 4).unwrap();
        let before = columns.list();
        let misfit =
            columns.take(&row([("0", Cell::Bool(true)), ("a", Cell::Number(1.0))]), 5);
        let expected = Misfit::Kind {
            column: "a".to_owned(),
            was: Kind::Bool,
            first_line: 4,
        };
        assert_eq!(misfit, Err(expected));
        assert_eq!(columns.list(), before);
        let many = (0..=MAX_COLUMNS).map(|i| (format!("c{i}"), Cell::Bool(false)));
        let misfit = columns.take(&many.collect(), 6);
        assert!(matches!(misfit, Err(Misfit::TooMany { .. })));
        assert_eq!(columns.list(), before);
    }

    #[test]
    fn an_empty_list_is_one_of_any_kind() {
        let mut columns = Columns::default();
        let list = |all: &[&str]| {
            let all = all.iter().map(|text| (*text).to_owned());
            row([("a", Cell::Texts(all.collect()))])
        };
        columns.take(&list(&[]), 1).unwrap();
        assert_eq!(columns.list()[0].kind, Kind::Empty);
        columns
            .take(&row([("a", Cell::Numbers(vec![1.0]))]), 2)
            .unwrap();
        columns.take(&list(&[]), 3).unwrap();
        assert_eq!(columns.list()[0].kind, Kind::Numbers);
        let misfit = columns.take(&list(&["x"]), 4);
        assert!(matches!(misfit, Err(Misfit::Kind { .. })));
        let misfit = columns.take(&row([("a", Cell::Number(1.0))]), 5);
        assert!(matches!(misfit, Err(Misfit::Kind { .. })));
    }

    #[test]
    fn standard_names_have_units() {
        for name in [
            "formation_energy_per_atom",
            "paper_formation_energy_per_atom",
            "e_above_hull",
        ] {
            assert_eq!(standard_unit(name), Some("eV/atom"));
        }
        assert_eq!(standard_unit("band_gap"), Some("eV"));
        assert_eq!(standard_unit("volume"), Some("Å^3"));
        for name in ["spacegroup", "year", "nsites", "my_energy"] {
            assert_eq!(standard_unit(name), None);
        }
    }
}
