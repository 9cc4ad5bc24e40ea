//! Formula text comes in, pairs of element and amount go out.

use super::composition::CompositionError;
use super::element::Element;

/// Longest formula read, in characters.
const MAX_LENGTH: usize = 1_000;
/// Deepest nesting of brackets.
const MAX_DEPTH: usize = 8;

/// Elements with their amounts, as they stand in the formula.
pub(super) type Pairs = Vec<(Element, f64)>;

/// Read a formula with `()`, `[]`, `{}` and decimal amounts.
///
/// # Errors
/// [`CompositionError`] with the character (from 1) where reading stopped.
pub(super) fn read(text: &str) -> Result<Pairs, CompositionError> {
    let chars: Vec<char> = text.chars().take(MAX_LENGTH + 1).collect();
    let mut reader = Reader {
        text,
        chars: &chars,
        at: 0,
    };
    if chars.len() > MAX_LENGTH {
        let problem = format!("more than {MAX_LENGTH} characters");
        return Err(reader.fail(MAX_LENGTH, problem));
    }
    // The list of an open bracket waits on this stack with its closer and place.
    let mut open: Vec<(Pairs, char, usize)> = Vec::new();
    let mut pairs = Pairs::new();
    while let Some(next) = reader.peek() {
        let start = reader.at;
        if let Some(closer) = closer_of(next) {
            if open.len() == MAX_DEPTH {
                return Err(reader.fail(start, "brackets nested too deep"));
            }
            reader.at += 1;
            open.push((std::mem::take(&mut pairs), closer, start));
            continue;
        }
        match open.pop() {
            Some((outer, closer, place)) if next == closer => {
                if pairs.is_empty() {
                    return Err(reader.fail(place, "nothing inside the brackets"));
                }
                reader.at += 1;
                let times = reader.amount()?;
                let inner = std::mem::replace(&mut pairs, outer);
                pairs.extend(inner.into_iter().map(|(e, x)| (e, x * times)));
                continue;
            }
            unfinished => open.extend(unfinished),
        }
        let element = reader.element()?;
        pairs.push((element, reader.amount()?));
    }
    if let Some((_, closer, place)) = open.pop() {
        return Err(reader.fail(place, format!("a bracket without its `{closer}`")));
    }
    if pairs.is_empty() {
        return Err(CompositionError::Empty);
    }
    Ok(pairs)
}

fn closer_of(bracket: char) -> Option<char> {
    match bracket {
        '(' => Some(')'),
        '[' => Some(']'),
        '{' => Some('}'),
        _ => None,
    }
}

struct Reader<'a> {
    text: &'a str,
    chars: &'a [char],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    /// The characters from `start` on for as long as they pass.
    fn take_while(&mut self, pass: impl Fn(char) -> bool) -> String {
        let rest = self.chars.get(self.at..).unwrap_or_default();
        let taken: String = rest.iter().copied().take_while(|c| pass(*c)).collect();
        self.at += taken.chars().count();
        taken
    }

    /// A capital and the small letters after it.
    fn element(&mut self) -> Result<Element, CompositionError> {
        let start = self.at;
        let Some(first) = self.peek() else {
            return Err(self.fail(start, "an element is missing"));
        };
        if !first.is_ascii_uppercase() {
            return Err(self.fail(start, format!("unexpected `{first}`")));
        }
        self.at += 1;
        let symbol = format!("{first}{}", self.take_while(|c| c.is_ascii_lowercase()));
        symbol.parse().map_err(|_| {
            self.fail(start, format!("`{symbol}` is not a chemical element"))
        })
    }

    /// The number at the reader's place, 1 where there is none.
    fn amount(&mut self) -> Result<f64, CompositionError> {
        let start = self.at;
        let digits = self.take_while(|c| c.is_ascii_digit() || c == '.');
        if digits.is_empty() {
            return Ok(1.0);
        }
        match digits.parse::<f64>() {
            Ok(amount) if amount > 0.0 && amount.is_finite() => Ok(amount),
            Ok(_) => Err(self.fail(start, format!("the amount `{digits}`"))),
            Err(_) => Err(self.fail(start, format!("`{digits}` is no number"))),
        }
    }

    fn fail(&self, at: usize, problem: impl Into<String>) -> CompositionError {
        let mut formula: String = self.text.chars().take(60).collect();
        if self.chars.len() > 60 {
            formula.push('…');
        }
        CompositionError::Formula {
            formula,
            problem: problem.into(),
            character: at + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let pairs = read(text).unwrap();
        pairs.iter().map(|(e, x)| format!("{e}{x} ")).collect()
    }

    fn problem(text: &str) -> String {
        read(text).unwrap_err().to_string()
    }

    #[test]
    fn brackets_multiply_what_they_hold() {
        assert_eq!(written("Ca3(PO4)2"), "Ca3 P2 O8 ");
        assert_eq!(written("K[Fe(CN)3]2"), "K1 Fe2 C6 N6 ");
        assert_eq!(written("{Li0.5}2CoO2."), "Li1 Co1 O2 ");
    }

    #[test]
    fn what_cannot_be_read_is_placed() {
        assert_eq!(
            problem("Fe2(O3"),
            "`Fe2(O3` is no formula: a bracket without its `)` at character 4"
        );
        assert!(problem("Fe2O3)").contains("unexpected `)` at character 6"));
        assert!(problem("Fe(O]").contains("unexpected `]` at character 5"));
        assert!(problem("Fe2Xx").contains("`Xx` is not a chemical element"));
        assert!(problem("fe2").contains("unexpected `f` at character 1"));
        assert!(problem("Fe1.2.3").contains("`1.2.3` is no number at character 3"));
        assert!(problem("Fe0").contains("the amount `0`"));
        assert!(problem("Fe()2").contains("nothing inside"));
        assert!(problem("CuSO4·5H2O").contains("unexpected `·` at character 6"));
        assert!(problem(&"(".repeat(9)).contains("nested too deep"));
        assert!(
            problem(&"O".repeat(1001))
                .contains("more than 1000 characters at character 1001")
        );
        assert_eq!(read(""), Err(CompositionError::Empty));
    }
}
