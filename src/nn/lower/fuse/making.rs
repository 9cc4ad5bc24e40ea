//! One chain, made of the steps it takes together. In: steps, which values are kept as rows,
//! what the chain is to make. Out: its expressions, stores, sums and statistics.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::super::chain::{
    Chain, Columns, Expr, ExprId, Leaf, Local, Reach, Source, Sum, Times,
};
use super::super::super::domain::Grouping;
use super::super::Kernel;
use super::{Fusing, Note};

/// A chain on its way.
pub(super) struct Making<'a> {
    pub(super) fusing: &'a Fusing,
    pub(super) chain: Chain,
    /// The values it keeps as rows.
    pub(super) stored: BTreeMap<usize, ExprId>,
}

impl Making<'_> {
    fn width(&self, value: usize) -> usize {
        self.fusing.values.get(value).map_or(0, |value| value.width)
    }

    fn leaf(&mut self, value: usize, reach: Reach) -> ExprId {
        let leaf = Leaf {
            source: Source::Value(value),
            reach,
        };
        let width = self.width(value);
        self.chain.exprs.add(Expr::Leaf(leaf), width)
    }

    /// The rows of a value.
    fn rows(&mut self, value: usize) -> ExprId {
        if let Some(expr) = self.stored.get(&value) {
            return *expr;
        }
        if self.fusing.material.contains(&value) {
            return self.leaf(value, Reach::Rows);
        }
        self.open(value)
    }

    /// The rows of a value, made here.
    pub(super) fn open(&mut self, value: usize) -> ExprId {
        let fusing = self.fusing;
        let Some(step) = fusing.made_by(value) else {
            return self.leaf(value, Reach::Rows);
        };
        let first = step.inputs.first().copied().unwrap_or(0);
        let expr = match &step.kernel {
            Kernel::Gather { route } => return self.leaf(first, Reach::Route(*route)),
            Kernel::Spread => return self.leaf(first, Reach::Same),
            Kernel::Map(map) => Expr::Map(*map, self.rows(first)),
            Kernel::Pair(pair) => {
                let second = step.inputs.get(1).copied().unwrap_or(first);
                let (a, b) = (self.rows(first), self.rows(second));
                Expr::Pair(Arc::new(pair.clone()), a, b)
            }
            Kernel::BatchNorm(norm) => {
                let x = self.rows(first);
                let k = fusing.maker.get(&value);
                let note = k.and_then(|k| fusing.notes.get(k)).copied();
                Expr::Normal {
                    x,
                    note: Source::Value(note.unwrap_or(0)),
                    shift: Source::Weight(step.weights.get(1).copied().unwrap_or(0)),
                    channels: norm.channels,
                }
            }
            kernel => {
                let local = match kernel {
                    Kernel::Concat(concat) => Local::Concat(concat.clone()),
                    Kernel::Slice(slice) => Local::Slice(*slice),
                    Kernel::Transpose(turn) => Local::Transpose(*turn),
                    Kernel::Reduce(reduce) => Local::Reduce(*reduce),
                    Kernel::Softmax(softmax) => Local::Softmax(*softmax),
                    _ => return self.leaf(value, Reach::Rows),
                };
                let inputs = step.inputs.iter().map(|x| self.rows(*x)).collect();
                Expr::Local(Arc::new(local), inputs)
            }
        };
        let width = self.width(value);
        self.chain.exprs.add(expr, width)
    }

    pub(super) fn sum(&mut self, value: usize) {
        let fusing = self.fusing;
        let Some(step) = fusing.made_by(value) else {
            return;
        };
        let Kernel::Group { route, group } = &step.kernel else {
            return;
        };
        let expr = self.rows(step.inputs.first().copied().unwrap_or(0));
        self.chain.sums.push(Sum {
            expr,
            route: *route,
            share: group.grouping == Grouping::Mean,
            value,
        });
    }

    pub(super) fn note(&mut self, k: usize) -> Option<Note> {
        let fusing = self.fusing;
        let step = fusing.steps.get(k)?;
        let Kernel::BatchNorm(norm) = &step.kernel else {
            return None;
        };
        let expr = self.rows(step.inputs.first().copied().unwrap_or(0));
        let columns = self.chain.columns.len();
        for times in [Times::One, Times::Itself] {
            self.chain.columns.push(Columns {
                expr,
                times,
                channels: norm.channels,
            });
        }
        Some(Note {
            norm: *norm,
            value: fusing.notes.get(&k).copied()?,
            weights: step.weights.clone(),
            state: step.state.clone(),
            columns,
        })
    }
}
