//! From structures to what a network sees.

mod descriptors;
mod graphs;
mod made;
mod names;
mod pack;
mod stored;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::settings::on_bad;
use crate::chem::{Fault, OnBad, Record};
use crate::diagnostic::{Code, Problem};
use crate::ir::{Lambda, Setting};
use crate::run::progress::{End, Event, Work as Amount};
use crate::run::{Dataset, Features, Runner, Value, Work, interrupted};
use crate::source::Span;

pub use descriptors::{
    acsf, coulomb_matrix, coulomb_spectrum, density, largest_cavity, largest_channel,
    magpie, orbital_field_matrix, packing_fraction, prototype, sine_coulomb_matrix,
    sine_coulomb_spectrum, soap, space_group, space_group_number, void_fraction,
    volume_per_atom, xrd,
};
pub use graphs::{
    crystal_graph, knn_graph, nearest_image_graph, padded_graph, with_angles,
};
pub use made::{Feature, Made, Why, Workspace, evaluate};
use pack::{Id, Pack};
use stored::{LEFT_OUT, LeftOut, Packer};

/// Rows computed between two looks at the interrupt; also the most that wait in memory
/// to be packed.
const BLOCK: usize = 512;
/// Rows left out of which the report names some.
const SHOWN: usize = 3;

/// `featurize(…)`.
pub fn featurize(runner: &mut Runner<'_>, work: &Work<'_>) -> Result<Value, Problem> {
    let data = {
        let input = runner.input(work)?;
        runner.dataset(input)?
    };
    let ids: Vec<Id> = runner.settings.threads.run(|| {
        let rows = data.rows.par_iter();
        rows.map(|row| pack::id(&row.structure)).collect()
    });
    let mut asked = Vec::new();
    for (name, setting) in &work.call.settings {
        let Setting::Lambda(lambda) = setting else {
            continue;
        };
        let name = name.strip_prefix("named.").map(Arc::from);
        asked.push(Asked::open(runner, work, name, lambda)?);
    }
    let artifact = runner.cached(work, "features", |runner| {
        let mut left_out: BTreeMap<usize, LeftOut> = BTreeMap::new();
        for one in &mut asked {
            let left = complete(runner, work, &data, one.lambda, &ids, &mut one.pack)?;
            for left in left {
                left_out.entry(left.row).or_insert(left);
            }
        }
        let left_out: Vec<LeftOut> = left_out.into_values().collect();
        if left_out.len() == data.rows.len() && !left_out.is_empty() {
            let title = "no row of the data set has all these features";
            return Err(cannot(work.span, title));
        }
        let bytes = serde_json::to_vec(&left_out);
        let bytes = bytes.map_err(|error| cannot(work.span, error.to_string()))?;
        Ok(BTreeMap::from([(LEFT_OUT.to_string(), bytes)]))
    })?;
    let bytes = artifact.files.get(LEFT_OUT).map_or(&[][..], Vec::as_slice);
    let left_out: Vec<LeftOut> =
        serde_json::from_slice(bytes).map_err(|_| misfit(work.span))?;
    let mut rows = without(&data, &left_out);
    let bad: BTreeSet<usize> = left_out.iter().map(|left| left.row).collect();
    let numbered = ids.iter().enumerate();
    let kept: Vec<Id> = numbered
        .filter(|(at, _)| !bad.contains(at))
        .map(|(_, id)| *id)
        .collect();
    let mut features = Vec::new();
    for one in &mut asked {
        if kept.iter().any(|id| !one.pack.has(id)) {
            // A part of the store was taken away or damaged since.
            complete(runner, work, &data, one.lambda, &ids, &mut one.pack)?;
        }
        features.push(one.collect(&kept).ok_or_else(|| misfit(work.span))?);
    }
    let named: Option<Vec<_>> = asked.iter().map(|one| one.name.clone()).collect();
    rows.features = match named {
        Some(names) => Some(Features::Named(names.into_iter().zip(features).collect())),
        None => features.into_iter().next(),
    };
    Ok(Value::Dataset(Arc::new(rows)))
}

/// A feature that is asked for, with what the store has of it.
struct Asked<'a> {
    name: Option<Arc<str>>,
    lambda: &'a Lambda,
    sizes: Vec<usize>,
    pack: Pack,
}

impl<'a> Asked<'a> {
    fn open(
        runner: &mut Runner<'_>,
        work: &Work<'_>,
        name: Option<Arc<str>>,
        lambda: &'a Lambda,
    ) -> Result<Asked<'a>, Problem> {
        let shape = lambda.body.shape.as_ref();
        let sizes = shape.map_or(Vec::new(), |shape| shape.sizes.clone());
        let pack = Pack::open(runner, work, lambda, sizes.iter().product())?;
        Ok(Asked {
            name,
            lambda,
            sizes,
            pack,
        })
    }

    /// The features of these structures, which must all be known.
    fn collect(&self, ids: &[Id]) -> Option<Features> {
        let names = names::names(&self.lambda.body, self.pack.width());
        self.pack.collect(ids, &self.sizes, names)
    }
}

fn misfit(span: Span) -> Problem {
    Problem::new(
        Code::E0901,
        "the stored features do not fit the rows",
        span,
        "made for other rows",
    )
    .help("take the store's folder away and run again")
}

/// The rows that have features; the others are counted.
fn without(data: &Dataset, left_out: &[LeftOut]) -> Dataset {
    if left_out.is_empty() {
        return data.clone();
    }
    let mut bad = left_out.iter().map(|row| row.row).peekable();
    let keep = |at: &usize| bad.next_if_eq(at).is_none();
    let kept: Vec<usize> = (0..data.rows.len()).filter(keep).collect();
    let first = left_out.iter().take(SHOWN);
    let faults = first.filter_map(|left| {
        let row = data.rows.get(left.row)?;
        Some(Fault {
            code: "E0712",
            file: data.source.name.clone(),
            line: row.line,
            column: None,
            record: Some(row.id.clone()),
            field: None,
            title: left.why.clone(),
            help: String::new(),
        })
    });
    let mut rows = data.pick(&kept);
    let count = left_out.len() as u64;
    let skipped = ("E0712".to_string(), count, faults.collect());
    rows.source.skipped.push(skipped);
    rows
}

/// Compute and keep the features that the store lacks; gives the rows that have none.
fn complete(
    runner: &mut Runner<'_>,
    work: &Work<'_>,
    data: &Dataset,
    lambda: &Lambda,
    ids: &[Id],
    known: &mut Pack,
) -> Result<Vec<LeftOut>, Problem> {
    let mut met = BTreeSet::new();
    let rows = ids.iter().zip(&data.rows);
    let missing: Vec<(Id, &Record)> = rows
        .filter(|(id, _)| !known.has(id) && met.insert(**id))
        .map(|(id, row)| (*id, &**row))
        .collect();
    let progress = runner.settings.progress;
    if missing.len() < data.rows.len() {
        let (all, lacking) = (data.rows.len(), missing.len());
        let text =
            format!("featurize: {lacking} of {all} structures are not in the store");
        progress.report(Event::Note { text });
    }
    let node = work.id.0 as u64;
    progress.report(Event::Started {
        node,
        name: "featurize".into(),
        work: Amount::Rows(missing.len() as u64),
    });
    let mut made = Computed {
        packer: Packer::Empty,
        ids: Vec::new(),
        failed: BTreeMap::new(),
    };
    let result = made.compute(runner, work, data, lambda, &missing, known.width());
    let end = match &result {
        Ok(()) => End::Done,
        Err(problem) if problem.code == Code::E0809 => End::Interrupted,
        Err(_) => End::Failed,
    };
    progress.report(Event::Finished { node, end });
    // What was computed before a failure or an interrupt need not be computed again.
    known.add(runner, made.packer, &made.ids)?;
    result?;
    let failed = &made.failed;
    let left_out: Vec<LeftOut> = ids
        .iter()
        .enumerate()
        .filter_map(|(row, id)| {
            let why = failed.get(id)?.text.clone();
            Some(LeftOut { row, why })
        })
        .collect();
    if let (Some(first), true) = (left_out.first(), left_out.len() == data.rows.len())
        && let (Some(row), Some(id)) = (data.rows.get(first.row), ids.get(first.row))
        && let Some(why) = failed.get(id)
    {
        let problem = failed_row(work.span, row, data, why);
        return Err(problem.note("no row of the data set has this feature"));
    }
    Ok(left_out)
}

/// Features made in this run.
struct Computed {
    packer: Packer,
    /// Whose they are.
    ids: Vec<Id>,
    /// Structures without the feature.
    failed: BTreeMap<Id, Why>,
}

impl Computed {
    fn compute(
        &mut self,
        runner: &Runner<'_>,
        work: &Work<'_>,
        data: &Dataset,
        lambda: &Lambda,
        missing: &[(Id, &Record)],
        width: usize,
    ) -> Result<(), Problem> {
        let skips = on_bad(work.call) == Some(OnBad::Skip);
        let node = work.id.0 as u64;
        for (block, rows) in missing.chunks(BLOCK).enumerate() {
            if runner.settings.interrupt.is_raised() {
                return Err(interrupted(work.span));
            }
            let made: Vec<Result<Made<'_>, Why>> = runner.settings.threads.run(|| {
                let rows = rows.par_iter();
                rows.map_init(Workspace::new, |workspace, (_, row)| {
                    evaluate(&lambda.body, &row.structure, workspace)
                })
                .collect()
            });
            for ((id, row), made) in rows.iter().zip(made) {
                match made.and_then(|made| pack(&mut self.packer, made, width)) {
                    Ok(()) => self.ids.push(*id),
                    Err(why) if skips => {
                        self.failed.insert(*id, why);
                    }
                    Err(why) => return Err(failed_row(work.span, row, data, &why)),
                }
            }
            let done = (block * BLOCK + rows.len()) as u64;
            runner.settings.progress.report(Event::Rows { node, done });
        }
        Ok(())
    }
}

fn pack(packer: &mut Packer, made: Made<'_>, width: usize) -> Result<(), Why> {
    match made {
        Made::Numbers(row) if row.len() == width => {
            match row.iter().find(|x| !x.is_finite()) {
                Some(x) => Err(format!("one of its numbers is {x}").into()),
                None => Ok(packer.numbers(&row)?),
            }
        }
        Made::Numbers(row) => {
            Err(format!("{} numbers where {width} are due", row.len()).into())
        }
        Made::Graph(graph) => Ok(packer.graph(&graph)?),
        Made::Structure(_) | Made::Text(_) => Err(Why::from(
            "features are numbers or a graph made of a structure",
        )),
    }
}

fn failed_row(span: Span, row: &Record, data: &Dataset, why: &Why) -> Problem {
    let more = why.help.map(|help| format!("{help}, "));
    Problem::new(
        Code::E0712,
        format!("a feature cannot be computed: {}", why.text),
        span,
        "for a row of this data set",
    )
    .note(format!(
        "in {}, line {}, record {} ({})",
        data.source.name, row.line, row.id, row.formula
    ))
    .help(format!(
        "{}leave such rows out with `where(…)`, or have them left out and counted: \
         `featurize(…, on_bad: skip)`",
        more.unwrap_or_default()
    ))
}

fn cannot(span: Span, title: impl Into<String>) -> Problem {
    Problem::new(Code::E0712, title, span, "asked for here")
}
