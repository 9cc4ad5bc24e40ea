//! Verbs that put rows in order or count them.

use std::cmp::Ordering;
use std::sync::Arc;

use super::data::{Done, lost};
use super::rows::{lambda, picked, subject, unit_of, values};
use super::settings::symbol;
use crate::ir::describe;
use crate::run::{Cell, Column, Rows, Runner, Table, Value, Work};

/// `sort(by: …)`. Rows whose value failed come last.
pub fn sort(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let down = symbol(work.call, "order").ok_or_else(|| lost(work.span))? == "descending";
    let (rows, at, _) = ordered(runner, work, down)?;
    let by = describe(&lambda(work, "by")?.body);
    let way = if down { ", the largest first" } else { "" };
    Ok(picked(&rows, &at, format!("sorted by {by}{way}")))
}

/// `rank(by: …)`: the same, with each row's place. A row whose value failed has none.
pub fn rank(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let down = symbol(work.call, "first").ok_or_else(|| lost(work.span))? == "highest";
    let (rows, at, sound) = ordered(runner, work, down)?;
    let place = |at| match at < sound {
        true => Cell::Number((at + 1) as f64),
        false => Cell::Missing,
    };
    let column = Column {
        name: "rank".into(),
        unit: "".into(),
        cells: (0..at.len()).map(place).collect(),
    };
    let by = describe(&lambda(work, "by")?.body);
    let note = format!("ranked by {by}");
    Ok(match picked(&rows, &at, note) {
        Value::Dataset(data) => {
            let mut data = (*data).clone();
            data.columns.push(column);
            Value::Dataset(Arc::new(data))
        }
        Value::Table(table) => {
            let mut table = (*table).clone();
            table.columns.push(column);
            table.data = None;
            Value::Table(Arc::new(table))
        }
        other => other,
    })
}

/// The rows, their places in order, and how many of these have a value to be ordered by.
fn ordered(
    runner: &mut Runner<'_>,
    work: &Work<'_>,
    down: bool,
) -> Result<(Rows, Vec<usize>, usize), crate::diagnostic::Problem> {
    let rows = subject(runner, work)?;
    let cells = values(&rows, &lambda(work, "by")?.body, work.span)?;
    let sound = |at: &usize| !matches!(cells.get(*at), Some(Cell::Failed(_)));
    let (mut at, failed): (Vec<usize>, Vec<usize>) = (0..rows.len()).partition(sound);
    at.sort_by(|a, b| {
        let order = match (cells.get(*a), cells.get(*b)) {
            (Some(a), Some(b)) => compare(a, b),
            _ => Ordering::Equal,
        };
        if down { order.reverse() } else { order }
    });
    let sound = at.len();
    at.extend(failed);
    Ok((rows, at, sound))
}

/// The order of two values of one type; lists are compared entry by entry.
pub(super) fn compare(a: &Cell, b: &Cell) -> Ordering {
    match (a, b) {
        // -0 is 0.
        (Cell::Number(a), Cell::Number(b)) => (a + 0.0).total_cmp(&(b + 0.0)),
        (Cell::Text(a), Cell::Text(b)) => a.cmp(b),
        (Cell::Bool(a), Cell::Bool(b)) => a.cmp(b),
        (Cell::Element(a), Cell::Element(b)) => a.z().cmp(&b.z()),
        (Cell::Many(a), Cell::Many(b)) => {
            let mut pairs = a.iter().zip(b).map(|(a, b)| compare(a, b));
            let first = pairs.find(|order| *order != Ordering::Equal);
            first.unwrap_or(a.len().cmp(&b.len()))
        }
        _ => kind(a).cmp(&kind(b)),
    }
}

fn kind(cell: &Cell) -> u8 {
    match cell {
        Cell::Number(_) => 0,
        Cell::Text(_) => 1,
        Cell::Bool(_) => 2,
        Cell::Element(_) => 3,
        Cell::Many(_) => 4,
        Cell::Range(..) => 5,
        Cell::Structure(_) => 6,
        Cell::Fields(_) => 7,
        Cell::Table(_) => 8,
        Cell::Failed(_) => 9,
        Cell::Missing => 10,
    }
}

/// `count(by: …)`.
pub fn count(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    counted(runner, work, "by", |cell| vec![cell])
}

/// `count_members(of: …)`: a value that stands twice in a row counts once.
pub fn count_members(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    counted(runner, work, "of", |cell| match cell {
        Cell::Many(mut all) => {
            all.sort_by(compare);
            all.dedup_by(|a, b| a.same(b));
            all
        }
        other => vec![other],
    })
}

fn counted(
    runner: &mut Runner<'_>,
    work: &Work<'_>,
    param: &str,
    keys: fn(Cell) -> Vec<Cell>,
) -> Done {
    let rows = subject(runner, work)?;
    let of = lambda(work, param)?;
    let mut all: Vec<Cell> = Vec::new();
    for cell in values(&rows, &of.body, work.span)? {
        all.extend(keys(cell));
    }
    all.sort_by(compare);
    let (mut names, mut counts): (Vec<Cell>, Vec<usize>) = (Vec::new(), Vec::new());
    for cell in all {
        match (names.last(), counts.last_mut()) {
            (Some(last), Some(count)) if compare(last, &cell) == Ordering::Equal => {
                *count += 1;
            }
            _ => {
                names.push(cell);
                counts.push(1);
            }
        }
    }
    let counts = counts.into_iter().map(|count| Cell::Number(count as f64));
    let column = |name: &str, unit, cells| Column {
        name: name.into(),
        unit,
        cells,
    };
    let unit = unit_of(&rows, &of.body);
    let mut table = Table::new(vec![
        column(&super::rows::named(&of.body), unit, names),
        column("count", "".into(), counts.collect()),
    ]);
    (table.notes, table.saved) = (rows.notes(), rows.saved());
    Ok(Value::Table(Arc::new(table)))
}
