//! Messages on the way out.

use std::io::{IsTerminal, Write, stderr, stdout};
use std::path::Path;

use super::args::MessageFormat;
use crate::diagnostic::{Code, Problem, Severity, draw, short, to_json};
use crate::session::{Checked, Session};
use crate::source::{LARGEST_SOURCE, Sources, Span};

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

/// Read and check a script. None when it could not be read; that was printed.
pub fn checked(
    session: &mut Session,
    file: &Path,
    format: MessageFormat,
) -> Option<Checked> {
    let name = file.display().to_string();
    match read(file) {
        Ok(text) => Some(session.check(&name, &text)),
        Err(problem) => {
            print(&[*problem], session.sources(), format);
            None
        }
    }
}

/// The text of a script.
pub fn read(file: &Path) -> Result<String, Box<Problem>> {
    let name = file.display().to_string();
    let bytes = std::fs::read(file).map_err(|error| {
        let help = match file.extension() {
            Some(_) => "look at the path; it is relative to the current folder",
            None => "look at the path; scripts are files that end in `.tmo`",
        };
        unreadable(&name, &plain(&error), help)
    })?;
    text_of(bytes, &name)
}

/// The bytes of a script as text.
pub fn text_of(bytes: Vec<u8>, name: &str) -> Result<String, Box<Problem>> {
    if bytes.len() > LARGEST_SOURCE {
        let help = "data goes into files of its own";
        return Err(unreadable(name, "it is too large for a script", help));
    }
    String::from_utf8(bytes).map_err(|_| {
        unreadable(
            name,
            "it is not UTF-8 text",
            "save it as UTF-8 in your editor",
        )
    })
}

fn unreadable(name: &str, why: &str, help: &str) -> Box<Problem> {
    let title = format!("`{name}` cannot be read: {why}");
    Box::new(Problem::new(Code::E0601, title, Span::NOWHERE, "").help(help))
}

/// An error of the system without its number.
fn plain(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".into(),
        std::io::ErrorKind::PermissionDenied => "permission denied".into(),
        std::io::ErrorKind::IsADirectory => "it is a folder".into(),
        _ => error.to_string(),
    }
}
