//! Messages on the way out.

use std::io::{IsTerminal, Write, stderr, stdout};

use super::args::MessageFormat;
use crate::diagnostic::{Problem, Severity, draw, short, to_json};
use crate::source::Sources;
use crate::tools::markdown::Layout;

/// Print a text on the standard output. A reader that went away is no error.
pub fn say(text: &str) {
    let _ = stdout().lock().write_all(text.as_bytes());
}

/// Print problems; human ones and short ones on standard error, JSON on standard output,
/// where programs read it.
pub fn print(problems: &[Problem], sources: &Sources, format: MessageFormat) {
    for problem in problems {
        let text = match format {
            MessageFormat::Human => {
                let color =
                    stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
                draw(problem, sources, color)
            }
            MessageFormat::Short => short(problem, sources),
            MessageFormat::Json => {
                say(&format!("{}\n", to_json(problem, sources)));
                continue;
            }
        };
        let _ = stderr()
            .lock()
            .write_all(format!("{}\n", text.trim_end()).as_bytes());
    }
}

/// How many there are of each kind: "2 errors, 1 warning".
pub fn count(problems: &[Problem]) -> Option<String> {
    let errors = problems
        .iter()
        .filter(|p| p.severity() == Severity::Error)
        .count();
    let warnings = problems.len() - errors;
    let said = |n: usize, word: &str| match n {
        0 => None,
        1 => Some(format!("1 {word}")),
        n => Some(format!("{n} {word}s")),
    };
    let all: Vec<String> = [said(errors, "error"), said(warnings, "warning")]
        .into_iter()
        .flatten()
        .collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// How pages are laid out on the standard output.
pub fn layout() -> Layout {
    let terminal = stdout().is_terminal();
    Layout {
        width: match terminal {
            true => terminal_size::terminal_size()
                .map_or(80, |(width, _)| usize::from(width.0)),
            false => 80,
        },
        colour: terminal && std::env::var_os("NO_COLOR").is_none(),
    }
}
