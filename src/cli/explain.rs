//! `tmo explain`: a code's page, or all codes.

use super::args::Explain;
use super::messages::{layout, say};
use super::{FAILED, FINE};
use crate::diagnostic::explain::Page;
use crate::diagnostic::{Code, nearest};
use crate::tools::markdown::to_terminal;

/// Say what a code stands for.
pub fn explain(options: &Explain) -> u8 {
    let Some(wanted) = &options.code else {
        for code in Code::ALL {
            say(&format!("{code}  {}\n", code.meaning()));
        }
        return FINE;
    };
    if let Some(code) = Code::parse(&wanted.to_uppercase()) {
        say(&format!("{code}: {}\n", code.meaning()));
        if let Some(page) = Page::of(code) {
            say(&format!("\n{}", to_terminal(page.text, layout())));
        }
        return FINE;
    }
    let near = nearest(wanted, Code::ALL.iter().map(|code| code.name()));
    let hint = near
        .map(|near| format!("; did you mean {near}?"))
        .unwrap_or_default();
    eprintln!("error: there is no code `{wanted}`{hint}");
    FAILED
}
