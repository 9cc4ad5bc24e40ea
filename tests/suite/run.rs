//! `tmo run` with the real program: the same bytes whatever the number of threads and
//! however often, nothing computed twice, and failures that say what to do.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Output;

use crate::project::{contents, said, tmo};

const SMALL: &str = "tests/scripts/small.tmo";

/// Run the small study with a store and an outcome folder below `folder`.
fn run(folder: &Path, out: &str, more: &[&str]) -> Output {
    let store = folder.join("store");
    let out = folder.join(out);
    let mut arguments = vec!["run", SMALL, "--store", store.to_str().unwrap()];
    arguments.extend(["--out", out.to_str().unwrap()]);
    arguments.extend(more);
    tmo(&arguments).output().unwrap()
}

fn ran(folder: &Path, out: &str, more: &[&str]) -> (BTreeMap<String, Vec<u8>>, String) {
    let done = run(folder, out, more);
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    (
        contents(&folder.join(out)),
        String::from_utf8(done.stderr).unwrap(),
    )
}

#[test]
fn the_second_run_computes_nothing_and_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (first, told) = ran(folder.path(), "first", &[]);
    assert!(told.contains("train"), "{told}");
    let names: Vec<&str> = first.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "first/learning_curve.png",
            "first/learning_curve.svg",
            "first/metrics.json",
            "first/parity.png",
            "first/parity.svg",
            "first/predictions.csv",
            "first/report.html",
            "first/weights.safetensors",
        ]
    );
    let (second, told) = ran(folder.path(), "second", &[]);
    assert_eq!(told, "evaluate: cached\n");
    assert!(first == second, "the files differ");
}

/// What was found of a split is said each time, also where nothing is computed again.
#[test]
fn a_leak_is_told_in_every_run() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let script = folder.path().join("twins.tmo");
    // Three pairs of its crystals are nearly the same and fall apart by this seed.
    let text = r#"tmo 1

model line()(x: [rows, length]) -> [rows, 1] = x |> dense(1)

study twins = bundled("flla-2015")
  |> target(.formation_energy_per_atom)
  |> split(test: 20%, seed: 7)
  |> holdout(val: 20%, seed: 7)
  |> featurize(magpie())
  |> train(line(), loss: mse, optimizer: adam(), rate: 1e-3, epochs: 1, batch: 64, keep: final)
  |> evaluate(rmse)
"#;
    fs::write(&script, text).unwrap();
    let arguments = ["run", "-q", script.to_str().unwrap(), "--store"];
    let told = || {
        let done = tmo(&arguments).arg(&store).output().unwrap();
        assert_eq!(done.status.code(), Some(0), "{}", said(&done));
        String::from_utf8(done.stderr).unwrap()
    };
    let first = told();
    assert_eq!(first.matches("W0502").count(), 2, "{first}");
    assert_eq!(told(), first);
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let (one, two, four) = (
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    let (first, _) = ran(one.path(), "out", &["--threads", "1"]);
    for (folder, threads) in [(&two, "2"), (&four, "4")] {
        let (other, _) = ran(folder.path(), "out", &["--threads", threads]);
        assert!(first == other, "1 and {threads} threads differ");
    }
}

#[test]
fn metrics_and_predictions_agree() {
    let folder = tempfile::tempdir().unwrap();
    let (files, _) = ran(folder.path(), "out", &["--quiet"]);
    let metrics: serde_json::Value =
        serde_json::from_slice(&files["first/metrics.json"]).unwrap();
    let predictions = String::from_utf8(files["first/predictions.csv"].clone()).unwrap();
    let mut squares = BTreeMap::<&str, Vec<f64>>::new();
    let mut lines = predictions.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    let column = |start: &str| {
        head.iter()
            .position(|name| name.starts_with(start))
            .unwrap()
    };
    let (split, actual, predicted) =
        (column("split"), column("actual"), column("predicted"));
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |at: usize| cells[at].parse::<f64>().unwrap();
        let error = number(predicted) - number(actual);
        squares.entry(cells[split]).or_default().push(error * error);
    }
    assert_eq!(squares.values().map(Vec::len).sum::<usize>(), 120);
    for (split, squares) in squares {
        let rmse = (squares.iter().sum::<f64>() / squares.len() as f64).sqrt();
        let told = metrics
            .pointer(&format!("/splits/{split}/rmse"))
            .unwrap()
            .as_f64()
            .unwrap();
        assert!(
            (rmse - told).abs() < 1e-6 * rmse,
            "{split}: {rmse}, not {told}"
        );
    }
}

#[test]
fn the_reference_executor_learns_the_same_and_its_results_are_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let (fused, _) = ran(folder.path(), "fused", &[]);
    let plain = ["--executor", "reference"];
    let (first, told) = ran(folder.path(), "plain", &plain);
    // The features are shared, nothing that a network had a part in.
    assert!(!told.contains("train: cached"), "{told}");
    let (again, told) = ran(folder.path(), "again", &plain);
    assert_eq!(told, "evaluate: cached\n");
    assert!(first == again, "the files differ");
    let score = |files: &BTreeMap<String, Vec<u8>>, split: &str| {
        let file = &files["first/metrics.json"];
        let metrics: serde_json::Value = serde_json::from_slice(file).unwrap();
        let score = metrics.pointer(&format!("/splits/{split}/rmse")).unwrap();
        score.as_f64().unwrap()
    };
    for split in ["train", "val", "test"] {
        let (a, b) = (score(&first, split), score(&fused, split));
        assert!((a - b).abs() < 0.01 * b, "{split}: {a}, not {b}");
    }
    assert_ne!(
        first["first/weights.safetensors"],
        fused["first/weights.safetensors"]
    );
    let report = |files: &BTreeMap<String, Vec<u8>>| {
        String::from_utf8_lossy(&files["first/report.html"]).into_owned()
    };
    assert!(report(&first).contains(", reference on "));
    assert!(!report(&fused).contains(", reference on "));
}

#[test]
fn a_damaged_result_is_said_and_computed_again() {
    let folder = tempfile::tempdir().unwrap();
    let (first, _) = ran(folder.path(), "first", &[]);
    let entries = fs::read_dir(folder.path().join("store")).unwrap();
    let mut damaged = 0;
    for entry in entries.map(|entry| entry.unwrap()) {
        if entry.file_name().to_str().unwrap().starts_with('.') {
            continue;
        }
        for file in fs::read_dir(entry.path())
            .unwrap()
            .map(|file| file.unwrap().path())
        {
            let mut bytes = fs::read(&file).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(&file, bytes).unwrap();
            let (again, told) = ran(folder.path(), "again", &[]);
            assert!(first == again, "{}: the files differ", file.display());
            // What is kept above it hides a damaged part until that is needed.
            let kind = file.file_name().unwrap().to_str().unwrap();
            if told.contains("warning[W0901]") {
                damaged += 1;
                assert!(
                    told.contains("is damaged") && told.contains("computed again"),
                    "{kind}: {told}"
                );
            }
        }
    }
    assert!(damaged >= 4, "{damaged}");
}

#[test]
fn everything_damaged_at_once_is_computed_again() {
    let folder = tempfile::tempdir().unwrap();
    let (first, _) = ran(folder.path(), "first", &[]);
    let store = folder.path().join("store");
    for name in contents(&store)
        .into_keys()
        .filter(|name| !name.starts_with('.'))
    {
        let path = store.join(name);
        let mut bytes = fs::read(&path).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 64;
        fs::write(&path, bytes).unwrap();
    }
    let (again, told) = ran(folder.path(), "again", &[]);
    // The features, the four parts of them that are kept by structure, the weights, the
    // scores and the report.
    assert!(told.matches("warning[W0901]").count() >= 4, "{told}");
    assert!(first == again, "the files differ");
    let (third, told) = ran(folder.path(), "third", &[]);
    assert_eq!(told, "evaluate: cached\n");
    assert!(first == third, "the files differ");
}

#[test]
fn a_store_that_cannot_be_used_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("store"), "not a folder").unwrap();
    let done = run(folder.path(), "out", &[]);
    assert_eq!(done.status.code(), Some(1));
    assert!(said(&done).contains("error[E0901]"), "{}", said(&done));
}

#[test]
fn an_outcome_that_cannot_be_written_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("out"), "not a folder").unwrap();
    let done = run(folder.path(), "out", &[]);
    assert_eq!(done.status.code(), Some(1));
    assert!(said(&done).contains("error[E0902]"), "{}", said(&done));
}

#[test]
fn many_cells_are_asked_for_twice_unless_the_store_has_them() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let file = folder.path().join("sweep.tmo");
    let sweep = |cells: usize, more: &[&str]| {
        let text = format!(
            "tmo 1\n\
             model line()(x: [rows, d]) -> [rows, 1] = x |> dense(1)\n\
             features few = bundled(\"flla-2015\") |> take(20)\n  \
               |> target(.formation_energy_per_atom) |> split(test: 20%) |> featurize(magpie())\n\
             study sweep = few |> train(line(), loss: mse, optimizer: adam(), rate: 1e-3,\n  \
               epochs: 1, batch: 16, keep: final, seed: each(1..={cells})) |> evaluate(rmse)\n"
        );
        fs::write(&file, text).unwrap();
        let arguments = ["run", file.to_str().unwrap(), "--quiet"];
        let mut command = tmo(&arguments);
        let done = command
            .arg("--store")
            .arg(&store)
            .args(more)
            .output()
            .unwrap();
        (done.status.code(), said(&done))
    };
    let (code, told) = sweep(101, &[]);
    assert_eq!(code, Some(1), "{told}");
    assert!(
        told.contains("E0604") && told.contains("has 101 cells"),
        "{told}"
    );
    let (code, told) = sweep(101, &["--yes"]);
    assert_eq!(code, Some(0), "{told}");
    // All of them are there, or nearly.
    for cells in [101, 103] {
        let (code, told) = sweep(cells, &[]);
        assert_eq!(code, Some(0), "{told}");
    }
    let (code, told) = sweep(205, &[]);
    assert_eq!(code, Some(1), "{told}");
    assert!(
        told.contains("has 205 cells, 102 of them to compute"),
        "{told}"
    );
}
