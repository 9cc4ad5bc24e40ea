//! Holes: `each` makes axes of a sweep, `choice` and its like are for `tune` to fill.
//!
//! An expression with holes is read once for every cell: a hole gives the value that the
//! cell at hand has for it, and tells whoever collects axes that it was met. So no rule
//! of the checker knows of sweeps; only three places do: a `let` keeps a value per cell,
//! a parameter that takes a table closes the axes into its rows, and a study is a table
//! of its cells.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;

use super::bind::value;
use super::check::Checker;
use super::numeric::same_kind;
use super::problems;
use super::size::Size;
use super::value::{Arg, Args, Ctx, Form, Val};
use crate::names::Bound;
use crate::source::Span;
use crate::syntax::ast::{Arg as Written, Expr, ExprKind};

/// Builtins that are holes.
pub const HOLES: &[&str] =
    &["choice", "each", "int", "log_uniform", "several", "uniform"];

/// The most cells a sweep may have.
pub const MOST_CELLS: usize = 4096;

/// With search holes, more combinations than this are not all read: the smallest and the
/// largest of everything, and the largest of each alone, stand for them.
const ALL_READ: usize = 256;

/// A hole as it stands in the text; a hole inside `several` once per copy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AxisId {
    /// Where it was written.
    pub at: Span,
    /// Which copy, for each `several` around it.
    pub copy: Vec<u32>,
}

/// Who fills a hole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filled {
    /// The sweep: every value has its turn.
    ByEach,
    /// `tune`: the values here are the ends of what it may try.
    BySearch,
}

/// An axis of a sweep or of a search.
#[derive(Clone, Debug)]
pub struct Axis {
    /// Which.
    pub id: AxisId,
    /// The `let`, argument or field that holds it.
    pub name: Arc<str>,
    /// Who fills it.
    pub filled: Filled,
    /// Its values.
    pub values: Vec<Val>,
}

/// A value for every cell of some axes.
#[derive(Clone, Debug)]
pub struct Swept {
    /// The axes, in the order of the text.
    pub axes: Vec<Arc<Axis>>,
    /// Values by the position on each axis.
    pub cells: BTreeMap<Vec<usize>, Val>,
}

/// The cell an expression is being read for, and the axes met meanwhile.
#[derive(Debug, Default)]
pub struct Sweep {
    chosen: BTreeMap<AxisId, usize>,
    met: Vec<IndexMap<AxisId, Arc<Axis>>>,
}

impl Sweep {
    /// Where the cell at hand stands on an axis. One that is not chosen is met: whoever
    /// collects axes will read the expression for each of its values.
    fn position(&mut self, axis: &Arc<Axis>) -> usize {
        if let Some(position) = self.chosen.get(&axis.id) {
            return *position;
        }
        if let Some(met) = self.met.last_mut() {
            met.entry(axis.id.clone()).or_insert_with(|| axis.clone());
        }
        0
    }
}

impl Swept {
    /// Whether any of its axes is for `tune` to fill.
    pub fn searched(&self) -> Option<&Arc<Axis>> {
        let mut axes = self.axes.iter();
        axes.find(|axis| axis.filled == Filled::BySearch)
    }
}

impl Checker<'_> {
    /// Read an expression for every cell of the axes it meets that are not chosen yet.
    pub fn cells(&mut self, at: Span, read: &mut dyn FnMut(&mut Self) -> Val) -> Swept {
        let mut axes: Vec<Arc<Axis>> = Vec::new();
        loop {
            let Some(positions) = combinations(&axes) else {
                self.report(problems::too_many_cells(at, &axes, MOST_CELLS));
                let cells = BTreeMap::from([(vec![0; axes.len()], Val::poison(at))]);
                return Swept { axes, cells };
            };
            let mut cells = BTreeMap::new();
            let mut new = IndexMap::new();
            for position in positions {
                let before = self.sweep.chosen.clone();
                for (axis, at) in axes.iter().zip(&position) {
                    self.sweep.chosen.insert(axis.id.clone(), *at);
                }
                self.sweep.met.push(IndexMap::new());
                let val = read(self);
                new.extend(self.sweep.met.pop().unwrap_or_default());
                self.sweep.chosen = before;
                if !new.is_empty() {
                    break;
                }
                cells.insert(position, val);
            }
            if new.is_empty() {
                return Swept { axes, cells };
            }
            axes.extend(new.into_values());
            // Columns stand in the order of the text, whatever order they are read in.
            axes.sort_by(|a, b| a.id.cmp(&b.id));
        }
    }

    /// Like [`Checker::cells`], with nothing chosen outside: for an item, whose value is
    /// the same wherever its name stands.
    pub fn item_cells(
        &mut self,
        at: Span,
        read: &mut dyn FnMut(&mut Self) -> Val,
    ) -> Swept {
        let outside = std::mem::take(&mut self.sweep);
        let swept = self.cells(at, read);
        self.sweep = outside;
        swept
    }

    /// Read something, and say which axes it met that are not chosen yet.
    pub fn meeting<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> T,
    ) -> (T, Vec<Arc<Axis>>) {
        self.sweep.met.push(IndexMap::new());
        let found = read(self);
        let met = self.sweep.met.pop().unwrap_or_default();
        if let Some(outer) = self.sweep.met.last_mut() {
            outer.extend(met.iter().map(|(id, axis)| (id.clone(), axis.clone())));
        }
        (found, met.into_values().collect())
    }

    /// Read something in the cell at hand of those axes: who collects axes learns of them.
    pub fn in_cell_of<T>(
        &mut self,
        axes: &[Arc<Axis>],
        read: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let before = self.sweep.chosen.clone();
        for axis in axes {
            let at = self.sweep.position(axis);
            self.sweep.chosen.insert(axis.id.clone(), at);
        }
        let found = read(self);
        self.sweep.chosen = before;
        found
    }

    /// An expression with its axes kept in the value: what a name is bound to. Fields of
    /// a record keep their axes each for itself.
    pub fn open(&mut self, expr: &Arc<Expr<Bound>>, ctx: &Ctx) -> Val {
        if let ExprKind::Record(parts) = &expr.kind
            && parts.iter().all(|part| matches!(part, Written::Named(..)))
        {
            return self.infer(expr, &ctx.keeping());
        }
        let swept = self.cells(expr.span, &mut |checker| checker.infer(expr, ctx));
        kept(swept, expr.span)
    }

    /// The value a name has in the cell at hand.
    pub fn in_cell(&mut self, val: Val) -> Val {
        let span = val.span;
        match val.form {
            Form::Swept(swept) => {
                let axes = swept.axes.iter();
                let position: Vec<usize> =
                    axes.map(|axis| self.sweep.position(axis)).collect();
                let cell = swept.cells.get(&position);
                // Where not all combinations were read, the first stands for the rest.
                let cell = cell.or_else(|| swept.cells.values().next());
                cell.cloned().unwrap_or(Val::poison(span)).at(span)
            }
            Form::Record(fields) if fields.values().any(Val::is_swept) => {
                let fields: IndexMap<Arc<str>, Val> = fields
                    .into_iter()
                    .map(|(name, val)| (name, self.in_cell(val)))
                    .collect();
                let ty = super::ty::Ty::Record(
                    fields
                        .iter()
                        .map(|(name, val)| (name.clone(), val.ty.clone()))
                        .collect(),
                );
                Val {
                    ty,
                    form: Form::Record(fields),
                    span,
                }
            }
            form => Val {
                ty: val.ty,
                form,
                span,
            },
        }
    }

    /// A hole's value in the cell at hand.
    pub fn hole(&mut self, name: &str, args: &Args, at: Span, ctx: &Ctx) -> Val {
        if ctx.in_function() {
            self.report(problems::hole_in_function(name, at));
            return Val::poison(at);
        }
        let id = AxisId {
            at,
            copy: ctx.copy.clone(),
        };
        let label = ctx.label.clone().unwrap_or_else(|| name.into());
        if name == "several" {
            return self.several(id, &label, args, at);
        }
        let filled = match name {
            "each" => Filled::ByEach,
            _ => Filled::BySearch,
        };
        let Some(values) = self.hole_values(name, args, at) else {
            return Val::poison(at);
        };
        let axis = Arc::new(Axis {
            id,
            name: label,
            filled,
            values,
        });
        let position = self.sweep.position(&axis);
        let found = axis.values.get(position).cloned();
        found.unwrap_or(Val::poison(at)).at(at)
    }

    /// The fold of the cell at hand: an axis of `kfold`, from 1.
    pub fn folds(&mut self, count: i64, at: Span) -> Val {
        let numbers = 1..=count;
        let axis = Arc::new(Axis {
            id: AxisId {
                at,
                copy: Vec::new(),
            },
            name: "fold".into(),
            filled: Filled::ByEach,
            values: numbers.map(|n| Val::size(Size::number(n), at)).collect(),
        });
        let position = self.sweep.position(&axis);
        axis.values
            .get(position)
            .cloned()
            .unwrap_or(Val::poison(at))
    }

    fn hole_values(&mut self, name: &str, args: &Args, at: Span) -> Option<Vec<Val>> {
        match name {
            "each" | "choice" => self.listed(args, at),
            "int" => {
                let Form::Range(from, to, inclusive) = &value(args, "range")?.form else {
                    return self.not_known(value(args, "range")?);
                };
                let (Some(low), Some(high)) = (from.as_int(), to.as_int()) else {
                    return self.not_known(value(args, "range")?);
                };
                let step = value(args, "step")?.as_int().unwrap_or(1).max(1);
                let high = if *inclusive { high } else { high - 1 };
                if high < low {
                    self.report(problems::no_values(at));
                    return None;
                }
                let last = low + (high - low) / step * step;
                Some(vec![
                    Val::size(Size::number(low), at),
                    Val::size(Size::number(last), at),
                ])
            }
            _ => {
                let (low, high) = (value(args, "low")?, value(args, "high")?);
                let ends = (low.as_f64(), high.as_f64());
                let (Some(from), Some(to)) = ends else {
                    return self.not_known(low);
                };
                if from >= to || (name == "log_uniform" && from <= 0.0) {
                    self.report(problems::no_values(at));
                    return None;
                }
                Some(vec![low.clone(), high.clone()])
            }
        }
    }

    /// The values written out, ranges of whole numbers one by one.
    fn listed(&mut self, args: &Args, at: Span) -> Option<Vec<Val>> {
        let Form::List(written) = &value(args, "values")?.form else {
            return None;
        };
        let mut values: Vec<Val> = Vec::new();
        for val in written {
            let Form::Range(from, to, inclusive) = &val.form else {
                values.push(val.clone());
                continue;
            };
            let (Some(from), Some(to)) = (from.as_int(), to.as_int()) else {
                let due = "a range of whole numbers, or values one by one";
                self.report(problems::wrong_operand("each", val, due));
                return None;
            };
            let to = if *inclusive { to + 1 } else { to };
            if to - from > MOST_CELLS as i64 {
                self.report(problems::range_too_long(val.span, MOST_CELLS));
                return None;
            }
            let numbers = from..to;
            values.extend(numbers.map(|n| Val::size(Size::number(n), val.span)));
        }
        let Some(first) = values.first() else {
            self.report(problems::no_values(at));
            return None;
        };
        for val in &values {
            if val.is_poison() {
                return None;
            }
            if !same_kind(&first.ty, &val.ty) {
                self.report(problems::types_differ("the values of a hole", first, val));
                return None;
            }
            if val.as_static().is_none() {
                return self.not_known(val);
            }
        }
        Some(values)
    }

    fn not_known<T>(&mut self, val: &Val) -> Option<T> {
        if !val.is_poison() {
            self.report(problems::hole_not_known(val.span));
        }
        None
    }

    /// `several(1..=3, of)`: that many copies of `of`, each with holes of its own.
    fn several(&mut self, id: AxisId, label: &Arc<str>, args: &Args, at: Span) -> Val {
        let (Some(count), Some(Arg::Later(of, ctx))) =
            (value(args, "count"), args.get("of"))
        else {
            return Val::poison(at);
        };
        let (of, ctx) = (of.clone(), ctx.clone());
        let known = match &count.form {
            Form::Range(from, to, inclusive) => from
                .as_int()
                .zip(to.as_int())
                .map(|(from, to)| (from, if *inclusive { to } else { to - 1 })),
            _ => None,
        };
        let Some((low, high)) = known else {
            return self.not_known(count).unwrap_or(Val::poison(at));
        };
        if low < 0 || high < low || high - low > MOST_CELLS as i64 {
            self.report(problems::no_values(at));
            return Val::poison(at);
        }
        let numbers = low..=high;
        let axis = Arc::new(Axis {
            id,
            name: label.clone(),
            filled: Filled::BySearch,
            values: numbers.map(|n| Val::size(Size::number(n), at)).collect(),
        });
        let count = low + self.sweep.position(&axis) as i64;
        let mut entries = Vec::new();
        for copy in 0..count {
            let mut inner = ctx.labelled(&format!("{label}[{copy}]").into());
            inner.copy.push(copy as u32);
            entries.push(self.infer(&of, &inner));
        }
        if entries.iter().any(Val::is_poison) {
            return Val::poison(at);
        }
        let of = entries
            .first()
            .map_or(super::ty::Ty::Poison, |e| e.ty.clone());
        Val {
            ty: super::ty::Ty::List(of.into()),
            form: Form::List(entries),
            span: at,
        }
    }
}

/// A value and its axes, when it has any.
pub fn kept(swept: Swept, span: Span) -> Val {
    let Some(first) = swept.cells.values().next() else {
        return Val::poison(span);
    };
    if swept.axes.is_empty() {
        return first.clone();
    }
    if swept.cells.values().any(Val::is_poison) {
        return Val::poison(span);
    }
    Val {
        ty: first.ty.clone(),
        form: Form::Swept(Arc::new(swept)),
        span,
    }
}

/// The positions of the cells to read; none when there are too many.
fn combinations(axes: &[Arc<Axis>]) -> Option<Vec<Vec<usize>>> {
    let mut count: usize = 1;
    for axis in axes {
        count = count.saturating_mul(axis.values.len());
    }
    let searched = axes.iter().any(|axis| axis.filled == Filled::BySearch);
    if searched && count > ALL_READ {
        return Some(corners(axes));
    }
    if count > MOST_CELLS {
        return None;
    }
    let mut all = vec![Vec::new()];
    for axis in axes {
        let mut longer = Vec::with_capacity(all.len() * axis.values.len());
        for start in &all {
            for at in 0..axis.values.len() {
                let mut position = start.clone();
                position.push(at);
                longer.push(position);
            }
        }
        all = longer;
    }
    Some(all)
}

/// Everything smallest, everything largest, and each alone largest.
fn corners(axes: &[Arc<Axis>]) -> Vec<Vec<usize>> {
    let last = |axis: &Arc<Axis>| axis.values.len().saturating_sub(1);
    let mut all = vec![vec![0; axes.len()], axes.iter().map(last).collect()];
    for (at, axis) in axes.iter().enumerate() {
        let mut position = vec![0; axes.len()];
        if let Some(place) = position.get_mut(at) {
            *place = last(axis);
        }
        all.push(position);
    }
    all
}
