//! Sines and their like: of known angles, and of those that rows hold.

use super::builtin::Applied;
use super::check::Checker;
use super::dimension::Dimension;
use super::literal::real;
use super::problems;
use super::ty::Ty;
use super::value::Val;

/// `sin`, `cos` and `tan` of an angle in degrees.
pub fn of_angle(checker: &mut Checker<'_>, call: &Applied, of: fn(f64) -> f64) -> Val {
    let by_degrees = |x: f64| of(x.to_radians());
    plain(checker, call, &by_degrees, Dimension::NONE)
}

/// `acos`: the angle of a cosine, in degrees.
pub fn angle_of(checker: &mut Checker<'_>, call: &Applied) -> Val {
    let degrees = |x: f64| libm::acos(x).to_degrees();
    let angle = Dimension::named("Angle").unwrap_or(Dimension::NONE);
    plain(checker, call, &degrees, angle)
}

/// A function of one number.
fn plain(
    checker: &mut Checker<'_>,
    call: &Applied,
    of: &dyn Fn(f64) -> f64,
    dimension: Dimension,
) -> Val {
    let Some(x) = call.value("x").cloned() else {
        return Val::poison(call.at);
    };
    if let Some(known) = x.as_f64() {
        let value = of(known);
        if !value.is_finite() {
            checker.report(problems::no_value(call.at, &call.signature.name, &x));
            return Val::poison(call.at);
        }
        return real(value, dimension, None, call.at);
    }
    let ty = Ty::real(dimension);
    match x.as_ir() {
        Some(input) => checker.row_call(call, ty, Vec::new(), vec![input]),
        None => Val::unknown(ty, call.at),
    }
}
