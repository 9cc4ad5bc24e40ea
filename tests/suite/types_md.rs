//! The worked examples of the type system, well typed and ill typed: each mistake gives
//! its one message, with its code, at the place where the reader has to look.

use std::fs;

use tmo::world::Memory;

use crate::project::check_text;

/// What most of the examples stand on.
const SHARED: &str = r#"tmo 1
use std.models.alignn.{alignn}
use std.models.megnet.{megnet}
dataset tmos = bundled("flla-2015")
  |> target(.formation_energy_per_atom)
  |> split(test: 20%, seed: 7)
  |> holdout(val: 20%, seed: 7)
features composition = tmos |> featurize(magpie())
features plain = tmos |> featurize(knn_graph(radius: 8 Å, neighbours: 12))
model net(drop: Ratio = 10%)(x: [rows, d]) -> [rows, 1] = x |> dropout(drop) |> dense(1)
"#;

fn world() -> Memory {
    let mut world = Memory::default();
    let data = fs::read("tests/data/good/small.jsonl").unwrap();
    world.put("data/mine.jsonl", data);
    world
}

/// Every error of a script: code, and the text at its first place. Warnings say what is
/// unused, which is not the matter here.
fn errors(text: &str) -> Vec<(String, String)> {
    let told = check_text(&world(), "study.tmo", &format!("{SHARED}{text}"));
    let errors = told
        .problems
        .iter()
        .filter(|p| p.code.name().starts_with('E'));
    errors
        .map(|problem| {
            let place = told.sources.text(problem.span()).to_owned();
            (problem.code.name().to_owned(), place)
        })
        .collect()
}

#[track_caller]
fn fine(text: &str) {
    assert_eq!(errors(text), [], "{text}");
}

#[track_caller]
fn wrong(text: &str, code: &str, place: &str) {
    assert_eq!(
        errors(text),
        [(code.to_owned(), place.to_owned())],
        "{text}"
    );
}

#[test]
fn dimensions_follow_the_arithmetic() {
    fine("let volts: Voltage = (4.73 eV / 1 e) to V\n");
    fine("fn per_atom(e: Energy, n: Count) -> Energy / Count = e / n\n");
    fine("let side: Length = cbrt(27 Å^3)\nlet edge: Area ^ (1/2) = sqrt(4 Å^2)\n");
    fine("let all = tmos |> where(.formation_energy_per_atom * .nsites < 0)\n");
    fine("let low = tmos |> where(.formation_energy_per_atom < 0)\n");
    wrong(
        "let low = tmos |> where(.formation_energy_per_atom < 0 eV)\n",
        "E0302",
        "<",
    );
    wrong(
        "fn f(x: Length) -> Length = x\nlet a = f(0 eV)\n",
        "E0302",
        "0 eV",
    );
    wrong(
        "let x: Energy = (4.73 eV / 1 e) to V\n",
        "E0302",
        "(4.73 eV / 1 e) to V",
    );
}

#[test]
fn a_generic_layer_is_checked_with_letters() {
    fine(
        "layer cgcnn_conv(width: Int)(g: Graph[n, e], x: [n, width], y: [e, d]) -> [n, width] = {
  let z = concat(x[g.dst], x[g.src], y) |> dense(2 * width) |> batch_norm()
  let m = sigmoid(slice(0, width)(z)) * softplus(slice(width, 2 * width)(z))
  softplus(x + (m |> sum(by: g.dst) |> batch_norm()))
}
",
    );
}

#[test]
fn a_chain_is_opaque_inside_and_exact_at_the_end() {
    fine(
        "layer tower(widths: List[Int])(x: [.., d]) -> [.., 1] =
  x |> chain(widths, w => dense(w) >> relu) |> dense(1)
model m()(x: [rows, d]) -> [rows, 1] = x |> tower([64, 8])
",
    );
}

#[test]
fn one_layer_serves_two_graphs() {
    fine(
        "use std.models.alignn.{edge_gated}
layer angles(width: Int)(g: Crystal[n, e, t], m: [e, width], z: [t, width]) -> [e, width] = {
  let (y, _) = edge_gated(width)(g.line, m, z)
  y
}
",
    );
}

#[test]
fn a_length_needs_a_unit() {
    wrong(
        "features g = tmos |> featurize(crystal_graph(radius: 5))\n",
        "E0301",
        "5",
    );
}

#[test]
fn nodes_and_edges_do_not_add() {
    wrong(
        "layer b(w: Int)(g: Graph[n, e], x: [n, w], y: [e, w]) -> [n, w] = x + y\n",
        "E0402",
        "+",
    );
}

#[test]
fn sizes_with_other_letters_differ() {
    wrong(
        "layer c(w: Int, h: Int)(x: [n, w]) -> [n, w] = x + (x |> dense(h))\n",
        "E0401",
        "+",
    );
}

#[test]
fn a_pool_longer_than_its_signal_leaves_nothing() {
    wrong(
        "fn d(x: [rows, 3, k]) -> [rows, 1, k] = x |> avg_pool1d(4)\n",
        "E0403",
        "avg_pool1d(4)",
    );
}

#[test]
fn a_round_of_repeat_keeps_the_shape() {
    wrong(
        "layer f(w: Int)(x: [n, k]) -> [n, w] = x |> repeat(3, dense(w))\n",
        "E0401",
        "dense(w)",
    );
}

#[test]
fn a_function_owns_no_weights() {
    wrong(
        "fn h(x: [n, k]) -> [n, 1] = x |> dense(1)\n",
        "E0405",
        "dense",
    );
}

#[test]
fn test_rows_do_not_train() {
    wrong(
        "study i = composition.test |> train(net(), loss: mse, optimizer: adam(), rate: 1e-3, epochs: 9, batch: 8) |> evaluate(mae)\n",
        "E0501",
        "composition.test",
    );
}

#[test]
fn inside_a_lambda_the_row_has_its_name() {
    wrong(
        "dataset l = tmos |> where(r => .nelements > 2)\n",
        "E0205",
        "nelements",
    );
}

#[test]
fn a_model_with_angles_wants_a_graph_with_angles() {
    wrong(
        "study m = plain |> train(alignn(), loss: mse, optimizer: adam(), rate: 1e-3, epochs: 9, batch: 8) |> evaluate(mae)\n",
        "E0404",
        "alignn()",
    );
}

#[test]
fn functions_are_values() {
    fine(
        "fn twice(f: Real => Real)(x: Real) -> Real = f(f(x))\nlet four: Real = twice(x => x * 2)(1)\n",
    );
    fine(
        "fn both(f: Int => Int, g: Int => Int)(x: Int) -> Int = x |> (f >> g)\nlet x = both(a => a + 1, a => a * 2)(3)\n",
    );
    fine(
        "layer with(act: [..] => [..])(x: [rows, d]) -> [rows, d] = x |> dense(d) |> act\nmodel m()(x: [rows, d]) -> [rows, 1] = x |> with(relu) |> with(tanh) |> dense(1)\n",
    );
    wrong(
        "fn twice(f: Real => Real)(x: Real) -> Real = f(f(x))\nlet four = twice(2)(1)\n",
        "E0201",
        "2",
    );
    wrong(
        "fn add(f: Real => Real)(x: Real) -> Length = f(x)\nlet y = add(x => x)(1)\n",
        "E0301",
        "f(x)",
    );
}

#[test]
fn records_spread_and_lose_what_is_not_asked_for() {
    fine(
        "let base = { filters: 4, kernel: 3 }\nlet more: {filters: Int, kernel: Int} = { ..base, kernel: 5 }\n",
    );
    fine(
        "fn area(of: {a: Length, b: Length}) -> Area = of.a * of.b\nlet x = area({ a: 1 Å, b: 2 nm })\n",
    );
    fine(
        "let s = { test: 10%, seed: 3 }\ndataset d = bundled(\"flla-2015\") |> split(..s)\ndataset e = bundled(\"flla-2015\") |> split(..s, seed: 4)\n",
    );
    fine("fn f(..n: Int) -> Int = size(n)\nlet some = [1, 2]\nlet x = f(..some, 3)\n");
    wrong(
        "let s = [1]\ndataset d = bundled(\"flla-2015\") |> split(..s)\n",
        "E0201",
        "s",
    );
    wrong(
        "let base = { filters: 4 }\nlet x = base.filter\n",
        "E0203",
        "filter",
    );
    wrong(
        "fn area(of: {a: Length, b: Length}) -> Area = of.a * of.b\nlet x = area({ a: 1 Å, b: 2 eV })\n",
        "E0302",
        "2 eV",
    );
    wrong(
        "fn area(of: {a: Length, b: Length}) -> Area = of.a * of.b\nlet x = area({ a: 1 Å })\n",
        "E0105",
        "{ a: 1 Å }",
    );
}

#[test]
fn tuples_come_apart() {
    fine("let (a, b) = (1 Å, 2 eV)\nlet x: Force = b / a\n");
    fine(
        "fn ends(x: [rows, 8]) -> ([rows, 4], [rows, 4]) = (slice(0, 4)(x), slice(4, 8)(x))\nfn added(x: [rows, 8]) -> [rows, 4] = { let (a, b) = ends(x) a + b }\n",
    );
    fine("let pair: (Int, String) = (1, \"a\")\n");
    wrong("let (a, b, c) = (1, 2)\n", "E0201", "(a, b, c)");
    wrong("let pair: (Int, String) = (1, 2)\n", "E0201", "2");
}

#[test]
fn lists_of_lists() {
    fine(
        "let towers: List[List[Int]] = [[64, 32], [16]]\nlet first: List[Int] = towers[0]\nlet w: Int = towers[0][1]\n",
    );
    fine(
        "layer deep(towers: List[List[Int]])(x: [.., d]) -> [.., 1] =\n  x |> chain(towers, t => chain(t, w => dense(w) >> relu)) |> dense(1)\nmodel m()(x: [rows, d]) -> [rows, 1] = x |> deep([[8, 4], [2]])\n",
    );
    wrong(
        "let towers: List[List[Int]] = [64, [16]]\n",
        "E0201",
        "[16]",
    );
    wrong("let towers: List[List[Int]] = [64, 16]\n", "E0201", "64");
    wrong(
        "let towers: List[List[Int]] = [[64], [1 Å]]\n",
        "E0201",
        "[1 Å]",
    );
}

#[test]
fn rows_are_given_to_functions() {
    fine(
        "fn stable(r: Row) -> Bool = r.formation_energy_per_atom < -1 eV/atom\ndataset s = tmos |> where(stable)\n",
    );
    fine(
        "fn whole(r: Row) -> Energy = r.formation_energy_per_atom * r.nsites\ndataset s = tmos |> target(whole)\n",
    );
    fine(
        "fn big(most: Int)(r: Row) -> Bool = r.nelements <= most\ndataset s = tmos |> where(big(3))\ndataset t = tmos |> where(r => big(3)(r) and O in r.elements)\n",
    );
    wrong(
        "fn stable(r: Row) -> Bool = r.formation_energy < -1 eV/atom\ndataset s = tmos |> where(stable)\n",
        "E0203",
        "formation_energy",
    );
    wrong(
        "fn stable(r: Row) -> Bool = r.volume < 1 eV\ndataset s = tmos |> where(stable)\n",
        "E0302",
        "<",
    );
    fine(
        "fn cleaned(d: Dataset) -> Dataset = d |> where(.nelements > 1) |> take(10)\ndataset s = tmos |> cleaned\n",
    );
}

#[test]
fn letters_are_bound_once() {
    fine(
        "fn both(x: [n, a], y: [n, b]) -> [n, a + b] = concat(x, y)\nfn f(x: [rows, 4]) -> [rows, 8] = both(x, x)\n",
    );
    wrong(
        "fn same(x: [n, d], y: [n, d]) -> [n, d] = x + y\nfn f(x: [rows, 4], y: [rows, 5]) -> [rows, 4] = same(x, y)\n",
        "E0401",
        "same(x, y)",
    );
    wrong(
        "fn same(x: [n, d], y: [n, d]) -> [n, d] = x + y\nlayer f()(g: Graph[n, e], x: [n, 4], y: [e, 4]) -> [n, 4] = same(x, y)\n",
        "E0402",
        "y",
    );
    wrong("fn out(x: [rows, d]) -> [rows, d + 1] = x\n", "E0401", "x");
}

#[test]
fn columns_have_dimensions_of_their_own() {
    fine(
        "let all = tmos |> derive(whole: .formation_energy_per_atom * .nsites) |> where(.whole < 0 eV)\n",
    );
    wrong(
        "let all = tmos |> derive(whole: .formation_energy_per_atom * .nsites) |> where(.whole < 0 eV/atom)\n",
        "E0302",
        "<",
    );
    wrong(
        "dataset m = tmos |> complete(.nothing)\n",
        "E0203",
        "nothing",
    );
}

/// A study with this model and these metrics.
fn study(model: &str, metrics: &str) -> String {
    format!(
        "study one = composition |> train({model}, loss: mse, optimizer: adam(), rate: 1e-3, epochs: 9, batch: 8) |> evaluate({metrics})\n"
    )
}

#[test]
fn an_error_of_the_target_has_its_unit() {
    fine(&study("net()", "within(0.2 eV/atom)"));
    wrong(&study("net()", "within(0.2 eV)"), "E0302", "within(0.2 eV)");
}

#[test]
fn holes_are_filled_or_told() {
    fine(&format!(
        "{}study best_one = one |> pick(minimize: .val.mae)\n",
        study("net(drop: each(10%, 20%))", "mae")
    ));
    wrong(
        &study("net(drop: uniform(0.3, 0.5))", "mae"),
        "E0503",
        "uniform(0.3, 0.5)",
    );
    let swept = study("net(drop: each(0.3, 0.5))", "mae");
    wrong(
        &format!("{swept}let k = compare({{ A: one }})\n"),
        "E0504",
        "compare({ A: one })",
    );
    wrong(
        "study t = composition |> tune(bayes(trials: 3), minimize: .test.rmse, trial: train(net(drop: uniform(0.3, 0.5)), loss: mse, optimizer: adam(), rate: 1e-3, epochs: 9, batch: 8)) |> evaluate(mae)\n",
        "E0501",
        "test",
    );
}
