//! Where a bracket that is never closed should have been.
//!
//! Comes in: the tokens of an item whose brackets do not come out even. Goes out: the
//! bracket and the token before which its closer is missing. The grammar notices only where
//! nothing can be meant any more, often lines later; how a writer lays out lines says where
//! the bracket was meant to end: what is inside stands deeper than the line that opens it,
//! and a line that ends with a whole value and is followed by an operator ends what it
//! opened.

use super::tokens::{ITEM_WORDS, Token, TokenKind};

/// A bracket without its closer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unclosed {
    /// The bracket.
    pub(super) opener: Token,
    /// The token that the closer should stand before, by its place among the tokens.
    pub(super) before: usize,
}

/// A bracket that is open.
#[derive(Clone, Copy)]
struct Open {
    token: Token,
    /// Blanks before the first token of its line.
    indent: usize,
    /// Whether the line ends with it.
    hangs: bool,
}

/// Look for the first one. `tokens` are those of one item, without comments.
pub(super) fn find(text: &str, tokens: &[Token]) -> Option<Unclosed> {
    if is_even(text, tokens) {
        return None;
    }
    let mut open: Vec<Open> = Vec::new();
    let mut indent = 0;
    // The parameters of `fn`, `layer` and `model`, up to the `=` before the body.
    let mut in_header = tokens
        .iter()
        .find(|token| token.kind != TokenKind::Doc)
        .is_some_and(|first| matches!(first.text(text), "fn" | "layer" | "model"));
    for (at, token) in tokens.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| tokens.get(at)).copied();
        let first = before.is_none_or(|before| breaks(text, before, *token));
        let word = token.text(text);
        if first {
            indent = column(text, *token);
            if let (Some(top), Some(before)) = (open.last(), before)
                && ends_before(text, &open, *top, before, *token, indent)
            {
                let opener = top.token;
                return Some(Unclosed { opener, before: at });
            }
        }
        match word {
            "(" | "[" | "{" => {
                let next = tokens.get(at + 1);
                let hangs = next.is_none_or(|next| breaks(text, *token, *next));
                if let (Some(top), Some(before)) = (open.last(), before)
                    && word == "("
                    && before.end == token.start
                    && (never_called(text, before)
                        || (hangs
                            && in_header
                            && open.len() == 1
                            && closes(text, before)))
                {
                    let opener = top.token;
                    return Some(Unclosed { opener, before: at });
                }
                open.push(Open {
                    token: *token,
                    indent,
                    hangs,
                });
            }
            ")" | "]" | "}" => {
                let top = open.pop()?;
                if closer(top.token.text(text)) != word {
                    // Told where the wrong closer stands.
                    return None;
                }
            }
            "=" if open.is_empty() => in_header = false,
            _ => {}
        }
    }
    None
}

/// Whether what ends with this token is never called: in `steps: Int = 3(x: …)` the bracket
/// of the parameters is missing.
fn never_called(text: &str, token: Token) -> bool {
    let plain = matches!(token.kind, TokenKind::Number | TokenKind::Text { .. });
    plain || matches!(token.text(text), "%" | "true" | "false")
}

fn closes(text: &str, token: Token) -> bool {
    matches!(token.text(text), ")" | "]" | "}")
}

/// Whether the innermost bracket should have been closed before `token`, the first of its
/// line.
fn ends_before(
    text: &str,
    open: &[Open],
    top: Open,
    before: Token,
    token: Token,
    indent: usize,
) -> bool {
    let word = token.text(text);
    if matches!(word, ")" | "]" | "}") {
        // A closer at the depth of an outer line belongs to that line's bracket.
        let outer = open.iter().rev().skip(1);
        let mut meant = outer.filter(|o| o.hangs && o.indent == indent);
        return closer(top.token.text(text)) != word
            || (!(top.hangs && top.indent == indent)
                && meant.any(|o| closer(o.token.text(text)) == word));
    }
    if top.hangs {
        return indent <= top.indent;
    }
    let whole = before.ends_value(text);
    let continues =
        matches!(token.kind, TokenKind::Mark) && !matches!(word, "." | "-" | "..");
    let item = ITEM_WORDS.contains(&word);
    (whole && (continues || item)) || (indent <= top.indent && !matches!(word, "(" | "["))
}

/// Whether every bracket is closed, by one of its kind.
fn is_even(text: &str, tokens: &[Token]) -> bool {
    let mut open = Vec::new();
    for token in tokens {
        match token.text(text) {
            word @ ("(" | "[" | "{") => open.push(closer(word)),
            word @ (")" | "]" | "}") => match open.pop() {
                Some(due) if due == word => {}
                Some(_) => return false,
                // One too many is told by the grammar.
                None => return true,
            },
            _ => {}
        }
    }
    open.is_empty()
}

fn breaks(text: &str, before: Token, after: Token) -> bool {
    let between = text.get(before.end..after.start).unwrap_or("");
    between.contains(['\n', '\r'])
}

/// How many bytes of its line stand before a token.
fn column(text: &str, token: Token) -> usize {
    let before = text.get(..token.start).unwrap_or("");
    token.start - before.rfind(['\n', '\r']).map_or(0, |at| at + 1)
}

/// The bracket that closes `opener`.
pub(super) fn closer(opener: &str) -> &'static str {
    match opener {
        "(" => ")",
        "[" => "]",
        _ => "}",
    }
}
