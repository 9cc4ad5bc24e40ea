//! What can go wrong with a report, and what to do about it.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use super::Split;

/// A failure of a report. `Display` is the title; [`ReportProblem::help`] the advice.
#[derive(Debug)]
pub enum ReportProblem {
    /// Without train rows there is no baseline.
    NoTrainRows,
    /// Scores of no rows.
    NoRows,
    /// Two lists that should be as long as each other.
    Lengths {
        /// Number of actual values.
        actual: usize,
        /// Number of predicted values.
        predicted: usize,
    },
    /// A value of a row is NaN or infinite.
    NotFinite {
        /// The row's split.
        split: Split,
        /// The row's id.
        id: String,
        /// "actual" or "predicted".
        what: &'static str,
        /// The value.
        value: f64,
    },
    /// A loss is NaN or infinite.
    LossNotFinite {
        /// The epoch.
        epoch: u32,
        /// "train" or "val".
        what: &'static str,
        /// The loss.
        value: f64,
    },
    /// Values so large that their squares overflow.
    TooLarge,
    /// Two entries of one name where names must differ.
    Duplicate {
        /// The list: "keys" or "seeds".
        list: &'static str,
        /// The name.
        name: String,
    },
    /// Two rows for one bar or cell of a figure.
    Twice {
        /// "bar" or "cell".
        what: &'static str,
        /// Its x.
        x: String,
        /// Its series or y; empty where there is none.
        by: String,
    },
    /// A figure or file could not be put together.
    Compose {
        /// The file.
        what: &'static str,
        /// The reason.
        reason: String,
    },
    /// The disk or the system refused.
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

impl ReportProblem {
    pub(super) fn compose(what: &'static str, reason: impl fmt::Display) -> Self {
        ReportProblem::Compose {
            what,
            reason: reason.to_string(),
        }
    }

    /// Whether there was no room left: the program then ends with code 74.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        match self {
            ReportProblem::Write { source, .. } => matches!(
                source.kind(),
                ErrorKind::StorageFull
                    | ErrorKind::QuotaExceeded
                    | ErrorKind::FileTooLarge
            ),
            _ => false,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        let text = match self {
            ReportProblem::NoTrainRows => {
                "leave rows in the train split: the baseline is their mean"
            }
            ReportProblem::NoRows => "leave rows in every split that is scored",
            ReportProblem::NotFinite { what: "actual", .. } => {
                "mend or leave out this row of the data"
            }
            ReportProblem::NotFinite { .. } | ReportProblem::LossNotFinite { .. } => {
                "training diverged: try a smaller learning rate or scaled features"
            }
            ReportProblem::TooLarge => {
                "use a larger unit for the target, or look for wrong values in the data"
            }
            ReportProblem::Twice { .. } => {
                "bring the rows of one place together first: by count, mean or another \
                 number"
            }
            ReportProblem::Write { source, .. } => match source.kind() {
                _ if self.is_disk_full() => "make room on that disk and run again",
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                    "choose a folder you may write to with --out DIR"
                }
                ErrorKind::NotADirectory
                | ErrorKind::AlreadyExists
                | ErrorKind::IsADirectory
                | ErrorKind::DirectoryNotEmpty => {
                    "something else stands in its place: move it away or choose another \
                     folder with --out DIR"
                }
                _ => "check the disk and the path, then run again",
            },
            ReportProblem::Lengths { .. }
            | ReportProblem::Duplicate { .. }
            | ReportProblem::Compose { .. } => {
                "this is a fault of tmo: please report it with the script"
            }
        };
        text.to_owned()
    }
}

impl fmt::Display for ReportProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReportProblem::NoTrainRows => write!(f, "there are no train rows to score"),
            ReportProblem::NoRows => write!(f, "there are no rows to score"),
            ReportProblem::Lengths { actual, predicted } => {
                write!(f, "{predicted} predictions for {actual} actual values")
            }
            ReportProblem::NotFinite {
                split,
                id,
                what,
                value,
            } => {
                let split = split.as_str();
                write!(f, "the {what} value of {split} row `{id}` is {value}")
            }
            ReportProblem::LossNotFinite { epoch, what, value } => {
                write!(f, "the {what} loss of epoch {epoch} is {value}")
            }
            ReportProblem::TooLarge => {
                write!(f, "the errors are too large to be squared and summed")
            }
            ReportProblem::Duplicate { list, name } => {
                write!(f, "two {list} are called `{name}`")
            }
            ReportProblem::Twice { what, x, by } if by.is_empty() => {
                write!(f, "several rows for one {what}: {x}")
            }
            ReportProblem::Twice { what, x, by } => {
                write!(f, "several rows for one {what}: {x}, {by}")
            }
            ReportProblem::Compose { what, reason } => {
                write!(f, "cannot make {what}: {reason}")
            }
            ReportProblem::Write { path, source } => {
                write!(f, "cannot write {}: {source}", path.display())
            }
        }
    }
}

impl Error for ReportProblem {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            ReportProblem::Write { source, .. } => Some(source),
            _ => None,
        }
    }
}
