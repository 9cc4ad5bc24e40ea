//! The dialogue of `tmo repl`, without a terminal: a line in, a text out.
//!
//! A dialogue is a script that grows. It always checks: what would break it is told and
//! changes nothing. Items replace those of the same name; an expression is looked at and
//! forgotten. What begins with `|>` goes on from what was entered last.

mod commands;
pub mod complete;
mod cursor;
mod describe;
pub mod hint;
mod script;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Code, Problem, Severity, draw, nearest};
use crate::names::{ItemId, Program};
use crate::run::interrupt::Interrupt;
use crate::session::{Checked, Session, read};
use crate::source::{Source, Sources, Span};
use crate::syntax::{Entry, entry};
use crate::tools::highlight::coloured;
use crate::tools::markdown::Layout;
use crate::types::{Given, Seen};
use crate::world::World;
use script::{Chunk, Composed, Origin, compose, cut};

/// The name of the item an expression becomes while it is looked at.
const SHOWN: &str = "_shown";
/// What stands before an expression.
const BEFORE: &str = "let _shown =\n";

/// What a dialogue is given.
#[derive(Clone, Debug)]
pub struct Setting {
    /// How texts are laid out.
    pub layout: Layout,
    /// Where results are kept.
    pub store: PathBuf,
    /// Threads to use; one per core when none is said.
    pub threads: Option<usize>,
    /// Whether runs show no progress.
    pub quiet: bool,
    /// Raised to stop a run.
    pub interrupt: Interrupt,
}

/// A dialogue.
pub struct Dialogue<'w> {
    world: &'w dyn World,
    setting: Setting,
    /// Its script.
    chunks: Vec<Chunk>,
    /// What the script would be called: its folder is where imports and data are.
    place: PathBuf,
    /// The file it was loaded from or saved to.
    file: Option<PathBuf>,
    /// What was entered last, for a line that goes on from it.
    last: Option<String>,
    /// Inputs so far.
    inputs: usize,
}

/// The answer to an input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// What to show; ends without a line break.
    pub text: String,
    /// Whether the dialogue is over.
    pub over: bool,
    /// Whether the input was refused.
    pub refused: bool,
}

impl Answer {
    fn say(text: impl Into<String>) -> Answer {
        let text: String = text.into();
        Answer {
            text: text.trim_end().to_owned(),
            ..Answer::default()
        }
    }

    fn refuse(text: impl Into<String>) -> Answer {
        Answer {
            refused: true,
            ..Answer::say(text)
        }
    }
}

/// Something looked at.
struct Looked {
    program: Program,
    seen: Seen,
    /// What is wrong, drawn.
    told: String,
    failed: bool,
}

/// What a model is shown with.
const GIVEN: Given = Given {
    length: 132,
    radius: 5.0,
};

impl<'w> Dialogue<'w> {
    /// A dialogue with an empty script.
    pub fn new(world: &'w dyn World, setting: Setting) -> Self {
        Dialogue {
            world,
            setting,
            chunks: Vec::new(),
            place: PathBuf::from("repl.tmo"),
            file: None,
            last: None,
            inputs: 0,
        }
    }

    /// The script so far.
    pub fn script(&self) -> String {
        compose(&self.chunks).text
    }

    /// Whether an input is not finished yet.
    pub fn goes_on(&self, text: &str) -> bool {
        let text = text.trim_start();
        if text.starts_with(':') {
            return false;
        }
        entry(&self.joined_to_last(text).unwrap_or(text.into())) == Entry::Unfinished
    }

    /// Take an input and answer it. Bad input changes nothing.
    pub fn enter(&mut self, text: &str) -> Answer {
        let trimmed = text.trim();
        if let Some(command) = trimmed.strip_prefix(':') {
            return self.command(command);
        }
        let full = match self.joined_to_last(trimmed) {
            Some(full) => full,
            None if goes_on_from(trimmed) => {
                return Answer::say(self.drawn_alone(&Problem::new(
                    Code::E0001,
                    "there is nothing before it to go on from",
                    Span::NOWHERE,
                    "",
                )));
            }
            None => trimmed.to_owned(),
        };
        let kind = match entry(&full) {
            Entry::Empty => return Answer::default(),
            // The input ended before it did: the message says what is missing.
            Entry::Unfinished if looks_like_item(&full) => Entry::Items,
            Entry::Unfinished => Entry::Expression,
            kind => kind,
        };
        self.inputs += 1;
        let origin = Origin {
            name: format!("input {}", self.inputs).into(),
            text: full.as_str().into(),
        };
        let answer = match kind {
            Entry::Items => self.define(&origin),
            _ => self.show(&origin),
        };
        if !answer.refused {
            self.last = Some(full);
        }
        answer
    }

    /// A text that begins with `|>`, with what it goes on from.
    fn joined_to_last(&self, text: &str) -> Option<String> {
        let last = self.last.as_deref().filter(|_| goes_on_from(text))?;
        Some(format!("{}\n  {text}", last.trim_end()))
    }

    fn show(&mut self, origin: &Origin) -> Answer {
        let looked = self.look(origin, None);
        if looked.failed {
            return Answer::refuse(looked.told);
        }
        let text = describe::value(&looked.seen, &looked.program);
        Answer::say(format!("{}{}", looked.told, self.painted(&text)))
    }

    /// Look at an expression in the script so far.
    fn look(&self, origin: &Origin, given: Option<Given>) -> Looked {
        let mut chunks = self.chunks.clone();
        chunks.push(Chunk::whole(origin, BEFORE));
        self.look_at(&chunks, SHOWN, given)
    }

    /// Look at an item of a script; messages are those of the last item alone.
    fn look_at(&self, chunks: &[Chunk], name: &str, given: Option<Given>) -> Looked {
        let composed = compose(chunks);
        let mut session = Session::new(self.world);
        let looked = session.look(&self.place_name(), &composed.text, name, given);
        let problems: Vec<Problem> = looked
            .problems
            .iter()
            .chain(&looked.seen.problems)
            .filter(|problem| problem.code != Code::W0501)
            .cloned()
            .collect();
        let failed = problems.iter().any(|p| p.severity() == Severity::Error);
        let root = root(&looked.program);
        let told = self.drawn(&problems, session.sources(), root, &composed, chunks);
        Looked {
            program: looked.program,
            seen: looked.seen,
            told,
            failed,
        }
    }

    /// Take items in, in the place of those of the same name.
    fn define(&mut self, origin: &Origin) -> Answer {
        let new = match cut(origin) {
            Some(new) if new.is_empty() => return Answer::default(),
            Some(new) => new,
            None => vec![Chunk::whole(origin, "")],
        };
        let (chunks, added, gone) = replaced(&self.chunks, new);
        let (checked, told) = self.check(&chunks, &added);
        if checked.failed() {
            return Answer::refuse(told);
        }
        let mut text = told;
        for number in &added {
            let Some(chunk) = chunks.get(*number).filter(|chunk| !chunk.import) else {
                continue;
            };
            for name in &chunk.names {
                let again = self.chunks.iter().any(|old| old.names.contains(name));
                text.push_str(&self.defined(&chunks, &checked.program, name, again));
                text.push('\n');
            }
        }
        for name in gone {
            text.push_str(&format!("`{name}` went with what it was defined with\n"));
        }
        self.chunks = chunks;
        Answer::say(text)
    }

    fn defined(
        &self,
        chunks: &[Chunk],
        program: &Program,
        name: &str,
        again: bool,
    ) -> String {
        let def = program
            .items
            .iter()
            .find(|def| &*def.name == name && program.root == Some(def.module));
        let noun = def
            .and_then(|def| def.noun())
            .map_or("let", |noun| noun.word());
        let anew = if again { " (anew)" } else { "" };
        let what = match noun {
            "fn" | "layer" | "model" => String::new(),
            "study" => format!(" · `:run {name}` computes it"),
            _ => {
                let looked = self.look_at(chunks, name, None);
                let equals = if looked.seen.value.is_some() {
                    " ="
                } else {
                    ":"
                };
                format!("{equals} {}", describe::brief(&looked.seen))
            }
        };
        format!("{noun} {name}{what}{anew}")
    }

    /// Check a script whole. Of warnings only those about the items `added` are told.
    fn check(&self, chunks: &[Chunk], added: &[usize]) -> (Checked, String) {
        let composed = compose(chunks);
        let mut session = Session::new(self.world);
        let checked = session.check(&self.place_name(), &composed.text);
        let root = root(&checked.program);
        let new = |problem: &&Problem| match (problem.severity(), root) {
            (Severity::Error, _) => true,
            // Nothing uses an item yet when it is entered.
            _ if problem.code == Code::W0501 => false,
            (Severity::Warning, Some(root)) => composed
                .chunk_of(problem, root)
                .is_some_and(|number| added.contains(&number)),
            (Severity::Warning, None) => true,
        };
        let problems: Vec<Problem> =
            checked.problems.iter().filter(new).cloned().collect();
        let told = self.drawn(&problems, session.sources(), root, &composed, chunks);
        (checked, told)
    }

    /// Put a file in the place of the script.
    ///
    /// # Errors
    /// The messages, drawn, when the file cannot be read or does not check; the script is
    /// then as it was.
    pub fn load(&mut self, path: &Path) -> Result<String, String> {
        let text =
            read(self.world, path).map_err(|problem| self.drawn_alone(&problem))?;
        let origin = Origin {
            name: path.display().to_string().into(),
            text: text.as_str().into(),
        };
        let chunks = cut(&origin).unwrap_or(vec![Chunk::whole(&origin, "")]);
        let before = std::mem::replace(&mut self.place, path.to_path_buf());
        let all: Vec<usize> = (0..chunks.len()).collect();
        let (checked, told) = self.check(&chunks, &all);
        if checked.failed() {
            self.place = before;
            return Err(told);
        }
        let items = chunks.iter().filter(|chunk| !chunk.import).count();
        self.chunks = chunks;
        self.file = Some(path.to_path_buf());
        self.last = None;
        let noun = if items == 1 { "item" } else { "items" };
        Ok(format!("{told}{items} {noun} from {}", path.display()))
    }

    fn place_name(&self) -> String {
        self.place.display().to_string()
    }

    fn drawn(
        &self,
        problems: &[Problem],
        sources: &Sources,
        root: Option<&Source>,
        composed: &Composed,
        chunks: &[Chunk],
    ) -> String {
        let (problems, sources) = match root {
            Some(root) => composed.as_typed(problems, sources, root, chunks),
            None => (problems.to_vec(), sources.clone()),
        };
        let one = |problem: &Problem| {
            let text = draw(problem, &sources, self.setting.layout.colour);
            format!("{}\n", text.trim_end())
        };
        problems.iter().map(one).collect()
    }

    /// A problem without a place.
    fn drawn_alone(&self, problem: &Problem) -> String {
        draw(problem, &Sources::default(), self.setting.layout.colour)
    }

    fn painted(&self, text: &str) -> String {
        match self.setting.layout.colour {
            true => coloured(text),
            false => text.to_owned(),
        }
    }
}

fn goes_on_from(text: &str) -> bool {
    text.starts_with("|>") || text.starts_with(">>")
}

fn looks_like_item(text: &str) -> bool {
    let first = text
        .split(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or_default();
    crate::syntax::ITEM_WORDS.contains(&first) || text.starts_with("///")
}

fn root(program: &Program) -> Option<&Source> {
    program
        .root
        .and_then(|id| program.module(id))
        .map(|module| &module.source)
}

/// An item of the script by its name, or of the library.
fn item_named(program: &Program, name: &str) -> Option<ItemId> {
    let all = || {
        (0..)
            .zip(&program.items)
            .filter(|(_, def)| &*def.name == name)
    };
    let own = all().find(|(_, def)| program.root == Some(def.module));
    own.or_else(|| all().next()).map(|(at, _)| ItemId(at))
}

/// The items with new ones in the place of old ones of the same name; which of them are
/// new, and the names that were lost on the way.
fn replaced(old: &[Chunk], new: Vec<Chunk>) -> (Vec<Chunk>, Vec<usize>, Vec<Arc<str>>) {
    let mut kept: Vec<(bool, Chunk)> = old.iter().map(|c| (false, c.clone())).collect();
    let mut lost = Vec::new();
    for chunk in new {
        let shares = |other: &Chunk| other.names.iter().any(|n| chunk.names.contains(n));
        let at = kept.iter().position(|(_, other)| shares(other));
        let mut imports = Vec::new();
        for (_, other) in kept.iter().filter(|(_, other)| shares(other)) {
            let others = other.names.iter().filter(|n| !chunk.names.contains(n));
            match less(other, &chunk) {
                Some(rest) => imports.push(rest),
                None => lost.extend(others.cloned()),
            }
        }
        kept.retain(|(_, other)| !shares(other));
        let at = at.unwrap_or(kept.len()).min(kept.len());
        kept.insert(at, (true, chunk));
        for rest in imports {
            kept.insert(at, (false, rest));
        }
    }
    let added = (0..)
        .zip(&kept)
        .filter(|(_, (new, _))| *new)
        .map(|(at, _)| at)
        .collect();
    (
        kept.into_iter().map(|(_, chunk)| chunk).collect(),
        added,
        lost,
    )
}

/// An import without the names that another item brings now; none when nothing is left, or
/// it is no list of names.
fn less(import: &Chunk, other: &Chunk) -> Option<Chunk> {
    let (path, _) = import.text.split_once(".{").filter(|_| import.import)?;
    let rest: Vec<&str> = import
        .names
        .iter()
        .filter(|name| !other.names.contains(name))
        .map(|name| &**name)
        .collect();
    if rest.is_empty() {
        return None;
    }
    let text = format!("{path}.{{{}}}", rest.join(", "));
    let origin = Origin {
        name: import.origin.name.clone(),
        text: text.as_str().into(),
    };
    cut(&origin)?.into_iter().next()
}

/// A command nobody knows.
fn unknown(word: &str, known: &[&str]) -> String {
    let near = nearest(word, known.iter().copied());
    match near {
        Some(near) => format!("there is no `:{word}`; did you mean `:{near}`?"),
        None => format!("there is no `:{word}`; `:help` lists what there is"),
    }
}

#[cfg(test)]
mod tests;
