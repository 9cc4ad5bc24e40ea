//! Types and values of expressions, from the inside out.

use std::sync::Arc;

use indexmap::IndexMap;

use super::check::Checker;
use super::dimension::Dimension;
use super::holes::kept;
use super::numeric::{number, unless_missing};
use super::problems;
use super::signature::Signature;
use super::ty::Ty;
use super::unit::Unit;
use super::value::{Ctx, Form, Func, Val};
use crate::ir::{self, Kind};
use crate::names::{Bound, Target};
use crate::source::{Span, Spanned};
use crate::syntax::ast::{Arg, Expr, ExprKind, Ident, Let, Pattern};

/// The stack one step of [`Checker::infer`] may take before it asks again, in bytes.
const STACK_LEFT: usize = 256 << 10;
/// What the stack grows by, in bytes.
const STACK_MORE: usize = 4 << 20;

impl Checker<'_> {
    /// Check an expression.
    pub fn infer(&mut self, expr: &Arc<Expr<Bound>>, ctx: &Ctx) -> Val {
        // Functions are checked by applying them, so how deep this goes is decided by the
        // script and not by the text's nesting: the stack grows with it.
        let val =
            stacker::maybe_grow(STACK_LEFT, STACK_MORE, || self.infer_here(expr, ctx));
        if let Some(types) = &mut self.types
            && !val.is_poison()
        {
            types.entry(expr.span).or_insert_with(|| val.ty.clone());
        }
        val
    }

    fn infer_here(&mut self, expr: &Arc<Expr<Bound>>, ctx: &Ctx) -> Val {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Number(number) => self.literal(number, span),
            ExprKind::Text(text) => Val {
                ty: Ty::Text,
                form: Form::Text(text.as_str().into()),
                span,
            },
            ExprKind::Bool(value) => Val::truth(*value, span),
            ExprKind::Name(name) => self.name(name, span, ctx),
            ExprKind::RowField(name) => self.row_field(name, ctx),
            ExprKind::Record(fields) => self.record(fields, span, ctx),
            ExprKind::Block(lets, value) => {
                let mut inner = ctx.clone();
                for item in lets {
                    inner = self.inner_let(item, &inner);
                }
                self.infer(value, &inner)
            }
            ExprKind::Tuple(parts) => {
                let parts: Vec<Val> =
                    parts.iter().map(|part| self.infer(part, ctx)).collect();
                let ty = Ty::Tuple(parts.iter().map(|part| part.ty.clone()).collect());
                Val {
                    ty,
                    form: Form::Tuple(parts),
                    span,
                }
            }
            ExprKind::List(parts) => self.list(parts, span, ctx),
            ExprKind::Call { callee, args, .. } => self.call(callee, args, span, ctx),
            ExprKind::Index(of, at) => self.index(of, at, span, ctx),
            ExprKind::Field(of, name) => {
                let of = match self.kept_record(of, ctx) {
                    Some(record) => record,
                    None => self.infer(of, ctx),
                };
                let found = self.field(of, name, span);
                self.in_cell(found)
            }
            ExprKind::Unary(op, of) => {
                let of = self.infer(of, ctx);
                self.unary(*op, of, span)
            }
            ExprKind::Binary(op, a, b) => {
                let a = self.infer(a, ctx);
                let b = self.infer(b, ctx);
                self.binary(op, a, b, span)
            }
            ExprKind::Range {
                from,
                to,
                inclusive,
            } => {
                let from = self.infer(from, ctx);
                let to = self.infer(to, ctx);
                self.range(from, to, *inclusive, span)
            }
            ExprKind::Convert(of, unit) => {
                let of = self.infer(of, ctx);
                self.convert(of, unit, span)
            }
            ExprKind::Pipe(of, to) => self.pipe(of, to, span, ctx),
            ExprKind::Compose(first, second) => {
                let first = self.infer(first, ctx);
                let second = self.infer(second, ctx);
                self.compose(first, second, span)
            }
            ExprKind::If(test, yes, no) => self.choose(test, yes, no, span, ctx),
            ExprKind::Lambda(lambda) => {
                Val::func(Func::Lambda(lambda.clone(), Box::new(ctx.clone())), span)
            }
        }
    }

    fn name(&mut self, name: &Bound, span: Span, ctx: &Ctx) -> Val {
        match name.target {
            Target::Local => match ctx.env.find(&name.name) {
                Some(value) => self.in_cell(value.clone().at(span)),
                None => Val::poison(span),
            },
            Target::Item(id) => {
                let value = self.item_value(id).at(span);
                self.in_cell(value)
            }
            Target::Module(id) => Val {
                ty: Ty::Module,
                form: Form::Module(id),
                span,
            },
            Target::Element(element) => Val {
                ty: Ty::Element,
                form: Form::Element(element),
                span,
            },
            Target::Letter => match ctx.letters.sizes.get(&name.name) {
                Some(size) => Val::size(size.clone(), span),
                None => match ctx.letters.domains.get(&name.name) {
                    Some(domain) => Val::unknown(Ty::Domain(domain.clone()), span),
                    None if &*name.name == "rows" => {
                        Val::unknown(Ty::Domain(super::ty::Domain::Rows), span)
                    }
                    None => Val::poison(span),
                },
            },
            Target::Builtin | Target::Missing => Val::poison(span),
        }
    }

    /// A record bound to a name, with the axes of each field still in it: what `.x` of it
    /// is need not be swept because another field is.
    fn kept_record(&mut self, expr: &Expr<Bound>, ctx: &Ctx) -> Option<Val> {
        let ExprKind::Name(name) = &expr.kind else {
            return None;
        };
        let value = match name.target {
            Target::Local => ctx.env.find(&name.name)?.clone(),
            Target::Item(id) => self.item_value(id),
            _ => return None,
        };
        matches!(value.form, Form::Record(_)).then(|| value.at(expr.span))
    }

    fn row_field(&mut self, name: &Ident, ctx: &Ctx) -> Val {
        match &ctx.row {
            Some(row) => {
                let row = (**row).clone();
                self.field(row, name, name.span)
            }
            None => {
                self.report(problems::no_row(
                    &name.value,
                    name.span,
                    ctx.row_name.as_deref(),
                ));
                Val::poison(name.span)
            }
        }
    }

    fn record(&mut self, parts: &[Arg<Bound>], span: Span, ctx: &Ctx) -> Val {
        let keeps = ctx.keeps;
        let ctx = &Ctx {
            keeps: false,
            ..ctx.clone()
        };
        let mut fields: IndexMap<Arc<str>, Val> = IndexMap::new();
        let mut written: Vec<Arc<str>> = Vec::new();
        for part in parts {
            match part {
                Arg::Positional(value) => {
                    self.infer(value, ctx);
                }
                Arg::Named(name, value) => {
                    let label = match &ctx.label {
                        Some(outer) => format!("{outer}.{}", name.value).into(),
                        None => name.value.clone(),
                    };
                    let inner = ctx.labelled(&label);
                    let val = match keeps {
                        true => self.open(value, &inner),
                        false => self.infer(value, &inner),
                    };
                    if written.contains(&name.value) {
                        self.report(problems::field_twice(&name.value, name.span));
                    }
                    written.push(name.value.clone());
                    fields.insert(name.value.clone(), val);
                }
                Arg::Spread(value) => {
                    let val = self.infer(value, ctx);
                    match &val.form {
                        Form::Record(more) => {
                            for (name, val) in more {
                                if !written.contains(name) {
                                    fields.insert(name.clone(), val.clone());
                                }
                            }
                        }
                        _ if val.is_poison() => return Val::poison(span),
                        _ => {
                            self.report(problems::wrong_operand("..", &val, "a record"));
                            return Val::poison(span);
                        }
                    }
                }
            }
        }
        let ty = Ty::Record(
            fields
                .iter()
                .map(|(n, val)| (n.clone(), val.ty.clone()))
                .collect(),
        );
        Val {
            ty,
            form: Form::Record(fields),
            span,
        }
    }

    fn list(&mut self, parts: &[Arc<Expr<Bound>>], span: Span, ctx: &Ctx) -> Val {
        let mut entries: Vec<Val> =
            parts.iter().map(|part| self.infer(part, ctx)).collect();
        if entries.iter().any(Val::is_poison) {
            return Val::poison(span);
        }
        // Whole numbers among numbers count as numbers.
        let any_real = entries
            .iter()
            .any(|entry| number(&entry.ty).is_some_and(|n| !n.whole));
        if any_real {
            entries = entries.into_iter().map(super::numeric::widen).collect();
        }
        entries = as_metrics(entries);
        let Some(first) = entries.first() else {
            let ty = Ty::List(Ty::Poison.into());
            return Val {
                ty,
                form: Form::List(Vec::new()),
                span,
            };
        };
        for entry in entries.iter().skip(1) {
            if !super::numeric::same_kind(&first.ty, &entry.ty) {
                let problem =
                    problems::types_differ("the entries of a list", first, entry);
                self.report(problem);
                return Val::poison(span);
            }
        }
        let ty = Ty::List(first.ty.clone().into());
        Val {
            ty,
            form: Form::List(entries),
            span,
        }
    }

    fn inner_let(&mut self, item: &Let<Bound>, ctx: &Ctx) -> Ctx {
        let value = match (&item.pattern, &item.ty) {
            (Pattern::Name(name), None) => {
                self.open(&item.value, &ctx.labelled(&name.value))
            }
            (Pattern::Name(name), Some(ty)) => {
                let inner = ctx.labelled(&name.value);
                let swept = self.cells(item.value.span, &mut |checker| {
                    let value = checker.infer(&item.value, &inner);
                    checker.declared(value, ty, ctx)
                });
                kept(swept, item.value.span)
            }
            (Pattern::Tuple(..), _) => self.infer(&item.value, ctx),
        };
        self.destructure(&item.pattern, value, ctx)
    }

    fn destructure(&mut self, pattern: &Pattern, value: Val, ctx: &Ctx) -> Ctx {
        match pattern {
            Pattern::Name(name) => ctx.with(&name.value, value),
            Pattern::Tuple(names, span) => {
                let parts = self.tuple_parts(names.len(), *span, &value);
                let mut inner = ctx.clone();
                for (name, part) in names.iter().zip(parts) {
                    inner = inner.with(&name.value, part);
                }
                inner
            }
        }
    }

    /// The parts of a tuple of that many names; `span` is where the names stand.
    pub fn tuple_parts(&mut self, count: usize, span: Span, value: &Val) -> Vec<Val> {
        match (&value.form, &value.ty) {
            (Form::Tuple(parts), _) if parts.len() == count => parts.clone(),
            (_, Ty::Tuple(tys)) if tys.len() == count => {
                let part = |ty: &Ty| Val::unknown(ty.clone(), value.span);
                tys.iter().map(part).collect()
            }
            _ => {
                if !value.is_poison() {
                    self.report(problems::wrong_tuple(span, count, value));
                }
                vec![Val::poison(span); count]
            }
        }
    }

    fn range(&mut self, from: Val, to: Val, inclusive: bool, span: Span) -> Val {
        if from.is_poison() || to.is_poison() {
            return Val::poison(span);
        }
        if !super::numeric::same_kind(&from.ty, &to.ty) {
            let problem = problems::types_differ("both ends of a range", &from, &to);
            self.report(problem);
            return Val::poison(span);
        }
        let ty = Ty::Range(to.ty.clone().into());
        Val {
            ty,
            form: Form::Range(from.into(), to.into(), inclusive),
            span,
        }
    }

    fn convert(&mut self, of: Val, unit: &Spanned<Arc<str>>, span: Span) -> Val {
        let of = match unless_missing(of) {
            Ok(of) => of,
            Err(problem) => {
                self.report(problem);
                return Val::poison(span);
            }
        };
        if of.is_poison() {
            return Val::poison(span);
        }
        let Some(found) = number(&of.ty).map(|number| number.dimension) else {
            self.report(problems::wrong_operand("to", &of, "a number"));
            return Val::poison(span);
        };
        let wanted = if &*unit.value == "%" {
            Dimension::NONE
        } else {
            match Unit::parse(&unit.value) {
                Ok(parsed) => parsed.dimension,
                Err(why) => {
                    self.report(problems::no_such_unit(&why, "", unit.span));
                    return Val::poison(span);
                }
            }
        };
        if wanted != found {
            let problem =
                problems::cannot_show(&of, found, &unit.value, wanted, unit.span);
            self.report(problem);
            return Val::poison(span);
        }
        let form = match of.form {
            Form::Real(real) => Form::Real(ir::Real {
                shown: Some(unit.value.clone()),
                ..real
            }),
            Form::Run(expr) => {
                return Val::run(of.ty, Kind::Shown(expr, unit.value.clone()), span);
            }
            other => other,
        };
        Val {
            ty: of.ty,
            form,
            span,
        }
    }

    fn choose(
        &mut self,
        test: &Arc<Expr<Bound>>,
        yes: &Arc<Expr<Bound>>,
        no: &Arc<Expr<Bound>>,
        span: Span,
        ctx: &Ctx,
    ) -> Val {
        let test = self.infer(test, ctx);
        if test.is_poison() {
            return Val::poison(span);
        }
        if test.ty != Ty::Bool {
            self.report(problems::wrong_operand("if", &test, "a Bool"));
            return Val::poison(span);
        }
        if let Form::Bool(value) = test.form {
            let branch = if value { yes } else { no };
            return self.infer(branch, ctx).at(span);
        }
        let yes = self.infer(yes, ctx);
        let no = self.infer(no, ctx);
        if yes.is_poison() || no.is_poison() {
            return Val::poison(span);
        }
        if !super::numeric::same_kind(&yes.ty, &no.ty) {
            self.report(problems::types_differ("the branches of an `if`", &yes, &no));
            return Val::poison(span);
        }
        match (test.as_ir(), yes.as_ir(), no.as_ir()) {
            (Some(test), Some(a), Some(b)) => {
                Val::run(yes.ty, Kind::If(test, a, b), span)
            }
            _ => Val::unknown(yes.ty, span),
        }
    }

    /// The signature of a function value that is an item.
    pub fn signature_of(&mut self, func: &Func) -> Option<Arc<Signature>> {
        match func {
            Func::Item { id, .. } => self.signature(*id),
            Func::Lambda(..) | Func::Compose(..) => None,
        }
    }
}

/// Losses among metrics count as metrics, as they do where a metric is due.
fn as_metrics(mut entries: Vec<Val>) -> Vec<Val> {
    let is = |ty: &Ty, name: &str| matches!(ty, Ty::Named(found) if **found == *name);
    if entries.iter().any(|val| is(&val.ty, "Metric")) {
        for val in entries.iter_mut().filter(|val| is(&val.ty, "Loss")) {
            val.ty = Ty::Named("Metric".into());
        }
    }
    entries
}
