//! Where a cursor stands in a text that may be half written.

use crate::syntax::{KEYWORDS, Token, TokenKind, tokens};

/// A bracket that is open at the cursor.
#[derive(Clone, Copy, Debug)]
struct Open {
    /// Which token it is.
    at: usize,
    /// `(`, `[` or `{`.
    mark: char,
}

/// A text up to the cursor, and what of it matters there.
pub struct Cursor<'t> {
    text: &'t str,
    all: Vec<Token>,
    open: Vec<Open>,
}

/// A call whose brackets are open at the cursor.
pub struct OpenCall<'t> {
    /// What is called.
    pub name: &'t str,
    /// Names of arguments given before the cursor.
    pub given: Vec<&'t str>,
    /// Whether the cursor is where an argument begins.
    pub at_start: bool,
    /// Whether these are the second brackets, of inputs.
    pub second: bool,
}

impl<'t> Cursor<'t> {
    /// The end of a text.
    pub fn new(text: &'t str) -> Self {
        let all: Vec<Token> = tokens(text)
            .into_iter()
            .filter(|token| !token.is_comment())
            .collect();
        let mut open: Vec<Open> = Vec::new();
        for (at, token) in all.iter().enumerate() {
            match token.text(text) {
                mark @ ("(" | "[" | "{") if token.kind == TokenKind::Mark => {
                    open.push(Open {
                        at,
                        mark: mark.chars().next().unwrap_or('('),
                    });
                }
                ")" | "]" | "}" if token.kind == TokenKind::Mark => {
                    open.pop();
                }
                _ => {}
            }
        }
        Cursor { text, all, open }
    }

    /// The word the cursor touches: its first byte and what of it is there.
    pub fn word(&self) -> (usize, &'t str) {
        match self.all.last() {
            Some(last) if last.kind == TokenKind::Word && last.end == self.text.len() => {
                (last.start, last.text(self.text))
            }
            _ => (self.text.len(), ""),
        }
    }

    /// The token before that word.
    fn before(&self) -> Option<usize> {
        let (start, _) = self.word();
        self.all.iter().rposition(|token| token.end <= start)
    }

    fn text_of(&self, at: usize) -> &'t str {
        self.all.get(at).map_or("", |token| token.text(self.text))
    }

    /// Whether a name begins where an item would.
    pub fn at_item_start(&self) -> bool {
        self.open.is_empty() && self.before().is_none()
    }

    /// Where a unit is being written: its first byte, and what of it is there.
    pub fn unit(&self) -> Option<(usize, &'t str)> {
        let is_unit = |c: char| c.is_alphanumeric() || "°Å/·^".contains(c);
        let start = self
            .text
            .char_indices()
            .rev()
            .take_while(|(_, c)| is_unit(*c))
            .last();
        let start = start.map_or(self.text.len(), |(at, _)| at);
        let (before, unit) = (self.text.get(..start)?, self.text.get(start..)?);
        let to = before.strip_suffix(" to ").is_some();
        let number = before
            .strip_suffix(' ')
            .is_some_and(|before| before.ends_with(|c: char| c.is_ascii_digit()));
        let number = number
            && self
                .all
                .iter()
                .any(|token| token.kind == TokenKind::Number && token.end + 1 == start);
        if !(to || number) {
            return None;
        }
        let atom = unit.rfind(['/', '·']).map_or(0, |at| {
            at + unit
                .get(at..)
                .and_then(|rest| rest.chars().next())
                .map_or(1, char::len_utf8)
        });
        Some((start + atom, unit.get(atom..)?))
    }

    /// The value whose field is being written: `oxides` of `oxides.tr`. An empty text is
    /// the implicit row.
    pub fn field_of(&self) -> Option<&'t str> {
        let dot = self.before().filter(|at| self.text_of(*at) == ".")?;
        let (word, _) = self.word();
        let dot_token = self.all.get(dot)?;
        if dot_token.end != word {
            return None;
        }
        let touches = dot
            .checked_sub(1)
            .and_then(|at| self.all.get(at))
            .is_some_and(|before| {
                before.end == dot_token.start && self.ends_value(before)
            });
        if !touches {
            return Some("");
        }
        let start = self.postfix_start(dot.checked_sub(1)?)?;
        self.text.get(start..dot_token.start)
    }

    fn ends_value(&self, token: &Token) -> bool {
        match token.kind {
            TokenKind::Word => !KEYWORDS.contains(&token.text(self.text)),
            TokenKind::Mark => matches!(token.text(self.text), ")" | "]" | "}"),
            TokenKind::Number | TokenKind::Text { .. } => true,
            _ => false,
        }
    }

    /// The first byte of the value that ends with token `at`: names, dots and brackets that
    /// touch.
    fn postfix_start(&self, at: usize) -> Option<usize> {
        let mut at = at;
        loop {
            let token = self.all.get(at)?;
            if matches!(self.text_of(at), ")" | "]" | "}") {
                at = self.opening(at)?;
            }
            let first = self.all.get(at)?;
            let Some(before) = at.checked_sub(1) else {
                return Some(first.start);
            };
            let touches = self.all.get(before).is_some_and(|b| b.end == first.start);
            let joins = matches!(self.text_of(before), ".")
                || (matches!(self.text_of(at), "(" | "[" | ".")
                    && self.all.get(before).is_some_and(|b| self.ends_value(b)));
            if !(touches && joins) {
                return Some(first.start.min(token.start));
            }
            at = before;
        }
    }

    /// The bracket that a closing one belongs to.
    fn opening(&self, closing: usize) -> Option<usize> {
        let mut depth = 0;
        for at in (0..=closing).rev() {
            match self.text_of(at) {
                ")" | "]" | "}" => depth += 1,
                "(" | "[" | "{" => {
                    depth -= 1;
                    if depth == 0 {
                        return Some(at);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// The innermost call that is open.
    pub fn call(&self) -> Option<OpenCall<'t>> {
        let open = self.open.last().filter(|open| open.mark == '(')?;
        let (callee, second) = self.callee(*open)?;
        let mut given = Vec::new();
        let mut depth = 0;
        for at in open.at + 1..self.all.len() {
            match self.text_of(at) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth -= 1,
                ":" if depth == 0 => given.push(self.text_of(at.saturating_sub(1))),
                _ => {}
            }
        }
        let before = self.before();
        let at_start = before == Some(open.at)
            || before.is_some_and(|at| self.text_of(at) == "," && depth == 0);
        Some(OpenCall {
            name: self.text_of(callee),
            given,
            at_start,
            second,
        })
    }

    /// The name called with a bracket, and whether it is its second one.
    fn callee(&self, open: Open) -> Option<(usize, bool)> {
        let before = open.at.checked_sub(1)?;
        let touches = self.all.get(before)?.end == self.all.get(open.at)?.start;
        if !touches {
            return None;
        }
        if self.text_of(before) == ")" {
            let first = self.opening(before)?;
            let name = first.checked_sub(1)?;
            let is_name = self.all.get(name)?.kind == TokenKind::Word
                && self.all.get(name)?.end == self.all.get(first)?.start;
            return is_name.then_some((name, true));
        }
        let token = self.all.get(before)?;
        let name = token.kind == TokenKind::Word && !token.is_keyword(self.text);
        name.then_some((before, false))
    }

    /// What is piped into the calls around the cursor, innermost first: each may be what
    /// `.x` is a field of.
    pub fn subjects(&self) -> Vec<&'t str> {
        let mut found = Vec::new();
        for open in self.open.iter().rev().filter(|open| open.mark == '(') {
            let Some((callee, false)) = self.callee(*open) else {
                continue;
            };
            let Some(pipe) = callee.checked_sub(1).filter(|at| self.text_of(*at) == "|>")
            else {
                continue;
            };
            let Some(end) = self.all.get(pipe).map(|token| token.start) else {
                continue;
            };
            let start = self.pipeline_start(pipe);
            found.extend(
                self.text
                    .get(start..end)
                    .filter(|text| !text.trim().is_empty()),
            );
        }
        found
    }

    /// The first byte of the expression that ends before token `pipe`.
    fn pipeline_start(&self, pipe: usize) -> usize {
        let mut depth = 0;
        for at in (0..pipe).rev() {
            match self.text_of(at) {
                ")" | "]" | "}" => depth += 1,
                "(" | "[" | "{" if depth == 0 => return self.end_of(at),
                "(" | "[" | "{" => depth -= 1,
                "=" | "," | "=>" | ":" | ";" | "then" | "else" if depth == 0 => {
                    return self.end_of(at);
                }
                _ => {}
            }
        }
        0
    }

    fn end_of(&self, at: usize) -> usize {
        self.all.get(at).map_or(0, |token| token.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_before_a_dot_is_found() {
        let of = |text: &'static str| Cursor::new(text).field_of();
        assert_eq!(of("oxides.tr"), Some("oxides"));
        assert_eq!(of("f(1, 2)."), Some("f(1, 2)"));
        assert_eq!(of("1 + best.test."), Some("best.test"));
        assert_eq!(of("x |> where(.vol"), Some(""));
        assert_eq!(of("where(1 < ."), Some(""));
        assert_eq!(of("oxides"), None);
    }

    #[test]
    fn what_is_piped_into_a_call_is_found() {
        let subjects = |text: &'static str| {
            let found = Cursor::new(text).subjects();
            found.into_iter().map(str::trim).collect::<Vec<_>>()
        };
        assert_eq!(subjects("let a = oxides |> where(.v"), ["oxides"]);
        assert_eq!(
            subjects("bundled(\"a\") |> take(3)\n |> where(.a and size("),
            ["bundled(\"a\") |> take(3)"]
        );
        assert_eq!(subjects("f(a |> g(b |> h("), ["b", "a"]);
        assert!(subjects("where(").is_empty());
    }

    #[test]
    fn calls_and_units() {
        let cursor = Cursor::new("d |> split(test: 20%, se");
        let call = cursor.call().unwrap();
        assert_eq!(
            (call.name, call.given, call.at_start),
            ("split", vec!["test"], true)
        );
        assert!(!Cursor::new("split(test: 2").call().unwrap().at_start);
        assert!(Cursor::new("split(test: 2)").call().is_none());
        assert!(Cursor::new("magpie()(").call().unwrap().second);
        let unit = |text: &'static str| Cursor::new(text).unit();
        assert_eq!(unit("5 m"), Some((2, "m")));
        assert_eq!(unit("5 "), Some((2, "")));
        assert_eq!(unit("x |> f(5 eV/at"), Some((12, "at")));
        assert_eq!(unit("x to me"), Some((5, "me")));
        assert_eq!(unit("x5 m"), None);
        assert_eq!(unit("5m"), None);
    }
}
