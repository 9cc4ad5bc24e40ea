//! Syntax trees with plain names in, trees with [`Bound`] names out.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::problems;
use super::program::{Bound, Target};
use super::scope::Scope;
use crate::chem::Element;
use crate::diagnostic::{Problem, nearest};
use crate::source::Span;
use crate::syntax::ast::{
    Arg, Decl, Expr, ExprKind, Ident, Lambda, Let, Noun, Param, Pattern, Type, TypeArg,
    TypeKind,
};

/// What the names of a file may stand for, besides what is local to an item.
pub struct Resolver<'a> {
    /// Items of the file, its imports and the prelude.
    pub globals: &'a BTreeMap<Arc<str>, Target>,
    /// Whether `builtin` is a body here.
    pub is_std: bool,
    /// Names a `use` failed to bring in: nothing more is said about them.
    pub lost: &'a [Arc<str>],
    /// What was found wrong.
    pub problems: Vec<Problem>,
    scope: Scope,
}

impl<'a> Resolver<'a> {
    /// A resolver for one file.
    pub fn new(
        globals: &'a BTreeMap<Arc<str>, Target>,
        is_std: bool,
        lost: &'a [Arc<str>],
    ) -> Self {
        let scope = Scope::default();
        Resolver {
            globals,
            is_std,
            lost,
            problems: Vec::new(),
            scope,
        }
    }

    /// A top-level `let`.
    pub fn top_let(&mut self, item: &Let) -> Let<Bound> {
        self.scope = Scope::default();
        Let {
            pattern: item.pattern.clone(),
            ty: item.ty.clone(),
            value: self.expr(&item.value),
            span: item.span,
        }
    }

    /// Any other item.
    pub fn decl(&mut self, decl: &Decl) -> Decl<Bound> {
        self.scope = Scope::default();
        self.check_form(decl);
        self.collect_letters(decl);
        let groups = decl.groups.iter().map(|group| self.params(group)).collect();
        Decl {
            noun: decl.noun,
            name: decl.name.clone(),
            groups,
            result: decl.result.clone(),
            body: self.expr(&decl.body),
        }
    }

    fn check_form(&mut self, decl: &Decl) {
        let takes = matches!(decl.noun, Noun::Fn | Noun::Layer | Noun::Model);
        if !takes {
            if let Some(first) = decl.groups.first() {
                let span = first
                    .iter()
                    .fold(Span::NOWHERE, |span, param| span.to(param.span));
                let span = if span == Span::NOWHERE {
                    decl.name.span
                } else {
                    span
                };
                let word = decl.noun.word();
                self.problems
                    .push(problems::no_parameters(word, &decl.name.value, span));
            }
            return;
        }
        for param in decl
            .groups
            .iter()
            .flatten()
            .filter(|param| param.ty.is_none())
        {
            let what = format!("the parameter `{}`", param.name.value);
            self.problems.push(problems::untyped(&what, param.span));
        }
        let learns = matches!(decl.noun, Noun::Layer | Noun::Model);
        if learns && decl.result.is_none() {
            let what = format!("the result of `{}`", decl.name.value);
            self.problems.push(problems::untyped(&what, decl.name.span));
        }
    }

    /// Free names of the parameters' types are size variables or domains in the body.
    fn collect_letters(&mut self, decl: &Decl) {
        self.scope.letter(&"rows".into());
        let params: Vec<&str> = decl
            .groups
            .iter()
            .flatten()
            .map(|param| &*param.name.value)
            .collect();
        for ty in decl
            .groups
            .iter()
            .flatten()
            .filter_map(|param| param.ty.as_ref())
        {
            let mut found = Vec::new();
            letters(ty, &mut found);
            for letter in found {
                if !params.contains(&&*letter.value) {
                    self.scope.letter(&letter.value);
                }
            }
        }
    }

    fn params(&mut self, group: &[Param]) -> Vec<Param<Bound>> {
        let mut bound = Vec::new();
        for param in group {
            let default = param.default.as_ref().map(|default| self.expr(default));
            self.bind(&param.name);
            bound.push(Param {
                rest: param.rest,
                name: param.name.clone(),
                ty: param.ty.clone(),
                default,
                span: param.span,
            });
        }
        bound
    }

    fn bind(&mut self, name: &Ident) {
        if name.value.parse::<Element>().is_ok() {
            self.problems
                .push(problems::element(&name.value, name.span));
        }
        self.scope.bind(&name.value);
    }

    fn bind_pattern(&mut self, pattern: &Pattern) {
        match pattern {
            Pattern::Name(name) => self.bind(name),
            Pattern::Tuple(names, _) => {
                for name in names {
                    self.bind(name);
                }
            }
        }
    }

    fn expr(&mut self, expr: &Arc<Expr>) -> Arc<Expr<Bound>> {
        let kind = self.kind(expr);
        Arc::new(Expr {
            kind,
            span: expr.span,
        })
    }

    fn exprs(&mut self, all: &[Arc<Expr>]) -> Vec<Arc<Expr<Bound>>> {
        all.iter().map(|one| self.expr(one)).collect()
    }

    fn kind(&mut self, expr: &Expr) -> ExprKind<Bound> {
        match &expr.kind {
            ExprKind::Number(number) => ExprKind::Number(number.clone()),
            ExprKind::Text(text) => ExprKind::Text(text.clone()),
            ExprKind::Bool(value) => ExprKind::Bool(*value),
            ExprKind::Name(name) => ExprKind::Name(self.name(name)),
            ExprKind::RowField(name) => ExprKind::RowField(name.clone()),
            ExprKind::Record(parts) => ExprKind::Record(self.args(parts)),
            ExprKind::Block(lets, value) => self.block(lets, value),
            ExprKind::Tuple(parts) => ExprKind::Tuple(self.exprs(parts)),
            ExprKind::List(parts) => ExprKind::List(self.exprs(parts)),
            ExprKind::Call {
                callee,
                args,
                brackets,
            } => ExprKind::Call {
                callee: self.expr(callee),
                args: self.args(args),
                brackets: *brackets,
            },
            ExprKind::Index(of, at) => ExprKind::Index(self.expr(of), self.expr(at)),
            ExprKind::Field(of, name) => ExprKind::Field(self.expr(of), name.clone()),
            ExprKind::Unary(op, of) => ExprKind::Unary(*op, self.expr(of)),
            ExprKind::Binary(op, a, b) => {
                ExprKind::Binary(op.clone(), self.expr(a), self.expr(b))
            }
            ExprKind::Range {
                from,
                to,
                inclusive,
            } => ExprKind::Range {
                from: self.expr(from),
                to: self.expr(to),
                inclusive: *inclusive,
            },
            ExprKind::Convert(of, unit) => ExprKind::Convert(self.expr(of), unit.clone()),
            ExprKind::Pipe(of, to) => ExprKind::Pipe(self.expr(of), self.expr(to)),
            ExprKind::Compose(of, to) => ExprKind::Compose(self.expr(of), self.expr(to)),
            ExprKind::If(test, yes, no) => {
                ExprKind::If(self.expr(test), self.expr(yes), self.expr(no))
            }
            ExprKind::Lambda(lambda) => self.lambda(lambda),
        }
    }

    fn block(&mut self, lets: &[Let], value: &Arc<Expr>) -> ExprKind<Bound> {
        let mark = self.scope.enter();
        let mut bound = Vec::new();
        for item in lets {
            let value = self.expr(&item.value);
            self.bind_pattern(&item.pattern);
            bound.push(Let {
                pattern: item.pattern.clone(),
                ty: item.ty.clone(),
                value,
                span: item.span,
            });
        }
        let value = self.expr(value);
        self.scope.leave(mark);
        ExprKind::Block(bound, value)
    }

    fn lambda(&mut self, lambda: &Lambda) -> ExprKind<Bound> {
        let mark = self.scope.enter();
        for param in &lambda.params {
            self.bind(param);
        }
        let body = self.expr(&lambda.body);
        self.scope.leave(mark);
        ExprKind::Lambda(Arc::new(Lambda {
            params: lambda.params.clone(),
            body,
        }))
    }

    fn args(&mut self, args: &[Arg]) -> Vec<Arg<Bound>> {
        let mut bound = Vec::new();
        for arg in args {
            bound.push(match arg {
                Arg::Positional(value) => Arg::Positional(self.expr(value)),
                Arg::Named(name, value) => Arg::Named(name.clone(), self.expr(value)),
                Arg::Spread(value) => Arg::Spread(self.expr(value)),
            });
        }
        bound
    }

    fn name(&mut self, name: &Ident) -> Bound {
        Bound {
            name: name.value.clone(),
            target: self.target(name),
        }
    }

    fn target(&mut self, name: &Ident) -> Target {
        let word = &*name.value;
        if let Some(target) = self.scope.find(word) {
            return target;
        }
        if let Some(target) = self.globals.get(word) {
            return *target;
        }
        if let Ok(element) = word.parse::<Element>() {
            return Target::Element(element);
        }
        if word == "builtin" && self.is_std {
            return Target::Builtin;
        }
        if !self.lost.iter().any(|lost| &**lost == word) {
            let known = self
                .scope
                .names()
                .chain(self.globals.keys().map(|key| &**key));
            let near = nearest(word, known);
            let hint = elsewhere(word).or_else(|| formula(word));
            self.problems
                .push(problems::unknown(word, name.span, near, hint));
        }
        Target::Missing
    }
}

/// Where in the standard library a name is defined, if it only lacks its `use`.
fn elsewhere(word: &str) -> Option<String> {
    for (module, _, text) in super::STDLIB {
        let defines = text.lines().any(|line| {
            let mut words = line.split([' ', '(', '=', ':']);
            matches!(words.next(), Some("let" | "fn" | "layer" | "model"))
                && words.next() == Some(word)
        });
        if defines {
            return Some(format!("bring it in: `use {module}.{{{word}}}`"));
        }
    }
    None
}

/// What to write for a formula without quotes: it reads as a name.
fn formula(word: &str) -> Option<String> {
    let mut elements = 0;
    let mut rest = word;
    while !rest.is_empty() {
        let symbol = [2, 1]
            .into_iter()
            .filter_map(|length| rest.get(..length))
            .find(|symbol| symbol.parse::<Element>().is_ok())?;
        elements += 1;
        rest = rest.get(symbol.len()..)?;
        rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    (elements > 1).then(|| format!("a formula is a text: write `\"{word}\"`"))
}

/// The free lower-case names of a type: size variables and domains.
fn letters(ty: &Type, found: &mut Vec<Ident>) {
    match &ty.kind {
        TypeKind::Named(_, args) | TypeKind::Tensor(args) => {
            for arg in args {
                match arg {
                    TypeArg::Rest(_) => {}
                    TypeArg::Type(ty) => letters(ty, found),
                    TypeArg::Size(size) => size_letters(size, found),
                }
            }
        }
        TypeKind::Tuple(parts) => parts.iter().for_each(|part| letters(part, found)),
        TypeKind::Record(fields) => fields.iter().for_each(|(_, ty)| letters(ty, found)),
        TypeKind::Function(from, to) | TypeKind::Product(from, _, to) => {
            letters(from, found);
            letters(to, found);
        }
        TypeKind::Maybe(of) | TypeKind::Power(of, ..) => letters(of, found),
    }
}

fn size_letters(size: &Expr, found: &mut Vec<Ident>) {
    match &size.kind {
        ExprKind::Name(name) => found.push(name.clone()),
        ExprKind::Unary(_, of) => size_letters(of, found),
        ExprKind::Binary(_, a, b) => {
            size_letters(a, found);
            size_letters(b, found);
        }
        ExprKind::Call { args, .. } => {
            for arg in args {
                if let Arg::Positional(value) = arg {
                    size_letters(value, found);
                }
            }
        }
        _ => {}
    }
}
