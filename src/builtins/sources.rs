//! Structures from the files of other programs.

use std::sync::Arc;

use super::data::{Done, finish, lost, rows, start};
use super::settings::{known, on_bad};
use crate::chem::OnBad;
use crate::diagnostic::{Code, Problem};
use crate::files::{self, Reading};
use crate::ir::Static;
use crate::run::{Cell, Runner, Value, Work};

/// `structures(…)`, `cif_folder(…)`, `optimade(…)` and their like.
pub fn structures(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let (Some(Static::Path { written, found }), Some(on_bad)) =
        (known(work.call, "path"), on_bad(work.call))
    else {
        return Err(lost(work.span));
    };
    let Some(mut reading) = Reading::of(work.call.short_name(), on_bad) else {
        return Err(lost(work.span));
    };
    if let Some(Static::Path { found, .. }) = known(work.call, "labels") {
        reading.labels = Some(found.clone());
    }
    if let Some(Static::Record(units)) = known(work.call, "units") {
        for (name, unit) in units {
            if let Static::Real(unit) = unit
                && let Some(shown) = &unit.shown
            {
                reading.units.push((name.to_string(), shown.to_string()));
            }
        }
    }
    start(runner, work, "read");
    let records = files::read(runner.settings.world, found, &reading, usize::MAX);
    finish(runner, work, records.is_ok());
    let records = records.map_err(|fault| {
        Problem::from_fault(&fault, work.span).or_skip(&fault, on_bad)
    })?;
    rows(runner, records, written.to_string(), Vec::new())
}

/// `cif(…)`: the only structure of a file.
pub fn cif(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let Some(Static::Path { written, found }) = known(work.call, "path") else {
        return Err(lost(work.span));
    };
    let Some(reading) = Reading::of("cif_folder", OnBad::Fail) else {
        return Err(lost(work.span));
    };
    let records = files::read(runner.settings.world, found, &reading, 2);
    let records = records.map_err(|fault| Problem::from_fault(&fault, work.span))?;
    let mut rows = records.rows.into_iter();
    match (rows.next(), rows.next()) {
        (Some(only), None) => Ok(Value::Cell(Cell::Structure(Arc::new(only)))),
        (first, second) => {
            let ids: Vec<String> = [first, second]
                .into_iter()
                .flatten()
                .map(|record| record.id)
                .collect();
            let title = format!("`{written}` holds more than one structure");
            Err(
                Problem::new(Code::E0708, title, work.span, "which of them is meant?")
                    .note(format!("the first two are {}", ids.join(" and ")))
                    .help(
                        "cut the file down to one data block, or read all of them with \
                         `structures(…)`",
                    ),
            )
        }
    }
}
