//! Named arrays as safetensors bytes. In: entries, or bytes. Out: bytes, or an [`Archive`]
//! whose entries are taken out one by one and checked on the way. A BLAKE3 sum over all
//! entries and remarks lies in the header; where a file has one, it must be right.

use std::collections::{BTreeMap, HashMap};

use super::names::Named;
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};

/// The header's key of the sum.
const SUM: &str = "blake3";

/// The header's keys of what a file says beside its arrays; any other key is another
/// program's.
const REMARKS: [&str; 3] = ["target_mean", "target_spread", "target_unit"];

/// What a file says beside its arrays, by key: those of [`TargetScale`].
///
/// [`TargetScale`]: super::scale::TargetScale
pub(crate) type Remarks = BTreeMap<&'static str, String>;

/// One named array.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    name: String,
    dtype: Dtype,
    sizes: Vec<usize>,
    /// Little-endian numbers.
    bytes: Vec<u8>,
}

impl Entry {
    pub(crate) fn f32(name: String, sizes: &[usize], values: &[f32]) -> Entry {
        Entry {
            name,
            dtype: Dtype::F32,
            sizes: sizes.to_vec(),
            bytes: join(values.iter().map(|x| x.to_le_bytes())),
        }
    }

    pub(crate) fn f64(name: &str, values: &[f64]) -> Entry {
        Entry {
            name: name.to_owned(),
            dtype: Dtype::F64,
            sizes: vec![values.len()],
            bytes: join(values.iter().map(|x| x.to_le_bytes())),
        }
    }

    pub(crate) fn u64(name: &str, values: &[u64]) -> Entry {
        Entry {
            name: name.to_owned(),
            dtype: Dtype::U64,
            sizes: vec![values.len()],
            bytes: join(values.iter().map(|x| x.to_le_bytes())),
        }
    }
}

/// Entries by name.
#[derive(Debug)]
pub(crate) struct Archive {
    entries: BTreeMap<String, Entry>,
    remarks: Remarks,
}

impl Archive {
    /// The entries of arrays in memory.
    pub(crate) fn from_arrays(
        arrays: Vec<(String, Vec<usize>, Vec<f32>)>,
    ) -> Result<Archive, String> {
        let mut entries = BTreeMap::new();
        for (name, sizes, values) in arrays {
            let entry = Entry::f32(name.clone(), &sizes, &values);
            if entries.insert(name.clone(), entry).is_some() {
                return Err(format!("{name} is there twice"));
            }
        }
        let remarks = Remarks::new();
        Ok(Archive { entries, remarks })
    }

    /// The bytes of a file with these entries; the same bytes for the same entries.
    pub(crate) fn write(entries: Vec<Entry>) -> Result<Vec<u8>, String> {
        Archive::write_with(entries, &Remarks::new())
    }

    /// The bytes of a file with these entries and remarks.
    pub(crate) fn write_with(
        entries: Vec<Entry>,
        remarks: &Remarks,
    ) -> Result<Vec<u8>, String> {
        let mut entries = entries;
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        let mut views = Vec::new();
        for entry in &entries {
            let view = TensorView::new(entry.dtype, entry.sizes.clone(), &entry.bytes);
            views.push((entry.name.as_str(), view.map_err(|e| e.to_string())?));
        }
        let mut header = HashMap::from([(SUM.to_owned(), sum(entries.iter(), remarks))]);
        let remarks = remarks.iter();
        header.extend(remarks.map(|(key, text)| ((*key).to_owned(), text.clone())));
        let bytes = serialize(views, Some(header)).map_err(|e| e.to_string())?;
        in_order(bytes)
    }

    /// The entries of a file.
    pub(crate) fn read(bytes: &[u8]) -> Result<Archive, String> {
        let damaged = |e: &dyn std::fmt::Display| {
            format!("the file is not readable as safetensors ({e}); it may be damaged")
        };
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| damaged(&e))?;
        let tensors = SafeTensors::deserialize(bytes).map_err(|e| damaged(&e))?;
        let mut entries = BTreeMap::new();
        for (name, view) in tensors.iter() {
            let entry = Entry {
                name: name.to_owned(),
                dtype: view.dtype(),
                sizes: view.shape().to_vec(),
                bytes: view.data().to_vec(),
            };
            entries.insert(name.to_owned(), entry);
        }
        let header = header.metadata().as_ref();
        let remark = |key| Some((key, header?.get(key)?.clone()));
        let remarks: Remarks = REMARKS.into_iter().filter_map(remark).collect();
        let expected = header.and_then(|h| h.get(SUM));
        if expected.is_some_and(|due| *due != sum(entries.values(), &remarks)) {
            return Err("its checksum is wrong: the file is damaged".to_owned());
        }
        Ok(Archive { entries, remarks })
    }

    /// What the file says beside its entries.
    pub(crate) fn remarks(&self) -> &Remarks {
        &self.remarks
    }

    /// The names of the entries.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// The arrays whose names `wanted` holds of, as numbers of f32; what is f64 is rounded.
    pub(crate) fn numbers(
        self,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<Named>, String> {
        let mut all = Vec::new();
        for (name, entry) in self.entries.into_iter().filter(|(name, _)| wanted(name)) {
            let numbers: Vec<f32> = match entry.dtype {
                Dtype::F32 => words(&entry.bytes).map(f32::from_le_bytes).collect(),
                Dtype::F64 => {
                    let numbers = words(&entry.bytes).map(f64::from_le_bytes);
                    numbers.map(|x| x as f32).collect()
                }
                found => {
                    let due = "must be of type F32 or F64";
                    return Err(format!("{name} {due}, not {found:?}"));
                }
            };
            if numbers.iter().any(|x| !x.is_finite()) {
                return Err(format!("{name} holds a number that is not finite"));
            }
            all.push((name, entry.sizes, numbers));
        }
        Ok(all)
    }

    /// Takes out the f32 array called `name`, which must have the shape `sizes` and hold
    /// finite numbers only.
    pub(crate) fn take_f32(
        &mut self,
        name: &str,
        sizes: &[usize],
    ) -> Result<Vec<f32>, String> {
        let entry = self.take(name, Dtype::F32)?;
        if entry.sizes != sizes {
            let found = &entry.sizes;
            return Err(format!("{name} must have shape {sizes:?}, not {found:?}"));
        }
        let needed: usize = sizes.iter().product();
        let numbers: Vec<f32> = words(&entry.bytes).map(f32::from_le_bytes).collect();
        if numbers.len() != needed {
            let found = numbers.len();
            return Err(format!("{name} needs {needed} numbers, it has {found}"));
        }
        if numbers.iter().any(|x| !x.is_finite()) {
            return Err(format!("{name} holds a number that is not finite"));
        }
        Ok(numbers)
    }

    /// Takes out the f64 list called `name`.
    pub(crate) fn take_f64(&mut self, name: &str) -> Result<Vec<f64>, String> {
        let entry = self.take(name, Dtype::F64)?;
        Ok(words(&entry.bytes).map(f64::from_le_bytes).collect())
    }

    /// Takes out the u64 list called `name`, which must hold `N` numbers.
    pub(crate) fn take_u64<const N: usize>(
        &mut self,
        name: &str,
    ) -> Result<[u64; N], String> {
        let entry = self.take(name, Dtype::U64)?;
        let numbers: Vec<u64> = words(&entry.bytes).map(u64::from_le_bytes).collect();
        let found = numbers.len();
        let wrong = |_| format!("{name} needs {N} numbers, it has {found}");
        numbers.try_into().map_err(wrong)
    }

    /// Whether there is an entry called `name`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// Whether there is an entry whose name begins with `prefix`.
    pub(crate) fn has_below(&self, prefix: &str) -> bool {
        self.entries.keys().any(|name| name.starts_with(prefix))
    }

    /// An error if an entry has not been taken out.
    pub(crate) fn must_be_empty(&self) -> Result<(), String> {
        match self.entries.keys().next() {
            Some(name) => Err(format!("it holds {name}, which the model does not have")),
            None => Ok(()),
        }
    }

    fn take(&mut self, name: &str, dtype: Dtype) -> Result<Entry, String> {
        let Some(entry) = self.entries.remove(name) else {
            return Err(format!("{name} is missing"));
        };
        if entry.dtype != dtype {
            let found = entry.dtype;
            return Err(format!("{name} must be of type {dtype:?}, not {found:?}"));
        }
        Ok(entry)
    }
}

/// The sum over entries in the order of their names, and over remarks.
fn sum<'a>(entries: impl Iterator<Item = &'a Entry>, remarks: &Remarks) -> String {
    let mut hasher = blake3::Hasher::new();
    for entry in entries {
        let head = format!("{}\0{:?}{:?}\0", entry.name, entry.dtype, entry.sizes);
        hasher.update(head.as_bytes());
        hasher.update(&entry.bytes);
    }
    for (key, text) in remarks {
        hasher.update(format!("{key}\0{text}\0").as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

/// The same file, what its header says beside the arrays in the order of the keys: the
/// crate writes them as its hash map has them, each time in another order.
fn in_order(mut bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    let unlike = || "the file that was written is not as it should be".to_owned();
    let (length, rest) = bytes.split_first_chunk_mut().ok_or_else(unlike)?;
    let length = u64::from_le_bytes(*length) as usize;
    let header = rest.get_mut(..length).ok_or_else(unlike)?;
    let mut tree: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(header).map_err(|e| e.to_string())?;
    if let Some(serde_json::Value::Object(said)) = tree.get_mut("__metadata__") {
        said.sort_keys();
    }
    let sorted = serde_json::to_vec(&tree).map_err(|e| e.to_string())?;
    // The header is filled up with spaces; what is written anew is as long as it was.
    if sorted.len() != header.trim_ascii_end().len() {
        return Err(unlike());
    }
    let place = header.get_mut(..sorted.len()).ok_or_else(unlike)?;
    place.copy_from_slice(&sorted);
    Ok(bytes)
}

/// All words, one after the other.
fn join<const N: usize>(words: impl ExactSizeIterator<Item = [u8; N]>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(words.len() * N);
    words.for_each(|word| bytes.extend_from_slice(&word));
    bytes
}

/// The `N`-byte words of `bytes`.
fn words<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> {
    let word = |chunk: &[u8]| {
        let mut word = [0u8; N];
        word.copy_from_slice(chunk);
        word
    };
    bytes.chunks_exact(N).map(word)
}
