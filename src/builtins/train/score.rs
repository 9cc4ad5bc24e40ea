//! Scores of a trained model.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::failed::training_failed;
use super::rows::graphs_later;
use super::{Course, TRAINING, WEIGHTS, lost, network};
use crate::builtins::layers::lower;
use crate::builtins::summary;
use crate::diagnostic::{Code, Problem};
use crate::nn::{self, Graph, TargetScale, Weights};
use crate::report::Prediction;
use crate::run::store::Artifact;
use crate::run::{Dataset, Features, Part, Runner, Value, Work};
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
    let Value::Trained(artifact, data) = runner.value(input)? else {
        return Err(lost(work.span));
    };
    let plan = runner.plan;
    let Some(training) = plan.call(input) else {
        return Err(lost(work.span));
    };
    let graph = lower(network(training, work.span)?)?;
    let (weights, course) = read(&artifact, &graph, work.span)?;
    let scale = course.scale();
    let predictions = predict(runner, &graph, &weights, scale, &data, work.span)?;
    let evaluation =
        summary::evaluation(runner, work, training, &data, course, predictions);
    let bytes = serde_json::to_vec(&evaluation).map_err(|error| {
        Problem::new(Code::E0901, error.to_string(), work.span, "here")
    })?;
    let weights = artifact.files.get(WEIGHTS).cloned().unwrap_or_default();
    Ok(BTreeMap::from([
        (EVALUATION.to_string(), bytes),
        (WEIGHTS.to_string(), weights),
    ]))
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
    let Features::Vector { values, .. } = features else {
        return Err(graphs_later(span));
    };
    let threads = runner.settings.threads;
    let predicted = nn::predict(graph, weights, values, threads)
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
