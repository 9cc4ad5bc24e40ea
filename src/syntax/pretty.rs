//! The house style: one way to write a tree down.
//!
//! Comes in: a text that parses. Goes out: the same tree, laid out, with every comment.
//! The author keeps some say: where a pipeline breaks, whether a bracket that ends a line
//! is open, and one empty line where there were any.

mod brackets;
mod cursor;
mod doc;
mod expressions;
mod operators;
mod types;

use pest::Parser;
use pest::iterators::Pair;

use self::brackets::{Bracket, Hanging, Piece};
use self::cursor::Cursor;
use self::doc::{Doc, STEP, print};
use super::parse::{Rule, Tmo, parse};
use super::tokens::{TokenKind, tokens};
use crate::diagnostic::Problem;
use crate::source::Source;

/// How often a text is laid out at most. A comment may move to the end of its line, which
/// may let the line close up the next time; more than twice has not been seen.
const ROUNDS: usize = 8;

/// Write a text in the house style: lines of at most 90 characters where that can be had,
/// every comment kept, the tree unchanged. A text in the house style stays as it is.
///
/// # Errors
/// The problems of a text that does not parse.
pub fn format(source: &Source) -> Result<String, Vec<Problem>> {
    let problems = parse(source).problems;
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut text = source.text.replace("\r\n", "\n").replace('\r', "\n");
    for _ in 0..ROUNDS {
        let next = laid_out(&text);
        if next == text {
            break;
        }
        text = next;
    }
    Ok(text)
}

/// One round.
fn laid_out(text: &str) -> String {
    let comments = tokens(text)
        .into_iter()
        .filter(|token| token.kind == TokenKind::Comment)
        .map(|token| (token.start, token.end));
    let mut layout = Layout {
        cursor: Cursor::new(text, comments.collect()),
    };
    let Ok(mut pairs) = Tmo::parse(Rule::file, text) else {
        unreachable!("a text laid out parses as it did before")
    };
    print(&layout.file(pairs.next()))
}

/// A text on its way to a document.
struct Layout<'a> {
    cursor: Cursor<'a>,
}

impl Layout<'_> {
    /// A word, a mark, or several that have no blanks between them.
    fn word(&mut self, pair: &Pair<'_, Rule>) -> Doc {
        let length = pair.as_str().trim_end().len();
        self.cursor.take(pair.as_span().start() + length)
    }

    fn file(&mut self, file: Option<Pair<'_, Rule>>) -> Doc {
        let mut all = Vec::new();
        for part in file.into_iter().flat_map(Pair::into_inner) {
            let blank = self.cursor.gap().blank;
            let entry = match part.as_rule() {
                Rule::header => {
                    let tmo = self.cursor.mark("tmo");
                    let edition = part
                        .into_inner()
                        .fold(Doc::none(), |_, edition| self.word(&edition));
                    Doc::all([tmo, Doc::text(" "), edition])
                }
                Rule::item => {
                    let comments = self.cursor.comments();
                    Doc::all([comments, self.item(part)])
                }
                _ => continue,
            };
            all.extend([Doc::Hard { blank }, entry]);
        }
        let blank = self.cursor.gap().blank;
        all.extend([Doc::Hard { blank }, self.cursor.comments()]);
        Doc::all(all)
    }

    fn item(&mut self, pair: Pair<'_, Rule>) -> Doc {
        let mut parts = Vec::new();
        for part in pair.into_inner() {
            parts.push(match part.as_rule() {
                Rule::doc => Doc::all([self.word(&part), doc::HARD]),
                Rule::use_item => self.use_item(part),
                Rule::let_item => {
                    let item = self.let_item(part);
                    Doc::all([item, self.cursor.skip(";")])
                }
                _ => self.decl(part),
            });
        }
        Doc::all(parts)
    }

    fn use_item(&mut self, pair: Pair<'_, Rule>) -> Doc {
        let mut parts = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::names => {
                    let bracket = Bracket::new(".{", "}");
                    let word = |layout: &mut Self, name| Piece::word(layout.word(&name));
                    parts.push(self.bracket(bracket, part.into_inner(), word).doc());
                }
                Rule::alias => {
                    for word in part.into_inner() {
                        parts.extend([Doc::text(" "), self.word(&word)]);
                    }
                }
                Rule::kw_use => parts.extend([self.word(&part), Doc::text(" ")]),
                _ => parts.push(self.word(&part)),
            }
        }
        Doc::all(parts)
    }

    /// A `let` without its `;`.
    fn let_item(&mut self, pair: Pair<'_, Rule>) -> Doc {
        let mut parts = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::pattern => {
                    parts.extend([Doc::text(" "), self.pattern(part)]);
                }
                Rule::type_ => {
                    parts.extend([self.cursor.mark(":"), Doc::text(" "), self.ty(part)]);
                }
                Rule::kw_let => parts.push(self.word(&part)),
                _ => parts.push(self.body(part, Head::Name)),
            }
        }
        Doc::all(parts)
    }

    fn pattern(&mut self, pair: Pair<'_, Rule>) -> Doc {
        let names: Vec<_> = pair.into_inner().collect();
        match names.as_slice() {
            [only] => self.word(only),
            _ => {
                let word = |layout: &mut Self, name| Piece::word(layout.word(&name));
                let bracket = Bracket::new("(", ")");
                self.bracket(bracket, names.into_iter(), word).doc()
            }
        }
    }

    /// `fn` and the six nouns.
    fn decl(&mut self, pair: Pair<'_, Rule>) -> Doc {
        let mut head = Vec::new();
        let mut groups = Vec::new();
        let mut result = Doc::none();
        let mut body = Doc::none();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::params => groups.push(self.params(part)),
                Rule::result => {
                    let arrow = self.cursor.mark("->");
                    let ty = part.into_inner().fold(Doc::none(), |_, ty| self.ty(ty));
                    result = Doc::all([Doc::text(" "), arrow, Doc::text(" "), ty]);
                }
                Rule::expr => body = self.body(part, head_of(&groups)),
                Rule::ident => head.extend([Doc::text(" "), self.word(&part)]),
                _ => head.push(self.word(&part)),
            }
        }
        // ` =` belongs to the body's document; so the head is measured with it.
        let head = Doc::all(head);
        let tail = |before: Doc| Doc::all([before, result.clone()]);
        let signature = match groups.as_slice() {
            [] => tail(head),
            [only] => Doc::all([head, last_group(only, &tail)]),
            [first, last, ..] => {
                let mut layouts = Vec::new();
                if let Some(first) = &first.closed {
                    if let Some(last) = &last.closed {
                        let whole = tail(Doc::all([first.clone(), last.clone()]));
                        layouts.push(whole.closed());
                    }
                    layouts.push(Doc::all([first.clone(), tail(last.open.clone())]));
                }
                layouts.push(Doc::all([first.open.clone(), last_group(last, &tail)]));
                Doc::all([head, Doc::first(layouts)])
            }
        };
        Doc::all([signature, body])
    }

    fn params(&mut self, pair: Pair<'_, Rule>) -> brackets::Bracketed {
        let bracket = Bracket {
            step: 2 * STEP,
            ..Bracket::new("(", ")")
        };
        self.bracket(bracket, pair.into_inner(), Self::param)
    }

    fn param(&mut self, pair: Pair<'_, Rule>) -> Piece {
        let mut parts = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::type_ => {
                    parts.extend([self.cursor.mark(":"), Doc::text(" "), self.ty(part)]);
                }
                Rule::expr => parts.push(self.body(part, Head::Param)),
                _ => parts.push(self.word(&part)),
            }
        }
        Piece::plain(Doc::all(parts))
    }

    /// `=` and what follows it. Below a head with parameters a pipeline begins a line;
    /// elsewhere only its links do.
    fn body(&mut self, pair: Pair<'_, Rule>, head: Head) -> Doc {
        let equals = Doc::all([Doc::text(" "), self.cursor.mark("=")]);
        let comments = self.cursor.comments();
        let is_chain = is_chain(&pair);
        let piece = self.expr(pair);
        let (doc, space) = (
            Doc::all([comments.clone(), piece.doc.clone()]),
            Doc::text(" "),
        );
        let beside = Doc::all([space.clone(), doc.clone()]);
        let below = || Doc::all([doc::HARD, doc.clone()]).indent(STEP);
        let layouts = match &piece.hanging {
            _ if !comments.is_none() => vec![below()],
            _ if is_chain && head == Head::Params => {
                vec![beside.closed(), doc.clone().below(), below()]
            }
            _ if is_chain || piece.is_word => vec![beside],
            Some(Hanging::Literal(open)) if head != Head::Param => {
                vec![beside.closed(), Doc::all([space, open.clone()])]
            }
            Some(
                Hanging::Literal(open) | Hanging::Call(open) | Hanging::Brackets(open),
            ) => {
                let open = Doc::all([space, open.clone()]);
                vec![beside.closed(), doc.clone().below(), open]
            }
            None => vec![beside.closed(), below()],
        };
        Doc::all([equals, Doc::first(layouts)])
    }
}

/// What stands before a `=`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Head {
    /// A name, or a pattern.
    Name,
    /// A name with parameters.
    Params,
    /// A parameter.
    Param,
}

fn head_of(groups: &[brackets::Bracketed]) -> Head {
    match groups {
        [] => Head::Name,
        _ => Head::Params,
    }
}

/// The last parameters, on one line if it and what follows fit.
fn last_group(group: &brackets::Bracketed, tail: &dyn Fn(Doc) -> Doc) -> Doc {
    let mut layouts: Vec<Doc> = Vec::new();
    layouts.extend(group.closed.clone().map(|closed| tail(closed).closed()));
    layouts.push(tail(group.open.clone()));
    Doc::first(layouts)
}

/// Whether an expression is a pipeline or a composition.
fn is_chain(expr: &Pair<'_, Rule>) -> bool {
    let operations = expr.clone().into_inner();
    operations
        .filter(|part| part.as_rule() == Rule::operation)
        .flat_map(Pair::into_inner)
        .any(|part| matches!(part.as_rule(), Rule::pipe | Rule::compose))
}

#[cfg(test)]
mod generate;
#[cfg(test)]
mod tests;
