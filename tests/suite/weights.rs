//! Weights out of one study and into another: the second says of its rows what the first said,
//! on whatever scale the target was.

use std::fs;
use std::path::Path;

use crate::project::{said, tmo};

/// A study over a few rows in two halves: where they come from, and what is done with them.
fn script(after: &str) -> String {
    format!(
        r#"tmo 1

use std.models.cnn.{{descriptor_cnn}}

let conv = {{ filters: 2, kernel: 3, drop: 0% }}
let network = descriptor_cnn(convs: [conv], widths: [4], drop: 0%)

features few = bundled("flla-2015")
  |> take(80)
  |> target(.formation_energy_per_atom)
  |> split(test: 20%, seed: 7)
  |> holdout(val: 20%, seed: 7)
  |> featurize(magpie())
{after}"#
    )
}

const OUT: &str = r#"
let trained = few
  |> train(network, loss: mse, optimizer: adam(), rate: 1e-3, epochs: 2, batch: 16, SCALE)

study scores = trained |> evaluate(rmse)
study ours = trained |> export_weights("ours.safetensors", names: tmo_names)
study theirs = trained |> export_weights("theirs.safetensors")
"#;

/// Runs a script in a folder; what its studies leave lies in `out` there.
fn run(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    let (store, out) = (folder.join("store"), folder.join("out"));
    let done = tmo(&["run", "-q", path.to_str().unwrap()])
        .args(["--store", store.to_str().unwrap()])
        .args(["--out", out.to_str().unwrap()])
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
}

fn predictions(folder: &Path, study: &str) -> String {
    let path = folder.join("out").join(study).join("predictions.csv");
    fs::read_to_string(path).unwrap()
}

#[test]
fn weights_go_out_and_in_with_the_scale_of_their_target() {
    for scale in ["keep: final", "scale_target: standardized()"] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        run(folder, "out.tmo", &script(&OUT.replace("SCALE", scale)));
        for (study, file) in [("ours", "ours"), ("theirs", "theirs")] {
            let from = folder.join("out").join(study);
            let name = format!("{file}.safetensors");
            fs::copy(from.join(&name), folder.join(&name)).unwrap();
        }
        let back = |file: &str| {
            script(&format!(
                "study back_{file} = few |> import_weights(\"{file}.safetensors\", network) \
                 |> evaluate(rmse)\n"
            ))
        };
        for file in ["ours", "theirs"] {
            run(folder, "back.tmo", &back(file));
            let back = predictions(folder, &format!("back_{file}"));
            assert_eq!(back, predictions(folder, "scores"), "{scale}, {file}");
        }
    }
}
