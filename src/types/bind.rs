//! Binds the arguments of a call to parameters.

use std::sync::Arc;

use indexmap::IndexMap;

use super::check::Checker;
use super::closing::closes;
use super::matching::fit;
use super::pattern::Pat;
use super::problems;
use super::signature::{Parameter, Signature};
use super::size::Size;
use super::subst::Subst;
use super::ty::Ty;
use super::value::{Arg, Args, Ctx, Form, Func, Val};
use crate::diagnostic::nearest;
use crate::names::{Bound, ItemId};
use crate::source::Span;
use crate::syntax::ast;

/// An argument before its parameter is known to take it.
enum Given {
    Text(Arc<ast::Expr<Bound>>),
    Value(Val),
}

/// One call's arguments on their way to one group of parameters.
pub struct Call<'a> {
    /// Whose parameters.
    pub id: ItemId,
    /// Its signature.
    pub signature: &'a Signature,
    /// The group.
    pub group: &'a [Parameter],
    /// The call.
    pub at: Span,
}

impl Checker<'_> {
    /// Bind written arguments. None when something is wrong; it was reported.
    pub fn bind(
        &mut self,
        call: &Call,
        args: &[ast::Arg<Bound>],
        ctx: &Ctx,
    ) -> Option<Args> {
        let mut given: IndexMap<Arc<str>, (Span, Vec<Given>)> = IndexMap::new();
        let mut spread: IndexMap<Arc<str>, Val> = IndexMap::new();
        let mut more: IndexMap<Arc<str>, (Span, Given)> = IndexMap::new();
        let takes_names = call.group.iter().any(|param| param.names().is_some());
        let known = |name: &str| call.group.iter().any(|param| &*param.name == name);
        let mut fine = true;
        let mut next = 0;
        for arg in args {
            match arg {
                ast::Arg::Positional(value) => {
                    let Some(param) = call.group.get(next) else {
                        let problem = self.too_many(call, value.span);
                        self.report(problem);
                        fine = false;
                        continue;
                    };
                    if param.names().is_some() {
                        let of = &call.signature.name;
                        self.report(problems::name_missing(value.span, of));
                        fine = false;
                        continue;
                    }
                    if !param.rest {
                        next += 1;
                    }
                    let entry = given
                        .entry(param.name.clone())
                        .or_insert((value.span, Vec::new()));
                    if !param.rest && !entry.1.is_empty() {
                        let first = entry.0;
                        self.report(problems::given_twice(
                            &param.name,
                            value.span,
                            first,
                        ));
                        fine = false;
                        continue;
                    }
                    entry.1.push(Given::Text(value.clone()));
                }
                ast::Arg::Named(name, value)
                    if takes_names
                        && !known(&name.value)
                        && !misspelt(call.group, &name.value) =>
                {
                    let given = (name.span, Given::Text(value.clone()));
                    if let Some((first, _)) = more.insert(name.value.clone(), given) {
                        self.report(problems::given_twice(&name.value, name.span, first));
                        fine = false;
                    }
                }
                ast::Arg::Named(name, value) => {
                    let Some(param) = self.parameter(call, &name.value, name.span) else {
                        fine = false;
                        continue;
                    };
                    if let Some((first, _)) = given.get(&param.name) {
                        let first = *first;
                        self.report(problems::given_twice(&name.value, name.span, first));
                        fine = false;
                        continue;
                    }
                    let entry = (name.span, vec![Given::Text(value.clone())]);
                    given.insert(param.name.clone(), entry);
                }
                ast::Arg::Spread(value) => {
                    let record = self.infer(value, ctx);
                    match &record.form {
                        Form::Record(fields) => {
                            for (name, val) in fields {
                                if takes_names && !known(name) {
                                    more.entry(name.clone())
                                        .or_insert((val.span, Given::Value(val.clone())));
                                    continue;
                                }
                                if self.parameter(call, name, value.span).is_none() {
                                    fine = false;
                                }
                                spread.insert(name.clone(), val.clone());
                            }
                        }
                        // A list fills the parameter that takes what remains.
                        Form::List(entries)
                            if call.group.get(next).is_some_and(|p| p.rest) =>
                        {
                            if let Some(param) = call.group.get(next) {
                                let entry = given
                                    .entry(param.name.clone())
                                    .or_insert((value.span, Vec::new()));
                                let at = |val: &Val| val.clone().at(value.span);
                                entry.1.extend(entries.iter().map(at).map(Given::Value));
                            }
                        }
                        _ => {
                            if !record.is_poison() {
                                let problem =
                                    problems::wrong_operand("..", &record, "a record");
                                self.report(problem);
                            }
                            fine = false;
                        }
                    }
                }
            }
        }
        for (name, val) in spread {
            given
                .entry(name)
                .or_insert((val.span, vec![Given::Value(val)]));
        }
        let bound = self.fill(call, given, more, ctx, fine)?;
        fine.then_some(bound)
    }

    /// Bind values that are known already, in order: what a pipe hands on.
    pub fn bind_values(&mut self, call: &Call, values: Vec<Val>) -> Option<Args> {
        if values.len() != call.group.len() && !call.group.iter().any(|param| param.rest)
        {
            let name = format!("`{}`", call.signature.name);
            let (wanted, found) = (call.group.len(), values.len());
            self.report(problems::wrong_arity(&name, call.at, wanted, found));
            return None;
        }
        let mut given = IndexMap::new();
        for (param, value) in call.group.iter().zip(values) {
            given.insert(param.name.clone(), (value.span, vec![Given::Value(value)]));
        }
        self.fill(call, given, IndexMap::new(), &Ctx::default(), true)
    }

    fn too_many(&self, call: &Call, at: Span) -> crate::diagnostic::Problem {
        let params: Vec<&str> = call.group.iter().map(|param| &*param.name).collect();
        problems::too_many(&call.signature.name, at, &params, call.signature.span)
    }

    fn parameter<'b>(
        &mut self,
        call: &Call<'b>,
        name: &str,
        at: Span,
    ) -> Option<&'b Parameter> {
        let found = call.group.iter().find(|param| &*param.name == name);
        if found.is_none() {
            let params: Vec<&str> = call.group.iter().map(|param| &*param.name).collect();
            let of = &call.signature.name;
            let declared = call.signature.span;
            self.report(problems::unknown_argument(name, at, of, &params, declared));
        }
        found
    }

    /// Values and defaults for every parameter, in declared order. With `quiet` lack of
    /// an argument is not said: something worse was.
    fn fill(
        &mut self,
        call: &Call,
        mut given: IndexMap<Arc<str>, (Span, Vec<Given>)>,
        more: IndexMap<Arc<str>, (Span, Given)>,
        ctx: &Ctx,
        fine: bool,
    ) -> Option<Args> {
        let nothing = given.is_empty() && more.is_empty();
        let mut args = Args::new();
        let mut complete = true;
        let mut defaults = Ctx {
            item: Some(call.id),
            ..Ctx::default()
        };
        let mut more = Some(more);
        for param in call.group {
            if let Some(pat) = param.names()
                && let Some(more) = more.take()
            {
                let later = matches!(pat, Pat::Function(..)) && call.signature.builtin;
                let all = more
                    .into_iter()
                    .map(|(name, (_, given))| (Some(name), self.one(given, later, ctx)));
                let all = all.collect();
                args.insert(param.name.clone(), Arg::Several(all));
                continue;
            }
            let arg = match given.swap_remove(&param.name) {
                Some((at, entries)) => Some(self.argument(call, param, entries, at, ctx)),
                None if param.rest && matches!(param.pat, Pat::Function(..)) => {
                    Some(Arg::Several(Vec::new()))
                }
                None if param.rest => {
                    let ty = Ty::List(Ty::Poison.into());
                    let form = Form::List(Vec::new());
                    Some(Arg::Value(Val {
                        ty,
                        form,
                        span: call.at,
                    }))
                }
                None => param.default.as_ref().map(|default| {
                    Arg::Value(self.infer(default, &defaults).at(call.at))
                }),
            };
            let Some(arg) = arg else {
                complete = false;
                if fine {
                    let due = call.signature.due(param, call.at);
                    let wanted = problems::describe(&param.pat, &Subst::default());
                    let alone = nothing && call.signature.settings().is_none();
                    self.report(match alone {
                        true => problems::called_with_nothing(&due, call.at, &wanted),
                        false => problems::missing_argument(&due, call.at, &wanted),
                    });
                }
                continue;
            };
            if let Arg::Value(val) = &arg {
                defaults = defaults.with(&param.name, val.clone());
            }
            args.insert(param.name.clone(), arg);
        }
        complete.then_some(args)
    }

    fn argument(
        &mut self,
        call: &Call,
        param: &Parameter,
        entries: Vec<Given>,
        at: Span,
        ctx: &Ctx,
    ) -> Arg {
        let later = matches!(param.pat, Pat::Function(..) | Pat::Space(_))
            && call.signature.builtin;
        let ctx = &ctx.labelled(&param.name);
        if later && param.rest {
            let all = entries.into_iter();
            let all = all.map(|entry| (None, self.one(entry, later, ctx)));
            return Arg::Several(all.collect());
        }
        let mut values = Vec::new();
        for entry in entries {
            match entry {
                Given::Text(expr) if later => return Arg::Later(expr, ctx.clone()),
                Given::Text(expr) => {
                    let inner = ctx.labelled(&param.name);
                    values.push(match closes(&param.pat) {
                        true => self.closed(&expr, &inner),
                        false => self.infer(&expr, &inner),
                    });
                }
                Given::Value(val) => values.push(val),
            }
        }
        if !param.rest {
            let value = values.into_iter().next();
            return Arg::Value(value.unwrap_or(Val::poison(at)));
        }
        let span = values
            .iter()
            .fold(Span::NOWHERE, |span, val| span.to(val.span));
        let ty = values.first().map_or(Ty::Poison, |first| first.ty.clone());
        Arg::Value(Val {
            ty: Ty::List(ty.into()),
            form: Form::List(values),
            span,
        })
    }

    /// One of several arguments.
    fn one(&mut self, given: Given, later: bool, ctx: &Ctx) -> Arg {
        match given {
            Given::Text(expr) if later => Arg::Later(expr, ctx.clone()),
            Given::Text(expr) => Arg::Value(self.infer(&expr, ctx)),
            Given::Value(val) => Arg::Value(val),
        }
    }

    /// Fit bound arguments to the types of a group; sizes of whole-number settings become
    /// letters of `subst`. None when something is wrong; it was reported.
    pub fn fit_group(
        &mut self,
        signature: &Signature,
        group: &[Parameter],
        args: &Args,
        subst: &mut Subst,
        at: Span,
    ) -> Option<Args> {
        let mut fitted = Args::new();
        let mut fine = true;
        for param in group {
            let Some(arg) = args.get(&param.name) else {
                continue;
            };
            let val = match arg {
                Arg::Value(val) => val,
                Arg::Later(..) => {
                    fitted.insert(param.name.clone(), arg.clone());
                    continue;
                }
                Arg::Several(all) => {
                    let due = signature.due(param, at);
                    let of = param.names().unwrap_or(&param.pat);
                    match self.fit_several(all, of, subst, &due) {
                        Some(all) => {
                            fitted.insert(param.name.clone(), Arg::Several(all));
                        }
                        None => fine = false,
                    }
                    continue;
                }
            };
            let val = match (&param.pat, &val.form) {
                (Pat::Path, Form::Text(written)) => match self.path(written, val.span) {
                    Some(found) => {
                        let form = Form::Path(written.clone(), found);
                        Val {
                            ty: Ty::Path,
                            form,
                            span: val.span,
                        }
                    }
                    None => {
                        fine = false;
                        continue;
                    }
                },
                _ => val.clone(),
            };
            let due = signature.due(param, at);
            let pat = match param.rest {
                true => Pat::List(param.pat.clone().into()),
                false => param.pat.clone(),
            };
            let forgotten = self.forgotten_call(&val, &pat);
            match fit(val, &pat, subst, &due) {
                Ok(val) => {
                    fine &= !val.is_poison();
                    remember_sizes(&param.name, &val, subst);
                    fitted.insert(param.name.clone(), Arg::Value(val));
                }
                Err(problem) => {
                    self.report(match forgotten {
                        Some(call) => problem.help(format!("write `{call}`")),
                        None => problem,
                    });
                    fine = false;
                }
            }
        }
        fine.then_some(fitted)
    }

    /// How to call a function that was named where what it makes is due: `optimizer: adam`.
    fn forgotten_call(&mut self, val: &Val, due: &Pat) -> Option<String> {
        let (Pat::Named(due), Form::Func(func)) = (due, &val.form) else {
            return None;
        };
        let Func::Item { settings: None, .. } = &**func else {
            return None;
        };
        let signature = self.signature_of(func)?;
        let makes =
            matches!(&signature.result, Some((Pat::Named(made), _)) if made == due);
        makes.then(|| signature.bare_call())
    }
}

impl Checker<'_> {
    /// Fit each of several arguments to what each of them is to be.
    fn fit_several(
        &mut self,
        all: &[(Option<Arc<str>>, Arg)],
        of: &Pat,
        subst: &mut Subst,
        due: &problems::Due,
    ) -> Option<Vec<(Option<Arc<str>>, Arg)>> {
        let mut fitted = Vec::new();
        for (name, arg) in all {
            let arg = match arg {
                Arg::Value(val) => match fit(val.clone(), of, subst, due) {
                    Ok(val) if val.is_poison() => return None,
                    Ok(val) => Arg::Value(val),
                    Err(problem) => {
                        self.report(problem);
                        return None;
                    }
                },
                other => other.clone(),
            };
            fitted.push((name.clone(), arg));
        }
        Some(fitted)
    }
}

/// Whether a name that may be any is almost that of a parameter: `on_bda` for `on_bad`.
fn misspelt(group: &[Parameter], name: &str) -> bool {
    let own = group.iter().filter(|param| param.names().is_none());
    let own = own.map(|param| &*param.name);
    nearest(name, own.filter(|known| known.chars().count() > 3)).is_some()
}

/// The value given to a parameter, when it is one.
pub fn value<'a>(args: &'a Args, name: &str) -> Option<&'a Val> {
    match args.get(name) {
        Some(Arg::Value(val)) => Some(val),
        _ => None,
    }
}

/// What the written types may say of a setting: a whole number is a size, a range and a
/// list have one.
fn remember_sizes(name: &Arc<str>, val: &Val, subst: &mut Subst) {
    match &val.form {
        Form::Size(size) => {
            subst.sizes.insert(name.clone(), size.clone());
        }
        Form::List(entries) => {
            let count = Size::number(entries.len() as i64);
            subst.sizes.insert(format!("size({name})").into(), count);
            if let Some(Form::Size(last)) = entries.last().map(|entry| &entry.form) {
                subst
                    .sizes
                    .insert(format!("last({name})").into(), last.clone());
            }
        }
        Form::Range(from, to, inclusive) => {
            let ends = (from.as_f64(), to.as_f64());
            if let (Some(from), Some(to)) = ends {
                let count = (to - from) as i64 + i64::from(*inclusive);
                subst
                    .sizes
                    .insert(format!("size({name})").into(), Size::number(count));
            }
        }
        _ => {}
    }
}
