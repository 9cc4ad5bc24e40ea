//! A few rows of a chain, computed together. In: expressions, sources, which rows. Out: the
//! rows of every wanted expression, in slots that stay in the innermost cache or where they
//! are kept.

use std::collections::BTreeMap;

use super::super::buffer::aligned;
use super::expr::{Expr, ExprId, Exprs, Leaf, Local, Reach};
use super::layout::{Given, Layout, Place};
use super::loops::{Out, World};
use super::rows::{Lines, denormal, normal, share, take};

/// Numbers of the widest expression of a tile, unless that is fewer than [`FEWEST`] rows.
const NUMBERS: usize = 2048;
/// Numbers of a row from which on it may be read where it lies.
const WIDE: usize = 32;
/// Fewest rows of a tile.
const FEWEST: usize = 8;

/// Which rows of the domain.
pub(super) enum Rows<'a> {
    /// So many from one on.
    From(usize, usize),
    /// These.
    Members(&'a [u32]),
}

impl Rows<'_> {
    fn count(&self) -> usize {
        match self {
            Rows::From(_, count) => *count,
            Rows::Members(rows) => rows.len(),
        }
    }
}

/// What a tile is for.
pub(super) struct Purpose<'a, 'w> {
    pub(super) exprs: &'a Exprs,
    pub(super) world: &'a World<'w>,
    /// What lies somewhere already.
    pub(super) known: &'a [(ExprId, &'a [f32])],
    pub(super) wanted: &'a [ExprId],
    /// For each store the expression it takes as it is.
    pub(super) stores: &'a [Option<ExprId>],
    /// Whether the rows do not follow each other.
    pub(super) scattered: bool,
}

impl<'a> Purpose<'a, '_> {
    /// The rows an expression is, if they lie somewhere at the same places.
    fn rows_of(&self, id: ExprId) -> Option<&'a [f32]> {
        if let Some((_, values)) = self.known.iter().find(|(own, _)| *own == id) {
            return Some(values);
        }
        match self.exprs.expr(id) {
            Expr::Leaf(Leaf {
                source,
                reach: Reach::Rows,
            }) => Some((self.world.read)(*source)),
            _ => None,
        }
    }

    /// The expressions of `order` that are rows taken by a map and read once, by a pair that
    /// can take them itself: it saves them a way through the tile.
    fn taken(&self, order: &[ExprId], lies: &dyn Fn(ExprId) -> bool) -> Vec<ExprId> {
        let mut readers: BTreeMap<ExprId, Vec<ExprId>> = BTreeMap::new();
        for id in order.iter().filter(|id| !lies(**id)) {
            for read in self.exprs.expr(*id).reads() {
                readers.entry(read).or_default().push(*id);
            }
        }
        let by_pair = |id: &ExprId| match readers.get(id).map(Vec::as_slice) {
            Some([reader]) => match self.exprs.expr(*reader) {
                Expr::Pair(pair, ..) => pair.plain(),
                _ => false,
            },
            _ => false,
        };
        let routed = |id: &ExprId| match self.exprs.expr(*id) {
            Expr::Leaf(leaf) => matches!(leaf.reach, Reach::Route(_)),
            _ => false,
        };
        let wide = |id: &ExprId| self.exprs.width(*id) >= WIDE;
        let free = |id: &ExprId| !self.wanted.contains(id) && !lies(*id);
        let all = order.iter().copied();
        all.filter(|id| routed(id) && wide(id) && free(id) && by_pair(id))
            .collect()
    }

    /// The one row of an expression that has one for all.
    fn same(&self, id: ExprId) -> Option<&'a [f32]> {
        match self.exprs.expr(id) {
            Expr::Leaf(Leaf {
                source,
                reach: Reach::Same,
            }) => Some((self.world.read)(*source)),
            _ => None,
        }
    }
}

/// The room of one task, used again for each few rows.
pub(super) struct Tile<'a, 'w> {
    of: &'a Purpose<'a, 'w>,
    layout: Layout<'a>,
    slots: Vec<Slot>,
    height: usize,
    /// The rows now in the slots: the first (where they follow each other), the first of
    /// the task, and how many.
    first: usize,
    start: usize,
    count: usize,
}

/// Room that begins with a line of the cache.
#[derive(Default)]
struct Slot {
    values: Vec<f32>,
    start: usize,
}

impl Slot {
    fn new(length: usize) -> Slot {
        let (values, start) = aligned(length);
        Slot { values, start }
    }

    fn numbers(&self) -> &[f32] {
        self.values.get(self.start..).unwrap_or(&[])
    }

    fn numbers_mut(&mut self) -> &mut [f32] {
        self.values.get_mut(self.start..).unwrap_or(&mut [])
    }
}

impl<'a, 'w: 'a> Tile<'a, 'w> {
    pub(super) fn new(of: &'a Purpose<'a, 'w>) -> Tile<'a, 'w> {
        let lies = |id: ExprId| of.known.iter().any(|(own, _)| *own == id);
        let order = of.exprs.needed(of.wanted.iter().copied(), lies);
        let widest = order.iter().map(|id| of.exprs.width(*id)).max();
        let height = (NUMBERS / widest.unwrap_or(1).max(1)).clamp(FEWEST, 512);
        let taken = of.taken(&order, &lies);
        let given = Given {
            exprs: of.exprs,
            taken: &|id| taken.contains(&id),
            direct: &|id| of.rows_of(id).filter(|_| !of.scattered),
            same: &|id| of.same(id),
            reads: &|id| match lies(id) {
                true => vec![],
                false => of.exprs.expr(id).reads(),
            },
            store: &|id| of.stores.iter().position(|own| *own == Some(id)),
            wanted: of.wanted,
        };
        let layout = Layout::new(order, &given);
        let widths = layout.widths.iter();
        let mut slots: Vec<Slot> = widths.map(|w| Slot::new(w * height)).collect();
        for place in &layout.places {
            if let Place::Same(slot, row) = place
                && let (Some(slot), false) = (slots.get_mut(*slot), row.is_empty())
            {
                slot.numbers_mut()
                    .chunks_exact_mut(row.len())
                    .for_each(|to| to.copy_from_slice(row));
            }
        }
        Tile {
            of,
            layout,
            slots,
            height,
            first: 0,
            start: 0,
            count: 0,
        }
    }

    /// Rows that fit.
    pub(super) fn height(&self) -> usize {
        self.height
    }

    /// The store whose room the rows of an expression were computed in.
    pub(super) fn stored(&self, id: ExprId) -> Option<usize> {
        match self.layout.places.get(id) {
            Some(Place::Store(store)) => Some(*store),
            _ => None,
        }
    }

    /// The rows of an expression that was computed, with the task's `stores`.
    pub(super) fn made<'s>(&'s self, id: ExprId, stores: &'s [Out]) -> &'s [f32] {
        let width = self.of.exprs.width(id);
        let rows = |from: usize| from * width..(from + self.count) * width;
        let found = match self.layout.places.get(id) {
            Some(Place::Slot(slot) | Place::Same(slot, _)) => {
                let slot = self.slots.get(*slot);
                slot.and_then(|slot| slot.numbers().get(rows(0)))
            }
            Some(Place::Store(store)) => {
                let store = stores.get(*store);
                store.and_then(|out| out.values.get(rows(self.first - self.start)))
            }
            Some(Place::Source(values)) => values.get(rows(self.first)),
            _ => None,
        };
        found.unwrap_or(&[])
    }

    /// Computes the wanted expressions on those rows of a task that begins at row `start`.
    pub(super) fn compute(&mut self, rows: &Rows, start: usize, stores: &mut [Out]) {
        self.count = rows.count();
        self.start = start;
        if let Rows::From(first, _) = rows {
            self.first = *first;
        }
        for at in 0..self.layout.order.len() {
            let Some(id) = self.layout.order.get(at).copied() else {
                continue;
            };
            let width = self.of.exprs.width(id);
            match self.layout.places.get(id).copied() {
                Some(Place::Slot(slot)) => {
                    let own = self.slots.get_mut(slot).map(std::mem::take);
                    let mut own = own.unwrap_or_default();
                    if let Some(y) = own.numbers_mut().get_mut(..self.count * width) {
                        self.fill(id, rows, stores, y);
                    }
                    if let Some(place) = self.slots.get_mut(slot) {
                        *place = own;
                    }
                }
                Some(Place::Store(store)) => {
                    let own = stores.get_mut(store);
                    let own = own.map(|out| std::mem::take(&mut out.values));
                    let own = own.unwrap_or(&mut []);
                    let from = self.first - self.start;
                    if let Some(y) =
                        own.get_mut(from * width..(from + self.count) * width)
                    {
                        self.fill(id, rows, stores, y);
                    }
                    if let Some(out) = stores.get_mut(store) {
                        out.values = own;
                    }
                }
                _ => {}
            }
        }
    }

    fn fill(&self, id: ExprId, rows: &Rows, stores: &[Out], y: &mut [f32]) {
        let world = self.of.world;
        let width = self.of.exprs.width(id);
        let over = self.layout.over.get(id) == Some(&true);
        let made = |id: ExprId| self.made(id, stores);
        if let Some(values) = self.of.rows_of(id) {
            return take(values, width, rows, |row| row, y);
        }
        match self.of.exprs.expr(id) {
            Expr::Leaf(Leaf { source, reach }) => {
                let values = (world.read)(*source);
                match reach {
                    Reach::Route(route) => {
                        let map = (world.map)(*route);
                        take(values, width, rows, |row| map.place(row), y);
                    }
                    Reach::Share(route) => {
                        let map = (world.map)(*route);
                        take(values, width, rows, |row| map.place(row), y);
                        share(map, width, rows, y);
                    }
                    Reach::Rows | Reach::Same => {
                        unreachable!("such leaves are not computed")
                    }
                }
            }
            Expr::Map(map, x) => match over {
                true => map.apply(y),
                false => map.fill(made(*x), y),
            },
            Expr::Slope { map, g, x, y: own } => {
                if !over {
                    y.copy_from_slice(made(*g));
                }
                let read = |id: &Option<ExprId>| id.map_or(&[][..], made);
                map.back(y, read(x), read(own));
            }
            Expr::Pair(pair, a, b) if self.is_taken(*a) || self.is_taken(*b) => {
                let b = self.lines(*b, rows, stores);
                match over {
                    true => pair.over_by_rows(y, |k| b.at(k), width),
                    false => {
                        let a = self.lines(*a, rows, stores);
                        pair.by_rows(|k| a.at(k), |k| b.at(k), y, width);
                    }
                }
            }
            Expr::Pair(pair, _, b) if over => pair.over(y, made(*b)),
            Expr::Pair(pair, a, b) => pair.forward(made(*a), made(*b), y),
            Expr::PairBack {
                pair, side, a, b, ..
            } if over => pair.backward_over(*side, made(*a), made(*b), y),
            Expr::PairBack {
                pair,
                side,
                g,
                a,
                b,
            } => pair.backward(*side, made(*g), made(*a), made(*b), y),
            Expr::Local(local, inputs) => self.local(local, inputs, stores, y),
            Expr::LocalBack {
                local,
                which,
                g,
                y: own,
            } => {
                let g = made(*g);
                match &**local {
                    Local::Concat(concat) => concat.backward(*which, g, y),
                    Local::Slice(slice) => slice.backward(g, y),
                    Local::Transpose(turn) => turn.backward(g, y),
                    Local::Reduce(reduce) => reduce.backward(g, y),
                    Local::Softmax(softmax) => {
                        y.copy_from_slice(g);
                        softmax.backward(own.map_or(&[][..], made), y);
                    }
                }
            }
            Expr::Normal {
                x,
                note,
                shift,
                channels,
            } => {
                let (note, shift) = ((world.read)(*note), (world.read)(*shift));
                normal(made(*x), note, shift, *channels, y);
            }
            Expr::Denormal {
                g,
                x,
                note,
                back,
                channels,
            } => {
                let (note, back) = ((world.read)(*note), (world.read)(*back));
                denormal(made(*g), made(*x), note, back, *channels, y);
            }
        }
    }

    fn is_taken(&self, id: ExprId) -> bool {
        self.layout.places.get(id) == Some(&Place::Taken)
    }

    /// The rows of an expression that was computed, or that are taken where they lie.
    fn lines<'s>(&'s self, id: ExprId, rows: &'s Rows, stores: &'s [Out]) -> Lines<'s> {
        let width = self.of.exprs.width(id);
        match self.of.exprs.expr(id) {
            Expr::Leaf(Leaf {
                source,
                reach: Reach::Route(route),
            }) if self.is_taken(id) => Lines::Taken {
                values: (self.of.world.read)(*source),
                width,
                map: (self.of.world.map)(*route),
                rows,
            },
            _ => Lines::Made {
                values: self.made(id, stores),
                width,
            },
        }
    }

    fn local(&self, local: &Local, inputs: &[ExprId], stores: &[Out], y: &mut [f32]) {
        let read = |which: usize| {
            inputs
                .get(which)
                .map_or(&[][..], |id| self.made(*id, stores))
        };
        match local {
            Local::Concat(concat) => {
                for which in 0..inputs.len() {
                    concat.forward(which, read(which), y);
                }
            }
            Local::Slice(slice) => slice.forward(read(0), y),
            Local::Transpose(turn) => turn.forward(read(0), y),
            Local::Reduce(reduce) => reduce.forward(read(0), y),
            Local::Softmax(softmax) => softmax.forward(read(0), y),
        }
    }
}
