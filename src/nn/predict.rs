//! Uses a network without changing it. In: a graph, weights, rows. Out: predictions, a
//! loss, or the gradients of one batch.

use super::buffer::{Buffer, Pool};
use super::failure::Failure;
use super::graph::Graph;
use super::loss::Loss;
use super::lower::Program;
use super::run::{Mode, Run, Tape};
use super::settings::Rows;
use super::threads::Threads;
use super::weights::Weights;

/// Rows per pass when nothing is learnt.
const ROWS: usize = 256;

/// The network's output for each row of `features`: rows × output width, dropout off.
pub fn predict(
    graph: &Graph,
    weights: &Weights,
    features: &[f32],
    threads: &Threads,
) -> Result<Vec<f32>, Failure> {
    weights.must_fit(graph)?;
    let width = graph.input_width();
    if features.is_empty() {
        return Err(Failure::NoRows { purpose: "predict" });
    }
    if !features.len().is_multiple_of(width) {
        return Err(Failure::Width {
            what: format!("features to predict from ({width} per row)"),
            expected: features.len().next_multiple_of(width),
            found: features.len(),
        });
    }
    let program = Program::new(graph);
    Ok(threads.run(|| outputs(&program, weights, features, &mut Pool::default())))
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
    let run = Run {
        program: &program,
        weights: &weights.buffers,
        mode: Mode::Learn(None),
    };
    let mut gradients = Weights::zeros(graph);
    let mut followed = weights.clone();
    let output = threads.run(|| {
        let (mut pool, mut tape) = (Pool::default(), Tape::default());
        let x = Buffer::from_vec(rows.features.to_vec());
        let y = run.forward(x, Some(&mut tape), &mut pool);
        let output = y.values().to_vec();
        let mut gy = Buffer::zeros(output.len());
        loss.gradient(&output, rows.targets, gy.values_mut());
        program.follow(&tape.statistics(&program), &mut followed.buffers);
        run.backward(tape, y, gy, &mut gradients.buffers, &mut pool);
        output
    });
    Ok(Gradients {
        loss: loss.sum(&output, rows.targets) / output.len() as f64,
        output,
        gradients,
        followed,
    })
}

/// The outputs for all rows, in passes of [`ROWS`] rows.
pub(crate) fn outputs(
    program: &Program,
    weights: &Weights,
    features: &[f32],
    pool: &mut Pool,
) -> Vec<f32> {
    let run = Run {
        program,
        weights: &weights.buffers,
        mode: Mode::Predict,
    };
    let mut all = Vec::new();
    for features in features.chunks(ROWS * program.width_in) {
        let mut x = pool.take(features.len());
        x.values_mut().copy_from_slice(features);
        let y = run.forward(x, None, pool);
        all.extend_from_slice(y.values());
        pool.give(y);
    }
    all
}
