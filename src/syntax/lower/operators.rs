//! Flat runs of operators into trees, by the table of precedences.

use std::sync::{Arc, LazyLock};

use pest::iterators::Pair;
use pest::pratt_parser::{Assoc, Op, PrattParser};

use super::super::ast::{BinaryOp, Expr, ExprKind, UnaryOp};
use super::super::failure;
use super::super::parse::Rule;
use super::{Lower, parts, take};
use crate::source::Spanned;

/// Loosest first.
static TABLE: LazyLock<PrattParser<Rule>> = LazyLock::new(|| {
    let left = |rule| Op::infix(rule, Assoc::Left);
    PrattParser::new()
        .op(left(Rule::pipe))
        .op(left(Rule::compose))
        .op(left(Rule::or))
        .op(left(Rule::and))
        .op(Op::prefix(Rule::not))
        .op(left(Rule::equal)
            | left(Rule::not_equal)
            | left(Rule::less)
            | left(Rule::less_equal)
            | left(Rule::greater)
            | left(Rule::greater_equal)
            | left(Rule::in_))
        .op(left(Rule::open_range) | left(Rule::closed_range))
        .op(Op::postfix(Rule::convert))
        .op(left(Rule::plus) | left(Rule::minus))
        .op(left(Rule::times) | left(Rule::over))
        .op(Op::prefix(Rule::negate))
        .op(left(Rule::power))
});

impl Lower<'_> {
    /// The rules `operation` and `size`.
    pub(super) fn operation(&self, pair: Pair<'_, Rule>) -> Expr {
        self.check_run(&pair);
        TABLE
            .map_primary(|operand| self.postfix(operand))
            .map_prefix(|op, operand| self.prefix(&op, operand))
            .map_postfix(|value, to| self.convert(value, to))
            .map_infix(|left, op, right| self.infix(left, &op, right))
            .parse(pair.into_inner())
    }

    fn prefix(&self, op: &Pair<'_, Rule>, operand: Expr) -> Expr {
        let span = self.span(op).to(operand.span);
        let op = match op.as_rule() {
            Rule::not => UnaryOp::Not,
            _ => UnaryOp::Negate,
        };
        Expr {
            kind: ExprKind::Unary(op, Arc::new(operand)),
            span,
        }
    }

    fn convert(&self, value: Expr, to: Pair<'_, Rule>) -> Expr {
        let unit = self.ident(&take(&mut parts(to)));
        let span = value.span.to(unit.span);
        Expr {
            kind: ExprKind::Convert(Arc::new(value), unit),
            span,
        }
    }

    fn infix(&self, left: Expr, op: &Pair<'_, Rule>, right: Expr) -> Expr {
        let span = left.span.to(right.span);
        let (left, right) = (Arc::new(left), Arc::new(right));
        let kind = match op.as_rule() {
            Rule::pipe => ExprKind::Pipe(left, right),
            Rule::compose => ExprKind::Compose(left, right),
            Rule::open_range => ExprKind::Range {
                from: left,
                to: right,
                inclusive: false,
            },
            Rule::closed_range => ExprKind::Range {
                from: left,
                to: right,
                inclusive: true,
            },
            rule => {
                ExprKind::Binary(Spanned::new(binary(rule), self.span(op)), left, right)
            }
        };
        Expr { kind, span }
    }

    /// What the table alone would let pass: `a < b < c`, `a * not b`, `a to eV + b`.
    fn check_run(&self, pair: &Pair<'_, Rule>) {
        let mut open: Vec<(Level, Pair<'_, Rule>)> = Vec::new();
        let mut before: Option<Pair<'_, Rule>> = None;
        for part in pair.clone().into_inner() {
            if part.as_rule() == Rule::not {
                self.check_not(&part, before.as_ref());
            }
            if let Some(here) = level(part.as_rule()) {
                while open.last().is_some_and(|(level, _)| *level > here) {
                    open.pop();
                }
                if let Some((last, first)) = open.last() {
                    self.check_neighbours((*last, first), (here, &part));
                }
                open.push((here, part.clone()));
            }
            before = Some(part);
        }
    }

    /// `not` binds so loosely that it cannot follow an operator that binds tighter.
    fn check_not(&self, not: &Pair<'_, Rule>, before: Option<&Pair<'_, Rule>>) {
        let Some(before) = before else { return };
        let rule = before.as_rule();
        if rule == Rule::negate || level(rule).is_some_and(|level| level > Level::Not) {
            self.report(failure::not_needs_brackets(
                self.span(not),
                before.as_str().trim(),
                self.span(before),
            ));
        }
    }

    /// Two operators with nothing looser between them, the second no looser.
    fn check_neighbours(
        &self,
        (last, first): (Level, &Pair<'_, Rule>),
        (here, second): (Level, &Pair<'_, Rule>),
    ) {
        let (place, second) = (self.span(first), self.span(second));
        if last == Level::Convert && here > Level::Convert {
            self.report(failure::convert_comes_last(place, second));
        } else if last == here && here.is_single() {
            self.report(failure::one_only(first.as_str().trim(), place, second));
        }
    }
}

/// How tightly an operator binds; loosest first, as in [`TABLE`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Loose,
    Not,
    Compare,
    Range,
    Convert,
    Arithmetic,
    Power,
}

impl Level {
    /// Whether only one of the kind may stand in a row.
    fn is_single(self) -> bool {
        matches!(
            self,
            Level::Compare | Level::Range | Level::Convert | Level::Power
        )
    }
}

/// The level of an operator between or after operands.
fn level(rule: Rule) -> Option<Level> {
    Some(match rule {
        Rule::pipe | Rule::compose | Rule::or | Rule::and => Level::Loose,
        Rule::equal
        | Rule::not_equal
        | Rule::less
        | Rule::less_equal
        | Rule::greater
        | Rule::greater_equal
        | Rule::in_ => Level::Compare,
        Rule::open_range | Rule::closed_range => Level::Range,
        Rule::convert => Level::Convert,
        Rule::plus | Rule::minus | Rule::times | Rule::over => Level::Arithmetic,
        Rule::power => Level::Power,
        _ => return None,
    })
}

fn binary(rule: Rule) -> BinaryOp {
    match rule {
        Rule::plus => BinaryOp::Add,
        Rule::minus => BinaryOp::Subtract,
        Rule::times => BinaryOp::Multiply,
        Rule::over => BinaryOp::Divide,
        Rule::power => BinaryOp::Power,
        Rule::equal => BinaryOp::Equal,
        Rule::not_equal => BinaryOp::NotEqual,
        Rule::less => BinaryOp::Less,
        Rule::less_equal => BinaryOp::LessEqual,
        Rule::greater => BinaryOp::Greater,
        Rule::greater_equal => BinaryOp::GreaterEqual,
        Rule::in_ => BinaryOp::In,
        Rule::and => BinaryOp::And,
        Rule::or => BinaryOp::Or,
        _ => unreachable!("grammar: `infix` lists these operators"),
    }
}
