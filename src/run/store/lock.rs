//! Advisory locks of the operating system: they vanish with the process, so a killed run
//! never blocks another. In: a path or a key. Out: a guard that unlocks when dropped.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::{Doing, Key, LOCKS, Store, StoreProblem};

/// How often a waiting process looks again.
const PAUSE: Duration = Duration::from_millis(100);

/// The right to compute one key; others wait until it is dropped.
#[derive(Debug)]
pub struct KeyLock {
    _file: File,
}

/// What to do while another process holds the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Look again in a moment.
    GoOn,
    /// Stop waiting.
    GiveUp,
}

impl Store {
    /// Takes the lock of `key`, or `None` where another holds it. Hold one at a time:
    /// two processes that each hold one and want the other's would wait for ever.
    ///
    /// # Errors
    /// The lock file cannot be made, or the file system has no locks.
    pub fn try_lock(&self, key: Key) -> Result<Option<KeyLock>, StoreProblem> {
        // Lock files stay: removing one would let two processes lock two different files.
        let path = self.root.join(LOCKS).join(key.to_string());
        let file = open(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(KeyLock { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(e)) => Err(problem(&path, e)),
        }
    }

    /// Takes the lock of `key`, waiting as long as `wait` says [`Wait::GoOn`]; it is
    /// asked ten times a second. `None` after [`Wait::GiveUp`].
    ///
    /// # Errors
    /// As [`Store::try_lock`].
    pub fn lock(
        &self,
        key: Key,
        wait: &mut dyn FnMut() -> Wait,
    ) -> Result<Option<KeyLock>, StoreProblem> {
        loop {
            if let Some(lock) = self.try_lock(key)? {
                return Ok(Some(lock));
            }
            if wait() == Wait::GiveUp {
                return Ok(None);
            }
            thread::sleep(PAUSE);
        }
    }
}

/// Waits for the lock on `path` and holds it until the file is dropped. Only for steps
/// that take moments.
pub(super) fn hold(path: &Path) -> Result<File, StoreProblem> {
    let file = open(path)?;
    file.lock().map_err(|e| problem(path, e))?;
    Ok(file)
}

/// Opens a lock file, making it where it is missing.
pub(super) fn open(path: &Path) -> Result<File, StoreProblem> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(|e| StoreProblem::io(Doing::Lock, path, e))
}

fn problem(path: &Path, e: std::io::Error) -> StoreProblem {
    if e.kind() == ErrorKind::Unsupported {
        return StoreProblem::NoLocks {
            path: path.to_path_buf(),
        };
    }
    StoreProblem::io(Doing::Lock, path, e)
}
