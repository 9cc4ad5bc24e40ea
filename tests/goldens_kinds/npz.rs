//! numpy's `.npz` files: bytes come in, named arrays of numbers go out.
//!
//! A zip archive of `.npy` members, stored or deflated; little-endian `i4`, `i8`, `f4`
//! and `f8` in C or Fortran order, as numpy writes them.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use flate2::read::DeflateDecoder;

/// An array: its shape, and its numbers in C order. Every number of the kinds read is
/// exact as f64 below 2⁵³.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    pub shape: Vec<usize>,
    pub data: Vec<f64>,
}

/// The arrays of a file, by name.
pub struct Npz(BTreeMap<String, Array>);

impl Npz {
    /// Read all of a file.
    pub fn open(path: &Path) -> Result<Npz, String> {
        let said = |why: String| format!("{}: {why}", path.display());
        let bytes = std::fs::read(path).map_err(|error| said(error.to_string()))?;
        let members = unzip(&bytes).map_err(said)?;
        let mut arrays = BTreeMap::new();
        for (name, content) in members {
            let array = npy(&content).map_err(|why| said(format!("{name}: {why}")))?;
            let name = name.strip_suffix(".npy").unwrap_or(&name).to_owned();
            arrays.insert(name, array);
        }
        Ok(Npz(arrays))
    }

    /// One array.
    pub fn array(&self, name: &str) -> Result<&Array, String> {
        self.0.get(name).ok_or_else(|| format!("no array `{name}`"))
    }

    /// The numbers of one array.
    pub fn floats(&self, name: &str) -> Result<&[f64], String> {
        Ok(&self.array(name)?.data)
    }

    /// The numbers of one array of whole numbers.
    pub fn whole(&self, name: &str) -> Result<Vec<i64>, String> {
        let data = self.floats(name)?;
        Ok(data.iter().map(|&x| x as i64).collect())
    }

    /// The rows of an array of shape `[n, 3]`.
    pub fn triples(&self, name: &str) -> Result<Vec<[f64; 3]>, String> {
        let data = self.floats(name)?;
        Ok(data.as_chunks::<3>().0.to_vec())
    }
}

fn number(bytes: &[u8], at: usize, width: usize) -> Result<usize, String> {
    let field = bytes.get(at..at + width).ok_or("the archive is cut off")?;
    Ok(field
        .iter()
        .rev()
        .fold(0, |sum, &b| sum << 8 | usize::from(b)))
}

/// Names and contents by the archive's central directory.
fn unzip(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, String> {
    let end = (0..bytes.len().saturating_sub(21))
        .rev()
        .find(|&at| bytes[at..].starts_with(b"PK\x05\x06"))
        .ok_or("no zip archive")?;
    let (count, mut at) = (number(bytes, end + 10, 2)?, number(bytes, end + 16, 4)?);
    let mut members = Vec::new();
    for _ in 0..count {
        let (method, packed) = (number(bytes, at + 10, 2)?, number(bytes, at + 20, 4)?);
        let name_length = number(bytes, at + 28, 2)?;
        let name = bytes.get(at + 46..at + 46 + name_length).ok_or("cut off")?;
        let name = String::from_utf8_lossy(name).into_owned();
        let local = number(bytes, at + 42, 4)?;
        let skip = number(bytes, local + 26, 2)? + number(bytes, local + 28, 2)?;
        let start = local + 30 + skip;
        let content = bytes.get(start..start + packed).ok_or("cut off")?;
        let mut unpacked = Vec::new();
        match method {
            0 => unpacked.extend_from_slice(content),
            8 => {
                let mut decoder = DeflateDecoder::new(content);
                let read = decoder.read_to_end(&mut unpacked);
                read.map_err(|error| format!("{name}: {error}"))?;
            }
            other => return Err(format!("{name}: packed by method {other}")),
        }
        members.push((name, unpacked));
        at += 46 + name_length + number(bytes, at + 30, 2)? + number(bytes, at + 32, 2)?;
    }
    Ok(members)
}

fn npy(bytes: &[u8]) -> Result<Array, String> {
    if !bytes.starts_with(b"\x93NUMPY") {
        return Err("no npy file".to_owned());
    }
    let (start, width) = if bytes.get(6) == Some(&1) {
        (10, 2)
    } else {
        (12, 4)
    };
    let end = start + number(bytes, 8, width)?;
    let header = bytes.get(start..end).ok_or("the header is cut off")?;
    let header = String::from_utf8_lossy(header).into_owned();
    let after = |key: &str| -> Result<&str, String> {
        let at = header
            .find(key)
            .ok_or_else(|| format!("no {key} in {header}"))?;
        Ok(header[at + key.len()..].trim_start_matches([':', ' ']))
    };
    let shape = after("'shape'")?;
    let shape = &shape[1..shape.find(')').ok_or("no shape")?];
    let sizes = shape
        .split(',')
        .map(str::trim)
        .filter(|size| !size.is_empty());
    let shape: Vec<usize> = sizes
        .map(|size| size.parse().map_err(|_| format!("size {size}")))
        .collect::<Result<_, _>>()?;
    let body = &bytes[end..];
    let kind = after("'descr'")?;
    let data: Vec<f64> = match kind.get(1..4) {
        Some("<i4") => each(body, |b| f64::from(i32::from_le_bytes(b))),
        Some("<i8") => each(body, |b| i64::from_le_bytes(b) as f64),
        Some("<f4") => each(body, |b| f64::from(f32::from_le_bytes(b))),
        Some("<f8") => each(body, f64::from_le_bytes),
        _ => return Err(format!("numbers of kind {kind}")),
    };
    if data.len() != shape.iter().product::<usize>() {
        return Err(format!("{} numbers for shape {shape:?}", data.len()));
    }
    if after("'fortran_order'")?.starts_with("True") && shape.len() > 1 {
        return Ok(Array {
            data: to_c_order(&data, &shape),
            shape,
        });
    }
    Ok(Array { shape, data })
}

fn each<const N: usize>(body: &[u8], of: impl Fn([u8; N]) -> f64) -> Vec<f64> {
    body.as_chunks::<N>().0.iter().map(|b| of(*b)).collect()
}

/// The numbers of an array stored first index fastest, last index fastest.
fn to_c_order(data: &[f64], shape: &[usize]) -> Vec<f64> {
    let place = |mut k: usize| {
        let mut index = vec![0; shape.len()];
        for (axis, &size) in shape.iter().enumerate().rev() {
            index[axis] = k % size;
            k /= size;
        }
        index
            .iter()
            .zip(shape)
            .rev()
            .fold(0, |sum, (i, size)| sum * size + i)
    };
    (0..data.len()).map(|k| data[place(k)]).collect()
}
