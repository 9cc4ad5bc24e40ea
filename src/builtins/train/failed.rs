//! A training that went wrong, in the words of the script and the data.

use crate::diagnostic::{Code, Problem};
use crate::nn::Failure;
use crate::run::{Dataset, row_id};
use crate::source::Span;

/// What nn says, at a place of the script.
pub fn training_failed(failure: &Failure, span: Span) -> Problem {
    let code = Code::parse(failure.code()).unwrap_or(Code::E0805);
    Problem::new(code, failure.to_string(), span, "in this training")
}

/// A failed training; a loss that is not finite names the rows of its batch.
pub fn failed(failure: &Failure, span: Span, data: &Dataset) -> Problem {
    let mut problem = training_failed(failure, span);
    if let Failure::Setting { .. } = failure {
        return problem.help(
            "`tmo show stdlib train` and `tmo show stdlib adam` say what they take",
        );
    }
    let Failure::LossNotFinite { epoch, batch, rows } = failure else {
        return problem;
    };
    // The rows have names here; nn knows them by number only.
    problem.title =
        format!("the loss is not a finite number in epoch {epoch}, batch {batch}");
    let mut names = Vec::new();
    for row in &data.rows {
        if rows.contains(&row_id(&row.id)) {
            names.push(row.id.clone());
        }
    }
    let shown: Vec<String> = names.iter().take(8).cloned().collect();
    let more = names.len().saturating_sub(shown.len());
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    problem
        .note(format!("the batch held {}{more}", shown.join(", ")))
        .help("lower `rate`, or look at the features of these rows")
}
