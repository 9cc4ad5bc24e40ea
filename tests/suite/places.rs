//! Places: no message cuts a character in two or points outside its text, whatever
//! letters a script holds and wherever it is broken.

use std::fs;

use tmo::diagnostic::{draw, short, to_json};
use tmo::draw::{Draws, Stream};
use tmo::world::{Disk, Memory};

use crate::project::{Told, check_text, files_below};

/// Letters of one to four bytes, joined emoji, and blanks that are not blanks.
const PIECES: &[&str] = &[
    "é",
    "Å",
    "Ω",
    "電池",
    "🔋",
    "👩‍🔬",
    "e\u{301}",
    "\u{200b}",
    "\u{a0}",
    "\u{feff}",
    "ﬁ",
    "ß",
    "\u{202e}",
    "\u{0}",
    "\t",
    "\r\n",
    "\"",
    "(",
    "]",
    "|>",
    "5 µ",
    "°",
    "·",
    "²",
];

fn below(stream: &mut Stream, end: usize) -> usize {
    (stream.next_u64() % end.max(1) as u64) as usize
}

/// A place in the text where a character begins.
fn boundary(stream: &mut Stream, text: &str) -> usize {
    let mut at = below(stream, text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The text with pieces put in, or stretches taken out.
fn mutated(stream: &mut Stream, text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..1 + below(stream, 4) {
        let at = boundary(stream, &text);
        match below(stream, 3) {
            0 => {
                let end = boundary(stream, &text);
                let cut = at.min(end)..at.max(end).min(at.min(end) + 12);
                if text.is_char_boundary(cut.end) {
                    text.replace_range(cut, "");
                }
            }
            _ => text.insert_str(at, PIECES[below(stream, PIECES.len())]),
        }
    }
    text
}

/// Every label of every message lies in a text, on whole characters, and can be drawn.
fn places_hold(told: &Told, text: &str) {
    for problem in &told.problems {
        for label in &problem.labels {
            let source = told.sources.of(label.span);
            let source =
                source.unwrap_or_else(|| panic!("{problem:?} lies nowhere\n{text}"));
            let (start, end) = (
                (label.span.start - source.base) as usize,
                (label.span.end - source.base) as usize,
            );
            let whole =
                source.text.is_char_boundary(start) && source.text.is_char_boundary(end);
            assert!(whole, "{problem:?} cuts a character\n{text}");
            assert!(
                told.sources.position(label.span).is_some(),
                "{problem:?}\n{text}"
            );
        }
        assert!(!draw(problem, &told.sources, false).is_empty());
        assert!(!draw(problem, &told.sources, true).is_empty());
        assert_eq!(
            short(problem, &told.sources).lines().count(),
            1,
            "{problem:?}\n{text}"
        );
        assert!(to_json(problem, &told.sources).is_object());
    }
}

#[test]
fn no_message_cuts_a_character() {
    let mut scripts: Vec<String> = Vec::new();
    for folder in ["tests/ui", "examples"] {
        for path in files_below(folder, "tmo") {
            scripts.push(fs::read_to_string(path).unwrap());
        }
    }
    scripts.retain(|text| text.len() < 1500);
    let mut with_problems = 0;
    for round in 0..600 {
        let mut stream = Draws::new(3, round).stream("text", &[]);
        let script = &scripts[below(&mut stream, scripts.len())];
        let text = mutated(&mut stream, script);
        let told = check_text(&Memory::default(), "größe/電池.tmo", &text);
        with_problems += usize::from(!told.problems.is_empty());
        places_hold(&told, &text);
    }
    assert!(with_problems > 400, "{with_problems}");
}

#[test]
fn the_messages_of_every_script_hold_too() {
    for path in files_below("tests/ui", "tmo") {
        let text = fs::read_to_string(&path).unwrap();
        places_hold(&check_text(&Disk, path.to_str().unwrap(), &text), &text);
    }
}

#[test]
fn columns_count_characters() {
    let told = check_text(
        &Memory::default(),
        "a.tmo",
        "tmo 1\nlet x = \"電池🔋é\" + ê\n",
    );
    let place = told.sources.position(told.problems[0].span()).unwrap();
    assert_eq!((place.line, place.column), (2, 18), "{}", told.short());
}
