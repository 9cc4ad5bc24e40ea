//! The expressions of a chain: a graph without a node twice. In: nodes. Out: their numbers,
//! widths, and what they read.

use std::sync::Arc;

use super::super::layers::{Concat, Map, Pair, Reduce, Side, Slice, Softmax, Transpose};

/// The place of an expression among those of its chain.
pub(crate) type ExprId = usize;

/// Where numbers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// A value of the program.
    Value(usize),
    /// The gradient of the loss with respect to it.
    Gradient(usize),
    /// A weight.
    Weight(usize),
    /// What the backward pass notes of the normalisation whose statistics are that value:
    /// level and tilt (see [`super::super::layers::BatchNorm`]).
    Back(usize),
}

/// How a row of the chain finds its row of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// It has the same place.
    Rows,
    /// By a map.
    Route(usize),
    /// By a map, and divided by how many rows it leads to the same place.
    Share(usize),
    /// There is one row for all.
    Same,
}

/// Rows of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leaf {
    pub(crate) source: Source,
    pub(crate) reach: Reach,
}

/// An operation on a row that needs no other row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Local {
    Concat(Concat),
    Slice(Slice),
    Transpose(Transpose),
    Reduce(Reduce),
    Softmax(Softmax),
}

/// What makes the rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expr {
    Leaf(Leaf),
    /// A function of each number.
    Map(Map, ExprId),
    /// The gradient `g` sent back through a function that read `x` and made `y`.
    Slope {
        map: Map,
        g: ExprId,
        x: Option<ExprId>,
        y: Option<ExprId>,
    },
    Pair(Arc<Pair>, ExprId, ExprId),
    /// The gradient `g` sent back to one side of a pair.
    PairBack {
        pair: Arc<Pair>,
        side: Side,
        g: ExprId,
        a: ExprId,
        b: ExprId,
    },
    Local(Arc<Local>, Vec<ExprId>),
    /// The gradient `g` sent back to input `which` of a local operation that made `y`.
    LocalBack {
        local: Arc<Local>,
        which: usize,
        g: ExprId,
        y: Option<ExprId>,
    },
    /// A batch normalisation: (x - mean)·factor + shift, mean and factor from its note.
    Normal {
        x: ExprId,
        note: Source,
        shift: Source,
        channels: usize,
    },
    /// The gradient `g` sent back through it.
    Denormal {
        g: ExprId,
        x: ExprId,
        note: Source,
        back: Source,
        channels: usize,
    },
}

/// What an expression is multiplied by before its rows are summed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Times {
    /// Nothing.
    One,
    /// Itself.
    Itself,
    /// `x` less the mean of a normalisation's note.
    Off { x: ExprId, note: Source },
}

impl Local {
    /// Whether the way back reads what it made.
    pub(crate) fn keeps_output(&self) -> bool {
        matches!(self, Local::Softmax(_))
    }
}

impl Expr {
    /// What it reads.
    pub(crate) fn reads(&self) -> Vec<ExprId> {
        match self {
            Expr::Leaf(_) => vec![],
            Expr::Map(_, x) | Expr::Normal { x, .. } => vec![*x],
            Expr::Slope { g, x, y, .. } => {
                [Some(*g), *x, *y].into_iter().flatten().collect()
            }
            Expr::Pair(_, a, b) => vec![*a, *b],
            Expr::PairBack { pair, g, a, b, .. } => match pair.keeps_inputs() {
                true => vec![*g, *a, *b],
                false => vec![*g],
            },
            Expr::Local(_, inputs) => inputs.clone(),
            Expr::LocalBack { g, y, .. } => {
                [Some(*g), *y].into_iter().flatten().collect()
            }
            Expr::Denormal { g, x, .. } => vec![*g, *x],
        }
    }
}

/// Expressions, each after what it reads.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Exprs {
    nodes: Vec<(Expr, usize)>,
}

impl Exprs {
    /// The number of an expression whose rows are `width` long, the same for the same.
    pub(crate) fn add(&mut self, expr: Expr, width: usize) -> ExprId {
        let known = self.nodes.iter().position(|(known, _)| *known == expr);
        known.unwrap_or_else(|| {
            self.nodes.push((expr, width));
            self.nodes.len() - 1
        })
    }

    /// Lets an expression be made in another way.
    pub(crate) fn replace(&mut self, id: ExprId, expr: Expr) {
        if let Some((own, _)) = self.nodes.get_mut(id) {
            *own = expr;
        }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn expr(&self, id: ExprId) -> &Expr {
        let Some((expr, _)) = self.nodes.get(id) else {
            unreachable!("numbers of expressions come from `add`");
        };
        expr
    }

    pub(crate) fn width(&self, id: ExprId) -> usize {
        self.nodes.get(id).map_or(0, |(_, width)| *width)
    }

    /// Those that `wanted` need, in order; the search stops at what `known` has.
    pub(crate) fn needed(
        &self,
        wanted: impl Iterator<Item = ExprId>,
        known: impl Fn(ExprId) -> bool,
    ) -> Vec<ExprId> {
        let mut need = vec![false; self.nodes.len()];
        let mark = |id: ExprId, need: &mut Vec<bool>| {
            if let Some(need) = need.get_mut(id) {
                *need = true;
            }
        };
        wanted.for_each(|id| mark(id, &mut need));
        for id in (0..self.nodes.len()).rev() {
            if need.get(id) == Some(&true) && !known(id) {
                let reads = self.expr(id).reads();
                reads.into_iter().for_each(|read| mark(read, &mut need));
            }
        }
        (0..self.nodes.len())
            .filter(|id| need.get(*id) == Some(&true))
            .collect()
    }
}
