//! Chains: many operations on the rows of one domain, done a few rows at a time, so that
//! what lies between them never leaves the cache. In: a list of expressions over values,
//! and which of them are wanted: as rows, summed over the rows that a map leads to the same
//! place, or summed over all rows. Out: those.
//!
//! A chain knows nothing of forward or backward: the gradient of a chain is again one.

mod columns;
mod expr;
mod layout;
mod loops;
mod rows;
mod tile;

pub(crate) use expr::{Expr, ExprId, Exprs, Leaf, Local, Reach, Source, Times};
pub(crate) use loops::{Out, World, run};

use super::domain::Domain;

/// A loop, or one per map, over the rows of a domain.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Chain {
    pub(crate) domain: Option<Domain>,
    pub(crate) exprs: Exprs,
    pub(crate) stores: Vec<Store>,
    pub(crate) sums: Vec<Sum>,
    pub(crate) columns: Vec<Columns>,
}

/// An expression whose rows are kept as a value (or added to it).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Store {
    pub(crate) expr: ExprId,
    pub(crate) value: usize,
}

/// An expression summed over the rows that a map leads to the same place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sum {
    pub(crate) expr: ExprId,
    pub(crate) route: usize,
    /// Whether it is divided by how many rows there are: a mean.
    pub(crate) share: bool,
    pub(crate) value: usize,
}

/// An expression, times something, summed over all rows in double precision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Columns {
    pub(crate) expr: ExprId,
    pub(crate) times: Times,
    /// How many sums: the row is as many places long, or a multiple of it.
    pub(crate) channels: usize,
}

impl Chain {
    /// A chain of nothing over the rows of a domain.
    pub(crate) fn new(domain: Option<Domain>) -> Chain {
        Chain {
            domain,
            exprs: Exprs::default(),
            stores: Vec::new(),
            sums: Vec::new(),
            columns: Vec::new(),
        }
    }

    /// Whether it makes nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.stores.is_empty() && self.sums.is_empty() && self.columns.is_empty()
    }

    /// The expressions it makes something of.
    pub(crate) fn wanted(&self) -> Vec<ExprId> {
        let stores = self.stores.iter().map(|store| store.expr);
        let sums = self.sums.iter().map(|sum| sum.expr);
        let columns = self.columns.iter().flat_map(|columns| match columns.times {
            Times::Off { x, .. } => vec![columns.expr, x],
            Times::One | Times::Itself => vec![columns.expr],
        });
        stores.chain(sums).chain(columns).collect()
    }

    /// Everything it reads.
    pub(crate) fn reads(&self) -> Vec<Source> {
        let mut all: Vec<Source> = Vec::new();
        let mut note = |source: Source| {
            if !all.contains(&source) {
                all.push(source);
            }
        };
        for id in self.exprs.needed(self.wanted().into_iter(), |_| false) {
            match self.exprs.expr(id) {
                Expr::Leaf(leaf) => note(leaf.source),
                Expr::Normal { note: n, shift, .. } => {
                    note(*n);
                    note(*shift);
                }
                Expr::Denormal { note: n, back, .. } => {
                    note(*n);
                    note(*back);
                }
                _ => (),
            }
        }
        for columns in &self.columns {
            if let Times::Off { note: n, .. } = columns.times {
                note(n);
            }
        }
        all
    }
}

#[cfg(test)]
mod tests;
