//! Uses a network without changing it. In: a graph, weights, rows. Out: predictions, a
//! loss, or the gradients of one batch.

use std::ops::Range;

use super::batch::Batch;
use super::engine::{Engine, Lesson};
use super::failure::Failure;
use super::features::Features;
use super::graph::{Fed, Graph};
use super::loss::Loss;
use super::lower::Program;
use super::run::Masks;
use super::settings::Rows;
use super::threads::Threads;
use super::weights::Weights;
use crate::draw::Draws;

/// Rows per pass when nothing is learnt.
const ROWS: usize = 256;
/// Atoms, bonds and angles per pass, but for a crystal that alone has more.
const ENTRIES: usize = 1 << 16;

/// The network's output for each row of `features`: rows × output width, dropout off.
pub fn predict<'a>(
    graph: &Graph,
    weights: &Weights,
    features: impl Into<Features<'a>>,
    threads: &Threads,
) -> Result<Vec<f32>, Failure> {
    let features = features.into();
    answerable(graph, weights, features)?;
    let program = Program::new(graph);
    threads.run(|| {
        let mut engine = Engine::new(threads.executor(), graph, &program)?;
        engine.outputs(weights, features)
    })
}

/// The network's outputs for each row of `features` with dropout left on, asked `passes`
/// times: rows × passes × output width.
///
/// What is dropped is drawn by the pass and the place within it: the outputs of a row
/// depend on no other row.
///
/// # Errors
/// As [`predict`].
pub fn predict_dropped<'a>(
    graph: &Graph,
    weights: &Weights,
    features: impl Into<Features<'a>>,
    passes: usize,
    draws: Draws,
    threads: &Threads,
) -> Result<Vec<f32>, Failure> {
    let features = features.into();
    answerable(graph, weights, features)?;
    let program = Program::new(graph);
    threads.run(|| {
        let mut engine = Engine::new(threads.executor(), graph, &program)?;
        let mut all = Vec::new();
        for row in 0..features.rows(program.needs.width) {
            // Copies of the row side by side; as many at once as a pass can take.
            let most = (ENTRIES / entries(features, row).max(1)).clamp(1, ROWS);
            for first in (0..passes).step_by(most) {
                let copies = std::iter::repeat_n(row, most.min(passes - first));
                let batch = Batch::new(engine.needs(), features, copies);
                let step = first as u64;
                all.extend(engine.ask(weights, &batch, Masks { draws, step })?);
            }
        }
        Ok(all)
    })
}

/// An error unless the network can be asked about these rows.
fn answerable(
    graph: &Graph,
    weights: &Weights,
    features: Features<'_>,
) -> Result<(), Failure> {
    weights.must_fit(graph)?;
    let width = graph.input_width();
    let rows = features.rows(width);
    if let (Features::Vectors(values), Fed::Vectors) = (features, graph.fed())
        && !values.len().is_multiple_of(width)
    {
        return Err(Failure::Width {
            what: format!("features to predict from ({width} per row)"),
            expected: values.len().next_multiple_of(width),
            found: values.len(),
        });
    }
    if rows == 0 {
        return Err(Failure::NoRows { purpose: "predict" });
    }
    let ids: Vec<u64> = (0..rows as u64).collect();
    match features {
        // A prediction of what is not a number is not a number, and no error.
        Features::Vectors(_) if graph.fed() == Fed::Vectors => (),
        _ => features.check(graph, rows, &ids, "predict")?,
    }
    Ok(())
}

/// The mean loss over `rows`, dropout off.
pub fn evaluate_loss(
    graph: &Graph,
    weights: &Weights,
    rows: Rows,
    loss: Loss,
    threads: &Threads,
) -> Result<f64, Failure> {
    rows.check(graph, "evaluate on")?;
    loss.check()?;
    let predicted = predict(graph, weights, rows.features, threads)?;
    Ok(loss.sum(&predicted, rows.targets) / predicted.len() as f64)
}

/// One batch, looked at from all sides.
#[derive(Clone, Debug)]
pub struct Gradients {
    /// Its mean loss.
    pub loss: f64,
    /// The output for each row.
    pub output: Vec<f32>,
    /// The gradient of the mean loss with respect to each weight, under its name; zero for
    /// running statistics.
    pub gradients: Weights,
    /// The weights with the running statistics as they are after this batch.
    pub followed: Weights,
}

/// The gradients of the mean loss over `rows`, taken as one batch, dropout off. Batch
/// normalisations use the statistics of these rows, as in training.
pub fn gradients(
    graph: &Graph,
    weights: &Weights,
    rows: Rows,
    loss: Loss,
    threads: &Threads,
) -> Result<Gradients, Failure> {
    weights.must_fit(graph)?;
    rows.check(graph, "take gradients on")?;
    loss.check()?;
    let program = Program::new(graph);
    let mut gradients = Weights::zeros(graph);
    let mut followed = weights.clone();
    let learnt = threads.run(|| {
        let mut engine = Engine::new(threads.executor(), graph, &program)?;
        let batch = Batch::new(engine.needs(), rows.features, 0..rows.ids.len());
        let lesson = Lesson {
            batch: &batch,
            targets: rows.targets,
            loss,
            masks: None,
        };
        engine.learn(&mut followed, &lesson, &mut gradients)
    })?;
    Ok(Gradients {
        loss: learnt.sum / learnt.output.len() as f64,
        output: learnt.output,
        gradients,
        followed,
    })
}

/// Rows in runs that a pass can take: a function of the rows alone.
pub(crate) fn passes(features: Features<'_>, width: usize) -> Vec<Range<usize>> {
    let rows = features.rows(width);
    let mut all = Vec::new();
    let (mut first, mut taken) = (0, 0);
    for row in 0..rows {
        let own = entries(features, row);
        if row > first && (taken + own > ENTRIES || row - first == ROWS) {
            all.push(first..row);
            (first, taken) = (row, 0);
        }
        taken += own;
    }
    all.push(first..rows);
    all
}

/// Atoms, bonds and angles of a row; none of a vector.
pub(crate) fn entries(features: Features<'_>, row: usize) -> usize {
    match features {
        Features::Vectors(_) => 0,
        Features::Crystals(source) | Features::Both(source, _) => {
            let crystal = source.crystal(row);
            let angles = crystal.line.map_or(0, |line| line.src.len());
            crystal.species.len() + crystal.src.len() + angles
        }
    }
}
