//! Reports: in comes a [`StudyReport`], plain data about one study; out come its files:
//! parity plot and learning curve (SVG, PNG), `predictions.csv`, `metrics.json`,
//! `report.html`, and a table for the terminal. Or a [`document::Document`] comes in, of
//! figures ([`plot::Figure`]), tables, texts and studies, and out come a page, Markdown
//! and the files of each. The same report gives the same bytes.

pub mod columns;
mod csv;
mod curve;
pub mod document;
mod figure;
mod html;
mod json;
mod numbers;
mod parity;
pub mod plot;
mod problem;
mod scores;
mod table;
pub mod terminal;
#[cfg(test)]
mod tests;
mod write;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use figure::to_png;
pub use problem::ReportProblem;
pub use scores::{
    Coverage, Scores, Share, SplitScores, coverage, coverages, score_splits, shares,
    within,
};
pub use table::{
    PlainCell, PlainColumn, PlainTable, TableReport, table_csv, table_files, table_jsonl,
    table_lines,
};
pub use write::write_files;

/// Everything a study's report says, as plain data that can be stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StudyReport {
    /// The study's name in the script.
    pub study: String,
    /// Its `///` text; empty lines part paragraphs.
    pub doc: String,
    /// What is predicted.
    pub target: Target,
    /// Every row of every split. Scores are computed from these and stored nowhere.
    pub predictions: Vec<Prediction>,
    /// Errors to count rows within, in the target's unit.
    pub within: Vec<f64>,
    /// How training went.
    pub training: Training,
    /// The model.
    pub model: Model,
    /// Where the rows came from.
    pub data: DataSummary,
    /// The settings, in the order to show them.
    pub settings: Vec<Named>,
    /// The script.
    pub script: Script,
    /// What else the numbers depend on.
    pub provenance: Provenance,
}

/// What a study predicts.
pub type Target = Quantity;

/// A quantity and its unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantity {
    /// "formation energy per atom".
    pub name: String,
    /// "eV/atom"; empty for a plain number.
    pub unit: String,
}

/// A part of the data.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// The rows that weights are fitted to.
    Train,
    /// The rows that decide when to stop.
    Val,
    /// The rows nothing else has seen.
    Test,
}

/// One row: what it is, what the data say, what the model says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// The row's id in its data set.
    pub id: String,
    /// Its formula.
    pub formula: String,
    /// Its split.
    pub split: Split,
    /// The value in the data, in the target's unit.
    pub actual: f64,
    /// The model's value, in the target's unit.
    pub predicted: f64,
    /// One standard deviation of that, where the model says how unsure it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncertainty: Option<f64>,
}

/// The course of a training.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// The loss: "MSE".
    pub loss: String,
    /// Losses by epoch; empty where nothing was trained.
    pub history: Vec<EpochLoss>,
    /// The epoch whose weights were kept.
    pub kept_epoch: Option<u32>,
    /// Why it ended: "after 100 epochs".
    pub stopped: String,
}

/// Losses of one epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochLoss {
    /// The epoch, from 1.
    pub epoch: u32,
    /// Mean loss over the train rows.
    pub train: f64,
    /// Mean loss over the validation rows, where there are any.
    pub val: Option<f64>,
}

/// A model's layers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    /// Its name in the script.
    pub name: String,
    /// Number of trained weights.
    pub parameters: u64,
    /// Its layers from input to output.
    pub layers: Vec<LayerRow>,
}

/// One layer of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerRow {
    /// Where it stands: `model.dense[1]`.
    pub place: String,
    /// What it is: `dense(512)`.
    pub layer: String,
    /// Its output's shape: `[rows, 512]`.
    pub output: String,
    /// Number of its weights.
    pub weights: u64,
}

/// Where the rows came from and what was left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataSummary {
    /// The source: "bundled(\"flla-2015\")".
    pub source: String,
    /// Rows that were read and kept.
    pub rows: u64,
    /// Sentences worth saying, such as origin and licence.
    pub notes: Vec<String>,
    /// Records left out, by kind.
    pub skipped: Vec<Skipped>,
}

/// Records left out for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// The reason: "energy is not a number".
    pub kind: String,
    /// How many.
    pub count: u64,
    /// The first few, with their places.
    pub first: Vec<String>,
}

/// A script and its text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// "quickstart.tmo".
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// What a result depends on, beside the script.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The version of tmo.
    pub tmo_version: String,
    /// The device class: "cpu-avx2".
    pub device: String,
    /// Keys of the artifacts: node → 64 digits.
    pub keys: Vec<Named>,
    /// Seeds, as digits: they may be larger than JSON's numbers.
    pub seeds: Vec<Named>,
    /// Versions and data hashes worth naming.
    pub versions: Vec<Named>,
}

/// A name and a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The name.
    pub name: String,
    /// The value, as text.
    pub value: String,
}

/// A file to write: its name and whole contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutcomeFile {
    /// The name, without folder.
    pub name: String,
    /// The contents.
    pub bytes: Vec<u8>,
}

/// A text as HTML shows it, what stands between backticks as code.
fn marked(text: &str) -> String {
    let text = escape(text);
    let parts: Vec<&str> = text.split('`').collect();
    // An odd number of backticks marks nothing.
    if parts.len().is_multiple_of(2) {
        return text;
    }
    let part = |(k, part): (usize, &&str)| match k % 2 {
        0 => (*part).to_owned(),
        _ => format!("<code>{part}</code>"),
    };
    parts.iter().enumerate().map(part).collect()
}

/// A text as HTML shows it.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            '\'' => safe += "&#39;",
            c => safe.push(c),
        }
    }
    safe
}

impl Split {
    /// All splits, in the order they are shown.
    pub const ALL: [Split; 3] = [Split::Train, Split::Val, Split::Test];

    /// "train", "val" or "test".
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Split::Train => "train",
            Split::Val => "val",
            Split::Test => "test",
        }
    }
}

impl Named {
    /// A name and a value.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Named {
        Named {
            name: name.into(),
            value: value.into(),
        }
    }
}

impl Quantity {
    /// A quantity of that name and unit.
    pub fn new(name: impl Into<String>, unit: impl Into<String>) -> Quantity {
        Quantity {
            name: name.into(),
            unit: unit.into(),
        }
    }

    /// As an axis says it: "Formation energy (eV/atom)".
    fn title(&self) -> String {
        self.with_unit(&parity::sentence_case(&self.name))
    }

    /// `text` with the unit in brackets, where there is one.
    fn with_unit(&self, text: &str) -> String {
        if self.unit.is_empty() {
            return text.to_owned();
        }
        format!("{text} ({})", self.unit)
    }

    /// A number with its unit, where there is one.
    fn value(&self, number: f64) -> String {
        let number = numbers::significant(number);
        if self.unit.is_empty() {
            return number;
        }
        format!("{number} {}", self.unit)
    }
}

impl StudyReport {
    /// The rows of a split.
    fn rows(&self, split: Split) -> impl Iterator<Item = &Prediction> {
        self.predictions
            .iter()
            .filter(move |row| row.split == split)
    }
}

/// The shares asked for and how often an uncertainty holds, a sentence each: "81.0 % of test
/// within 0.2 eV/atom".
fn sentences(report: &StudyReport) -> Vec<String> {
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let mut all = Vec::new();
    for one in shares(&report.predictions, &report.within) {
        let limit = report.target.value(one.limit);
        let (share, split) = (percent(one.share), one.split.as_str());
        all.push(format!("{share} of {split} within {limit}"));
    }
    for one in coverages(&report.predictions) {
        let (first, second) = (percent(one.one_sigma), percent(one.two_sigma));
        let split = one.split.as_str();
        all.push(format!(
            "{first} of {split} within one standard deviation (68.3 % are due), {second} \
             within two (95.4 %)"
        ));
    }
    all
}

/// The files of a study, in a fixed order; no disk is touched. `weights` are the bytes of
/// `weights.safetensors`. The learning curve is left out where nothing was trained.
///
/// # Errors
/// No train rows, a value that is not finite, two keys of one name, or a figure that
/// cannot be drawn.
pub fn outcome_files(
    report: &StudyReport,
    weights: Option<&[u8]>,
) -> Result<Vec<OutcomeFile>, ReportProblem> {
    let scores = score_splits(&report.predictions)?;
    let parity = parity::draw(&report.target, &report.predictions, &scores)?;
    let curve = curve::draw(&report.training)?;
    let parity = parity.svg();
    let curve = curve.map(|drawing| drawing.svg());
    let html = html::render(report, &scores, &parity, curve.as_deref())?;

    let mut files = Vec::new();
    let mut add = |name: &str, bytes: Vec<u8>| {
        files.push(OutcomeFile {
            name: name.to_owned(),
            bytes,
        });
    };
    add("parity.png", to_png(&parity)?);
    add("parity.svg", parity.into_bytes());
    if let Some(curve) = curve {
        add("learning_curve.png", to_png(&curve)?);
        add("learning_curve.svg", curve.into_bytes());
    }
    add(
        "predictions.csv",
        csv::predictions(&report.target, &report.predictions)?,
    );
    add("metrics.json", json::metrics(report, &scores)?);
    add("report.html", html.into_bytes());
    if let Some(weights) = weights {
        add("weights.safetensors", weights.to_vec());
    }
    Ok(files)
}

/// Writes the files of a study below `dir`, each whole or not at all, and gives their
/// paths.
///
/// # Errors
/// As [`outcome_files`] and [`write_files`].
pub fn write_all(
    dir: &Path,
    report: &StudyReport,
    weights: Option<&[u8]>,
) -> Result<Vec<PathBuf>, ReportProblem> {
    write_files(dir, &outcome_files(report, weights)?)
}
