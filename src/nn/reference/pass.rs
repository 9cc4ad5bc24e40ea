//! One batch through a network, node by node. In: a graph, a batch, weights on the device.
//! Out: the value of a node, the tape that leads back from it, and the statistics of the
//! batch.

use dfdx::prelude::{
    Axis, HasShape, MeanTo, PutTape, ReshapeTo, SplitTape, SumTo, Tape, TryAdd, TryMul,
};

use super::super::batch::{Batch, Map};
use super::super::buffer::Buffer;
use super::super::graph::{Graph, Node, NodeId, Op};
use super::super::layers::Dropout;
use super::super::run::Mode;
use super::device::Device;
use super::elementwise::{
    abs, cbrt, gaussians, leaky_relu, relu, shifted, silu, softplus,
};
use super::encode;
use super::groups::{group, max_last, places, softmax};
use super::norms::{Seen, affine, batch_norm, layer_norm};
use super::pairs::{arithmetic, concat, slice, transposed, widened};
use super::signals::{Signal, avg_pool1d, conv1d};
use super::tensor::{
    Made, Matrix, Vector, along, constant, dense, lines, pick, repeat, zeros,
};

/// The statistics that one batch normalisation took.
pub(super) struct Statistics {
    /// The node that took them.
    pub(super) node: usize,
    pub(super) seen: Seen,
}

/// One batch on its way.
pub(super) struct Pass<'a, D: Device, T> {
    pub(super) graph: &'a Graph,
    pub(super) device: &'a D,
    pub(super) batch: &'a Batch,
    pub(super) mode: Mode,
    /// The weights on the host and on the device, in ordinal order.
    pub(super) weights: &'a [Buffer],
    pub(super) leaves: &'a [Vector<D>],
    /// What leads back to them.
    pub(super) tape: T,
    pub(super) statistics: Vec<Statistics>,
}

/// The last node that reads each node on the way to `wanted`; none for those not on it.
pub(super) fn last_reads(graph: &Graph, wanted: usize) -> Vec<Option<usize>> {
    let mut last: Vec<Option<usize>> = vec![None; graph.nodes.len()];
    if let Some(own) = last.get_mut(wanted) {
        *own = Some(usize::MAX);
    }
    for (place, node) in graph.nodes.iter().enumerate().rev() {
        if last.get(place).is_none_or(Option::is_none) {
            continue;
        }
        for input in &node.inputs {
            if let Some(read) = last.get_mut(input.0) {
                read.get_or_insert(place);
            }
        }
    }
    last
}

impl<D: Device, T: Tape<f32, D>> Pass<'_, D, T> {
    /// The value of the node `wanted`; none if its domain has no entry.
    pub(super) fn until(&mut self, wanted: usize) -> Made<D, Option<Matrix<D>>> {
        let graph = self.graph;
        let last = last_reads(graph, wanted);
        let mut values: Vec<Option<Matrix<D>>> = vec![None; graph.nodes.len()];
        let mut learns = vec![false; graph.nodes.len()];
        for (place, node) in graph.nodes.iter().enumerate() {
            if last.get(place).is_none_or(Option::is_none) {
                continue;
            }
            let learnt = |input: &NodeId| learns.get(input.0);
            let learning = !node.weights.is_empty()
                || node.inputs.iter().filter_map(learnt).any(|learns| *learns);
            if let Some(made) = self.node(place, node, &values)? {
                let (value, tape) = made.split_tape();
                // What nothing learnt has gone into needs no way back.
                if learning {
                    self.tape = std::mem::take(&mut self.tape).merge(tape);
                }
                if let (Some(own), Some(learns)) =
                    (values.get_mut(place), learns.get_mut(place))
                {
                    (*own, *learns) = (Some(value), learning);
                }
            }
            for input in &node.inputs {
                if last.get(input.0) == Some(&Some(place))
                    && let Some(used) = values.get_mut(input.0)
                {
                    *used = None;
                }
            }
        }
        Ok(values.get_mut(wanted).and_then(Option::take))
    }

    /// What a node makes; nothing where its domain has no entry, since dfdx has no
    /// operations on nothing.
    fn node(
        &mut self,
        place: usize,
        node: &Node,
        values: &[Option<Matrix<D>>],
    ) -> Made<D, Option<Matrix<D, T>>> {
        let rows = self.batch.counts.of(node.domain);
        if rows == 0 {
            return Ok(None);
        }
        let shape = (rows, node.width());
        let (graph, device) = (self.graph, self.device);
        let plain = |values: Vec<f32>| -> Made<D, Matrix<D, T>> {
            Ok(constant(device, values, shape)?.put_tape(T::default()))
        };
        let read = |which: usize| read::<D, T>(node, which, values);
        let source = |which: usize| {
            let input = node.inputs.get(which);
            input.and_then(|input| graph.nodes.get(input.0))
        };
        let sizes = |which: usize| source(which).map_or(&[][..], |node| &node.sizes);
        let last = || sizes(0).last().copied().unwrap_or(1);
        let weight = |which: usize| self.leaf(node.weights.get(which));
        let bias = || node.weights.get(1).map(|k| self.leaf(Some(k)));
        let made = match node.op {
            Op::Input(field) => {
                let field = graph.fields.iter().position(|known| *known == field);
                let field = field.and_then(|field| self.batch.fields.get(field));
                plain(field.cloned().unwrap_or_default())?
            }
            Op::Zeros => plain(vec![0.0; rows * node.width()])?,
            Op::Ones => plain(vec![1.0; rows * node.width()])?,
            Op::Scalar(c) => plain(vec![c as f32])?,
            Op::Weight => weight(0).try_reshape_like(&shape)?,
            Op::Spread => repeat(read(0), rows)?,
            Op::Reshape => read(0),
            Op::Gather { route } => pick(read(0), places(self.map(route)), 0.0)?,
            Op::Group { route, .. } if self.map(route).to.is_empty() => {
                zeros(device, shape)?.put_tape(T::default())
            }
            Op::Group { route, grouping } => group(read(0), self.map(route), grouping)?,
            Op::SoftmaxGroup { route } => softmax(read(0), self.map(route))?,
            Op::Embedding { classes, width } => {
                let table = weight(0).try_reshape_like(&(classes, width))?;
                pick(table, encode::places(&read(0).as_vec(), classes), 0.0)?
                    .try_reshape_like(&shape)?
            }
            Op::Lookup { table, width } => {
                let table = graph.tables.get(table).map_or(&[][..], |table| table);
                let count = table.len() / width.max(1);
                let at = encode::places(&read(0).as_vec(), count);
                let table = constant(device, table.to_vec(), (count, width))?;
                pick(table.put_tape(T::default()), at, 0.0)?.try_reshape_like(&shape)?
            }
            Op::OneHot { low, classes } => {
                plain(encode::one_hot(&read(0).as_vec(), low, classes))?
            }
            Op::Gaussians {
                count,
                low,
                high,
                width,
            } => {
                let centres = encode::centres(count, low, high);
                let centres = device.try_tensor_from_vec(centres, (count,))?;
                gaussians(read(0), centres, (1.0 / (width * width)) as f32)?
            }
            Op::Clamp { low, high } => read(0).try_clamp(low as f32, high as f32)?,
            Op::RangeScale => {
                let end = |k: usize| self.host(node.state.get(k)).first().copied();
                let (low, high) = (end(0).unwrap_or(0.0), end(1).unwrap_or(1.0));
                let factor = if high > low { 1.0 / (high - low) } else { 0.0 };
                shifted(read(0), low, factor)?
            }
            Op::Sqrt => read(0).try_sqrt()?,
            Op::Cbrt => cbrt(read(0))?,
            Op::Abs => abs(read(0))?,
            Op::Relu => relu(read(0))?,
            Op::LeakyRelu { slope } => leaky_relu(read(0), slope as f32)?,
            Op::Sigmoid => read(0).try_sigmoid()?,
            Op::Tanh => read(0).try_tanh()?,
            Op::Silu => silu(read(0))?,
            Op::Softplus => softplus(read(0))?,
            Op::Exp => read(0).try_exp()?,
            Op::Ln => read(0).try_ln()?,
            Op::Negate => read(0).try_negate()?,
            Op::Conv1d(conv) => {
                let signal = signal(sizes(0), &node.sizes);
                conv1d(read(0), weight(0), bias(), signal, conv)?
            }
            Op::AvgPool1d { width, stride } => {
                let signal = signal(sizes(0), &node.sizes);
                avg_pool1d(read(0), signal, (width, stride))?
            }
            Op::Add | Op::Subtract | Op::Multiply | Op::Divide => {
                let axes = |rows: usize, sizes: &[usize]| -> Vec<usize> {
                    std::iter::once(rows).chain(sizes.iter().copied()).collect()
                };
                let wanted = axes(rows, &node.sizes);
                let side = |which: usize| -> Made<D, Matrix<D, T>> {
                    let x = read(which);
                    let (own, _) = *x.shape();
                    widened(x, &axes(own, sizes(which)), &wanted)
                };
                arithmetic(node.op, side(0)?, side(1)?)?
            }
            Op::Concat => {
                let part = |which: usize| {
                    let width = sizes(which).last().copied().unwrap_or(1);
                    lines(read(which), width)
                };
                let rest: Vec<Matrix<D, T>> =
                    (1..node.inputs.len()).map(part).collect::<Result<_, _>>()?;
                concat(part(0)?, rest.into_iter())?.try_reshape_like(&shape)?
            }
            Op::Slice { start, stop } => {
                slice(read(0), last(), (start, stop))?.try_reshape_like(&shape)?
            }
            Op::Transpose => {
                let mut ends = sizes(0).iter().rev().copied();
                let wide = ends.next().unwrap_or(1);
                transposed(read(0), (ends.next().unwrap_or(1), wide))?
            }
            Op::SumLast => {
                let sums: Vector<D, T> =
                    lines(read(0), last())?.try_sum::<_, Axis<1>>()?;
                sums.try_reshape_like(&shape)?
            }
            Op::MeanLast => {
                let means: Vector<D, T> =
                    lines(read(0), last())?.try_mean::<_, Axis<1>>()?;
                means.try_reshape_like(&shape)?
            }
            Op::MaxLast => max_last(read(0), last())?,
            Op::SoftmaxLast => lines(read(0), last())?
                .try_softmax::<Axis<1>>()?
                .try_reshape_like(&shape)?,
            Op::BatchNorm { eps, .. } => {
                let x = lines(read(0), last())?;
                let (w, b) = (weight(0), weight(1));
                let y = match self.mode {
                    Mode::Predict | Mode::Ask(_) => {
                        self.normalised(node, x, w, b, eps)?
                    }
                    Mode::Learn(_) => {
                        let (y, seen) = batch_norm(x, w, b, eps)?;
                        self.statistics.push(Statistics { node: place, seen });
                        y
                    }
                };
                y.try_reshape_like(&shape)?
            }
            Op::LayerNorm { eps } => {
                let x = lines(read(0), last())?;
                layer_norm(x, weight(0), weight(1), eps)?.try_reshape_like(&shape)?
            }
            Op::Dropout { rate, site } => match self.mode {
                Mode::Learn(Some(masks)) | Mode::Ask(masks) => {
                    let dropout = Dropout { rate, site };
                    let mut mask = vec![1.0; rows * node.width()];
                    dropout.apply(masks.seed(&dropout), &mut mask);
                    read(0).try_mul(plain(mask)?)?
                }
                Mode::Learn(None) | Mode::Predict => read(0),
            },
            Op::Dense { units, .. } => {
                let w = weight(0).try_reshape_like(&(last(), units))?;
                dense(lines(read(0), last())?, w, bias())?.try_reshape_like(&shape)?
            }
        };
        Ok(Some(made))
    }

    /// A batch normalisation by the running statistics of its node.
    fn normalised(
        &self,
        node: &Node,
        x: Matrix<D, T>,
        w: Vector<D, T>,
        b: Vector<D, T>,
        eps: f64,
    ) -> Made<D, Matrix<D, T>> {
        let (count, channels) = *x.shape();
        let vector = |values: Vec<f32>| -> Made<D, Vector<D, T>> {
            let vector = self.device.try_tensor_from_vec(values, (channels,))?;
            Ok(vector.put_tape(T::default()))
        };
        let below: Vec<f32> = self.host(node.state.first()).iter().map(|m| -m).collect();
        let scale = |v: &f32| (1.0 / (f64::from(*v) + eps).sqrt()) as f32;
        let scales = self.host(node.state.get(1)).iter().map(scale).collect();
        let off = x.try_add(along(vector(below)?, count)?)?;
        affine(off, vector(scales)?, w, b)
    }

    /// A weight on the device, at the start of a tape.
    fn leaf(&self, ordinal: Option<&usize>) -> Vector<D, T> {
        let leaf = ordinal.and_then(|ordinal| self.leaves.get(*ordinal));
        let Some(leaf) = leaf else {
            unreachable!("the builder gives every node its weights");
        };
        leaf.clone().put_tape(T::default())
    }

    /// The numbers of a weight on the host.
    fn host(&self, ordinal: Option<&usize>) -> &[f32] {
        let buffer = ordinal.and_then(|ordinal| self.weights.get(*ordinal));
        buffer.map_or(&[], Buffer::values)
    }

    /// One of the batch's maps.
    fn map(&self, route: usize) -> &Map {
        static NONE: Map = Map::none();
        self.batch.maps.get(route).unwrap_or(&NONE)
    }
}

/// What a node reads as its input number `which`, at the start of a tape.
fn read<D: Device, T: Tape<f32, D>>(
    node: &Node,
    which: usize,
    values: &[Option<Matrix<D>>],
) -> Matrix<D, T> {
    let input = node.inputs.get(which);
    let value = input.and_then(|input| values.get(input.0)?.as_ref());
    let Some(value) = value else {
        unreachable!(
            "nodes stand after what they read, and all but groups have its rows"
        );
    };
    value.clone().put_tape(T::default())
}

/// The shape of a signal from the sizes of what is read and made.
fn signal(read: &[usize], made: &[usize]) -> Signal {
    let (&[length, channels], &[positions, _]) = (read, made) else {
        unreachable!("the builder gives signals two axes");
    };
    Signal {
        length,
        channels,
        positions,
    }
}
