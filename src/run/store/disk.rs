//! The few disk operations of the store, each with the path in its error.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use super::{Doing, StoreProblem};

/// Writes a file and waits until the disk has it.
pub(super) fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), StoreProblem> {
    let write = || {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|e| StoreProblem::io(Doing::Write, path, e))
}

/// Waits until the disk has the names in a folder, so that a rename survives power loss.
pub(super) fn sync_dir(path: &Path) -> Result<(), StoreProblem> {
    // Only Unix can open a folder; elsewhere the file system orders renames itself.
    if !cfg!(unix) {
        return Ok(());
    }
    File::open(path)
        .and_then(|dir| dir.sync_all())
        .map_err(|e| StoreProblem::io(Doing::Write, path, e))
}

/// Reads a file, but never more than one byte above `limit`: enough to see that it is
/// too long without filling the memory.
pub(super) fn read_limited(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Moves a file or folder to a place, removing what stood there.
pub(super) fn replace(from: &Path, to: &Path) -> Result<(), StoreProblem> {
    remove(to)?;
    fs::rename(from, to).map_err(|e| StoreProblem::io(Doing::Move, from, e))
}

/// Removes a file or a folder with all that is in it; nothing there is fine.
pub(super) fn remove(path: &Path) -> Result<(), StoreProblem> {
    let gone = match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(e) => Err(e),
    };
    match gone {
        Err(e) if e.kind() != ErrorKind::NotFound => {
            Err(StoreProblem::io(Doing::Remove, path, e))
        }
        _ => Ok(()),
    }
}

/// Names (those that are text) and paths in a folder, sorted; a file has none.
pub(super) fn list(path: &Path) -> Result<Vec<(String, PathBuf)>, StoreProblem> {
    let problem = |e| StoreProblem::io(Doing::Read, path, e);
    let dir = match fs::read_dir(path) {
        Ok(dir) => dir,
        Err(e) if e.kind() == ErrorKind::NotADirectory => return Ok(Vec::new()),
        Err(e) => return Err(problem(e)),
    };
    let mut found = Vec::new();
    for item in dir {
        let item = item.map_err(problem)?;
        if let Ok(name) = item.file_name().into_string() {
            found.push((name, item.path()));
        }
    }
    found.sort();
    Ok(found)
}

/// Size of a file in bytes.
pub(super) fn size(path: &Path) -> Result<u64, StoreProblem> {
    match fs::symlink_metadata(path) {
        Ok(meta) => Ok(meta.len()),
        // Removed by another process since it was listed.
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(0),
        Err(e) => Err(StoreProblem::io(Doing::Read, path, e)),
    }
}
