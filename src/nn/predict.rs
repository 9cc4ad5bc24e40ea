//! Uses a network without changing it. In: a graph, weights, rows. Out: predictions, a
//! loss, or the gradients of one batch.

use std::ops::Range;

use super::batch::Batch;
use super::buffer::{Buffer, Pool};
use super::failure::Failure;
use super::features::Features;
use super::graph::{Fed, Graph};
use super::loss::Loss;
use super::lower::Program;
use super::run::{Mode, Run, Tape};
use super::settings::Rows;
use super::threads::Threads;
use super::weights::Weights;

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
    let mut gradients = Weights::zeros(graph);
    let mut followed = weights.clone();
    let output = threads.run(|| {
        let (mut pool, mut tape) = (Pool::default(), Tape::default());
        let batch = Batch::new(&program.needs, rows.features, 0..rows.ids.len());
        let run = Run {
            program: &program,
            weights: &weights.buffers,
            mode: Mode::Learn(None),
            batch: &batch,
            watch: None,
        };
        let y = run.forward(Some(&mut tape), &mut pool);
        let output = y.values().to_vec();
        let mut gy = Buffer::zeros(output.len());
        loss.gradient(&output, rows.targets, gy.values_mut());
        program.follow(&tape.statistics(&run), &mut followed.buffers);
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

/// The outputs for all rows, pass by pass.
pub(crate) fn outputs(
    program: &Program,
    weights: &Weights,
    features: Features<'_>,
    pool: &mut Pool,
) -> Vec<f32> {
    let mut all = Vec::new();
    for rows in passes(features, program.needs.width) {
        let batch = Batch::new(&program.needs, features, rows);
        let run = Run {
            program,
            weights: &weights.buffers,
            mode: Mode::Predict,
            batch: &batch,
            watch: None,
        };
        let y = run.forward(None, pool);
        all.extend_from_slice(y.values());
        pool.give(y);
    }
    all
}

/// Rows in runs that a pass can take: a function of the rows alone.
pub(crate) fn passes(features: Features<'_>, width: usize) -> Vec<Range<usize>> {
    let rows = features.rows(width);
    let mut all = Vec::new();
    let (mut first, mut entries) = (0, 0);
    for row in 0..rows {
        let own = match features {
            Features::Vectors(_) => 0,
            Features::Crystals(source) => {
                let crystal = source.crystal(row);
                let angles = crystal.line.map_or(0, |line| line.src.len());
                crystal.species.len() + crystal.src.len() + angles
            }
        };
        if row > first && (entries + own > ENTRIES || row - first == ROWS) {
            all.push(first..row);
            (first, entries) = (row, 0);
        }
        entries += own;
    }
    all.push(first..rows);
    all
}
