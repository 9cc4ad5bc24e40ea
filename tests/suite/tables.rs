//! Studies that are tables: what is printed, what is written.

use std::fs;

use crate::project::{contents, said, tmo};

const SCRIPT: &str = r#"tmo 1

use std.models.cnn.{descriptor_cnn}

dataset oxides = bundled("flla-2015")
  |> take(60)
  |> target(.formation_energy_per_atom to meV/atom)
  |> split(test: 20%)
  |> holdout(val: 20%)
  |> featurize(magpie())

let net = oxides |> train(
  descriptor_cnn(convs: [], widths: [4]),
  loss: mse, optimizer: adam(), rate: 1e-3, epochs: 3, batch: 32,
)

let scored = net |> evaluate(rmse, mae)

study course = net.history |> where(.epoch > 1)

/// Where the network says more than there is.
study high = scored.test.rows |> where(.predicted > .actual)

study trained = net
"#;

#[test]
fn fields_of_a_model_are_tables() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("study.tmo");
    fs::write(&script, SCRIPT).unwrap();
    let (store, out) = (folder.path().join("store"), folder.path().join("out"));
    let done = tmo(&["run", script.to_str().unwrap(), "--quiet", "--store"])
        .arg(&store)
        .arg("--out")
        .arg(&out)
        .output()
        .unwrap();
    let told = said(&done);
    assert_eq!(done.status.code(), Some(0), "{told}");
    let files = contents(&out);
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert!(names.contains(&"high/table.csv"), "{names:?}");
    assert!(names.contains(&"trained/weights.safetensors"), "{names:?}");
    let text = |name: &str| String::from_utf8(files[name].clone()).unwrap();
    let course = text("course/table.csv");
    let mut lines = course.lines();
    assert_eq!(
        lines.next(),
        Some("epoch,train (meV^2/atom^2),val (meV^2/atom^2)")
    );
    let epochs: Vec<&str> = lines.map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(epochs, ["2", "3"]);
    let high = text("high/table.csv");
    let mut rows = high.lines();
    assert_eq!(
        rows.next(),
        Some("id,formula,actual (meV/atom),predicted (meV/atom)")
    );
    assert!(rows.clone().count() > 0, "{high}");
    for row in rows {
        let cells: Vec<&str> = row.split(',').collect();
        let (actual, predicted): (f64, f64) =
            (cells[2].parse().unwrap(), cells[3].parse().unwrap());
        assert!(predicted > actual, "{row}");
        assert!(actual.abs() > 100.0, "not in meV: {row}");
    }
    assert!(text("high/report.html").contains("more than there is"));
    // The trained model alone has not seen the test rows.
    let predictions = text("trained/predictions.csv");
    assert!(predictions.contains(",val,"));
    assert!(!predictions.contains(",test,"), "{predictions}");
}
