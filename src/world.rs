//! What lies outside a session: files.
//!
//! The language sees files only through [`World`], so that a host program, a test or an
//! editor can put its own texts in their place.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

/// Where files come from.
pub trait World {
    /// A file, from its beginning. `path` is relative to where the session started, or
    /// absolute.
    fn open(&self, path: &Path) -> io::Result<Box<dyn Read>>;

    /// The bytes of a file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open(path)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// The disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl World for Disk {
    fn open(&self, path: &Path) -> io::Result<Box<dyn Read>> {
        Ok(Box::new(std::fs::File::open(path)?))
    }
}

/// Files held in memory, by path.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl Memory {
    /// Put a file there, or another text in its place.
    pub fn put(&mut self, path: impl Into<PathBuf>, bytes: impl Into<Vec<u8>>) {
        self.files.insert(tidy(&path.into()), bytes.into());
    }
}

impl World for Memory {
    fn open(&self, path: &Path) -> io::Result<Box<dyn Read>> {
        let missing =
            || io::Error::new(io::ErrorKind::NotFound, "no such file in memory");
        let bytes = self.files.get(&tidy(path)).cloned().ok_or_else(missing)?;
        Ok(Box::new(io::Cursor::new(bytes)))
    }
}

/// The path without `.` and with `a/..` taken out, without asking the disk.
pub fn tidy(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir
                if clean
                    .components()
                    .next_back()
                    .is_some_and(|last| matches!(last, Component::Normal(_))) =>
            {
                clean.pop();
            }
            Component::ParentDir
            | Component::Normal(_)
            | Component::RootDir
            | Component::Prefix(_) => clean.push(part),
        }
    }
    clean
}

/// `below` put under `folder`, when it stays inside it.
pub fn inside(folder: &Path, below: &str) -> Option<PathBuf> {
    let wanted = Path::new(below);
    if wanted.is_absolute() || below.is_empty() {
        return None;
    }
    let path = tidy(wanted);
    let escapes = path.components().next() == Some(Component::ParentDir);
    (!escapes).then(|| tidy(&folder.join(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside_their_folder() {
        let folder = Path::new("studies");
        assert_eq!(
            inside(folder, "a/../b.jsonl"),
            Some(PathBuf::from("studies/b.jsonl"))
        );
        assert_eq!(inside(folder, "../b.jsonl"), None);
        assert_eq!(inside(folder, "a/../../b.jsonl"), None);
        assert_eq!(inside(folder, "/etc/passwd"), None);
    }

    #[test]
    fn memory_finds_files_however_their_path_is_spelled() {
        let mut memory = Memory::default();
        memory.put("a/b.tmo", "x");
        assert_eq!(memory.read(Path::new("./a/c/../b.tmo")).unwrap(), b"x");
        assert!(memory.read(Path::new("c.tmo")).is_err());
    }
}
