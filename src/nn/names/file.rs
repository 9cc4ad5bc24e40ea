//! Weights as files of either kind of names. In: the bytes of a safetensors file, whose
//! names may be ours or a reference code's. Out: weights and whose names they were; or the
//! bytes of a file under a reference code's names.

use std::collections::BTreeSet;

use super::super::archive::{Archive, Entry};
use super::super::failure::Failure;
use super::super::graph::{Graph, WeightSpec};
use super::super::scale::TargetScale;
use super::super::weights::Weights;
use super::table::{Names, architectures};
use super::{Named, SHOWN, Wrong, export_named, import_named, keyed, names_all, unfit};

/// Whose names a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// Ours.
    Own,
    /// Those of the reference code of this network.
    Reference(&'static str),
}

/// The networks of the standard library whose reference codes have a name for every weight
/// of `graph`.
fn candidates(specs: &[WeightSpec]) -> impl Iterator<Item = &'static str> {
    architectures().filter(|architecture| names_all(architecture, specs))
}

/// The network of the standard library that `graph` is, if a reference code has a name for
/// each of its weights.
pub fn reference_names(graph: &Graph) -> Option<&'static str> {
    candidates(graph.weights()).next()
}

/// What a file of weights holds.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The weights.
    pub weights: Weights,
    /// Whose names they had.
    pub naming: Naming,
    /// The scale of the targets they were trained on, by the file's header.
    pub scale: TargetScale,
}

/// Weights of `graph` from the bytes of a safetensors file, under our names or those of a
/// reference code: the ones of which it has the most. What no reference code knows (the
/// ends of `range_scale`) stays as it is in `weights`. The target is in `unit`.
///
/// # Errors
/// A file that is no safetensors; no name that is known; tensors that are missing, left
/// over, of another shape or type, or not finite; a running variance below 0; a header whose
/// scale is none, or of a target in another unit.
pub fn import_file(
    graph: &Graph,
    weights: &Weights,
    bytes: &[u8],
    unit: &str,
) -> Result<Imported, Failure> {
    let archive = Archive::read(bytes).map_err(unfit)?;
    let scale = TargetScale::told(archive.remarks(), unit).map_err(unfit)?;
    let naming = naming(graph, &archive)?;
    let architecture = match naming {
        Naming::Own => {
            let tensors = archive.numbers(|_| true).map_err(unfit)?;
            own(graph, &tensors)?;
            let weights = Weights::from_arrays(graph, tensors)?;
            no_variance_below_zero(&weights)?;
            return Ok(Imported {
                weights,
                naming,
                scale,
            });
        }
        Naming::Reference(architecture) => architecture,
    };
    let names = Names::of(architecture)?;
    let tensors = archive.numbers(|name| !names.unused(name)).map_err(unfit)?;
    let weights = import_named(architecture, graph, weights, tensors)?;
    no_variance_below_zero(&weights)?;
    Ok(Imported {
        weights,
        naming,
        scale,
    })
}

/// An error if a running variance is below zero: no network has that, and its square root
/// would be no number.
fn no_variance_below_zero(weights: &Weights) -> Result<(), Failure> {
    for (name, _, values) in weights.iter() {
        if name.ends_with(".running_var") && values.iter().any(|x| *x < 0.0) {
            return Err(unfit(format!(
                "{name} is a variance and has a number below 0"
            )));
        }
    }
    Ok(())
}

/// The bytes of a safetensors file with these weights under their names in the reference
/// code of `architecture`; its header says on what scale they see targets in that unit.
///
/// # Errors
/// As [`export_named`].
pub fn export_file(
    architecture: &str,
    weights: &Weights,
    scale: TargetScale,
    unit: &str,
) -> Result<Vec<u8>, Failure> {
    let tensors = export_named(architecture, weights)?.into_iter();
    let entry =
        |(name, sizes, values): Named| Entry::f32(name, &sizes, values.as_slice());
    let entries = tensors.map(entry).collect();
    Archive::write_with(entries, &scale.remarks(unit)).map_err(unfit)
}

/// Whose names a file has, by how many of each it has.
fn naming(graph: &Graph, archive: &Archive) -> Result<Naming, Failure> {
    let specs = graph.weights();
    let ours: BTreeSet<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
    let found = archive.names().filter(|name| ours.contains(name)).count();
    let mut best = (found, Naming::Own);
    let mut known = vec![first(specs.iter().map(|spec| spec.name.clone()))];
    for architecture in candidates(specs) {
        let names = Names::of(architecture)?;
        let theirs = names.all(specs).into_iter().flatten();
        let theirs: BTreeSet<String> = theirs.map(|(name, _)| name).collect();
        let empty = archive
            .names()
            .map(|n| (n.to_owned(), Vec::new(), Vec::new()));
        let given = keyed(&names, empty.collect());
        let found = given.keys().filter(|name| theirs.contains(*name)).count();
        if found > best.0 {
            best = (found, Naming::Reference(architecture));
        }
        known.push(format!("{} of the code", first(theirs.into_iter())));
    }
    if best.0 > 0 {
        return Ok(best.1);
    }
    let there: Vec<&str> = archive.names().take(SHOWN).collect();
    Err(unfit(format!(
        "no tensor of the file has a name that the network knows, such as {}; it has {}",
        known.join(" or "),
        match there.is_empty() {
            true => "none".to_owned(),
            false => there.join(", "),
        }
    )))
}

fn first(mut names: impl Iterator<Item = String>) -> String {
    names.next().unwrap_or_default()
}

/// An error that names every tensor that is not as the graph has it.
fn own(graph: &Graph, tensors: &[Named]) -> Result<(), Failure> {
    let mut wrong = Wrong::default();
    for spec in graph.weights() {
        let (name, due) = (&spec.name, &spec.sizes);
        match tensors.iter().find(|(own, ..)| own == name) {
            None => wrong.missing.push(format!("{name} {due:?}")),
            Some((_, found, _)) if found != due => {
                let text = format!("{name} must have {due:?}, not {found:?}");
                wrong.misshapen.push(text);
            }
            Some(_) => (),
        }
    }
    let known = |name: &String| graph.weights().iter().any(|spec| spec.name == *name);
    let strange = tensors.iter().map(|(name, ..)| name);
    wrong
        .strange
        .extend(strange.filter(|name| !known(name)).cloned());
    wrong.none()
}

#[cfg(test)]
mod tests {
    use super::super::super::{GraphBuilder, Init};
    use super::*;
    use crate::draw::Draws;

    /// A network with these dense layers; the first two of CGCNN's have no rounds.
    fn dense(labels: &[&str]) -> Graph {
        let mut b = GraphBuilder::new();
        let mut x = b.input("x", &[3]).unwrap();
        for label in labels {
            x = b.dense(label, x, 4, true, Init::Glorot).unwrap();
        }
        b.finish(x).unwrap()
    }

    /// The layers of CGCNN that are in no round.
    fn head() -> Graph {
        dense(&["cgcnn.dense_1", "cgcnn.dense_2", "cgcnn.dense_4"])
    }

    #[test]
    fn a_network_that_only_shares_some_labels_is_not_taken_for_a_known_one() {
        assert_eq!(reference_names(&head()), Some("cgcnn"));
        for labels in [&["dense_1", "dense_2"][..], &["dense"]] {
            assert_eq!(reference_names(&dense(labels)), None, "{labels:?}");
        }
    }

    #[test]
    fn a_file_is_read_under_either_names() {
        let graph = head();
        let weights = Weights::start(&graph, &Draws::new(1, 2));
        let other = Weights::start(&graph, &Draws::new(3, 4));
        let own = weights.to_safetensors().unwrap();
        let read = import_file(&graph, &other, &own, "eV").unwrap();
        assert_eq!((read.naming, read.scale), (Naming::Own, TargetScale::NONE));
        assert!(read.weights.iter().eq(weights.iter()));
        assert_eq!(reference_names(&graph), Some("cgcnn"));
        let scale = TargetScale {
            mean: -1.5,
            spread: 0.3,
        };
        let theirs = export_file("cgcnn", &weights, scale, "eV").unwrap();
        let read = import_file(&graph, &other, &theirs, "eV").unwrap();
        let code = Naming::Reference("cgcnn");
        assert_eq!((read.naming, read.scale), (code, scale));
        assert!(read.weights.iter().eq(weights.iter()));
        let own = weights.to_file(scale, "eV").unwrap();
        let read = import_file(&graph, &other, &own, "eV").unwrap();
        assert_eq!((read.naming, read.scale), (Naming::Own, scale));
        let failure = import_file(&graph, &other, &own, "GPa").unwrap_err();
        assert!(
            failure.to_string().contains("here it is in GPa"),
            "{failure}"
        );
    }

    #[test]
    fn a_scale_is_written_alike_each_time_and_a_changed_one_is_noticed() {
        let graph = head();
        let weights = Weights::start(&graph, &Draws::new(1, 2));
        let scale = TargetScale {
            mean: -1.5,
            spread: 0.3,
        };
        let mut bytes = weights.to_file(scale, "eV").unwrap();
        for _ in 0..20 {
            assert_eq!(bytes, weights.to_file(scale, "eV").unwrap());
        }
        let at = bytes.windows(4).position(|w| w == b"-1.5").unwrap();
        bytes[at + 1] = b'2';
        let failure = import_file(&graph, &weights, &bytes, "eV").unwrap_err();
        assert!(failure.to_string().contains("checksum"), "{failure}");
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let graph = head();
        let weights = Weights::start(&graph, &Draws::new(1, 2));
        let told = |entries: Vec<Entry>| {
            let bytes = Archive::write(entries).unwrap();
            let failure = import_file(&graph, &weights, &bytes, "eV").unwrap_err();
            failure.to_string()
        };
        let strangers = told(vec![Entry::f32("fc.weight".to_owned(), &[1], &[0.0])]);
        for name in ["cgcnn.dense_1.weight", "conv_to_fc", "fc.weight"] {
            assert!(strangers.contains(name), "{strangers}");
        }
        let mut entries = weights.entries("");
        entries.remove(0);
        entries.push(Entry::f32("fc.weight".to_owned(), &[1], &[0.0]));
        let text = told(entries);
        let missing = "missing: cgcnn.dense_1.weight [3, 4]";
        assert!(text.contains(missing), "{text}");
        assert!(text.contains("none of its weights: fc.weight"), "{text}");
        let whole = Entry::u64("conv_to_fc.weight", &[1]);
        let text = told(vec![whole]);
        assert!(text.contains("F32 or F64, not U64"), "{text}");
        let failure = import_file(&graph, &weights, b"no tensors", "").unwrap_err();
        assert!(failure.to_string().contains("safetensors"), "{failure}");
    }
}
