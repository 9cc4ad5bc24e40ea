//! Scores of a trained model.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::failed::training_failed;
use super::{Course, TRAINING, WEIGHTS, lost, network};
use crate::builtins::fed::Fed;
use crate::builtins::layers::lower;
use crate::builtins::summary;
use crate::diagnostic::{Code, Problem};
use crate::nn::{self, Graph, TargetScale, Weights};
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
    Ok(BTreeMap::from([
        (EVALUATION.to_string(), bytes),
        (WEIGHTS.to_string(), weights),
    ]))
}

/// Predictions of a trained model and all around them, and its weights. `id` is the node
/// they are for. Without `test` the test rows stay unseen.
pub fn evaluated(
    runner: &mut Runner<'_>,
    trained: NodeId,
    id: NodeId,
    test: bool,
    span: Span,
) -> Result<(summary::Evaluation, Vec<u8>), Problem> {
    let Value::Trained(artifact, data) = runner.value(trained)? else {
        return Err(lost(span));
    };
    let plan = runner.plan;
    let Some(training) = plan.call(trained) else {
        return Err(lost(span));
    };
    let data = if test {
        data
    } else {
        let mut seen = data.positions(Part::Train);
        seen.extend(data.positions(Part::Val));
        seen.sort_unstable();
        Arc::new(data.pick(&seen))
    };
    let graph = lower(network(training, span)?)?;
    let (weights, course) = read(&artifact, &graph, span)?;
    let scale = course.scale();
    let predictions = predict(runner, &graph, &weights, scale, &data, span)?;
    let evaluation =
        summary::evaluation(runner, id, training, &data, course, predictions);
    let weights = artifact.files.get(WEIGHTS).cloned().unwrap_or_default();
    Ok((evaluation, weights))
}

fn read(
    artifact: &Artifact,
    graph: &Graph,
    span: Span,
) -> Result<(Weights, Course), Problem> {
    let bytes = |name: &str| artifact.files.get(name).map_or(&[][..], Vec::as_slice);
    let weights = Weights::from_safetensors(graph, bytes(WEIGHTS))
        .map_err(|failure| training_failed(&failure, span))?;
    let course = serde_json::from_slice(bytes(TRAINING))
        .map_err(|error| Problem::new(Code::E0901, error.to_string(), span, "here"))?;
    Ok((weights, course))
}

/// Predictions for every row of every part, in the order of the rows.
fn predict(
    runner: &Runner<'_>,
    graph: &Graph,
    weights: &Weights,
    scale: TargetScale,
    data: &Dataset,
    span: Span,
) -> Result<Vec<Prediction>, Problem> {
    let (Some(features), Some(target)) = (&data.features, &data.target) else {
        return Err(lost(span));
    };
    let threads = runner.settings.threads;
    let all: Vec<usize> = (0..data.rows.len()).collect();
    let fed = Fed::of(features, &all);
    let predicted = nn::predict(graph, weights, fed.features(), threads)
        .map_err(|failure| training_failed(&failure, span))?;
    let mut rows = Vec::new();
    for (at, row) in data.rows.iter().enumerate() {
        let part = data.parts.as_ref().and_then(|parts| parts.get(at)).copied();
        let (Some(actual), Some(predicted)) = (target.values.get(at), predicted.get(at))
        else {
            return Err(lost(span));
        };
        rows.push(Prediction {
            id: row.id.clone(),
            formula: row.formula.clone(),
            split: part.unwrap_or(Part::Train),
            actual: *actual,
            predicted: scale.restored(f64::from(*predicted)),
        });
    }
    Ok(rows)
}
