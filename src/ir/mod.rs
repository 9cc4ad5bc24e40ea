//! The typed IR: what checking leaves, and all that plan and run see.
//!
//! No name is unresolved, no unit unknown, no shape free: functions have been applied,
//! lists unrolled, defaults written out, arguments put in declared order and constants
//! folded. What remains are calls of builtins with known settings.

mod canonical;
mod describe;
mod network;
mod value;
mod visit;

pub use canonical::{Canonical, as_written, canonical, canonical_expr};
pub use describe::describe;
pub use network::{Fed, Input, Network, networks};
pub use value::{Made, Real, Static, show_real};
pub use visit::{parts, visit_calls};

use std::sync::Arc;

use crate::source::Span;
use crate::syntax::ast::{BinaryOp, UnaryOp};

/// A parameter of a lambda: a row, a structure, a network's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VarId(pub u32);

/// Sizes of a tensor behind its domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// What it has one entry for each of: `rows`, atoms, bonds; a label, which decides
    /// nothing.
    pub domain: Option<Arc<str>>,
    /// The sizes.
    pub sizes: Vec<usize>,
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let domain = self.domain.iter().map(ToString::to_string);
        let sizes = self.sizes.iter().map(ToString::to_string);
        write!(
            f,
            "[{}]",
            domain.chain(sizes).collect::<Vec<_>>().join(", ")
        )
    }
}

/// An expression over values known only in a run.
#[derive(Clone, Debug)]
pub struct Expr {
    /// Which expression.
    pub kind: Kind,
    /// Where it was written.
    pub span: Span,
    /// Its shape, when it is a tensor.
    pub shape: Option<Shape>,
}

/// The kinds of expression.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Known already.
    Static(Static),
    /// The parameter of the lambda or network around it.
    Var(VarId),
    /// A field of a row or data set.
    Field(Arc<Expr>, Arc<str>),
    /// An operator before its operand.
    Unary(UnaryOp, Arc<Expr>),
    /// An operator between operands.
    Binary(BinaryOp, Arc<Expr>, Arc<Expr>),
    /// A tensor, its entries taken by a map.
    Gather(Arc<Expr>, Arc<Expr>),
    /// A number and the unit it is shown in.
    Shown(Arc<Expr>, Arc<str>),
    /// `if`.
    If(Arc<Expr>, Arc<Expr>, Arc<Expr>),
    /// A builtin applied to its input.
    Call(Call),
    /// The cells of a sweep, as the rows of a table.
    Cells(Arc<Cells>),
    /// Several values as one, of a row.
    Tuple(Vec<Arc<Expr>>),
}

/// A sweep with every cell written out.
#[derive(Clone, Debug)]
pub struct Cells {
    /// Its axes.
    pub axes: Vec<CellAxis>,
    /// What each cell has: its fields, or `value`, with the unit its numbers are shown in.
    pub fields: Vec<(Arc<str>, Arc<str>)>,
    /// For each cell its position on every axis, and what it computes.
    pub cells: Vec<(Vec<usize>, Arc<Expr>)>,
}

/// An axis of a sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct CellAxis {
    /// What its column is called.
    pub name: Arc<str>,
    /// Its values.
    pub values: Vec<Static>,
}

impl CellAxis {
    /// The unit its numbers are shown in; empty for what is none or has none.
    pub fn unit(&self) -> Arc<str> {
        self.values.first().map_or_else(|| "".into(), Static::unit)
    }

    /// What a column for one of its values is called: the value, and of a number what it
    /// is a number of.
    pub fn label(&self, value: &Static) -> String {
        match value {
            Static::Element(_) | Static::Text(_) | Static::Symbol(_) => value.to_string(),
            _ => format!("{} {value}", self.name),
        }
    }
}

/// A trial whose holes `tune` fills.
#[derive(Clone, Debug)]
pub struct Space {
    /// The holes.
    pub axes: Vec<SearchAxis>,
    /// The trial with the first value of each.
    pub sample: Arc<Expr>,
}

/// A search hole.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchAxis {
    /// The `let`, argument or field that holds it.
    pub name: Arc<str>,
    /// Its values, or the smallest and the largest.
    pub values: Vec<Static>,
}

impl std::fmt::Display for Cells {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let axes: Vec<String> = self
            .axes
            .iter()
            .map(|axis| format!("{} {}", axis.values.len(), axis.name))
            .collect();
        write!(f, "{} cells: {}", self.cells.len(), axes.join(" × "))
    }
}

/// A builtin with all it was given.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its full name, `prelude.dense`.
    pub builtin: Arc<str>,
    /// Its settings in declared order, defaults written out.
    pub settings: Vec<(Arc<str>, Setting)>,
    /// What it is applied to.
    pub inputs: Vec<Arc<Expr>>,
    /// Where its weights belong, when it learns.
    pub site: Option<Site>,
}

impl Call {
    /// The setting of that name.
    pub fn setting(&self, name: &str) -> Option<&Setting> {
        self.settings
            .iter()
            .find(|(known, _)| &**known == name)
            .map(|(_, value)| value)
    }

    /// Whether it makes the weights of a model: a training, a search among some, or a
    /// file of them.
    pub fn trains(&self) -> bool {
        self.setting("network").is_some() || self.setting("trial").is_some()
    }

    /// The last part of the builtin's name.
    pub fn short_name(&self) -> &str {
        self.builtin.rsplit('.').next().unwrap_or(&self.builtin)
    }
}

/// A setting of a call.
#[derive(Clone, Debug)]
pub enum Setting {
    /// A known value.
    Static(Static),
    /// A function of a row or a structure.
    Lambda(Lambda),
    /// A model applied to the features.
    Network(Arc<Network>),
    /// A trial with holes.
    Space(Arc<Space>),
}

/// A function with one parameter.
#[derive(Clone, Debug)]
pub struct Lambda {
    /// Its parameter.
    pub var: VarId,
    /// Its body.
    pub body: Arc<Expr>,
}

/// The place weights belong to: the same for every use of one layer, another for each
/// place a layer is written and each round of a `chain` or `repeat`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Site {
    /// Ordinals and rounds from the model down: what decides identity.
    pub path: Arc<str>,
    /// The same in names, `chain[0].conv1d`: a label in checkpoints and messages.
    pub label: Arc<str>,
}

/// A study of the script, ready to be planned.
#[derive(Clone, Debug)]
pub struct Study {
    /// Its name.
    pub name: Arc<str>,
    /// Its documentation.
    pub doc: Option<Arc<str>>,
    /// Where its name stands.
    pub span: Span,
    /// What it computes.
    pub root: Arc<Expr>,
}

/// A checked script.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// Its studies, in the order they stand there.
    pub studies: Vec<Study>,
}
