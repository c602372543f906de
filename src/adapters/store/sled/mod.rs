//! The store on sled 0.34.7: the embedded default, one process, up to about five million credentials.
//!
//! sled's own `flush` does not survive a power cut. Nothing is answered here before the one committer thread
//! (`committer`) has written a batch as one transaction (`trees`), flushed it, and called `sync_all` on our own
//! handle of the data file (`disk`). A database that opens with less than was promised is refused by the `marker`.
//! After the first storage error or panic of the engine the store answers nothing more: the process has to start again.

mod committer;
mod disk;
mod marker;
mod open;
mod pace;
pub mod raw;
mod restore;
mod snapshot;
mod trees;

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

pub use trees::Trees;

use self::committer::Committer;
use self::snapshot::{Aside, SledSnapshot};
use super::reads;
use crate::base::id::{AgencyCode, ListId, RequestId};
use crate::domain::backup::Snapshot;
use crate::domain::change::{Change, Page, Receipt, Row, StatusEntries, Table};
use crate::domain::ports::{Epoch, Health, Integrated, LogHead, Store, StoreError};

/// What can be set; the defaults suit a city's machine.
#[derive(Clone, Debug)]
pub struct Options {
    /// sled's page cache, bytes; resident memory comes to up to twice as much.
    pub cache: u64,
    /// Writes are refused below this many free bytes, and below 2 % of the disk up to 2 GiB.
    pub floor: u64,
    /// Size of the file that is deleted to be able to start on a full disk, bytes.
    pub ballast: u64,
    /// Requests that may wait for the committer before `Retry` is answered.
    pub queue: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { cache: 128 << 20, floor: 512 << 20, ballast: 64 << 20, queue: 4096 }
    }
}

/// A store in a directory of its own, held by this process until it is dropped.
pub struct SledStore {
    // Dropped in this order: the writer ends, the database closes, the directory is free.
    committer: Committer,
    shared: Arc<Shared>,
    _lock: disk::DirLock,
}

/// What callers and the committer both see.
struct Shared {
    trees: Trees,
    /// What a snapshot needs of rows that were changed since.
    aside: Aside,
    /// The head of the log as far as it is durable.
    head: Mutex<LogHead>,
    /// Set once, by the first storage error.
    dead: OnceLock<StoreError>,
    /// Free bytes at the last look; `u64::MAX` before the first.
    free: AtomicU64,
    /// Free bytes below which nothing is written.
    floor: u64,
}

impl Shared {
    fn alive(&self) -> Result<(), StoreError> {
        self.dead.get().cloned().map_or(Ok(()), Err)
    }

    /// Ends the store's life unless the error is an answer.
    fn judge(&self, error: &StoreError) {
        if let StoreError::Corrupt(_) = error {
            self.kill(error.clone());
        }
    }

    fn kill(&self, error: StoreError) {
        tracing::error!(%error, "the store stops");
        let _ = self.dead.set(error);
    }

    fn durable_head(&self) -> LogHead {
        *self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_full(&self) -> bool {
        self.free.load(Ordering::Relaxed) < self.floor
    }
}

impl SledStore {
    /// Whether a store in a directory, which need not exist, could be written to; `Full` where its disk has less than the
    /// floor.
    pub fn room(dir: &Path, options: &Options) -> Result<(), StoreError> {
        let space = dir.ancestors().find_map(disk::space);
        let full = space.is_some_and(|(free, total)| free < disk::floor(options.floor, total));
        if full { Err(StoreError::Full) } else { Ok(()) }
    }

    /// The rows themselves, for exports and checks; nobody else may be writing.
    pub fn rows(&self) -> &Trees {
        &self.shared.trees
    }

    /// The random name given to this store when it was made, and its schema version.
    pub fn instance(&self) -> Result<String, StoreError> {
        open::instance(&self.shared.trees)
    }

    fn read<T>(&self, work: impl FnOnce(&Trees) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.shared.alive()?;
        let answer = catch_unwind(AssertUnwindSafe(|| work(&self.shared.trees)));
        let answer = answer.unwrap_or_else(|_| Err(StoreError::Corrupt("the engine panicked at a read".to_owned())));
        answer.inspect_err(|error| self.shared.judge(error))
    }
}

impl Store for SledStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Row>, StoreError> {
        self.read(|trees| reads::get(trees, table, key))
    }

    fn scan(&self, table: Table, prefix: &[u8], after: Option<&[u8]>, limit: u16) -> Result<Page, StoreError> {
        self.read(|trees| reads::scan(trees, table, prefix, after, limit))
    }

    fn commit(&self, change: Change) -> Result<Receipt, StoreError> {
        self.committer.ask(move |batch, _| batch.change(change))
    }

    fn commit_each(&self, changes: Vec<Change>) -> Vec<Result<Receipt, StoreError>> {
        self.committer.changes(changes)
    }

    fn outcome(&self, request: &RequestId) -> Result<Option<Receipt>, StoreError> {
        let request = request.clone();
        self.committer.ask(move |batch, _| batch.outcome(&request))
    }

    fn lease_status(&self, agency: &AgencyCode, n: u32) -> Result<Range<u64>, StoreError> {
        let agency = agency.clone();
        self.committer.ask(move |batch, _| batch.lease_status(&agency, n))
    }

    fn status_list(&self, list: &ListId) -> Result<StatusEntries, StoreError> {
        self.read(|trees| reads::status_list(trees, list))
    }

    fn log_head(&self) -> Result<LogHead, StoreError> {
        self.shared.alive().map(|()| self.shared.durable_head())
    }

    fn log_range(&self, from: u64, n: u16) -> Result<Vec<Vec<u8>>, StoreError> {
        let size = self.shared.durable_head().size;
        self.read(|trees| reads::log_range(trees, size, from, n))
    }

    fn log_node(&self, level: u8, index: u64) -> Result<[u8; 32], StoreError> {
        let size = self.shared.durable_head().size;
        self.read(|trees| reads::log_node(trees, size, level, index))
    }

    fn lease(&self, name: &str, owner: &str, ttl: Duration) -> Result<Option<Epoch>, StoreError> {
        let (name, owner) = (name.to_owned(), owner.to_owned());
        self.committer.ask(move |batch, _| batch.lease(&name, &owner, ttl))
    }

    fn integrate(&self, epoch: Epoch, max: u32) -> Result<Integrated, StoreError> {
        self.committer.ask(move |batch, _| batch.integrate(epoch, max))
    }

    fn sweep(&self, max: u32) -> Result<u32, StoreError> {
        self.committer.ask(move |batch, cursor| batch.sweep(cursor, max))
    }

    fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        let instance = self.instance()?;
        let shared = Arc::clone(&self.shared);
        // The writer begins it between two batches: what it writes from then on is newer.
        let begun = self.committer.ask(move |batch, _| {
            let version = batch.first_version();
            shared.aside.begin(version)?;
            Ok(SledSnapshot::new(shared, version, instance))
        });
        begun.map(|snapshot| Box::new(snapshot) as Box<dyn Snapshot>)
    }

    fn health(&self) -> Health {
        let dead = self.shared.dead.get();
        let full = self.shared.is_full();
        let reason = dead.or(full.then_some(&StoreError::Full)).map(ToString::to_string);
        let free = Some(self.shared.free.load(Ordering::Relaxed)).filter(|free| *free != u64::MAX);
        Health { ready: dead.is_none(), writable: dead.is_none() && !full, reason, free }
    }
}
