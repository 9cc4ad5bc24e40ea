//! Operators.

use super::check::Checker;
use super::dimension::{Dimension, Exponent};
use super::literal::real;
use super::numeric::{broadcast, number, same_kind, unless_missing, widen};
use super::problems;
use super::size::Size;
use super::ty::{Number, Ty};
use super::value::{Form, Val};
use crate::ir::Kind;
use crate::source::{Span, Spanned};
use crate::syntax::ast::{BinaryOp, UnaryOp};

impl Checker<'_> {
    /// `-x`, `not x`.
    pub fn unary(&mut self, op: UnaryOp, of: Val, span: Span) -> Val {
        let Some(of) = self.present(of) else {
            return Val::poison(span);
        };
        match op {
            UnaryOp::Not => {
                if of.ty != Ty::Bool {
                    self.report(problems::wrong_operand("not", &of, "a Bool"));
                    return Val::poison(span);
                }
                if let Form::Bool(value) = of.form {
                    return Val::truth(!value, span);
                }
            }
            UnaryOp::Negate => {
                if number(&of.ty).is_none() {
                    self.report(problems::wrong_operand("-", &of, "a number"));
                    return Val::poison(span);
                }
                match of.form {
                    Form::Size(size) => {
                        return Val::size(Size::number(0).minus(&size), span);
                    }
                    Form::Real(ref known) => {
                        return real(
                            -known.value,
                            known.dimension,
                            known.shown.as_deref(),
                            span,
                        );
                    }
                    _ => {}
                }
            }
        }
        match of.as_ir() {
            Some(expr) => Val::run(of.ty, Kind::Unary(op, expr), span),
            None => Val::unknown(of.ty, span),
        }
    }

    /// `a + b` and all others between two operands.
    pub fn binary(&mut self, op: &Spanned<BinaryOp>, a: Val, b: Val, span: Span) -> Val {
        let (Some(a), Some(b)) = (self.present(a), self.present(b)) else {
            return Val::poison(span);
        };
        match op.value {
            BinaryOp::And | BinaryOp::Or => self.logical(op, a, b, span),
            BinaryOp::In => self.member(op, a, b, span),
            BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::Less
            | BinaryOp::LessEqual
            | BinaryOp::Greater
            | BinaryOp::GreaterEqual => self.compare(op, a, b, span),
            BinaryOp::Add | BinaryOp::Subtract => self.sum(op, a, b, span),
            BinaryOp::Multiply | BinaryOp::Divide => self.product(op, a, b, span),
            BinaryOp::Power => self.power(op, a, b, span),
        }
    }

    /// The value, unless it failed or some rows lack it.
    fn present(&mut self, val: Val) -> Option<Val> {
        if val.is_poison() {
            return None;
        }
        if let Ty::Domain(domain) = &val.ty {
            self.report(problems::domain_as_number(val.span, &domain.to_string()));
            return None;
        }
        match unless_missing(val) {
            Ok(val) => Some(val),
            Err(problem) => {
                self.report(problem);
                None
            }
        }
    }

    fn numbers(&mut self, symbol: &str, a: &Val, b: &Val) -> Option<(Number, Number)> {
        for side in [a, b] {
            if number(&side.ty).is_none() {
                self.report(problems::wrong_operand(symbol, side, "numbers"));
                return None;
            }
        }
        Some((number(&a.ty)?.clone(), number(&b.ty)?.clone()))
    }

    fn shapes(
        &mut self,
        op: &Spanned<BinaryOp>,
        a: (&Val, &Number),
        b: (&Val, &Number),
    ) -> Option<super::ty::Axes> {
        let symbol = op.value.symbol();
        if let (Some(x), Some(y)) = (&a.1.axes.domain, &b.1.axes.domain)
            && x != y
        {
            self.report(problems::domains_differ(
                symbol,
                op.span,
                (a.0, x),
                (b.0, y),
            ));
            return None;
        }
        let axes = broadcast(&a.1.axes, &b.1.axes);
        if axes.is_none() {
            let (x, y) = (&a.1.axes, &b.1.axes);
            self.report(problems::sizes_differ(symbol, op.span, (a.0, x), (b.0, y)));
        }
        axes
    }

    fn sum(&mut self, op: &Spanned<BinaryOp>, a: Val, b: Val, span: Span) -> Val {
        let symbol = op.value.symbol();
        let Some((x, y)) = self.numbers(symbol, &a, &b) else {
            return Val::poison(span);
        };
        let dimension = if is_zero(&a) {
            y.dimension
        } else {
            x.dimension
        };
        if x.dimension != y.dimension && !is_zero(&a) && !is_zero(&b) {
            let sides = ((&a, x.dimension), (&b, y.dimension));
            self.report(problems::sides_differ(symbol, op.span, sides.0, sides.1));
            return Val::poison(span);
        }
        let Some(axes) = self.shapes(op, (&a, &x), (&b, &y)) else {
            return Val::poison(span);
        };
        let plus = op.value == BinaryOp::Add;
        if let (Form::Size(p), Form::Size(q)) = (&a.form, &b.form) {
            return Val::size(if plus { p.plus(q) } else { p.minus(q) }, span);
        }
        if let (Some(p), Some(q)) = (a.as_f64(), b.as_f64()) {
            let shown = shown_by(&a).or_else(|| shown_by(&b));
            let value = if plus { p + q } else { p - q };
            return real(value, dimension, shown.as_deref(), span);
        }
        let ty = Ty::Number(Number {
            dimension,
            whole: x.whole && y.whole,
            axes,
        });
        self.at_run(op.value, ty, a, b, span)
    }

    fn product(&mut self, op: &Spanned<BinaryOp>, a: Val, b: Val, span: Span) -> Val {
        let symbol = op.value.symbol();
        let Some((x, y)) = self.numbers(symbol, &a, &b) else {
            return Val::poison(span);
        };
        let Some(axes) = self.shapes(op, (&a, &x), (&b, &y)) else {
            return Val::poison(span);
        };
        let times = op.value == BinaryOp::Multiply;
        let dimension = if times {
            x.dimension.times(y.dimension)
        } else {
            x.dimension.over(y.dimension)
        };
        if let (Form::Size(p), Form::Size(q), true) = (&a.form, &b.form, times) {
            return Val::size(p.times(q), span);
        }
        if let (Some(p), Some(q)) = (a.as_f64(), b.as_f64()) {
            if !times && q == 0.0 {
                self.report(problems::division_by_zero(b.span));
                return Val::poison(span);
            }
            let shown = match (x.dimension.is_none(), y.dimension.is_none()) {
                (true, false) if times => shown_by(&b),
                (false, true) => shown_by(&a),
                _ => None,
            };
            let value = if times { p * q } else { p / q };
            return real(value, dimension, shown.as_deref(), span);
        }
        let whole = times && x.whole && y.whole;
        let ty = Ty::Number(Number {
            dimension,
            whole,
            axes,
        });
        self.at_run(op.value, ty, a, b, span)
    }

    fn power(&mut self, op: &Spanned<BinaryOp>, a: Val, b: Val, span: Span) -> Val {
        let Some((x, y)) = self.numbers("^", &a, &b) else {
            return Val::poison(span);
        };
        if !y.dimension.is_none() || !y.axes.is_scalar() {
            self.report(problems::wrong_operand(
                "^",
                &b,
                "a plain number as exponent",
            ));
            return Val::poison(span);
        }
        let dimension = match (x.dimension.is_none(), b.as_int()) {
            (true, _) => Dimension::NONE,
            (false, Some(n)) if (-9..=9).contains(&n) => {
                x.dimension.power(Exponent::new(n as i16, 1))
            }
            (false, _) => {
                self.report(problems::exponent_unknown(b.span, x.dimension));
                return Val::poison(span);
            }
        };
        if let (Form::Size(base), Some(n)) = (&a.form, b.as_int())
            && (0..=32).contains(&n)
        {
            let mut product = Size::number(1);
            for _ in 0..n {
                product = product.times(base);
            }
            return Val::size(product, span);
        }
        if let (Some(p), Some(q)) = (a.as_f64(), b.as_f64()) {
            return real(libm::pow(p, q), dimension, None, span);
        }
        let ty = Ty::Number(Number {
            dimension,
            whole: false,
            axes: x.axes,
        });
        self.at_run(op.value, ty, a, b, span)
    }

    fn compare(&mut self, op: &Spanned<BinaryOp>, a: Val, b: Val, span: Span) -> Val {
        let symbol = op.value.symbol();
        let equality = matches!(op.value, BinaryOp::Equal | BinaryOp::NotEqual);
        match (number(&a.ty), number(&b.ty)) {
            (Some(x), Some(y))
                if x.dimension != y.dimension && !is_zero(&a) && !is_zero(&b) =>
            {
                let sides = ((&a, x.dimension), (&b, y.dimension));
                let problem = problems::sides_differ(symbol, op.span, sides.0, sides.1);
                self.report(problem);
                return Val::poison(span);
            }
            (Some(x), Some(y)) if x.axes.is_scalar() && y.axes.is_scalar() => {}
            _ if equality && same_kind(&a.ty, &b.ty) => {}
            _ if equality => {
                self.report(problems::types_differ("both sides of a comparison", &a, &b));
                return Val::poison(span);
            }
            (x, _) => {
                let side = if x.is_some() { &b } else { &a };
                self.report(problems::wrong_operand(symbol, side, "plain numbers"));
                return Val::poison(span);
            }
        }
        if let (Some(p), Some(q)) = (a.as_f64(), b.as_f64()) {
            return Val::truth(holds(op.value, p, q), span);
        }
        if equality && let (Some(p), Some(q)) = (a.as_static(), b.as_static()) {
            return Val::truth((p == q) == (op.value == BinaryOp::Equal), span);
        }
        self.at_run(op.value, Ty::Bool, a, b, span)
    }

    fn logical(&mut self, op: &Spanned<BinaryOp>, a: Val, b: Val, span: Span) -> Val {
        for side in [&a, &b] {
            if side.ty != Ty::Bool {
                self.report(problems::wrong_operand(op.value.symbol(), side, "a Bool"));
                return Val::poison(span);
            }
        }
        if let (Form::Bool(p), Form::Bool(q)) = (&a.form, &b.form) {
            let value = if op.value == BinaryOp::And {
                *p && *q
            } else {
                *p || *q
            };
            return Val::truth(value, span);
        }
        self.at_run(op.value, Ty::Bool, a, b, span)
    }

    fn member(&mut self, op: &Spanned<BinaryOp>, a: Val, b: Val, span: Span) -> Val {
        let fits = match &b.ty {
            Ty::List(of) | Ty::Set(of) | Ty::Range(of) => same_kind(&a.ty, of),
            _ => {
                self.report(problems::wrong_operand("in", &b, "a list, set or range"));
                return Val::poison(span);
            }
        };
        if !fits {
            self.report(problems::types_differ("what `in` compares", &a, &b));
            return Val::poison(span);
        }
        let b = match b.form {
            Form::Range(from, to, inclusive) => Val {
                form: Form::Range(widen(*from).into(), widen(*to).into(), inclusive),
                ..b
            },
            _ => b,
        };
        self.at_run(op.value, Ty::Bool, a, b, span)
    }

    fn at_run(&mut self, op: BinaryOp, ty: Ty, a: Val, b: Val, span: Span) -> Val {
        match (a.as_ir(), b.as_ir()) {
            (Some(a), Some(b)) => Val::run(ty, Kind::Binary(op, a, b), span),
            _ => Val::unknown(ty, span),
        }
    }
}

/// Whether it is a plain 0, which is nought of anything.
fn is_zero(val: &Val) -> bool {
    val.as_f64() == Some(0.0) && number(&val.ty).is_some_and(|n| n.dimension.is_none())
}

fn shown_by(val: &Val) -> Option<std::sync::Arc<str>> {
    match &val.form {
        Form::Real(known) => known.shown.clone(),
        _ => None,
    }
}

/// Whether a comparison of numbers holds.
pub fn holds(op: BinaryOp, a: f64, b: f64) -> bool {
    match op {
        BinaryOp::Equal => a == b,
        BinaryOp::NotEqual => a != b,
        BinaryOp::Less => a < b,
        BinaryOp::LessEqual => a <= b,
        BinaryOp::Greater => a > b,
        BinaryOp::GreaterEqual => a >= b,
        BinaryOp::Add
        | BinaryOp::Subtract
        | BinaryOp::Multiply
        | BinaryOp::Divide
        | BinaryOp::Power
        | BinaryOp::In
        | BinaryOp::And
        | BinaryOp::Or => false,
    }
}
