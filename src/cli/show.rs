//! `tmo show`.

use std::fmt::Write as _;

use super::args::{Args, MessageFormat, Show};
use super::messages::{print, say};
use super::{FAILED, FINE};
use crate::builtins::lower;
use crate::diagnostic::{Code, Problem, Severity, nearest};
use crate::names::{Def, Program};
use crate::nn::lowered;
use crate::session::{Checked, Session};
use crate::source::Span;
use crate::tools::layers::layers;
use crate::types::{Given, Shown};
use crate::world::Disk;

/// Show an item, or list them.
pub fn show(args: &Args, options: &Show) -> u8 {
    let format = args.message_format;
    let mut session = Session::new(&Disk);
    let stdlib = options.file.as_os_str() == "stdlib";
    let found = match stdlib {
        true => session.standard_library(),
        false => session.check_file(&options.file),
    };
    if found.program.modules.is_empty() {
        return print_all(&found.problems, &session, format);
    }
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
        let described = match options.lowered {
            true => lowered_steps(name, &shown),
            false => Ok(described(&found, name, &shown)),
        };
        match described {
            Ok(text) => say(&text),
            Err(problem) => return print_all(&[problem], &session, format),
        }
    }
    print_all(&problems, &session, format)
}

/// What a model is run as.
fn lowered_steps(name: &str, shown: &Shown) -> Result<String, Problem> {
    let Some(network) = &shown.network else {
        let text = format!("`{name}` is no network, so there is nothing to lower");
        let problem = Problem::new(Code::E0201, text, Span::NOWHERE, "");
        return Err(problem.help("name a model, or leave `--lowered` out"));
    };
    let graph = lower(network)?;
    let mut text = format!("model {name}, lowered\n");
    for line in lowered(&graph) {
        let _ = writeln!(text, "  {line}");
    }
    Ok(text)
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
