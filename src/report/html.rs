//! `report.html`: one file that needs no other. In: a report, its scores and its figures.
//! Out: HTML. Every string is escaped by the template engine or here, the figures are images with
//! data addresses, and the policy at the head forbids everything else: no script, no
//! network. Nothing in it tells the time, so the same report gives the same bytes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value};
use serde::Serialize;

use super::numbers::{self, count, significant};
use super::{
    LayerRow, Named, Prediction, Provenance, ReportProblem, Scores, Split, SplitScores,
    StudyReport, Training, marked, sentences,
};

const NAME: &str = "report.html";
const TEMPLATE: &str = include_str!("report.html");
/// The look of all pages.
pub(super) const STYLE: &str = include_str!("style.css");
/// How many of the worst rows are shown.
const WORST: usize = 10;

/// All that the template may name.
#[derive(Serialize)]
struct Page<'a> {
    style: &'static str,
    study: &'a str,
    target: String,
    unit: &'a str,
    paragraphs: Vec<String>,
    headline: String,
    splits: Vec<ScoreLine>,
    shares: Vec<String>,
    focus: &'static str,
    parity: String,
    curve: Option<String>,
    training: Course<'a>,
    source: &'a str,
    rows: String,
    /// In HTML.
    notes: Vec<String>,
    skipped: Vec<SkippedLine<'a>>,
    worst: Vec<WorstLine<'a>>,
    model: &'a str,
    layers: Vec<LayerLine<'a>>,
    parameters: String,
    settings: &'a [Named],
    script: &'a str,
    lines: Vec<&'a str>,
    provenance: &'a Provenance,
}

/// How training went.
#[derive(Serialize)]
struct Course<'a> {
    epochs: usize,
    stopped: &'a str,
    kept_epoch: Option<u32>,
    loss: &'a str,
}

/// A line of the score table.
#[derive(Serialize)]
struct ScoreLine {
    split: &'static str,
    rows: String,
    rmse: String,
    mae: String,
    r2: String,
    max_error: String,
    baseline_rmse: String,
    baseline_mae: String,
    share: String,
}

/// A line of the layer table.
#[derive(Serialize)]
struct LayerLine<'a> {
    place: &'a str,
    layer: &'a str,
    output: &'a str,
    weights: String,
}

/// A line of the table of worst rows.
#[derive(Serialize)]
struct WorstLine<'a> {
    id: &'a str,
    formula: &'a str,
    actual: String,
    predicted: String,
    error: String,
}

/// Records left out for one reason.
#[derive(Serialize)]
struct SkippedLine<'a> {
    kind: &'a str,
    count: String,
    first: &'a [String],
    more: u64,
}

/// The page.
pub(super) fn render(
    report: &StudyReport,
    scores: &[SplitScores],
    parity: &str,
    curve: Option<&str>,
) -> Result<String, ReportProblem> {
    let Some(focus) = scores.last() else {
        return Err(ReportProblem::NoRows);
    };
    let skipped: Vec<SkippedLine<'_>> = report
        .data
        .skipped
        .iter()
        .map(|one| SkippedLine {
            kind: &one.kind,
            count: count(one.count),
            first: &one.first,
            more: one.count.saturating_sub(one.first.len() as u64),
        })
        .collect();
    let page = Page {
        style: STYLE,
        study: &report.study,
        target: report.target.with_unit(&report.target.name),
        unit: &report.target.unit,
        paragraphs: paragraphs(&report.doc),
        headline: headline(report, focus),
        splits: scores.iter().map(score_line).collect(),
        shares: sentences(report),
        focus: focus.split.as_str(),
        parity: image(parity),
        curve: curve.map(image),
        training: Course::of(&report.training),
        source: &report.data.source,
        rows: count(report.data.rows),
        notes: report.data.notes.iter().map(|note| marked(note)).collect(),
        skipped,
        worst: worst(report, focus.split),
        model: &report.model.name,
        layers: report.model.layers.iter().map(layer_line).collect(),
        parameters: count(report.model.parameters),
        settings: &report.settings,
        script: &report.script.name,
        lines: report.script.text.lines().collect(),
        provenance: &report.provenance,
    };
    fill(NAME, TEMPLATE, &page)
}

/// A template with its names filled in, every text escaped.
pub(super) fn fill(
    name: &'static str,
    template: &str,
    page: &impl Serialize,
) -> Result<String, ReportProblem> {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine
        .render_named_str(name, template, Value::from(Serde(page)))
        // The alternate form names the line of the template.
        .map_err(|e| ReportProblem::compose(name, format!("{e:#}")))
}

/// The paragraphs of a text, which empty lines part.
pub(super) fn paragraphs(doc: &str) -> Vec<String> {
    doc.split("\n\n")
        .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|text| !text.is_empty())
        .collect()
}

impl Course<'_> {
    fn of(training: &Training) -> Course<'_> {
        Course {
            epochs: training.history.len(),
            stopped: &training.stopped,
            kept_epoch: training.kept_epoch,
            loss: &training.loss,
        }
    }
}

/// One sentence with the result.
pub(super) fn headline(report: &StudyReport, focus: &SplitScores) -> String {
    let Scores {
        n, rmse, mae, r2, ..
    } = focus.scores;
    let target = &report.target;
    format!(
        "On {} {} rows: RMSE {}, MAE {}, R² {}. Always answering with the mean of the \
         train rows would give RMSE {}.",
        count(n as u64),
        focus.split.as_str(),
        target.value(rmse),
        target.value(mae),
        numbers::r2(r2),
        target.value(focus.baseline.rmse),
    )
}

fn score_line(one: &SplitScores) -> ScoreLine {
    let (scores, baseline) = (&one.scores, &one.baseline);
    let share = scores.rmse / baseline.rmse;
    ScoreLine {
        split: one.split.as_str(),
        rows: count(scores.n as u64),
        rmse: significant(scores.rmse),
        mae: significant(scores.mae),
        r2: numbers::r2(scores.r2),
        max_error: significant(scores.max_error),
        baseline_rmse: significant(baseline.rmse),
        baseline_mae: significant(baseline.mae),
        share: if share.is_finite() {
            format!("{:.0} %", 100.0 * share)
        } else {
            "–".to_owned()
        },
    }
}

fn layer_line(layer: &LayerRow) -> LayerLine<'_> {
    let LayerRow {
        place,
        layer,
        output,
        weights,
    } = layer;
    LayerLine {
        place,
        layer,
        output,
        weights: count(*weights),
    }
}

/// The rows of a split with the largest errors; rows of equal error keep their order.
fn worst(report: &StudyReport, split: Split) -> Vec<WorstLine<'_>> {
    let error = |row: &Prediction| (row.predicted - row.actual).abs();
    let mut rows: Vec<&Prediction> = report.rows(split).collect();
    rows.sort_by(|a, b| error(b).total_cmp(&error(a)));
    rows.into_iter()
        .take(WORST)
        .map(|row| WorstLine {
            id: &row.id,
            formula: &row.formula,
            actual: significant(row.actual),
            predicted: significant(row.predicted),
            error: significant(row.predicted - row.actual),
        })
        .collect()
}

/// An SVG as the address of an image, so that nothing in it can run.
pub(super) fn image(svg: &str) -> String {
    address("image/svg+xml", svg.as_bytes())
}

/// A whole file as an address.
pub(super) fn address(kind: &str, bytes: &[u8]) -> String {
    format!("data:{kind};base64,{}", STANDARD.encode(bytes))
}
