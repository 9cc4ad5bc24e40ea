//! Plan keys: the same computation written otherwise has the same keys, and any constant
//! that decides a number changes them.

use std::fs;

use tmo::plan::{Plan, Work};
use tmo::session::Session;
use tmo::world::Memory;

const STUDY: &str = r#"tmo 1

use std.models.cnn.{descriptor_cnn}

/// Rows of a file.
dataset rows_of_mine = jsonl("data/mine.jsonl")
  |> where(.nelements >= 2 and .volume < 900 Å^3)
  |> take(30)
  |> target(.formation_energy_per_atom * 2)
  |> split(test: 20%, seed: 7)
  |> holdout(val: 25%, seed: 3)

features composition = rows_of_mine |> featurize(magpie())

let conv = { filters: 4, kernel: 5, drop: 10% }

/// A study.
study first = composition
  |> train(descriptor_cnn(convs: [conv, conv], widths: [16, 8], drop: 30%),
           loss: mse, optimizer: adam(form: keras, beta1: 0.8), rate: 2e-3,
           epochs: 11, batch: 13, patience: 5, seed: 1)
  |> evaluate(rmse, mae, r2)
"#;

fn world() -> Memory {
    let mut world = Memory::default();
    world.put(
        "data/mine.jsonl",
        fs::read("tests/data/good/small.jsonl").unwrap(),
    );
    world
}

fn plan_in(world: &Memory, text: &str) -> Plan {
    let mut session = Session::new(world);
    let checked = session.check("study.tmo", text);
    assert!(!checked.failed(), "{:?}\n{text}", checked.problems);
    session.plan(&checked).unwrap()
}

/// The keys of all nodes.
fn keys(text: &str) -> Vec<[u8; 32]> {
    plan_in(&world(), text)
        .nodes
        .iter()
        .map(|node| node.key)
        .collect()
}

/// The key of the first study's result.
fn result(plan: &Plan) -> [u8; 32] {
    plan.node(plan.studies[0].root).unwrap().key
}

/// The key of the node that this verb computes.
fn key_of(plan: &Plan, verb: &str) -> [u8; 32] {
    let is = |work: &Work| matches!(work, Work::Verb(call) if call.short_name() == verb);
    plan.nodes.iter().find(|node| is(&node.work)).unwrap().key
}

/// `STUDY` with one part replaced, which must be there.
fn with(from: &str, to: &str) -> String {
    assert!(STUDY.contains(from), "{from}");
    STUDY.replace(from, to)
}

#[test]
fn the_same_computation_written_otherwise_has_the_same_keys() {
    let (head, items) = STUDY.split_once("\n\nuse").unwrap();
    let items = format!("use{items}");
    let mut blocks: Vec<&str> = items.split("\n\n").collect();
    blocks.reverse();
    let reordered = format!("{head}\n\n{}\n", blocks.join("\n\n"));
    let same = [
        with("rows_of_mine", "andere_Größe"),
        with("let conv =", "let block =").replace("[conv, conv]", "[block, block]"),
        with("composition", "x"),
        with("study first", "study another_name"),
        with("/// A study.\n", ""),
        with("/// A study.", "/// Other words\n/// on two lines."),
        STUDY.replace("\n  |>", " // a comment\n\n      |>"),
        with("tmo 1", "// first\ntmo 1"),
        with("20%", "0.2"),
        with("2e-3", "0.002"),
        with("11", "10 + 1"),
        with("16", "div(33, 2)"),
        with(
            "[conv, conv]",
            "[conv, { filters: 4, kernel: 5, drop: 0.1 }]",
        ),
        with(
            "{ filters: 4, kernel: 5, drop: 10% }",
            "{ drop: 10%, filters: 4, kernel: 5 }",
        ),
        with("seed: 7", "seed: seven") + "\nlet seven = 7\n",
        with("drop: 30%", "").replace(", )", ")"),
        with("batch: 13, patience: 5", "patience: 5, batch: 13"),
        with("batch: 13", "keep: best, batch: 13"),
        with(
            "batch: 13",
            "batch: 13, order: shuffled, schedule: steady, decay_on: weights, l2: 0, clip: 0, clip_global: 0, \
             ema: 0%, scale_target: as_is, min_delta: 0",
        ),
        with("beta1: 0.8", "beta1: 0.8, beta2: 0.999, eps: 1e-7"),
        with("900 Å^3", "0.9 nm^3"),
        with(
            "composition = rows_of_mine |> featurize(magpie())",
            "composition = rows_of_mine |> featurize(magpie(impute: false))",
        ),
        with("magpie()", "s => magpie()(s)"),
        with(
            "study first = composition\n",
            "study first = rows_of_mine |> featurize(magpie())\n",
        )
        .replace(
            "features composition = rows_of_mine |> featurize(magpie())\n",
            "",
        ),
        with(
            "where(.nelements >= 2 and .volume < 900 Å^3)",
            "where(r => r.nelements >= 2 and r.volume < 900 Å^3)",
        ),
        reordered,
    ];
    let expected = keys(STUDY);
    for text in same {
        assert_eq!(keys(&text), expected, "{text}");
    }
}

/// Every number of a text that is not part of a word, a string or a comment: where it
/// stands, and the text with a slightly larger one in its place.
pub fn bumped(text: &str) -> Vec<(usize, String)> {
    let bytes = text.as_bytes();
    let mut all = Vec::new();
    let (mut at, mut quoted) = (0, false);
    while at < bytes.len() {
        let byte = bytes[at];
        if !quoted && bytes[at..].starts_with(b"//") {
            let line = bytes[at..].iter().position(|byte| *byte == b'\n');
            at += line.unwrap_or(bytes.len() - at);
            continue;
        }
        quoted ^= byte == b'"';
        let inside_a_word = at > 0
            && (bytes[at - 1].is_ascii_alphanumeric()
                || b"_^.-".contains(&bytes[at - 1]));
        if quoted || !byte.is_ascii_digit() || inside_a_word {
            at += 1;
            continue;
        }
        let digits = |from: usize| {
            bytes[from..]
                .iter()
                .take_while(|b| b.is_ascii_digit())
                .count()
        };
        let mut end = at + digits(at);
        let fraction = bytes.get(end) == Some(&b'.') && digits(end + 1) > 0;
        if fraction {
            end += 1 + digits(end + 1);
        }
        let number = &text[at..end];
        let larger = match fraction {
            true => format!("{number}1"),
            false => (number.parse::<u64>().unwrap() + 1).to_string(),
        };
        all.push((at, format!("{}{larger}{}", &text[..at], &text[end..])));
        at = end;
    }
    all
}

#[test]
fn every_constant_changes_the_result() {
    let expected = result(&plan_in(&world(), STUDY));
    let study = STUDY.strip_prefix("tmo 1").unwrap();
    let variants = bumped(study);
    assert!(variants.len() >= 20, "{}", variants.len());
    for (at, variant) in variants {
        let text = format!("tmo 1{variant}");
        let line = study[..at].lines().last().unwrap_or_default();
        let found = result(&plan_in(&world(), &text));
        assert_ne!(found, expected, "a number after `{line}` changes nothing");
    }
}

#[test]
fn every_choice_changes_the_result() {
    let expected = result(&plan_in(&world(), STUDY));
    for (from, to) in [
        ("loss: mse", "loss: mae"),
        ("form: keras", "form: torch"),
        ("rmse, mae, r2", "rmse, mae"),
        ("magpie()", "magpie(impute: true)"),
        ("[conv, conv]", "[conv]"),
        ("[16, 8]", "[8, 16]"),
        (">= 2", "> 2"),
        (" and ", " or "),
        ("  |> take(30)\n", ""),
        (
            ".formation_energy_per_atom * 2",
            ".formation_energy_per_atom",
        ),
        ("patience: 5", "patience: 5, keep: final"),
        ("patience: 5", "patience: 5, min_delta: 0.1"),
        ("patience: 5", "patience: 5, l2: 0.1"),
        ("patience: 5", "patience: 5, clip: 3"),
        ("patience: 5", "patience: 5, clip_global: 3"),
        ("patience: 5", "patience: 5, ema: 0.9"),
        ("patience: 5", "patience: 5, drop_last: true"),
        ("patience: 5", "patience: 5, decay_on: everything"),
        ("patience: 5", "patience: 5, scale_target: standardized()"),
        ("patience: 5", "patience: 5, schedule: cosine()"),
        ("patience: 5", "patience: 5, schedule: one_cycle()"),
        ("loss: mse", "loss: huber(delta: 1 eV/atom)"),
        ("adam(form: keras, beta1: 0.8)", "adamw(beta1: 0.8)"),
        ("adam(form: keras, beta1: 0.8)", "sgd()"),
        ("data/mine.jsonl\"", "data/mine.jsonl\", on_bad: skip"),
    ] {
        let found = result(&plan_in(&world(), &with(from, to)));
        assert_ne!(found, expected, "`{to}` for `{from}` changes nothing");
    }
}

#[test]
fn what_a_change_does_not_reach_keeps_its_key() {
    let before = plan_in(&world(), STUDY);
    let later = plan_in(&world(), &with("epochs: 11", "epochs: 12"));
    assert_eq!(key_of(&before, "featurize"), key_of(&later, "featurize"));
    assert_ne!(key_of(&before, "train"), key_of(&later, "train"));
    let scores = plan_in(&world(), &with("rmse, mae, r2", "mae"));
    assert_eq!(key_of(&before, "train"), key_of(&scores, "train"));
    assert_ne!(key_of(&before, "evaluate"), key_of(&scores, "evaluate"));
}

#[test]
fn the_content_of_a_file_counts_and_not_its_name() {
    let before = result(&plan_in(&world(), STUDY));
    let data = fs::read("tests/data/good/small.jsonl").unwrap();
    let mut renamed = Memory::default();
    renamed.put("data/yours.jsonl", data.clone());
    let text = with("data/mine.jsonl", "data/yours.jsonl");
    assert_eq!(result(&plan_in(&renamed, &text)), before);
    let mut changed = Memory::default();
    let end = data.iter().rposition(|byte| *byte == b'{').unwrap();
    changed.put("data/mine.jsonl", &data[..end]);
    assert_ne!(result(&plan_in(&changed, STUDY)), before);
}

#[test]
fn a_study_split_over_two_files_has_the_same_keys() {
    let (_, items) = STUDY.split_once("let conv").unwrap();
    let mut two = world();
    let upper = STUDY
        .split_once("let conv")
        .unwrap()
        .0
        .replace("use std.models.cnn.{descriptor_cnn}\n", "");
    two.put("data_of_mine.tmo", upper);
    let text = format!(
        "tmo 1\nuse std.models.cnn.{{descriptor_cnn}}\nuse \"data_of_mine.tmo\".{{composition}}\nlet conv{items}"
    );
    let (one, other) = (plan_in(&world(), STUDY), plan_in(&two, &text));
    assert_eq!(result(&one), result(&other));
}
