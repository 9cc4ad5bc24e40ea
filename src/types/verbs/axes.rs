//! A condition over the axes of a sweep: cells that never run.

use std::sync::Arc;

use crate::ir::{Cells, Expr, Kind, Lambda, parts};
use crate::run::{Cell, Column, Rows, Table, known};
use crate::types::builtin::Applied;
use crate::types::check::Checker;
use crate::types::problems;
use crate::types::value::{Form, Val};

/// A condition over the axes of a sweep alone leaves cells out before they run.
pub fn cells_kept(
    checker: &mut Checker<'_>,
    call: &Applied,
    keep: &Lambda,
    found: &Val,
) -> Option<Val> {
    let rows = call.value("rows")?;
    let Form::Run(expr) = &rows.form else {
        return None;
    };
    let Kind::Cells(cells) = &expr.kind else {
        return None;
    };
    let mut left = Vec::new();
    for (position, value) in &cells.cells {
        if holds(&keep.body, cells, position)? {
            left.push((position.clone(), value.clone()));
        }
    }
    if left.is_empty() {
        checker.report(problems::no_cell_left(found.span));
        return Some(Val::poison(call.at));
    }
    let cells = Cells {
        cells: left,
        ..(**cells).clone()
    };
    let kind = Kind::Cells(Arc::new(cells));
    Some(Val::run(rows.ty.clone(), kind, call.at))
}

/// Whether a cell fulfils a condition; none when more than its axes decide.
fn holds(condition: &Expr, cells: &Cells, position: &[usize]) -> Option<bool> {
    let mut columns = Vec::new();
    for (axis, at) in cells.axes.iter().zip(position) {
        let value = axis.values.get(*at)?;
        columns.push(Column {
            name: axis.name.clone(),
            unit: "".into(),
            cells: vec![known(value)?],
        });
    }
    if !reads_only(condition, cells) {
        return None;
    }
    let row = Rows::Table(Arc::new(Table::new(columns)));
    match row.eval(0, condition, &|_, _| None) {
        Ok(Cell::Bool(holds)) => Some(holds),
        _ => None,
    }
}

fn reads_only(expr: &Expr, cells: &Cells) -> bool {
    if let Kind::Field(of, name) = &expr.kind
        && matches!(of.kind, Kind::Var(_))
    {
        return cells.axes.iter().any(|axis| axis.name == *name);
    }
    parts(expr).into_iter().all(|part| reads_only(part, cells))
}
