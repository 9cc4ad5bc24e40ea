//! Runs a program forward and backward. In: a program, weights, a batch of features. Out:
//! the output; with a [`Tape`], also the gradient of every weight. Buffers come from a
//! pool and go back as soon as nothing needs them.

use super::buffer::{Buffer, Pool};
use super::layers::{Dropout, pass_positive, rectify};
use super::lower::{Kernel, Program, Step};
use crate::draw::Draws;

/// What the forward pass leaves for the backward pass.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    /// Value `k` of the program, where the backward pass reads it.
    values: Vec<Option<Buffer>>,
    /// The padded signal of step `k`, where it made one.
    padded: Vec<Option<Buffer>>,
}

impl Tape {
    /// Notes what one step leaves.
    fn record(&mut self, value: Option<Buffer>, padded: Option<Buffer>) {
        self.values.push(value);
        self.padded.push(padded);
    }
}

/// The masks of one training step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Masks {
    pub(crate) draws: Draws,
    pub(crate) step: u64,
}

impl Masks {
    fn seed(&self, dropout: &Dropout) -> u64 {
        self.draws.seed("dropout", &[self.step, dropout.site])
    }
}

/// A program with its weights (in ordinal order) and the masks of its dropouts, if they
/// are on.
#[derive(Clone, Copy)]
pub(crate) struct Run<'a> {
    pub(crate) program: &'a Program,
    pub(crate) weights: &'a [Buffer],
    pub(crate) masks: Option<Masks>,
}

impl Run<'_> {
    /// The output for the features `x` (rows × input width). Given a tape, what the
    /// backward pass needs stays on it.
    pub(crate) fn forward(
        &self,
        x: Buffer,
        mut tape: Option<&mut Tape>,
        pool: &mut Pool,
    ) -> Buffer {
        let rows = x.values().len() / self.program.width_in.max(1);
        let mut x = x;
        for (k, step) in self.program.steps.iter().enumerate() {
            let kept = tape.is_some() && self.program.keeps(k);
            if step.in_place() && !kept {
                self.transform(step, &mut x);
                if let Some(tape) = &mut tape {
                    tape.record(None, None);
                }
                continue;
            }
            let mut y = pool.take(rows * step.width_out);
            let padded = self.fill(step, &x, &mut y, rows, pool);
            let x = std::mem::replace(&mut x, y);
            match &mut tape {
                Some(tape) if kept => tape.record(Some(x), padded),
                Some(tape) => {
                    tape.record(None, padded);
                    pool.give(x);
                }
                None => [x].into_iter().chain(padded).for_each(|b| pool.give(b)),
            }
        }
        x
    }

    /// A step that works in place.
    fn transform(&self, step: &Step, x: &mut Buffer) {
        match (step.kernel, self.masks) {
            (Kernel::Relu, _) => rectify(x.values_mut()),
            (Kernel::Dropout(dropout), Some(masks)) => {
                dropout.apply(masks.seed(&dropout), x.values_mut());
            }
            _ => (),
        }
    }

    /// A step that makes new numbers. Gives back the padded signal, if it made one.
    fn fill(
        &self,
        step: &Step,
        x: &Buffer,
        y: &mut Buffer,
        rows: usize,
        pool: &mut Pool,
    ) -> Option<Buffer> {
        if step.in_place() {
            y.values_mut().copy_from_slice(x.values());
            self.transform(step, y);
            return None;
        }
        let (x, y) = (x.values(), y.values_mut());
        let (w, b) = (self.weight(step.weight), self.weight(step.bias));
        match step.kernel {
            Kernel::Dense(dense) => dense.forward(x, w.unwrap_or(&[]), b, y),
            Kernel::Pooling(pooling) => pooling.forward(x, y),
            Kernel::Convolution(conv) if conv.pads() => {
                let mut padded = pool.take(rows * conv.padded_width());
                conv.pad(x, padded.values_mut());
                conv.forward(padded.values(), w.unwrap_or(&[]), b, y);
                return Some(padded);
            }
            Kernel::Convolution(conv) => conv.forward(x, w.unwrap_or(&[]), b, y),
            Kernel::Relu | Kernel::Dropout(_) => unreachable!("they work in place"),
        }
        None
    }

    /// The numbers of a weight.
    fn weight(&self, ordinal: Option<usize>) -> Option<&[f32]> {
        self.weights.get(ordinal?).map(Buffer::values)
    }

    /// Walks back over `tape` from `output` and the gradient of the loss with respect to
    /// it. Fills `gradients` (in ordinal order) for every weight the output depends on.
    pub(crate) fn backward(
        &self,
        mut tape: Tape,
        output: Buffer,
        gradient: Buffer,
        gradients: &mut [Buffer],
        pool: &mut Pool,
    ) {
        let mut y = Some(output);
        let mut gy = gradient;
        for (k, step) in self.program.steps.iter().enumerate().rev() {
            if step.weight.is_none() && !step.sends_gradient {
                // Nothing before this step learns.
                break;
            }
            let x = tape.values.pop().flatten();
            let padded = tape.padded.pop().flatten();
            debug_assert_eq!(tape.values.len(), k);
            let gx = self.step_back(step, [&x, &y, &padded], &mut gy, gradients, pool);
            if let Some(gx) = gx {
                pool.give(std::mem::replace(&mut gy, gx));
            }
            let used = std::mem::replace(&mut y, x);
            used.into_iter().chain(padded).for_each(|b| pool.give(b));
        }
        let rest = tape.values.into_iter().chain(tape.padded).flatten();
        y.into_iter()
            .chain([gy])
            .chain(rest)
            .for_each(|b| pool.give(b));
    }

    /// One step back: from the gradient `gy` of what it made (used up or changed in
    /// place), the gradients of its weights and, unless in place, of what it read.
    fn step_back(
        &self,
        step: &Step,
        [x, y, padded]: [&Option<Buffer>; 3],
        gy: &mut Buffer,
        gradients: &mut [Buffer],
        pool: &mut Pool,
    ) -> Option<Buffer> {
        let rows = gy.values().len() / step.width_out;
        let wanted = step.sends_gradient && !step.in_place();
        let mut gx = wanted.then(|| pool.take(rows * step.width_in));
        let to_x = gx.as_mut().map(Buffer::values_mut);
        let w = self.weight(step.weight).unwrap_or(&[]);
        let (x, y, gy) = (values(x), values(y), gy.values_mut());
        match (step.kernel, to_x) {
            (Kernel::Relu, _) => pass_positive(gy, y),
            (Kernel::Dropout(dropout), _) => {
                if let Some(masks) = self.masks {
                    dropout.apply(masks.seed(&dropout), gy);
                }
            }
            (Kernel::Pooling(pooling), Some(gx)) => pooling.backward(gy, gx),
            (Kernel::Pooling(_), None) => (),
            (Kernel::Dense(dense), to_x) => {
                let (gw, gb) = targets(step, gradients);
                dense.backward(x, y, w, gy, gw, gb, to_x);
            }
            (Kernel::Convolution(conv), to_x) => {
                let signal = if conv.pads() { values(padded) } else { x };
                let (gw, gb) = targets(step, gradients);
                conv.backward(signal, y, w, gy, gw, gb, to_x);
            }
        }
        gx
    }
}

/// Where the gradients of a step's weight and bias go. The bias, if there is one, follows
/// its weight.
fn targets<'a>(
    step: &Step,
    gradients: &'a mut [Buffer],
) -> (&'a mut [f32], Option<&'a mut [f32]>) {
    let first = step.weight.unwrap_or(0);
    let mut pair = gradients.iter_mut().skip(first).map(Buffer::values_mut);
    let weight = pair.next().unwrap_or(&mut []);
    let bias = pair.next().filter(|_| step.bias.is_some());
    (weight, bias)
}

/// The numbers of a value that may not have been kept.
fn values(buffer: &Option<Buffer>) -> &[f32] {
    buffer.as_ref().map_or(&[], Buffer::values)
}

#[cfg(test)]
mod tests;
