//! The store as it stands at one moment: what an export and a check of it tell.

use std::collections::BTreeMap;
use std::io::Write;

use super::ports::{LogHead, StoreError};

/// Most faults that are listed; the number is exact beyond them.
const LISTED: usize = 100;

/// The store as it stood when this was taken, whatever is written meanwhile. Taking one stops nobody; memory is bounded.
///
/// `Retry` from a question when more was changed meanwhile than could be remembered: take another.
pub trait Snapshot: Send {
    /// Writes every row as a line of JSON.
    fn export(&self, out: &mut dyn Write) -> Result<Summary, StoreError>;

    /// Reads every row, every index and the whole log.
    fn check(&self) -> Result<Report, StoreError>;
}

/// What was written or read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The random name of the store.
    pub instance: String,
    /// The last version.
    pub version: u64,
    /// Rows.
    pub rows: u64,
    /// SHA-256 of all lines but the last, hexadecimal.
    pub sha256: String,
}

/// What a check found.
#[derive(Clone, Debug)]
pub struct Report {
    /// Rows by space.
    pub rows: BTreeMap<String, u64>,
    /// The log as recomputed from its leaves.
    pub log: LogHead,
    /// How many faults there are; 0 for a sound store.
    pub faults: u64,
    /// The first hundred, in English.
    pub listed: Vec<String>,
}

impl Report {
    /// Counts a fault, and tells it while there is room.
    pub fn fault(&mut self, what: impl FnOnce() -> String) {
        self.faults += 1;
        if self.listed.len() < LISTED {
            self.listed.push(what());
        }
    }
}
