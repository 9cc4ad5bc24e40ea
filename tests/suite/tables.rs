//! Studies that are tables: what is printed, what is written.

use std::collections::{BTreeMap, BTreeSet};
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

/// The tables of a script, by study: lines of cells, the head first.
fn tables(script: &str) -> BTreeMap<String, Vec<Vec<String>>> {
    let folder = tempfile::tempdir().unwrap();
    let (store, out) = (folder.path().join("store"), folder.path().join("out"));
    let done = tmo(&["run", script, "--quiet", "--store"])
        .arg(&store)
        .arg("--out")
        .arg(&out)
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    let mut tables = BTreeMap::new();
    for (name, bytes) in contents(&out) {
        let Some(study) = name.strip_suffix("/table.csv") else {
            continue;
        };
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(bytes.as_slice());
        let lines = reader.records().map(|line| {
            let line = line.unwrap();
            line.iter().map(String::from).collect()
        });
        tables.insert(study.to_owned(), lines.collect());
    }
    tables
}

fn number(text: &str) -> f64 {
    text.parse().unwrap_or_else(|_| panic!("{text}"))
}

#[test]
fn verbs_over_rows_give_what_they_say() {
    let tables = tables("tests/ui/fine/rows.tmo");
    let top = &tables["top"];
    assert_eq!(
        top[0],
        [
            "rank",
            "id",
            "per_atom (Å^3/atom)",
            "group",
            "formation_energy_per_atom (eV/atom)"
        ]
    );
    let ranks: Vec<&str> = top[1..].iter().map(|row| &*row[0]).collect();
    assert_eq!(ranks, ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
    for pair in top[1..].windows(2) {
        assert!(number(&pair[0][4]) <= number(&pair[1][4]), "{pair:?}");
    }
    // Counts by a number are in its order, here sorted by the count.
    let sizes = &tables["sizes"];
    assert_eq!(sizes[0], ["nelements", "count"]);
    for pair in sizes[1..].windows(2) {
        assert!(number(&pair[0][1]) <= number(&pair[1][1]), "{pair:?}");
    }
    let metals = &tables["metals"];
    assert!(
        metals[1..]
            .iter()
            .all(|row| row[0] != "O" && number(&row[1]) > 10.0)
    );
    assert!(metals.len() > 10, "{metals:?}");
    assert_eq!(
        tables["joined"].len(),
        top.len(),
        "every row has its partner"
    );
    let counts = &tables["counts"];
    assert_eq!(
        counts[0],
        [
            "rows",
            "test",
            "share (%)",
            "others",
            "kinds",
            "known",
            "limit (meV/atom)"
        ]
    );
    assert_eq!(counts[1][0], "728");
    assert_eq!(counts[1][5], "728");
    assert_eq!(counts[1][6], "300");
    assert!((5.0..40.0).contains(&number(&counts[1][2])), "{counts:?}");
    assert_eq!(tables["same"], *counts);
}

#[test]
fn gaps_are_left_out_filled_or_imputed() {
    let tables = tables("tests/ui/fine/gaps.tmo");
    let ids = |name: &str| -> Vec<String> {
        tables[name][1..].iter().map(|row| row.join(" ")).collect()
    };
    assert_eq!(ids("known"), ["a 1.5", "c 2.5"]);
    assert_eq!(ids("filled"), ["a 1.5 1.5", "b  0", "c 2.5 2.5"]);
    // The mean of the training rows alone: `a` is set aside.
    assert_eq!(ids("imputed"), ["a 1.5", "b 2.5", "c 2.5"]);
}

#[test]
fn a_group_is_never_parted() {
    let text = "tmo 1
dataset parted = bundled(\"flla-2015\") |> group_split(by: .elements, test: 20%, seed: 5)
study kept = parted.train |> select(.elements)
study aside = parted.test |> select(.elements)
";
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("study.tmo");
    fs::write(&script, text).unwrap();
    let tables = tables(script.to_str().unwrap());
    let systems = |name: &str| -> BTreeSet<String> {
        tables[name][1..].iter().map(|row| row[0].clone()).collect()
    };
    let (train, test) = (systems("kept"), systems("aside"));
    assert!(test.len() > 20 && train.len() > test.len());
    assert!(train.is_disjoint(&test));
}
