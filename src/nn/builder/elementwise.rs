//! Operations on one number or on two at a time. In: nodes. Out: the node of the result,
//! or an error that names both shapes.

use super::super::failure::Failure;
use super::super::graph::{NodeId, Op};
use super::super::layers::spread;
use super::{GraphBuilder, layer, shape};

impl GraphBuilder {
    /// The number `value` for every row, without axes: it goes together with any shape.
    pub fn scalar(&mut self, label: &str, value: f64) -> Result<NodeId, Failure> {
        if !(value as f32).is_finite() {
            let problem = format!("{value} is no number that single precision can hold");
            return Err(layer(label, problem));
        }
        self.push(label, Op::Scalar(value), vec![], vec![], vec![])
    }

    /// a + b. Sizes must be equal or literally 1, the shorter shape aligned at the end.
    pub fn add(&mut self, label: &str, a: NodeId, b: NodeId) -> Result<NodeId, Failure> {
        self.pair(label, Op::Add, a, b)
    }

    /// a - b, with the rule of [`GraphBuilder::add`].
    pub fn subtract(
        &mut self,
        label: &str,
        a: NodeId,
        b: NodeId,
    ) -> Result<NodeId, Failure> {
        self.pair(label, Op::Subtract, a, b)
    }

    /// a·b, with the rule of [`GraphBuilder::add`].
    pub fn multiply(
        &mut self,
        label: &str,
        a: NodeId,
        b: NodeId,
    ) -> Result<NodeId, Failure> {
        self.pair(label, Op::Multiply, a, b)
    }

    /// a / b, with the rule of [`GraphBuilder::add`].
    pub fn divide(
        &mut self,
        label: &str,
        a: NodeId,
        b: NodeId,
    ) -> Result<NodeId, Failure> {
        self.pair(label, Op::Divide, a, b)
    }

    /// -x.
    pub fn negate(&mut self, label: &str, x: NodeId) -> Result<NodeId, Failure> {
        self.map(label, Op::Negate, x)
    }

    /// max(x, 0) on every number.
    pub fn relu(&mut self, label: &str, x: NodeId) -> Result<NodeId, Failure> {
        self.map(label, Op::Relu, x)
    }

    /// x, or `slope`·x below zero.
    pub fn leaky_relu(
        &mut self,
        label: &str,
        x: NodeId,
        slope: f64,
    ) -> Result<NodeId, Failure> {
        if !(slope >= 0.0 && (slope as f32).is_finite()) {
            let problem = format!("the slope must be at least 0 and finite, not {slope}");
            return Err(layer(label, problem));
        }
        self.map(label, Op::LeakyRelu { slope }, x)
    }

    /// 1 / (1 + e^-x) on every number.
    pub fn sigmoid(&mut self, label: &str, x: NodeId) -> Result<NodeId, Failure> {
        self.map(label, Op::Sigmoid, x)
    }

    /// The hyperbolic tangent of every number.
    pub fn tanh(&mut self, label: &str, x: NodeId) -> Result<NodeId, Failure> {
        self.map(label, Op::Tanh, x)
    }

    /// x·σ(x) on every number.
    pub fn silu(&mut self, label: &str, x: NodeId) -> Result<NodeId, Failure> {
        self.map(label, Op::Silu, x)
    }

    /// ln(1 + e^x) on every number.
    pub fn softplus(&mut self, label: &str, x: NodeId) -> Result<NodeId, Failure> {
        self.map(label, Op::Softplus, x)
    }

    /// e^x on every number.
    pub fn exp(&mut self, label: &str, x: NodeId) -> Result<NodeId, Failure> {
        self.map(label, Op::Exp, x)
    }

    /// The natural logarithm of every number.
    pub fn ln(&mut self, label: &str, x: NodeId) -> Result<NodeId, Failure> {
        self.map(label, Op::Ln, x)
    }

    /// The square root of every number.
    pub fn sqrt(&mut self, label: &str, x: NodeId) -> Result<NodeId, Failure> {
        self.map(label, Op::Sqrt, x)
    }

    /// The cube root of every number.
    pub fn cbrt(&mut self, label: &str, x: NodeId) -> Result<NodeId, Failure> {
        self.map(label, Op::Cbrt, x)
    }

    /// The size of every number without its sign.
    pub fn abs(&mut self, label: &str, x: NodeId) -> Result<NodeId, Failure> {
        self.map(label, Op::Abs, x)
    }

    /// What is below `low` becomes `low`, what is above `high` becomes `high`.
    pub fn clamp(
        &mut self,
        label: &str,
        x: NodeId,
        low: f64,
        high: f64,
    ) -> Result<NodeId, Failure> {
        if !(low <= high && (low as f32).is_finite() && (high as f32).is_finite()) {
            let problem = format!("{low} .. {high} is no range to keep numbers in");
            return Err(layer(label, problem));
        }
        self.map(label, Op::Clamp { low, high }, x)
    }

    pub(super) fn map(
        &mut self,
        label: &str,
        op: Op,
        x: NodeId,
    ) -> Result<NodeId, Failure> {
        let sizes = self.read(label, x)?;
        self.push(label, op, vec![x], sizes, vec![])
    }

    fn pair(
        &mut self,
        label: &str,
        op: Op,
        a: NodeId,
        b: NodeId,
    ) -> Result<NodeId, Failure> {
        let (left, right) = (self.read(label, a)?, self.read(label, b)?);
        if let (Some(x), Some(y)) = (self.constant(a), self.constant(b)) {
            return self.scalar(label, arithmetic(op, x, y));
        }
        let Some(sizes) = spread(&left, &right) else {
            let problem = format!(
                "{} and {} do not go together: sizes must be equal or 1, counted from \
                 the last",
                shape(&left),
                shape(&right)
            );
            return Err(layer(label, problem));
        };
        let inputs = self.together(label, &[a, b])?;
        self.push(label, op, inputs, sizes, vec![])
    }

    /// The number that a node is, if it is one.
    pub(super) fn constant(&self, x: NodeId) -> Option<f64> {
        match self.nodes.get(x.0)?.op {
            Op::Scalar(value) => Some(value),
            _ => None,
        }
    }
}

/// What an operation makes of two constants.
fn arithmetic(op: Op, x: f64, y: f64) -> f64 {
    match op {
        Op::Add => x + y,
        Op::Subtract => x - y,
        Op::Multiply => x * y,
        Op::Divide => x / y,
        _ => unreachable!("there are four operations on two numbers"),
    }
}
