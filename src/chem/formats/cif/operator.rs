//! The text of a symmetry operator (`-x+1/2, y, z`) comes in, a rotation and a
//! translation go out. It is read by this grammar and nothing else:
//!
//! ```text
//! operator = part "," part "," part ["," ("+1" | "1" | "-1")]   (the last: magnetic)
//! part     = ["+" | "-"] term {("+" | "-") term}
//! term     = number ["*"] letter | letter | number
//! letter   = "x" | "y" | "z"            (either case)
//! number   = digits ["." digits] ["/" digits]
//! ```
//! Blanks between are free.

#![allow(
    clippy::indexing_slicing,
    reason = "3 × 3 algebra with constant indices"
)]

use crate::chem::formats::number::decimal;

/// Longest text of an operator.
const MAX_TEXT: usize = 120;

/// x → rotation · x + translation, in fractional coordinates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Operator {
    /// Rows; whole numbers, determinant ±1.
    pub rotation: [[i8; 3]; 3],
    /// In [0, 1).
    pub translation: [f64; 3],
}

/// Why a text is no operator; said as it goes on after "the operator …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OperatorError {
    /// More than 120 bytes.
    #[error("is longer than {MAX_TEXT} characters")]
    TooLong,
    /// A character that the grammar has not at this place.
    #[error("has `{0}` where a term, a sign or a comma is expected")]
    Unexpected(char),
    /// Not three parts.
    #[error("has not three parts between commas")]
    Parts,
    /// A part or a term with nothing in it.
    #[error("has an empty part or ends in a sign")]
    Empty,
    /// A number that is none, or a fraction over zero.
    #[error("has a number that cannot be read")]
    Number,
    /// A rotation with entries that are not whole or a determinant that is not ±1.
    #[error("maps the crystal's axes onto no axes (its determinant is not 1 or -1)")]
    NotARotation,
}

impl Operator {
    /// x, y, z.
    pub const IDENTITY: Operator = Operator {
        rotation: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        translation: [0.0; 3],
    };

    /// Read an operator's text.
    ///
    /// # Errors
    /// The text is not of the grammar, or no rotation.
    pub fn parse(text: &[u8]) -> Result<Operator, OperatorError> {
        if text.len() > MAX_TEXT {
            return Err(OperatorError::TooLong);
        }
        let mut reader = Reader { text, at: 0 };
        let mut operator = Operator {
            rotation: [[0; 3]; 3],
            translation: [0.0; 3],
        };
        for row in 0..3 {
            let (rotation, translation) = reader.part()?;
            operator.rotation[row] = rotation;
            operator.translation[row] = wrap(translation);
            match (row, reader.peek()) {
                (0 | 1, Some(b',')) | (2, None) => reader.at += 1,
                (2, Some(b',')) => {
                    reader.at += 1;
                    reader.time_reversal()?;
                }
                (_, Some(b',') | None) => return Err(OperatorError::Parts),
                (_, Some(other)) => return Err(OperatorError::Unexpected(other.into())),
            }
        }
        if determinant(&operator.rotation).abs() != 1 {
            return Err(OperatorError::NotARotation);
        }
        Ok(operator)
    }

    /// Image of a position, not wrapped.
    #[inline]
    pub fn apply(&self, x: &[f64; 3]) -> [f64; 3] {
        let row = |i: usize| {
            let r = &self.rotation[i];
            f64::from(r[0]) * x[0]
                + f64::from(r[1]) * x[1]
                + f64::from(r[2]) * x[2]
                + self.translation[i]
        };
        [row(0), row(1), row(2)]
    }

    /// The operator as a CIF writes it, `-x+1/2,y,z`.
    pub fn text(&self) -> String {
        let part = |i: usize| {
            let mut part = String::new();
            for (letter, &factor) in ["x", "y", "z"].iter().zip(&self.rotation[i]) {
                match factor {
                    0 => continue,
                    1 if part.is_empty() => {}
                    1 => part.push('+'),
                    -1 => part.push('-'),
                    n if part.is_empty() || n < 0 => part.push_str(&format!("{n}*")),
                    n => part.push_str(&format!("+{n}*")),
                }
                part.push_str(letter);
            }
            part.push_str(&fraction(self.translation[i]));
            part
        };
        format!("{},{},{}", part(0), part(1), part(2))
    }
}

/// `+1/2` for 0.5: a fraction with denominator up to 24, else decimals.
fn fraction(x: f64) -> String {
    if x == 0.0 {
        return String::new();
    }
    for denominator in [2_u32, 3, 4, 6, 8, 12, 24] {
        let numerator = x * f64::from(denominator);
        if (numerator - numerator.round()).abs() < 1e-9 {
            return format!("+{}/{denominator}", numerator.round());
        }
    }
    format!("+{x:.10}")
}

pub(super) fn wrap(x: f64) -> f64 {
    let wrapped = x - x.floor();
    // A tiny negative number wraps to 1 after rounding.
    if wrapped >= 1.0 { 0.0 } else { wrapped }
}

fn determinant(r: &[[i8; 3]; 3]) -> i32 {
    let r = r.map(|row| row.map(i32::from));
    r[0][0] * (r[1][1] * r[2][2] - r[1][2] * r[2][1])
        - r[0][1] * (r[1][0] * r[2][2] - r[1][2] * r[2][0])
        + r[0][2] * (r[1][0] * r[2][1] - r[1][1] * r[2][0])
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    /// The next byte that is no blank.
    fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.text.get(self.at) {
            if *byte > b' ' {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    fn part(&mut self) -> Result<([i8; 3], f64), OperatorError> {
        let (mut rotation, mut translation) = ([0.0_f64; 3], 0.0);
        let mut first = true;
        loop {
            let sign = match self.peek() {
                Some(sign @ (b'+' | b'-')) => {
                    self.at += 1;
                    if sign == b'+' { 1.0 } else { -1.0 }
                }
                None | Some(b',') if first => return Err(OperatorError::Empty),
                None | Some(b',') => break,
                Some(_) if first => 1.0,
                Some(other) => return Err(OperatorError::Unexpected(other.into())),
            };
            first = false;
            let (factor, axis) = self.term()?;
            match axis {
                Some(axis) => rotation[axis] += sign * factor,
                None => translation += sign * factor,
            }
        }
        let mut whole = [0_i8; 3];
        for (to, from) in whole.iter_mut().zip(rotation) {
            if from.fract() != 0.0 || from.abs() > 12.0 {
                return Err(OperatorError::NotARotation);
            }
            *to = from as i8;
        }
        Ok((whole, translation))
    }

    fn term(&mut self) -> Result<(f64, Option<usize>), OperatorError> {
        let factor = match self.peek() {
            Some(b'0'..=b'9' | b'.') => Some(self.number()?),
            _ => None,
        };
        if factor.is_some() && self.peek() == Some(b'*') {
            self.at += 1;
            return match self.letter() {
                Some(axis) => Ok((factor.unwrap_or(1.0), Some(axis))),
                None => Err(OperatorError::Empty),
            };
        }
        match (factor, self.letter()) {
            (factor, Some(axis)) => Ok((factor.unwrap_or(1.0), Some(axis))),
            (Some(number), None) => Ok((number, None)),
            (None, None) => match self.peek() {
                None | Some(b',' | b'+' | b'-') => Err(OperatorError::Empty),
                Some(other) => Err(OperatorError::Unexpected(other.into())),
            },
        }
    }

    fn letter(&mut self) -> Option<usize> {
        let axis = match self.peek()? {
            b'x' | b'X' => 0,
            b'y' | b'Y' => 1,
            b'z' | b'Z' => 2,
            _ => return None,
        };
        self.at += 1;
        Some(axis)
    }

    fn number(&mut self) -> Result<f64, OperatorError> {
        let value = self.digits()?;
        if self.peek() == Some(b'/') {
            self.at += 1;
            self.peek();
            let below = self.digits()?;
            if below == 0.0 {
                return Err(OperatorError::Number);
            }
            return Ok(value / below);
        }
        // Decimals such as 0.3333 stand for fractions that cells can have.
        let fine = value * 24.0;
        if (fine - fine.round()).abs() < 0.02 {
            return Ok(fine.round() / 24.0);
        }
        Ok(value)
    }

    fn digits(&mut self) -> Result<f64, OperatorError> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = rest
            .iter()
            .position(|b| !(b.is_ascii_digit() || *b == b'.'))
            .unwrap_or(rest.len());
        self.at += length;
        let value = rest.get(..length).and_then(decimal);
        value.filter(|x| *x < 1e6).ok_or(OperatorError::Number)
    }

    fn time_reversal(&mut self) -> Result<(), OperatorError> {
        if matches!(self.peek(), Some(b'+' | b'-')) {
            self.at += 1;
        }
        match (self.peek(), self.text.get(self.at + 1..)) {
            (Some(b'1'), Some(rest)) if rest.iter().all(|b| *b <= b' ') => {
                self.at = self.text.len();
                Ok(())
            }
            _ => Err(OperatorError::Parts),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_read_and_write() {
        for (text, written) in [
            ("x,y,z", "x,y,z"),
            (" -X + 1/2 , 1/2+Y, -z ", "-x+1/2,y+1/2,-z"),
            ("x-y, x, z+.3333", "x-y,x,z+1/3"),
            ("-y,x-y,z+0.66667", "-y,x-y,z+2/3"),
            ("1/4-y,x+3/4,5/4+z", "-y+1/4,x+3/4,z+1/4"),
            ("1*x,+1y,z-1/2,-1", "x,y,z+1/2"),
            ("x,y,z,+1", "x,y,z"),
        ] {
            let operator = Operator::parse(text.as_bytes()).unwrap();
            assert_eq!(operator.text(), written, "{text}");
            assert_eq!(Operator::parse(written.as_bytes()), Ok(operator));
        }
    }

    #[test]
    fn what_is_no_operator_is_refused() {
        use OperatorError as E;
        let refused = |text: &str| Operator::parse(text.as_bytes()).unwrap_err();
        assert_eq!(refused("x,y"), E::Parts);
        assert_eq!(refused("x,y,z,z"), E::Parts);
        assert_eq!(refused("x,y,z+"), E::Empty);
        assert_eq!(refused("x,,z"), E::Empty);
        assert_eq!(refused("x,y,q"), E::Unexpected('q'));
        assert_eq!(refused("x y,y,z"), E::Unexpected('y'));
        assert_eq!(refused("x,y,z+1/0"), E::Number);
        assert_eq!(refused("x,y,z+1.2.3"), E::Number);
        assert_eq!(refused("x,y,2z"), E::NotARotation);
        assert_eq!(refused("x,x,z"), E::NotARotation);
        assert_eq!(refused("x/2,y,z"), E::Unexpected('/'));
        assert_eq!(
            refused("__import__('os').system('x'),y,z"),
            E::Unexpected('_')
        );
        assert_eq!(refused(&"x+".repeat(500)), E::TooLong);
    }
}
