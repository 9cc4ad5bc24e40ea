//! Plans that are large enough to be asked for twice.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::{NodeId, Plan, Work};
use super::show::Standing;
use crate::diagnostic::{Code, Problem};
use crate::ir::{Call, Setting, Static};

/// Cells and trials that a run computes without being asked twice.
pub const MANY: usize = 100;

/// What is said before a run of those studies, all when none is named, that would compute
/// more than [`MANY`] cells and trials; the first such study is named. What lies in the
/// store by `standing` is not computed.
pub fn large(
    plan: &Plan,
    studies: &[String],
    standing: &dyn Fn(NodeId) -> Standing,
) -> Option<Problem> {
    let asked = |name: &str| studies.is_empty() || studies.iter().any(|one| one == name);
    let planned = plan.studies.iter();
    planned
        .filter(|one| asked(&one.study.name))
        .find_map(|one| {
            // The store is asked only where it can change the answer.
            let all = count(plan, one.root, &|_| Standing::New);
            if all <= MANY {
                return None;
            }
            let new = count(plan, one.root, standing);
            let title = match all == new {
                true => format!("the study `{}` has {all} cells", one.study.name),
                false => format!(
                    "the study `{}` has {all} cells, {new} of them to compute",
                    one.study.name
                ),
            };
            (new > MANY).then(|| {
                Problem::new(
                    Code::E0604,
                    title,
                    one.study.span,
                    format!("more than {MANY} are asked for twice"),
                )
            })
        })
}

/// How many cells and trials a node is made of that are to be computed.
fn count(plan: &Plan, root: NodeId, standing: &dyn Fn(NodeId) -> Standing) -> usize {
    let mut new = New {
        plan,
        standing,
        known: BTreeMap::new(),
    };
    let mut seen = BTreeSet::new();
    let mut open = vec![root];
    let mut count: usize = 0;
    while let Some(id) = open.pop() {
        let Some(node) = plan.node(id).filter(|_| seen.insert(id)) else {
            continue;
        };
        if standing(id) == Standing::Stored {
            continue;
        }
        open.extend(&node.inputs);
        count = count.saturating_add(match &node.work {
            Work::Cells(_) => node.inputs.iter().filter(|id| new.is(**id)).count(),
            Work::Verb(call) => trials(call),
            Work::Part(_) => 0,
        });
    }
    count
}

/// What of a plan is to be computed.
struct New<'a> {
    plan: &'a Plan,
    standing: &'a dyn Fn(NodeId) -> Standing,
    known: BTreeMap<NodeId, bool>,
}

impl New<'_> {
    /// Whether a node is to be computed: what is cheap is, unless all of what it needs lies
    /// in the store. A plan nests no deeper than its script's pipes are long, which the
    /// parser bounds.
    fn is(&mut self, id: NodeId) -> bool {
        if let Some(known) = self.known.get(&id) {
            return *known;
        }
        let inputs = self.plan.node(id).map_or(&[][..], |node| &node.inputs);
        let new = match (self.standing)(id) {
            Standing::Stored => false,
            Standing::New => true,
            Standing::Passing => {
                inputs.is_empty() || inputs.iter().any(|input| self.is(*input))
            }
        };
        self.known.insert(id, new);
        new
    }
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
