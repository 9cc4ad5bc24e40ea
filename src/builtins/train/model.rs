//! A trained model in a run: one network or several, and what they say of rows.

use std::sync::Arc;

use super::failed::{not_finite, row_failed};
use super::score::read;
use super::{lost, network};
use crate::builtins::fed::Fed;
use crate::builtins::layers::lower;
use crate::diagnostic::Problem;
use crate::draw::Draws;
use crate::ir::{Call, Network};
use crate::nn::{self, Graph, TargetScale, Weights};
use crate::plan::{NodeId, Plan, Work as Planned};
use crate::run::{Dataset, Runner, Value};
use crate::source::Span;

/// One network with its weights.
pub struct Member {
    /// The layers.
    pub network: Arc<Network>,
    /// The same, built.
    pub graph: Graph,
    /// Its weights.
    pub weights: Weights,
    /// The scale of its targets.
    pub scale: TargetScale,
    /// How often it is asked with its dropout left on; none where it is asked once,
    /// without.
    pub passes: Option<Passes>,
}

/// How a network is asked with its dropout left on.
#[derive(Clone, Copy, Debug)]
pub struct Passes {
    /// How often.
    pub count: usize,
    /// What is dropped.
    pub draws: Draws,
}

impl Member {
    /// What it says of rows, in the target's unit: mean and variance of its passes.
    fn say(
        &self,
        rows: &Fed,
        threads: &nn::Threads,
    ) -> Result<Vec<(f64, f64)>, nn::Failure> {
        let (graph, weights) = (&self.graph, &self.weights);
        let (said, passes) = match self.passes {
            None => (nn::predict(graph, weights, rows.features(), threads), 1),
            Some(Passes { count, draws }) => {
                let features = rows.features();
                let said =
                    nn::predict_dropped(graph, weights, features, count, draws, threads);
                (said, count)
            }
        };
        let said = said?;
        let restored = said.iter().map(|x| self.scale.restored(f64::from(*x)));
        let restored: Vec<f64> = restored.collect();
        Ok(restored
            .chunks(passes.max(1))
            .map(mean_and_variance)
            .collect())
    }
}

/// A trained model.
pub struct Model {
    /// Its networks: one, unless it is an ensemble.
    pub members: Vec<Member>,
    /// The rows the first was trained on.
    pub data: Arc<Dataset>,
    /// What the spread is multiplied by to be an uncertainty; none where one network is
    /// asked once.
    pub factor: Option<f64>,
}

/// What a model says of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Said {
    /// The mean of its members' predictions, in the target's unit.
    pub mean: f64,
    /// Their standard deviation: the variance of their means (n - 1 in the denominator)
    /// and the mean of the variances of their passes, together. 0 for one asked once.
    pub spread: f64,
}

/// The `train` or `import_weights` call whose settings a node's model has, and that call's
/// node; of an ensemble those of its first member.
pub fn training<'a>(
    runner: &mut Runner<'a>,
    of: NodeId,
    span: Span,
) -> Result<(NodeId, &'a Call), Problem> {
    let plan = runner.plan;
    let mut at = of;
    loop {
        at = made_by(runner, at, span)?;
        if let Some(call) = plan.call(at).filter(|call| call.trains()) {
            return Ok((at, call));
        }
        let input = plan.node(at).and_then(|node| node.inputs.first());
        let input = *input.ok_or_else(|| lost(span))?;
        let members = members_of(runner, input, span)?;
        at = members.first().copied().ok_or_else(|| lost(span))?;
    }
}

/// The trainings that a node's model may come from, in the order in which the checker
/// counts them: one, or that of each cell it is chosen from.
pub fn trainings(plan: &Plan, of: NodeId) -> Vec<NodeId> {
    let Some(node) = plan.node(of) else {
        return Vec::new();
    };
    match &node.work {
        Planned::Verb(call) if call.trains() => vec![of],
        Planned::Cells(_) => {
            let cells = node.inputs.iter();
            cells.flat_map(|cell| trainings(plan, *cell)).collect()
        }
        Planned::Verb(_) | Planned::Part(_) => {
            let input = node.inputs.first();
            input.map_or(vec![], |input| trainings(plan, *input))
        }
    }
}

/// The data sets that a node's model was trained on, each with its parts: one, or that of
/// each member. Weights that were imported were trained elsewhere.
pub fn trained_on(
    runner: &mut Runner<'_>,
    of: NodeId,
    span: Span,
) -> Result<Vec<Arc<Dataset>>, Problem> {
    let plan = runner.plan;
    let of = made_by(runner, of, span)?;
    let call = plan.call(of).ok_or_else(|| lost(span))?;
    if call.short_name() == "import_weights" {
        return Ok(Vec::new());
    }
    // What `refit` trains on is not what the model it begins with was trained on.
    if call.trains() || call.short_name() == "refit" {
        return Ok(vec![runner.dataset(of)?]);
    }
    let inputs = plan.node(of).map_or(&[][..], |node| &node.inputs);
    let mut all: Vec<Arc<Dataset>> = Vec::new();
    for input in inputs {
        for member in members_of(runner, *input, span)? {
            for data in trained_on(runner, member, span)? {
                if !all.iter().any(|known| Arc::ptr_eq(known, &data)) {
                    all.push(data);
                }
            }
        }
    }
    Ok(all)
}

/// The node that made a model, behind its scores and behind the choice among others.
pub fn made_by(
    runner: &mut Runner<'_>,
    of: NodeId,
    span: Span,
) -> Result<NodeId, Problem> {
    let plan = runner.plan;
    let mut at = of;
    loop {
        at = match plan.call(at).map(Call::short_name) {
            Some("pick") => {
                let chosen = runner.value(at)?;
                node_of(plan, &chosen).ok_or_else(|| lost(span))?
            }
            Some("evaluate") => runner
                .plan
                .node(at)
                .and_then(|node| node.inputs.first().copied())
                .ok_or_else(|| lost(span))?,
            _ => return Ok(at),
        };
    }
}

/// The node of a model that came out of a table: its key says which.
fn node_of(plan: &Plan, model: &Value) -> Option<NodeId> {
    let key = match model {
        Value::Evaluated(artifact) | Value::Trained(artifact, _) => artifact.key,
        _ => return None,
    };
    let found = plan
        .nodes
        .iter()
        .position(|node| node.key == *key.as_bytes());
    found.map(NodeId)
}

/// The nodes of the models that a node has: itself, or of a table those in its rows.
pub fn members_of(
    runner: &mut Runner<'_>,
    of: NodeId,
    span: Span,
) -> Result<Vec<NodeId>, Problem> {
    let Value::Table(table) = runner.value(of)? else {
        return Ok(vec![of]);
    };
    let nodes = table.cells.iter().map(|cell| node_of(runner.plan, cell));
    nodes.collect::<Option<_>>().ok_or_else(|| lost(span))
}

/// The model of a node: of a training, of its scores, of an ensemble.
pub fn model(runner: &mut Runner<'_>, of: NodeId, span: Span) -> Result<Model, Problem> {
    let plan = runner.plan;
    let of = made_by(runner, of, span)?;
    let Some(node) = plan.node(of) else {
        return Err(lost(span));
    };
    let name = plan.call(of).map_or("", Call::short_name);
    let Value::Trained(artifact, data) = runner.value(of)? else {
        return Err(lost(span));
    };
    if name == "mc_dropout" {
        let input = node.inputs.first().ok_or_else(|| lost(span))?;
        let asked = super::mc_dropout::passes(runner, of).ok_or_else(|| lost(span))?;
        let mut model = model(runner, *input, span)?;
        for member in &mut model.members {
            member.passes = Some(asked);
        }
        model.factor = Some(super::ensemble::factor(&artifact, span)?);
        return Ok(model);
    }
    if name == "ensemble" {
        let factor = super::ensemble::factor(&artifact, span)?;
        let members = super::ensemble::members(runner, &node.inputs, span)?;
        return Ok(Model {
            members,
            data,
            factor: Some(factor),
        });
    }
    let (_, call) = training(runner, of, span)?;
    let network = network(call, span)?.clone();
    let graph = lower(&network)?;
    let (weights, course) = read(&artifact, &graph, span)?;
    let scale = course.scale();
    let member = Member {
        network,
        graph,
        weights,
        scale,
        passes: None,
    };
    Ok(Model {
        members: vec![member],
        data,
        factor: None,
    })
}

impl Model {
    /// What the model says of the rows at those positions.
    pub fn say(
        &self,
        data: &Dataset,
        at: &[usize],
        threads: &nn::Threads,
        span: Span,
    ) -> Result<Vec<Said>, Problem> {
        say(&self.members, data, at, threads, span)
    }
}

/// What these networks say of the rows at those positions.
///
/// # Errors
/// A row that a network cannot be fed, or of which it says no finite number.
pub fn say(
    members: &[Member],
    data: &Dataset,
    at: &[usize],
    threads: &nn::Threads,
    span: Span,
) -> Result<Vec<Said>, Problem> {
    if at.is_empty() {
        return Ok(Vec::new());
    }
    let features = data.features.as_ref().ok_or_else(|| lost(span))?;
    let mut all: Vec<Vec<(f64, f64)>> = vec![Vec::with_capacity(members.len()); at.len()];
    for member in members {
        let rows = Fed::of(features, at, &member.network.inputs);
        let rows = rows.ok_or_else(|| lost(span))?;
        let said = member.say(&rows, threads);
        let said = said.map_err(|failure| row_failed(&failure, span, data, at))?;
        for (row, x) in all.iter_mut().zip(said) {
            row.push(x);
        }
    }
    let said: Vec<Said> = all.iter().map(|row| together(row)).collect();
    let bad = said
        .iter()
        .position(|x| !(x.mean.is_finite() && x.spread.is_finite()));
    match bad.and_then(|place| data.rows.get(*at.get(place)?)) {
        Some(row) => Err(not_finite(&row.id, span)),
        None => Ok(said),
    }
}

/// What members of these means and variances say together.
fn together(said: &[(f64, f64)]) -> Said {
    let means: Vec<f64> = said.iter().map(|(mean, _)| *mean).collect();
    let (mean, between) = mean_and_variance(&means);
    let within = said.iter().map(|(_, variance)| variance).sum::<f64>();
    let spread = (between + within / said.len().max(1) as f64).sqrt();
    Said { mean, spread }
}

/// The mean, and the variance with n - 1 in the denominator; 0 for one number.
fn mean_and_variance(numbers: &[f64]) -> (f64, f64) {
    // A mean of one is that one, to the last bit.
    if let [one] = numbers {
        return (*one, 0.0);
    }
    let count = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    let squares: f64 = numbers.iter().map(|x| (x - mean) * (x - mean)).sum();
    (mean, squares / (count - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_that_between_members_and_within_their_passes() {
        let of = |said: &[(f64, f64)]| {
            let said = together(said);
            (said.mean, said.spread)
        };
        assert_eq!(of(&[(3.0, 0.0)]), (3.0, 0.0));
        assert_eq!(of(&[(3.0, 4.0)]), (3.0, 2.0));
        assert_eq!(of(&[(1.0, 0.0), (3.0, 0.0)]), (2.0, 2.0f64.sqrt()));
        // Variance 2 between the means, (3 + 5) / 2 within.
        assert_eq!(of(&[(1.0, 3.0), (3.0, 5.0)]), (2.0, 6.0f64.sqrt()));
        assert_eq!(mean_and_variance(&[1.0, 2.0, 6.0]), (3.0, 7.0));
    }
}
