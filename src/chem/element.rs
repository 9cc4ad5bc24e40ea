//! Chemical elements: a symbol or an atomic number comes in, an [`Element`] goes out.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::magpie;

/// Symbols by atomic number, hydrogen first.
const SYMBOLS: [&str; 118] = [
    "H", "He", "Li", "Be", "B", "C", "N", "O", "F", "Ne", "Na", "Mg", "Al", "Si", "P",
    "S", "Cl", "Ar", "K", "Ca", "Sc", "Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu",
    "Zn", "Ga", "Ge", "As", "Se", "Br", "Kr", "Rb", "Sr", "Y", "Zr", "Nb", "Mo", "Tc",
    "Ru", "Rh", "Pd", "Ag", "Cd", "In", "Sn", "Sb", "Te", "I", "Xe", "Cs", "Ba", "La",
    "Ce", "Pr", "Nd", "Pm", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu",
    "Hf", "Ta", "W", "Re", "Os", "Ir", "Pt", "Au", "Hg", "Tl", "Pb", "Bi", "Po", "At",
    "Rn", "Fr", "Ra", "Ac", "Th", "Pa", "U", "Np", "Pu", "Am", "Cm", "Bk", "Cf", "Es",
    "Fm", "Md", "No", "Lr", "Rf", "Db", "Sg", "Bh", "Hs", "Mt", "Ds", "Rg", "Cn", "Nh",
    "Fl", "Mc", "Lv", "Ts", "Og",
];

/// Largest atomic number known.
pub const MAX_Z: u8 = 118;

/// A chemical element, ordered by atomic number. Serialised as its symbol.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Element(u8);

/// A text that is no element's symbol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a chemical element")]
pub struct ElementError {
    /// What was read.
    pub text: String,
    /// The element that was likely meant.
    pub suggestion: Option<Element>,
}

impl Element {
    /// Oxygen.
    pub const O: Element = Element(8);

    /// The element of atomic number `z`, if there is one (1..=118).
    pub fn from_z(z: u8) -> Option<Element> {
        (1..=MAX_Z).contains(&z).then_some(Element(z))
    }

    /// Atomic number, 1..=118.
    pub fn z(self) -> u8 {
        self.0
    }

    /// Symbol as in the periodic table, `Fe`.
    pub fn symbol(self) -> &'static str {
        match SYMBOLS.get(usize::from(self.0) - 1) {
            Some(symbol) => symbol,
            None => unreachable!("an Element's number lies in 1..=118"),
        }
    }

    /// All elements, by ascending atomic number.
    pub fn all() -> impl Iterator<Item = Element> {
        (1..=MAX_Z).map(Element)
    }

    /// Pauling electronegativity (Magpie table), where the element has one.
    pub fn electronegativity(self) -> Option<f64> {
        magpie::value(self, magpie::Property::Electronegativity)
    }

    /// Atomic weight in u (Magpie table).
    pub fn atomic_weight(self) -> Option<f64> {
        magpie::value(self, magpie::Property::AtomicWeight)
    }
}

impl FromStr for Element {
    type Err = ElementError;

    fn from_str(text: &str) -> Result<Element, ElementError> {
        if let Some(element) = exactly(text) {
            return Ok(element);
        }
        Err(ElementError {
            text: shorten(text),
            suggestion: guess(text),
        })
    }
}

/// Atomic numbers by the two letters of a symbol, 0 where there is none: reading
/// species is the inner loop of reading a data set.
const BY_LETTERS: [[u8; 27]; 26] = index_symbols();

#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn index_symbols() -> [[u8; 27]; 26] {
    let mut index = [[0; 27]; 26];
    let mut z = 0;
    while z < MAX_Z {
        let letters = SYMBOLS[z as usize].as_bytes();
        let second = if letters.len() == 2 {
            letters[1] - b'a' + 1
        } else {
            0
        };
        z += 1;
        index[(letters[0] - b'A') as usize][second as usize] = z;
    }
    index
}

fn exactly(text: &str) -> Option<Element> {
    let (first, second) = match text.as_bytes() {
        [first] => (*first, 0),
        [first, second @ b'a'..=b'z'] => (*first, *second - b'a' + 1),
        _ => return None,
    };
    let row = BY_LETTERS.get(usize::from(first.checked_sub(b'A')?))?;
    Element::from_z(*row.get(usize::from(second))?)
}

/// What a mistyped symbol likely means: wrong case, surrounding blanks, a charge
/// (`Fe3+`), a site label (`O12`), or an isotope of hydrogen.
fn guess(text: &str) -> Option<Element> {
    let bare = text
        .trim()
        .trim_end_matches(|c: char| !c.is_ascii_alphabetic());
    let same = |element: &Element| element.symbol().eq_ignore_ascii_case(bare);
    if let Some(element) = Element::all().find(same) {
        return Some(element);
    }
    match bare {
        "D" | "T" => Element::from_z(1),
        _ => None,
    }
}

/// The first 20 characters: a message quotes a symbol, not a page.
fn shorten(text: &str) -> String {
    match text.char_indices().nth(20) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.symbol())
    }
}

impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.symbol())
    }
}

impl Serialize for Element {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.symbol())
    }
}

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_symbol_reads_back_as_itself() {
        for element in Element::all() {
            assert_eq!(element.symbol().parse(), Ok(element));
            assert_eq!(Element::from_z(element.z()), Some(element));
        }
        assert_eq!(Element::all().count(), 118);
        assert_eq!(Element::O.symbol(), "O");
    }

    #[test]
    fn numbers_outside_the_table_are_none() {
        assert_eq!(Element::from_z(0), None);
        assert_eq!(Element::from_z(119), None);
    }

    #[test]
    fn a_wrong_symbol_is_met_with_a_suggestion() {
        let meant = |text: &str| text.parse::<Element>().unwrap_err().suggestion;
        assert_eq!(meant("fe").map(Element::symbol), Some("Fe"));
        assert_eq!(meant("Fe3+").map(Element::symbol), Some("Fe"));
        assert_eq!(meant("O12").map(Element::symbol), Some("O"));
        assert_eq!(meant(" Ti ").map(Element::symbol), Some("Ti"));
        assert_eq!(meant("D").map(Element::symbol), Some("H"));
        assert_eq!(meant("Xx"), None);
        assert_eq!(meant(""), None);
        assert!(
            "é".repeat(30)
                .parse::<Element>()
                .unwrap_err()
                .text
                .ends_with('…')
        );
    }

    #[test]
    fn table_values_are_those_of_the_periodic_table() {
        assert_eq!(Element::O.electronegativity(), Some(3.44));
        assert_eq!(Element::O.atomic_weight(), Some(15.9994));
        assert_eq!("Ar".parse::<Element>().unwrap().electronegativity(), None);
    }

    #[test]
    fn serialised_as_the_symbol() {
        assert_eq!(serde_json::to_string(&Element::O).unwrap(), "\"O\"");
        assert_eq!(
            serde_json::from_str::<Element>("\"O\"").unwrap(),
            Element::O
        );
        assert!(serde_json::from_str::<Element>("\"Q\"").is_err());
    }
}
