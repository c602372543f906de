//! A store whose n-th write fails, before or after it was persisted; the caller cannot tell which and is told `Unknown`.

use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use certless::base::id::{AgencyCode, ListId, RequestId};
use certless::domain::backup::Snapshot;
use certless::domain::change::{Change, Page, Receipt, Row, StatusEntries, Table};
use certless::domain::ports::{Epoch, Health, Integrated, LogHead, Store, StoreError};

/// When a write fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing was persisted.
    Before,
    /// Everything was persisted.
    After,
}

/// Both faults, for tables.
pub(crate) const FAULTS: [Fault; 2] = [Fault::Before, Fault::After];

/// Wraps any store. Writes (changes, leases, the integrator, sweeps) are counted from 0.
pub(crate) struct FaultyStore {
    inner: Arc<dyn Store>,
    state: Mutex<State>,
}

struct State {
    writes: u32,
    fail: Option<(u32, Fault)>,
}

impl FaultyStore {
    /// A store that counts and does not fail.
    pub(crate) fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner, state: Mutex::new(State { writes: 0, fail: None }) }
    }

    /// A store whose `nth` write fails once.
    pub(crate) fn failing(inner: Arc<dyn Store>, nth: u32, fault: Fault) -> Self {
        Self { inner, state: Mutex::new(State { writes: 0, fail: Some((nth, fault)) }) }
    }

    /// Writes so far, failed ones included.
    pub(crate) fn writes(&self) -> u32 {
        self.state.lock().unwrap().writes
    }

    fn write<T>(&self, work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
        let fault = {
            let mut state = self.state.lock().unwrap();
            let fault = state.fail.filter(|(nth, _)| *nth == state.writes).map(|(_, fault)| fault);
            state.writes += 1;
            fault
        };
        match fault {
            None => work(),
            Some(Fault::Before) => Err(StoreError::Unknown),
            Some(Fault::After) => work().and(Err(StoreError::Unknown)),
        }
    }
}

impl Store for FaultyStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Row>, StoreError> {
        self.inner.get(table, key)
    }

    fn scan(&self, table: Table, prefix: &[u8], after: Option<&[u8]>, limit: u16) -> Result<Page, StoreError> {
        self.inner.scan(table, prefix, after, limit)
    }

    fn commit(&self, change: Change) -> Result<Receipt, StoreError> {
        self.write(|| self.inner.commit(change))
    }

    fn commit_each(&self, changes: Vec<Change>) -> Vec<Result<Receipt, StoreError>> {
        changes.into_iter().map(|change| self.commit(change)).collect()
    }

    fn outcome(&self, request: &RequestId) -> Result<Option<Receipt>, StoreError> {
        self.inner.outcome(request)
    }

    fn lease_status(&self, agency: &AgencyCode, n: u32) -> Result<Range<u64>, StoreError> {
        self.write(|| self.inner.lease_status(agency, n))
    }

    fn status_list(&self, list: &ListId) -> Result<StatusEntries, StoreError> {
        self.inner.status_list(list)
    }

    fn log_head(&self) -> Result<LogHead, StoreError> {
        self.inner.log_head()
    }

    fn log_range(&self, from: u64, n: u16) -> Result<Vec<Vec<u8>>, StoreError> {
        self.inner.log_range(from, n)
    }

    fn log_node(&self, level: u8, index: u64) -> Result<[u8; 32], StoreError> {
        self.inner.log_node(level, index)
    }

    fn lease(&self, name: &str, owner: &str, ttl: Duration) -> Result<Option<Epoch>, StoreError> {
        self.write(|| self.inner.lease(name, owner, ttl))
    }

    fn integrate(&self, epoch: Epoch, max: u32) -> Result<Integrated, StoreError> {
        self.write(|| self.inner.integrate(epoch, max))
    }

    fn sweep(&self, max: u32) -> Result<u32, StoreError> {
        self.write(|| self.inner.sweep(max))
    }

    fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        self.inner.snapshot()
    }

    fn health(&self) -> Health {
        self.inner.health()
    }
}
