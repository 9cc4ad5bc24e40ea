//! Signatures: the written types of an item, read once.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::check::Checker;
use super::pattern::{Pat, Reader};
use super::problems::Due;
use crate::names::{Body, Bound, Def, ItemId};
use crate::source::Span;
use crate::syntax::ast::{Expr, Noun};

/// A parameter.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: Arc<str>,
    /// What it accepts.
    pub pat: Pat,
    /// Its default.
    pub default: Option<Arc<Expr<Bound>>>,
    /// Whether it takes what remains.
    pub rest: bool,
    /// Where it is declared.
    pub span: Span,
}

impl Parameter {
    /// Whether it takes the named arguments no other parameter has: `..name: {name: T}`.
    /// Gives what each of them is.
    pub fn names(&self) -> Option<&Pat> {
        match &self.pat {
            Pat::Record(fields) if self.rest => fields.first().map(|(_, pat)| pat),
            _ => None,
        }
    }
}

/// What a callable takes and gives.
#[derive(Clone, Debug)]
pub struct Signature {
    /// Its name.
    pub name: Arc<str>,
    /// Its keyword.
    pub noun: Noun,
    /// Its groups: one, or settings and input.
    pub groups: Vec<Vec<Parameter>>,
    /// What it gives, when written.
    pub result: Option<(Pat, Span)>,
    /// Where its name stands.
    pub span: Span,
    /// Whether its body is in Rust.
    pub builtin: bool,
}

impl Signature {
    /// The settings, when there are two groups.
    pub fn settings(&self) -> Option<&[Parameter]> {
        match self.groups.as_slice() {
            [settings, _] => Some(settings),
            _ => None,
        }
    }

    /// The last group.
    pub fn inputs(&self) -> &[Parameter] {
        self.groups.last().map_or(&[], Vec::as_slice)
    }

    /// Who wants what goes to a parameter in the call at `at`.
    pub fn due(&self, param: &Parameter, at: Span) -> Due {
        Due {
            param: param.name.clone(),
            of: self.name.clone(),
            span: param.span,
            at,
        }
    }

    /// The settings, or the only group, that have no default.
    fn due_first(&self) -> impl Iterator<Item = &Parameter> {
        let first = self.groups.first().map_or(&[][..], Vec::as_slice);
        first
            .iter()
            .filter(|param| param.default.is_none() && !param.rest)
    }

    /// Whether its first group has something that must be given.
    pub fn is_due(&self) -> bool {
        self.due_first().next().is_some()
    }

    /// A call of its first group with what must be given: `mean(by: …)`, `adam()`.
    pub fn bare_call(&self) -> String {
        let due = self.due_first().map(|param| format!("{}: …", param.name));
        format!("{}({})", self.name, due.collect::<Vec<_>>().join(", "))
    }

    /// Whether weights belong to it.
    pub fn learns(&self) -> bool {
        matches!(self.noun, Noun::Layer | Noun::Model)
    }
}

impl Checker<'_> {
    /// The signature of an item; none for what takes no parameters.
    pub fn signature(&mut self, id: ItemId) -> Option<Arc<Signature>> {
        if let Some(known) = self.signatures.get(&id) {
            return Some(known.clone());
        }
        let def = self.program.item(id)?;
        let signature = Arc::new(self.read_signature(id, def)?);
        self.signatures.insert(id, signature.clone());
        Some(signature)
    }

    fn read_signature(&mut self, id: ItemId, def: &Def) -> Option<Signature> {
        let Body::Decl(decl) = &def.body else {
            return None;
        };
        if !matches!(decl.noun, Noun::Fn | Noun::Layer | Noun::Model) {
            return None;
        }
        let params: BTreeSet<Arc<str>> = decl
            .groups
            .iter()
            .flatten()
            .map(|param| param.name.value.clone())
            .collect();
        let mut reader = Reader {
            params: &params,
            problems: Vec::new(),
        };
        let mut groups = Vec::new();
        for group in &decl.groups {
            let mut read = Vec::new();
            for param in group {
                read.push(Parameter {
                    name: param.name.value.clone(),
                    pat: param.ty.as_ref().map_or(Pat::Poison, |ty| reader.read(ty)),
                    default: param.default.clone(),
                    rest: param.rest,
                    span: param.span,
                });
            }
            groups.push(read);
        }
        let result = decl.result.as_ref().map(|ty| (reader.read(ty), ty.span));
        for problem in reader.problems {
            self.report(problem);
        }
        Some(Signature {
            name: def.name.clone(),
            noun: decl.noun,
            groups,
            result,
            span: def.name_span,
            builtin: self.program.is_builtin(id),
        })
    }
}
