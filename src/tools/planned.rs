//! What a run would do, as text.

use crate::builtins::weight_count;
use crate::diagnostic::Problem;
use crate::ir::{Call, Setting};
use crate::nn::Executor;
use crate::plan::{NodeId, Plan, Standing, Work, show};
use crate::run::store::{Found, Key, Store};
use crate::session::{Checked, Session};

/// The plan of a checked script run by that executor, with what of it the store has.
///
/// # Errors
/// What [`Session::plan`] says.
pub fn planned(
    session: &Session<'_>,
    script: &Checked,
    store: &Store,
    executor: Executor,
) -> Result<String, Box<Problem>> {
    let plan = session.plan_on(script, executor)?;
    let standing = |id: NodeId| stands(&plan, store, id);
    let weights = |call: &Call| match call.setting("network") {
        Some(Setting::Network(network)) => Some(weight_count(network)),
        _ => None,
    };
    Ok(show(&plan, &standing, &weights))
}

fn stands(plan: &Plan, store: &Store, id: NodeId) -> Standing {
    let Some(node) = plan.node(id) else {
        return Standing::Passing;
    };
    let kept = match &node.work {
        Work::Verb(call) => {
            matches!(call.short_name(), "featurize" | "train" | "evaluate")
        }
        Work::Part(_) | Work::Cells(_) => false,
    };
    match store.get(Key::from_bytes(node.key)) {
        _ if !kept => Standing::Passing,
        Ok(Found::Intact(_)) => Standing::Stored,
        Ok(Found::Nothing | Found::Damaged(_)) | Err(_) => Standing::New,
    }
}
