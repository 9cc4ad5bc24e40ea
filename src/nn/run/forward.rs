//! The forward pass. In: features. Out: the output, and on the tape what the backward pass
//! needs.

use super::super::lower::{Kernel, Step};
use super::super::profile::Way;
use super::{Kernels, Run, Tape, Work, taken};

impl<N> Run<'_, N> {
    /// The output for the batch. Given a tape, what the backward pass needs stays on it.
    pub(crate) fn forward<K: Kernels<Numbers = N>>(
        &self,
        tape: Option<&mut Tape<N>>,
        device: &mut K,
    ) -> N {
        self.forward_until(self.program.output, tape, device)
    }

    /// The value number `wanted`; steps after the one that makes it are left out.
    pub(crate) fn forward_until<K: Kernels<Numbers = N>>(
        &self,
        wanted: usize,
        mut tape: Option<&mut Tape<N>>,
        device: &mut K,
    ) -> N {
        let program = self.program;
        let mut all: Vec<Option<N>> = Vec::new();
        all.resize_with(program.values.len(), || None);
        let taped = tape.is_some();
        for (k, step) in program.steps.iter().enumerate() {
            let done_with = |input: &usize| {
                let value = program.values.get(*input);
                value.is_some_and(|v| v.last_read == Some(k) && !(taped && v.kept))
                    && *input != wanted
            };
            let in_place = step.inputs.first().copied().filter(|x| done_with(x));
            let note = self.watched(k, Way::Forward, || {
                self.step(step, in_place, &mut all, device)
            });
            match &mut tape {
                Some(tape) => tape.notes.push(note),
                None => note.into_iter().for_each(|n| device.give(n)),
            }
            for input in step.inputs.iter().filter(|x| done_with(x)) {
                let used = taken(all.get_mut(*input));
                used.into_iter().for_each(|n| device.give(n));
            }
            let makes = match &step.kernel {
                Kernel::Chain(chained) => chained.makes().contains(&wanted),
                _ => step.output == wanted,
            };
            if makes {
                break;
            }
        }
        let Some(output) = taken(all.get_mut(wanted)) else {
            unreachable!("every value is made by a step");
        };
        match tape {
            Some(tape) => tape.values = all,
            None => all.into_iter().flatten().for_each(|n| device.give(n)),
        }
        output
    }

    /// Does a step, over the input number `in_place` if it may and can. Gives what its way
    /// back needs beside what it made.
    fn step<K: Kernels<Numbers = N>>(
        &self,
        step: &Step,
        in_place: Option<usize>,
        all: &mut [Option<N>],
        device: &mut K,
    ) -> Option<N> {
        if let Kernel::Chain(chained) = &step.kernel {
            self.chain(chained, all, device);
            return None;
        }
        let mut note = None;
        let made = match (in_place, step.kernel.in_place()) {
            (Some(input), true) => taken(all.get_mut(input)).map(|mut made| {
                device.change(self, step, &mut made);
                made
            }),
            (None, true) => {
                let mut made = self.room(step.output, device);
                let input = step.inputs.first().and_then(|input| all.get(*input));
                if let Some(input) = input.and_then(Option::as_ref) {
                    device.copy(input, &mut made);
                }
                device.change(self, step, &mut made);
                Some(made)
            }
            (_, false) => {
                let mut made = self.room(step.output, device);
                let work = Work {
                    run: self,
                    step,
                    values: all,
                    note: None,
                };
                note = device.make(&work, &mut made);
                Some(made)
            }
        };
        if let Some(place) = all.get_mut(step.output) {
            *place = made;
        }
        note
    }
}
