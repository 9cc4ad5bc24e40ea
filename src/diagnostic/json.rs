//! Messages as data, for editors and scripts.
//!
//! Comes in: a [`Problem`]. Goes out: a JSON object whose places name their file.

use serde_json::{Value, json};

use super::Problem;
use crate::source::{Sources, Span};

/// A problem as `{code, severity, title, help, notes, labels}`.
///
/// Each label is `{file, line, column, end_line, end_column, start, end, text}`: lines and
/// columns from 1, columns in characters, the end exclusive; `start` and `end` are bytes
/// within the file. Labels that lie in no source are left out.
pub fn to_json(problem: &Problem, sources: &Sources) -> Value {
    let labels = problem.labels.iter().filter_map(|label| {
        let source = sources.of(label.span)?;
        let start = sources.position(label.span)?;
        let end = sources.position(Span::new(label.span.end, label.span.end))?;
        Some(json!({
            "file": &*source.name,
            "line": start.line,
            "column": start.column,
            "end_line": end.line,
            "end_column": end.column,
            "start": label.span.start - source.base,
            "end": label.span.end - source.base,
            "text": label.text,
        }))
    });
    json!({
        "code": problem.code,
        "severity": problem.severity(),
        "title": problem.title,
        "help": problem.help,
        "notes": problem.notes,
        "labels": labels.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;

    #[test]
    fn places_are_local_to_their_file() {
        let mut sources = Sources::default();
        sources.add("first.tmo", "tmo 1\n");
        let second = sources.add("dir/second.tmo", "let é = 5 Å\nlet b = 1");
        let problem = Problem::new(
            Code::E0301,
            "a length needs a unit",
            second.span(9, 12),
            "here",
        )
        .note("more")
        .help("write `5 Å`");
        assert_eq!(
            to_json(&problem, &sources),
            json!({
                "code": "E0301",
                "severity": "error",
                "title": "a length needs a unit",
                "help": "write `5 Å`",
                "notes": ["more"],
                "labels": [{
                    "file": "dir/second.tmo",
                    "line": 1, "column": 9, "end_line": 1, "end_column": 12,
                    "start": 9, "end": 13, "text": "here",
                }],
            }),
        );
    }

    #[test]
    fn without_a_place() {
        let problem = Problem::new(Code::W0501, "unused", Span::NOWHERE, "");
        let json = to_json(&problem, &Sources::default());
        assert_eq!(json["labels"], json!([]));
        assert_eq!(json["severity"], "warning");
        assert_eq!(json["help"], Value::Null);
    }
}
