//! Files and data sets: names that lead nowhere, names that say nothing, and what a file
//! cannot hold.

use super::calls::{alternatives, listed};
use crate::diagnostic::{Code, Problem, nearest};
use crate::source::Span;

/// A file that a script names and that is not there.
pub fn file_missing(written: &str, at: Span, why: &str) -> Problem {
    Problem::new(
        Code::E0601,
        format!("`{written}` cannot be read"),
        at,
        why.to_string(),
    )
    .help("the path is relative to the file that names it, and stays inside its folder")
}

/// A data set that does not come with tmo.
pub fn bundled_unknown(name: &str, at: Span, known: &[&str]) -> Problem {
    let problem = Problem::new(
        Code::E0601,
        format!("no data set `{name}` comes with tmo"),
        at,
        "no such data set",
    );
    match nearest(name, known.iter().copied()) {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem.help(format!("there is {}", listed(known))),
    }
}

/// A file to be written that is not one below the folder of the results.
pub fn not_a_file_name(name: &str, at: Span) -> Problem {
    Problem::new(
        Code::E0902,
        format!("`{name}` is not the name of a file in the folder of the results"),
        at,
        "a name, without folders",
    )
    .help("files are written below `--out`, in a folder for each study")
}

/// A file to be written whose name ends in no known format.
pub fn no_such_format(name: &str, at: Span, known: &[&str]) -> Problem {
    Problem::new(
        Code::E0902,
        format!("`{name}` has no ending that says how to write it"),
        at,
        "in which format?",
    )
    .help(format!("end it in {}", alternatives(known)))
}

/// A table is asked for in a file of structures.
pub fn no_structures(name: &str, at: Span) -> Problem {
    Problem::new(
        Code::E0902,
        format!("`{name}` would hold structures, and a table has none"),
        at,
        "a file of structures",
    )
    .help("save the data set itself, before a verb that makes a table of it")
}

/// Features that are no columns are asked for in a file of these.
pub fn not_in_columns(name: &str, at: Span, features: &str) -> Problem {
    Problem::new(
        Code::E0902,
        format!("`{name}` cannot hold {features} these rows have"),
        at,
        "a file of columns",
    )
    .help("end it in `.npz`, or save the rows before `featurize`")
}
