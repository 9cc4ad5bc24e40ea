//! Crystals that lie on both sides of a split, or are tested after a model has learned them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::train::trained_on;
use crate::chem::fingerprint::{Fingerprint, fingerprint};
use crate::diagnostic::{Code, Problem};
use crate::ir::Call;
use crate::plan::NodeId;
use crate::run::store::{Found, Key};
use crate::run::{Dataset, Part, Runner, Work, store_problem};
use crate::source::Span;

/// Structures nearer than this are one crystal: what `deduplicate()` takes too, Å.
const TOLERANCE: f64 = 0.1;
/// Pairs that a message names.
const NAMED: usize = 4;
/// The file of a split that holds its pairs.
const PAIRS: &str = "overlap.json";

/// Pairs of rows by id: one that is tested or held out, and a training row.
type Pairs = Vec<(String, String)>;

/// The fingerprints of all rows; none for a row whose cell has none.
pub(super) fn fingerprints(data: &Dataset) -> Vec<Option<Fingerprint>> {
    data.rows
        .par_iter()
        .map(|row| fingerprint(&row.structure).ok())
        .collect()
}

/// Positions of rows by formula: only those of one formula can be one crystal.
pub(super) fn by_formula(
    prints: &[Option<Fingerprint>],
) -> BTreeMap<&str, Vec<(usize, &Fingerprint)>> {
    let mut groups: BTreeMap<&str, Vec<(usize, &Fingerprint)>> = BTreeMap::new();
    for (at, print) in prints.iter().enumerate() {
        if let Some(print) = print {
            groups.entry(&print.formula).or_default().push((at, print));
        }
    }
    groups
}

/// Warn of crystals that lie in the part set aside and among the training rows.
pub(super) fn warn_of_overlap(
    runner: &mut Runner<'_>,
    work: &Work<'_>,
    data: &Dataset,
    parts: &[Part],
    aside: Part,
) -> Result<(), Problem> {
    let pairs = found_once(runner, work, |_| Ok(overlap(data, parts, aside)))?;
    runner.warnings.extend(on_both_sides(&pairs, work.span));
    Ok(())
}

fn on_both_sides(pairs: &Pairs, span: Span) -> Option<Problem> {
    let title = match pairs.len() {
        0 => return None,
        1 => "a crystal lies on both sides of this split".to_string(),
        count => format!("{count} crystals lie on both sides of this split"),
    };
    let problem = Problem::new(Code::W0502, title, span, "rows set aside here")
        .note(format!("nearly the same: {}", named(pairs)))
        .help(
            "scores will be better than they should; `|> deduplicate()` before the split \
             keeps one of each, `group_split(by: .formula, …)` keeps them together",
        );
    Some(problem)
}

/// Warn of tested rows whose crystals the model of node `of` was trained on. `tested` gives
/// the rows.
pub(super) fn warn_of_trained_on(
    runner: &mut Runner<'_>,
    work: &Work<'_>,
    of: NodeId,
    tested: impl FnOnce(&mut Runner<'_>) -> Result<Arc<Dataset>, Problem>,
) -> Result<(), Problem> {
    let pairs = found_once(runner, work, |runner| {
        let tested = tested(runner)?;
        let mut pairs = BTreeMap::new();
        for data in trained_on(runner, of, work.span)? {
            for (at, twin) in trained(&tested, &data) {
                pairs.entry(at).or_insert(twin);
            }
        }
        Ok(by_id(&tested, pairs))
    })?;
    runner.warnings.extend(tested_again(&pairs, work.span));
    Ok(())
}

fn tested_again(pairs: &Pairs, span: Span) -> Option<Problem> {
    let title = match pairs.len() {
        0 => return None,
        1 => "the model was trained on a crystal that it is tested on".to_string(),
        count => {
            format!("the model was trained on {count} crystals that it is tested on")
        }
    };
    let problem = Problem::new(Code::W0502, title, span, "tested here")
        .note(format!("the same, or nearly: {}", named(pairs)))
        .help(
            "scores will be better than they should; leave these rows out of `on`, or out \
             of the training rows",
        );
    Some(problem)
}

/// Warn again of what was found in earlier runs behind these nodes, where this run needed no
/// rows because what was made of them lay in the store.
pub fn warn_again(runner: &mut Runner<'_>, of: &[NodeId]) -> Result<(), Problem> {
    let plan = runner.plan;
    let (mut open, mut behind) = (of.to_vec(), BTreeSet::new());
    while let Some(id) = open.pop() {
        if behind.insert(id) {
            open.extend(plan.node(id).iter().flat_map(|node| &node.inputs));
        }
    }
    // In the plan's order, in which a run that computes them warns too.
    for id in behind {
        let Some(node) = plan.node(id) else {
            continue;
        };
        let warning = match plan.call(id).map(Call::short_name) {
            Some("evaluate") => tested_again,
            Some("split" | "split_where" | "group_split" | "holdout" | "kfold") => {
                on_both_sides
            }
            _ => continue,
        };
        if runner.knows(id) {
            continue;
        }
        match stored(runner, key_of(Key::from_bytes(node.key)))? {
            Stored::Pairs(pairs) => runner.warnings.extend(warning(&pairs, node.span)),
            // They are looked for again, and told where they are found.
            Stored::Damaged => {
                runner.value(id)?;
            }
            Stored::Nothing => (),
        }
    }
    Ok(())
}

/// The pairs of a node, looked for once and then stored.
fn found_once(
    runner: &mut Runner<'_>,
    work: &Work<'_>,
    look: impl FnOnce(&mut Runner<'_>) -> Result<Pairs, Problem>,
) -> Result<Pairs, Problem> {
    let key = key_of(work.key);
    if let Stored::Pairs(pairs) = stored(runner, key)? {
        return Ok(pairs);
    }
    let pairs = look(runner)?;
    let bytes = serde_json::to_vec(&pairs).map_err(|error| {
        Problem::new(Code::E0901, error.to_string(), work.span, "here")
    })?;
    let files = BTreeMap::from([(PAIRS.to_string(), bytes)]);
    let store = runner.settings.store;
    store
        .put(key, "overlap", &BTreeMap::new(), &files)
        .map_err(|problem| store_problem(&problem))?;
    Ok(pairs)
}

/// Where the pairs of a node lie.
fn key_of(node: Key) -> Key {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"tmo overlap 1");
    hasher.update(node.as_bytes());
    Key::from(hasher.finalize())
}

/// What lies where the pairs of a node do.
enum Stored {
    Pairs(Pairs),
    Damaged,
    /// They were never looked for.
    Nothing,
}

fn stored(runner: &mut Runner<'_>, key: Key) -> Result<Stored, Problem> {
    let found = runner.settings.store.get(key);
    Ok(match found.map_err(|problem| store_problem(&problem))? {
        Found::Intact(artifact) => {
            let bytes = artifact.files.get(PAIRS);
            let pairs = bytes.and_then(|bytes| serde_json::from_slice(bytes).ok());
            pairs.map_or(Stored::Damaged, Stored::Pairs)
        }
        Found::Nothing => Stored::Nothing,
        Found::Damaged(damaged) => {
            runner.warn_damaged(&damaged.to_string());
            Stored::Damaged
        }
    })
}

/// The first of the pairs, and how many more there are.
fn named(pairs: &Pairs) -> String {
    let one = |(a, b): &(String, String)| match a == b {
        true => a.clone(),
        false => format!("{a} and {b}"),
    };
    let mut named: Vec<String> = pairs.iter().take(NAMED).map(one).collect();
    if pairs.len() > NAMED {
        named.push(format!("{} more", pairs.len() - NAMED));
    }
    named.join(", ")
}

/// The tested rows that are a crystal of a training row, and that row's id.
fn trained(tested: &Dataset, data: &Dataset) -> Vec<(usize, String)> {
    let formulas: BTreeSet<&str> = tested.rows.iter().map(|row| &*row.formula).collect();
    let train = data.positions(Part::Train).into_iter();
    // Only crystals of one formula can be the same: the others need no fingerprint.
    let alike: Vec<usize> = train
        .filter(|at| {
            data.rows
                .get(*at)
                .is_some_and(|row| formulas.contains(&*row.formula))
        })
        .collect();
    let data = data.pick(&alike);
    let (own, other) = (fingerprints(tested), fingerprints(&data));
    let (own, other) = (by_formula(&own), by_formula(&other));
    let mut pairs = Vec::new();
    for (formula, group) in &own {
        let twins = other.get(formula).map_or(&[][..], Vec::as_slice);
        for (at, print) in group {
            let twin = twins.iter().find(|(_, other)| print.same(other, TOLERANCE));
            let twin = twin.and_then(|(twin, _)| data.rows.get(*twin));
            pairs.extend(twin.map(|row| (*at, row.id.to_string())));
        }
    }
    pairs
}

/// Pairs by the ids of both.
fn by_id(data: &Dataset, pairs: BTreeMap<usize, String>) -> Pairs {
    let id = |at: usize| data.rows.get(at).map(|row| row.id.to_string());
    let pairs = pairs.into_iter();
    pairs
        .filter_map(|(at, twin)| Some((id(at)?, twin)))
        .collect()
}

/// Pairs of rows that are one crystal, by id: a row set aside, and the first training row
/// that is the same.
fn overlap(data: &Dataset, parts: &[Part], aside: Part) -> Pairs {
    let prints = fingerprints(data);
    let mut pairs = Vec::new();
    for group in by_formula(&prints).values() {
        let of = |part: Part| {
            let at =
                move |(at, _): &&(usize, &Fingerprint)| parts.get(*at) == Some(&part);
            group.iter().filter(at)
        };
        for (at, print) in of(aside) {
            let twin = of(Part::Train).find(|(_, other)| print.same(other, TOLERANCE));
            if let Some((twin, _)) = twin {
                pairs.push((*at, *twin));
            }
        }
    }
    pairs.sort_unstable();
    let id = |at: usize| data.rows.get(at).map(|row| row.id.clone());
    let named = |(a, b): (usize, usize)| Some((id(a)?, id(b)?));
    pairs.into_iter().filter_map(named).collect()
}
