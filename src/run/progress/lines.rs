//! Progress as plain lines: each node's start and end, and between them one line at most
//! every few seconds. In: events. Out: lines on a writer.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Event, Progress, Work, losses};

/// The least time between two lines about work under way.
pub(super) const PAUSE: Duration = Duration::from_secs(5);

/// Lines on `W`.
pub struct Lines<W> {
    pause: Duration,
    state: Mutex<State<W>>,
}

struct State<W> {
    out: W,
    nodes: BTreeMap<u64, Node>,
    last: Instant,
}

struct Node {
    name: String,
    work: Work,
    started: Instant,
    losses: String,
}

impl<W: Write + Send> Lines<W> {
    /// Lines on `out`, those about work under way at least `pause` apart.
    pub fn new(out: W, pause: Duration) -> Lines<W> {
        let state = State {
            out,
            nodes: BTreeMap::new(),
            last: Instant::now(),
        };
        Lines {
            pause,
            state: Mutex::new(state),
        }
    }

    /// Gives the writer back.
    pub fn into_inner(self) -> W {
        self.state
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
            .out
    }
}

impl<W: Write + Send> Progress for Lines<W> {
    fn report(&self, event: Event) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(line) = state.describe(event, self.pause) else {
            return;
        };
        // A reader of progress that went away must not stop the work.
        let _ = writeln!(state.out, "{line}");
    }
}

impl<W> State<W> {
    /// The line for an event, if it is time for one.
    fn describe(&mut self, event: Event, pause: Duration) -> Option<String> {
        match event {
            Event::Started { node, name, work } => {
                let line = match work {
                    Work::Rows(rows) => format!("{name}: {rows} rows"),
                    Work::Epochs { epochs, samples } => {
                        format!("{name}: up to {epochs} epochs of {samples} samples")
                    }
                    Work::Unknown => format!("{name}: started"),
                };
                let losses = String::new();
                let started = Instant::now();
                self.nodes.insert(
                    node,
                    Node {
                        name,
                        work,
                        started,
                        losses,
                    },
                );
                Some(line)
            }
            Event::Cached { name, .. } => Some(format!("{name}: cached")),
            Event::Note { text } => Some(text),
            Event::Rows { node, done } => {
                let node = self.nodes.get(&node)?;
                let total = match node.work {
                    Work::Rows(total) => format!(" of {total}"),
                    Work::Epochs { .. } | Work::Unknown => String::new(),
                };
                let line = format!("{}: {done}{total} rows", node.name);
                self.now_and_then(pause).then_some(line)
            }
            // The epoch's own line says more; a line per batch would be noise.
            Event::Batch { .. } => None,
            Event::Epoch {
                node,
                epoch,
                train,
                val,
                ..
            } => {
                let node = self.nodes.get_mut(&node)?;
                node.losses = losses(train, val);
                let of = match node.work {
                    Work::Epochs { epochs, .. } => format!(" of {epochs}"),
                    Work::Rows(_) | Work::Unknown => String::new(),
                };
                let line = format!("{}: epoch {epoch}{of}, {}", node.name, node.losses);
                self.now_and_then(pause).then_some(line)
            }
            Event::Finished { node, end } => {
                let node = self.nodes.remove(&node)?;
                let seconds = node.started.elapsed().as_secs_f64();
                let losses = match node.losses.as_str() {
                    "" => String::new(),
                    losses => format!(", {losses}"),
                };
                Some(format!(
                    "{}: {} in {seconds:.1} s{losses}",
                    node.name,
                    end.word()
                ))
            }
        }
    }

    fn now_and_then(&mut self, pause: Duration) -> bool {
        let due = self.last.elapsed() >= pause;
        if due {
            self.last = Instant::now();
        }
        due
    }
}
