//! The tables of names. In: the labels of a network's weights. Out: the reference code's
//! name of each, and how its tensor lies there.

use std::collections::{BTreeMap, BTreeSet};

use super::super::failure::Failure;
use super::super::graph::WeightSpec;
use super::unfit;

/// The tables: each line a label of ours, their name, and what both are. `*` in a label is
/// the number of a round, `*` and `*+1` in their name that number and the next.
const TABLES: [(&str, &str); 5] = [
    ("alignn", include_str!("alignn.tsv")),
    ("cgcnn", include_str!("cgcnn.tsv")),
    ("deeper_gatgnn", include_str!("deeper_gatgnn.tsv")),
    ("descriptor_cnn", include_str!("descriptor_cnn.tsv")),
    ("megnet", include_str!("megnet.tsv")),
];

/// What torch counts beside the running statistics of a batch norm; nothing reads it.
const COUNTER: &str = ".num_batches_tracked";

/// The networks whose weights have names in a reference code.
pub fn architectures() -> impl Iterator<Item = &'static str> {
    TABLES.iter().map(|(name, _)| *name)
}

/// How a tensor of theirs lies, seen from ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    Same,
    /// Rows and columns exchanged.
    Turned,
    /// With an axis of length 1 before it.
    Led,
}

/// Their name of a weight, and how it lies.
pub(super) type Theirs = (String, Layout);

/// The names of one network.
pub(super) struct Names {
    architecture: &'static str,
    lines: Vec<(&'static str, &'static str, &'static str)>,
}

impl Names {
    pub(super) fn of(architecture: &str) -> Result<Names, Failure> {
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

    /// Their name of each of a network's weights, where it has one.
    pub(super) fn all(&self, specs: &[WeightSpec]) -> Vec<Option<Theirs>> {
        // Layers are numbered by kind in the order in which they are made.
        let mut counted: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut all = Vec::new();
        for spec in specs {
            let parts = spec.name.rsplit_once('.');
            let line =
                parts.and_then(|(label, part)| Some((label, part, self.line(label)?)));
            all.push(match line {
                Some((label, part, (theirs, "counted", _))) => {
                    let same = counted.entry(theirs).or_default();
                    if !same.contains(&label) {
                        same.push(label);
                    }
                    let number = same.iter().position(|known| *known == label);
                    let layer = numbered_layer(theirs, number.unwrap_or_default());
                    named(&layer, "keras", 0, part)
                }
                Some((_, part, (theirs, kind, round))) => {
                    named(theirs, kind, round, part)
                }
                None => None,
            });
        }
        all
    }

    /// A label as the network itself has it, where another model calls it.
    fn without_prefix<'l>(&self, label: &'l str) -> &'l str {
        let own = label.strip_prefix(self.architecture);
        own.and_then(|own| own.strip_prefix('.')).unwrap_or(label)
    }

    /// The line of a label: their name, what both are, and the round.
    fn line(&self, label: &str) -> Option<(&'static str, &'static str, usize)> {
        let label = self.without_prefix(label);
        self.lines.iter().find_map(|(pattern, theirs, kind)| {
            Some((*theirs, *kind, matches(pattern, label)?))
        })
    }

    /// Whether every layer that is in no round has a weight among these.
    pub(super) fn lone_layers_are_in(&self, specs: &[WeightSpec]) -> bool {
        let labels = specs.iter().filter_map(|spec| spec.name.rsplit_once('.'));
        let labels: BTreeSet<&str> = labels
            .map(|(label, _)| self.without_prefix(label))
            .collect();
        let used = self.lines.iter().filter(|(_, _, kind)| *kind != "unused");
        let mut lone = used.filter(|(pattern, ..)| !pattern.contains('*'));
        lone.all(|(pattern, ..)| labels.contains(pattern))
    }

    /// Whether a tensor of theirs is made and never used.
    pub(super) fn unused(&self, name: &str) -> bool {
        let mut lines = self.lines.iter();
        name.ends_with(COUNTER)
            || lines.any(|(_, start, kind)| *kind == "unused" && name.starts_with(start))
    }

    /// Their names as a fresh session would number them: Keras goes on counting from one
    /// network to the next, so `dense_7` may be a network's first.
    pub(super) fn renumbered(&self, given: &[String]) -> BTreeMap<String, String> {
        let mut renamed = BTreeMap::new();
        let counted = self.lines.iter().filter(|(_, _, kind)| *kind == "counted");
        let kinds: BTreeSet<&str> = counted.map(|(_, theirs, _)| *theirs).collect();
        for kind in kinds {
            let layers = given.iter().filter_map(|name| {
                let (layer, _) = name.split_once('/')?;
                Some((number_of(kind, layer)?, layer))
            });
            let layers: BTreeSet<(usize, &str)> = layers.collect();
            for (number, (_, layer)) in layers.into_iter().enumerate() {
                renamed.insert(layer.to_owned(), numbered_layer(kind, number));
            }
        }
        renamed
    }
}

/// Their name of the part of a layer, by the kind of its line.
fn named(theirs: &str, kind: &str, round: usize, part: &str) -> Option<Theirs> {
    let whole = numbered(theirs, round);
    let (weight, bias) = whole.split_once('|').unwrap_or((&whole, &whole));
    match (kind, part) {
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

/// `dense`, `dense_1`, `dense_2`.
fn numbered_layer(kind: &str, number: usize) -> String {
    match number {
        0 => kind.to_owned(),
        number => format!("{kind}_{number}"),
    }
}

/// The number of a layer of that kind: 0 of `dense`, 7 of `dense_7`.
fn number_of(kind: &str, layer: &str) -> Option<usize> {
    match layer.strip_prefix(kind)? {
        "" => Some(0),
        rest => rest.strip_prefix('_')?.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A weight of that name.
    fn spec(name: &str) -> WeightSpec {
        use super::super::super::graph::Start;
        WeightSpec {
            name: name.to_owned(),
            sizes: vec![1],
            ordinal: 0,
            start: Start::Constant(0.0),
            trained: true,
            decay: true,
        }
    }

    fn theirs(architecture: &str, ours: &[&str]) -> Vec<Option<Theirs>> {
        let specs: Vec<WeightSpec> = ours.iter().map(|name| spec(name)).collect();
        Names::of(architecture).unwrap().all(&specs)
    }

    #[test]
    fn every_line_of_every_table_has_three_cells_and_a_known_kind() {
        for (name, text) in TABLES {
            let names = Names::of(name).unwrap();
            let lines = text.lines().filter(|line| !line.starts_with('#')).count();
            assert_eq!(lines, names.lines.len(), "{name}");
            for (_, _, kind) in names.lines {
                let kinds = [
                    "linear", "norm", "keras", "tensor", "led", "unused", "counted",
                ];
                assert!(kinds.contains(&kind), "{name}: {kind}");
            }
        }
    }

    #[test]
    fn rounds_are_numbered_and_prefixes_do_not_matter() {
        for prefix in ["", "megnet."] {
            let ours = format!("{prefix}repeat[1].megnet_block.ff_3.dense_2.weight");
            let found = theirs("megnet", &[&ours]);
            let expected = "block_2_state_ff_1/kernel".to_owned();
            assert_eq!(found, [Some((expected, Layout::Same))]);
        }
        let bias = theirs("megnet", &["update.phi_1.dense_3.bias"]);
        let expected = "megnet_0/megnet_0/phi_e/bias_e_2".to_owned();
        assert_eq!(bias, [Some((expected, Layout::Same))]);
        assert_eq!(theirs("megnet", &["somewhere.else.weight"]), [None]);
    }

    #[test]
    fn layers_of_keras_are_numbered_by_kind_in_their_order() {
        let ours = [
            "chain_1[0].conv1d.weight",
            "chain_1[0].conv1d.bias",
            "chain_1[1].conv1d.weight",
            "chain_2[0].dense_1.weight",
            "chain_2[0].dense_1.bias",
            "dense_2.weight",
        ];
        let found = theirs("descriptor_cnn", &ours);
        let names = found.into_iter().map(|theirs| theirs.unwrap().0);
        let expected = [
            "conv1d/kernel",
            "conv1d/bias",
            "conv1d_1/kernel",
            "dense/kernel",
            "dense/bias",
            "dense_1/kernel",
        ];
        assert!(names.eq(expected.map(str::to_owned)));
        let names = Names::of("descriptor_cnn").unwrap();
        let given = [
            "dense_10/kernel",
            "dense_9/bias",
            "dense_9/kernel",
            "x/kernel",
        ];
        let renamed = names.renumbered(&given.map(str::to_owned));
        assert_eq!(renamed["dense_9"], "dense");
        assert_eq!(renamed["dense_10"], "dense_1");
        assert_eq!(renamed.len(), 2);
    }
}
