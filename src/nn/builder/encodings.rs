//! Numbers made of numbers by a fixed or learnt table or curve. In: a node. Out: the node
//! with one more axis, or an error.

use std::sync::Arc;

use super::super::failure::Failure;
use super::super::graph::{Init, NodeId, Op, Start};
use super::weights::{Need, starts};
use super::{GraphBuilder, layer, positive};

impl GraphBuilder {
    /// A row of `width` learnt numbers for each class 0 to `classes - 1`. `x` must be a
    /// field of whole numbers, so that the data can be looked at before anything runs.
    pub fn embedding(
        &mut self,
        label: &str,
        x: NodeId,
        classes: usize,
        width: usize,
        init: Init,
    ) -> Result<NodeId, Failure> {
        positive(label, "classes", classes)?;
        positive(label, "width", width)?;
        self.whole(label, x)?;
        let op = Op::Embedding { classes, width };
        let (start, _) = starts(init, classes, width);
        let need = Need {
            suffix: "weight",
            sizes: vec![classes, width],
            start,
            decay: false,
            trained: true,
        };
        let weights = self.need(label, &op, vec![need])?;
        let mut sizes = self.read(label, x)?;
        sizes.push(width);
        self.push(label, op, vec![x], sizes, weights)
    }

    /// A row of `table`, `width` numbers long, for each whole number; zeros outside it.
    pub fn lookup(
        &mut self,
        label: &str,
        x: NodeId,
        table: Arc<Vec<f32>>,
        width: usize,
    ) -> Result<NodeId, Failure> {
        positive(label, "width", width)?;
        self.whole(label, x)?;
        if !table.len().is_multiple_of(width) || table.iter().any(|x| !x.is_finite()) {
            let problem = format!("its table is not made of rows of {width} numbers");
            return Err(layer(label, problem));
        }
        let known = self.tables.iter().position(|known| *known == table);
        let table = known.unwrap_or_else(|| {
            self.tables.push(table);
            self.tables.len() - 1
        });
        let mut sizes = self.read(label, x)?;
        sizes.push(width);
        self.push(label, Op::Lookup { table, width }, vec![x], sizes, vec![])
    }

    /// A 1 at the place of each whole number among `low`, `low` + 1, …; else zeros.
    pub fn one_hot(
        &mut self,
        label: &str,
        x: NodeId,
        low: i64,
        classes: usize,
    ) -> Result<NodeId, Failure> {
        positive(label, "classes", classes)?;
        let mut sizes = self.read(label, x)?;
        sizes.push(classes);
        self.push(label, Op::OneHot { low, classes }, vec![x], sizes, vec![])
    }

    /// `count` Gaussians e^(-(x - c)²/width²) with centres from `low` to `high`.
    pub fn gaussians(
        &mut self,
        label: &str,
        x: NodeId,
        count: usize,
        span: (f64, f64),
        width: f64,
    ) -> Result<NodeId, Failure> {
        positive(label, "count", count)?;
        let (low, high) = span;
        let holds = low.is_finite() && high.is_finite() && width > 0.0;
        if !(holds && width.is_finite()) {
            let problem = format!(
                "centres from {low} to {high} and a width of {width} make no Gaussians"
            );
            return Err(layer(label, problem));
        }
        let op = Op::Gaussians {
            count,
            low,
            high,
            width,
        };
        let mut sizes = self.read(label, x)?;
        sizes.push(count);
        self.push(label, op, vec![x], sizes, vec![])
    }

    /// (x - low)/(high - low), where `LABEL.low` and `LABEL.high` are the least and the
    /// largest x of the training rows.
    pub fn range_scale(&mut self, label: &str, x: NodeId) -> Result<NodeId, Failure> {
        let end = |suffix, start| Need {
            suffix,
            sizes: vec![1],
            start: Start::Constant(start),
            decay: false,
            trained: false,
        };
        let needs = vec![end("low", 0.0), end("high", 1.0)];
        let weights = self.need(label, &Op::RangeScale, needs)?;
        let sizes = self.read(label, x)?;
        self.push(label, Op::RangeScale, vec![x], sizes, weights)
    }

    /// An error unless `x` is a field of whole numbers.
    fn whole(&self, label: &str, x: NodeId) -> Result<(), Failure> {
        match self.nodes.get(x.0).map(|node| node.op) {
            Some(Op::Input(field)) if field.is_whole() => Ok(()),
            _ => Err(layer(
                label,
                "it takes whole numbers of the crystal, such as `species`, as they are",
            )),
        }
    }
}
