//! Rows joined to the batch a network runs on: crystals become one graph without an edge
//! between them. In: features and the rows wanted. Out: [`Batch`]: every number the network
//! reads, and its maps, each with its groups in a fixed order, so that sums over groups
//! come out the same for any number of threads.

use super::domain::{Domain, Field, Link, Route};
use super::features::{Crystal, Crystals, Features};
use super::graph::Graph;

/// How many entries each domain has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) rows: usize,
    pub(crate) atoms: usize,
    pub(crate) bonds: usize,
    pub(crate) angles: usize,
}

impl Counts {
    /// The entries of a domain; one where a value is the same everywhere.
    pub(crate) fn of(&self, domain: Option<Domain>) -> usize {
        match domain {
            None => 1,
            Some(Domain::Rows) => self.rows,
            Some(Domain::Atoms) => self.atoms,
            Some(Domain::Bonds) => self.bonds,
            Some(Domain::Angles) => self.angles,
        }
    }
}

/// A map from the entries of one domain to those of another, and back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Map {
    /// Where each entry leads.
    pub(crate) to: Vec<u32>,
    /// The entries that lead to place `g` are `members[starts[g]..starts[g + 1]]`.
    pub(crate) starts: Vec<u32>,
    /// Entries by where they lead; empty if they stand in that order by themselves.
    order: Vec<u32>,
}

impl Map {
    /// The map without entries and places.
    pub(crate) const fn none() -> Map {
        Map {
            to: Vec::new(),
            starts: Vec::new(),
            order: Vec::new(),
        }
    }

    /// The map that leads to `to`, all of which are below `places`.
    pub(crate) fn new(to: Vec<u32>, places: usize) -> Map {
        let mut starts = vec![0u32; places + 1];
        for place in &to {
            if let Some(count) = starts.get_mut(*place as usize + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        if to.is_sorted() {
            return Map {
                to,
                starts,
                order: Vec::new(),
            };
        }
        let mut next = starts.clone();
        let mut order = vec![0u32; to.len()];
        for (entry, place) in to.iter().enumerate() {
            if let Some(next) = next.get_mut(*place as usize) {
                if let Some(slot) = order.get_mut(*next as usize) {
                    *slot = entry as u32;
                }
                *next += 1;
            }
        }
        Map { to, starts, order }
    }

    /// Whether its entries stand in the order of the places they lead to.
    pub(crate) fn in_order(&self) -> bool {
        self.order.is_empty()
    }

    /// The entries at those places of the order of groups, where they do not.
    pub(crate) fn members(&self, range: std::ops::Range<usize>) -> &[u32] {
        self.order.get(range).unwrap_or(&[])
    }

    /// Where an entry leads.
    #[inline(always)]
    pub(crate) fn place(&self, entry: usize) -> usize {
        self.to.get(entry).map_or(0, |place| *place as usize)
    }

    /// How many places it leads to.
    pub(crate) fn places(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Where the members of place `g` begin and end in the order of groups.
    #[inline(always)]
    pub(crate) fn group(&self, g: usize) -> std::ops::Range<usize> {
        let at = |k: usize| self.starts.get(k).map_or(0, |start| *start as usize);
        at(g)..at(g + 1)
    }

    /// The entry at place `k` of the order of groups.
    #[inline(always)]
    pub(crate) fn member(&self, k: usize) -> usize {
        self.order.get(k).map_or(k, |entry| *entry as usize)
    }
}

/// A batch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batch {
    pub(crate) counts: Counts,
    /// The numbers of each field, in the order of the graph's fields.
    pub(crate) fields: Vec<Vec<f32>>,
    /// The maps, in the order of the graph's routes.
    pub(crate) maps: Vec<Map>,
}

impl Batch {
    /// The batch of those `rows` of `features`, which fit `graph` (see
    /// [`Features::check`]).
    pub(crate) fn new(
        graph: &Needs,
        features: Features<'_>,
        rows: impl ExactSizeIterator<Item = usize> + Clone,
    ) -> Batch {
        match features {
            Features::Vectors(values) => Batch {
                counts: Counts {
                    rows: rows.len(),
                    ..Counts::default()
                },
                fields: vec![rows_of(values, graph.width, rows)],
                maps: Vec::new(),
            },
            Features::Crystals(source) => joined(source, rows).batch(graph),
            Features::Both(source, values) => {
                let mut batch = joined(source, rows.clone()).batch(graph);
                let own = graph.fields.iter().zip(&mut batch.fields);
                for (_, field) in own.filter(|(field, _)| **field == Field::Features) {
                    *field = rows_of(values, graph.width, rows.clone());
                }
                batch
            }
        }
    }
}

/// Those rows of `values`, `width` numbers each.
fn rows_of(
    values: &[f32],
    width: usize,
    rows: impl ExactSizeIterator<Item = usize>,
) -> Vec<f32> {
    let mut all = Vec::with_capacity(rows.len() * width);
    for row in rows {
        let row = values.get(row * width..(row + 1) * width);
        all.extend_from_slice(row.unwrap_or_default());
    }
    all
}

/// Those crystals side by side.
fn joined(source: &dyn Crystals, rows: impl Iterator<Item = usize>) -> Joined {
    let mut joined = Joined::default();
    rows.for_each(|row| joined.add(&source.crystal(row)));
    joined
}

/// What a graph asks of its batches.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Needs {
    /// Numbers per row of vectors.
    pub(crate) width: usize,
    pub(crate) fields: Vec<Field>,
    pub(crate) routes: Vec<Route>,
}

impl Needs {
    pub(crate) fn of(graph: &Graph) -> Needs {
        Needs {
            width: graph.input_width(),
            fields: graph.fields.clone(),
            routes: graph.routes.clone(),
        }
    }
}

/// Crystals side by side.
#[derive(Default)]
struct Joined {
    counts: Counts,
    species: Vec<f32>,
    distance: Vec<f32>,
    cosine: Vec<f32>,
    links: [Vec<u32>; 7],
}

impl Joined {
    fn add(&mut self, crystal: &Crystal) {
        let Counts {
            rows,
            atoms,
            bonds,
            angles,
        } = self.counts;
        self.species
            .extend(crystal.species.iter().map(|z| f32::from(*z)));
        self.distance.extend_from_slice(crystal.distance);
        let mut extend = |link: Link, places: &[u32], before: usize| {
            let moved = places.iter().map(|place| place + before as u32);
            if let Some(all) = self.links.get_mut(link as usize) {
                all.extend(moved);
            }
        };
        extend(Link::Src, crystal.src, atoms);
        extend(Link::Dst, crystal.dst, atoms);
        let line = crystal.line;
        if let Some(line) = line {
            extend(Link::LineSrc, line.src, bonds);
            extend(Link::LineDst, line.dst, bonds);
            self.cosine.extend_from_slice(line.cosine);
        }
        let own = Counts {
            rows: 1,
            atoms: crystal.species.len(),
            bonds: crystal.src.len(),
            angles: line.map_or(0, |line| line.src.len()),
        };
        for (link, count) in [
            (Link::AtomRow, own.atoms),
            (Link::BondRow, own.bonds),
            (Link::AngleRow, own.angles),
        ] {
            if let Some(all) = self.links.get_mut(link as usize) {
                all.extend(std::iter::repeat_n(rows as u32, count));
            }
        }
        self.counts = Counts {
            rows: rows + own.rows,
            atoms: atoms + own.atoms,
            bonds: bonds + own.bonds,
            angles: angles + own.angles,
        };
    }

    fn batch(self, needs: &Needs) -> Batch {
        let link = |link: Link| self.links.get(link as usize).map_or(&[][..], |x| x);
        let degree = |of: Link, domain: Domain| {
            let mut counts = vec![0.0f32; self.counts.of(Some(domain))];
            for place in link(of) {
                if let Some(count) = counts.get_mut(*place as usize) {
                    *count += 1.0;
                }
            }
            counts
        };
        let field = |field: &Field| match field {
            Field::Features => Vec::new(),
            Field::Species => self.species.clone(),
            Field::Distance => self.distance.clone(),
            Field::Cosine => self.cosine.clone(),
            Field::Degree => degree(Link::Dst, Domain::Atoms),
            Field::LineDegree => degree(Link::LineDst, Domain::Bonds),
        };
        let map = |route: &Route| {
            let mut links = route.links().iter();
            let mut to = links.next().map(|first| link(*first).to_vec());
            for next in links {
                let places = link(*next);
                for place in to.iter_mut().flatten() {
                    *place = places.get(*place as usize).copied().unwrap_or(0);
                }
            }
            Map::new(to.unwrap_or_default(), self.counts.of(Some(route.to())))
        };
        Batch {
            counts: self.counts,
            fields: needs.fields.iter().map(field).collect(),
            maps: needs.routes.iter().map(map).collect(),
        }
    }
}
