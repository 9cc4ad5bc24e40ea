//! What a user sees of a mistake. `tests/ui/CODE/MISTAKE.tmo` is a script with one
//! mistake; its first message has that code, and all of them lie in a snapshot beside it.
//! To add one, write the script and run the tests with `INSTA_UPDATE=always`.

use std::collections::BTreeSet;
use std::path::Path;

use tmo::diagnostic::{Code, Problem};
use tmo::world::Disk;

use crate::project::{Told, check, files_below, files_in, folders_in, run_text, stem};

/// Codes that no script alone provokes, and where they are tested instead.
const ELSEWHERE: &[(Code, &str)] = &[
    (Code::E0701, "a damaged data file: data_errors"),
    (Code::E0702, "a data file: data_errors"),
    (Code::E0703, "a data file: data_errors"),
    (Code::E0704, "a data file: data_errors"),
    (Code::E0705, "a data file: data_errors"),
    (Code::E0706, "a data file: data_errors"),
    (Code::E0707, "a data file: data_errors"),
    (Code::E0709, "a data file: data_errors"),
    (Code::E0710, "a data file: data_errors"),
    (Code::E0711, "a data file: data_errors"),
    (
        Code::E0803,
        "a checkpoint of another training: unit tests of nn",
    ),
    (
        Code::E0807,
        "a system without threads to give: unit tests of nn",
    ),
    (
        Code::E0808,
        "features and targets are checked when they are made: unit tests of nn",
    ),
    (Code::E0809, "Ctrl-C: interrupts"),
    (Code::E0810, "a GPU that fails or is not there"),
    (Code::E0901, "the store's folder: run"),
    (Code::W0901, "a damaged store: run"),
];

/// The reason of a code that nothing reports yet; a test looks whether that is so.
const NOT_YET: &str = "nothing reports it yet";

/// Check a script; what is found only in a run is found by running.
fn told(path: &Path) -> Told {
    let text = std::fs::read_to_string(path).unwrap();
    run_text(&Disk, path.to_str().unwrap(), &text).0
}

#[test]
fn every_mistake_is_told() {
    let mut wrong = Vec::new();
    for folder in folders_in("tests/ui") {
        let Some(code) = Code::parse(&stem(&folder)) else {
            continue;
        };
        for script in files_in(folder.to_str().unwrap(), "tmo") {
            let told = told(&script);
            wrong.extend(wrongly_told(&script, code, &told));
            let mut settings = insta::Settings::new();
            settings.set_prepend_module_to_snapshot(false);
            settings.set_omit_expression(true);
            settings.set_snapshot_path(format!("../ui/{code}/snapshots"));
            let name = stem(&script);
            settings.bind(|| insta::assert_snapshot!(name, told.drawn()));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Whether the first message of a script is not what its folder says, or points nowhere.
fn wrongly_told(script: &Path, code: Code, told: &Told) -> Option<String> {
    let Some(first) = told.problems.first() else {
        return Some(format!("{}: nothing is told", script.display()));
    };
    if first.code != code {
        return Some(format!(
            "{}: not {code} first\n{}",
            script.display(),
            told.short()
        ));
    }
    // A script without a study has no place to point to.
    if code == Code::E0603 {
        return None;
    }
    let problem =
        |what: &str| Some(format!("{}: {what}\n{}", script.display(), told.short()));
    let Some(at) = told.sources.position(first.span()) else {
        return problem("it points nowhere");
    };
    let source = told.sources.of(first.span()).unwrap();
    if source.name.starts_with("stdlib") {
        return problem("it points into the standard library, not to the user's call");
    }
    let place = format!("{}:{}:{}", source.name, at.line, at.column);
    if !told.drawn().contains(&place) {
        return problem(&format!("the drawing does not show {place}"));
    }
    None
}

#[test]
fn every_code_has_a_script_or_a_reason() {
    let mut without = Vec::new();
    for code in Code::ALL {
        let folder = format!("tests/ui/{code}");
        let has = Path::new(&folder).is_dir() && !files_in(&folder, "tmo").is_empty();
        let excused = ELSEWHERE.iter().any(|(known, _)| known == code);
        assert!(
            !(has && excused),
            "{code} has a script; take it off the list"
        );
        if !has && !excused {
            without.push(format!("{code}: {}", code.meaning()));
        }
    }
    assert!(
        without.is_empty(),
        "no script in tests/ui for\n{}",
        without.join("\n")
    );
}

#[test]
fn codes_that_nothing_reports_are_in_no_source() {
    for (code, _) in ELSEWHERE.iter().filter(|(_, why)| *why == NOT_YET) {
        for file in files_below("src", "rs") {
            let text = std::fs::read_to_string(&file).unwrap();
            let used = text.contains(&format!("Code::{code}"));
            assert!(
                !used,
                "{} reports {code}: write a script for it",
                file.display()
            );
        }
    }
}

#[test]
fn every_folder_is_a_code_and_every_snapshot_has_its_script() {
    for folder in folders_in("tests/ui") {
        let name = stem(&folder);
        if name == "fine" {
            continue;
        }
        assert!(Code::parse(&name).is_some(), "tests/ui/{name} is no code");
        let folder = folder.to_str().unwrap();
        let scripts: BTreeSet<String> = files_in(folder, "tmo")
            .iter()
            .map(|path| stem(path))
            .collect();
        let snapshots: BTreeSet<String> =
            files_in(&format!("{folder}/snapshots"), "snap")
                .iter()
                .map(|path| stem(path))
                .collect();
        assert_eq!(scripts, snapshots, "tests/ui/{name}");
    }
}

#[test]
fn good_scripts_have_no_problem() {
    let scripts = files_in("tests/ui/fine", "tmo");
    assert!(scripts.len() >= 5);
    for script in scripts {
        assert_eq!(check(&script).short(), "", "{}", script.display());
    }
}

#[test]
fn three_broken_items_give_three_errors_and_spoil_no_other() {
    let told = check(Path::new("tests/ui/E0001/three_broken_items.tmo"));
    let lines = |problem: &Problem| told.sources.position(problem.span()).unwrap().line;
    let lines: Vec<usize> = told.problems.iter().map(lines).collect();
    assert_eq!(lines, [3, 5, 6], "{}", told.short());
}

#[test]
fn a_wrong_architecture_names_the_layer_and_draws_both_shapes() {
    let path = Path::new("tests/ui/E0401/own_architecture_without_a_signal.tmo");
    let drawn = check(path).drawn();
    assert!(drawn.contains("`conv1d`"), "{drawn}");
    assert!(drawn.contains("takes  [n, length, channels]"), "{drawn}");
    assert!(drawn.contains("it gets  [rows, "), "{drawn}");
}

#[test]
fn an_error_in_the_library_points_to_the_users_call() {
    let path = Path::new("tests/ui/E0403/too_many_pools_in_the_library.tmo");
    let told = check(path);
    let problem = &told.problems[0];
    assert!(
        told.sources
            .text(problem.span())
            .starts_with("descriptor_cnn(")
    );
    assert!(told.drawn().contains("`avg_pool1d`"), "{}", told.drawn());
}
