//! The forward pass. In: features. Out: the output, and on the tape what the backward pass
//! needs.

use super::super::buffer::{Buffer, Pool};
use super::super::layers::spread_rows;
use super::super::lower::{Kernel, Step};
use super::{Mode, Run, Tape, taken, values};

impl Run<'_> {
    /// The output for the features `x` (rows × input width). Given a tape, what the
    /// backward pass needs stays on it.
    pub(crate) fn forward(
        &self,
        x: Buffer,
        mut tape: Option<&mut Tape>,
        pool: &mut Pool,
    ) -> Buffer {
        let program = self.program;
        let rows = x.values().len() / program.width_in.max(1);
        let mut all: Vec<Option<Buffer>> = Vec::new();
        all.resize_with(program.values.len(), || None);
        if let Some(first) = all.first_mut() {
            *first = Some(x);
        }
        let taped = tape.is_some();
        for (k, step) in program.steps.iter().enumerate() {
            let done_with = |input: &usize| {
                let value = program.values.get(*input);
                value.is_some_and(|v| v.last_read == Some(k) && !(taped && v.kept))
            };
            let in_place = step.inputs.first().filter(|x| done_with(x));
            let (made, note) = match in_place {
                Some(input) if step.kernel.in_place() => {
                    let mut made = taken(all.get_mut(*input));
                    if let Some(made) = &mut made {
                        self.transform(step, made);
                    }
                    (made, None)
                }
                _ => {
                    let mut made = pool.take(rows * program.width(step.output));
                    let note = self.fill(step, &all, &mut made, pool);
                    (Some(made), note)
                }
            };
            if let Some(place) = all.get_mut(step.output) {
                *place = made;
            }
            match &mut tape {
                Some(tape) => tape.notes.push(note),
                None => note.into_iter().for_each(|b| pool.give(b)),
            }
            for input in step.inputs.iter().filter(|x| done_with(x)) {
                let used = taken(all.get_mut(*input));
                used.into_iter().for_each(|b| pool.give(b));
            }
        }
        let Some(output) = taken(all.get_mut(program.output)) else {
            unreachable!("the output is made by the last step that is needed, or given");
        };
        match tape {
            Some(tape) => tape.values = all,
            None => all.into_iter().flatten().for_each(|b| pool.give(b)),
        }
        output
    }

    /// A step that works in place.
    fn transform(&self, step: &Step, x: &mut Buffer) {
        match &step.kernel {
            Kernel::Map(map) => map.apply(x.values_mut()),
            Kernel::Dropout(dropout) => {
                if let Some(seed) = self.seed(dropout) {
                    dropout.apply(seed, x.values_mut());
                }
            }
            _ => unreachable!("the others make new numbers"),
        }
    }

    /// A step that makes new numbers. Gives back what the backward pass needs beside them.
    fn fill(
        &self,
        step: &Step,
        all: &[Option<Buffer>],
        y: &mut Buffer,
        pool: &mut Pool,
    ) -> Option<Buffer> {
        let read = |which: usize| {
            let input = step.inputs.get(which);
            values(input.and_then(|input| all.get(*input)))
        };
        if step.kernel.in_place() {
            y.values_mut().copy_from_slice(read(0));
            self.transform(step, y);
            return None;
        }
        let w = self.weight(step.weights.first()).unwrap_or(&[]);
        let b = self.weight(step.weights.get(1));
        let y = y.values_mut();
        match &step.kernel {
            Kernel::Dense(dense) => dense.forward(read(0), w, b, y),
            Kernel::Pooling(pooling) => pooling.forward(read(0), y),
            Kernel::Convolution(conv) if conv.pads() => {
                let rows = y.len() / self.program.width(step.output).max(1);
                let mut padded = pool.take(rows * conv.padded_width());
                conv.pad(read(0), padded.values_mut());
                conv.forward(padded.values(), w, b, y);
                return Some(padded);
            }
            Kernel::Convolution(conv) => conv.forward(read(0), w, b, y),
            Kernel::Pair(pair) => pair.forward(read(0), read(1), y),
            Kernel::Concat(concat) => {
                for which in 0..step.inputs.len() {
                    concat.forward(which, read(which), y);
                }
            }
            Kernel::Slice(slice) => slice.forward(read(0), y),
            Kernel::Transpose(turn) => turn.forward(read(0), y),
            Kernel::Reduce(reduce) => reduce.forward(read(0), y),
            Kernel::Softmax(softmax) => softmax.forward(read(0), y),
            Kernel::BatchNorm(norm) => {
                let mut note = pool.take(norm.noted());
                match self.mode {
                    Mode::Learn(_) => norm.measure(read(0), note.values_mut()),
                    Mode::Predict => {
                        let state = |k: usize| self.weight(step.state.get(k));
                        let (mean, variance) = (state(0), state(1));
                        let (mean, variance) =
                            (mean.unwrap_or(&[]), variance.unwrap_or(&[]));
                        norm.recall(mean, variance, note.values_mut());
                    }
                }
                norm.forward(read(0), note.values(), w, b.unwrap_or(&[]), y);
                return Some(note);
            }
            Kernel::LayerNorm(norm) => {
                let mut note = pool.take(y.len() / norm.width * 2);
                norm.forward(read(0), w, b.unwrap_or(&[]), note.values_mut(), y);
                return Some(note);
            }
            Kernel::Constant(c) => y.fill(*c),
            Kernel::Weight => spread_rows(w, y),
            Kernel::Map(_) | Kernel::Dropout(_) => unreachable!("they work in place"),
        }
        None
    }
}
