//! How far rows are from those a model was trained on, in the space its last layer sees.

use std::sync::Arc;

use rayon::prelude::*;

use super::ensemble::quantile;
use super::failed::training_failed;
use super::model::{Member, Model};
use crate::builtins::fed::Fed;
use crate::builtins::layers::{is_grouping, lower};
use crate::diagnostic::Problem;
use crate::ir::{Expr, Input, Kind, Network};
use crate::nn::{self, Graph, Weights};
use crate::run::{Features, Part};
use crate::source::Span;

/// The share of the rows the model was judged by that are in its domain.
const INSIDE: f64 = 0.95;

/// The training rows as the last layer sees them.
pub struct Domain {
    /// What the network is fed.
    inputs: Vec<Input>,
    graph: Graph,
    weights: Weights,
    width: usize,
    points: Vec<f32>,
    /// Half of the training rows are as near as this to another one.
    usual: f64,
    /// Rows farther than this, as a multiple of what is usual, are outside.
    pub limit: f64,
}

impl Domain {
    /// The domain of a model's first network; none when no one dense layer over rows is its
    /// last (see [`last_dense`]), or there are fewer than two training rows.
    pub fn of(
        model: &Model,
        threads: &nn::Threads,
        span: Span,
    ) -> Result<Option<Domain>, Problem> {
        let Some(member) = model.members.first() else {
            return Ok(None);
        };
        let Some((graph, weights)) = before_last(member)? else {
            return Ok(None);
        };
        let width = graph.output_width();
        let train = model.data.positions(Part::Train);
        let Some(features) = &model.data.features else {
            return Ok(None);
        };
        if train.len() < 2 {
            return Ok(None);
        }
        let mut domain = Domain {
            inputs: member.network.inputs.clone(),
            graph,
            weights,
            width,
            points: Vec::new(),
            usual: 1.0,
            limit: f64::INFINITY,
        };
        domain.points = domain.seen(features, &train, threads, span)?;
        let own = threads.run(|| domain.nearest(&domain.points, true));
        let middle = quantile(own.clone(), 0.5).unwrap_or(0.0);
        // Where half of the rows are seen alike the smallest distance above 0 counts.
        let above = own.iter().copied().filter(|x| *x > 0.0);
        domain.usual = match middle > 0.0 {
            true => middle,
            false => above.fold(f64::INFINITY, f64::min),
        };
        if !domain.usual.is_finite() {
            domain.usual = 1.0;
        }
        let val = model.data.positions(Part::Val);
        let judged = match val.is_empty() {
            true => own.iter().map(|x| x / domain.usual).collect(),
            false => domain.distances(features, &val, threads, span)?,
        };
        domain.limit = quantile(judged, INSIDE).unwrap_or(f64::INFINITY);
        Ok(Some(domain))
    }

    /// How far rows are from the nearest training row, as a multiple of what is usual.
    pub fn distances(
        &self,
        features: &Features,
        at: &[usize],
        threads: &nn::Threads,
        span: Span,
    ) -> Result<Vec<f64>, Problem> {
        let seen = self.seen(features, at, threads, span)?;
        let nearest = threads.run(|| self.nearest(&seen, false));
        Ok(nearest.into_iter().map(|x| x / self.usual).collect())
    }

    fn seen(
        &self,
        features: &Features,
        at: &[usize],
        threads: &nn::Threads,
        span: Span,
    ) -> Result<Vec<f32>, Problem> {
        if at.is_empty() {
            return Ok(Vec::new());
        }
        let rows = Fed::of(features, at, &self.inputs);
        let rows = rows.ok_or_else(|| super::lost(span))?;
        nn::predict(&self.graph, &self.weights, rows.features(), threads)
            .map_err(|failure| training_failed(&failure, span))
    }

    /// The distance of each point to the nearest training row; of training rows, to the
    /// nearest other one.
    fn nearest(&self, points: &[f32], own: bool) -> Vec<f64> {
        let all = points.par_chunks(self.width.max(1)).enumerate();
        all.map(|(k, point)| {
            let train = self.points.chunks(self.width.max(1)).enumerate();
            let others = train.filter(|(other, _)| !own || *other != k);
            let squares = others.map(|(_, other)| {
                let pairs = point.iter().zip(other);
                pairs
                    .map(|(a, b)| f64::from(a - b) * f64::from(a - b))
                    .sum::<f64>()
            });
            squares.fold(f64::INFINITY, f64::min).sqrt()
        })
        .collect()
    }
}

/// What the last dense layer reads: that before which, seen from the output, each operation
/// takes one tensor.
fn last_dense(expr: &Arc<Expr>) -> Option<&Arc<Expr>> {
    match &expr.kind {
        Kind::Unary(_, of) | Kind::Shown(of, _) => last_dense(of),
        Kind::Binary(_, a, b) => match (&a.kind, &b.kind) {
            (Kind::Static(_), _) => last_dense(b),
            (_, Kind::Static(_)) => last_dense(a),
            _ => None,
        },
        Kind::Call(call) => match (call.short_name(), call.inputs.as_slice()) {
            ("dense", [input]) => Some(input),
            // The numbers of a row of another domain are no point for each row.
            (name, _) if is_grouping(name) => None,
            (_, [input]) => last_dense(input),
            _ => None,
        },
        _ => None,
    }
}

/// The network up to what its last dense layer reads, and its weights.
fn before_last(member: &Member) -> Result<Option<(Graph, Weights)>, Problem> {
    let Some(input) = last_dense(&member.network.output) else {
        return Ok(None);
    };
    let inner = Network {
        output: input.clone(),
        ..(*member.network).clone()
    };
    let graph = lower(&inner)?;
    let arrays = graph.weights().iter().filter_map(|spec| {
        let (sizes, values) = member.weights.get(&spec.name)?;
        Some((spec.name.clone(), sizes.to_vec(), values.to_vec()))
    });
    let weights = Weights::from_arrays(&graph, arrays.collect());
    let weights = weights.map_err(|failure| training_failed(&failure, inner.span))?;
    Ok(Some((graph, weights)))
}
