//! From structures to what a network sees.

mod descriptors;
mod graphs;
mod made;
mod stored;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::settings::on_bad;
use crate::chem::{Fault, OnBad, Record};
use crate::diagnostic::{Code, Problem};
use crate::ir::{Lambda, Setting};
use crate::run::progress::{End, Event, Work as Amount};
use crate::run::{Dataset, Runner, Value, Work, interrupted};
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
use stored::{LeftOut, Packer, unpack};

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
    let Some(Setting::Lambda(lambda)) = work.call.setting("by") else {
        return Err(cannot(work.span, "this function cannot be computed"));
    };
    let shape = lambda.body.shape.as_ref();
    let sizes = shape.map_or(Vec::new(), |shape| shape.sizes.clone());
    let artifact = runner.cached(work, "features", |runner| {
        compute(runner, work, &data, lambda, sizes.iter().product())
    })?;
    let Some(stored) = unpack(&artifact.files, data.rows.len(), &sizes) else {
        return Err(Problem::new(
            Code::E0901,
            "the stored features do not fit the rows",
            work.span,
            "made for other rows",
        )
        .help("take the store's folder away and run again"));
    };
    let mut rows = without(&data, &stored.left_out);
    rows.features = Some(stored.features);
    Ok(Value::Dataset(Arc::new(rows)))
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

/// The features of all rows as files for the store.
fn compute(
    runner: &Runner<'_>,
    work: &Work<'_>,
    data: &Dataset,
    lambda: &Lambda,
    width: usize,
) -> Result<BTreeMap<String, Vec<u8>>, Problem> {
    let progress = runner.settings.progress;
    let node = work.id.0 as u64;
    progress.report(Event::Started {
        node,
        name: "featurize".into(),
        work: Amount::Rows(data.rows.len() as u64),
    });
    let made = rows(runner, work, data, lambda, width);
    let end = match &made {
        Ok(_) => End::Done,
        Err(problem) if problem.code == Code::E0809 => End::Interrupted,
        Err(_) => End::Failed,
    };
    progress.report(Event::Finished { node, end });
    made
}

fn rows(
    runner: &Runner<'_>,
    work: &Work<'_>,
    data: &Dataset,
    lambda: &Lambda,
    width: usize,
) -> Result<BTreeMap<String, Vec<u8>>, Problem> {
    let skips = on_bad(work.call) == Some(OnBad::Skip);
    let mut packer = Packer::Empty;
    let mut left_out = Vec::new();
    let mut first = None;
    for (block, rows) in data.rows.chunks(BLOCK).enumerate() {
        if runner.settings.interrupt.is_raised() {
            return Err(interrupted(work.span));
        }
        let made: Vec<Result<Made<'_>, Why>> = runner.settings.threads.run(|| {
            let rows = rows.par_iter();
            rows.map_init(Workspace::new, |workspace, row| {
                evaluate(&lambda.body, &row.structure, workspace)
            })
            .collect()
        });
        for ((at, row), made) in (block * BLOCK..).zip(rows).zip(made) {
            let packed = made.and_then(|made| pack(&mut packer, made, width));
            match packed {
                Ok(()) => {}
                Err(why) if skips => {
                    first.get_or_insert((row, why.clone()));
                    left_out.push(LeftOut {
                        row: at,
                        why: why.text,
                    });
                }
                Err(why) => return Err(failed_row(work.span, row, data, &why)),
            }
        }
        let done = (block * BLOCK + rows.len()) as u64;
        let node = work.id.0 as u64;
        runner.settings.progress.report(Event::Rows { node, done });
    }
    if let Some((row, why)) = first
        && left_out.len() == data.rows.len()
    {
        let problem = failed_row(work.span, row, data, &why);
        return Err(problem.note("no row of the data set has this feature"));
    }
    packer
        .finish(width, &left_out)
        .map_err(|error| cannot(work.span, error))
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
