//! What runs a network's batches, by one of two executors. In: a graph, weights, batches.
//! Out: values of nodes, gradients, running statistics. [`train()`](super::train()) and
//! [`predict()`](super::predict()) are the same for both.

use super::batch::{Batch, Needs};
use super::buffer::Buffer;
use super::failure::Failure;
use super::features::Features;
use super::graph::Graph;
use super::layers::widen;
use super::loss::Loss;
use super::lower::{Kernel, Program, Step};
use super::predict::passes;
use super::processor::Processor;
use super::reference::{NATIVE, Native, Reference, native};
use super::run::{Kernels, Masks, Mode, Run, Tape};
use super::weights::Weights;

/// What computes a network. Both give the same numbers, to rounding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Executor {
    /// The fast one: own loops on pooled buffers, on the processor.
    #[default]
    Fused,
    /// The plain one: every operation on dfdx tensors, on the processor or, in a build with
    /// the feature `cuda`, on the first GPU.
    Reference,
}

impl Executor {
    /// The device it computes on: `cpu` or `cuda`.
    pub fn device(self) -> &'static str {
        match self {
            Executor::Fused => "cpu",
            Executor::Reference => NATIVE,
        }
    }
}

/// A batch to learn from.
pub(crate) struct Lesson<'a> {
    pub(crate) batch: &'a Batch,
    pub(crate) targets: &'a [f32],
    pub(crate) loss: Loss,
    /// What dropouts draw by; without it nothing is dropped.
    pub(crate) masks: Option<Masks>,
}

/// What came of a batch.
pub(crate) struct Learnt {
    /// The output for each row.
    pub(crate) output: Vec<f32>,
    /// The sum of the losses of all its numbers.
    pub(crate) sum: f64,
}

/// A range that is fitted to the training rows.
pub(crate) struct Range {
    /// The value it is the range of, as the engine counts them.
    pub(crate) input: usize,
    /// The ordinals of its ends.
    pub(crate) low: usize,
    pub(crate) high: usize,
}

/// A network ready to run.
pub(crate) enum Engine<'a> {
    Fused {
        program: &'a Program,
        device: Processor,
    },
    Reference(Reference<'a, Native>),
}

impl<'a> Engine<'a> {
    /// `graph`, lowered to `program`, on an executor. To be made on the thread that uses
    /// it.
    pub(crate) fn new(
        executor: Executor,
        graph: &'a Graph,
        program: &'a Program,
    ) -> Result<Engine<'a>, Failure> {
        Ok(match executor {
            Executor::Fused => Engine::Fused {
                program,
                device: Processor::default(),
            },
            Executor::Reference => Engine::Reference(Reference::new(graph, native()?)),
        })
    }

    /// What it asks of a batch.
    pub(crate) fn needs(&self) -> &Needs {
        match self {
            Engine::Fused { program, .. } => &program.needs,
            Engine::Reference(reference) => &reference.needs,
        }
    }

    /// The outputs for all rows, pass by pass.
    pub(crate) fn outputs(
        &mut self,
        weights: &Weights,
        features: Features<'_>,
    ) -> Result<Vec<f32>, Failure> {
        let output = match self {
            Engine::Fused { program, .. } => program.output,
            Engine::Reference(reference) => reference.output(),
        };
        let mut all = Vec::new();
        self.look(output, weights, features, |y| all.extend_from_slice(y))?;
        Ok(all)
    }

    /// Sets the ends of every range to the least and the largest number that comes to it
    /// from these rows, one after the other, since one may stand before another.
    pub(crate) fn fit_ranges(
        &mut self,
        weights: &mut Weights,
        features: Features<'_>,
    ) -> Result<(), Failure> {
        let ranges = match self {
            Engine::Fused { program, .. } => ranges(program),
            Engine::Reference(reference) => reference.ranges(),
        };
        for Range { input, low, high } in ranges {
            let mut span = (f32::INFINITY, f32::NEG_INFINITY);
            self.look(input, weights, features, |x| span = widen(span, x))?;
            if span.0 > span.1 {
                continue;
            }
            for (ordinal, end) in [(low, span.0), (high, span.1)] {
                if let Some(buffer) = weights.buffers.get_mut(ordinal) {
                    buffer.values_mut().fill(end);
                }
            }
        }
        Ok(())
    }

    /// Shows `see` the numbers of a value, pass by pass over all rows.
    fn look(
        &mut self,
        value: usize,
        weights: &Weights,
        features: Features<'_>,
        mut see: impl FnMut(&[f32]),
    ) -> Result<(), Failure> {
        for rows in passes(features, self.needs().width) {
            let batch = Batch::new(self.needs(), features, rows);
            match self {
                Engine::Fused { program, device } => {
                    let run = Run {
                        program,
                        weights: &weights.buffers,
                        mode: Mode::Predict,
                        batch: &batch,
                        watch: None,
                    };
                    let x = run.forward_until(value, None, device);
                    see(x.values());
                    device.give(x);
                }
                Engine::Reference(reference) => {
                    see(&reference.value(value, weights, &batch, Mode::Predict)?);
                }
            }
        }
        Ok(())
    }

    /// The outputs for a batch with dropout left on, by these masks.
    pub(crate) fn ask(
        &mut self,
        weights: &Weights,
        batch: &Batch,
        masks: Masks,
    ) -> Result<Vec<f32>, Failure> {
        let mode = Mode::Ask(masks);
        match self {
            Engine::Fused { program, device } => {
                let run = Run {
                    program,
                    weights: &weights.buffers,
                    mode,
                    batch,
                    watch: None,
                };
                let y = run.forward(None, device);
                let output = y.values().to_vec();
                device.give(y);
                Ok(output)
            }
            Engine::Reference(reference) => {
                reference.value(reference.output(), weights, batch, mode)
            }
        }
    }

    /// Fills `gradients` with those of the batch's mean loss, and lets the running
    /// statistics among `weights` follow the batch.
    pub(crate) fn learn(
        &mut self,
        weights: &mut Weights,
        lesson: &Lesson<'_>,
        gradients: &mut Weights,
    ) -> Result<Learnt, Failure> {
        match self {
            Engine::Fused { program, device } => {
                Ok(fused(program, device, weights, lesson, gradients))
            }
            Engine::Reference(reference) => reference.learn(weights, lesson, gradients),
        }
    }
}

/// Learns from a batch by the fused executor.
fn fused(
    program: &Program,
    device: &mut Processor,
    weights: &mut Weights,
    lesson: &Lesson<'_>,
    gradients: &mut Weights,
) -> Learnt {
    let mut tape = Tape::default();
    let run = Run {
        program,
        weights: &weights.buffers,
        mode: Mode::Learn(lesson.masks),
        batch: lesson.batch,
        watch: None,
    };
    let y = run.forward(Some(&mut tape), device);
    let output = y.values().to_vec();
    let mut gy: Buffer = device.take(output.len());
    let Lesson { loss, targets, .. } = lesson;
    loss.gradient(&output, targets, gy.values_mut());
    let statistics = tape.statistics(&run, device);
    run.backward(tape, y, gy, &mut gradients.buffers, device);
    program.follow(&statistics, &mut weights.buffers);
    Learnt {
        sum: loss.sum(&output, targets),
        output,
    }
}

/// The ranges among a program's steps.
fn ranges(program: &Program) -> Vec<Range> {
    let range = |step: &Step| match (&step.kernel, step.inputs.first(), &step.state[..]) {
        (Kernel::RangeScale, Some(input), [low, high]) => Some(Range {
            input: *input,
            low: *low,
            high: *high,
        }),
        _ => None,
    };
    program.steps.iter().filter_map(range).collect()
}
