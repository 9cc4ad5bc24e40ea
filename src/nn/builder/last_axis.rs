//! Operations along the last axis, or the last two. In: nodes. Out: the node of the
//! result, or an error that names the shapes.

use super::super::failure::Failure;
use super::super::graph::{NodeId, Op};
use super::{GraphBuilder, layer, shape};

impl GraphBuilder {
    /// The inputs side by side along the last axis; their other sizes must be equal.
    pub fn concat(&mut self, label: &str, inputs: &[NodeId]) -> Result<NodeId, Failure> {
        let Some((&first, rest)) = inputs.split_first() else {
            return Err(layer(label, "there is nothing to put side by side"));
        };
        let (mut sizes, mut all) = self.ends(label, first)?;
        for &x in rest {
            let (others, last) = self.ends(label, x)?;
            if others != sizes {
                let problem = format!(
                    "{} and {} cannot stand side by side: all sizes but the last must \
                     be equal",
                    shape(self.sizes(first)),
                    shape(self.sizes(x))
                );
                return Err(layer(label, problem));
            }
            all = all.saturating_add(last);
        }
        sizes.push(all);
        let inputs = self.together(label, inputs)?;
        self.push(label, Op::Concat, inputs, sizes, vec![])
    }

    /// Places `start` to `stop` (excluded) of the last axis.
    pub fn slice(
        &mut self,
        label: &str,
        x: NodeId,
        start: usize,
        stop: usize,
    ) -> Result<NodeId, Failure> {
        let (mut sizes, last) = self.ends(label, x)?;
        if start >= stop || stop > last {
            let problem = format!(
                "{start} to {stop} is no part of the last axis of {}: it must hold \
                 0 <= start < stop <= {last}",
                shape(self.sizes(x))
            );
            return Err(layer(label, problem));
        }
        sizes.push(stop - start);
        self.push(label, Op::Slice { start, stop }, vec![x], sizes, vec![])
    }

    /// The last two axes exchanged.
    pub fn transpose(&mut self, label: &str, x: NodeId) -> Result<NodeId, Failure> {
        let mut sizes = self.read(label, x)?;
        let [.., a, b] = sizes.as_mut_slice() else {
            let problem = format!(
                "it exchanges the last two axes, its input is {}",
                shape(&sizes)
            );
            return Err(layer(label, problem));
        };
        std::mem::swap(a, b);
        self.push(label, Op::Transpose, vec![x], sizes, vec![])
    }

    /// The sum over the last axis, which stays with size 1.
    pub fn sum_last(&mut self, label: &str, x: NodeId) -> Result<NodeId, Failure> {
        let (mut sizes, _) = self.ends(label, x)?;
        sizes.push(1);
        self.push(label, Op::SumLast, vec![x], sizes, vec![])
    }

    /// The mean over the last axis, which stays with size 1.
    pub fn mean_last(&mut self, label: &str, x: NodeId) -> Result<NodeId, Failure> {
        let (mut sizes, _) = self.ends(label, x)?;
        sizes.push(1);
        self.push(label, Op::MeanLast, vec![x], sizes, vec![])
    }

    /// The largest number of the last axis, which stays with size 1.
    pub fn max_last(&mut self, label: &str, x: NodeId) -> Result<NodeId, Failure> {
        let (mut sizes, _) = self.ends(label, x)?;
        sizes.push(1);
        self.push(label, Op::MaxLast, vec![x], sizes, vec![])
    }

    /// Shares along the last axis: e^x over its sum.
    pub fn softmax_last(&mut self, label: &str, x: NodeId) -> Result<NodeId, Failure> {
        let (mut sizes, last) = self.ends(label, x)?;
        sizes.push(last);
        self.push(label, Op::SoftmaxLast, vec![x], sizes, vec![])
    }

    /// All sizes of a node but the last, and the last.
    pub(super) fn ends(
        &self,
        label: &str,
        x: NodeId,
    ) -> Result<(Vec<usize>, usize), Failure> {
        let mut sizes = self.read(label, x)?;
        match sizes.pop() {
            Some(last) => Ok((sizes, last)),
            None => Err(layer(label, "its input has no axis to act along")),
        }
    }
}
