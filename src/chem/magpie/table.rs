//! The Magpie table of element properties: the embedded text comes in, dense arrays
//! by atomic number go out. Origin and licence: `data/README.md`.

#![allow(
    clippy::indexing_slicing,
    reason = "arrays by atomic number and property"
)]

use std::sync::LazyLock;

use crate::chem::element::{Element, MAX_Z};

/// One row per element, then the mean over all elements that have a value.
const TEXT: &str = include_str!("../../../data/tables/magpie22.tsv");

/// Number of properties.
pub const PROPERTIES: usize = 22;

const ELEMENTS: usize = MAX_Z as usize;

macro_rules! properties {
    ($($name:ident: $about:literal,)*) => {
        /// A property of the elements in the Magpie table; its order is that of the
        /// features.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(non_camel_case_types, reason = "the table's own names")]
        pub enum Property {
            $(#[doc = $about] $name,)*
        }

        /// Every property with its name in the table.
        const ALL: [(Property, &str); PROPERTIES] =
            [$((Property::$name, stringify!($name)),)*];
    };
}

properties! {
    Number: "Atomic number.",
    MendeleevNumber: "Mendeleev number.",
    AtomicWeight: "Atomic weight, u.",
    MeltingT: "Melting temperature, K.",
    Column: "Group of the periodic table.",
    Row: "Period of the periodic table.",
    CovalentRadius: "Covalent radius, pm.",
    Electronegativity: "Pauling electronegativity.",
    NsValence: "Filled s valence orbitals.",
    NpValence: "Filled p valence orbitals.",
    NdValence: "Filled d valence orbitals.",
    NfValence: "Filled f valence orbitals.",
    NValence: "Filled valence orbitals.",
    NsUnfilled: "Unfilled s valence orbitals.",
    NpUnfilled: "Unfilled p valence orbitals.",
    NdUnfilled: "Unfilled d valence orbitals.",
    NfUnfilled: "Unfilled f valence orbitals.",
    NUnfilled: "Unfilled valence orbitals.",
    GSvolume_pa: "DFT volume per atom of the ground state, Å^3.",
    GSbandgap: "DFT band gap of the ground state, eV.",
    GSmagmom: "DFT magnetic moment per atom of the ground state, μB.",
    SpaceGroupNumber: "Space group of the ground state.",
}

impl Property {
    /// All properties in table order.
    pub fn all() -> impl Iterator<Item = Property> {
        ALL.into_iter().map(|(property, _)| property)
    }

    /// Name in the table and in the features' labels, `GSvolume_pa`.
    pub fn name(self) -> &'static str {
        ALL[self as usize].1
    }
}

/// The table by atomic number − 1 and property.
pub(super) struct Table {
    /// Values as published, NaN where there is none.
    pub(super) raw: [[f64; PROPERTIES]; ELEMENTS],
    /// The same with the property's mean where there is none.
    pub(super) imputed: [[f64; PROPERTIES]; ELEMENTS],
    lacks: [Option<Property>; ELEMENTS],
}

impl Table {
    /// The first property the element has no value of.
    pub(super) fn lacks(&self, element: Element) -> Option<Property> {
        self.lacks[usize::from(element.z()) - 1]
    }
}

/// The table, read once.
pub(super) fn table() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| match read(TEXT) {
        Some(table) => table,
        None => unreachable!("the embedded table is read by a test"),
    });
    &TABLE
}

/// The value of a property for an element, where the table has one.
pub fn value(element: Element, property: Property) -> Option<f64> {
    let x = table().raw[usize::from(element.z()) - 1][property as usize];
    (!x.is_nan()).then_some(x)
}

/// `None` where the text is not the table: a header, 118 rows, the row of means.
fn read(text: &str) -> Option<Table> {
    let mut lines = text.lines();
    let header = ["Z", "symbol"].into_iter().chain(ALL.map(|(_, name)| name));
    if !lines.next()?.split('\t').eq(header) {
        return None;
    }
    let mut raw = [[f64::NAN; PROPERTIES]; ELEMENTS];
    for (element, row) in Element::all().zip(&mut raw) {
        *row = read_row(lines.next()?, &element.z().to_string(), element.symbol())?;
    }
    let mean = read_row(lines.next()?, "mean", "")?;
    let mut imputed = raw;
    let mut lacks = [None; ELEMENTS];
    for (row, lack) in imputed.iter_mut().zip(&mut lacks) {
        for (property, (x, mean)) in Property::all().zip(row.iter_mut().zip(mean)) {
            if x.is_nan() {
                *x = mean;
                *lack = lack.or(Some(property));
            }
        }
    }
    let complete = !imputed.as_flattened().iter().any(|x| x.is_nan());
    (complete && lines.next().is_none()).then_some(Table {
        raw,
        imputed,
        lacks,
    })
}

/// A row of the table that begins with `key` and `symbol`; an empty cell is NaN.
fn read_row(line: &str, key: &str, symbol: &str) -> Option<[f64; PROPERTIES]> {
    let mut cells = line.split('\t');
    if cells.next()? != key || cells.next()? != symbol {
        return None;
    }
    let mut row = [f64::NAN; PROPERTIES];
    for x in &mut row {
        let cell = cells.next()?;
        if !cell.is_empty() {
            *x = cell.parse().ok()?;
        }
    }
    cells.next().is_none().then_some(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_table_is_whole() {
        let table = read(TEXT).unwrap();
        let number = Property::Number as usize;
        assert_eq!(table.raw[7][number], 8.0);
        assert_eq!(table.imputed[117][number], 56.5);
        let element = |symbol: &str| symbol.parse::<Element>().unwrap();
        assert_eq!(table.lacks(element("O")), None);
        assert_eq!(table.lacks(element("He")), Some(Property::MeltingT));
        let incomplete: Vec<_> = Element::all()
            .filter(|e| table.lacks(*e).is_some())
            .collect();
        let of_nature: Vec<_> = incomplete
            .iter()
            .filter(|e| e.z() < 97)
            .map(|e| e.symbol())
            .collect();
        assert_eq!(of_nature, ["He", "Ne", "Ar", "At", "Rn", "Fr"]);
        assert_eq!(incomplete.len(), 6 + 22);
    }

    #[test]
    fn a_damaged_table_is_not_read() {
        assert!(read("").is_none());
        assert!(read(&TEXT.replacen("Number", "Nmuber", 1)).is_none());
        assert!(read(&TEXT.replacen("1.00794", "1.0x", 1)).is_none());
        assert!(read(&TEXT.replacen("\tHe\t", "\tH\t", 1)).is_none());
        assert!(read(&format!("{TEXT}more\n")).is_none());
        let shorter: Vec<_> = TEXT.lines().take(100).collect();
        assert!(read(&shorter.join("\n")).is_none());
    }
}
