//! Models out of sweeps: what is done with a chosen cell, or with all of them, is what is
//! done with the same models written one by one.

use std::fs;

use tmo::diagnostic::Code;
use tmo::session::{Content, Outcome, Session};
use tmo::world::Memory;

use crate::project::run_text;

const HEAD: &str = r#"tmo 1

dataset known = jsonl("small.jsonl")
  |> target(.formation_energy_per_atom)
  |> split(test: 20%)
  |> holdout(val: 20%)

model line()(x: [rows, d]) -> [rows, 1] = x |> dense(1)

let settings = { loss: mse, optimizer: adam(), rate: 1e-2, epochs: 4, batch: 8 }

/// Cells that see different patterns.
let widths = known |> featurize(xrd(bins: 16, bandwidth: each(0.05, 20, 5)))
  |> train(line(), ..settings)
  |> evaluate(rmse)

let wide = known |> featurize(xrd(bins: 16, bandwidth: 20)) |> train(line(), ..settings)

features seen = known |> featurize(xrd(bins: 16))

let seeds = seen |> train(line(), ..settings, seed: each(1..=4))
"#;

fn world() -> Memory {
    let mut world = Memory::default();
    let rows = fs::read("tests/data/good/small.jsonl").unwrap();
    world.put("small.jsonl", rows);
    world
}

fn outcomes(studies: &str) -> Vec<Outcome> {
    let text = format!("{HEAD}{studies}");
    let (mut told, ran) = run_text(&world(), "study.tmo", &text);
    // Not every study uses all of the head, and some test on rows that were trained on.
    let expected = [Code::W0501, Code::W0502];
    told.problems
        .retain(|problem| !expected.contains(&problem.code));
    assert_eq!(told.short(), "", "{text}");
    ran.unwrap().outcomes
}

/// The table of a study as the text of its file.
fn csv(outcome: &Outcome) -> String {
    let file = outcome.files.iter().find(|file| file.name == "table.csv");
    String::from_utf8(file.unwrap().bytes.clone()).unwrap()
}

fn weights(outcome: &Outcome) -> &[u8] {
    let mut files = outcome.files.iter();
    &files
        .find(|file| file.name == "weights.safetensors")
        .unwrap()
        .bytes
}

#[test]
fn a_chosen_model_is_the_one_it_is() {
    // The largest bandwidth is chosen, which is neither the first nor the last cell.
    let done = outcomes(
        r#"
let chosen = widths |> pick(minimize: 0 - .bandwidth)
study says = jsonl("small.jsonl") |> predict(chosen) |> select(.id, .predicted)
study said = jsonl("small.jsonl") |> predict(wide) |> select(.id, .predicted)
study again = chosen |> refit()
study once_more = wide |> refit()
study scored = chosen |> evaluate(mae)
study first = widths |> pick(minimize: .bandwidth) |> evaluate(mae)
"#,
    );
    assert_eq!(csv(&done[0]), csv(&done[1]));
    assert!(csv(&done[0]).lines().count() > 30);
    assert_eq!(weights(&done[2]), weights(&done[3]));
    assert!(weights(&done[4]) != weights(&done[5]));
}

#[test]
fn an_ensemble_takes_what_is_left_of_a_sweep() {
    let done = outcomes(
        r#"
let one = seen |> train(line(), ..settings, seed: 1)
let two = seen |> train(line(), ..settings, seed: 2)
study some = known |> predict(seeds |> where(.seed < 3) |> ensemble) |> select(.predicted, .uncertainty)
study same = known |> predict(ensemble([one, two])) |> select(.predicted, .uncertainty)
study best_two = seeds |> rank(by: .seed, first: lowest) |> take(2) |> ensemble |> evaluate(rmse)
study all = known |> predict(ensemble(seeds)) |> select(.predicted, .uncertainty)
"#,
    );
    assert_eq!(csv(&done[0]), csv(&done[1]));
    assert!(csv(&done[0]) != csv(&done[3]));
    let Content::Scores(scores) = &done[2].content else {
        panic!("an ensemble has scores");
    };
    assert!(!scores.predictions.is_empty());
}

#[test]
fn a_sweep_and_a_list_of_its_cells_are_one_computation() {
    let text = format!(
        r#"{HEAD}
study swept = seeds |> ensemble |> evaluate(rmse)
study listed = ensemble([
  seen |> train(line(), ..settings, seed: 1), seen |> train(line(), ..settings, seed: 2),
  seen |> train(line(), ..settings, seed: 3), seen |> train(line(), ..settings, seed: 4),
]) |> evaluate(rmse)
"#
    );
    let world = world();
    let mut session = Session::new(&world);
    let checked = session.check("study.tmo", &text);
    let plan = session.plan(&checked).unwrap();
    assert_eq!(plan.studies[0].root, plan.studies[1].root);
}

#[test]
fn a_model_is_tested_on_other_rows() {
    let done = outcomes(
        r#"
let others = jsonl("small.jsonl") |> target(.formation_energy_per_atom to meV/atom)
let chosen = widths |> pick(minimize: 0 - .bandwidth)
study tested = chosen |> evaluate(mae, on: others)
study expected = jsonl("small.jsonl") |> predict(wide)
  |> derive(error: abs(.predicted - .formation_energy_per_atom)) |> select(.id, .error)
"#,
    );
    let Content::Scores(scores) = &done[0].content else {
        panic!("a tested model has scores")
    };
    let tested = scores
        .predictions
        .iter()
        .filter(|row| row.split.as_str() == "test");
    let errors: Vec<f64> = tested
        .map(|row| (row.predicted - row.actual).abs())
        .collect();
    let expected = csv(&done[1]);
    let expected = expected
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(1).unwrap());
    let expected: Vec<f64> = expected.map(|cell| cell.parse().unwrap()).collect();
    assert_eq!(errors.len(), expected.len());
    for (found, expected) in errors.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    }
}

#[test]
fn too_few_left_of_a_table_is_told() {
    let text = format!(
        "{HEAD}study one = seeds |> where(.val.rmse < 0 eV/atom) |> ensemble |> evaluate(rmse)\n"
    );
    let (told, _) = run_text(&world(), "study.tmo", &text);
    let last = told.problems.last().unwrap();
    assert_eq!(last.code, Code::E0502, "{}", told.short());
    assert!(
        told.drawn().contains("the table has 0 of them"),
        "{}",
        told.drawn()
    );
}

#[test]
fn a_sweep_shows_its_scores_with_their_units() {
    let done = outcomes("study swept = widths\n");
    let text = csv(&done[0]);
    let head = text.lines().next().unwrap();
    assert!(head.contains("test.rmse (eV/atom)"), "{head}");
    assert!(head.contains("val.loss (eV^2/atom^2)"), "{head}");
    assert!(head.contains("test.r2,"), "{head}");
}
