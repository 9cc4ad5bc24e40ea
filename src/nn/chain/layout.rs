//! Where the rows of a chain's expressions lie while a few of them are computed. In:
//! expressions, what lies somewhere already, what is wanted. Out: an order, and a place for
//! each: few enough that all of them stay in the innermost cache.

use super::expr::{Expr, ExprId, Exprs};

/// Where the rows of an expression are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Place<'a> {
    /// In room of the tile.
    Slot(usize),
    /// In the room of that store, where they are wanted anyway.
    Store(usize),
    /// In their source, at the same places.
    Source(&'a [f32]),
    /// In room of the tile that holds this one row over and over.
    Same(usize, &'a [f32]),
    /// In their source, at places that a map leads to: the one that reads them looks there.
    Taken,
    Nowhere,
}

/// The layout of a chain.
pub(super) struct Layout<'a> {
    /// What is computed, in order.
    pub(super) order: Vec<ExprId>,
    pub(super) places: Vec<Place<'a>>,
    /// Whether an expression is computed where the first thing it reads lies.
    pub(super) over: Vec<bool>,
    /// Numbers per row of each slot.
    pub(super) widths: Vec<usize>,
}

/// What the layout of a chain follows from.
pub(super) struct Given<'a, 'e> {
    pub(super) exprs: &'e Exprs,
    /// The rows an expression is, if they lie somewhere at the same places.
    pub(super) direct: &'e dyn Fn(ExprId) -> Option<&'a [f32]>,
    /// The one row of an expression that has one for all.
    pub(super) same: &'e dyn Fn(ExprId) -> Option<&'a [f32]>,
    /// Whether the one that reads an expression takes its rows by a map itself.
    pub(super) taken: &'e dyn Fn(ExprId) -> bool,
    /// What an expression reads here.
    pub(super) reads: &'e dyn Fn(ExprId) -> Vec<ExprId>,
    /// The store that takes an expression as it is.
    pub(super) store: &'e dyn Fn(ExprId) -> Option<usize>,
    pub(super) wanted: &'e [ExprId],
}

impl<'a> Layout<'a> {
    /// Gives every expression of `order` its place: a slot is used again once nothing reads
    /// it.
    pub(super) fn new(order: Vec<ExprId>, given: &Given<'a, '_>) -> Layout<'a> {
        let count = given.exprs.count();
        let mut last = vec![0usize; count];
        for (at, id) in order.iter().enumerate() {
            for read in (given.reads)(*id) {
                if let Some(last) = last.get_mut(read) {
                    *last = at;
                }
            }
        }
        let mut layout = Layout {
            order: Vec::new(),
            places: vec![Place::Nowhere; count],
            over: vec![false; count],
            widths: Vec::new(),
        };
        let mut free: Vec<usize> = Vec::new();
        for (at, id) in order.iter().copied().enumerate() {
            let unread = |read: ExprId| last.get(read).copied().unwrap_or(0) <= at;
            let reads = (given.reads)(id);
            let place = match ((given.direct)(id), (given.same)(id)) {
                (Some(source), _) => Place::Source(source),
                // Filled once, before the first tile, so never a slot of another's.
                (None, Some(row)) => Place::Same(layout.slot(given.exprs.width(id)), row),
                (None, None) if (given.taken)(id) => Place::Taken,
                (None, None) => match (given.store)(id) {
                    Some(store) => Place::Store(store),
                    None => match layout.taken_over(given, id, &reads, &unread) {
                        Some(slot) => {
                            if let Some(over) = layout.over.get_mut(id) {
                                *over = true;
                            }
                            Place::Slot(slot)
                        }
                        None => Place::Slot(layout.room(&mut free, given, id)),
                    },
                },
            };
            if let Some(own) = layout.places.get_mut(id) {
                *own = place;
            }
            let done = reads.into_iter().chain([id]);
            for read in done.filter(|read| unread(*read) && !given.wanted.contains(read))
            {
                if let Some(Place::Slot(slot)) = layout.places.get(read).copied()
                    && !free.contains(&slot)
                    && (read == id || place != Place::Slot(slot))
                {
                    free.push(slot);
                }
            }
        }
        layout.order = order;
        layout
    }

    /// A slot for an expression: a free one or a new one.
    fn room(&mut self, free: &mut Vec<usize>, given: &Given, id: ExprId) -> usize {
        let own = given.exprs.width(id);
        let Some(slot) = free.pop() else {
            return self.slot(own);
        };
        if let Some(width) = self.widths.get_mut(slot) {
            *width = own.max(*width);
        }
        slot
    }

    /// A new slot, so many numbers a row.
    fn slot(&mut self, width: usize) -> usize {
        self.widths.push(width);
        self.widths.len() - 1
    }

    /// The slot of the first thing an expression reads, if nothing reads that any more and
    /// the expression can be computed over it.
    fn taken_over(
        &self,
        given: &Given,
        id: ExprId,
        reads: &[ExprId],
        unread: &dyn Fn(ExprId) -> bool,
    ) -> Option<usize> {
        let (first, rest) = reads.split_first()?;
        let over = match given.exprs.expr(id) {
            Expr::Map(..) | Expr::Slope { .. } => true,
            Expr::Pair(pair, ..) | Expr::PairBack { pair, .. } => pair.plain(),
            _ => false,
        };
        if !over || rest.contains(first) || !unread(*first) {
            return None;
        }
        match self.places.get(*first) {
            Some(Place::Slot(slot)) if !given.wanted.contains(first) => Some(*slot),
            _ => None,
        }
    }
}
