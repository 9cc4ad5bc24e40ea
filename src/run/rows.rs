//! Expressions over one row, evaluated.

use crate::chem::{self, Element, Record};
use crate::ir::{Expr, Kind, Static};
use crate::syntax::ast::{BinaryOp, UnaryOp};

/// A value of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A number, in canonical units.
    Number(f64),
    /// A truth.
    Bool(bool),
    /// A text.
    Text(String),
    /// An element.
    Element(Element),
    /// Several.
    Many(Vec<Cell>),
    /// From, to, and whether `to` belongs to it.
    Range(f64, f64, bool),
    /// The row lacks it.
    Missing,
}

/// The value of an expression for one row. None for what a row cannot give; the checker
/// lets nothing of that kind through.
pub fn eval(expr: &Expr, row: &Record) -> Option<Cell> {
    Some(match &expr.kind {
        Kind::Static(value) => known(value)?,
        Kind::Var(_) => return None,
        Kind::Field(of, name) if matches!(of.kind, Kind::Var(_)) => field(row, name),
        Kind::Field(..) | Kind::Gather(..) => return None,
        Kind::Shown(of, _) => eval(of, row)?,
        Kind::Unary(op, of) => match (op, eval(of, row)?) {
            (UnaryOp::Negate, Cell::Number(x)) => Cell::Number(-x),
            (UnaryOp::Not, Cell::Bool(x)) => Cell::Bool(!x),
            _ => return None,
        },
        Kind::Binary(op, a, b) => binary(*op, &eval(a, row)?, &eval(b, row)?)?,
        Kind::If(test, yes, no) => match eval(test, row)? {
            Cell::Bool(true) => eval(yes, row)?,
            Cell::Bool(false) => eval(no, row)?,
            _ => return None,
        },
        Kind::Call(call) => {
            let mut given = Vec::new();
            for input in &call.inputs {
                given.push(eval(input, row)?);
            }
            function(call.short_name(), &given)?
        }
    })
}

/// The functions of the language that have a value for a row.
fn function(name: &str, given: &[Cell]) -> Option<Cell> {
    Some(Cell::Number(match (name, given) {
        ("size", [Cell::Many(all)]) => all.len() as f64,
        ("div", [Cell::Number(a), Cell::Number(b)]) => (a / b).floor(),
        ("mod", [Cell::Number(a), Cell::Number(b)]) => a - b * (a / b).floor(),
        ("abs", [Cell::Number(x)]) => x.abs(),
        ("sqrt", [Cell::Number(x)]) => x.sqrt(),
        ("cbrt", [Cell::Number(x)]) => libm::cbrt(*x),
        ("exp", [Cell::Number(x)]) => libm::exp(*x),
        ("ln", [Cell::Number(x)]) => libm::log(*x),
        _ => return None,
    }))
}

fn known(value: &Static) -> Option<Cell> {
    Some(match value {
        Static::Int(_) | Static::Real(_) => Cell::Number(value.as_f64()?),
        Static::Bool(value) => Cell::Bool(*value),
        Static::Text(text) => Cell::Text(text.to_string()),
        Static::Element(element) => Cell::Element(*element),
        Static::List(all) | Static::Tuple(all) => {
            Cell::Many(all.iter().map(known).collect::<Option<Vec<_>>>()?)
        }
        Static::Range(from, to, inclusive) => {
            Cell::Range(from.as_f64()?, to.as_f64()?, *inclusive)
        }
        Static::Path { .. } | Static::Symbol(_) | Static::Made(_) | Static::Record(_) => {
            return None;
        }
    })
}

fn field(row: &Record, name: &str) -> Cell {
    match name {
        "id" => Cell::Text(row.id.clone()),
        "formula" => Cell::Text(row.formula.clone()),
        "elements" => {
            let elements = row.structure.composition().elements();
            Cell::Many(elements.into_iter().map(Cell::Element).collect())
        }
        "nelements" => Cell::Number(row.structure.composition().len() as f64),
        "nsites" => Cell::Number(row.structure.sites() as f64),
        "volume" => Cell::Number(row.structure.volume()),
        other => match row.columns.get(other) {
            Some(chem::Cell::Number(number)) => Cell::Number(*number),
            Some(chem::Cell::Text(text)) => Cell::Text(text.clone()),
            Some(chem::Cell::Bool(value)) => Cell::Bool(*value),
            None => Cell::Missing,
        },
    }
}

fn binary(op: BinaryOp, a: &Cell, b: &Cell) -> Option<Cell> {
    if op == BinaryOp::In {
        return Some(Cell::Bool(match b {
            Cell::Many(all) => all.contains(a),
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
        (BinaryOp::Equal, a, b) => Cell::Bool(a == b),
        (BinaryOp::NotEqual, a, b) => Cell::Bool(a != b),
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
