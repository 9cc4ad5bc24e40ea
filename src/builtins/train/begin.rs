//! Where a training begins.

use crate::diagnostic::Problem;
use crate::draw::Draws;
use crate::nn::{Begin, Checkpoint, Graph, Weights};
use crate::run::progress::Event;
use crate::run::{Runner, Work, store_problem};

/// New weights, or where an interrupted run left off.
pub fn begin(
    runner: &mut Runner<'_>,
    work: &Work<'_>,
    graph: &Graph,
    draws: Draws,
) -> Result<Begin, Problem> {
    let found = runner.settings.store.get_checkpoint(work.key);
    let found = found.map_err(|e| store_problem(&e))?;
    for damaged in &found.damaged {
        runner.warn_damaged(&damaged.to_string());
    }
    let Some(bytes) = found.bytes else {
        return Ok(Begin::Weights(Weights::start(graph, &draws)));
    };
    match Checkpoint::from_bytes(graph, &bytes) {
        Ok(checkpoint) => {
            let epochs = checkpoint.epochs();
            let text = match checkpoint.batches() {
                0 => format!("going on after epoch {epochs}"),
                batches => {
                    let epoch = epochs + 1;
                    format!("going on after batch {batches} of epoch {epoch}")
                }
            };
            runner.settings.progress.report(Event::Note { text });
            Ok(Begin::Resume(checkpoint))
        }
        Err(failure) => {
            runner.warn_damaged(&failure.to_string());
            Ok(Begin::Weights(Weights::start(graph, &draws)))
        }
    }
}
