//! About shapes: sizes, domains, what is left of a signal.

use super::{Due, describe, describe_axes};
use crate::diagnostic::{Code, Problem};
use crate::source::Span;
use crate::types::pattern::{AxisPat, Pat};
use crate::types::subst::Subst;
use crate::types::ty::{Axes, Domain, Ty};
use crate::types::value::Val;

/// Another type than a parameter takes.
pub fn wrong_type(val: &Val, pat: &Pat, subst: &Subst, due: &Due) -> Problem {
    let wanted = describe(pat, subst);
    let problem = Problem::new(
        Code::E0201,
        format!("{} takes {}", due.name(), super::article(&wanted)),
        val.span,
        format!("this is {}", super::article(&val.ty.to_string())),
    )
    .and(due.span, format!("`{}: {wanted}`", due.param));
    match (pat, &val.ty) {
        (Pat::Named(_) | Pat::Model, Ty::Function) => {
            problem.help("settings are always called, if only with `()`")
        }
        (Pat::Number { whole: true, .. }, Ty::Number(_)) => {
            problem.help("a whole number is due here, without `.` and without a unit")
        }
        (Pat::List(_), _) => {
            problem.help("a list is written `[a, b]`, also with one entry")
        }
        _ => problem,
    }
}

/// A tensor of other axes than a layer takes. Both shapes are drawn, one below the
/// other.
pub fn wrong_axes(
    val: &Val,
    axes: &Axes,
    pats: &[AxisPat],
    subst: &Subst,
    due: &Due,
) -> Problem {
    let wanted = describe_axes(pats, subst);
    let problem = Problem::new(
        Code::E0401,
        format!("`{}` does not take {axes}", due.of),
        due.at,
        format!("takes {wanted}"),
    )
    .and(val.span, format!("this is {axes}"))
    .note(drawn(&due.of, &wanted, &axes.to_string()));
    let fixed = pats
        .iter()
        .filter(|axis| !matches!(axis, AxisPat::Rest))
        .count();
    let rest = pats.len() != fixed;
    let domain = usize::from(axes.domain.is_some());
    let found = axes.sizes.len() + if rest { 0 } else { domain };
    if found < fixed {
        let only = axes
            .sizes
            .last()
            .map(ToString::to_string)
            .unwrap_or("1".into());
        return problem.help(format!(
            "an axis is missing; `reshape({only}, 1)` adds one of size 1"
        ));
    }
    if found > fixed && !rest {
        return problem.help("there is an axis too many; `flatten` joins them");
    }
    problem.help("the sizes above must be the same")
}

/// Two shapes, one below the other.
fn drawn(of: &str, wanted: &str, found: &str) -> String {
    let first = format!("{of} takes");
    format!(
        "{first}  {wanted}\n{:>width$}  {found}",
        "it gets",
        width = first.chars().count()
    )
}

/// A tensor over another domain.
pub fn wrong_domain(val: &Val, found: &Domain, wanted: &Domain, due: &Due) -> Problem {
    Problem::new(
        Code::E0402,
        format!("`{}` wants {wanted} here, not {found}", due.of),
        val.span,
        format!("this has one entry for each of {found}"),
    )
    .and(due.span, format!("one entry for each of {wanted} is due"))
}

/// Sides of an operator with different sizes.
pub fn sizes_differ(
    symbol: &str,
    at: Span,
    a: (&Val, &Axes),
    b: (&Val, &Axes),
) -> Problem {
    Problem::new(
        Code::E0401,
        format!("sizes differ: {} and {}", a.1, b.1),
        at,
        format!("`{symbol}` works entry by entry"),
    )
    .and(a.0.span, format!("{}", a.1))
    .and(b.0.span, format!("{}", b.1))
    .help("both sides need the same sizes; a size of 1 fits any, and what has no rows is aligned at the end")
}

/// A tensor indexed by a map into something else.
pub fn wrong_map(of: &Val, at: &Val, from: &Domain, to: &Domain) -> Problem {
    Problem::new(
        Code::E0402,
        format!("this map leads from {from} to {to}, and that is not what is indexed"),
        at.span,
        format!("for each of {from}, one of {to}"),
    )
    .and(of.span, format!("this is {}", of.ty))
    .help(format!("index something with one entry for each of {to}"))
}

/// Sides of an operator over different domains.
pub fn domains_differ(
    symbol: &str,
    at: Span,
    a: (&Val, &Domain),
    b: (&Val, &Domain),
) -> Problem {
    Problem::new(
        Code::E0402,
        format!("{} and {} cannot meet in `{symbol}`", a.1, b.1),
        at,
        "one entry of the left does not belong to one of the right".to_string(),
    )
    .and(a.0.span, format!("one entry for each of {}", a.1))
    .and(b.0.span, format!("one entry for each of {}", b.1))
    .help("`|> sum(by: g.dst)` brings edges to nodes, `x[g.dst]` nodes to edges")
}

/// A result whose shape is not the declared one.
pub fn wrong_result(
    what: &str,
    name: &str,
    body: Span,
    found: &str,
    declared: (Span, &str),
    code: Code,
) -> Problem {
    Problem::new(
        code,
        format!("`{name}` promises {} and gives {found}", declared.1),
        body,
        format!("this is {found}"),
    )
    .and(declared.0, format!("the {what} says {}", declared.1))
    .note(drawn_result(declared.1, found))
    .help(if found.matches(',').count() > declared.1.matches(',').count() {
        "an axis is left over: `flatten` before the last layer joins it, or declare it"
    } else {
        "change the declared result, or the body"
    })
}

fn drawn_result(wanted: &str, found: &str) -> String {
    format!("promised  {wanted}\n   gives  {found}")
}

/// A layer that leaves nothing of its input.
pub fn nothing_left(
    layer: &str,
    at: Span,
    result: &Axes,
    input: (&Val, &Axes),
    largest: Option<(&str, i64)>,
) -> Problem {
    let problem = Problem::new(
        Code::E0403,
        format!("`{layer}` leaves nothing of {}", input.1),
        at,
        format!("its result would be {result}"),
    )
    .and(input.0.span, format!("this is {} here", input.1))
    .note(format!("goes in as  {}\ncomes out   {result}", input.1));
    match largest {
        Some((param, value)) => problem.help(format!("write `{param}: {value}` or less")),
        None => problem.help("the signal must be longer, or come earlier"),
    }
}

/// A size or count that has to be positive.
pub fn not_positive(val: &Val, due: &Due) -> Problem {
    let shown = val
        .as_static()
        .map_or(String::new(), |known| known.to_string());
    Problem::new(
        Code::E0403,
        format!("{} must be at least 1", due.name()),
        val.span,
        format!("this is {shown}"),
    )
    .and(due.span, "declared here")
}

/// A reshape that loses or invents entries.
pub fn reshape_differs(at: Span, from: &Axes, to: &Axes, input: &Val) -> Problem {
    Problem::new(
        Code::E0401,
        format!("{from} cannot become {to}"),
        at,
        "the sizes do not multiply to the same number".to_string(),
    )
    .and(input.span, format!("{from} arrives here"))
    .note(format!("goes in as  {from}\ncomes out   {to}"))
    .help("the product of the sizes must stay the same")
}

/// A round of `repeat` that changes the shape.
pub fn round_changes(at: Span, before: &str, after: &str) -> Problem {
    Problem::new(
        Code::E0401,
        "each round must keep the shape",
        at,
        "changes the shape",
    )
    .note(format!("goes in as  {before}\ncomes out   {after}"))
    .help("use `chain` when shapes change, or a layer of the same size")
}

/// A domain in arithmetic.
pub fn domain_as_number(span: Span, name: &str) -> Problem {
    Problem::new(
        Code::E0204,
        format!("`{name}` is a domain, not a number"),
        span,
        "how many entries it has is known only in a run",
    )
}

/// `concat()` of nothing.
pub fn nothing_to_join(at: Span) -> Problem {
    Problem::new(
        Code::E0105,
        "there is nothing to join",
        at,
        "no tensor here",
    )
    .help("write `concat(a, b)`")
}

/// Tensors that differ in more than their last size.
pub fn cannot_join(at: Span, a: (&Val, &Axes), b: (&Val, &Axes)) -> Problem {
    Problem::new(
        Code::E0401,
        format!("{} and {} cannot be joined", a.1, b.1),
        at,
        "`concat` joins along the last axis",
    )
    .and(a.0.span, format!("{}", a.1))
    .and(b.0.span, format!("{}", b.1))
    .help("everything but the last size must be the same")
}

/// A function that has no value there.
pub fn no_value(at: Span, name: &str, val: &Val) -> Problem {
    let shown = val
        .as_static()
        .map_or(String::new(), |known| known.to_string());
    Problem::new(
        Code::E0502,
        format!("`{name}` of {shown} is not a number"),
        at,
        "no value here",
    )
}
