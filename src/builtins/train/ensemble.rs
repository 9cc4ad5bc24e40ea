//! Several networks as one: their mean, and how far apart they are.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::lost;
use super::model::{Member, Said, made_by, members_of, model, say, training};
use crate::diagnostic::{Code, Problem};
use crate::plan::NodeId;
use crate::run::store::Artifact;
use crate::run::{Dataset, Part, Runner, Value, Work};
use crate::source::Span;

/// The file of what makes a spread an uncertainty.
const SPREAD: &str = "spread.json";
/// The share of normally distributed errors within one standard deviation.
const ONE_SIGMA: f64 = 0.682_689_492_137_086;

/// What makes a spread an uncertainty.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Spread {
    factor: f64,
    /// Rows it was taken from.
    rows: usize,
}

/// `ensemble(…)`.
pub fn ensemble(runner: &mut Runner<'_>, work: &Work<'_>) -> Result<Value, Problem> {
    let nodes = member_nodes(runner, work.inputs, work.span)?;
    let first = nodes.first().copied().ok_or_else(|| lost(work.span))?;
    let first = made_by(runner, first, work.span)?;
    let data = runner.dataset(first)?;
    let artifact = runner.cached(work, "ensemble", |runner| {
        let members = members(runner, work.inputs, work.span)?;
        calibrated(runner, &members, &data, work.span)
    })?;
    Ok(Value::Trained(Arc::new(artifact), data))
}

/// The factor of a model that says how unsure it is.
pub fn factor(artifact: &Artifact, span: Span) -> Result<f64, Problem> {
    let bytes = artifact.files.get(SPREAD).map_or(&[][..], Vec::as_slice);
    let spread: Spread = serde_json::from_slice(bytes).map_err(|e| stored(&e, span))?;
    Ok(spread.factor)
}

fn stored(error: &dyn std::fmt::Display, span: Span) -> Problem {
    Problem::new(
        Code::E0901,
        error.to_string(),
        span,
        "how unsure this model is",
    )
}

/// The files of a model whose spread is calibrated on the validation rows of `data`.
pub fn calibrated(
    runner: &Runner<'_>,
    members: &[Member],
    data: &Dataset,
    span: Span,
) -> Result<BTreeMap<String, Vec<u8>>, Problem> {
    let rows = data.positions(Part::Val);
    let Some(target) = &data.target else {
        return Err(lost(span));
    };
    let said = say(members, data, &rows, runner.settings.threads, span)?;
    let actual = rows.iter().filter_map(|at| target.values.get(*at).copied());
    let pairs: Vec<(f64, Said)> = actual.zip(said).collect();
    let spread = Spread {
        factor: factor_of(&pairs),
        rows: pairs.len(),
    };
    let bytes = serde_json::to_vec_pretty(&spread).map_err(|e| stored(&e, span))?;
    Ok(BTreeMap::from([(SPREAD.to_string(), bytes)]))
}

/// The nodes of an ensemble's members: its inputs, or the rows of the table it is given.
fn member_nodes(
    runner: &mut Runner<'_>,
    inputs: &[NodeId],
    span: Span,
) -> Result<Vec<NodeId>, Problem> {
    if repeated(runner, inputs) {
        return Err(same_members(span));
    }
    let mut all = Vec::new();
    for input in inputs {
        all.extend(members_of(runner, *input, span)?);
    }
    if all.len() < 2 {
        return Err(too_few_members(span, all.len()));
    }
    // One training stands behind its scores, too.
    let mut made = Vec::new();
    for node in &all {
        made.push(made_by(runner, *node, span)?);
    }
    match repeated(runner, &made) {
        true => Err(same_members(span)),
        false => Ok(all),
    }
}

/// Whether a node stands there twice, or two that compute the same.
fn repeated(runner: &Runner<'_>, nodes: &[NodeId]) -> bool {
    let keys = nodes.iter().map(|node| runner.plan.node(*node));
    let mut keys: Vec<_> = keys.flatten().map(|node| node.key).collect();
    keys.sort_unstable();
    keys.windows(2).any(|pair| pair.first() == pair.last())
}

fn same_members(span: Span) -> Problem {
    Problem::new(
        Code::E0509,
        "two members of the ensemble are the same training",
        span,
        "they never differ, so their spread says nothing",
    )
    .help("give each a seed of its own: `train(…, seed: 1)`, `train(…, seed: 2)`")
}

/// The networks of an ensemble, which must have been trained on the same rows.
pub fn members(
    runner: &mut Runner<'_>,
    nodes: &[NodeId],
    span: Span,
) -> Result<Vec<Member>, Problem> {
    let mut all = Vec::new();
    let mut rows = Vec::new();
    for node in member_nodes(runner, nodes, span)? {
        all.extend(model(runner, node, span)?.members);
        let (trained, _) = training(runner, node, span)?;
        rows.push(runner.plan.node(trained).map(|node| node.inputs.clone()));
    }
    if rows.iter().any(|of| Some(of) != rows.first()) {
        return Err(other_rows(span));
    }
    Ok(all)
}

fn too_few_members(span: Span, count: usize) -> Problem {
    Problem::new(
        Code::E0502,
        "an ensemble has at least two members",
        span,
        format!("the table has {count} of them"),
    )
    .help("train the same network with other seeds: `train(…, seed: each(1..=5))`")
}

fn other_rows(span: Span) -> Problem {
    Problem::new(
        Code::E0404,
        "the members of an ensemble are trained on the same rows and features",
        span,
        "these are not",
    )
    .help(
        "give them one data set: `let a = rows |> train(…)`, `let b = rows |> train(…)`",
    )
}

/// The factor that puts as large a share of the errors within one spread as normally
/// distributed errors have within one standard deviation. Rows on which all members agree
/// say nothing of it; 1 where none is left.
fn factor_of(rows: &[(f64, Said)]) -> f64 {
    let ratios = rows.iter().filter(|(_, said)| said.spread > 0.0);
    let ratios = ratios.map(|(actual, said)| (actual - said.mean).abs() / said.spread);
    let ratios: Vec<f64> = ratios.filter(|ratio| ratio.is_finite()).collect();
    quantile(ratios, ONE_SIGMA).unwrap_or(1.0)
}

/// The smallest of `values` that at least that share of them do not exceed.
pub fn quantile(mut values: Vec<f64>, share: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let place = (share * values.len() as f64).ceil() as usize;
    values.get(place.max(1) - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values() {
        let values = || vec![4.0, 1.0, 3.0, 2.0];
        assert_eq!(quantile(values(), 0.5), Some(2.0));
        assert_eq!(quantile(values(), 0.51), Some(3.0));
        assert_eq!(quantile(values(), 1.0), Some(4.0));
        assert_eq!(quantile(values(), 0.0), Some(1.0));
        assert_eq!(quantile(Vec::new(), 0.5), None);
    }

    #[test]
    fn two_thirds_of_the_errors_are_within_one_uncertainty() {
        let row = |error: f64| {
            (
                error,
                Said {
                    mean: 0.0,
                    spread: 0.5,
                },
            )
        };
        let rows: Vec<(f64, Said)> =
            (1..=100).map(|n| row(f64::from(n) / 10.0)).collect();
        let factor = factor_of(&rows);
        let within = rows
            .iter()
            .filter(|(error, said)| *error <= factor * said.spread);
        assert_eq!(within.count(), 69);
        assert_eq!(
            factor_of(&[(
                1.0,
                Said {
                    mean: 0.0,
                    spread: 0.0
                }
            )]),
            1.0
        );
    }
}
