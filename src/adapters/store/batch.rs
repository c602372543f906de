//! What changes write: decided over the rows as they are, collected, applied by an adapter ([`turns`](super::turns): what
//! leases, the integrator and the sweep write).
//!
//! Whoever owns a batch is the only writer. A question within the batch sees what was decided before it in the batch;
//! each change is checked whole before its first write, so that one that fails leaves nothing behind.

use std::collections::BTreeMap;

use super::queue;
use super::reads::{self, Done};
use super::rows::{Rows, Space, deframe, enframe, list_key, slot_key};
use crate::base::id::RequestId;
use crate::base::time::Timestamp;
use crate::domain::change::{
    Change, Expect, Found, LIST_SLOTS, MAX_KEY, MAX_PARTS, MAX_VALUE, Receipt, Status, StatusWrite, until,
};
use crate::domain::ports::{Contested, StoreError};

/// The key of the row that holds the last version.
pub const VERSION_KEY: &[u8] = b"version";

/// Frames by key, per space; `None` deletes.
pub type Writes = BTreeMap<Space, BTreeMap<Vec<u8>, Option<Vec<u8>>>>;

/// One turn of the only writer.
pub struct Batch<'a, R: Rows> {
    rows: &'a R,
    writes: Writes,
    /// Leaves of this turn that wait for the log.
    pub(super) leaves: Vec<Vec<u8>>,
    version: u64,
    first_version: u64,
    now: Timestamp,
    refuse: Option<StoreError>,
}

impl<'a, R: Rows> Batch<'a, R> {
    /// Begins a turn at a time; `refuse` is the answer to everything that would write.
    pub fn new(rows: &'a R, now: Timestamp, refuse: Option<StoreError>) -> Result<Self, StoreError> {
        let version = reads::read_number(rows, Space::Meta, VERSION_KEY)?;
        Ok(Self { rows, writes: Writes::new(), leaves: Vec::new(), version, first_version: version, now, refuse })
    }

    /// Ends the turn: what to write at once, empty when nothing changed.
    pub fn finish(mut self) -> Writes {
        for (key, row) in queue::rows(self.version, &self.leaves) {
            self.put(Space::Queue, key, &row);
        }
        if self.version != self.first_version {
            let version = self.version;
            self.put(Space::Meta, VERSION_KEY.to_vec(), &version.to_be_bytes());
        }
        self.writes
    }

    /// The version of the last row written.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The version of the rows before this batch.
    pub(super) fn first_version(&self) -> u64 {
        self.first_version
    }

    /// Begins a new version: whatever is written from here on carries it.
    pub(super) fn advance(&mut self) {
        self.version += 1;
    }

    /// The time of the turn.
    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    /// The rows before this batch.
    pub(super) fn rows(&self) -> &'a R {
        self.rows
    }

    pub(super) fn put(&mut self, space: Space, key: Vec<u8>, value: &[u8]) {
        let frame = enframe(space, &key, self.version, value);
        self.writes.entry(space).or_default().insert(key, Some(frame));
    }

    pub(super) fn delete(&mut self, space: Space, key: Vec<u8>) {
        self.writes.entry(space).or_default().insert(key, None);
    }

    /// What this batch wrote to a key: the outer `None` if nothing, the inner if it deleted the row.
    pub(super) fn written(&self, space: Space, key: &[u8]) -> Option<&Option<Vec<u8>>> {
        self.writes.get(&space)?.get(key)
    }

    /// Looks at version and value of a key as the batch left it.
    pub(super) fn look<T>(
        &self,
        space: Space,
        key: &[u8],
        see: impl FnOnce(u64, &[u8]) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let stored;
        let frame = if let Some(frame) = self.written(space, key) {
            frame.as_deref()
        } else {
            stored = self.rows.frame(space, key)?;
            stored.as_ref().map(AsRef::as_ref)
        };
        let Some(frame) = frame else { return Ok(None) };
        let (version, value) = deframe(space, key, frame)?;
        see(version, value).map(Some)
    }

    pub(super) fn writable(&self) -> Result<(), StoreError> {
        self.refuse.clone().map_or(Ok(()), Err)
    }

    /// Applies a change or says why not.
    pub fn change(&mut self, change: Change) -> Result<Receipt, StoreError> {
        within_limits(&change)?;
        if let Some(done) = self.done(&change.request)? {
            let same = done.body == change.body;
            return if same { Ok(done.receipt) } else { Err(StoreError::Conflict(Contested::Request)) };
        }
        self.writable()?;
        for expect in &change.expect {
            self.expect(expect)?;
        }
        for status in &change.status {
            self.expect_status(status)?;
        }
        Ok(self.apply(change))
    }

    fn apply(&mut self, change: Change) -> Receipt {
        self.advance();
        for write in change.writes {
            match write.value {
                Some(value) => self.put(Space::Table(write.table), write.key, &value),
                None => self.delete(Space::Table(write.table), write.key),
            }
        }
        for status in change.status {
            let key = slot_key(&status.list, status.idx);
            match status.to {
                Status::Valid => self.delete(Space::Slot, key),
                Status::Revoked | Status::Suspended => self.put(Space::Slot, key, &[status.to.bits()]),
            }
            self.put(Space::List, list_key(&status.list), b"");
        }
        self.leaves.extend(change.leaves.into_iter().map(|leaf| leaf.bytes));
        let at = self.now.as_second().to_be_bytes();
        let done = [change.body.as_slice(), &at, &change.receipt].concat();
        self.put(Space::Request, change.request.as_str().as_bytes().to_vec(), &done);
        Receipt { version: self.version, bytes: change.receipt, repeated: false }
    }

    fn done(&self, request: &RequestId) -> Result<Option<Done>, StoreError> {
        let key = request.as_str().as_bytes();
        self.look(Space::Request, key, |version, value| reads::done(key, version, value))
    }

    /// The receipt of a request done before or in this batch.
    pub fn outcome(&self, request: &RequestId) -> Result<Option<Receipt>, StoreError> {
        Ok(self.done(request)?.map(|done| done.receipt))
    }

    fn expect(&self, expect: &Expect) -> Result<(), StoreError> {
        let found = self.look(Space::Table(expect.table), &expect.key, |version, _| Ok(version))?;
        let (table, key) = (expect.table, || expect.key.clone());
        match (expect.found, found) {
            (Found::Absent, Some(_)) => Err(StoreError::Duplicate { table, key: key() }),
            (Found::Present | Found::Version(_), None) => Err(StoreError::NotFound { table: Some(table), key: key() }),
            (Found::Version(wanted), Some(version)) if wanted != version => {
                Err(StoreError::Conflict(Contested::Row { table, key: key(), version }))
            }
            _ => Ok(()),
        }
    }

    fn expect_status(&self, status: &StatusWrite) -> Result<(), StoreError> {
        let key = slot_key(&status.list, status.idx);
        let found = self.look(Space::Slot, &key, |_, value| reads::slot_status(&key, value))?.unwrap_or_default();
        if found == status.expect && (found != Status::Revoked || status.to == Status::Revoked) {
            return Ok(());
        }
        Err(StoreError::Conflict(Contested::Status { list: status.list.clone(), idx: status.idx, found }))
    }
}

fn within_limits(change: &Change) -> Result<(), StoreError> {
    let refuse = |what: &str| Err(StoreError::Refused(what.to_owned()));
    let parts = [change.expect.len(), change.writes.len(), change.status.len(), change.leaves.len()];
    if parts.into_iter().any(|n| n > MAX_PARTS) {
        return refuse("a change of too many parts");
    }
    let key_fits = |key: &[u8]| (1..=MAX_KEY).contains(&key.len());
    let keys = change.writes.iter().map(|write| write.key.as_slice());
    if !keys.chain(change.expect.iter().map(|expect| expect.key.as_slice())).all(key_fits) {
        return refuse("a key that is empty or too long");
    }
    let values = change.writes.iter().filter_map(|write| write.value.as_deref());
    let leaves = change.leaves.iter().map(|leaf| leaf.bytes.as_slice());
    if values.chain(leaves).chain([change.receipt.as_slice()]).any(|value| value.len() > MAX_VALUE) {
        return refuse("a value that is too long");
    }
    let lives = |write: &crate::domain::change::Write| {
        !write.table.expires() || write.value.as_deref().is_none_or(|value| until(value).is_some())
    };
    if !change.writes.iter().all(lives) {
        return refuse("an expiring row without its end of life");
    }
    if change.status.iter().any(|status| status.idx >= LIST_SLOTS) {
        return refuse("a slot beyond its list");
    }
    Ok(())
}
