//! Numbers of the reference codes. `cargo test --release goldens` compares ours with the
//! goldens the project ships and, if the environment variable `TMO_GOLDENS` names folders
//! of the same format, with those too. `tests/goldens/README.md` says what the files are.
//!
//! Every file of a folder belongs to a kind. One that is not built yet has no check: its
//! files are named on standard error at each run, and counted nowhere as compared.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

#[path = "../goldens_kinds/mod.rs"]
mod kinds;

use kinds::KINDS;

/// Files that hold no golden: words, and the structures the goldens are of.
const NO_GOLDENS: &[&str] = &["README.md", "structures.json"];

/// Folders within a folder of goldens that hold goldens of their own.
const FOLDERS_OF_THEIR_OWN: &[&str] = &["shipped"];

#[test]
fn of_the_project() {
    let compared = compare(Path::new("tests/goldens"));
    let of = |kind: &str| compared.iter().find(|(known, _)| *known == kind);
    for (kind, count) in [
        ("magpie.json", "20 structures"),
        ("models/cnn_*", "3 networks"),
        ("models/alignn_*", "1 networks"),
        ("models/cgcnn_*", "1 networks"),
        ("models/deepergatgnn_*", "1 networks"),
        ("models/megnet_*", "1 networks"),
    ] {
        let (_, told) = of(kind).unwrap_or_else(|| panic!("no {kind}"));
        assert!(told.contains(count), "{kind}: {told}");
    }
}

#[test]
fn of_the_folders_in_tmo_goldens() {
    let Some(folders) = std::env::var_os("TMO_GOLDENS") else {
        say("TMO_GOLDENS is not set: only the goldens of the project are compared");
        return;
    };
    for folder in std::env::split_paths(&folders) {
        assert!(
            folder.is_dir(),
            "TMO_GOLDENS: {} is not a folder",
            folder.display()
        );
        let compared = compare(&folder);
        assert!(
            !compared.is_empty(),
            "{}: nothing could be compared",
            folder.display()
        );
    }
}

/// The CIF files the benchmarks read, when their variables are set.
#[test]
fn of_an_archive() {
    let path = |name| std::env::var_os(name).map(PathBuf::from);
    let (Some(archive), Some(list)) =
        (path("TMO_BENCH_CIF"), path("TMO_BENCH_STRUCTURES"))
    else {
        say("TMO_BENCH_CIF or TMO_BENCH_STRUCTURES is not set: no archive is read");
        return;
    };
    let found = kinds::cifs::check_archive(&archive, &list);
    say(&format!("{}: {found:?}", archive.display()));
    assert!(found.is_ok(), "{found:?}");
}

/// The same oxides in files of many formats: the project's own, and those of a folder that
/// `TMO_FORMATS` names.
#[test]
fn of_the_formats() {
    let own = kinds::formats::check(Path::new("tests/data/formats/good")).unwrap();
    assert!(own.files >= 25 && own.refined == 5, "{own:?}");
    let Some(folder) = std::env::var_os("TMO_FORMATS").map(PathBuf::from) else {
        say("TMO_FORMATS is not set: only the project's own files are read");
        return;
    };
    let found = kinds::formats::check(&folder);
    say(&format!("{}: {found:?}", folder.display()));
    assert!(found.is_ok(), "{found:?}");
}

/// Compare every golden of a folder whose kind is built; gives those kinds, and what is
/// to be said of each. Fails when one differs.
fn compare(folder: &Path) -> Vec<(&'static str, String)> {
    let mut files = Vec::new();
    list(folder, folder, &mut files);
    let (mut compared, mut failed) = (Vec::new(), Vec::new());
    let place = folder.display();
    for (pattern, check) in KINDS {
        let own = files.iter().filter(|file| claims(pattern, file)).count();
        match check {
            _ if own == 0 => {}
            Some(check) => match check(folder) {
                Ok(told) => {
                    say(&format!("{place}: {pattern}: {told}"));
                    compared.push((*pattern, told));
                }
                Err(why) => failed.push(format!("{place}: {pattern}: {why}")),
            },
            None => say(&format!("{place}: not built yet: {pattern} ({own} files)")),
        }
    }
    for file in files {
        let known = KINDS.iter().any(|(pattern, _)| claims(pattern, &file));
        if !known && !NO_GOLDENS.contains(&file.as_str()) {
            say(&format!("{place}: not built yet: unknown file {file}"));
        }
    }
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
    compared
}

fn claims(pattern: &str, file: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => file.starts_with(start),
        None => file == pattern,
    }
}

fn list(top: &Path, folder: &Path, files: &mut Vec<String>) {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    for path in paths {
        let name = path.strip_prefix(top).unwrap().to_str().unwrap().to_owned();
        if !path.is_dir() {
            files.push(name);
        } else if !FOLDERS_OF_THEIR_OWN.contains(&name.as_str()) {
            list(top, &path, files);
        }
    }
}

/// Say something even where the test passes: its captured output is not shown then.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "goldens: {text}");
}

#[test]
fn a_file_belongs_to_one_kind() {
    for (first, _) in KINDS {
        let file = first.replace('*', "x");
        let owners = KINDS
            .iter()
            .filter(|(pattern, _)| claims(pattern, &file))
            .count();
        assert_eq!(owners, 1, "{first}");
    }
}
