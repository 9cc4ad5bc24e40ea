//! Steps backward. In: the gradient of what a step made. Out: those of its weights and of
//! what it read.

use super::super::buffer::Buffer;
use super::super::layers::{Side, collect_classes, collect_rows, scale_back, sum_groups};
use super::super::lower::Kernel;
use super::super::run::{Room, Work};
use super::{range, values};

/// The way back through a step.
pub(super) fn back(
    work: &Work<'_, Buffer>,
    gy: &mut Buffer,
    gw: &mut [Buffer],
    gx: &mut [Option<Room<Buffer>>],
) {
    let mut targets = gw.iter_mut().map(Buffer::values_mut);
    let gw = targets.next().unwrap_or(&mut []);
    let gb = targets.next();
    let gy = gy.values_mut();
    let read = |which: usize| values(work.read(which));
    match &work.step.kernel {
        Kernel::Map(map) => map.back(gy, read(0), values(work.made())),
        Kernel::Dropout(dropout) => {
            if let Some(seed) = work.run.seed(dropout) {
                dropout.apply(seed, gy);
            }
        }
        Kernel::Pair(pair) => {
            for (side, gx) in [Side::Left, Side::Right].into_iter().zip(gx) {
                if let Some(gx) = gx {
                    let gx = gx.numbers.values_mut();
                    pair.backward(side, gy, read(0), read(1), gx);
                }
            }
        }
        Kernel::Concat(concat) => {
            for (which, gx) in gx.iter_mut().enumerate() {
                if let Some(gx) = gx {
                    concat.backward(which, gy, gx.numbers.values_mut());
                }
            }
        }
        Kernel::Constant(_) | Kernel::Input(_) => (),
        Kernel::Dense(dense) => {
            let w = values(work.weight(0)).get(dense.places()).unwrap_or(&[]);
            let gw = gw.get_mut(dense.places()).unwrap_or(&mut []);
            let gx = gx.first_mut().and_then(Option::as_mut);
            let onto = gx.as_ref().is_some_and(|gx| gx.onto);
            let gx = gx.map(|gx| gx.numbers.values_mut());
            let (x, y) = (read(0), values(work.made()));
            dense.backward(x, y, w, gy, gw, gb, gx, onto);
        }
        Kernel::Weight => gw.copy_from_slice(gy),
        _ => {
            let gx = gx.first_mut().and_then(Option::as_mut);
            one_input(work, gy, gw, gb, gx.map(|gx| gx.numbers.values_mut()));
        }
    }
}

/// The steps that read one value and make other numbers of it.
fn one_input(
    work: &Work<'_, Buffer>,
    gy: &mut [f32],
    gw: &mut [f32],
    gb: Option<&mut [f32]>,
    gx: Option<&mut [f32]>,
) {
    let (run, made) = (work.run, values(work.made()));
    let (x, w) = (values(work.read(0)), values(work.weight(0)));
    match (&work.step.kernel, gx) {
        (Kernel::Convolution(conv), gx) => {
            let signal = if conv.pads() { values(work.note) } else { x };
            conv.backward(signal, made, w, gy, gw, gb, gx);
        }
        (Kernel::BatchNorm(norm), gx) => {
            let gb = gb.unwrap_or(&mut []);
            let of_batch = run.learns();
            norm.backward(x, values(work.note), w, gy, of_batch, gw, gb, gx);
        }
        (Kernel::LayerNorm(norm), gx) => {
            let gb = gb.unwrap_or(&mut []);
            norm.backward(x, values(work.note), w, gy, gw, gb, gx);
        }
        (Kernel::Softmax(softmax), Some(gx)) => {
            gx.copy_from_slice(gy);
            softmax.backward(made, gx);
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
            let width = run.program.width(work.step.output);
            sum_groups(run.map(*route), width, gy, gx, |_| 1.0);
        }
        (Kernel::Group { route, group }, Some(gx)) => {
            group.backward(run.map(*route), x, made, gy, gx);
        }
        (Kernel::SoftmaxGroup { route, softmax }, Some(gx)) => {
            gx.copy_from_slice(gy);
            softmax.backward(run.map(*route), made, gx);
        }
        (Kernel::Gaussians(gaussians), Some(gx)) => {
            gaussians.backward(x, made, gy, gx);
        }
        (Kernel::RangeScale, Some(gx)) => {
            gx.copy_from_slice(gy);
            let (low, high) = range(work);
            scale_back(low, high, gx);
        }
        _ => (),
    }
}
