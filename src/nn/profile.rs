//! Where the time of a training step goes. In: a graph, weights, one batch. Out: for each
//! step of the lowered network the seconds it took forward and backward, and the arithmetic
//! of its matrix products, which bounds them from below.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::batch::{Batch, Counts};
use super::buffer::Buffer;
use super::failure::Failure;
use super::graph::Graph;
use super::loss::Loss;
use super::lower::{Kernel, Program, Step};
use super::processor::Processor;
use super::run::{Mode, Run, Tape};
use super::settings::Rows;
use super::threads::Threads;
use super::weights::Weights;

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Forward,
    Backward,
}

/// Notes how long steps took.
#[derive(Debug, Default)]
pub(crate) struct Stopwatch {
    spent: Mutex<Vec<[Duration; 2]>>,
}

impl Stopwatch {
    /// Adds the time since `begun` to step number `step`.
    pub(crate) fn note(&self, step: usize, way: Way, begun: Instant) {
        let passed = begun.elapsed();
        // A panic elsewhere leaves the numbers as good as they were.
        let mut spent = self
            .spent
            .lock()
            .unwrap_or_else(|broken| broken.into_inner());
        if spent.len() <= step {
            spent.resize(step + 1, [Duration::ZERO; 2]);
        }
        let [forward, backward] = spent.get_mut(step).unwrap_or_else(|| {
            unreachable!("there is room for every step up to this one")
        });
        match way {
            Way::Forward => *forward += passed,
            Way::Backward => *backward += passed,
        }
    }
}

/// What a step of the lowered network took.
#[derive(Clone, Debug, PartialEq)]
pub struct Spent {
    /// The step in words.
    pub step: String,
    /// Seconds forward, a mean over the passes.
    pub forward: f64,
    /// Seconds backward.
    pub backward: f64,
    /// Additions and multiplications of its matrix products, forward and backward.
    pub operations: f64,
}

/// Takes `rows` as one batch through `graph` forward and backward `passes` times, after one
/// time that is not counted, and says what each step took.
pub fn profile(
    graph: &Graph,
    weights: &Weights,
    rows: Rows,
    passes: usize,
    threads: &Threads,
) -> Result<Vec<Spent>, Failure> {
    weights.must_fit(graph)?;
    rows.check(graph, "measure")?;
    let program = Program::new(graph);
    let mut gradients = Weights::zeros(graph);
    let watch = Stopwatch::default();
    let counts = threads.run(|| {
        let mut device = Processor::default();
        let batch = Batch::new(&program.needs, rows.features, 0..rows.ids.len());
        for pass in 0..=passes {
            let mut tape = Tape::default();
            let run = Run {
                program: &program,
                weights: &weights.buffers,
                mode: Mode::Learn(None),
                batch: &batch,
                watch: (pass > 0).then_some(&watch),
            };
            let y = run.forward(Some(&mut tape), &mut device);
            let mut gy = Buffer::zeros(y.values().len());
            Loss::Mse.gradient(y.values(), rows.targets, gy.values_mut());
            run.backward(tape, y, gy, &mut gradients.buffers, &mut device);
        }
        batch.counts
    });
    let spent = watch.spent.into_inner();
    let spent = spent.unwrap_or_else(|broken| broken.into_inner());
    let mean = |time: Duration| time.as_secs_f64() / passes.max(1) as f64;
    let all = program.steps.iter().enumerate().map(|(k, step)| {
        let [forward, backward] = spent.get(k).copied().unwrap_or_default();
        Spent {
            step: step.words(&program),
            forward: mean(forward),
            backward: mean(backward),
            operations: operations(&program, step, counts),
        }
    });
    Ok(all.collect())
}

/// Additions and multiplications of a step's matrix products: one forward, one back to its
/// weight and, where the gradient must go on, one back to its input.
fn operations(program: &Program, step: &Step, counts: Counts) -> f64 {
    let depth = match &step.kernel {
        Kernel::Dense(dense) => dense.inputs,
        Kernel::Convolution(conv) => conv.kernel * conv.channels,
        _ => return 0.0,
    };
    let goes_on = step.sends.first() == Some(&true);
    let products = if goes_on { 3 } else { 2 };
    (2 * products * depth * program.numbers(step.output, counts)) as f64
}

#[cfg(test)]
mod tests {
    use super::super::{GraphBuilder, Init};
    use super::*;

    #[test]
    fn products_are_counted_in_every_direction_they_are_taken() -> Result<(), Failure> {
        let mut b = GraphBuilder::new();
        let x = b.input("x", &[6])?;
        let x = b.dense("hidden", x, 4, true, Init::Kaiming)?;
        let x = b.relu("relu", x)?;
        let x = b.dense("out", x, 1, true, Init::Kaiming)?;
        let graph = b.finish(x)?;
        let features = [0.5f32; 5 * 6];
        let rows = Rows {
            features: (&features[..]).into(),
            targets: &[1.0; 5],
            ids: &[1, 2, 3, 4, 5],
        };
        let weights = Weights::zeros(&graph);
        let steps = profile(&graph, &weights, rows, 1, &Threads::new(Some(1))?)?;
        let products: Vec<f64> = steps
            .iter()
            .map(|step| step.operations)
            .filter(|operations| *operations > 0.0)
            .collect();
        // Nothing asks for the gradient of the features.
        assert_eq!(
            products,
            [(2 * 2 * 5 * 6 * 4) as f64, (2 * 3 * 5 * 4) as f64]
        );
        Ok(())
    }
}
