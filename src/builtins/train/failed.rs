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

/// Rows that a network cannot be asked about, those at the positions `at` of a data set.
pub fn row_failed(
    failure: &Failure,
    span: Span,
    data: &Dataset,
    at: &[usize],
) -> Problem {
    let Failure::Crystal { row, problem } = failure else {
        return training_failed(failure, span);
    };
    let place = usize::try_from(*row).ok().and_then(|row| at.get(row));
    let row = place.and_then(|at| data.rows.get(*at));
    strange(row.map_or("", |row| &row.id), problem, span)
}

/// A crystal that a network has no room for.
fn strange(id: &str, problem: &str, span: Span) -> Problem {
    let title = format!("the network cannot take `{id}`: {problem}");
    Problem::new(Code::E0804, title, span, "it was to be fed here").help(
        "leave such rows out before with `where`, or let the network have more classes",
    )
}

/// A prediction that is no number, or infinite.
pub fn not_finite(id: &str, span: Span) -> Problem {
    Problem::new(
        Code::E0801,
        format!("what the network says of `{id}` is not a finite number"),
        span,
        "it was asked here",
    )
    .help(
        "look at the features of this row beside those of the training rows, and at what \
         the network does to numbers it has not met: `ln`, `sqrt` and `/` have no value \
         everywhere",
    )
}

/// A failed training; what is not finite names the rows of its batch.
pub fn failed(failure: &Failure, span: Span, data: &Dataset) -> Problem {
    let mut problem = training_failed(failure, span);
    if let Failure::Setting { .. } = failure {
        return problem.help(
            "`tmo show stdlib train` and `tmo show stdlib adam` say what they take",
        );
    }
    // The rows have names here; nn knows them by number only.
    if let Failure::Crystal { row, problem: why } = failure {
        let found = data.rows.iter().find(|known| row_id(&known.id) == *row);
        return strange(found.map_or("", |row| &row.id), why, span);
    }
    let (rows, title) = match failure {
        Failure::LossNotFinite { epoch, batch, rows } => (
            rows,
            format!("the loss is not a finite number in epoch {epoch}, batch {batch}"),
        ),
        Failure::WeightNotFinite {
            epoch,
            batch,
            rows,
            weight,
        } => (
            rows,
            format!(
                "`{weight}` is not finite after the step of epoch {epoch}, batch {batch}"
            ),
        ),
        _ => return problem,
    };
    problem.title = title;
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
    if let Failure::WeightNotFinite { .. } = failure {
        problem = problem.note(
            "the loss of the batch is finite: its gradient is infinite or no number, as that \
             of `sqrt` at 0, or `rate` is far too large",
        );
    }
    problem
        .note(format!("the batch held {}{more}", shown.join(", ")))
        .help("lower `rate`, or look at the features of these rows")
}
