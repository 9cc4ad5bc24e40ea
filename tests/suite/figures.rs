//! Studies that are figures and reports: what is printed, what is written.

use std::fs;

use tmo::report::document::Document;

use crate::project::{contents, said, tmo};

const SCRIPT: &str = r#"tmo 1

use std.models.cnn.{descriptor_cnn}

dataset oxides = bundled("flla-2015") |> take(60)

let net = oxides
  |> target(.formation_energy_per_atom)
  |> split(test: 20%)
  |> holdout(val: 20%)
  |> featurize(magpie())
  |> train(
    descriptor_cnn(convs: [], widths: [4]),
    loss: mse, optimizer: adam(), rate: 1e-3, epochs: 3, batch: 32,
  )

let scored = net |> evaluate(rmse, mae)

/// Sizes of the first rows.
study sizes = oxides |> take(5) |> bars(x: .formula, y: .nsites, sort: descending)

/// All that a report may hold.
study all = report("All of it", [
  "Words about it.",
  oxides |> scatter(x: .nsites, y: .formation_energy_per_atom to meV/atom, by: .nelements),
  grid(parity(scored), learning_curve(net), columns: 2),
  scored.test.rows |> where(.predicted > .actual),
  scored,
])
"#;

#[test]
fn figures_and_reports_are_printed_and_written() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("study.tmo");
    fs::write(&script, SCRIPT).unwrap();
    let run = |out: &str| {
        let out = folder.path().join(out);
        let done = tmo(&["run", script.to_str().unwrap(), "--quiet", "--store"])
            .arg(folder.path().join("store"))
            .arg("--out")
            .arg(&out)
            .output()
            .unwrap();
        let told = said(&done);
        assert_eq!(done.status.code(), Some(0), "{told}");
        (told, contents(&out))
    };
    let (told, files) = run("first");
    for line in [
        "figure 1: Bars: number of sites by formula",
        "5 files in ",
        "All of it",
        "Words about it.",
        "figure 1: Marks: formation energy per atom by number of sites, for each number of \
         elements",
        "│ split │",
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    for name in [
        "sizes/01_bars.svg",
        "sizes/01_bars.png",
        "sizes/01_bars.csv",
        "sizes/report.md",
        "all/01_scatter.csv",
        "all/02_grid_a.csv",
        "all/02_grid_b.csv",
        "all/03_table.csv",
        "all/04_table.csv",
        "all/05_parity.svg",
        "all/06_learning_curve.svg",
        "all/report.html",
    ] {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
    let text = |name: &str| String::from_utf8(files[name].clone()).unwrap();
    let bars = text("sizes/01_bars.csv");
    let mut lines = bars.lines();
    assert_eq!(
        lines.next(),
        Some("formula,number of sites (atom)"),
        "{bars}"
    );
    assert_eq!(lines.count(), 5);
    let scatter = text("all/01_scatter.csv");
    let header =
        "number of sites (atom),formation energy per atom (meV/atom),number of elements";
    assert_eq!(scatter.lines().next(), Some(header));
    let energy = |row: &str| row.split(',').nth(1).unwrap().parse::<f64>().unwrap();
    assert!(
        scatter.lines().skip(1).all(|row| energy(row).abs() > 100.0),
        "{scatter}"
    );

    let page = text("all/report.html");
    for part in [
        "<a href=\"#L25\">",
        "id=\"L28\"",
        "Words about it.",
        "All that a report may hold.",
    ] {
        assert!(page.contains(part), "{part}");
    }
    let (_, data) = page.split_once("id=\"tmo-data\">").unwrap();
    let (data, _) = data.split_once("</script>").unwrap();
    let document: Document = serde_json::from_str(data).unwrap();
    assert_eq!(document.sections.len(), 5);
    let keys = document
        .sections
        .iter()
        .filter_map(|one| one.origin.as_ref());
    assert!(keys.clone().count() == 4 && keys.clone().all(|one| one.key.len() == 64));

    let (_, again) = run("again");
    assert!(files == again, "the same bytes");
}
