//! Apache Parquet: typed columns come in, the bytes of a file go out.
//! (https://github.com/apache/parquet-format)
//!
//! Plain encoding without compression, a page a column and row group: what every reader
//! reads. Units are in the metadata of the file, under the key `units`, as JSON.

use std::collections::BTreeMap;

use super::thrift::{Struct, varint};
use super::{TypedColumn, Values};
use crate::report::ReportProblem;

const MAGIC: &[u8; 4] = b"PAR1";
/// Rows of a group: readers hold a group of a column in memory.
const GROUP: usize = 4096;

// Kinds of values, repetitions and encodings, as the format numbers them.
const BOOLEAN: i32 = 0;
const INT64: i32 = 2;
const FLOAT: i32 = 4;
const DOUBLE: i32 = 5;
const BYTE_ARRAY: i32 = 6;
const REQUIRED: i32 = 0;
const OPTIONAL: i32 = 1;
const REPEATED: i32 = 2;
const UTF8: i32 = 0;
const LIST: i32 = 3;
const PLAIN: i32 = 0;
const RLE: i32 = 3;

/// The bytes of a file of these columns, all of the same number of rows.
///
/// # Errors
/// A column of a group of rows takes more than 2 GB.
pub fn parquet(columns: &[TypedColumn]) -> Result<Vec<u8>, ReportProblem> {
    let rows = columns.iter().map(|column| column.values.len()).max();
    let rows = rows.unwrap_or(0);
    let mut bytes = MAGIC.to_vec();
    let mut groups = Vec::new();
    for start in (0..rows).step_by(GROUP) {
        let end = rows.min(start + GROUP);
        let from = bytes.len();
        let mut chunks = Vec::new();
        for column in columns {
            chunks.push(chunk(&mut bytes, column, start, end)?);
        }
        groups.push(
            Struct::new()
                .structs(1, chunks)
                .i64(2, (bytes.len() - from) as i64)
                .i64(3, (end - start) as i64),
        );
    }
    let mut schema = vec![Struct::new().text(4, "schema").i32(5, columns.len() as i32)];
    columns
        .iter()
        .for_each(|column| declare(&mut schema, column));
    let units: BTreeMap<&str, &str> = columns
        .iter()
        .filter(|column| !column.unit.is_empty())
        .map(|column| (column.name.as_str(), column.unit.as_str()))
        .collect();
    let units = serde_json::to_string(&units)
        .map_err(|error| ReportProblem::compose("a Parquet file", error))?;
    let footer = Struct::new()
        .i32(1, 2)
        .structs(2, schema)
        .i64(3, rows as i64)
        .structs(4, groups)
        .structs(5, vec![Struct::new().text(1, "units").text(2, &units)])
        .text(6, concat!("tmo version ", env!("CARGO_PKG_VERSION")))
        .finish();
    bytes.extend_from_slice(&footer);
    bytes.extend_from_slice(&(footer.len() as u32).to_le_bytes());
    bytes.extend_from_slice(MAGIC);
    Ok(bytes)
}

/// The kind of a column's numbers or texts, and how deep its lists are.
fn layout(values: &Values) -> (i32, usize) {
    match values {
        Values::Numbers(_) => (DOUBLE, 0),
        Values::Singles(_) => (FLOAT, 0),
        Values::Whole(_) => (INT64, 0),
        Values::Truths(_) => (BOOLEAN, 0),
        Values::Texts(_) => (BYTE_ARRAY, 0),
        Values::NumberLists(_) => (DOUBLE, 1),
        Values::WholeLists(_) => (INT64, 1),
        Values::TextLists(_) => (BYTE_ARRAY, 1),
        Values::Vectors(_) => (DOUBLE, 2),
    }
}

/// The elements of the schema for a column. A list is `optional group NAME { repeated
/// group list { required TYPE element } }`.
fn declare(schema: &mut Vec<Struct>, column: &TypedColumn) {
    let (kind, depth) = layout(&column.values);
    let group =
        |repetition, name: &str| Struct::new().i32(3, repetition).text(4, name).i32(5, 1);
    for level in 0..depth {
        let (repetition, name) = match level {
            0 => (OPTIONAL, column.name.as_str()),
            _ => (REQUIRED, "element"),
        };
        schema.push(group(repetition, name).i32(6, LIST));
        schema.push(group(REPEATED, "list"));
    }
    let (repetition, name) = match depth {
        0 => (OPTIONAL, column.name.as_str()),
        _ => (REQUIRED, "element"),
    };
    let leaf = Struct::new().i32(1, kind).i32(3, repetition).text(4, name);
    schema.push(match kind {
        BYTE_ARRAY => leaf.i32(6, UTF8),
        _ => leaf,
    });
}

/// Values of a page with their levels: how much of the path to each is there, and at
/// which list it begins a new entry.
#[derive(Default)]
struct Page {
    definition: Levels,
    repetition: Levels,
    values: Vec<u8>,
    truths: Vec<bool>,
}

impl Page {
    fn level(&mut self, repetition: u8, definition: u8) {
        self.repetition.push(repetition);
        self.definition.push(definition);
    }

    fn number(&mut self, x: f64) {
        self.values.extend_from_slice(&x.to_le_bytes());
    }

    fn text(&mut self, text: &str) -> Result<(), ReportProblem> {
        let length = u32::try_from(text.len()).map_err(|_| too_large())?;
        self.values.extend_from_slice(&length.to_le_bytes());
        self.values.extend_from_slice(text.as_bytes());
        Ok(())
    }

    /// A row of single values.
    fn one<T>(&mut self, value: Option<T>, mut put: impl FnMut(&mut Page, T)) {
        self.level(0, u8::from(value.is_some()));
        if let Some(value) = value {
            put(self, value);
        }
    }

    /// A row of lists.
    fn list<T>(&mut self, list: Option<&[T]>, mut put: impl FnMut(&mut Page, &T)) {
        match list {
            None => self.level(0, 0),
            Some([]) => self.level(0, 1),
            Some(all) => {
                for (at, value) in all.iter().enumerate() {
                    self.level(u8::from(at > 0), 2);
                    put(self, value);
                }
            }
        }
    }

    /// Rows `start..end` of a column.
    fn of(values: &Values, start: usize, end: usize) -> Result<Page, ReportProblem> {
        let mut page = Page::default();
        match values {
            Values::Numbers(all) => part(all, start, end)
                .iter()
                .for_each(|x| page.one(*x, Page::number)),
            Values::Singles(all) => {
                for x in part(all, start, end) {
                    page.level(0, 1);
                    page.values.extend_from_slice(&x.to_le_bytes());
                }
            }
            Values::Whole(all) => {
                for x in part(all, start, end) {
                    page.level(0, 1);
                    page.values.extend_from_slice(&x.to_le_bytes());
                }
            }
            Values::Truths(all) => part(all, start, end)
                .iter()
                .for_each(|x| page.one(*x, |page, x| page.truths.push(x))),
            Values::Texts(all) => {
                for text in part(all, start, end) {
                    page.level(0, u8::from(text.is_some()));
                    text.iter().try_for_each(|text| page.text(text))?;
                }
            }
            Values::NumberLists(all) => {
                for list in part(all, start, end) {
                    page.list(list.as_deref(), |page, x| page.number(*x));
                }
            }
            Values::WholeLists(all) => {
                for list in part(all, start, end) {
                    page.list(Some(list), |page, x| {
                        page.values.extend_from_slice(&x.to_le_bytes());
                    });
                }
            }
            Values::TextLists(all) => {
                for list in part(all, start, end) {
                    page.list(list.as_deref(), |_, _| {});
                    for text in list.iter().flatten() {
                        page.text(text)?;
                    }
                }
            }
            Values::Vectors(all) => {
                for list in part(all, start, end) {
                    if list.is_empty() {
                        page.level(0, 1);
                    }
                    for (at, vector) in list.iter().enumerate() {
                        for (axis, x) in vector.iter().enumerate() {
                            let repetition = match (at, axis) {
                                (0, 0) => 0,
                                (_, 0) => 1,
                                _ => 2,
                            };
                            page.level(repetition, 3);
                            page.number(*x);
                        }
                    }
                }
            }
        }
        Ok(page)
    }

    fn content(mut self, depth: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.values.len() + 64);
        if depth > 0 {
            bytes.extend(self.repetition.finish());
        }
        bytes.extend(self.definition.finish());
        for eight in self.truths.chunks(8) {
            let bits = eight.iter().enumerate();
            self.values
                .push(bits.fold(0, |byte, (at, bit)| byte | u8::from(*bit) << at));
        }
        bytes.extend_from_slice(&self.values);
        bytes
    }
}

fn part<T>(all: &[T], start: usize, end: usize) -> &[T] {
    all.get(start..end).unwrap_or_default()
}

/// Small numbers in runs of equal ones.
#[derive(Default)]
struct Levels {
    count: usize,
    runs: Vec<(u8, u64)>,
}

impl Levels {
    fn push(&mut self, level: u8) {
        self.count += 1;
        match self.runs.last_mut() {
            Some((last, length)) if *last == level => *length += 1,
            _ => self.runs.push((level, 1)),
        }
    }

    /// Their bytes behind the number of these. Every level is below 4, so each takes a
    /// byte.
    fn finish(&self) -> Vec<u8> {
        let mut bytes = vec![0; 4];
        for (level, length) in &self.runs {
            varint(&mut bytes, length << 1);
            bytes.push(*level);
        }
        let length = (bytes.len() - 4) as u32;
        for (to, from) in bytes.iter_mut().zip(length.to_le_bytes()) {
            *to = from;
        }
        bytes
    }
}

/// Write a column of a row group, and say where it lies.
fn chunk(
    bytes: &mut Vec<u8>,
    column: &TypedColumn,
    start: usize,
    end: usize,
) -> Result<Struct, ReportProblem> {
    let (kind, depth) = layout(&column.values);
    let page = Page::of(&column.values, start, end)?;
    let count = page.definition.count;
    let content = page.content(depth);
    let small = |x: usize| i32::try_from(x).map_err(|_| too_large());
    let data = Struct::new()
        .i32(1, small(count)?)
        .i32(2, PLAIN)
        .i32(3, RLE)
        .i32(4, RLE);
    let size = small(content.len())?;
    let head = Struct::new()
        .i32(1, 0)
        .i32(2, size)
        .i32(3, size)
        .inner(5, data)
        .finish();
    let offset = bytes.len() as i64;
    let whole = (head.len() + content.len()) as i64;
    bytes.extend(head);
    bytes.extend(content);
    let mut path = vec![column.name.as_str()];
    path.extend(["list", "element"].repeat(depth));
    let about = Struct::new()
        .i32(1, kind)
        .i32s(2, &[PLAIN, RLE])
        .texts(3, &path)
        .i32(4, 0)
        .i64(5, count as i64)
        .i64(6, whole)
        .i64(7, whole)
        .i64(9, offset);
    Ok(Struct::new().i64(2, offset).inner(3, about))
}

fn too_large() -> ReportProblem {
    ReportProblem::compose("a Parquet file", "a column of 4096 rows has more than 2 GB")
}
