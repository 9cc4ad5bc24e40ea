//! Data files of one JSON object per line, plain or gzip, come in; records go out, each
//! with a checked structure, and a [`Fault`] for each line that makes none.
//!
//! A record: `id` (text), `lattice` (3 × 3, rows a, b, c in Å), `species` (a symbol per
//! site), `frac` (three fractional coordinates per site). `formula`, `nelem` and
//! `nsites` may be there and must then agree with the structure. Every other field is
//! a column: numbers, texts or true/false; null or absent is "no value".

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use super::fault::{Fault, code};
use super::structure::Structure;

mod build;
mod columns;
mod explain;
mod line;
mod lines;
mod scan;
mod species;
#[cfg(test)]
mod tests;

pub use columns::{Cell, Column, Kind, standard_unit};
pub use lines::Limits;

pub(super) use build::list_cell;
use columns::{Columns, Misfit};
use line::Line;
use lines::Lines;

/// Records read to know the columns of a file.
pub const HEAD: usize = 100;
/// Faults kept when bad records are skipped; all are counted.
pub const KEPT_FAULTS: usize = 1_000;

/// What to do about a bad record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnBad {
    /// Stop at the first.
    #[default]
    Fail,
    /// Leave it out, and count it.
    Skip,
}

/// One crystal with its columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Unique in its file.
    pub id: String,
    /// As the file has it; else the reduced formula of the structure.
    pub formula: String,
    /// The crystal.
    pub structure: Structure,
    /// The columns that have a value here.
    pub columns: BTreeMap<String, Cell>,
    /// Line of the file, from 1.
    pub line: u64,
}

/// All records of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Records {
    /// The good ones, in file order.
    pub rows: Vec<Record>,
    /// The faults of the bad ones, at most [`KEPT_FAULTS`].
    pub bad: Vec<Fault>,
    /// How many bad records there are of each fault's code.
    pub bad_counts: BTreeMap<&'static str, u64>,
    /// The columns of all rows, by name.
    pub columns: Vec<Column>,
}

impl Records {
    /// Number of bad records left out.
    pub fn bad_total(&self) -> u64 {
        self.bad_counts.values().sum()
    }
}

/// The records of a file one by one: what fits in memory is one line, and the ids and
/// columns seen. After a fault of the whole file ([`code::UNREADABLE`]) it ends.
pub struct RecordStream<R: Read> {
    lines: Lines<R>,
    buffer: Vec<u8>,
    ids: BTreeMap<String, u64>,
    columns: Columns,
    ended: bool,
}

impl<R: Read> RecordStream<R> {
    /// Begin to read; `file` is what messages call the source.
    ///
    /// # Errors
    /// The source cannot be read at all.
    pub fn open(file: &str, reader: R, limits: Limits) -> Result<Self, Fault> {
        Ok(RecordStream {
            lines: Lines::open(file, reader, limits)?,
            buffer: Vec::new(),
            ids: BTreeMap::new(),
            columns: Columns::default(),
            ended: false,
        })
    }

    /// The columns of the records so far.
    pub fn columns(&self) -> Vec<Column> {
        self.columns.list()
    }

    /// Read on to the next record; `None` at the end of the file.
    fn advance(&mut self) -> Result<Option<Record>, Fault> {
        while self.lines.next_into(&mut self.buffer)? {
            let number = self.lines.number();
            let Some(line) = Line::read(self.lines.file(), number, &self.buffer)? else {
                continue;
            };
            let record = build::build(line, number)?;
            self.take(&record)?;
            return Ok(Some(record));
        }
        Ok(None)
    }

    /// Hold a sound record against those before it.
    fn take(&mut self, record: &Record) -> Result<(), Fault> {
        if let Some(first) = self.ids.get(&record.id) {
            let title = format!("the id `{}` is that of line {first} too", record.id);
            return Err(self
                .fault(record, code::DUPLICATE_ID, "id", title)
                .help("give each record an id of its own, or remove one of the two"));
        }
        if let Err(misfit) = self.columns.take(&record.columns, record.line) {
            return Err(self.misfit(record, misfit));
        }
        self.ids.insert(record.id.clone(), record.line);
        Ok(())
    }

    fn misfit(&self, record: &Record, misfit: Misfit) -> Fault {
        match misfit {
            Misfit::Kind {
                column,
                was,
                first_line,
            } => {
                let is = record
                    .columns
                    .get(&column)
                    .map(explain::told)
                    .unwrap_or_default();
                let was = was.said();
                let title = format!("`{column}` is {is}, but {was} on line {first_line}");
                let help = format!(
                    "a column holds one kind of value: write {was}, or null where there \
                     is no value"
                );
                self.fault(record, code::WRONG_TYPE, &column, title)
                    .help(help)
            }
            Misfit::TooMany { column } => {
                let most = columns::MAX_COLUMNS;
                let title = format!("`{column}` is one column more than {most}");
                self.fault(record, code::WRONG_TYPE, &column, title)
                    .help("leave out the fields you do not need")
            }
        }
    }

    fn fault(
        &self,
        record: &Record,
        code: &'static str,
        field: &str,
        title: String,
    ) -> Fault {
        Fault {
            line: record.line,
            record: Some(record.id.clone()),
            field: Some(field.to_owned()),
            ..Fault::of_file(code, self.lines.file(), title)
        }
    }
}

impl<R: Read> Iterator for RecordStream<R> {
    type Item = Result<Record, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.advance().transpose();
        self.ended = match &next {
            None => true,
            Some(Err(fault)) => fault.code == code::UNREADABLE,
            Some(Ok(_)) => false,
        };
        next
    }
}

/// Read a file.
///
/// # Errors
/// The file cannot be read or holds no usable record; with [`OnBad::Fail`] also the
/// first bad record.
pub fn read_path(path: &Path, on_bad: OnBad) -> Result<Records, Fault> {
    let (file, reader) = open(path)?;
    read_from(&file, reader, on_bad)
}

/// Read from any source of bytes; `file` is what messages call it.
///
/// # Errors
/// As [`read_path`].
pub fn read_from(file: &str, reader: impl Read, on_bad: OnBad) -> Result<Records, Fault> {
    collect(
        RecordStream::open(file, reader, Limits::default())?,
        on_bad,
        usize::MAX,
    )
}

/// The columns of a file, from its first [`HEAD`] good records.
///
/// # Errors
/// As [`read_path`], as far as was read.
pub fn schema_path(path: &Path, on_bad: OnBad) -> Result<Vec<Column>, Fault> {
    let (file, reader) = open(path)?;
    schema_from(&file, reader, on_bad)
}

/// The columns of any source of bytes, from its first [`HEAD`] good records.
///
/// # Errors
/// As [`read_path`], as far as was read.
pub fn schema_from(
    file: &str,
    reader: impl Read,
    on_bad: OnBad,
) -> Result<Vec<Column>, Fault> {
    let stream = RecordStream::open(file, reader, Limits::default())?;
    Ok(collect(stream, on_bad, HEAD)?.columns)
}

fn open(path: &Path) -> Result<(String, std::fs::File), Fault> {
    let file = path.display().to_string();
    let about = std::fs::metadata(path).map_err(|e| lines::unreadable(&file, &e))?;
    if !about.is_file() {
        return Err(lines::not_a_file(&file, about.is_dir()));
    }
    let most = Limits::default().file_bytes;
    if about.len() > most {
        return Err(lines::too_large(&file, most));
    }
    let reader = std::fs::File::open(path).map_err(|e| lines::unreadable(&file, &e))?;
    Ok((file, reader))
}

fn collect<R: Read>(
    mut stream: RecordStream<R>,
    on_bad: OnBad,
    most: usize,
) -> Result<Records, Fault> {
    let (mut rows, mut bad, mut bad_counts) = (Vec::new(), Vec::new(), BTreeMap::new());
    while rows.len() < most
        && let Some(next) = stream.next()
    {
        match next {
            Ok(record) => rows.push(record),
            Err(fault) if on_bad == OnBad::Fail || fault.code == code::UNREADABLE => {
                return Err(fault);
            }
            Err(fault) => {
                *bad_counts.entry(fault.code).or_insert(0) += 1;
                if bad.len() < KEPT_FAULTS {
                    bad.push(fault);
                }
            }
        }
    }
    let columns = stream.columns();
    let records = Records {
        rows,
        bad,
        bad_counts,
        columns,
    };
    if records.rows.is_empty() {
        return Err(no_records(stream.lines.file(), &records));
    }
    Ok(records)
}

fn no_records(file: &str, records: &Records) -> Fault {
    let Some(first) = records.bad.first() else {
        return Fault::of_file(code::NO_RECORDS, file, "the file holds no record".into())
            .help(
                "a data file holds one JSON object per line; was it written to the end?",
            );
    };
    let title = match records.bad_total() {
        1 => "the only record of the file is unusable".to_owned(),
        many => format!("none of the {many} records is usable"),
    };
    Fault::of_file(code::NO_RECORDS, file, title).help(format!(
        "the first, on line {}: {}; {}",
        first.line, first.title, first.help
    ))
}
