//! How far a model can be trusted: dropout asked again, ensembles, coverage, and scores on
//! other rows than those set aside.

use std::collections::BTreeMap;

use tmo::diagnostic::{Code, Problem};
use tmo::report::Prediction;
use tmo::world::Memory;

use crate::project::run_text;

/// A script over 160 rows, with these items.
fn script(items: &str) -> String {
    format!(
        r#"tmo 1

model dropping()(x: [rows, length]) -> [rows, 1] =
  x |> dense(16) |> batch_norm() |> relu |> dropout(20%) |> dense(1)

dataset few = bundled("flla-2015")
  |> take(160)
  |> target(.formation_energy_per_atom)
  |> split(test: 25%, seed: 7)
  |> holdout(val: 25%, seed: 7)

let settings = {{ loss: mse, optimizer: adam(), rate: 1e-2, epochs: 20, batch: 16 }}
let one = few |> featurize(magpie()) |> train(dropping(), ..settings)
let other = few |> featurize(magpie()) |> train(dropping(), ..settings, seed: 2)
{items}
"#
    )
}

/// What one study comes to: every row with its prediction, and its files.
struct Came {
    /// Messages, but that a `let` is not used.
    told: Vec<Problem>,
    rows: BTreeMap<String, Prediction>,
    files: BTreeMap<String, Vec<u8>>,
}

fn run(items: &str) -> Came {
    let (told, ran) = run_text(&Memory::default(), "study.tmo", &script(items));
    let mut ran = ran.unwrap_or_else(|| panic!("{:?}", told.problems));
    assert!(!ran.outcomes.is_empty(), "{:?}", told.problems);
    let outcome = ran.outcomes.remove(0);
    let rows = outcome.scores().map(|report| report.predictions.clone());
    let rows = rows.unwrap_or_default().into_iter();
    let files = outcome.files.into_iter();
    let told = told.problems.into_iter();
    let told = told.filter(|problem| problem.code != Code::W0501);
    Came {
        told: told.collect(),
        rows: rows.map(|row| (row.id.clone(), row)).collect(),
        files: files.map(|file| (file.name, file.bytes)).collect(),
    }
}

fn json(came: &Came) -> serde_json::Value {
    serde_json::from_slice(&came.files["metrics.json"]).unwrap()
}

/// The shares of a split within one and two standard deviations.
fn coverage(came: &Came, split: &str) -> (f64, f64) {
    let all = json(came)["coverage"].clone();
    let own = all
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["split"] == split);
    let share = |name: &str| own.unwrap()[name].as_f64().unwrap();
    (share("one_sigma"), share("two_sigma"))
}

#[test]
fn dropout_asked_again_is_an_uncertainty_that_holds_on_validation_rows() {
    let plain = run("study s = one |> evaluate(rmse)");
    assert!(plain.rows.values().all(|row| row.uncertainty.is_none()));
    assert!(json(&plain).get("coverage").is_none());
    let asked = run("study s = one |> mc_dropout(passes: 40) |> evaluate(rmse)");
    let sigma = |row: &Prediction| row.uncertainty.unwrap();
    assert!(asked.rows.values().all(|row| sigma(row) > 0.0));
    // The smallest factor for which 68.27 % of the validation rows are within.
    let val = asked
        .rows
        .values()
        .filter(|row| row.split.as_str() == "val");
    let val: Vec<f64> = val
        .map(|row| (row.predicted - row.actual).abs() / sigma(row))
        .collect();
    let within = |limit: f64| val.iter().filter(|ratio| **ratio <= limit).count();
    let due = (0.682_689_492 * val.len() as f64).ceil() as usize;
    assert_eq!(within(1.0 + 1e-9), due, "of {}", val.len());
    assert_eq!(within(1.0 - 1e-9), due - 1);
    let (one, two) = coverage(&asked, "test");
    assert!(one > 0.4 && one <= two && two > 0.7, "{one} {two}");
    // It is the same network: its weights, and its answer up to what dropout does.
    assert!(asked.files["weights.safetensors"] == plain.files["weights.safetensors"]);
    let far = asked.rows.iter().filter(|(id, row)| {
        (row.predicted - plain.rows[*id].predicted).abs() > 3.0 * sigma(row)
    });
    assert!(far.count() < asked.rows.len() / 10);
    let again = run("study s = one |> mc_dropout(passes: 40) |> evaluate(rmse)");
    assert!(asked.files == again.files);
    let seeded =
        run("study s = one |> mc_dropout(passes: 40, seed: 3) |> evaluate(rmse)");
    assert!(asked.rows != seeded.rows);
    let page = String::from_utf8(asked.files["report.html"].clone()).unwrap();
    assert!(
        page.contains("of test within one standard deviation"),
        "{page}"
    );
    let csv = String::from_utf8(asked.files["predictions.csv"].clone()).unwrap();
    assert!(
        csv.lines()
            .next()
            .unwrap()
            .ends_with(",uncertainty (eV/atom)")
    );
}

#[test]
fn a_row_is_answered_alike_whatever_stands_beside_it() {
    let all = run("study s = one |> mc_dropout(passes: 7) |> evaluate(rmse)");
    let some = run(
        "study s = bundled(\"flla-2015\") |> where(.nelements == 2)\n  \
         |> predict(one |> mc_dropout(passes: 7))\n  \
         |> select(.id, .predicted, .uncertainty)",
    );
    let csv = String::from_utf8(some.files["table.csv"].clone()).unwrap();
    let mut same = 0;
    for line in csv.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |at: usize| cells[at].parse::<f64>().unwrap();
        if let Some(row) = all.rows.get(cells[0]) {
            assert!((row.predicted - number(1)).abs() < 1e-12, "{line}");
            assert!(
                (row.uncertainty.unwrap() - number(2)).abs() < 1e-12,
                "{line}"
            );
            same += 1;
        }
    }
    assert!(same > 5, "{same} rows");
}

#[test]
fn an_ensemble_and_its_dropout_say_how_unsure_they_are() {
    let both = run("study s = ensemble([one, other]) |> evaluate(rmse)");
    let (one, two) = coverage(&both, "val");
    assert!((0.68..0.8).contains(&one) && two >= one, "{one} {two}");
    let dropped = run(
        "study s = ensemble([one, other]) |> mc_dropout(passes: 5) |> evaluate(rmse)",
    );
    assert!(coverage(&dropped, "val").0 >= 0.68);
    assert!(dropped.rows != both.rows);
    // Scores have them for what comes after.
    let table = run("let scored = ensemble([one, other]) |> evaluate(rmse)\n\
         study s = table({ shares: scored.test.coverage, how_many: size(scored.test.coverage), unsure: size(scored.test.rows |> where(.uncertainty > 0.1 eV/atom)) })");
    let text = String::from_utf8(table.files["table.csv"].clone()).unwrap();
    assert!(text.contains("how_many") && text.contains(",2,"), "{text}");
}

#[test]
fn scores_on_other_rows_are_those_of_the_test_rows_where_they_are_the_same() {
    let own = run("study s = one |> evaluate(rmse, mae)");
    let on = run("study s = one |> evaluate(rmse, mae, on: few.test)");
    assert!(on.told.is_empty(), "{:?}", on.told);
    assert_eq!(own.rows, on.rows);
    assert_eq!(json(&own)["splits"], json(&on)["splits"]);
    // Another unit of the target changes nothing.
    let scaled = run("study s = one |> evaluate(rmse, mae, on: few.test\n  \
         |> target(.formation_energy_per_atom to meV/atom))");
    for (id, row) in &own.rows {
        assert!((row.actual - scaled.rows[id].actual).abs() < 1e-9, "{id}");
    }
}
