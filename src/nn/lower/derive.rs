//! The gradient of a chain, which is again a chain. In: a chain. Out: at most two: the first
//! sums over all rows what the normalisations in it need, the second sends gradients to the
//! values the chain read: rows to rows, sums over the rows that took a row by a map, sums
//! over all rows where one was read by all.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::chain::{
    Chain, Columns, Expr, ExprId, Leaf, Reach, Source, Store, Sum, Times,
};
use super::super::layers::{Arithmetic, BatchNorm, Map, Pair, Side};
use super::Value;

/// The way back through a chain.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Back {
    /// Sums over rows for the normalisations, two for each.
    pub(crate) first: Chain,
    pub(crate) norms: Vec<NormBack>,
    /// Gradients: a store or sum of value v goes to the gradient of v.
    pub(crate) second: Chain,
    /// Gradients that are passed on as they are: from the first value to the second.
    pub(crate) passes: Vec<(usize, usize)>,
    /// For each of the second chain's columns the value whose gradient it is.
    pub(crate) same: Vec<usize>,
}

/// A normalisation on the way back.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NormBack {
    pub(crate) norm: BatchNorm,
    /// The value that holds its statistics.
    pub(crate) note: usize,
    /// Factors and constants.
    pub(crate) weights: Vec<usize>,
}

/// The way back through `chain`, if anything in it learns.
pub(super) fn derive(
    chain: &Chain,
    values: &[Value],
    norms: &BTreeMap<usize, (BatchNorm, Vec<usize>)>,
) -> Option<Back> {
    let learns = |value: usize| values.get(value).is_some_and(|value| value.learns);
    let mut to = Chain {
        exprs: chain.exprs.clone(),
        ..Chain::new(chain.domain)
    };
    // What was kept is read again, not made again from what it was made of.
    for store in &chain.stores {
        let leaf = Leaf {
            source: Source::Value(store.value),
            reach: Reach::Rows,
        };
        to.exprs.replace(store.expr, Expr::Leaf(leaf));
    }
    let mut way = Way {
        from: chain,
        to,
        adjoint: BTreeMap::new(),
        learning: learning(chain, &learns),
        first: Chain::new(chain.domain),
        norms: Vec::new(),
    };
    for store in chain.stores.iter().filter(|store| learns(store.value)) {
        let leaf = Leaf {
            source: Source::Gradient(store.value),
            reach: Reach::Rows,
        };
        way.seed(store.expr, leaf);
    }
    for sum in chain.sums.iter().filter(|sum| learns(sum.value)) {
        let leaf = Leaf {
            source: Source::Gradient(sum.value),
            reach: match sum.share {
                true => Reach::Share(sum.route),
                false => Reach::Route(sum.route),
            },
        };
        way.seed(sum.expr, leaf);
    }
    for id in (0..chain.exprs.count()).rev() {
        way.through(id, norms);
    }
    way.finish(&learns)
}

/// Whether weights have gone into each expression.
fn learning(chain: &Chain, learns: &dyn Fn(usize) -> bool) -> Vec<bool> {
    let mut all: Vec<bool> = Vec::new();
    for id in 0..chain.exprs.count() {
        let expr = chain.exprs.expr(id);
        let own = match expr {
            Expr::Leaf(leaf) => match leaf.source {
                Source::Value(value) => learns(value),
                _ => false,
            },
            Expr::Normal { .. } => true,
            _ => false,
        };
        let reads = expr.reads();
        let read = reads.iter().any(|read| all.get(*read) == Some(&true));
        all.push(own || read);
    }
    all
}

struct Way<'a> {
    from: &'a Chain,
    /// The chain that sends gradients; its expressions begin with those of `from`, but for
    /// what that keeps.
    to: Chain,
    /// The gradient with respect to each expression, so far.
    adjoint: BTreeMap<ExprId, ExprId>,
    learning: Vec<bool>,
    first: Chain,
    norms: Vec<NormBack>,
}

impl Way<'_> {
    fn seed(&mut self, expr: ExprId, leaf: Leaf) {
        let width = self.from.exprs.width(expr);
        let leaf = self.to.exprs.add(Expr::Leaf(leaf), width);
        self.send(expr, leaf);
    }

    /// Adds to the gradient with respect to an expression.
    fn send(&mut self, expr: ExprId, gradient: ExprId) {
        if self.learning.get(expr) != Some(&true) {
            return;
        }
        let width = self.from.exprs.width(expr);
        let sum = match self.adjoint.get(&expr) {
            None => gradient,
            Some(own) => {
                let pair = Arc::new(Pair::new(Arithmetic::Add, &[width], &[width]));
                self.to.exprs.add(Expr::Pair(pair, *own, gradient), width)
            }
        };
        self.adjoint.insert(expr, sum);
    }

    fn add(&mut self, expr: Expr, width: usize) -> ExprId {
        self.to.exprs.add(expr, width)
    }

    /// Sends the gradient with respect to an expression on to what it read.
    fn through(&mut self, id: ExprId, norms: &BTreeMap<usize, (BatchNorm, Vec<usize>)>) {
        let Some(g) = self.adjoint.get(&id).copied() else {
            return;
        };
        let width = |way: &Self, id: ExprId| way.from.exprs.width(id);
        match self.from.exprs.expr(id).clone() {
            Expr::Map(map, x) => {
                let sent = match map {
                    Map::Shift(_) => g,
                    Map::From(_) => {
                        self.add(Expr::Map(Map::Scale(-1.0), g), width(self, x))
                    }
                    Map::Scale(_) | Map::Over(_) => {
                        self.add(Expr::Map(map, g), width(self, x))
                    }
                    _ => {
                        // What is not kept would have to be made again first.
                        let kept = |store: &Store| store.expr == id;
                        let by_input =
                            map.reads_either() && !self.from.stores.iter().any(kept);
                        let (read, made) = match by_input {
                            true => (true, false),
                            false => (map.keeps_input(), map.keeps_output()),
                        };
                        let slope = Expr::Slope {
                            map,
                            g,
                            x: read.then_some(x),
                            y: made.then_some(id),
                        };
                        self.add(slope, width(self, x))
                    }
                };
                self.send(x, sent);
            }
            Expr::Pair(pair, a, b) => {
                for side in [Side::Left, Side::Right] {
                    let x = if side == Side::Left { a } else { b };
                    if self.learning.get(x) == Some(&true) {
                        let sent = self.pair(&pair, side, (g, a, b));
                        self.send(x, sent);
                    }
                }
            }
            Expr::Local(local, inputs) => {
                for (which, x) in inputs.into_iter().enumerate() {
                    if self.learning.get(x) == Some(&true) {
                        let back = Expr::LocalBack {
                            local: local.clone(),
                            which,
                            g,
                            y: local.keeps_output().then_some(id),
                        };
                        let sent = self.add(back, width(self, x));
                        self.send(x, sent);
                    }
                }
            }
            Expr::Normal {
                x, note, channels, ..
            } => {
                let Source::Value(value) = note else { return };
                let Some((norm, weights)) = norms.get(&value) else {
                    return;
                };
                for times in [Times::One, Times::Off { x, note }] {
                    self.first.columns.push(Columns {
                        expr: g,
                        times,
                        channels,
                    });
                }
                self.norms.push(NormBack {
                    norm: *norm,
                    note: value,
                    weights: weights.clone(),
                });
                if self.learning.get(x) == Some(&true) {
                    let back = Expr::Denormal {
                        g,
                        x,
                        note,
                        back: Source::Back(value),
                        channels,
                    };
                    let sent = self.add(back, width(self, x));
                    self.send(x, sent);
                }
            }
            _ => (),
        }
    }

    /// The gradient of one side of a pair.
    fn pair(
        &mut self,
        pair: &Arc<Pair>,
        side: Side,
        (g, a, b): (ExprId, ExprId, ExprId),
    ) -> ExprId {
        use Arithmetic::{Add, Divide, Multiply, Subtract};
        let width = self
            .from
            .exprs
            .width(if side == Side::Left { a } else { b });
        let plain = pair.plain();
        let same = |arithmetic| Arc::new(Pair::new(arithmetic, &[width], &[width]));
        let expr = match (pair.arithmetic, side) {
            (Add, _) | (Subtract, Side::Left) if plain => return g,
            (Subtract, Side::Right) if plain => Expr::Map(Map::Scale(-1.0), g),
            (Multiply, Side::Left) if plain => Expr::Pair(same(Multiply), g, b),
            (Multiply, Side::Right) if plain => Expr::Pair(same(Multiply), g, a),
            (Divide, Side::Left) if plain => Expr::Pair(same(Divide), g, b),
            _ => Expr::PairBack {
                pair: pair.clone(),
                side,
                g,
                a,
                b,
            },
        };
        self.add(expr, width)
    }

    /// The chains: gradients of everything that was read and learns.
    fn finish(mut self, learns: &dyn Fn(usize) -> bool) -> Option<Back> {
        let (mut passes, mut same) = (Vec::new(), Vec::new());
        for id in 0..self.from.exprs.count() {
            let Expr::Leaf(leaf) = *self.from.exprs.expr(id) else {
                continue;
            };
            let (Source::Value(value), Some(g)) = (leaf.source, self.adjoint.get(&id))
            else {
                continue;
            };
            if !learns(value) {
                continue;
            }
            let expr = *g;
            match leaf.reach {
                Reach::Rows => match *self.to.exprs.expr(expr) {
                    Expr::Leaf(Leaf {
                        source: Source::Gradient(from),
                        reach: Reach::Rows,
                    }) => passes.push((from, value)),
                    _ => self.to.stores.push(Store { expr, value }),
                },
                Reach::Route(route) => self.to.sums.push(Sum {
                    expr,
                    route,
                    share: false,
                    value,
                }),
                Reach::Share(_) => (),
                Reach::Same => {
                    self.to.columns.push(Columns {
                        expr,
                        times: Times::One,
                        channels: self.to.exprs.width(expr),
                    });
                    same.push(value);
                }
            }
        }
        self.first.exprs = self.to.exprs.clone();
        let some = !self.to.is_empty() || !passes.is_empty() || !self.norms.is_empty();
        some.then_some(Back {
            first: self.first,
            norms: self.norms,
            second: self.to,
            passes,
            same,
        })
    }
}
