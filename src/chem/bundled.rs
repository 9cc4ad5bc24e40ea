//! Data sets that come with the program: a name comes in, records go out. Origin and
//! licence of each file: `data/README.md`.

use super::fault::Fault;
use super::records::{self, Column, OnBad, Records};

/// A data set inside the program.
#[derive(Debug)]
pub struct Bundled {
    /// The name a script gives.
    pub name: &'static str,
    /// What it is, in one sentence.
    pub title: &'static str,
    /// Where it comes from.
    pub origin: &'static str,
    /// Under which terms it may be used.
    pub licence: &'static str,
    /// The file as it lies in `data/`: gzipped JSON lines.
    pub bytes: &'static [u8],
}

static ALL: [Bundled; 1] = [Bundled {
    name: "flla-2015",
    title: "728 transition-metal oxides with DFT formation energies",
    origin: "data set `flla` of the Python package matminer 0.3.2 (Faber, Lindmaa, von \
             Lilienfeld, Armiento, Int. J. Quantum Chem. 115, 1094 (2015)); structures \
             and energies of the Materials Project",
    licence: "matminer: BSD (LBNL); Materials Project data: CC BY 4.0",
    bytes: include_bytes!("../../data/flla2015_tmo.jsonl.gz"),
}];

impl Bundled {
    /// All records.
    ///
    /// # Errors
    /// None that a test would not find first; the reader's own otherwise.
    pub fn read(&self) -> Result<Records, Fault> {
        records::read_from(&self.place(), self.bytes, OnBad::Fail)
    }

    /// The columns beside the structure, from the first records.
    ///
    /// # Errors
    /// As [`Bundled::read`].
    pub fn schema(&self) -> Result<Vec<Column>, Fault> {
        records::schema_from(&self.place(), self.bytes, OnBad::Fail)
    }

    /// What a message calls the set.
    fn place(&self) -> String {
        format!("bundled(\"{}\")", self.name)
    }
}

/// Names of all bundled sets.
pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|set| set.name)
}

/// The set of that name.
pub fn bundled(name: &str) -> Option<&'static Bundled> {
    ALL.iter().find(|set| set.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chem::element::Element;
    use crate::chem::records::{Cell, Kind};

    #[test]
    fn flla_2015_is_728_whole_oxides() {
        let set = bundled("flla-2015").unwrap().read().unwrap();
        assert_eq!(set.rows.len(), 728);
        assert!(set.bad.is_empty() && set.bad_counts.is_empty());
        for row in &set.rows {
            let composition = row.structure.composition();
            assert!(composition.contains(Element::O), "{}", row.id);
            // The formula in the file is a pymatgen formula; ours is written alike.
            assert_eq!(composition.reduced_formula(), row.formula, "{}", row.id);
            let energy = row.columns.get("formation_energy_per_atom");
            assert!(matches!(energy, Some(Cell::Number(_))), "{}", row.id);
        }
        let first = set.rows.first().unwrap();
        assert_eq!((first.id.as_str(), first.line), ("mp-10062", 1));
        assert_eq!(first.columns["e_above_hull"], Cell::Number(0.004649));
        assert!(
            (first.structure.volume() - 4.002066 * 4.002066 * 12.193063).abs() < 1e-9
        );
    }

    #[test]
    fn columns_are_known_from_the_head() {
        let set = bundled("flla-2015").unwrap();
        let head = set.schema().unwrap();
        let named: Vec<_> = head
            .iter()
            .map(|c| (c.name.as_str(), c.optional, c.whole, c.unit.as_deref()))
            .collect();
        let per_atom = Some("eV/atom");
        assert_eq!(
            named,
            [
                ("e_above_hull", false, false, per_atom),
                ("formation_energy_per_atom", false, false, per_atom),
                ("paper_formation_energy_per_atom", true, false, per_atom),
                ("spacegroup", false, true, None),
            ]
        );
        assert!(head.iter().all(|c| c.kind == Kind::Number));
        assert_eq!(head, set.read().unwrap().columns);
    }

    #[test]
    fn only_known_names_are_found() {
        assert_eq!(names().collect::<Vec<_>>(), ["flla-2015"]);
        assert!(bundled("flla-2016").is_none());
    }
}
