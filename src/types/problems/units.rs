//! About units and dimensions.

use super::{Due, article};
use crate::diagnostic::{Code, Problem};
use crate::ir::show_real;
use crate::source::Span;
use crate::types::dimension::Dimension;
use crate::types::ranges::is_below_one;
use crate::types::unit::NotAUnit;
use crate::types::value::{Form, Val};

/// A unit that does not exist.
pub fn no_such_unit(why: &NotAUnit, digits: &str, span: Span) -> Problem {
    match why {
        NotAUnit::Unknown(symbol, near) => {
            let problem = Problem::new(
                Code::E0303,
                format!("there is no unit `{symbol}`"),
                span,
                "no such unit",
            );
            match near {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => {
                    problem.help("lengths are in Å or nm, energies in eV, angles in °")
                }
            }
        }
        NotAUnit::Offset(unit) => {
            let problem = Problem::new(
                Code::E0303,
                "temperatures are in kelvin",
                span,
                format!("`{unit}` does not start at zero"),
            );
            match (digits.parse::<f64>(), *unit) {
                (Ok(value), "°C") => {
                    problem.help(format!("write `{} K`", round(value + 273.15)))
                }
                (Ok(value), _) => {
                    let kelvin = (value + 459.67) * 5.0 / 9.0;
                    problem.help(format!("write `{} K`", round(kelvin)))
                }
                (Err(_), _) => problem.help("write it in K"),
            }
        }
    }
}

fn round(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

/// A number of the wrong dimension for a parameter.
pub fn wrong_dimension(
    val: &Val,
    found: Dimension,
    wanted: Dimension,
    due: &Due,
) -> Problem {
    let wanted_name = wanted.to_string();
    if found.is_none() {
        let problem = Problem::new(
            Code::E0301,
            format!("{} needs a unit", article(&wanted_name.to_lowercase())),
            val.span,
            "a bare number",
        )
        .and(
            due.span,
            format!("`{}` is {}", due.param, article(&wanted_name)),
        );
        let unit = wanted.unit();
        return match val.as_f64() {
            Some(value) => problem.help(format!("write `{value} {unit}`")),
            None => problem.help(format!("multiply it by `1 {unit}`")),
        };
    }
    if wanted.is_none() {
        let shown = match &val.form {
            Form::Real(real) => show_real(real),
            _ => found.to_string(),
        };
        return Problem::new(
            Code::E0304,
            format!("{} takes a plain number", due.name()),
            val.span,
            format!("this is {shown}, {}", article(&found.to_string())),
        )
        .and(due.span, format!("`{}` has no unit", due.param))
        .help(format!(
            "leave the unit out, or divide by `1 {}`",
            found.unit()
        ));
    }
    Problem::new(
        Code::E0302,
        format!("{} is {}", due.name(), article(&wanted_name)),
        val.span,
        format!("this is {}", article(&found.to_string())),
    )
    .and(
        due.span,
        format!("`{}` is {}", due.param, article(&wanted_name)),
    )
    .help(by_a_count(found, wanted).unwrap_or_else(|| due_in(val, wanted)))
}

/// What is due in place of a quantity of another dimension, its digits kept.
fn due_in(val: &Val, wanted: Dimension) -> String {
    let name = wanted.to_string().to_lowercase();
    let unit = wanted.unit();
    let shown = match &val.form {
        Form::Real(real) => show_real(real),
        _ => return format!("{} is due, in {unit}", article(&name)),
    };
    let digits = shown.split(' ').next().unwrap_or_default();
    format!("{} is due, as in `{digits} {unit}`", article(&name))
}

/// Two sides of an operator with different dimensions.
pub fn sides_differ(
    symbol: &str,
    at: Span,
    a: (&Val, Dimension),
    b: (&Val, Dimension),
) -> Problem {
    let verb = match symbol {
        "+" => "added",
        "-" => "subtracted",
        _ => "compared",
    };
    Problem::new(
        Code::E0302,
        format!(
            "{} and {} cannot be {verb}",
            article(&a.1.to_string()),
            article(&b.1.to_string())
        ),
        at,
        format!("`{symbol}` wants the same dimension on both sides"),
    )
    .and(a.0.span, format!("this is {}", article(&a.1.to_string())))
    .and(b.0.span, format!("this is {}", article(&b.1.to_string())))
    .help(
        unit_forgotten(a.0, b.1)
            .or_else(|| unit_forgotten(b.0, a.1))
            .unwrap_or_else(|| quotient(a.1, b.1)),
    )
}

/// What to write for a bare number where a quantity is due.
fn unit_forgotten(number: &Val, due: Dimension) -> Option<String> {
    let bare = match &number.form {
        Form::Size(size) => size.as_number()?.to_string(),
        Form::Real(real) if real.dimension.is_none() => real.value.to_string(),
        _ => return None,
    };
    (!due.is_none())
        .then(|| format!("a number of it has a unit: write `{bare} {}`", due.unit()))
}

/// How the two dimensions differ.
fn quotient(a: Dimension, b: Dimension) -> String {
    by_a_count(a, b).unwrap_or_else(|| {
        let factor = a.over(b);
        format!("they differ by a factor of {factor}, `1 {}`", factor.unit())
    })
}

/// What to do where the two dimensions differ by how many atoms there are.
fn by_a_count(a: Dimension, b: Dimension) -> Option<String> {
    let count = Dimension::named("Count")?;
    if a.over(b) == count {
        return Some("they differ by a Count: divide by `.nsites`".into());
    }
    (b.over(a) == count).then(|| "they differ by a Count: multiply by `.nsites`".into())
}

/// `x to eV` where `x` is a length.
pub fn cannot_show(
    val: &Val,
    found: Dimension,
    unit: &str,
    wanted: Dimension,
    at: Span,
) -> Problem {
    Problem::new(
        Code::E0302,
        format!("{} cannot be shown in {unit}", article(&found.to_string())),
        at,
        format!("`{unit}` measures {}", article(&wanted.to_string())),
    )
    .and(val.span, format!("this is {}", article(&found.to_string())))
    .help(format!("units of it are written `{}`", found.unit()))
}

/// A power whose exponent is not a literal.
pub fn exponent_unknown(span: Span, found: Dimension) -> Problem {
    Problem::new(
        Code::E0304,
        "a quantity is raised to a whole number written out",
        span,
        format!("the base is {}", article(&found.to_string())),
    )
    .help("write the exponent as a number, or divide the base by its unit")
}

/// A fraction outside 0 to 1.
pub fn not_a_fraction(val: &Val, due: &Due) -> Problem {
    let shown = val
        .as_static()
        .map_or(String::new(), |known| known.to_string());
    let problem = Problem::new(
        Code::E0502,
        format!("{} is a fraction, from 0 to 100%", due.name()),
        val.span,
        format!("this is {shown}"),
    )
    .and(due.span, format!("`{}` is a Ratio", due.param));
    let most = match is_below_one(&due.of, &due.param) {
        true => "below 100%",
        false => "of at most 100%",
    };
    match val.as_f64() {
        // `20` is `20%` with its sign forgotten; 1.5 and `150%` are no such slips.
        Some(value) if (2.0..100.0).contains(&value) && !shown.ends_with('%') => {
            problem.help(format!("write `{value}%`"))
        }
        Some(value) if value > 1.0 => {
            problem.help(format!("a share {most} is due, as in `20%` or `0.2`"))
        }
        _ => problem.help("write it as `20%` or `0.2`"),
    }
}

/// A target that has no unit.
pub fn target_without_unit(name: &str, span: Span) -> Problem {
    Problem::new(
        Code::W0406,
        "the target has no unit",
        span,
        format!("`{name}` is a plain number"),
    )
    .help(format!(
        "if it has one, multiply: `target(.{name} * 1 eV/atom)`"
    ))
}
