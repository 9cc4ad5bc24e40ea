//! `tmo plan`.

use super::args::{Args, Plan};
use super::messages::{print, say};
use super::run::open_store;
use super::{FAILED, FINE};
use crate::session::Session;
use crate::tools::planned::planned;
use crate::world::Disk;

/// Say what a run would do.
pub fn plan(args: &Args, options: &Plan) -> u8 {
    let format = args.message_format;
    let mut session = Session::new(&Disk);
    let script = session.check_file(&options.file);
    print(&script.problems, session.sources(), format);
    if script.failed() {
        return FAILED;
    }
    let store = open_store(options.store.as_deref());
    match store
        .and_then(|store| planned(&session, &script, &store, options.executor.into()))
    {
        Ok(text) => {
            say(&text);
            FINE
        }
        Err(problem) => {
            print(&[*problem], session.sources(), format);
            FAILED
        }
    }
}
