use super::*;
use crate::world::Memory;

fn setting() -> Setting {
    Setting {
        layout: Layout {
            width: 80,
            colour: false,
        },
        store: PathBuf::from("unused"),
        threads: Some(1),
        quiet: true,
        interrupt: Interrupt::new(),
    }
}

fn talk(lines: &[&str]) -> Vec<String> {
    let world = Memory::default();
    let mut dialogue = Dialogue::new(&world, setting());
    lines.iter().map(|line| dialogue.enter(line).text).collect()
}

fn last(lines: &[&str]) -> String {
    talk(lines).pop().unwrap()
}

const OXIDES: &str = "dataset oxides = bundled(\"flla-2015\")";

#[test]
fn expressions_show_value_and_type() {
    assert_eq!(last(&["5 Å + 2 Å"]), "7 Å : Length");
    assert_eq!(last(&["[64, 32] |> size"]), "2 : Int");
    assert_eq!(last(&["1 < 2"]), "true : Bool");
    assert_eq!(last(&["\"a\""]), "\"a\" : String");
    assert_eq!(last(&["[1, 2]"]), "[1, 2] : List[Int]");
    assert_eq!(last(&["relu"]), "fn relu(x: [..]) -> [..]");
    assert_eq!(last(&["adam()"]).rsplit(" : ").next(), Some("Optimizer"));
    let columns = last(&[OXIDES, "oxides"]);
    assert!(columns.starts_with("Dataset\n  id"), "{columns}");
    assert!(columns.contains("formation_energy_per_atom"), "{columns}");
}

#[test]
fn items_are_defined_and_defined_anew() {
    let said = talk(&[
        "let cutoff = 5 Å",
        "cutoff * 2",
        "let cutoff = 6 Å",
        "cutoff",
    ]);
    assert_eq!(
        said,
        [
            "let cutoff = 5 Å : Length",
            "10 Å : Length",
            "let cutoff = 6 Å : Length (anew)",
            "6 Å : Length"
        ]
    );
    let said = last(&[OXIDES, "let few = oxides |> take(3)", OXIDES, "few"]);
    assert!(said.starts_with("Dataset"), "{said}");
}

#[test]
fn a_bad_line_changes_nothing() {
    let said = talk(&[
        "let a = 5 Å",
        "let a = 5 Å + 2 eV",
        "let b =",
        "x +",
        ")",
        "a",
    ]);
    assert!(said[1].contains("error[E0302]"), "{}", said[1]);
    assert!(said[1].contains("input 2:1:13"), "{}", said[1]);
    for text in &said[2..5] {
        assert!(text.starts_with("error[E0001]"), "{text}");
    }
    assert_eq!(said[5], "5 Å : Length");
}

#[test]
fn what_breaks_another_item_is_refused_and_points_to_it() {
    let said = talk(&["let a = 5 Å", "let b = a + 1 Å", "let a = 5 eV", "a"]);
    assert!(said[2].contains("input 2:1:"), "{}", said[2]);
    assert_eq!(said[3], "5 Å : Length");
}

#[test]
fn a_pipe_goes_on_from_the_last_input() {
    let said = talk(&[
        OXIDES,
        "|> where(.nelements == 2)",
        "|> target(.formation_energy_per_atom)",
        "oxides |> take(3)",
    ]);
    assert!(
        said[1].starts_with("dataset oxides: Dataset, "),
        "{}",
        said[1]
    );
    assert!(
        said[3].contains("target: formation_energy_per_atom"),
        "{}",
        said[3]
    );
    assert_eq!(last(&["[1, 2]", "|> size"]), "2 : Int");
    assert!(last(&["|> size"]).starts_with("error[E0001]"));
}

#[test]
fn commands_answer() {
    assert!(last(&[":help"]).contains(":shape MODEL"));
    assert_eq!(
        last(&[":tpye 5"]),
        "there is no `:tpye`; did you mean `:type`?"
    );
    assert_eq!(last(&[":type 5 Å"]), "Length");
    assert_eq!(
        last(&[":unit 5 nm"]).split(" · ").next(),
        Some("Length: 50 Å")
    );
    assert_eq!(last(&[":unit 5"]), "a plain number, without a unit");
    let layers = last(&["use std.models.cgcnn.{cgcnn}", ":shape cgcnn()"]);
    assert!(layers.ends_with("80 833 weights"), "{layers}");
    assert!(last(&[":help conv1d"]).starts_with("layer conv1d("));
    assert!(last(&[":doc conv1d"]).contains("conv1d(8, kernel: k"));
    assert!(last(&[":doc conv1"]).contains("did you mean `conv1d`?"));
    assert!(last(&[":run"]).starts_with("there is no study yet"));
    assert!(last(&["let a = 1 +", ":list"]).starts_with("nothing yet"));
    assert_eq!(
        last(&["use std.layers.{mlp}", ":list"]),
        "use std.layers.{mlp}"
    );
}

#[test]
fn imports_give_way_name_by_name() {
    let said = last(&[
        "use std.layers.{mlp, softplus2}",
        "layer mlp(w: Int)(x: [.., d]) -> [.., w] = x |> dense(w)",
        ":list",
    ]);
    assert!(said.contains("use std.layers.{softplus2}"), "{said}");
    assert!(said.contains("layer mlp(w: Int)"), "{said}");
}

#[test]
fn saved_and_loaded_it_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.tmo");
    let name = file.display().to_string();
    let world = crate::world::Disk;
    let mut one = Dialogue::new(&world, setting());
    for line in [
        "/// Words.\nlet a=5 Å",
        "let b = a // note",
        &format!(":save {name}"),
    ] {
        one.enter(line);
    }
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(
        text,
        "tmo 1\n\n/// Words.\nlet a = 5 Å\n\nlet b = a  // note\n"
    );
    let mut two = Dialogue::new(&world, setting());
    assert_eq!(
        two.enter(&format!(":load {name}")).text,
        format!("2 items from {name}")
    );
    assert_eq!(two.enter("b").text, "5 Å : Length");
    let mut three = Dialogue::new(&world, setting());
    three.enter("let c = 1");
    let refused = three.enter(&format!(":save {name}")).text;
    assert!(refused.contains("is there already"), "{refused}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    std::fs::write(&file, "tmo 1\nlet a = (1").unwrap();
    let refused = three.enter(&format!(":load {name}")).text;
    assert!(refused.starts_with("error[E0001]"), "{refused}");
    assert_eq!(three.enter("c").text, "1 : Int");
}

#[test]
fn unfinished_input_goes_on() {
    let world = Memory::default();
    let mut dialogue = Dialogue::new(&world, setting());
    assert!(dialogue.goes_on("let a ="));
    assert!(!dialogue.goes_on("let a = 1"));
    assert!(!dialogue.goes_on(":type ("));
    assert!(!dialogue.goes_on("|> size"));
    dialogue.enter("[1, 2]");
    assert!(dialogue.goes_on("|>"));
    assert!(!dialogue.goes_on("|> size"));
}

fn completed(lines: &[&str], text: &str) -> Vec<String> {
    let world = Memory::default();
    let mut dialogue = Dialogue::new(&world, setting());
    for line in lines {
        dialogue.enter(line);
    }
    let found = dialogue.complete(text, text.len());
    let head = text.get(..found.start).unwrap();
    found
        .words
        .iter()
        .map(|word| format!("{head}{word}"))
        .collect()
}

#[test]
fn words_are_completed_by_what_they_can_be() {
    assert_eq!(completed(&[], "5 me"), ["5 meV"]);
    assert_eq!(completed(&[], "5 eV/at"), ["5 eV/atom"]);
    assert!(completed(&[], "5 ").contains(&"5 Å".to_owned()));
    assert_eq!(completed(&[], ":sha"), [":shape"]);
    assert_eq!(completed(&[], "conv"), ["conv1d"]);
    assert_eq!(
        completed(&["let cutoff = 5 Å"], "1 Å + cut"),
        ["1 Å + cutoff"]
    );
    assert_eq!(
        completed(&[OXIDES], "oxides |> where(.vol"),
        ["oxides |> where(.volume"]
    );
    assert_eq!(completed(&[OXIDES], "|> where(.vol"), ["|> where(.volume"]);
    let split = [OXIDES, "let parts = oxides |> split(test: 20%)"];
    assert_eq!(completed(&split, "parts.te"), ["parts.test"]);
    assert_eq!(
        completed(&[OXIDES], "oxides |> split(test: 20%, see"),
        ["oxides |> split(test: 20%, seed: "]
    );
    assert!(completed(&[], "Mn").contains(&"Mn".to_owned()));
    assert_eq!(completed(&[], "data"), ["dataset"]);
    assert_eq!(
        completed(&[], "use std.models.cg"),
        ["use std.models.cgcnn.{"]
    );
    assert_eq!(
        completed(&[], "use std.layers.{ml"),
        ["use std.layers.{mlp"]
    );
}

#[test]
fn hints_say_types_and_arguments() {
    let world = Memory::default();
    let mut dialogue = Dialogue::new(&world, setting());
    dialogue.enter(OXIDES);
    let hint = |text: &str| dialogue.hint(text).map(|hint| hint.trim().to_owned());
    assert_eq!(hint("5 Å"), Some(": Length".into()));
    assert_eq!(hint("5 Å + 2 Å"), Some("= 7 Å : Length".into()));
    assert_eq!(hint("let a = 5 Å + 2 Å"), Some("= 7 Å : Length".into()));
    assert_eq!(hint("oxides |> where(.volume"), Some(": Volume".into()));
    assert_eq!(
        hint("oxides |> split(test: 20%, "),
        Some("seed: Int = 0".into())
    );
    assert!(hint("oxides").is_some_and(|text| text.starts_with(": Dataset, ")));
    for quiet in ["", "  ", ":type", "5 Å + 2 eV", "\"", ")", "let a ="] {
        assert_eq!(hint(quiet), None, "{quiet:?}");
    }
}

#[test]
fn no_text_and_no_cursor_brings_it_down() {
    let world = Memory::default();
    let mut dialogue = Dialogue::new(&world, setting());
    dialogue.enter(OXIDES);
    let text =
        "oxides |> where(.volume < 5 Å^3 and O in .elements) |> f(x: [1, { a: ü }], \"ß";
    for (at, _) in text.char_indices() {
        let part = &text[..at];
        let found = dialogue.complete(part, part.len());
        assert!(part.is_char_boundary(found.start), "{part}");
        dialogue.hint(part);
        dialogue.goes_on(part);
        dialogue.enter(part);
        let rest = &text[at..];
        dialogue.complete(rest, rest.len());
        dialogue.enter(rest);
    }
    assert!(dialogue.enter("oxides").text.starts_with("Dataset"));
}

#[test]
fn a_run_of_many_cells_is_asked_for_twice() {
    let sweep = "study sweep = bundled(\"flla-2015\") |> take(each(1..=101)) |> count(by: .nelements)";
    let world = Memory::default();
    let folder = tempfile::tempdir().unwrap();
    let mut setting = setting();
    setting.store = folder.path().to_path_buf();
    let mut dialogue = Dialogue::new(&world, setting);
    dialogue.enter(sweep);
    let said = dialogue.enter(":run sweep").text;
    assert!(
        said.contains("E0604") && said.contains("`:run --yes`"),
        "{said}"
    );
    for line in [":run --yes sweep", ":run sweep -y", ":run --yes"] {
        let said = dialogue.enter(line).text;
        assert!(!said.contains("E0604") && said.contains("1 rows"), "{said}");
    }
    let said = dialogue.enter(":run --no sweep").text;
    assert_eq!(said, "`:run` knows `--yes`, and no `--no`");
}
