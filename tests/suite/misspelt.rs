//! A misspelt argument names the right one: every named parameter of the library, spelt
//! wrong in several ways.

use std::fs;

use tmo::diagnostic::Code;
use tmo::source::Sources;
use tmo::syntax::ast::ItemKind;
use tmo::syntax::parse;
use tmo::world::Memory;

use crate::project::{check_text, files_below};

/// Spellings of a word that a hurried hand makes.
fn spellings(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    let middle = letters.len() / 2;
    let mut all = Vec::new();
    let mut swapped = letters.clone();
    swapped.swap(middle - 1, middle);
    all.push(swapped);
    let mut lost = letters.clone();
    lost.remove(middle);
    all.push(lost);
    let mut doubled = letters.clone();
    doubled.insert(middle, letters[middle]);
    all.push(doubled);
    let mut cut = letters.clone();
    cut.pop();
    all.push(cut);
    let words = all.into_iter().map(|letters| letters.into_iter().collect());
    words.filter(|other: &String| other != word).collect()
}

/// Functions of the library: where they are brought in from, their name, and the parameters
/// of their first group.
fn functions() -> Vec<(String, String, Vec<String>)> {
    let mut found = Vec::new();
    for file in files_below("stdlib", "tmo") {
        let text = fs::read_to_string(&file).unwrap();
        let parsed = parse(&Sources::default().add("a.tmo", &text));
        let path = file.with_extension("");
        let module = path
            .to_str()
            .unwrap()
            .replace("stdlib/", "std.")
            .replace('/', ".");
        for item in &parsed.file.items {
            let ItemKind::Decl(decl) = &item.kind else {
                continue;
            };
            // What takes any names has none that could be misspelt.
            let names = decl.groups[0]
                .iter()
                .filter(|param| !param.rest)
                .map(|param| param.name.value.to_string());
            found.push((module.clone(), decl.name.value.to_string(), names.collect()));
        }
    }
    found
}

#[test]
fn a_misspelt_argument_names_the_right_one() {
    let (mut tried, mut wrong) = (0, Vec::new());
    for (module, function, params) in functions() {
        let import = match module.starts_with("std.prelude") {
            true => String::new(),
            false => format!("use {module}.{{{function}}}\n"),
        };
        for param in params.iter().filter(|param| param.chars().count() >= 4) {
            for spelling in spellings(param) {
                // What is as near to another parameter may name that one.
                let other = |name: &&String| {
                    *name != param
                        && name.chars().count() >= 4
                        && spellings(name).contains(&spelling)
                };
                if params.contains(&spelling) || params.iter().any(|name| other(&name)) {
                    continue;
                }
                let text = format!("tmo 1\n{import}let it = {function}({spelling}: 1)\n");
                let told = check_text(&Memory::default(), "a.tmo", &text);
                tried += 1;
                let named = told.problems.iter().any(|problem| {
                    let help = problem.help.as_deref().unwrap_or_default();
                    let place = told.sources.text(problem.span()) == spelling;
                    problem.code == Code::E0104
                        && place
                        && help.contains(&format!("`{param}"))
                });
                if !named || told.problems.len() != 1 {
                    wrong.push(format!(
                        "{function}({spelling}:), for {param}: {}",
                        told.short()
                    ));
                }
            }
        }
    }
    assert!(tried > 150, "{tried}");
    assert!(
        wrong.is_empty(),
        "{} of {tried}\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
