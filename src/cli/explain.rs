//! `tmo explain`.

use super::args::Explain;
use super::messages::say;
use super::{FAILED, FINE};
use crate::diagnostic::{Code, nearest};

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
        return FINE;
    }
    let near = nearest(wanted, Code::ALL.iter().map(|code| code.name()));
    let hint = near
        .map(|near| format!("; did you mean {near}?"))
        .unwrap_or_default();
    eprintln!("error: there is no code `{wanted}`{hint}");
    FAILED
}
