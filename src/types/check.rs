//! Checks a program: every item of the script, then what its studies use.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::holes::{Sweep, kept};
use super::matching::{fit, instantiate};
use super::numeric::number;
use super::pattern::{Pat, Reader};
use super::problems::{self, Due};
use super::report::Use;
use super::signature::Signature;
use super::sites::SiteTable;
use super::subst::Subst;
use super::ty::{Axes, Columns, CrystalTy, Domain, Number, Ty};
use super::value::{Ctx, Form, Func, Val};
use super::verbs::as_rows;
use crate::diagnostic::{Code, Problem};
use crate::ir::{self, Network};
use crate::names::{Body, Def, ItemId, ModuleId, Program};
use crate::source::{Sources, Span};
use crate::syntax::ast::{ExprKind, Noun, Pattern, Type};
use crate::world::{World, inside};

/// What is known while a program is checked.
pub struct Checker<'a> {
    /// The program.
    pub program: &'a Program,
    /// Its texts.
    pub sources: &'a Sources,
    /// Where data files are.
    pub world: &'a dyn World,
    /// Messages so far.
    pub problems: Vec<Problem>,
    /// Codes and places of messages so far.
    pub reported: BTreeSet<(Code, Span)>,
    /// Signatures read.
    pub signatures: BTreeMap<ItemId, Arc<Signature>>,
    /// Places of weights, by item.
    pub sites: BTreeMap<ItemId, Arc<SiteTable>>,
    /// Columns of sources read.
    pub schemas: BTreeMap<String, Columns>,
    /// Items whose body failed by itself, or stands in a circle.
    pub failed: BTreeSet<ItemId>,
    /// Items something named.
    pub used: BTreeSet<ItemId>,
    /// The cell at hand, and the axes met.
    pub sweep: Sweep,
    /// Functions being applied, outermost first.
    pub uses: Vec<Use>,
    /// Layers with weights applied since a network was begun.
    pub written: Vec<Arc<ir::Expr>>,
    /// How many functions are being applied, one inside the other.
    pub depth: usize,
    /// How many functions were applied for the item or network at hand.
    pub steps: u32,
    /// What functions of plain values came to.
    pub applied: BTreeMap<(ItemId, String), Val>,
    /// The last variable given out.
    pub next_var: u32,
    /// Types by place, when they are asked for: each expression's first.
    pub types: Option<BTreeMap<Span, Ty>>,
    values: BTreeMap<ItemId, Val>,
    next_unknown: u32,
}

/// What checking gives.
#[derive(Debug)]
pub struct Checked {
    /// The typed IR; complete only when no problem is an error.
    pub module: ir::Module,
    /// Messages, in the order of the text.
    pub problems: Vec<Problem>,
    /// Types by place, when they were asked for.
    types: BTreeMap<Span, Ty>,
}

impl<'a> Checker<'a> {
    /// A checker that knows nothing yet.
    pub fn new(program: &'a Program, sources: &'a Sources, world: &'a dyn World) -> Self {
        Checker {
            program,
            sources,
            world,
            problems: Vec::new(),
            reported: BTreeSet::new(),
            signatures: BTreeMap::new(),
            sites: BTreeMap::new(),
            schemas: BTreeMap::new(),
            failed: program.circular.clone(),
            used: BTreeSet::new(),
            sweep: Sweep::default(),
            uses: Vec::new(),
            written: Vec::new(),
            depth: 0,
            steps: 0,
            applied: BTreeMap::new(),
            next_var: 0,
            types: None,
            values: BTreeMap::new(),
            next_unknown: 0,
        }
    }

    /// A number for something unknown that is like no other.
    pub fn fresh(&mut self) -> u32 {
        self.next_unknown += 1;
        self.next_unknown
    }

    /// The value of an item.
    pub fn item_value(&mut self, id: ItemId) -> Val {
        self.used.insert(id);
        if let Some(known) = self.values.get(&id) {
            return known.clone();
        }
        if self.program.circular.contains(&id) {
            return Val::poison(Span::NOWHERE);
        }
        let uses = std::mem::take(&mut self.uses);
        let steps = std::mem::take(&mut self.steps);
        let value = self.read_item(id);
        self.uses = uses;
        self.steps = steps;
        self.values.insert(id, value.clone());
        value
    }

    fn read_item(&mut self, id: ItemId) -> Val {
        let program = self.program;
        let Some(def) = program.item(id) else {
            return Val::poison(Span::NOWHERE);
        };
        if let Body::Decl(decl) = &def.body
            && matches!(decl.noun, Noun::Fn | Noun::Layer | Noun::Model)
        {
            let span = def.name_span;
            let func = Func::Item {
                id,
                name: def.name.clone(),
                settings: None,
                site: None,
                span,
            };
            return Val::func(func, span);
        }
        let ctx = Ctx {
            item: Some(id),
            label: Some(def.name.clone()),
            ..Ctx::default()
        };
        if let Body::Let(item, None) = &def.body
            && item.ty.is_none()
            && matches!(item.value.kind, ExprKind::Record(_))
        {
            let outside = std::mem::take(&mut self.sweep);
            let record = self.open(&item.value, &ctx);
            self.sweep = outside;
            return record;
        }
        let span = def.name_span;
        let swept =
            self.item_cells(span, &mut |checker| checker.read_body(id, def, &ctx));
        kept(swept, span)
    }

    /// The value of an item in the cell at hand.
    fn read_body(&mut self, id: ItemId, def: &Def, ctx: &Ctx) -> Val {
        match &def.body {
            Body::Let(item, place) => {
                if self.program.is_builtin(id) {
                    return self.constant(id, item.ty.as_ref(), def.name_span);
                }
                let value = self.infer(&item.value, ctx);
                let value = match &item.ty {
                    Some(ty) => self.declared(value, ty, ctx),
                    None => value,
                };
                match place {
                    None => value,
                    Some(place) => self.part_of(&item.pattern, value, *place),
                }
            }
            Body::Decl(decl) => match decl.noun {
                Noun::Dataset | Noun::Features => {
                    let value = self.infer(&decl.body, ctx);
                    self.noun_fits(decl.noun, value)
                }
                // Functions have a value without their body being read.
                Noun::Fn | Noun::Layer | Noun::Model => Val::poison(def.name_span),
                Noun::Experiment | Noun::Study => self.infer(&decl.body, ctx),
            },
        }
    }

    /// One part of a tuple that a top-level `let` takes apart.
    fn part_of(&mut self, pattern: &Pattern, value: Val, place: usize) -> Val {
        let Pattern::Tuple(names, span) = pattern else {
            return value;
        };
        let parts = self.tuple_parts(names.len(), *span, &value);
        parts.into_iter().nth(place).unwrap_or(Val::poison(*span))
    }

    /// `dataset` and `features` hold what they say.
    fn noun_fits(&mut self, noun: Noun, value: Val) -> Val {
        let wanted = match (&value.ty, noun) {
            (Ty::Poison, _) => return value,
            (Ty::Dataset(data), Noun::Features) if data.features.is_none() => {
                "a data set with features: `|> featurize(magpie())`"
            }
            (Ty::Dataset(_), _) => return value,
            (_, Noun::Features) => "a data set with features",
            _ => "a data set",
        };
        self.report(problems::wrong_operand(noun.word(), &value, wanted));
        Val::poison(value.span)
    }

    /// A constant of the prelude.
    fn constant(&mut self, id: ItemId, ty: Option<&Type>, span: Span) -> Val {
        let params = BTreeSet::new();
        let mut reader = Reader {
            params: &params,
            problems: Vec::new(),
        };
        let pat = ty.map_or(Pat::Poison, |ty| reader.read(ty));
        for problem in reader.problems {
            self.report(problem);
        }
        let form = Form::Symbol(self.program.full_name(id).into());
        Val {
            ty: instantiate(&pat, &Subst::default()),
            form,
            span,
        }
    }

    /// A value held against the type written beside it.
    pub fn declared(&mut self, value: Val, ty: &Type, ctx: &Ctx) -> Val {
        let params = ctx.letters.sizes.keys().cloned().collect();
        let mut reader = Reader {
            params: &params,
            problems: Vec::new(),
        };
        let pat = reader.read(ty);
        for problem in reader.problems {
            self.report(problem);
        }
        let due = Due {
            param: "value".into(),
            of: "let".into(),
            span: ty.span,
            at: value.span,
        };
        match fit(value, &pat, &mut (*ctx.letters).clone(), &due) {
            Ok(value) => value,
            Err(problem) => {
                self.report(problem);
                Val::poison(ty.span)
            }
        }
    }

    /// A text as a file inside the folder of the module it is written in.
    pub fn path(&mut self, written: &str, span: Span) -> Option<PathBuf> {
        let source = self.sources.of(span)?;
        let mut modules = self.program.modules.iter();
        let module = modules.find(|module| module.source.base == source.base)?;
        let folder = module.folder.as_deref().unwrap_or(Path::new(""));
        let found = inside(folder, written);
        if found.is_none() {
            let why = "it lies outside the script's folder";
            self.report(problems::file_missing(written, span, why));
        }
        found
    }

    fn check_module(&mut self, module: ModuleId) {
        // What an item needs comes before it, so that a long way of functions that apply
        // each other is gone one step at a time.
        let of_module = |id: &ItemId| {
            self.program
                .item(*id)
                .is_some_and(|def| def.module == module)
        };
        let order = self.program.order.iter().copied();
        let items: Vec<ItemId> = order.filter(of_module).collect();
        for id in &items {
            self.signature(*id);
            if self.signatures.contains_key(id) {
                self.check_generic(*id);
            }
        }
        let used = std::mem::take(&mut self.used);
        for id in &items {
            if !self.signatures.contains_key(id) {
                self.item_value(*id);
            }
        }
        self.used.extend(used);
    }

    /// What the studies of a module compute.
    fn studies(&mut self, module: ModuleId) -> Vec<ir::Study> {
        let mut studies = Vec::new();
        for (id, def) in self.program.items_of(module) {
            if def.noun() != Some(Noun::Study) {
                continue;
            }
            let value = self.item_value(id);
            let value = self.study_value(value, &def.name, def.name_span);
            if value.is_poison() {
                continue;
            }
            match (&value.ty, &value.form) {
                (
                    Ty::Evaluated(_)
                    | Ty::Trained(_)
                    | Ty::Table(_)
                    | Ty::Figure
                    | Ty::Report,
                    Form::Run(root),
                ) => studies.push(ir::Study {
                    name: def.name.clone(),
                    doc: def.doc.clone(),
                    span: def.name_span,
                    root: root.clone(),
                }),
                _ => self.report(problems::not_a_study(&def.name, &value)),
            }
        }
        studies
    }

    /// A study with axes is the table of its cells. Only `tune` fills the holes of a
    /// search.
    fn study_value(&mut self, value: Val, name: &str, at: Span) -> Val {
        let Form::Swept(swept) = &value.form else {
            return as_rows(value);
        };
        if let Some(axis) = swept.searched() {
            self.report(problems::search_outside_tune(axis, name, at));
            return Val::poison(at);
        }
        self.as_table((**swept).clone(), value.span)
    }

    fn warn_of_unused(&mut self, module: ModuleId) {
        // A file without a study is a library: its items are there to be imported.
        if !self.has_study(module) {
            return;
        }
        let named = self.names_used(module);
        for (id, def) in self.program.items_of(module) {
            let word = match def.noun() {
                Some(Noun::Study) => continue,
                Some(noun) => noun.word(),
                None => "let",
            };
            if !named.contains(&id) {
                self.report(problems::unused(word, &def.name, def.name_span));
            }
        }
    }

    fn has_study(&self, module: ModuleId) -> bool {
        let mut items = self.program.items_of(module);
        items.any(|(_, def)| def.noun() == Some(Noun::Study))
    }

    /// Items that another item of the module names.
    fn names_used(&self, module: ModuleId) -> BTreeSet<ItemId> {
        let mut found = BTreeSet::new();
        for (_, def) in self.program.items_of(module) {
            crate::names::named_by(def, &mut found);
        }
        found
    }
}

/// Check the script of a program. Items of the standard library are checked where they
/// are used.
pub fn check(program: &Program, sources: &Sources, world: &dyn World) -> Checked {
    checked(Checker::new(program, sources, world))
}

/// The type of every expression of a program that has one, by place. An expression that
/// is checked more than once has the type of the first time: in a layer that with letters.
pub fn types_by_place(
    program: &Program,
    sources: &Sources,
    world: &dyn World,
) -> BTreeMap<Span, Ty> {
    let mut checker = Checker::new(program, sources, world);
    checker.types = Some(BTreeMap::new());
    checked(checker).types
}

fn checked(mut checker: Checker<'_>) -> Checked {
    let program = checker.program;
    let mut module = ir::Module::default();
    // Imported files first: their messages come before those they cause.
    for (at, file) in program.modules.iter().enumerate() {
        let id = ModuleId(at);
        if file.is_std() && program.root.is_some() {
            continue;
        }
        checker.check_module(id);
        if program.root == Some(id) {
            module.studies = checker.studies(id);
            checker.warn_of_unused(id);
        } else {
            checker.studies(id);
        }
    }
    for (at, file) in program.modules.iter().enumerate() {
        if !file.is_std() || program.root.is_none() {
            checker.unused_models(ModuleId(at));
        }
    }
    let mut problems = checker.problems;
    problems.sort_by_key(|problem| problem.span().start);
    Checked {
        module,
        problems,
        types: checker.types.unwrap_or_default(),
    }
}

/// What `show` shows of an item.
#[derive(Debug)]
pub struct Shown {
    /// The model with its default settings and, for a model or layer, the network.
    pub network: Option<Network>,
    /// Its type.
    pub ty: Ty,
    /// What stood in the way.
    pub problems: Vec<Problem>,
}

/// What a model is shown with.
#[derive(Clone, Copy, Debug)]
pub struct Given {
    /// Length of a vector.
    pub length: usize,
    /// Reach of a crystal graph's bonds, in Å.
    pub radius: f64,
}

impl Checker<'_> {
    /// Features a model takes, made up from its signature.
    pub fn features_for(&mut self, signature: &Signature, given: Given) -> Ty {
        match signature.inputs() {
            [] => self.feature_for(&Pat::Poison, given),
            [one] => self.feature_for(&one.pat, given),
            several => {
                let several = several.iter();
                let made = several.map(|param| {
                    let feature = self.feature_for(&param.pat, given);
                    (param.name.clone(), feature)
                });
                Ty::Record(made.collect())
            }
        }
    }

    fn feature_for(&mut self, input: &Pat, given: Given) -> Ty {
        if let Pat::Crystal(_, _, angles) = input {
            let mut domain = |name: &str| Domain::Named(name.into(), self.fresh());
            return Ty::Crystal(CrystalTy {
                nodes: domain("atoms"),
                edges: domain("bonds"),
                angles: angles.is_some().then(|| domain("angles")),
                radius: Some(given.radius),
            });
        }
        let size = super::size::Size::number(given.length as i64);
        Ty::tensor(Axes {
            domain: None,
            sizes: vec![size],
        })
    }
}

/// Look at one item by name. A model is applied with its default settings to what
/// `given` says.
pub fn show(
    program: &Program,
    sources: &Sources,
    world: &dyn World,
    id: ItemId,
    given: Given,
) -> Shown {
    let mut checker = Checker::new(program, sources, world);
    let value = checker.item_value(id);
    let mut ty = value.ty.clone();
    let network = checker.model(id, None, given);
    if let Some(Number { axes, .. }) = number(&ty)
        && axes.is_scalar()
        && let Some(known) = value.as_static()
    {
        ty = Ty::Named(known.to_string().into());
    }
    Shown {
        network,
        ty,
        problems: checker.problems,
    }
}
