//! The backward pass. In: a tape and the gradient of the loss with respect to the output.
//! Out: the gradient of every weight. A value read by several steps gets the sum of their
//! gradients, the last step's first; so do weights that several steps share.

use super::super::blocks::each_with;
use super::super::buffer::{Buffer, Pool};
use super::super::layers::{Side, collect_classes, collect_rows, scale_back, sum_groups};
use super::super::lower::{Kernel, Step};
use super::super::profile::Way;
use super::chains::{Written, arrive};
use super::{Mode, Run, Tape, taken, values};

impl Run<'_> {
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
        let program = self.program;
        let mut flowing: Vec<Option<Buffer>> = Vec::new();
        flowing.resize_with(program.values.len(), || None);
        for (places, buffer) in [(&mut flowing, gradient), (&mut tape.values, output)] {
            if let Some(place) = places.get_mut(program.output) {
                *place = Some(buffer);
            }
        }
        let mut weights = Written::new(gradients);
        for (k, step) in program.steps.iter().enumerate().rev() {
            if let Kernel::Chain(chained) = &step.kernel {
                if let Some(back) = &chained.back {
                    let kept = &tape.values;
                    let way = (&**chained, back);
                    self.watched(k, Way::Backward, || {
                        self.chain_back(way, kept, &mut flowing, &mut weights, pool);
                    });
                }
                for value in chained.makes() {
                    let used = taken(tape.values.get_mut(value));
                    used.into_iter().for_each(|b| pool.give(b));
                }
                continue;
            }
            let note = taken(tape.notes.get_mut(k));
            let gy = taken(flowing.get_mut(step.output));
            let learns = program.values.get(step.output).is_some_and(|v| v.learns);
            if let (Some(mut gy), true) = (gy, learns) {
                let back = Back {
                    run: self,
                    step,
                    values: &tape.values,
                    note: note.as_ref().map_or(&[], Buffer::values),
                };
                self.watched(k, Way::Backward, || {
                    back.step(&mut gy, &mut weights, &mut flowing, pool);
                });
                match step.kernel.in_place() {
                    true => back.send(0, gy, &mut flowing, pool),
                    false => pool.give(gy),
                }
            }
            let used = taken(tape.values.get_mut(step.output));
            used.into_iter().chain(note).for_each(|b| pool.give(b));
        }
        let rest = tape.values.into_iter().chain(flowing).flatten();
        rest.for_each(|b| pool.give(b));
    }
}

/// One step of the way back.
struct Back<'a> {
    run: &'a Run<'a>,
    step: &'a Step,
    values: &'a [Option<Buffer>],
    note: &'a [f32],
}

impl Back<'_> {
    /// From the gradient `gy` of what the step made (used up or changed in place), the
    /// gradients of its weights and, unless it works in place, of what it read.
    fn step(
        &self,
        gy: &mut Buffer,
        weights: &mut Written,
        flowing: &mut [Option<Buffer>],
        pool: &mut Pool,
    ) {
        let step = self.step;
        let first = step.weights.first().copied().unwrap_or(0);
        let again = weights.again(first) && !step.weights.is_empty();
        // Part of a weight is added to the others, which are zero at first.
        let part = matches!(&step.kernel, Kernel::Dense(dense) if dense.part);
        if part {
            weights.clear(first, step.weights.len());
        }
        let own = weights.range(first, step.weights.len());
        if !part && !again {
            return self.into(gy, own, flowing, pool);
        }
        let fresh = |own: &Buffer| pool.take(own.values().len());
        let mut parts: Vec<Buffer> = own.iter().map(fresh).collect();
        if part {
            parts
                .iter_mut()
                .for_each(|part| part.values_mut().fill(0.0));
        }
        self.into(gy, &mut parts, flowing, pool);
        for (own, part) in own.iter_mut().zip(parts) {
            add(own, part, pool);
        }
    }

    /// The same, the gradients of the weights written into `targets`.
    fn into(
        &self,
        gy: &mut Buffer,
        targets: &mut [Buffer],
        flowing: &mut [Option<Buffer>],
        pool: &mut Pool,
    ) {
        let mut targets = targets.iter_mut().map(Buffer::values_mut);
        let gw = targets.next().unwrap_or(&mut []);
        let gb = targets.next();
        match &self.step.kernel {
            Kernel::Map(map) => map.back(gy.values_mut(), self.read(0), self.made()),
            Kernel::Dropout(dropout) => {
                if let Some(seed) = self.run.seed(dropout) {
                    dropout.apply(seed, gy.values_mut());
                }
            }
            Kernel::Pair(pair) => {
                for (which, side) in [Side::Left, Side::Right].into_iter().enumerate() {
                    if let Some(mut gx) = self.target(which, pool) {
                        let (a, b) = (self.read(0), self.read(1));
                        pair.backward(side, gy.values(), a, b, gx.values_mut());
                        self.send(which, gx, flowing, pool);
                    }
                }
            }
            Kernel::Concat(concat) => {
                for which in 0..self.step.inputs.len() {
                    if let Some(mut gx) = self.target(which, pool) {
                        concat.backward(which, gy.values(), gx.values_mut());
                        self.send(which, gx, flowing, pool);
                    }
                }
            }
            Kernel::Constant(_) | Kernel::Input(_) => (),
            Kernel::Dense(dense) => {
                // Added to what has come for the input already, without a detour.
                let input = self.step.inputs.first().copied().unwrap_or(0);
                let own = match self.step.sends.first() {
                    Some(true) => taken(flowing.get_mut(input)),
                    _ => None,
                };
                let onto = own.is_some();
                let mut gx = own.or_else(|| self.target(0, pool));
                let w = self.run.weight(self.step.weights.first()).unwrap_or(&[]);
                let w = w.get(dense.places()).unwrap_or(&[]);
                let gw = gw.get_mut(dense.places()).unwrap_or(&mut []);
                let to_x = gx.as_mut().map(Buffer::values_mut);
                let (x, y) = (self.read(0), self.made());
                dense.backward(x, y, w, gy.values_mut(), gw, gb, to_x, onto);
                if let Some(gx) = gx {
                    self.send(0, gx, flowing, pool);
                }
            }
            Kernel::Weight => gw.copy_from_slice(gy.values()),
            _ => {
                let mut gx = self.target(0, pool);
                let to_x = gx.as_mut().map(Buffer::values_mut);
                self.one_input(gy.values_mut(), gw, gb, to_x);
                if let Some(gx) = gx {
                    self.send(0, gx, flowing, pool);
                }
            }
        }
    }

    /// The steps that read one value and make other numbers of it.
    fn one_input(
        &self,
        gy: &mut [f32],
        gw: &mut [f32],
        gb: Option<&mut [f32]>,
        gx: Option<&mut [f32]>,
    ) {
        let (x, w) = (self.read(0), self.run.weight(self.step.weights.first()));
        let w = w.unwrap_or(&[]);
        match (&self.step.kernel, gx) {
            (Kernel::Convolution(conv), gx) => {
                let signal = if conv.pads() { self.note } else { x };
                conv.backward(signal, self.made(), w, gy, gw, gb, gx);
            }
            (Kernel::BatchNorm(norm), gx) => {
                let of_batch = matches!(self.run.mode, Mode::Learn(_));
                let gb = gb.unwrap_or(&mut []);
                norm.backward(x, self.note, w, gy, of_batch, gw, gb, gx);
            }
            (Kernel::LayerNorm(norm), gx) => {
                let gb = gb.unwrap_or(&mut []);
                norm.backward(x, self.note, w, gy, gw, gb, gx);
            }
            (Kernel::Softmax(softmax), Some(gx)) => {
                gx.copy_from_slice(gy);
                softmax.backward(self.made(), gx);
            }
            (Kernel::Pooling(pooling), Some(gx)) => pooling.backward(gy, gx),
            (Kernel::Slice(slice), Some(gx)) => slice.backward(gy, gx),
            (Kernel::Transpose(turn), Some(gx)) => turn.backward(gy, gx),
            (Kernel::Reduce(reduce), Some(gx)) => reduce.backward(gy, gx),
            (Kernel::MaxLast(max), Some(gx)) => max.backward(x, gy, gx),
            (Kernel::Embedding { classes, width }, _) => {
                collect_classes(*classes, *width, x, gy, gw);
            }
            (Kernel::Spread, Some(gx)) => collect_rows(gy, gx),
            (Kernel::Gather { route }, Some(gx)) => {
                let width = self.run.program.width(self.step.output);
                sum_groups(self.run.map(*route), width, gy, gx, |_| 1.0);
            }
            (Kernel::Group { route, group }, Some(gx)) => {
                group.backward(self.run.map(*route), x, self.made(), gy, gx);
            }
            (Kernel::SoftmaxGroup { route, softmax }, Some(gx)) => {
                gx.copy_from_slice(gy);
                softmax.backward(self.run.map(*route), self.made(), gx);
            }
            (Kernel::Gaussians(gaussians), Some(gx)) => {
                gaussians.backward(x, self.made(), gy, gx);
            }
            (Kernel::RangeScale, Some(gx)) => {
                gx.copy_from_slice(gy);
                let (low, high) = self.run.range(self.step);
                scale_back(low, high, gx);
            }
            _ => (),
        }
    }

    /// What the step read as input number `which`, if it was kept.
    fn read(&self, which: usize) -> &[f32] {
        let input = self.step.inputs.get(which);
        values(input.and_then(|input| self.values.get(*input)))
    }

    /// What the step made, if it was kept.
    fn made(&self) -> &[f32] {
        values(self.values.get(self.step.output))
    }

    /// A buffer for the gradient of input number `which`, if that is asked for.
    fn target(&self, which: usize, pool: &mut Pool) -> Option<Buffer> {
        if self.step.sends.get(which) != Some(&true) {
            return None;
        }
        let input = self.step.inputs.get(which).copied().unwrap_or(0);
        let counts = self.run.batch.counts;
        Some(pool.take(self.run.program.numbers(input, counts)))
    }

    /// Adds `gradient` to what has come to input number `which` so far.
    fn send(
        &self,
        which: usize,
        gradient: Buffer,
        flowing: &mut [Option<Buffer>],
        pool: &mut Pool,
    ) {
        match self.step.inputs.get(which) {
            Some(input) => arrive(*input, gradient, flowing, pool),
            None => pool.give(gradient),
        }
    }
}

/// Adds the numbers of `part`, which goes back to the pool.
pub(super) fn add(own: &mut Buffer, part: Buffer, pool: &mut Pool) {
    each_with(own.values_mut(), part.values(), |y, x| {
        y.iter_mut().zip(x).for_each(|(y, x)| *y += x);
    });
    pool.give(part);
}
