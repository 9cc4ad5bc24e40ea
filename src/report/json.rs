//! `metrics.json`: scores of every split beside the baseline, and what they depend on.
//! Keys stand in a fixed order.

use serde::{Serialize, Serializer};

use super::{
    Coverage, Named, ReportProblem, Scores, Share, SplitScores, StudyReport, Target,
    coverages, shares,
};

#[derive(Serialize)]
struct Metrics<'a> {
    study: &'a str,
    target: &'a Target,
    #[serde(serialize_with = "by_split")]
    splits: &'a [SplitScores],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    within: Vec<Share>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    coverage: Vec<Coverage>,
    model: &'a str,
    parameters: u64,
    loss: &'a str,
    epochs: usize,
    kept_epoch: Option<u32>,
    #[serde(serialize_with = "by_name")]
    seeds: &'a [Named],
    #[serde(serialize_with = "by_name")]
    keys: &'a [Named],
    tmo: &'a str,
    device: &'a str,
}

#[derive(Serialize)]
struct SplitMetrics {
    #[serde(flatten)]
    scores: Scores,
    baseline: Baseline,
}

#[derive(Serialize)]
struct Baseline {
    rmse: f64,
    mae: f64,
    r2: Option<f64>,
    max_error: f64,
}

/// The bytes of `metrics.json`.
pub(super) fn metrics(
    report: &StudyReport,
    scores: &[SplitScores],
) -> Result<Vec<u8>, ReportProblem> {
    let provenance = &report.provenance;
    all_differ("keys", &provenance.keys)?;
    all_differ("seeds", &provenance.seeds)?;
    let metrics = Metrics {
        study: &report.study,
        target: &report.target,
        splits: scores,
        within: shares(&report.predictions, &report.within),
        coverage: coverages(&report.predictions),
        model: &report.model.name,
        parameters: report.model.parameters,
        loss: &report.training.loss,
        epochs: report.training.history.len(),
        kept_epoch: report.training.kept_epoch,
        seeds: &provenance.seeds,
        keys: &provenance.keys,
        tmo: &provenance.tmo_version,
        device: &provenance.device,
    };
    let mut bytes = serde_json::to_vec_pretty(&metrics)
        .map_err(|e| ReportProblem::compose("metrics.json", e))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// An object may hold a name once.
fn all_differ(list: &'static str, named: &[Named]) -> Result<(), ReportProblem> {
    let mut names: Vec<&str> = named.iter().map(|one| one.name.as_str()).collect();
    names.sort_unstable();
    let twice = names.iter().zip(names.iter().skip(1)).find(|(a, b)| a == b);
    match twice {
        Some((name, _)) => Err(ReportProblem::Duplicate {
            list,
            name: (*name).to_owned(),
        }),
        None => Ok(()),
    }
}

fn by_name<S: Serializer>(named: &[Named], out: S) -> Result<S::Ok, S::Error> {
    out.collect_map(named.iter().map(|one| (&one.name, &one.value)))
}

fn by_split<S: Serializer>(all: &[SplitScores], out: S) -> Result<S::Ok, S::Error> {
    out.collect_map(all.iter().map(|one| {
        let Scores {
            rmse,
            mae,
            r2,
            max_error,
            ..
        } = one.baseline;
        let baseline = Baseline {
            rmse,
            mae,
            r2,
            max_error,
        };
        (
            one.split.as_str(),
            SplitMetrics {
                scores: one.scores,
                baseline,
            },
        )
    }))
}
