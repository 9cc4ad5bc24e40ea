//! Pipes and compositions: `x |> f`, `f >> g`.

use std::sync::Arc;

use super::super::check::Checker;
use super::super::closing::takes_one;
use super::super::problems;
use super::super::ty::Ty;
use super::super::value::{Ctx, Form, Func, Val};
use crate::names::Bound;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind};

impl Checker<'_> {
    /// `x |> f`.
    pub fn pipe(
        &mut self,
        of: &Arc<Expr<Bound>>,
        to: &Arc<Expr<Bound>>,
        span: Span,
        ctx: &Ctx,
    ) -> Val {
        if let ExprKind::Call { callee, .. } = &to.kind
            && let Some(name) = self.one_group(callee, ctx)
        {
            self.infer(of, ctx);
            self.report(problems::takes_all_at_once(&name, to.span));
            return Val::poison(span);
        }
        let func = self.infer(to, ctx);
        let input = match self.takes_rows(&func) {
            true => self.closed(of, ctx),
            false => match self.taking_one(&func) {
                None => self.infer(of, ctx),
                Some(name) => {
                    let (input, met) = self.meeting(|checker| checker.infer(of, ctx));
                    if !input.is_poison() && !self.nothing_open(&met, of.span, &name) {
                        return Val::poison(span);
                    }
                    input
                }
            },
        };
        // What a pipe gives is said to be where its last step stands: a reader looks for
        // the layer, not for the whole model.
        self.pipe_value(input, &func, to.span).at(to.span)
    }

    /// The name of a builtin that takes one result.
    fn taking_one(&mut self, func: &Val) -> Option<Arc<str>> {
        let Form::Func(func) = &func.form else {
            return None;
        };
        let signature = self.signature_of(func)?;
        takes_one(&signature).then(|| signature.name.clone())
    }

    /// The name of the callee when it is an item that takes all in one call.
    fn one_group(&mut self, callee: &Arc<Expr<Bound>>, ctx: &Ctx) -> Option<Arc<str>> {
        let ExprKind::Name(_) = &callee.kind else {
            return None;
        };
        let val = self.infer(callee, ctx);
        let Form::Func(func) = &val.form else {
            return None;
        };
        let Func::Item { settings: None, .. } = &**func else {
            return None;
        };
        let signature = self.signature_of(func)?;
        signature
            .settings()
            .is_none()
            .then(|| signature.name.clone())
    }

    /// `input |> func`; a tuple is spread over a function of several inputs.
    pub fn pipe_value(&mut self, input: Val, func: &Val, span: Span) -> Val {
        let inputs = match (&input.form, self.inputs_of(func)) {
            (Form::Tuple(parts), Some(count)) if count > 1 && parts.len() == count => {
                parts.clone()
            }
            _ => vec![input],
        };
        self.apply(func, inputs, span)
    }

    /// How many inputs a function takes.
    fn inputs_of(&mut self, func: &Val) -> Option<usize> {
        let Form::Func(func) = &func.form else {
            return None;
        };
        match &**func {
            Func::Lambda(lambda, _) => Some(lambda.params.len()),
            Func::Compose(both) => {
                let first = both.0.clone();
                self.inputs_of(&first)
            }
            Func::Item { id, .. } => Some(self.signature(*id)?.inputs().len()),
        }
    }

    /// `f >> g`.
    pub fn compose(&mut self, first: Val, second: Val, span: Span) -> Val {
        for side in [&first, &second] {
            if side.is_poison() {
                return Val::poison(span);
            }
            if side.ty != Ty::Function {
                self.report(problems::not_a_function(side, side.span));
                return Val::poison(span);
            }
        }
        Val::func(Func::Compose(Box::new((first, second))), span)
    }

    /// The first function of a composition, given what the composition was given: one input
    /// may be a tuple for several.
    pub(super) fn pipe_through(
        &mut self,
        mut inputs: Vec<Val>,
        func: &Val,
        span: Span,
    ) -> Val {
        match inputs.len() {
            1 => match inputs.pop() {
                Some(input) => self.pipe_value(input, func, span),
                None => Val::poison(span),
            },
            _ => self.apply(func, inputs, span),
        }
    }
}
