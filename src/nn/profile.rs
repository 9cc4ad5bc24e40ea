//! Where the time of a training step goes. In: a graph, weights, one batch. Out: for each
//! step of the lowered network the seconds it took forward and backward.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::batch::Batch;
use super::buffer::{Buffer, Pool};
use super::failure::Failure;
use super::graph::Graph;
use super::loss::Loss;
use super::lower::Program;
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
    threads.run(|| {
        let mut pool = Pool::default();
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
            let y = run.forward(Some(&mut tape), &mut pool);
            let mut gy = Buffer::zeros(y.values().len());
            Loss::Mse.gradient(y.values(), rows.targets, gy.values_mut());
            run.backward(tape, y, gy, &mut gradients.buffers, &mut pool);
        }
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
        }
    });
    Ok(all.collect())
}
