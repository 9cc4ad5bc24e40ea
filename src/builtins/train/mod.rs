//! Training: rows and a network in, weights out.

mod begin;
mod domain;
mod ensemble;
mod export;
mod failed;
mod import;
mod mc_dropout;
mod model;
mod predict;
mod refit;
mod rows;
mod score;
mod watch;

pub use ensemble::ensemble;
pub use export::{export_weights, exportable};
pub use import::import_weights;
pub use mc_dropout::mc_dropout;
pub use model::trained_on;
pub use predict::predict;
pub use refit::refit;
pub use score::{EVALUATION, Tested, evaluate, evaluated};

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::layers::lower;
use super::settings::{loss_factor, training};
use crate::diagnostic::{Code, Problem};
use crate::ir::{Call, Network, Setting};
use crate::nn::{self, Ended, Keep, TargetScale};
use crate::run::progress::{End, Event, Work as Amount};
use crate::run::{Dataset, Part, Runner, Value, Work, interrupted, store_problem};
use crate::source::Span;
use failed::failed;
use rows::Slice;
use watch::Watch;

/// The file of a trained artifact that holds the weights.
pub const WEIGHTS: &str = "weights.safetensors";
/// The file that holds how the training went.
const TRAINING: &str = "training.json";

/// How a training went.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Course {
    /// Losses of each epoch: training, and validation when rows are held out; of targets
    /// in their unit.
    pub history: Vec<(f64, Option<f64>)>,
    /// The epoch whose weights were kept, counted from 1; 0 where nothing was trained.
    pub kept: usize,
    /// Why it ended.
    pub ended: String,
    /// What the network calls 0, and how far from it 1 is, in the unit of the target.
    pub scale: (f64, f64),
}

impl Course {
    /// The scale of the network's targets.
    pub fn scale(&self) -> TargetScale {
        let (mean, spread) = self.scale;
        TargetScale { mean, spread }
    }
}

/// `train(…)`.
pub fn train(runner: &mut Runner<'_>, work: &Work<'_>) -> Result<Value, Problem> {
    let artifact = runner.cached(work, "trained", |runner| {
        let input = runner.input(work)?;
        let data = runner.dataset(input)?;
        fit(runner, work, work.call, &data)
    })?;
    let input = runner.input(work)?;
    let data = runner.dataset(input)?;
    Ok(Value::Trained(Arc::new(artifact), data))
}

/// The network of a `train` call.
pub fn network(call: &Call, span: Span) -> Result<&Arc<Network>, Problem> {
    match call.setting("network") {
        Some(Setting::Network(network)) => Ok(network),
        _ => Err(lost(span)),
    }
}

fn lost(span: Span) -> Problem {
    Problem::new(Code::E0603, "this training lacks a setting", span, "here")
        .help("this is a fault of tmo itself; please report it with your script")
}

/// The files of a trained artifact: `call` trained on the training rows of `data`.
fn fit(
    runner: &mut Runner<'_>,
    work: &Work<'_>,
    call: &Call,
    data: &Dataset,
) -> Result<BTreeMap<String, Vec<u8>>, Problem> {
    let network = network(call, work.span)?;
    let graph = lower(network)?;
    let inputs = &network.inputs;
    let draws = runner.draws(call);
    let scale = rows::scale(call, data, &draws, work.span)?;
    let train = Slice::of(data, inputs, Part::Train, scale, work.span)?;
    let val = Slice::of(data, inputs, Part::Val, scale, work.span)?;
    let unit = data.target.as_ref().map_or("", |target| &target.unit);
    let settings = training(call, draws, scale, unit).ok_or_else(|| lost(work.span))?;
    let begin = begin::begin(runner, work, &graph, draws)?;
    let seen = settings.seen(train.count());
    let node = work.id.0 as u64;
    let progress = runner.settings.progress;
    progress.report(Event::Started {
        node,
        name: "train".into(),
        work: Amount::Epochs {
            epochs: settings.epochs as u32,
            samples: seen as u64,
        },
    });
    let factor = loss_factor(settings.loss, scale);
    let mut watch = Watch::new(runner, work, &settings, seen, factor);
    let held = (val.count() > 0).then(|| val.rows());
    let result = nn::train(
        &graph,
        begin,
        train.rows(),
        held,
        &settings,
        runner.settings.threads,
        &mut watch,
    );
    let result = match watch.failed.take() {
        Some(problem) => Err(problem),
        None => result.map_err(|failure| failed(&failure, work.span, data)),
    };
    let end = match result.as_ref().map(|trained| trained.ended) {
        Err(_) => End::Failed,
        Ok(Ended::AllEpochs) => End::Done,
        Ok(Ended::Patience) => End::Early,
        Ok(Ended::Interrupted) => End::Interrupted,
    };
    progress.report(Event::Finished { node, end });
    let trained = result?;
    let unfit = |failure| failed(&failure, work.span, data);
    if trained.ended == Ended::Interrupted {
        let bytes = trained.checkpoint.to_bytes().map_err(unfit)?;
        let store = runner.settings.store;
        store
            .put_checkpoint(work.key, &bytes)
            .map_err(|e| store_problem(&e))?;
        return Err(interrupted(work.span));
    }
    let course = course(&trained, &settings, scale, factor);
    let weights = trained.weights.to_file(scale, unit).map_err(unfit)?;
    let mut files = course_file(&course, work.span)?;
    files.insert(WEIGHTS.to_string(), weights);
    Ok(files)
}

/// The file that says how a training went.
fn course_file(
    course: &Course,
    span: Span,
) -> Result<BTreeMap<String, Vec<u8>>, Problem> {
    let bytes = serde_json::to_vec_pretty(course)
        .map_err(|error| Problem::new(Code::E0901, error.to_string(), span, "here"))?;
    Ok(BTreeMap::from([(TRAINING.to_string(), bytes)]))
}

fn course(
    trained: &nn::Trained,
    settings: &nn::Settings,
    scale: TargetScale,
    factor: f64,
) -> Course {
    let epochs = trained.history.len();
    let losses = trained.history.iter();
    let losses = losses.map(|e| (e.train_loss * factor, e.val_loss.map(|x| x * factor)));
    Course {
        history: losses.collect(),
        kept: match (settings.keep, &trained.best) {
            (Keep::Best, Some(best)) => best.epoch,
            (Keep::Best, None) | (Keep::Last, _) => epochs,
        },
        ended: match trained.ended {
            Ended::Patience => format!(
                "early, after {epochs} epochs: {} without a lower validation loss",
                settings.patience.unwrap_or_default()
            ),
            Ended::AllEpochs | Ended::Interrupted => {
                format!("after all {epochs} epochs")
            }
        },
        scale: (scale.mean, scale.spread),
    }
}
