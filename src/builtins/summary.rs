//! What a report says of a study, beside its numbers.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::table::{layer_table, weight_count};
use super::train::Course;
use crate::ir::{Call, Setting, Static};
use crate::plan::{Node, NodeId, device_class};
use crate::report::{
    DataSummary, EpochLoss, LayerRow, Model, Named, Prediction, Provenance, Scores,
    Script, Skipped, Split, StudyReport, Target, Training, coverage, within,
};
use crate::run::{Cell, Column, Dataset, Entry, Runner, Table};
use crate::types::Unit;

/// Everything of a study's report but its name, words and script, which do not decide
/// its numbers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Evaluation {
    target: Target,
    predictions: Vec<Prediction>,
    training: Training,
    /// The `delta` of Huber's loss, where that was made small; canonical.
    huber: Option<f64>,
    asked: Asked,
    model: Model,
    data: DataSummary,
    settings: Vec<Named>,
    provenance: Provenance,
}

impl Evaluation {
    /// The report of the study of that name.
    pub fn report(self, study: &str, doc: &str, script: Script) -> StudyReport {
        let unit = Unit::parse(&self.target.unit).ok();
        let in_unit = |limit: &f64| match &unit {
            Some(unit) => unit.count_in(*limit),
            None => *limit,
        };
        let within_unit = self.asked.within.iter().map(in_unit).collect();
        StudyReport {
            study: study.into(),
            doc: doc.into(),
            target: self.target,
            predictions: self.predictions,
            within: within_unit,
            training: self.training,
            model: self.model,
            data: self.data,
            settings: self.settings,
            script,
            provenance: self.provenance,
        }
    }
}

impl Evaluation {
    /// What is predicted, and every row with its prediction.
    pub fn predicted(self) -> (Target, Vec<Prediction>) {
        (self.target, self.predictions)
    }

    /// How training went.
    pub fn course(self) -> Training {
        self.training
    }

    /// The scores of one part: numbers in canonical units, and its rows as a table.
    /// None when no row is of that part.
    pub fn scores(&self, part: Split) -> Option<Cell> {
        let unit = Unit::parse(&self.target.unit).ok();
        let canonical = |x: f64| unit.as_ref().map_or(x, |unit| unit.canonical(x));
        let rows = self.predictions.iter().filter(|row| row.split == part);
        let rows: Vec<&Prediction> = rows.collect();
        let actual: Vec<f64> = rows.iter().map(|row| canonical(row.actual)).collect();
        let predicted: Vec<f64> =
            rows.iter().map(|row| canonical(row.predicted)).collect();
        let scores = Scores::of(&actual, &predicted).ok()?;
        let texts = |name: &str, of: fn(&Prediction) -> &str| Column {
            name: name.into(),
            unit: "".into(),
            cells: rows.iter().map(|row| Cell::text(of(row))).collect(),
        };
        let numbers = |name: &str, values: &[f64]| Column {
            name: name.into(),
            unit: self.target.unit.as_str().into(),
            cells: values.iter().copied().map(Cell::Number).collect(),
        };
        let mut columns = vec![
            texts("id", |row| &row.id),
            texts("formula", |row| &row.formula),
            numbers("actual", &actual),
            numbers("predicted", &predicted),
        ];
        let sigmas = rows.iter().map(|row| row.uncertainty.map(canonical));
        if let Some(sigmas) = sigmas.collect::<Option<Vec<f64>>>() {
            columns.push(numbers("uncertainty", &sigmas));
        }
        let table = Table::new(columns);
        let loss = match (self.training.loss.as_str(), self.huber) {
            ("MAE", _) => scores.mae,
            (_, Some(delta)) => huber(&actual, &predicted, delta),
            _ => scores.rmse * scores.rmse,
        };
        let r2 = scores.r2.map_or(Cell::Missing, Cell::Number);
        let of_target = self.target.unit.as_str();
        let field = |name: &str, unit: &str, cell: Cell| Entry {
            name: name.into(),
            unit: unit.into(),
            cell,
        };
        let mut fields = vec![
            field("loss", &self.loss_unit(), Cell::Number(loss)),
            field("rmse", of_target, Cell::Number(scores.rmse)),
            field("mae", of_target, Cell::Number(scores.mae)),
            field("r2", "", r2),
        ];
        if self.asked.max_error {
            let cell = Cell::Number(scores.max_error);
            fields.push(field("max_error", of_target, cell));
        }
        if !self.asked.within.is_empty() {
            let share = |limit: &f64| Cell::Number(within(&actual, &predicted, *limit));
            let shares = self.asked.within.iter().map(share);
            fields.push(field("within", "", Cell::Many(shares.collect())));
        }
        if let Some(shares) = coverage(rows.iter().copied()) {
            let shares = shares.into_iter().map(Cell::Number);
            fields.push(field("coverage", "", Cell::Many(shares.collect())));
        }
        fields.push(field("rows", "", Cell::Table(table.into())));
        Some(Cell::Fields(fields.into()))
    }

    /// The unit losses are shown in: the target's, or its square.
    fn loss_unit(&self) -> String {
        match (self.target.unit.as_str(), self.training.loss.as_str()) {
            ("", _) => String::new(),
            (unit, "MAE") => unit.to_string(),
            (unit, _) => squared(unit),
        }
    }

    /// Losses by epoch, in the unit the target is shown in.
    pub fn history(&self) -> Table {
        let square = self.training.loss != "MAE";
        let unit = self.loss_unit();
        let parsed = Unit::parse(&self.target.unit).ok();
        let canonical = |x: f64| {
            let one = |x: f64| parsed.as_ref().map_or(x, |unit| unit.canonical(x));
            if square { one(one(x)) } else { one(x) }
        };
        let epochs = &self.training.history;
        let column = |name: &str, unit: &str, of: &dyn Fn(&EpochLoss) -> Cell| Column {
            name: name.into(),
            unit: unit.into(),
            cells: epochs.iter().map(of).collect(),
        };
        let loss = |x: f64| Cell::Number(canonical(x));
        let mut columns = vec![
            column("epoch", "", &|epoch| Cell::Number(f64::from(epoch.epoch))),
            column("train", &unit, &|epoch| loss(epoch.train)),
        ];
        if epochs.iter().any(|epoch| epoch.val.is_some()) {
            columns.push(column("val", &unit, &|epoch| {
                epoch.val.map_or(Cell::Missing, loss)
            }));
        }
        Table::new(columns)
    }
}

/// `eV/atom` to `eV^2/atom^2`.
fn squared(unit: &str) -> String {
    let mut text = String::new();
    for part in unit.split_inclusive(['/', '·']) {
        let atom = part.trim_end_matches(['/', '·']);
        let (symbol, power) = atom.split_once('^').unwrap_or((atom, "1"));
        let power = 2 * power.parse::<i32>().unwrap_or(1);
        text += &format!("{symbol}^{power}{}", part.get(atom.len()..).unwrap_or(""));
    }
    text
}

/// Put together what is known after a study's predictions.
pub fn evaluation(
    runner: &Runner<'_>,
    id: NodeId,
    training: &Call,
    data: &Dataset,
    course: Course,
    predictions: Vec<Prediction>,
) -> Evaluation {
    let network = match training.setting("network") {
        Some(Setting::Network(network)) => Some(network),
        _ => None,
    };
    let target = data.target.as_ref();
    let table = network
        .map(|network| layer_table(network))
        .unwrap_or_default();
    let layers = table.into_iter().map(|layer| LayerRow {
        place: layer.place,
        layer: layer.layer,
        output: layer.output,
        weights: layer.weights as u64,
    });
    Evaluation {
        target: Target {
            name: target
                .map(|target| target.name.replace('_', " "))
                .unwrap_or_default(),
            unit: target.map(|target| target.unit.clone()).unwrap_or_default(),
        },
        predictions,
        training: course_of(training, course),
        huber: huber_delta(training),
        asked: asked(runner, id),
        model: Model {
            name: network
                .map(|network| network.name.to_string())
                .unwrap_or_default(),
            parameters: network.map_or(0, |network| weight_count(network)) as u64,
            layers: layers.collect(),
        },
        data: data_of(data),
        settings: settings_of(runner, id),
        provenance: provenance(runner, id),
    }
}

fn course_of(training: &Call, course: Course) -> Training {
    let history = course
        .history
        .iter()
        .zip(1..)
        .map(|((train, val), epoch)| EpochLoss {
            epoch,
            train: *train,
            val: *val,
        });
    Training {
        loss: loss_of(training),
        history: history.collect(),
        kept_epoch: u32::try_from(course.kept).ok().filter(|epoch| *epoch > 0),
        stopped: course.ended,
    }
}

/// Scores that were asked for, beside those every part has.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Asked {
    max_error: bool,
    /// Errors to count rows within, canonical.
    within: Vec<f64>,
}

/// What a node asks for, when it is an `evaluate`.
fn asked(runner: &Runner<'_>, id: NodeId) -> Asked {
    let mut asked = Asked::default();
    let call = runner.plan.call(id);
    let metrics = call.and_then(|call| super::settings::known(call, "metrics"));
    let Some(Static::List(metrics)) = metrics else {
        return asked;
    };
    for metric in metrics {
        match metric {
            Static::Symbol(name) if name.ends_with(".max_error") => {
                asked.max_error = true;
            }
            Static::Made(made) => {
                if let Some(Static::List(limits)) = made.setting("limits") {
                    asked
                        .within
                        .extend(limits.iter().filter_map(Static::as_f64));
                }
            }
            _ => {}
        }
    }
    asked
}

/// The mean of Huber's loss.
fn huber(actual: &[f64], predicted: &[f64], delta: f64) -> f64 {
    let errors = actual.iter().zip(predicted).map(|(a, p)| (p - a).abs());
    let one = |error: f64| match error <= delta {
        true => 0.5 * error * error,
        false => delta * (error - 0.5 * delta),
    };
    errors.map(one).sum::<f64>() / actual.len().max(1) as f64
}

/// The `delta` of a training with Huber's loss.
fn huber_delta(training: &Call) -> Option<f64> {
    match super::settings::known(training, "loss")? {
        Static::Made(made) => made.setting("delta")?.as_f64(),
        _ => None,
    }
}

/// `MSE`, `MAE`, `Huber(delta: 0.2 eV/atom)`.
fn loss_of(training: &Call) -> String {
    match super::settings::known(training, "loss") {
        Some(loss @ Static::Made(_)) => {
            let words = loss.to_string();
            let mut letters = words.chars();
            let first = letters.next().map(|c| c.to_uppercase().to_string());
            first.unwrap_or_default() + letters.as_str()
        }
        Some(loss) => loss.to_string().to_uppercase(),
        None => String::new(),
    }
}

fn data_of(data: &Dataset) -> DataSummary {
    let skipped = data
        .source
        .skipped
        .iter()
        .map(|(code, count, first)| Skipped {
            kind: code.clone(),
            count: *count,
            first: first.iter().map(ToString::to_string).collect(),
        });
    DataSummary {
        source: data.source.name.clone(),
        rows: data.rows.len() as u64,
        notes: data.source.notes.clone(),
        skipped: skipped.collect(),
    }
}

/// The settings of every verb of the study, in the order of the script.
fn settings_of(runner: &Runner<'_>, id: NodeId) -> Vec<Named> {
    let mut all = Vec::new();
    for node in before(runner, id) {
        if let crate::plan::Work::Verb(call) = &node.work {
            let words = crate::plan::describe(&node.work, &|_| None);
            let name = call.short_name();
            let inner = words.strip_prefix(name).unwrap_or(&words);
            let inner = inner
                .strip_prefix('(')
                .and_then(|rest| rest.strip_suffix(')'));
            all.push(Named::new(numbered(name, &all), inner.unwrap_or_default()));
        }
    }
    all
}

/// A node and all it needs, each once, what is needed first.
fn before<'a>(runner: &Runner<'a>, id: NodeId) -> Vec<&'a Node> {
    let plan = runner.plan;
    let (mut found, mut open) = (BTreeSet::new(), vec![id]);
    while let Some(id) = open.pop() {
        if found.insert(id)
            && let Some(node) = plan.node(id)
        {
            open.extend(&node.inputs);
        }
    }
    found.into_iter().filter_map(|id| plan.node(id)).collect()
}

/// What a verb is called that may stand twice, as before and after a `predict`.
fn numbered(name: &str, before: &[Named]) -> String {
    let is_known = |tried: &String| before.iter().any(|named| named.name == *tried);
    let more = (2..).map(|k| format!("{name} {k}"));
    let mut names = std::iter::once(name.to_owned()).chain(more);
    names.find(|tried| !is_known(tried)).unwrap_or_default()
}

pub(super) fn provenance(runner: &Runner<'_>, id: NodeId) -> Provenance {
    let mut keys = Vec::new();
    let mut seeds = vec![Named::new("root", runner.plan.root_seed.to_string())];
    for node in before(runner, id) {
        if let crate::plan::Work::Verb(call) = &node.work {
            let key = crate::run::store::Key::from_bytes(node.key);
            keys.push(Named::new(
                numbered(call.short_name(), &keys),
                key.to_string(),
            ));
            if let Some(seed) = super::settings::known(call, "seed") {
                let name = numbered(call.short_name(), &seeds);
                seeds.push(Named::new(name, seed.to_string()));
            }
        }
    }
    Provenance {
        tmo_version: env!("CARGO_PKG_VERSION").into(),
        device: device_class(runner.plan.executor),
        keys,
        seeds,
        versions: Vec::new(),
    }
}
