//! Expressions over one row, evaluated. A row is a record of a data set or a row of a
//! table; the same expression works on both.

use std::sync::Arc;

use super::cell::{Cell, Entry};
use super::dataset::Dataset;
use super::table::{Saved, Table};
use crate::ir::{Call, Expr, Kind, Setting, Static, VarId, describe};
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, UnaryOp};

/// Functions that are not of the language itself: what a builtin makes of values, when
/// it is one for rows.
pub type Functions<'a> = &'a (dyn Fn(&Call, &[Cell]) -> Option<Cell> + Sync);

/// Why an expression has no value for a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// The row lacks it: what was asked for, and where.
    Lacks(String, Span),
    /// Nothing computes it for a row.
    NoValue(Span),
}

/// Rows of one kind or the other.
#[derive(Clone)]
pub enum Rows {
    /// Those of a data set.
    Dataset(Arc<Dataset>),
    /// Those of a table.
    Table(Arc<Table>),
}

impl Rows {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Rows::Dataset(data) => data.rows.len(),
            Rows::Table(table) => table.rows,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A value of a row.
    pub fn field(&self, at: usize, name: &str) -> Cell {
        match self {
            Rows::Dataset(data) => data.field(at, name),
            Rows::Table(table) => {
                let column = table.column(name);
                column.map_or(Cell::Missing, |column| column.cell(at))
            }
        }
    }

    /// The names of the columns: of a data set those beside the structure's own.
    pub fn names(&self) -> Vec<Arc<str>> {
        match self {
            Rows::Dataset(data) => data.names(),
            Rows::Table(table) => {
                let columns = table.columns.iter();
                columns.map(|column| column.name.clone()).collect()
            }
        }
    }

    /// The unit a column is shown in.
    pub fn unit(&self, name: &str) -> Arc<str> {
        match self {
            Rows::Dataset(data) => data.unit(name),
            Rows::Table(table) => {
                let column = table.column(name);
                column.map_or("".into(), |column| column.unit.clone())
            }
        }
    }

    /// Sentences about where the rows came from.
    pub fn notes(&self) -> Vec<String> {
        match self {
            Rows::Dataset(data) => {
                let mut notes = vec![data.source.name.clone()];
                notes.extend(data.source.notes.iter().cloned());
                notes.extend(data.source.left_out());
                notes
            }
            Rows::Table(table) => table.notes.clone(),
        }
    }

    /// Files asked for by `save` so far.
    pub fn saved(&self) -> Vec<(Arc<str>, Saved)> {
        match self {
            Rows::Dataset(_) => Vec::new(),
            Rows::Table(table) => table.saved.clone(),
        }
    }

    /// What a message calls a row.
    pub fn place(&self, at: usize) -> String {
        match self {
            Rows::Dataset(data) => match data.rows.get(at) {
                Some(row) => format!(
                    "in {}, line {}, record {}",
                    data.source.name, row.line, row.id
                ),
                None => format!("in {}", data.source.name),
            },
            Rows::Table(table) => match table.column("id").map(|ids| ids.cell(at)) {
                Some(Cell::Text(id)) => format!("in row {} of the table, {id}", at + 1),
                _ => format!("in row {} of the table", at + 1),
            },
        }
    }

    /// The value of an expression for a row.
    ///
    /// # Errors
    /// The row lacks something the expression needs, or nothing computes it.
    pub fn eval(
        &self,
        at: usize,
        expr: &Expr,
        functions: Functions<'_>,
    ) -> Result<Cell, Trouble> {
        let scope = Scope {
            rows: self,
            at,
            functions,
            local: None,
        };
        scope.eval(expr)
    }
}

/// What an expression sees: its row, and the parameters of lambdas around it.
struct Scope<'a> {
    rows: &'a Rows,
    at: usize,
    functions: Functions<'a>,
    local: Option<(VarId, &'a Cell, &'a Scope<'a>)>,
}

impl Scope<'_> {
    fn local(&self, var: VarId) -> Option<&Cell> {
        let mut scope = self;
        while let Some((known, cell, outer)) = &scope.local {
            if *known == var {
                return Some(cell);
            }
            scope = outer;
        }
        None
    }

    fn eval(&self, expr: &Expr) -> Result<Cell, Trouble> {
        let no_value = || Trouble::NoValue(expr.span);
        Ok(match &expr.kind {
            Kind::Static(value) => known(value).ok_or_else(no_value)?,
            Kind::Var(var) => self.local(*var).cloned().ok_or_else(no_value)?,
            Kind::Field(of, name) => self.field(of, name)?.ok_or_else(no_value)?,
            Kind::Gather(..) | Kind::Cells(_) => return Err(no_value()),
            Kind::Tuple(parts) => {
                let parts = parts.iter().map(|part| self.eval(part));
                Cell::Many(parts.collect::<Result<Vec<_>, _>>()?)
            }
            Kind::Shown(of, _) => self.eval(of)?,
            Kind::Unary(op, of) => match (op, self.present(of)?) {
                (UnaryOp::Negate, Cell::Number(x)) => Cell::Number(-x),
                (UnaryOp::Not, Cell::Bool(x)) => Cell::Bool(!x),
                (_, failed @ Cell::Failed(_)) => failed,
                _ => return Err(no_value()),
            },
            Kind::Binary(op, a, b) => match (self.present(a)?, self.present(b)?) {
                (failed @ Cell::Failed(_), _) | (_, failed @ Cell::Failed(_)) => failed,
                (a, b) => binary(*op, &a, &b).ok_or_else(no_value)?,
            },
            Kind::If(test, yes, no) => match self.present(test)? {
                Cell::Bool(true) => self.eval(yes)?,
                Cell::Bool(false) => self.eval(no)?,
                failed @ Cell::Failed(_) => failed,
                _ => return Err(no_value()),
            },
            Kind::Call(call) => self.call(call, expr.span)?,
        })
    }

    /// The value, which the row must have.
    fn present(&self, expr: &Expr) -> Result<Cell, Trouble> {
        match self.eval(expr)? {
            Cell::Missing => Err(Trouble::Lacks(describe(expr), expr.span)),
            cell => Ok(cell),
        }
    }

    fn field(&self, of: &Expr, name: &str) -> Result<Option<Cell>, Trouble> {
        if let Kind::Var(var) = of.kind
            && self.local(var).is_none()
        {
            return Ok(Some(self.rows.field(self.at, name)));
        }
        Ok(match self.present(of)? {
            Cell::Element(element) => match name {
                "symbol" => Some(Cell::text(element.symbol())),
                "z" => Some(Cell::Number(f64::from(element.z()))),
                "mass" => Some(or_missing(crate::types::mass(element))),
                "electronegativity" => Some(or_missing(element.electronegativity())),
                _ => None,
            },
            failed @ Cell::Failed(_) => Some(failed),
            fields => fields.field(name).cloned(),
        })
    }

    fn call(&self, call: &Call, span: Span) -> Result<Cell, Trouble> {
        let no_value = || Trouble::NoValue(span);
        let name = call.short_name();
        let Some(first) = call.inputs.first() else {
            return Err(no_value());
        };
        if let ("map", Some(Setting::Lambda(each))) = (name, call.setting("each")) {
            let Cell::Many(all) = self.present(first)? else {
                return Err(no_value());
            };
            let mut made = Vec::with_capacity(all.len());
            for cell in &all {
                let inner = Scope {
                    local: Some((each.var, cell, self)),
                    ..*self
                };
                made.push(inner.eval(&each.body)?);
            }
            return Ok(Cell::Many(made));
        }
        if let ("fill", Some(Setting::Static(value))) = (name, call.setting("value")) {
            return match self.eval(first)? {
                Cell::Missing => known(value).ok_or_else(no_value),
                cell => Ok(cell),
            };
        }
        let mut given = Vec::with_capacity(call.inputs.len());
        for input in &call.inputs {
            match self.present(input)? {
                failed @ Cell::Failed(_) => return Ok(failed),
                cell => given.push(cell),
            }
        }
        function(name, &given)
            .or_else(|| (self.functions)(call, &given))
            .ok_or_else(no_value)
    }
}

fn or_missing(number: Option<f64>) -> Cell {
    number.map_or(Cell::Missing, Cell::Number)
}

/// The functions of the language that have a value for a row.
pub fn function(name: &str, given: &[Cell]) -> Option<Cell> {
    if let "least" | "greatest" | "sum_of" | "average" = name {
        let all = match given {
            [Cell::Many(all)] => all,
            all => all,
        };
        let numbers: Option<Vec<f64>> = all.iter().map(Cell::number).collect();
        return of_numbers(name, &numbers?).map(Cell::Number);
    }
    Some(Cell::Number(match (name, given) {
        ("size", [Cell::Many(all)]) => all.len() as f64,
        ("div", [Cell::Number(a), Cell::Number(b)]) => (a / b).floor(),
        ("mod", [Cell::Number(a), Cell::Number(b)]) => a - b * (a / b).floor(),
        ("abs", [Cell::Number(x)]) => x.abs(),
        ("sqrt", [Cell::Number(x)]) => x.sqrt(),
        ("cbrt", [Cell::Number(x)]) => libm::cbrt(*x),
        ("exp", [Cell::Number(x)]) => libm::exp(*x),
        ("ln", [Cell::Number(x)]) => libm::log(*x),
        // Angles are in degrees.
        ("sin", [Cell::Number(x)]) => libm::sin(x.to_radians()),
        ("cos", [Cell::Number(x)]) => libm::cos(x.to_radians()),
        ("tan", [Cell::Number(x)]) => libm::tan(x.to_radians()),
        ("acos", [Cell::Number(x)]) => libm::acos(*x).to_degrees(),
        ("overlaps", [Cell::Many(a), Cell::Many(b)]) => {
            return Some(Cell::Bool(a.iter().any(|x| b.iter().any(|y| x.same(y)))));
        }
        _ => return None,
    }))
}

/// One number of several; of none only their total is known.
fn of_numbers(name: &str, all: &[f64]) -> Option<f64> {
    let sum = || all.iter().sum::<f64>();
    match name {
        "sum_of" => Some(sum()),
        _ if all.is_empty() => None,
        "least" => all.iter().copied().reduce(f64::min),
        "greatest" => all.iter().copied().reduce(f64::max),
        "average" => Some(sum() / all.len() as f64),
        _ => None,
    }
}

/// A known value as a value of a row.
pub fn known(value: &Static) -> Option<Cell> {
    Some(match value {
        Static::Int(_) | Static::Real(_) => Cell::Number(value.as_f64()?),
        Static::Bool(value) => Cell::Bool(*value),
        Static::Text(text) => Cell::Text(text.clone()),
        Static::Element(element) => Cell::Element(*element),
        Static::List(all) | Static::Tuple(all) => {
            Cell::Many(all.iter().map(known).collect::<Option<Vec<_>>>()?)
        }
        Static::Range(from, to, inclusive) => {
            Cell::Range(from.as_f64()?, to.as_f64()?, *inclusive)
        }
        Static::Record(fields) => {
            let field = |(name, value): &(Arc<str>, Static)| {
                Some(Entry {
                    name: name.clone(),
                    unit: value.unit(),
                    cell: known(value)?,
                })
            };
            let fields = fields.iter().map(field).collect::<Option<Vec<_>>>()?;
            Cell::Fields(fields.into())
        }
        // The name of a constant of the prelude says which it is.
        Static::Symbol(_) => Cell::text(&value.to_string()),
        Static::Path { .. } | Static::Made(_) => return None,
    })
}

/// An operator between two values.
pub fn binary(op: BinaryOp, a: &Cell, b: &Cell) -> Option<Cell> {
    if op == BinaryOp::In {
        return Some(Cell::Bool(match b {
            Cell::Many(all) => all.iter().any(|cell| cell.same(a)),
            Cell::Range(from, to, inclusive) => match a {
                Cell::Number(x) => x >= from && (x < to || (*inclusive && x == to)),
                _ => return None,
            },
            _ => return None,
        }));
    }
    Some(match (op, a, b) {
        (BinaryOp::And, Cell::Bool(a), Cell::Bool(b)) => Cell::Bool(*a && *b),
        (BinaryOp::Or, Cell::Bool(a), Cell::Bool(b)) => Cell::Bool(*a || *b),
        (_, Cell::Number(a), Cell::Number(b)) => arithmetic(op, *a, *b)?,
        (BinaryOp::Equal, a, b) => Cell::Bool(a.same(b)),
        (BinaryOp::NotEqual, a, b) => Cell::Bool(!a.same(b)),
        _ => return None,
    })
}
fn arithmetic(op: BinaryOp, a: f64, b: f64) -> Option<Cell> {
    Some(match op {
        BinaryOp::Add => Cell::Number(a + b),
        BinaryOp::Subtract => Cell::Number(a - b),
        BinaryOp::Multiply => Cell::Number(a * b),
        BinaryOp::Divide => Cell::Number(a / b),
        BinaryOp::Power => Cell::Number(libm::pow(a, b)),
        BinaryOp::Equal => Cell::Bool(a == b),
        BinaryOp::NotEqual => Cell::Bool(a != b),
        BinaryOp::Less => Cell::Bool(a < b),
        BinaryOp::LessEqual => Cell::Bool(a <= b),
        BinaryOp::Greater => Cell::Bool(a > b),
        BinaryOp::GreaterEqual => Cell::Bool(a >= b),
        BinaryOp::In | BinaryOp::And | BinaryOp::Or => return None,
    })
}
