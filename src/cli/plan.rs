//! `tmo plan`.

use super::args::{Args, Plan};
use super::messages::{checked, print, say};
use super::run::open_store;
use super::{FAILED, FINE};
use crate::builtins::weight_count;
use crate::diagnostic::Problem;
use crate::ir::{Call, Setting};
use crate::plan::{NodeId, Plan as Planned, Standing, Work, show};
use crate::run::store::{Found, Key, Store};
use crate::session::{Checked, Session};
use crate::world::Disk;

/// Say what a run would do.
pub fn plan(args: &Args, options: &Plan) -> u8 {
    let format = args.message_format;
    let mut session = Session::new(&Disk);
    let Some(script) = checked(&mut session, &options.file, format) else {
        return FAILED;
    };
    print(&script.problems, session.sources(), format);
    if script.failed() {
        return FAILED;
    }
    match planned(&session, &script, options) {
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

fn planned(
    session: &Session,
    script: &Checked,
    options: &Plan,
) -> Result<String, Box<Problem>> {
    let plan = session.plan(script)?;
    let store = open_store(options.store.as_deref())?;
    let standing = |id: NodeId| stands(&plan, &store, id);
    let weights = |call: &Call| match call.setting("network") {
        Some(Setting::Network(network)) => Some(weight_count(network)),
        _ => None,
    };
    Ok(show(&plan, &standing, &weights))
}

fn stands(plan: &Planned, store: &Store, id: NodeId) -> Standing {
    let Some(node) = plan.node(id) else {
        return Standing::Passing;
    };
    let kept = match &node.work {
        Work::Verb(call) => {
            matches!(call.short_name(), "featurize" | "train" | "evaluate")
        }
        Work::Part(_) | Work::Cells(_) => false,
    };
    match store.get(Key::from_bytes(node.key)) {
        _ if !kept => Standing::Passing,
        Ok(Found::Intact(_)) => Standing::Stored,
        Ok(Found::Nothing | Found::Damaged(_)) | Err(_) => Standing::New,
    }
}
