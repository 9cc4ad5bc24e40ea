//! What can go wrong with the store, each with its path and what to do about it.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// A failure of the store. `Display` is the title; [`StoreProblem::help`] the advice.
#[derive(Debug)]
pub enum StoreProblem {
    /// The disk or the system refused.
    Io {
        /// What was being done.
        doing: Doing,
        /// To what.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file system has no locks.
    NoLocks {
        /// The lock file.
        path: PathBuf,
    },
    /// A file name that an entry cannot hold.
    Name {
        /// The name.
        name: String,
    },
    /// The inputs named in a manifest are too long.
    ManifestTooLarge {
        /// Its size.
        bytes: usize,
    },
    /// A manifest could not be written as JSON.
    Encode {
        /// The reason.
        source: serde_json::Error,
    },
    /// Damaged entries keep appearing where one is to be stored.
    PlaceTaken {
        /// The entry's folder.
        path: PathBuf,
    },
}

/// What the store was doing when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Making a folder.
    Create,
    /// Reading.
    Read,
    /// Writing.
    Write,
    /// Moving.
    Move,
    /// Removing.
    Remove,
    /// Opening or taking a lock.
    Lock,
}

impl Doing {
    fn verb(self) -> &'static str {
        match self {
            Doing::Create => "create",
            Doing::Read => "read",
            Doing::Write => "write",
            Doing::Move => "move",
            Doing::Remove => "remove",
            Doing::Lock => "lock",
        }
    }
}

impl StoreProblem {
    pub(super) fn io(doing: Doing, path: &Path, source: io::Error) -> StoreProblem {
        StoreProblem::Io {
            doing,
            path: path.to_path_buf(),
            source,
        }
    }

    pub(super) fn encode(source: serde_json::Error) -> StoreProblem {
        StoreProblem::Encode { source }
    }

    /// Whether there was no room left: the program then ends with code 74.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        match self {
            StoreProblem::Io { source, .. } => is_full(source.kind()),
            _ => false,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            StoreProblem::Io { source, path, .. } => advise(source.kind(), path),
            StoreProblem::NoLocks { .. } => {
                "put the store on a local disk: network disks without locks cannot keep \
                 two runs apart"
                    .to_owned()
            }
            StoreProblem::Name { .. } => {
                "use letters, digits, `.`, `_` and `-`, not beginning with a dot"
                    .to_owned()
            }
            StoreProblem::ManifestTooLarge { .. } => {
                "keep the description of a key's inputs below 16 MiB".to_owned()
            }
            StoreProblem::Encode { .. } => {
                "this is a fault of tmo: please report it".to_owned()
            }
            StoreProblem::PlaceTaken { path } => {
                format!("remove {} and check the disk for errors", path.display())
            }
        }
    }
}

fn is_full(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge
    )
}

fn advise(kind: ErrorKind, path: &Path) -> String {
    if is_full(kind) {
        return "make room on that disk and run again: finished results are kept"
            .to_owned();
    }
    match kind {
        ErrorKind::PermissionDenied => {
            format!(
                "give yourself the right to read and write {}",
                path.display()
            )
        }
        ErrorKind::ReadOnlyFilesystem => {
            "this disk is read-only: put the store on another one".to_owned()
        }
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            "a file stands where the store wants a folder: move it away".to_owned()
        }
        _ => "check the disk and the path, then run again".to_owned(),
    }
}

impl fmt::Display for StoreProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreProblem::Io {
                doing,
                path,
                source,
            } => {
                write!(f, "cannot {} {}: {source}", doing.verb(), path.display())
            }
            StoreProblem::NoLocks { path } => {
                write!(f, "cannot lock {}: this disk has no locks", path.display())
            }
            StoreProblem::Name { name } => {
                write!(f, "a stored file cannot be called `{name}`")
            }
            StoreProblem::ManifestTooLarge { bytes } => {
                write!(f, "the inputs of a stored result take {bytes} bytes")
            }
            StoreProblem::Encode { source } => {
                write!(f, "cannot describe a stored result: {source}")
            }
            StoreProblem::PlaceTaken { path } => {
                write!(f, "cannot store {}: its place is damaged", path.display())
            }
        }
    }
}

impl Error for StoreProblem {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            StoreProblem::Io { source, .. } => Some(source),
            StoreProblem::Encode { source } => Some(source),
            _ => None,
        }
    }
}
