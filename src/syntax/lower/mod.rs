//! Pest's pairs into the tree of [`super::ast`].
//!
//! Comes in: the pairs of a parse that succeeded. Goes out: items, each with exact
//! spans, or the one problem that only shows when a tree is built (a chain of
//! comparisons, an unknown escape).

mod expressions;
mod operators;
mod types;

use std::cell::RefCell;
use std::sync::Arc;

use pest::iterators::Pair;

use super::ast::{
    Decl, Ident, Item, ItemKind, Let, Noun, Param, Pattern, Use, UseFrom, UseWhat,
};
use super::parse::Rule;
use super::tokens::Token;
use crate::diagnostic::Problem;
use crate::source::{Source, Span, Spanned};

/// What lowering needs to know of the text around it.
pub(super) struct Lower<'a> {
    /// Where it was read from.
    pub(super) source: &'a Source,
    /// Where in the source the parsed stretch begins.
    pub(super) offset: usize,
    /// All tokens of the source.
    pub(super) tokens: &'a [Token],
    /// The first problem of the item at hand.
    pub(super) problem: RefCell<Option<Problem>>,
}

impl<'a> Lower<'a> {
    /// Lower a stretch that begins at byte `offset` of `source`.
    pub(super) fn new(source: &'a Source, offset: usize, tokens: &'a [Token]) -> Self {
        Lower {
            source,
            offset,
            tokens,
            problem: RefCell::new(None),
        }
    }

    /// One item, or what is wrong with it.
    pub(super) fn item(&self, pair: Pair<'_, Rule>) -> Result<Item, Problem> {
        let mut docs = Vec::new();
        let mut lowered = None;
        for part in pair.into_inner() {
            if part.as_rule() == Rule::doc {
                let words = part.as_str().trim_start_matches("///").trim_end();
                docs.push(words.strip_prefix(' ').unwrap_or(words).to_owned());
                continue;
            }
            let span = self.span(&part);
            let kind = match part.as_rule() {
                Rule::use_item => ItemKind::Use(self.use_item(part)),
                Rule::let_item => ItemKind::Let(self.let_item(part)),
                _ => ItemKind::Decl(Arc::new(self.decl(part))),
            };
            lowered = Some((kind, span));
        }
        if let Some(problem) = self.problem.borrow_mut().take() {
            return Err(problem);
        }
        let Some((kind, span)) = lowered else {
            unreachable!("grammar: an item has a body")
        };
        let doc = (!docs.is_empty()).then(|| docs.join("\n").into());
        Ok(Item { doc, span, kind })
    }

    fn use_item(&self, pair: Pair<'_, Rule>) -> Use {
        let mut parts = parts(pair);
        let from = take(&mut parts);
        let from = match from.as_rule() {
            Rule::string => {
                let span = self.span(&from);
                UseFrom::File(Spanned::new(self.text(&from), span))
            }
            _ => {
                UseFrom::Module(from.into_inner().map(|word| self.ident(&word)).collect())
            }
        };
        let what = match parts.next() {
            None => UseWhat::Whole,
            Some(what) if what.as_rule() == Rule::alias => {
                UseWhat::Alias(self.ident(&take(&mut self::parts(what))))
            }
            Some(names) => {
                UseWhat::Names(names.into_inner().map(|name| self.ident(&name)).collect())
            }
        };
        Use { from, what }
    }

    /// A `let`, at top level or in a block.
    fn let_item(&self, pair: Pair<'_, Rule>) -> Let {
        let span = self.span(&pair);
        let mut parts = parts(pair);
        let pattern = self.pattern(take(&mut parts));
        let mut next = take(&mut parts);
        let mut ty = None;
        if next.as_rule() == Rule::type_ {
            ty = Some(self.ty(next));
            next = take(&mut parts);
        }
        Let {
            pattern,
            ty,
            value: Arc::new(self.expr(next)),
            span,
        }
    }

    fn pattern(&self, pair: Pair<'_, Rule>) -> Pattern {
        let span = self.span(&pair);
        let mut names: Vec<Ident> =
            pair.into_inner().map(|name| self.ident(&name)).collect();
        match names.pop() {
            Some(only) if names.is_empty() => Pattern::Name(only),
            last => {
                names.extend(last);
                Pattern::Tuple(names, span)
            }
        }
    }

    /// `fn` and the six nouns.
    fn decl(&self, pair: Pair<'_, Rule>) -> Decl {
        let mut noun = Noun::Fn;
        let mut name = None;
        let mut groups = Vec::new();
        let mut result = None;
        for part in parts(pair) {
            match part.as_rule() {
                Rule::kind => noun = noun_of(part.as_str()),
                Rule::ident => name = Some(self.ident(&part)),
                Rule::params => {
                    groups
                        .push(part.into_inner().map(|param| self.param(param)).collect());
                }
                Rule::result => result = Some(self.ty(take(&mut part.into_inner()))),
                _ => {
                    let Some(name) = name else {
                        unreachable!("grammar: the name comes before the body")
                    };
                    let body = Arc::new(self.expr(part));
                    return Decl {
                        noun,
                        name,
                        groups,
                        result,
                        body,
                    };
                }
            }
        }
        unreachable!("grammar: a declaration ends with its body")
    }

    fn param(&self, pair: Pair<'_, Rule>) -> Param {
        let span = self.span(&pair);
        let mut parts = pair.into_inner();
        let mut first = take(&mut parts);
        let rest = first.as_rule() == Rule::rest;
        if rest {
            first = take(&mut parts);
        }
        let mut param = Param {
            rest,
            name: self.ident(&first),
            ty: None,
            default: None,
            span,
        };
        for part in parts {
            match part.as_rule() {
                Rule::type_ => param.ty = Some(self.ty(part)),
                _ => param.default = Some(Arc::new(self.expr(part))),
            }
        }
        param
    }

    /// Any single word.
    fn ident(&self, pair: &Pair<'_, Rule>) -> Ident {
        Spanned::new(pair.as_str().into(), self.span(pair))
    }

    /// Where a pair stands, without the blanks and comments pest puts at its end.
    fn span(&self, pair: &Pair<'_, Rule>) -> Span {
        let span = pair.as_span();
        let (start, end) = (span.start() + self.offset, span.end() + self.offset);
        let after = self.tokens.partition_point(|token| token.start < end);
        let last = self
            .tokens
            .iter()
            .take(after)
            .rev()
            .find(|token| !token.is_comment());
        let end = last.map_or(end, |last| last.end.min(end));
        self.source.span(start, end)
    }

    /// Keep the first problem of an item; more would only follow from it.
    fn report(&self, problem: Problem) {
        self.problem.borrow_mut().get_or_insert(problem);
    }
}

/// The parts of a pair, without its keywords.
fn parts(pair: Pair<'_, Rule>) -> impl Iterator<Item = Pair<'_, Rule>> {
    pair.into_inner().filter(|part| {
        !matches!(
            part.as_rule(),
            Rule::kw_use
                | Rule::kw_as
                | Rule::kw_let
                | Rule::kw_fn
                | Rule::kw_if
                | Rule::kw_then
                | Rule::kw_else
                | Rule::kw_to
        )
    })
}

/// The next pair, where the grammar promises one.
fn take<'i>(parts: &mut impl Iterator<Item = Pair<'i, Rule>>) -> Pair<'i, Rule> {
    match parts.next() {
        Some(pair) => pair,
        None => unreachable!("grammar: a part is never left out here"),
    }
}

fn noun_of(word: &str) -> Noun {
    match word {
        "dataset" => Noun::Dataset,
        "features" => Noun::Features,
        "layer" => Noun::Layer,
        "model" => Noun::Model,
        "experiment" => Noun::Experiment,
        "study" => Noun::Study,
        _ => unreachable!("grammar: `kind` lists six nouns"),
    }
}

#[cfg(test)]
pub(super) mod tests;
