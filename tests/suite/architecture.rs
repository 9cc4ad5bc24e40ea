//! Rules that the folders keep: who may know whom, how long a file may be, and that every
//! module says what it is for.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::project::files_below;

/// Lines a file may have at most.
const LONGEST: usize = 600;

/// What a part of the crate may name of the others, itself aside. A part that is not here
/// belongs to the language and is free.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("src/syntax", &["source", "diagnostic"]),
    ("src/chem", &[]),
    ("src/nn", &["draw"]),
    // Periodic tables need the elements.
    ("src/report", &["chem"]),
    ("src/draw.rs", &[]),
    ("src/source.rs", &[]),
    ("src/world.rs", &[]),
    ("src/diagnostic", &["source"]),
    ("src/run/store.rs", &[]),
    ("src/run/store", &[]),
];

/// Crates that only some files may name, beside their tests.
const ONLY_IN: &[(&str, &str)] = &[
    ("dfdx", "src/nn/"),
    ("ariadne", "src/diagnostic/draw"),
    ("pest", "src/syntax/"),
    ("clap", "src/cli/"),
    ("plotters", "src/report/"),
    ("resvg", "src/report/"),
    ("indicatif", "src/run/progress"),
];

/// The code lines of a file: comments and the ends of lines after `//` are left out.
fn code(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let bare = |line: &str| match line.find("//") {
        Some(at) => line[..at].to_owned(),
        None => line.to_owned(),
    };
    text.lines().map(bare).collect()
}

/// The parts of the crate that a line names: `crate::nn::Graph` and those in
/// `use crate::{nn, draw}`.
fn named(line: &str) -> Vec<String> {
    let word = |text: &str| -> String {
        text.chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect()
    };
    let mut found = Vec::new();
    for (at, start) in line.match_indices("crate::") {
        let rest = &line[at + start.len()..];
        match rest.strip_prefix('{') {
            Some(list) => found.extend(list.split(',').map(|part| word(part.trim()))),
            None => found.push(word(rest)),
        }
    }
    found.retain(|part| !part.is_empty());
    found
}

#[test]
fn imports_go_one_way() {
    let mut wrong = Vec::new();
    for (part, allowed) in MAY_IMPORT {
        let files = match Path::new(part).is_dir() {
            true => files_below(part, "rs"),
            false => vec![part.into()],
        };
        assert!(!files.is_empty(), "{part}");
        let own = part.trim_start_matches("src/").trim_end_matches(".rs");
        let own = own.split('/').next().unwrap();
        for file in files {
            for (number, line) in code(&file).iter().enumerate() {
                for name in named(line) {
                    if name != own && !allowed.contains(&&*name) {
                        let place = format!("{}:{}", file.display(), number + 1);
                        wrong.push(format!("{place}: {part} may not name crate::{name}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn some_crates_are_named_in_one_place_only() {
    let mut wrong = Vec::new();
    for file in files_below("src", "rs") {
        let path = file.to_str().unwrap();
        for (number, line) in code(&file).iter().enumerate() {
            for (name, home) in ONLY_IN {
                let used = [
                    format!("{name}::"),
                    format!("use {name}"),
                    format!("{name}_derive"),
                ];
                let used = used.iter().any(|word| {
                    line.match_indices(word.as_str()).any(|(at, _)| {
                        !line[..at].ends_with(|c: char| {
                            c.is_alphanumeric() || c == '_' || c == ':'
                        })
                    })
                });
                if used && !path.starts_with(home) {
                    wrong.push(format!(
                        "{path}:{}: only {home} may name {name}",
                        number + 1
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn no_file_is_too_long() {
    let mut long = Vec::new();
    for folder in ["src", "stdlib", "examples", "tests", "benches"] {
        for file in ["rs", "tmo"]
            .iter()
            .flat_map(|extension| files_below(folder, extension))
        {
            let lines = fs::read_to_string(&file).unwrap().lines().count();
            if lines > LONGEST {
                long.push(format!("{}: {lines} lines", file.display()));
            }
        }
    }
    assert!(
        long.is_empty(),
        "at most {LONGEST} lines a file\n{}",
        long.join("\n")
    );
}

#[test]
fn every_module_says_what_it_is_for() {
    let mut silent = Vec::new();
    for folder in ["src", "benches", "tests"] {
        for file in files_below(folder, "rs") {
            let text = fs::read_to_string(&file).unwrap();
            // The tests of a module are spoken for by the module.
            let name = file.to_str().unwrap();
            let tests = name.starts_with("src")
                && (name.ends_with("/tests.rs") || name.contains("/tests/"));
            if !tests && !text.starts_with("//! ") {
                silent.push(name.to_owned());
            }
        }
    }
    assert!(
        silent.is_empty(),
        "no `//!` on the first line of\n{}",
        silent.join("\n")
    );
}

#[test]
fn the_architecture_opens_with_the_stages() {
    let text = fs::read_to_string("docs/ARCHITECTURE.md").expect("docs/ARCHITECTURE.md");
    let table: Vec<&str> = text
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .collect();
    let opening = text
        .lines()
        .take_while(|line| !line.starts_with('|'))
        .count();
    assert!(
        opening <= 12,
        "the table of stages begins on line {}",
        opening + 1
    );
    assert!(table[0].contains("stage"), "{}", table[0]);
    let rows = table.join("\n");
    for stage in ["syntax", "names", "types", "plan", "run", "report"] {
        assert!(
            rows.contains(stage),
            "the table of stages lacks {stage}\n{rows}"
        );
    }
}

#[test]
fn every_folder_of_the_crate_is_in_the_architecture() {
    let text = fs::read_to_string("docs/ARCHITECTURE.md").expect("docs/ARCHITECTURE.md");
    let mut parts = BTreeSet::new();
    for file in files_below("src", "rs") {
        let part = file.strip_prefix("src").unwrap().iter().next().unwrap();
        parts.insert(part.to_str().unwrap().trim_end_matches(".rs").to_owned());
    }
    let missing: Vec<&String> = parts
        .iter()
        .filter(|part| {
            !["lib", "main"].contains(&part.as_str()) && !text.contains(part.as_str())
        })
        .collect();
    assert!(
        missing.is_empty(),
        "docs/ARCHITECTURE.md says nothing of {missing:?}"
    );
}

#[test]
fn names_are_found_however_they_are_imported() {
    assert_eq!(named("use crate::{nn::Graph, draw};"), ["nn", "draw"]);
    assert_eq!(
        named("let x = crate::chem::bundled(crate::nn::f());"),
        ["chem", "nn"]
    );
    assert!(named("use super::graph;").is_empty());
}
