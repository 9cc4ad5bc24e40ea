//! What the documentation shows is true: every example of the standard library checks, and
//! every script below `examples` is without a problem.

use std::fs;

use tmo::world::Memory;

use crate::project::{check, check_text, files_below};

/// The `~~~tmo` examples in the `///` words of a text: line number and script.
fn examples(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in text.lines().enumerate() {
        let Some(words) = line.strip_prefix("///") else {
            continue;
        };
        let words = words.strip_prefix(' ').unwrap_or(words);
        match &mut open {
            None if words.trim() == "~~~tmo" => open = Some((number + 2, String::new())),
            None => {}
            Some(_) if words.trim() == "~~~" => found.extend(open.take()),
            Some((_, script)) => {
                script.push_str(words);
                script.push('\n');
            }
        }
    }
    assert!(open.is_none(), "an example that is never closed");
    found
}

/// Files that examples name, and what they hold.
const OWN: &[(&str, &str)] = &[
    ("data/mp.json", "mp_documents.json"),
    ("data/matbench_mp_gap.json", "matbench.json"),
    ("data/dft_3d.json", "jarvis.json"),
    ("data/oqmd.optimade.json", "optimade.json"),
    ("data/runs.db", "ase.db"),
    ("data/frames.extxyz", "frames.extxyz"),
    ("data/energies.csv", "labels.csv"),
    ("structures/mp-11540.cif", "mp-11540.p1.cif"),
    ("structures/mp-1224.cif", "mp-1224.symmetry.cif"),
    ("structures/energies.csv", "labels.csv"),
];

#[test]
fn every_example_of_the_library_checks() {
    let mut count = 0;
    let mut wrong = Vec::new();
    for file in files_below("stdlib", "tmo") {
        for (line, script) in examples(&fs::read_to_string(&file).unwrap()) {
            let headed = match script.starts_with("tmo ") {
                true => script,
                false => format!("tmo 1\n{script}"),
            };
            let mut world = Memory::default();
            // What an example calls its own data.
            let data = fs::read("tests/data/good/small.jsonl.gz").unwrap();
            world.put("data/mine.jsonl.gz", data);
            for (name, file) in OWN {
                let bytes = fs::read(format!("tests/data/formats/good/{file}"));
                world.put(*name, bytes.unwrap());
            }
            world.put("data/weights.safetensors", "");
            let told = check_text(&world, "example.tmo", &headed).short();
            if !told.is_empty() {
                wrong.push(format!("{}:{line}\n{headed}{told}", file.display()));
            }
            count += 1;
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
    assert!(count > 20, "{count} examples");
}

/// Items of the library in the order they stand: noun, name, words, declaration.
fn items(text: &str) -> Vec<(String, String, String, String)> {
    let mut found: Vec<(String, String, String, String)> = Vec::new();
    let mut words = String::new();
    for line in text.lines() {
        if let Some(doc) = line.strip_prefix("///") {
            words.push_str(doc);
            words.push('\n');
            continue;
        }
        let mut head = line.split(|c: char| !c.is_alphanumeric() && c != '_');
        let (noun, name) = (
            head.next().unwrap_or_default(),
            head.next().unwrap_or_default(),
        );
        if ["fn", "layer", "model", "let"].contains(&noun) {
            let words = std::mem::take(&mut words);
            found.push((noun.into(), name.into(), words, line.into()));
        } else if let Some((.., declaration)) = found.last_mut() {
            declaration.push_str(line);
        }
    }
    found
}

#[test]
fn every_item_has_words_and_every_builtin_and_model_an_example() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for file in files_below("stdlib", "tmo") {
        for (noun, name, words, declaration) in items(&fs::read_to_string(&file).unwrap())
        {
            let place = format!("{}: {noun} {name}", file.display());
            if words.trim().is_empty() {
                wrong.push(format!("{place} has no words"));
            }
            let builtin = declaration.contains("= builtin") && noun != "let";
            if (builtin || noun == "model") && !words.contains("~~~tmo") {
                wrong.push(format!("{place} has no example"));
            }
            count += 1;
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(count > 40, "{count} items");
}

#[test]
fn every_example_script_is_without_a_problem() {
    let examples = files_below("examples", "tmo");
    assert!(examples.len() >= 2);
    for script in examples {
        assert_eq!(check(&script).drawn(), "", "{}", script.display());
    }
}

#[test]
fn every_script_of_the_tests_is_without_a_problem() {
    for script in files_below("tests/scripts", "tmo") {
        assert_eq!(check(&script).drawn(), "", "{}", script.display());
    }
}
