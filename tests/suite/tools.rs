//! The tools around the language: the reference is current, a new folder's study runs, the
//! pages for shells and `man` know every command.

use std::fs;

use crate::project::{said, tmo};

/// What a command prints; it must end well.
fn printed(arguments: &[&str]) -> String {
    let done = tmo(arguments).output().unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn the_reference_in_docs_is_what_tmo_doc_writes() {
    let text = printed(&["doc", "--format", "markdown"]);
    let file = "docs/stdlib.md";
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        fs::write(file, &text).unwrap();
    }
    let kept = fs::read_to_string(file).unwrap_or_default();
    assert!(
        kept == text,
        "docs/stdlib.md is not current: INSTA_UPDATE=always writes it"
    );
}

#[test]
fn the_reference_knows_every_item_and_what_is_planned() {
    let text = printed(&["doc", "--format", "markdown"]);
    let mut items = 0;
    for file in crate::project::files_below("stdlib", "tmo") {
        let library = fs::read_to_string(&file).unwrap();
        for line in library.lines() {
            let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
            let noun = words.next().unwrap_or_default();
            let name = words.next().unwrap_or_default();
            if ["fn", "layer", "model", "let"].contains(&noun) {
                assert!(text.contains(&format!("\n### {name}\n")), "{name}");
                items += 1;
            }
        }
        let planned = library
            .lines()
            .filter(|line| line.trim() == "/// planned")
            .count();
        let stem = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let title = match file.to_str().unwrap() {
            path if path.contains("prelude") => format!("\n## prelude: {stem}\n"),
            path if path.contains("models") => format!("\n## std.models.{stem}\n"),
            _ => format!("\n## std.{stem}\n"),
        };
        let chapter = text
            .split(&title)
            .nth(1)
            .unwrap_or_else(|| panic!("{title}"));
        let chapter = chapter.split("\n## ").next().unwrap();
        assert_eq!(chapter.matches("\n**Planned**:").count(), planned, "{stem}");
    }
    assert!(items > 60, "{items}");
}

#[test]
fn the_reference_is_written_where_it_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("site");
    let dir = dir.to_str().unwrap();
    printed(&["doc", "--format", "html", "--out", dir]);
    let html = fs::read_to_string(folder.path().join("site/stdlib.html")).unwrap();
    assert!(html.starts_with("<!doctype html>"), "{html}");
    assert!(html.contains("<h2 id=\"prelude-layers\">"), "{html}");
    assert!(html.contains("href=\"#prelude-layers\""));
    let one = printed(&["doc", "conv1d"]);
    assert!(one.contains("layer conv1d("), "{one}");
    let done = tmo(&["doc", "conv1"]).output().unwrap();
    assert_eq!(done.status.code(), Some(1));
    assert!(
        said(&done).contains("did you mean `conv1d`?"),
        "{}",
        said(&done)
    );
}

#[test]
fn a_new_folder_has_a_study_that_runs() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str], at: &str| {
        let done = tmo(arguments)
            .current_dir(folder.path().join(at))
            .output()
            .unwrap();
        (done.status.code(), said(&done))
    };
    let (code, said) = run(&["new", "voltages"], "");
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = run(&["run", "--quiet", "voltages.tmo"], "voltages");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("first: formation energy per atom"), "{said}");
    let (code, said) = run(&["fmt", "--check", "voltages.tmo"], "voltages");
    assert_eq!(code, Some(0), "{said}");
    let before = fs::read(folder.path().join("voltages/voltages.tmo")).unwrap();
    let (code, said) = run(&["new", "voltages"], "");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("it is there already"), "{said}");
    let after = fs::read(folder.path().join("voltages/voltages.tmo")).unwrap();
    assert_eq!(before, after);
    assert_eq!(run(&["new", ".."], "").0, Some(1));
}

#[test]
fn shells_and_man_know_every_command() {
    let help = printed(&["help"]);
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| !line.starts_with("    "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(commands.len() > 10, "{help}");
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let text = printed(&["completions", shell]);
        for command in &commands {
            assert!(text.contains(command), "{shell}: {command}");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    printed(&["man", "--out", dir]);
    assert!(printed(&["man"]).contains("A first study"));
    for command in commands.iter().filter(|command| **command != "help") {
        let page = fs::read_to_string(folder.path().join(format!("tmo-{command}.1")));
        let page = page.unwrap_or_else(|e| panic!("{command}: {e}"));
        assert!(page.contains("Example"), "{command} has no example\n{page}");
        let long = printed(&["help", command]);
        assert!(long.contains("Example"), "{command} has no example\n{long}");
    }
}
