//! A few rows of a chain, computed together. In: expressions, sources, which rows. Out: the
//! rows of every wanted expression, in slots that stay in the cache.

use super::super::blocks::vectorised;
use super::Columns;
use super::expr::{Expr, ExprId, Exprs, Leaf, Local, Reach, Times};
use super::loops::World;

/// Numbers of the widest expression of a tile, unless that is fewer than [`FEWEST`] rows.
const NUMBERS: usize = 4096;
/// Fewest rows of a tile.
const FEWEST: usize = 16;

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

/// Where the rows of an expression are.
#[derive(Clone, Copy)]
enum Place<'a> {
    Slot(usize),
    /// In their source, at the same places.
    Source(&'a [f32]),
    Nowhere,
}

/// The room of one task, used again for each few rows.
pub(super) struct Tile<'a, 'w> {
    exprs: &'a Exprs,
    world: &'a World<'w>,
    known: &'a [(ExprId, &'a [f32])],
    order: Vec<ExprId>,
    places: Vec<Place<'a>>,
    slots: Vec<Vec<f32>>,
    height: usize,
    /// The rows now in the slots: the first (where they follow each other) and how many.
    first: usize,
    count: usize,
    scattered: bool,
}

impl<'a, 'w: 'a> Tile<'a, 'w> {
    pub(super) fn new(
        exprs: &'a Exprs,
        world: &'a World<'w>,
        known: &'a [(ExprId, &'a [f32])],
        wanted: &[ExprId],
        scattered: bool,
    ) -> Tile<'a, 'w> {
        let lies = |id: ExprId| known.iter().find(|(own, _)| *own == id);
        let order = exprs.needed(wanted.iter().copied(), |id| lies(id).is_some());
        let widest = order.iter().map(|id| exprs.width(*id)).max().unwrap_or(1);
        let height = (NUMBERS / widest.max(1)).clamp(FEWEST, 512);
        let mut tile = Tile {
            exprs,
            world,
            known,
            order,
            places: vec![Place::Nowhere; exprs.count()],
            slots: Vec::new(),
            height,
            first: 0,
            count: 0,
            scattered,
        };
        tile.settle(wanted);
        tile
    }

    /// Rows that fit.
    pub(super) fn height(&self) -> usize {
        self.height
    }

    /// Gives every expression its place: a slot is used again once nothing reads it.
    fn settle(&mut self, wanted: &[ExprId]) {
        let mut last = vec![0usize; self.exprs.count()];
        for (at, id) in self.order.iter().enumerate() {
            for read in self.reads(*id) {
                if let Some(last) = last.get_mut(read) {
                    *last = at;
                }
            }
        }
        let mut widths: Vec<usize> = Vec::new();
        let mut free: Vec<usize> = Vec::new();
        let mut filled: Vec<(usize, &[f32])> = Vec::new();
        for (at, id) in self.order.clone().into_iter().enumerate() {
            let width = self.exprs.width(id);
            let place = match self.direct(id) {
                Some(source) => Place::Source(source),
                None => {
                    let same = self.same(id);
                    let slot = match (same, free.pop()) {
                        (None, Some(slot)) => slot,
                        (_, used) => {
                            free.extend(used);
                            widths.push(0);
                            widths.len() - 1
                        }
                    };
                    if let Some(w) = widths.get_mut(slot) {
                        *w = width.max(*w);
                    }
                    filled.extend(same.map(|values| (slot, values)));
                    Place::Slot(slot)
                }
            };
            if let Some(own) = self.places.get_mut(id) {
                *own = place;
            }
            let done = self.reads(id).into_iter().chain([id]).filter(|read| {
                let unread = last.get(*read).copied().unwrap_or(0) <= at;
                unread && !wanted.contains(read) && self.same(*read).is_none()
            });
            for read in done.collect::<Vec<_>>() {
                if let Some(Place::Slot(slot)) = self.places.get(read).copied()
                    && !free.contains(&slot)
                {
                    free.push(slot);
                }
            }
        }
        self.slots = widths.iter().map(|w| vec![0.0; w * self.height]).collect();
        for (slot, row) in filled {
            if let (Some(slot), false) = (self.slots.get_mut(slot), row.is_empty()) {
                slot.chunks_exact_mut(row.len())
                    .for_each(|to| to.copy_from_slice(row));
            }
        }
    }

    /// What an expression reads here; nothing if its rows lie there already.
    fn reads(&self, id: ExprId) -> Vec<ExprId> {
        match self.known.iter().any(|(own, _)| *own == id) {
            true => vec![],
            false => self.exprs.expr(id).reads(),
        }
    }

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

    /// The same, if they follow each other here.
    fn direct(&self, id: ExprId) -> Option<&'a [f32]> {
        self.rows_of(id).filter(|_| !self.scattered)
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

    /// The rows of an expression that was computed.
    pub(super) fn made(&self, id: ExprId) -> &[f32] {
        let width = self.exprs.width(id);
        match self.places.get(id) {
            Some(Place::Slot(slot)) => {
                let slot = self.slots.get(*slot);
                slot.and_then(|slot| slot.get(..self.count * width))
                    .unwrap_or(&[])
            }
            Some(Place::Source(values)) => {
                let at = self.first * width;
                values.get(at..at + self.count * width).unwrap_or(&[])
            }
            _ => &[],
        }
    }

    /// Computes the wanted expressions on those rows.
    pub(super) fn compute(&mut self, rows: &Rows) {
        self.count = rows.count();
        if let Rows::From(first, _) = rows {
            self.first = *first;
        }
        for at in 0..self.order.len() {
            let Some(id) = self.order.get(at).copied() else {
                continue;
            };
            let Some(Place::Slot(slot)) = self.places.get(id).copied() else {
                continue;
            };
            if self.same(id).is_some() {
                continue;
            }
            let mut own = self
                .slots
                .get_mut(slot)
                .map(std::mem::take)
                .unwrap_or_default();
            let length = self.count * self.exprs.width(id);
            if let Some(y) = own.get_mut(..length) {
                self.fill(id, rows, y);
            }
            if let Some(place) = self.slots.get_mut(slot) {
                *place = own;
            }
        }
    }

    fn fill(&self, id: ExprId, rows: &Rows, y: &mut [f32]) {
        let width = self.exprs.width(id);
        if let Some(values) = self.rows_of(id) {
            return take(values, width, rows, |row| row, y);
        }
        match self.exprs.expr(id) {
            Expr::Leaf(Leaf { source, reach }) => {
                let values = (self.world.read)(*source);
                match reach {
                    Reach::Route(route) => {
                        let map = (self.world.map)(*route);
                        take(values, width, rows, |row| map.place(row), y);
                    }
                    Reach::Share(route) => {
                        let map = (self.world.map)(*route);
                        take(values, width, rows, |row| map.place(row), y);
                        share(map, width, rows, y);
                    }
                    Reach::Rows | Reach::Same => {
                        unreachable!("such leaves are not computed")
                    }
                }
            }
            Expr::Map(map, x) => {
                y.copy_from_slice(self.made(*x));
                map.apply(y);
            }
            Expr::Slope { map, g, x, y: made } => {
                y.copy_from_slice(self.made(*g));
                let read = |id: &Option<ExprId>| id.map_or(&[][..], |id| self.made(id));
                map.back(y, read(x), read(made));
            }
            Expr::Pair(pair, a, b) => pair.forward(self.made(*a), self.made(*b), y),
            Expr::PairBack {
                pair,
                side,
                g,
                a,
                b,
            } => pair.backward(*side, self.made(*g), self.made(*a), self.made(*b), y),
            Expr::Local(local, inputs) => self.local(local, inputs, y),
            Expr::LocalBack {
                local,
                which,
                g,
                y: made,
            } => {
                let g = self.made(*g);
                match &**local {
                    Local::Concat(concat) => concat.backward(*which, g, y),
                    Local::Slice(slice) => slice.backward(g, y),
                    Local::Transpose(turn) => turn.backward(g, y),
                    Local::Reduce(reduce) => reduce.backward(g, y),
                    Local::Softmax(softmax) => {
                        y.copy_from_slice(g);
                        let made = made.map_or(&[][..], |made| self.made(made));
                        softmax.backward(made, y);
                    }
                }
            }
            Expr::Normal {
                x,
                note,
                shift,
                channels,
            } => {
                let (note, shift) = ((self.world.read)(*note), (self.world.read)(*shift));
                normal(self.made(*x), note, shift, *channels, y);
            }
            Expr::Denormal {
                g,
                x,
                note,
                back,
                channels,
            } => {
                let (note, back) = ((self.world.read)(*note), (self.world.read)(*back));
                denormal(self.made(*g), self.made(*x), note, back, *channels, y);
            }
        }
    }

    fn local(&self, local: &Local, inputs: &[ExprId], y: &mut [f32]) {
        let read = |which: usize| inputs.get(which).map_or(&[][..], |id| self.made(*id));
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

    /// Adds the rows of some columns to their totals.
    pub(super) fn add_columns(&self, columns: &Columns, total: &mut [f64]) {
        let e = self.made(columns.expr);
        let channels = columns.channels;
        vectorised(
            #[inline(always)]
            || match columns.times {
                Times::One => {
                    for row in e.chunks_exact(channels) {
                        let places = total.iter_mut().zip(row);
                        places.for_each(|(sum, e)| *sum += f64::from(*e));
                    }
                }
                Times::Itself => {
                    for row in e.chunks_exact(channels) {
                        let places = total.iter_mut().zip(row);
                        places.for_each(|(sum, e)| {
                            let e = f64::from(*e);
                            *sum += e * e;
                        });
                    }
                }
                Times::Off { x, note } => {
                    let mean = (self.world.read)(note);
                    let rows = e.chunks_exact(channels);
                    for (e, x) in rows.zip(self.made(x).chunks_exact(channels)) {
                        let places = total.iter_mut().zip(e).zip(x.iter().zip(mean));
                        places.for_each(|((sum, e), (x, mean))| {
                            *sum += f64::from(e * (x - mean));
                        });
                    }
                }
            },
        );
    }
}

/// Fills `y` with the rows of `values` at `at(row)`.
#[inline(always)]
fn take(
    values: &[f32],
    width: usize,
    rows: &Rows,
    at: impl Fn(usize) -> usize,
    y: &mut [f32],
) {
    let copy = |y: &mut [f32], row: usize| {
        let start = at(row) * width;
        y.copy_from_slice(values.get(start..start + width).unwrap_or(&[]));
    };
    let y = y.chunks_exact_mut(width);
    match rows {
        Rows::From(first, count) => {
            let rows = *first..first + count;
            y.zip(rows).for_each(|(y, row)| copy(y, row));
        }
        Rows::Members(rows) => {
            y.zip(*rows).for_each(|(y, row)| copy(y, *row as usize));
        }
    }
}

/// Divides each row by how many lead to the same place.
fn share(map: &super::super::batch::Map, width: usize, rows: &Rows, y: &mut [f32]) {
    let divide = |y: &mut [f32], row: usize| {
        let factor = 1.0 / map.group(map.place(row)).len().max(1) as f32;
        y.iter_mut().for_each(|y| *y *= factor);
    };
    let y = y.chunks_exact_mut(width);
    match rows {
        Rows::From(first, count) => {
            y.zip(*first..first + count)
                .for_each(|(y, row)| divide(y, row));
        }
        Rows::Members(rows) => {
            y.zip(*rows).for_each(|(y, row)| divide(y, *row as usize));
        }
    }
}

/// y = (x - mean)·factor + shift.
fn normal(x: &[f32], note: &[f32], shift: &[f32], channels: usize, y: &mut [f32]) {
    let (mean, factor) = (part(note, channels, 0), part(note, channels, 3));
    vectorised(
        #[inline(always)]
        || {
            let rows = y.chunks_exact_mut(channels).zip(x.chunks_exact(channels));
            for (y, x) in rows {
                let places = y.iter_mut().zip(x).zip(mean);
                for (((y, x), mean), (f, b)) in places.zip(factor.iter().zip(shift)) {
                    *y = (x - mean) * f + b;
                }
            }
        },
    );
}

/// y = factor·(g - level - (x - mean)·tilt).
fn denormal(
    g: &[f32],
    x: &[f32],
    note: &[f32],
    back: &[f32],
    channels: usize,
    y: &mut [f32],
) {
    let (mean, factor) = (part(note, channels, 0), part(note, channels, 3));
    let (level, tilt) = (part(back, channels, 0), part(back, channels, 1));
    vectorised(
        #[inline(always)]
        || {
            let rows = y.chunks_exact_mut(channels).zip(g.chunks_exact(channels));
            for ((y, g), x) in rows.zip(x.chunks_exact(channels)) {
                let places = y.iter_mut().zip(g).zip(x);
                let sides = mean.iter().zip(factor).zip(level.iter().zip(tilt));
                for (((y, g), x), ((mean, factor), (level, tilt))) in places.zip(sides) {
                    *y = factor * (g - level - (x - mean) * tilt);
                }
            }
        },
    );
}

/// The `k`-th list of `channels` numbers.
fn part(all: &[f32], channels: usize, k: usize) -> &[f32] {
    all.get(k * channels..(k + 1) * channels).unwrap_or(&[])
}
