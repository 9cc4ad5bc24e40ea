//! What a network is fed: rows of numbers, or crystal graphs. In: slices of the caller.
//! Out: [`Features`], checked against what a graph of layers asks for.

use std::borrow::Cow;

use super::domain::{Domain, Field};
use super::failure::Failure;
use super::graph::{Fed, Graph, Op};

/// One crystal as a graph. An edge leads from `src`, the neighbour, to `dst`, the atom
/// that hears; every list named "per bond" has an entry for each edge.
#[derive(Clone, Debug)]
pub struct Crystal<'a> {
    /// Per atom, the atomic number.
    pub species: Cow<'a, [u8]>,
    /// Per bond, the atom it comes from.
    pub src: &'a [u32],
    /// Per bond, the atom it goes to.
    pub dst: &'a [u32],
    /// Per bond, its length, Å.
    pub distance: &'a [f32],
    /// The graph whose nodes are the bonds.
    pub line: Option<Line<'a>>,
}

/// A line graph: each edge leads from one bond to another.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// Per angle, the bond it comes from.
    pub src: &'a [u32],
    /// Per angle, the bond it goes to.
    pub dst: &'a [u32],
    /// Per angle, its cosine.
    pub cosine: &'a [f32],
}

/// Crystals by their number.
pub trait Crystals: Sync {
    /// How many there are.
    fn count(&self) -> usize;
    /// The crystal number `row`, which is below [`Crystals::count`].
    fn crystal(&self, row: usize) -> Crystal<'_>;
}

impl Crystals for [Crystal<'_>] {
    fn count(&self) -> usize {
        self.len()
    }

    fn crystal(&self, row: usize) -> Crystal<'_> {
        match self.get(row) {
            Some(crystal) => crystal.clone(),
            None => Crystal {
                species: Cow::Borrowed(&[]),
                src: &[],
                dst: &[],
                distance: &[],
                line: None,
            },
        }
    }
}

impl Crystals for Vec<Crystal<'_>> {
    fn count(&self) -> usize {
        self.len()
    }

    fn crystal(&self, row: usize) -> Crystal<'_> {
        self.as_slice().crystal(row)
    }
}

/// What a network sees of each row.
#[derive(Clone, Copy)]
pub enum Features<'a> {
    /// Numbers, row after row.
    Vectors(&'a [f32]),
    /// A crystal graph each.
    Crystals(&'a dyn Crystals),
    /// A crystal graph each, and numbers, row after row.
    Both(&'a dyn Crystals, &'a [f32]),
}

impl<'a> From<&'a [f32]> for Features<'a> {
    fn from(values: &'a [f32]) -> Features<'a> {
        Features::Vectors(values)
    }
}

impl<'a> From<&'a Vec<f32>> for Features<'a> {
    fn from(values: &'a Vec<f32>) -> Features<'a> {
        Features::Vectors(values)
    }
}

impl std::fmt::Debug for Features<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Features::Vectors(values) => write!(f, "Vectors({} numbers)", values.len()),
            Features::Crystals(all) => write!(f, "Crystals({})", all.count()),
            Features::Both(all, values) => {
                write!(f, "Both({}, {} numbers)", all.count(), values.len())
            }
        }
    }
}

impl Features<'_> {
    /// How many rows there are, `width` being the numbers a vector has.
    pub(crate) fn rows(&self, width: usize) -> usize {
        match self {
            Features::Vectors(values) => values.len() / width.max(1),
            Features::Crystals(all) | Features::Both(all, _) => all.count(),
        }
    }

    /// An error unless these are `rows` rows of what `graph` is fed; `ids` names them.
    pub(crate) fn check(
        &self,
        graph: &Graph,
        rows: usize,
        ids: &[u64],
        purpose: &'static str,
    ) -> Result<(), Failure> {
        match (self, graph.fed()) {
            (Features::Vectors(values), Fed::Vectors) => {
                vectors_fit(values, graph, rows, ids, purpose)
            }
            (Features::Crystals(all), Fed::Crystals { angles }) => {
                crystals_fit(*all, graph, angles, rows, ids, purpose)
            }
            (Features::Both(all, values), Fed::Both { angles }) => {
                vectors_fit(values, graph, rows, ids, purpose)?;
                crystals_fit(*all, graph, angles, rows, ids, purpose)
            }
            (found, expected) => Err(Failure::Fed {
                expected: match expected {
                    Fed::Vectors => ROWS,
                    Fed::Crystals { .. } => GRAPHS,
                    Fed::Both { .. } => BOTH,
                },
                found: match found {
                    Features::Vectors(_) => ROWS,
                    Features::Crystals(_) => GRAPHS,
                    Features::Both(..) => BOTH,
                },
            }),
        }
    }

    /// Puts every number into a hash.
    pub(crate) fn hash(&self, hasher: &mut blake3::Hasher) {
        match self {
            Features::Vectors(values) => numbers(hasher, values),
            Features::Crystals(all) => crystals(hasher, *all),
            Features::Both(all, values) => {
                numbers(hasher, values);
                crystals(hasher, *all);
            }
        }
    }
}

const ROWS: &str = "rows of numbers";
const GRAPHS: &str = "crystal graphs";
const BOTH: &str = "crystal graphs and rows of numbers";

fn vectors_fit(
    values: &[f32],
    graph: &Graph,
    rows: usize,
    ids: &[u64],
    purpose: &'static str,
) -> Result<(), Failure> {
    let width = graph.input_width();
    if values.len() != rows * width {
        return Err(Failure::Width {
            what: format!("features of the {rows} rows to {purpose} ({width} per row)"),
            expected: rows * width,
            found: values.len(),
        });
    }
    finite("feature", values, width, ids)
}

fn crystals_fit(
    all: &dyn Crystals,
    graph: &Graph,
    angles: bool,
    rows: usize,
    ids: &[u64],
    purpose: &'static str,
) -> Result<(), Failure> {
    if all.count() != rows {
        return Err(Failure::Width {
            what: format!("crystals to {purpose}"),
            expected: rows,
            found: all.count(),
        });
    }
    let classes = classes(graph);
    (0..rows).try_for_each(|row| {
        let crystal = all.crystal(row);
        fits(&crystal, angles, &classes).map_err(|problem| Failure::Crystal {
            row: ids.get(row).copied().unwrap_or(row as u64),
            problem,
        })
    })
}

fn crystals(hasher: &mut blake3::Hasher, all: &dyn Crystals) {
    for row in 0..all.count() {
        let crystal = all.crystal(row);
        hasher.update(&(crystal.species.len() as u64).to_le_bytes());
        hasher.update(&crystal.species);
        places(hasher, crystal.src);
        places(hasher, crystal.dst);
        numbers(hasher, crystal.distance);
        if let Some(line) = crystal.line {
            places(hasher, line.src);
            places(hasher, line.dst);
            numbers(hasher, line.cosine);
        }
    }
}

fn numbers(hasher: &mut blake3::Hasher, values: &[f32]) {
    hasher.update(&(values.len() as u64).to_le_bytes());
    for x in values {
        hasher.update(&x.to_bits().to_le_bytes());
    }
}

fn places(hasher: &mut blake3::Hasher, values: &[u32]) {
    hasher.update(&(values.len() as u64).to_le_bytes());
    for x in values {
        hasher.update(&x.to_le_bytes());
    }
}

/// An error that names the first number of `values` that is not finite.
pub(crate) fn finite(
    what: &str,
    values: &[f32],
    width: usize,
    ids: &[u64],
) -> Result<(), Failure> {
    let Some(place) = values.iter().position(|x| !x.is_finite()) else {
        return Ok(());
    };
    let what = match width {
        1 => what.to_owned(),
        _ => format!("{what} number {}", place % width + 1),
    };
    Err(Failure::ValueNotFinite {
        what,
        row: ids.get(place / width).copied().unwrap_or(0),
        value: values.get(place).map(f32::to_string).unwrap_or_default(),
    })
}

/// For each table of rows for whole numbers, learnt or fixed, which numbers it takes and
/// how many rows it has.
fn classes(graph: &Graph) -> Vec<(Field, usize)> {
    let embedded = |node: &super::graph::Node| {
        let classes = match node.op {
            Op::Embedding { classes, .. } => classes,
            Op::Lookup { table, width } => graph.tables.get(table)?.len() / width,
            _ => return None,
        };
        let read = node
            .inputs
            .first()
            .and_then(|x| graph.nodes().get(x.index()))?;
        match read.op {
            Op::Input(field) => Some((field, classes)),
            _ => None,
        }
    };
    graph.nodes().iter().filter_map(embedded).collect()
}

/// What is wrong with a crystal, if anything is.
fn fits(
    crystal: &Crystal,
    angles: bool,
    classes: &[(Field, usize)],
) -> Result<(), String> {
    let (atoms, bonds) = (crystal.species.len(), crystal.src.len());
    if atoms == 0 {
        return Err("it has no atom".to_owned());
    }
    if crystal.dst.len() != bonds || crystal.distance.len() != bonds {
        return Err(format!(
            "its lists of bonds have {bonds}, {} and {} entries",
            crystal.dst.len(),
            crystal.distance.len()
        ));
    }
    within(crystal.src, atoms, Domain::Atoms)?;
    within(crystal.dst, atoms, Domain::Atoms)?;
    if let Some(bond) = crystal.distance.iter().position(|d| !d.is_finite()) {
        return Err(format!("the length of bond {bond} is not a finite number"));
    }
    for (field, classes) in classes {
        let largest = match field {
            Field::Species => crystal.species.iter().copied().max().map(usize::from),
            Field::Degree => most(crystal.dst, atoms),
            Field::LineDegree => crystal.line.and_then(|line| most(line.dst, bonds)),
            _ => None,
        };
        if let Some(largest) = largest.filter(|largest| largest >= classes) {
            return Err(format!(
                "its {} reaches {largest}, and the network knows those from 0 to {}",
                field.word(),
                classes - 1
            ));
        }
    }
    if !angles {
        return Ok(());
    }
    let Some(line) = crystal.line else {
        return Err("it has no angles; the network needs them".to_owned());
    };
    let count = line.src.len();
    if line.dst.len() != count || line.cosine.len() != count {
        return Err(format!(
            "its lists of angles have {count}, {} and {} entries",
            line.dst.len(),
            line.cosine.len()
        ));
    }
    within(line.src, bonds, Domain::Bonds)?;
    within(line.dst, bonds, Domain::Bonds)?;
    match line.cosine.iter().position(|x| !x.is_finite()) {
        Some(angle) => Err(format!(
            "the cosine of angle {angle} is not a finite number"
        )),
        None => Ok(()),
    }
}

/// The most often a place comes in `to`.
fn most(to: &[u32], places: usize) -> Option<usize> {
    let mut counts = vec![0usize; places];
    for place in to {
        if let Some(count) = counts.get_mut(*place as usize) {
            *count += 1;
        }
    }
    counts.into_iter().max()
}

fn within(places: &[u32], count: usize, of: Domain) -> Result<(), String> {
    match places.iter().find(|place| **place as usize >= count) {
        Some(place) => Err(format!(
            "an edge ends at number {place} of its {count} {}",
            of.word()
        )),
        None => Ok(()),
    }
}
