//! Calls; functions applied to their input.

mod pipe;

use std::sync::Arc;

use super::bind::Call;
use super::builtin::Applied;
use super::check::Checker;
use super::closing::takes_one;
use super::graphs::rows_map;
use super::holes::HOLES;
use super::matching::{fit, instantiate};
use super::pattern::{AxisPat, Pat};
use super::problems::{self, Due};
use super::report::Use;
use super::signature::{Parameter, Signature};
use super::subst::Subst;
use super::ty::Ty;
use super::value::{Arg, Args, Ctx, Form, Frame, Func, Val};
use crate::ir::Site;
use crate::names::{Bound, ItemId};
use crate::source::Span;
use crate::syntax::ast::{self, Expr, ExprKind, Noun};

/// Functions inside functions deeper than this are a mistake, not a model.
const DEEPEST: usize = 64;
/// More functions than these, applied for one item or one network, are a mistake too: each
/// may apply two others, and those two more.
const MOST_STEPS: u32 = 30_000;

impl Checker<'_> {
    /// `f(a, b: c)`.
    pub fn call(
        &mut self,
        callee: &Arc<Expr<Bound>>,
        args: &[ast::Arg<Bound>],
        span: Span,
        ctx: &Ctx,
    ) -> Val {
        if self.called_like_a_method(callee, ctx) {
            return Val::poison(span);
        }
        let callee = self.infer(callee, ctx);
        if callee.is_poison() {
            return Val::poison(span);
        }
        let Form::Func(func) = &callee.form else {
            if callee.ty != Ty::Function {
                self.report(problems::not_a_function(&callee, callee.span));
            }
            return Val::poison(span);
        };
        match &**func {
            Func::Item {
                id, settings: None, ..
            } => self.call_item(*id, callee.span, args, span, ctx),
            Func::Item { .. } | Func::Lambda(..) | Func::Compose(..) => {
                let mut values = Vec::new();
                for arg in args {
                    match arg {
                        ast::Arg::Positional(value) => {
                            values.push(self.infer(value, ctx))
                        }
                        ast::Arg::Named(_, value) | ast::Arg::Spread(value) => {
                            let due = "inputs without names";
                            let val = self.infer(value, ctx);
                            self.report(problems::wrong_operand("( )", &val, due));
                            return Val::poison(span);
                        }
                    }
                }
                self.apply(&callee, values, span)
            }
        }
    }

    /// Whether it is `rows.where(…)`, which is said: verbs stand behind a pipe.
    fn called_like_a_method(&mut self, callee: &Expr<Bound>, ctx: &Ctx) -> bool {
        let ExprKind::Field(of, name) = &callee.kind else {
            return false;
        };
        if !self.program.in_prelude(&name.value) {
            return false;
        }
        let of = self.infer(of, ctx);
        let has_no_functions = matches!(
            of.ty,
            Ty::Dataset(_)
                | Ty::Table(_)
                | Ty::Trained(_)
                | Ty::Evaluated(_)
                | Ty::Number(_)
                | Ty::Structure
                | Ty::List(_)
                | Ty::Set(_)
        );
        if has_no_functions {
            self.report(problems::behind_a_pipe(&name.value, name.span, &of.ty));
        }
        has_no_functions
    }

    fn call_item(
        &mut self,
        id: ItemId,
        name_at: Span,
        args: &[ast::Arg<Bound>],
        span: Span,
        ctx: &Ctx,
    ) -> Val {
        let Some(signature) = self.signature(id) else {
            return Val::poison(span);
        };
        let group = signature.settings().unwrap_or_else(|| signature.inputs());
        let call = Call {
            id,
            signature: &signature,
            group,
            at: span,
        };
        let (bound, met) = self.meeting(|checker| checker.bind(&call, args, ctx));
        let Some(bound) = bound else {
            return Val::poison(span);
        };
        // Where an argument failed, why was said.
        if takes_one(&signature)
            && !bound.values().any(|arg| arg.failed())
            && !self.nothing_open(&met, span, &signature.name)
        {
            return Val::poison(span);
        }
        if signature.builtin && HOLES.contains(&&*signature.name) {
            return self.hole(&signature.name, &bound, span, ctx);
        }
        if signature.builtin && &*signature.name == "kfold" && ctx.in_function() {
            self.report(problems::hole_in_function("kfold", span));
            return Val::poison(span);
        }
        // What is wrong with the item itself was said where it stands.
        if self.failed.contains(&id) {
            return Val::poison(span);
        }
        if signature.settings().is_none() {
            // `weight(…)` takes settings alone, and yet owns weights.
            let site = signature.learns().then(|| self.site(span, ctx));
            return self.run_item(id, &signature, None, site, &bound, span);
        }
        if signature.learns() && self.noun_of(ctx) == Some(Noun::Fn) {
            let owner = ctx.item.and_then(|item| self.program.item(item));
            let owner = owner.map_or("f", |def| &def.name);
            self.report(problems::weights_in_fn(&signature.name, name_at, owner));
            return Val::poison(span);
        }
        let mut subst = Subst::default();
        let Some(settings) = self.fit_group(&signature, group, &bound, &mut subst, span)
        else {
            return Val::poison(span);
        };
        let site = signature.learns().then(|| self.site(span, ctx));
        let settings = Some(Arc::new(settings));
        // `chain` and `repeat` own no weights, but the rounds inside them do: they keep
        // where they stand.
        let name = signature.name.clone();
        let func = Func::Item {
            id,
            name,
            settings,
            site,
            span,
        };
        Val::func(func, span)
    }

    fn noun_of(&self, ctx: &Ctx) -> Option<Noun> {
        ctx.item
            .and_then(|item| self.program.item(item))
            .and_then(|def| def.noun())
    }

    /// Apply a function to its inputs. A function that is handed to itself would never
    /// end: names know no circle there, so the depth is what stops it.
    pub fn apply(&mut self, callee: &Val, inputs: Vec<Val>, span: Span) -> Val {
        if self.depth >= DEEPEST {
            self.report(problems::applied_too_deeply(span));
            return Val::poison(span);
        }
        if !self.step(span) {
            return Val::poison(span);
        }
        self.depth += 1;
        let found = self.apply_here(callee, inputs, span);
        self.depth -= 1;
        found
    }

    /// Count an application; whether there may be more. The last is said, once: everything
    /// above fails with it.
    fn step(&mut self, span: Span) -> bool {
        self.steps = self.steps.saturating_add(1);
        if self.steps == MOST_STEPS {
            self.report(problems::too_many_steps(span));
        }
        self.steps < MOST_STEPS
    }

    fn apply_here(&mut self, callee: &Val, inputs: Vec<Val>, span: Span) -> Val {
        if callee.is_poison() || inputs.iter().any(Val::is_poison) {
            return Val::poison(span);
        }
        let Form::Func(func) = &callee.form else {
            if callee.ty != Ty::Function {
                self.report(problems::not_a_function(callee, callee.span));
            }
            return Val::poison(span);
        };
        match &**func {
            Func::Compose(both) => {
                let (first, second) = &**both;
                let middle = self.pipe_through(inputs, first, first.span);
                self.pipe_value(middle, second, second.span).at(span)
            }
            Func::Lambda(lambda, ctx) => {
                if lambda.params.len() != inputs.len() {
                    let wanted = lambda.params.len();
                    let problem = problems::wrong_arity(
                        "this function",
                        span,
                        wanted,
                        inputs.len(),
                    );
                    self.report(problem);
                    return Val::poison(span);
                }
                let mut inner = (**ctx).clone();
                inner.applied = true;
                for (param, value) in lambda.params.iter().zip(inputs) {
                    inner = inner.with(&param.value, value);
                }
                self.infer(&lambda.body, &inner).at(span)
            }
            Func::Item {
                id,
                settings,
                site,
                span: written,
                ..
            } => {
                let id = *id;
                // A function named without settings was written where its name stands.
                let written = settings.as_ref().map_or(callee.span, |_| *written);
                let Some(signature) = self.signature(id) else {
                    return Val::poison(span);
                };
                if settings.is_none() && signature.settings().is_some() {
                    self.report(problems::settings_missing(&signature, callee.span));
                    return Val::poison(span);
                }
                let call = Call {
                    id,
                    signature: &signature,
                    group: signature.inputs(),
                    at: written,
                };
                let Some(bound) = self.bind_values(&call, inputs) else {
                    return Val::poison(span);
                };
                let settings = settings.clone();
                let site = site.clone();
                self.run_item(id, &signature, settings, site, &bound, written)
                    .at(span)
            }
        }
    }

    /// An item with all its arguments bound.
    fn run_item(
        &mut self,
        id: ItemId,
        signature: &Arc<Signature>,
        settings: Option<Arc<Args>>,
        site: Option<Site>,
        inputs: &Args,
        at: Span,
    ) -> Val {
        let mut subst = Subst::default();
        let empty = Args::new();
        let given = settings.as_deref().unwrap_or(&empty);
        let group = signature.settings().unwrap_or(&[]);
        let Some(settings) = self.fit_group(signature, group, given, &mut subst, at)
        else {
            return Val::poison(at);
        };
        let Some(inputs) =
            self.fit_group(signature, signature.inputs(), inputs, &mut subst, at)
        else {
            return Val::poison(at);
        };
        let call = Applied {
            id,
            signature: signature.clone(),
            settings,
            inputs,
            subst,
            site,
            at,
        };
        if signature.builtin {
            self.builtin(&call)
        } else {
            self.run_body(&call)
        }
    }

    /// An item of the language: its body, with its parameters bound.
    fn run_body(&mut self, call: &Applied) -> Val {
        let (id, at) = (call.id, call.at);
        self.used.insert(id);
        if !self.step(at) {
            return Val::poison(at);
        }
        let Some(decl) = self.program.item(id).and_then(|def| def.decl().cloned()) else {
            return Val::poison(at);
        };
        if self.failed.contains(&id) {
            return Val::poison(at);
        }
        let known = (!call.signature.learns()).then(|| memo_key(call)).flatten();
        if let Some(found) = known.as_ref().and_then(|key| self.applied.get(key)) {
            return found.clone().at(at);
        }
        let mut ctx = Ctx {
            item: Some(id),
            frame: Arc::new(frame(call.site.as_ref())),
            letters: Arc::new(call.subst.clone()),
            applied: true,
            ..Ctx::default()
        };
        for (name, arg) in call.settings.iter().chain(&call.inputs) {
            if let Arg::Value(val) = arg {
                ctx = ctx.with(name, val.clone());
            }
        }
        self.uses
            .push(Use::new(&call.signature.name, at, &call.settings));
        let found = self.infer(&decl.body, &ctx);
        let found = self.promised(&call.signature, found, &call.subst);
        self.uses.pop();
        if let Some(key) = known
            && is_plain(&found)
        {
            self.applied.insert(key, found.clone());
        }
        found.at(at)
    }

    /// The result of a body, held against what the signature says.
    pub fn promised(&mut self, signature: &Signature, found: Val, subst: &Subst) -> Val {
        let Some((pat, declared)) = &signature.result else {
            return found;
        };
        if found.is_poison() {
            return found;
        }
        let due = Due {
            param: "result".into(),
            of: signature.name.clone(),
            span: *declared,
            at: found.span,
        };
        let mut bound = subst.clone();
        match fit(found.clone(), pat, &mut bound, &due) {
            Ok(fitted) => fitted,
            Err(problem) => {
                let wanted = match instantiate(pat, subst) {
                    Ty::Poison => problems::describe(pat, subst),
                    ty => ty.to_string(),
                };
                let noun = signature.noun.word();
                let shown = found.ty.to_string();
                let by = one_a_row(pat)
                    .then(|| rows_map(signature, subst, &found.ty))
                    .flatten();
                let problem = problems::wrong_result(
                    noun,
                    &signature.name,
                    found.span,
                    &shown,
                    (*declared, &wanted),
                    problem.code,
                    by.as_deref(),
                );
                self.report(problem);
                Val::poison(found.span)
            }
        }
    }

    /// The value a function argument that waited comes to, as a function.
    pub fn now(&mut self, arg: Option<&Arg>, frame: Option<Arc<Frame>>) -> Option<Val> {
        match arg? {
            Arg::Value(val) => Some(val.clone()),
            Arg::Several(_) => None,
            Arg::Later(expr, ctx) => {
                let mut ctx = ctx.clone();
                if let Some(frame) = frame {
                    ctx.frame = frame;
                }
                Some(self.infer(expr, &ctx))
            }
        }
    }

    /// Values for the parameters of one group with letters in them.
    pub fn stand_ins(&mut self, group: &[Parameter], subst: &Subst, ctx: &Ctx) -> Ctx {
        let mut inner = ctx.clone();
        for param in group {
            let value =
                match (instantiate(&param.pat, subst), subst.sizes.get(&param.name)) {
                    (_, Some(size)) => Val::size(size.clone(), param.span),
                    (ty, None) if param.rest => {
                        Val::unknown(Ty::List(ty.into()), param.span)
                    }
                    (ty, None) => Val::unknown(ty, param.span),
                };
            inner = inner.with(&param.name, value);
        }
        inner
    }
}

/// Whether a written type has one entry for each row.
fn one_a_row(pat: &Pat) -> bool {
    matches!(
        pat,
        Pat::Number { axes: Some(axes), .. } if matches!(axes.first(), Some(AxisPat::Rows))
    )
}

/// What decides the result of a function without weights, when all it is given is plain.
fn memo_key(call: &Applied) -> Option<(ItemId, String)> {
    use std::fmt::Write as _;
    let mut key = String::new();
    for (_, arg) in call.settings.iter().chain(&call.inputs) {
        let Arg::Value(val) = arg else { return None };
        if !is_plain(val) {
            return None;
        }
        let _ = write!(key, "{:?}|{:?};", val.ty, val.form);
    }
    Some((call.id, key))
}

/// Whether a value is one number, truth or text, known or not, that means the same wherever
/// it stands.
fn is_plain(val: &Val) -> bool {
    let scalar = match &val.ty {
        Ty::Number(number) => number.axes.is_scalar(),
        Ty::Bool | Ty::Text | Ty::Element | Ty::Named(_) => true,
        _ => false,
    };
    let form = matches!(
        val.form,
        Form::Unknown
            | Form::Size(_)
            | Form::Real(_)
            | Form::Bool(_)
            | Form::Text(_)
            | Form::Element(_)
            | Form::Symbol(_)
    );
    scalar && form
}

fn frame(site: Option<&Site>) -> Frame {
    match site {
        None => Frame::default(),
        Some(site) if site.label.is_empty() => Frame::default(),
        Some(site) => Frame {
            path: site.path.to_string(),
            label: format!("{}.", site.label),
        },
    }
}
