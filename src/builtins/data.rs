//! Verbs over rows.

use std::sync::Arc;

use super::settings::{count, known, number, on_bad};
use crate::chem::{self, OnBad, Records};
use crate::diagnostic::{Code, Problem};
use crate::ir::{Kind, Lambda, Setting, Static};
use crate::run::progress::{End, Event, Work as Amount};
use crate::run::{
    Cell, Dataset, Part, Runner, Source, Target, Value, Work, eval, row_id,
};
use crate::source::Span;
use crate::types::Unit;

pub(super) type Done = Result<Value, Problem>;

fn value(data: Dataset) -> Done {
    Ok(Value::Dataset(Arc::new(data)))
}

/// A setting the checker promised and that is not there.
pub(super) fn lost(span: Span) -> Problem {
    Problem::new(Code::E0603, "this verb lacks a setting", span, "here")
        .help("this is a fault of tmo itself; please report it with your script")
}

/// `bundled("…")`.
pub fn bundled(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let Some(Static::Text(name)) = known(work.call, "name") else {
        return Err(lost(work.span));
    };
    let Some(found) = chem::bundled(name) else {
        return Err(lost(work.span));
    };
    start(runner, work, "read");
    let records = found.read();
    finish(runner, work, records.is_ok());
    let records = records.map_err(|fault| Problem::from_fault(&fault, work.span))?;
    let notes = vec![
        found.title.to_string(),
        found.origin.to_string(),
        found.licence.to_string(),
    ];
    rows(records, format!("bundled(\"{name}\")"), notes)
}

/// `jsonl("…")`.
pub fn jsonl(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let (Some(Static::Path { written, found }), Some(on_bad)) =
        (known(work.call, "path"), on_bad(work.call))
    else {
        return Err(lost(work.span));
    };
    let reader = runner.settings.world.open(found).map_err(|error| {
        let title = format!("`{written}` cannot be read");
        Problem::new(Code::E0601, title, work.span, error.to_string())
    })?;
    start(runner, work, "read");
    let records = chem::read_from(&found.display().to_string(), reader, on_bad);
    finish(runner, work, records.is_ok());
    let records = records.map_err(|fault| {
        let problem = Problem::from_fault(&fault, work.span);
        match on_bad {
            OnBad::Fail if fault.line > 0 => problem.note(
                "`on_bad: skip` would leave such records out and count them in the report",
            ),
            OnBad::Fail | OnBad::Skip => problem,
        }
    })?;
    rows(records, written.to_string(), Vec::new())
}

pub(super) fn start(runner: &Runner<'_>, work: &Work<'_>, name: &str) {
    let node = work.id.0 as u64;
    let event = Event::Started {
        node,
        name: name.into(),
        work: Amount::Unknown,
    };
    runner.settings.progress.report(event);
}

pub(super) fn finish(runner: &Runner<'_>, work: &Work<'_>, well: bool) {
    let end = if well { End::Done } else { End::Failed };
    runner.settings.progress.report(Event::Finished {
        node: work.id.0 as u64,
        end,
    });
}

pub(super) fn rows(records: Records, name: String, notes: Vec<String>) -> Done {
    let mut skipped = Vec::new();
    for (code, count) in &records.bad_counts {
        let first = records
            .bad
            .iter()
            .filter(|fault| fault.code == *code)
            .take(3);
        skipped.push((code.to_string(), *count, first.cloned().collect()));
    }
    value(Dataset {
        rows: records.rows.into_iter().map(Arc::new).collect(),
        source: Source {
            name,
            notes,
            skipped,
        },
        ..Dataset::default()
    })
}

fn given(runner: &mut Runner<'_>, work: &Work<'_>) -> Result<Arc<Dataset>, Problem> {
    let input = runner.input(work)?;
    runner.dataset(input)
}

fn lambda<'a>(work: &'a Work<'_>, name: &str) -> Result<&'a Lambda, Problem> {
    match work.call.setting(name) {
        Some(Setting::Lambda(lambda)) => Ok(lambda),
        _ => Err(lost(work.span)),
    }
}

/// `where(…)`.
pub fn keep_where(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let data = given(runner, work)?;
    let keep = lambda(work, "keep")?;
    let mut kept = Vec::new();
    for (at, row) in data.rows.iter().enumerate() {
        match eval(&keep.body, row) {
            Some(Cell::Bool(true)) => kept.push(at),
            Some(Cell::Bool(false)) => {}
            None => return Err(no_value(keep.body.span)),
            Some(_) => return Err(missing(row, &data.source.name, work.span)),
        }
    }
    let mut picked = data.pick(&kept);
    let (before, after) = (data.rows.len(), kept.len());
    let condition = crate::ir::describe(&keep.body);
    picked
        .source
        .notes
        .push(format!("where {condition}: {after} of {before} rows"));
    value(picked)
}

/// A row that lacks a value its column promised.
fn missing(row: &chem::Record, file: &str, span: Span) -> Problem {
    Problem::new(Code::E0703, "a row lacks this value", span, "needed here")
        .note(format!("in {file}, line {}, record {}", row.line, row.id))
        .help("the head of the file has it in every row; give it to this row too, or leave the row out")
}

/// Something that has no value for a row, or lacks one in it.
fn no_value(span: Span) -> Problem {
    Problem::new(
        Code::E0603,
        "this has no value for some row",
        span,
        "computed for each row",
    )
    .help(
        "rows are computed with operators, `abs`, `sqrt`, `cbrt`, `exp`, `ln`, `div`, \
         `mod` and `size`, from fields that every row has",
    )
}

/// `take(n)`.
pub fn take(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let data = given(runner, work)?;
    let wanted = count(work.call, "count").ok_or_else(|| lost(work.span))?;
    let first: Vec<usize> = (0..data.rows.len().min(wanted)).collect();
    let mut picked = data.pick(&first);
    picked.source.notes.push(format!(
        "the first {} of {} rows",
        first.len(),
        data.rows.len()
    ));
    value(picked)
}

/// `target(…)`.
pub fn target(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let data = given(runner, work)?;
    let of = lambda(work, "of")?;
    // A network sees the number in the unit the target is shown in.
    let (body, unit) = match &of.body.kind {
        Kind::Shown(body, unit) => (body, Some(unit)),
        _ => (&of.body, None),
    };
    let unit_of = |text: &str| Unit::parse(text).map_err(|_| lost(work.span));
    let scale = unit.map(|unit| unit_of(unit)).transpose()?;
    let mut values = Vec::with_capacity(data.rows.len());
    for row in &data.rows {
        match eval(body, row) {
            Some(Cell::Number(x)) if x.is_finite() => {
                values.push(scale.as_ref().map_or(x, |unit| unit.count_in(x)));
            }
            Some(Cell::Number(_)) => {
                return Err(not_finite(row, &data.source.name, work.span));
            }
            None => return Err(no_value(body.span)),
            Some(_) => return Err(missing(row, &data.source.name, work.span)),
        }
    }
    let name = crate::ir::describe(body);
    let name = name.strip_prefix('.').unwrap_or(&name).to_string();
    let unit = unit.map(ToString::to_string).unwrap_or_default();
    value(Dataset {
        target: Some(Target { name, unit, values }),
        ..(*data).clone()
    })
}

fn not_finite(row: &chem::Record, file: &str, span: Span) -> Problem {
    Problem::new(
        Code::E0707,
        "a target is not a finite number",
        span,
        "computed here",
    )
    .note(format!("in {file}, line {}, record {}", row.line, row.id))
    .help("leave the row out with `where(…)`")
}

/// `split(test: …)`.
pub fn split(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let data = given(runner, work)?;
    let all: Vec<usize> = (0..data.rows.len()).collect();
    let test = chosen(runner, work, &data, &all, "test")?;
    let mut parts = vec![Part::Train; data.rows.len()];
    mark(&mut parts, &test, Part::Test);
    value(Dataset {
        parts: Some(parts),
        ..(*data).clone()
    })
}

/// `holdout(val: …)`.
pub fn holdout(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let data = given(runner, work)?;
    let train = data.positions(Part::Train);
    let val = chosen(runner, work, &data, &train, "val")?;
    let mut parts = data
        .parts
        .clone()
        .unwrap_or(vec![Part::Train; data.rows.len()]);
    mark(&mut parts, &val, Part::Val);
    value(Dataset {
        parts: Some(parts),
        ..(*data).clone()
    })
}

fn mark(parts: &mut [Part], at: &[usize], part: Part) {
    for position in at {
        if let Some(entry) = parts.get_mut(*position) {
            *entry = part;
        }
    }
}

/// The rows a split sets aside: each by a draw of its own id, so that rows added or
/// taken away never move another.
fn chosen(
    runner: &Runner<'_>,
    work: &Work<'_>,
    data: &Dataset,
    among: &[usize],
    param: &str,
) -> Result<Vec<usize>, Problem> {
    let fraction = number(work.call, param).ok_or_else(|| lost(work.span))?;
    let draws = runner.draws(work.call);
    let purpose = work.call.short_name();
    let mut set_aside = Vec::new();
    for at in among {
        let Some(row) = data.rows.get(*at) else {
            continue;
        };
        if draws.stream(purpose, &[row_id(&row.id)]).next_f64() < fraction {
            set_aside.push(*at);
        }
    }
    if set_aside.is_empty() || set_aside.len() == among.len() {
        let (none, some) = (set_aside.is_empty(), among.len());
        let what = if none {
            "sets no rows aside"
        } else {
            "leaves no rows to train on"
        };
        return Err(Problem::new(
            Code::E0713,
            format!("this {purpose} {what}"),
            work.span,
            format!("of {some} rows"),
        )
        .help("take another fraction or seed, or more rows"));
    }
    Ok(set_aside)
}
