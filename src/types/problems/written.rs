//! About types as they are written in a signature.

use crate::diagnostic::{Code, Problem, nearest};
use crate::source::Span;
use crate::types::pattern::type_names;

/// A type nobody knows.
pub fn no_such_type(name: &str, span: Span) -> Problem {
    let problem = Problem::new(
        Code::E0101,
        format!("there is no type `{name}`"),
        span,
        "no such type",
    );
    match nearest(name, type_names()) {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem
            .help("types are quantities (`Length`, `Energy/Count`), `Int`, `Bool`, tensors `[rows, 64]` and the like"),
    }
}

/// `List` without `[T]`.
pub fn type_needs_argument(name: &str, span: Span) -> Problem {
    Problem::new(
        Code::E0107,
        format!("`{name}` needs to know of what"),
        span,
        "no type in brackets",
    )
    .help(format!("write `{name}[Int]`, for example"))
}

/// `Graph` without its two domains.
pub fn type_needs_domains(name: &str, span: Span) -> Problem {
    let (count, example) = match name {
        "Index" => ("two domains", "Index[e, n]"),
        "Graph" => ("two domains", "Graph[n, e]"),
        _ => ("two or three domains", "Crystal[n, e]"),
    };
    Problem::new(
        Code::E0107,
        format!("`{name}` needs {count}"),
        span,
        "names of domains go in its brackets",
    )
    .help(format!("write `{example}`"))
}

/// `Bool[n]`.
pub fn type_takes_no_argument(name: &str, span: Span) -> Problem {
    Problem::new(
        Code::E0107,
        format!("`{name}` takes nothing in brackets"),
        span,
        "this type has no axes",
    )
    .help(format!("write `{name}`"))
}

/// A type where an axis is due.
pub fn not_an_axis(span: Span) -> Problem {
    Problem::new(
        Code::E0201,
        "an axis is a size or a domain",
        span,
        "this is a type",
    )
    .help("write a number, a name or arithmetic over them")
}

/// `Bool / Length`.
pub fn not_a_quantity(span: Span) -> Problem {
    Problem::new(
        Code::E0201,
        "only quantities multiply and divide",
        span,
        "this is not a quantity",
    )
}

/// A size that is named almost like a parameter.
pub fn looks_like_parameter(name: &str, param: &str, span: Span) -> Problem {
    Problem::new(
        Code::W0401,
        format!("`{name}` is a size of its own, not the parameter `{param}`"),
        span,
        "used only here",
    )
    .help(format!("did you mean `{param}`?"))
}
