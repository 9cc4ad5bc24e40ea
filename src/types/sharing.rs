//! Layers that came in as a parameter, used in the rounds of a `repeat` or `chain`: their
//! weights belong to the caller's text, so all rounds share them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::builtin::Applied;
use super::check::Checker;
use super::problems;
use super::value::{Arg, Form, Func, Val};
use crate::names::{Bound, Target, parts};
use crate::syntax::ast::{Expr, ExprKind};

impl Checker<'_> {
    /// Warn where the rounds of a call share the weights of a parameter.
    pub fn warn_of_sharing(&mut self, call: &Applied) {
        let Some(Arg::Later(each, ctx)) = call.arg("each").cloned() else {
            return;
        };
        let signature = ctx.item.and_then(|item| self.signature(item));
        let Some(signature) = signature else { return };
        let groups = signature.groups.iter().flatten();
        let params: BTreeSet<&str> = groups.map(|param| &*param.name).collect();
        for (name, span) in locals(&each) {
            if params.contains(&*name)
                && let Some(val) = ctx.env.find(&name).cloned()
                && self.owns_weights(&val)
            {
                self.report(problems::shared_by_rounds(
                    &name,
                    span,
                    &call.signature.name,
                ));
            }
        }
    }

    /// Whether a function has weights of its own that were placed where it was written.
    fn owns_weights(&mut self, val: &Val) -> bool {
        let Form::Func(func) = &val.form else {
            return false;
        };
        match &**func {
            Func::Item { settings: None, .. } => false,
            Func::Item { id, .. } => {
                let signature = self.signature(*id);
                signature.is_some_and(|signature| signature.learns())
            }
            Func::Compose(both) => {
                let (first, second) = &**both;
                self.owns_weights(first) || self.owns_weights(second)
            }
            Func::Lambda(lambda, _) => self.learns_inside(&lambda.body),
        }
    }

    /// Whether a text gives something that learns its settings.
    fn learns_inside(&mut self, expr: &Arc<Expr<Bound>>) -> bool {
        if let ExprKind::Call { callee, .. } = &expr.kind
            && let ExprKind::Name(name) = &callee.kind
            && let Target::Item(id) = name.target
            && self
                .signature(id)
                .is_some_and(|signature| signature.learns())
        {
            return true;
        }
        parts(expr).into_iter().any(|part| self.learns_inside(part))
    }
}

/// The local names in a text, with their places.
fn locals(expr: &Arc<Expr<Bound>>) -> Vec<(Arc<str>, crate::source::Span)> {
    let mut found = Vec::new();
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        match &expr.kind {
            ExprKind::Name(name) if name.target == Target::Local => {
                found.push((name.name.clone(), expr.span));
            }
            _ => open.extend(parts(expr)),
        }
    }
    found
}
