//! Training, and scores.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::fed::Fed;
use super::layers::lower;
use super::settings::{count, keep, loss, optimizer};
use super::summary;
use crate::diagnostic::{Code, Problem};
use crate::ir::{Network, Setting};
use crate::nn::{
    self, BatchProgress, Begin, Checkpoint, Ended, EpochRecord, Failure, Go, Graph, Keep,
    Observer, TrainingState, Weights,
};
use crate::plan::NodeId;
use crate::report::Prediction;
use crate::run::interrupt::Interrupt;
use crate::run::progress::{End, Event, Progress, Work as Amount};
use crate::run::store::{Artifact, Key, Store};
use crate::run::{
    Dataset, Part, Runner, Value, Work, interrupted, row_id, store_problem,
};
use crate::source::Span;

/// The file of a trained artifact that holds the weights.
pub const WEIGHTS: &str = "weights.safetensors";
/// The file that holds how the training went.
const TRAINING: &str = "training.json";
/// The file of an evaluated artifact that holds predictions and all around them.
pub const EVALUATION: &str = "evaluation.json";

/// At least this long between two checkpoints of a training: killing a run loses no more.
const BETWEEN_CHECKPOINTS: Duration = Duration::from_secs(5);

/// How a training went.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Course {
    /// Losses of each epoch: training, and validation when rows are held out.
    pub history: Vec<(f64, Option<f64>)>,
    /// The epoch whose weights were kept, counted from 1.
    pub kept: usize,
    /// Why it ended.
    pub ended: String,
}

/// `train(…)`.
pub fn train(runner: &mut Runner<'_>, work: &Work<'_>) -> Result<Value, Problem> {
    let artifact = runner.cached(work, "trained", |runner| fit(runner, work))?;
    let input = runner.input(work)?;
    let data = runner.dataset(input)?;
    Ok(Value::Trained(Arc::new(artifact), data))
}

/// The network of a `train` call.
pub fn network<'a>(work: &'a Work<'_>) -> Result<&'a Arc<Network>, Problem> {
    match work.call.setting("network") {
        Some(Setting::Network(network)) => Ok(network),
        _ => Err(lost(work.span)),
    }
}

fn lost(span: Span) -> Problem {
    Problem::new(Code::E0603, "this training lacks a setting", span, "here")
        .help("this is a fault of tmo itself; please report it with your script")
}

/// The rows of one part, as nn takes them.
struct Slice {
    features: Fed,
    targets: Vec<f32>,
    ids: Vec<u64>,
    rows: Vec<usize>,
}

impl Slice {
    fn rows(&self) -> nn::Rows<'_> {
        nn::Rows {
            features: self.features.features(),
            targets: &self.targets,
            ids: &self.ids,
        }
    }
}

fn slice(data: &Dataset, part: Part, span: Span) -> Result<Slice, Problem> {
    let (Some(features), Some(target)) = (&data.features, &data.target) else {
        return Err(lost(span));
    };
    let rows = data.positions(part);
    let mut slice = Slice {
        features: Fed::of(features, &rows),
        targets: Vec::new(),
        ids: Vec::new(),
        rows,
    };
    for at in &slice.rows {
        slice
            .targets
            .extend(target.values.get(*at).map(|x| *x as f32));
        slice
            .ids
            .extend(data.rows.get(*at).map(|row| row_id(&row.id)));
    }
    Ok(slice)
}

fn fit(
    runner: &mut Runner<'_>,
    work: &Work<'_>,
) -> Result<BTreeMap<String, Vec<u8>>, Problem> {
    let input = runner.input(work)?;
    let data = runner.dataset(input)?;
    let network = network(work)?.clone();
    let graph = lower(&network)?;
    let train = slice(&data, Part::Train, work.span)?;
    let val = slice(&data, Part::Val, work.span)?;
    let epochs = count(work.call, "epochs").ok_or_else(|| lost(work.span))?;
    let draws = runner.draws(work.call);
    let settings = nn::Settings {
        batch: count(work.call, "batch").ok_or_else(|| lost(work.span))?,
        epochs,
        loss: loss(work.call).ok_or_else(|| lost(work.span))?,
        optimizer: optimizer(work.call).ok_or_else(|| lost(work.span))?.into(),
        schedule: nn::Schedule::Constant,
        clip: nn::Clip::Never,
        l2: 0.0,
        patience: count(work.call, "patience").filter(|patience| *patience > 0),
        min_delta: 0.0,
        keep: keep(work.call).ok_or_else(|| lost(work.span))?,
        draws,
    };
    let begin = begin(runner, work, &graph, draws)?;
    let node = work.id.0 as u64;
    let amount = Amount::Epochs {
        epochs: epochs as u32,
        samples: train.rows.len() as u64,
    };
    let progress = runner.settings.progress;
    progress.report(Event::Started {
        node,
        name: "train".into(),
        work: amount,
    });
    let mut watch = Watch {
        node,
        progress,
        interrupt: &runner.settings.interrupt,
        store: runner.settings.store,
        key: work.key,
        batch: settings.batch as u64,
        samples: train.rows.len() as u64,
        best: f64::INFINITY,
        last: Instant::now(),
        failed: None,
    };
    let held = (!val.rows.is_empty()).then(|| val.rows());
    let threads = runner.settings.threads;
    let result = nn::train(
        &graph,
        begin,
        train.rows(),
        held,
        &settings,
        threads,
        &mut watch,
    );
    if let Some(problem) = watch.failed {
        progress.report(Event::Finished {
            node,
            end: End::Failed,
        });
        return Err(problem);
    }
    let trained = result.map_err(|failure| {
        progress.report(Event::Finished {
            node,
            end: End::Failed,
        });
        failed(&failure, work.span, &data)
    })?;
    let end = match trained.ended {
        Ended::AllEpochs => End::Done,
        Ended::Patience => End::Early,
        Ended::Interrupted => End::Interrupted,
    };
    progress.report(Event::Finished { node, end });
    if trained.ended == Ended::Interrupted {
        let bytes = trained.checkpoint.to_bytes();
        let bytes = bytes.map_err(|failure| failed(&failure, work.span, &data))?;
        let store = runner.settings.store;
        store
            .put_checkpoint(work.key, &bytes)
            .map_err(|e| store_problem(&e))?;
        return Err(interrupted(work.span));
    }
    let kept = match settings.keep {
        Keep::Best => trained
            .best
            .as_ref()
            .map_or(trained.history.len(), |best| best.epoch),
        Keep::Last => trained.history.len(),
    };
    let course = Course {
        history: trained
            .history
            .iter()
            .map(|e| (e.train_loss, e.val_loss))
            .collect(),
        kept,
        ended: match trained.ended {
            Ended::Patience => format!(
                "early, after {} epochs: {} without a lower validation loss",
                trained.history.len(),
                settings.patience.unwrap_or_default()
            ),
            Ended::AllEpochs | Ended::Interrupted => {
                format!("after all {} epochs", trained.history.len())
            }
        },
    };
    let weights = trained.weights.to_safetensors();
    let weights = weights.map_err(|failure| failed(&failure, work.span, &data))?;
    let course = serde_json::to_vec_pretty(&course).map_err(|error| {
        Problem::new(Code::E0901, error.to_string(), work.span, "here")
    })?;
    Ok(BTreeMap::from([
        (WEIGHTS.to_string(), weights),
        (TRAINING.to_string(), course),
    ]))
}

/// New weights, or where an interrupted run left off.
fn begin(
    runner: &mut Runner<'_>,
    work: &Work<'_>,
    graph: &Graph,
    draws: crate::draw::Draws,
) -> Result<Begin, Problem> {
    let found = runner.settings.store.get_checkpoint(work.key);
    let found = found.map_err(|e| store_problem(&e))?;
    for damaged in &found.damaged {
        runner.warn_damaged(&damaged.to_string());
    }
    let Some(bytes) = found.bytes else {
        return Ok(Begin::Weights(Weights::start(graph, &draws)));
    };
    match Checkpoint::from_bytes(graph, &bytes) {
        Ok(checkpoint) => {
            let text = format!("going on after epoch {}", checkpoint.epochs());
            runner.settings.progress.report(Event::Note { text });
            Ok(Begin::Resume(checkpoint))
        }
        Err(failure) => {
            runner.warn_damaged(&failure.to_string());
            Ok(Begin::Weights(Weights::start(graph, &draws)))
        }
    }
}

/// Passes progress on, writes checkpoints, and stops when told to.
struct Watch<'a> {
    node: u64,
    progress: &'a dyn Progress,
    interrupt: &'a Interrupt,
    store: &'a Store,
    key: Key,
    batch: u64,
    samples: u64,
    best: f64,
    last: Instant,
    failed: Option<Problem>,
}

impl Observer for Watch<'_> {
    fn batch(&mut self, progress: &BatchProgress) -> Go {
        let samples = (progress.batch as u64 * self.batch).min(self.samples);
        let (node, epoch) = (self.node, progress.epoch as u32);
        self.progress.report(Event::Batch {
            node,
            epoch,
            samples,
        });
        if self.interrupt.is_raised() {
            Go::Stop
        } else {
            Go::On
        }
    }

    fn epoch(&mut self, record: &EpochRecord, state: &TrainingState) -> Go {
        let measure = record.val_loss.unwrap_or(record.train_loss);
        let best = measure < self.best;
        self.best = self.best.min(measure);
        self.progress.report(Event::Epoch {
            node: self.node,
            epoch: record.epoch as u32,
            train: record.train_loss,
            val: record.val_loss,
            best,
        });
        if self.last.elapsed() >= BETWEEN_CHECKPOINTS {
            self.last = Instant::now();
            let bytes = state.checkpoint().to_bytes();
            let put = match bytes {
                Ok(bytes) => self
                    .store
                    .put_checkpoint(self.key, &bytes)
                    .map_err(|problem| store_problem(&problem)),
                Err(failure) => Err(training_failed(&failure, Span::NOWHERE)),
            };
            if let Err(problem) = put {
                self.failed = Some(problem);
                return Go::Stop;
            }
        }
        if self.interrupt.is_raised() {
            Go::Stop
        } else {
            Go::On
        }
    }
}

fn training_failed(failure: &Failure, span: Span) -> Problem {
    let code = Code::parse(failure.code()).unwrap_or(Code::E0805);
    Problem::new(code, failure.to_string(), span, "in this training")
}

/// A failed training; a loss that is not finite names the rows of its batch.
fn failed(failure: &Failure, span: Span, data: &Dataset) -> Problem {
    let mut problem = training_failed(failure, span);
    if let Failure::Setting { .. } = failure {
        return problem.help(
            "`tmo show stdlib train` and `tmo show stdlib adam` say what they take",
        );
    }
    let Failure::LossNotFinite { epoch, batch, rows } = failure else {
        return problem;
    };
    // The rows have names here; nn knows them by number only.
    problem.title =
        format!("the loss is not a finite number in epoch {epoch}, batch {batch}");
    let mut names = Vec::new();
    for row in &data.rows {
        if rows.contains(&row_id(&row.id)) {
            names.push(row.id.clone());
        }
    }
    let shown: Vec<String> = names.iter().take(8).cloned().collect();
    let more = names.len().saturating_sub(shown.len());
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    problem
        .note(format!("the batch held {}{more}", shown.join(", ")))
        .help("lower `rate`, or look at the features of these rows")
}

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
pub(super) fn evaluated(
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
    let Some(Setting::Network(network)) = training.setting("network") else {
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
    let graph = lower(network)?;
    let (weights, course) = read(&artifact, &graph, span)?;
    let predictions = predict(runner, &graph, &weights, &data, span)?;
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
            predicted: f64::from(*predicted),
        });
    }
    Ok(rows)
}
