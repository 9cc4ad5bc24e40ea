//! Values of a run that are made of other nodes: `size(oxides)`, `scored.test.rmse / 2`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::cell::Cell;
use super::executor::{Runner, Value};
use super::rows::{binary, function, known};
use crate::diagnostic::{Code, Problem};
use crate::ir::{Expr, Kind, parts};
use crate::plan::NodeId;
use crate::source::Span;
use crate::syntax::ast::UnaryOp;

/// The nodes an expression is made of, by the address of their expression.
pub type Nodes = BTreeMap<usize, NodeId>;

impl Runner<'_> {
    /// The nodes that a node's inputs are made of. The plan lists them as they are met
    /// from the left, whether an input is a node itself or made of some.
    pub fn nodes_of(&self, inputs: &[Arc<Expr>], planned: &[NodeId]) -> Nodes {
        let mut nodes = Nodes::new();
        let mut planned = planned.iter().copied();
        for input in inputs {
            self.meet(input, &mut planned, &mut nodes);
        }
        nodes
    }

    fn meet(
        &self,
        expr: &Arc<Expr>,
        planned: &mut dyn Iterator<Item = NodeId>,
        nodes: &mut Nodes,
    ) {
        if self.is_node(expr) {
            if let Some(id) = planned.next() {
                nodes.insert(Arc::as_ptr(expr) as usize, id);
            }
            return;
        }
        for part in parts(expr) {
            self.meet(part, planned, nodes);
        }
    }

    fn is_node(&self, expr: &Expr) -> bool {
        match &expr.kind {
            Kind::Call(call) => (self.settings.verbs)(&call.builtin).is_some(),
            Kind::Field(of, _) => self.is_node(of),
            _ => false,
        }
    }

    /// The one value an expression over nodes comes to.
    ///
    /// # Errors
    /// A node fails, or the expression has no value.
    pub fn cell(&mut self, expr: &Arc<Expr>, nodes: &Nodes) -> Result<Cell, Problem> {
        if let Some(id) = nodes.get(&(Arc::as_ptr(expr) as usize)) {
            return match self.value(*id)? {
                Value::Cell(cell) => Ok(cell),
                Value::Table(table) => Ok(Cell::Table(table)),
                _ => Err(no_value(expr.span)),
            };
        }
        let lost = || no_value(expr.span);
        Ok(match &expr.kind {
            Kind::Static(value) => known(value).ok_or_else(lost)?,
            Kind::Shown(of, _) => self.cell(of, nodes)?,
            Kind::Unary(op, of) => match (op, self.cell(of, nodes)?) {
                (UnaryOp::Negate, Cell::Number(x)) => Cell::Number(-x),
                (UnaryOp::Not, Cell::Bool(x)) => Cell::Bool(!x),
                _ => return Err(lost()),
            },
            Kind::Binary(op, a, b) => {
                let (a, b) = (self.cell(a, nodes)?, self.cell(b, nodes)?);
                binary(*op, &a, &b).ok_or_else(lost)?
            }
            Kind::If(test, yes, no) => match self.cell(test, nodes)? {
                Cell::Bool(true) => self.cell(yes, nodes)?,
                Cell::Bool(false) => self.cell(no, nodes)?,
                _ => return Err(lost()),
            },
            Kind::Field(of, name) => {
                let of = self.cell(of, nodes)?;
                of.field(name).cloned().ok_or_else(lost)?
            }
            Kind::Call(call) => {
                if let ("size", [of]) = (call.short_name(), call.inputs.as_slice())
                    && let Some(id) = nodes.get(&(Arc::as_ptr(of) as usize))
                {
                    let count = match self.value(*id)? {
                        Value::Cell(Cell::Many(all)) => all.len(),
                        _ => self.rows(*id)?.len(),
                    };
                    return Ok(Cell::Number(count as f64));
                }
                let mut given = Vec::new();
                for input in &call.inputs {
                    given.push(self.cell(input, nodes)?);
                }
                function(call.short_name(), &given)
                    .or_else(|| (self.settings.functions)(call, &given))
                    .ok_or_else(lost)?
            }
            Kind::Var(_) | Kind::Gather(..) | Kind::Cells(_) | Kind::Tuple(_) => {
                return Err(lost());
            }
        })
    }
}

fn no_value(span: Span) -> Problem {
    Problem::new(Code::E0603, "this has no value in a run", span, "computed here").help(
        "numbers of a run are made with operators, `size`, `abs`, `sqrt`, `least` and the \
         like",
    )
}
