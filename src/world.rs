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

    /// The files of a folder and of the folders in it, by name; none when `path` is no
    /// folder. Hidden ones and links to folders are passed over.
    fn list(&self, _path: &Path) -> io::Result<Option<Vec<PathBuf>>> {
        Ok(None)
    }
}

/// Deepest folder below the one that is listed.
const MAX_DEPTH: usize = 16;

/// The disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl World for Disk {
    fn open(&self, path: &Path) -> io::Result<Box<dyn Read>> {
        Ok(Box::new(std::fs::File::open(path)?))
    }

    fn list(&self, path: &Path) -> io::Result<Option<Vec<PathBuf>>> {
        if !path.is_dir() {
            return Ok(None);
        }
        let mut files = Vec::new();
        below(path, 0, &mut files)?;
        Ok(Some(files))
    }
}

fn below(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if !is_hidden(&entry.path()) {
            entries.push((entry.path(), entry.file_type()?.is_dir()));
        }
    }
    // The order in which a folder lists its files is the file system's own.
    entries.sort();
    for (path, is_folder) in entries {
        match is_folder {
            true if depth < MAX_DEPTH => below(&path, depth + 1, files)?,
            true => {}
            false if path.is_file() => files.push(path),
            false => {}
        }
    }
    Ok(())
}

fn is_hidden(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with('.'))
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

    fn list(&self, path: &Path) -> io::Result<Option<Vec<PathBuf>>> {
        let folder = tidy(path);
        if self.files.contains_key(&folder) {
            return Ok(None);
        }
        let inside = |file: &&PathBuf| file.starts_with(&folder);
        let files: Vec<PathBuf> = self.files.keys().filter(inside).cloned().collect();
        Ok((!files.is_empty()).then_some(files))
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

/// Why something could not be read, in words and without the system's number.
#[must_use]
pub fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        io::ErrorKind::IsADirectory => "it is a folder".into(),
        _ => error.to_string(),
    }
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
