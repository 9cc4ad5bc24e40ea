//! Training once more, on the rows that were held out too.

use std::sync::Arc;

use super::model::{made_by, training};
use super::score::read_course;
use super::{fit, lost};
use crate::diagnostic::Problem;
use crate::ir::{Call, Setting, Static};
use crate::run::{Dataset, Part, Runner, Value, Work};

/// `refit(…)`: the same network from the same start, on training and validation rows, for
/// as many epochs as the first training kept; nothing is left to stop or to choose by.
pub fn refit(runner: &mut Runner<'_>, work: &Work<'_>) -> Result<Value, Problem> {
    let input = runner.input(work)?;
    let input = made_by(runner, input, work.span)?;
    let (_, call) = training(runner, input, work.span)?;
    let Value::Trained(first, data) = runner.value(input)? else {
        return Err(lost(work.span));
    };
    let data = Arc::new(joined(&data));
    let artifact = runner.cached(work, "trained", |runner| {
        let kept = read_course(&first, work.span)?.kept;
        let call = with(call, kept as i64);
        fit(runner, work, &call, &data)
    })?;
    Ok(Value::Trained(Arc::new(artifact), data))
}

/// Validation rows among the training rows.
fn joined(data: &Dataset) -> Dataset {
    let mut data = data.clone();
    for part in data.parts.iter_mut().flatten() {
        if *part == Part::Val {
            *part = Part::Train;
        }
    }
    data
}

/// A `train` call of that many epochs, all of them.
fn with(call: &Call, epochs: i64) -> Call {
    let mut call = call.clone();
    for (name, setting) in &mut call.settings {
        match &**name {
            "epochs" => *setting = Setting::Static(Static::Int(epochs)),
            "patience" => *setting = Setting::Static(Static::Int(0)),
            "keep" => *setting = Setting::Static(Static::Symbol("prelude.final".into())),
            _ => {}
        }
    }
    call
}
