//! Axes become rows: where a table is due, an expression with axes is read for every cell
//! and each cell is a row.

use std::sync::Arc;

use super::check::Checker;
use super::fields::trained_fields;
use super::holes::{Axis, Filled, Swept, kept};
use super::numeric::number;
use super::pattern::Pat;
use super::problems;
use super::signature::Signature;
use super::ty::{Columns, TableTy, Ty};
use super::value::{Ctx, Form, Func, Val};
use super::verbs::{ECHOED, as_rows, insertion_fields};
use crate::ir::{CellAxis, Cells, Kind};
use crate::names::Bound;
use crate::source::Span;
use crate::syntax::ast::Expr;

/// Whether axes of what goes to a parameter of that type become rows.
pub fn closes(pat: &Pat) -> bool {
    match pat {
        Pat::Table | Pat::Rows => true,
        // Several models are the rows of a sweep too.
        Pat::List(of) => matches!(**of, Pat::Trained),
        _ => false,
    }
}

/// Whether a builtin takes one result, and no table of many: figures, reports and
/// `compare`.
pub fn takes_one(signature: &Signature) -> bool {
    let drawn = matches!(&signature.result, Some((Pat::Figure | Pat::Report, _)));
    signature.builtin && (drawn || &*signature.name == "compare")
}

impl Checker<'_> {
    /// Whether the first input of a function is a table.
    pub fn takes_rows(&mut self, func: &Val) -> bool {
        let Form::Func(func) = &func.form else {
            return false;
        };
        match &**func {
            Func::Lambda(..) => false,
            Func::Compose(both) => {
                let first = both.0.clone();
                self.takes_rows(&first)
            }
            Func::Item { id, .. } => {
                let signature = self.signature(*id);
                let first = signature.as_ref().and_then(|s| s.inputs().first());
                first.is_some_and(|param| closes(&param.pat))
            }
        }
    }

    /// An expression where a table is due. One whose cells are rows or lists themselves
    /// keeps its axes: the verb is applied in each cell.
    pub fn closed(&mut self, expr: &Arc<Expr<Bound>>, ctx: &Ctx) -> Val {
        let swept = self.cells(expr.span, &mut |checker| checker.infer(expr, ctx));
        let mut cells = swept.cells.values();
        let rows = cells.next().is_some_and(|val| {
            matches!(val.ty, Ty::Dataset(_) | Ty::Table(_) | Ty::List(_))
        });
        if rows {
            let value = kept(swept, expr.span);
            return self.in_cell(value);
        }
        as_rows(self.as_table(swept, expr.span))
    }

    /// The table of a sweep's cells; a value without axes stays what it is.
    pub fn as_table(&mut self, swept: Swept, span: Span) -> Val {
        if swept.axes.is_empty() || swept.cells.values().any(Val::is_poison) {
            return kept(swept, span);
        }
        // An axis that `tune` fills is none of the table's.
        if let Some(axis) = swept.searched().cloned() {
            self.report(problems::search_outside_tune(&axis, "the table", span));
            return Val::poison(span);
        }
        let Some(first) = swept.cells.values().next().cloned() else {
            return Val::poison(span);
        };
        let mut fields = fields_of(&first.ty);
        if let Ty::Insertion(_) = first.ty {
            // Its own arguments are fields of it: an axis that is one is the same column.
            let axes = &swept.axes;
            fields.retain(|(name, _)| {
                !ECHOED.contains(&&**name) || !axes.iter().any(|axis| axis.name == *name)
            });
        }
        if !self.names_differ(&swept.axes, &fields, span) {
            return Val::poison(span);
        }
        let mut columns: Columns = swept
            .axes
            .iter()
            .filter_map(|axis| Some((axis.name.clone(), axis.values.first()?.ty.clone())))
            .collect();
        let shown = |(name, ty): &(Arc<str>, Ty)| (name.clone(), unit_of(ty, &first));
        let names = fields.iter().map(shown).collect();
        columns.extend(fields);
        let ty = Ty::Table(Arc::new(TableTy {
            columns,
            cell: Some(first.ty.clone()),
            axes: known_axes(&swept.axes),
            from: None,
            ..TableTy::default()
        }));
        let mut cells = Vec::new();
        for (position, val) in &swept.cells {
            // A layer checked by itself has no values yet.
            let Some(value) = val.as_ir() else {
                return Val::unknown(ty, span);
            };
            cells.push((position.clone(), value));
        }
        let cells = Cells {
            axes: known_axes(&swept.axes),
            fields: names,
            cells,
        };
        Val::run(ty, Kind::Cells(Arc::new(cells)), span)
    }

    fn names_differ(&mut self, axes: &[Arc<Axis>], fields: &Columns, span: Span) -> bool {
        for (at, axis) in axes.iter().enumerate() {
            let before = axes.iter().take(at);
            if let Some(other) = before.into_iter().find(|other| other.name == axis.name)
            {
                let problem =
                    problems::axis_twice(&axis.name, axis.id.at, Some(other.id.at));
                self.report(problem);
                return false;
            }
            if fields.iter().any(|(name, _)| *name == axis.name) {
                self.report(problems::axis_twice(&axis.name, span, None));
                return false;
            }
        }
        true
    }

    /// Says which axes are open where one result is due.
    pub fn nothing_open(&mut self, met: &[Arc<Axis>], at: Span, of: &str) -> bool {
        let each: Vec<Arc<Axis>> = met
            .iter()
            .filter(|axis| axis.filled == Filled::ByEach)
            .cloned()
            .collect();
        if each.is_empty() {
            return true;
        }
        self.report(problems::axis_open(&each, at, of));
        false
    }
}

/// The unit a field of a cell is shown in: the one written, or that of its dimension.
fn unit_of(ty: &Ty, cell: &Val) -> Arc<str> {
    if let Form::Run(expr) = &cell.form
        && let Kind::Shown(_, unit) = &expr.kind
    {
        return unit.clone();
    }
    match number(ty) {
        Some(number) if !number.dimension.is_none() => number.dimension.unit().into(),
        _ => "".into(),
    }
}

/// The axes with their values as the plan writes them down.
fn known_axes(axes: &[Arc<Axis>]) -> Vec<CellAxis> {
    let known = |axis: &Arc<Axis>| CellAxis {
        name: axis.name.clone(),
        values: axis.values.iter().filter_map(Val::as_static).collect(),
    };
    axes.iter().map(known).collect()
}

/// What a cell has, as columns; a plain value is the column `value`.
pub fn fields_of(ty: &Ty) -> Columns {
    match ty {
        Ty::Record(fields) => fields.clone(),
        Ty::Trained(trained) => trained_fields(trained, false),
        Ty::Evaluated(trained) => trained_fields(trained, true),
        Ty::Scores(scores) => (**scores).clone(),
        Ty::Insertion(_) => insertion_fields(),
        other => vec![("value".into(), other.clone())],
    }
}
