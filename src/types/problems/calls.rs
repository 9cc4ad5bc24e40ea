//! About calls, fields and functions.

use super::{Due, article, describe};
use crate::chem::Element;
use crate::diagnostic::{Code, Problem, nearest};
use crate::source::Span;
use crate::types::pattern::Pat;
use crate::types::signature::Signature;
use crate::types::subst::Subst;
use crate::types::ty::Ty;
use crate::types::value::{Form, Val};

/// A layer of a parameter, used by every round of a `repeat` or `chain`.
pub fn shared_by_rounds(name: &str, at: Span, rounds: &str) -> Problem {
    Problem::new(
        Code::W0407,
        format!("all rounds of `{rounds}` share the weights of `{name}`"),
        at,
        "came in as a parameter: its weights stand where it was written",
    )
    .help(format!(
        "write the layer in the brackets, `{rounds}(…, dense(w))`, for weights of each \
         round; where sharing is meant, `let shared = {name}` says so"
    ))
}

/// Something fitted to the rows before training, of what training changes.
pub fn fitted_behind_weights(
    name: &str,
    at: Span,
    weights: &str,
    learnt: Span,
) -> Problem {
    Problem::new(
        Code::E0408,
        format!("`{name}` is fitted before training, to what training changes"),
        at,
        format!("its input depends on the weights of `{weights}`"),
    )
    .and(learnt, "which are learnt")
    .help(format!(
        "put `{name}()` before the layers that learn, or use `batch_norm()`"
    ))
}

/// Something called that is no function.
pub fn not_a_function(val: &Val, at: Span) -> Problem {
    Problem::new(
        Code::E0202,
        format!("{} cannot be called", article(&val.ty.to_string())),
        at,
        format!("this is {}", article(&val.ty.to_string())),
    )
}

/// A two-group function named where its result is due.
pub fn settings_missing(of: &Signature, at: Span) -> Problem {
    let label = match of.is_due() {
        true => "its settings come first",
        false => "settings come first, even when there are none to give",
    };
    Problem::new(
        Code::E0202,
        format!("`{}` has settings that were not given", of.name),
        at,
        label,
    )
    .help(format!("write `{}`", of.bare_call()))
}

/// `optimizer: adam`: a function where what it makes is due.
pub fn settings_forgotten(val: &Val, due: &Due) -> Problem {
    let name = match &val.form {
        crate::types::value::Form::Func(func) => match &**func {
            crate::types::value::Func::Item { name, .. } => Some(name.clone()),
            _ => None,
        },
        _ => None,
    };
    let problem = Problem::new(
        Code::E0202,
        format!(
            "{} takes what a function makes, not the function",
            due.name()
        ),
        val.span,
        "settings are always called, if only with `()`",
    );
    match name {
        Some(name) => problem.help(format!("write `{name}()`")),
        None => problem.help("call it with `()`"),
    }
}

/// `x |> f(a)` where `f` takes all at once.
pub fn takes_all_at_once(name: &str, at: Span) -> Problem {
    Problem::new(
        Code::E0202,
        format!("`{name}` takes all its arguments in one call"),
        at,
        "this is its result, not a function",
    )
    .help(format!("write `{name}(x, …)`"))
}

/// An argument of a name nobody takes.
pub fn unknown_argument(
    name: &str,
    at: Span,
    of: &str,
    params: &[&str],
    declared: Span,
) -> Problem {
    let problem = Problem::new(
        Code::E0104,
        format!("`{of}` has no argument `{name}`"),
        at,
        "no such argument",
    )
    .and(declared, "declared here");
    match nearest(name, params.iter().copied()) {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None if params.is_empty() => problem.help("it takes none"),
        None => problem.help(format!("it takes {}", listed(params))),
    }
}

/// More arguments than parameters.
pub fn too_many(of: &str, at: Span, params: &[&str], declared: Span) -> Problem {
    let takes = match params.len() {
        0 => "nothing here".to_string(),
        1 => format!("one argument: {}", listed(params)),
        n => format!("{n} arguments: {}", listed(params)),
    };
    Problem::new(
        Code::E0104,
        format!("`{of}` takes {takes}"),
        at,
        "one too many",
    )
    .and(declared, "declared here")
}

/// An argument without a name where each needs one.
pub fn name_missing(at: Span, of: &str) -> Problem {
    Problem::new(
        Code::E0104,
        format!("each argument of `{of}` has a name"),
        at,
        "this has none",
    )
    .help("write `name: …`")
}

/// An argument given twice.
pub fn given_twice(name: &str, at: Span, first: Span) -> Problem {
    Problem::new(
        Code::E0104,
        format!("`{name}` is given twice"),
        at,
        "a second time",
    )
    .and(first, "first here")
}

/// An argument that has no default and was not given.
pub fn missing_argument(due: &Due, at: Span, wanted: &str) -> Problem {
    Problem::new(
        Code::E0105,
        format!("`{}` needs `{}`", due.of, due.param),
        at,
        format!("`{}` is missing", due.param),
    )
    .and(due.span, format!("`{}: {wanted}`", due.param))
    .help(format!("add `{}: …`", due.param))
}

/// A function without settings that was called with nothing, as those with settings are
/// where a function is due.
pub fn called_with_nothing(due: &Due, at: Span, wanted: &str) -> Problem {
    missing_argument(due, at, wanted).help(format!(
        "`{0}` has no settings: where a function is due write `{0}`, without brackets",
        due.of
    ))
}

/// A function of several inputs given another number of them.
pub fn wrong_arity(name: &str, at: Span, wanted: usize, found: usize) -> Problem {
    Problem::new(
        Code::E0201,
        format!("{name} takes {}, not {found}", inputs(wanted)),
        at,
        format!("{} given", inputs(found)),
    )
}

fn inputs(count: usize) -> String {
    if count == 1 {
        "one input".into()
    } else {
        format!("{count} inputs")
    }
}

/// `a, b and c`, in backticks.
pub(super) fn listed(words: &[&str]) -> String {
    joined(words, "and")
}

/// `a, b or c`, in backticks.
pub(super) fn alternatives(words: &[&str]) -> String {
    joined(words, "or")
}

fn joined(words: &[&str], before_last: &str) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} {before_last} {last}", rest.join(", ")),
    }
}

/// `.x` where there is no row.
pub fn no_row(name: &str, at: Span, lambda_param: Option<&str>) -> Problem {
    let problem = Problem::new(
        Code::E0205,
        format!("`.{name}` has no row here"),
        at,
        "a field of no row",
    );
    match lambda_param {
        Some(param) => problem.help(format!("write `{param}.{name}`")),
        None => problem.help(
            "`.x` means a field of the row, inside `where(…)`, `target(…)` and the like",
        ),
    }
}

/// A value that some rows lack.
pub fn may_be_missing(at: Span, ty: &Ty) -> Problem {
    Problem::new(
        Code::E0206,
        "some rows lack this value",
        at,
        format!("this is {}", article(&ty.to_string())),
    )
    .help(
        "`|> complete(.x)` before it leaves such rows out; `.x |> fill(0)` puts a value",
    )
}

/// Something the plan must know and only a run can tell.
pub fn known_after_run(at: Span, due: &Due) -> Problem {
    Problem::new(
        Code::E0208,
        format!("{} must be known before anything runs", due.name()),
        at,
        "this is known only after a run",
    )
    .and(due.span, "declared here")
}

/// An operand of the wrong type.
pub fn wrong_operand(symbol: &str, val: &Val, wanted: &str) -> Problem {
    Problem::new(
        Code::E0201,
        format!("`{symbol}` wants {wanted}"),
        val.span,
        format!("this is {}", article(&val.ty.to_string())),
    )
}

/// A part of `concat` that is a function, as what makes features is.
pub fn function_to_join(val: &Val) -> Problem {
    wrong_operand("concat", val, "tensors with a size")
        .help("apply it to something first, as in `s => concat(magpie()(s), xrd()(s))`")
}

/// A verb called as a method.
pub fn behind_a_pipe(name: &str, at: Span, ty: &Ty) -> Problem {
    Problem::new(
        Code::E0203,
        format!("{} has no field `{name}`", article(&ty.to_string())),
        at,
        "this is a function of the prelude",
    )
    .help(format!("write `… |> {name}(…)`"))
}

/// Sides of a comparison, entries of a list or branches of an `if` of different types.
pub fn types_differ(what: &str, a: &Val, b: &Val) -> Problem {
    let problem = Problem::new(
        Code::E0201,
        format!("{what} must have one type"),
        b.span,
        format!("this is {}", article(&b.ty.to_string())),
    )
    .and(a.span, format!("this is {}", article(&a.ty.to_string())));
    match element_in_quotes(a, b).or_else(|| element_in_quotes(b, a)) {
        Some(help) => problem.help(help),
        None => problem,
    }
}

/// What to write for an element that was written as a text.
fn element_in_quotes(text: &Val, other: &Val) -> Option<String> {
    let Form::Text(word) = &text.form else {
        return None;
    };
    let of_elements = match &other.ty {
        Ty::List(of) | Ty::Set(of) => **of == Ty::Element,
        ty => *ty == Ty::Element,
    };
    let known = word.parse::<Element>().is_ok();
    (of_elements && known).then(|| format!("an element has no quotes: `{word}`"))
}

/// A field missing from a record.
pub fn field_missing(
    val: &Val,
    name: &str,
    pats: &[(std::sync::Arc<str>, Pat)],
    due: &Due,
) -> Problem {
    let wanted = describe(&Pat::Record(pats.to_vec()), &Subst::default());
    Problem::new(
        Code::E0105,
        format!("the record lacks `{name}`"),
        val.span,
        format!("`{name}` is missing"),
    )
    .and(due.span, format!("{} wants {wanted}", due.name()))
    .help(format!("add `{name}: …`"))
}

/// A field of a record nobody reads.
pub fn field_unknown(
    val: &Val,
    name: &str,
    pats: &[(std::sync::Arc<str>, Pat)],
    due: &Due,
) -> Problem {
    let known: Vec<&str> = pats.iter().map(|(field, _)| &**field).collect();
    let problem = Problem::new(
        Code::E0104,
        format!("{} has no use for `{name}`", due.name()),
        val.span,
        format!("this record has `{name}`"),
    )
    .and(due.span, "declared here");
    match nearest(name, known.iter().copied()) {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem.help(format!("its fields are {}", listed(&known))),
    }
}

/// A new column with the name of one there is.
pub fn column_twice(name: &str, at: Span) -> Problem {
    Problem::new(
        Code::E0207,
        format!("there is a column `{name}` already"),
        at,
        "a second column of that name",
    )
    .help("columns are never replaced: give the new one another name")
}

/// A column of both sides of a join.
pub fn column_of_both(name: &str, key: &str, at: Span) -> Problem {
    Problem::new(
        Code::E0207,
        format!("both sides of the join have a column `{name}`"),
        at,
        format!("this has `{name}` too"),
    )
    .help(format!(
        "take what is to be joined only: `|> select(.{key}, …)`"
    ))
}

/// A verb over columns that was given none.
pub fn no_columns(at: Span, example: &str) -> Problem {
    Problem::new(Code::E0105, "no column is named", at, "columns are missing")
        .help(format!("write `{example}`"))
}

/// A column made of an expression that has no name of its own.
pub fn column_without_name(val: &Val, verb: &str) -> Problem {
    Problem::new(
        Code::E0201,
        "a column needs a name, and this expression gives none",
        val.span,
        format!("`{verb}` takes columns, as in `.x`"),
    )
    .help("name it first: `|> derive(name: …)`, then `.name`")
}

/// A value no column can hold.
pub fn not_a_column(val: &Val) -> Problem {
    Problem::new(
        Code::E0201,
        "a column holds plain values",
        val.span,
        format!("this is {}", article(&val.ty.to_string())),
    )
    .help("numbers, texts, truths, elements, structures, and lists of these")
}

/// Two fields of one name in a record.
pub fn field_twice(name: &str, at: Span) -> Problem {
    Problem::new(
        Code::E0104,
        format!("`{name}` is given twice"),
        at,
        "a second time",
    )
}

/// A tuple taken apart into another number of names.
pub fn wrong_tuple(at: Span, wanted: usize, val: &Val) -> Problem {
    Problem::new(
        Code::E0201,
        format!("{wanted} names for {}", article(&val.ty.to_string())),
        at,
        format!("{wanted} names here"),
    )
    .and(
        val.span,
        format!("this is {}", article(&val.ty.to_string())),
    )
}

/// A layer used in a `fn`.
pub fn weights_in_fn(layer: &str, at: Span, name: &str) -> Problem {
    Problem::new(
        Code::E0405,
        "a `fn` cannot own weights",
        at,
        format!("`{layer}` learns"),
    )
    .help(format!(
        "make it `layer {name}()(…) -> … = …`, with its settings in the first brackets"
    ))
}

/// A whole number or list position out of range.
pub fn out_of_range(at: Span, index: i64, length: usize) -> Problem {
    Problem::new(
        Code::E0502,
        format!("there is no entry {index}"),
        at,
        format!("the list has {length}, counted from 0"),
    )
}

/// A division of whole numbers by 0.
pub fn division_by_zero(at: Span) -> Problem {
    Problem::new(Code::E0502, "division by 0", at, "this is 0")
}

/// A function inside a function inside a function, without end.
pub fn applied_too_deeply(at: Span) -> Problem {
    Problem::new(
        Code::E0003,
        "functions are applied inside each other too deeply",
        at,
        "still not at an end here",
    )
    .help("a function cannot be handed to itself; there is no recursion")
}

/// Functions that apply functions that apply functions, too many in all.
pub fn too_many_steps(at: Span) -> Problem {
    Problem::new(
        Code::E0003,
        "functions are applied too many times",
        at,
        "given up here",
    )
    .help("each of them applies others twice or more; give a result a name with `let` and use that")
}
