//! The table from a builtin's name to what does it.

use super::{
    data, features, joined, order, report, rows, saved, sources, splits, sweeps, train,
};
use crate::chem::bundled;
use crate::ir::{Call, Setting, Static};
use crate::plan::Builtins;
use crate::run::Verb;
#[cfg(test)]
use crate::types::RULES;
use crate::types::VERBS;

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
    ("prelude.acos", 1, Body::Rule),
    ("prelude.acsf", 2, Body::Feature(features::acsf)),
    ("prelude.adam", 1, Body::Settings),
    ("prelude.adamw", 1, Body::Settings),
    ("prelude.as_given", 1, Body::Constant),
    ("prelude.as_is", 1, Body::Constant),
    ("prelude.ascending", 1, Body::Constant),
    ("prelude.ase_db", 1, Body::Verb(sources::structures)),
    ("prelude.at_random", 1, Body::Planned),
    ("prelude.average", 1, Body::Rule),
    ("prelude.avg_pool1d", 1, Body::Layer),
    ("prelude.bader", 1, Body::Planned),
    ("prelude.bars", 1, Body::Verb(report::bars)),
    ("prelude.batch_norm", 1, Body::Layer),
    ("prelude.bayes", 1, Body::Planned),
    ("prelude.best", 1, Body::Constant),
    ("prelude.boxes", 1, Body::Verb(report::boxes)),
    ("prelude.bundled", 1, Body::Verb(data::bundled)),
    ("prelude.by_size", 1, Body::Constant),
    ("prelude.cbrt", 1, Body::Layer),
    ("prelude.cgcnn_atoms", 1, Body::Layer),
    ("prelude.chain", 1, Body::Rule),
    ("prelude.chgnet", 1, Body::Planned),
    ("prelude.choice", 1, Body::Rule),
    ("prelude.cif_folder", 1, Body::Verb(sources::structures)),
    ("prelude.cif", 1, Body::Verb(sources::cif)),
    ("prelude.clamp", 1, Body::Layer),
    ("prelude.code_names", 1, Body::Constant),
    ("prelude.compare", 1, Body::Rule),
    ("prelude.complete", 1, Body::Verb(rows::complete)),
    ("prelude.concat", 1, Body::Layer),
    ("prelude.constant", 1, Body::Settings),
    ("prelude.conv1d", 1, Body::Layer),
    ("prelude.cos", 1, Body::Rule),
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
    ("prelude.count", 1, Body::Verb(order::count)),
    ("prelude.count_members", 1, Body::Verb(order::count_members)),
    (
        "prelude.crystal_graph",
        1,
        Body::Feature(features::crystal_graph),
    ),
    ("prelude.deduplicate", 1, Body::Verb(joined::deduplicate)),
    ("prelude.dense", 1, Body::Layer),
    ("prelude.density", 1, Body::Feature(features::density)),
    ("prelude.density_difference", 1, Body::Planned),
    ("prelude.derive", 1, Body::Verb(rows::derive)),
    ("prelude.descending", 1, Body::Constant),
    ("prelude.div", 1, Body::Rule),
    ("prelude.dropout", 1, Body::Layer),
    ("prelude.each", 1, Body::Rule),
    ("prelude.embedding", 1, Body::Layer),
    ("prelude.ensemble", 1, Body::Verb(train::ensemble)),
    ("prelude.evaluate", 1, Body::Verb(train::evaluate)),
    ("prelude.everything", 1, Body::Constant),
    ("prelude.exp", 1, Body::Layer),
    (
        "prelude.export_weights",
        1,
        Body::Verb(train::export_weights),
    ),
    ("prelude.extxyz", 1, Body::Verb(sources::structures)),
    ("prelude.fail", 1, Body::Constant),
    ("prelude.featurize", 1, Body::Verb(features::featurize)),
    ("prelude.fill", 1, Body::Rule),
    ("prelude.final", 1, Body::Constant),
    ("prelude.flatten", 1, Body::Layer),
    ("prelude.gaussians", 1, Body::Layer),
    ("prelude.glorot", 1, Body::Settings),
    ("prelude.gpaw", 1, Body::Planned),
    ("prelude.greatest", 1, Body::Rule),
    ("prelude.grid", 1, Body::Verb(report::grid)),
    ("prelude.group_split", 1, Body::Verb(splits::group_split)),
    ("prelude.heatmap", 1, Body::Verb(report::heatmap)),
    ("prelude.heptagonal", 1, Body::Constant),
    ("prelude.hexagonal", 1, Body::Constant),
    ("prelude.highest", 1, Body::Constant),
    ("prelude.histogram", 1, Body::Verb(report::histogram)),
    ("prelude.holdout", 1, Body::Verb(splits::holdout)),
    ("prelude.huber", 1, Body::Settings),
    (
        "prelude.import_weights",
        2,
        Body::Verb(train::import_weights),
    ),
    ("prelude.impute", 1, Body::Verb(rows::impute)),
    ("prelude.insertion", 1, Body::Planned),
    ("prelude.int", 1, Body::Rule),
    ("prelude.isosurface", 1, Body::Planned),
    ("prelude.jarvis", 1, Body::Verb(sources::structures)),
    ("prelude.join", 1, Body::Verb(joined::join)),
    ("prelude.jsonl", 1, Body::Verb(data::jsonl)),
    ("prelude.kaiming", 1, Body::Settings),
    ("prelude.keras", 1, Body::Constant),
    ("prelude.kfold", 1, Body::Verb(splits::kfold)),
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
    ("prelude.layer_norm", 1, Body::Layer),
    ("prelude.leaky_relu", 1, Body::Layer),
    (
        "prelude.learning_curve",
        1,
        Body::Verb(report::learning_curve),
    ),
    ("prelude.least", 1, Body::Rule),
    ("prelude.lines", 1, Body::Verb(report::lines)),
    ("prelude.ln", 1, Body::Layer),
    ("prelude.log_uniform", 1, Body::Rule),
    ("prelude.lowest", 1, Body::Constant),
    ("prelude.mae", 1, Body::Constant),
    ("prelude.magpie", 1, Body::Feature(features::magpie)),
    ("prelude.map", 1, Body::Rule),
    ("prelude.matbench", 1, Body::Verb(sources::structures)),
    (
        "prelude.materials_project",
        1,
        Body::Verb(sources::structures),
    ),
    ("prelude.max", 1, Body::Layer),
    ("prelude.max_error", 1, Body::Constant),
    ("prelude.max_last", 1, Body::Layer),
    ("prelude.mc_dropout", 1, Body::Verb(train::mc_dropout)),
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
    ("prelude.octagonal", 1, Body::Constant),
    ("prelude.one_cycle", 1, Body::Settings),
    ("prelude.one_hot", 1, Body::Layer),
    ("prelude.ones", 1, Body::Layer),
    ("prelude.optimade", 1, Body::Verb(sources::structures)),
    (
        "prelude.orbital_field_matrix",
        1,
        Body::Feature(features::orbital_field_matrix),
    ),
    ("prelude.orthogonal", 1, Body::Settings),
    ("prelude.overlaps", 1, Body::Rule),
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
    ("prelude.parity", 1, Body::Verb(report::parity)),
    ("prelude.pbe", 1, Body::Constant),
    ("prelude.pbesol", 1, Body::Constant),
    ("prelude.pentagonal", 1, Body::Constant),
    (
        "prelude.periodic_table",
        1,
        Body::Verb(report::periodic_table),
    ),
    ("prelude.pick", 1, Body::Verb(sweeps::pick)),
    ("prelude.pivot", 1, Body::Verb(sweeps::pivot)),
    ("prelude.plateau", 1, Body::Settings),
    ("prelude.predict", 2, Body::Verb(train::predict)),
    ("prelude.prototype", 1, Body::Feature(features::prototype)),
    ("prelude.qe", 1, Body::Planned),
    ("prelude.r2", 1, Body::Constant),
    ("prelude.r2scan", 1, Body::Constant),
    ("prelude.random_uniform", 1, Body::Settings),
    ("prelude.range_scale", 1, Body::Layer),
    ("prelude.rank", 1, Body::Verb(order::rank)),
    ("prelude.rectangular", 1, Body::Constant),
    ("prelude.refit", 1, Body::Verb(train::refit)),
    ("prelude.relu", 1, Body::Layer),
    ("prelude.repeat", 1, Body::Rule),
    ("prelude.report", 1, Body::Verb(report::report)),
    ("prelude.reshape", 1, Body::Layer),
    ("prelude.rmse", 1, Body::Constant),
    ("prelude.sample", 1, Body::Verb(rows::sample)),
    ("prelude.save", 1, Body::Verb(saved::save)),
    ("prelude.scatter", 1, Body::Verb(report::scatter)),
    ("prelude.select", 1, Body::Verb(rows::select)),
    ("prelude.several", 1, Body::Rule),
    ("prelude.sgd", 1, Body::Settings),
    ("prelude.shuffled", 1, Body::Constant),
    ("prelude.sigmoid", 1, Body::Layer),
    ("prelude.silu", 1, Body::Layer),
    ("prelude.sin", 1, Body::Rule),
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
    ("prelude.sort", 1, Body::Verb(order::sort)),
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
    ("prelude.split_where", 1, Body::Verb(splits::split_where)),
    ("prelude.sqrt", 1, Body::Layer),
    ("prelude.standardized", 1, Body::Settings),
    ("prelude.steady", 1, Body::Constant),
    ("prelude.structures", 1, Body::Verb(sources::structures)),
    ("prelude.sum", 1, Body::Layer),
    ("prelude.sum_of", 1, Body::Rule),
    ("prelude.sum_last", 1, Body::Layer),
    ("prelude.table", 1, Body::Verb(joined::table)),
    ("prelude.take", 1, Body::Verb(rows::take)),
    ("prelude.tan", 1, Body::Rule),
    ("prelude.tanh", 1, Body::Layer),
    ("prelude.target", 1, Body::Verb(splits::target)),
    ("prelude.tmo_names", 1, Body::Constant),
    ("prelude.torch", 1, Body::Constant),
    ("prelude.train", 1, Body::Verb(train::train)),
    ("prelude.train_and_val", 1, Body::Constant),
    ("prelude.train_loss", 1, Body::Constant),
    ("prelude.transpose", 1, Body::Layer),
    ("prelude.triangular", 1, Body::Constant),
    ("prelude.tune", 1, Body::Planned),
    ("prelude.uniform", 1, Body::Rule),
    ("prelude.val_loss", 1, Body::Constant),
    ("prelude.vasp", 1, Body::Planned),
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
        match find(builtin) {
            Some(Body::Verb(_)) => true,
            // What is planned has its place in a plan, and no run.
            Some(Body::Planned) => {
                let verb = |(name, _): &(&str, _)| builtin == format!("prelude.{name}");
                VERBS.iter().any(verb)
            }
            _ => false,
        }
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
                | "prelude.mc_dropout"
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
            let body = find(&full);
            assert!(
                matches!(body, Some(Body::Verb(_) | Body::Planned | Body::Rule)),
                "{name}"
            );
        }
        for (name, lasts) in RULES {
            let body = find(&format!("prelude.{name}"));
            assert_eq!(matches!(body, Some(Body::Layer)), *lasts, "{name}");
            assert_eq!(matches!(body, Some(Body::Rule)), !lasts, "{name}");
        }
    }
}
