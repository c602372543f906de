//! Running numbers of an agency: handed out in durable blocks, so that issuing does not queue at one row.
//!
//! Numbers are unique and grow; a block that was not used up leaves a gap.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use super::catalogue::CredentialType;
use super::change::{Change, Table};
use super::city::City;
use super::error::{Error, ErrorKind};
use super::issuance::Order;
use super::ports::StoreError;
use super::record;
use crate::base::time::{Timestamp, china_date};
use crate::crypto::digest::sha256;

/// Numbers taken from the store at once: the least, and the most when they are used up quickly.
const BLOCK: Range<u64> = 64..4096;
/// A block that was used up within so many milliseconds is followed by one four times as large.
const QUICKLY: i64 = 500;
/// How often a contested counter is asked again.
const TRIES: usize = 32;

/// Blocks that this process has taken.
#[derive(Default)]
pub struct Counters(Mutex<HashMap<Vec<u8>, Arc<Mutex<Block>>>>);

/// Numbers of one counter that were taken and are still free.
struct Block {
    free: Range<u64>,
    size: u64,
    taken: Timestamp,
}

impl Default for Block {
    fn default() -> Self {
        Self { free: 0..0, size: 0, taken: Timestamp::UNIX_EPOCH }
    }
}

impl City {
    /// The running number for a licence number that the row does not bring; none when there is no need of one.
    pub(super) fn sequence_for(&self, order: &Order, credential_type: &CredentialType) -> Result<Option<u64>, Error> {
        if !credential_type.needs_sequence(&order.row) {
            return Ok(None);
        }
        let year = china_date(self.now()).year().to_string();
        self.next_number(&[order.agency.as_str(), "licence", order.type_code.as_str(), &year]).map(Some)
    }

    /// The next number of a counter, from 1.
    pub fn next_number(&self, name: &[&str]) -> Result<u64, Error> {
        let key = record::key(name);
        // The lock of all counters is not held while one waits for the store.
        let block = {
            let mut blocks = self.counters.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(blocks.entry(key.clone()).or_default())
        };
        let mut block = block.lock().unwrap_or_else(PoisonError::into_inner);
        if block.free.is_empty() {
            let (now, before) = (self.now(), block.taken);
            let quickly = now.as_millisecond().saturating_sub(before.as_millisecond()) < QUICKLY;
            let size = if quickly { (block.size * 4).clamp(BLOCK.start, BLOCK.end) } else { BLOCK.start };
            *block = Block { free: self.take_block(&key, size)?, size, taken: now };
        }
        block.free.next().ok_or_else(|| Error::new(ErrorKind::Unavailable, "counter exhausted"))
    }

    fn take_block(&self, key: &[u8], size: u64) -> Result<Range<u64>, Error> {
        for _ in 0..TRIES {
            let row = self.store().get(Table::Counter, key)?;
            let next: u64 = row.as_ref().map_or(Ok(1), |row| record::decode(Table::Counter, &row.value))?;
            let after = next.saturating_add(size);
            let value = record::encode(&after)?;
            let change = Change::new(self.fresh_request("counter")?, sha256(&value));
            let change = match row {
                Some(row) => change.update(Table::Counter, key, row.version, value),
                None => change.insert(Table::Counter, key, value),
            };
            match self.store().commit(change) {
                Ok(_) => return Ok(next..after),
                Err(StoreError::Conflict(_) | StoreError::Duplicate { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::new(ErrorKind::Unavailable, "the counter is contested"))
    }
}
