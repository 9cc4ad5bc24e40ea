//! Crystals that lie on both sides of a split.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::chem::fingerprint::{Fingerprint, fingerprint};
use crate::diagnostic::{Code, Problem};
use crate::run::store::{Found, Key};
use crate::run::{Dataset, Part, Runner, Work, store_problem};

/// Structures nearer than this are one crystal: what `deduplicate()` takes too, Å.
const TOLERANCE: f64 = 0.1;
/// Pairs that a message names.
const NAMED: usize = 4;
/// The file of a split that holds its pairs.
const PAIRS: &str = "overlap.json";

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

/// Warn of crystals that lie in the part set aside and among the training rows. What was found is stored: it is looked for
/// once.
pub(super) fn warn_of_overlap(
    runner: &mut Runner<'_>,
    work: &Work<'_>,
    data: &Dataset,
    parts: &[Part],
    aside: Part,
) -> Result<(), Problem> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"tmo overlap 1");
    hasher.update(work.key.as_bytes());
    let key = Key::from(hasher.finalize());
    let store = runner.settings.store;
    let found = store.get(key).map_err(|problem| store_problem(&problem))?;
    let stored = match found {
        Found::Intact(artifact) => artifact
            .files
            .get(PAIRS)
            .and_then(|bytes| serde_json::from_slice(bytes).ok()),
        Found::Nothing => None,
        Found::Damaged(damaged) => {
            runner.warn_damaged(&damaged.to_string());
            None
        }
    };
    let pairs: Vec<(String, String)> = match stored {
        Some(pairs) => pairs,
        None => {
            let pairs = overlap(data, parts, aside);
            let bytes = serde_json::to_vec(&pairs).map_err(|error| {
                Problem::new(Code::E0901, error.to_string(), work.span, "here")
            })?;
            let files = BTreeMap::from([(PAIRS.to_string(), bytes)]);
            store
                .put(key, "overlap", &BTreeMap::new(), &files)
                .map_err(|problem| store_problem(&problem))?;
            pairs
        }
    };
    if pairs.is_empty() {
        return Ok(());
    }
    let named = pairs.iter().take(NAMED);
    let mut named: Vec<String> = named.map(|(a, b)| format!("{a} and {b}")).collect();
    if pairs.len() > NAMED {
        named.push(format!("{} more", pairs.len() - NAMED));
    }
    let title = match pairs.len() {
        1 => "a crystal lies on both sides of this split".to_string(),
        count => format!("{count} crystals lie on both sides of this split"),
    };
    let problem = Problem::new(Code::W0502, title, work.span, "rows set aside here")
        .note(format!("nearly the same: {}", named.join(", ")))
        .help(
            "scores will be better than they should; `|> deduplicate()` before the split \
             keeps one of each, `group_split(by: .formula, …)` keeps them together",
        );
    runner.warnings.push(problem);
    Ok(())
}

/// Pairs of rows that are one crystal, by id: a row set aside, and the first training row
/// that is the same.
fn overlap(data: &Dataset, parts: &[Part], aside: Part) -> Vec<(String, String)> {
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
