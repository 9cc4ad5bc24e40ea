//! Follows a script's imports and binds every name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::deprecated::deprecated_uses;
use super::imports::{Imports, own_name};
use super::needs::find_cycles;
use super::problems;
use super::program::{Body, Def, ItemId, Module, ModuleId, Program, Target};
use super::resolve::Resolver;
use super::stdlib::{FILES, PRELUDE};
use crate::chem::Element;
use crate::diagnostic::{Problem, nearest};
use crate::source::{LARGEST_SOURCE, Source, Sources, Span};
use crate::syntax::ast::{File, Ident, ItemKind, Let, Pattern, Use, UseFrom, UseWhat};
use crate::syntax::parse;
use crate::world::{Memory, World, inside, tidy};

/// What [`load`] gives.
#[derive(Debug)]
pub struct Loaded {
    /// Every file and item.
    pub program: Program,
    /// What was wrong, in the order of the files.
    pub problems: Vec<Problem>,
}

/// Read the standard library and, when there is one, the script `root` (its path as the
/// user wrote it, and its text) with everything it imports.
pub fn load(
    world: &dyn World,
    sources: &mut Sources,
    root: Option<(&str, &str)>,
) -> Loaded {
    let library = Library::of(sources);
    let mut loader = Loader {
        world,
        sources,
        program: library.program,
        by_path: library.by_path,
        loading: Vec::new(),
        problems: library.problems,
    };
    if let Some((path, text)) = root {
        let module = loader.file(tidy(Path::new(path)), path, text);
        loader.program.root = Some(module);
    }
    let mut problems = loader.problems;
    let mut program = loader.program;
    let cycles = find_cycles(&program);
    problems.extend(cycles.problems);
    program.circular = cycles.items;
    program.order = cycles.order;
    for (at, module) in program.modules.iter().enumerate() {
        if !module.is_std() {
            let uses = deprecated_uses(&program, ModuleId(at));
            let told = uses
                .iter()
                .filter_map(|used| problems::deprecated(&program, used));
            problems.extend(told);
        }
    }
    Loaded { program, problems }
}

/// The standard library, read.
#[derive(Clone)]
struct Library {
    sources: Sources,
    program: Program,
    by_path: BTreeMap<PathBuf, ModuleId>,
    problems: Vec<Problem>,
}

impl Library {
    /// The library, whose texts are then the first of `sources`. It is read once in a
    /// program: a dialogue or an editor checks its script at every line.
    fn of(sources: &mut Sources) -> Library {
        static READ: OnceLock<Library> = OnceLock::new();
        let read = READ.get_or_init(|| Library::read(Sources::default()));
        if sources.begin_with(&read.sources) {
            return read.clone();
        }
        let library = Library::read(std::mem::take(sources));
        *sources = library.sources.clone();
        library
    }

    fn read(mut sources: Sources) -> Library {
        let nowhere = Memory::default();
        let mut loader = Loader {
            world: &nowhere,
            sources: &mut sources,
            program: Program::default(),
            by_path: BTreeMap::new(),
            loading: Vec::new(),
            problems: Vec::new(),
        };
        for (name, ..) in FILES {
            loader.std_module(name);
        }
        Library {
            program: loader.program,
            by_path: loader.by_path,
            problems: loader.problems,
            sources,
        }
    }
}

struct Loader<'a> {
    world: &'a dyn World,
    sources: &'a mut Sources,
    program: Program,
    /// Loaded modules by path; those of the standard library by `std.…`.
    by_path: BTreeMap<PathBuf, ModuleId>,
    /// Modules whose imports are being followed, outermost first.
    loading: Vec<PathBuf>,
    problems: Vec<Problem>,
}

impl Loader<'_> {
    fn std_module(&mut self, name: &str) -> Option<ModuleId> {
        let key = PathBuf::from(name);
        if let Some(id) = self.by_path.get(&key) {
            return Some(*id);
        }
        let (_, file, text) = FILES.iter().find(|(known, ..)| *known == name)?;
        let source = self.sources.add(file, text);
        let short = name.strip_prefix("std.").unwrap_or(name);
        Some(self.module(source, None, short, key))
    }

    fn file(&mut self, path: PathBuf, shown: &str, text: &str) -> ModuleId {
        let source = self.sources.add(shown, text);
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        let name = path
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned());
        self.module(source, Some(folder), &name.unwrap_or_default(), path)
    }

    fn module(
        &mut self,
        source: Source,
        folder: Option<PathBuf>,
        name: &str,
        key: PathBuf,
    ) -> ModuleId {
        let parsed = parse(&source);
        self.problems.extend(parsed.problems);
        let id = ModuleId(self.program.modules.len());
        self.program.modules.push(Module {
            source,
            folder: folder.clone(),
            name: name.into(),
            items: BTreeMap::new(),
            lost: parsed.lost.clone(),
        });
        self.by_path.insert(key.clone(), id);
        self.loading.push(key);
        let mut imports = self.imports(&parsed.file, folder.as_deref());
        imports.lost.extend(parsed.lost);
        self.loading.pop();
        self.define(id, &parsed.file, &imports);
        id
    }

    fn imports(&mut self, file: &File, folder: Option<&Path>) -> Imports {
        let mut imports = Imports::default();
        for item in &file.items {
            if let ItemKind::Use(used) = &item.kind {
                let module = self.follow(used, folder);
                self.import(used, module, &mut imports);
            }
        }
        imports
    }

    fn follow(&mut self, used: &Use, folder: Option<&Path>) -> Option<ModuleId> {
        match &used.from {
            UseFrom::Module(words) => {
                let all: Vec<&str> = words.iter().map(|word| &*word.value).collect();
                let name = all.join(".");
                let found = self.std_module(&name);
                if found.is_none() {
                    let near = nearest(&name, FILES.iter().map(|(known, ..)| *known));
                    let span = words.iter().fold(Span::NOWHERE, |s, w| s.to(w.span));
                    self.problems
                        .push(problems::no_such_module(&name, span, near));
                }
                found
            }
            UseFrom::File(path) => {
                let below = folder.unwrap_or(Path::new(""));
                let Some(full) = inside(below, &path.value) else {
                    self.problems
                        .push(problems::outside(&path.value, path.span));
                    return None;
                };
                self.script(full, &path.value, path.span)
            }
        }
    }

    fn script(&mut self, full: PathBuf, written: &str, span: Span) -> Option<ModuleId> {
        if let Some(at) = self.loading.iter().position(|path| *path == full) {
            let names: Vec<String> = self
                .loading
                .iter()
                .skip(at)
                .map(|path| path.display().to_string())
                .collect();
            self.problems.push(problems::cycle(&names, span));
            return None;
        }
        if let Some(id) = self.by_path.get(&full) {
            return Some(*id);
        }
        let text = match self.world.read(&full) {
            Ok(bytes) if bytes.len() > LARGEST_SOURCE => {
                Err("it is too large".to_string())
            }
            Ok(bytes) => {
                String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_string())
            }
            Err(error) => Err(crate::world::plain(&error)),
        };
        match text {
            Ok(text) => Some(self.file(full.clone(), &full.display().to_string(), &text)),
            Err(why) => {
                self.problems
                    .push(problems::unreadable(written, &why, span));
                None
            }
        }
    }

    fn import(&mut self, used: &Use, module: Option<ModuleId>, imports: &mut Imports) {
        match (&used.what, module) {
            (UseWhat::Names(names), Some(id)) => {
                for name in names {
                    self.import_name(name, id, used, imports);
                }
            }
            (UseWhat::Names(names), None) => {
                imports
                    .lost
                    .extend(names.iter().map(|name| name.value.clone()));
            }
            (UseWhat::Alias(alias), Some(id)) => {
                self.bring_in(alias, Target::Module(id), used, imports);
            }
            (UseWhat::Alias(alias), None) => imports.lost.push(alias.value.clone()),
            (UseWhat::Whole, module) => match (own_name(&used.from), module) {
                (Some(name), Some(id)) => {
                    self.bring_in(&name, Target::Module(id), used, imports);
                }
                (Some(name), None) => imports.lost.push(name.value),
                (None, _) => {}
            },
        }
    }

    fn bring_in(
        &mut self,
        name: &Ident,
        target: Target,
        used: &Use,
        imports: &mut Imports,
    ) {
        let problem = imports.bring_in(name, target, used, &self.program);
        self.problems.extend(problem);
    }

    fn import_name(
        &mut self,
        name: &Ident,
        from: ModuleId,
        used: &Use,
        imports: &mut Imports,
    ) {
        let Some(module) = self.program.module(from) else {
            return;
        };
        match module.items.get(&name.value) {
            Some(item) => self.bring_in(name, Target::Item(*item), used, imports),
            None if module.lost.contains(&name.value) => {
                imports.lost.push(name.value.clone());
            }
            None => {
                let near = nearest(&name.value, module.items.keys().map(|key| &**key));
                let shown = module.source.name.clone();
                let problem =
                    problems::not_in_module(&name.value, &shown, name.span, near);
                self.problems.push(problem);
                imports.lost.push(name.value.clone());
            }
        }
    }

    /// Give every item of a file its number, then bind the names in its body.
    fn define(&mut self, module: ModuleId, file: &File, imports: &Imports) {
        let is_std = self.program.module(module).is_some_and(Module::is_std);
        let mut globals = self.prelude();
        for (name, (target, span)) in &imports.names {
            let new = match target {
                Target::Module(_) => true,
                _ => self.is_free(name, *span, &globals, is_std),
            };
            if new {
                globals.insert(name.clone(), *target);
            }
        }
        let first = self.program.items.len();
        let mut spans: BTreeMap<Arc<str>, Span> = imports
            .names
            .iter()
            .map(|(name, (_, span))| (name.clone(), *span))
            .collect();
        for (at, name) in file
            .items
            .iter()
            .flat_map(|item| named(&item.kind))
            .enumerate()
        {
            let id = ItemId(first + at);
            if let Some(earlier) = spans.get(&name.value) {
                let problem = problems::taken(
                    &name.value,
                    name.span,
                    "something else here",
                    *earlier,
                );
                self.problems.push(problem);
                continue;
            }
            if self.is_free(&name.value, name.span, &globals, is_std) {
                globals.insert(name.value.clone(), Target::Item(id));
                spans.insert(name.value.clone(), name.span);
                if let Some(module) = self.program.modules.get_mut(module.0) {
                    module.items.insert(name.value.clone(), id);
                }
            }
        }
        let mut resolver = Resolver::new(&globals, is_std, &imports.lost);
        for item in &file.items {
            let doc = item.doc.clone();
            let def = |name: &Ident, body: Body| Def {
                name: name.value.clone(),
                name_span: name.span,
                module,
                doc: doc.clone(),
                body,
            };
            match &item.kind {
                ItemKind::Use(_) => {}
                ItemKind::Let(item) => {
                    let bound = Arc::new(resolver.top_let(item));
                    match &item.pattern {
                        Pattern::Name(name) => {
                            self.program.items.push(def(name, Body::Let(bound, None)));
                        }
                        Pattern::Tuple(names, _) => {
                            for (at, name) in names.iter().enumerate() {
                                let body = Body::Let(bound.clone(), Some(at));
                                self.program.items.push(def(name, body));
                            }
                        }
                    }
                }
                ItemKind::Decl(decl) => {
                    let bound = Arc::new(resolver.decl(decl));
                    self.program.items.push(def(&decl.name, Body::Decl(bound)));
                }
            }
        }
        self.problems.extend(resolver.problems);
    }

    /// The prelude's items; while its own modules are read, those of the modules before.
    fn prelude(&self) -> BTreeMap<Arc<str>, Target> {
        let ids = PRELUDE
            .iter()
            .filter_map(|name| self.by_path.get(Path::new(name)));
        let modules = ids.filter_map(|id| self.program.module(*id));
        let items = modules.flat_map(|module| &module.items);
        items
            .map(|(name, id)| (name.clone(), Target::Item(*id)))
            .collect()
    }

    fn is_free(
        &mut self,
        name: &Arc<str>,
        span: Span,
        globals: &BTreeMap<Arc<str>, Target>,
        is_std: bool,
    ) -> bool {
        if name.parse::<Element>().is_ok() && !is_std {
            self.problems.push(problems::element(name, span));
            return false;
        }
        if &**name == "rows" && !is_std {
            self.problems.push(problems::reserved(name, span));
            return false;
        }
        let Some(Target::Item(other)) = globals.get(name) else {
            return true;
        };
        let Some(def) = self.program.item(*other) else {
            return true;
        };
        let problem = problems::taken(name, span, "the prelude", def.name_span);
        self.problems.push(problem);
        false
    }
}

/// The names an item defines.
fn named(kind: &ItemKind) -> Vec<&Ident> {
    match kind {
        ItemKind::Use(_) => Vec::new(),
        ItemKind::Let(Let {
            pattern: Pattern::Name(name),
            ..
        }) => vec![name],
        ItemKind::Let(Let {
            pattern: Pattern::Tuple(names, _),
            ..
        }) => names.iter().collect(),
        ItemKind::Decl(decl) => vec![&decl.name],
    }
}
