//! A CSV file with a row of values for each structure comes in; its values become
//! columns of the records with the same id.

use std::collections::BTreeMap;
use std::path::Path;

use super::bytes::{self, Limits};
use super::code;
use super::detect::stem;
use super::number::decimal;
use crate::chem::fault::{Fault, code as known};
use crate::chem::records::{Cell, Record};

/// Values by id.
#[derive(Clone, Debug, PartialEq)]
pub struct Labels {
    file: String,
    rows: BTreeMap<String, BTreeMap<String, Cell>>,
    units: BTreeMap<String, String>,
}

/// Read a file of labels: the first column holds ids (or file names), the others
/// values. With a header, columns have its names; without one (its second cell is a
/// number) they are `target`, `target_2` ….
pub(super) fn read(path: &Path, limits: &Limits) -> Result<Labels, Fault> {
    let file = path.display().to_string();
    let bytes = bytes::read(path, limits)?;
    let content = bytes::unpack(&file, &bytes, limits)?;
    Labels::parse(&file, &content)
}

impl Labels {
    /// Read the content of a labels file; `file` is what messages call it.
    ///
    /// # Errors
    /// It is not CSV, rows differ in length, an id stands twice, or nothing is in it.
    pub fn parse(file: &str, content: &[u8]) -> Result<Labels, Fault> {
        let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .comment(Some(b'#'))
            .from_reader(content);
        let mut names: Option<Vec<String>> = None;
        let mut units = BTreeMap::new();
        let mut rows = BTreeMap::new();
        for next in reader.records() {
            let row = next.map_err(|error| {
                let line = error.position().map_or(0, csv::Position::line);
                Fault {
                    line,
                    ..Fault::of_file(
                        code::SYNTAX,
                        file,
                        format!("this is no CSV: {error}"),
                    )
                    .help("save the labels as comma-separated text in UTF-8")
                }
            })?;
            let line = row.position().map_or(0, csv::Position::line);
            let fault = |code, title: String| Fault {
                line,
                ..Fault::of_file(code, file, title)
            };
            let names = match &names {
                Some(names) => names,
                None => {
                    let header = header(&row).map(|names| with_units(names, &mut units));
                    let is_header = header.is_some();
                    let named =
                        names.insert(header.unwrap_or_else(|| numbered(row.len())));
                    if named.is_empty() {
                        return Err(fault(
                            code::SYNTAX,
                            "the file has only one column".to_owned(),
                        )
                        .help("write an id and its values on each line: `mp-1,-2.5`"));
                    }
                    if is_header {
                        continue;
                    }
                    named
                }
            };
            if row.len() != names.len() + 1 {
                let title =
                    format!("the row has {} cells, not {}", row.len(), names.len() + 1);
                return Err(fault(code::SYNTAX, title)
                    .help("give each row an id and a value for each column"));
            }
            let id = stem(row.get(0).unwrap_or_default());
            let mut cells = BTreeMap::new();
            for (name, text) in names.iter().zip(row.iter().skip(1)) {
                if text.is_empty() || text.eq_ignore_ascii_case("nan") {
                    continue;
                }
                let cell = match decimal(text.as_bytes()) {
                    Some(x) => Cell::Number(x),
                    None => Cell::Text(text.to_owned()),
                };
                cells.insert(name.clone(), cell);
            }
            if rows.insert(id.clone(), cells).is_some() {
                let title = format!("the id `{id}` stands twice");
                return Err(
                    fault(known::DUPLICATE_ID, title).help("remove one of the two")
                );
            }
        }
        if rows.is_empty() {
            return Err(Fault::of_file(
                known::NO_RECORDS,
                file,
                "it holds no label".to_owned(),
            )
            .help("write an id and its values on each line: `mp-1,-2.5`"));
        }
        Ok(Labels {
            file: file.to_owned(),
            rows,
            units,
        })
    }

    /// Read the bytes of a labels file, plain or gzip.
    ///
    /// # Errors
    /// As [`Labels::parse`], and bytes that cannot be unpacked.
    pub fn read(file: &str, bytes: &[u8], limits: &Limits) -> Result<Labels, Fault> {
        Labels::parse(file, &bytes::unpack(file, bytes, limits)?)
    }

    /// The unit of a column, when its head has one: `energy (eV/atom)`.
    pub fn unit(&self, column: &str) -> Option<&str> {
        self.units.get(column).map(String::as_str)
    }

    /// The record with its labels as columns.
    ///
    /// # Errors
    /// There is no row for it.
    pub fn add_to(&self, mut record: Record, file: &str) -> Result<Record, Fault> {
        let Some(cells) = self.rows.get(&record.id) else {
            let title = format!("{} has no row for `{}`", self.file, record.id);
            return Err(Fault {
                line: record.line,
                record: Some(record.id),
                ..Fault::of_file(known::MISSING_FIELD, file, title).help(
                    "the first column of the labels holds the structures' ids: their \
                     file names without ending",
                )
            });
        };
        for (name, cell) in cells {
            record.columns.insert(name.clone(), cell.clone());
        }
        Ok(record)
    }
}

/// The names of the columns after the first, if the row is a header.
fn header(row: &csv::StringRecord) -> Option<Vec<String>> {
    let numeric = row
        .iter()
        .skip(1)
        .any(|cell| decimal(cell.as_bytes()).is_some());
    (!numeric && row.len() > 1).then(|| row.iter().skip(1).map(str::to_owned).collect())
}

/// The names without the units behind them in brackets.
fn with_units(names: Vec<String>, units: &mut BTreeMap<String, String>) -> Vec<String> {
    let bare = |head: String| {
        let Some((name, rest)) = head.split_once('(') else {
            return head;
        };
        let Some(unit) = rest.trim_end().strip_suffix(')') else {
            return head;
        };
        let name = name.trim_end().to_owned();
        units.insert(name.clone(), unit.trim().to_owned());
        name
    };
    names.into_iter().map(bare).collect()
}

fn numbered(cells: usize) -> Vec<String> {
    let name = |i: usize| match i {
        1 => "target".to_owned(),
        i => format!("target_{i}"),
    };
    (1..cells).map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_and_without_header() {
        let labels =
            Labels::parse("l.csv", b"id,e,kind\nmp-1.cif,-2.5,a\nmp-2,,b\n").unwrap();
        assert_eq!(labels.rows["mp-1"]["e"], Cell::Number(-2.5));
        assert_eq!(labels.rows["mp-2"].len(), 1);
        let units = Labels::parse("l.csv", b"id,e (meV/atom),kind\nmp-1,-2.5,a\n");
        let units = units.unwrap();
        assert_eq!(
            (units.unit("e"), units.unit("kind")),
            (Some("meV/atom"), None)
        );
        assert_eq!(units.rows["mp-1"]["e"], Cell::Number(-2.5));
        let bare = Labels::parse("l.csv", b"mp-1,1\nmp-2,2\n").unwrap();
        assert_eq!(bare.rows["mp-2"]["target"], Cell::Number(2.0));
    }

    #[test]
    fn what_is_wrong_is_placed() {
        let wrong = |text: &str| {
            let fault = Labels::parse("l.csv", text.as_bytes()).unwrap_err();
            (fault.code, fault.line)
        };
        assert_eq!(wrong("id,e\na,1\na,2\n"), ("E0708", 3));
        assert_eq!(wrong("id,e\na,1,2\n"), ("E0714", 2));
        assert_eq!(wrong("a\nb\n"), ("E0714", 1));
        assert_eq!(wrong(""), ("E0709", 0));
    }
}
