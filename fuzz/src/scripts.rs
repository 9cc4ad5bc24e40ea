//! Scripts of every quality for `check` and `fmt`: noise, scripts by the grammar, and
//! scripts with changes.

#[path = "../../src/syntax/pretty/generate.rs"]
mod generate;

use std::fs;
use std::path::Path;

use tmo::session::Session;
use tmo::source::Sources;
use tmo::syntax::{format, parse};
use tmo::world::Memory;

/// Folders whose scripts are changed, below the project's.
const SEEDS: [&str; 4] = ["examples", "stdlib", "tests/fmt", "tests/ui"];

/// The input of a seed: noise, a script by the grammar, or a script with changes.
pub fn input(seed: u64, scripts: &[String]) -> String {
    let own = seed / 4;
    match seed % 4 {
        0 => generate::noise(own),
        1 => generate::script(own),
        2 => generate::mutated(&generate::script(own), own),
        _ => {
            let at = own as usize % scripts.len().max(1);
            let script = scripts.get(at).map_or("", String::as_str);
            generate::mutated(part(script, own), own)
        }
    }
}

/// Every script of the project, in the order of their paths.
pub fn scripts() -> Vec<String> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut open: Vec<_> = SEEDS.iter().map(|folder| project.join(folder)).collect();
    let mut files = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            match path.extension() {
                Some(end) if end == "tmo" => files.push(path),
                _ if path.is_dir() => open.push(path),
                _ => {}
            }
        }
    }
    files.sort();
    let read = |path: &std::path::PathBuf| fs::read_to_string(path).ok();
    files.iter().filter_map(read).collect()
}

/// A long script from one of its items on, so that an input stays small.
fn part(text: &str, seed: u64) -> &str {
    const LONG: usize = 4_000;
    if text.len() <= LONG {
        return text;
    }
    let mut start = generate::Chance(seed).below(text.len() - LONG);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    let mut end = start + LONG;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[start..end]
}

/// Check a script in a world without files.
pub fn check(text: &str) {
    let world = Memory::default();
    let mut session = Session::new(&world);
    let checked = session.check("fuzz.tmo", text);
    for problem in &checked.problems {
        let drawn = tmo::diagnostic::short(problem, session.sources());
        assert!(!drawn.is_empty());
    }
}

/// Format a script; what is formatted parses and stays as it is.
pub fn fmt(text: &str) {
    let source = |text: &str| Sources::default().add("fuzz.tmo", text);
    let Ok(once) = format(&source(text)) else {
        return;
    };
    assert_eq!(parse(&source(&once)).problems, []);
    assert_eq!(format(&source(&once)).as_deref(), Ok(&*once));
    let comments = |text: &str| parse(&source(text)).comments.len();
    assert_eq!(comments(text), comments(&once));
}
