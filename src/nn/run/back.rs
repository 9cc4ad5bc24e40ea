//! The backward pass. In: a tape and the gradient of the loss with respect to the output.
//! Out: the gradient of every weight. A value read by several steps gets the sum of their
//! gradients, the last step's first; so do weights that several steps share.

use super::super::lower::{Kernel, Step};
use super::super::profile::Way;
use super::written::Written;
use super::{Kernels, Room, Run, Tape, Work, taken};

impl<N> Run<'_, N> {
    /// Walks back over `tape` from `output` and the gradient of the loss with respect to
    /// it. Fills `gradients` (in ordinal order) for every weight the output depends on.
    pub(crate) fn backward<K: Kernels<Numbers = N>>(
        &self,
        mut tape: Tape<N>,
        output: N,
        gradient: N,
        gradients: &mut [N],
        device: &mut K,
    ) {
        let program = self.program;
        let mut flowing: Vec<Option<N>> = Vec::new();
        flowing.resize_with(program.values.len(), || None);
        for (places, numbers) in [(&mut flowing, gradient), (&mut tape.values, output)] {
            if let Some(place) = places.get_mut(program.output) {
                *place = Some(numbers);
            }
        }
        let mut weights = Written::new(gradients);
        for (k, step) in program.steps.iter().enumerate().rev() {
            if let Kernel::Chain(chained) = &step.kernel {
                if let Some(back) = &chained.back {
                    let kept = &tape.values;
                    let way = (&**chained, back);
                    self.watched(k, Way::Backward, || {
                        self.chain_back(way, kept, &mut flowing, &mut weights, device);
                    });
                }
                for value in chained.makes() {
                    let used = taken(tape.values.get_mut(value));
                    used.into_iter().for_each(|n| device.give(n));
                }
                continue;
            }
            let note = taken(tape.notes.get_mut(k));
            let gy = taken(flowing.get_mut(step.output));
            let learns = program.values.get(step.output).is_some_and(|v| v.learns);
            if let (Some(gy), true) = (gy, learns) {
                let work = Work {
                    run: self,
                    step,
                    values: &tape.values,
                    note: note.as_ref(),
                };
                self.watched(k, Way::Backward, || {
                    step_back(&work, gy, &mut weights, &mut flowing, device);
                });
            }
            let used = taken(tape.values.get_mut(step.output));
            used.into_iter().chain(note).for_each(|n| device.give(n));
        }
        let rest = tape.values.into_iter().chain(flowing).flatten();
        rest.for_each(|n| device.give(n));
    }
}

/// From the gradient `gy` of what a step made, those of its weights and of what it read.
fn step_back<K: Kernels>(
    work: &Work<'_, K::Numbers>,
    mut gy: K::Numbers,
    weights: &mut Written<'_, K::Numbers>,
    flowing: &mut [Option<K::Numbers>],
    device: &mut K,
) {
    let (run, step) = (work.run, work.step);
    let mut rooms: Vec<Option<Room<K::Numbers>>> = (0..step.inputs.len())
        .map(|which| room(run, step, which, flowing, device))
        .collect();
    let first = step.weights.first().copied().unwrap_or(0);
    // Part of a weight is added to the others, which are zero at first.
    let part = matches!(&step.kernel, Kernel::Dense(dense) if dense.part);
    let own = (first, step.weights.len());
    weights.write(own, part, device, |device, gw| {
        device.back(work, &mut gy, gw, &mut rooms);
    });
    for (input, room) in step.inputs.iter().zip(rooms) {
        if let Some(room) = room {
            arrive(*input, room.numbers, flowing, device);
        }
    }
    match (step.kernel.in_place(), step.inputs.first()) {
        (true, Some(input)) => arrive(*input, gy, flowing, device),
        _ => device.give(gy),
    }
}

/// Room for the gradient of input number `which`, if that is asked for and does not take the
/// place of the step's own.
fn room<K: Kernels>(
    run: &Run<'_, K::Numbers>,
    step: &Step,
    which: usize,
    flowing: &mut [Option<K::Numbers>],
    device: &mut K,
) -> Option<Room<K::Numbers>> {
    if step.kernel.in_place() || step.sends.get(which) != Some(&true) {
        return None;
    }
    let input = step.inputs.get(which).copied().unwrap_or(0);
    // What has come for the input already is added to, without a detour.
    let come = match step.kernel {
        Kernel::Dense(_) => taken(flowing.get_mut(input)),
        _ => None,
    };
    Some(match come {
        Some(numbers) => Room {
            numbers,
            onto: true,
        },
        None => Room::fresh(run.room(input, device)),
    })
}

/// Adds a gradient to what has come for a value so far.
pub(super) fn arrive<K: Kernels>(
    value: usize,
    gradient: K::Numbers,
    flowing: &mut [Option<K::Numbers>],
    device: &mut K,
) {
    match flowing.get_mut(value) {
        Some(Some(own)) => {
            device.add(&gradient, own);
            device.give(gradient);
        }
        Some(none) => *none = Some(gradient),
        None => device.give(gradient),
    }
}
