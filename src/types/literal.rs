//! Numbers as written, with their units.

use super::check::Checker;
use super::dimension::Dimension;
use super::problems;
use super::size::Size;
use super::ty::{Number as NumberTy, Ty};
use super::unit::{Unit, scaled};
use super::value::{Form, Val};
use crate::diagnostic::{Code, Problem};
use crate::ir::Real;
use crate::source::Span;
use crate::syntax::ast::Number;

impl Checker<'_> {
    /// The value of a literal.
    pub fn literal(&mut self, number: &Number, span: Span) -> Val {
        let whole =
            number.unit.is_none() && number.digits.bytes().all(|b| b.is_ascii_digit());
        if whole {
            return match number.digits.parse::<i64>() {
                Ok(value) => Val::size(Size::number(value), span),
                Err(_) => self.too_large(span),
            };
        }
        let Some(unit) = &number.unit else {
            return match scaled(&number.digits, 0) {
                Some(value) => real(value, Dimension::NONE, None, span),
                None => self.too_large(span),
            };
        };
        if &*unit.value == "%" {
            return match scaled(&number.digits, -2) {
                Some(value) => real(value, Dimension::NONE, Some("%"), span),
                None => self.too_large(span),
            };
        }
        match Unit::parse(&unit.value) {
            Ok(parsed) => match parsed.value_of(&number.digits) {
                Some(value) => real(value, parsed.dimension, Some(&unit.value), span),
                None => self.too_large(span),
            },
            Err(why) => {
                self.report(problems::no_such_unit(&why, &number.digits, unit.span));
                Val::poison(span)
            }
        }
    }

    fn too_large(&mut self, span: Span) -> Val {
        self.report(
            Problem::new(
                Code::E0502,
                "this number is too large",
                span,
                "out of range",
            )
            .help("numbers go up to about 1.8e308, whole numbers up to 9.2e18"),
        );
        Val::poison(span)
    }
}

/// A known number.
pub fn real(value: f64, dimension: Dimension, shown: Option<&str>, span: Span) -> Val {
    let form = Form::Real(Real {
        value,
        dimension,
        shown: shown.map(Into::into),
    });
    let axes = super::ty::Axes::default();
    Val {
        ty: Ty::Number(NumberTy {
            dimension,
            whole: false,
            axes,
        }),
        form,
        span,
    }
}
