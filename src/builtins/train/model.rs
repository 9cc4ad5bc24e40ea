//! A trained model in a run: one network or several, and what they say of rows.

use std::sync::Arc;

use super::failed::training_failed;
use super::score::read;
use super::{lost, network};
use crate::builtins::fed::Fed;
use crate::builtins::layers::lower;
use crate::diagnostic::Problem;
use crate::ir::{Call, Network};
use crate::nn::{self, Graph, TargetScale, Weights};
use crate::plan::{NodeId, Plan, Work as Planned};
use crate::run::{Dataset, Features, Runner, Value};
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
}

impl Member {
    /// What it says of rows, in the target's unit.
    fn say(
        &self,
        rows: &Fed,
        threads: &nn::Threads,
        span: Span,
    ) -> Result<Vec<f64>, Problem> {
        let said = nn::predict(&self.graph, &self.weights, rows.features(), threads)
            .map_err(|failure| training_failed(&failure, span))?;
        let restored = said.into_iter();
        Ok(restored
            .map(|x| self.scale.restored(f64::from(x)))
            .collect())
    }
}

/// A trained model.
pub struct Model {
    /// Its networks: one, unless it is an ensemble.
    pub members: Vec<Member>,
    /// The rows the first was trained on.
    pub data: Arc<Dataset>,
    /// What the spread of the members is multiplied by to be an uncertainty.
    pub factor: Option<f64>,
}

/// What a model says of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Said {
    /// The mean of its members' predictions, in the target's unit.
    pub mean: f64,
    /// Their standard deviation (n - 1 in the denominator); 0 for one member.
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
    };
    Ok(Model {
        members: vec![member],
        data,
        factor: None,
    })
}

impl Model {
    /// What the model says of the rows at those positions of these features.
    pub fn say(
        &self,
        features: &Features,
        at: &[usize],
        threads: &nn::Threads,
        span: Span,
    ) -> Result<Vec<Said>, Problem> {
        say(&self.members, features, at, threads, span)
    }
}

/// What these networks say of the rows at those positions.
pub fn say(
    members: &[Member],
    features: &Features,
    at: &[usize],
    threads: &nn::Threads,
    span: Span,
) -> Result<Vec<Said>, Problem> {
    if at.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Fed::of(features, at);
    let mut all: Vec<Vec<f64>> = vec![Vec::with_capacity(members.len()); at.len()];
    for member in members {
        for (row, x) in all.iter_mut().zip(member.say(&rows, threads, span)?) {
            row.push(x);
        }
    }
    Ok(all.iter().map(|row| together(row)).collect())
}

fn together(said: &[f64]) -> Said {
    let count = said.len() as f64;
    let mean = match said {
        // A mean of one is that one, to the last bit.
        [one] => *one,
        all => all.iter().sum::<f64>() / count,
    };
    let squares: f64 = said.iter().map(|x| (x - mean) * (x - mean)).sum();
    let spread = if said.len() < 2 {
        0.0
    } else {
        (squares / (count - 1.0)).sqrt()
    };
    Said { mean, spread }
}
