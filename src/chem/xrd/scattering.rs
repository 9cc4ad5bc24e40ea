//! X-ray form factors: an element comes in, the parameters of its form factor go out.
//! Origin and licence of the table: `data/README.md`.

use std::sync::LazyLock;

use crate::chem::element::{Element, MAX_Z};

/// Z, symbol, a1, b1, … a4, b4 of the elements up to californium.
const TEXT: &str = include_str!("../../../data/tables/xrd_scattering.tsv");

/// Four pairs (a, b) of f(s) = Z − 41.78214 s² Σ a e^(−b s²), s in 1/Å, b in Å².
pub(super) type Terms = [[f64; 2]; 4];

/// The terms of an element's form factor, where the table has them.
pub(super) fn terms(element: Element) -> Option<&'static Terms> {
    static TABLE: LazyLock<Vec<Option<Terms>>> = LazyLock::new(|| match read(TEXT) {
        Some(table) => table,
        None => unreachable!("the embedded table is read by a test"),
    });
    TABLE.get(usize::from(element.z()))?.as_ref()
}

/// Terms by atomic number; `None` where the text is not the table.
fn read(text: &str) -> Option<Vec<Option<Terms>>> {
    let mut lines = text.lines();
    if lines.next()? != "Z\tsymbol\ta1\tb1\ta2\tb2\ta3\tb3\ta4\tb4" {
        return None;
    }
    let mut table = vec![None; usize::from(MAX_Z) + 1];
    for line in lines {
        let (z, symbol, terms) = read_row(line)?;
        if Element::from_z(z)?.symbol() != symbol {
            return None;
        }
        let place = table.get_mut(usize::from(z))?;
        if place.replace(terms).is_some() {
            return None;
        }
    }
    Some(table)
}

fn read_row(line: &str) -> Option<(u8, &str, Terms)> {
    let mut cells = line.split('\t');
    let z = cells.next()?.parse().ok()?;
    let symbol = cells.next()?;
    let mut terms = Terms::default();
    for x in terms.as_flattened_mut() {
        *x = cells.next()?.parse().ok()?;
    }
    cells.next().is_none().then_some((z, symbol, terms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_table_is_whole() {
        let table = read(TEXT).unwrap();
        assert_eq!(table.iter().flatten().count(), 98);
        let rubidium = "Rb".parse().unwrap();
        assert_eq!(terms(rubidium).unwrap()[0], [4.776, 140.782]);
        assert!(terms(Element::from_z(99).unwrap()).is_none());
        // At large s a form factor goes to 0, at s = 0 it is Z: Σ a/(…) must bring it
        // down within the range of Cu Kα, never below 0.
        for element in Element::all() {
            let Some(terms) = terms(element) else {
                continue;
            };
            let z = f64::from(element.z());
            let s2: f64 = 0.25;
            let sum: f64 = terms.iter().map(|[a, b]| a * libm::exp(-b * s2)).sum();
            let f = z - 41.78214 * s2 * sum;
            assert!(f > 0.0 && f < z, "{element}: {f}");
        }
    }

    #[test]
    fn another_text_is_refused() {
        assert!(read("").is_none());
        assert!(read(&TEXT.replace("\tO\t", "\tQ\t")).is_none());
        assert!(read(&TEXT.replace("140.782", "many")).is_none());
        let last = TEXT.lines().last().unwrap();
        assert!(read(&format!("{TEXT}{last}\n")).is_none());
    }
}
