//! A text into a tree and its problems.
//!
//! Comes in: a [`Source`]. Goes out: [`Parsed`]. The whole text is parsed at once; only
//! if that fails is it cut into pieces, so that each broken item gives one error of its
//! own and the good ones are kept.

use std::sync::Arc;

use pest::Parser;
use pest::iterators::Pair;

use super::ast::{File, Item};
use super::lower::Lower;
use super::nesting;
use super::tokens::{ITEM_WORDS, Token, TokenKind, tokens};
use super::{explain, failure, recover};
use crate::diagnostic::Problem;
use crate::source::{Source, Span, Spanned};

/// The edition this program reads.
pub const EDITION: u32 = 1;

/// The parser pest makes from the grammar.
#[derive(pest_derive::Parser)]
#[grammar = "grammar/tmo.pest"]
pub(super) struct Tmo;

/// What became of a text.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// What could be read.
    pub file: File,
    /// What could not, in the order of the text.
    pub problems: Vec<Problem>,
    /// Names that items which could not be read would have had.
    pub lost: Vec<Arc<str>>,
    /// Every `//` comment, in order: `//` to the end of its line. Those with three
    /// slashes are not among them, they are in [`Item::doc`].
    pub comments: Vec<Span>,
}

/// Read a text. Whatever it holds, this gives a tree of what is good in it and a problem
/// for each part that is not; it never panics.
pub fn parse(source: &Source) -> Parsed {
    let tokens = tokens(&source.text);
    let mut parsed = whole(source, &tokens).unwrap_or_else(|| in_pieces(source, &tokens));
    parsed
        .problems
        .extend(check_edition(source, &tokens, &parsed));
    parsed.problems.sort_by_key(|problem| problem.span().start);
    parsed
}

/// The whole text at once, if it has no mistake.
fn whole(source: &Source, tokens: &[Token]) -> Option<Parsed> {
    if nesting::too_deep(&source.text, tokens).is_some() {
        return None;
    }
    let file = Tmo::parse(Rule::file, &source.text).ok()?.next()?;
    let mut parsed = empty(source, tokens);
    let lower = Lower::new(source, 0, tokens);
    for part in file.into_inner() {
        match part.as_rule() {
            Rule::header => parsed.file.edition = edition(source, &part),
            Rule::item => {
                let begin = part.as_span().start();
                let inside = tokens.iter().filter(|token| token.start >= begin);
                let lost = || lost_names(&source.text, inside);
                keep(&mut parsed, lower.item(part), lost);
            }
            _ => {}
        }
    }
    Some(parsed)
}

/// Piece by piece, each with at most one problem.
fn in_pieces(source: &Source, tokens: &[Token]) -> Parsed {
    let mut parsed = empty(source, tokens);
    let (header, pieces) = recover::cut(&source.text, tokens);
    match header {
        recover::Header::Absent => {}
        recover::Header::Good(number) => {
            let text = number.text(&source.text);
            parsed.file.edition = edition_number(source, text, number.start);
        }
        recover::Header::Bad { start, end } => {
            parsed
                .problems
                .push(failure::bad_header(source.span(start, end)));
        }
    }
    for piece in pieces {
        read_piece(source, tokens, &piece, &mut parsed);
    }
    parsed
}

/// Read one piece, or the smaller ones it turns out to consist of.
fn read_piece(
    source: &Source,
    tokens: &[Token],
    piece: &recover::Piece,
    parsed: &mut Parsed,
) {
    let Some(text) = source.text.get(piece.start..piece.end) else {
        return;
    };
    let inside = tokens.get(piece.tokens.clone()).unwrap_or(&[]);
    let depth = nesting::too_deep(&source.text, inside);
    if depth.is_none()
        && let Ok(pairs) = Tmo::parse(Rule::piece, text)
    {
        let lower = Lower::new(source, piece.start, tokens);
        let items = pairs.flat_map(Pair::into_inner);
        for item in items.filter(|part| part.as_rule() == Rule::item) {
            let lost = || lost_names(&source.text, inside.iter());
            keep(parsed, lower.item(item), lost);
        }
        return;
    }
    let smaller = recover::cut_at_lets(&source.text, tokens, piece);
    if smaller.len() > 1 {
        for piece in &smaller {
            read_piece(source, tokens, piece, parsed);
        }
        return;
    }
    parsed.lost.extend(lost_names(&source.text, inside.iter()));
    parsed.problems.push(match depth {
        Some(depth) => failure::too_deep(source, depth),
        None => explain::explain(source, inside, piece.start, text),
    });
}

fn empty(source: &Source, tokens: &[Token]) -> Parsed {
    let comments = tokens
        .iter()
        .filter(|token| token.kind == TokenKind::Comment);
    Parsed {
        file: File {
            edition: None,
            items: Vec::new(),
            span: source.span(0, source.text.len()),
        },
        problems: Vec::new(),
        lost: Vec::new(),
        comments: comments
            .map(|token| source.span(token.start, token.end))
            .collect(),
    }
}

fn keep(
    parsed: &mut Parsed,
    item: Result<Item, Problem>,
    lost: impl FnOnce() -> Vec<Arc<str>>,
) {
    match item {
        Ok(item) => parsed.file.items.push(item),
        Err(problem) => {
            parsed.problems.push(problem);
            parsed.lost.extend(lost());
        }
    }
}

/// The names that the item which begins with these tokens would have had: nothing more is
/// said about them.
fn lost_names<'t>(text: &str, tokens: impl Iterator<Item = &'t Token>) -> Vec<Arc<str>> {
    let mut words = tokens.filter(|token| !token.is_comment());
    let Some(first) = words.next().filter(|token| token.kind == TokenKind::Word) else {
        return Vec::new();
    };
    let name = |token: &Token| Arc::from(token.text(text));
    let is_word = |token: &&Token| token.kind == TokenKind::Word;
    match (first.text(text), words.next()) {
        // `use "a.tmo".{b, c}`, `let (a, b) = …`: up to the closing bracket.
        ("use", Some(_)) => words
            .skip_while(|token| token.text(text) != "{")
            .take_while(|token| token.text(text) != "}")
            .filter(is_word)
            .map(name)
            .collect(),
        ("let", Some(open)) if open.text(text) == "(" => words
            .take_while(|token| token.text(text) != ")")
            .filter(is_word)
            .map(name)
            .collect(),
        (word, Some(second)) if ITEM_WORDS.contains(&word) && is_word(&second) => {
            vec![name(second)]
        }
        // An item whose first word was forgotten.
        (_, Some(equals)) if equals.text(text) == "=" => vec![name(first)],
        _ => Vec::new(),
    }
}

fn edition(source: &Source, header: &Pair<'_, Rule>) -> Option<Spanned<u32>> {
    let number = header.clone().into_inner().next()?;
    edition_number(source, number.as_str(), number.as_span().start())
}

/// A number too large for `u32` is an edition all the same, and not ours.
fn edition_number(source: &Source, digits: &str, start: usize) -> Option<Spanned<u32>> {
    let span = source.span(start, start + digits.len());
    Some(Spanned::new(digits.parse().unwrap_or(u32::MAX), span))
}

/// The header must be there and name an edition this program knows.
fn check_edition(source: &Source, tokens: &[Token], parsed: &Parsed) -> Option<Problem> {
    match &parsed.file.edition {
        Some(edition) if edition.value == EDITION => None,
        Some(edition) => Some(failure::unknown_edition(edition)),
        None if parsed
            .problems
            .iter()
            .any(|p| p.code == crate::diagnostic::Code::E0002) =>
        {
            None
        }
        None => {
            let first = tokens.iter().find(|token| !token.is_comment());
            let (start, end) = first.map_or((0, 0), |token| (token.start, token.end));
            Some(failure::no_header(source.span(start, end)))
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
