//! Keys of every example: renamed, reordered, commented and laid out otherwise at random, a
//! script has the keys it had; with any of its numbers another it has others.

use std::fs;

use tmo::draw::{Draws, Stream};
use tmo::session::Session;
use tmo::source::Sources;
use tmo::syntax::ast::{ItemKind, Pattern};
use tmo::syntax::{format, parse};
use tmo::world::Disk;

use crate::keys::bumped;
use crate::project::files_below;

fn below(stream: &mut Stream, end: usize) -> usize {
    (stream.next_u64() % end.max(1) as u64) as usize
}

/// The keys of a script's nodes, in order; none when its studies do not plan.
fn keys(path: &str, text: &str) -> Option<Vec<[u8; 32]>> {
    let mut session = Session::new(&Disk);
    let checked = session.check(path, text);
    assert!(!checked.failed(), "{:?}\n{text}", checked.problems);
    let plan = session.plan(&checked).ok()?;
    let mut keys: Vec<[u8; 32]> = plan.nodes.iter().map(|node| node.key).collect();
    keys.sort_unstable();
    Some(keys)
}

/// The names a script's items define, and the stretches of the items with their words.
fn items(text: &str) -> (Vec<String>, Vec<String>) {
    let source = Sources::default().add("a.tmo", text);
    let parsed = parse(&source);
    let (mut names, mut starts) = (Vec::new(), Vec::new());
    for item in &parsed.file.items {
        match &item.kind {
            ItemKind::Use(_) => {}
            ItemKind::Let(item) => match &item.pattern {
                Pattern::Name(name) => names.push(name.value.to_string()),
                Pattern::Tuple(all, _) => {
                    names.extend(all.iter().map(|n| n.value.to_string()))
                }
            },
            ItemKind::Decl(decl) => names.push(decl.name.value.to_string()),
        }
        starts.push((item.span.start - source.base) as usize);
    }
    // Words before an item go with it.
    for start in &mut starts {
        while let Some(line) = text[..*start].strip_suffix('\n') {
            let begin = line.rfind('\n').map_or(0, |at| at + 1);
            if !line[begin..].starts_with("//") {
                break;
            }
            *start = begin;
        }
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let parts = starts
        .iter()
        .zip(ends)
        .map(|(start, end)| text[*start..end].to_owned());
    (names, parts.collect())
}

/// Every word `from` that stands for an item becomes `to`: not fields, arguments or texts.
fn renamed(text: &str, from: &str, to: &str) -> String {
    let mut out = String::new();
    let (mut at, mut quoted, mut comment) = (0, false, false);
    let word = |c: char| c.is_alphanumeric() || c == '_';
    while at < text.len() {
        let rest = &text[at..];
        let c = rest.chars().next().unwrap();
        comment = (comment && c != '\n') || (!quoted && rest.starts_with("//"));
        quoted = (quoted != (c == '"' && !comment)) && c != '\n';
        let end = rest.find(|c: char| !word(c)).unwrap_or(rest.len());
        let stands = !quoted
            && !comment
            && end > 0
            && &rest[..end] == from
            && !out.ends_with(|c: char| word(c))
            && (!out.ends_with('.') || out.ends_with(".."))
            && !rest[end..].trim_start().starts_with(':');
        if stands {
            out.push_str(to);
            at += end;
        } else {
            out.push(c);
            at += c.len_utf8();
        }
    }
    out
}

/// The script said otherwise.
fn otherwise(text: &str, stream: &mut Stream) -> String {
    let (names, _) = items(text);
    let mut text = text.to_owned();
    for (at, name) in names.iter().enumerate() {
        if below(stream, 2) == 0 {
            text = renamed(&text, name, &format!("größe_{at}_{}", below(stream, 1000)));
        }
    }
    let (_, mut parts) = items(&text);
    for at in (1..parts.len()).rev() {
        parts.swap(at, below(stream, at + 1));
    }
    let mut out = String::from("// Said otherwise.\ntmo 1\n");
    for part in parts {
        let lines: Vec<&str> = part.trim_end().lines().collect();
        for line in lines {
            match below(stream, 4) {
                0 if !line.trim_start().starts_with("//") => {
                    out.push_str(&format!("{line}  // {}\n", below(stream, 100)));
                }
                1 if !line.starts_with("///") => out.push_str(&format!("  {line}  \n")),
                _ => out.push_str(&format!("{line}\n")),
            }
        }
        out.push_str(&"\n".repeat(1 + below(stream, 3)));
    }
    out
}

#[test]
fn any_constant_of_a_script_changes_a_key() {
    let mut changed = 0;
    for folder in ["examples", "tests/scripts"] {
        for path in files_below(folder, "tmo") {
            let text = fs::read_to_string(&path).unwrap();
            let path = path.to_str().unwrap();
            let Some(expected) = keys(path, &text).filter(|keys| !keys.is_empty()) else {
                continue;
            };
            let (head, body) = text.split_at(text.find("tmo 1").unwrap() + "tmo 1".len());
            for (at, body) in bumped(body) {
                let said = format!("{head}{body}");
                let mut session = Session::new(&Disk);
                // A kernel longer than its signal, a share above 100 %: no script.
                if session.check(path, &said).failed() {
                    continue;
                }
                let line = text[..head.len() + at].lines().last().unwrap_or_default();
                // 32 to 256 in steps of 32 are the same numbers as 32 to 257.
                let rest = text[head.len() + at..].lines().next().unwrap_or_default();
                let steps = rest.trim_start_matches(|c: char| c.is_ascii_digit());
                if line.ends_with("..=") && steps.starts_with(", step:") {
                    continue;
                }
                assert_ne!(
                    keys(path, &said).as_ref(),
                    Some(&expected),
                    "{path}: a number after `{line}` changes nothing"
                );
                changed += 1;
            }
        }
    }
    assert!(changed >= 60, "{changed}");
}

#[test]
fn scripts_said_otherwise_keep_their_keys() {
    let mut planned = 0;
    for folder in ["examples", "tests/scripts"] {
        for path in files_below(folder, "tmo") {
            let text = fs::read_to_string(&path).unwrap();
            let path = path.to_str().unwrap();
            let Some(expected) = keys(path, &text).filter(|keys| !keys.is_empty()) else {
                continue;
            };
            planned += 1;
            for round in 0..8 {
                let mut stream = Draws::new(31, round).stream(path, &[]);
                let said = otherwise(&text, &mut stream);
                assert_eq!(
                    keys(path, &said).as_ref(),
                    Some(&expected),
                    "{path}\n{said}"
                );
            }
            let formatted = format(&Sources::default().add("a.tmo", &text)).unwrap();
            assert_eq!(keys(path, &formatted), Some(expected), "{path}");
        }
    }
    assert!(planned >= 4, "{planned}");
}
