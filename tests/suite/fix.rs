//! `tmo fix`: uses of deprecated items become uses of what replaces them, and nothing
//! else of a script changes.

use std::fs;

use tmo::diagnostic::Code;
use tmo::session::Session;
use tmo::world::Memory;

use crate::project::{said, tmo};

/// A file with deprecated items, as it may stand beside a script.
const SHARED: &str = r#"tmo 1

/// The reach of a bond.
let reach = 8 Å

/// deprecated: use `reach`
let cutoff = 8 Å

/// Half of it.
///
/// deprecated: use `halved`, which takes any length
fn half_cutoff(x: Length) -> Length = cutoff / 2

fn halved(x: Length) -> Length = x / 2

/// deprecated: use `dense`
layer linear(units: Int)(x: [.., d]) -> [.., units] = x |> dense(units)

/// deprecated: write the number
let two = 2

/// deprecated: use `std.layers.softplus2`
fn shifted(x: [..]) -> [..] = softplus(x) - ln(2)
"#;

fn world() -> Memory {
    let mut world = Memory::default();
    world.put("shared.tmo", SHARED);
    world
}

fn fixed(text: &str) -> (String, usize, Vec<Code>) {
    let world = world();
    let mut session = Session::new(&world);
    let fixed = session.fix("study.tmo", text).unwrap();
    let left = fixed.left.iter().map(|problem| problem.code).collect();
    (fixed.text, fixed.count, left)
}

#[test]
fn uses_and_imports_are_rewritten_and_the_rest_stays() {
    let text = r#"tmo 1

use "shared.tmo".{ cutoff,  half_cutoff, reach }   // what we share
use "shared.tmo".{linear}

// `cutoff` in a comment stays, and so does "cutoff" in a text.
let name =   "cutoff"
let far = [cutoff,cutoff + 1 Å]   // twice
let near = half_cutoff( cutoff )
layer net()(x: [rows, d]) -> [rows, 1] = x |> linear(1)
"#;
    let expected = r#"tmo 1

use "shared.tmo".{ halved, reach }   // what we share

// `cutoff` in a comment stays, and so does "cutoff" in a text.
let name =   "cutoff"
let far = [reach,reach + 1 Å]   // twice
let near = halved( reach )
layer net()(x: [rows, d]) -> [rows, 1] = x |> dense(1)
"#;
    let (text, count, left) = fixed(text);
    assert_eq!(text, expected);
    assert_eq!((count, left), (5, Vec::new()));
    assert_eq!(fixed(&text), (text.clone(), 0, Vec::new()));
}

#[test]
fn a_replacement_from_elsewhere_brings_its_import() {
    let text = "tmo 1\nuse \"shared.tmo\".{shifted}\nfn f(x: [rows, d]) -> [rows, d] = x |> shifted\n";
    let (text, count, _) = fixed(text);
    assert_eq!(
        text,
        "tmo 1\nuse std.layers.{softplus2}\nfn f(x: [rows, d]) -> [rows, d] = x |> softplus2\n"
    );
    assert_eq!(count, 1);
}

#[test]
fn through_a_module_the_name_after_the_dot_changes() {
    let (text, ..) = fixed("tmo 1\nuse \"shared.tmo\" as s\nlet x = s.cutoff + 1 Å\n");
    assert_eq!(
        text,
        "tmo 1\nuse \"shared.tmo\" as s\nlet x = s.reach + 1 Å\n"
    );
    let (text, count, left) = fixed(
        "tmo 1\nuse \"shared.tmo\" as s\nlayer n()(x: [rows, d]) -> [rows, 1] = x |> s.linear(1)\n",
    );
    assert!(text.contains("s.linear"), "`dense` is not in that file");
    assert_eq!((count, left), (0, vec![Code::W0101]));
}

#[test]
fn what_no_name_replaces_is_left_and_told() {
    let script = "tmo 1\nuse \"shared.tmo\".{two, cutoff}\nlet x = two * cutoff\n";
    let (text, count, left) = fixed(script);
    assert_eq!(
        text,
        "tmo 1\nuse \"shared.tmo\".{two, reach}\nlet x = two * reach\n"
    );
    assert_eq!((count, left), (1, vec![Code::W0101]));
}

#[test]
fn a_new_name_that_means_something_else_stops_the_fix() {
    let world = world();
    for script in [
        "tmo 1\nuse \"shared.tmo\".{cutoff}\nlet reach = 1 Å\nlet x = cutoff + reach\n",
        "tmo 1\nuse \"shared.tmo\".{cutoff}\nfn f(reach: Length) -> Length = reach + cutoff\n",
    ] {
        let mut session = Session::new(&world);
        let problems = session.fix("study.tmo", script).unwrap_err();
        assert_eq!(problems[0].code, Code::E0106, "{script}");
    }
    let mut session = Session::new(&world);
    let broken = session
        .fix("study.tmo", "tmo 1\nlet x = 1 +\n")
        .unwrap_err();
    assert_eq!(broken[0].code, Code::E0001);
}

#[test]
fn the_command_writes_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let script = "tmo 1\nuse \"shared.tmo\".{cutoff}\nlet x = cutoff  // Å\n";
    fs::write(folder.path().join("shared.tmo"), SHARED).unwrap();
    fs::write(folder.path().join("study.tmo"), script).unwrap();
    let run =
        |arguments: &[&str]| tmo(arguments).current_dir(folder.path()).output().unwrap();
    let checked = run(&["check", "--message-format", "short", "study.tmo"]);
    assert!(said(&checked).contains("W0101"), "{}", said(&checked));
    assert_eq!(checked.status.code(), Some(0));
    let only_said = run(&["fix", "--check", "study.tmo"]);
    assert_eq!(only_said.status.code(), Some(1), "{}", said(&only_said));
    let text = || fs::read_to_string(folder.path().join("study.tmo")).unwrap();
    assert_eq!(text(), script);
    let done = run(&["fix", "study.tmo"]);
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    assert_eq!(
        text(),
        "tmo 1\nuse \"shared.tmo\".{reach}\nlet x = reach  // Å\n"
    );
    assert_eq!(run(&["fix", "--check", "study.tmo"]).status.code(), Some(0));
}
