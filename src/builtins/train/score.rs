//! Scores of a trained model.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::failed::training_failed;
use super::model::{Model, made_by, members_of, model, training};
use super::predict::as_seen;
use super::{Course, TRAINING, WEIGHTS, lost};
use crate::builtins::overlap::warn_of_trained_on;
use crate::builtins::summary;
use crate::diagnostic::{Code, Problem};
use crate::nn::{Graph, Weights};
use crate::plan::NodeId;
use crate::report::Prediction;
use crate::run::store::Artifact;
use crate::run::{Dataset, Part, Runner, Value, Work};
use crate::source::Span;
use crate::types::Unit;

/// The file of an evaluated artifact that holds predictions and all around them.
pub const EVALUATION: &str = "evaluation.json";

/// `evaluate(…)`.
pub fn evaluate(runner: &mut Runner<'_>, work: &Work<'_>) -> Result<Value, Problem> {
    let artifact = runner.cached(work, "evaluated", |runner| score(runner, work))?;
    if let Some((input, seen @ [_, ..])) = work.inputs.split_first() {
        warn_of_trained_on(runner, work, *input, |runner| {
            let rows = as_seen(runner, *input, seen, work.span)?;
            runner.dataset(rows)
        })?;
    }
    Ok(Value::Evaluated(Arc::new(artifact)))
}

fn score(
    runner: &mut Runner<'_>,
    work: &Work<'_>,
) -> Result<BTreeMap<String, Vec<u8>>, Problem> {
    let Some((input, seen)) = work.inputs.split_first() else {
        return Err(lost(work.span));
    };
    let tested = match seen {
        [] => Tested::Own,
        seen => {
            let rows = as_seen(runner, *input, seen, work.span)?;
            Tested::Rows(runner.dataset(rows)?)
        }
    };
    let (evaluation, weights) = evaluated(runner, *input, work.id, tested, work.span)?;
    let bytes = serde_json::to_vec(&evaluation).map_err(|error| {
        Problem::new(Code::E0901, error.to_string(), work.span, "here")
    })?;
    let mut files = BTreeMap::from([(EVALUATION.to_string(), bytes)]);
    files.extend(weights.map(|weights| (WEIGHTS.to_string(), weights)));
    Ok(files)
}

/// What a model is tested on.
pub enum Tested {
    /// Nothing: the test rows of its data set stay unseen.
    Nothing,
    /// Those test rows.
    Own,
    /// Other rows, with what the model sees of them and what is to be predicted.
    Rows(Arc<Dataset>),
}

/// Predictions of a trained model and all around them, and its weights, of which an
/// ensemble has none. `id` is the node they are for.
pub fn evaluated(
    runner: &mut Runner<'_>,
    of: NodeId,
    id: NodeId,
    tested: Tested,
    span: Span,
) -> Result<(summary::Evaluation, Option<Vec<u8>>), Problem> {
    let of = made_by(runner, of, span)?;
    let (_, training) = training(runner, of, span)?;
    let model = model(runner, of, span)?;
    let artifact = trained(runner, of, span)?;
    let course = read_course(&artifact, span)?;
    let weights = match model.members.len() {
        1 => artifact.files.get(WEIGHTS).cloned(),
        _ => None,
    };
    let data = match tested {
        Tested::Own => model.data.clone(),
        Tested::Nothing | Tested::Rows(_) => {
            let mut seen = model.data.positions(Part::Train);
            seen.extend(model.data.positions(Part::Val));
            seen.sort_unstable();
            Arc::new(model.data.pick(&seen))
        }
    };
    let mut predictions = predict(runner, &model, &data, span)?;
    if let Tested::Rows(rows) = tested {
        let unit = data.target.as_ref().map_or("", |target| &target.unit);
        let rows = to_be_tested(&rows, unit, span)?;
        predictions.extend(predict(runner, &model, &rows, span)?);
    }
    let evaluation =
        summary::evaluation(runner, id, training, &data, course, predictions);
    Ok((evaluation, weights))
}

/// Rows to test on, all of them test rows, their target in that unit.
fn to_be_tested(rows: &Dataset, unit: &str, span: Span) -> Result<Dataset, Problem> {
    let mut rows = rows.clone();
    rows.parts = Some(vec![Part::Test; rows.rows.len()]);
    let target = rows.target.as_mut().ok_or_else(|| lost(span))?;
    if target.unit != unit {
        let (from, to) = (Unit::parse(&target.unit), Unit::parse(unit));
        let (Ok(from), Ok(to)) = (from, to) else {
            return Err(lost(span));
        };
        for value in &mut target.values {
            *value = to.count_in(from.canonical(*value));
        }
        target.unit = unit.to_owned();
    }
    Ok(rows)
}

/// The training of a model; of an ensemble that of its first member.
fn trained(
    runner: &mut Runner<'_>,
    of: NodeId,
    span: Span,
) -> Result<Arc<Artifact>, Problem> {
    let mut at = made_by(runner, of, span)?;
    loop {
        let Value::Trained(artifact, _) = runner.value(at)? else {
            return Err(lost(span));
        };
        if artifact.files.contains_key(TRAINING) {
            return Ok(artifact);
        }
        let node = runner.plan.node(at);
        let input = node.and_then(|node| node.inputs.first());
        let input = *input.ok_or_else(|| lost(span))?;
        let members = members_of(runner, input, span)?;
        let first = members.first().ok_or_else(|| lost(span))?;
        at = made_by(runner, *first, span)?;
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
    let Some(target) = &data.target else {
        return Err(lost(span));
    };
    let all: Vec<usize> = (0..data.rows.len()).collect();
    let said = model.say(data, &all, runner.settings.threads, span)?;
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
            uncertainty: model.factor.map(|factor| factor * said.spread),
        });
    }
    Ok(rows)
}
