//! The directory of a store: its lock, the barrier before an answer, free space and the ballast.
//!
//! ```text
//! LOCK      held while a process has the store open; holds its process id
//! GENESIS   what the database must at least contain (marker)
//! ballast   room to start on a full disk
//! sled/     the database: db, conf, blobs/
//! ```

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use crate::domain::ports::StoreError;

/// The database's own directory.
pub(super) fn database(dir: &Path) -> PathBuf {
    dir.join("sled")
}

/// An error of the file system, told with what was tried.
pub(super) fn failed(what: &str, path: &Path, error: &io::Error) -> StoreError {
    if error.kind() == io::ErrorKind::StorageFull {
        return StoreError::Full;
    }
    StoreError::Corrupt(format!("cannot {what} {}: {error}", path.display()))
}

/// Makes what was created or renamed in a directory durable.
pub(super) fn sync_directory(dir: &Path) -> Result<(), StoreError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(|error| failed("sync", dir, &error))
}

/// Makes the directory and takes its lock; the lock is freed when the file is dropped.
pub(super) fn lock(dir: &Path) -> Result<File, StoreError> {
    fs::create_dir_all(dir).map_err(|error| failed("make", dir, &error))?;
    let path = dir.join("LOCK");
    let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
    let mut file = open.map_err(|error| failed("open", &path, &error))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(held(&mut file, dir)),
        Err(TryLockError::Error(error)) => return Err(failed("lock", &path, &error)),
    }
    // On a full disk the number may not fit; the lock holds without it.
    let _ = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
    Ok(file)
}

fn held(file: &mut File, dir: &Path) -> StoreError {
    let mut pid = String::new();
    let _ = file.rewind().and_then(|()| file.read_to_string(&mut pid));
    let pid = if pid.is_empty() { "unknown" } else { pid.as_str() };
    StoreError::Held(format!("process {pid} uses {}", dir.display()))
}

/// Bytes of a segment of a new database.
///
/// The engine writes a page of more than a quarter of a segment to a file of its own below `blobs/`, which it never
/// syncs: after a power cut the page may be gone. A page holds at most 17 rows and those of a small neighbour, none of
/// them longer than [`MAX_VALUE`](crate::domain::change::MAX_VALUE), so none is that large.
const SEGMENT: usize = 8 << 20;

/// Bytes of a segment of the database: as it was made, which the engine insists on.
pub(super) fn segment(dir: &Path) -> usize {
    let made = fs::read(database(dir).join("conf")).unwrap_or_default();
    let made = String::from_utf8_lossy(&made);
    let size = made.lines().find_map(|line| line.strip_prefix("segment_size:")?.trim().parse().ok());
    size.unwrap_or(SEGMENT)
}

/// Our own handle of the data file: what `sync_all` on it has returned for is on the disk.
pub(super) struct Barrier(File, PathBuf);

impl Barrier {
    /// Opens the data file of a database that exists.
    pub(super) fn open(dir: &Path) -> Result<Self, StoreError> {
        let path = database(dir).join("db");
        let file = OpenOptions::new().read(true).write(true).open(&path);
        file.map(|file| Self(file, path.clone())).map_err(|error| failed("open", &path, &error))
    }

    /// Returns when everything written before is on the disk.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.0.sync_all().map_err(|error| failed("sync", &self.1, &error))
    }
}

/// Deletes `snap.*.generating` of the engine; one that cannot be deleted shows when the engine opens.
pub(super) fn delete_unfinished_snapshots(dir: &Path) {
    let Ok(entries) = fs::read_dir(database(dir)) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.extension().is_some_and(|extension| extension == "generating") {
            let _ = fs::remove_file(path);
        }
    }
}

/// Free bytes and all bytes of the file system a path lies on; `None` when it does not say.
pub(super) fn space(dir: &Path) -> Option<(u64, u64)> {
    let stat = rustix::fs::statvfs(dir).ok()?;
    Some((stat.f_bavail.saturating_mul(stat.f_frsize), stat.f_blocks.saturating_mul(stat.f_frsize)))
}

/// The floor for a file system: what was configured, or 2 % of it up to 2 GiB if that is more.
pub(super) fn floor(configured: u64, total: u64) -> u64 {
    configured.max((total / 50).min(2 << 30))
}

/// Makes the ballast file when there is room for it above the floor; its absence is no error.
pub(super) fn put_ballast(dir: &Path, bytes: u64, floor: u64) {
    let path = dir.join("ballast");
    let present = fs::metadata(&path).is_ok_and(|file| file.len() >= bytes);
    let room = space(dir).is_some_and(|(free, _)| free > floor.saturating_add(bytes));
    if present || !room || bytes == 0 {
        return;
    }
    let made = File::create(&path).and_then(|file| {
        rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, bytes)?;
        file.sync_all()
    });
    if let Err(error) = made {
        tracing::warn!(%error, "no ballast file: on a full disk the store may not be able to start");
        let _ = fs::remove_file(&path);
    }
}

/// Deletes the ballast file; whether there was one.
pub(super) fn drop_ballast(dir: &Path) -> bool {
    fs::remove_file(dir.join("ballast")).is_ok()
}
