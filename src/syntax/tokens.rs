//! A text cut into words and marks, whatever state it is in.
//!
//! Comes in: any text. Goes out: [`Token`]s in order, comments among them. The grammar
//! does not need them; they serve where it has nothing to say: to place the parts of a
//! broken text, to bound how deep it nests, and to keep every comment.

use pest::unicode::LETTER;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A name or a keyword.
    Word,
    /// Digits, as a number has them, without a unit.
    Number,
    /// A string; whether its closing quote stands on the same line.
    Text {
        /// Whether the closing quote is there.
        closed: bool,
    },
    /// `/// …` up to the end of the line.
    Doc,
    /// `// …` up to the end of the line.
    Comment,
    /// An operator, a bracket, a separator.
    Mark,
    /// A character the language does not know.
    Stray,
}

/// A stretch of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Its first byte.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
}

impl Token {
    /// Its text; `text` is what it was cut from.
    pub fn text(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or("")
    }

    /// Whether it is a comment of either kind.
    pub fn is_comment(self) -> bool {
        matches!(self.kind, TokenKind::Doc | TokenKind::Comment)
    }

    /// Whether it is a word of the language and not a name.
    pub fn is_keyword(self, text: &str) -> bool {
        self.kind == TokenKind::Word && KEYWORDS.contains(&self.text(text))
    }

    /// Whether an expression or a type can end with it.
    pub(super) fn ends_value(self, text: &str) -> bool {
        match self.kind {
            TokenKind::Word => {
                !self.is_keyword(text) || matches!(self.text(text), "true" | "false")
            }
            TokenKind::Number | TokenKind::Text { .. } => true,
            TokenKind::Mark => {
                matches!(self.text(text), ")" | "]" | "}" | "%" | "°" | "?")
            }
            TokenKind::Doc | TokenKind::Comment | TokenKind::Stray => false,
        }
    }
}

/// Words that are never names.
pub const KEYWORDS: [&str; 20] = [
    "use",
    "as",
    "let",
    "fn",
    "if",
    "then",
    "else",
    "and",
    "or",
    "not",
    "in",
    "to",
    "true",
    "false",
    "dataset",
    "features",
    "layer",
    "model",
    "experiment",
    "study",
];

/// Words that begin an item.
pub const ITEM_WORDS: [&str; 9] = [
    "use",
    "let",
    "fn",
    "dataset",
    "features",
    "layer",
    "model",
    "experiment",
    "study",
];

/// Marks, longer ones before their beginnings.
const MARKS: [&str; 36] = [
    "..=", "..", "=>", "->", "|>", ">>", "==", "!=", "<=", ">=", "(", ")", "[", "]", "{",
    "}", ",", ":", ";", ".", "=", "<", ">", "+", "-", "*", "/", "^", "?", "%", "°", "·",
    "!", "|", "&", "@",
];

/// Cut a text into tokens.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut all = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..)
        && let Some(first) = rest.chars().next()
    {
        if matches!(first, ' ' | '\t' | '\n' | '\r' | '\u{FEFF}') {
            at += first.len_utf8();
            continue;
        }
        let (kind, length) = one(rest, first);
        all.push(Token {
            kind,
            start: at,
            end: at + length,
        });
        at += length;
    }
    all
}

/// The kind and length of the token that `rest` begins with.
fn one(rest: &str, first: char) -> (TokenKind, usize) {
    if rest.starts_with("//") {
        let kind = if rest.starts_with("///") {
            TokenKind::Doc
        } else {
            TokenKind::Comment
        };
        return (kind, line_length(rest));
    }
    if first == '"' {
        return text_token(rest);
    }
    if first.is_ascii_digit() {
        return (TokenKind::Number, number_length(rest));
    }
    if is_letter(first) {
        let word = |c: char| is_letter(c) || c.is_ascii_digit();
        return (
            TokenKind::Word,
            rest.find(|c| !word(c)).unwrap_or(rest.len()),
        );
    }
    match MARKS.iter().find(|mark| rest.starts_with(**mark)) {
        Some(mark) => (TokenKind::Mark, mark.len()),
        None => (TokenKind::Stray, first.len_utf8()),
    }
}

fn is_letter(c: char) -> bool {
    c == '_' || LETTER(c)
}

fn line_length(rest: &str) -> usize {
    rest.find(['\n', '\r']).unwrap_or(rest.len())
}

fn text_token(rest: &str) -> (TokenKind, usize) {
    let line = rest.get(..line_length(rest)).unwrap_or(rest);
    let mut escaped = false;
    for (at, c) in line.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return (TokenKind::Text { closed: true }, at + 1),
            _ => {}
        }
    }
    (
        TokenKind::Text { closed: false },
        line.trim_end().len().max(1),
    )
}

/// Digits, `_` between digits, a fraction, an exponent: as the grammar's `number`.
fn number_length(rest: &str) -> usize {
    let digits = |from: usize| {
        rest.bytes()
            .skip(from)
            .take_while(u8::is_ascii_digit)
            .count()
    };
    let byte = |at: usize| rest.as_bytes().get(at).copied();
    let mut end = digits(0);
    while byte(end) == Some(b'_') && digits(end + 1) > 0 {
        end += 1 + digits(end + 1);
    }
    if byte(end) == Some(b'.') && digits(end + 1) > 0 {
        end += 1 + digits(end + 1);
    }
    if matches!(byte(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(byte(end + 1), Some(b'+' | b'-')));
        let after = end + 1 + sign + digits(end + 1 + sign);
        let next = rest.get(after..).and_then(|rest| rest.chars().next());
        if digits(end + 1 + sign) > 0 && !next.is_some_and(is_letter) {
            end = after;
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<&str> {
        tokens(text)
            .into_iter()
            .map(|token| token.text(text))
            .collect()
    }

    #[test]
    fn words_marks_and_numbers() {
        assert_eq!(
            cut("f(x)|>g 1_000.5e-3eV .a..=2"),
            [
                "f", "(", "x", ")", "|>", "g", "1_000.5", "e", "-", "3", "eV", ".", "a",
                "..=", "2"
            ],
        );
        assert_eq!(cut("4e-3 5eV 1..2"), ["4e-3", "5", "eV", "1", "..", "2"]);
    }

    #[test]
    fn strings_end_on_their_line() {
        assert_eq!(cut(r#""a\"b" c"#), [r#""a\"b""#, "c"]);
        assert_eq!(cut("\"open  \nnext"), ["\"open", "next"]);
        assert_eq!(cut("\""), ["\""]);
    }

    #[test]
    fn comments_are_kept() {
        let kinds = |text| {
            tokens(text)
                .into_iter()
                .map(|token| token.kind)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            kinds("/// doc\n// note\r\nx § "),
            [
                TokenKind::Doc,
                TokenKind::Comment,
                TokenKind::Word,
                TokenKind::Stray
            ],
        );
    }
}
