//! Which items an item needs.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::problems;
use super::program::{Body, Bound, Def, ItemId, Program, Target};
use crate::diagnostic::Problem;
use crate::source::Span;
use crate::syntax::ast::{Arg, Decl, Expr, ExprKind};

/// The items whose names stand in an item.
pub fn named_by(def: &Def, found: &mut BTreeSet<ItemId>) {
    found.extend(needs_of(def).into_iter().map(|(id, _)| id));
}

fn needs_of(def: &Def) -> Vec<(ItemId, Span)> {
    let mut needs = Vec::new();
    match &def.body {
        Body::Let(item, _) => needed(&item.value, &mut needs),
        Body::Decl(decl) => needed_by_decl(decl, &mut needs),
    }
    needs
}

/// What a search for circles has found.
#[derive(Debug, Default)]
pub struct Cycles {
    /// Each circle once.
    pub problems: Vec<Problem>,
    /// The items in them. Of every circle at least one is here, so that a walk that stops
    /// at these ends.
    pub items: BTreeSet<ItemId>,
    /// All items, each after those it needs.
    pub order: Vec<ItemId>,
}

/// Items that need themselves.
pub fn find_cycles(program: &Program) -> Cycles {
    let mut search = Search {
        program,
        states: vec![State::New; program.items.len()],
        path: Vec::new(),
        cycles: Cycles::default(),
    };
    for start in 0..program.items.len() {
        search.visit(ItemId(start), Span::NOWHERE);
    }
    search.cycles
}

/// How far the search is with an item.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    OnPath,
    Done,
}

struct Search<'a> {
    program: &'a Program,
    states: Vec<State>,
    path: Vec<ItemId>,
    cycles: Cycles,
}

impl Search<'_> {
    fn visit(&mut self, id: ItemId, from: Span) {
        match self.states.get(id.0) {
            Some(State::New) => {}
            Some(State::OnPath) => return self.closes(id, from),
            Some(State::Done) | None => return,
        }
        self.set(id, State::OnPath);
        self.path.push(id);
        let needs = self.program.item(id).map(needs_of).unwrap_or_default();
        for (item, span) in needs {
            // As deep as the longest way of items that need each other.
            stacker::maybe_grow(64 << 10, 1 << 20, || self.visit(item, span));
        }
        self.path.pop();
        self.set(id, State::Done);
        self.cycles.order.push(id);
    }

    fn set(&mut self, id: ItemId, state: State) {
        if let Some(known) = self.states.get_mut(id.0) {
            *known = state;
        }
    }

    /// The way leads back to an item that is on it.
    fn closes(&mut self, id: ItemId, from: Span) {
        let at = self.path.iter().position(|item| *item == id).unwrap_or(0);
        let circle = self.path.get(at..).unwrap_or_default();
        let name =
            |item: &ItemId| self.program.item(*item).map(|def| def.name.to_string());
        let names: Vec<String> = circle.iter().filter_map(name).collect();
        self.cycles.items.extend(circle.iter().copied());
        self.cycles.problems.push(problems::cycle(&names, from));
    }
}

fn needed_by_decl(decl: &Decl<Bound>, found: &mut Vec<(ItemId, Span)>) {
    for default in decl
        .groups
        .iter()
        .flatten()
        .filter_map(|param| param.default.as_ref())
    {
        needed(default, found);
    }
    needed(&decl.body, found);
}

/// The items an expression names.
fn needed(expr: &Expr<Bound>, found: &mut Vec<(ItemId, Span)>) {
    if let ExprKind::Name(Bound {
        target: Target::Item(id),
        ..
    }) = &expr.kind
    {
        found.push((*id, expr.span));
    }
    for part in parts(expr) {
        needed(part, found);
    }
}

/// The expressions directly inside an expression, in the order they stand there.
pub fn parts<N>(expr: &Expr<N>) -> Vec<&Arc<Expr<N>>> {
    match &expr.kind {
        ExprKind::Number(_)
        | ExprKind::Text(_)
        | ExprKind::Bool(_)
        | ExprKind::Name(_)
        | ExprKind::RowField(_) => Vec::new(),
        ExprKind::Record(args) => args.iter().map(arg_value).collect(),
        ExprKind::Block(lets, value) => {
            lets.iter().map(|item| &item.value).chain([value]).collect()
        }
        ExprKind::Tuple(all) | ExprKind::List(all) => all.iter().collect(),
        ExprKind::Call { callee, args, .. } => [callee]
            .into_iter()
            .chain(args.iter().map(arg_value))
            .collect(),
        ExprKind::Field(of, _) | ExprKind::Unary(_, of) | ExprKind::Convert(of, _) => {
            vec![of]
        }
        ExprKind::Index(a, b)
        | ExprKind::Binary(_, a, b)
        | ExprKind::Range { from: a, to: b, .. }
        | ExprKind::Pipe(a, b)
        | ExprKind::Compose(a, b) => vec![a, b],
        ExprKind::If(a, b, c) => vec![a, b, c],
        ExprKind::Lambda(lambda) => vec![&lambda.body],
    }
}

fn arg_value<N>(arg: &Arg<N>) -> &Arc<Expr<N>> {
    match arg {
        Arg::Positional(value) | Arg::Named(_, value) | Arg::Spread(value) => value,
    }
}
