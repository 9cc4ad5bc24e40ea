//! Small questions about numbers.

use std::sync::Arc;

use super::problems;
use super::ty::{Axes, Number, Ty};
use super::value::{Form, Val};
use crate::diagnostic::Problem;
use crate::ir::Real;

/// The number type, when it is one.
pub fn number(ty: &Ty) -> Option<&Number> {
    match ty {
        Ty::Number(number) => Some(number),
        _ => None,
    }
}

/// A value as it is, unless some rows lack it.
pub fn unless_missing(val: Val) -> Result<Val, Problem> {
    match &val.ty {
        Ty::Maybe(_) => Err(problems::may_be_missing(val.span, &val.ty)),
        _ => Ok(val),
    }
}

/// A whole number as a number.
pub fn widen(val: Val) -> Val {
    let Some(number) = number(&val.ty).filter(|number| number.whole).cloned() else {
        return val;
    };
    let form = match &val.form {
        Form::Size(size) => match size.as_number() {
            Some(n) => Form::Real(Real {
                value: n as f64,
                dimension: number.dimension,
                shown: None,
            }),
            None => Form::Unknown,
        },
        other => other.clone(),
    };
    Val {
        ty: Ty::Number(Number {
            whole: false,
            ..number
        }),
        form,
        span: val.span,
    }
}

/// Whether values of the two types can stand in one list or be compared: the same type,
/// numbers whole or not, records field by field.
pub fn same_kind(a: &Ty, b: &Ty) -> bool {
    match (a, b) {
        (Ty::Poison, _) | (_, Ty::Poison) => true,
        (Ty::Number(a), Ty::Number(b)) => a.dimension == b.dimension && a.axes == b.axes,
        // Fields have names: their order says nothing.
        (Ty::Record(a), Ty::Record(b)) => {
            let same = |(name, ty): &(Arc<str>, Ty)| {
                b.iter()
                    .any(|(other, theirs)| name == other && same_kind(ty, theirs))
            };
            a.len() == b.len() && a.iter().all(same)
        }
        (Ty::List(a) | Ty::Set(a), Ty::List(b) | Ty::Set(b)) => same_kind(a, b),
        (Ty::Tuple(a), Ty::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(s, t)| same_kind(s, t))
        }
        _ => a == b || (shown(a) && shown(b)),
    }
}

/// What a report shows: a list may hold several kinds of it.
fn shown(ty: &Ty) -> bool {
    matches!(
        ty,
        Ty::Figure
            | Ty::Table(_)
            | Ty::Scores(_)
            | Ty::Trained(_)
            | Ty::Evaluated(_)
            | Ty::Text
    )
}

/// The axes of an entry-by-entry result; none when the sizes do not fit.
///
/// Sizes are equal or one of them is literally 1; a side without a domain may have
/// fewer, aligned at the end.
pub fn broadcast(a: &Axes, b: &Axes) -> Option<Axes> {
    use super::size::Verdict;
    let domain = a.domain.clone().or_else(|| b.domain.clone());
    let (long, short) = if a.sizes.len() >= b.sizes.len() {
        (a, b)
    } else {
        (b, a)
    };
    let extra = long.sizes.len() - short.sizes.len();
    if extra > 0 && short.domain.is_some() {
        return None;
    }
    let mut sizes = long.sizes.clone();
    for (mine, other) in sizes.iter_mut().skip(extra).zip(&short.sizes) {
        if mine.as_number() == Some(1) {
            *mine = other.clone();
        } else if other.as_number() != Some(1)
            && mine.compare(other) == Verdict::Different
        {
            return None;
        }
    }
    Some(Axes { domain, sizes })
}
