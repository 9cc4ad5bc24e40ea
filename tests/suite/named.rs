//! Features by name into one model: a graph and vectors beside it.

use std::collections::BTreeMap;
use std::fs;

use crate::project::{contents, said, tmo};

const MODEL: &str = "
model both(width: Int = 8)(g: Crystal[n, e], x: [rows, d], y: [rows, k]) -> [rows, 1] = {
  let atoms = g.species |> embedding(100, width)
  let heard = atoms[g.src] |> mean(by: g.dst)
  concat(heard |> mean(by: g.node_graph), x |> batch_norm(), y |> max_last)
    |> dense(width) |> relu |> dense(1)
}
";

/// A script: a model, what is fed to it and how it is called.
fn script(model: &str, features: &str, call: &str) -> String {
    format!(
        "tmo 1\n{model}\n\
         dataset some = bundled(\"flla-2015\") |> take(60)\n  \
           |> target(.formation_energy_per_atom) |> split(test: 20%) |> holdout(val: 20%)\n\
         study trained = some |> featurize({features})\n  \
           |> train({call}, loss: mse, optimizer: adam(), rate: 1e-3, epochs: 2, batch: 16)\n  \
           |> evaluate(rmse)\n\
         study found = bundled(\"flla-2015\") |> take(70) |> predict(trained)\n  \
           |> select(.id, .predicted, .in_domain)\n"
    )
}

/// The numbers a run of it leaves; the report and its like say how they were asked for.
fn ran(text: &str, more: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("study.tmo");
    fs::write(&file, text).unwrap();
    let (store, out) = (folder.path().join("store"), folder.path().join("out"));
    let mut command = tmo(&["run", file.to_str().unwrap(), "--quiet"]);
    command.arg("--store").arg(&store).arg("--out").arg(&out);
    let done = command.args(more).output().unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    let mut all = contents(&out);
    all.retain(|name, _| name.ends_with(".csv") || name.ends_with(".safetensors"));
    all
}

const FEATURES: &str = "g: crystal_graph(radius: 4 Å), x: magpie(), y: xrd()";

#[test]
fn a_graph_and_vectors_train_one_model_with_the_same_bytes_for_any_threads() {
    let text = script(MODEL, FEATURES, "both()");
    let one = ran(&text, &["--threads", "1"]);
    assert!(one.contains_key("trained/weights.safetensors"));
    let table = String::from_utf8(one["found/table.csv"].clone()).unwrap();
    assert_eq!(table.lines().count(), 71, "{table}");
    assert!(!table.contains("NaN"), "{table}");
    assert!(
        one == ran(&text, &["--threads", "2"]),
        "1 and 2 threads differ"
    );
    // In which order they are written is nothing to the model.
    let turned = "y: xrd(), x: magpie(), g: crystal_graph(radius: 4 Å)";
    let turned = script(MODEL, turned, "both()");
    assert!(one == ran(&turned, &[]), "the order of the features counts");
}

#[test]
fn one_feature_by_name_is_that_feature() {
    let model = "model line()(x: [rows, d]) -> [rows, 1] = x |> dense(1)";
    let alone = ran(&script(model, "magpie()", "line()"), &[]);
    assert!(alone == ran(&script(model, "x: magpie()", "line()"), &[]));
    // What the model does not take does not matter.
    let more = "x: magpie(), g: crystal_graph(radius: 4 Å)";
    assert!(alone == ran(&script(model, more, "line()"), &[]));
}

#[test]
fn plan_show_and_saving_know_features_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("study.tmo");
    let saved = "study kept = some |> take(3) |> featurize(g: crystal_graph(radius: 4 Å), x: magpie()) |> save(\"rows.npz\")";
    fs::write(&file, script(MODEL, FEATURES, "both()") + saved).unwrap();
    let asked = |arguments: &[&str]| {
        let mut command = tmo(arguments);
        let done = command.current_dir(folder.path()).output().unwrap();
        assert_eq!(done.status.code(), Some(0), "{}", said(&done));
        said(&done)
    };
    let plan = asked(&["plan", "study.tmo"]);
    assert!(
        plan.contains("featurize(on_bad: fail, g: crystal_graph(radius: 4 Å"),
        "{plan}"
    );
    let shown = asked(&["show", "study.tmo", "both"]);
    for line in ["Crystal[n, e]", "x", "y", "max_last"] {
        assert!(shown.contains(line), "{shown}");
    }
    asked(&["run", "study.tmo", "kept", "--quiet", "--out", "out"]);
    let bytes = fs::read(folder.path().join("out/kept/rows.npz")).unwrap();
    for name in [
        "g.atoms_offsets.npy",
        "x.features.npy",
        "x.feature_names.npy",
    ] {
        let name = name.as_bytes();
        assert!(bytes.windows(name.len()).any(|part| part == name));
    }
}
