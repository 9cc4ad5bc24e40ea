//! The command line: a thin user of [`crate::session`].

mod args;
mod check;
mod doc;
mod explain;
mod files;
mod fix;
mod fmt;
mod messages;
mod new;
mod pages;
mod plan;
mod repl;
mod run;
mod show;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};

/// Everything was fine.
const FINE: u8 = 0;
/// The script, its data or the run has an error.
const FAILED: u8 = 1;
/// Stopped by Ctrl-C.
const INTERRUPTED: u8 = 130;

/// Run the command in the process's arguments.
pub fn main() -> ExitCode {
    let args = Args::parse();
    let code = match &args.command {
        Command::Run(options) => run::run(&args, options),
        Command::Check(options) => check::check(&args, options),
        Command::Fmt(options) => fmt::fmt(&args, options),
        Command::Fix(options) => fix::fix(&args, options),
        Command::Plan(options) => plan::plan(&args, options),
        Command::Show(options) => show::show(&args, options),
        Command::Explain(options) => explain::explain(options),
        Command::Doc(options) => doc::doc(&args, options),
        Command::Repl(options) => repl::repl(&args, options),
        Command::New(options) => new::new(&args, options),
        Command::Completions(options) => pages::completions(options),
        Command::Man(options) => pages::man(&args, options),
    };
    ExitCode::from(code)
}
