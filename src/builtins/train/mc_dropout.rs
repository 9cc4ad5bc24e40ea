//! A network asked many times with its dropout left on (Gal and Ghahramani 2016).

use std::sync::Arc;

use super::ensemble::calibrated;
use super::lost;
use super::model::{Passes, made_by, model};
use crate::builtins::settings::count;
use crate::diagnostic::Problem;
use crate::plan::NodeId;
use crate::run::{Runner, Value, Work};

/// `mc_dropout(…)`.
pub fn mc_dropout(runner: &mut Runner<'_>, work: &Work<'_>) -> Result<Value, Problem> {
    let input = runner.input(work)?;
    let first = made_by(runner, input, work.span)?;
    let data = runner.dataset(first)?;
    let artifact = runner.cached(work, "spread", |runner| {
        let asked = passes(runner, work.id).ok_or_else(|| lost(work.span))?;
        let mut members = model(runner, first, work.span)?.members;
        for member in &mut members {
            member.passes = Some(asked);
        }
        calibrated(runner, &members, &data, work.span)
    })?;
    Ok(Value::Trained(Arc::new(artifact), data))
}

/// How the model of a `mc_dropout` node is asked.
pub fn passes(runner: &Runner<'_>, of: NodeId) -> Option<Passes> {
    let call = runner.plan.call(of)?;
    Some(Passes {
        count: count(call, "passes")?,
        draws: runner.draws(call),
    })
}
