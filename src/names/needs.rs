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
}

/// Items that need themselves.
pub fn find_cycles(program: &Program) -> Cycles {
    let mut cycles = Cycles::default();
    let mut done = vec![false; program.items.len()];
    for start in 0..program.items.len() {
        let mut path: Vec<(ItemId, Span)> = Vec::new();
        let id = ItemId(start);
        visit(
            program,
            id,
            Span::NOWHERE,
            &mut path,
            &mut done,
            &mut cycles,
        );
    }
    cycles
}

fn visit(
    program: &Program,
    id: ItemId,
    from: Span,
    path: &mut Vec<(ItemId, Span)>,
    done: &mut [bool],
    cycles: &mut Cycles,
) {
    if done.get(id.0).copied().unwrap_or(true) {
        return;
    }
    if let Some(at) = path.iter().position(|(item, _)| *item == id) {
        let names: Vec<String> = path
            .iter()
            .skip(at)
            .filter_map(|(item, _)| program.item(*item).map(|def| def.name.to_string()))
            .collect();
        cycles.problems.push(problems::cycle(&names, from));
        cycles
            .items
            .extend(path.iter().skip(at).map(|(item, _)| *item));
        return;
    }
    path.push((id, from));
    for (item, span) in program.item(id).map(needs_of).unwrap_or_default() {
        visit(program, item, span, path, done, cycles);
    }
    path.pop();
    if let Some(flag) = done.get_mut(id.0) {
        *flag = true;
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
