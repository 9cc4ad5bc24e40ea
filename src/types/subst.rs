//! What the letters of a signature stand for at one use of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::dimension::Dimension;
use super::size::Size;
use super::ty::{Axes, Domain, Ty};
use crate::syntax::ast::{Arg, BinaryOp, Expr, ExprKind, UnaryOp};

/// Letters bound so far.
#[derive(Clone, Debug, Default)]
pub struct Subst {
    /// Sizes of size variables and of whole-number settings.
    pub sizes: BTreeMap<Arc<str>, Size>,
    /// Domains.
    pub domains: BTreeMap<Arc<str>, Domain>,
    /// Dimensions of `Q` and `R`.
    pub dimensions: BTreeMap<Arc<str>, Dimension>,
    /// Types of `T` and `U`.
    pub types: BTreeMap<Arc<str>, Ty>,
    /// What `..` stands for.
    pub rest: Option<Axes>,
}

impl Subst {
    /// The size a written axis comes to; none when a letter of it is not bound or a
    /// divisor is 0.
    pub fn size(&self, axis: &Expr) -> Option<Size> {
        match &axis.kind {
            ExprKind::Number(number) => number.digits.parse().ok().map(Size::number),
            ExprKind::Name(name) => self.sizes.get(&name.value).cloned(),
            ExprKind::Unary(UnaryOp::Negate, of) => {
                Some(Size::number(0).minus(&self.size(of)?))
            }
            ExprKind::Binary(op, a, b) => {
                let (a, b) = (self.size(a)?, self.size(b)?);
                match op.value {
                    BinaryOp::Add => Some(a.plus(&b)),
                    BinaryOp::Subtract => Some(a.minus(&b)),
                    BinaryOp::Multiply => Some(a.times(&b)),
                    _ => None,
                }
            }
            ExprKind::Call { callee, args, .. } => {
                let ExprKind::Name(name) = &callee.kind else {
                    return None;
                };
                if let [Arg::Positional(of)] = args.as_slice() {
                    // `size(classes)`, `last(widths)`: known when the setting is.
                    let ExprKind::Name(of) = &of.kind else {
                        return None;
                    };
                    let key = format!("{}({})", name.value, of.value);
                    return self.sizes.get(&*key).cloned();
                }
                let [Arg::Positional(a), Arg::Positional(b)] = args.as_slice() else {
                    return None;
                };
                let (a, b) = (self.size(a)?, self.size(b)?);
                match &*name.value {
                    "div" => a.div(&b),
                    "mod" => a.modulo(&b),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}
