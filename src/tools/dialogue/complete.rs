//! What a half-written word may become.

use super::commands::COMMANDS;
use super::cursor::Cursor;
use super::script::{Chunk, Origin};
use super::{Dialogue, item_named};
use crate::chem::Element;
use crate::names::{Program, STDLIB};
use crate::session::Session;
use crate::syntax::{ITEM_WORDS, KEYWORDS};
use crate::tools::doc;
use crate::types::{Ty, Unit};

/// Words that may stand in the place of the one at the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// The first byte of what they replace.
    pub start: usize,
    /// The words, sorted.
    pub words: Vec<String>,
}

impl Dialogue<'_> {
    /// What the word before byte `at` of a text may become.
    pub fn complete(&self, text: &str, at: usize) -> Completion {
        let text = text.get(..at).unwrap_or(text);
        if let Some(command) = text.strip_prefix(':') {
            return self.complete_command(command);
        }
        // A line that goes on is completed as what it goes on from.
        let full = self.joined_to_last(text);
        let shift = full.as_deref().map_or(0, |full| full.len() - text.len());
        let mut found = self.complete_text(full.as_deref().unwrap_or(text));
        found.start = found.start.saturating_sub(shift);
        found
    }

    fn complete_command(&self, text: &str) -> Completion {
        let Some((word, rest)) = text.split_once(' ') else {
            let names = COMMANDS.iter().map(|(name, ..)| (*name).to_owned());
            return chosen(1, text, names);
        };
        let start = 1 + word.len() + 1;
        match word {
            "help" | "doc" | "h" => chosen(start, rest, self.names(true).into_iter()),
            "plan" | "run" => {
                let studies = self.chunks.iter().filter(|c| c.text.contains("study "));
                let names = studies.flat_map(|chunk| &chunk.names);
                chosen(start, rest, names.map(|name| name.to_string()))
            }
            _ => {
                let mut found = self.complete_text(rest);
                found.start += start;
                found
            }
        }
    }

    fn complete_text(&self, text: &str) -> Completion {
        let cursor = Cursor::new(text);
        if let Some(found) = import(text) {
            return found;
        }
        if let Some((start, unit)) = cursor.unit() {
            return chosen(start, unit, Unit::symbols().map(str::to_owned));
        }
        let (start, word) = cursor.word();
        if let Some(of) = cursor.field_of() {
            let fields = match of {
                "" => self.row(&cursor),
                of => self.fields(of),
            };
            return chosen(start, word, fields.into_iter().map(|(name, _)| name));
        }
        let mut words = Vec::new();
        if let Some(call) = cursor.call().filter(|call| call.at_start) {
            words.extend(
                self.parameters(call.name, call.second)
                    .into_iter()
                    .filter(|name| !call.given.contains(&name.as_str()))
                    .map(|name| format!("{name}: ")),
            );
        }
        words.extend(self.names(!word.is_empty()));
        if !word.is_empty() {
            words.extend(Element::all().map(|element| element.symbol().to_owned()));
            let items = cursor.at_item_start();
            let keywords = KEYWORDS.iter().filter(|k| items || !ITEM_WORDS.contains(k));
            words.extend(keywords.map(|keyword| (*keyword).to_owned()));
        }
        chosen(start, word, words.into_iter())
    }

    /// Names of the script, and those of the prelude if `all` are wanted.
    fn names(&self, all: bool) -> Vec<String> {
        let own = self.chunks.iter().flat_map(|chunk| &chunk.names);
        let mut names: Vec<String> = own.map(|name| name.to_string()).collect();
        if all {
            let program = self.library();
            for (at, module) in (0..).zip(&program.modules) {
                if module.name.starts_with("prelude") {
                    let items = program.items_of(crate::names::ModuleId(at));
                    names.extend(items.map(|(_, def)| def.name.to_string()));
                }
            }
        }
        names
    }

    fn library(&self) -> Program {
        Session::new(self.world)
            .look(&self.place_name(), "tmo 1\n", "", None)
            .program
    }

    /// The parameters of what is called by that name.
    fn parameters(&self, name: &str, inputs: bool) -> Vec<String> {
        let entry = self.entry_of(name);
        let parameters = entry.into_iter().flat_map(|entry| entry.parameters);
        parameters
            .filter(|param| param.input == inputs && !param.name.starts_with(".."))
            .map(|param| param.name)
            .collect()
    }

    /// What is said of a name.
    pub(super) fn entry_of(&self, name: &str) -> Option<doc::Entry> {
        let text = self.script();
        let looked = Session::new(self.world).look(&self.place_name(), &text, "", None);
        let id = item_named(&looked.program, name)?;
        doc::entry(&looked.program, id)
    }

    /// What can stand after a dot behind an expression, with its type.
    pub(super) fn fields(&self, of: &str) -> Vec<(String, String)> {
        let looked = self.look(&origin(of), None);
        if looked.failed {
            return Vec::new();
        }
        let fields = looked.seen.fields.into_iter();
        fields.map(|(name, ty)| (name.to_string(), ty)).collect()
    }

    /// The columns of the row at the cursor.
    pub(super) fn row(&self, cursor: &Cursor<'_>) -> Vec<(String, String)> {
        for subject in cursor.subjects() {
            let looked = self.look(&origin(subject), None);
            let columns = match &looked.seen.ty {
                Ty::Dataset(data) => &data.columns,
                Ty::Table(table) => &table.columns,
                _ => continue,
            };
            return columns
                .iter()
                .map(|(name, ty)| (name.to_string(), ty.to_string()))
                .collect();
        }
        Vec::new()
    }

    /// Items of the script with one more text, for looking at it.
    pub(super) fn with(&self, origin: &Origin) -> Vec<Chunk> {
        let mut chunks = self.chunks.clone();
        chunks.push(Chunk::whole(origin, ""));
        chunks
    }
}

fn origin(text: &str) -> Origin {
    Origin {
        name: "input".into(),
        text: text.into(),
    }
}

/// Modules and their items, in an import.
fn import(text: &str) -> Option<Completion> {
    let path = text.trim_start().strip_prefix("use ")?;
    let begins = text.len() - path.len();
    match path.split_once(".{") {
        None => {
            let modules = STDLIB.iter().map(|(name, ..)| *name);
            let modules = modules.filter(|name| !name.starts_with("std.prelude"));
            Some(chosen(
                begins,
                path,
                modules.map(|name| format!("{name}.{{")),
            ))
        }
        Some((module, names)) => {
            let (_, _, text) = STDLIB.iter().find(|(name, ..)| *name == module)?;
            let typed = names.rsplit([',', ' ', '{']).next().unwrap_or_default();
            let items = text.lines().filter_map(|line| {
                let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
                let noun = words.next()?;
                ITEM_WORDS
                    .contains(&noun)
                    .then(|| words.next().unwrap_or_default())
            });
            let items = items.filter(|name| !name.is_empty()).map(str::to_owned);
            Some(chosen(begins + path.len() - typed.len(), typed, items))
        }
    }
}

/// Those of `words` that begin with `typed`.
fn chosen(start: usize, typed: &str, words: impl Iterator<Item = String>) -> Completion {
    let mut words: Vec<String> = words.filter(|word| word.starts_with(typed)).collect();
    words.sort();
    words.dedup();
    Completion { start, words }
}
