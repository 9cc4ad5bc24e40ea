//! Normalisations. In: a node. Out: the node of the same shape, with its weights.

use super::super::failure::Failure;
use super::super::graph::{NodeId, Op, Start};
use super::weights::Need;
use super::{GraphBuilder, layer};

impl GraphBuilder {
    /// Batch normalisation over all axes but the last. torch's `eps` is 1e-5 and its
    /// `momentum`, the share of a batch in the running statistics, 0.1. The weights are
    /// `LABEL.weight` (ones) and `LABEL.bias` (zeros), the running statistics
    /// `LABEL.running_mean` (zeros) and `LABEL.running_var` (ones).
    pub fn batch_norm(
        &mut self,
        label: &str,
        x: NodeId,
        eps: f64,
        momentum: f64,
    ) -> Result<NodeId, Failure> {
        let (_, last) = self.ends(label, x)?;
        above_zero(label, eps)?;
        if !(momentum > 0.0 && momentum <= 1.0) {
            let problem =
                format!("the momentum must be above 0 and at most 1, not {momentum}");
            return Err(layer(label, problem));
        }
        let op = Op::BatchNorm { eps, momentum };
        let needs = vec![
            need("weight", last, 1.0, true),
            need("bias", last, 0.0, true),
            need("running_mean", last, 0.0, false),
            need("running_var", last, 1.0, false),
        ];
        let weights = self.need(label, &op, needs)?;
        let sizes = self.read(label, x)?;
        self.push(label, op, vec![x], sizes, weights)
    }

    /// Layer normalisation along the last axis. torch's `eps` is 1e-5.
    pub fn layer_norm(
        &mut self,
        label: &str,
        x: NodeId,
        eps: f64,
    ) -> Result<NodeId, Failure> {
        let (_, last) = self.ends(label, x)?;
        above_zero(label, eps)?;
        let op = Op::LayerNorm { eps };
        let needs = vec![
            need("weight", last, 1.0, true),
            need("bias", last, 0.0, true),
        ];
        let weights = self.need(label, &op, needs)?;
        let sizes = self.read(label, x)?;
        self.push(label, op, vec![x], sizes, weights)
    }
}

/// A tensor with one number per place of the last axis.
fn need(suffix: &'static str, places: usize, start: f32, trained: bool) -> Need {
    Need {
        suffix,
        sizes: vec![places],
        start: Start::Constant(start),
        decay: false,
        trained,
    }
}

fn above_zero(label: &str, eps: f64) -> Result<(), Failure> {
    if eps > 0.0 && eps.is_finite() {
        return Ok(());
    }
    let problem = format!("eps must be above 0 and finite, not {eps}");
    Err(layer(label, problem))
}
