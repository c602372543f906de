//! The store in memory: for tests and dry runs. It decides as every adapter does and forgets when it is dropped.

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::{Bound, Range};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use super::batch::Batch;
use super::check;
use super::export;
use super::reads;
use super::rows::{Each, Rows, Space};
use super::turns::Cursor;
use crate::base::clock::Clock;
use crate::base::id::{AgencyCode, ListId, RequestId};
use crate::domain::backup::{Report, Snapshot, Summary};
use crate::domain::change::{Change, Page, Receipt, Row, StatusEntries, Table};
use crate::domain::ports::{Epoch, Health, Integrated, LogHead, Store, StoreError};

/// Rows in sorted maps, one lock around all.
pub struct MemoryStore {
    held: RwLock<Held>,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct Held {
    rows: MemoryRows,
    cursor: Cursor,
}

/// The rows themselves, as exports and checks read them.
#[derive(Clone, Debug, Default)]
pub struct MemoryRows(BTreeMap<Space, BTreeMap<Vec<u8>, Arc<[u8]>>>);

impl MemoryRows {
    /// Writes frames as they are.
    pub fn apply(&mut self, writes: super::batch::Writes) {
        for (space, rows) in writes {
            let kept = self.0.entry(space).or_default();
            for (key, frame) in rows {
                match frame {
                    Some(frame) => drop(kept.insert(key, frame.into())),
                    None => drop(kept.remove(&key)),
                }
            }
        }
    }
}

impl Rows for MemoryRows {
    type Frame = Arc<[u8]>;

    fn frame(&self, space: Space, key: &[u8]) -> Result<Option<Arc<[u8]>>, StoreError> {
        Ok(self.0.get(&space).and_then(|rows| rows.get(key)).cloned())
    }

    fn walk(&self, space: Space, from: Bound<&[u8]>, each: &mut Each<'_>) -> Result<(), StoreError> {
        let Some(rows) = self.0.get(&space) else { return Ok(()) };
        for (key, frame) in rows.range::<[u8], _>((from, Bound::Unbounded)) {
            if !each(key, frame)? {
                break;
            }
        }
        Ok(())
    }
}

impl Snapshot for MemoryRows {
    fn export(&self, out: &mut dyn Write) -> Result<Summary, StoreError> {
        export::export(self, "memory", out)
    }

    fn check(&self) -> Result<Report, StoreError> {
        check::check(self)
    }
}

impl MemoryStore {
    /// An empty store that reads leases and ages by this clock.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { held: RwLock::default(), clock }
    }

    /// A store of these rows, which are a copy: who held a lease in the store that they come from holds none here.
    pub fn holding(mut rows: MemoryRows, clock: Arc<dyn Clock>) -> Self {
        rows.0.remove(&Space::Lease);
        Self { held: RwLock::new(Held { rows, cursor: Cursor::default() }), clock }
    }

    fn read(&self) -> RwLockReadGuard<'_, Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn<T>(
        &self,
        work: impl FnOnce(&mut Batch<'_, MemoryRows>, &mut Cursor) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let Held { rows, cursor } = &mut *held;
        let mut batch = Batch::new(rows, self.clock.now(), None)?;
        let answer = work(&mut batch, cursor)?;
        let writes = batch.finish();
        rows.apply(writes);
        Ok(answer)
    }
}

impl Store for MemoryStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Row>, StoreError> {
        reads::get(&self.read().rows, table, key)
    }

    fn scan(&self, table: Table, prefix: &[u8], after: Option<&[u8]>, limit: u16) -> Result<Page, StoreError> {
        reads::scan(&self.read().rows, table, prefix, after, limit)
    }

    fn commit(&self, change: Change) -> Result<Receipt, StoreError> {
        self.turn(|batch, _| batch.change(change))
    }

    fn commit_each(&self, changes: Vec<Change>) -> Vec<Result<Receipt, StoreError>> {
        changes.into_iter().map(|change| self.commit(change)).collect()
    }

    fn outcome(&self, request: &RequestId) -> Result<Option<Receipt>, StoreError> {
        reads::outcome(&self.read().rows, request)
    }

    fn lease_status(&self, agency: &AgencyCode, n: u32) -> Result<Range<u64>, StoreError> {
        self.turn(|batch, _| batch.lease_status(agency, n))
    }

    fn status_list(&self, list: &ListId) -> Result<StatusEntries, StoreError> {
        reads::status_list(&self.read().rows, list)
    }

    fn log_head(&self) -> Result<LogHead, StoreError> {
        reads::frontier(&self.read().rows).map(|frontier| reads::head(&frontier))
    }

    fn log_range(&self, from: u64, n: u16) -> Result<Vec<Vec<u8>>, StoreError> {
        let held = self.read();
        let size = reads::frontier(&held.rows)?.size();
        reads::log_range(&held.rows, size, from, n)
    }

    fn log_node(&self, level: u8, index: u64) -> Result<[u8; 32], StoreError> {
        let held = self.read();
        let size = reads::frontier(&held.rows)?.size();
        reads::log_node(&held.rows, size, level, index)
    }

    fn lease(&self, name: &str, owner: &str, ttl: Duration) -> Result<Option<Epoch>, StoreError> {
        self.turn(|batch, _| batch.lease(name, owner, ttl))
    }

    fn integrate(&self, epoch: Epoch, max: u32) -> Result<Integrated, StoreError> {
        self.turn(|batch, _| batch.integrate(epoch, max))
    }

    fn sweep(&self, max: u32) -> Result<u32, StoreError> {
        self.turn(|batch, cursor| batch.sweep(cursor, max))
    }

    fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        Ok(Box::new(self.read().rows.clone()))
    }

    fn health(&self) -> Health {
        Health { ready: true, writable: true, reason: None, free: None }
    }
}
