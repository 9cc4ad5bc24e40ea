//! `tmo repl`.

use std::io::{IsTerminal, stdout};

use super::args::{Args, Repl};
use super::messages::{layout, print};
use super::{FAILED, FINE};
use crate::diagnostic::{Code, Problem};
use crate::source::{Sources, Span};
use crate::tools::repl::{self, Given};

/// Talk.
pub fn repl(args: &Args, options: &Repl) -> u8 {
    let given = Given {
        file: options.file.clone(),
        store: options.store.clone(),
        threads: options.threads,
        quiet: options.quiet,
        layout: layout(),
        terminal: stdout().is_terminal(),
    };
    match repl::talk(given) {
        Ok(()) => FINE,
        Err(why) => {
            let title = format!("the terminal cannot be used: {why}");
            let problem = Problem::new(Code::E0902, title, Span::NOWHERE, "");
            print(&[problem], &Sources::default(), args.message_format);
            FAILED
        }
    }
}
