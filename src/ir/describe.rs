//! An expression in words a reader of the script knows.

use super::{Expr, Kind, Setting};
use crate::syntax::ast::UnaryOp;

/// The expression as it might have been written: `.energy / .nsites`, `magpie()`.
pub fn describe(expr: &Expr) -> String {
    match &expr.kind {
        Kind::Static(value) => value.to_string(),
        Kind::Var(_) => String::new(),
        Kind::Field(of, name) => format!("{}.{name}", describe(of)),
        Kind::Unary(UnaryOp::Negate, of) => format!("-{}", describe(of)),
        Kind::Unary(UnaryOp::Not, of) => format!("not {}", describe(of)),
        Kind::Binary(op, a, b) => {
            format!("{} {} {}", describe(a), op.symbol(), describe(b))
        }
        Kind::Gather(of, by) => format!("{}[{}]", describe(of), describe(by)),
        Kind::Shown(of, unit) => format!("{} to {unit}", describe(of)),
        Kind::If(test, yes, no) => {
            format!(
                "if {} then {} else {}",
                describe(test),
                describe(yes),
                describe(no)
            )
        }
        Kind::Tuple(all) => {
            let all: Vec<String> = all.iter().map(|part| describe(part)).collect();
            format!("({})", all.join(", "))
        }
        Kind::Cells(cells) => cells.to_string(),
        Kind::Call(call) => {
            let mut all = Vec::new();
            for (name, setting) in &call.settings {
                if let Setting::Static(value) = setting {
                    all.push(format!("{name}: {value}"));
                }
            }
            let inputs = call.inputs.iter().map(|input| describe(input));
            all.extend(inputs.filter(|input| !input.is_empty()));
            format!("{}({})", call.short_name(), all.join(", "))
        }
    }
}
