//! docs/language is the reference, and it is true: every `tmo` block of a page gives
//! exactly the messages that its lines say, and every type it says is the type `tmo`
//! finds.
//!
//! A block is a script; the header may be left out. On a line of it
//! `// error: E0301` (or `warning: W0501`, several with commas) says which messages have
//! their first place there, and `// type: Length` the type of the longest expression that
//! ends there. A block whose fence says `tmo file NAME` is a file that later blocks of the
//! page may import. Data in `data/` are those of the tests.

use std::collections::BTreeMap;
use std::fs;

use tmo::session::Session;
use tmo::source::Span;
use tmo::world::Memory;

use crate::project::{files_in, stem};

/// One block: the line its text begins on, a name when it is a file, and its text.
struct Block {
    line: usize,
    file: Option<String>,
    text: String,
}

/// The `tmo` blocks of a page.
fn blocks(page: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<(&str, Option<Block>)> = None;
    for (at, line) in page.lines().enumerate() {
        match &mut open {
            None => {
                let Some(fence) =
                    ["~~~", "```"].into_iter().find(|f| line.starts_with(f))
                else {
                    continue;
                };
                let words: Vec<&str> = line[3..].split_whitespace().collect();
                let file = match words.as_slice() {
                    ["tmo", "file", name] => Some((*name).to_owned()),
                    _ => None,
                };
                let block =
                    words
                        .first()
                        .is_some_and(|word| *word == "tmo")
                        .then(|| Block {
                            line: at + 2,
                            file,
                            text: String::new(),
                        });
                open = Some((fence, block));
            }
            Some((fence, _)) if line.starts_with(*fence) => {
                found.extend(open.take().and_then(|(_, block)| block));
            }
            Some((_, Some(block))) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            Some((_, None)) => {}
        }
    }
    assert!(open.is_none(), "a block that is never closed");
    found
}

/// Files that the blocks may read.
fn world() -> Memory {
    let mut world = Memory::default();
    for name in ["small.jsonl", "small.jsonl.gz"] {
        let bytes = fs::read(format!("tests/data/good/{name}")).unwrap();
        world.put(format!("data/{}", name.replace("small", "mine")), bytes);
    }
    world
}

/// What a line says: codes and a type.
fn said(line: &str) -> (Vec<String>, Option<String>) {
    let (mut codes, mut ty) = (Vec::new(), None);
    // `//` may also begin words before the assertion.
    for part in line.split("//").skip(1) {
        let part = part.trim();
        for word in ["error:", "warning:"] {
            if let Some(list) = part.strip_prefix(word) {
                codes.extend(list.split(',').map(|code| code.trim().to_owned()));
            }
        }
        if let Some(shown) = part.strip_prefix("type:") {
            ty = Some(shown.trim().to_owned());
        }
    }
    codes.sort();
    (codes, ty)
}

/// The type of the longest expression that ends on each line.
fn types_by_line(
    session: &Session,
    checked: &tmo::session::Checked,
) -> BTreeMap<usize, String> {
    let mut longest: BTreeMap<usize, (u32, Span, String)> = BTreeMap::new();
    let root = checked
        .program
        .root
        .and_then(|id| checked.program.module(id));
    let base = root.unwrap().source.base;
    for (span, ty) in session.types(&checked.program) {
        let own = session
            .sources()
            .of(span)
            .is_some_and(|source| source.base == base);
        if !own || span.is_empty() {
            continue;
        }
        let end = Span::new(span.end, span.end);
        let Some(at) = session.sources().position(end) else {
            continue;
        };
        let entry = longest.entry(at.line).or_insert((0, span, String::new()));
        if span.len() > entry.0 {
            *entry = (span.len(), span, ty.to_string());
        }
    }
    longest
        .into_iter()
        .map(|(line, (_, _, ty))| (line, ty))
        .collect()
}

/// What is wrong with a block, one line each.
fn wrong_with(block: &Block, world: &Memory, page: &str) -> Vec<String> {
    let headed = block.text.trim_start().starts_with("tmo ");
    let text = if headed {
        block.text.clone()
    } else {
        format!("tmo 1\n{}", block.text)
    };
    let first = block.line - usize::from(!headed);
    let mut session = Session::new(world);
    let checked = session.check("page.tmo", &text);
    let mut told: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for problem in &checked.problems {
        let line = session
            .sources()
            .position(problem.span())
            .map_or(0, |at| at.line);
        told.entry(line)
            .or_default()
            .push(problem.code.name().to_owned());
    }
    let types = types_by_line(&session, &checked);
    let mut wrong = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let (codes, ty) = said(line);
        let mut found = told.remove(&(at + 1)).unwrap_or_default();
        found.sort();
        let place = format!("{page}:{}: `{}`", first + at, line.trim());
        if codes != found {
            let all: Vec<String> = checked
                .problems
                .iter()
                .map(|problem| tmo::diagnostic::short(problem, session.sources()))
                .collect();
            wrong.push(format!(
                "{place}\n  gives {found:?}\n  {}",
                all.join("\n  ")
            ));
        }
        if let Some(ty) = ty
            && types.get(&(at + 1)) != Some(&ty)
        {
            wrong.push(format!(
                "{place}\n  has the type {:?}",
                types.get(&(at + 1))
            ));
        }
    }
    if !told.is_empty() {
        wrong.push(format!(
            "{page}:{first}: messages outside of the block: {told:?}"
        ));
    }
    wrong
}

fn page_holds(name: &str) {
    let page = format!("docs/language/{name}.md");
    let text = fs::read_to_string(&page).unwrap();
    let mut world = world();
    let mut wrong = Vec::new();
    let blocks = blocks(&text);
    assert!(!blocks.is_empty(), "{page} shows nothing");
    for block in &blocks {
        wrong.extend(wrong_with(block, &world, &page));
        if let Some(name) = &block.file {
            let headed = block.text.trim_start().starts_with("tmo ");
            let head = if headed { "" } else { "tmo 1\n" };
            world.put(name, format!("{head}{}", block.text));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
}

macro_rules! pages {
    ($($name:ident $file:literal,)*) => {
        $(#[test] fn $name() { page_holds($file); })*

        #[test]
        fn every_page_is_tested_and_linked() {
            let tested = [$($file),*];
            let index = fs::read_to_string("docs/LANGUAGE.md").unwrap();
            for page in files_in("docs/language", "md") {
                let name = stem(&page);
                assert!(tested.contains(&&*name), "{name} is not among the tests");
                assert!(index.contains(&format!("(language/{name}.md)")), "{name}");
            }
        }
    };
}

pages! {
    values_and_units "values",
    names_and_modules "names",
    calls_and_rows "calls",
    shapes_and_domains "shapes",
    layers_and_weights "layers",
    datasets_and_splits "datasets",
    studies_and_holes "studies",
    the_plan "plan",
    errors "errors",
}

#[test]
fn a_false_page_is_caught() {
    let block = |text: &str| Block {
        line: 1,
        file: None,
        text: text.into(),
    };
    let wrong = |text: &str| wrong_with(&block(text), &world(), "page").len();
    assert_eq!(wrong("let x = 5 Å  // type: Length\n"), 0);
    assert_eq!(wrong("let x = 5 Å  // type: Energy\n"), 1);
    assert_eq!(wrong("let x = 5 Å + 1 eV\n"), 1);
    assert_eq!(wrong("let x = 5 Å + 1 eV  // error: E0302\n"), 0);
    assert_eq!(wrong("let x = 5 Å + 1 eV  // error: E0301\n"), 1);
    assert_eq!(wrong("let x = 5 Å  // error: E0301\n"), 1);
}
