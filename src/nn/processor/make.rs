//! Steps that make new numbers. In: what a step reads. Out: what it makes.

use super::super::buffer::{Buffer, Pool};
use super::super::layers::{gather, look_up, scale, spread_rows};
use super::super::lower::Kernel;
use super::super::run::Work;
use super::{range, values};

/// Does a step. Gives what its way back needs beside what it made.
pub(super) fn make(
    work: &Work<'_, Buffer>,
    y: &mut Buffer,
    pool: &mut Pool,
) -> Option<Buffer> {
    let (run, step) = (work.run, work.step);
    let read = |which: usize| values(work.read(which));
    let w = values(work.weight(0));
    let b = work.weight(1).map(Buffer::values);
    let y = y.values_mut();
    match &step.kernel {
        Kernel::Dense(dense) => {
            let w = w.get(dense.places()).unwrap_or(&[]);
            dense.forward(read(0), w, b, y);
        }
        Kernel::Pooling(pooling) => pooling.forward(read(0), y),
        Kernel::Convolution(conv) if conv.pads() => {
            let rows = y.len() / run.program.width(step.output).max(1);
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
            match run.learns() {
                true => norm.measure(read(0), w, note.values_mut()),
                false => {
                    let (mean, variance) = (values(work.state(0)), values(work.state(1)));
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
            let field = run.batch.fields.get(*field);
            y.copy_from_slice(field.map_or(&[], |field| field));
        }
        Kernel::Gather { route } => {
            gather(run.map(*route), run.program.width(step.output), read(0), y);
        }
        Kernel::Group { route, group } => group.forward(run.map(*route), read(0), y),
        Kernel::SoftmaxGroup { route, softmax } => {
            softmax.forward(run.map(*route), read(0), y);
        }
        Kernel::Embedding { width, .. } => look_up(w, *width, read(0), y),
        Kernel::Lookup { table, width } => {
            let table = run.program.tables.get(*table);
            look_up(table.map_or(&[], |table| table), *width, read(0), y);
        }
        Kernel::OneHot(hot) => hot.forward(read(0), y),
        Kernel::Gaussians(gaussians) => gaussians.forward(read(0), y),
        Kernel::RangeScale => {
            let (low, high) = range(work);
            scale(low, high, read(0), y);
        }
        Kernel::Map(_) | Kernel::Dropout(_) => unreachable!("they work in place"),
        Kernel::Chain(_) => unreachable!("it makes several values"),
    }
    None
}
