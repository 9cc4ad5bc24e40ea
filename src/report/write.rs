//! Writing outcome files. In: a folder and files. Out: their paths, each file whole or not
//! there at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;

use super::{OutcomeFile, ReportProblem};

/// Writes `files` into `dir`, making it where it is missing; a file of the same name is
/// replaced in one step. Gives the paths in the order of `files`.
///
/// # Errors
/// The disk is full or refuses; files written before stay.
pub fn write_files(
    dir: &Path,
    files: &[OutcomeFile],
) -> Result<Vec<PathBuf>, ReportProblem> {
    let problem = |path: &Path, source: io::Error| ReportProblem::Write {
        path: path.to_path_buf(),
        source,
    };
    fs::create_dir_all(dir).map_err(|e| problem(dir, e))?;
    let _alone = sweep(dir);
    let mut paths = Vec::new();
    for file in files {
        let path = dir.join(&file.name);
        // The process id keeps two runs that write to one folder apart.
        let partial = dir.join(format!(".{}.{}.partial", file.name, process::id()));
        let written = write_synced(&partial, &file.bytes)
            .and_then(|()| fs::rename(&partial, &path));
        if let Err(e) = written {
            // Nothing partial stays in sight; the first failure is the one to report.
            let _ = fs::remove_file(&partial);
            return Err(problem(&path, e));
        }
        paths.push(path);
    }
    sync_dir(dir).map_err(|e| problem(dir, e))?;
    Ok(paths)
}

/// Takes away what runs that were killed while they wrote left behind. Nobody else writes
/// here while the folder's lock is held; where there is none to be had (only Unix can
/// open a folder), left-overs stay: they cost space, and nothing else.
fn sweep(dir: &Path) -> Option<File> {
    let alone = File::open(dir).ok()?;
    alone.lock().ok()?;
    for entry in fs::read_dir(dir).ok()?.flatten() {
        let name = entry.file_name();
        let process = name
            .to_str()
            .and_then(|name| name.strip_prefix('.')?.strip_suffix(".partial"))
            .and_then(|name| name.rsplit_once('.'))
            .is_some_and(|(_, id)| id.parse::<u32>().is_ok());
        if process {
            let _ = fs::remove_file(entry.path());
        }
    }
    Some(alone)
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes the renames survive power loss; only Unix can open a folder for that.
fn sync_dir(dir: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(dir)?.sync_all()
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, bytes: &[u8]) -> OutcomeFile {
        OutcomeFile {
            name: name.to_owned(),
            bytes: bytes.to_vec(),
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_a_killed_run_left_is_taken_away() {
        let dir = tempfile::tempdir().unwrap();
        for name in [".x.4242.partial", ".x.partial", "x.4242.partial", ".x"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        write_files(dir.path(), &[file("x", b"1")]).unwrap();
        let names = fs::read_dir(dir.path()).unwrap();
        let mut names: Vec<_> = names.map(|e| e.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, [".x", ".x.partial", "x", "x.4242.partial"]);
    }

    #[test]
    fn files_are_written_and_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("a/b");
        let paths = write_files(&out, &[file("x", b"1"), file("y", b"2")]).unwrap();
        assert_eq!(paths, [out.join("x"), out.join("y")]);
        write_files(&out, &[file("x", b"3")]).unwrap();
        assert_eq!(fs::read(out.join("x")).unwrap(), b"3");
        assert_eq!(
            fs::read_dir(&out).unwrap().count(),
            2,
            "nothing partial is left"
        );
    }

    #[test]
    fn what_stands_in_the_way_is_told() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), "").unwrap();
        let problem = write_files(&dir.path().join("file/out"), &[]).unwrap_err();
        assert!(problem.help().contains("--out DIR"), "{}", problem.help());
        fs::create_dir_all(dir.path().join("x/inner")).unwrap();
        let problem = write_files(dir.path(), &[file("x", b"1")]).unwrap_err();
        assert!(problem.to_string().contains("cannot write"), "{problem}");
        assert!(
            problem.help().contains("in its place"),
            "{}",
            problem.help()
        );
        assert_eq!(
            fs::read_dir(dir.path()).unwrap().count(),
            2,
            "no partial file stays"
        );
    }

    #[test]
    fn a_full_disk_is_known_as_one() {
        let (path, source) = (PathBuf::from("out"), io::ErrorKind::StorageFull.into());
        let problem = ReportProblem::Write { path, source };
        assert!(problem.is_disk_full());
        assert!(problem.help().contains("make room"));
    }
}
