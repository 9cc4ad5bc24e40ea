//! Rewrites uses of deprecated items.
//!
//! Comes in: a script. Goes out: its text with the new names in the places of the old
//! ones; everything else stays as it was written, to the byte.

use std::collections::{BTreeMap, BTreeSet};

use super::Session;
use crate::diagnostic::Problem;
use crate::names::{
    self, ItemId, ModuleId, Program, deprecated_uses, names_in_order, problems,
};
use crate::source::{Source, Sources, Span};
use crate::syntax::ast::{Ident, ItemKind, UseWhat};
use crate::syntax::parse;

/// A script without what could be fixed.
#[derive(Debug)]
pub struct Fixed {
    /// Its text.
    pub text: String,
    /// How many uses were rewritten.
    pub count: usize,
    /// Warnings of the uses that no name alone replaces.
    pub left: Vec<Problem>,
}

/// A stretch of the script and what comes in its place.
type Edit = (Span, String);

impl Session<'_> {
    /// Write the replacements of deprecated items in their places. A script that fails
    /// stays as it is, and so does one in which a new name would mean something else; the
    /// problems say why.
    pub fn fix(&mut self, path: &str, text: &str) -> Result<Fixed, Vec<Problem>> {
        let before = self.check(path, text);
        if before.failed() {
            return Err(before.problems);
        }
        let program = &before.program;
        let unchanged = Fixed {
            text: text.to_owned(),
            count: 0,
            left: Vec::new(),
        };
        let Some(root) = program.root else {
            return Ok(unchanged);
        };
        let Some(source) = program.module(root).map(|module| &module.source) else {
            return Ok(unchanged);
        };
        let plan = Plan::new(program, root);
        let mut edits = plan.names.clone();
        edits.extend(imports(program, source, &plan));
        let fixed = Fixed {
            text: applied(source, edits),
            count: plan.names.len(),
            left: plan.left,
        };
        if fixed.count == 0 {
            return Ok(unchanged.left_with(fixed.left));
        }
        // The new text must say the same with other names: it is read again.
        let mut sources = Sources::default();
        let after = names::load(self.world, &mut sources, Some((path, &fixed.text)));
        let meant: Vec<String> = names_in_order(program, root)
            .into_iter()
            .map(|item| {
                program.full_name(plan.replaced.get(&item).copied().unwrap_or(item))
            })
            .collect();
        let found: Vec<String> = match after.program.root {
            Some(root) => names_in_order(&after.program, root)
                .into_iter()
                .map(|item| after.program.full_name(item))
                .collect(),
            None => Vec::new(),
        };
        if meant != found {
            let clash = meant.iter().zip(&found).find(|(a, b)| a != b);
            let name = clash.map_or("", |(meant, _)| meant);
            let name = name.rsplit('.').next().unwrap_or_default();
            let at = plan.names.first().map_or(Span::NOWHERE, |(span, _)| *span);
            return Err(vec![problems::cannot_fix(name, at)]);
        }
        Ok(fixed)
    }
}

impl Fixed {
    fn left_with(self, left: Vec<Problem>) -> Fixed {
        Fixed { left, ..self }
    }
}

/// What is to be written where.
struct Plan {
    names: Vec<Edit>,
    replaced: BTreeMap<ItemId, ItemId>,
    left: Vec<Problem>,
}

impl Plan {
    fn new(program: &Program, root: ModuleId) -> Plan {
        let mut plan = Plan {
            names: Vec::new(),
            replaced: BTreeMap::new(),
            left: Vec::new(),
        };
        for used in deprecated_uses(program, root) {
            let new = program.replacement(used.item);
            let module = |id| program.item(id).map(|def| def.module);
            let reached = |new| !used.through_module || module(new) == module(used.item);
            match new.filter(|new| reached(*new)) {
                Some(new) => {
                    let name = program.item(new).map(|def| def.name.to_string());
                    plan.names.push((used.span, name.unwrap_or_default()));
                    plan.replaced.insert(used.item, new);
                }
                None => plan.left.extend(problems::deprecated(program, &used)),
            }
        }
        plan
    }
}

/// The same for what the script's `use` items bring in.
fn imports(program: &Program, source: &Source, plan: &Plan) -> Vec<Edit> {
    let parsed = parse(source);
    let mut edits = Vec::new();
    for item in &parsed.file.items {
        let ItemKind::Use(used) = &item.kind else {
            continue;
        };
        let UseWhat::Names(names) = &used.what else {
            continue;
        };
        let Some(from) = brought_from(program, used, names) else {
            continue;
        };
        let mut said = BTreeSet::new();
        let mut kept: Vec<Option<String>> = Vec::new();
        let mut added = String::new();
        for name in names {
            let old = program.module(from).and_then(|m| m.items.get(&name.value));
            let new = old.and_then(|old| plan.replaced.get(old));
            let word = match new.and_then(|new| program.item(*new)) {
                None => Some(name.value.to_string()),
                Some(def) if def.module == from => Some(def.name.to_string()),
                Some(_) => None,
            };
            if word.is_none()
                && let Some(new) = new
                && !program.is_prelude(*new)
                && let Some(def) = program.item(*new)
                && let Some(module) = program.module(def.module)
            {
                added.push_str(&format!("\nuse std.{}.{{{}}}", module.name, def.name));
            }
            // What the list holds already is not brought in twice.
            let new_here = |word: &String| {
                let listed = names.iter().any(|other| *other.value == **word);
                let renamed = *word != *name.value;
                !(renamed && listed) && said.insert(word.clone())
            };
            kept.push(word.filter(new_here));
        }
        edits.extend(rewritten(source, item.span, names, &kept, &added));
    }
    edits
}

/// The module that a `use` names: the one whose items all its names are.
fn brought_from(
    program: &Program,
    used: &crate::syntax::ast::Use,
    names: &[Ident],
) -> Option<ModuleId> {
    use crate::syntax::ast::UseFrom;
    let matches = |module: &names::Module| match &used.from {
        UseFrom::Module(words) => {
            let words: Vec<&str> = words.iter().map(|word| &*word.value).collect();
            module.is_std() && format!("std.{}", module.name) == words.join(".")
        }
        UseFrom::File(path) => {
            let end = path.value.trim_start_matches("./");
            !module.is_std() && module.source.name.ends_with(end)
        }
    };
    let holds = |module: &names::Module| {
        names.iter().all(|n| module.items.contains_key(&n.value))
    };
    let at = program
        .modules
        .iter()
        .position(|module| matches(module) && holds(module))?;
    Some(ModuleId(at))
}

/// A `use` item with other names: each in the place of the old one, none where it goes.
/// Without any left the item goes, with its line's end.
fn rewritten(
    source: &Source,
    item: Span,
    names: &[Ident],
    kept: &[Option<String>],
    added: &str,
) -> Vec<Edit> {
    let Some(last) = kept.iter().rposition(Option::is_some) else {
        return vec![match added {
            "" => (with_line_end(source, item), String::new()),
            _ => (item, added.trim_start().to_owned()),
        }];
    };
    let mut edits = Vec::new();
    for (at, (name, word)) in names.iter().zip(kept).enumerate().take(last + 1) {
        match (word, names.get(at + 1)) {
            (Some(word), _) if **word != *name.value => {
                edits.push((name.span, word.clone()));
            }
            (None, Some(next)) => {
                let span = Span::new(name.span.start, next.span.start);
                edits.push((span, String::new()));
            }
            _ => {}
        }
    }
    if let (Some(kept), Some(end)) = (names.get(last), names.last())
        && last + 1 < names.len()
    {
        let span = Span::new(kept.span.end, end.span.end);
        edits.push((span, String::new()));
    }
    if !added.is_empty() {
        edits.push((Span::new(item.end, item.end), added.to_owned()));
    }
    edits
}

/// A span with the blanks and the line break after it.
fn with_line_end(source: &Source, item: Span) -> Span {
    let rest = source
        .text
        .get(offset(source, item.end)..)
        .unwrap_or_default();
    let after = rest.trim_start_matches([' ', '\t']);
    let line_end = ["\r\n", "\n"]
        .into_iter()
        .find(|end| after.starts_with(end));
    let more = match line_end {
        Some(end) => rest.len() - after.len() + end.len(),
        None => 0,
    };
    Span::new(item.start, item.end + more as u32)
}

fn offset(source: &Source, at: u32) -> usize {
    at.saturating_sub(source.base) as usize
}

fn applied(source: &Source, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|(span, _)| *span);
    let mut text = String::new();
    let mut done = 0;
    for (span, new) in edits {
        let (start, end) = (offset(source, span.start), offset(source, span.end));
        text.push_str(source.text.get(done..start).unwrap_or_default());
        text.push_str(&new);
        done = end;
    }
    text.push_str(source.text.get(done..).unwrap_or_default());
    text
}
