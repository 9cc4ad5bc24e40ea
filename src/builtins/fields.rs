//! Fields of trained models: the scores of their parts, and the course of the training.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::summary::Evaluation;
use super::train::{self, EVALUATION, Tested};
use crate::diagnostic::{Code, Problem};
use crate::plan::NodeId;
use crate::report::Split;
use crate::run::store::{Found, Key};
use crate::run::{Runner, Value, store_problem};
use crate::source::Span;

/// `.train`, `.val`, `.test` and `.history` of a model.
pub fn field(runner: &mut Runner<'_>, of: NodeId, name: &str) -> Result<Value, Problem> {
    let span = runner.plan.node(of).map_or(Span::NOWHERE, |node| node.span);
    let evaluation = scored(runner, of)?;
    let part = match name {
        "history" => return Ok(Value::Table(Arc::new(evaluation.history()))),
        "train" => Split::Train,
        "val" => Split::Val,
        _ => Split::Test,
    };
    evaluation.scores(part).map(Value::Cell).ok_or_else(|| {
        let title = format!("no rows are in the {} part", part.as_str());
        Problem::new(Code::E0713, title, span, "to be scored")
            .help("take another fraction or seed, or more rows")
    })
}

/// What is known of a model: of an evaluated one what `evaluate` stored, of a trained one
/// the same without its test rows, stored beside it.
pub fn scored(runner: &mut Runner<'_>, id: NodeId) -> Result<Evaluation, Problem> {
    let span = runner.plan.node(id).map_or(Span::NOWHERE, |node| node.span);
    let (key, stored) = match runner.value(id)? {
        Value::Evaluated(artifact) => (None, artifact.files.get(EVALUATION).cloned()),
        Value::Trained(artifact, _) => {
            let mut hasher = blake3::Hasher::new();
            hasher.update(b"tmo scores 1");
            hasher.update(artifact.key.as_bytes());
            let key = Key::from(hasher.finalize());
            (Some(key), from_store(runner, key)?)
        }
        _ => (None, None),
    };
    let bad = |error: &dyn std::fmt::Display| {
        Problem::new(
            Code::E0901,
            error.to_string(),
            span,
            "the scores of this model",
        )
    };
    if let Some(bytes) = stored {
        return serde_json::from_slice(&bytes).map_err(|error| bad(&error));
    }
    let Some(key) = key else {
        return Err(bad(&"nothing is stored of it"));
    };
    let (evaluation, _) = train::evaluated(runner, id, id, Tested::Nothing, span)?;
    let bytes = serde_json::to_vec(&evaluation).map_err(|error| bad(&error))?;
    let files = BTreeMap::from([(EVALUATION.to_string(), bytes)]);
    let store = runner.settings.store;
    store
        .put(key, "scores", &BTreeMap::new(), &files)
        .map_err(|problem| store_problem(&problem))?;
    Ok(evaluation)
}

fn from_store(runner: &mut Runner<'_>, key: Key) -> Result<Option<Vec<u8>>, Problem> {
    let found = runner.settings.store.get(key);
    match found.map_err(|problem| store_problem(&problem))? {
        Found::Intact(artifact) => Ok(artifact.files.get(EVALUATION).cloned()),
        Found::Damaged(damaged) => {
            runner.warn_damaged(&damaged.to_string());
            Ok(None)
        }
        Found::Nothing => Ok(None),
    }
}
