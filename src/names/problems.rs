//! What can be wrong with names.

use super::deprecated::DeprecatedUse;
use super::program::Program;
use crate::diagnostic::{Code, Problem};
use crate::source::Span;

/// A name nobody defines.
pub fn unknown(
    name: &str,
    span: Span,
    near: Option<&str>,
    hint: Option<String>,
) -> Problem {
    let problem = Problem::new(
        Code::E0101,
        format!("`{name}` is not defined"),
        span,
        "nothing here has this name",
    );
    match (near, hint) {
        (_, Some(hint)) => problem.help(hint),
        (Some(near), None) => problem.help(format!("did you mean `{near}`?")),
        (None, None) => problem.help(
            "define it with `let`, `fn` or another item, or bring it in with `use`",
        ),
    }
}

/// Items that need each other.
pub fn cycle(names: &[String], span: Span) -> Problem {
    let first = names.first().map(String::as_str).unwrap_or_default();
    Problem::new(
        Code::E0102,
        format!("`{first}` needs itself"),
        span,
        "the circle closes here",
    )
    .note(format!("{} → {first}", names.join(" → ")))
    .help("take one of these out of the circle; there are no loops or recursion")
}

/// A module of the standard library that does not exist.
pub fn no_such_module(name: &str, span: Span, near: Option<&str>) -> Problem {
    let problem = Problem::new(
        Code::E0103,
        format!("the standard library has no module `{name}`"),
        span,
        "no such module",
    );
    match near {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem.help("a file is imported as `use \"other.tmo\".{name}`"),
    }
}

/// A file that cannot be imported.
pub fn unreadable(path: &str, why: &str, span: Span) -> Problem {
    Problem::new(
        Code::E0103,
        format!("`{path}` cannot be imported"),
        span,
        why.to_string(),
    )
    .help("the path is relative to the file that imports it")
}

/// A file outside the folder of the script.
pub fn outside(path: &str, span: Span) -> Problem {
    Problem::new(
        Code::E0103,
        format!("`{path}` lies outside the script's folder"),
        span,
        "an import stays inside the folder of the file that imports",
    )
    .help("move the file into the folder, and write its path without `..`")
}

/// A name the other module does not have.
pub fn not_in_module(
    name: &str,
    module: &str,
    span: Span,
    near: Option<&str>,
) -> Problem {
    let problem = Problem::new(
        Code::E0103,
        format!("`{module}` has no `{name}`"),
        span,
        "not found there",
    );
    match near {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem,
    }
}

/// A top-level name that exists already.
pub fn taken(name: &str, span: Span, by: &str, first: Span) -> Problem {
    Problem::new(
        Code::E0106,
        format!("the name `{name}` is taken"),
        span,
        format!("{by} has this name"),
    )
    .and(first, "it stands here")
    .help("choose another name")
}

/// A name that an import before it brought in, for something else.
pub fn imported_already(name: &str, span: Span, first: Span, help: String) -> Problem {
    Problem::new(
        Code::E0106,
        format!("the name `{name}` is taken"),
        span,
        "another import has this name",
    )
    .and(first, "it was brought in here")
    .help(help)
}

/// An element symbol as a name.
pub fn element(name: &str, span: Span) -> Problem {
    Problem::new(
        Code::E0106,
        format!("the name `{name}` is taken"),
        span,
        "this is the symbol of an element, and always stands for it",
    )
    .help("choose another name")
}

/// The name of the one reserved domain.
pub fn reserved(name: &str, span: Span) -> Problem {
    Problem::new(
        Code::E0106,
        format!("the name `{name}` is taken"),
        span,
        "this is the domain of a batch: one entry for each row",
    )
    .help("choose another name")
}

/// Parameters where the noun takes none.
pub fn no_parameters(noun: &str, name: &str, span: Span) -> Problem {
    Problem::new(
        Code::E0107,
        format!("a `{noun}` takes no parameters"),
        span,
        "parameters",
    )
    .help(format!("write `{noun} {name} = …`, or make it a `fn`"))
}

/// A parameter or result without a type.
pub fn untyped(what: &str, span: Span) -> Problem {
    Problem::new(
        Code::E0107,
        format!("{what} needs a type"),
        span,
        "no type here",
    )
    .help("write it after a colon, as in `width: Int`; a result after `->`")
}

/// A use of an item whose words say that it is deprecated.
pub fn deprecated(program: &Program, used: &DeprecatedUse) -> Option<Problem> {
    let def = program.item(used.item)?;
    let said = def.deprecated()?;
    let problem = Problem::new(
        Code::W0101,
        format!("`{}` is deprecated", def.name),
        used.span,
        said.words,
    );
    Some(match program.replacement(used.item) {
        Some(new) => {
            let new = program.item(new).map_or("", |def| &def.name);
            problem.help(format!("write `{new}`; `tmo fix` does it for you"))
        }
        None => problem,
    })
}

/// A replacement that would stand for something else.
pub fn cannot_fix(name: &str, span: Span) -> Problem {
    Problem::new(
        Code::E0106,
        format!("the name `{name}` is taken"),
        span,
        "the new name would stand for something else here",
    )
    .help(format!(
        "give what is called `{name}` in this script another name, then fix again"
    ))
}
