//! Checkpoints: the state of work under way, the last three per key. In: bytes. Out: the
//! newest bytes that pass every check; a torn or flipped one is reported and the one before
//! is used.
//!
//! File: magic (8) · key (32) · length of the contents, little endian (8) ·
//! blake3 of magic, key, length and contents (32) · contents.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::disk;
use super::{CHECKPOINTS, DAMAGED, Damaged, Doing, Key, Store, StoreProblem};

/// Suffixes of the slots of a key, newest first.
const SLOTS: [&str; 3] = ["", ".previous", ".oldest"];
const MAGIC: &[u8; 8] = b"tmo-ckp1";
const HEAD: usize = 8 + 32 + 8;
const CHECKSUM: usize = 32;

/// What a look for a checkpoint gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckpointFound {
    /// The newest intact contents.
    pub bytes: Option<Vec<u8>>,
    /// Those that failed a check and were moved aside; print each.
    pub damaged: Vec<Damaged>,
}

impl Store {
    /// Keeps `bytes` as the newest checkpoint of `key`; those before move down, the last
    /// makes room. Call it while holding the key's lock.
    ///
    /// # Errors
    /// The disk is full or refuses. The checkpoints that were there stay usable.
    pub fn put_checkpoint(&self, key: Key, bytes: &[u8]) -> Result<(), StoreProblem> {
        let staged = self.session.new_path();
        let written = disk::write_synced(&staged, &encode(key, bytes));
        if written.is_err() {
            // Give the room back at once: the disk may be full. The write's own failure
            // is the one to report.
            let _ = disk::remove(&staged);
        }
        written?;
        let slots = self.slots(key);
        // From the oldest on. A kill in between leaves a slot empty: it is passed over.
        let moves = slots.iter().zip(slots.iter().skip(1));
        for (from, to) in moves.rev() {
            match fs::rename(from, to) {
                Err(e) if e.kind() != ErrorKind::NotFound => {
                    return Err(StoreProblem::io(Doing::Move, from, e));
                }
                _ => {}
            }
        }
        let [newest, ..] = &slots;
        fs::rename(&staged, newest)
            .map_err(|e| StoreProblem::io(Doing::Write, newest, e))?;
        disk::sync_dir(&self.root.join(CHECKPOINTS))
    }

    /// The newest intact checkpoint of `key`. Damaged ones are moved aside. Call it while
    /// holding the key's lock.
    ///
    /// # Errors
    /// The disk refused to read or to move.
    pub fn get_checkpoint(&self, key: Key) -> Result<CheckpointFound, StoreProblem> {
        let mut found = CheckpointFound::default();
        for path in self.slots(key) {
            let file = match fs::read(&path) {
                Ok(file) => file,
                Err(e) if e.kind() == ErrorKind::NotFound => continue,
                Err(e) => return Err(StoreProblem::io(Doing::Read, &path, e)),
            };
            match decode(key, &file) {
                Ok(bytes) => {
                    found.bytes = Some(bytes.to_vec());
                    return Ok(found);
                }
                Err(reason) => found.damaged.push(self.discard(path, reason)?),
            }
        }
        Ok(found)
    }

    /// Forgets the checkpoints of `key`.
    ///
    /// # Errors
    /// The disk refused.
    pub fn drop_checkpoint(&self, key: Key) -> Result<(), StoreProblem> {
        // The older first: a kill in between must not bring it back as the newest.
        let slots = self.slots(key);
        slots.iter().rev().try_for_each(|slot| disk::remove(slot))
    }

    /// The files of a key, newest first.
    fn slots(&self, key: Key) -> [PathBuf; SLOTS.len()] {
        let folder = self.root.join(CHECKPOINTS);
        SLOTS.map(|suffix| folder.join(format!("{key}{suffix}")))
    }

    fn discard(&self, path: PathBuf, reason: &str) -> Result<Damaged, StoreProblem> {
        let name = path
            .file_name()
            .map(Path::new)
            .unwrap_or(Path::new("checkpoint"));
        let mut moved_to = self.root.join(DAMAGED).join(name);
        moved_to.as_mut_os_string().push(".checkpoint");
        disk::replace(&path, &moved_to)?;
        Ok(Damaged {
            path,
            reason: reason.to_owned(),
            moved_to,
        })
    }
}

/// The key of a file among the checkpoints.
pub(super) fn key_of(name: &str) -> Option<Key> {
    let key = |suffix: &&str| name.strip_suffix(*suffix)?.parse().ok();
    SLOTS.iter().find_map(key)
}

fn encode(key: Key, bytes: &[u8]) -> Vec<u8> {
    let mut file = Vec::with_capacity(HEAD + CHECKSUM + bytes.len());
    file.extend_from_slice(MAGIC);
    file.extend_from_slice(key.as_bytes());
    file.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    let sum = checksum(&file, bytes);
    file.extend_from_slice(&sum);
    file.extend_from_slice(bytes);
    file
}

fn decode(key: Key, file: &[u8]) -> Result<&[u8], &'static str> {
    let Some((head, rest)) = file.split_at_checked(HEAD) else {
        return Err("the checkpoint is cut short");
    };
    let Some((sum, bytes)) = rest.split_at_checked(CHECKSUM) else {
        return Err("the checkpoint is cut short");
    };
    let mut expected = MAGIC.to_vec();
    expected.extend_from_slice(key.as_bytes());
    expected.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    if head != expected {
        return Err("the checkpoint's head does not fit its key and length");
    }
    if sum != checksum(head, bytes) {
        return Err("the checkpoint's checksum differs");
    }
    Ok(bytes)
}

fn checksum(head: &[u8], bytes: &[u8]) -> [u8; CHECKSUM] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(head).update(bytes);
    *hasher.finalize().as_bytes()
}
