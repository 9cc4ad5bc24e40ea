//! The reference executor: every operation of a network as operations on dfdx tensors, on
//! any device of dfdx, the way back on dfdx's own tape. In: a graph, weights, batches. Out:
//! what the fused executor gives, to rounding.
//!
//! It shares no arithmetic with the fused executor, so each is a judge of the other; and
//! with the feature `cuda` it is what runs on a GPU. It is slow, and keeps every value of
//! the way forward until it has gone back.

mod device;
mod elementwise;
mod encode;
mod groups;
mod norms;
mod pairs;
mod pass;
mod signals;
mod tensor;

pub(crate) use device::{NATIVE, Native, native};

use std::panic::{AssertUnwindSafe, catch_unwind};

use dfdx::prelude::{
    Axes2, Backward, HasShape, NoneTape, OwnedTape, PutTape, Rank0, SumTo, TryMul,
};

use super::batch::{Batch, Needs};
use super::buffer::Buffer;
use super::engine::{Learnt, Lesson, Range};
use super::failure::Failure;
use super::graph::{Graph, Node, Op};
use super::run::Mode;
use super::weights::Weights;
use device::{Device, lost};
use pass::{Pass, Statistics, last_reads};
use tensor::{Made, Matrix, Vector, constant};

/// A network on a device.
pub(crate) struct Reference<'a, D> {
    graph: &'a Graph,
    device: D,
    pub(crate) needs: Needs,
}

impl<'a, D: Device> Reference<'a, D> {
    /// `graph` on `device`.
    pub(crate) fn new(graph: &'a Graph, device: D) -> Reference<'a, D> {
        Reference {
            graph,
            device,
            needs: Needs::of(graph),
        }
    }

    /// The node whose value is the output.
    pub(crate) fn output(&self) -> usize {
        self.graph.output.0
    }

    /// The ranges that are fitted to the training rows, the first one first.
    pub(crate) fn ranges(&self) -> Vec<Range> {
        let last = last_reads(self.graph, self.output());
        let nodes = self.graph.nodes.iter().zip(last);
        let range = |(node, last): (&Node, Option<usize>)| match (
            node.op,
            last,
            node.inputs.first(),
            &node.state[..],
        ) {
            (Op::RangeScale, Some(_), Some(input), [low, high]) => Some(Range {
                input: input.0,
                low: *low,
                high: *high,
            }),
            _ => None,
        };
        nodes.filter_map(range).collect()
    }

    /// The value of a node for a batch, to predict; `mode` says whether anything is dropped.
    pub(crate) fn value(
        &self,
        node: usize,
        weights: &Weights,
        batch: &Batch,
        mode: Mode,
    ) -> Result<Vec<f32>, Failure> {
        let value = || -> Made<D, Vec<f32>> {
            let leaves = self.leaves(weights)?;
            let mut pass = self.pass::<NoneTape>(weights, &leaves, mode, batch);
            let value = pass.until(node)?;
            Ok(value.map_or(Vec::new(), |value| value.as_vec()))
        };
        guarded(value)
    }

    /// Fills `gradients` with those of a batch's mean loss, and lets the running
    /// statistics among `weights` follow the batch.
    pub(crate) fn learn(
        &self,
        weights: &mut Weights,
        lesson: &Lesson<'_>,
        gradients: &mut Weights,
    ) -> Result<Learnt, Failure> {
        let learn = || -> Made<D, (Vec<f32>, Vec<Statistics>)> {
            let leaves = self.leaves(weights)?;
            let mode = Mode::Learn(lesson.masks);
            let mut pass =
                self.pass::<OwnedTape<f32, D>>(weights, &leaves, mode, lesson.batch);
            let Some(y) = pass.until(self.output())? else {
                unreachable!("a batch has rows");
            };
            let output = y.as_vec();
            let mut gy = vec![0.0; output.len()];
            lesson.loss.gradient(&output, lesson.targets, &mut gy);
            let statistics = std::mem::take(&mut pass.statistics);
            self.back(y, pass.tape, gy, &leaves, gradients)?;
            Ok((output, statistics))
        };
        let (output, statistics) = guarded(learn)?;
        self.follow(&statistics, weights);
        Ok(Learnt {
            sum: lesson.loss.sum(&output, lesson.targets),
            output,
        })
    }

    /// A batch before its first node.
    fn pass<'b, T: Default>(
        &'b self,
        weights: &'b Weights,
        leaves: &'b [Vector<D>],
        mode: Mode,
        batch: &'b Batch,
    ) -> Pass<'b, D, T> {
        Pass {
            graph: self.graph,
            device: &self.device,
            batch,
            mode,
            weights: &weights.buffers,
            leaves,
            tape: T::default(),
            statistics: Vec::new(),
        }
    }

    /// The weights on the device, in ordinal order.
    fn leaves(&self, weights: &Weights) -> Made<D, Vec<Vector<D>>> {
        let leaf = |buffer: &Buffer| {
            let values = buffer.values().to_vec();
            let count = values.len();
            self.device.try_tensor_from_vec(values, (count,))
        };
        weights.buffers.iter().map(leaf).collect()
    }

    /// Walks back from `output`, whose gradient is `gy`, to the weights.
    fn back(
        &self,
        output: Matrix<D>,
        tape: OwnedTape<f32, D>,
        gy: Vec<f32>,
        leaves: &[Vector<D>],
        gradients: &mut Weights,
    ) -> Made<D, ()> {
        // dfdx walks back from one number: the sum whose gradient with respect to the
        // output is `gy`.
        let gy = constant(&self.device, gy, *output.shape())?;
        let sum = output.put_tape(tape).try_mul(gy)?;
        let sum = sum.try_sum::<Rank0, Axes2<0, 1>>()?;
        let mut found = sum.try_backward()?;
        let all = gradients.buffers.iter_mut().zip(self.graph.weights());
        for ((own, spec), leaf) in all.zip(leaves) {
            if !spec.trained {
                own.values_mut().fill(0.0);
                continue;
            }
            // Zeros for what the output does not depend on.
            found.try_alloc_for(leaf)?;
            found.get(leaf).copy_into(own.values_mut());
        }
        Ok(())
    }

    /// Moves running statistics towards those of a batch, in the order they were taken.
    fn follow(&self, statistics: &[Statistics], weights: &mut Weights) {
        for Statistics { node, seen } in statistics {
            let Some(node) = self.graph.nodes.get(*node) else {
                continue;
            };
            let Op::BatchNorm { momentum, .. } = node.op else {
                continue;
            };
            let (fresh, kept) = (momentum as f32, (1.0 - momentum) as f32);
            for (ordinal, batch) in node.state.iter().zip([&seen.mean, &seen.variance]) {
                if let Some(own) = weights.buffers.get_mut(*ordinal) {
                    let pairs = own.values_mut().iter_mut().zip(batch);
                    pairs.for_each(|(own, batch)| *own = kept * *own + fresh * batch);
                }
            }
        }
    }
}

/// What `work` gives. dfdx gives most faults of a GPU back as errors, but panics where it
/// compiles a kernel as the program runs and cannot; a panic on the processor is a fault of
/// this program, and stays one.
fn guarded<X, E: std::fmt::Display>(
    work: impl FnOnce() -> Result<X, E>,
) -> Result<X, Failure> {
    if NATIVE != "cuda" {
        return work().map_err(|error| lost(&error));
    }
    // What a panic leaves half done are gradients and tensors of this pass: they go with it.
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done.map_err(|error| lost(&error)),
        Err(panic) => Err(lost(&said(&*panic))),
    }
}

/// What a panic said, its first line.
fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    let line = text.and_then(|text| text.lines().next());
    line.unwrap_or("dfdx panicked").to_string()
}

#[cfg(test)]
pub(crate) mod tests;
