//! About holes, axes and searches.

use std::sync::Arc;

use crate::diagnostic::{Code, Problem};
use crate::source::Span;
use crate::types::holes::Axis;
use crate::types::ty::{Part, Ty};

/// A hole in a function, where it would have no place in the plan.
pub fn hole_in_function(name: &str, at: Span) -> Problem {
    Problem::new(
        Code::E0503,
        format!("`{name}` cannot stand inside a function"),
        at,
        "one value is due here",
    )
    .help("make it an argument, and put the hole where the function is called")
}

/// A hole whose values only a run would know.
pub fn hole_not_known(at: Span) -> Problem {
    Problem::new(
        Code::E0208,
        "the values of a hole must be known before the run",
        at,
        "this is not",
    )
    .help("write the values out: the plan has a cell for each of them")
}

/// A hole that holds nothing.
pub fn no_values(at: Span) -> Problem {
    Problem::new(
        Code::E0502,
        "this hole has no value to take",
        at,
        "from the first to the last there is nothing",
    )
    .help("write the smaller end first")
}

/// A range with more values than a sweep may have cells.
pub fn range_too_long(at: Span, most: usize) -> Problem {
    Problem::new(
        Code::E0502,
        "this range makes too many cells",
        at,
        format!("a sweep may have {most}"),
    )
    .help("write the values that matter one by one")
}

/// A product of axes that is too large.
pub fn too_many_cells(at: Span, axes: &[Arc<Axis>], most: usize) -> Problem {
    let sizes: Vec<String> = axes
        .iter()
        .map(|axis| format!("{} of `{}`", axis.values.len(), axis.name))
        .collect();
    let mut problem = Problem::new(
        Code::E0502,
        format!("this sweep has more than {most} cells"),
        at,
        sizes.join(" × "),
    );
    for axis in axes {
        problem = problem.and(axis.id.at, format!("`{}`", axis.name));
    }
    problem.help("take values out, or search with `tune` instead")
}

/// A search hole that no `tune` fills.
pub fn search_outside_tune(axis: &Axis, study: &str, study_at: Span) -> Problem {
    Problem::new(
        Code::E0503,
        "only `tune` can fill this hole",
        axis.id.at,
        "no `tune` is around it",
    )
    .and(
        study_at,
        format!("`{study}` runs with `{}` open", axis.name),
    )
    .help("`each(…)` sweeps over values; or put the `train` into `tune(trial: …)`")
}

/// A value with axes where one result is due.
pub fn axis_open(axes: &[Arc<Axis>], at: Span, of: &str) -> Problem {
    let shown: Vec<String> = axes
        .iter()
        .map(|axis| format!("`{}` ({} cells)", axis.name, axis.values.len()))
        .collect();
    let word = if axes.len() == 1 { "axis" } else { "axes" };
    let mut problem = Problem::new(
        Code::E0504,
        format!("this still has the {word} {}", shown.join(", ")),
        at,
        format!("`{of}` takes one result"),
    );
    for axis in axes {
        problem = problem.and(axis.id.at, "the axis is made here");
    }
    problem.help(
        "choose a cell with `|> pick(minimize: .val.rmse)`, or show all of them with \
         `pivot`, `lines` or `heatmap`",
    )
}

/// Two axes that would be columns of one name, or an axis named as a field.
pub fn axis_twice(name: &str, at: Span, other: Option<Span>) -> Problem {
    let problem = Problem::new(
        Code::E0207,
        format!("there would be two columns `{name}`"),
        at,
        "this axis is one of them",
    );
    let problem = match other {
        Some(other) => problem.and(other, "and this the other"),
        None => problem.note("each cell has a field of that name already"),
    };
    problem.help("give the axis a name of its own: `let cutoff = each(…)`")
}

/// Columns of a pivot that only a run would know.
pub fn columns_not_known(at: Span) -> Problem {
    Problem::new(
        Code::E0208,
        "the columns of a pivot must be known before the run",
        at,
        "this is not an axis of the sweep",
    )
    .help("write an axis, as `.blocks`, or several, as `(.blocks, .cutoff)`")
}

/// A table that was never a sweep, where a cell is to be chosen.
pub fn no_cells(at: Span, found: &Ty) -> Problem {
    Problem::new(
        Code::E0201,
        "there are no cells to choose from",
        at,
        format!("this is a {found} without axes"),
    )
    .help("`pick` chooses among the cells of a sweep: put `each(…)` for a setting")
}

/// A condition that leaves no cell.
pub fn no_cell_left(at: Span) -> Problem {
    Problem::new(
        Code::E0502,
        "no cell of the sweep fulfils this",
        at,
        "every cell is left out",
    )
    .help("compare with values that the axes have")
}

/// A choice decided by test rows.
pub fn test_chooses(at: Span, verb: &str) -> Problem {
    Problem::new(
        Code::W0503,
        "the test rows choose here",
        at,
        format!("`{verb}` decides by the test score"),
    )
    .note("a score that chose is no longer a score on unseen rows")
    .help(format!("write `.{}` for `.test`", Part::Val.name()))
}

/// A search with nothing to search.
pub fn nothing_to_tune(at: Span) -> Problem {
    Problem::new(
        Code::W0504,
        "this `tune` has nothing to choose",
        at,
        "no hole is in it",
    )
    .help("put `choice(…)`, `int(…)` or `uniform(…)` for a setting of the trial")
}
