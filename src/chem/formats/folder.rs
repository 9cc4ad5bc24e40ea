//! A folder comes in, the records of the structure files in it and below go out, files
//! by name. Files of other kinds, hidden ones and links to folders are passed over.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::bytes::{self, Limits};
use super::labels::{self, Labels};
use super::{Settings, Sink, each_of, in_folder};
use crate::chem::fault::{Fault, code as known};

/// Deepest folder below the one named.
const MAX_DEPTH: usize = 16;
/// The labels file that graph networks' data folders hold, without a header.
const LABELS: &str = "id_prop.csv";

pub(super) fn read(
    folder: &Path,
    settings: &Settings,
    sink: &mut Sink<'_>,
) -> ControlFlow<()> {
    let mut files = Vec::new();
    if let Err(fault) = list(folder, 0, settings, &mut files) {
        return sink(Err(fault));
    }
    for path in files {
        let file = path.display().to_string();
        match bytes::read(&path, &settings.limits) {
            Ok(content) => each_of(&file, &content, settings, sink)?,
            Err(fault) => sink(Err(fault))?,
        }
    }
    ControlFlow::Continue(())
}

fn list(
    folder: &Path,
    depth: usize,
    settings: &Settings,
    files: &mut Vec<PathBuf>,
) -> Result<(), Fault> {
    let name = folder.display().to_string();
    let entries = std::fs::read_dir(folder).map_err(|e| bytes::unreadable(&name, &e))?;
    let mut paths = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|e| bytes::unreadable(&name, &e))?;
        let kind = entry
            .file_type()
            .map_err(|e| bytes::unreadable(&name, &e))?;
        paths.push((entry.path(), kind.is_dir()));
    }
    // The order in which a folder lists its files is the file system's own.
    paths.sort();
    for (path, is_folder) in paths {
        let hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if hidden {
            continue;
        }
        if is_folder {
            if depth < MAX_DEPTH {
                list(&path, depth + 1, settings, files)?;
            }
            continue;
        }
        if in_folder(&path.display().to_string(), settings.format) && path.is_file() {
            files.push(path);
        }
        if files.len() > settings.limits.members {
            let title =
                format!("the folder has more than {} files", settings.limits.members);
            return Err(
                Fault::of_file(known::UNREADABLE, &name, title).help("read it in parts")
            );
        }
    }
    Ok(())
}

/// The labels that lie in a folder of structures.
pub(super) fn own_labels(
    folder: &Path,
    limits: &Limits,
) -> Result<Option<Labels>, Fault> {
    let path = folder.join(LABELS);
    if path.is_file() {
        return labels::read(&path, limits).map(Some);
    }
    Ok(None)
}
