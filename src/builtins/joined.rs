//! Verbs over two sets of rows, one row made of a record, and rows that are alike.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::data::{Done, lost};
use super::order::compare;
use super::overlap::{by_formula, fingerprints};
use super::rows::{given, lambda, named, picked, values, with_columns};
use super::settings::{known, number};
use crate::chem::fingerprint::Fingerprint;
use crate::diagnostic::{Code, Problem};
use crate::ir::{Kind, Static};
use crate::run::{Cell, Column, Rows, Runner, Table, Value, Work};

/// A key that can be looked up.
#[derive(PartialEq)]
struct Key(Cell);

impl Eq for Key {}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        compare(&self.0, &other.0)
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// `join(other, on: .id)`. A row without a key finds no partner.
pub fn join(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let [other, rows] = work.inputs else {
        return Err(lost(work.span));
    };
    let (other, rows) = (runner.rows(*other)?, runner.rows(*rows)?);
    let on = lambda(work, "on")?;
    let key = named(&on.body);
    let mut places: BTreeMap<Key, usize> = BTreeMap::new();
    for at in 0..other.len() {
        let cell = other.field(at, &key);
        if matches!(cell, Cell::Missing | Cell::Failed(_)) {
            continue;
        }
        if let Some(first) = places.insert(Key(cell), at) {
            return Err(Problem::new(
                Code::E0708,
                format!("two rows to be joined have the same `{key}`"),
                work.span,
                "which of them is meant?",
            )
            .note(format!("{}; {}", other.place(first), other.place(at)))
            .help("leave one of them out, or join by another column"));
        }
    }
    let (mut kept, mut theirs) = (Vec::new(), Vec::new());
    for (at, cell) in values(&rows, &on.body, work.span)?.into_iter().enumerate() {
        if let Some(place) = places.get(&Key(cell)) {
            kept.push(at);
            theirs.push(*place);
        }
    }
    let lost_here = rows.len() - kept.len();
    let partners: BTreeSet<usize> = theirs.iter().copied().collect();
    let lost_there = other.len() - partners.len();
    let note = format!(
        "joined by {key}: {} rows; {lost_here} and {lost_there} found no partner",
        kept.len()
    );
    let made: Vec<Column> = other
        .names()
        .into_iter()
        .filter(|name| **name != *key)
        .map(|name| Column {
            unit: other.unit(&name),
            cells: theirs.iter().map(|at| other.field(*at, &name)).collect(),
            name,
        })
        .collect();
    let picked = match picked(&rows, &kept, note) {
        Value::Dataset(data) => Rows::Dataset(data),
        Value::Table(table) => Rows::Table(table),
        other => return Ok(other),
    };
    Ok(with_columns(&picked, made, Vec::new()))
}

/// `table({ … })`.
pub fn table(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let Some(Static::List(names)) = known(work.call, "names") else {
        return Err(lost(work.span));
    };
    let nodes = runner.nodes_of(&work.call.inputs, work.inputs);
    let mut columns = Vec::new();
    for (name, input) in names.iter().zip(&work.call.inputs) {
        let Static::Text(name) = name else {
            return Err(lost(work.span));
        };
        let unit = match &input.kind {
            Kind::Shown(_, unit) => unit.clone(),
            _ => "".into(),
        };
        columns.push(Column {
            name: name.clone(),
            unit,
            cells: vec![runner.cell(input, &nodes)?],
        });
    }
    Ok(Value::Table(Arc::new(Table::new(columns))))
}

/// `deduplicate(…)`.
pub fn deduplicate(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let data = given(runner, work)?;
    let tolerance = number(work.call, "tolerance").ok_or_else(|| lost(work.span))?;
    let prints = fingerprints(&data);
    let mut twice = vec![false; prints.len()];
    for group in by_formula(&prints).values() {
        let mut first: Vec<&Fingerprint> = Vec::new();
        for (at, print) in group {
            if first.iter().any(|one| one.same(print, tolerance)) {
                if let Some(entry) = twice.get_mut(*at) {
                    *entry = true;
                }
            } else {
                first.push(print);
            }
        }
    }
    let alone = |at: &usize| twice.get(*at) == Some(&false);
    let kept: Vec<usize> = (0..prints.len()).filter(alone).collect();
    let note = format!(
        "one of each structure, to within {tolerance} Å: {} of {} rows",
        kept.len(),
        prints.len()
    );
    Ok(picked(&Rows::Dataset(data), &kept, note))
}
