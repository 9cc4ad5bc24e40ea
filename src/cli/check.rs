//! `tmo check`.

use super::args::{Args, Check};
use super::messages::{count, print, say};
use super::{FAILED, FINE};
use crate::session::Session;
use crate::world::Disk;

/// Check every file; each is a script of its own.
pub fn check(args: &Args, options: &Check) -> u8 {
    let mut code = FINE;
    for file in &options.files {
        let mut session = Session::new(&Disk);
        let found = session.check_file(file);
        print(&found.problems, session.sources(), args.message_format);
        if found.failed() {
            code = FAILED;
        }
        if args.message_format == super::args::MessageFormat::Human {
            let verdict = count(&found.problems).unwrap_or("fine".into());
            say(&format!("{}: {verdict}\n", file.display()));
        }
    }
    code
}
