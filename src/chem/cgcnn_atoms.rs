//! The 92 numbers CGCNN says of an element, all 0 or 1: group, period, electronegativity,
//! radius, valence electrons, ionisation energy, electron affinity, block and volume, each
//! as one of some classes (Xie and Grossman, Phys. Rev. Lett. 120, 145301 (2018)). Origin
//! and licence of the table: `data/README.md`.

use std::sync::{Arc, LazyLock};

use super::element::Element;

const TEXT: &str = include_str!("../../data/tables/cgcnn_atoms.tsv");

/// Numbers per element.
pub const CGCNN_WIDTH: usize = 92;

/// The numbers of every element in a table with a row for each atomic number from 0 (all
/// zeros) to the last one known.
pub fn cgcnn_atoms() -> Arc<Vec<f32>> {
    static TABLE: LazyLock<Arc<Vec<f32>>> = LazyLock::new(|| match read(TEXT) {
        Some(table) => Arc::new(table),
        None => unreachable!("the embedded table is read by a test"),
    });
    TABLE.clone()
}

/// `None` where the text is not the table: a header, and rows of Z, symbol and the places
/// of the ones.
fn read(text: &str) -> Option<Vec<f32>> {
    let mut lines = text.lines();
    if lines.next()? != "Z\tsymbol\tones" {
        return None;
    }
    let mut table = vec![0.0; CGCNN_WIDTH];
    for (element, line) in Element::all().zip(lines) {
        let mut cells = line.split('\t');
        let z: u8 = cells.next()?.parse().ok()?;
        if z != element.z() || cells.next()? != element.symbol() {
            return None;
        }
        let mut row = [0.0; CGCNN_WIDTH];
        for place in cells.next()?.split(',') {
            *row.get_mut(place.parse::<usize>().ok()?)? = 1.0;
        }
        table.extend(row);
    }
    Some(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_elements_each_in_its_group_and_period() {
        let table = cgcnn_atoms();
        assert_eq!(table.len(), 101 * CGCNN_WIDTH);
        let ones = |z: usize| -> Vec<usize> {
            let row = &table[z * CGCNN_WIDTH..][..CGCNN_WIDTH];
            (0..CGCNN_WIDTH).filter(|k| row[*k] == 1.0).collect()
        };
        assert_eq!(ones(1)[..2], [1, 19]);
        assert_eq!(ones(8)[..2], [16, 20]);
        assert!((1..=100).all(|z| (6..=9).contains(&ones(z).len())));
        assert!(ones(0).is_empty());
    }
}
