//! What an expression over a structure comes to.

use std::sync::Arc;

use crate::chem::Structure;
use crate::chem::graph::{self, CrystalGraph};
use crate::chem::neighbours::Finder;
use crate::chem::soap::{Soap, SoapError, SoapSettings};
use crate::ir::{Call, Expr, Kind, Static};
use crate::syntax::ast::{BinaryOp, UnaryOp};

/// What a function of a structure takes and gives.
#[derive(Clone, Debug)]
pub enum Made<'a> {
    /// The structure itself.
    Structure(&'a Structure),
    /// Numbers in canonical units, the last axis running fastest.
    Numbers(Vec<f64>),
    /// A crystal graph.
    Graph(Box<CrystalGraph>),
    /// A text: a space group's symbol.
    Text(String),
}

/// Why a structure has no such feature, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// What is wrong.
    pub text: String,
    /// What to do, where there is more to do than leaving the row out.
    pub help: Option<&'static str>,
}

impl<T: ToString> From<T> for Why {
    fn from(text: T) -> Why {
        Why {
            text: text.to_string(),
            help: None,
        }
    }
}

/// Memory that featurizers use again from structure to structure.
#[derive(Default)]
pub struct Workspace {
    /// Of the search for neighbours.
    pub graphs: graph::Workspace,
    /// Of lists of neighbours.
    pub finder: Finder,
    soap: Option<Soap>,
}

impl Workspace {
    /// A workspace that holds nothing yet.
    pub fn new() -> Workspace {
        Workspace::default()
    }

    /// The basis of those settings, made ready once, and a finder beside it.
    pub fn soap(
        &mut self,
        settings: SoapSettings,
    ) -> Result<(&Soap, &mut Finder), SoapError> {
        let known = self.soap.take();
        let ready = match known {
            Some(soap) if *soap.settings() == settings => soap,
            _ => Soap::new(settings)?,
        };
        Ok((self.soap.insert(ready), &mut self.finder))
    }
}

/// What a featurizer makes of what it is given; the workspace is memory to be reused.
pub type Feature =
    for<'a> fn(&Call, Vec<Made<'a>>, &mut Workspace) -> Result<Made<'a>, Why>;

/// The only input of a featurizer, a structure.
pub fn structure<'a>(given: Vec<Made<'a>>) -> Result<&'a Structure, Why> {
    match given.into_iter().next() {
        Some(Made::Structure(structure)) => Ok(structure),
        _ => Err(Why::from("a structure is due here")),
    }
}

/// The value of an expression whose only variable is the structure.
pub fn evaluate<'a>(
    expr: &Arc<Expr>,
    structure: &'a Structure,
    workspace: &mut Workspace,
) -> Result<Made<'a>, Why> {
    match &expr.kind {
        Kind::Var(_) => Ok(Made::Structure(structure)),
        Kind::Call(call) => {
            let mut given = Vec::with_capacity(call.inputs.len());
            for input in &call.inputs {
                given.push(evaluate(input, structure, workspace)?);
            }
            match super::super::find(&call.builtin) {
                Some(super::super::Body::Feature(feature)) => {
                    feature(call, given, workspace)
                }
                _ => joined(call, given),
            }
        }
        Kind::Static(value @ (Static::Int(_) | Static::Real(_))) => {
            Ok(Made::Numbers(value.as_f64().into_iter().collect()))
        }
        Kind::Static(Static::Text(text)) => Ok(Made::Text(text.to_string())),
        Kind::Unary(UnaryOp::Negate, of) => {
            let of = numbers(of, structure, workspace)?;
            Ok(Made::Numbers(of.into_iter().map(|x| -x).collect()))
        }
        Kind::Binary(op, a, b) => {
            let a = numbers(a, structure, workspace)?;
            let b = numbers(b, structure, workspace)?;
            entry_by_entry(*op, &a, &b).map(Made::Numbers)
        }
        Kind::Shown(of, _) => evaluate(of, structure, workspace),
        Kind::Unary(..)
        | Kind::Field(..)
        | Kind::Gather(..)
        | Kind::Cells(_)
        | Kind::Tuple(_)
        | Kind::If(..)
        | Kind::Static(_) => Err(Why::from(
            "features are numbers or a graph made of a structure",
        )),
    }
}

fn numbers(
    expr: &Arc<Expr>,
    structure: &Structure,
    workspace: &mut Workspace,
) -> Result<Vec<f64>, Why> {
    match evaluate(expr, structure, workspace)? {
        Made::Numbers(values) => Ok(values),
        _ => Err(Why::from("only numbers are added, multiplied and so on")),
    }
}

/// Functions of numbers that features may use too.
fn joined<'a>(call: &Call, given: Vec<Made<'a>>) -> Result<Made<'a>, Why> {
    let mut parts = Vec::with_capacity(given.len());
    for made in given {
        match made {
            Made::Numbers(values) => parts.push(values),
            _ => return Err(Why::from("only numbers are joined and computed with")),
        }
    }
    let name = call.short_name();
    let each: fn(f64) -> f64 = match name {
        // A row's entry runs along its last axis fastest, whatever its sizes.
        "reshape" | "flatten" => |x| x,
        "concat" => return Ok(Made::Numbers(concat(call, &parts))),
        "abs" => f64::abs,
        "sqrt" => f64::sqrt,
        "cbrt" => libm::cbrt,
        "exp" => libm::exp,
        "ln" => libm::log,
        _ => return Err(format!("`{name}` does not work on a structure").into()),
    };
    let all = parts.into_iter().flatten();
    Ok(Made::Numbers(all.map(each).collect()))
}

/// Parts joined along their last axis.
fn concat(call: &Call, parts: &[Vec<f64>]) -> Vec<f64> {
    let last = |expr: &Arc<Expr>| {
        let shape = expr.shape.as_ref()?;
        shape.sizes.last().copied()
    };
    let widths = call.inputs.iter().map(last);
    let widths: Vec<usize> = widths.map(|width| width.unwrap_or(1).max(1)).collect();
    let mut rows: Vec<_> = parts
        .iter()
        .zip(widths)
        .map(|(part, width)| part.chunks(width))
        .collect();
    let mut joined = Vec::with_capacity(parts.iter().map(Vec::len).sum());
    loop {
        let before = joined.len();
        for part in &mut rows {
            joined.extend(part.next().into_iter().flatten().copied());
        }
        if joined.len() == before {
            return joined;
        }
    }
}

fn entry_by_entry(op: BinaryOp, a: &[f64], b: &[f64]) -> Result<Vec<f64>, Why> {
    let of = |x: f64, y: f64| match op {
        BinaryOp::Add => Ok(x + y),
        BinaryOp::Subtract => Ok(x - y),
        BinaryOp::Multiply => Ok(x * y),
        BinaryOp::Divide => Ok(x / y),
        BinaryOp::Power => Ok(libm::pow(x, y)),
        _ => Err(format!("`{}` does not give features", op.symbol()).into()),
    };
    let length = a.len().max(b.len());
    let at = |all: &[f64], i: usize| {
        let i = if all.len() == 1 { 0 } else { i };
        all.get(i).copied().unwrap_or(f64::NAN)
    };
    (0..length).map(|i| of(at(a, i), at(b, i))).collect()
}
