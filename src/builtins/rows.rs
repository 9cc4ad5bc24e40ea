//! Verbs over the rows of a data set or a table.

use std::sync::Arc;

use rayon::prelude::*;

use super::data::{Done, lost};
use super::features::{Made, Workspace};
use super::settings::count;
use crate::diagnostic::{Code, Problem};
use crate::ir::{Call, Expr, Kind, Lambda, Setting, describe};
use crate::run::{
    Cell, Column, Dataset, Part, Rows, Runner, Table, Trouble, Value, Work, row_id,
};
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
pub fn functions(call: &Call, given: &[Cell]) -> Option<Cell> {
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

/// The columns a verb computes, `columns.NAME` among its settings, for every row.
fn computed(rows: &Rows, work: &Work<'_>) -> Result<Vec<Column>, Problem> {
    let mut columns = Vec::new();
    for (setting, value) in &work.call.settings {
        let (Some(name), Setting::Lambda(lambda)) =
            (setting.strip_prefix("columns."), value)
        else {
            continue;
        };
        columns.push(Column {
            name: name.into(),
            unit: unit_of(rows, &lambda.body),
            cells: values(rows, &lambda.body, work.span)?,
        });
    }
    Ok(columns)
}

/// The unit an expression is shown in: the one it says, or that of the column it is.
pub(super) fn unit_of(rows: &Rows, expr: &Expr) -> Arc<str> {
    match &expr.kind {
        Kind::Shown(_, unit) => unit.clone(),
        Kind::Field(of, name) if matches!(of.kind, Kind::Var(_)) => rows.unit(name),
        Kind::Call(call) if call.short_name() == "fill" => {
            let of = call.inputs.first();
            of.map_or("".into(), |of| unit_of(rows, of))
        }
        _ => "".into(),
    }
}

/// How many of a column's values could not be computed, and why the first could not.
fn failures(column: &Column) -> Option<String> {
    let mut failed = column.cells.iter().filter_map(|cell| match cell {
        Cell::Failed(why) => Some(why),
        _ => None,
    });
    let first = failed.next()?;
    let count = 1 + failed.count();
    let (name, all) = (&column.name, column.cells.len());
    Some(format!(
        "{name} could not be computed for {count} of {all} rows: {first}"
    ))
}

/// `derive(name: …)`.
pub fn derive(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let rows = subject(runner, work)?;
    let made = computed(&rows, work)?;
    let notes: Vec<String> = made.iter().filter_map(failures).collect();
    Ok(with_columns(&rows, made, notes))
}

/// The same rows with more columns.
pub(super) fn with_columns(rows: &Rows, made: Vec<Column>, notes: Vec<String>) -> Value {
    match rows {
        Rows::Dataset(data) => {
            let mut data = (**data).clone();
            data.columns.extend(made);
            data.source.notes.extend(notes);
            Value::Dataset(Arc::new(data))
        }
        Rows::Table(table) => {
            let mut table = (**table).clone();
            table.columns.extend(made);
            table.data = None;
            table.notes.extend(notes);
            Value::Table(Arc::new(table))
        }
    }
}

/// `select(.a, …)`.
pub fn select(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let rows = subject(runner, work)?;
    let columns = computed(&rows, work)?;
    let table = Table {
        rows: rows.len(),
        columns,
        cells: Vec::new(),
        notes: rows.notes(),
        saved: rows.saved(),
        data: None,
    };
    Ok(Value::Table(Arc::new(table)))
}

/// `sample(n)`: the rows whose draws are lowest, in the order they are in.
pub fn sample(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let rows = subject(runner, work)?;
    let wanted = count(work.call, "count").ok_or_else(|| lost(work.span))?;
    let draws = runner.draws(work.call);
    let mut drawn: Vec<(u64, usize)> = Vec::with_capacity(rows.len());
    for at in 0..rows.len() {
        // A row without an id is known by its place.
        let id = match rows.field(at, "id") {
            Cell::Text(id) => row_id(&id),
            _ => at as u64,
        };
        drawn.push((draws.seed("sample", &[id]), at));
    }
    drawn.sort_unstable();
    let mut kept: Vec<usize> = drawn.iter().take(wanted).map(|(_, at)| *at).collect();
    kept.sort_unstable();
    let note = format!("{} of {} rows, drawn", kept.len(), rows.len());
    Ok(picked(&rows, &kept, note))
}

/// `complete(.x, …)`.
pub fn complete(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let rows = subject(runner, work)?;
    let columns = computed(&rows, work)?;
    let has_all = |at: &usize| {
        columns
            .iter()
            .all(|column| !matches!(column.cell(*at), Cell::Missing | Cell::Failed(_)))
    };
    let kept: Vec<usize> = (0..rows.len()).filter(has_all).collect();
    let names: Vec<&str> = columns.iter().map(|column| &*column.name).collect();
    let (names, after, before) = (names.join(" and "), kept.len(), rows.len());
    let note = format!("with {names}: {after} of {before} rows");
    Ok(picked(&rows, &kept, note))
}

/// `impute(.x)`.
pub fn impute(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let data = given(runner, work)?;
    let column = lambda(work, "column")?;
    let rows = Rows::Dataset(data.clone());
    let mut cells = values(&rows, &column.body, work.span)?;
    let train = data.positions(Part::Train);
    let known: Vec<f64> = train
        .iter()
        .filter_map(|at| cells.get(*at).and_then(Cell::number))
        .collect();
    let name = describe(&column.body);
    let name = name.trim_start_matches('.');
    if known.is_empty() {
        return Err(Problem::new(
            Code::E0713,
            format!("no training row has `{name}`"),
            work.span,
            "nothing to take the mean of",
        )
        .help("take another column, or leave it out"));
    }
    let mean = known.iter().sum::<f64>() / known.len() as f64;
    let mut filled = 0;
    for cell in &mut cells {
        if matches!(cell, Cell::Missing | Cell::Failed(_)) {
            *cell = Cell::Number(mean);
            filled += 1;
        }
    }
    let unit = unit_of(&rows, &column.body);
    let mut data = (*data).clone();
    let note = format!(
        "{name}: the mean of {} training rows in {filled}",
        known.len()
    );
    data.source.notes.push(note);
    data.columns.retain(|known| &*known.name != name);
    data.columns.push(Column {
        name: name.into(),
        unit,
        cells,
    });
    Ok(Value::Dataset(Arc::new(data)))
}

/// What a column made of an expression is called, as the checker calls it.
pub(super) fn named(expr: &Expr) -> String {
    match &expr.kind {
        Kind::Shown(of, _) => named(of),
        Kind::Field(of, name) => match named(of) {
            before if before.is_empty() => name.to_string(),
            before => format!("{before}_{name}"),
        },
        Kind::Call(call) if call.short_name() == "fill" => call
            .inputs
            .first()
            .map(|input| named(input))
            .unwrap_or_default(),
        _ => String::new(),
    }
}
