use super::*;
use crate::diagnostic::Code;

fn two_files() -> (Sources, Source, Source) {
    let mut sources = Sources::default();
    let first = sources.add("first.tmo", "let d = 5 Å + 2 eV\n\n  let e = d\n");
    let second = sources.add("dir/second.tmo", "let Å² = 1\r\nlet f = é(d)");
    (sources, first, second)
}

#[test]
fn two_labels_a_note_and_help() {
    let (sources, first, _) = two_files();
    let problem = Problem::new(
        Code::E0302,
        "these cannot be added",
        first.span(15, 19),
        "an Energy",
    )
    .and(first.span(8, 12), "a Length")
    .note("both sides of `+` have one unit")
    .help("convert one of them");
    let expected = "\
error[E0302]: these cannot be added
   ╭─[ first.tmo:1:15 ]
   │
 1 │ let d = 5 Å + 2 eV
   │         ─┬─   ──┬─
   │          ╰────────── a Length
   │                 │
   │                 ╰─── an Energy
   │
   │ Help: both sides of `+` have one unit
   │       convert one of them
───╯
";
    assert_eq!(draw(&problem, &sources, false), expected);
}

#[test]
fn labels_in_two_files_and_out_of_order() {
    let (sources, first, second) = two_files();
    let problem = Problem::new(Code::W0501, "unused", second.span(22, 24), "this one")
        .and(first.span(26, 27), "third line")
        .and(first.span(4, 5), "first line");
    let drawn = draw(&problem, &sources, false);
    assert!(drawn.starts_with("warning[W0501]: unused\n"), "{drawn}");
    assert_eq!(drawn.matches("first.tmo").count(), 1, "{drawn}");
    assert!(drawn.contains("dir/second.tmo:2:9"), "{drawn}");
    let at = |text: &str| drawn.find(text).unwrap_or(usize::MAX);
    assert!(
        at("this one") < at("first line") && at("first line") < at("third line"),
        "{drawn}"
    );
}

#[test]
fn colour_only_when_asked_for() {
    let (sources, first, _) = two_files();
    let problem =
        Problem::new(Code::E0001, "title", first.span(0, 3), "label").help("help");
    assert!(!draw(&problem, &sources, false).contains('\u{1b}'));
    assert!(draw(&problem, &sources, true).contains('\u{1b}'));
    let nowhere = Problem::new(Code::E0601, "title", Span::NOWHERE, "").help("help");
    assert!(!draw(&nowhere, &sources, false).contains('\u{1b}'));
    assert!(draw(&nowhere, &sources, true).contains('\u{1b}'));
}

#[test]
fn without_a_place() {
    let problem =
        Problem::new(Code::E0601, "there is no file `a.tmo`", Span::NOWHERE, "")
            .note("looked in `dir`")
            .help("write the path as seen from the script");
    assert_eq!(
        draw(&problem, &Sources::default(), false),
        "error[E0601]: there is no file `a.tmo`\n  Help: looked in `dir`\n        \
         write the path as seen from the script\n",
    );
    assert_eq!(
        short(&problem, &Sources::default()),
        "error[E0601]: there is no file `a.tmo`; write the path as seen from the script",
    );
}

#[test]
fn one_line() {
    let (sources, _, second) = two_files();
    let problem = Problem::new(
        Code::E0301,
        "a unit is missing",
        second.span(24, 25),
        "here",
    )
    .help("a\n b");
    assert_eq!(
        short(&problem, &sources),
        "dir/second.tmo:2:10: error[E0301]: a unit is missing; a b",
    );
}

#[test]
fn labels_anywhere_do_not_panic() {
    let texts = [
        "",
        "\n",
        "é",
        "é\n",
        "a\r\nb\u{2028}c\u{85}d\n\n",
        "\ttab Å\n",
    ];
    let mut sources = Sources::default();
    let all: Vec<Source> = texts.iter().map(|text| sources.add("x", text)).collect();
    let end = all.last().map_or(0, |last| last.base) + 20;
    for start in 0..end {
        for length in [0, 1, 2, 3, 100] {
            let span = Span::new(start, start + length);
            let problem = Problem::new(Code::E0001, "title", span, "label")
                .and(Span::new(end - start, end - start + length), "other");
            let drawn = draw(&problem, &sources, false);
            assert!(drawn.starts_with("error[E0001]: title\n"), "{drawn}");
            assert!(drawn.lines().all(|line| line.trim_end() == line), "{drawn}");
        }
    }
}

#[test]
fn long_lines_keep_their_columns() {
    let mut sources = Sources::default();
    let text = format!("let x = [{}é]", "Å, ".repeat(500));
    let source = sources.add("long.tmo", &text);
    let at = text.find('é').unwrap_or(0);
    let problem = Problem::new(Code::E0101, "unknown", source.span(at, at + 2), "here");
    let drawn = draw(&problem, &sources, false);
    assert!(drawn.contains("long.tmo:1:1510"), "{drawn}");
    assert!(short(&problem, &sources).starts_with("long.tmo:1:1510: "));
}
