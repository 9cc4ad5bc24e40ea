//! The manifest of an entry: what it is, what its key was made of, and the checksum of
//! every file. In: named bytes. Out: `manifest.json`, and back with every byte checked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Key, StoreProblem};

/// Its file name.
pub(super) const MANIFEST: &str = "manifest.json";
/// Nothing larger is read as a manifest: 16 MiB.
pub(super) const LIMIT: u64 = 16 << 20;
/// The version of the store's format; raised when entries change shape.
const FORMAT: u32 = 1;

/// What is written beside the files of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    format: u32,
    key: Key,
    pub(super) kind: String,
    pub(super) inputs: BTreeMap<String, String>,
    pub(super) files: BTreeMap<String, FileNote>,
    /// blake3 of this manifest with an empty seal, so that a change in `kind` or
    /// `inputs` shows as surely as one in a file.
    seal: String,
}

/// Size and checksum of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileNote {
    pub(super) bytes: u64,
    blake3: String,
}

/// All that is read from a manifest before its format is known.
#[derive(Deserialize)]
struct Head {
    format: u32,
}

impl FileNote {
    fn of(bytes: &[u8]) -> FileNote {
        FileNote {
            bytes: bytes.len() as u64,
            blake3: checksum(bytes),
        }
    }

    /// Whether these are the bytes that were stored.
    pub(super) fn fits(&self, bytes: &[u8]) -> bool {
        *self == FileNote::of(bytes)
    }
}

impl Manifest {
    /// The manifest of an entry about to be stored.
    pub(super) fn describe(
        key: Key,
        kind: &str,
        inputs: &BTreeMap<String, String>,
        files: &BTreeMap<String, Vec<u8>>,
    ) -> Result<Manifest, StoreProblem> {
        let note = |(name, bytes): (&String, &Vec<u8>)| {
            let name: String = name.clone();
            (name, FileNote::of(bytes))
        };
        let mut manifest = Manifest {
            format: FORMAT,
            key,
            kind: kind.to_owned(),
            inputs: inputs.clone(),
            files: files.iter().map(note).collect(),
            seal: String::new(),
        };
        manifest.seal = manifest.fitting_seal().map_err(StoreProblem::encode)?;
        Ok(manifest)
    }

    /// The bytes of `manifest.json`.
    pub(super) fn encode(&self) -> Result<Vec<u8>, StoreProblem> {
        let bytes = to_json(self).map_err(StoreProblem::encode)?;
        if bytes.len() as u64 > LIMIT {
            return Err(StoreProblem::ManifestTooLarge { bytes: bytes.len() });
        }
        Ok(bytes)
    }

    /// Reads `manifest.json` of the entry `key`; the error is the reason why not.
    pub(super) fn decode(bytes: &[u8], key: Key) -> Result<Manifest, String> {
        let unreadable = |e: serde_json::Error| format!("{MANIFEST} is unreadable: {e}");
        let head: Head = serde_json::from_slice(bytes).map_err(unreadable)?;
        if head.format != FORMAT {
            return Err(format!(
                "it has store format {}, this tmo has {FORMAT}",
                head.format
            ));
        }
        let manifest: Manifest = serde_json::from_slice(bytes).map_err(unreadable)?;
        if manifest.key != key {
            return Err(format!("it belongs to the key {}", manifest.key));
        }
        // The seal covers the values; writing it out again covers spaces and spelling.
        let sealed = manifest.fitting_seal().map_err(unreadable)? == manifest.seal;
        if !sealed || to_json(&manifest).map_err(unreadable)? != bytes {
            return Err(format!("the checksum of {MANIFEST} differs"));
        }
        Ok(manifest)
    }

    fn fitting_seal(&self) -> Result<String, serde_json::Error> {
        let unsealed = Manifest {
            seal: String::new(),
            ..self.clone()
        };
        Ok(checksum(&to_json(&unsealed)?))
    }
}

fn to_json(manifest: &Manifest) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = serde_json::to_vec_pretty(manifest)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn checksum(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}
