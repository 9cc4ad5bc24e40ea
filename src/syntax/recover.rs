//! Where a text that does not parse can be cut.
//!
//! Comes in: the tokens of a whole text. Goes out: its header and its pieces, each of
//! which holds one item as far as one can tell. An item begins with a word at the very
//! beginning of a line, so a mistake in one never reaches into the next.

use std::ops::Range;

use super::tokens::{ITEM_WORDS, Token, TokenKind};

/// A stretch of text to be parsed by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// First byte.
    pub(super) start: usize,
    /// One past the last byte.
    pub(super) end: usize,
    /// Its tokens, as indices into those of the text.
    pub(super) tokens: Range<usize>,
}

/// What stands where the header belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    /// Nothing that looks like one.
    Absent,
    /// `tmo` and this number.
    Good(Token),
    /// Something that was meant to be one.
    Bad {
        /// First byte.
        start: usize,
        /// One past the last byte.
        end: usize,
    },
}

/// Find the header and cut the rest before every item.
pub(super) fn cut(text: &str, tokens: &[Token]) -> (Header, Vec<Piece>) {
    let (header, place) = header(text, tokens);
    let mut pieces = Vec::new();
    let documented = |token: &Token| token.kind == TokenKind::Doc;
    if tokens.iter().take(place.start).any(documented) {
        pieces.extend(piece(tokens, 0..place.start));
    }
    let mut start = place.end;
    for head in heads(text, tokens, place.end..tokens.len(), false) {
        pieces.extend(piece(tokens, start..head));
        start = head;
    }
    let last = start..tokens.len();
    let end = before_comments(tokens, &last, last.end);
    pieces.extend(piece(tokens, start..end));
    pieces.extend(piece(tokens, end..tokens.len()));
    (header, pieces)
}

/// Cut a piece at each `let` that begins a line, when a `{` before it never closes: the
/// bracket was forgotten and these are items.
pub(super) fn cut_at_lets(text: &str, tokens: &[Token], whole: &Piece) -> Vec<Piece> {
    let words = tokens.get(whole.tokens.clone()).unwrap_or(&[]);
    let count = |mark: &str| {
        words
            .iter()
            .filter(|token| token.text(text) == mark)
            .count()
    };
    if count("{") <= count("}") {
        return vec![whole.clone()];
    }
    let mut pieces = Vec::new();
    let mut start = whole.tokens.start;
    for head in heads(text, tokens, whole.tokens.clone(), true) {
        pieces.extend(piece(tokens, start..head));
        start = head;
    }
    pieces.extend(piece(tokens, start..whole.tokens.end));
    pieces
}

/// The header and its tokens; an empty range where the text begins if there is none.
fn header(text: &str, tokens: &[Token]) -> (Header, Range<usize>) {
    let Some(first) = tokens.iter().position(|token| !token.is_comment()) else {
        return (Header::Absent, 0..0);
    };
    let start = tokens.get(first).map_or(0, |token| token.start);
    let line_end = tokens.iter().skip(first + 1).position(|token| {
        let between = text.get(start..token.start).unwrap_or("");
        token.is_comment()
            || between.contains(['\n', '\r'])
            || ITEM_WORDS.contains(&token.text(text))
    });
    let line = first..line_end.map_or(tokens.len(), |length| first + 1 + length);
    let words = tokens.get(line.clone()).unwrap_or(&[]);
    let (Some(&word), second) = (words.first(), words.get(1)) else {
        return (Header::Absent, 0..0);
    };
    let numbered = second.is_some_and(|token| token.kind == TokenKind::Number);
    let name = word.text(text);
    let is_header = name == "tmo" && words.len() <= 2;
    let misspelt = word.kind == TokenKind::Word && numbered;
    let digit = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
    let joined = name.strip_prefix("tmo").is_some_and(digit);
    if name != "tmo" && !misspelt && !joined {
        return (Header::Absent, 0..0);
    }
    let whole = |number: &&Token| number.text(text).bytes().all(|b| b.is_ascii_digit());
    // As the grammar has it: only blanks before the number, and no word grown onto it.
    let apart = |number: &Token| {
        let gap = text.get(word.end..number.start).unwrap_or("");
        let after = text.get(number.end..).and_then(|rest| rest.chars().next());
        let grown = after.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !gap.is_empty() && gap.chars().all(|c| c == ' ' || c == '\t') && !grown
    };
    let header = match second.filter(whole) {
        Some(number) if is_header && apart(number) => Header::Good(*number),
        _ => Header::Bad {
            start: word.start,
            end: words.last().map_or(word.end, |token| token.end),
        },
    };
    (header, line)
}

/// The tokens at which items begin, their documentation included.
fn heads(text: &str, tokens: &[Token], range: Range<usize>, lets: bool) -> Vec<usize> {
    let mut heads = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    let mut before: Option<Token> = None;
    for at in range.clone() {
        let Some(&token) = tokens.get(at) else { break };
        if token.is_comment() {
            continue;
        }
        let word = token.text(text);
        let in_block = !lets && word == "let" && open.contains(&"{");
        let after = tokens.get(at + 1..range.end).unwrap_or(&[]);
        if at > range.start
            && !in_block
            && begins_line(text, token)
            && begins_item(text, token, after, before.filter(|_| open.is_empty()))
        {
            heads.push(before_comments(tokens, &range, at));
            open.clear();
        }
        match word {
            "(" | "[" | "{" => open.push(word),
            ")" | "]" | "}" => drop(open.pop()),
            _ => {}
        }
        before = Some(token);
    }
    heads.retain(|head| *head > range.start);
    heads
}

/// Whether a word at the beginning of a line begins an item, mistyped ones included.
/// `before` is the token before it unless a bracket is open.
fn begins_item(text: &str, token: Token, after: &[Token], before: Option<Token>) -> bool {
    if token.kind != TokenKind::Word {
        return false;
    }
    let word_at = |at: usize| after.get(at).map_or("", |token| token.text(text));
    if ITEM_WORDS.contains(&token.text(text)) {
        return word_at(0) != ":";
    }
    let named = after
        .first()
        .is_some_and(|next| next.kind == TokenKind::Word);
    let declares = named && matches!(word_at(1), "=" | "(" | ":" | "->");
    declares || before.is_some_and(|before| before.ends_value(text))
}

/// `at`, moved back to the first doc comment directly before it.
fn before_comments(tokens: &[Token], range: &Range<usize>, at: usize) -> usize {
    let mut first = at;
    for back in (range.start..at).rev() {
        match tokens.get(back).map(|token| token.kind) {
            Some(TokenKind::Doc) => first = back,
            Some(TokenKind::Comment) => {}
            _ => break,
        }
    }
    first
}

/// A piece of these tokens, unless they are only comments that document nothing.
fn piece(tokens: &[Token], range: Range<usize>) -> Option<Piece> {
    let inside = tokens.get(range.clone())?;
    inside
        .iter()
        .find(|token| token.kind != TokenKind::Comment)?;
    let (first, last) = (inside.first()?, inside.last()?);
    Some(Piece {
        start: first.start,
        end: last.end,
        tokens: range,
    })
}

/// Whether nothing stands before a token on its line, blanks neither.
fn begins_line(text: &str, token: Token) -> bool {
    let before = text.as_bytes().get(token.start.wrapping_sub(1));
    matches!(before, None | Some(b'\n' | b'\r'))
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokens;
    use super::*;

    fn pieces(text: &str) -> Vec<&str> {
        let (_, pieces) = cut(text, &tokens(text));
        pieces
            .iter()
            .filter_map(|piece| text.get(piece.start..piece.end))
            .collect()
    }

    fn header_of(text: &str) -> Header {
        cut(text, &tokens(text)).0
    }

    #[test]
    fn items_are_cut_apart_with_their_docs() {
        let text = "tmo 1\nlet a = (\n// plain\n/// doc\n/// more\nlet b = 2\n/// lost\n";
        assert_eq!(
            pieces(text),
            [
                "let a = (\n// plain",
                "/// doc\n/// more\nlet b = 2",
                "/// lost"
            ],
        );
    }

    #[test]
    fn mistyped_words_begin_items_too() {
        assert_eq!(
            pieces("let a = (1\ndatset t = 2"),
            ["let a = (1", "datset t = 2"]
        );
        assert_eq!(pieces("let a = 1\nfoo(2)"), ["let a = 1", "foo(2)"]);
        assert_eq!(pieces("let a =\nfoo(2)"), ["let a =\nfoo(2)"]);
        assert_eq!(pieces("let a = f(\nmodel: 2)"), ["let a = f(\nmodel: 2)"]);
    }

    #[test]
    fn lets_of_an_unclosed_block_are_items() {
        let text = "study s = {\nlet a = 1\nlet b = 2\n";
        let all = tokens(text);
        let (_, whole) = cut(text, &all);
        assert_eq!(whole.len(), 1);
        assert_eq!(cut_at_lets(text, &all, &whole[0]).len(), 3);
        let closed = "study s = {\nlet a = 1\na }\n";
        let all = tokens(closed);
        let (_, whole) = cut(closed, &all);
        assert_eq!(cut_at_lets(closed, &all, &whole[0]).len(), 1);
    }

    #[test]
    fn headers_good_and_bad() {
        assert!(matches!(header_of("// x\ntmo 1\n"), Header::Good(_)));
        assert!(matches!(header_of("tmo 1 let x = 2"), Header::Good(_)));
        assert_eq!(
            header_of("tmo 1.5\nlet x = 2"),
            Header::Bad { start: 0, end: 7 }
        );
        assert_eq!(
            header_of("tmo\nlet x = 2"),
            Header::Bad { start: 0, end: 3 }
        );
        assert_eq!(
            header_of("tom 1\nlet x = 2"),
            Header::Bad { start: 0, end: 5 }
        );
        assert_eq!(header_of("tmo1\n  let x"), Header::Bad { start: 0, end: 4 });
        assert!(matches!(
            header_of("tmo 1\n  datset t = 2"),
            Header::Good(_)
        ));
        assert_eq!(header_of("let x = 2"), Header::Absent);
        assert_eq!(header_of(""), Header::Absent);
    }
}
