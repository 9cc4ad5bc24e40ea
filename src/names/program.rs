//! What resolution leaves behind: modules, items, and bound names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::chem::Element;
use crate::source::{Source, Span};
use crate::syntax::ast::{Decl, Let, Noun};

/// An item of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemId(pub usize);

/// A file of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModuleId(pub usize);

/// A name and what it stands for.
#[derive(Clone, Debug)]
pub struct Bound {
    /// As written.
    pub name: Arc<str>,
    /// What it stands for.
    pub target: Target,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A parameter or inner `let`: the innermost of that name.
    Local,
    /// Another item.
    Item(ItemId),
    /// A module, under the name it was imported by.
    Module(ModuleId),
    /// An element symbol.
    Element(Element),
    /// A size variable or domain of the enclosing signature, or `rows`.
    Letter,
    /// The body of a builtin.
    Builtin,
    /// Nothing; reported already.
    Missing,
}

/// An item with its names bound.
#[derive(Clone, Debug)]
pub struct Def {
    /// Its name.
    pub name: Arc<str>,
    /// Where its name stands.
    pub name_span: Span,
    /// The file it is in.
    pub module: ModuleId,
    /// Its documentation.
    pub doc: Option<Arc<str>>,
    /// What it is.
    pub body: Body,
}

/// What an item is.
#[derive(Clone, Debug)]
pub enum Body {
    /// `let name = value`, or one name of `let (a, b) = value` and its place in it.
    Let(Arc<Let<Bound>>, Option<usize>),
    /// All others.
    Decl(Arc<Decl<Bound>>),
}

impl Def {
    /// Its declaration, unless it is a `let`.
    pub fn decl(&self) -> Option<&Arc<Decl<Bound>>> {
        match &self.body {
            Body::Decl(decl) => Some(decl),
            Body::Let(..) => None,
        }
    }

    /// Its keyword; none for `let`.
    pub fn noun(&self) -> Option<Noun> {
        self.decl().map(|decl| decl.noun)
    }
}

/// A file.
#[derive(Clone, Debug)]
pub struct Module {
    /// Its text.
    pub source: Source,
    /// The folder its paths are relative to; none for the standard library.
    pub folder: Option<PathBuf>,
    /// Dotted path in the standard library, `std.models.cnn`; the file's name otherwise.
    pub name: Arc<str>,
    /// Its own items by name.
    pub items: BTreeMap<Arc<str>, ItemId>,
    /// Names of items that could not be read: nothing more is said about them.
    pub lost: Vec<Arc<str>>,
}

impl Module {
    /// Whether it belongs to the standard library.
    pub fn is_std(&self) -> bool {
        self.folder.is_none()
    }
}

/// Every file of a run, and every item in them.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// Files; those of the standard library's prelude are the first.
    pub modules: Vec<Module>,
    /// Items of all files, each file's in the order they stand there.
    pub items: Vec<Def>,
    /// The script itself.
    pub root: Option<ModuleId>,
    /// Items that need themselves; each was reported, and none has a value.
    pub circular: BTreeSet<ItemId>,
    /// All items, each after those it needs.
    pub order: Vec<ItemId>,
}

impl Program {
    /// The item of that number.
    pub fn item(&self, id: ItemId) -> Option<&Def> {
        self.items.get(id.0)
    }

    /// The module of that number.
    pub fn module(&self, id: ModuleId) -> Option<&Module> {
        self.modules.get(id.0)
    }

    /// The items of one file, in the order they stand there.
    pub fn items_of(&self, module: ModuleId) -> impl Iterator<Item = (ItemId, &Def)> {
        let all = self.items.iter().enumerate();
        all.filter(move |(_, def)| def.module == module)
            .map(|(at, def)| (ItemId(at), def))
    }

    /// `std.models.cnn.descriptor_cnn`, `prelude.dense`: a name no script can change.
    pub fn full_name(&self, id: ItemId) -> String {
        let Some(def) = self.item(id) else {
            return String::new();
        };
        let Some(module) = self.module(def.module) else {
            return String::new();
        };
        // The prelude is one module to its users, however many files it is kept in.
        let name = match module.name.split_once('.') {
            Some(("prelude", _)) if module.is_std() => "prelude",
            _ => &module.name,
        };
        format!("{name}.{}", def.name)
    }

    /// Whether the prelude has an item of that name.
    pub fn in_prelude(&self, name: &str) -> bool {
        let of_name = self.items.iter().filter(|def| &*def.name == name);
        of_name
            .filter_map(|def| self.module(def.module))
            .any(|module| module.is_std() && module.name.starts_with("prelude"))
    }

    /// Whether the body is in Rust.
    pub fn is_builtin(&self, id: ItemId) -> bool {
        use crate::syntax::ast::ExprKind;
        let body = match self.item(id).map(|def| &def.body) {
            Some(Body::Let(item, _)) => &item.value,
            Some(Body::Decl(decl)) => &decl.body,
            None => return false,
        };
        matches!(&body.kind, ExprKind::Name(name) if name.target == Target::Builtin)
    }
}
