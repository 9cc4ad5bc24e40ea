//! Everything an operator can stand between: atoms, calls, brackets, lambdas.

use std::sync::Arc;

use pest::iterators::Pair;

use super::super::ast::{Arg, Expr, ExprKind, Lambda, Number};
use super::super::failure;
use super::super::parse::Rule;
use super::{Lower, parts, take};
use crate::source::Span;

impl Lower<'_> {
    /// The rule `expr`.
    pub(super) fn expr(&self, pair: Pair<'_, Rule>) -> Expr {
        let inner = take(&mut pair.into_inner());
        match inner.as_rule() {
            Rule::lambda => self.lambda(inner),
            Rule::if_ => self.if_(inner),
            _ => self.operation(inner),
        }
    }

    fn lambda(&self, pair: Pair<'_, Rule>) -> Expr {
        let span = self.span(&pair);
        let mut params = Vec::new();
        for part in pair.into_inner() {
            if part.as_rule() == Rule::ident {
                params.push(self.ident(&part));
                continue;
            }
            let body = Arc::new(self.expr(part));
            return Expr {
                kind: ExprKind::Lambda(Arc::new(Lambda { params, body })),
                span,
            };
        }
        unreachable!("grammar: a lambda ends with its body")
    }

    fn if_(&self, pair: Pair<'_, Rule>) -> Expr {
        let span = self.span(&pair);
        let mut parts = parts(pair);
        let mut next = || Arc::new(self.expr(take(&mut parts)));
        let (condition, yes, no) = (next(), next(), next());
        Expr {
            kind: ExprKind::If(condition, yes, no),
            span,
        }
    }

    /// The rule `postfix`: an atom and the calls, indices and fields that touch it.
    pub(super) fn postfix(&self, pair: Pair<'_, Rule>) -> Expr {
        let mut parts = pair.into_inner();
        let mut expr = self.atom(take(&mut parts));
        for part in parts {
            let here = self.span(&part);
            let span = expr.span.to(here);
            let inside = Arc::new(expr);
            let kind = match part.as_rule() {
                Rule::call => {
                    let args = part.into_inner().map(|arg| self.arg(arg)).collect();
                    ExprKind::Call {
                        callee: inside,
                        args,
                        brackets: here,
                    }
                }
                Rule::index => {
                    let at = self.expr(take(&mut part.into_inner()));
                    ExprKind::Index(inside, Arc::new(at))
                }
                _ => ExprKind::Field(inside, self.ident(&take(&mut part.into_inner()))),
            };
            expr = Expr { kind, span };
        }
        expr
    }

    fn arg(&self, pair: Pair<'_, Rule>) -> Arg {
        match pair.as_rule() {
            Rule::spread => {
                Arg::Spread(Arc::new(self.postfix(take(&mut pair.into_inner()))))
            }
            Rule::named => {
                let mut parts = pair.into_inner();
                let name = self.ident(&take(&mut parts));
                Arg::Named(name, Arc::new(self.expr(take(&mut parts))))
            }
            _ => Arg::Positional(Arc::new(self.expr(pair))),
        }
    }

    fn atom(&self, pair: Pair<'_, Rule>) -> Expr {
        let span = self.span(&pair);
        let kind = match pair.as_rule() {
            Rule::quantity => ExprKind::Number(self.number(pair)),
            Rule::string => ExprKind::Text(self.text(&pair)),
            Rule::boolean => ExprKind::Bool(pair.as_str() == "true"),
            Rule::row_field => {
                ExprKind::RowField(self.ident(&take(&mut pair.into_inner())))
            }
            Rule::record => {
                ExprKind::Record(pair.into_inner().map(|part| self.arg(part)).collect())
            }
            Rule::block => return self.block(pair, span),
            Rule::tuple => return self.tuple(pair, span),
            Rule::list => ExprKind::List(
                pair.into_inner().map(|e| Arc::new(self.expr(e))).collect(),
            ),
            _ => ExprKind::Name(self.ident(&pair)),
        };
        Expr { kind, span }
    }

    fn number(&self, pair: Pair<'_, Rule>) -> Number {
        let mut parts = pair.into_inner();
        let digits = take(&mut parts).as_str().replace('_', "").into();
        let unit = parts.next().map(|unit| self.ident(&unit));
        Number { digits, unit }
    }

    fn block(&self, pair: Pair<'_, Rule>, span: Span) -> Expr {
        let mut lets = Vec::new();
        for part in pair.into_inner() {
            if part.as_rule() == Rule::let_item {
                lets.push(self.let_item(part));
                continue;
            }
            let value = Arc::new(self.expr(part));
            return Expr {
                kind: ExprKind::Block(lets, value),
                span,
            };
        }
        unreachable!("grammar: a block ends with its value")
    }

    /// Several in brackets are a tuple; a single one is itself, brackets and all.
    fn tuple(&self, pair: Pair<'_, Rule>, span: Span) -> Expr {
        let mut parts: Vec<Expr> =
            pair.into_inner().map(|part| self.expr(part)).collect();
        match parts.pop() {
            Some(only) if parts.is_empty() => Expr {
                kind: only.kind,
                span,
            },
            last => {
                parts.extend(last);
                let parts = parts.into_iter().map(Arc::new).collect();
                Expr {
                    kind: ExprKind::Tuple(parts),
                    span,
                }
            }
        }
    }

    /// A string without its quotes, escapes resolved.
    pub(super) fn text(&self, pair: &Pair<'_, Rule>) -> String {
        let quoted = pair.as_str();
        let inside = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or("");
        let mut text = String::with_capacity(inside.len());
        let mut chars = inside.char_indices();
        while let Some((at, c)) = chars.next() {
            if c != '\\' {
                text.push(c);
                continue;
            }
            match chars.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, same @ ('"' | '\\'))) => text.push(same),
                other => {
                    let c = other.map_or('\\', |(_, c)| c);
                    let start = self.offset + pair.as_span().start() + 1 + at;
                    let span = self.source.span(start, start + 1 + c.len_utf8());
                    self.report(failure::unknown_escape(c, span));
                }
            }
        }
        text
    }
}
