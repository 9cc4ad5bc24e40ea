//! What the imports of a file bring in: each name stands for one thing.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::problems;
use super::program::{Def, Program, Target};
use crate::diagnostic::Problem;
use crate::source::Span;
use crate::syntax::ast::{Ident, Use, UseFrom};

/// What a file's imports bring in.
#[derive(Default)]
pub struct Imports {
    /// What each name stands for, and where it was brought in.
    pub names: BTreeMap<Arc<str>, (Target, Span)>,
    /// Names of what could not be read: nothing more is said about them.
    pub lost: Vec<Arc<str>>,
}

impl Imports {
    /// Let a name stand for something. One thing brought in twice is one thing; of two
    /// things of one name the first stays, and what is wrong is given back.
    pub fn bring_in(
        &mut self,
        name: &Ident,
        target: Target,
        used: &Use,
        program: &Program,
    ) -> Option<Problem> {
        let Some((known, first)) = self.names.get(&name.value) else {
            let entry = (target, name.span);
            self.names.insert(name.value.clone(), entry);
            return None;
        };
        if *known == target {
            return None;
        }
        let help = apart(name, target, *known, used, program);
        Some(problems::imported_already(
            &name.value,
            name.span,
            *first,
            help,
        ))
    }
}

/// What a file or module is called where it is brought in whole.
pub fn own_name(from: &UseFrom) -> Option<Ident> {
    match from {
        UseFrom::Module(words) => words.last().cloned(),
        UseFrom::File(path) => {
            let stem = Path::new(&path.value).file_stem()?;
            Some(Ident {
                value: Arc::from(&*stem.to_string_lossy()),
                span: path.span,
            })
        }
    }
}

/// How to have both things of one name: the second behind the name of its module.
fn apart(
    name: &Ident,
    target: Target,
    known: Target,
    used: &Use,
    program: &Program,
) -> String {
    let from = match &used.from {
        UseFrom::Module(words) => {
            let words: Vec<&str> = words.iter().map(|word| &*word.value).collect();
            words.join(".")
        }
        UseFrom::File(path) => format!("\"{}\"", path.value),
    };
    let (Target::Item(item), Some(module)) = (target, own_name(&used.from)) else {
        return format!("give it another name here, as in `use {from} as other`");
    };
    let (word, module) = (&*name.value, &*module.value);
    let def = program.item(item);
    let groups = def.and_then(Def::decl).map(|decl| decl.groups.as_slice());
    let call = match groups {
        None | Some([]) => "",
        Some([group]) if group.is_empty() => "()",
        Some(_) => "(…)",
    };
    let of_known = match (known, def) {
        (Target::Module(known), Some(def)) => known == def.module,
        _ => false,
    };
    if of_known {
        return format!("leave it out here: it is `{word}.{word}{call}`");
    }
    if module == word {
        return format!("write `use {from} as other` and `other.{word}{call}`");
    }
    format!("write `use {from}` and `{module}.{word}{call}`")
}
