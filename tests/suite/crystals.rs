//! The four networks of the standard library on crystal graphs, from a script to its files:
//! they run, and the number of threads changes no byte.

use std::path::Path;

use crate::project::{contents, said, tmo};

const SCRIPT: &str = "tests/scripts/crystals.tmo";

fn ran(folder: &Path, threads: &str) -> std::collections::BTreeMap<String, Vec<u8>> {
    let (store, out) = (folder.join("store"), folder.join("out"));
    let done = tmo(&[
        "run",
        SCRIPT,
        "--store",
        store.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
        "--threads",
        threads,
    ])
    .output()
    .unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    contents(&out)
}

#[test]
fn four_networks_run_and_the_number_of_threads_changes_no_byte() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = ran(one.path(), "1");
    for study in ["angles", "sets", "attention", "padded"] {
        let metrics = &first[&format!("{study}/metrics.json")];
        let metrics: serde_json::Value = serde_json::from_slice(metrics).unwrap();
        assert!(metrics.to_string().contains("rmse"), "{study}: {metrics}");
        assert!(first.contains_key(&format!("{study}/weights.safetensors")));
    }
    assert!(first == ran(two.path(), "2"), "1 and 2 threads differ");
}
