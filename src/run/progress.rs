//! Progress as data: a run reports [`Event`]s; what becomes of them is the listener's
//! affair: bars or lines on a terminal, a list for tests and embedding, or nothing.
//! Clocks are read only here, and nothing here reaches a result.

mod bars;
mod lines;
#[cfg(test)]
mod tests;

use std::io::{self, IsTerminal, Stderr};
use std::sync::{Mutex, PoisonError};

pub use bars::Bars;
pub use lines::Lines;

/// Something that happened in a run. `node` tells apart what runs at the same time.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Work on a node begins.
    Started {
        /// The node.
        node: u64,
        /// What to call it.
        name: String,
        /// How much there is to do.
        work: Work,
    },
    /// A node's result was in the store.
    Cached {
        /// The node.
        node: u64,
        /// What to call it.
        name: String,
    },
    /// Rows done so far.
    Rows {
        /// The node.
        node: u64,
        /// Rows done since the start.
        done: u64,
    },
    /// A batch of an epoch is done.
    Batch {
        /// The node.
        node: u64,
        /// The epoch under way, from 1.
        epoch: u32,
        /// Samples done in this epoch.
        samples: u64,
    },
    /// An epoch is done.
    Epoch {
        /// The node.
        node: u64,
        /// The epoch, from 1.
        epoch: u32,
        /// Mean loss over the train rows.
        train: f64,
        /// Mean loss over the validation rows, where there are any.
        val: Option<f64>,
        /// Whether it is the best so far.
        best: bool,
    },
    /// Work on a node ended.
    Finished {
        /// The node.
        node: u64,
        /// How.
        end: End,
    },
    /// A sentence for the user.
    Note {
        /// The sentence.
        text: String,
    },
}

/// How much a node has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// So many rows.
    Rows(u64),
    /// Training.
    Epochs {
        /// At most so many epochs.
        epochs: u32,
        /// Samples in each.
        samples: u64,
    },
    /// Nobody knows.
    Unknown,
}

/// How a node ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All done.
    Done,
    /// Training stopped early, as the script asked.
    Early,
    /// The user stopped it.
    Interrupted,
    /// An error stopped it.
    Failed,
}

impl End {
    fn word(self) -> &'static str {
        match self {
            End::Done => "done",
            End::Early => "stopped early",
            End::Interrupted => "interrupted",
            End::Failed => "failed",
        }
    }
}

/// A listener. Called from any thread; must not block for long.
pub trait Progress: Send + Sync {
    /// Takes note of an event.
    fn report(&self, event: Event);
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn report(&self, _event: Event) {}
}

/// Keeps every event.
#[derive(Debug, Default)]
pub struct Recording {
    events: Mutex<Vec<Event>>,
}

impl Recording {
    /// The events so far, in the order of their arrival.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.events
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Progress for Recording {
    fn report(&self, event: Event) {
        self.events
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(event);
    }
}

/// Progress on standard error.
pub enum Terminal {
    /// Bars that move, for people.
    Bars(Bars),
    /// A line now and then, for logs.
    Lines(Lines<Stderr>),
}

impl Terminal {
    /// Bars where standard error is a terminal, lines where it is a file or a pipe.
    #[must_use]
    pub fn on_stderr() -> Terminal {
        if io::stderr().is_terminal() {
            Terminal::Bars(Bars::on_stderr())
        } else {
            Terminal::plain()
        }
    }

    /// Lines, whatever standard error is.
    #[must_use]
    pub fn plain() -> Terminal {
        Terminal::Lines(Lines::new(io::stderr(), lines::PAUSE))
    }
}

impl Progress for Terminal {
    fn report(&self, event: Event) {
        match self {
            Terminal::Bars(bars) => bars.report(event),
            Terminal::Lines(lines) => lines.report(event),
        }
    }
}

/// "train 0.0213, val 0.0301".
fn losses(train: f64, val: Option<f64>) -> String {
    match val {
        Some(val) => format!("train {}, val {}", short(train), short(val)),
        None => format!("train {}", short(train)),
    }
}

/// Four significant digits, as people read losses.
fn short(loss: f64) -> String {
    if loss != 0.0 && !(1e-3..1e5).contains(&loss.abs()) {
        return format!("{loss:.3e}");
    }
    match loss.abs() {
        x if x >= 1000.0 => format!("{loss:.0}"),
        x if x >= 100.0 => format!("{loss:.1}"),
        x if x >= 10.0 => format!("{loss:.2}"),
        x if x >= 1.0 => format!("{loss:.3}"),
        x if x >= 0.1 => format!("{loss:.4}"),
        _ => format!("{loss:.5}"),
    }
}
