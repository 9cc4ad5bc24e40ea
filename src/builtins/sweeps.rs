//! The cells of a sweep as a table, a cell chosen, cells laid out.

use std::sync::Arc;

use super::data::lost;
use super::rows::{lambda, subject, values};
use crate::diagnostic::{Code, Problem};
use crate::ir::{CellAxis, Cells, Expr, Kind, Static};
use crate::plan::{NodeId, Plan, Work as Planned};
use crate::run::{Cell, Column, Rows, Runner, Table, Value, Work, known};
use crate::source::Span;

/// A row for every cell of a sweep: its place on the axes, then what it has.
pub fn cells(
    runner: &mut Runner<'_>,
    cells: &Cells,
    nodes: &[NodeId],
) -> Result<Value, Problem> {
    let mut columns: Vec<Column> = Vec::new();
    for (place, axis) in cells.axes.iter().enumerate() {
        let mut column = Column {
            name: axis.name.clone(),
            unit: axis.unit(),
            cells: Vec::new(),
        };
        for (position, _) in &cells.cells {
            let value = position.get(place).and_then(|at| axis.values.get(*at));
            column.cells.push(value.map_or(Cell::Missing, of_axis));
        }
        columns.push(column);
    }
    let axes = columns.len();
    for (name, unit) in &cells.fields {
        columns.push(Column {
            name: name.clone(),
            unit: unit.clone(),
            cells: Vec::new(),
        });
    }
    let mut made = Vec::new();
    for (node, (position, _)) in nodes.iter().zip(&cells.cells) {
        let value = runner.value(*node);
        let value = value.map_err(|problem| in_cell(problem, &cells.axes, position))?;
        for (column, (name, _)) in columns.iter_mut().skip(axes).zip(&cells.fields) {
            let cell = match &value {
                Value::Cell(cell) if cell.field(name).is_none() => cell.clone(),
                Value::Table(table) => Cell::Table(table.clone()),
                _ => cell_of(runner.field(*node, name)?),
            };
            column.cells.push(cell);
        }
        made.push(value);
    }
    Ok(Value::Table(Arc::new(Table {
        columns,
        rows: nodes.len(),
        cells: made,
        ..Table::default()
    })))
}

/// A failure, and which cell of the sweep it is of.
fn in_cell(problem: Problem, axes: &[CellAxis], position: &[usize]) -> Problem {
    if problem.code == Code::E0809 {
        return problem;
    }
    let words = axes.iter().zip(position).filter_map(|(axis, at)| {
        let value = axis.values.get(*at)?;
        Some(format!("{} {value}", axis.name))
    });
    let words: Vec<String> = words.collect();
    problem.note(format!(
        "in the cell of the sweep with {}",
        words.join(", ")
    ))
}

fn cell_of(value: Value) -> Cell {
    match value {
        Value::Cell(cell) => cell,
        Value::Table(table) => Cell::Table(table),
        _ => Cell::Missing,
    }
}

/// A value of an axis as a value of a row; what is no number, text or element, by its
/// words.
fn of_axis(value: &Static) -> Cell {
    known(value).unwrap_or_else(|| Cell::text(&value.to_string()))
}

/// `t |> pick(minimize: …)`.
pub fn pick(runner: &mut Runner<'_>, work: &Work<'_>) -> Result<Value, Problem> {
    let rows = subject(runner, work)?;
    let measure = lambda(work, "minimize")?;
    let found = values(&rows, &measure.body, work.span)?;
    let mut best: Option<(usize, f64)> = None;
    for (at, cell) in found.iter().enumerate() {
        let Some(number) = cell.number().filter(|number| !number.is_nan()) else {
            continue;
        };
        if best.is_none_or(|(_, least)| number < least) {
            best = Some((at, number));
        }
    }
    let (Some((at, _)), Rows::Table(table)) = (best, &rows) else {
        return Err(nothing_to_pick(measure.body.span, rows.len()));
    };
    table.cells.get(at).cloned().ok_or_else(|| lost(work.span))
}

fn nothing_to_pick(at: Span, rows: usize) -> Problem {
    Problem::new(
        Code::E0713,
        "no cell can be chosen",
        at,
        format!("none of the {rows} cells has a number here"),
    )
    .help("look at the table without `pick`: it says what each cell came to")
}

/// `t |> pivot(rows: …, columns: …, value: …)`.
pub fn pivot(runner: &mut Runner<'_>, work: &Work<'_>) -> Result<Value, Problem> {
    let rows = subject(runner, work)?;
    let Rows::Table(table) = &rows else {
        return Err(lost(work.span));
    };
    let bodies = [
        lambda(work, "rows")?.body.clone(),
        lambda(work, "columns")?.body.clone(),
        lambda(work, "value")?.body.clone(),
    ];
    let [across, down, inside] = &bodies;
    let row_keys = values(&rows, across, work.span)?;
    let column_keys = values(&rows, down, work.span)?;
    let found = values(&rows, inside, work.span)?;
    let axes = axes_behind(runner.plan, work.id);
    let row_values = distinct(&row_keys);
    let column_values = distinct(&column_keys);
    let mut columns = Vec::new();
    for (place, name) in names(across).into_iter().enumerate() {
        let source = table.column(&name);
        columns.push(Column {
            name,
            unit: source.map(|column| column.unit.clone()).unwrap_or_default(),
            cells: row_values.iter().map(|key| part(key, place)).collect(),
        });
    }
    let unit = match &inside.kind {
        Kind::Shown(_, unit) => unit.clone(),
        _ => "".into(),
    };
    for key in &column_values {
        let mut cells = vec![Cell::Missing; row_values.len()];
        for ((row, column), value) in row_keys.iter().zip(&column_keys).zip(&found) {
            let place = row_values.iter().position(|known| known.same(row));
            if let (true, Some(cell)) = (
                column.same(key),
                place.and_then(|place| cells.get_mut(place)),
            ) {
                *cell = value.clone();
            }
        }
        columns.push(Column {
            name: title(key, &names(down), &axes).into(),
            unit: unit.clone(),
            cells,
        });
    }
    Ok(Value::Table(Arc::new(Table::new(columns))))
}

/// Values in the order they first stand there.
fn distinct(all: &[Cell]) -> Vec<Cell> {
    let mut found: Vec<Cell> = Vec::new();
    for cell in all {
        if !found.iter().any(|known| known.same(cell)) {
            found.push(cell.clone());
        }
    }
    found
}

/// The columns a row function reads, one for each part of a tuple.
fn names(expr: &Expr) -> Vec<Arc<str>> {
    let all: Vec<&Expr> = match &expr.kind {
        Kind::Tuple(parts) => parts.iter().map(|part| &**part).collect(),
        _ => vec![expr],
    };
    let name = |expr: &&Expr| match &expr.kind {
        Kind::Field(_, name) => name.clone(),
        _ => "row".into(),
    };
    all.iter().map(name).collect()
}

fn part(key: &Cell, place: usize) -> Cell {
    match key {
        Cell::Many(parts) => parts.get(place).cloned().unwrap_or(Cell::Missing),
        other => other.clone(),
    }
}

/// What a column is called: the values of its axes.
fn title(key: &Cell, names: &[Arc<str>], axes: &[CellAxis]) -> String {
    let mut words = Vec::new();
    for (place, name) in names.iter().enumerate() {
        let cell = part(key, place);
        let axis = axes.iter().find(|axis| axis.name == *name);
        let value = axis.and_then(|axis| {
            let mut values = axis.values.iter();
            values.find(|value| of_axis(value).same(&cell))
        });
        words.push(match (axis, value) {
            (Some(axis), Some(value)) => axis.label(value),
            _ => name.to_string(),
        });
    }
    words.join(", ")
}

/// The axes of the sweep that a table came from.
fn axes_behind(plan: &Plan, id: NodeId) -> Vec<CellAxis> {
    let mut at = Some(id);
    while let Some(node) = at.and_then(|id| plan.node(id)) {
        if let Planned::Cells(cells) = &node.work {
            return cells.axes.clone();
        }
        at = node.inputs.first().copied();
    }
    Vec::new()
}
