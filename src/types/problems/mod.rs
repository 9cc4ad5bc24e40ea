//! What can be wrong with a script whose names are known, one constructor a rule.

mod calls;
mod fields;
mod files;
mod holes;
mod insertion;
mod shapes;
mod studies;
mod training;
mod units;
mod written;

pub use calls::*;
pub use fields::*;
pub use files::*;
pub use holes::*;
pub use insertion::*;
pub use shapes::*;
pub use studies::*;
pub use training::*;
pub use units::*;
pub use written::*;

use std::sync::Arc;

use super::pattern::{AxisPat, DimPat, Pat};
use super::subst::Subst;
use crate::source::Span;

/// Who wants a value, for the second half of a message.
#[derive(Clone, Debug)]
pub struct Due {
    /// The parameter's name.
    pub param: Arc<str>,
    /// Whose parameter it is.
    pub of: Arc<str>,
    /// Where the parameter is declared.
    pub span: Span,
    /// The call.
    pub at: Span,
}

impl Due {
    /// "`radius` of `crystal_graph`".
    pub fn name(&self) -> String {
        format!("`{}` of `{}`", self.param, self.of)
    }
}

/// A pattern as a reader would say it, with what its letters stand for so far.
pub fn describe(pat: &Pat, subst: &Subst) -> String {
    match pat {
        Pat::Poison | Pat::Any => "anything".into(),
        Pat::Letter(name) => name.to_string(),
        Pat::Number {
            dimension,
            whole,
            ratio,
            axes,
        } => {
            let name = match (dimension, whole, ratio) {
                (_, true, _) => "Int".into(),
                (_, _, true) => "Ratio".into(),
                (DimPat::Known(known), ..) => known.to_string(),
                (DimPat::Letter(name), ..) => subst
                    .dimensions
                    .get(name)
                    .map_or(name.to_string(), ToString::to_string),
            };
            match axes {
                None => name,
                Some(axes) if name == "Real" => describe_axes(axes, subst),
                Some(axes) => format!("{name}{}", describe_axes(axes, subst)),
            }
        }
        Pat::Bool => "Bool".into(),
        Pat::Text => "String".into(),
        Pat::Path => "Path".into(),
        Pat::Element => "Element".into(),
        Pat::Structure => "Structure".into(),
        Pat::List(of) => format!("List[{}]", describe(of, subst)),
        Pat::Set(of) => format!("Set[{}]", describe(of, subst)),
        Pat::Space(of) => describe(of, subst),
        Pat::Range(of) => format!("Range[{}]", describe(of, subst)),
        Pat::Tuple(parts) => {
            let parts: Vec<String> =
                parts.iter().map(|part| describe(part, subst)).collect();
            format!("({})", parts.join(", "))
        }
        Pat::Record(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(name, of)| format!("{name}: {}", describe(of, subst)))
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
        Pat::Maybe(of) => format!("{}?", describe(of, subst)),
        Pat::Function(from, to) => {
            format!("{} => {}", describe(from, subst), describe(to, subst))
        }
        Pat::Named(name) => name.to_string(),
        Pat::Index(a, b) => {
            format!("Index{}", describe_axes(&[a.clone(), b.clone()], subst))
        }
        Pat::Graph(n, e) => {
            format!("Graph{}", describe_axes(&[n.clone(), e.clone()], subst))
        }
        Pat::Crystal(n, e, t) => {
            let axes: Vec<AxisPat> = [n, e].into_iter().chain(t).cloned().collect();
            format!("Crystal{}", describe_axes(&axes, subst))
        }
        Pat::Row => "Row".into(),
        Pat::Dataset => "Dataset".into(),
        Pat::Table => "Table".into(),
        Pat::Rows => "Dataset or Table".into(),
        Pat::Scores => "Scores".into(),
        Pat::Insertion => "Insertion".into(),
        Pat::Figure => "Figure".into(),
        Pat::Report => "Report".into(),
        Pat::Trained => "Trained".into(),
        Pat::Evaluated => "Evaluated".into(),
        Pat::Model => "Model".into(),
    }
}

/// `[rows, length, channels]` as written, bound letters replaced.
pub fn describe_axes(axes: &[AxisPat], subst: &Subst) -> String {
    let mut parts = Vec::new();
    for axis in axes {
        match axis {
            AxisPat::Rest => parts.push("..".to_string()),
            AxisPat::Rows => parts.push("rows".to_string()),
            AxisPat::Domain(name) => parts.push(name.to_string()),
            AxisPat::Size(written) => parts.push(match subst.size(written) {
                Some(size) => size.to_string(),
                None => written_size(written),
            }),
        }
    }
    format!("[{}]", parts.join(", "))
}

/// A size as it was written, for messages about letters that stand for nothing yet.
fn written_size(size: &crate::syntax::ast::Expr) -> String {
    use crate::syntax::ast::{Arg, ExprKind};
    match &size.kind {
        ExprKind::Name(name) => name.value.to_string(),
        ExprKind::Number(number) => number.digits.to_string(),
        ExprKind::Binary(op, a, b) => {
            format!(
                "{} {} {}",
                written_size(a),
                op.value.symbol(),
                written_size(b)
            )
        }
        ExprKind::Call { callee, args, .. } => {
            let args: Vec<String> = args
                .iter()
                .map(|arg| match arg {
                    Arg::Positional(of) | Arg::Named(_, of) | Arg::Spread(of) => {
                        written_size(of)
                    }
                })
                .collect();
            format!("{}({})", written_size(callee), args.join(", "))
        }
        _ => "?".into(),
    }
}

/// "an Int", "a Length".
pub fn article(word: &str) -> String {
    let vowel = word.starts_with(['A', 'E', 'I', 'O', 'U', 'a', 'e', 'i', 'o', 'u']);
    format!("{} {word}", if vowel { "an" } else { "a" })
}
