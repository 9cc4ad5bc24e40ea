use super::generate::{mutated, noise, script};
use super::*;
use crate::source::Sources;
use crate::syntax::parse::tests::TOUR;

/// Texts in the house style: formatting leaves each as it is.
const STYLE: &[&str] = &[
    include_str!("../../../tests/fmt/comments.tmo"),
    include_str!("../../../tests/fmt/style.tmo"),
];

fn source(text: &str) -> Source {
    Sources::default().add("test.tmo", text)
}

fn formatted(text: &str) -> String {
    match format(&source(text)) {
        Ok(text) => text,
        Err(problems) => panic!("{problems:?}\n{text}"),
    }
}

/// The tree without places.
fn tree(text: &str) -> String {
    let parsed = parse(&source(text));
    assert_eq!(parsed.problems, [], "{text}");
    let shown = format!("{:?} {:?}", parsed.file.edition, parsed.file.items);
    let mut tree = String::new();
    for word in shown.split_inclusive(['}', ',', '(', ' ']) {
        let is_place = word.split_once("..").is_some_and(|(start, end)| {
            let end = end.trim_end_matches(['}', ',', ')', ' ', ']']);
            let number = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
            number(start) && number(end)
        });
        if !is_place {
            tree.push_str(word);
        }
    }
    tree
}

/// The comments of a text, in order.
fn comments(text: &str) -> Vec<String> {
    let all = tokens(text).into_iter();
    all.filter(|token| token.is_comment())
        .map(|token| token.text(text).trim_end().to_owned())
        .collect()
}

/// Numbers and strings as they are written.
fn literals(text: &str) -> Vec<String> {
    let all = tokens(text).into_iter();
    all.filter(|t| matches!(t.kind, TokenKind::Number | TokenKind::Text { .. }))
        .map(|token| token.text(text).to_owned())
        .collect()
}

/// Everything formatting promises about any text. Gives whether it parses.
fn keeps_its_promises(text: &str) -> bool {
    let Ok(once) = format(&source(text)) else {
        return false;
    };
    let plain = text.replace("\r\n", "\n").replace('\r', "\n");
    assert_eq!(tree(&plain), tree(&once), "{text}\n-->\n{once}");
    assert_eq!(comments(&plain), comments(&once), "{text}\n-->\n{once}");
    assert_eq!(literals(&plain), literals(&once), "{text}\n-->\n{once}");
    assert_eq!(formatted(&once), once, "{text}\n-->\n{once}");
    assert!(once.ends_with('\n') && !once.contains("\n\n\n"), "{once}");
    let spoiled = once.lines().any(|line| line.ends_with([' ', '\t']));
    assert!(!spoiled, "blanks at the end of a line:\n{once}");
    true
}

#[test]
fn the_house_style_stays() {
    for text in STYLE {
        assert_eq!(formatted(text), **text);
        assert!(keeps_its_promises(text));
    }
}

#[test]
fn long_lines_break_and_short_ones_close_up() {
    let rows = [
        ("let a=[ 1 ,2, ]", "let a = [1, 2]\n"),
        ("let a = f( x,y )[ 0 ] . b", "let a = f(x, y)[0]\n"),
        ("let a = f( x,y )[ 0 ]\n", "let a = f(x, y)[0]\n"),
        (
            "let a = 5eV + 5 Å*30 °-1 ..=2",
            "let a = 5 eV + 5 Å * 30° - 1 ..= 2\n",
        ),
        ("let a = 1 ..= 5", "let a = 1..=5\n"),
        ("let a = 0..1", "let a = 0 .. 1\n"),
        (
            "let a = { let b = 1 ; let c = 2 ; -c }",
            "let a = { let b = 1; let c = 2; -c }\n",
        ),
        (
            "let a = {\nlet b = 1 ; -c }",
            "let a = {\n  let b = 1;\n  -c\n}\n",
        ),
        ("let a = (x) => (y, z) => x", "let a = x => (y, z) => x\n"),
        ("let a = [\n1, 2,\n3]", "let a = [\n  1, 2,\n  3,\n]\n"),
        ("let a = x |> f\n|> g |> h", "let a = x |> f\n  |> g |> h\n"),
        (
            "let a = not x and - y ^ 2 == {b:1,..c}.b",
            "let a = not x and -y ^ 2 == { b: 1, ..c }.b\n",
        ),
        (
            "layer f ( a:Int=1 ) ( x : [ .. , d ] )->[ .. ,2*d ]=x|>g",
            "layer f(a: Int = 1)(x: [.., d]) -> [.., 2 * d] = x |> g\n",
        ),
    ];
    for (text, expected) in rows {
        let text = format!("tmo 1\n{text}");
        if text.contains(" . b") {
            // A field must touch: this is no script.
            assert!(format(&source(&text)).is_err());
            continue;
        }
        assert_eq!(formatted(&text), format!("tmo 1\n{expected}"));
        assert!(keeps_its_promises(&text));
    }
}

#[test]
fn lines_have_at_most_ninety_characters() {
    let name = "énergie".repeat(2);
    let call = format!("f({name}, {name}, {name}, {name}, {name})");
    let text = format!("tmo 1\nlet a = x |> {call} |> {call}\n");
    let out = formatted(&text);
    assert!(out.lines().all(|line| line.chars().count() <= 90), "{out}");
    assert!(out.lines().any(|line| line.len() > 90), "{out}");
}

#[test]
fn a_text_with_mistakes_gives_its_problems() {
    let problems = format(&source("tmo 1\nlet a = (1\nlet b = )\n")).unwrap_err();
    assert!(!problems.is_empty());
    assert!(format(&source("")).is_err());
}

#[test]
fn generated_scripts_keep_their_trees_and_comments() {
    let parsed = (0..250)
        .filter(|seed| keeps_its_promises(&script(*seed)))
        .count();
    assert!(parsed > 200, "only {parsed} of 250 parse");
}

#[test]
fn changed_scripts_keep_their_trees_and_comments() {
    let mut parsed = 0;
    for text in STYLE.iter().copied().chain([TOUR]) {
        for seed in 0..600 {
            parsed += usize::from(keeps_its_promises(&mutated(text, seed)));
        }
    }
    assert!(parsed > 100, "only {parsed} parse");
}

#[test]
fn noise_gives_problems_not_panics() {
    for seed in 0..2_000 {
        let text = noise(seed);
        keeps_its_promises(&text);
    }
}

#[test]
fn nesting_up_to_the_bound_is_laid_out() {
    for (open, close) in [("(", ")"), ("[", "]"), ("f(", ")"), ("{ a: ", " }")] {
        let text = format!("tmo 1\nlet x = {}1{}\n", open.repeat(90), close.repeat(90));
        assert!(keeps_its_promises(&text), "{open}");
    }
    let chain = format!("tmo 1\nlet x = a{}\n", " |> f".repeat(400));
    assert!(keeps_its_promises(&chain));
}
