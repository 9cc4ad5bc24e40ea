//! What is to be predicted, and which rows are set aside.

use super::data::{Done, lost, value};
use super::rows::{given, lambda, values};
use super::settings::number;
use crate::diagnostic::{Code, Problem};
use crate::ir::Kind;
use crate::run::{Cell, Dataset, Part, Rows, Runner, Target, Work, row_id};
use crate::source::Span;
use crate::types::Unit;

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
    let rows = Rows::Dataset(data.clone());
    let mut targets = Vec::with_capacity(rows.len());
    for (at, cell) in values(&rows, body, work.span)?.into_iter().enumerate() {
        let place = || rows.place(at);
        match cell {
            Cell::Number(x) if x.is_finite() => {
                targets.push(scale.as_ref().map_or(x, |unit| unit.count_in(x)));
            }
            Cell::Failed(why) => return Err(failed(&why, work.span).note(place())),
            _ => return Err(not_finite(work.span).note(place())),
        }
    }
    let name = crate::ir::describe(body);
    let name = name.strip_prefix('.').unwrap_or(&name).to_string();
    let unit = unit.map(ToString::to_string).unwrap_or_default();
    let values = targets;
    value(Dataset {
        target: Some(Target { name, unit, values }),
        ..(*data).clone()
    })
}

fn failed(why: &str, span: Span) -> Problem {
    Problem::new(
        Code::E0707,
        format!("a target could not be computed: {why}"),
        span,
        "computed here",
    )
    .help("leave the row out with `where(…)`")
}

fn not_finite(span: Span) -> Problem {
    Problem::new(
        Code::E0707,
        "a target is not a finite number",
        span,
        "computed here",
    )
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
