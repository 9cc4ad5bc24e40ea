//! The text of a number comes in, an `f64` goes out: the nearest one, as
//! `str::parse` gives it, with a short way for the numbers structure files hold.

#![allow(clippy::indexing_slicing, reason = "a table indexed by its own length")]

/// Powers of ten that are exact in binary.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];
/// Below it every whole number is exact in binary.
const EXACT: u64 = 1 << 53;

/// A finite decimal number (`-1.5`, `.5`, `3.`, `1e-3`); nothing else, so neither
/// `nan` nor `inf`.
pub(super) fn decimal(text: &[u8]) -> Option<f64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let (mut mantissa, mut seen, mut after, mut point) = (0_u64, 0, 0, false);
    for &byte in digits {
        match byte {
            b'0'..=b'9' => {
                seen += 1;
                after += usize::from(point);
                if seen > 17 {
                    return slow(text);
                }
                mantissa = mantissa * 10 + u64::from(byte - b'0');
            }
            b'.' if !point => point = true,
            _ => return slow(text),
        }
    }
    if seen == 0 {
        return None;
    }
    if mantissa >= EXACT || after >= POWERS.len() {
        return slow(text);
    }
    // Both are exact and one division rounds once: the nearest number.
    let value = mantissa as f64 / POWERS[after];
    Some(if negative { -value } else { value })
}

fn slow(text: &[u8]) -> Option<f64> {
    let plain = |b: &u8| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    if text.len() > 400 || !text.iter().all(plain) {
        return None;
    }
    let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    value.is_finite().then_some(value)
}

/// A number with its standard uncertainty in parentheses, `1.234(5)`; the uncertainty
/// is left out.
pub(super) fn measured(text: &[u8]) -> Option<f64> {
    let [head @ .., b')'] = text else {
        return decimal(text);
    };
    let open = head.iter().position(|b| *b == b'(')?;
    let (value, digits) = (head.get(..open)?, head.get(open + 1..)?);
    let sound =
        !digits.is_empty() && digits.iter().all(|b| b.is_ascii_digit() || *b == b'.');
    if sound { decimal(value) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_nearest_ones() {
        for text in [
            "0",
            "-0.0",
            "1.5",
            "+.25",
            "3.",
            "0.1",
            "0.3333333333",
            "12.7685039100",
            "9007199254740993",
            "0.1234567890123456789",
            "1e-3",
            "-2.5E+2",
            "1e22",
            "123456789.123456789",
            "0.00000000000000000001",
        ] {
            let ours = decimal(text.as_bytes()).unwrap();
            assert_eq!(
                ours.to_bits(),
                text.parse::<f64>().unwrap().to_bits(),
                "{text}"
            );
        }
        for text in [
            "", "-", ".", "nan", "inf", "1e999", "0x1", "1,5", "1.2.3", "--1",
        ] {
            assert_eq!(decimal(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn uncertainties_are_left_out() {
        assert_eq!(measured(b"1.234(5)"), Some(1.234));
        assert_eq!(measured(b"10(1.5)"), Some(10.0));
        assert_eq!(measured(b"-0.5"), Some(-0.5));
        for text in ["1.2(", "1.2()", "1.2(a)", "(5)", "1.2)5("] {
            assert_eq!(measured(text.as_bytes()), None, "{text}");
        }
    }
}
