//! Progress as bars on a terminal: one per node, with losses, samples per second and the
//! time left. In: events. Out: bars on standard error.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{
    MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle,
};

use super::{End, Event, Progress, Work, losses};

/// Bars drawn by indicatif.
pub struct Bars {
    all: MultiProgress,
    nodes: Mutex<BTreeMap<u64, Node>>,
}

struct Node {
    bar: ProgressBar,
    work: Work,
    losses: String,
    /// Whether it has said where it is.
    placed: bool,
}

impl Bars {
    /// Bars on standard error.
    #[must_use]
    pub fn on_stderr() -> Bars {
        Bars::on(ProgressDrawTarget::stderr_with_hz(10))
    }

    /// Bars on a target of indicatif's, for tests.
    pub(super) fn on(target: ProgressDrawTarget) -> Bars {
        let all = MultiProgress::with_draw_target(target);
        Bars {
            all,
            nodes: Mutex::new(BTreeMap::new()),
        }
    }

    fn start(&self, name: String, work: Work) -> Node {
        let bar = match work {
            Work::Rows(rows) => ProgressBar::new(rows),
            // Counted in samples, so that the time left is right within an epoch too.
            Work::Epochs { epochs, samples } => {
                ProgressBar::new(u64::from(epochs).saturating_mul(samples))
            }
            Work::Unknown => ProgressBar::new_spinner(),
        };
        let bar = self.all.add(bar).with_style(style(work)).with_prefix(name);
        if work == Work::Unknown {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Node {
            bar,
            work,
            losses: String::new(),
            placed: false,
        }
    }
}

impl Progress for Bars {
    fn report(&self, event: Event) {
        let mut nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Started { node, name, work } => {
                nodes.insert(node, self.start(name, work));
            }
            Event::Cached { name, .. } => {
                // A terminal that went away must not stop the work; so too below.
                let _ = self.all.println(format!("{name}  cached"));
            }
            Event::Note { text } => {
                let _ = self.all.println(text);
            }
            Event::Rows { node, done } => {
                if let Some(node) = nodes.get(&node) {
                    node.bar.set_position(done);
                }
            }
            Event::Batch {
                node,
                epoch,
                samples,
            } => {
                if let Some(node) = nodes.get_mut(&node) {
                    node.place(epoch);
                    node.bar.set_position(node.samples(epoch, samples));
                }
            }
            Event::Epoch {
                node,
                epoch,
                train,
                val,
                best,
            } => {
                let Some(node) = nodes.get_mut(&node) else {
                    return;
                };
                node.place(epoch);
                node.losses = losses(train, val);
                let star = if best { " *" } else { "" };
                let of = match node.work {
                    Work::Epochs { epochs, .. } => format!("/{epochs}"),
                    Work::Rows(_) | Work::Unknown => String::new(),
                };
                let message = format!("epoch {epoch}{of}  {}{star}", node.losses);
                node.bar.set_message(message);
                node.bar.set_position(node.samples(epoch + 1, 0));
            }
            Event::Finished { node, end } => {
                let Some(node) = nodes.remove(&node) else {
                    return;
                };
                let seconds = node.bar.elapsed().as_secs_f64();
                let message =
                    format!("{} in {seconds:.1} s  {}", end.word(), node.losses);
                node.bar.set_style(plain("{prefix}  {msg}"));
                if end == End::Done {
                    node.bar.finish_with_message(message);
                } else {
                    node.bar.abandon_with_message(message);
                }
            }
        }
    }
}

impl Node {
    /// At the first word of a training: what an earlier run did of it, before `epoch`, says
    /// nothing of the speed of this one.
    fn place(&mut self, epoch: u32) {
        if std::mem::replace(&mut self.placed, true) {
            return;
        }
        let before = self.samples(epoch, 0);
        self.bar.update(|state| state.set_pos(before));
        self.bar.reset_eta();
    }

    /// Samples done when `samples` of `epoch` are.
    fn samples(&self, epoch: u32, samples: u64) -> u64 {
        let Work::Epochs { samples: each, .. } = self.work else {
            return samples;
        };
        u64::from(epoch.saturating_sub(1))
            .saturating_mul(each)
            .saturating_add(samples)
    }
}

fn style(work: Work) -> ProgressStyle {
    let template = match work {
        Work::Rows(_) => "{prefix}  {bar:24} {pos}/{len} rows  {rate}/s  {eta} left",
        Work::Epochs { .. } => "{prefix}  {bar:24} {msg}  {rate} samples/s  {eta} left",
        Work::Unknown => "{prefix}  {spinner} {elapsed}",
    };
    plain(template).progress_chars("━╸ ")
}

fn plain(template: &str) -> ProgressStyle {
    let rate = |state: &ProgressState, out: &mut dyn Write| {
        // Writing to a string cannot fail.
        let _ = write!(out, "{:.0}", state.per_sec());
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => style.with_key("rate", rate),
        Err(_) => unreachable!("the templates above are constants, and tested"),
    }
}
