//! The type symbol or the label of a site comes in, its element goes out.

use crate::chem::composition::Composition;
use crate::chem::element::Element;

/// The element of a site: its type symbol (`Fe`, `Fe3+`, `O2-`, `D`) says it, else its
/// label (`Fe1`, `O2A`, `OW`), and then the formula decides between two readings
/// (`HO1`: H or Ho). Deuterium and tritium are hydrogen.
pub(super) fn element_of(
    symbol: &[u8],
    label: &[u8],
    formula: Option<&Composition>,
) -> Option<Element> {
    if symbol.is_empty() {
        return from_label(label, formula);
    }
    from_symbol(symbol)
}

fn from_symbol(symbol: &[u8]) -> Option<Element> {
    let letters = symbol
        .iter()
        .take_while(|b| b.is_ascii_alphabetic())
        .count();
    let (letters, charge) = symbol.split_at_checked(letters)?;
    let sound = charge
        .iter()
        .all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.'));
    match letters {
        _ if !sound => None,
        [one] => of_letters(*one, None),
        [one, two] => of_letters(*one, Some(*two)),
        _ => None,
    }
}

fn from_label(label: &[u8], formula: Option<&Composition>) -> Option<Element> {
    let letters = label.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let letters = label.get(..letters)?;
    if letters.eq_ignore_ascii_case(b"wat") || letters.eq_ignore_ascii_case(b"dum") {
        return None;
    }
    let one = letters.first().and_then(|one| of_letters(*one, None));
    let two = match letters {
        [one, two, ..] => of_letters(*one, Some(*two)),
        _ => None,
    };
    let has = |element: &Element| formula.is_some_and(|f| f.contains(*element));
    match (one, two) {
        (Some(one), Some(two)) if has(&one) && !has(&two) => Some(one),
        (_, Some(two)) => Some(two),
        (one, None) => one,
    }
}

fn of_letters(one: u8, two: Option<u8>) -> Option<Element> {
    let mut buffer = [one.to_ascii_uppercase(), 0];
    let text = match two {
        Some(two) => {
            buffer = [one.to_ascii_uppercase(), two.to_ascii_lowercase()];
            std::str::from_utf8(&buffer).ok()?
        }
        None => std::str::from_utf8(buffer.get(..1)?).ok()?,
    };
    match text {
        "D" | "T" => Element::from_z(1),
        _ => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_and_labels() {
        let symbol =
            |text: &str| element_of(text.as_bytes(), b"X1", None).map(Element::symbol);
        for (text, is) in [
            ("Fe", Some("Fe")),
            ("FE", Some("Fe")),
            ("Fe3+", Some("Fe")),
            ("Fe+3", Some("Fe")),
            ("O2-", Some("O")),
            ("D", Some("H")),
            ("Vac", None),
            ("M", None),
            ("Fe_a", None),
        ] {
            assert_eq!(symbol(text), is, "{text}");
        }
        let label = |text: &str, formula: &str| {
            let formula = formula.parse().ok();
            element_of(b"", text.as_bytes(), formula.as_ref()).map(Element::symbol)
        };
        assert_eq!(label("Fe1", ""), Some("Fe"));
        assert_eq!(label("OW1", ""), Some("O"));
        assert_eq!(label("HO1", "H2O"), Some("H"));
        assert_eq!(label("HO1", "Ho2O3"), Some("Ho"));
        assert_eq!(label("O12A", ""), Some("O"));
        assert_eq!(label("Wat1", ""), None);
        assert_eq!(label("1", ""), None);
    }
}
