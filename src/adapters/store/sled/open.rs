//! Opening: lock, database, schema version, marker, ballast, committer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, OnceLock};

use super::committer::{Committer, Writer};
use super::disk::{self, Barrier};
use super::marker::Marker;
use super::snapshot::Aside;
use super::trees::engine;
use super::{Options, Shared, SledStore, Trees};
use crate::adapters::store::SCHEMA;
use crate::adapters::store::batch::VERSION_KEY;
use crate::adapters::store::import::{INSTANCE_KEY, SCHEMA_KEY, is_known, meta};
use crate::adapters::store::reads;
use crate::adapters::store::rows::Space;
use crate::base::bytes::hex;
use crate::base::clock::Clock;
use crate::base::random::{self, Random};
use crate::domain::ports::StoreError;

impl SledStore {
    /// Opens the store in `dir`, or makes one where there is none.
    ///
    /// `Held` while another process has it, `Refused` for a newer schema version, `Full` when the disk is and there is no
    /// ballast left, `Corrupt` when the database does not open or holds less than its marker says.
    pub fn open(dir: &Path, options: &Options, clock: Arc<dyn Clock>, random: &dyn Random) -> Result<Self, StoreError> {
        let lock = disk::lock(dir)?;
        let (trees, barrier, marker) = match recover(dir, options, random) {
            Err(StoreError::Full) if disk::drop_ballast(dir) => {
                tracing::warn!("the disk is full: the ballast file was deleted to start");
                recover(dir, options, random)
            }
            other => other,
        }?;
        let floor = disk::floor(options.floor, disk::space(dir).map_or(0, |(_, total)| total));
        disk::put_ballast(dir, options.ballast, floor);
        let free = AtomicU64::new(disk::space(dir).map_or(u64::MAX, |(free, _)| free));
        let head = Mutex::new(reads::head(&reads::frontier(&trees)?));
        let shared = Arc::new(Shared { trees, aside: Aside::default(), head, dead: OnceLock::new(), free, floor });
        let writer = Writer::new(Arc::clone(&shared), dir.to_owned(), barrier, marker, clock);
        let committer = Committer::start(writer, options.queue)?;
        Ok(Self { committer, shared, _lock: lock })
    }
}

/// Brings the database up, makes it if it never was, and holds it against what was promised.
fn recover(dir: &Path, options: &Options, random: &dyn Random) -> Result<(Trees, Barrier, Marker), StoreError> {
    let promised = Marker::read(dir)?;
    let trees = try_open(dir, options)?;
    let barrier = Barrier::open(dir)?;
    if stored_text(&trees, INSTANCE_KEY)?.is_none() {
        promised.as_ref().map_or(Ok(()), |marker| marker.check(None))?;
        create(&trees, dir, &barrier, &hex(&random::bytes::<16>(random)))?;
    }
    raise_schema(&trees)?;
    let marker = facts(&trees)?;
    if let Some(promised) = &promised {
        promised.check(Some(&marker))?;
    }
    // What was recovered after a crash may still be in memory only.
    trees.flush()?;
    barrier.sync()?;
    if promised.as_ref() != Some(&marker) {
        write_marker(&marker, dir)?;
    }
    Ok((trees, barrier, marker))
}

/// A full disk keeps the marker of last time, which promises less and is as true.
fn write_marker(marker: &Marker, dir: &Path) -> Result<(), StoreError> {
    match marker.write(dir) {
        Err(StoreError::Full) => Ok(()),
        other => other,
    }
}

/// Opens the engine; it panics on some damage, which is told like any other.
///
/// A snapshot that was being written when the process or the disk ended would be read as the newest; it counts only after
/// it has been renamed, so what still has the working name is deleted first.
pub(super) fn try_open(dir: &Path, options: &Options) -> Result<Trees, StoreError> {
    disk::delete_unfinished_snapshots(dir);
    let config = sled::Config::new()
        .path(disk::database(dir))
        .segment_size(disk::segment(dir))
        .cache_capacity(options.cache)
        .mode(sled::Mode::HighThroughput)
        .use_compression(false)
        .flush_every_ms(Some(500));
    // Whoever holds the directory's lock has nobody to fear but what a closed database leaves behind for a moment.
    let open = || disk::until(|| Some(config.open()).filter(|opened| !opened.as_ref().is_err_and(is_locked)));
    let open = || open().unwrap_or_else(|| config.open());
    let opened = catch_unwind(AssertUnwindSafe(|| open().map_err(|error| engine(&error)).and_then(Trees::open)));
    opened.unwrap_or_else(|_| Err(StoreError::Corrupt("the engine panicked while opening the database".to_owned())))
}

/// Whether the engine found its file locked. It says so in words only.
fn is_locked(error: &sled::Error) -> bool {
    matches!(error, sled::Error::Io(error) if error.to_string().contains("could not acquire lock"))
}

/// Writes the first rows; durable, with the directories, before anything is promised.
fn create(trees: &Trees, dir: &Path, barrier: &Barrier, instance: &str) -> Result<(), StoreError> {
    trees.apply(meta(instance, 1))?;
    trees.flush()?;
    barrier.sync()?;
    disk::sync_directory(&disk::database(dir))?;
    disk::sync_directory(dir)?;
    dir.parent().filter(|parent| !parent.as_os_str().is_empty()).map_or(Ok(()), disk::sync_directory)
}

/// Refuses a newer schema; a store of an older one becomes one of this, so that an older program refuses it from here on.
fn raise_schema(trees: &Trees) -> Result<(), StoreError> {
    let schema = reads::read_number(trees, Space::Meta, SCHEMA_KEY)?;
    if !is_known(schema) {
        return Err(StoreError::Refused(format!(
            "the store has schema version {schema}, this program reads up to {SCHEMA}"
        )));
    }
    if schema < u64::from(SCHEMA) {
        let version = reads::read_number(trees, Space::Meta, VERSION_KEY)?;
        trees.apply(meta(&instance(trees)?, version))?;
    }
    Ok(())
}

fn facts(trees: &Trees) -> Result<Marker, StoreError> {
    let version = reads::read_number(trees, Space::Meta, VERSION_KEY)?;
    Ok(Marker { instance: instance(trees)?, version, log: reads::frontier(trees)?.size() })
}

/// The random name of the store.
pub(super) fn instance(trees: &Trees) -> Result<String, StoreError> {
    let missing = || StoreError::Corrupt("the store has no name".to_owned());
    stored_text(trees, INSTANCE_KEY)?.ok_or_else(missing)
}

fn stored_text(trees: &Trees, key: &[u8]) -> Result<Option<String>, StoreError> {
    let Some((_, value)) = reads::read(trees, Space::Meta, key)? else { return Ok(None) };
    String::from_utf8(value).map(Some).map_err(|_| super::super::rows::damaged(Space::Meta, key))
}
