//! `tmo show`.

use std::fmt::Write as _;

use super::args::{Args, MessageFormat, Show};
use super::messages::{checked, print, say};
use super::{FAILED, FINE};
use crate::builtins::{layer_table, weight_count};
use crate::diagnostic::{Code, Problem, Severity, nearest};
use crate::ir::Network;
use crate::names::{Def, Program};
use crate::plan::grouped;
use crate::session::{Checked, Session};
use crate::source::Span;
use crate::types::{Given, Shown};
use crate::world::Disk;

/// Show an item, or list them.
pub fn show(args: &Args, options: &Show) -> u8 {
    let format = args.message_format;
    let mut session = Session::new(&Disk);
    let stdlib = options.file.as_os_str() == "stdlib";
    let found = if stdlib {
        Some(session.standard_library())
    } else {
        checked(&mut session, &options.file, format)
    };
    let Some(found) = found else { return FAILED };
    let Some(name) = &options.name else {
        say(&listing(&found.program, stdlib));
        return FINE;
    };
    let given = Given {
        length: options.length,
        radius: options.radius,
    };
    let Some(shown) = session.show(&found.program, name, given) else {
        print(&[missing(&found.program, name)], session.sources(), format);
        return FAILED;
    };
    let problems = shown.problems.clone();
    let failed = problems.iter().any(|p| p.severity() == Severity::Error);
    if !failed {
        say(&described(&found, name, &shown));
    }
    print_all(&problems, &session, format)
}

fn print_all(problems: &[Problem], session: &Session, format: MessageFormat) -> u8 {
    print(problems, session.sources(), format);
    let failed = problems.iter().any(|p| p.severity() == Severity::Error);
    if failed { FAILED } else { FINE }
}

fn missing(program: &Program, name: &str) -> Problem {
    let problem = Problem::new(
        Code::E0101,
        format!("`{name}` is not defined"),
        Span::NOWHERE,
        "",
    );
    match nearest(name, program.items.iter().map(|def| &*def.name)) {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem.help("without a name every item is listed"),
    }
}

/// Every item with the first line of its words.
fn listing(program: &Program, stdlib: bool) -> String {
    let mut text = String::new();
    for (at, module) in program.modules.iter().enumerate() {
        if module.is_std() != stdlib {
            continue;
        }
        let _ = writeln!(text, "{}", module.source.name);
        for (_, def) in program.items_of(crate::names::ModuleId(at)) {
            let noun = def.noun().map_or("let", |noun| noun.word());
            let first = def.doc.as_deref().and_then(|doc| doc.lines().next());
            let head = format!("{noun} {}", def.name);
            let _ = writeln!(text, "  {head:<26} {}", first.unwrap_or_default());
        }
    }
    text
}

fn described(found: &Checked, name: &str, shown: &Shown) -> String {
    let own = found.program.items.iter().filter(|def| &*def.name == name);
    let own: Vec<&Def> = own.collect();
    let mine = |def: &&&Def| found.program.root == Some(def.module);
    let def = own.iter().find(mine).or(own.first());
    let mut text = String::new();
    if let Some(def) = def {
        let noun = def.noun().map_or("let", |noun| noun.word());
        let _ = writeln!(text, "{noun} {name}");
        for line in def.doc.iter().flat_map(|doc| doc.lines()) {
            let _ = writeln!(text, "  {line}");
        }
    }
    match &shown.network {
        Some(network) => text.push_str(&layers(network)),
        None => {
            let _ = writeln!(text, "  {}", shown.ty);
        }
    }
    text
}

/// The layers of a network with shapes and weight counts.
fn layers(network: &Network) -> String {
    let rows = layer_table(network);
    let width = |of: &dyn Fn(usize) -> usize, least: usize| {
        (0..rows.len()).map(of).max().unwrap_or(0).max(least)
    };
    let place = width(
        &|i| rows.get(i).map_or(0, |row| row.place.chars().count()),
        5,
    );
    let layer = width(
        &|i| rows.get(i).map_or(0, |row| row.layer.chars().count()),
        5,
    );
    let shape = width(
        &|i| rows.get(i).map_or(0, |row| row.output.chars().count()),
        6,
    );
    let mut text = format!(
        "\n  {:place$}  {:layer$}  {:shape$}  {:>10}\n",
        "place", "layer", "output", "weights"
    );
    for row in &rows {
        let weights = if row.weights == 0 {
            String::new()
        } else {
            grouped(row.weights)
        };
        let _ = writeln!(
            text,
            "  {:place$}  {:layer$}  {:shape$}  {weights:>10}",
            row.place, row.layer, row.output
        );
    }
    let _ = writeln!(text, "\n  {} weights", grouped(weight_count(network)));
    text
}
