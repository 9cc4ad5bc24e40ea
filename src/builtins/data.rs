//! Sources: rows read from files.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::settings::{known, on_bad};
use crate::chem::{self, Records};
use crate::diagnostic::{Code, Problem};
use crate::ir::Static;
use crate::run::progress::{End, Event, Work as Amount};
use crate::run::{Dataset, Runner, Source, Value, Work};
use crate::source::Span;
use crate::types::Unit;

pub(super) type Done = Result<Value, Problem>;

pub(super) fn value(data: Dataset) -> Done {
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
    rows(runner, records, format!("bundled(\"{name}\")"), notes)
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
        Problem::new(Code::E0601, title, work.span, crate::world::plain(&error))
    })?;
    start(runner, work, "read");
    let records = chem::read_from(&found.display().to_string(), reader, on_bad);
    finish(runner, work, records.is_ok());
    let records = records.map_err(|fault| {
        Problem::from_fault(&fault, work.span).or_skip(&fault, on_bad)
    })?;
    rows(runner, records, written.to_string(), Vec::new())
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

/// The data set of what was read; the user is told what was left out.
pub(super) fn rows(
    runner: &Runner<'_>,
    records: Records,
    name: String,
    notes: Vec<String>,
) -> Done {
    let mut skipped = Vec::new();
    for (code, count) in &records.bad_counts {
        let first = records
            .bad
            .iter()
            .filter(|fault| fault.code == *code)
            .take(3);
        skipped.push((code.to_string(), *count, first.cloned().collect()));
    }
    let mut units = BTreeMap::new();
    for column in &records.columns {
        // What has no known unit stays as it is.
        if let Some(text) = &column.unit
            && let Ok(unit) = Unit::parse(text)
        {
            units.insert(column.name.clone(), (text.as_str().into(), unit));
        }
    }
    let source = Source {
        name,
        notes,
        skipped,
    };
    for text in source.left_out() {
        runner.settings.progress.report(Event::Note { text });
    }
    value(Dataset {
        units: units.into(),
        rows: records.rows.into_iter().map(Arc::new).collect(),
        source,
        ..Dataset::default()
    })
}
