//! About ions in hosts.

use crate::diagnostic::{Code, Problem};
use crate::source::Span;

/// An ion whose energy by itself is not given.
pub fn no_reference(ion: &str, at: Span, reference: Span) -> Problem {
    Problem::new(
        Code::E0506,
        format!("there is no reference energy for {ion}"),
        at,
        "this ion",
    )
    .and(reference, "the references")
    .help(format!(
        "add `{ion}: … eV`, the energy of one {ion} by itself from the same engine"
    ))
}

/// A reference energy of something that is no element.
pub fn reference_of_no_element(name: &str, at: Span) -> Problem {
    Problem::new(
        Code::E0506,
        format!("`{name}` is not an element"),
        at,
        "reference energies belong to ions",
    )
    .help("write them by element symbol: `{ Li: -1.9 eV }`")
}

/// A density asked of an engine that has none.
pub fn no_density(verb: &str, at: Span, engine: &str, of: Span) -> Problem {
    Problem::new(
        Code::E0508,
        format!("`{verb}` needs an electron density, and `{engine}` has none"),
        at,
        "reads a density",
    )
    .and(of, format!("computed by `{engine}`"))
    .help("use `gpaw(…)`, `qe(…)` or `vasp(…)` as the calculator")
}

/// A table whose rows are no insertions.
pub fn not_insertions(at: Span, verb: &str) -> Problem {
    Problem::new(
        Code::E0201,
        format!("`{verb}` wants the cells of an `insertion(…)`"),
        at,
        "these rows are something else",
    )
}

/// An isosurface of a table without densities.
pub fn no_density_column(at: Span) -> Problem {
    Problem::new(
        Code::E0203,
        "the rows have no column `density`",
        at,
        "nothing to draw a surface of",
    )
    .help("add `|> density_difference` before it")
}
