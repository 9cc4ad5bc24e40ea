//! A model applied to features: a graph of layers with all shapes known.

use std::sync::Arc;

use super::{Expr, Kind, Setting, VarId};
use crate::source::Span;

/// What a network is fed.
#[derive(Clone, Debug)]
pub struct Input {
    /// The variable it is bound to in the output expression.
    pub var: VarId,
    /// Its name in the model's signature.
    pub name: Arc<str>,
    /// Sizes of one row's entry.
    pub sizes: Vec<usize>,
}

/// A model with every setting known and every shape a number.
#[derive(Clone, Debug)]
pub struct Network {
    /// The model's name.
    pub name: Arc<str>,
    /// Where it was written.
    pub span: Span,
    /// What goes in.
    pub input: Input,
    /// What comes out; parts used twice are shared (the same `Arc`).
    pub output: Arc<Expr>,
}

/// The networks an expression trains, inner ones first.
pub fn networks(expr: &Expr) -> Vec<&Arc<Network>> {
    let mut found = Vec::new();
    match &expr.kind {
        Kind::Call(call) => {
            for input in &call.inputs {
                found.extend(networks(input));
            }
            for (_, setting) in &call.settings {
                if let Setting::Network(network) = setting {
                    found.push(network);
                }
            }
        }
        Kind::Field(of, _) => found.extend(networks(of)),
        Kind::Static(_)
        | Kind::Var(_)
        | Kind::Unary(..)
        | Kind::Binary(..)
        | Kind::Shown(..)
        | Kind::If(..) => {}
    }
    found
}
