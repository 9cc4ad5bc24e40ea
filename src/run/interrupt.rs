//! Ctrl-C: in come SIGINT and SIGTERM; out comes a flag that loops poll. The second signal
//! ends the program at once with code 130. The store needs no farewell: whatever is half
//! written is swept at the next open. SIGHUP is left alone, so that `nohup` keeps a run
//! alive when its terminal closes.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// The exit code of an interrupted program.
pub const EXIT_CODE: i32 = 130;

/// A flag that says "stop when you can". Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    raised: Arc<AtomicBool>,
}

/// Whether the flag was up already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raised {
    /// It was down: the work stops at its next poll.
    First,
    /// It was up: the user does not want to wait.
    Again,
}

/// The signals cannot be caught.
#[derive(Debug)]
pub struct InterruptProblem(io::Error);

impl Interrupt {
    /// A flag that is down and hears no signals.
    #[must_use]
    pub fn new() -> Interrupt {
        Interrupt::default()
    }

    /// Raises the flag.
    pub fn raise(&self) -> Raised {
        if self.raised.swap(true, Ordering::SeqCst) {
            Raised::Again
        } else {
            Raised::First
        }
    }

    /// Whether work should stop.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        self.raised.load(Ordering::Relaxed)
    }

    /// Takes the flag down again, for work that comes after what was stopped.
    pub fn lower(&self) {
        self.raised.store(false, Ordering::SeqCst);
    }

    /// Lets Ctrl-C raise the flag and never end the program: for a dialogue, which goes on
    /// after a run that was stopped.
    ///
    /// # Errors
    /// The system refuses.
    pub fn hear(&self) -> Result<(), InterruptProblem> {
        flag::register(SIGINT, self.raised.clone())
            .map(|_| ())
            .map_err(InterruptProblem)
    }

    /// Lets signals raise the flag. Once per program, from `main`.
    ///
    /// # Errors
    /// The system refuses.
    pub fn listen(&self) -> Result<(), InterruptProblem> {
        for signal in [SIGINT, SIGTERM] {
            // In this order: a signal that finds the flag up ends the program, and only
            // then is the flag raised.
            flag::register_conditional_shutdown(signal, EXIT_CODE, self.raised.clone())
                .and_then(|_| flag::register(signal, self.raised.clone()))
                .map_err(InterruptProblem)?;
        }
        Ok(())
    }
}

impl fmt::Display for InterruptProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot listen for Ctrl-C: {}", self.0)
    }
}

impl Error for InterruptProblem {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_the_flag() {
        let flag = Interrupt::new();
        let other = flag.clone();
        assert!(!flag.is_raised());
        assert_eq!(other.raise(), Raised::First);
        assert!(flag.is_raised());
        assert_eq!(flag.raise(), Raised::Again);
        flag.lower();
        assert!(!other.is_raised());
        assert!(!Interrupt::new().is_raised());
    }

    #[test]
    fn a_signal_raises_the_flag() {
        let flag = Interrupt::new();
        flag.listen().unwrap();
        assert!(!flag.is_raised());
        signal_hook::low_level::raise(SIGTERM).unwrap();
        assert!(flag.is_raised());
    }

    #[test]
    fn a_loop_on_another_thread_stops() {
        let flag = Interrupt::new();
        let seen = flag.clone();
        let worker = std::thread::spawn(move || {
            let mut rounds = 0_u64;
            while !seen.is_raised() {
                rounds += 1;
                std::thread::yield_now();
            }
            rounds
        });
        flag.raise();
        assert!(worker.join().is_ok());
    }
}
