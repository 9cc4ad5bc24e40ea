//! What a network reads of a crystal graph: fields such as `g.distance`, maps such as
//! `g.line.dst`.

use std::sync::Arc;

use crate::ir::{Call, Expr, Kind, Setting, Static};
use crate::nn::{Domain, Field, Link, Route};

/// The field of a batch that an expression is.
pub fn field(expr: &Expr) -> Option<Field> {
    let (line, name) = path(expr)?;
    match (line, name) {
        (false, "species") => Some(Field::Species),
        (false, "degree") => Some(Field::Degree),
        (false, "distance") => Some(Field::Distance),
        (false, "cosine") => Some(Field::Cosine),
        (true, "degree") => Some(Field::LineDegree),
        _ => None,
    }
}

/// The map that an expression is: `g.src`, `g.node_graph[g.dst]`.
pub fn route(expr: &Expr) -> Option<Route> {
    if let Kind::Gather(of, by) = &expr.kind {
        return route(by)?.then(&route(of)?);
    }
    let (line, name) = path(expr)?;
    let link = match (line, name) {
        (false, "src") => Link::Src,
        (false, "dst") => Link::Dst,
        (false, "node_graph") => Link::AtomRow,
        (false, "edge_graph") => Link::BondRow,
        (true, "src") => Link::LineSrc,
        (true, "dst") => Link::LineDst,
        // The nodes of the line graph are the bonds.
        (true, "node_graph") => Link::BondRow,
        (true, "edge_graph") => Link::AngleRow,
        _ => return None,
    };
    Some(Route::new(link))
}

/// The last field of a path from the network's input, and whether it is the line graph's.
fn path(expr: &Expr) -> Option<(bool, &str)> {
    let Kind::Field(of, name) = &expr.kind else {
        return None;
    };
    match &of.kind {
        Kind::Var(_) => Some((false, name)),
        Kind::Field(inner, line) if matches!(inner.kind, Kind::Var(_)) => {
            (&**line == "line").then_some((true, name))
        }
        _ => None,
    }
}

/// The input of a grouping and the map it groups by: `sum(by: g.dst)(x)`.
pub fn grouped(call: &Call) -> Option<(&Arc<Expr>, Route)> {
    match &call.inputs[..] {
        [first, second] => match (route(first), route(second)) {
            (Some(by), None) => Some((second, by)),
            (None, Some(by)) => Some((first, by)),
            _ => None,
        },
        _ => None,
    }
}

/// The domain and sizes of `zeros(rows, 2)` and `ones(rows, 2)`.
pub fn axes(call: &Call) -> Option<(Option<Domain>, Vec<usize>)> {
    let Setting::Static(Static::List(all)) = call.setting("axes")? else {
        return None;
    };
    let (domain, sizes) = match all.split_first() {
        Some((Static::Text(word), rest)) => (Some(Domain::parse(word)?), rest),
        _ => (None, &all[..]),
    };
    let size = |value: &Static| match value {
        Static::Int(n) => usize::try_from(*n).ok(),
        _ => None,
    };
    Some((domain, sizes.iter().map(size).collect::<Option<_>>()?))
}

/// The ends of a range of numbers.
pub fn range(call: &Call, name: &str) -> Option<(f64, f64)> {
    match call.setting(name)? {
        Setting::Static(Static::Range(from, to, _)) => {
            Some((from.as_f64()?, to.as_f64()?))
        }
        _ => None,
    }
}

/// The first of a range of whole numbers, and how many there are.
pub fn classes(call: &Call, name: &str) -> Option<(i64, usize)> {
    match call.setting(name)? {
        Setting::Static(Static::Range(from, to, inclusive)) => {
            let (Static::Int(from), Static::Int(to)) = (&**from, &**to) else {
                return None;
            };
            let count = to.checked_sub(*from)?.checked_add(i64::from(*inclusive))?;
            Some((*from, usize::try_from(count).ok()?))
        }
        _ => None,
    }
}
