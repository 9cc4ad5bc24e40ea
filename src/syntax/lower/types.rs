//! Written types.

use std::sync::Arc;

use pest::iterators::Pair;

use super::super::ast::{Type, TypeArg, TypeKind};
use super::super::failure;
use super::super::parse::Rule;
use super::{Lower, take};

impl Lower<'_> {
    /// The rule `type_`.
    pub(super) fn ty(&self, pair: Pair<'_, Rule>) -> Type {
        let mut parts = pair.into_inner();
        let from = self.plain_ty(take(&mut parts));
        let Some(to) = parts.next() else { return from };
        let to = self.ty(to);
        let span = from.span.to(to.span);
        Type {
            kind: TypeKind::Function(Box::new(from), Box::new(to)),
            span,
        }
    }

    fn plain_ty(&self, pair: Pair<'_, Rule>) -> Type {
        let mut parts = pair.into_inner();
        let inner = take(&mut parts);
        let span = self.span(&inner);
        let ty = match inner.as_rule() {
            Rule::tensor_ty => Type {
                kind: TypeKind::Tensor(self.type_args(inner)),
                span,
            },
            Rule::tuple_ty => self.tuple_ty(inner),
            Rule::record_ty => {
                let fields = inner.into_inner().map(|field| {
                    let mut parts = field.into_inner();
                    let name = self.ident(&take(&mut parts));
                    (name, self.ty(take(&mut parts)))
                });
                Type {
                    kind: TypeKind::Record(fields.collect()),
                    span,
                }
            }
            _ => self.quantity_ty(inner),
        };
        let Some(maybe) = parts.next() else { return ty };
        let span = ty.span.to(self.span(&maybe));
        Type {
            kind: TypeKind::Maybe(Box::new(ty)),
            span,
        }
    }

    /// Several in brackets are a tuple; a single one is itself.
    fn tuple_ty(&self, pair: Pair<'_, Rule>) -> Type {
        let span = self.span(&pair);
        let mut parts: Vec<Type> = pair.into_inner().map(|part| self.ty(part)).collect();
        match parts.pop() {
            Some(only) if parts.is_empty() => Type {
                kind: only.kind,
                span,
            },
            last => {
                parts.extend(last);
                Type {
                    kind: TypeKind::Tuple(parts),
                    span,
                }
            }
        }
    }

    fn quantity_ty(&self, pair: Pair<'_, Rule>) -> Type {
        let mut parts = pair.into_inner();
        let mut ty = self.power_ty(take(&mut parts));
        while let Some(op) = parts.next() {
            let right = self.power_ty(take(&mut parts));
            let span = ty.span.to(right.span);
            let divides = op.as_rule() == Rule::over;
            let kind = TypeKind::Product(Box::new(ty), divides, Box::new(right));
            ty = Type { kind, span };
        }
        ty
    }

    fn power_ty(&self, pair: Pair<'_, Rule>) -> Type {
        let mut parts = pair.into_inner();
        let base = self.named_ty(take(&mut parts));
        let Some(exponent) = parts.next() else {
            return base;
        };
        let here = self.span(&exponent);
        let span = base.span.to(here);
        let Some((over, under)) = fraction(exponent.as_str()) else {
            self.report(failure::not_an_exponent(here));
            return base;
        };
        Type {
            kind: TypeKind::Power(Box::new(base), over, under),
            span,
        }
    }

    fn named_ty(&self, pair: Pair<'_, Rule>) -> Type {
        let span = self.span(&pair);
        let mut parts = pair.into_inner();
        let name = self.ident(&take(&mut parts));
        let args = parts
            .next()
            .map(|args| self.type_args(args))
            .unwrap_or_default();
        Type {
            kind: TypeKind::Named(name, args),
            span,
        }
    }

    fn type_args(&self, pair: Pair<'_, Rule>) -> Vec<TypeArg> {
        let arg = |part: Pair<'_, Rule>| match part.as_rule() {
            Rule::rest => TypeArg::Rest(self.span(&part)),
            Rule::type_ => TypeArg::Type(self.ty(part)),
            _ => TypeArg::Size(Arc::new(self.operation(part))),
        };
        pair.into_inner().map(arg).collect()
    }
}

/// `2`, `-1` or `(1/3)`.
fn fraction(text: &str) -> Option<(i8, i8)> {
    let inside = text.trim_start_matches('(').trim_end_matches(')');
    let (over, under) = inside.split_once('/').unwrap_or((inside, "1"));
    let (over, under) = (over.parse().ok()?, under.parse().ok()?);
    (under > 0).then_some((over, under))
}
