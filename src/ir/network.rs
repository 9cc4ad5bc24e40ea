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
    /// What one row of it is.
    pub fed: Fed,
}

/// What one row of a network's input is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fed {
    /// Numbers of those sizes.
    Vector(Vec<usize>),
    /// A crystal graph, with its line graph or without.
    Crystal {
        /// Whether it has angles.
        angles: bool,
    },
}

/// A model with every setting known and every shape a number.
#[derive(Clone, Debug)]
pub struct Network {
    /// The model's name.
    pub name: Arc<str>,
    /// Where it was written.
    pub span: Span,
    /// What goes in: one feature, or those that are called so.
    pub inputs: Vec<Input>,
    /// What comes out; parts used twice are shared (the same `Arc`).
    pub output: Arc<Expr>,
    /// Every layer that owns weights and was written, in order; the output may not depend
    /// on all of them.
    pub written: Vec<Arc<Expr>>,
}

/// The networks an expression trains, inner ones first.
pub fn networks(expr: &Expr) -> Vec<&Arc<Network>> {
    let mut found = Vec::new();
    for part in super::parts(expr) {
        found.extend(networks(part));
    }
    if let Kind::Call(call) = &expr.kind {
        for (_, setting) in &call.settings {
            if let Setting::Network(network) = setting {
                found.push(network);
            }
        }
    }
    found
}
