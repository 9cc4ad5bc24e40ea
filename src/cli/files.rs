//! Writing scripts back.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Put `text` in the place of a file in one step, so that it is never half written. A
/// link stays a link; permissions stay.
pub fn replace(file: &Path, text: &str) -> io::Result<()> {
    let file = fs::canonicalize(file)?;
    let partial = partial(&file);
    let written =
        write_synced(&partial, &file, text).and_then(|()| fs::rename(&partial, &file));
    if written.is_err() {
        // Nothing partial stays in sight; the first failure is the one to report.
        let _ = fs::remove_file(&partial);
    }
    written
}

/// A name beside the file; the process id keeps two runs apart.
fn partial(file: &Path) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!(".{name}.{}.partial", std::process::id()))
}

fn write_synced(partial: &Path, file: &Path, text: &str) -> io::Result<()> {
    let permissions = fs::metadata(file)?.permissions();
    if permissions.readonly() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let mut out = File::create(partial)?;
    out.write_all(text.as_bytes())?;
    out.set_permissions(permissions)?;
    out.sync_all()
}
