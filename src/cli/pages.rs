//! `tmo completions` and `tmo man`: what a shell and `man` are to know of the commands.

use std::path::Path;

use clap::CommandFactory;

use super::args::{Args, Completions, Man};
use super::doc::write;
use super::messages::{print, say};
use super::{FAILED, FINE};
use crate::diagnostic::{Code, Problem};
use crate::source::{Sources, Span};

/// Print a shell's completions.
pub fn completions(options: &Completions) -> u8 {
    let mut text = Vec::new();
    clap_complete::generate(options.shell, &mut Args::command(), "tmo", &mut text);
    say(&String::from_utf8_lossy(&text));
    FINE
}

/// Print the manual page, or write one for each command.
pub fn man(args: &Args, options: &Man) -> u8 {
    let mut command = Args::command();
    command.build();
    let done = match &options.out {
        None => page(&command).map(|text| say(&text)),
        Some(dir) => pages(&command, dir),
    };
    match done {
        Ok(()) => FINE,
        Err(problem) => {
            print(&[*problem], &Sources::default(), args.message_format);
            FAILED
        }
    }
}

fn pages(command: &clap::Command, dir: &Path) -> Result<(), Box<Problem>> {
    write(&dir.join("tmo.1"), &page(command)?)?;
    for sub in command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help")
    {
        let name = format!("tmo-{}", sub.get_name());
        // `Command` keeps a name for as long as the program runs.
        let named = sub.clone().name(&*name.clone().leak());
        write(&dir.join(format!("{name}.1")), &page(&named)?)?;
    }
    say(&format!("manual pages in {}\n", dir.display()));
    Ok(())
}

fn page(command: &clap::Command) -> Result<String, Box<Problem>> {
    let mut text = Vec::new();
    clap_mangen::Man::new(command.clone())
        .render(&mut text)
        .map_err(|error| {
            let title = format!("the manual page cannot be written: {error}");
            Box::new(Problem::new(Code::E0902, title, Span::NOWHERE, ""))
        })?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
