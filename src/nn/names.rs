//! The names under which the reference codes keep the weights of the networks of the
//! standard library. In: weights under their names or ours. Out: the same under the other's,
//! in the other's layout. The names themselves are data: a table per network in `names/`.

use std::collections::BTreeMap;

use super::failure::Failure;
use super::graph::Graph;
use super::weights::Weights;

/// A tensor: its name, its shape, its numbers.
pub type Named = (String, Vec<usize>, Vec<f32>);

/// The tables: each line a label of ours, their name, and what both are. `*` in a label is
/// the number of a round, `*` and `*+1` in their name that number and the next.
const TABLES: [(&str, &str); 4] = [
    ("alignn", include_str!("names/alignn.tsv")),
    ("cgcnn", include_str!("names/cgcnn.tsv")),
    ("deeper_gatgnn", include_str!("names/deeper_gatgnn.tsv")),
    ("megnet", include_str!("names/megnet.tsv")),
];

/// The networks whose weights have names in a reference code.
pub fn architectures() -> impl Iterator<Item = &'static str> {
    TABLES.iter().map(|(name, _)| *name)
}

/// How a tensor of theirs lies, seen from ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    Same,
    /// Rows and columns exchanged.
    Turned,
    /// With an axis of length 1 before it.
    Led,
}

/// The names of one network.
struct Names {
    architecture: &'static str,
    lines: Vec<(&'static str, &'static str, &'static str)>,
}

impl Names {
    fn of(architecture: &str) -> Result<Names, Failure> {
        let found = TABLES.iter().find(|(name, _)| *name == architecture);
        let Some((name, text)) = found else {
            let known: Vec<&str> = architectures().collect();
            return Err(unfit(format!(
                "no reference code's names are known for `{architecture}`, only for {}",
                known.join(", ")
            )));
        };
        let line = |line: &'static str| {
            let mut cells = line.split('\t');
            Some((cells.next()?, cells.next()?, cells.next()?))
        };
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        Ok(Names {
            architecture: name,
            lines: lines.filter_map(line).collect(),
        })
    }

    /// Their name of our weight `name`, and how it lies.
    fn theirs(&self, name: &str) -> Option<(String, Layout)> {
        let (label, part) = name.rsplit_once('.')?;
        let own = label.strip_prefix(self.architecture);
        let label = own.and_then(|own| own.strip_prefix('.')).unwrap_or(label);
        self.lines.iter().find_map(|(pattern, theirs, kind)| {
            let round = matches(pattern, label)?;
            let whole = numbered(theirs, round);
            let (weight, bias) = whole.split_once('|').unwrap_or((&whole, &whole));
            match (*kind, part) {
                ("linear", "weight") => Some((format!("{whole}.weight"), Layout::Turned)),
                ("linear", "bias") => Some((format!("{whole}.bias"), Layout::Same)),
                ("norm", part) => Some((format!("{whole}.{part}"), Layout::Same)),
                ("keras", "weight") => Some((format!("{whole}/kernel"), Layout::Same)),
                ("keras", "bias") => Some((format!("{whole}/bias"), Layout::Same)),
                ("tensor", "weight") => Some((weight.to_owned(), Layout::Same)),
                ("tensor", "bias") => Some((bias.to_owned(), Layout::Same)),
                ("led", "weight") => Some((whole.clone(), Layout::Led)),
                _ => None,
            }
        })
    }

    /// Whether a tensor of theirs is made and never used.
    fn unused(&self, name: &str) -> bool {
        let mut lines = self.lines.iter();
        lines.any(|(_, start, kind)| *kind == "unused" && name.starts_with(start))
    }
}

/// Whether `label` is the pattern, and the number its `*` stands for.
fn matches(pattern: &str, label: &str) -> Option<usize> {
    let Some((before, after)) = pattern.split_once('*') else {
        return (pattern == label).then_some(0);
    };
    label
        .strip_prefix(before)?
        .strip_suffix(after)?
        .parse()
        .ok()
}

fn numbered(theirs: &str, round: usize) -> String {
    let next = (round + 1).to_string();
    theirs
        .replace("*+1", &next)
        .replace('*', &round.to_string())
}

/// Weights of `graph`, which is the network `architecture` of the standard library, from
/// tensors under the reference code's names. What no reference code knows (the ends of
/// `range_scale`) stays as it is in `weights`.
///
/// # Errors
/// A network whose names are not known; a tensor that is missing, left over or has another
/// shape than expected.
pub fn import_named(
    architecture: &str,
    graph: &Graph,
    weights: &Weights,
    tensors: Vec<Named>,
) -> Result<Weights, Failure> {
    let names = Names::of(architecture)?;
    let keyed = tensors.into_iter().map(|(name, sizes, values)| {
        let name = name.strip_suffix(":0").map(str::to_owned).unwrap_or(name);
        (name, (sizes, values))
    });
    let mut given: BTreeMap<String, (Vec<usize>, Vec<f32>)> = keyed.collect();
    given.retain(|name, _| !names.unused(name));
    let mut arrays = Vec::new();
    for (spec, (own, sizes, values)) in graph.weights().iter().zip(weights.iter()) {
        let Some((theirs, layout)) = names.theirs(own) else {
            if spec.trained {
                return Err(unfit(format!("no name is known for {own}")));
            }
            arrays.push((own.to_owned(), sizes.to_vec(), values.to_vec()));
            continue;
        };
        let Some((shape, numbers)) = given.remove(&theirs) else {
            return Err(unfit(format!("{theirs} (our {own}) is missing")));
        };
        if shape != laid_out(sizes, layout) || numbers.len() != spec.count() {
            let expected = laid_out(sizes, layout);
            return Err(unfit(format!(
                "{theirs} (our {own}) must have the shape {expected:?}, not {shape:?}"
            )));
        }
        let numbers = match (layout, &shape[..]) {
            (Layout::Turned, [rows, columns]) => turned(&numbers, *rows, *columns),
            _ => numbers,
        };
        arrays.push((own.to_owned(), sizes.to_vec(), numbers));
    }
    if let Some(name) = given.keys().next() {
        return Err(unfit(format!("{name} is none of its weights")));
    }
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
    for (spec, (own, sizes, values)) in weights.specs.iter().zip(weights.iter()) {
        match names.theirs(own) {
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

fn unfit(problem: String) -> Failure {
    Failure::WeightsDoNotFit { problem }
}

#[cfg(test)]
mod tests {
    use super::super::{GraphBuilder, Init};
    use super::*;
    use crate::draw::Draws;

    #[test]
    fn every_line_of_every_table_has_three_cells_and_a_known_kind() {
        for (name, text) in TABLES {
            let names = Names::of(name).unwrap();
            let lines = text.lines().filter(|line| !line.starts_with('#')).count();
            assert_eq!(lines, names.lines.len(), "{name}");
            for (_, _, kind) in names.lines {
                let kinds = ["linear", "norm", "keras", "tensor", "led", "unused"];
                assert!(kinds.contains(&kind), "{name}: {kind}");
            }
        }
    }

    #[test]
    fn rounds_are_numbered_and_prefixes_do_not_matter() {
        let names = Names::of("megnet").unwrap();
        for prefix in ["", "megnet."] {
            let ours = format!("{prefix}repeat[1].megnet_block.ff_3.dense_2.weight");
            let (theirs, layout) = names.theirs(&ours).unwrap();
            assert_eq!(
                (&*theirs, layout),
                ("block_2_state_ff_1/kernel", Layout::Same)
            );
        }
        let (bias, _) = names.theirs("update.phi_1.dense_3.bias").unwrap();
        assert_eq!(bias, "megnet_0/megnet_0/phi_e/bias_e_2");
        assert!(names.theirs("somewhere.else.weight").is_none());
    }

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
        assert!(refused(named[1..].to_vec()).contains("conv_to_fc.weight"));
        let mut strange = named.clone();
        strange.push(("stranger".to_owned(), vec![1], vec![0.0]));
        assert!(refused(strange).contains("stranger"));
        let mut short = named;
        short[0].1 = vec![3, 4];
        assert!(refused(short).contains("[4, 3]"));
        assert!(export_named("nothing", &weights).is_err());
    }
}
