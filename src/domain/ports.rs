//! What the city needs from outside: the store.
//!
//! The port says what holds for every adapter; nothing in it assumes a single process. One kit of tests fixes it
//! (`tests/it/store`). Calls block; `http` keeps them off its own threads.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::backup::Snapshot;
use super::change::{Change, Page, Receipt, Row, StatusEntries, Table};
use super::city::keys::OwnRole;
use crate::base::id::{AgencyCode, ListId, RequestId};
use crate::base::text::Label;
use crate::crypto::Signer;

/// Most rows of one [`Store::scan`] or [`Store::log_range`].
pub const MAX_PAGE: u16 = 500;
/// The lease whose holder may [integrate](Store::integrate).
pub const LOG_LEASE: &str = "log";
/// How long that lease is held at once; whoever integrates renews it at every turn.
pub const LOG_LEASE_TIME: Duration = Duration::from_secs(5);

/// Rows, status slots and the queue of the log, durable and atomic.
///
/// Reads see every change that was answered and may see one whose answer is under way; heads of the log and outcomes
/// are told only once durable, because others build on them. Reads go on while changes are written.
pub trait Store: Send + Sync {
    /// One row; `None` when there is none.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Row>, StoreError>;

    /// Rows whose key begins with `prefix`, in key order, from the first beyond `after`; `limit` of at most
    /// [`MAX_PAGE`]. A scan over many pages is complete for the rows that stood throughout.
    fn scan(&self, table: Table, prefix: &[u8], after: Option<&[u8]>, limit: u16) -> Result<Page, StoreError>;

    /// Applies a change whole and returns when it is durable.
    ///
    /// `Duplicate`, `NotFound` and `Conflict` name the first expectation that failed; `Retry` and `Full` mean nothing was
    /// applied; `Unknown` means ask [`Store::outcome`] or send the same change again.
    fn commit(&self, change: Change) -> Result<Receipt, StoreError>;

    /// Applies changes that are independent of each other in one trip; one result each, in order.
    fn commit_each(&self, changes: Vec<Change>) -> Vec<Result<Receipt, StoreError>>;

    /// The receipt of a request, once durable; `None` when it was never applied and is not under way.
    fn outcome(&self, request: &RequestId) -> Result<Option<Receipt>, StoreError>;

    /// Hands out `n` status counters of an agency, durable before it returns: none is handed out twice, whatever
    /// crashes. What a caller does not use is lost for good.
    fn lease_status(&self, agency: &AgencyCode, n: u32) -> Result<Range<u64>, StoreError>;

    /// The slots of a list that are not valid, and its version.
    fn status_list(&self, list: &ListId) -> Result<StatusEntries, StoreError>;

    /// The durable, integrated log; its size and root never go back.
    fn log_head(&self) -> Result<LogHead, StoreError>;

    /// Integrated leaves from a sequence number on, in order and without a gap; at most `n` and [`MAX_PAGE`].
    fn log_range(&self, from: u64, n: u16) -> Result<Vec<Vec<u8>>, StoreError>;

    /// The hash of the complete subtree of 2^`level` leaves that begins at leaf `index`·2^`level`; `NotFound` when the
    /// integrated log does not cover it.
    fn log_node(&self, level: u8, index: u64) -> Result<[u8; 32], StoreError>;

    /// Takes or renews a named lease for `ttl`; `None` while another owner holds it. The epoch grows with every change
    /// of owner, so that a holder who slept through his lease is refused.
    fn lease(&self, name: &str, owner: &str, ttl: Duration) -> Result<Option<Epoch>, StoreError>;

    /// Moves up to `max` queued leaves into the log under the current epoch of [`LOG_LEASE`] and returns the new head;
    /// `Conflict` for an epoch that has passed.
    fn integrate(&self, epoch: Epoch, max: u32) -> Result<Integrated, StoreError>;

    /// Deletes rows past their end of life and receipts older than their time, looking at up to `max` rows from where
    /// the last call ended; how many went.
    fn sweep(&self, max: u32) -> Result<u32, StoreError>;

    /// The store as it stands now, for an export or a check while others write; `Retry` while another is held.
    fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError>;

    /// Whether it can serve, without waiting for the disk.
    fn health(&self) -> Health;
}

/// A fencing token: who holds a lease is known by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u64);

/// The integrated log as RFC 6962 sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogHead {
    /// Leaves.
    pub size: u64,
    /// The Merkle tree hash over them.
    pub root: [u8; 32],
}

/// What one turn of the integrator did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Integrated {
    /// The head afterwards, durable.
    pub head: LogHead,
    /// Leaves that were moved; fewer than asked for when the queue is empty.
    pub added: u32,
}

/// What a readiness check wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Whether reads are answered; a store that is not ready never becomes so again in this process.
    pub ready: bool,
    /// Whether changes are taken now.
    pub writable: bool,
    /// Why not, for the operator.
    pub reason: Option<String>,
    /// Free bytes where the data lies, when that is known.
    pub free: Option<u64>,
}

/// Why a change or a question was not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// A row that must be new is there.
    Duplicate {
        /// Its table.
        table: Table,
        /// Its key.
        key: Vec<u8>,
    },
    /// A row that must be there is not (`table` absent: a part of the log).
    NotFound {
        /// Its table.
        table: Option<Table>,
        /// Its key.
        key: Vec<u8>,
    },
    /// Something changed since it was read: load and decide again.
    Conflict(Contested),
    /// Nothing was applied; the store is busy, ask again.
    Retry,
    /// It may have been applied or not: ask again with the same request.
    Unknown,
    /// Nothing was applied; there is too little free space.
    Full,
    /// Nothing was applied; this store takes no writes.
    ReadOnly,
    /// The store belongs to another process, which the text names.
    Held(String),
    /// Never possible: beyond the limits, of another schema version, not empty.
    Refused(String),
    /// The data or the disk is damaged; the store answers nothing more.
    Corrupt(String),
}

/// What was contested in a [`StoreError::Conflict`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contested {
    /// The row has another version.
    Row {
        /// Its table.
        table: Table,
        /// Its key.
        key: Vec<u8>,
        /// Its version now.
        version: u64,
    },
    /// The request was used with another body.
    Request,
    /// The slot has another status, or is revoked for good.
    Status {
        /// The list.
        list: ListId,
        /// The slot.
        idx: u32,
        /// Its status now.
        found: super::change::Status,
    },
    /// The lease has passed to another owner.
    Epoch,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duplicate { table, .. } => write!(f, "a row of {} is already there", table.name()),
            Self::NotFound { table: Some(table), .. } => write!(f, "no such row of {}", table.name()),
            Self::NotFound { table: None, .. } => f.write_str("beyond the integrated log"),
            Self::Conflict(Contested::Row { table, .. }) => {
                write!(f, "a row of {} was changed meanwhile", table.name())
            }
            Self::Conflict(Contested::Request) => f.write_str("the request id was used with another body"),
            Self::Conflict(Contested::Status { list, idx, .. }) => write!(f, "slot {idx} of {list} is not as expected"),
            Self::Conflict(Contested::Epoch) => f.write_str("the lease has passed to another owner"),
            Self::Retry => f.write_str("the store is busy; nothing was applied"),
            Self::Unknown => f.write_str("the outcome is not known; ask again with the same request id"),
            Self::Full => f.write_str("too little free space; nothing was applied"),
            Self::ReadOnly => f.write_str("the store takes no writes"),
            Self::Held(by) => write!(f, "the store is held by another process: {by}"),
            Self::Refused(why) => write!(f, "refused: {why}"),
            Self::Corrupt(why) => write!(f, "the store cannot be used: {why}"),
        }
    }
}

impl std::error::Error for StoreError {}

/// Fetches public documents of others: DID documents, status lists. Every adapter bounds host, time, size and redirects.
pub trait Web: Send + Sync {
    /// The document at a URL; `accept` is the media type that is wanted.
    fn get(&self, url: &str, accept: &str) -> Result<Fetched, WebError>;
}

/// A fetched document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The media type without parameters, in lower case; empty when none was given.
    pub media_type: String,
    /// The body.
    pub bytes: Vec<u8>,
}

/// Why a document was not fetched; technical English.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebError(pub String);

impl fmt::Display for WebError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WebError {}

/// Makes the signing keys of agencies and of the city; the seeds never leave it.
pub trait KeyMaker: Send + Sync {
    /// Makes the next key of an agency, durably; its name in the agency's DID document and what signs with it.
    fn next_key(&self, agency: &AgencyCode) -> Result<(String, Arc<dyn Signer>), KeyMakerError>;

    /// Makes the city's next key of a kind, durably; its name and what signs with it.
    fn next_own_key(&self, role: OwnRole) -> Result<(String, Arc<dyn Signer>), KeyMakerError>;

    /// Destroys the seed of a key that signs no more; nothing to do where it is gone. Its public key stays published.
    fn destroy_key(&self, agency: &AgencyCode, key_id: &str) -> Result<(), KeyMakerError>;
}

/// Why no key was made: technical English, and the sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyMakerError {
    /// Technical English.
    pub detail: String,
    /// For people.
    pub message: Label,
}
