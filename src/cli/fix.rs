//! `tmo fix`.

use std::path::Path;

use super::args::{Args, Fix, MessageFormat};
use super::files::replace;
use super::messages::{print, say};
use super::{FAILED, FINE};
use crate::diagnostic::{Code, Problem};
use crate::session::{Session, read};
use crate::source::Span;
use crate::world::Disk;

/// Rewrite the uses of deprecated items in every file, or say which have some.
pub fn fix(args: &Args, options: &Fix) -> u8 {
    let mut code = FINE;
    for file in &options.files {
        if one(file, options.check, args.message_format) == FAILED {
            code = FAILED;
        }
    }
    code
}

fn one(file: &Path, check: bool, messages: MessageFormat) -> u8 {
    let mut session = Session::new(&Disk);
    let name = file.display().to_string();
    let text = match read(&Disk, file) {
        Ok(text) => text,
        Err(problem) => {
            print(&[*problem], session.sources(), messages);
            return FAILED;
        }
    };
    let fixed = match session.fix(&name, &text) {
        Ok(fixed) => fixed,
        Err(problems) => {
            print(&problems, session.sources(), messages);
            return FAILED;
        }
    };
    print(&fixed.left, session.sources(), messages);
    if check {
        if fixed.count > 0 {
            say(&format!("{name}\n"));
        }
        return if fixed.count > 0 { FAILED } else { FINE };
    }
    if fixed.count == 0 {
        return FINE;
    }
    if let Err(error) = replace(file, &fixed.text) {
        let title = format!("`{name}` cannot be written: {error}");
        let problem = Problem::new(Code::E0902, title, Span::NOWHERE, "")
            .help("the file is as it was; look at its permissions and the disk");
        print(&[problem], session.sources(), messages);
        return FAILED;
    }
    if messages == MessageFormat::Human {
        say(&format!("{name}: {} rewritten\n", fixed.count));
    }
    FINE
}
