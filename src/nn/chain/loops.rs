//! The loops of a chain. In: a chain, its sources, room for what it makes. Out: that, by
//! all threads: rows are cut into tasks by their number alone, and each place of a map is
//! summed by one task in the order of its rows, so that the bits do not depend on how many
//! threads there are.

use std::ops::Range;

use rayon::prelude::*;

use super::super::batch::Map;
use super::super::blocks::vectorised;
use super::tile::{Purpose, Rows, Tile};
use super::{Chain, ExprId, Source, Store, Sum, columns};

/// Most tasks of a loop.
const TASKS: usize = 64;
/// Fewest rows of a task.
const FEWEST: usize = 64;

/// What a chain reads.
pub(crate) struct World<'a> {
    pub(crate) read: &'a (dyn Fn(Source) -> &'a [f32] + Sync),
    pub(crate) map: &'a (dyn Fn(usize) -> &'a Map + Sync),
    /// How many rows its domain has.
    pub(crate) rows: usize,
}

/// Room for something the chain makes.
pub(crate) struct Out<'a> {
    pub(crate) values: &'a mut [f32],
    /// Whether it is added to what is there.
    pub(crate) onto: bool,
}

/// Runs a chain; gives the sums over all rows, in the order of the chain's columns, if
/// they are asked for. `stores` and `sums` stand in the chain's order.
pub(crate) fn run(
    chain: &Chain,
    world: &World,
    mut stores: Vec<Out>,
    mut sums: Vec<Out>,
    columns: bool,
) -> Vec<Vec<f64>> {
    let columns = if columns { &chain.columns[..] } else { &[] };
    let host = host(chain, world);
    let rows = !stores.is_empty() || !columns.is_empty();
    let mut totals = Vec::new();
    if rows || host.is_some() {
        let wanted = Loop {
            chain,
            world,
            route: host,
            known: &[],
            columns: columns.iter().map(|c| c.channels).collect(),
        };
        let sums = sums.iter_mut().enumerate().filter(|(k, _)| {
            host.is_some() && chain.sums.get(*k).map(|sum| sum.route) == host
        });
        totals = wanted.run(stores.iter_mut().collect(), sums.collect());
    }
    let made = chain
        .stores
        .iter()
        .zip(&stores)
        .filter(|(_, out)| !out.onto);
    let known: Vec<(ExprId, &[f32])> = made
        .map(|(store, out)| (store.expr, &*out.values))
        .collect();
    let mut routes: Vec<usize> = chain.sums.iter().map(|sum| sum.route).collect();
    routes.sort_unstable();
    routes.dedup();
    for route in routes.into_iter().filter(|route| Some(*route) != host) {
        let of_route = |k: usize| chain.sums.get(k).map(|sum| sum.route) == Some(route);
        let sums = sums.iter_mut().enumerate().filter(|(k, _)| of_route(*k));
        let wanted = Loop {
            chain,
            world,
            route: Some(route),
            known: &known,
            columns: Vec::new(),
        };
        wanted.run(Vec::new(), sums.collect());
    }
    totals
}

/// The map along whose places the loop over rows can go too: one whose rows stand in the
/// order of its places, the one most sums go by.
fn host(chain: &Chain, world: &World) -> Option<usize> {
    let count = |route: usize| {
        let same = |sum: &&Sum| sum.route == route;
        chain.sums.iter().filter(same).count()
    };
    let sorted = chain.sums.iter().map(|sum| sum.route);
    let sorted = sorted.filter(|route| (world.map)(*route).in_order());
    sorted.max_by_key(|route| (count(*route), std::cmp::Reverse(*route)))
}

/// One loop.
struct Loop<'a, 'w> {
    chain: &'a Chain,
    world: &'a World<'w>,
    /// The map along whose places it goes.
    route: Option<usize>,
    /// What lies there already.
    known: &'a [(ExprId, &'a [f32])],
    /// Channels of the sums over all rows.
    columns: Vec<usize>,
}

/// A part of a loop: the rows (in the order of the map), the places, room.
struct Task<'a> {
    rows: Range<usize>,
    places: Range<usize>,
    stores: Vec<Out<'a>>,
    sums: Vec<(usize, Out<'a>)>,
}

impl Loop<'_, '_> {
    fn run(&self, stores: Vec<&mut Out>, sums: Vec<(usize, &mut Out)>) -> Vec<Vec<f64>> {
        let stored = !stores.is_empty();
        // What is not added to anything is computed where it stays.
        let takes = |(out, store): (&&mut Out, &Store)| (!out.onto).then_some(store.expr);
        let taken: Vec<Option<ExprId>> =
            stores.iter().zip(&self.chain.stores).map(takes).collect();
        let tasks = self.tasks(stores, sums);
        let wanted: Vec<ExprId> = {
            let chain = self.chain;
            let of_sums = chain
                .sums
                .iter()
                .filter(|sum| Some(sum.route) == self.route);
            let of_stores = chain.stores.iter().filter(|_| stored);
            let of_columns = chain.columns.iter().take(self.columns.len());
            let of_columns = of_columns.flat_map(|columns| match columns.times {
                super::Times::Off { x, .. } => vec![columns.expr, x],
                _ => vec![columns.expr],
            });
            let rows = of_stores.map(|store| store.expr).chain(of_columns);
            rows.chain(of_sums.map(|sum| sum.expr)).collect()
        };
        let map = self.route.map(|route| (self.world.map)(route));
        let scattered = map.is_some_and(|map| !map.in_order());
        let purpose = Purpose {
            exprs: &self.chain.exprs,
            world: self.world,
            known: self.known,
            wanted: &wanted,
            stores: &taken,
            scattered,
        };
        let fresh = || Tile::new(&purpose);
        let parts: Vec<Vec<Vec<f64>>> = tasks
            .into_par_iter()
            .map_init(fresh, |tile, task| self.task(tile, task, map))
            .collect();
        let mut totals: Vec<Vec<f64>> =
            self.columns.iter().map(|n| vec![0.0; *n]).collect();
        for part in parts {
            for (total, part) in totals.iter_mut().zip(part) {
                total.iter_mut().zip(part).for_each(|(t, x)| *t += x);
            }
        }
        totals
    }

    /// The tasks, each with its part of the room.
    fn tasks<'b>(
        &self,
        stores: Vec<&'b mut Out>,
        sums: Vec<(usize, &'b mut Out)>,
    ) -> Vec<Task<'b>> {
        let rows = self.world.rows;
        let map = self.route.map(|route| (self.world.map)(route));
        let places = map.map_or(0, Map::places);
        let cuts: Vec<(Range<usize>, Range<usize>)> = match map {
            None => {
                let size = rows.div_ceil(TASKS).max(FEWEST);
                let starts = (0..rows).step_by(size);
                starts.map(|k| (k..(k + size).min(rows), 0..0)).collect()
            }
            Some(map) => {
                // As many places as have the rows of a task on average.
                let average = (rows / places.max(1)).max(1);
                let size = places.div_ceil(TASKS).max(FEWEST / average).max(1);
                let cut = |first: usize| {
                    let last = (first + size).min(places);
                    (map.group(first).start..map.group(last - 1).end, first..last)
                };
                (0..places).step_by(size).map(cut).collect()
            }
        };
        let mut tasks: Vec<Task> = cuts
            .into_iter()
            .map(|(rows, places)| Task {
                rows,
                places,
                stores: Vec::new(),
                sums: Vec::new(),
            })
            .collect();
        for out in stores {
            let width = width(out.values.len(), rows);
            let mut rest = &mut *out.values;
            for task in &mut tasks {
                let (own, after) = rest.split_at_mut(task.rows.len() * width);
                rest = after;
                task.stores.push(Out {
                    values: own,
                    onto: out.onto,
                });
            }
        }
        for (k, out) in sums {
            let width = width(out.values.len(), places);
            let mut rest = &mut *out.values;
            for task in &mut tasks {
                let (own, after) = rest.split_at_mut(task.places.len() * width);
                rest = after;
                let own = Out {
                    values: own,
                    onto: out.onto,
                };
                task.sums.push((k, own));
            }
        }
        tasks
    }

    /// Does a task; gives its part of the sums over all rows.
    fn task(
        &self,
        tile: &mut Tile<'_, '_>,
        mut task: Task,
        map: Option<&Map>,
    ) -> Vec<Vec<f64>> {
        let chain = self.chain;
        let mut totals: Vec<Vec<f64>> =
            self.columns.iter().map(|n| vec![0.0; *n]).collect();
        // What is added to something is summed by itself first: a share of it follows.
        let mut apart: Vec<Vec<f32>> = Vec::new();
        for (_, out) in &mut task.sums {
            match out.onto {
                true => apart.push(vec![0.0; out.values.len()]),
                false => {
                    out.values.fill(0.0);
                    apart.push(Vec::new());
                }
            }
        }
        let mut first = task.rows.start;
        let mut place = task.places.start;
        while first < task.rows.end {
            let count = tile.height().min(task.rows.end - first);
            let rows = match map {
                Some(map) if !map.in_order() => {
                    Rows::Members(map.members(first..first + count))
                }
                _ => Rows::From(first, count),
            };
            tile.compute(&rows, task.rows.start, &mut task.stores);
            for (k, store) in chain.stores.iter().enumerate().take(task.stores.len()) {
                if tile.stored(store.expr) == Some(k) {
                    continue;
                }
                let width = chain.exprs.width(store.expr);
                let at = (first - task.rows.start) * width;
                let Some(out) = task.stores.get_mut(k) else {
                    continue;
                };
                let (onto, values) = (out.onto, std::mem::take(&mut out.values));
                let made = tile.made(store.expr, &task.stores);
                let to = values.get_mut(at..at + count * width).unwrap_or(&mut []);
                match onto {
                    true => super::super::blocks::add(to, made),
                    false => to.copy_from_slice(made),
                }
                if let Some(out) = task.stores.get_mut(k) {
                    out.values = values;
                }
            }
            for (total, columns) in totals.iter_mut().zip(&chain.columns) {
                columns::add(tile, self.world, &task.stores, columns, total);
            }
            if let Some(map) = map {
                let begun = place;
                for (apart, (k, out)) in apart.iter_mut().zip(&mut task.sums) {
                    let Some(sum) = chain.sums.get(*k) else {
                        continue;
                    };
                    let width = chain.exprs.width(sum.expr);
                    let to = if out.onto {
                        &mut apart[..]
                    } else {
                        &mut *out.values
                    };
                    let end = add_segments(
                        map,
                        (begun, task.places.clone()),
                        (first, count),
                        width,
                        tile.made(sum.expr, &task.stores),
                        to,
                    );
                    place = place.max(end);
                }
            }
            first += count;
        }
        for (apart, (k, out)) in apart.iter().zip(&mut task.sums) {
            let Some(sum) = chain.sums.get(*k) else {
                continue;
            };
            let width = chain.exprs.width(sum.expr).max(1);
            for (place, (at, y)) in task
                .places
                .clone()
                .zip(out.values.chunks_exact_mut(width).enumerate())
            {
                let members = map.map_or(0, |map| map.group(place).len());
                let factor = if sum.share {
                    1.0 / members.max(1) as f32
                } else {
                    1.0
                };
                if out.onto {
                    let part = apart.get(at * width..(at + 1) * width).unwrap_or(&[]);
                    y.iter_mut().zip(part).for_each(|(y, x)| *y += factor * x);
                } else if factor != 1.0 {
                    y.iter_mut().for_each(|y| *y *= factor);
                }
            }
        }
        totals
    }
}

/// Numbers per row of room for `rows` rows.
fn width(length: usize, rows: usize) -> usize {
    length / rows.max(1)
}

/// Adds the rows `x` (`count` of them, from `first` of the map's order on) to the places
/// they lead to, of which `begun` is the first that may have any left. `to` has the rows of
/// the task's places. Gives the place of the last row.
fn add_segments(
    map: &Map,
    (begun, places): (usize, Range<usize>),
    (first, count): (usize, usize),
    width: usize,
    x: &[f32],
    to: &mut [f32],
) -> usize {
    let mut place = begun;
    vectorised(
        #[inline(always)]
        || {
            let mut row = first;
            while row < first + count && place < places.end {
                let end = map.group(place).end;
                if end <= row {
                    place += 1;
                    continue;
                }
                let last = end.min(first + count);
                let at = (place - places.start) * width;
                let y = to.get_mut(at..at + width).unwrap_or(&mut []);
                let from = (row - first) * width..(last - first) * width;
                for x in x.get(from).unwrap_or(&[]).chunks_exact(width) {
                    y.iter_mut().zip(x).for_each(|(y, x)| *y += x);
                }
                row = last;
            }
        },
    );
    place
}
