//! What a text typed at a prompt is: the parser decides whether it goes on.

use pest::Parser;

use super::parse::{Rule, Tmo};
use super::tokens::{ITEM_WORDS, Token, TokenKind, tokens};
use super::{explain, nesting};

/// What a typed text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Blanks and comments.
    Empty,
    /// The beginning of something: more is to come.
    Unfinished,
    /// Items, good or broken.
    Items,
    /// An expression, good or broken.
    Expression,
}

/// Say what a text is.
pub fn entry(text: &str) -> Entry {
    let all = tokens(text);
    let first = all.iter().find(|token| !token.is_comment());
    let Some(first) = first else {
        return match all.iter().any(|token| token.kind == TokenKind::Doc) {
            true => Entry::Unfinished,
            false => Entry::Empty,
        };
    };
    if begins_item(text, *first, &all) {
        return match goes_on(text, &all) {
            true => Entry::Unfinished,
            false => Entry::Items,
        };
    }
    match goes_on(&format!("let it =\n{text}\n"), &all) {
        true => Entry::Unfinished,
        false => Entry::Expression,
    }
}

fn begins_item(text: &str, first: Token, all: &[Token]) -> bool {
    let word = first.text(text);
    let second = all.iter().filter(|token| !token.is_comment()).nth(1);
    let second = second.map_or("", |token| token.text(text));
    ITEM_WORDS.contains(&word)
        || (word == "tmo" && all.iter().any(|token| token.kind == TokenKind::Number))
        || all.first().is_some_and(|token| token.kind == TokenKind::Doc)
        // `x = 5` is an item that lacks its first word.
        || (first.kind == TokenKind::Word && second == "=")
}

/// Whether the parser took all there is and wants more. `all` are the tokens of the text
/// that was typed.
fn goes_on(text: &str, all: &[Token]) -> bool {
    // A header is no item; what follows it counts.
    let text = match text.trim_start().strip_prefix("tmo 1") {
        Some(rest) if rest.trim().is_empty() => return false,
        Some(rest) => rest,
        None => text,
    };
    if nesting::too_deep(text, all).is_some() || Tmo::parse(Rule::piece, text).is_ok() {
        return false;
    }
    // A string that its line does not close never will be.
    if all
        .iter()
        .any(|token| token.kind == TokenKind::Text { closed: false })
    {
        return false;
    }
    let Some(stop) = explain::furthest(text) else {
        return false;
    };
    let rest = text.get(stop.at..).unwrap_or_default();
    tokens(rest)
        .iter()
        .all(|token| token.kind == TokenKind::Comment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parser_decides_what_goes_on() {
        for (text, what) in [
            ("", Entry::Empty),
            ("  // note", Entry::Empty),
            ("/// words", Entry::Unfinished),
            ("5 Å + 2 Å", Entry::Expression),
            ("5 Å +", Entry::Unfinished),
            ("5 Å + // more", Entry::Unfinished),
            ("f(1, 2", Entry::Unfinished),
            ("f(1,, 2", Entry::Expression),
            ("f(1))", Entry::Expression),
            ("\"open", Entry::Expression),
            ("let a =", Entry::Unfinished),
            ("let a", Entry::Unfinished),
            ("let a = 5", Entry::Items),
            ("let = 5", Entry::Items),
            ("a = 5", Entry::Items),
            ("a == 5", Entry::Expression),
            ("tmo 1", Entry::Items),
            ("tmo 1\nlet a = 5", Entry::Items),
            ("tmo 1\nlet a =", Entry::Unfinished),
            ("dataset d = bundled(\"x\")\n  |>", Entry::Unfinished),
            (
                "layer l()(x: [n, d]) -> [n, d] = {\n  let y = x",
                Entry::Unfinished,
            ),
            ("if 1 < 2 then 3", Entry::Unfinished),
            ("{ a: 1,", Entry::Unfinished),
            ("/// words\nlet a = 1", Entry::Items),
            ("|> relu", Entry::Expression),
        ] {
            assert_eq!(entry(text), what, "{text:?}");
        }
        assert_ne!(entry(&"(".repeat(100_000)), Entry::Empty);
    }
}
