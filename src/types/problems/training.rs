//! About the settings of a training.

use super::Due;
use crate::diagnostic::{Code, Problem};
use crate::source::Span;
use crate::types::dimension::Dimension;
use crate::types::ty::TargetTy;
use crate::types::value::Val;

/// A number outside what it may be.
pub fn out_of_its_range(val: &Val, due: &Due, range: &str) -> Problem {
    let shown = val
        .as_static()
        .map_or(String::new(), |known| known.to_string());
    Problem::new(
        Code::E0502,
        format!("{} cannot be {shown}", due.name()),
        val.span,
        format!("this is {shown}"),
    )
    .and(due.span, "declared here")
    .help(format!("{range} is due"))
}

/// `clip` and `clip_global` in one training.
pub fn clipped_twice(one: Span, other: Span) -> Problem {
    Problem::new(
        Code::E0806,
        "gradients are clipped in one way",
        other,
        "all gradients together",
    )
    .and(one, "each by itself")
    .help("leave one of `clip` and `clip_global` out")
}

/// An error in another dimension than the target.
pub fn not_of_the_target(
    name: &str,
    at: Span,
    shown: &str,
    found: Dimension,
    target: &TargetTy,
) -> Problem {
    let digits = shown.split(' ').next().unwrap_or(shown);
    let due = match target.dimension.is_none() {
        true => "a plain number".to_owned(),
        false => format!("in {}", target.dimension.unit()),
    };
    let fix = match target.dimension.is_none() {
        true => format!("write `{digits}`"),
        false => format!("write `{digits} {}`", target.dimension.unit()),
    };
    let is = match found.is_none() {
        true => "this has no unit".to_owned(),
        false => format!("this is {shown}"),
    };
    Problem::new(
        Code::E0302,
        format!("`{name}` is an error of the target, {due}"),
        at,
        is,
    )
    .note(format!("the target is {}", target.name))
    .help(fix)
}

/// Epochs of `multi_step` out of order.
pub fn steps_do_not_rise(at: Span) -> Problem {
    Problem::new(
        Code::E0806,
        "the epochs at which the rate changes rise, from 1 on",
        at,
        "these do not",
    )
    .help("write them in order, as in `multi_step(at: [100, 200])`")
}

/// `one_cycle(lowest: 0.95, highest: 0.85)`.
pub fn momentum_upside_down(at: Span, low: f64, high: f64) -> Problem {
    Problem::new(
        Code::E0806,
        "the lowest momentum is above the highest",
        at,
        format!("from {low} to {high}"),
    )
    .help(format!("write `lowest: {high}, highest: {low}`"))
}
