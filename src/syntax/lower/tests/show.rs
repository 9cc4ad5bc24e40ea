//! Trees as nested brackets, for tests to compare.

use std::sync::Arc;

use crate::syntax::ast::{
    Arg, Expr, ExprKind, ItemKind, Type, TypeArg, TypeKind, UnaryOp,
};
use crate::syntax::parse::tests::good;

/// The expression `text` as nested brackets.
pub(in crate::syntax) fn tree(text: &str) -> String {
    let (_, file) = good(&format!("tmo 1\nlet x = {text}\n"));
    match &file.items[0].kind {
        ItemKind::Let(item) => show(&item.value),
        other => panic!("not a let: {other:?}"),
    }
}

fn show(e: &Expr) -> String {
    let all = |parts: &[Arc<Expr>]| {
        parts
            .iter()
            .map(|part| show(part))
            .collect::<Vec<_>>()
            .join(" ")
    };
    match &e.kind {
        ExprKind::Number(n) => match &n.unit {
            Some(unit) => format!("{}_{}", n.digits, unit.value),
            None => n.digits.to_string(),
        },
        ExprKind::Text(text) => format!("{text:?}"),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::Name(name) => name.value.to_string(),
        ExprKind::RowField(name) => format!(".{}", name.value),
        ExprKind::Record(parts) => format!("{{{}}}", show_args(parts)),
        ExprKind::Block(lets, value) => {
            let lets: Vec<String> = lets.iter().map(|l| show(&l.value)).collect();
            format!("(block {} {})", lets.join(" "), show(value))
        }
        ExprKind::Tuple(parts) => format!("(tuple {})", all(parts)),
        ExprKind::List(parts) => format!("[{}]", all(parts)),
        ExprKind::Call { callee, args, .. } => {
            format!("({}({}))", show(callee), show_args(args))
        }
        ExprKind::Index(of, at) => format!("({}[{}])", show(of), show(at)),
        ExprKind::Field(of, name) => format!("({}.{})", show(of), name.value),
        ExprKind::Unary(UnaryOp::Negate, of) => format!("(- {})", show(of)),
        ExprKind::Unary(UnaryOp::Not, of) => format!("(not {})", show(of)),
        ExprKind::Binary(op, a, b) => {
            format!("({} {} {})", op.value.symbol(), show(a), show(b))
        }
        ExprKind::Range {
            from,
            to,
            inclusive: true,
        } => {
            format!("(..= {} {})", show(from), show(to))
        }
        ExprKind::Range { from, to, .. } => format!("(.. {} {})", show(from), show(to)),
        ExprKind::Convert(of, unit) => format!("(to {} {})", show(of), unit.value),
        ExprKind::Pipe(a, b) => format!("(|> {} {})", show(a), show(b)),
        ExprKind::Compose(a, b) => format!("(>> {} {})", show(a), show(b)),
        ExprKind::If(c, a, b) => format!("(if {} {} {})", show(c), show(a), show(b)),
        ExprKind::Lambda(lambda) => {
            let params: Vec<&str> = lambda.params.iter().map(|p| &*p.value).collect();
            format!("({} => {})", params.join(" "), show(&lambda.body))
        }
    }
}

fn show_args(args: &[Arg]) -> String {
    let arg = |arg: &Arg| match arg {
        Arg::Positional(e) => show(e),
        Arg::Named(name, e) => format!("{}:{}", name.value, show(e)),
        Arg::Spread(e) => format!("..{}", show(e)),
    };
    args.iter().map(arg).collect::<Vec<_>>().join(" ")
}

/// A type as nested brackets.
pub(in crate::syntax) fn show_type(ty: &Type) -> String {
    let all = |types: &[Type]| types.iter().map(show_type).collect::<Vec<_>>().join(" ");
    match &ty.kind {
        TypeKind::Named(name, args) if args.is_empty() => name.value.to_string(),
        TypeKind::Named(name, args) => {
            format!("{}[{}]", name.value, show_type_args(args))
        }
        TypeKind::Tensor(axes) => format!("[{}]", show_type_args(axes)),
        TypeKind::Tuple(types) => format!("(tuple {})", all(types)),
        TypeKind::Record(fields) => {
            let field = |(name, ty): &(_, Type)| {
                let name: &crate::syntax::ast::Ident = name;
                format!("{}:{}", name.value, show_type(ty))
            };
            format!(
                "{{{}}}",
                fields.iter().map(field).collect::<Vec<_>>().join(" ")
            )
        }
        TypeKind::Function(a, b) => format!("(=> {} {})", show_type(a), show_type(b)),
        TypeKind::Maybe(a) => format!("(? {})", show_type(a)),
        TypeKind::Product(a, true, b) => format!("(/ {} {})", show_type(a), show_type(b)),
        TypeKind::Product(a, false, b) => {
            format!("(* {} {})", show_type(a), show_type(b))
        }
        TypeKind::Power(a, n, d) => format!("(^ {} {n}/{d})", show_type(a)),
    }
}

fn show_type_args(args: &[TypeArg]) -> String {
    let arg = |arg: &TypeArg| match arg {
        TypeArg::Rest(_) => "..".to_owned(),
        TypeArg::Type(ty) => format!("type:{}", show_type(ty)),
        TypeArg::Size(size) => show(size),
    };
    args.iter().map(arg).collect::<Vec<_>>().join(" ")
}

/// The type `text` as nested brackets.
pub(in crate::syntax) fn type_tree(text: &str) -> String {
    let (_, file) = good(&format!("tmo 1\nlet x: {text} = 1\n"));
    match &file.items[0].kind {
        ItemKind::Let(item) => item.ty.as_ref().map(show_type).unwrap_or_default(),
        other => panic!("not a let: {other:?}"),
    }
}
