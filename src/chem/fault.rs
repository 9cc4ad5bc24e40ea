//! One thing wrong with a data file: where it is, what is wrong, what to do.

use std::fmt;

use serde::Serialize;

/// The codes of data faults, with what each means.
pub mod code {
    /// The file cannot be read: missing, no permission, damaged, too large.
    pub const UNREADABLE: &str = "E0701";
    /// A line that is not one JSON object.
    pub const NOT_A_RECORD: &str = "E0702";
    /// A field that every record needs is missing.
    pub const MISSING_FIELD: &str = "E0703";
    /// A field of the wrong type or length.
    pub const WRONG_TYPE: &str = "E0704";
    /// A symbol that is no chemical element.
    pub const UNKNOWN_ELEMENT: &str = "E0705";
    /// Lattice vectors that span no sensible cell.
    pub const IMPOSSIBLE_LATTICE: &str = "E0706";
    /// NaN, an infinity or a number too large to hold.
    pub const NOT_FINITE: &str = "E0707";
    /// Two records with one id.
    pub const DUPLICATE_ID: &str = "E0708";
    /// No record, or none that is usable.
    pub const NO_RECORDS: &str = "E0709";
    /// A record that contradicts itself.
    pub const CONTRADICTION: &str = "E0710";
    /// A site that cannot be where its coordinates say.
    pub const IMPOSSIBLE_SITE: &str = "E0711";

    /// All codes of this module.
    pub const ALL: [&str; 11] = [
        UNREADABLE,
        NOT_A_RECORD,
        MISSING_FIELD,
        WRONG_TYPE,
        UNKNOWN_ELEMENT,
        IMPOSSIBLE_LATTICE,
        NOT_FINITE,
        DUPLICATE_ID,
        NO_RECORDS,
        CONTRADICTION,
        IMPOSSIBLE_SITE,
    ];
}

/// Something wrong with a data file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// One of [`code`].
    pub code: &'static str,
    /// The file as the user named it.
    pub file: String,
    /// Line, from 1; 0 where the fault is the whole file's.
    pub line: u64,
    /// Character in the line, from 1, where it is known.
    pub column: Option<u64>,
    /// The record's id, where it was read.
    pub record: Option<String>,
    /// The field at fault.
    pub field: Option<String>,
    /// What is wrong.
    pub title: String,
    /// What to do.
    pub help: String,
}

impl Fault {
    /// A fault of the whole file.
    pub(super) fn of_file(code: &'static str, file: &str, title: String) -> Fault {
        Fault {
            code,
            file: file.to_owned(),
            line: 0,
            column: None,
            record: None,
            field: None,
            title,
            help: String::new(),
        }
    }

    /// The same fault with what to do about it.
    pub(super) fn help(self, help: impl Into<String>) -> Fault {
        Fault {
            help: help.into(),
            ..self
        }
    }

    /// File, line and character as `file:3:14`, for a reader and for an editor.
    pub fn place(&self) -> String {
        match (self.line, self.column) {
            (0, _) => self.file.clone(),
            (line, None) => format!("{}:{line}", self.file),
            (line, Some(column)) => format!("{}:{line}:{column}", self.file),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.place(), self.code, self.title)?;
        if let Some(record) = &self.record {
            write!(f, " (record {record})")?;
        }
        if !self.help.is_empty() {
            write!(f, "; {}", self.help)?;
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_reads_from_place_to_help() {
        let whole = Fault::of_file(code::NO_RECORDS, "a.jsonl", "it is empty".into());
        assert_eq!(whole.to_string(), "a.jsonl: E0709: it is empty");
        let placed = Fault {
            line: 3,
            column: Some(7),
            record: Some("mp-1".into()),
            ..whole.help("fill it")
        };
        assert_eq!(
            placed.to_string(),
            "a.jsonl:3:7: E0709: it is empty (record mp-1); fill it"
        );
        assert_eq!(
            Fault {
                column: None,
                ..placed
            }
            .place(),
            "a.jsonl:3"
        );
    }

    #[test]
    fn codes_differ() {
        let mut codes = code::ALL.to_vec();
        codes.dedup();
        assert_eq!(codes.len(), code::ALL.len());
        assert!(codes.is_sorted());
    }
}
