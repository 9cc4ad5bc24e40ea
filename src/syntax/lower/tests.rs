mod show;

use show::show_type;
pub(in crate::syntax) use show::{tree, type_tree};

use crate::source::Sources;
use crate::syntax::ast::{
    Arg, Expr, ExprKind, ItemKind, Noun, Pattern, UseFrom, UseWhat,
};
use crate::syntax::parse::tests::{TOUR, good, parsed};

#[test]
fn one_of_everything_parses() {
    let (sources, file) = good(TOUR);
    assert_eq!(file.edition.as_ref().map(|edition| edition.value), Some(1));
    assert_eq!(file.items.len(), 13);
    let nouns: Vec<Noun> = file
        .items
        .iter()
        .filter_map(|item| match &item.kind {
            ItemKind::Decl(decl) => Some(decl.noun),
            _ => None,
        })
        .collect();
    assert_eq!(
        nouns,
        [
            Noun::Dataset,
            Noun::Features,
            Noun::Layer,
            Noun::Fn,
            Noun::Fn,
            Noun::Fn,
            Noun::Model,
            Noun::Experiment
        ],
    );
    let starts: Vec<&str> = file
        .items
        .iter()
        .filter_map(|i| sources.text(i.span).split(' ').next())
        .collect();
    assert_eq!(starts[..5], ["use", "use", "use", "use", "dataset"]);
}

#[test]
fn line_ends_and_byte_order_marks_do_not_matter() {
    let (_, file) = good(&TOUR.replace('\n', "\r\n"));
    assert_eq!(file.items.len(), 13);
    assert_eq!(good(&format!("\u{FEFF}{}", TOUR)).1.items.len(), 13);
    assert_eq!(good("tmo 1").1.items.len(), 0);
}

#[test]
fn imports() {
    let (_, file) = good(TOUR);
    let uses: Vec<String> = file
        .items
        .iter()
        .filter_map(|item| match &item.kind {
            ItemKind::Use(import) => Some(import),
            _ => None,
        })
        .map(|import| {
            let from = match &import.from {
                UseFrom::File(name) => format!("{:?}", name.value),
                UseFrom::Module(path) => path
                    .iter()
                    .map(|word| &*word.value)
                    .collect::<Vec<_>>()
                    .join("/"),
            };
            let what = match &import.what {
                UseWhat::Names(names) => names
                    .iter()
                    .map(|name| &*name.value)
                    .collect::<Vec<_>>()
                    .join("+"),
                UseWhat::Alias(name) => format!("as {}", name.value),
                UseWhat::Whole => "whole".to_owned(),
            };
            format!("{from} {what}")
        })
        .collect();
    assert_eq!(
        uses,
        [
            "std/elements transition_metals+alkali",
            "\"01_dataset.tmo\" tmos",
            "std/models/cnn as nets",
            "std/features whole",
        ],
    );
}

#[test]
fn documentation_is_joined_and_comments_are_listed() {
    let (sources, file) = good(TOUR);
    let doc = |at: usize| file.items[at].doc.as_deref();
    assert_eq!(
        doc(4),
        Some("Oxides of two to six elements.\n\nMore words.")
    );
    assert_eq!(doc(5), None);
    assert_eq!(doc(6), None);
    let (_, with_comments) = parsed(TOUR);
    let comments: Vec<&str> = with_comments
        .comments
        .iter()
        .map(|span| sources.text(*span))
        .collect();
    assert_eq!(
        comments,
        [
            "// A comment before the header.",
            "// a fifth",
            "// Not a doc comment."
        ],
    );
}

#[test]
fn every_row_of_the_precedence_table() {
    let rows = [
        // 1 calls, indices and fields touch what they belong to
        ("f(a)(b)[c].d", "((((f(a))(b))[c]).d)"),
        ("-f(x)", "(- (f(x)))"),
        // 2, 3 powers, and the sign outside them
        ("-2 ^ 2", "(- (^ 2 2))"),
        ("2 ^ -x * 3", "(* (^ 2 (- x)) 3)"),
        ("a.b ^ c(d)", "(^ (a.b) (c(d)))"),
        // 4, 5 arithmetic, from the left
        ("a - b - c", "(- (- a b) c)"),
        ("a / b * c", "(* (/ a b) c)"),
        ("a + b * c - d", "(- (+ a (* b c)) d)"),
        ("a * -b", "(* a (- b))"),
        // 6 units
        (".a to eV > 1 eV", "(> (to .a eV) 1_eV)"),
        ("a + b to eV/atom", "(to (+ a b) eV/atom)"),
        ("-a to %", "(to (- a) %)"),
        // 7, 8 ranges and comparisons
        ("a in 0 Å .. r + 1 Å", "(in a (.. 0_Å (+ r 1_Å)))"),
        ("x in 2..=6", "(in x (..= 2 6))"),
        ("a to eV .. b to eV", "(.. (to a eV) (to b eV))"),
        ("a + 1 == b * 2", "(== (+ a 1) (* b 2))"),
        // 9, 10, 11 not, and, or
        ("not a == b", "(not (== a b))"),
        ("not not a and b", "(and (not (not a)) b)"),
        ("a or b and not c", "(or a (and b (not c)))"),
        ("a and b and c or d", "(or (and (and a b) c) d)"),
        // 12, 13 composition, then pipes
        ("a or b >> c", "(>> (or a b) c)"),
        ("x |> f >> g |> h", "(|> (|> x (>> f g)) h)"),
        ("f >> g >> h", "(>> (>> f g) h)"),
        // 14 functions and choices reach as far as they can
        ("x => a |> b", "(x => (|> a b))"),
        ("(x, y) => x + y", "(x y => (+ x y))"),
        (
            "if a or b then c |> d else e |> f",
            "(if (or a b) (|> c d) (|> e f))",
        ),
        ("if a then b else if c then d else e", "(if a b (if c d e))"),
        ("(x => x)(1)", "((x => x)(1))"),
    ];
    for (text, expected) in rows {
        assert_eq!(tree(text), expected, "{text}");
    }
}

#[test]
fn operators_that_need_brackets() {
    let title = |text: &str| {
        let (_, parsed) = parsed(&format!("tmo 1\nlet x = {text}\nlet y = 1\n"));
        assert_eq!(parsed.problems.len(), 1, "{text}");
        assert_eq!(parsed.file.items.len(), 1, "{text}");
        parsed.problems[0].title.clone()
    };
    assert_eq!(title("a < b < c"), "comparisons do not chain");
    assert_eq!(title("a == b and c in d in e"), "comparisons do not chain");
    assert_eq!(title("1 .. 2 .. 3"), "a range has two ends");
    assert_eq!(title("a ^ b ^ c"), "powers do not chain");
    assert_eq!(title("a ^ -b ^ c"), "powers do not chain");
    assert_eq!(title("a to eV to meV"), "a value is shown in one unit");
    assert_eq!(title("a to eV + b"), "`to` comes after the arithmetic");
    assert_eq!(title("a * not b"), "`not` needs brackets here");
    assert_eq!(title("-not b"), "`not` needs brackets here");
    assert_eq!(tree("a < b and b < c"), "(and (< a b) (< b c))");
    assert_eq!(tree("(a ^ b) ^ c"), "(^ (^ a b) c)");
    assert_eq!(tree("a ^ b * c ^ d"), "(* (^ a b) (^ c d))");
    assert_eq!(tree("a * (not b)"), "(* a (not b))");
}

#[test]
fn numbers_and_units() {
    let rows = [
        ("5 Å", "5_Å"),
        ("5Å", "5_Å"),
        ("0.02 eV/Å", "0.02_eV/Å"),
        ("20%", "20_%"),
        ("4e-3", "4e-3"),
        ("1E+5 K", "1E+5_K"),
        ("30°", "30_°"),
        ("1_000.5", "1000.5"),
        ("0.0045 e/Å^3", "0.0045_e/Å^3"),
        ("1 µm·s^-2", "1_µm·s^-2"),
        ("5 eV / x", "(/ 5_eV x)"),
        ("3 in xs", "(in 3 xs)"),
        ("300 K + K", "(+ 300_K K)"),
        ("5eV", "5_eV"),
        ("0 .. 1", "(.. 0 1)"),
        ("0..1", "(.. 0 1)"),
        ("2 to eV", "(to 2 eV)"),
    ];
    for (text, expected) in rows {
        assert_eq!(tree(text), expected, "{text}");
    }
}

#[test]
fn brackets_of_every_kind() {
    let rows = [
        ("{}", "{}"),
        ("{ a: 1, ..rest, to: 2, }", "{a:1 ..rest to:2}"),
        ("{ a }", "(block  a)"),
        (
            "{ let a = 1; let b = 2 \n (a, b) }",
            "(block 1 2 (tuple a b))",
        ),
        ("{ let a = f\n [a] }", "(block f [a])"),
        ("[]", "[]"),
        ("[1, [2],]", "[1 [2]]"),
        ("((a))", "a"),
        ("(a, b,)", "(tuple a b)"),
        ("f(1, n: 2, ..xs,)", "(f(1 n:2 ..xs))"),
        ("f()", "(f())"),
        ("f(model: .model)", "(f(model:.model))"),
        (r#""a\"b\\c\n\t∑""#, r#""a\"b\\c\n\t∑""#),
        ("true and falsehood", "(and true falsehood)"),
        ("notes + input", "(+ notes input)"),
    ];
    for (text, expected) in rows {
        assert_eq!(tree(text), expected, "{text}");
    }
}

#[test]
fn types() {
    let rows = [
        ("Int", "Int"),
        ("List[List[Int]]", "List[type:List[type:Int]]"),
        ("Graph[n, e]", "Graph[n e]"),
        ("Index[n, 2 * m]", "Index[n (* 2 m)]"),
        ("Range[Q]", "Range[type:Q]"),
        ("Q[n, ..]", "Q[n ..]"),
        ("[rows, 2 * width - 1]", "[rows (- (* 2 width) 1)]"),
        (
            "[.., div(length - k, 2) + 1]",
            "[.. (+ (div((- length k) 2)) 1)]",
        ),
        ("([n], Int)", "(tuple [n] Int)"),
        ("(Int)", "Int"),
        ("{a: Int, to: Real?,}", "{a:Int to:(? Real)}"),
        ("List[{filters: Int}]", "List[type:{filters:Int}]"),
        ("A => B => C", "(=> A (=> B C))"),
        ("(A, B) => C?", "(=> (tuple A B) (? C))"),
        (
            "Energy / Length^3 * Q^(-1/2)",
            "(* (/ Energy (^ Length 3/1)) (^ Q -1/2))",
        ),
        ("Length^-1", "(^ Length -1/1)"),
    ];
    for (text, expected) in rows {
        assert_eq!(type_tree(text), expected, "{text}");
    }
}

#[test]
fn parameters() {
    let (sources, file) =
        good("tmo 1\nlayer f(..a: Int, b = 2 , c: Int = 3)(x) -> Int = x");
    let ItemKind::Decl(decl) = &file.items[0].kind else {
        panic!("a layer")
    };
    assert_eq!(decl.name.value.as_ref(), "f");
    assert_eq!(decl.groups.len(), 2);
    let settings: Vec<&str> = decl.groups[0]
        .iter()
        .map(|param| sources.text(param.span))
        .collect();
    assert_eq!(settings, ["..a: Int", "b = 2", "c: Int = 3"]);
    assert!(decl.groups[0][0].rest && !decl.groups[0][1].rest);
    assert_eq!(decl.result.as_ref().map(show_type).as_deref(), Some("Int"));
}

/// The spans of every expression, outermost first.
fn spans<'a>(sources: &'a Sources, e: &Expr, all: &mut Vec<&'a str>) {
    all.push(sources.text(e.span));
    match &e.kind {
        ExprKind::Binary(_, a, b) | ExprKind::Pipe(a, b) => {
            spans(sources, a, all);
            spans(sources, b, all);
        }
        ExprKind::Call {
            callee,
            args,
            brackets,
        } => {
            spans(sources, callee, all);
            all.push(sources.text(*brackets));
            for arg in args {
                if let Arg::Positional(e) | Arg::Named(_, e) = arg {
                    spans(sources, e, all);
                }
            }
        }
        ExprKind::Block(lets, value) => {
            all.extend(lets.iter().map(|one| sources.text(one.span)));
            spans(sources, value, all);
        }
        _ => {}
    }
}

#[test]
fn spans_are_exact() {
    let text =
        "tmo 1\nlet é = ( a + 5 Å ) * f( n : 2 ) // c\n  |> { let b = 1 ; b } // d\n\n";
    let (sources, file) = good(text);
    let ItemKind::Let(item) = &file.items[0].kind else {
        panic!("a let")
    };
    let mut all = Vec::new();
    spans(&sources, &item.value, &mut all);
    assert_eq!(
        all,
        [
            "( a + 5 Å ) * f( n : 2 ) // c\n  |> { let b = 1 ; b }",
            "( a + 5 Å ) * f( n : 2 )",
            "( a + 5 Å )",
            "a",
            "5 Å",
            "f( n : 2 )",
            "f",
            "( n : 2 )",
            "2",
            "{ let b = 1 ; b }",
            "let b = 1 ;",
            "b",
        ],
    );
    let whole = sources.text(file.items[0].span);
    assert!(
        whole.starts_with("let é") && whole.ends_with("b }"),
        "{whole}"
    );
    let Pattern::Name(name) = &item.pattern else {
        panic!("one name")
    };
    assert_eq!(sources.text(name.span), "é");
}
