//! Verbs over the rows of a data set or a table.

use std::sync::Arc;

use rayon::prelude::*;

use super::data::{Done, lost};
use super::features::{Made, Workspace};
use super::settings::count;
use crate::diagnostic::{Code, Problem};
use crate::ir::{Call, Expr, Lambda, Setting, describe};
use crate::run::{Cell, Dataset, Rows, Runner, Trouble, Value, Work};
use crate::source::Span;

/// The data set a verb works on.
pub(super) fn given(
    runner: &mut Runner<'_>,
    work: &Work<'_>,
) -> Result<Arc<Dataset>, Problem> {
    let input = runner.input(work)?;
    runner.dataset(input)
}

/// The rows a verb works on, of either kind.
pub(super) fn subject(runner: &mut Runner<'_>, work: &Work<'_>) -> Result<Rows, Problem> {
    let input = runner.input(work)?;
    runner.rows(input)
}

/// A function of a row.
pub(super) fn lambda<'a>(work: &'a Work<'_>, name: &str) -> Result<&'a Lambda, Problem> {
    match work.call.setting(name) {
        Some(Setting::Lambda(lambda)) => Ok(lambda),
        _ => Err(lost(work.span)),
    }
}

/// The value of an expression for every row, in their order. A row that lacks what the
/// expression needs is an error; one that lacks the value itself has none.
pub(super) fn values(rows: &Rows, expr: &Expr, span: Span) -> Result<Vec<Cell>, Problem> {
    let found: Result<Vec<Cell>, (usize, Trouble)> = (0..rows.len())
        .into_par_iter()
        .map(|at| rows.eval(at, expr, &functions).map_err(|why| (at, why)))
        .collect();
    found.map_err(|(at, trouble)| match trouble {
        Trouble::Lacks(what, place) => {
            let place = if place == Span::NOWHERE { span } else { place };
            lacks(&what, place).note(rows.place(at))
        }
        Trouble::NoValue(place) => no_value(place).note(rows.place(at)),
    })
}

/// Functions of structures that a row may use.
fn functions(call: &Call, given: &[Cell]) -> Option<Cell> {
    let [Cell::Structure(record)] = given else {
        return None;
    };
    let super::Body::Feature(feature) = super::find(&call.builtin)? else {
        return None;
    };
    let given = vec![Made::Structure(&record.structure)];
    Some(match feature(call, given, &mut Workspace::new()) {
        Ok(Made::Numbers(numbers)) => match numbers.as_slice() {
            [number] => Cell::Number(*number),
            numbers => Cell::Many(numbers.iter().copied().map(Cell::Number).collect()),
        },
        Ok(Made::Text(text)) => Cell::text(&text),
        Ok(Made::Structure(_) | Made::Graph(_)) => return None,
        Err(why) => Cell::Failed(why.text.as_str().into()),
    })
}

/// A row that lacks a value its column promised.
fn lacks(what: &str, span: Span) -> Problem {
    Problem::new(
        Code::E0703,
        format!("a row lacks `{what}`"),
        span,
        "needed here",
    )
    .help(
        "the head of the source has it in every row; give it to this row too, or leave \
         the row out",
    )
}

/// Something that has no value for a row.
fn no_value(span: Span) -> Problem {
    Problem::new(
        Code::E0603,
        "this has no value for some row",
        span,
        "computed for each row",
    )
    .help(
        "rows are computed with operators, `abs`, `sqrt`, `cbrt`, `exp`, `ln`, `div`, \
         `mod`, `size`, `map`, `overlaps` and `fill`",
    )
}

/// The same kind of rows: those at the positions, and a sentence on how they came about.
pub(super) fn picked(rows: &Rows, at: &[usize], note: String) -> Value {
    match rows {
        Rows::Dataset(data) => {
            let mut picked = data.pick(at);
            picked.source.notes.push(note);
            Value::Dataset(Arc::new(picked))
        }
        Rows::Table(table) => {
            let mut picked = table.pick(at);
            picked.notes.push(note);
            Value::Table(Arc::new(picked))
        }
    }
}

/// `where(…)`. A row whose condition could not be computed is left out, and counted.
pub fn keep_where(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let rows = subject(runner, work)?;
    let keep = lambda(work, "keep")?;
    let mut kept = Vec::new();
    let mut failed = 0_usize;
    for (at, cell) in values(&rows, &keep.body, work.span)?.iter().enumerate() {
        match cell {
            Cell::Bool(true) => kept.push(at),
            Cell::Bool(false) => {}
            Cell::Failed(_) => failed += 1,
            _ => return Err(no_value(keep.body.span).note(rows.place(at))),
        }
    }
    let (before, after) = (rows.len(), kept.len());
    let mut note = format!("where {}: {after} of {before} rows", describe(&keep.body));
    if failed > 0 {
        note += &format!("; {failed} could not be computed");
    }
    Ok(picked(&rows, &kept, note))
}

/// `take(n)`.
pub fn take(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let rows = subject(runner, work)?;
    let wanted = count(work.call, "count").ok_or_else(|| lost(work.span))?;
    let first: Vec<usize> = (0..rows.len().min(wanted)).collect();
    let note = format!("the first {} of {} rows", first.len(), rows.len());
    Ok(picked(&rows, &first, note))
}
