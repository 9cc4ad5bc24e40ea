//! The forward pass. In: features. Out: the output, and on the tape what the backward pass
//! needs.

use super::super::buffer::{Buffer, Pool};
use super::super::layers::{gather, look_up, scale, spread_rows};
use super::super::lower::{Kernel, Step};
use super::super::profile::Way;
use super::{Mode, Run, Tape, taken, values};

impl Run<'_> {
    /// The output for the batch. Given a tape, what the backward pass needs stays on it.
    pub(crate) fn forward(&self, tape: Option<&mut Tape>, pool: &mut Pool) -> Buffer {
        self.forward_until(self.program.output, tape, pool)
    }

    /// The value number `wanted`; steps after the one that makes it are left out.
    pub(crate) fn forward_until(
        &self,
        wanted: usize,
        mut tape: Option<&mut Tape>,
        pool: &mut Pool,
    ) -> Buffer {
        let program = self.program;
        let mut all: Vec<Option<Buffer>> = Vec::new();
        all.resize_with(program.values.len(), || None);
        let taped = tape.is_some();
        for (k, step) in program.steps.iter().enumerate() {
            let done_with = |input: &usize| {
                let value = program.values.get(*input);
                value.is_some_and(|v| v.last_read == Some(k) && !(taped && v.kept))
                    && *input != wanted
            };
            let in_place = step.inputs.first().filter(|x| done_with(x));
            let chained = match &step.kernel {
                Kernel::Chain(chained) => Some(chained),
                _ => None,
            };
            if let Some(chained) = chained {
                self.watched(k, Way::Forward, || self.chain(chained, &mut all, pool));
            }
            let (made, note) = match in_place {
                _ if chained.is_some() => (taken(all.get_mut(step.output)), None),
                Some(input) if step.kernel.in_place() => {
                    let mut made = taken(all.get_mut(*input));
                    if let Some(made) = &mut made {
                        self.watched(k, Way::Forward, || self.transform(step, made));
                    }
                    (made, None)
                }
                _ => {
                    let mut made =
                        pool.take(program.numbers(step.output, self.batch.counts));
                    let note = self.watched(k, Way::Forward, || {
                        self.fill(step, &all, &mut made, pool)
                    });
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
            let makes = chained.map(|chained| chained.makes());
            if step.output == wanted || makes.is_some_and(|all| all.contains(&wanted)) {
                break;
            }
        }
        let Some(output) = taken(all.get_mut(wanted)) else {
            unreachable!("every value is made by a step");
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
            Kernel::Dense(dense) => {
                let w = w.get(dense.places()).unwrap_or(&[]);
                dense.forward(read(0), w, b, y);
            }
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
            Kernel::MaxLast(max) => max.forward(read(0), y),
            Kernel::Softmax(softmax) => softmax.forward(read(0), y),
            Kernel::BatchNorm(norm) => {
                let mut note = pool.take(norm.noted());
                match self.mode {
                    Mode::Learn(_) => norm.measure(read(0), w, note.values_mut()),
                    Mode::Predict | Mode::Ask(_) => {
                        let state = |k: usize| self.weight(step.state.get(k));
                        let (mean, variance) = (state(0), state(1));
                        let (mean, variance) =
                            (mean.unwrap_or(&[]), variance.unwrap_or(&[]));
                        norm.recall(mean, variance, w, note.values_mut());
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
            Kernel::Weight => y.copy_from_slice(w),
            Kernel::Spread => spread_rows(read(0), y),
            Kernel::Input(field) => {
                let field = self.batch.fields.get(*field);
                y.copy_from_slice(field.map_or(&[], |field| field));
            }
            Kernel::Gather { route } => {
                let width = self.program.width(step.output);
                gather(self.map(*route), width, read(0), y);
            }
            Kernel::Group { route, group } => {
                group.forward(self.map(*route), read(0), y);
            }
            Kernel::SoftmaxGroup { route, softmax } => {
                softmax.forward(self.map(*route), read(0), y);
            }
            Kernel::Embedding { width, .. } => look_up(w, *width, read(0), y),
            Kernel::Lookup { table, width } => {
                let table = self.program.tables.get(*table);
                look_up(table.map_or(&[], |table| table), *width, read(0), y);
            }
            Kernel::OneHot(hot) => hot.forward(read(0), y),
            Kernel::Gaussians(gaussians) => gaussians.forward(read(0), y),
            Kernel::RangeScale => {
                let (low, high) = self.range(step);
                scale(low, high, read(0), y);
            }
            Kernel::Map(_) | Kernel::Dropout(_) => unreachable!("they work in place"),
            Kernel::Chain(_) => unreachable!("it makes several values"),
        }
        None
    }
}
