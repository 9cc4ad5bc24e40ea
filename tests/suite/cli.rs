//! The commands as they are typed: what each prints, and with which exit code it ends.

use std::fs;

use serde_json::Value;

use crate::project::{files_below, said, tmo};

/// What the program says to these arguments, its store in a folder of its own.
fn answer(arguments: &[&str]) -> String {
    said(&tmo(arguments).output().unwrap())
}

macro_rules! snapshot {
    ($name:expr, $text:expr) => {{
        let mut settings = insta::Settings::new();
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.set_snapshot_path("../snapshots/cli");
        settings.bind(|| insta::assert_snapshot!($name, $text));
    }};
}

#[test]
fn check_says_of_every_file_how_it_stands() {
    let files = [
        "examples/quickstart.tmo",
        "tests/ui/E0301/unit_forgotten.tmo",
    ];
    let done = tmo(&["check", files[0], files[1]]).output().unwrap();
    assert_eq!(done.status.code(), Some(1));
    snapshot!("check_two_files", said(&done));
    let fine = tmo(&["check", files[0]]).output().unwrap();
    assert_eq!(fine.status.code(), Some(0));
}

#[test]
fn plan_says_what_a_run_would_do_and_what_is_there_already() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let store = store.to_str().unwrap();
    let script = "tests/scripts/small.tmo";
    snapshot!("plan_before", answer(&["plan", script, "--store", store]));
    let done = tmo(&["run", "-q", script, "--store", store])
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    snapshot!("plan_after", answer(&["plan", script, "--store", store]));
    let plain = ["plan", script, "--store", store, "--executor", "reference"];
    snapshot!("plan_after_by_another_executor", answer(&plain));
}

#[test]
fn show_says_how_a_network_is_run() {
    for network in ["cgcnn", "megnet"] {
        let shown = answer(&["show", "stdlib", network, "--lowered"]);
        snapshot!(format!("show_{network}_lowered"), shown);
    }
}

#[test]
fn plan_of_the_examples() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    for example in files_below("examples", "tmo") {
        let example = example.to_str().unwrap();
        let done = tmo(&["plan", example, "--store", store.to_str().unwrap()])
            .output()
            .unwrap();
        assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    }
}

#[test]
fn show_lists_and_shows() {
    snapshot!("show_stdlib", answer(&["show", "stdlib"]));
    snapshot!("show_builtin", answer(&["show", "stdlib", "conv1d"]));
    snapshot!("show_model", answer(&["show", "stdlib", "descriptor_cnn"]));
    snapshot!(
        "show_other_length",
        answer(&["show", "stdlib", "descriptor_cnn", "--length", "128"])
    );
    let own = "examples/own_architecture.tmo";
    snapshot!("show_own_model", answer(&["show", own, "three_convs"]));
    snapshot!("show_own_study", answer(&["show", own, "own_architecture"]));
    snapshot!("show_misspelt", answer(&["show", own, "three_conv"]));
    snapshot!(
        "show_too_short",
        answer(&["show", "stdlib", "descriptor_cnn", "--length", "1"])
    );
}

#[test]
fn show_knows_every_item_of_the_library() {
    let listed = answer(&["show", "stdlib"]);
    let mut count = 0;
    for line in listed.lines().filter(|line| line.starts_with("  ")) {
        let name = line.split_whitespace().nth(1).unwrap();
        let done = tmo(&["show", "stdlib", name]).output().unwrap();
        assert_eq!(done.status.code(), Some(0), "{name}: {}", said(&done));
        count += 1;
    }
    assert!(count > 30, "{listed}");
}

#[test]
fn explain_knows_every_code() {
    snapshot!("explain_all", answer(&["explain"]));
    snapshot!("explain_one", answer(&["explain", "E0401"]));
    snapshot!("explain_misspelt", answer(&["explain", "E0410"]));
    for code in tmo::diagnostic::Code::ALL {
        let done = tmo(&["explain", code.name()]).output().unwrap();
        assert_eq!(done.status.code(), Some(0), "{code}");
        assert!(
            said(&done).contains(code.meaning()),
            "{code}: {}",
            said(&done)
        );
    }
}

#[test]
fn what_is_not_there_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let store = store.to_str().unwrap();
    for (name, arguments) in [
        ("no_such_file", &["check", "studies/first.tmo"][..]),
        ("a_folder", &["check", "examples"]),
        (
            "no_such_study",
            &["run", "tests/scripts/small.tmo", "frist", "--store", store],
        ),
        (
            "no_study",
            &["run", "tests/ui/E0603/no_study.tmo", "--store", store],
        ),
    ] {
        let done = tmo(arguments).output().unwrap();
        assert_eq!(done.status.code(), Some(1), "{name}: {}", said(&done));
        let mut settings = insta::Settings::new();
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.set_snapshot_path("../snapshots/cli");
        settings.bind(|| insta::assert_snapshot!(name, said(&done)));
    }
}

#[test]
fn a_text_that_is_not_utf8_is_said() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("latin1.tmo"),
        b"tmo 1\nlet gr\xf6\xdfe = 1\n",
    )
    .unwrap();
    let done = tmo(&["check", "latin1.tmo"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    snapshot!("not_utf8", said(&done));
    assert_eq!(done.status.code(), Some(1));
}

#[test]
fn json_is_one_object_a_line() {
    for script in files_below("tests/ui", "tmo") {
        let script = script.to_str().unwrap();
        let done = tmo(&["check", "--message-format", "json", script])
            .output()
            .unwrap();
        assert_eq!(done.stderr, b"", "{}", said(&done));
        let text = String::from_utf8(done.stdout).unwrap();
        let mut errors = 0;
        for line in text.lines() {
            let object: Value =
                serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
            let code = object["code"].as_str().unwrap();
            assert!(tmo::diagnostic::Code::parse(code).is_some(), "{line}");
            assert!(!object["title"].as_str().unwrap().is_empty(), "{line}");
            errors += usize::from(object["severity"] == "error");
            for label in object["labels"].as_array().unwrap() {
                let (start, end) = (&label["start"], &label["end"]);
                assert!(start.as_u64().unwrap() <= end.as_u64().unwrap(), "{line}");
                assert!(label["line"].as_u64().unwrap() >= 1, "{line}");
            }
        }
        assert_eq!(done.status.code(), Some(i32::from(errors > 0)), "{script}");
    }
}

#[test]
fn short_is_one_line_each() {
    let script = "tests/ui/E0001/three_broken_items.tmo";
    let done = tmo(&["check", "--message-format", "short", script])
        .output()
        .unwrap();
    assert_eq!(done.stdout, b"");
    snapshot!("short", said(&done));
    for script in files_below("tests/ui", "tmo") {
        let script = script.to_str().unwrap();
        let run = |format: &str| {
            tmo(&["check", "--message-format", format, script])
                .output()
                .unwrap()
        };
        let (short, json) = (run("short").stderr, run("json").stdout);
        let lines = |text: &[u8]| text.split(|byte| *byte == b'\n').count();
        assert_eq!(
            lines(&short),
            lines(&json),
            "{}",
            String::from_utf8_lossy(&short)
        );
    }
}

#[test]
fn colours_stay_out_of_files() {
    let script = "tests/ui/E0301/unit_forgotten.tmo";
    let done = tmo(&["check", script])
        .env_remove("NO_COLOR")
        .output()
        .unwrap();
    assert!(!done.stderr.contains(&0x1b), "{}", said(&done));
}
