//! The reference of the standard library, made from its declarations. Comes in: a program.
//! Goes out: [`Chapter`]s of [`Entry`]s, and Markdown, HTML or terminal text of them.

mod pages;

use crate::names::{Body, Def, ItemId, Module, ModuleId, Program};
use crate::source::Span;

pub use pages::{entry_markdown, html, markdown, overview};

/// A file of the library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chapter {
    /// `std.models.cnn`, or `prelude: layers`.
    pub title: String,
    /// What it holds, in a sentence; may be empty.
    pub intro: String,
    /// Whether its names are there without an import.
    pub prelude: bool,
    /// Its items, in the order they stand.
    pub entries: Vec<Entry>,
}

/// An item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// `fn`, `layer`, `let`.
    pub noun: String,
    /// Its name.
    pub name: String,
    /// Its declaration without the body.
    pub signature: String,
    /// Its words, in Markdown, with the example.
    pub words: String,
    /// Its parameters: settings, then inputs.
    pub parameters: Vec<Parameter>,
    /// The line that imports it; none for the prelude.
    pub import: Option<String>,
    /// Whether it is declared and cannot run yet.
    pub planned: bool,
    /// What to use instead, if it is deprecated.
    pub deprecated: Option<String>,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name, `..name` when it takes what remains.
    pub name: String,
    /// Its type as written.
    pub ty: String,
    /// Its default as written.
    pub default: Option<String>,
    /// Whether it is an input, what stands before `|>`.
    pub input: bool,
}

impl Entry {
    /// The first sentence of its words, on one line.
    pub fn summary(&self) -> String {
        let paragraph: Vec<&str> = self
            .words
            .lines()
            .take_while(|line| !line.trim().is_empty())
            .collect();
        let text = paragraph.join(" ");
        match text.find(". ") {
            Some(end) => text.get(..=end).unwrap_or_default().to_owned(),
            None => text,
        }
    }
}

/// The chapters of the standard library.
pub fn library(program: &Program) -> Vec<Chapter> {
    let all = (0..).zip(&program.modules);
    all.filter(|(_, module)| module.is_std())
        .map(|(at, module)| chapter(program, ModuleId(at), module))
        .filter(|chapter| !chapter.entries.is_empty())
        .collect()
}

fn chapter(program: &Program, id: ModuleId, module: &Module) -> Chapter {
    let prelude = module.name.strip_prefix("prelude");
    let title = match prelude {
        Some(part) => format!("prelude: {}", part.trim_start_matches('.')),
        None => format!("std.{}", module.name),
    };
    let mut entries: Vec<(u32, Entry)> = program
        .items_of(id)
        .filter_map(|(item, def)| Some((def.name_span.start, entry(program, item)?)))
        .collect();
    entries.sort_by_key(|(start, _)| *start);
    Chapter {
        title,
        intro: intro(&module.source.text),
        prelude: prelude.is_some(),
        entries: entries.into_iter().map(|(_, entry)| entry).collect(),
    }
}

/// The comment that opens a file, before its first item.
fn intro(text: &str) -> String {
    let lines = text
        .lines()
        .skip(1)
        .skip_while(|line| line.trim().is_empty());
    let words: Vec<&str> = lines
        .take_while(|line| line.starts_with("// ") && !line.starts_with("///"))
        .map(|line| line.trim_start_matches('/').trim())
        .collect();
    words.join(" ")
}

/// What is to be said of an item of a program.
pub fn entry(program: &Program, id: ItemId) -> Option<Entry> {
    let def = program.item(id)?;
    let module = program.module(def.module)?;
    let doc = def.doc.as_deref().unwrap_or_default();
    let (notes, words): (Vec<&str>, Vec<&str>) =
        doc.lines().partition(|line| is_note(line.trim()));
    let deprecated = notes
        .iter()
        .find_map(|note| note.trim().strip_prefix("deprecated:"))
        .map(|instead| instead.trim().to_owned());
    let prelude = module.name.starts_with("prelude");
    let import = (module.is_std() && !prelude)
        .then(|| format!("use std.{}.{{{}}}", module.name, def.name));
    Some(Entry {
        noun: def.noun().map_or("let", |noun| noun.word()).into(),
        name: def.name.to_string(),
        signature: signature(module, def),
        words: words.join("\n").trim().to_owned(),
        parameters: parameters(module, def),
        import,
        planned: notes.iter().any(|note| note.trim() == "planned"),
        deprecated,
    })
}

/// A line of the words that is for the reference to say in its own way.
fn is_note(line: &str) -> bool {
    line == "planned" || line.starts_with("deprecated:")
}

/// The text of a span of a module.
fn text(module: &Module, span: Span) -> &str {
    let at = |address: u32| address.saturating_sub(module.source.base) as usize;
    let range = at(span.start)..at(span.end);
    module.source.text.get(range).unwrap_or_default()
}

fn signature(module: &Module, def: &Def) -> String {
    let (noun, body) = match &def.body {
        Body::Let(item, _) => ("let", item.value.span),
        Body::Decl(decl) => (decl.noun.word(), decl.body.span),
    };
    let head = text(module, Span::new(def.name_span.start, body.start));
    // The body's brackets are not in its span; its `=` is the last before it.
    let head = head
        .rfind('=')
        .and_then(|at| head.get(..at))
        .unwrap_or(head);
    format!("{noun} {}", head.trim())
}

fn parameters(module: &Module, def: &Def) -> Vec<Parameter> {
    let Some(decl) = def.decl() else {
        return Vec::new();
    };
    let last = decl.groups.len().saturating_sub(1);
    let mut found = Vec::new();
    for (group, params) in decl.groups.iter().enumerate() {
        for param in params {
            let dots = if param.rest { ".." } else { "" };
            found.push(Parameter {
                name: format!("{dots}{}", param.name.value),
                ty: param
                    .ty
                    .as_ref()
                    .map_or(String::new(), |ty| one_line(text(module, ty.span))),
                default: param
                    .default
                    .as_ref()
                    .map(|value| one_line(text(module, value.span))),
                input: group == last && group > 0,
            });
        }
    }
    found
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Session;
    use crate::world::Memory;

    #[test]
    fn an_item_is_told_from_its_declaration() {
        let world = Memory::default();
        let mut session = Session::new(&world);
        let text = "tmo 1\n\n/// First. Second.\n/// deprecated: use `mlp`\n/// planned\n\
                    layer twice(\n  width: Int, slope: Real = 0.2,\n)(x: [.., d]) -> [.., width] = (x |> dense(width))\n";
        let checked = session.check("a.tmo", text);
        let root = checked.program.root.unwrap();
        let (id, _) = checked.program.items_of(root).next().unwrap();
        let entry = entry(&checked.program, id).unwrap();
        assert_eq!(
            entry.signature,
            "layer twice(\n  width: Int, slope: Real = 0.2,\n)(x: [.., d]) -> [.., width]"
        );
        assert_eq!(entry.summary(), "First.");
        assert!(entry.planned);
        assert_eq!(entry.deprecated.as_deref(), Some("use `mlp`"));
        let names: Vec<(&str, Option<&str>, bool)> = entry
            .parameters
            .iter()
            .map(|p| (&*p.name, p.default.as_deref(), p.input))
            .collect();
        assert_eq!(
            names,
            [
                ("width", None, false),
                ("slope", Some("0.2"), false),
                ("x", None, true)
            ]
        );
    }
}
