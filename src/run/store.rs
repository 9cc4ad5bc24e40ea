//! The artifact store, `.tmo/store/<key>/`: in come a key, a kind, the inputs the key was
//! made of, and named byte files; out come the same bytes, every checksum verified.
//!
//! Rules it keeps:
//! * An entry is complete or absent. It is written to a staging folder, synced, and moved
//!   into place by one rename. What a killed run left behind is swept at the next open.
//! * An entry that fails any check is never used: it is moved to `.damaged/`, reported as
//!   [`Damaged`], and treated as absent.
//! * Failing to store is failing: every problem is a [`StoreProblem`] with a path.
//! * Processes may share one store. All locks are the operating system's advisory locks,
//!   which vanish with the process that held them.
//!
//! Layout: `<64 hex>/{manifest.json, files…}`, and beside the entries `.staging/`,
//! `.checkpoints/`, `.locks/`, `.damaged/`.

mod checkpoint;
mod disk;
mod key;
mod lock;
mod manifest;
mod problem;
mod session;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

pub use checkpoint::CheckpointFound;
pub use key::{BadKey, Key};
pub use lock::{KeyLock, Wait};
pub use problem::{Doing, StoreProblem};

use manifest::{MANIFEST, Manifest};
use session::Session;

const CHECKPOINTS: &str = ".checkpoints";
const DAMAGED: &str = ".damaged";
const LOCKS: &str = ".locks";
const STAGING: &str = ".staging";
const SWEEP_LOCK: &str = ".sweep.lock";
const QUARANTINE_LOCK: &str = ".quarantine.lock";

/// A content-addressed store in one folder. Share it by reference between threads.
#[derive(Debug)]
pub struct Store {
    root: PathBuf,
    session: Session,
}

/// A set of named files, as it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// The key it was stored under.
    pub key: Key,
    /// What it is, in one word: "features", "trained", "report".
    pub kind: String,
    /// The inputs of the key, for people: name → value.
    pub inputs: BTreeMap<String, String>,
    /// File name → contents.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// What a look-up gave.
#[derive(Debug)]
pub enum Found {
    /// There is no such entry.
    Nothing,
    /// The entry, every checksum verified.
    Intact(Artifact),
    /// The entry failed a check and was moved aside. Say so, and compute it again.
    Damaged(Damaged),
}

/// What storing did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// The entry is new.
    New,
    /// The same bytes were there already.
    Already,
    /// Another run stored other contents under this key. The first are kept. Equal keys
    /// must give equal bytes, so this is a fault to report.
    AlreadyDiffers {
        /// The first file, or part of the manifest, that differs.
        what: String,
    },
}

/// A stored thing that failed a check. Its `Display` is one sentence for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// Where it was found.
    pub path: PathBuf,
    /// Which check failed.
    pub reason: String,
    /// Where it lies now, for a look; the next damaged one replaces it.
    pub moved_to: PathBuf,
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "stored result {} is damaged ({}); it is not used and was moved to {}",
            self.path.display(),
            self.reason,
            self.moved_to.display()
        )
    }
}

/// One line of the store's listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// Its kind; `None` where there is no entry or its manifest cannot be read.
    pub kind: Option<String>,
    /// Number of files, the manifest not counted.
    pub files: usize,
    /// Size of the entry in bytes, the manifest included.
    pub bytes: u64,
    /// Size of its checkpoints in bytes.
    pub checkpoint: u64,
}

/// How reading an entry ended.
enum Reading {
    Absent,
    Intact(Artifact),
    Bad(String),
}

impl Store {
    /// Opens the store in `dir`, making it where it is missing, and sweeps what killed
    /// runs left half written.
    ///
    /// # Errors
    /// The folder cannot be made, written or locked.
    pub fn open(dir: &Path) -> Result<Store, StoreProblem> {
        for part in [STAGING, CHECKPOINTS, DAMAGED, LOCKS] {
            let path = dir.join(part);
            fs::create_dir_all(&path)
                .map_err(|e| StoreProblem::io(Doing::Create, &path, e))?;
        }
        let session = Session::begin(&dir.join(STAGING), &dir.join(SWEEP_LOCK))?;
        Ok(Store {
            root: dir.to_path_buf(),
            session,
        })
    }

    /// The folder of the store.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Looks `key` up and verifies every byte of what it finds.
    ///
    /// # Errors
    /// The disk refused to read, or a damaged entry could not be moved aside.
    pub fn get(&self, key: Key) -> Result<Found, StoreProblem> {
        match self.read(key)? {
            Reading::Absent => Ok(Found::Nothing),
            Reading::Intact(artifact) => Ok(Found::Intact(artifact)),
            Reading::Bad(_) => self.set_aside(key),
        }
    }

    /// Stores `files` under `key`, all or nothing. Storing the same again is harmless;
    /// an entry that is there but damaged is replaced.
    ///
    /// # Errors
    /// A file name is not allowed, the disk is full or refuses, or the entry's place is
    /// taken again and again by damaged ones.
    pub fn put(
        &self,
        key: Key,
        kind: &str,
        inputs: &BTreeMap<String, String>,
        files: &BTreeMap<String, Vec<u8>>,
    ) -> Result<Stored, StoreProblem> {
        for name in files.keys() {
            check_name(name)?;
        }
        let manifest = Manifest::describe(key, kind, inputs, files)?;
        let staged = self.session.new_folder()?;
        for (name, bytes) in files {
            disk::write_synced(&staged.path().join(name), bytes)?;
        }
        disk::write_synced(&staged.path().join(MANIFEST), &manifest.encode()?)?;
        disk::sync_dir(staged.path())?;

        let place = self.root.join(key.to_string());
        // Twice is enough: the first failure may be a damaged entry, which goes aside.
        for _ in 0..3 {
            match fs::rename(staged.path(), &place) {
                Ok(()) => {
                    disk::sync_dir(&self.root)?;
                    return Ok(Stored::New);
                }
                Err(e) if is_taken(e.kind()) => {}
                Err(e) => return Err(StoreProblem::io(Doing::Write, &place, e)),
            }
            if let Found::Intact(there) = self.get(key)? {
                return Ok(compare(&there, kind, inputs, files));
            }
        }
        Err(StoreProblem::PlaceTaken { path: place })
    }

    /// All entries and checkpoints, in the order of their keys, with their sizes.
    ///
    /// # Errors
    /// The disk refused to read.
    pub fn entries(&self) -> Result<Vec<Entry>, StoreProblem> {
        let mut found = BTreeMap::new();
        for (name, path) in disk::list(&self.root)? {
            let Ok(key) = name.parse::<Key>() else {
                continue;
            };
            let entry = found.entry(key).or_insert_with(|| Entry::empty(key));
            for (file, inner) in disk::list(&path)? {
                entry.bytes += disk::size(&inner)?;
                entry.files += usize::from(file != MANIFEST);
            }
            entry.kind = match disk::read_limited(&path.join(MANIFEST), manifest::LIMIT) {
                Ok(bytes) => Manifest::decode(&bytes, key).ok().map(|m| m.kind),
                Err(_) => None,
            };
        }
        for (name, path) in disk::list(&self.root.join(CHECKPOINTS))? {
            let Some(key) = checkpoint::key_of(&name) else {
                continue;
            };
            let entry = found.entry(key).or_insert_with(|| Entry::empty(key));
            entry.checkpoint += disk::size(&path)?;
        }
        Ok(found.into_values().collect())
    }

    /// Reads and verifies an entry without moving anything.
    fn read(&self, key: Key) -> Result<Reading, StoreProblem> {
        let place = self.root.join(key.to_string());
        let path = place.join(MANIFEST);
        let bytes = match disk::read_limited(&path, manifest::LIMIT) {
            Ok(bytes) => bytes,
            Err(e) if is_missing(e.kind()) => {
                return Ok(match fs::symlink_metadata(&place) {
                    Err(e) if e.kind() == ErrorKind::NotFound => Reading::Absent,
                    Err(e) => return Err(StoreProblem::io(Doing::Read, &place, e)),
                    Ok(_) => Reading::Bad(format!("{MANIFEST} is missing")),
                });
            }
            Err(e) => return Err(StoreProblem::io(Doing::Read, &path, e)),
        };
        let manifest = match Manifest::decode(&bytes, key) {
            Ok(manifest) => manifest,
            Err(reason) => return Ok(Reading::Bad(reason)),
        };
        let mut files = BTreeMap::new();
        for (name, note) in &manifest.files {
            let path = place.join(name);
            let bytes = match disk::read_limited(&path, note.bytes) {
                Ok(bytes) => bytes,
                Err(e) if is_missing(e.kind()) => {
                    return Ok(Reading::Bad(format!("{name} is missing")));
                }
                Err(e) => return Err(StoreProblem::io(Doing::Read, &path, e)),
            };
            if !note.fits(&bytes) {
                return Ok(Reading::Bad(format!("the checksum of {name} differs")));
            }
            files.insert(name.clone(), bytes);
        }
        let Manifest { kind, inputs, .. } = manifest;
        Ok(Reading::Intact(Artifact {
            key,
            kind,
            inputs,
            files,
        }))
    }

    /// Moves a damaged entry aside. It is read once more under a lock first: another
    /// process may have replaced it by a good one since, which must stay.
    fn set_aside(&self, key: Key) -> Result<Found, StoreProblem> {
        let _alone = lock::hold(&self.root.join(QUARANTINE_LOCK))?;
        let reason = match self.read(key)? {
            Reading::Absent => return Ok(Found::Nothing),
            Reading::Intact(artifact) => return Ok(Found::Intact(artifact)),
            Reading::Bad(reason) => reason,
        };
        let path = self.root.join(key.to_string());
        let moved_to = self.root.join(DAMAGED).join(key.to_string());
        disk::replace(&path, &moved_to)?;
        disk::sync_dir(&self.root)?;
        Ok(Found::Damaged(Damaged {
            path,
            reason,
            moved_to,
        }))
    }
}

impl Entry {
    fn empty(key: Key) -> Entry {
        Entry {
            key,
            kind: None,
            files: 0,
            bytes: 0,
            checkpoint: 0,
        }
    }
}

/// A name that is plain on every system and cannot leave the entry's folder.
fn check_name(name: &str) -> Result<(), StoreProblem> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let refused = name.is_empty()
        || name.len() > 128
        || name.starts_with('.')
        || name == MANIFEST
        || !name.chars().all(plain);
    if refused {
        return Err(StoreProblem::Name {
            name: name.to_owned(),
        });
    }
    Ok(())
}

/// The kinds of failure a rename onto an existing folder or file gives.
fn is_taken(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::AlreadyExists
            | ErrorKind::DirectoryNotEmpty
            | ErrorKind::NotADirectory
            | ErrorKind::IsADirectory
    )
}

/// The file is not there, or something that is no file stands in its place.
fn is_missing(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory
    )
}

/// Whether what is there is what was to be stored.
fn compare(
    there: &Artifact,
    kind: &str,
    inputs: &BTreeMap<String, String>,
    files: &BTreeMap<String, Vec<u8>>,
) -> Stored {
    if there.kind != kind {
        return Stored::AlreadyDiffers {
            what: "the kind".to_owned(),
        };
    }
    if there.inputs != *inputs {
        return Stored::AlreadyDiffers {
            what: "the inputs".to_owned(),
        };
    }
    let differs = |name: &&String| there.files.get(*name) != files.get(*name);
    match there.files.keys().chain(files.keys()).find(differs) {
        Some(name) => Stored::AlreadyDiffers { what: name.clone() },
        None => Stored::Already,
    }
}
