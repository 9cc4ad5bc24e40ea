//! Scores of a trained model.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::failed::training_failed;
use super::model::{Model, chosen, model, training, unscored};
use super::{Course, TRAINING, WEIGHTS, lost};
use crate::builtins::summary;
use crate::diagnostic::{Code, Problem};
use crate::nn::{Graph, Weights};
use crate::plan::NodeId;
use crate::report::Prediction;
use crate::run::store::Artifact;
use crate::run::{Dataset, Part, Runner, Value, Work};
use crate::source::Span;

/// The file of an evaluated artifact that holds predictions and all around them.
pub const EVALUATION: &str = "evaluation.json";

/// `evaluate(…)`.
pub fn evaluate(runner: &mut Runner<'_>, work: &Work<'_>) -> Result<Value, Problem> {
    let artifact = runner.cached(work, "evaluated", |runner| score(runner, work))?;
    Ok(Value::Evaluated(Arc::new(artifact)))
}

fn score(
    runner: &mut Runner<'_>,
    work: &Work<'_>,
) -> Result<BTreeMap<String, Vec<u8>>, Problem> {
    let input = runner.input(work)?;
    let (evaluation, weights) = evaluated(runner, input, work.id, true, work.span)?;
    let bytes = serde_json::to_vec(&evaluation).map_err(|error| {
        Problem::new(Code::E0901, error.to_string(), work.span, "here")
    })?;
    let mut files = BTreeMap::from([(EVALUATION.to_string(), bytes)]);
    files.extend(weights.map(|weights| (WEIGHTS.to_string(), weights)));
    Ok(files)
}

/// Predictions of a trained model and all around them, and its weights, of which an
/// ensemble has none. `id` is the node they are for. Without `test` the test rows stay
/// unseen.
pub fn evaluated(
    runner: &mut Runner<'_>,
    of: NodeId,
    id: NodeId,
    test: bool,
    span: Span,
) -> Result<(summary::Evaluation, Option<Vec<u8>>), Problem> {
    let of = chosen(runner, of, span)?;
    let (first, training) = training(runner, of, span)?;
    let model = model(runner, of, span)?;
    let of = unscored(runner, of);
    let artifact = trained(runner, of, span)?;
    let weights = artifact.files.get(WEIGHTS).cloned();
    // The course of an ensemble is that of its first member.
    let course = match weights.is_some() {
        true => read_course(&artifact, span)?,
        false => {
            let member = trained(runner, first, span)?;
            read_course(&member, span)?
        }
    };
    let data = if test {
        model.data.clone()
    } else {
        let mut seen = model.data.positions(Part::Train);
        seen.extend(model.data.positions(Part::Val));
        seen.sort_unstable();
        Arc::new(model.data.pick(&seen))
    };
    let predictions = predict(runner, &model, &data, span)?;
    let evaluation =
        summary::evaluation(runner, id, training, &data, course, predictions);
    Ok((evaluation, weights))
}

fn trained(
    runner: &mut Runner<'_>,
    of: NodeId,
    span: Span,
) -> Result<Arc<Artifact>, Problem> {
    match runner.value(of)? {
        Value::Trained(artifact, _) => Ok(artifact),
        _ => Err(lost(span)),
    }
}

/// How a stored training went.
pub fn read_course(artifact: &Artifact, span: Span) -> Result<Course, Problem> {
    let bytes = artifact.files.get(TRAINING).map_or(&[][..], Vec::as_slice);
    serde_json::from_slice(bytes)
        .map_err(|error| Problem::new(Code::E0901, error.to_string(), span, "here"))
}

/// The weights of a stored training, and how it went.
pub fn read(
    artifact: &Artifact,
    graph: &Graph,
    span: Span,
) -> Result<(Weights, Course), Problem> {
    let bytes = artifact.files.get(WEIGHTS).map_or(&[][..], Vec::as_slice);
    let weights = Weights::from_safetensors(graph, bytes)
        .map_err(|failure| training_failed(&failure, span))?;
    Ok((weights, read_course(artifact, span)?))
}

/// Predictions for every row of every part, in the order of the rows.
fn predict(
    runner: &Runner<'_>,
    model: &Model,
    data: &Dataset,
    span: Span,
) -> Result<Vec<Prediction>, Problem> {
    let (Some(features), Some(target)) = (&data.features, &data.target) else {
        return Err(lost(span));
    };
    let all: Vec<usize> = (0..data.rows.len()).collect();
    let said = model.say(features, &all, runner.settings.threads, span)?;
    let mut rows = Vec::new();
    for (at, row) in data.rows.iter().enumerate() {
        let part = data.parts.as_ref().and_then(|parts| parts.get(at)).copied();
        let (Some(actual), Some(said)) = (target.values.get(at), said.get(at)) else {
            return Err(lost(span));
        };
        rows.push(Prediction {
            id: row.id.clone(),
            formula: row.formula.clone(),
            split: part.unwrap_or(Part::Train),
            actual: *actual,
            predicted: said.mean,
        });
    }
    Ok(rows)
}
