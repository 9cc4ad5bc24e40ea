//! The table from a builtin's name to what does it.

use super::{data, features, rows, splits, train};
use crate::chem::bundled;
use crate::ir::{Call, Setting, Static};
use crate::plan::Builtins;
use crate::run::Verb;
#[cfg(test)]
use crate::types::{RULES, VERBS};

/// What does a builtin.
#[derive(Clone, Copy)]
pub enum Body {
    /// A rule of the checker; nothing is left of it at run time, or a shape.
    Rule,
    /// A verb over data sets and models.
    Verb(Verb),
    /// A function from a structure to numbers, a text or a graph.
    Feature(features::Feature),
    /// A layer of a network.
    Layer,
    /// Settings something else reads: `adam(…)`, `glorot()`.
    Settings,
    /// A named constant.
    Constant,
    /// Declared and checked; nothing runs it yet. Its words say `planned`.
    Planned,
}

/// Every builtin: full name, version, body. The version is raised when the same settings
/// and inputs come to give something else.
const TABLE: &[(&str, u32, Body)] = &[
    ("prelude.abs", 1, Body::Layer),
    ("prelude.acsf", 1, Body::Feature(features::acsf)),
    ("prelude.adam", 1, Body::Settings),
    ("prelude.adamw", 1, Body::Settings),
    ("prelude.as_is", 1, Body::Constant),
    ("prelude.avg_pool1d", 1, Body::Layer),
    ("prelude.batch_norm", 1, Body::Layer),
    ("prelude.best", 1, Body::Constant),
    ("prelude.bundled", 1, Body::Verb(data::bundled)),
    ("prelude.cbrt", 1, Body::Layer),
    ("prelude.cgcnn_atoms", 1, Body::Layer),
    ("prelude.chain", 1, Body::Rule),
    ("prelude.clamp", 1, Body::Layer),
    ("prelude.concat", 1, Body::Layer),
    ("prelude.constant", 1, Body::Settings),
    ("prelude.conv1d", 1, Body::Layer),
    ("prelude.cosine", 1, Body::Settings),
    (
        "prelude.coulomb_matrix",
        1,
        Body::Feature(features::coulomb_matrix),
    ),
    (
        "prelude.coulomb_spectrum",
        1,
        Body::Feature(features::coulomb_spectrum),
    ),
    (
        "prelude.crystal_graph",
        1,
        Body::Feature(features::crystal_graph),
    ),
    ("prelude.dense", 1, Body::Layer),
    ("prelude.density", 1, Body::Feature(features::density)),
    ("prelude.div", 1, Body::Rule),
    ("prelude.dropout", 1, Body::Layer),
    ("prelude.embedding", 1, Body::Layer),
    ("prelude.ensemble", 1, Body::Verb(train::ensemble)),
    ("prelude.evaluate", 1, Body::Verb(train::evaluate)),
    ("prelude.everything", 1, Body::Constant),
    ("prelude.exp", 1, Body::Layer),
    ("prelude.fail", 1, Body::Constant),
    ("prelude.featurize", 1, Body::Verb(features::featurize)),
    ("prelude.final", 1, Body::Constant),
    ("prelude.flatten", 1, Body::Layer),
    ("prelude.gaussians", 1, Body::Layer),
    ("prelude.glorot", 1, Body::Settings),
    ("prelude.holdout", 1, Body::Verb(splits::holdout)),
    ("prelude.huber", 1, Body::Settings),
    ("prelude.import_weights", 1, Body::Planned),
    ("prelude.jsonl", 1, Body::Verb(data::jsonl)),
    ("prelude.kaiming", 1, Body::Settings),
    ("prelude.keras", 1, Body::Constant),
    ("prelude.knn_graph", 1, Body::Feature(features::knn_graph)),
    (
        "prelude.largest_cavity",
        1,
        Body::Feature(features::largest_cavity),
    ),
    (
        "prelude.largest_channel",
        1,
        Body::Feature(features::largest_channel),
    ),
    ("prelude.last", 1, Body::Rule),
    ("prelude.leaky_relu", 1, Body::Layer),
    ("prelude.ln", 1, Body::Layer),
    ("prelude.mae", 1, Body::Constant),
    ("prelude.magpie", 1, Body::Feature(features::magpie)),
    ("prelude.max", 1, Body::Layer),
    ("prelude.max_error", 1, Body::Constant),
    ("prelude.mc_dropout", 1, Body::Planned),
    ("prelude.mean", 1, Body::Layer),
    ("prelude.mean_last", 1, Body::Layer),
    ("prelude.mod", 1, Body::Rule),
    ("prelude.mse", 1, Body::Constant),
    ("prelude.multi_step", 1, Body::Settings),
    (
        "prelude.nearest_image_graph",
        1,
        Body::Feature(features::nearest_image_graph),
    ),
    ("prelude.one_cycle", 1, Body::Settings),
    ("prelude.one_hot", 1, Body::Layer),
    (
        "prelude.orbital_field_matrix",
        1,
        Body::Feature(features::orbital_field_matrix),
    ),
    ("prelude.orthogonal", 1, Body::Settings),
    (
        "prelude.packing_fraction",
        1,
        Body::Feature(features::packing_fraction),
    ),
    (
        "prelude.padded_graph",
        1,
        Body::Feature(features::padded_graph),
    ),
    ("prelude.plateau", 1, Body::Settings),
    ("prelude.predict", 1, Body::Verb(train::predict)),
    ("prelude.r2", 1, Body::Constant),
    ("prelude.range_scale", 1, Body::Layer),
    ("prelude.refit", 1, Body::Verb(train::refit)),
    ("prelude.relu", 1, Body::Layer),
    ("prelude.repeat", 1, Body::Rule),
    ("prelude.reshape", 1, Body::Layer),
    ("prelude.rmse", 1, Body::Constant),
    ("prelude.sgd", 1, Body::Settings),
    ("prelude.sigmoid", 1, Body::Layer),
    ("prelude.silu", 1, Body::Layer),
    (
        "prelude.sine_coulomb_matrix",
        1,
        Body::Feature(features::sine_coulomb_matrix),
    ),
    (
        "prelude.sine_coulomb_spectrum",
        1,
        Body::Feature(features::sine_coulomb_spectrum),
    ),
    ("prelude.size", 1, Body::Rule),
    ("prelude.skip", 1, Body::Constant),
    ("prelude.slice", 1, Body::Layer),
    ("prelude.soap", 1, Body::Feature(features::soap)),
    ("prelude.softmax", 1, Body::Layer),
    ("prelude.softmax_last", 1, Body::Layer),
    ("prelude.softplus", 1, Body::Layer),
    (
        "prelude.space_group",
        1,
        Body::Feature(features::space_group),
    ),
    (
        "prelude.space_group_number",
        1,
        Body::Feature(features::space_group_number),
    ),
    ("prelude.split", 1, Body::Verb(splits::split)),
    ("prelude.sqrt", 1, Body::Layer),
    ("prelude.standardized", 1, Body::Settings),
    ("prelude.steady", 1, Body::Constant),
    ("prelude.sum", 1, Body::Layer),
    ("prelude.sum_last", 1, Body::Layer),
    ("prelude.take", 1, Body::Verb(rows::take)),
    ("prelude.tanh", 1, Body::Layer),
    ("prelude.target", 1, Body::Verb(splits::target)),
    ("prelude.torch", 1, Body::Constant),
    ("prelude.train", 1, Body::Verb(train::train)),
    ("prelude.train_and_val", 1, Body::Constant),
    ("prelude.train_loss", 1, Body::Constant),
    ("prelude.transpose", 1, Body::Layer),
    ("prelude.uniform", 1, Body::Settings),
    ("prelude.val_loss", 1, Body::Constant),
    (
        "prelude.void_fraction",
        1,
        Body::Feature(features::void_fraction),
    ),
    (
        "prelude.volume_per_atom",
        1,
        Body::Feature(features::volume_per_atom),
    ),
    ("prelude.weight", 1, Body::Layer),
    ("prelude.weights", 1, Body::Constant),
    ("prelude.where", 1, Body::Verb(rows::keep_where)),
    (
        "prelude.with_angles",
        1,
        Body::Feature(features::with_angles),
    ),
    ("prelude.within", 1, Body::Settings),
    ("prelude.xrd", 1, Body::Feature(features::xrd)),
    ("prelude.zeros", 1, Body::Layer),
];

/// What does the builtin of that full name.
pub fn find(name: &str) -> Option<Body> {
    TABLE
        .iter()
        .find(|(known, ..)| *known == name)
        .map(|(.., body)| *body)
}

/// Every full name.
pub fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|(name, ..)| *name)
}

/// The table as the plan asks it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Registry;

impl Builtins for Registry {
    fn is_node(&self, builtin: &str) -> bool {
        matches!(find(builtin), Some(Body::Verb(_)))
    }

    fn version(&self, builtin: &str) -> u32 {
        TABLE
            .iter()
            .find(|(known, ..)| *known == builtin)
            .map_or(0, |(_, version, _)| *version)
    }

    fn depends_on_device(&self, builtin: &str) -> bool {
        matches!(
            builtin,
            "prelude.train"
                | "prelude.evaluate"
                | "prelude.refit"
                | "prelude.ensemble"
                | "prelude.predict"
        )
    }

    fn carried(&self, call: &Call) -> Option<[u8; 32]> {
        let Some(Setting::Static(Static::Text(name))) = call.setting("name") else {
            return None;
        };
        (&*call.builtin == "prelude.bundled")
            .then(|| bundled(name))
            .flatten()
            .map(|data| *blake3::hash(data.bytes).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::names::{ItemId, load};
    use crate::source::Sources;
    use crate::world::Memory;

    /// A declaration without a body in Rust, or a body nobody declares, fails here.
    #[test]
    fn the_table_and_the_declarations_are_the_same_set() {
        let mut sources = Sources::default();
        let loaded = load(&Memory::default(), &mut sources, None);
        assert_eq!(loaded.problems, Vec::new());
        let program = loaded.program;
        let declared: BTreeSet<String> = (0..program.items.len())
            .map(ItemId)
            .filter(|id| program.is_builtin(*id))
            .map(|id| program.full_name(id))
            .collect();
        let known: BTreeSet<String> = names().map(String::from).collect();
        assert_eq!(declared, known);
        assert_eq!(known.len(), TABLE.len(), "a name stands twice");
    }

    /// Rules and verbs of the checker are the rules and verbs of this table.
    #[test]
    fn the_checker_knows_the_same_rules_and_verbs() {
        for (name, _) in VERBS {
            let full = format!("prelude.{name}");
            assert!(matches!(find(&full), Some(Body::Verb(_))), "{name}");
        }
        let verbs = names().filter(|name| Registry.is_node(name)).count();
        assert_eq!(verbs, VERBS.len());
        for (name, lasts) in RULES {
            let body = find(&format!("prelude.{name}"));
            assert_eq!(matches!(body, Some(Body::Layer)), *lasts, "{name}");
            assert_eq!(matches!(body, Some(Body::Rule)), !lasts, "{name}");
        }
    }
}
