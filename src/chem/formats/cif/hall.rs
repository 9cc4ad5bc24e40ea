//! A Hall symbol (`-P 2ybc`, `P 31 2 (0 0 4)`) comes in, the operators of its space
//! group go out. The notation: S. R. Hall, Acta Cryst. A37, 517 (1981); International
//! Tables for Crystallography B, appendix 1.4.2. Translations are kept in twelfths,
//! so every operator is exact.

#![allow(
    clippy::indexing_slicing,
    reason = "3 × 3 algebra with constant indices"
)]

use std::collections::BTreeSet;

use super::operator::Operator;

/// Most operators a space group has with its centring (F m -3 m).
const MAX_OPERATORS: usize = 192;

/// Why a text is no Hall symbol; said as it goes on after "the Hall symbol …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HallError {
    /// The first letter.
    #[error("does not begin with a lattice letter (P A B C I R H F, `-` before)")]
    Lattice,
    /// One of the following words.
    #[error("has `{0}`, which is no rotation")]
    Rotation(String),
    /// What stands in parentheses.
    #[error("has an origin shift that is not three whole numbers, `(0 0 1)`")]
    Shift,
    /// Rotations that make no finite group.
    #[error("names rotations that together make no space group")]
    NoGroup,
}

type Matrix = [[i8; 3]; 3];

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Exact {
    rotation: Matrix,
    /// In twelfths, 0..12.
    twelfths: [i8; 3],
}

const IDENTITY: Matrix = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
const INVERSION: Matrix = [[-1, 0, 0], [0, -1, 0], [0, 0, -1]];

/// The operators of a Hall symbol, the identity first, in a fixed order.
///
/// # Errors
/// The symbol is not of the notation.
pub fn operators(symbol: &str) -> Result<Vec<Operator>, HallError> {
    let generators = generators(symbol)?;
    let group = close(&generators)?;
    Ok(group
        .into_iter()
        .map(|exact| Operator {
            rotation: exact.rotation,
            translation: exact.twelfths.map(|t| f64::from(t) / 12.0),
        })
        .collect())
}

fn generators(symbol: &str) -> Result<Vec<Exact>, HallError> {
    let (words, shift) = match symbol.split_once('(') {
        Some((words, shift)) => (words, read_shift(shift)?),
        None => (symbol, [0; 3]),
    };
    // `_` joins words in some files.
    let mut words = words.split(|c: char| c.is_whitespace() || c == '_');
    let lattice = words
        .find(|word| !word.is_empty())
        .ok_or(HallError::Lattice)?;
    let (inverted, letter) = match lattice.strip_prefix('-') {
        Some(letter) => (true, letter),
        None => (false, lattice),
    };
    let mut generators: Vec<Exact> = centring(letter)?
        .iter()
        .map(|&twelfths| Exact {
            rotation: IDENTITY,
            twelfths,
        })
        .collect();
    if inverted {
        generators.push(Exact {
            rotation: INVERSION,
            twelfths: [0; 3],
        });
    }
    let mut before = None;
    for (place, word) in words.filter(|word| !word.is_empty()).enumerate() {
        let fail = || HallError::Rotation(word.chars().take(12).collect());
        if place > 3 {
            return Err(fail());
        }
        let (exact, read) = rotation(word.as_bytes(), place, before).ok_or_else(fail)?;
        generators.push(exact);
        before = Some(read);
    }
    for generator in &mut generators {
        *generator = shifted(generator, &shift);
    }
    Ok(generators)
}

/// The rotation read before: its order and axis.
type Read = (u8, u8);

/// `-4xcw`: order, axis, translations; `place` counts from 0.
fn rotation(word: &[u8], place: usize, before: Option<Read>) -> Option<(Exact, Read)> {
    let (improper, word) = match word {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, word),
    };
    let (&order, mut rest) = word.split_first()?;
    let mut axis = match rest.first() {
        Some(b'x' | b'y' | b'z' | b'\'' | b'"' | b'*' | b'^' | b'=') => {
            let (first, after) = rest.split_first()?;
            rest = after;
            match first {
                b'^' => b'\'',
                b'=' => b'"',
                other => *other,
            }
        }
        _ => 0,
    };
    if axis == 0 {
        axis = match (order, place, before) {
            (b'1', ..) | (_, 0, _) => b'z',
            (b'2', 1, Some((b'2' | b'4', _))) => b'x',
            (b'2', 1, Some((b'3' | b'6', _))) => b'\'',
            (b'3', 2, _) => b'*',
            _ => return None,
        };
    }
    // The diagonals lie about the axis named before; z if that was a diagonal.
    let about = match before {
        Some((_, axis @ (b'x' | b'y'))) => axis,
        _ => b'z',
    };
    let mut rotation = matrix(order, axis, about)?;
    if improper {
        rotation = rotation.map(|row| row.map(|x| -x));
    }
    let mut twelfths = [0_i8; 3];
    for &letter in rest {
        let add: [i8; 3] = match letter {
            b'a' => [6, 0, 0],
            b'b' => [0, 6, 0],
            b'c' => [0, 0, 6],
            b'n' => [6, 6, 6],
            b'u' => [3, 0, 0],
            b'v' => [0, 3, 0],
            b'w' => [0, 0, 3],
            b'd' => [3, 3, 3],
            b'1'..=b'5' if letter < order => {
                let step = (letter - b'0') as i8 * 12 / (order - b'0') as i8;
                match axis {
                    b'x' => [step, 0, 0],
                    b'y' => [0, step, 0],
                    b'z' => [0, 0, step],
                    _ => return None,
                }
            }
            _ => return None,
        };
        for (to, add) in twelfths.iter_mut().zip(add) {
            *to = (*to + add).rem_euclid(12);
        }
    }
    Some((Exact { rotation, twelfths }, (order, axis)))
}

fn matrix(order: u8, axis: u8, about: u8) -> Option<Matrix> {
    Some(match (order, axis) {
        (b'1', _) => IDENTITY,
        (b'2', b'x') => [[1, 0, 0], [0, -1, 0], [0, 0, -1]],
        (b'2', b'y') => [[-1, 0, 0], [0, 1, 0], [0, 0, -1]],
        (b'2', b'z') => [[-1, 0, 0], [0, -1, 0], [0, 0, 1]],
        (b'3', b'x') => [[1, 0, 0], [0, 0, -1], [0, 1, -1]],
        (b'3', b'y') => [[-1, 0, 1], [0, 1, 0], [-1, 0, 0]],
        (b'3', b'z') => [[0, -1, 0], [1, -1, 0], [0, 0, 1]],
        (b'3', b'*') => [[0, 0, 1], [1, 0, 0], [0, 1, 0]],
        (b'4', b'x') => [[1, 0, 0], [0, 0, -1], [0, 1, 0]],
        (b'4', b'y') => [[0, 0, 1], [0, 1, 0], [-1, 0, 0]],
        (b'4', b'z') => [[0, -1, 0], [1, 0, 0], [0, 0, 1]],
        (b'6', b'x') => [[1, 0, 0], [0, 1, -1], [0, 1, 0]],
        (b'6', b'y') => [[0, 0, 1], [0, 1, 0], [-1, 0, 1]],
        (b'6', b'z') => [[1, -1, 0], [1, 0, 0], [0, 0, 1]],
        (b'2', b'\'') => match about {
            b'x' => [[-1, 0, 0], [0, 0, -1], [0, -1, 0]],
            b'y' => [[0, 0, -1], [0, -1, 0], [-1, 0, 0]],
            _ => [[0, -1, 0], [-1, 0, 0], [0, 0, -1]],
        },
        (b'2', b'"') => match about {
            b'x' => [[-1, 0, 0], [0, 0, 1], [0, 1, 0]],
            b'y' => [[0, 0, 1], [0, -1, 0], [1, 0, 0]],
            _ => [[0, 1, 0], [1, 0, 0], [0, 0, -1]],
        },
        _ => return None,
    })
}

/// Centring translations beside zero, in twelfths.
fn centring(letter: &str) -> Result<&'static [[i8; 3]], HallError> {
    Ok(match letter {
        "P" | "p" => &[],
        "A" | "a" => &[[0, 6, 6]],
        "B" | "b" => &[[6, 0, 6]],
        "C" | "c" => &[[6, 6, 0]],
        "I" | "i" => &[[6, 6, 6]],
        "R" | "r" => &[[8, 4, 4], [4, 8, 8]],
        "H" | "h" => &[[8, 4, 0], [4, 8, 0]],
        "F" | "f" => &[[0, 6, 6], [6, 0, 6], [6, 6, 0]],
        _ => return Err(HallError::Lattice),
    })
}

/// `0 0 1)` in twelfths.
fn read_shift(text: &str) -> Result<[i8; 3], HallError> {
    let inside = text.trim_end().strip_suffix(')').ok_or(HallError::Shift)?;
    let mut shift = [0; 3];
    let mut numbers = inside.split_whitespace();
    for to in &mut shift {
        let number = numbers.next().ok_or(HallError::Shift)?;
        let number: i8 = number.parse().map_err(|_| HallError::Shift)?;
        if !(-11..=11).contains(&number) {
            return Err(HallError::Shift);
        }
        *to = number;
    }
    match numbers.next() {
        Some(_) => Err(HallError::Shift),
        None => Ok(shift),
    }
}

/// The operator seen from a shifted origin: t + v − R v.
fn shifted(exact: &Exact, v: &[i8; 3]) -> Exact {
    let mut twelfths = exact.twelfths;
    for (i, to) in twelfths.iter_mut().enumerate() {
        let turned: i16 = (0..3)
            .map(|j| i16::from(exact.rotation[i][j]) * i16::from(v[j]))
            .sum();
        *to = (i16::from(*to) + i16::from(v[i]) - turned).rem_euclid(12) as i8;
    }
    Exact {
        rotation: exact.rotation,
        twelfths,
    }
}

/// All products of the generators.
fn close(generators: &[Exact]) -> Result<Vec<Exact>, HallError> {
    let one = Exact {
        rotation: IDENTITY,
        twelfths: [0; 3],
    };
    let (mut group, mut known) = (vec![one], BTreeSet::from([one]));
    let mut next = 0;
    while let Some(&left) = group.get(next) {
        next += 1;
        for right in generators {
            let product = multiply(&left, right).ok_or(HallError::NoGroup)?;
            if known.insert(product) {
                if group.len() == MAX_OPERATORS {
                    return Err(HallError::NoGroup);
                }
                group.push(product);
            }
        }
    }
    Ok(group)
}

/// First `right`, then `left`; `None` where the rotation leaves small numbers.
fn multiply(left: &Exact, right: &Exact) -> Option<Exact> {
    let mut product = Exact {
        rotation: [[0; 3]; 3],
        twelfths: [0; 3],
    };
    for i in 0..3 {
        let row = left.rotation[i].map(i16::from);
        for j in 0..3 {
            let entry: i16 = (0..3)
                .map(|k| row[k] * i16::from(right.rotation[k][j]))
                .sum();
            if entry.abs() > 4 {
                return None;
            }
            product.rotation[i][j] = entry as i8;
        }
        let moved: i16 = (0..3).map(|k| row[k] * i16::from(right.twelfths[k])).sum();
        product.twelfths[i] = (moved + i16::from(left.twelfths[i])).rem_euclid(12) as i8;
    }
    Some(product)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(operator: &Operator) -> String {
        operator.text()
    }

    #[test]
    fn the_530_settings_are_those_of_moyo() {
        for number in 1..=530 {
            let entry = moyo::data::hall_symbol_entry(number).unwrap();
            let ours = operators(entry.hall_symbol).unwrap();
            let theirs = moyo::data::HallSymbol::new(entry.hall_symbol).unwrap();
            let mut ours: Vec<_> = ours.iter().map(key).collect();
            let mut expected = Vec::new();
            let mut centrings = vec![[0.0; 3]];
            centrings.extend(
                theirs
                    .centering_translations
                    .iter()
                    .map(|t| [t.x, t.y, t.z]),
            );
            for operation in theirs.traverse() {
                for centring in &centrings {
                    let t = operation.translation;
                    let moved = [t.x + centring[0], t.y + centring[1], t.z + centring[2]];
                    let r = operation.rotation;
                    let twelfth = |x: f64| (x * 12.0).round().rem_euclid(12.0) / 12.0;
                    expected.push(key(&Operator {
                        rotation: [0, 1, 2].map(|i| [0, 1, 2].map(|j| r[(i, j)] as i8)),
                        translation: moved.map(twelfth),
                    }));
                }
            }
            ours.sort();
            expected.sort();
            assert_eq!(ours, expected, "{number} {}", entry.hall_symbol);
        }
    }

    #[test]
    fn spellings_and_sizes() {
        let count = |symbol: &str| operators(symbol).map(|all| all.len());
        assert_eq!(count("P 1"), Ok(1));
        assert_eq!(count("-P 2ybc"), Ok(4));
        assert_eq!(count("-F 4 2 3"), Ok(192));
        assert_eq!(operators("-R 3 2\"c"), operators("-R 3 2=c"));
        assert_eq!(operators("-p_4_2_3"), operators("-P 4 2 3"));
        assert_eq!(count("P 61 2 (0 0 -1)"), Ok(12));
    }

    #[test]
    fn what_is_no_hall_symbol_is_refused() {
        let refused = |symbol: &str| operators(symbol).unwrap_err();
        assert_eq!(refused(""), HallError::Lattice);
        assert_eq!(refused("Q 2"), HallError::Lattice);
        assert_eq!(refused("P 5"), HallError::Rotation("5".into()));
        assert_eq!(refused("P 2q"), HallError::Rotation("2q".into()));
        assert_eq!(refused("P 34"), HallError::Rotation("34".into()));
        assert_eq!(refused("P 2 2 2"), HallError::Rotation("2".into()));
        assert_eq!(refused("P 2 (0 0"), HallError::Shift);
        assert_eq!(refused("P 2 (0 0 99)"), HallError::Shift);
        assert_eq!(refused("P 4 3x"), HallError::NoGroup);
    }
}
