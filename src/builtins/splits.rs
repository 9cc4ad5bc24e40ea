//! What is to be predicted, and which rows are set aside.

use super::data::{Done, lost, value};
use super::overlap::warn_of_overlap;
use super::rows::{given, lambda, values};
use super::settings::{count, number};
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
    test_aside(runner, work, &data, &test)
}

/// `split_where(test: …)`.
pub fn split_where(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let data = given(runner, work)?;
    let condition = lambda(work, "test")?;
    let cells = values(&Rows::Dataset(data.clone()), &condition.body, work.span)?;
    let holds = |at: &usize| cells.get(*at) == Some(&Cell::Bool(true));
    let test: Vec<usize> = (0..cells.len()).filter(holds).collect();
    some_of_both(work, test.len(), cells.len(), "take another condition")?;
    test_aside(runner, work, &data, &test)
}

/// `group_split(by: …, test: …)`: rows with an equal value are drawn together.
pub fn group_split(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let data = given(runner, work)?;
    let by = lambda(work, "by")?;
    let fraction = number(work.call, "test").ok_or_else(|| lost(work.span))?;
    let draws = runner.draws(work.call);
    let mut test = Vec::new();
    let cells = values(&Rows::Dataset(data.clone()), &by.body, work.span)?;
    for (at, cell) in cells.iter().enumerate() {
        // What could not be computed is a group of its own.
        let id = match cell {
            Cell::Failed(_) | Cell::Missing => {
                data.rows.get(at).map(|row| row_id(&row.id))
            }
            cell => Some(row_id(&written(cell))),
        };
        let draw = draws.stream("group_split", &[id.unwrap_or(0)]).next_f64();
        if draw < fraction {
            test.push(at);
        }
    }
    let help = "take another fraction or seed, or smaller groups";
    some_of_both(work, test.len(), cells.len(), help)?;
    test_aside(runner, work, &data, &test)
}

/// A value as a text that is the same for equal values and no others of its type.
fn written(cell: &Cell) -> String {
    match cell {
        // -0 is 0.
        Cell::Number(x) => format!("{:?}", x + 0.0),
        Cell::Bool(value) => value.to_string(),
        Cell::Text(text) => format!("{}:{text}", text.len()),
        Cell::Element(element) => element.symbol().to_string(),
        Cell::Many(all) => {
            let mut parts: Vec<String> = all.iter().map(written).collect();
            if all.iter().all(|cell| matches!(cell, Cell::Element(_))) {
                parts.sort_unstable();
            }
            format!("[{}]", parts.join(","))
        }
        other => format!("{other:?}"),
    }
}

fn some_of_both(
    work: &Work<'_>,
    aside: usize,
    all: usize,
    help: &str,
) -> Result<(), Problem> {
    let what = match aside {
        0 => "sets no rows aside",
        aside if aside == all => "leaves no rows to train on",
        _ => return Ok(()),
    };
    let title = format!("this {} {what}", work.call.short_name());
    Err(Problem::new(Code::E0713, title, work.span, format!("of {all} rows")).help(help))
}

fn test_aside(
    runner: &mut Runner<'_>,
    work: &Work<'_>,
    data: &Dataset,
    test: &[usize],
) -> Done {
    let mut parts = vec![Part::Train; data.rows.len()];
    mark(&mut parts, test, Part::Test);
    warn_of_overlap(runner, work, data, &parts, Part::Test)?;
    value(Dataset {
        parts: Some(parts),
        ..data.clone()
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
    warn_of_overlap(runner, work, &data, &parts, Part::Val)?;
    value(Dataset {
        parts: Some(parts),
        ..(*data).clone()
    })
}

/// `kfold(…)`: the training rows of one fold are held out.
pub fn kfold(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let data = given(runner, work)?;
    let lost = || lost(work.span);
    let folds = count(work.call, "folds").ok_or_else(lost)?;
    let fold = count(work.call, "fold").ok_or_else(lost)?;
    let draws = runner.draws(work.call);
    let train = data.positions(Part::Train);
    let in_fold = |at: &usize| {
        let row = data.rows.get(*at)?;
        let drawn = draws.stream("kfold", &[row_id(&row.id)]).next_f64();
        // A draw is below 1, so the fold is one of them.
        Some((drawn * folds as f64) as usize + 1 == fold)
    };
    let held = train.iter().filter(|at| in_fold(at).unwrap_or(false));
    let held: Vec<usize> = held.copied().collect();
    let help = "take fewer folds, another seed, or more rows";
    some_of_both(work, held.len(), train.len(), help)?;
    let mut parts = data
        .parts
        .clone()
        .unwrap_or(vec![Part::Train; data.rows.len()]);
    mark(&mut parts, &held, Part::Val);
    warn_of_overlap(runner, work, &data, &parts, Part::Val)?;
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
    let help = "take another fraction or seed, or more rows";
    some_of_both(work, set_aside.len(), among.len(), help)?;
    Ok(set_aside)
}
