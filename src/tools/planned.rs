//! What a run would do: as text, and whether it is asked for twice.

use crate::builtins::weight_count;
use crate::diagnostic::Problem;
use crate::ir::{Call, Setting};
use crate::nn::Executor;
use crate::plan::{NodeId, Plan, Standing, large, show};
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

/// What is said before a run that would compute many cells which the store lacks.
pub fn asked_twice(plan: &Plan, studies: &[String], store: &Store) -> Option<Problem> {
    large(plan, studies, &|id| stands(plan, store, id))
}

fn stands(plan: &Plan, store: &Store, id: NodeId) -> Standing {
    let Some(node) = plan.node(id) else {
        return Standing::Passing;
    };
    if !plan.call(id).is_some_and(is_kept) {
        return Standing::Passing;
    }
    match store.get(Key::from_bytes(node.key)) {
        Ok(Found::Intact(_)) => Standing::Stored,
        Ok(Found::Nothing | Found::Damaged(_)) | Err(_) => Standing::New,
    }
}

/// Whether the store keeps what a verb comes to.
fn is_kept(call: &Call) -> bool {
    matches!(
        call.short_name(),
        "featurize"
            | "train"
            | "import_weights"
            | "refit"
            | "ensemble"
            | "mc_dropout"
            | "evaluate"
    )
}
