//! Deprecated items and where they are used.
//!
//! A line `deprecated: use `name`` in the words of an item makes it deprecated. What
//! stands between the first backquotes is what to write instead: the name of an item of
//! the same file or of the prelude, or one with its module, `std.layers.mlp`.

use std::sync::Arc;

use super::needs::parts;
use super::program::{Body, Bound, Def, ItemId, ModuleId, Program, Target};
use super::stdlib::PRELUDE;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind};

/// What the words of a deprecated item say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deprecated<'a> {
    /// All of it.
    pub words: &'a str,
    /// The name to write instead.
    pub instead: Option<&'a str>,
}

/// A use of a deprecated item.
#[derive(Clone, Debug)]
pub struct DeprecatedUse {
    /// Where.
    pub span: Span,
    /// Which item.
    pub item: ItemId,
    /// Whether it stands after the name of a module and a dot.
    pub through_module: bool,
}

impl Def {
    /// What its words say of its being deprecated.
    pub fn deprecated(&self) -> Option<Deprecated<'_>> {
        let mut lines = self.doc.as_deref()?.lines();
        let words = lines.find_map(|line| line.trim().strip_prefix("deprecated:"))?;
        let instead = words.split('`').nth(1).filter(|name| is_path(name));
        Some(Deprecated {
            words: words.trim(),
            instead,
        })
    }
}

fn is_path(text: &str) -> bool {
    let word = |part: &str| {
        !part.is_empty()
            && !part.starts_with(|c: char| c.is_ascii_digit())
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    text.split('.').all(word)
}

impl Program {
    /// The item to write instead of a deprecated one.
    pub fn replacement(&self, id: ItemId) -> Option<ItemId> {
        let def = self.item(id)?;
        let instead = def.deprecated()?.instead?;
        if let Some((module, name)) = instead.rsplit_once('.') {
            let found = self
                .modules
                .iter()
                .find(|known| known.is_std() && format!("std.{}", known.name) == module);
            return found?.items.get(name).copied();
        }
        let own = self.module(def.module)?.items.get(instead);
        own.or_else(|| self.prelude_item(instead)).copied()
    }

    fn prelude_item(&self, name: &str) -> Option<&ItemId> {
        let prelude = self.modules.get(..PRELUDE.len())?;
        prelude.iter().find_map(|module| module.items.get(name))
    }

    /// Whether every file sees the item without a `use`.
    pub fn is_prelude(&self, id: ItemId) -> bool {
        self.item(id)
            .is_some_and(|def| def.module.0 < PRELUDE.len())
    }
}

/// Where a file uses deprecated items, in the order of the text. Deprecated items may use
/// each other.
pub fn deprecated_uses(program: &Program, module: ModuleId) -> Vec<DeprecatedUse> {
    let mut found = Vec::new();
    for (_, def) in program.items_of(module) {
        if def.deprecated().is_none() {
            walk(program, def, &mut |used| found.push(used));
        }
    }
    found.retain(|used| {
        program
            .item(used.item)
            .is_some_and(|def| def.deprecated().is_some())
    });
    found.sort_by_key(|used| used.span);
    // `let (a, b) = …` is walked once for each of its names.
    found.dedup_by_key(|used| used.span);
    found
}

/// The items a file's expressions name, in the order of the text.
pub fn names_in_order(program: &Program, module: ModuleId) -> Vec<ItemId> {
    let mut found = Vec::new();
    for (_, def) in program.items_of(module) {
        walk(program, def, &mut |used| found.push((used.span, used.item)));
    }
    found.sort();
    found.dedup();
    found.into_iter().map(|(_, item)| item).collect()
}

fn walk(program: &Program, def: &Def, see: &mut dyn FnMut(DeprecatedUse)) {
    let mut open: Vec<&Arc<Expr<Bound>>> = match &def.body {
        Body::Let(item, _) => vec![&item.value],
        Body::Decl(decl) => {
            let params = decl.groups.iter().flatten();
            let defaults = params.filter_map(|param| param.default.as_ref());
            defaults.chain([&decl.body]).collect()
        }
    };
    while let Some(expr) = open.pop() {
        match &expr.kind {
            ExprKind::Name(Bound {
                target: Target::Item(item),
                ..
            }) => see(DeprecatedUse {
                span: expr.span,
                item: *item,
                through_module: false,
            }),
            ExprKind::Field(of, name) => {
                if let ExprKind::Name(bound) = &of.kind
                    && let Target::Module(module) = bound.target
                    && let Some(module) = program.module(module)
                    && let Some(item) = module.items.get(&name.value)
                {
                    see(DeprecatedUse {
                        span: name.span,
                        item: *item,
                        through_module: true,
                    });
                }
            }
            _ => {}
        }
        open.extend(parts(expr));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(doc: &str) -> Def {
        Def {
            name: "a".into(),
            name_span: Span::NOWHERE,
            module: ModuleId(0),
            doc: Some(doc.into()),
            body: Body::Let(
                Arc::new(crate::syntax::ast::Let {
                    pattern: crate::syntax::ast::Pattern::Tuple(
                        Vec::new(),
                        Span::NOWHERE,
                    ),
                    ty: None,
                    value: Arc::new(Expr {
                        kind: ExprKind::Bool(true),
                        span: Span::NOWHERE,
                    }),
                    span: Span::NOWHERE,
                }),
                None,
            ),
        }
    }

    #[test]
    fn the_words_say_what_to_write() {
        assert_eq!(words("Sums.\n").deprecated(), None);
        let said = words(" Sums.\n\n deprecated: use `total`, which is faster\n");
        let said = said.deprecated().unwrap();
        assert_eq!(said.instead, Some("total"));
        assert_eq!(said.words, "use `total`, which is faster");
        let path = words("deprecated: use `std.layers.mlp`");
        assert_eq!(path.deprecated().unwrap().instead, Some("std.layers.mlp"));
        for vague in ["deprecated: write it yourself", "deprecated: use `a + b`"] {
            assert_eq!(words(vague).deprecated().unwrap().instead, None);
        }
    }
}
