//! Plans that are large enough to be asked for twice.

use std::collections::BTreeSet;

use super::graph::{NodeId, Plan, Work};
use crate::diagnostic::{Code, Problem};
use crate::ir::{Call, Setting, Static};

/// Cells and trials that a run computes without being asked twice.
pub const MANY: usize = 100;

/// What is said before a run of those studies, all when none is named, that computes more
/// than [`MANY`] cells and trials; the first such study is named.
pub fn large(plan: &Plan, studies: &[String]) -> Option<Problem> {
    let asked = |name: &str| studies.is_empty() || studies.iter().any(|one| one == name);
    let planned = plan.studies.iter();
    planned
        .filter(|one| asked(&one.study.name))
        .find_map(|one| {
            let count = computed(plan, one.root);
            (count > MANY).then(|| {
                Problem::new(
                    Code::E0604,
                    format!("the study `{}` has {count} cells", one.study.name),
                    one.study.span,
                    format!("more than {MANY} are asked for twice"),
                )
                .help("`tmo plan` says what they are; `tmo run --yes` runs them all")
            })
        })
}

/// How many cells and trials a node is made of.
fn computed(plan: &Plan, root: NodeId) -> usize {
    let mut seen = BTreeSet::new();
    let mut open = vec![root];
    let mut count: usize = 0;
    while let Some(id) = open.pop() {
        let Some(node) = plan.node(id).filter(|_| seen.insert(id)) else {
            continue;
        };
        open.extend(&node.inputs);
        count = count.saturating_add(match &node.work {
            Work::Cells(cells) => cells.cells.len(),
            Work::Verb(call) => trials(call),
            Work::Part(_) => 0,
        });
    }
    count
}

/// How many trials a search makes.
fn trials(call: &Call) -> usize {
    let Some(Setting::Static(Static::Made(method))) = call.setting("method") else {
        return 0;
    };
    match method.setting("trials") {
        Some(Static::Int(trials)) => usize::try_from(*trials).unwrap_or(0),
        _ => 0,
    }
}
