//! The text of a script, or why there is none.

use std::path::Path;

use crate::diagnostic::{Code, Problem};
use crate::source::{LARGEST_SOURCE, Span};
use crate::world::{World, plain};

/// The text of a script.
///
/// # Errors
/// E0601 when the world has no such file, or it is no text.
pub fn read(world: &dyn World, file: &Path) -> Result<String, Box<Problem>> {
    let name = file.display().to_string();
    let bytes = world.read(file).map_err(|error| {
        let help = match file.extension() {
            Some(_) => "look at the path; it is relative to the current folder",
            None => "look at the path; scripts are files that end in `.tmo`",
        };
        unreadable(&name, &plain(&error), help)
    })?;
    text_of(bytes, &name)
}

/// The bytes of a script as text.
///
/// # Errors
/// E0601 when they are too many or not UTF-8.
pub fn text_of(bytes: Vec<u8>, name: &str) -> Result<String, Box<Problem>> {
    if bytes.len() > LARGEST_SOURCE {
        let help = "data goes into files of its own";
        return Err(unreadable(name, "it is too large for a script", help));
    }
    String::from_utf8(bytes).map_err(|_| {
        unreadable(
            name,
            "it is not UTF-8 text",
            "save it as UTF-8 in your editor",
        )
    })
}

fn unreadable(name: &str, why: &str, help: &str) -> Box<Problem> {
    let title = format!("`{name}` cannot be read: {why}");
    Box::new(Problem::new(Code::E0601, title, Span::NOWHERE, "").help(help))
}
