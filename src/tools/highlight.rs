//! Colours for scripts in a terminal. Comes in: any text, broken or not. Goes out: the same
//! text with colours around its words.

use crate::chem::Element;
use crate::syntax::{Token, TokenKind, tokens};

/// What a stretch of text is, for whoever gives it a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `dataset`, `let`, `if`.
    Keyword,
    /// A number, its unit with it.
    Number,
    /// A string.
    Text,
    /// `//` and `///`.
    Comment,
    /// An element.
    Element,
    /// `.volume`, and the name of an argument.
    Field,
    /// A name before its bracket, or after `|>`.
    Called,
    /// Anything else.
    Plain,
}

impl Kind {
    /// The escape sequence of its colour; none for what stays plain.
    fn colour(self) -> Option<&'static str> {
        Some(match self {
            Kind::Keyword => "\x1b[35m",
            Kind::Number => "\x1b[36m",
            Kind::Text => "\x1b[32m",
            Kind::Comment => "\x1b[90m",
            Kind::Element => "\x1b[33m",
            Kind::Field => "\x1b[34m",
            Kind::Called => "\x1b[1m",
            Kind::Plain => return None,
        })
    }
}

/// The parts of a text that are not plain: first byte, end, kind; in order.
pub fn parts(text: &str) -> Vec<(usize, usize, Kind)> {
    let all = tokens(text);
    let mut found = Vec::new();
    let mut unit_until = 0;
    for (at, token) in all.iter().enumerate() {
        if token.start < unit_until {
            continue;
        }
        let kind = kind(text, &all, at);
        let mut end = token.end;
        if kind == Kind::Number {
            end += unit_length(text.get(end..).unwrap_or_default());
            unit_until = end;
        }
        if kind != Kind::Plain {
            found.push((token.start, end, kind));
        }
    }
    found
}

/// A text with colours.
pub fn coloured(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut done = 0;
    for (start, end, kind) in parts(text) {
        let Some(colour) = kind.colour() else {
            continue;
        };
        out.push_str(text.get(done..start).unwrap_or_default());
        out.push_str(colour);
        out.push_str(text.get(start..end).unwrap_or_default());
        out.push_str("\x1b[0m");
        done = end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

fn kind(text: &str, all: &[Token], at: usize) -> Kind {
    let Some(token) = all.get(at) else {
        return Kind::Plain;
    };
    let near = |at: Option<usize>| {
        at.and_then(|at| all.get(at))
            .map_or("", |token| token.text(text))
    };
    let (before, after) = (near(at.checked_sub(1)), near(Some(at + 1)));
    match token.kind {
        TokenKind::Number => Kind::Number,
        TokenKind::Text { .. } => Kind::Text,
        TokenKind::Comment | TokenKind::Doc => Kind::Comment,
        TokenKind::Mark if token.text(text) == "|>" => Kind::Keyword,
        TokenKind::Mark | TokenKind::Stray => Kind::Plain,
        TokenKind::Word if before == "." => Kind::Field,
        TokenKind::Word if token.is_keyword(text) && after != ":" => Kind::Keyword,
        TokenKind::Word if after == "(" || before == "|>" || before == ">>" => {
            Kind::Called
        }
        TokenKind::Word if after == ":" => Kind::Field,
        TokenKind::Word if token.text(text).parse::<Element>().is_ok() => Kind::Element,
        TokenKind::Word => Kind::Plain,
    }
}

/// The bytes of a unit right after a number, the blank before it with them.
fn unit_length(rest: &str) -> usize {
    if rest.starts_with('%') || rest.starts_with('°') {
        return rest.chars().next().map_or(0, char::len_utf8);
    }
    let Some(unit) = rest.strip_prefix(' ') else {
        return 0;
    };
    let end = unit
        .find(|c: char| !(c.is_alphanumeric() || "/^°·".contains(c)))
        .unwrap_or(unit.len());
    let unit = unit.get(..end).unwrap_or_default().trim_end_matches('/');
    match crate::types::Unit::parse(unit) {
        Ok(_) if !unit.is_empty() => 1 + unit.len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Vec<(&str, Kind)> {
        let part = |(start, end, kind): (usize, usize, Kind)| (&text[start..end], kind);
        parts(text).into_iter().map(part).collect()
    }

    #[test]
    fn words_are_what_their_neighbours_make_them() {
        assert_eq!(
            named("let r = tmos |> where(.volume < 5 Å^3 and O in .elements) // c"),
            [
                ("let", Kind::Keyword),
                ("|>", Kind::Keyword),
                ("where", Kind::Called),
                ("volume", Kind::Field),
                ("5 Å^3", Kind::Number),
                ("and", Kind::Keyword),
                ("O", Kind::Element),
                ("in", Kind::Keyword),
                ("elements", Kind::Field),
                ("// c", Kind::Comment),
            ]
        );
    }

    #[test]
    fn nothing_is_lost_in_any_text() {
        for text in [
            "split(test: 20%, \"a",
            "5 km 3 § ü",
            "a\n  |> b",
            "30°",
            "{ let a = 5 b }",
        ] {
            let bare: String = {
                let mut out = String::new();
                let mut rest = &*coloured(text);
                while let Some(at) = rest.find('\x1b') {
                    out.push_str(&rest[..at]);
                    rest = &rest[at + rest[at..].find('m').unwrap() + 1..];
                }
                out + rest
            };
            assert_eq!(bare, text);
        }
    }
}
