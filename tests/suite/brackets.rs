//! A bracket that is missing is told where it is missing: every closing bracket of every
//! script of the project is taken out in turn, and so are quotes.

use std::fs;

use tmo::diagnostic::Code;
use tmo::source::Sources;
use tmo::syntax::parse;

use crate::project::files_below;

/// Places of closing brackets outside of comments and texts.
fn closers(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let (mut quoted, mut comment) = (false, false);
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        match c {
            '\n' => (quoted, comment) = (false, false),
            _ if comment => {}
            '"' => quoted = !quoted,
            _ if quoted => {}
            '/' if before == '/' => comment = true,
            ')' | ']' | '}' => found.push(at),
            _ => {}
        }
        before = c;
    }
    found
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// The line of the last thing before `at` that is not a comment.
fn line_before(text: &str, at: usize) -> usize {
    let lines: Vec<&str> = text[..at].lines().collect();
    let full = lines.iter().rposition(|line| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with("//")
    });
    full.map_or(1, |line| line + 1)
}

/// Whether the bracket at the end of what stands before the told place mends the text.
fn mends(broken: &str, at: usize, bracket: &str) -> bool {
    let mended = format!("{}{bracket}{}", &broken[..at], &broken[at..]);
    parse(&Sources::default().add("a.tmo", &mended))
        .problems
        .is_empty()
}

#[test]
fn a_missing_bracket_is_told_on_its_line() {
    let (mut all, mut elsewhere, mut wrong) = (0, 0, Vec::new());
    for folder in ["examples", "stdlib", "tests/fmt", "tests/ui/fine"] {
        for file in files_below(folder, "tmo") {
            let text = fs::read_to_string(&file).unwrap();
            for at in closers(&text) {
                let broken = format!("{}{}", &text[..at], &text[at + 1..]);
                let mut sources = Sources::default();
                let source = sources.add("a.tmo", &broken);
                let parsed = parse(&source);
                all += 1;
                let due = line_of(&text, at);
                let place = format!("{}:{due}", file.display());
                let Some(first) = parsed.problems.first() else {
                    wrong.push(format!("{place}: nothing is told"));
                    continue;
                };
                let told = sources.position(first.span()).unwrap().line;
                // A bracket that stands first on its line may be missing there or at the
                // end of what is before it.
                let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
                let earliest = match text[line..at].trim().is_empty() {
                    true => line_before(&text, line),
                    false => due,
                };
                if first.code == Code::E0001 && (earliest..=due).contains(&told) {
                    continue;
                }
                // Where two lines would do, either may be told.
                let start = (first.span().start - source.base) as usize;
                if first.code == Code::E0001 && mends(&broken, start, &text[at..=at]) {
                    elsewhere += 1;
                    continue;
                }
                wrong.push(format!("{place}: told on line {told}: {}", first.title));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {all}\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(
        elsewhere * 100 <= all,
        "{elsewhere} of {all} on another line"
    );
}
