//! What is shown behind the cursor: the type of what stands there, or what a call takes.

use super::cursor::Cursor;
use super::script::Origin;
use super::{Dialogue, describe};
use crate::syntax::{Entry, entry};
use crate::types::Ty;

/// Columns a hint takes at most.
const LONGEST: usize = 60;

impl Dialogue<'_> {
    /// The hint at the end of a text.
    pub fn hint(&self, text: &str) -> Option<String> {
        if text.trim().is_empty() || text.starts_with(':') {
            return None;
        }
        let full = self.joined_to_last(text);
        let text = full.as_deref().unwrap_or(text);
        let cursor = Cursor::new(text);
        let said = self
            .column(&cursor)
            .or_else(|| self.whole(text))
            .or_else(|| self.call(&cursor))?;
        let cut: String = said.chars().take(LONGEST).collect();
        let dots = if cut.len() < said.len() { "…" } else { "" };
        Some(format!("   {cut}{dots}"))
    }

    /// The type of the column or field that is written out at the cursor.
    fn column(&self, cursor: &Cursor<'_>) -> Option<String> {
        let (_, word) = cursor.word();
        let of = cursor.field_of().filter(|_| !word.is_empty())?;
        let fields = match of {
            "" => self.row(cursor),
            of => self.fields(of),
        };
        let (_, ty) = fields.into_iter().find(|(name, _)| name == word)?;
        (!ty.is_empty()).then(|| format!(": {ty}"))
    }

    /// The type and value of a whole expression.
    fn whole(&self, text: &str) -> Option<String> {
        let origin = Origin {
            name: "input".into(),
            text: text.into(),
        };
        let looked = match entry(text) {
            Entry::Expression => self.look(&origin, None),
            Entry::Items => {
                let names = super::cut(&origin)?.into_iter().last()?.names;
                let name = names.first()?.to_string();
                let mut chunks = self.with(&origin);
                let own = chunks.len().saturating_sub(1);
                let mut at = 0;
                chunks.retain(|chunk| {
                    at += 1;
                    at > own || !chunk.names.iter().any(|n| **n == *name)
                });
                self.look_at(&chunks, &name, None)
            }
            Entry::Empty | Entry::Unfinished => return None,
        };
        if looked.failed || matches!(looked.seen.ty, Ty::Poison) {
            return None;
        }
        match (&looked.seen.ty, &looked.seen.value) {
            (Ty::Function, _) => {
                let text = describe::ty(&looked.seen, &looked.program);
                Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
            }
            // A literal shows its value already.
            (ty, Some(value)) if value.to_string() == text.trim() => {
                Some(format!(": {ty}"))
            }
            (ty, Some(value)) => Some(format!("= {value} : {ty}")),
            (_, None) => Some(format!(": {}", describe::brief(&looked.seen))),
        }
    }

    /// What the innermost open call takes and has not been given.
    fn call(&self, cursor: &Cursor<'_>) -> Option<String> {
        let call = cursor.call()?;
        let entry = self.entry_of(call.name)?;
        let left: Vec<String> = entry
            .parameters
            .iter()
            .filter(|param| {
                param.input == call.second || entry.parameters.iter().all(|p| !p.input)
            })
            .filter(|param| !call.given.contains(&param.name.as_str()))
            .map(|param| {
                let default = param
                    .default
                    .as_ref()
                    .map_or(String::new(), |value| format!(" = {value}"));
                format!("{}: {}{default}", param.name, param.ty)
            })
            .collect();
        (!left.is_empty()).then(|| left.join(", "))
    }
}
