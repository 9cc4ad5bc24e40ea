//! numpy's npz: arrays come in, the bytes of a file go out, for `numpy.load`.
//! (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html)

use std::io::{Cursor, Write};

use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::{TypedColumn, Values};
use crate::report::ReportProblem;

/// An array of a file.
pub struct Array {
    /// Its name.
    pub name: String,
    /// numpy's name of its type.
    dtype: String,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Array {
    /// An array of doubles.
    pub fn doubles(name: &str, shape: &[usize], all: &[f64]) -> Array {
        let bytes = all.iter().flat_map(|x| x.to_le_bytes()).collect();
        Array::of(name, "<f8", shape, bytes)
    }

    /// An array of numbers of single precision.
    pub fn singles(name: &str, shape: &[usize], all: &[f32]) -> Array {
        let bytes = all.iter().flat_map(|x| x.to_le_bytes()).collect();
        Array::of(name, "<f4", shape, bytes)
    }

    /// An array of whole numbers.
    pub fn whole(name: &str, shape: &[usize], all: &[i64]) -> Array {
        let bytes = all.iter().flat_map(|x| x.to_le_bytes()).collect();
        Array::of(name, "<i8", shape, bytes)
    }

    /// An array of texts, each as long as the longest.
    pub fn texts<T: AsRef<str>>(name: &str, shape: &[usize], all: &[T]) -> Array {
        let longest = all.iter().map(|text| text.as_ref().chars().count()).max();
        let width = longest.unwrap_or(0).max(1);
        let mut bytes = Vec::with_capacity(all.len() * width * 4);
        for text in all {
            let chars = text.as_ref().chars().map(u32::from);
            let filled = chars.chain(std::iter::repeat(0)).take(width);
            bytes.extend(filled.flat_map(u32::to_le_bytes));
        }
        Array::of(name, &format!("<U{width}"), shape, bytes)
    }

    fn of(name: &str, dtype: &str, shape: &[usize], bytes: Vec<u8>) -> Array {
        Array {
            name: name.to_owned(),
            dtype: dtype.to_owned(),
            shape: shape.to_vec(),
            bytes,
        }
    }

    /// The bytes of a `.npy` file.
    fn npy(&self) -> Vec<u8> {
        let mut shape = self
            .shape
            .iter()
            .map(|n| format!("{n},"))
            .collect::<String>();
        if self.shape.len() > 1 {
            shape.pop();
        }
        let mut head = format!(
            "{{'descr': '{}', 'fortran_order': False, 'shape': ({shape}), }}",
            self.dtype
        );
        // Magic, version, length and head together are a multiple of 64.
        let short = 64 - (10 + head.len() + 1) % 64;
        head.extend(std::iter::repeat_n(' ', short % 64));
        head.push('\n');
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((head.len() as u16).to_le_bytes());
        bytes.extend(head.as_bytes());
        bytes.extend(&self.bytes);
        bytes
    }
}

/// Columns as arrays. A missing number or truth is NaN, a missing text is empty. Lists
/// are one after the other, with the place where each row's begin, and the end, in
/// `NAME_offsets`.
pub fn npz_arrays(columns: &[TypedColumn]) -> Vec<Array> {
    let mut arrays = Vec::new();
    for column in columns {
        let name = column.name.as_str();
        let rows = [column.values.len()];
        match &column.values {
            Values::Numbers(all) => {
                let all: Vec<f64> = all.iter().map(|x| x.unwrap_or(f64::NAN)).collect();
                arrays.push(Array::doubles(name, &rows, &all));
            }
            Values::Singles(all) => arrays.push(Array::singles(name, &rows, all)),
            Values::Whole(all) => arrays.push(Array::whole(name, &rows, all)),
            Values::Truths(all) => arrays.push(truths(name, all)),
            Values::Texts(all) => {
                let text = |text: &Option<String>| text.clone().unwrap_or_default();
                let all: Vec<String> = all.iter().map(text).collect();
                arrays.push(Array::texts(name, &rows, &all));
            }
            Values::NumberLists(all) => {
                let lists = all.iter().map(|list| list.as_deref().unwrap_or_default());
                let (all, ends) = joined(lists);
                arrays.push(Array::doubles(name, &[all.len()], &all));
                arrays.push(offsets(name, &ends));
            }
            Values::WholeLists(all) => {
                let (all, ends) = joined(all.iter().map(Vec::as_slice));
                arrays.push(Array::whole(name, &[all.len()], &all));
                arrays.push(offsets(name, &ends));
            }
            Values::TextLists(all) => {
                let lists = all.iter().map(|list| list.as_deref().unwrap_or_default());
                let (all, ends) = joined(lists);
                arrays.push(Array::texts(name, &[all.len()], &all));
                arrays.push(offsets(name, &ends));
            }
            Values::Vectors(all) => {
                let (all, ends) = joined(all.iter().map(Vec::as_slice));
                arrays.push(Array::doubles(name, &[all.len(), 3], all.as_flattened()));
                arrays.push(offsets(name, &ends));
            }
        }
    }
    let units: Vec<&str> = columns
        .iter()
        .filter(|column| !column.unit.is_empty())
        .flat_map(|column| [column.name.as_str(), column.unit.as_str()])
        .collect();
    if !units.is_empty() {
        arrays.push(Array::texts("units", &[units.len() / 2, 2], &units));
    }
    arrays
}

fn truths(name: &str, all: &[Option<bool>]) -> Array {
    let rows = [all.len()];
    if all.iter().all(Option::is_some) {
        let bytes = all.iter().map(|x| u8::from(*x == Some(true))).collect();
        return Array::of(name, "|b1", &rows, bytes);
    }
    let number = |x: &Option<bool>| x.map_or(f64::NAN, |x| f64::from(u8::from(x)));
    let all: Vec<f64> = all.iter().map(number).collect();
    Array::doubles(name, &rows, &all)
}

/// Lists one after the other, and where each begins.
fn joined<'a, T: Clone + 'a>(lists: impl Iterator<Item = &'a [T]>) -> (Vec<T>, Vec<i64>) {
    let (mut all, mut ends) = (Vec::new(), vec![0]);
    for list in lists {
        all.extend_from_slice(list);
        ends.push(all.len() as i64);
    }
    (all, ends)
}

fn offsets(name: &str, ends: &[i64]) -> Array {
    Array::whole(&format!("{name}_offsets"), &[ends.len()], ends)
}

/// The bytes of a file of these arrays.
///
/// # Errors
/// The archive cannot be written.
pub fn npz(arrays: &[Array]) -> Result<Vec<u8>, ReportProblem> {
    let members = arrays.iter();
    archive(members.map(|array| (format!("{}.npy", array.name), array.npy())))
}

/// The bytes of a zip archive of these members.
///
/// # Errors
/// The archive cannot be written.
pub fn archive(
    members: impl Iterator<Item = (String, Vec<u8>)>,
) -> Result<Vec<u8>, ReportProblem> {
    let cannot = |error: String| ReportProblem::compose("an archive", error);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    // Without a date in it, so that the same members give the same bytes.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default());
    for (name, bytes) in members {
        writer
            .start_file(name, options)
            .map_err(|error| cannot(error.to_string()))?;
        writer
            .write_all(&bytes)
            .map_err(|error| cannot(error.to_string()))?;
    }
    let done = writer.finish().map_err(|error| cannot(error.to_string()))?;
    Ok(done.into_inner())
}
