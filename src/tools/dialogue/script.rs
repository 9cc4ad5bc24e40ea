//! The script a dialogue has come to: a list of items, each with the text it was typed in,
//! so that a message points into what its reader saw.

use std::sync::Arc;

use crate::diagnostic::{Label, Problem};
use crate::source::{Source, Sources, Span};
use crate::syntax::ast::{Item, ItemKind, Pattern, UseFrom, UseWhat};
use crate::syntax::parse;

/// The header of every script.
const HEADER: &str = "tmo 1\n";

/// A text someone typed, or a file.
#[derive(Clone, Debug)]
pub struct Origin {
    /// What messages call it.
    pub name: Arc<str>,
    /// All of it.
    pub text: Arc<str>,
}

/// One item, with the comments before it.
#[derive(Clone, Debug)]
pub struct Chunk {
    /// The names it brings.
    pub names: Vec<Arc<str>>,
    /// Whether it is an import.
    pub import: bool,
    /// What stands before it and was not typed.
    pub before: &'static str,
    /// Its text.
    pub text: String,
    /// Where it was written.
    pub origin: Origin,
    /// Its first byte in the text of `origin`.
    pub at: usize,
}

impl Chunk {
    /// A whole text, whatever it is.
    pub fn whole(origin: &Origin, before: &'static str) -> Chunk {
        Chunk {
            names: Vec::new(),
            import: false,
            before,
            text: origin.text.to_string(),
            origin: origin.clone(),
            at: 0,
        }
    }
}

/// The items of a text, its header left out. None when something in it does not parse.
pub fn cut(origin: &Origin) -> Option<Vec<Chunk>> {
    let text = &*origin.text;
    let headed = text.trim_start().starts_with("tmo ");
    let prefix = if headed { "" } else { HEADER };
    let mut sources = Sources::default();
    let source = sources.add(&origin.name, &format!("{prefix}{text}"));
    let parsed = parse(&source);
    if !parsed.problems.is_empty() {
        return None;
    }
    // Offsets in the text, not in the text with a header.
    let local = |address: u32| {
        (address.saturating_sub(source.base) as usize).saturating_sub(prefix.len())
    };
    let mut from = match &parsed.file.edition {
        Some(edition) if headed => local(edition.span.end),
        _ => 0,
    };
    let mut chunks = Vec::new();
    for item in &parsed.file.items {
        let end = end_of_line(text, local(item.span.end));
        let piece = text.get(from..end).unwrap_or_default();
        let blank = piece.len() - piece.trim_start().len();
        let (names, import) = names(item);
        chunks.push(Chunk {
            names,
            import,
            before: "",
            text: piece.trim_start().to_owned(),
            origin: origin.clone(),
            at: from + blank,
        });
        from = end;
    }
    Some(chunks)
}

/// The end of an item with the comment that stands behind it on its line.
fn end_of_line(text: &str, end: usize) -> usize {
    let rest = text.get(end..).unwrap_or_default();
    let line = rest.lines().next().unwrap_or_default();
    match line.trim_start().starts_with("//") {
        true => end + line.len(),
        false => end,
    }
}

fn names(item: &Item) -> (Vec<Arc<str>>, bool) {
    match &item.kind {
        ItemKind::Let(item) => match &item.pattern {
            Pattern::Name(name) => (vec![name.value.clone()], false),
            Pattern::Tuple(names, _) => {
                (names.iter().map(|name| name.value.clone()).collect(), false)
            }
        },
        ItemKind::Decl(decl) => (vec![decl.name.value.clone()], false),
        ItemKind::Use(used) => {
            let names = match (&used.what, &used.from) {
                (UseWhat::Names(names), _) => {
                    names.iter().map(|name| name.value.clone()).collect()
                }
                (UseWhat::Alias(name), _) => vec![name.value.clone()],
                (UseWhat::Whole, UseFrom::Module(words)) => words
                    .last()
                    .map(|word| word.value.clone())
                    .into_iter()
                    .collect(),
                (UseWhat::Whole, UseFrom::File(path)) => {
                    let stem = std::path::Path::new(&path.value).file_stem();
                    stem.map(|stem| Arc::from(&*stem.to_string_lossy()))
                        .into_iter()
                        .collect()
                }
            };
            (names, true)
        }
    }
}

/// Items put together.
#[derive(Debug)]
pub struct Composed {
    /// The script.
    pub text: String,
    /// The first byte of each item in it.
    starts: Vec<usize>,
}

/// Put items together to a script.
pub fn compose(chunks: &[Chunk]) -> Composed {
    let mut text = HEADER.to_owned();
    let mut starts = Vec::new();
    for chunk in chunks {
        text.push('\n');
        text.push_str(chunk.before);
        starts.push(text.len());
        text.push_str(&chunk.text);
        text.push('\n');
    }
    Composed { text, starts }
}

impl Composed {
    /// Which item a problem is about first; none when it lies in another file or nowhere.
    pub fn chunk_of(&self, problem: &Problem, root: &Source) -> Option<usize> {
        let span = problem.span();
        let inside = span.start >= root.base
            && (span.start as usize) < root.base as usize + root.text.len();
        inside.then(|| self.chunk_at((span.start - root.base) as usize))
    }

    fn chunk_at(&self, offset: usize) -> usize {
        self.starts
            .partition_point(|start| *start <= offset)
            .saturating_sub(1)
    }

    /// Problems of the script as problems of the texts its items were typed in.
    pub fn as_typed(
        &self,
        problems: &[Problem],
        sources: &Sources,
        root: &Source,
        chunks: &[Chunk],
    ) -> (Vec<Problem>, Sources) {
        let mut typed = Sources::default();
        let mut known: Vec<(Origin, Source)> = Vec::new();
        let mut shown = Vec::new();
        for problem in problems {
            let mut problem = problem.clone();
            for label in &mut problem.labels {
                let Some(place) = self.place(label, sources, root, chunks) else {
                    continue;
                };
                let found = known.iter().find(|(origin, _)| {
                    Arc::ptr_eq(&origin.text, &place.0.text)
                        && origin.name == place.0.name
                });
                let source = match found {
                    Some((_, source)) => source.clone(),
                    None => {
                        let source = typed.add(&place.0.name, &place.0.text);
                        known.push((place.0.clone(), source.clone()));
                        source
                    }
                };
                label.span = source.span(place.1, place.2);
            }
            shown.push(problem);
        }
        (shown, typed)
    }

    /// The text a label was typed in, and where in it.
    fn place(
        &self,
        label: &Label,
        sources: &Sources,
        root: &Source,
        chunks: &[Chunk],
    ) -> Option<(Origin, usize, usize)> {
        let Span { start, end } = label.span;
        let source = sources.of(label.span)?;
        let offset = |address: u32| (address - source.base) as usize;
        if source.base != root.base {
            let (name, text) = (source.name.clone(), source.text.clone());
            return Some((Origin { name, text }, offset(start), offset(end)));
        }
        let number = self.chunk_at(offset(start));
        let (chunk, first) = (chunks.get(number)?, *self.starts.get(number)?);
        // What was put before a text was not typed: such a place is the text's beginning.
        let within = |address: u32| chunk.at + offset(address).saturating_sub(first);
        Some((chunk.origin.clone(), within(start), within(end)))
    }
}
