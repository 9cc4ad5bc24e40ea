//! What is said about a text that is not in the language.
//!
//! Comes in: places. Goes out: problems. Which of them fits is decided in
//! [`super::explain`]; this file holds only the words.

use super::nesting::{DEEPEST_NESTING, LONGEST_CHAIN, TooDeep};
use super::parse::EDITION;
use super::tokens::ITEM_WORDS;
use crate::diagnostic::{Code, Problem, nearest};
use crate::source::{Source, Span, Spanned};

fn wrong(title: impl Into<String>, span: Span, label: impl Into<String>) -> Problem {
    Problem::new(Code::E0001, title, span, label)
}

// The header.

pub(super) fn no_header(span: Span) -> Problem {
    let label = match span.is_empty() {
        true => "the header belongs here",
        false => "the header belongs before this",
    };
    Problem::new(Code::E0002, "the header is missing", span, label).help(write_header())
}

pub(super) fn bad_header(span: Span) -> Problem {
    Problem::new(
        Code::E0002,
        "this header cannot be read",
        span,
        "expected `tmo` and a whole number",
    )
    .help(write_header())
}

pub(super) fn unknown_edition(edition: &Spanned<u32>) -> Problem {
    let title = match edition.value {
        u32::MAX => "there is no such edition of the language".to_owned(),
        value => format!("there is no edition {value} of the language"),
    };
    let problem = Problem::new(Code::E0002, title, edition.span, "unknown edition").note(
        format!("the newest edition this program knows is {EDITION}"),
    );
    match edition.value > EDITION && edition.value < u32::MAX {
        true => problem.help(format!(
            "a newer tmo may read it; for this one write `tmo {EDITION}` on the first line"
        )),
        false => problem.help(write_header()),
    }
}

fn write_header() -> String {
    format!("write `tmo {EDITION}` on the first line")
}

// Depth.

pub(super) fn too_deep(source: &Source, depth: TooDeep) -> Problem {
    let (TooDeep::Nesting(token) | TooDeep::Chain(token)) = depth;
    let span = source.span(token.start, token.end);
    match depth {
        TooDeep::Nesting(_) => Problem::new(
            Code::E0003,
            "this is nested too deeply",
            span,
            format!("more than {DEEPEST_NESTING} brackets, functions or `if`s inside each other"),
        )
        .help("give inner parts a name with `let`"),
        TooDeep::Chain(_) => Problem::new(
            Code::E0003,
            "this expression is too long",
            span,
            format!("more than {LONGEST_CHAIN} operators and calls in one expression"),
        )
        .help("give parts of it a name with `let`"),
    }
}

pub(super) fn out_of_stack(span: Span) -> Problem {
    Problem::new(
        Code::E0003,
        "this is nested too deeply",
        span,
        "in this item",
    )
    .help("give inner parts a name with `let`")
}

// Names and items.

/// `word` stands where an item should begin; `defines` if `=` follows it.
pub(super) fn not_an_item(word: &str, defines: bool, span: Span) -> Problem {
    let problem = wrong(
        format!("`{word}` does not begin an item"),
        span,
        "expected an item",
    );
    match nearest(word, ITEM_WORDS) {
        Some(meant) => problem.help(format!("did you mean `{meant}`?")),
        None if defines => problem.help(format!("write `let {word} = …`")),
        None => problem.help(begin_item()),
    }
}

fn begin_item() -> String {
    let words: Vec<String> = ITEM_WORDS.iter().map(|word| format!("`{word}`")).collect();
    format!("an item begins with one of {}", words.join(", "))
}

pub(super) fn keyword_as_name(word: &str, span: Span) -> Problem {
    wrong(
        format!("`{word}` cannot be a name"),
        span,
        "a word of the language",
    )
    .help(format!("take another name, such as `my_{word}`"))
}

pub(super) fn doc_inside(span: Span) -> Problem {
    wrong(
        "a `///` comment stands inside an item",
        span,
        "documents the next item, and none begins here",
    )
    .help("write `//` for a comment that is not documentation")
}

pub(super) fn doc_of_nothing(span: Span) -> Problem {
    wrong("this documents nothing", span, "no item follows")
        .help("write `//` for a comment that is not documentation")
}

pub(super) fn equals_missing(span: Span, found: &str) -> Problem {
    let problem = wrong("`=` is missing", span, "expected `=`");
    match found {
        "==" => problem.help("`==` compares; `=` gives a value"),
        ":=" | ":" => problem.help("write `=`"),
        _ => problem.help("write `=` between what is defined and its value"),
    }
}

/// A type stands directly after a name.
pub(super) fn type_colon_missing(span: Span) -> Problem {
    wrong("`:` is missing", span, "expected `:` before the type")
        .help("a name and its type are written `name: Type`")
}

pub(super) fn value_colon_missing(name: &str, span: Span) -> Problem {
    wrong("`:` is missing", span, "expected `:` and a value").help(format!(
        "the parts of a record are written `name: value`, as in `{name}: {name}`"
    ))
}

/// `f(a = 1)`.
pub(super) fn named_with_equals(name: &str, span: Span) -> Problem {
    wrong("`=` does not name an argument", span, "expected `:`")
        .help(format!("write `{name}: …`"))
}

pub(super) fn fn_without_params(span: Span) -> Problem {
    wrong("this `fn` has no parameters", span, "expected `(`")
        .help("write its parameters in brackets; a plain value is a `let`")
}

pub(super) fn one_name_in_brackets(span: Span) -> Problem {
    wrong(
        "one name needs no brackets",
        span,
        "expected `,` and another name",
    )
    .help("brackets take a tuple apart, as in `let (a, b) = pair`")
}

pub(super) fn imports_need_dot(span: Span) -> Problem {
    wrong(
        "`.` is missing before the list of names",
        span,
        "expected `.{`",
    )
    .help("as in `use std.layers.{mlp}`")
}

// Brackets.

/// `expected` as in "`,` or `)`".
pub(super) fn not_closed(expected: &str, opened: Span, span: Span) -> Problem {
    wrong(
        format!("expected {expected}"),
        span,
        format!("{expected} is missing here"),
    )
    .and(opened, "opened here")
    .help(match expected.rsplit_once(" or ") {
        Some((comma, closer)) => {
            format!("write {comma} before the next part, or {closer} after the last")
        }
        None => format!("write {expected}"),
    })
}

pub(super) fn nothing_to_close(closer: &str, span: Span) -> Problem {
    wrong(
        format!("`{closer}` closes nothing"),
        span,
        "nothing is open here",
    )
    .help(format!(
        "remove this `{closer}`, or write the bracket it belongs to"
    ))
}

pub(super) fn bracket_must_touch(bracket: &str, before: &str, span: Span) -> Problem {
    let (what, whole) = match bracket {
        "[" => ("an index", "[…]"),
        _ => ("a call", "(…)"),
    };
    wrong(
        format!("there is a blank before this `{bracket}`"),
        span,
        format!("the bracket of {what} touches what is before it"),
    )
    .help(format!("write `{before}{whole}`, without the blank"))
}

pub(super) fn bracket_on_new_line(bracket: &str, span: Span) -> Problem {
    wrong(
        format!("this `{bracket}` belongs to nothing"),
        span,
        "the expression before it has ended",
    )
    .help("for a call or an index put the bracket directly after what it belongs to; else put an operator before it")
}

pub(super) fn field_must_touch(span: Span) -> Problem {
    wrong(
        "there is a blank before this `.`",
        span,
        "a field touches what it belongs to",
    )
    .help(
        "remove the blank; with nothing before it, `.name` is a field of the row at hand",
    )
}

pub(super) fn percent_must_touch(span: Span) -> Problem {
    wrong(
        "there is a blank before this `%`",
        span,
        "`%` touches its number",
    )
    .help("remove the blank, as in `20%`")
}

// Expressions.

/// `1.` with no digit after the dot.
pub(super) fn fraction_missing(number: &str, span: Span) -> Problem {
    wrong(
        format!("digits are missing after `{number}.`"),
        span,
        "expected a digit after this",
    )
    .help(format!(
        "write `{number}.0`, or `{number}` for a whole number"
    ))
}

pub(super) fn string_not_closed(span: Span) -> Problem {
    wrong(
        "this string does not end",
        span,
        "no closing `\"` on this line",
    )
    .help("close it with `\"`; a line break inside a string is written `\\n`")
}

pub(super) fn unknown_escape(c: char, span: Span) -> Problem {
    wrong(
        format!("`\\{c}` means nothing in a string"),
        span,
        "unknown escape",
    )
    .help("known are `\\n`, `\\t`, `\\\"` and `\\\\`; a backslash itself is `\\\\`")
}

pub(super) fn operand_missing(what: &str, after: &str, span: Span) -> Problem {
    wrong(
        format!("{what} is missing after `{after}`"),
        span,
        format!("expected {what} after this"),
    )
}

pub(super) fn found_instead(what: &str, found: &str, span: Span) -> Problem {
    wrong(
        format!("`{found}` stands where {what} should be"),
        span,
        format!("expected {what}"),
    )
}

pub(super) fn does_not_belong(found: &str, expected: &str, span: Span) -> Problem {
    wrong(
        format!("`{found}` does not belong here"),
        span,
        format!("expected {expected}"),
    )
}

pub(super) fn ends_too_early(expected: &str, span: Span) -> Problem {
    wrong(
        "something is missing at the end",
        span,
        format!("expected {expected}"),
    )
}

pub(super) fn value_missing(span: Span, opened: Span) -> Problem {
    wrong("this block has no value", span, "expected an expression")
        .and(opened, "the block begins here")
        .help("a block ends with the expression that is its value")
}

/// `5 b` was meant as `5; b` or `5, b`.
pub(super) fn unit_by_accident(
    number: &str,
    word: &str,
    separator: char,
    span: Span,
) -> Problem {
    wrong(
        format!("`{number} {word}` is read as a number with a unit"),
        span,
        "this reads as a unit",
    )
    .help(format!("write `{number}{separator} {word}`"))
}

pub(super) fn then_missing(span: Span) -> Problem {
    wrong("this `if` has no `then`", span, "expected `then`")
        .help("every `if` gives a value: `if … then … else …`")
}

pub(super) fn else_missing(span: Span) -> Problem {
    wrong("this `if` has no `else`", span, "expected `else`")
        .help("every `if` gives a value: `if … then … else …`")
}

pub(super) fn stray_character(c: char, span: Span) -> Problem {
    let title = if c.is_ascii_graphic() {
        format!("`{c}` does not belong here")
    } else {
        format!("the character U+{:04X} does not belong here", u32::from(c))
    };
    let problem = wrong(title, span, "the language does not use this character");
    match replacement(c) {
        Some(help) => problem.help(help),
        None => problem,
    }
}

/// What to write for characters that other languages or word processors bring along.
fn replacement(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{A0}' | '\u{2009}' | '\u{202F}' | '\u{3000}' => "write a plain blank",
        '“' | '”' | '„' | '«' | '»' | '\'' | '‘' | '’' | '`' => {
            "write `\"` around a string"
        }
        '−' | '–' | '—' => "write `-`",
        '×' | '⋅' => "write `*`",
        '÷' => "write `/`",
        '≤' => "write `<=`",
        '≥' => "write `>=`",
        '≠' => "write `!=`",
        '→' => "write `->` before a result, `=>` in a function",
        '!' => "write `not`",
        '&' => "write `and`",
        '|' => "write `or`; a pipe is `|>`",
        '#' => "a comment begins with `//`",
        '²' => "write `^2`",
        '³' => "write `^3`",
        _ => return None,
    })
}

// Operators that the table of precedences lets pass and the language does not.

pub(super) fn one_only(op: &str, first: Span, second: Span) -> Problem {
    let first_word = op.split_whitespace().next().unwrap_or(op);
    let (title, help) = match first_word {
        ".." | "..=" => (
            "a range has two ends",
            "put brackets around the inner range",
        ),
        "^" => (
            "powers do not chain",
            "write `(a ^ b) ^ c` or `a ^ (b ^ c)`",
        ),
        "to" => ("a value is shown in one unit", "keep one `to`"),
        _ => ("comparisons do not chain", "write `a < b and b < c`"),
    };
    wrong(title, second, "one too many")
        .and(first, "the first is here")
        .help(help)
}

pub(super) fn convert_comes_last(to: Span, op: Span) -> Problem {
    wrong(
        "`to` comes after the arithmetic",
        op,
        "this comes after `to`",
    )
    .and(to, "the unit is chosen here")
    .help("put brackets around the part with `to`, or move `to` to the end")
}

pub(super) fn not_needs_brackets(not: Span, op: &str, place: Span) -> Problem {
    wrong(
        "`not` needs brackets here",
        not,
        "binds less tightly than what is before it",
    )
    .and(place, format!("`{op}` comes first"))
    .help("write `(not …)`")
}

pub(super) fn not_an_exponent(span: Span) -> Problem {
    wrong(
        "this is no exponent of a type",
        span,
        "expected a small whole number or a fraction of two",
    )
    .help("as in `Length^3` or `Q^(1/2)`")
}
