//! A line that JSON refuses comes in; the number in it that no JSON can hold (`NaN`,
//! `-Infinity`, `1e999`), with its place, goes out. Python writes such tokens; a JSON
//! parser only says "expected value".

/// Deepest nesting followed.
const MAX_DEPTH: usize = 64;

/// A token that is no finite number.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Odd {
    /// The field of the record it stands in.
    pub(super) field: String,
    /// The place inside that field, `frac[3][1]`.
    pub(super) path: String,
    /// As written.
    pub(super) token: String,
    /// Character of the line, from 1.
    pub(super) column: u64,
}

enum Frame {
    /// The name of the current entry; `None` where a name is due.
    Object(Option<String>),
    /// Index of the current entry.
    List(usize),
}

/// The first token of `line` that is no finite number, inside `field` if given.
pub(super) fn find_odd_number(line: &str, field: Option<&str>) -> Option<Odd> {
    let mut frames: Vec<Frame> = Vec::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let place = line.len() - rest.len();
        let step = match first {
            '{' | '[' if frames.len() == MAX_DEPTH => return None,
            '{' => {
                frames.push(Frame::Object(None));
                1
            }
            '[' => {
                frames.push(Frame::List(0));
                1
            }
            '}' | ']' => {
                frames.pop();
                1
            }
            ',' => {
                match frames.last_mut() {
                    Some(Frame::Object(name)) => *name = None,
                    Some(Frame::List(index)) => *index += 1,
                    None => return None,
                }
                1
            }
            '"' => {
                let length = string_length(rest)?;
                if let Some(Frame::Object(name @ None)) = frames.last_mut() {
                    let quoted = rest.get(..length)?;
                    *name = Some(serde_json::from_str(quoted).ok()?);
                }
                length
            }
            c if is_token(c) => {
                let length = rest.find(|c| !is_token(c)).unwrap_or(rest.len());
                let token = rest.get(..length)?;
                if is_odd(token) && stands_in(&frames, field) {
                    return describe(line, place, token, &frames);
                }
                length
            }
            c => c.len_utf8(),
        };
        rest = rest.get(step..)?;
    }
    None
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')
}

/// Bytes of the string that `text` begins with, quotes included.
fn string_length(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// Rust reads the spellings of NaN and infinity that Python, C and R write, in any
/// case, and numbers too large as infinite.
fn is_odd(token: &str) -> bool {
    token.parse::<f64>().is_ok_and(|x| !x.is_finite())
}

/// Whether the place lies in that field, or in any if none is asked for.
fn stands_in(frames: &[Frame], field: Option<&str>) -> bool {
    match frames.first() {
        Some(Frame::Object(Some(name))) => field.is_none_or(|field| field == name),
        _ => false,
    }
}

fn describe(line: &str, place: usize, token: &str, frames: &[Frame]) -> Option<Odd> {
    let [Frame::Object(Some(field)), inner @ ..] = frames else {
        return None;
    };
    let mut path = field.clone();
    for frame in inner {
        match frame {
            Frame::Object(name) => {
                path.push('.');
                path.push_str(name.as_deref()?);
            }
            Frame::List(index) => path.push_str(&format!("[{index}]")),
        }
    }
    let column = line.get(..place)?.chars().count() as u64 + 1;
    Some(Odd {
        field: field.clone(),
        path,
        token: token.to_owned(),
        column,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_nan_is_found() {
        let line =
            r#"{"id": "NaN, \"x\" é", "frac": [[0, 1], [0.5, NaN]], "e": Infinity}"#;
        let odd = find_odd_number(line, None).unwrap();
        assert_eq!(
            (odd.field.as_str(), odd.path.as_str()),
            ("frac", "frac[1][1]")
        );
        assert_eq!(odd.token, "NaN");
        let before: String = line.chars().take(odd.column as usize - 1).collect();
        assert!(before.ends_with("[0.5, "));
        let other = find_odd_number(line, Some("e")).unwrap();
        assert_eq!(
            (other.path.as_str(), other.token.as_str()),
            ("e", "Infinity")
        );
    }

    #[test]
    fn spellings_of_many_programs_are_known() {
        for token in ["NaN", "nan", "-Infinity", "inf", "-inf", "1e999", "-1E400"] {
            let line = format!(r#"{{"e": {token}}}"#);
            let odd = find_odd_number(&line, None).unwrap();
            assert_eq!((odd.token.as_str(), odd.column), (token, 7));
        }
        let nested = find_odd_number(r#"{"a": {"b": [1, NaN]}}"#, None).unwrap();
        assert_eq!(nested.path, "a.b[1]");
    }

    #[test]
    fn sound_or_broken_lines_have_none() {
        for line in [
            r#"{"e": -1.5e3, "name": "inf"}"#,
            "NaN",
            "{",
            r#"{"e": "unfinished NaN"#,
            "",
            ", NaN",
            "]]]",
            r#"{"é": 1, ✓ }"#,
        ] {
            assert_eq!(find_odd_number(line, None), None, "{line}");
        }
        assert_eq!(find_odd_number(&"[".repeat(100_000), None), None);
    }
}
