use super::*;
use crate::diagnostic::Code;
use crate::source::Sources;
use crate::syntax::lower::tests::{tree, type_tree};

/// One of everything.
pub(in crate::syntax) const TOUR: &str = r#"// A comment before the header.
tmo 1

use std.elements.{transition_metals, alkali}
use "01_dataset.tmo".{tmos}
use std.models.cnn as nets
use std.features

/// Oxides of two to six elements.
///
/// More words.
dataset oxides = bundled("flla-2015")
  |> where(size(.icsd_ids) > 0 and O in .elements)
  |> where(.nelements in 2..=6 and not overlaps(.elements, alkali))
  |> split(test: 20%, seed: 7)          // a fifth

features composition = oxides |> featurize(magpie() >> scale)

// Not a doc comment.
layer dense_norm(width: Int, ..sizes: Int)(x: [.., d]) -> [.., width] =
  x |> dense(width, init: glorot(),) |> batch_norm(decay: true) |> silu

fn conv1d(filters: Int, kernel: Int)(
    x: [.., length, channels]) -> [.., div(length - kernel, 1) + 1, filters] = builtin
fn gaussians(count: Int, span: Range[Q], width: Q)(x: Q[..]) -> [.., count] = builtin
fn adsorption(r: Row, keep: Row => Bool?) -> Energy^2 / Length * Q^(1/2) = r.energy

model cnn(
    convs: List[{filters: Int, drop: Real}] = [{ filters: 64, drop: 0.3 }],
    widths: List[Int] = [512],
)(x: [rows, length]) -> ([rows, 1], Graph[n, e]) = {
  let (x1, y1) = edge_gated(2)(g, x, y)
  let z: Int = 3; let w = weights[g.src][0]
  let f = (a, b) => if a.x > 1 eV/atom then a else b
  (x1 + 0.02 eV/Å * 4e-3 - -30°, y1 to meV/atom, { ..f, model: K, })
}

experiment movo = insertion(ions: each(Li, Ca), grid: (4, 4, 1), ..settings)
let reference = { Li: -1.8978 eV }.Li
"#;

pub(in crate::syntax) fn parsed(text: &str) -> (Sources, Parsed) {
    let mut sources = Sources::default();
    let source = sources.add("test.tmo", text);
    let parsed = parse(&source);
    (sources, parsed)
}

/// The parsed text, which has no mistake.
pub(in crate::syntax) fn good(text: &str) -> (Sources, File) {
    let (sources, parsed) = parsed(text);
    assert_eq!(parsed.problems, [], "{text}");
    (sources, parsed.file)
}

#[test]
fn spans_are_addresses_of_the_session() {
    let mut sources = Sources::default();
    sources.add("other.tmo", TOUR);
    let second = sources.add("second.tmo", "tmo 1\nlet a = (\nlet b = 1");
    let parsed = parse(&second);
    let problem = &parsed.problems[0];
    assert_eq!(
        sources.of(problem.span()).map(|s| &*s.name),
        Some("second.tmo")
    );
    assert_eq!(sources.text(parsed.file.items[0].span), "let b = 1");
}

#[test]
fn three_broken_items_give_three_errors_and_the_rest_is_kept() {
    let text = "tmo 1\n\n/// One.\ndataset t = folder(\"x\" |> where(.a > 1)\n\n\
                /// Two.\nstudy s = t |> train(m epochs: 3)\n\nlet model = 3\n\n\
                // fine\n/// Four.\nstudy fine = t\nlet also = 1\n";
    let (sources, parsed) = parsed(text);
    let lines: Vec<usize> = parsed
        .problems
        .iter()
        .filter_map(|problem| Some(sources.position(problem.span())?.line))
        .collect();
    assert_eq!(lines, [4, 7, 9]);
    let kept: Vec<Option<&str>> = parsed
        .file
        .items
        .iter()
        .map(|item| item.doc.as_deref())
        .collect();
    assert_eq!(kept, [Some("Four."), None]);
    assert_eq!(parsed.file.edition.map(|edition| edition.value), Some(1));
}

#[test]
fn a_block_may_have_lets_at_the_line_start() {
    let block = "tmo 1\nstudy s = {\nlet a = 1\nlet b = 2\na + b }\n";
    assert_eq!(good(block).1.items.len(), 1);
    let (_, inside) = parsed(&block.replace("= 1", "= f("));
    assert_eq!(inside.problems.len(), 1, "{:?}", inside.problems);
    let (_, beside) = parsed(&format!("{block}let c = (\n"));
    assert_eq!(beside.problems.len(), 1, "{:?}", beside.problems);
    assert_eq!(beside.file.items.len(), 1);
    let (_, unclosed) = parsed(&block.replace("a + b }", ""));
    assert_eq!(unclosed.problems.len(), 1, "{:?}", unclosed.problems);
    assert_eq!(unclosed.file.items.len(), 2);
}

#[test]
fn several_items_on_one_line() {
    let (_, file) = good("tmo 1 let a = b let c = d /// doc\nlet e = f");
    assert_eq!(file.items.len(), 3);
    assert_eq!(file.items[2].doc.as_deref(), Some("doc"));
}

#[test]
fn the_header_is_demanded() {
    let said = |text: &str| {
        let (_, parsed) = parsed(text);
        let codes: Vec<Code> =
            parsed.problems.iter().map(|problem| problem.code).collect();
        assert_eq!(codes, [Code::E0002], "{text}");
        let help = parsed.problems[0].help.clone().unwrap_or_default();
        assert!(
            help.ends_with("write `tmo 1` on the first line"),
            "{text}: {help}"
        );
        (parsed.problems[0].title.clone(), parsed.file.items.len())
    };
    assert_eq!(said("let x = 1"), ("the header is missing".into(), 1));
    assert_eq!(said(""), ("the header is missing".into(), 0));
    assert_eq!(said("// only this"), ("the header is missing".into(), 0));
    assert_eq!(
        said("tmo 2\nlet x = 1"),
        ("there is no edition 2 of the language".into(), 1)
    );
    assert_eq!(
        said("tmo 99999999999999"),
        ("there is no such edition of the language".into(), 0),
    );
    assert_eq!(
        said("tmo\nlet x = 1"),
        ("this header cannot be read".into(), 1)
    );
    assert_eq!(
        said("tmo 1.5\nlet x = 1"),
        ("this header cannot be read".into(), 1)
    );
    assert_eq!(said("tmo1\nlet x = 1").1, 1);
    assert_eq!(
        said("tom 1\nlet x = 1"),
        ("this header cannot be read".into(), 1)
    );
}

/// Only depth is wrong with it, and the item after it is kept.
fn too_deep_only(name: &str, body: &str) {
    let (_, parsed) = parsed(&format!("tmo 1\nlet x = {body}\nlet y = 1\n"));
    let codes: Vec<Code> = parsed.problems.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, [Code::E0003], "{name}");
    assert_eq!(parsed.file.items.len(), 1, "{name}");
}

#[test]
fn ten_thousand_deep_is_an_error_and_not_a_crash() {
    for opener in [
        "(",
        "[",
        "{",
        "f(",
        "f(a: ",
        "x[",
        "{ a: ",
        "{ let a = ",
        "((a, b) => ",
        "x => ",
    ] {
        too_deep_only(opener, &opener.repeat(10_000));
    }
    let closed = format!("{}1{}", "(".repeat(10_000), ")".repeat(10_000));
    too_deep_only("closed", &closed);
    too_deep_only("if", &format!("{}1", "if a then b else ".repeat(10_000)));
    for link in [
        "not ", "-", "- ", "a + ", "a |> ", "a >> ", "a.b.", "a and ", "a ^ ", "1 to ",
    ] {
        too_deep_only(link, &format!("{}a", link.repeat(10_000)));
    }
    too_deep_only("calls", &format!("f{}", "()".repeat(10_000)));
    let text = format!("tmo 1\nlayer f(a: {}", "A[".repeat(10_000));
    assert_eq!(parsed(&text).1.problems[0].code, Code::E0003);
}

#[test]
fn a_hundred_deep_and_chains_of_hundreds_parse() {
    for (opener, closer) in [
        ("(", ")"),
        ("[", "]"),
        ("f(a: ", ")"),
        ("{ a: ", "}"),
        ("{ let a = ", "; a }"),
        ("x => ", ""),
        ("if a then b else ", ""),
    ] {
        tree(&format!("{}1{}", opener.repeat(99), closer.repeat(99)));
    }
    type_tree(&format!("{}B{}", "A[".repeat(99), "]".repeat(99)));
    type_tree(&format!("{}B{}", "(A, ".repeat(99), ")".repeat(99)));
    for link in [" |> f", " + a", " and a", ".b"] {
        tree(&format!("a{}", link.repeat(499)));
    }
    tree(&format!("{}a", "not ".repeat(99)));
    tree(&format!("a{}", " - -b".repeat(99)));
    tree(&format!("f{}", "()".repeat(499)));
}

/// An alternative of the grammar that is tried twice at each level would take longer than
/// anyone can wait.
#[test]
fn broken_nests_are_refused_at_once() {
    for opener in [
        "(",
        "[",
        "{ ",
        "f(a: ",
        "x[",
        "{ a: ",
        "{ ..",
        "{ let a = ",
        "(a, b) => ",
        "f(..",
        "[x => ",
        "if a then ",
        "((a) => ",
    ] {
        let (_, parsed) = parsed(&format!("tmo 1\nlet x = {}@\n", opener.repeat(45)));
        assert_eq!(parsed.problems.len(), 1, "{opener}");
        assert_eq!(parsed.problems[0].code, Code::E0001, "{opener}");
    }
    for opener in [
        "A[", "(A, ", "{a: ", "A[{a: ", "A[(", "A[n, ", "[f(", "A => ",
    ] {
        let (_, parsed) = parsed(&format!("tmo 1\nlet x: {}@ = 1\n", opener.repeat(45)));
        assert_eq!(parsed.problems[0].code, Code::E0001, "{opener}");
    }
}

#[test]
fn long_texts_take_no_longer_than_they_are_long() {
    let many = "let x = a + f(b, c: [1, 2, 3]) |> g\n".repeat(5_000);
    assert_eq!(good(&format!("tmo 1\n{many}")).1.items.len(), 5_000);
    let broken = "let x = (a\n".repeat(2_000);
    assert_eq!(parsed(&format!("tmo 1\n{broken}")).1.problems.len(), 2_000);
    let list = format!("tmo 1\nlet x = [{}]\n", "1, ".repeat(20_000));
    assert_eq!(good(&list).1.items.len(), 1);
}

/// A small generator with a fixed start, so that every run tries the same texts.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % n.max(1)
    }
}

const SCRAPS: [&str; 40] = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    ";",
    "=",
    "==",
    "=>",
    "->",
    "|>",
    ">>",
    "..",
    "..=",
    ".",
    "+",
    "-",
    "^",
    "%",
    "°",
    "Å",
    "\"",
    "\\",
    "//",
    "///",
    "\n",
    "\r\n",
    " ",
    "let ",
    "model ",
    "not ",
    "to ",
    "5 ",
    "é\u{301}",
    "🦀",
    "\u{2028}",
    "tmo 1\n",
];

#[test]
fn nothing_panics_and_no_span_cuts_a_character() {
    let mut dice = Dice(7);
    let start: Vec<char> = TOUR.chars().collect();
    let mut broken = 0;
    for round in 0..5_000 {
        // A stretch of the tour, with a few scraps put in and letters taken out.
        let from = dice.below(start.len());
        let mut text: Vec<char> = start
            .iter()
            .skip(from)
            .take(1 + dice.below(200))
            .copied()
            .collect();
        if round % 2 == 0 {
            text.splice(0..0, "tmo 1\nlet x = ".chars());
        }
        for _ in 0..1 + dice.below(4) {
            let at = dice.below(text.len());
            match dice.below(3) {
                0 => drop(text.splice(at..(at + dice.below(3)).min(text.len()), [])),
                _ => drop(text.splice(at..at, SCRAPS[dice.below(SCRAPS.len())].chars())),
            }
        }
        let text: String = text.into_iter().collect();
        let (sources, parsed) = parsed(&text);
        broken += usize::from(!parsed.problems.is_empty());
        for problem in &parsed.problems {
            assert!(
                !problem.labels.is_empty(),
                "no place: {problem:?} in {text:?}"
            );
            for label in &problem.labels {
                assert!(
                    sources.position(label.span).is_some(),
                    "{label:?} in {text:?}"
                );
                let source = sources.of(label.span).expect("a source");
                for edge in [label.span.start, label.span.end] {
                    let edge = (edge - source.base) as usize;
                    assert!(text.is_char_boundary(edge), "{label:?} in {text:?}");
                }
            }
            let drawn = crate::diagnostic::draw(problem, &sources, false);
            assert!(drawn.starts_with("error["), "{drawn}");
        }
        for item in &parsed.file.items {
            assert!(!sources.text(item.span).is_empty(), "{text:?}");
        }
    }
    assert!(broken > 2_000, "the texts are hardly ever broken: {broken}");
}

#[test]
fn random_bytes_do_not_panic() {
    let mut dice = Dice(11);
    for _ in 0..3_000 {
        let length = dice.below(60);
        let bytes: Vec<u8> = (0..length)
            .map(|_| u8::try_from(dice.below(256)).unwrap_or(0))
            .collect();
        let scraps: String = (0..dice.below(30))
            .map(|_| SCRAPS[dice.below(SCRAPS.len())])
            .collect();
        for text in [String::from_utf8_lossy(&bytes).into_owned(), scraps] {
            let (_, parsed) = parsed(&text);
            assert!(
                !parsed.problems.is_empty() || parsed.file.edition.is_some(),
                "{text:?}"
            );
        }
    }
}
