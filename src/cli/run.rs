//! `tmo run`.

use std::io::{IsTerminal, stdout};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::args::{Args, MessageFormat, Run};
use super::messages::{print, say};
use super::{FAILED, FINE, INTERRUPTED};
use crate::diagnostic::{Code, Problem, Severity};
use crate::nn::Threads;
use crate::report::terminal::Look;
use crate::report::write_files;
use crate::run::interrupt::Interrupt;
use crate::run::progress::{Progress, Silent, Terminal};
use crate::run::store::Store;
use crate::session::{Content, Options, Outcome, Session};
use crate::source::Span;
use crate::tools::outcome::shown;
use crate::tools::planned::asked_twice;
use crate::world::Disk;

/// Where results are kept when nothing is said.
pub const STORE: &str = ".tmo/store";

/// Check, plan and run a script.
pub fn run(args: &Args, options: &Run) -> u8 {
    let format = args.message_format;
    let mut session = Session::new(&Disk);
    let script = session.check_file(&options.file);
    print(&script.problems, session.sources(), format);
    if script.failed() {
        return FAILED;
    }
    match computed(&session, &script, options, format) {
        Ok(code) => code,
        Err(problem) => {
            let interrupted = problem.code == Code::E0809;
            print(&[*problem], session.sources(), format);
            if interrupted { INTERRUPTED } else { FAILED }
        }
    }
}

fn computed(
    session: &Session,
    script: &crate::session::Checked,
    options: &Run,
    format: MessageFormat,
) -> Result<u8, Box<Problem>> {
    let plan = session.plan_on(script, options.executor.into())?;
    let interrupt = Interrupt::new();
    interrupt.listen().map_err(|error| {
        Problem::new(Code::E0809, error.to_string(), Span::NOWHERE, "")
    })?;
    let store = open_store(options.store.as_deref())?;
    if !options.yes
        && let Some(problem) = asked_twice(&plan, &options.studies, &store)
    {
        let help = "`tmo plan` says what they are; `tmo run --yes` runs them all";
        return Err(problem.help(help).into());
    }
    let threads = Threads::new(options.threads).map_err(|failure| {
        let code = Code::parse(failure.code()).unwrap_or(Code::E0807);
        Problem::new(code, failure.to_string(), Span::NOWHERE, "")
    })?;
    let quiet = options.quiet || format == MessageFormat::Json;
    let progress: Box<dyn Progress> = if quiet {
        Box::new(Silent)
    } else {
        Box::new(Terminal::on_stderr())
    };
    let given = Options {
        store: &store,
        progress: &*progress,
        interrupt,
        threads: &threads,
        checkpoint_every: Duration::from_secs_f64(options.checkpoint_every),
    };
    let ran = session.run(&script.program, &plan, &options.studies, &given);
    drop(progress);
    for outcome in &ran.outcomes {
        present(outcome, options.out.as_deref())?;
    }
    print(&ran.problems, session.sources(), format);
    let failed = ran
        .problems
        .iter()
        .find(|p| p.severity() == Severity::Error);
    Ok(match failed {
        None => FINE,
        Some(problem) if problem.code == Code::E0809 => INTERRUPTED,
        Some(_) => FAILED,
    })
}

/// The store of a command.
pub fn open_store(dir: Option<&Path>) -> Result<Store, Box<Problem>> {
    let dir = dir.map_or_else(|| PathBuf::from(STORE), Path::to_path_buf);
    Store::open(&dir).map_err(|problem| Box::new(crate::run::store_problem(&problem)))
}

/// Print a study's scores, and write its files where the user wants them.
fn present(outcome: &Outcome, out: Option<&Path>) -> Result<(), Box<Problem>> {
    let look = Look {
        colour: stdout().is_terminal(),
        unicode: true,
    };
    let failed = |problem: crate::report::ReportProblem| {
        let help = problem.help();
        Problem::new(Code::E0902, problem.to_string(), Span::NOWHERE, "").help(help)
    };
    say(&shown(outcome, look)?);
    if let (None, Content::Table(_)) = (out, &outcome.content) {
        let asked = outcome.files.iter().map(|file| file.name.as_str());
        let asked = asked.filter(|name| !matches!(*name, "report.html" | "table.csv"));
        for name in asked {
            say(&format!("{name} is written with --out DIR\n"));
        }
    }
    if let Some(out) = out {
        let dir = out.join(&outcome.study);
        let written = write_files(&dir, &outcome.files).map_err(failed)?;
        say(&format!("{} files in {}\n", written.len(), dir.display()));
    }
    Ok(())
}
