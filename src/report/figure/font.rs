//! The font of the figures: Noto Sans (Apache-2.0), carried in the program, since a fresh
//! machine has no fonts. Out: its bytes, and the width of a text set in it.

use resvg::usvg::fontdb;

/// What the SVG asks for: our font, then what other machines have.
pub(super) const FAMILIES: &str = "Noto Sans, Helvetica, Arial, sans-serif";
/// The family's name in the font file.
pub(super) const FAMILY: &str = "Noto Sans";

/// A font database with this family and no other.
pub(super) fn database() -> fontdb::Database {
    let mut database = fontdb::Database::new();
    database.load_font_data(ttf_noto_sans::REGULAR.to_vec());
    database.load_font_data(ttf_noto_sans::BOLD.to_vec());
    database.set_sans_serif_family(FAMILY);
    database
}

/// The width of a text at a font size, in the same unit.
pub(in crate::report) fn width(text: &str, size: f64) -> f64 {
    // Half an em is the mean width of letters, should the font not open.
    let Ok(face) = ttf_parser::Face::parse(ttf_noto_sans::REGULAR, 0) else {
        return 0.5 * size * text.chars().count() as f64;
    };
    let advance = |c| {
        let glyph = face.glyph_index(c).unwrap_or_default();
        face.glyph_hor_advance(glyph).map_or(0.0, f64::from)
    };
    text.chars().map(advance).sum::<f64>() * size / f64::from(face.units_per_em())
}

/// A character the font has, in the place of one it may lack: the digits below and above
/// the line of formulas and exponents become ordinary ones.
pub(super) fn known(c: char) -> char {
    let digit = |c: char, zero: char| {
        let digit = u32::from(c).checked_sub(u32::from(zero))?;
        char::from_digit(digit, 10)
    };
    match c {
        '₀'..='₉' => digit(c, '₀').unwrap_or(c),
        '⁰' | '⁴'..='⁹' => digit(c, '⁰').unwrap_or(c),
        '⁻' => '−',
        c => c,
    }
}

/// The text, or as much of it as fits into `room` with an ellipsis after it.
pub(in crate::report) fn fitted(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let room = room - width("…", size);
    let mut taken = 0.0;
    let mut short = String::new();
    for c in text.chars() {
        taken += width(c.encode_utf8(&mut [0; 4]), size);
        if taken > room {
            break;
        }
        short.push(c);
    }
    let short = short.trim_end();
    format!("{short}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_font_is_there_and_has_our_signs() {
        let database = database();
        let families: Vec<&str> = database
            .faces()
            .map(|face| face.families[0].0.as_str())
            .collect();
        assert_eq!(families, [FAMILY, FAMILY]);
        for font in [ttf_noto_sans::REGULAR, ttf_noto_sans::BOLD] {
            let face = ttf_parser::Face::parse(font, 0).unwrap();
            for c in "AZaz09Å²³−·°µ×–()/^=…≤".chars() {
                assert!(face.glyph_index(c).is_some(), "no glyph for {c}");
            }
        }
    }

    #[test]
    fn digits_of_formulas_can_be_read() {
        let text: String = "Nb₁₂WO₃₃, Å⁻³ (10⁶)".chars().map(known).collect();
        assert_eq!(text, "Nb12WO33, Å−³ (106)");
    }

    #[test]
    fn long_texts_end_with_an_ellipsis() {
        assert_eq!(fitted("short", 10.0, 100.0), "short");
        let long = "é".repeat(300);
        let short = fitted(&long, 10.0, 100.0);
        assert!(
            short.ends_with('…') && width(&short, 10.0) <= 100.0,
            "{short}"
        );
        assert_eq!(fitted("wide", 10.0, 0.0), "…");
    }

    #[test]
    fn widths_grow_with_text_and_size() {
        assert_eq!(width("", 10.0), 0.0);
        assert!(width("W", 10.0) > width("i", 10.0));
        assert!((width("abc", 20.0) - 2.0 * width("abc", 10.0)).abs() < 1e-9);
    }
}
