//! Walks over expressions.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Call, Expr, Kind, Setting};
use crate::source::Span;

/// The expressions directly inside one, in order; functions and networks in settings
/// are not inside.
pub fn parts(expr: &Expr) -> Vec<&Arc<Expr>> {
    match &expr.kind {
        Kind::Static(_) | Kind::Var(_) => Vec::new(),
        Kind::Field(of, _) | Kind::Unary(_, of) | Kind::Shown(of, _) => vec![of],
        Kind::Binary(_, a, b) | Kind::Gather(a, b) => vec![a, b],
        Kind::If(test, yes, no) => vec![test, yes, no],
        Kind::Call(call) => call.inputs.iter().collect(),
        Kind::Tuple(all) => all.iter().collect(),
        Kind::Cells(cells) => cells.cells.iter().map(|(_, value)| value).collect(),
    }
}

/// Every call of an expression, those of functions and networks in settings too, each
/// shared part once, inputs before what uses them.
pub fn visit_calls(expr: &Expr, with: &mut dyn FnMut(&Call, Span)) {
    let mut seen = BTreeSet::new();
    walk(expr, &mut seen, with);
}

fn walk(expr: &Expr, seen: &mut BTreeSet<usize>, with: &mut dyn FnMut(&Call, Span)) {
    if !seen.insert(std::ptr::from_ref(expr) as usize) {
        return;
    }
    for part in parts(expr) {
        walk(part, seen, with);
    }
    let Kind::Call(call) = &expr.kind else { return };
    for (_, setting) in &call.settings {
        match setting {
            Setting::Static(_) => {}
            Setting::Lambda(lambda) => walk(&lambda.body, seen, with),
            Setting::Network(network) => walk(&network.output, seen, with),
            Setting::Space(space) => walk(&space.sample, seen, with),
        }
    }
    with(call, expr.span);
}
