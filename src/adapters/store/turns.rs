//! What leases, the integrator and the sweep write: the second half of a [`Batch`].

use std::ops::{Bound, Range};
use std::time::Duration;

use super::batch::Batch;
use super::log_rows::{self, Open};
use super::queue;
use super::reads::{self, HEAD_KEY, NODE_STEP};
use super::rows::{Rows, Space, damaged, deframe, node_key, number};
use crate::base::id::AgencyCode;
use crate::domain::change::{Table, until};
use crate::domain::ports::{Contested, Epoch, Integrated, LOG_LEASE, StoreError};
use crate::tlog::merkle;

/// How long the same request gets the same receipt, seconds: 90 days.
pub const RECEIPT_LIFE: i64 = 90 * 86_400;
/// Most status counters of one lease.
const MAX_LEASE: u32 = 65_536;

/// Where the next sweep goes on.
pub type Cursor = Option<(Space, Vec<u8>)>;

impl<R: Rows> Batch<'_, R> {
    /// Hands out status counters.
    pub fn lease_status(&mut self, agency: &AgencyCode, n: u32) -> Result<Range<u64>, StoreError> {
        self.writable()?;
        let key = agency.as_str().as_bytes();
        if n > MAX_LEASE {
            return Err(StoreError::Refused(format!("more than {MAX_LEASE} status counters at once")));
        }
        let space = Space::StatusCounter;
        let first = self.look(space, key, |_, value| number(space, key, value))?.unwrap_or(0);
        let next = first.checked_add(u64::from(n)).ok_or_else(|| damaged(space, key))?;
        self.advance();
        self.put(space, key.to_vec(), &next.to_be_bytes());
        Ok(first..next)
    }

    /// Takes or renews a lease.
    pub fn lease(&mut self, name: &str, owner: &str, ttl: Duration) -> Result<Option<Epoch>, StoreError> {
        self.writable()?;
        let now = self.now().as_millisecond();
        let key = name.as_bytes();
        let epoch = match self.look(Space::Lease, key, |_, value| read_lease(key, value))? {
            Some(held) if held.owner == owner.as_bytes() => held.epoch,
            Some(held) if held.end > now => return Ok(None),
            Some(held) => held.epoch + 1,
            None => 1,
        };
        let end = now.saturating_add(i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX));
        let value = [epoch.to_be_bytes().as_slice(), &end.to_be_bytes(), owner.as_bytes()].concat();
        self.advance();
        self.put(Space::Lease, key.to_vec(), &value);
        Ok(Some(Epoch(epoch)))
    }

    /// Moves queued leaves into the log.
    pub fn integrate(&mut self, epoch: Epoch, max: u32) -> Result<Integrated, StoreError> {
        self.writable()?;
        let key = LOG_LEASE.as_bytes();
        let held = self.look(Space::Lease, key, |_, value| read_lease(key, value))?;
        if held.is_none_or(|held| held.epoch != epoch.0) {
            return Err(StoreError::Conflict(Contested::Epoch));
        }
        let mut frontier = self.frontier()?;
        let queued = self.unqueue(usize::try_from(max).unwrap_or(usize::MAX))?;
        let added = u32::try_from(queued.len()).unwrap_or(max);
        let mut row = self.open_row(frontier.size())?;
        for bytes in queued {
            if let Some(full) = row.add(frontier.size(), &bytes) {
                self.put(Space::Leaf, log_rows::key(full.first), &full.value);
            }
            frontier.push_with(merkle::leaf_hash(&bytes), |node, hash| {
                if node.level % NODE_STEP == 0 {
                    self.put(Space::Node, node_key(node), hash);
                }
            });
        }
        if added > 0 {
            self.put(Space::Leaf, log_rows::key(row.first), &row.value);
            self.put(Space::Head, HEAD_KEY.to_vec(), &reads::head_value(&frontier));
        }
        Ok(Integrated { head: reads::head(&frontier), added })
    }

    /// The row that the leaf of a number goes on, or a new one.
    fn open_row(&self, number: u64) -> Result<Open, StoreError> {
        for first in log_rows::firsts(number) {
            let found = self.look(Space::Leaf, &log_rows::key(first), |_, value| Ok(value.to_vec()))?;
            if let Some(row) = found.map(|value| Open { first, value }).filter(|row| row.next() == number) {
                return Ok(row);
            }
        }
        Ok(Open::new(number))
    }

    fn frontier(&self) -> Result<merkle::Frontier, StoreError> {
        let written = self.look(Space::Head, HEAD_KEY, |_, value| reads::frontier_of(value))?;
        Ok(written.unwrap_or_default())
    }

    /// Takes the oldest leaves out of the queue: stored ones first, then those of this turn.
    fn unqueue(&mut self, max: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        let (mut taken, mut touched) = (Vec::new(), Vec::new());
        self.rows().walk(Space::Queue, Bound::Unbounded, &mut |key, stored| {
            if let Some(frame) = self.written(Space::Queue, key).map_or(Some(stored), Option::as_deref) {
                let mut leaves = queue::leaves(key, deframe(Space::Queue, key, frame)?.1)?;
                let rest = leaves.split_off(leaves.len().min(max - taken.len()));
                taken.append(&mut leaves);
                touched.push((key.to_vec(), rest));
            }
            Ok(taken.len() < max)
        })?;
        taken.extend(self.leaves.drain(..self.leaves.len().min(max - taken.len())));
        if taken.is_empty() {
            return Ok(taken);
        }
        self.advance();
        for (key, rest) in touched {
            match rest.as_slice() {
                [] => self.delete(Space::Queue, key),
                rest => self.put(Space::Queue, key, &queue::row(rest)),
            }
        }
        Ok(taken)
    }

    /// Deletes what is past its life among up to `max` rows from the cursor on.
    pub fn sweep(&mut self, cursor: &mut Cursor, max: u32) -> Result<u32, StoreError> {
        self.writable()?;
        let spaces = swept_spaces();
        let (mut left, mut gone) = (max, Vec::new());
        let start = cursor.as_ref().map(|(space, _)| *space);
        let at = start.and_then(|space| spaces.iter().position(|other| *other == space)).unwrap_or(0);
        for space in spaces.into_iter().skip(at) {
            let after = cursor.take().map(|(_, key)| key);
            let from = after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
            let mut last = None;
            self.rows().walk(space, from, &mut |key, frame| {
                if left == 0 {
                    return Ok(false);
                }
                left -= 1;
                last = Some(key.to_vec());
                let past = end_of_life(space, key, deframe(space, key, frame)?.1)? <= self.now().as_second();
                if past && self.written(space, key).is_none() {
                    gone.push((space, key.to_vec()));
                }
                Ok(true)
            })?;
            if left == 0 {
                *cursor = last.or(after).map(|key| (space, key));
                break;
            }
        }
        let count = u32::try_from(gone.len()).unwrap_or(max);
        if count > 0 {
            self.advance();
        }
        for (space, key) in gone {
            self.delete(space, key);
        }
        Ok(count)
    }
}

fn swept_spaces() -> Vec<Space> {
    let expiring = Table::ALL.iter().copied().filter(|table| table.expires()).map(Space::Table);
    expiring.chain([Space::Request]).collect()
}

fn end_of_life(space: Space, key: &[u8], value: &[u8]) -> Result<i64, StoreError> {
    if space == Space::Request {
        return reads::done(key, 0, value).map(|done| done.at.saturating_add(RECEIPT_LIFE));
    }
    until(value).map(|(end, _)| end).ok_or_else(|| damaged(space, key))
}

struct Lease {
    epoch: u64,
    end: i64,
    owner: Vec<u8>,
}

fn read_lease(key: &[u8], value: &[u8]) -> Result<Lease, StoreError> {
    let parts = value.split_first_chunk().and_then(|(epoch, rest)| Some((epoch, rest.split_first_chunk()?)));
    let Some((epoch, (end, owner))) = parts else { return Err(damaged(Space::Lease, key)) };
    Ok(Lease { epoch: u64::from_be_bytes(*epoch), end: i64::from_be_bytes(*end), owner: owner.to_vec() })
}
