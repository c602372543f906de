//! The directory of a store: its lock, the barrier before an answer, free space and the ballast.
//!
//! ```text
//! LOCK      held while a process has the store open; holds its process id
//! GENESIS   what the database must at least contain (marker)
//! ballast   room to start on a full disk
//! sled/     the database: db, conf, blobs/
//! ```

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

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

/// How often a lock that is about to be freed is looked at: for two seconds.
const LOOKS: u32 = 400;
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(5);

/// The lock of a directory. It is freed after the engine's own lock is: the engine's threads go on for a moment after the
/// database was closed, and who opens it then must find it free.
pub(super) struct DirLock {
    _file: File,
    dir: PathBuf,
}

impl Drop for DirLock {
    fn drop(&mut self) {
        let engine = database(&self.dir).join("db");
        let held = || File::open(&engine).is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)));
        let _ = until(|| (!held()).then_some(()));
    }
}

/// Asks until there is an answer, for as long as a lock may take to be freed.
pub(super) fn until<T>(ask: impl Fn() -> Option<T>) -> Option<T> {
    for _ in 0..LOOKS {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        std::thread::sleep(PAUSE);
    }
    ask()
}

/// Makes the directory and takes its lock; the lock is freed when it is dropped.
///
/// A lock stays with a file as long as anyone has it open: for a moment also a child of this process that was forked and has
/// not begun its own program yet. A lock that this process or one that is gone wrote its number into is waited for.
pub(super) fn lock(dir: &Path) -> Result<DirLock, StoreError> {
    fs::create_dir_all(dir).map_err(|error| failed("make", dir, &error))?;
    let path = dir.join("LOCK");
    let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
    let mut file = open.map_err(|error| failed("open", &path, &error))?;
    let taken = until(|| match file.try_lock() {
        Err(TryLockError::WouldBlock) if !is_others(&holder(&path)) => None,
        taken => Some(taken),
    });
    match taken {
        Some(Ok(())) => {}
        Some(Err(TryLockError::Error(error))) => return Err(failed("lock", &path, &error)),
        Some(Err(TryLockError::WouldBlock)) | None => return Err(held(&holder(&path), dir)),
    }
    // On a full disk the number may not fit; the lock holds without it.
    let _ = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
    Ok(DirLock { _file: file, dir: dir.to_owned() })
}

/// The number of the process that took a lock, as it wrote it there.
fn holder(lock: &Path) -> String {
    fs::read_to_string(lock).unwrap_or_default()
}

/// Whether a process of that number runs that is not this one.
fn is_others(pid: &str) -> bool {
    let number: Option<u32> = pid.parse().ok();
    number.is_some_and(|number| number != std::process::id() && Path::new("/proc").join(pid).exists())
}

fn held(pid: &str, dir: &Path) -> StoreError {
    let pid = if pid.is_empty() { "unknown" } else { pid };
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
