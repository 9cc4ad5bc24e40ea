//! Predictions for any rows, with what is known of how far they can be trusted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::domain::Domain;
use super::lost;
use super::model::{Model, made_by, model, training, trainings};
use crate::chem::Element;
use crate::diagnostic::{Code, Problem};
use crate::plan::NodeId;
use crate::run::{Cell, Column, Dataset, Part, Runner, Value, Work};
use crate::source::Span;
use crate::types::Unit;

/// The file of what is said of the rows.
const PREDICTIONS: &str = "predictions.json";

/// What is said of rows, an entry for each.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Predictions {
    /// In the unit of the target.
    predicted: Vec<f64>,
    /// Of an ensemble, one standard deviation; in the unit of the target.
    uncertainty: Option<Vec<f64>>,
    /// Whether every element stands in a training row.
    known_elements: Vec<bool>,
    /// Whether its elements are known and it is no farther from the training rows than
    /// nearly all rows the model was judged by.
    in_domain: Vec<bool>,
}

/// `predict(…)`.
pub fn predict(runner: &mut Runner<'_>, work: &Work<'_>) -> Result<Value, Problem> {
    let Some((model_id, seen)) = work.inputs.split_first() else {
        return Err(lost(work.span));
    };
    let rows_id = as_seen(runner, *model_id, seen, work.span)?;
    let model_id = made_by(runner, *model_id, work.span)?;
    // What models that were not chosen see need not be computed.
    let work = &Work {
        inputs: &[model_id, rows_id],
        ..*work
    };
    let artifact = runner.cached(work, "predictions", |runner| {
        let model = model(runner, model_id, work.span)?;
        let rows = runner.dataset(rows_id)?;
        let predictions = all(runner, &model, &rows, work)?;
        let bytes = serde_json::to_vec(&predictions).map_err(|e| stored(&e, work))?;
        Ok(BTreeMap::from([(PREDICTIONS.to_string(), bytes)]))
    })?;
    let bytes = artifact
        .files
        .get(PREDICTIONS)
        .map_or(&[][..], Vec::as_slice);
    let found: Predictions =
        serde_json::from_slice(bytes).map_err(|e| stored(&e, work))?;
    let rows = runner.dataset(rows_id)?;
    let target = runner.dataset(model_id)?;
    let unit = target.target.as_ref().map_or("", |target| &target.unit);
    let mut with = (*rows).clone();
    with.features = None;
    with.columns.extend(columns(found, unit));
    Ok(Value::Dataset(Arc::new(with)))
}

/// The rows with what a model sees: of several, those with what the chosen one sees.
pub fn as_seen(
    runner: &mut Runner<'_>,
    model: NodeId,
    seen: &[NodeId],
    span: Span,
) -> Result<NodeId, Problem> {
    if let [only] = seen {
        return Ok(*only);
    }
    let (training, _) = training(runner, model, span)?;
    let all = trainings(runner.plan, model);
    let at = all.iter().position(|one| *one == training);
    at.and_then(|at| seen.get(at).copied())
        .ok_or_else(|| lost(span))
}

fn stored(error: &dyn std::fmt::Display, work: &Work<'_>) -> Problem {
    Problem::new(
        Code::E0901,
        error.to_string(),
        work.span,
        "these predictions",
    )
}

fn all(
    runner: &Runner<'_>,
    model: &Model,
    rows: &Dataset,
    work: &Work<'_>,
) -> Result<Predictions, Problem> {
    let Some(features) = &rows.features else {
        return Err(lost(work.span));
    };
    let at: Vec<usize> = (0..rows.rows.len()).collect();
    let threads = runner.settings.threads;
    let said = model.say(rows, &at, threads, work.span)?;
    let known = elements_of(&model.data);
    let known_elements: Vec<bool> = rows
        .rows
        .iter()
        .map(|row| {
            let elements = row.structure.composition().elements();
            elements.iter().all(|element| known.contains(element))
        })
        .collect();
    let domain = Domain::of(model, threads, work.span)?;
    let distance = match &domain {
        Some(domain) => Some(domain.distances(features, &at, threads, work.span)?),
        None => None,
    };
    let near = |k: usize| match (&domain, &distance) {
        (Some(domain), Some(all)) => all.get(k).is_some_and(|x| *x <= domain.limit),
        _ => true,
    };
    let in_domain = known_elements
        .iter()
        .enumerate()
        .map(|(k, known)| *known && near(k));
    Ok(Predictions {
        predicted: said.iter().map(|said| said.mean).collect(),
        uncertainty: model
            .factor
            .map(|factor| said.iter().map(|said| factor * said.spread).collect()),
        in_domain: in_domain.collect(),
        known_elements,
    })
}

/// The elements of the training rows.
fn elements_of(data: &Dataset) -> BTreeSet<Element> {
    let rows = data.positions(Part::Train).into_iter();
    let rows = rows.filter_map(|at| data.rows.get(at));
    rows.flat_map(|row| row.structure.composition().elements())
        .collect()
}

fn columns(found: Predictions, unit: &str) -> Vec<Column> {
    let parsed = Unit::parse(unit).ok();
    let canonical = |x: f64| parsed.as_ref().map_or(x, |unit| unit.canonical(x));
    let numbers = |name: &str, values: Vec<f64>| Column {
        name: name.into(),
        unit: unit.into(),
        cells: values
            .into_iter()
            .map(|x| Cell::Number(canonical(x)))
            .collect(),
    };
    let truths = |name: &str, values: Vec<bool>| Column {
        name: name.into(),
        unit: "".into(),
        cells: values.into_iter().map(Cell::Bool).collect(),
    };
    let mut all = vec![numbers("predicted", found.predicted)];
    all.extend(
        found
            .uncertainty
            .map(|values| numbers("uncertainty", values)),
    );
    all.push(truths("known_elements", found.known_elements));
    all.push(truths("in_domain", found.in_domain));
    all
}
