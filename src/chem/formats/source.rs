//! One file's bytes come in; faults placed in it by line and character go out.

use super::code;
use crate::chem::fault::{Fault, code as known};
use crate::chem::structure::{AXES, LENGTH_RANGE, MAX_FRACTION, StructureError};

/// The content of one file, unpacked, under the name that messages give it.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Name for messages; for a member of an archive `archive.zip/member.cif`.
    pub file: &'a str,
    /// The content.
    pub bytes: &'a [u8],
}

/// What is wrong, and at which byte of the source, before it has a line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bad {
    pub(super) code: &'static str,
    /// Byte of the source; `None` for the whole file.
    pub(super) at: Option<usize>,
    pub(super) field: Option<String>,
    pub(super) title: String,
    pub(super) help: String,
}

impl Bad {
    pub(super) fn new(code: &'static str, at: usize, title: impl Into<String>) -> Bad {
        Bad {
            code,
            at: Some(at),
            field: None,
            title: title.into(),
            help: String::new(),
        }
    }

    pub(super) fn syntax(at: usize, title: impl Into<String>) -> Bad {
        Bad::new(code::SYNTAX, at, title)
    }

    pub(super) fn field(mut self, field: impl Into<String>) -> Bad {
        self.field = Some(field.into());
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Bad {
        self.help = help.into();
        self
    }
}

impl<'a> Source<'a> {
    /// Name and content.
    pub fn new(file: &'a str, bytes: &'a [u8]) -> Source<'a> {
        Source { file, bytes }
    }

    /// The line, from 1, in which a byte lies. Line ends: LF, CRLF, CR.
    pub(super) fn line_of(&self, at: usize) -> u64 {
        self.place_of(at).0
    }

    /// Line and character, both from 1.
    pub(super) fn place_of(&self, at: usize) -> (u64, u64) {
        let before = self
            .bytes
            .get(..at.min(self.bytes.len()))
            .unwrap_or_default();
        let (mut line, mut start, mut last) = (1, 0, 0);
        for (i, &byte) in before.iter().enumerate() {
            match byte {
                b'\n' if last == b'\r' => start = i + 1,
                b'\n' | b'\r' => {
                    line += 1;
                    start = i + 1;
                }
                _ => {}
            }
            last = byte;
        }
        let part = before.get(start..).unwrap_or_default();
        (
            line,
            String::from_utf8_lossy(part).chars().count() as u64 + 1,
        )
    }

    pub(super) fn fault(&self, bad: Bad, record: Option<&str>) -> Fault {
        let place = bad.at.map(|at| self.place_of(at));
        Fault {
            line: place.map_or(0, |(line, _)| line),
            column: place.map(|(_, column)| column),
            record: record.map(str::to_owned),
            field: bad.field,
            help: bad.help,
            ..Fault::of_file(bad.code, self.file, bad.title)
        }
    }
}

/// Why numbers that were read make no crystal; `at` is where they stand.
pub(super) fn impossible(error: &StructureError, at: usize, sites: &str) -> Bad {
    let [least, most] = LENGTH_RANGE;
    let (code, help) = match error {
        StructureError::NoSites | StructureError::TooManySites { .. } => (
            known::WRONG_TYPE,
            "a structure has between 1 and 100,000 sites".to_owned(),
        ),
        StructureError::CountsDiffer { .. } => (
            known::CONTRADICTION,
            "give each site one element and one position".to_owned(),
        ),
        StructureError::LatticeNotFinite { .. } => (
            known::NOT_FINITE,
            "write the cell with finite numbers, in Å".to_owned(),
        ),
        StructureError::Length { .. } => (
            known::IMPOSSIBLE_LATTICE,
            format!("give the cell in Å, each edge between {least} and {most} Å long"),
        ),
        StructureError::Flat => (
            known::IMPOSSIBLE_LATTICE,
            "give three cell vectors of which none lies in the plane of the others"
                .to_owned(),
        ),
        StructureError::Coordinate { .. } => (
            known::IMPOSSIBLE_SITE,
            format!(
                "fractional coordinates are at most {MAX_FRACTION}; are these Cartesian?"
            ),
        ),
    };
    let title = match error {
        // Sites count from 1 in messages.
        StructureError::Coordinate { site, axis, value } => format!(
            "coordinate {} of site {} ({sites}) is {value}",
            AXES.get(*axis).copied().unwrap_or_default(),
            site + 1
        ),
        other => other.to_string(),
    };
    Bad::new(code, at, title).help(help)
}

/// Bytes as a message quotes them: at most 40 characters.
pub(super) fn quoted(bytes: &[u8]) -> String {
    let head = bytes.get(..200).unwrap_or(bytes);
    let text = String::from_utf8_lossy(head);
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.into_owned(),
    }
}
