//! About fields, columns, and what stands behind the name of a module.

use super::{article, listed};
use crate::diagnostic::{Code, Problem, nearest};
use crate::source::Span;
use crate::types::ty::{Columns, Ty};

/// Names of a module that a message lists.
const MOST_LISTED: usize = 12;

/// A field or column that does not exist.
pub fn no_such_field(name: &str, at: Span, ty: &Ty, known: &Columns) -> Problem {
    let what = match ty {
        Ty::Row(_) => "the rows have no column".to_string(),
        Ty::Record(_) => "the record has no field".to_string(),
        other => format!("{} has no field", article(&other.to_string())),
    };
    let names: Vec<&str> = known.iter().map(|(name, _)| &**name).collect();
    let problem = Problem::new(
        Code::E0203,
        format!("{what} `{name}`"),
        at,
        "no such name here",
    );
    match nearest(name, names.iter().copied()) {
        Some(near) => problem.help(format!("did you mean `.{near}`?")),
        None if names.is_empty() => problem,
        None => problem.help(format!("there are {}", listed(&names))),
    }
}

/// A part of a data set that was never split off.
pub fn no_such_part(part: &str, at: Span, fix: &str) -> Problem {
    Problem::new(
        Code::E0203,
        format!("this data set has no `.{part}`"),
        at,
        "it was not split off",
    )
    .help(format!("add `|> {fix}` to the data set"))
}

/// A name that a module does not have.
pub fn not_in_module(name: &str, at: Span, module: &str, items: &[&str]) -> Problem {
    let problem = Problem::new(
        Code::E0203,
        format!("the module `{module}` has no `{name}`"),
        at,
        "no such name there",
    );
    if let Some(near) = nearest(name, items.iter().copied()) {
        return problem.help(format!("did you mean `.{near}`?"));
    }
    match items.get(..MOST_LISTED) {
        _ if items.is_empty() => problem,
        Some(first) if items.len() > MOST_LISTED => problem.help(format!(
            "there are {} and {} more",
            listed(first),
            items.len() - MOST_LISTED
        )),
        _ => problem.help(format!("there are {}", listed(items))),
    }
}
