//! Bad data files: each file of tests/data/bad through a script that reads it, as the
//! user sees it; and the same with `on_bad: skip`, where a report counts what was left out.

use std::fs;
use std::path::Path;

use tmo::diagnostic::Code;
use tmo::report::StudyReport;
use tmo::world::Memory;

use crate::project::{files_below, run_text, said, tmo};

/// A script that trains on a file called `data/NAME`.
fn script(name: &str, on_bad: &str) -> String {
    format!(
        r#"tmo 1

features mine = jsonl("data/{name}"{on_bad})
  |> target(.formation_energy_per_atom)
  |> split(test: 50%)
  |> featurize(magpie())

model line()(x: [rows, d]) -> [rows, 1] = x |> dense(1, init: glorot())

study first = mine
  |> train(line(), loss: mse, optimizer: adam(), rate: 1e-6, epochs: 1, batch: 8, keep: final)
  |> evaluate(rmse)
"#
    )
}

/// Every file of tests/data/bad: its name and its bytes.
fn bad_files() -> Vec<(String, Vec<u8>)> {
    let mut files = files_below("tests/data/bad", "jsonl");
    files.extend(files_below("tests/data/bad", "gz"));
    files.sort();
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    files
        .iter()
        .map(|path| (name(path), fs::read(path).unwrap()))
        .collect()
}

#[test]
fn every_bad_file_is_told_with_file_line_and_field() {
    let files = bad_files();
    assert!(files.len() >= 34, "{}", files.len());
    let mut codes = std::collections::BTreeSet::new();
    for (name, bytes) in files {
        let mut world = Memory::default();
        world.put(format!("data/{name}"), bytes);
        let (told, ran) = run_text(&world, "study.tmo", &script(&name, ""));
        assert!(
            ran.is_none_or(|ran| ran.outcomes.is_empty()),
            "{name} gave a result"
        );
        let first = &told.problems[0];
        assert!(
            first.code.name().starts_with("E07"),
            "{name}: {}",
            told.short()
        );
        assert_eq!(
            told.sources.text(first.span()),
            format!("\"data/{name}\""),
            "{name}"
        );
        let drawn = told.drawn();
        assert!(drawn.contains(&format!("in data/{name}")), "{drawn}");
        codes.insert(first.code);
        let mut settings = insta::Settings::new();
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.set_snapshot_path("../data/bad/snapshots");
        settings.bind(|| insta::assert_snapshot!(name.as_str(), drawn));
    }
    // Those that ui.rs says are tested here.
    use Code::*;
    let promised = [
        E0701, E0702, E0703, E0704, E0705, E0706, E0707, E0708, E0709, E0710, E0711,
    ];
    assert!(
        promised.iter().all(|code| codes.contains(code)),
        "{codes:?}"
    );
}

/// Files whose fault is not in one record: there is nothing to skip to.
const NOT_TO_BE_SKIPPED: &[&str] = &[
    "blank.jsonl",
    "damaged.jsonl.gz",
    "empty.jsonl",
    "truncated.jsonl.gz",
];

#[test]
fn skipped_records_are_counted_in_the_report() {
    let good = fs::read_to_string("tests/data/good/small.jsonl").unwrap();
    let good: Vec<&str> = good.lines().collect();
    for (name, bytes) in bad_files() {
        if NOT_TO_BE_SKIPPED.contains(&name.as_str()) {
            continue;
        }
        // The good records come first, so that there is something to train on and the
        // columns are theirs.
        let mut mixed: Vec<u8> = good.join("\n").into_bytes();
        mixed.push(b'\n');
        mixed.extend_from_slice(&bytes);
        let mut world = Memory::default();
        world.put(format!("data/{name}"), mixed);
        let (told, ran) = run_text(&world, "study.tmo", &script(&name, ", on_bad: skip"));
        assert_eq!(told.short(), "", "{name}");
        let ran = ran.unwrap();
        let report: &StudyReport = ran.outcomes[0].scores().unwrap();
        let (kept, skipped) = counted(report);
        assert!(kept >= good.len(), "{name}: {kept} kept");
        assert!(skipped >= 1, "{name}: {skipped} skipped");
        let lines = bytes.split(|byte| *byte == b'\n');
        let written = lines.filter(|line| !line.trim_ascii().is_empty()).count();
        assert_eq!(
            kept + skipped,
            good.len() + written,
            "{name}: {kept} and {skipped}"
        );
    }
}

/// Rows that were read and rows that were left out.
fn counted(report: &StudyReport) -> (usize, usize) {
    let skipped: u64 = report
        .data
        .skipped
        .iter()
        .map(|skipped| skipped.count)
        .sum();
    (report.data.rows as usize, skipped as usize)
}

#[test]
fn the_report_names_what_was_skipped() {
    let good = fs::read_to_string("tests/data/good/small.jsonl").unwrap();
    let mut mixed = good.into_bytes();
    mixed.extend_from_slice(b"{\"id\": \"x-1\", \"species\": [\"Xx\"]}\nnot a record\n");
    let mut world = Memory::default();
    world.put("data/mixed.jsonl", mixed);
    let (told, ran) = run_text(
        &world,
        "study.tmo",
        &script("mixed.jsonl", ", on_bad: skip"),
    );
    assert_eq!(told.short(), "");
    let ran = ran.unwrap();
    let report = ran.outcomes[0].scores().unwrap();
    assert_eq!(counted(report), (40, 2));
    let first: Vec<&String> = report
        .data
        .skipped
        .iter()
        .flat_map(|skipped| &skipped.first)
        .collect();
    for place in ["41", "42"] {
        assert!(first.iter().any(|said| said.contains(place)), "{first:?}");
    }
    let html = ran.outcomes[0]
        .files
        .iter()
        .find(|file| file.name == "report.html")
        .unwrap();
    let html = String::from_utf8_lossy(&html.bytes);
    assert!(
        html.contains("left out"),
        "the report does not say what was left out"
    );
}

#[test]
fn the_program_fails_on_bad_data() {
    for name in [
        "nan_energy.jsonl",
        "unknown_element.jsonl",
        "truncated.jsonl.gz",
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        fs::copy(
            format!("tests/data/bad/{name}"),
            folder.path().join("data").join(name),
        )
        .unwrap();
        fs::write(folder.path().join("study.tmo"), script(name, "")).unwrap();
        for command in ["run", "check"] {
            let done = tmo(&[command, "study.tmo"])
                .current_dir(folder.path())
                .output()
                .unwrap();
            assert_eq!(
                done.status.code(),
                Some(1),
                "{command} {name}: {}",
                said(&done)
            );
            assert!(
                said(&done).contains("error[E07"),
                "{command} {name}: {}",
                said(&done)
            );
        }
    }
}

/// The user hears of what was left out, and so does who reads the report of a table.
#[test]
fn what_is_left_out_of_a_folder_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let crystals = folder.path().join("crystals");
    fs::create_dir(&crystals).unwrap();
    for file in [
        "good/mp-1224.p1.cif",
        "bad/no_sites.cif",
        "bad/text_coordinate.cif",
        "bad/truncated.cif.gz",
    ] {
        let from = Path::new("tests/data/formats").join(file);
        fs::copy(&from, crystals.join(from.file_name().unwrap())).unwrap();
    }
    let script = folder.path().join("s.tmo");
    let run = |on_bad: &str| {
        let text =
            format!("tmo 1\nstudy s = cif_folder(\"crystals\"{on_bad}) |> take(9)\n");
        fs::write(&script, text + "  |> count(by: .nelements)\n").unwrap();
        tmo(&["run", script.to_str().unwrap(), "--store"])
            .arg(folder.path().join("store"))
            .arg("--out")
            .arg(folder.path().join("out"))
            .output()
            .unwrap()
    };
    let stopped = said(&run(""));
    assert!(stopped.contains("no_sites.cif, line 1"), "{stopped}");
    assert!(
        stopped.contains("`on_bad: skip` leaves such records out"),
        "{stopped}"
    );
    let done = run(", on_bad: skip");
    let told = said(&done);
    assert!(done.status.success(), "{told}");
    let left = "bad record left out (E0703)";
    assert!(
        told.contains(left) && told.contains("no_sites.cif:1:1: the block"),
        "{told}"
    );
    let report = fs::read_to_string(folder.path().join("out/s/report.html")).unwrap();
    assert!(report.contains(left), "the report is silent");
}
