//! Staging: each open store has one folder of its own below `.staging/`, kept alive by a
//! lock. A folder whose lock nobody holds belongs to a run that is gone, and is swept.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Doing, StoreProblem, disk, lock};

const LOCK_SUFFIX: &str = ".lock";

/// The staging folder of one open store.
#[derive(Debug)]
pub(super) struct Session {
    folder: PathBuf,
    lock_path: PathBuf,
    lock: File,
    next: AtomicU64,
}

/// A folder being filled; removed when dropped, unless it was moved into place.
#[derive(Debug)]
pub(super) struct Staged(PathBuf);

impl Session {
    /// Sweeps dead sessions and begins one. Both under one lock, so that no sweeper can
    /// see a session's lock file before it is locked.
    pub(super) fn begin(staging: &Path, sweep: &Path) -> Result<Session, StoreProblem> {
        let _alone = lock::hold(sweep)?;
        // A sweep that fails costs only space, and another user's left-overs may not be
        // ours to remove: the next open tries again.
        let _ = sweep_dead(staging);
        let mut count = 0_u32;
        let (folder, lock_path) = loop {
            // The id alone is not enough: containers that share a disk repeat ids.
            let name = format!("{}-{count}", process::id());
            let lock_path = staging.join(format!("{name}{LOCK_SUFFIX}"));
            if !lock_path.exists() {
                break (staging.join(name), lock_path);
            }
            count += 1;
        };
        let lock = lock::hold(&lock_path)?;
        fs::create_dir(&folder)
            .map_err(|e| StoreProblem::io(Doing::Create, &folder, e))?;
        Ok(Session {
            folder,
            lock_path,
            lock,
            next: AtomicU64::new(0),
        })
    }

    /// A new empty folder.
    pub(super) fn new_folder(&self) -> Result<Staged, StoreProblem> {
        let path = self.new_path();
        fs::create_dir(&path).map_err(|e| StoreProblem::io(Doing::Create, &path, e))?;
        Ok(Staged(path))
    }

    /// A path nobody uses yet.
    pub(super) fn new_path(&self) -> PathBuf {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.folder.join(number.to_string())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Left-overs cost only space: whatever fails here is swept at the next open.
        // The lock goes last, so that no sweeper works beside us.
        let _ = fs::remove_dir_all(&self.folder);
        let _ = fs::remove_file(&self.lock_path);
        let _ = self.lock.unlock();
    }
}

impl Staged {
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // After a successful rename there is nothing here. Otherwise as in Session.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Removes the folders of sessions whose lock can be had.
fn sweep_dead(staging: &Path) -> Result<(), StoreProblem> {
    let found = disk::list(staging)?;
    for (name, path) in &found {
        let Some(session) = name.strip_suffix(LOCK_SUFFIX) else {
            continue;
        };
        let file = lock::open(path)?;
        match file.try_lock() {
            Ok(()) => {
                disk::remove(&staging.join(session))?;
                disk::remove(path)?;
            }
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(e)) => {
                return Err(StoreProblem::io(Doing::Lock, path, e));
            }
        }
    }
    // A folder without a lock file: its session removed the lock file but was killed
    // before the folder was made or after it could not be removed.
    for (name, path) in &found {
        let alive = staging.join(format!("{name}{LOCK_SUFFIX}"));
        if !name.ends_with(LOCK_SUFFIX) && !alive.exists() {
            disk::remove(path)?;
        }
    }
    Ok(())
}
