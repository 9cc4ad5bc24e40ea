//! Numbers as people read them. In: a number. Out: text with four significant digits, a
//! real minus sign left to the figures.

/// Four significant digits; very small and very large numbers with an exponent.
pub(super) fn significant(x: f64) -> String {
    if x == 0.0 {
        return "0".to_owned();
    }
    // Rounded first, so that 9.99996 counts as 10.00 and not as 9.9999.
    let rounded = format!("{x:.3e}");
    let exponent = rounded
        .split_once('e')
        .and_then(|(_, e)| e.parse::<i32>().ok());
    match exponent {
        Some(e @ -4..=3) => format!("{x:.*}", (3 - e).unsigned_abs() as usize),
        Some(4..=6) => format!("{x:.0}"),
        _ => rounded,
    }
}

/// An R², which may be undefined: four digits after the point, as near 0 and 1 that is
/// what tells two apart.
pub(super) fn r2(x: Option<f64>) -> String {
    match x {
        Some(x) if x.abs() < 1000.0 => format!("{x:.4}"),
        Some(x) => significant(x),
        None => "–".to_owned(),
    }
}

/// A count with its thousands apart: 2164097 → "2 164 097" (thin no-break spaces).
pub(super) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_digits() {
        let cases = [
            (0.0, "0"),
            (0.123456, "0.1235"),
            (-2.68778, "-2.688"),
            (9.99996, "10.00"),
            (123.456, "123.5"),
            (1234.56, "1235"),
            (1234567.0, "1234567"),
            (0.000123456, "0.0001235"),
            (0.0000123456, "1.235e-5"),
            (1.5e9, "1.500e9"),
            (-0.99999, "-1.000"),
        ];
        for (x, text) in cases {
            assert_eq!(significant(x), text);
        }
        assert_eq!(r2(None), "–");
        assert_eq!(r2(Some(-0.000443)), "-0.0004");
        assert_eq!(r2(Some(0.98765)), "0.9877");
        assert_eq!(r2(Some(-123456.0)), "-123456");
    }

    #[test]
    fn thousands() {
        assert_eq!(count(0), "0");
        assert_eq!(count(728), "728");
        assert_eq!(count(2164097), "2\u{202f}164\u{202f}097");
    }
}
