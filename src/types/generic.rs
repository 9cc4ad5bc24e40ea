//! A user's layer, model or function, checked once by itself with letters for sizes.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::bind::Call;
use super::check::Checker;
use super::pattern::{AxisPat, Pat};
use super::problems;
use super::signature::Signature;
use super::size::Size;
use super::subst::Subst;
use super::ty::{Axes, Domain};
use super::value::{Ctx, Frame, Func, Val};
use crate::diagnostic::{Severity, nearest};
use crate::ir::{Kind, Site};
use crate::names::{ItemId, ModuleId};
use crate::syntax::ast::{Expr, ExprKind, Noun};

impl Checker<'_> {
    /// Check the body with letters. A body that fails is not looked at again where it is
    /// used.
    pub fn check_generic(&mut self, id: ItemId) {
        let Some(signature) = self.signature(id) else {
            return;
        };
        let Some(decl) = self.program.item(id).and_then(|def| def.decl().cloned()) else {
            return;
        };
        if signature.builtin {
            return;
        }
        self.steps = 0;
        let before = self.errors();
        self.warn_of_lookalikes(&signature);
        self.check_defaults(id, &signature);
        let subst = rigid(&signature);
        let mut ctx = Ctx {
            item: Some(id),
            letters: Arc::new(subst.clone()),
            frame: Arc::new(Frame::default()),
            applied: true,
            ..Ctx::default()
        };
        for group in &signature.groups {
            ctx = self.stand_ins(group, &subst, &ctx);
        }
        if self.failed.contains(&id) {
            return;
        }
        let found = self.infer(&decl.body, &ctx);
        let found = self.promised(&signature, found, &subst);
        if found.is_poison() && self.errors() > before {
            self.failed.insert(id);
        }
    }

    /// A model that nothing uses is still checked once with its default settings.
    pub fn unused_models(&mut self, module: ModuleId) {
        let items: Vec<ItemId> = self
            .program
            .items_of(module)
            .filter(|(id, def)| {
                def.noun() == Some(Noun::Model)
                    && !self.used.contains(id)
                    && !self.failed.contains(id)
            })
            .map(|(id, _)| id)
            .collect();
        for id in items {
            let Some(signature) = self.signature(id) else {
                continue;
            };
            let group = signature.settings().unwrap_or_default();
            if group
                .iter()
                .any(|param| param.default.is_none() && !param.rest)
            {
                continue;
            }
            self.steps = 0;
            self.with_defaults(id, &signature);
        }
    }

    fn with_defaults(&mut self, id: ItemId, signature: &Arc<Signature>) {
        let call = Call {
            id,
            signature,
            group: signature.settings().unwrap_or_default(),
            at: signature.span,
        };
        let Some(bound) = self.bind(&call, &[], &Ctx::default()) else {
            return;
        };
        let mut subst = rigid(signature);
        for param in call.group {
            subst.sizes.remove(&param.name);
        }
        let fitted = self.fit_group(signature, call.group, &bound, &mut subst, call.at);
        let Some(settings) = fitted else { return };
        let inputs = signature.inputs().iter();
        let inputs = inputs.map(|param| {
            let var = Kind::Var(self.variable());
            let ty = super::matching::instantiate(&param.pat, &subst);
            Val::run(ty, var, param.span)
        });
        let inputs = inputs.collect();
        let model = Func::Item {
            id,
            name: signature.name.clone(),
            settings: signature.settings().map(|_| Arc::new(settings)),
            site: Some(Site {
                path: "".into(),
                label: "".into(),
            }),
            span: signature.span,
        };
        self.apply(&Val::func(model, call.at), inputs, call.at);
        self.written.clear();
    }

    /// Defaults fit their types, whether or not a call relies on them.
    fn check_defaults(&mut self, id: ItemId, signature: &Signature) {
        let mut ctx = Ctx {
            item: Some(id),
            ..Ctx::default()
        };
        for param in signature.groups.iter().flatten() {
            if let Some(default) = &param.default {
                let val = self.infer(default, &ctx);
                let due = signature.due(param, default.span);
                let mut subst = Subst::default();
                if let Err(problem) =
                    super::matching::fit(val, &param.pat, &mut subst, &due)
                {
                    self.report(problem);
                    self.failed.insert(id);
                }
            }
            let stand_in = super::matching::instantiate(&param.pat, &Subst::default());
            let value = self.stand_in(stand_in, param.span);
            ctx = ctx.with(&param.name, value);
        }
    }

    fn errors(&self) -> usize {
        self.problems
            .iter()
            .filter(|p| p.severity() == Severity::Error)
            .count()
    }

    /// A size variable used once whose name is almost a parameter's.
    fn warn_of_lookalikes(&mut self, signature: &Signature) {
        let mut letters: Vec<(Arc<str>, crate::source::Span)> = Vec::new();
        for param in signature.groups.iter().flatten() {
            written_letters(&param.pat, &mut letters);
        }
        if let Some((result, _)) = &signature.result {
            written_letters(result, &mut letters);
        }
        let params: Vec<&str> = signature
            .groups
            .iter()
            .flatten()
            .map(|param| &*param.name)
            .collect();
        for (letter, span) in &letters {
            let uses = letters.iter().filter(|(other, _)| other == letter).count();
            if params.contains(&&**letter) || uses > 1 || letter.chars().count() < 4 {
                continue;
            }
            if let Some(param) = nearest(letter, params.iter().copied()) {
                let param = param.to_string();
                self.report(problems::looks_like_parameter(letter, &param, *span));
            }
        }
    }
}

/// Every letter standing for itself.
fn rigid(signature: &Signature) -> Subst {
    let mut subst = Subst {
        rest: Some(Axes {
            domain: Some(Domain::letter("..")),
            sizes: Vec::new(),
        }),
        ..Subst::default()
    };
    for param in signature.groups.iter().flatten() {
        bind_letters(&param.pat, &mut subst);
        if matches!(
            &param.pat,
            Pat::Number {
                whole: true,
                axes: None,
                ..
            }
        ) && !param.rest
        {
            subst
                .sizes
                .insert(param.name.clone(), Size::letter(&param.name));
        }
    }
    subst
}

fn bind_letters(pat: &Pat, subst: &mut Subst) {
    match pat {
        Pat::Number {
            axes: Some(axes), ..
        } => {
            for axis in axes {
                match axis {
                    AxisPat::Domain(name) => {
                        let domain = Domain::letter(name);
                        subst.domains.insert(name.clone(), domain);
                    }
                    AxisPat::Size(written) => {
                        for name in names_in(written) {
                            subst.sizes.insert(name.clone(), Size::letter(&name));
                        }
                    }
                    AxisPat::Rest | AxisPat::Rows => {}
                }
            }
        }
        Pat::Index(a, b) | Pat::Graph(a, b) => {
            [a, b].into_iter().for_each(|axis| bind_domain(axis, subst));
        }
        Pat::Crystal(n, e, t) => {
            [n, e]
                .into_iter()
                .chain(t)
                .for_each(|axis| bind_domain(axis, subst));
        }
        Pat::List(of)
        | Pat::Set(of)
        | Pat::Range(of)
        | Pat::Space(of)
        | Pat::Maybe(of) => {
            bind_letters(of, subst);
        }
        Pat::Tuple(parts) => parts.iter().for_each(|part| bind_letters(part, subst)),
        Pat::Record(fields) => fields.iter().for_each(|(_, of)| bind_letters(of, subst)),
        _ => {}
    }
}

fn bind_domain(axis: &AxisPat, subst: &mut Subst) {
    if let AxisPat::Domain(name) = axis {
        subst.domains.insert(name.clone(), Domain::letter(name));
    }
}

fn names_in(size: &Expr) -> BTreeSet<Arc<str>> {
    let mut found = BTreeSet::new();
    let mut open = vec![size];
    while let Some(expr) = open.pop() {
        match &expr.kind {
            ExprKind::Name(name) => {
                found.insert(name.value.clone());
            }
            ExprKind::Call { args, .. } => {
                for arg in args {
                    if let crate::syntax::ast::Arg::Positional(value) = arg {
                        open.push(value);
                    }
                }
            }
            _ => open.extend(crate::names::parts(expr).into_iter().map(|part| &**part)),
        }
    }
    found
}

fn written_letters(pat: &Pat, found: &mut Vec<(Arc<str>, crate::source::Span)>) {
    match pat {
        Pat::Number {
            axes: Some(axes), ..
        } => {
            for axis in axes {
                if let AxisPat::Size(written) = axis {
                    found.extend(
                        names_in(written)
                            .into_iter()
                            .map(|name| (name, written.span)),
                    );
                }
            }
        }
        Pat::Tuple(parts) => parts.iter().for_each(|part| written_letters(part, found)),
        _ => {}
    }
}
