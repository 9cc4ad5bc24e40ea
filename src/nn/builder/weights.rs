//! Makes the weights of layers, or finds those of a layer that is used again. In: a label
//! and what the layer needs. Out: ordinals.

use super::super::failure::Failure;
use super::super::graph::{Init, NodeId, Op, Start, WeightSpec};
use super::{GraphBuilder, count, layer, shape, too_large};

/// One tensor that a layer needs.
pub(super) struct Need {
    /// What follows the label in its name.
    pub(super) suffix: &'static str,
    pub(super) sizes: Vec<usize>,
    pub(super) start: Start,
    pub(super) decay: bool,
    pub(super) trained: bool,
}

impl GraphBuilder {
    /// Lets layers called `label` share their weights: the first makes them, each later one
    /// of the same kind and with weights of the same shapes uses them again, and their
    /// gradients add up. Without this a label used twice is an error.
    pub fn shared(&mut self, label: &str) {
        self.shared.insert(label.to_owned());
    }

    /// Says whether weight decay and the L2 penalty reach the weight of layer `x` (not its
    /// bias). By default they reach those of dense and convolution, and weights by
    /// themselves; not those of normalisations.
    pub fn set_decay(&mut self, x: NodeId, decay: bool) {
        let weights = self.nodes.get(x.0).map(|node| node.weights.as_slice());
        let first = weights.and_then(|all| all.first().copied());
        if let Some(spec) = first.and_then(|k| self.weights.get_mut(k)) {
            spec.decay = decay;
        }
    }

    /// A learnt tensor of shape `sizes`, the same for every row. Glorot takes its last two
    /// axes for outputs and inputs.
    pub fn weight(
        &mut self,
        label: &str,
        sizes: &[usize],
        init: Init,
    ) -> Result<NodeId, Failure> {
        if sizes.contains(&0) || count(sizes).is_none() {
            let problem = format!("a weight cannot have the shape {}", shape(sizes));
            return Err(layer(label, problem));
        }
        let mut ends = sizes.iter().rev().copied();
        let last = ends.next().unwrap_or(1);
        let before = ends.next().unwrap_or(1);
        let (weight, _) = starts(init, before, last);
        let need = Need {
            suffix: "weight",
            sizes: sizes.to_vec(),
            start: weight,
            decay: true,
            trained: true,
        };
        let weights = self.need(label, &Op::Weight, vec![need])?;
        self.push(label, Op::Weight, vec![], sizes.to_vec(), weights)
    }

    /// The weight of shape `sizes` (outputs last) and, if asked for, the bias.
    pub(super) fn affine(
        &mut self,
        label: &str,
        op: &Op,
        sizes: &[usize],
        bias: bool,
        init: Init,
    ) -> Result<Vec<usize>, Failure> {
        if count(sizes).is_none() {
            return Err(layer(label, too_large(sizes)));
        }
        let (outputs, field) = match sizes {
            [inputs, units] => (*units, (*inputs, *units)),
            [kernel, channels, filters] => {
                (*filters, (kernel * channels, kernel * filters))
            }
            _ => unreachable!("weights are dense (two axes) or conv1d (three)"),
        };
        let (weight, constant) = starts(init, field.0, field.1);
        let need = |suffix, sizes, start, decay| Need {
            suffix,
            sizes,
            start,
            decay,
            trained: true,
        };
        let mut needs = vec![need("weight", sizes.to_vec(), weight, true)];
        if bias {
            needs.push(need("bias", vec![outputs], constant, false));
        }
        self.need(label, op, needs)
    }

    /// The ordinals of the tensors that the layer `label` needs: new ones, or those of an
    /// earlier layer of that name, if it may share them.
    pub(super) fn need(
        &mut self,
        label: &str,
        op: &Op,
        needs: Vec<Need>,
    ) -> Result<Vec<usize>, Failure> {
        let mut owners = self.nodes.iter().filter(|node| node.label == label);
        if let Some(owner) = owners.find(|node| !node.weights.is_empty()) {
            if !self.shared.contains(label) {
                let problem = "another layer with weights has the same name";
                return Err(layer(label, problem));
            }
            let own = owner.weights.iter().chain(&owner.state).copied();
            let own: Vec<usize> = own.collect();
            let sizes = own.iter().filter_map(|k| self.weights.get(*k));
            let sizes: Vec<&[usize]> = sizes.map(|spec| spec.sizes.as_slice()).collect();
            let wanted: Vec<&[usize]> =
                needs.iter().map(|n| n.sizes.as_slice()).collect();
            let kind = std::mem::discriminant;
            if kind(&owner.op) != kind(op) || sizes != wanted {
                let problem = format!(
                    "it shares the weights of an earlier {} whose shapes are {sizes:?}, \
                     but this is a {} and needs {wanted:?}",
                    owner.op.words(),
                    op.words(),
                );
                return Err(layer(label, problem));
            }
            return Ok(own);
        }
        let first = self.weights.len();
        for need in needs {
            self.weights.push(WeightSpec {
                ordinal: self.weights.len(),
                name: format!("{label}.{}", need.suffix),
                sizes: need.sizes,
                start: need.start,
                decay: need.decay,
                trained: need.trained,
            });
        }
        Ok((first..self.weights.len()).collect())
    }
}

/// How a weight and its bias begin.
pub(super) fn starts(init: Init, inputs: usize, outputs: usize) -> (Start, Start) {
    let (fan_in, fan_out) = (inputs as f64, outputs as f64);
    match init {
        Init::Glorot => {
            let limit = (6.0 / (fan_in + fan_out)).sqrt() as f32;
            (Start::Uniform { limit }, Start::Constant(0.0))
        }
        Init::Kaiming => {
            let limit = (1.0 / fan_in.sqrt()) as f32;
            (Start::Uniform { limit }, Start::Uniform { limit })
        }
        Init::Constant(c) => (Start::Constant(c), Start::Constant(0.0)),
        Init::Uniform(limit) => (Start::Uniform { limit }, Start::Constant(0.0)),
        Init::Orthogonal => (Start::Orthogonal, Start::Constant(0.0)),
    }
}
