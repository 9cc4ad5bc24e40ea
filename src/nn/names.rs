//! The names under which the reference codes keep the weights of the networks of the
//! standard library. In: weights under their names or ours. Out: the same under the other's,
//! in the other's layout. The names themselves are data: a table per network in `names/`.

mod file;
mod table;

use std::collections::BTreeMap;

use super::failure::Failure;
use super::graph::{Graph, WeightSpec};
use super::weights::Weights;
pub use file::{Imported, Naming, export_file, import_file, reference_names};
pub use table::architectures;
use table::{Layout, Names};

/// A tensor: its name, its shape, its numbers.
pub type Named = (String, Vec<usize>, Vec<f32>);

/// How many tensors a message names.
const SHOWN: usize = 8;

/// Weights of `graph`, which is the network `architecture` of the standard library, from
/// tensors under the reference code's names. What no reference code knows (the ends of
/// `range_scale`) stays as it is in `weights`.
///
/// # Errors
/// A network whose names are not known; tensors that are missing, left over or have another
/// shape than expected: each is named.
pub fn import_named(
    architecture: &str,
    graph: &Graph,
    weights: &Weights,
    tensors: Vec<Named>,
) -> Result<Weights, Failure> {
    let names = Names::of(architecture)?;
    let mut given = keyed(&names, tensors);
    let mut arrays = Vec::new();
    let mut wrong = Wrong::default();
    let theirs = names.all(graph.weights());
    let all = graph.weights().iter().zip(theirs).zip(weights.iter());
    for ((spec, theirs), (own, sizes, values)) in all {
        let Some((theirs, layout)) = theirs else {
            if spec.trained {
                return Err(unfit(format!("no name is known for {own}")));
            }
            arrays.push((own.to_owned(), sizes.to_vec(), values.to_vec()));
            continue;
        };
        let expected = laid_out(sizes, layout);
        let Some((shape, numbers)) = given.remove(&theirs) else {
            wrong
                .missing
                .push(format!("{theirs} {expected:?} (our {own})"));
            continue;
        };
        if shape != expected || numbers.len() != spec.count() {
            let text =
                format!("{theirs} (our {own}) must have {expected:?}, not {shape:?}");
            wrong.misshapen.push(text);
            continue;
        }
        let numbers = match (layout, &shape[..]) {
            (Layout::Turned, [rows, columns]) => turned(&numbers, *rows, *columns),
            _ => numbers,
        };
        arrays.push((own.to_owned(), sizes.to_vec(), numbers));
    }
    wrong.strange.extend(given.into_keys());
    wrong.none()?;
    Weights::from_arrays(graph, arrays)
}

/// The weights, or numbers beside them, under the reference code's names and in its layout.
///
/// # Errors
/// A network whose names are not known, or weights that are not its own.
pub fn export_named(
    architecture: &str,
    weights: &Weights,
) -> Result<Vec<Named>, Failure> {
    let names = Names::of(architecture)?;
    let mut all = Vec::new();
    let theirs = names.all(&weights.specs);
    let pairs = weights.specs.iter().zip(theirs).zip(weights.iter());
    for ((spec, theirs), (own, sizes, values)) in pairs {
        match theirs {
            Some((theirs, layout)) => {
                let values = match (layout, sizes) {
                    (Layout::Turned, [rows, columns]) => turned(values, *rows, *columns),
                    _ => values.to_vec(),
                };
                all.push((theirs, laid_out(sizes, layout), values));
            }
            None if spec.trained => {
                return Err(unfit(format!("no name is known for {own}")));
            }
            None => (),
        }
    }
    Ok(all)
}

/// Their tensors by the names of the table, without those that nothing reads.
fn keyed(names: &Names, tensors: Vec<Named>) -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
    let plain = |name: String| match name.strip_suffix(":0") {
        Some(name) => name.to_owned(),
        None => name,
    };
    let tensors = tensors.into_iter();
    let tensors: Vec<Named> = tensors.map(|(n, s, v)| (plain(n), s, v)).collect();
    let all: Vec<String> = tensors.iter().map(|(name, ..)| name.clone()).collect();
    let renumbered = names.renumbered(&all);
    let own = |name: String| {
        let renamed = name
            .split_once('/')
            .and_then(|(layer, part)| Some(format!("{}/{part}", renumbered.get(layer)?)));
        renamed.unwrap_or(name)
    };
    let used = tensors.into_iter().filter(|(name, ..)| !names.unused(name));
    used.map(|(name, sizes, values)| (own(name), (sizes, values)))
        .collect()
}

/// What is wrong with the tensors of a file.
#[derive(Default)]
struct Wrong {
    missing: Vec<String>,
    misshapen: Vec<String>,
    strange: Vec<String>,
}

impl Wrong {
    /// An error that names what is wrong, if anything is.
    fn none(self) -> Result<(), Failure> {
        let mut parts = Vec::new();
        if !self.misshapen.is_empty() {
            parts.push(some(&self.misshapen));
        }
        if !self.missing.is_empty() {
            parts.push(format!("missing: {}", some(&self.missing)));
        }
        if !self.strange.is_empty() {
            let strange = some(&self.strange);
            parts.push(format!("none of its weights: {strange}"));
        }
        match parts.is_empty() {
            true => Ok(()),
            false => Err(unfit(parts.join("; "))),
        }
    }
}

/// The first few, and how many more there are.
fn some(all: &[String]) -> String {
    let shown: Vec<&str> = all.iter().take(SHOWN).map(String::as_str).collect();
    match all.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Their shape of a tensor of ours.
fn laid_out(sizes: &[usize], layout: Layout) -> Vec<usize> {
    match layout {
        Layout::Same => sizes.to_vec(),
        Layout::Turned => sizes.iter().rev().copied().collect(),
        Layout::Led => std::iter::once(1).chain(sizes.iter().copied()).collect(),
    }
}

/// The transpose of a matrix.
fn turned(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let place = |k: usize| (k % rows) * columns + k / rows;
    let all = (0..rows * columns).map(|k| values.get(place(k)).copied());
    all.map(|x| x.unwrap_or(f32::NAN)).collect()
}

/// Whether these are the weights of the network `architecture`: its reference code has a
/// name for each that is trained, and none of its layers that stand alone is missing.
fn names_all(architecture: &str, specs: &[WeightSpec]) -> bool {
    let Ok(names) = Names::of(architecture) else {
        return false;
    };
    let theirs = names.all(specs);
    let mut pairs = specs.iter().zip(&theirs);
    pairs.all(|(spec, theirs)| theirs.is_some() || !spec.trained)
        && names.lone_layers_are_in(specs)
}

fn unfit(problem: String) -> Failure {
    Failure::WeightsDoNotFit { problem }
}

#[cfg(test)]
mod tests {
    use super::super::{GraphBuilder, Init};
    use super::*;
    use crate::draw::Draws;

    #[test]
    fn out_and_in_again_are_equal_and_strangers_are_refused() {
        let mut b = GraphBuilder::new();
        let x = b.input("x", &[3]).unwrap();
        let x = b.dense("dense_2", x, 4, true, Init::Glorot).unwrap();
        let x = b.dense("dense_4", x, 1, true, Init::Glorot).unwrap();
        let graph = b.finish(x).unwrap();
        let weights = Weights::start(&graph, &Draws::new(1, 2));
        let other = Weights::start(&graph, &Draws::new(3, 4));
        let named = export_named("cgcnn", &weights).unwrap();
        assert_eq!(named[0].0, "conv_to_fc.weight");
        assert_eq!(named[0].1, [4, 3]);
        let back = import_named("cgcnn", &graph, &other, named.clone()).unwrap();
        assert!(back.iter().eq(weights.iter()));
        let refused = |tensors| {
            let failure = import_named("cgcnn", &graph, &other, tensors).unwrap_err();
            failure.to_string()
        };
        // All that is wrong is said at once.
        let told = refused(named[2..].to_vec());
        assert!(
            told.contains("conv_to_fc.weight") && told.contains("conv_to_fc.bias"),
            "{told}"
        );
        let mut strange = named.clone();
        strange.push(("stranger".to_owned(), vec![1], vec![0.0]));
        assert!(refused(strange).contains("stranger"));
        let mut counted = named.clone();
        counted.push(("bn.num_batches_tracked".to_owned(), vec![1], vec![7.0]));
        assert!(import_named("cgcnn", &graph, &other, counted).is_ok());
        let mut short = named;
        short[0].1 = vec![3, 4];
        let told = refused(short);
        assert!(told.contains("[4, 3], not [3, 4]"), "{told}");
        assert!(export_named("nothing", &weights).is_err());
    }
}
