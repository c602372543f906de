//! Status slots and lists: slots are leased before anything is signed, lists are told from the store's state.
//!
//! A slot is `(list, index)`. Counters are leased in blocks that are durable before use; a keyed permutation spreads them
//! over the list, so that neighbours in time are no neighbours in the list. [`publish`] signs the own lists, [`foreign`]
//! reads lists of others, [`kept`] keeps those that a case relied on.

pub mod foreign;
pub mod kept;
pub mod publish;
mod signers;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use serde::{Deserialize, Serialize};

use super::city::City;
use super::error::{Error, ErrorKind};
use crate::base::id::{AgencyCode, ListId};
use crate::base::time::Timestamp;
use crate::vc::status::{Bits, Status};

/// How old a snapshot of an own list may be before the store is asked again, milliseconds: other processes may write.
const SNAPSHOT_LIFE: i64 = 1_000;
/// The smallest and the largest block of counters leased at once: what a restart loses of a list of 131,072, and how
/// often a busy agency waits for a lease to be durable.
const BLOCK: Range<u32> = 16..4_096;

/// One place in a status list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// Number of the agency's list.
    pub list: u32,
    /// Index in it.
    pub idx: u32,
}

impl Slot {
    /// The list of the slot.
    pub fn list_of(&self, agency: &AgencyCode) -> ListId {
        ListId { agency: agency.clone(), number: self.list }
    }
}

/// One list as it stood at a moment.
#[derive(Debug)]
pub struct Snapshot {
    /// The list.
    pub list: ListId,
    /// Grows with every change of the list.
    pub version: u64,
    /// The slots.
    pub bits: Bits,
    /// When it was read.
    pub read_at: Timestamp,
}

impl Snapshot {
    /// Whether a cache should hold it. Anyone may ask for any number of a list; one beyond the first to which nothing
    /// happened says nothing, and keeping it would let strangers fill the memory.
    fn is_worth_keeping(&self) -> bool {
        self.version > 0 || self.list.number == 0
    }
}

/// Caches of the city's own lists and of the lists of others.
#[derive(Default)]
pub struct StatusBook {
    own: RwLock<HashMap<ListId, Arc<Snapshot>>>,
    blocks: Mutex<HashMap<AgencyCode, Arc<Mutex<Block>>>>,
    pub(super) foreign: foreign::Cache,
    published: publish::Cache,
}

/// Counters of one agency that were leased and are still free, and how many to lease next.
struct Block {
    free: Range<u64>,
    size: u32,
}

impl Default for Block {
    fn default() -> Self {
        Self { free: 0..0, size: BLOCK.start }
    }
}

impl City {
    /// Takes `n` fresh slots of an agency; what is not used is lost for good.
    pub fn take_slots(&self, agency: &AgencyCode, n: u32) -> Result<Vec<Slot>, Error> {
        // The lock of all agencies is not held while one waits for its lease.
        let block = {
            let mut blocks = self.statuses.blocks.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(blocks.entry(agency.clone()).or_default())
        };
        let mut block = block.lock().unwrap_or_else(PoisonError::into_inner);
        let mut counters = Vec::new();
        while counters.len() < n as usize {
            if let Some(counter) = block.free.next() {
                counters.push(counter);
                continue;
            }
            let missing = n.saturating_sub(u32::try_from(counters.len()).unwrap_or(n));
            block.free = self.store().lease_status(agency, block.size.max(missing))?;
            block.size = (block.size * 4).min(BLOCK.end);
        }
        drop(block);
        counters.into_iter().map(|counter| self.slot(agency, counter)).collect()
    }

    fn slot(&self, agency: &AgencyCode, counter: u64) -> Result<Slot, Error> {
        let permutation = self.keys.permutations.get(agency);
        let place = permutation.and_then(|permutation| permutation.place(counter));
        let place = place.ok_or_else(|| Error::new(ErrorKind::Internal, format!("no status slot for {agency}")))?;
        Ok(Slot { list: place.list, idx: place.slot })
    }

    /// An own list as it stands.
    pub fn status_list(&self, list: &ListId) -> Result<Arc<Snapshot>, Error> {
        let now = self.now();
        let cached = self.statuses.own.read().unwrap_or_else(PoisonError::into_inner).get(list).cloned();
        if let Some(snapshot) = cached
            && now.as_millisecond().saturating_sub(snapshot.read_at.as_millisecond()).abs() < SNAPSHOT_LIFE
        {
            return Ok(snapshot);
        }
        self.refresh_status_list(list)
    }

    /// Reads an own list anew: after every change of it, before the change is answered.
    pub(super) fn refresh_status_list(&self, list: &ListId) -> Result<Arc<Snapshot>, Error> {
        if self.registry().agency(&list.agency).is_none() {
            return Err(Error::not_found("no such status list"));
        }
        let read_at = self.now();
        let entries = self.store().status_list(list)?;
        let snapshot = Arc::new(Snapshot {
            list: list.clone(),
            version: entries.version,
            bits: Bits::of(entries.entries),
            read_at,
        });
        if !snapshot.is_worth_keeping() {
            return Ok(snapshot);
        }
        let mut own = self.statuses.own.write().unwrap_or_else(PoisonError::into_inner);
        match own.get(list) {
            Some(newer) if newer.version > snapshot.version => Ok(Arc::clone(newer)),
            _ => {
                own.insert(list.clone(), Arc::clone(&snapshot));
                Ok(snapshot)
            }
        }
    }

    /// The state of one slot of an own list.
    pub fn slot_status(&self, list: &ListId, idx: u64) -> Result<Option<Status>, Error> {
        let snapshot = self.status_list(list)?;
        Ok(u32::try_from(idx).ok().and_then(|idx| snapshot.bits.get(idx)))
    }
}
