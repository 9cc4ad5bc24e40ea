//! Properties of the elements as pymatgen has them: an element comes in, its atomic mass
//! or atomic radius goes out. Origin and licence of the table: `data/README.md`.

use std::sync::LazyLock;

use super::element::{Element, MAX_Z};

/// One row per element: Z, symbol, mass in u, radius in Å (an empty cell: none).
const TEXT: &str = include_str!("../../data/tables/pymatgen_elements.tsv");

struct Row {
    mass: f64,
    radius: Option<f64>,
}

/// Standard atomic mass in u; for an element without stable isotopes, that of a
/// long-lived one.
pub fn atomic_mass(element: Element) -> f64 {
    row(element).mass
}

/// Empirical atomic radius in Å (Slater, J. Chem. Phys. 41, 3199 (1964), with later
/// additions): O 0.6, Fe 1.4. `None` for most noble gases and the elements from curium.
pub fn atomic_radius(element: Element) -> Option<f64> {
    row(element).radius
}

fn row(element: Element) -> &'static Row {
    static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| match read(TEXT) {
        Some(table) => table,
        None => unreachable!("the embedded table is read by a test"),
    });
    match TABLE.get(usize::from(element.z()) - 1) {
        Some(row) => row,
        None => unreachable!("the table has a row for each of the {MAX_Z} elements"),
    }
}

/// `None` where the text is not the table: a header, then one row for each element.
fn read(text: &str) -> Option<Vec<Row>> {
    let mut lines = text.lines();
    if lines.next()? != "Z\tsymbol\tatomic_mass\tatomic_radius" {
        return None;
    }
    let rows = Element::all()
        .map(|element| read_row(lines.next()?, element))
        .collect::<Option<Vec<Row>>>()?;
    lines.next().is_none().then_some(rows)
}

fn read_row(line: &str, element: Element) -> Option<Row> {
    let cells: Vec<&str> = line.split('\t').collect();
    let &[z, symbol, mass, radius] = cells.as_slice() else {
        return None;
    };
    if z.parse() != Ok(element.z()) || symbol != element.symbol() {
        return None;
    }
    let radius = match radius {
        "" => None,
        text => Some(text.parse().ok()?),
    };
    let mass = mass.parse().ok()?;
    Some(Row { mass, radius })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_table_is_whole() {
        assert_eq!(read(TEXT).unwrap().len(), usize::from(MAX_Z));
        assert_eq!(atomic_mass(Element::O), 15.9994);
        assert_eq!(atomic_radius(Element::O), Some(0.6));
        let of = |symbol: &str| symbol.parse::<Element>().unwrap();
        assert_eq!(atomic_radius(of("Fe")), Some(1.4));
        assert_eq!(atomic_radius(of("He")), None);
        let without = Element::all().filter(|&e| atomic_radius(e).is_none());
        assert_eq!(without.count(), 30);
    }

    #[test]
    fn another_text_is_refused() {
        assert!(read("").is_none());
        assert!(read(&TEXT.replace("\tO\t", "\tQ\t")).is_none());
        assert!(read(&TEXT.replace("15.9994", "x")).is_none());
        assert!(read(&format!("{TEXT}more\n")).is_none());
        let shorter: Vec<_> = TEXT.lines().take(100).collect();
        assert!(read(&shorter.join("\n")).is_none());
    }
}
