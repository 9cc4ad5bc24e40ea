//! About shapes: sizes, domains, what is left of a signal.

use super::{Due, describe, describe_axes};
use crate::diagnostic::{Code, Problem};
use crate::source::Span;
use crate::types::pattern::{AxisPat, Pat};
use crate::types::report::Use;
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
    problem.help(axes_advice(val, axes, pats, &due.of))
}

/// What to do about a tensor of other axes than are due.
fn axes_advice(val: &Val, axes: &Axes, pats: &[AxisPat], of: &str) -> String {
    match (pats.first(), &axes.domain) {
        (Some(AxisPat::Rows | AxisPat::Domain(_)), None) => {
            return "the first axis is missing: one entry for each row, atom or bond, as a \
                    model is given them"
                .into();
        }
        (Some(AxisPat::Rows), Some(found @ Domain::Named(..))) => {
            return across(found, &Domain::Rows);
        }
        (Some(AxisPat::Size(_)), Some(found)) => {
            return format!("`{of}` takes a single one, not one for each of {found}");
        }
        _ => {}
    }
    let due = pats
        .iter()
        .filter(|axis| matches!(axis, AxisPat::Size(_)))
        .count();
    let rest = pats.iter().any(|axis| matches!(axis, AxisPat::Rest));
    match due.checked_sub(axes.sizes.len()) {
        Some(missing) if missing > 0 => axes_missing(val, axes, missing),
        None if !rest => "there is an axis too many; `flatten` joins them".into(),
        _ => "the sizes above must be the same".into(),
    }
}

/// What adds the axes that are missing behind those there are.
fn axes_missing(val: &Val, axes: &Axes, missing: usize) -> String {
    let sizes = axes.sizes.iter().map(ToString::to_string);
    let ones = std::iter::repeat_n("1".to_owned(), missing);
    let sizes: Vec<String> = sizes.chain(ones).collect();
    let reshape = format!("`reshape({})`", sizes.join(", "));
    let whole = matches!(&val.ty, Ty::Number(number) if number.whole);
    match missing {
        1 if whole && axes.sizes.is_empty() => format!(
            "an axis is missing: `embedding(…)` or `one_hot(…)` makes one of whole numbers, \
             {reshape} one of size 1"
        ),
        1 => format!("an axis is missing; {reshape} adds one of size 1"),
        _ => format!("{missing} axes are missing; {reshape} adds them with size 1"),
    }
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
    .help(match (&*due.of, found) {
        ("sum" | "mean" | "max" | "softmax", Domain::Named(..)) => format!(
            "take rows by a map first, such as `x[g.src]`, or let `by` be a map from {found}"
        ),
        _ => across(found, wanted),
    })
}

/// What leads from one entry for each of `found` to one for each of `wanted`.
fn across(found: &Domain, wanted: &Domain) -> String {
    match (found, wanted) {
        (_, Domain::Rows) => {
            "`|> mean(by: g.node_graph)` makes one entry a row of what its nodes have, `by: \
             g.edge_graph` of what its edges have; `sum` and `max` do so too"
        }
        (Domain::Rows, _) => {
            "`x[g.node_graph]` has for each node what its row has, `x[g.edge_graph]` for \
             each edge"
        }
        _ => {
            "take rows by a map: `x[g.src]` has for each edge what a node has, \
             `|> sum(by: g.dst)` for each node the sum of its edges"
        }
    }
    .into()
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

/// A result whose shape is not the declared one. `by` is the map that leads from what it
/// has one entry for each of to the rows, where those are due.
pub fn wrong_result(
    what: &str,
    name: &str,
    body: Span,
    found: &str,
    declared: (Span, &str),
    code: Code,
    by: Option<&str>,
) -> Problem {
    Problem::new(
        code,
        format!("`{name}` promises {} and gives {found}", declared.1),
        body,
        format!("this is {found}"),
    )
    .and(declared.0, format!("the {what} says {}", declared.1))
    .note(drawn_result(declared.1, found))
    .help(match by {
        Some(by) => ending(&format!("mean(by: {by})"), true),
        None if found.matches(',').count() > declared.1.matches(',').count() => {
            "an axis is left over: `flatten` before the last layer joins it, or declare it"
                .into()
        }
        None => "change the declared result, or the body".into(),
    })
}

/// What to end a body with.
pub(super) fn ending(steps: &str, grouped: bool) -> String {
    let others = match grouped {
        true => "; `sum` and `max` go in the place of `mean`",
        false => "",
    };
    format!("end it with `{steps}`{others}")
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
    too_small(val, due, 1)
}

/// A size or count below the least it may be.
pub fn too_small(val: &Val, due: &Due, least: i64) -> Problem {
    Problem::new(
        Code::E0403,
        format!("{} must be at least {least}", due.name()),
        val.span,
        format!("this is {}", shown(val)),
    )
    .and(due.span, "declared here")
}

/// The same inside the standard library, where it is `written` so: which setting of the
/// user's call to make larger.
pub fn too_small_inside(
    problem: Problem,
    val: &Val,
    written: &str,
    used: &Use,
    least: i64,
) -> Problem {
    let words = |name: &str| {
        let mut words = written.split(|c: char| !c.is_alphanumeric() && c != '_');
        words.any(|word| word == name)
    };
    let setting = match used.not_positive.as_slice() {
        [one] => Some(one),
        several => several.iter().find(|name| words(name)),
    };
    let of = &used.name;
    problem
        .note(format!("`{written}` inside `{of}` is {}", shown(val)))
        .help(match setting {
            Some(name) if **name == *written => {
                format!("write `{name}: {least}` or more")
            }
            Some(name) => format!("give `{of}` a larger `{name}`"),
            None => format!("give `{of}` larger numbers"),
        })
}

/// A known value in words; empty when it is not known.
fn shown(val: &Val) -> String {
    val.as_static()
        .map_or(String::new(), |known| known.to_string())
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
    Problem::new(
        Code::E0502,
        format!("`{name}` of {} is not a number", shown(val)),
        at,
        "no value here",
    )
}
