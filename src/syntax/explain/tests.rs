use super::super::parse;
use crate::diagnostic::{Problem, short};
use crate::source::Sources;

/// The only problem of `body`, the text after the header.
fn only(body: &str) -> (Sources, Problem) {
    let mut sources = Sources::default();
    let source = sources.add("x.tmo", &format!("tmo 1\n{body}\n"));
    let mut problems = parse(&source).problems;
    assert_eq!(problems.len(), 1, "{body}: {problems:?}");
    (sources, problems.remove(0))
}

/// Line, column, title and help of the only problem.
fn said(body: &str) -> String {
    let (sources, problem) = only(body);
    short(&problem, &sources)
        .replace("x.tmo:", "")
        .replace(" error[E0001]:", "")
}

/// The text under each label of the only problem.
fn marked(body: &str) -> Vec<String> {
    let (sources, problem) = only(body);
    let mark = |label: &crate::diagnostic::Label| {
        format!("{} <- {}", sources.text(label.span), label.text)
    };
    problem.labels.iter().map(mark).collect()
}

const CLOSE: &str = "write `,` before the next part, or `)` after the last";

#[test]
fn a_missing_bracket_is_reported_where_it_is_missing() {
    let missing = |place: &str| format!("{place}: expected `,` or `)`; {CLOSE}");
    assert_eq!(
        said("dataset t = folder(\"x\" |> where(.a > 1)\n\nstudy s = t"),
        missing("2:40")
    );
    assert_eq!(
        said("let x = {\n  let a = f(b |> g(1)\n  let c = 3\n  a }"),
        "3:22: expected `)`; write `)`"
    );
    assert_eq!(
        said("study s = x |> train(a,\n  b: 1 // c\n\n/// d\nlet y = 1"),
        missing("3:7")
    );
    assert_eq!(said("let x = f(a b)"), missing("2:13"));
    assert_eq!(said("let x = [f(a, b]"), missing("2:16"));
    assert_eq!(
        marked("let x = [f(a, b]"),
        ["] <- `,` or `)` is missing here", "( <- opened here"],
    );
    assert_eq!(
        said("let x = f(\nlet y = 1"),
        "2:11: expected `)`; write `)`"
    );
    assert_eq!(
        said("layer f(x: [n, d) = x").split(';').next(),
        Some("2:17: expected `,` or `]`")
    );
    assert_eq!(
        said("let x = {").split(';').next(),
        Some("2:10: expected `}`")
    );
    assert_eq!(said("let x = xs[1"), "2:13: expected `]`; write `]`");
}

#[test]
fn brackets_that_belong_to_nothing() {
    assert_eq!(
        said("let x = a)"),
        "2:10: `)` closes nothing; remove this `)`, or write the bracket it belongs to",
    );
    assert_eq!(
        said("let x = f (a)"),
        "2:11: there is a blank before this `(`; write `f(…)`, without the blank",
    );
    assert_eq!(
        said("let x = [f (a)]"),
        "2:12: there is a blank before this `(`; write `f(…)`, without the blank",
    );
    assert_eq!(
        said("fn f(a: List [Int]) = a"),
        "2:14: there is a blank before this `[`; write `List[…]`, without the blank",
    );
    assert!(
        said("let x = a\n  (b)")
            .starts_with("3:3: this `(` belongs to nothing; for a call")
    );
    assert!(said("let x = a .b").starts_with("2:11: there is a blank before this `.`"));
    assert!(said("let x = 20 %").starts_with("2:12: there is a blank before this `%`"));
    assert!(said("let (a) = b").starts_with("2:7: one name needs no brackets"));
}

#[test]
fn names() {
    assert_eq!(
        said("let model = 3"),
        "2:5: `model` cannot be a name; take another name, such as `my_model`",
    );
    assert!(said("let x = f(study)").starts_with("2:11: `study` cannot be a name"));
    assert!(said("fn f(to: Int) = 3").starts_with("2:6: `to` cannot be a name"));
    assert_eq!(
        said("datset t = 1"),
        "2:1: `datset` does not begin an item; did you mean `dataset`?",
    );
    assert!(said("/// d\nwhatever t = 1").starts_with(
        "3:1: `whatever` does not begin an item; an item begins with one of `use`, `let`"
    ));
    assert!(said("x = 1").ends_with("`x` does not begin an item; write `let x = …`"));
    assert_eq!(
        said("let x = f(a = 1)"),
        "2:13: `=` does not name an argument; write `a: …`"
    );
    assert_eq!(said("let"), "2:1: a name is missing after `let`");
    assert_eq!(said("let 5 = 3"), "2:5: `5` stands where a name should be");
    assert_eq!(
        said("use std.(a)"),
        "2:9: `(` stands where a name should be"
    );
    assert!(
        said("use std.layers{a}").starts_with("2:15: `.` is missing before the list")
    );
}

#[test]
fn what_is_missing() {
    let equals = "write `=` between what is defined and its value";
    assert_eq!(
        said("dataset t folder(1)"),
        format!("2:11: `=` is missing; {equals}")
    );
    assert_eq!(
        said("study s\nlet y = 1"),
        format!("2:8: `=` is missing; {equals}")
    );
    assert_eq!(
        said("let x == 3"),
        "2:7: `=` is missing; `==` compares; `=` gives a value"
    );
    assert_eq!(
        said("fn f(x Int) = 3"),
        "2:8: `:` is missing; a name and its type are written `name: Type`",
    );
    assert!(said("let x Int = 3").starts_with("2:7: `:` is missing"));
    assert_eq!(
        said("let x = { a: 1, b }"),
        "2:19: `:` is missing; the parts of a record are written `name: value`, as in `b: b`",
    );
    assert!(said("fn f = 3").starts_with("2:6: this `fn` has no parameters"));
    assert!(said("let x = if a then b").starts_with("2:20: this `if` has no `else`"));
    assert!(said("let x = if a { b }").starts_with("2:14: this `if` has no `then`"));
    assert!(said("let x = { let a = 3 }").starts_with("2:21: this block has no value"));
    assert_eq!(
        said("let x = 1."),
        "2:10: digits are missing after `1.`; write `1.0`, or `1` for a whole number",
    );
}

#[test]
fn operators_without_operands() {
    assert_eq!(
        said("let x = a +"),
        "2:11: an expression is missing after `+`"
    );
    assert_eq!(
        said("let x = a |>\n\nlet y = 1"),
        "2:11: an expression is missing after `|>`"
    );
    assert_eq!(
        said("let x = 5Å^"),
        "2:11: an expression is missing after `^`"
    );
    assert_eq!(said("let x ="), "2:7: an expression is missing after `=`");
    assert_eq!(
        said("let x = f(a:)"),
        "2:12: an expression is missing after `:`"
    );
    assert_eq!(
        said("let x = (a + )"),
        "2:12: an expression is missing after `+`"
    );
    assert_eq!(
        said("let x = y =>"),
        "2:11: an expression is missing after `=>`"
    );
    assert_eq!(said("let x = 3 to"), "2:11: a unit is missing after `to`");
    assert_eq!(
        said("let x = 3 to 4"),
        "2:14: `4` stands where a unit should be"
    );
    assert_eq!(said("let x: = 3"), "2:8: `=` stands where a type should be");
    assert_eq!(
        said("let x = f(a, , b)"),
        "2:14: `,` stands where an expression should be"
    );
    assert_eq!(
        said("let x = a + |> b"),
        "2:13: `|>` stands where an expression should be"
    );
}

#[test]
fn tokens_gone_wrong() {
    let (sources, problem) = only("let x = \"Åb  \nlet y = 1");
    assert_eq!(problem.title, "this string does not end");
    assert_eq!(sources.text(problem.span()), "\"Åb");
    assert_eq!(
        said("let x = \"a\\qb\""),
        "2:11: `\\q` means nothing in a string; \
         known are `\\n`, `\\t`, `\\\"` and `\\\\`; a backslash itself is `\\\\`",
    );
    assert!(
        said("let x = a /// d\n  + b").starts_with("2:11: a `///` comment stands inside")
    );
    assert!(
        said("let x = [\n  /// d\n  b]")
            .starts_with("3:3: a `///` comment stands inside")
    );
    assert!(said("let x = 1\n/// lost").starts_with("3:1: this documents nothing"));
    assert_eq!(
        said("let x = a && b"),
        "2:11: `&` does not belong here; write `and`"
    );
    assert_eq!(
        said("let x = “a”"),
        "2:9: the character U+201C does not belong here; write `\"` around a string",
    );
    assert!(
        said("let x = a −\u{A0}b").contains("U+2212 does not belong here; write `-`")
    );
    assert!(said("let x = { let a = 5 b }").ends_with("with a unit; write `5; b`"));
    assert!(said("let x = { a: 1 y: 2 }").ends_with("with a unit; write `1, y`"));
    assert_eq!(said("let x = a b"), "2:11: `b` does not belong here");
    assert!(
        said("let x: Length^300 = 1").starts_with("2:15: this is no exponent of a type")
    );
}

#[test]
fn the_switch_of_pest_does_not_leak_into_other_threads() {
    let expected = said("let x = f(a b)");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    assert_eq!(said("let x = f(a b)"), expected);
                }
            });
        }
    });
}
