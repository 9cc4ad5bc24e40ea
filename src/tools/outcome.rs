//! What a study came to, for a terminal.

use crate::diagnostic::{Code, Problem};
use crate::report::table_lines;
use crate::report::terminal::{Look, result_table};
use crate::session::{Content, Outcome};
use crate::source::Span;

/// The scores, the table or the report of a study.
///
/// # Errors
/// E0902 when they cannot be shown.
pub fn shown(outcome: &Outcome, look: Look) -> Result<String, Box<Problem>> {
    let lines = match &outcome.content {
        Content::Scores(report) => result_table(report, look),
        Content::Table(report) => Ok(table_lines(report, look)),
        Content::Document(document) => document.lines(look),
    };
    lines.map_err(|problem| {
        let help = problem.help();
        let problem = Problem::new(Code::E0902, problem.to_string(), Span::NOWHERE, "");
        Box::new(problem.help(help))
    })
}
