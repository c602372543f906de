//! Questions, answered from the rows of any adapter.

use std::ops::{Bound, Range};

use super::log_rows;
use super::rows::{Rows, Space, damaged, deframe, list_key, node_key, number, slot_key};
use crate::base::id::{ListId, RequestId};
use crate::domain::change::{Page, Receipt, Row, Status, StatusEntries, Table};
use crate::domain::ports::{LogHead, MAX_PAGE, StoreError};
use crate::tlog::merkle::{self, Frontier, Hash, Node};

/// Only subtrees of these heights and their multiples are kept; the others are computed from at most 128 of them.
pub const NODE_STEP: u8 = 8;

/// The version and value of a key.
pub fn read<R: Rows>(rows: &R, space: Space, key: &[u8]) -> Result<Option<(u64, Vec<u8>)>, StoreError> {
    let Some(frame) = rows.frame(space, key)? else { return Ok(None) };
    let (version, value) = deframe(space, key, frame.as_ref())?;
    Ok(Some((version, value.to_vec())))
}

/// Reads a value that is one number; 0 when there is none.
pub fn read_number<R: Rows>(rows: &R, space: Space, key: &[u8]) -> Result<u64, StoreError> {
    let Some(frame) = rows.frame(space, key)? else { return Ok(0) };
    number(space, key, deframe(space, key, frame.as_ref())?.1)
}

/// [`Store::get`](crate::domain::ports::Store::get).
pub fn get<R: Rows>(rows: &R, table: Table, key: &[u8]) -> Result<Option<Row>, StoreError> {
    Ok(read(rows, Space::Table(table), key)?.map(|(version, value)| Row { version, value }))
}

/// [`Store::scan`](crate::domain::ports::Store::scan).
pub fn scan<R: Rows>(
    rows: &R,
    table: Table,
    prefix: &[u8],
    after: Option<&[u8]>,
    limit: u16,
) -> Result<Page, StoreError> {
    let limit = usize::from(limit.clamp(1, MAX_PAGE));
    let from = match after {
        Some(after) if after >= prefix => Bound::Excluded(after),
        _ => Bound::Included(prefix),
    };
    let mut page = Page::default();
    let space = Space::Table(table);
    rows.walk(space, from, &mut |key, frame| {
        if !key.starts_with(prefix) {
            return Ok(false);
        }
        let (version, value) = deframe(space, key, frame)?;
        page.rows.push((key.to_vec(), Row { version, value: value.to_vec() }));
        Ok(page.rows.len() < limit)
    })?;
    if page.rows.len() == limit {
        page.next = page.rows.last().map(|(key, _)| key.clone());
    }
    Ok(page)
}

/// What a request row holds.
pub struct Done {
    /// The digest of the body.
    pub body: [u8; 32],
    /// When it was applied, Unix seconds.
    pub at: i64,
    /// What it was answered.
    pub receipt: Receipt,
}

/// Takes a request row apart.
pub fn done(key: &[u8], version: u64, value: &[u8]) -> Result<Done, StoreError> {
    let parts = value.split_first_chunk().and_then(|(body, rest)| Some((body, rest.split_first_chunk()?)));
    let Some((body, (at, bytes))) = parts else { return Err(damaged(Space::Request, key)) };
    let receipt = Receipt { version, bytes: bytes.to_vec(), repeated: true };
    Ok(Done { body: *body, at: i64::from_be_bytes(*at), receipt })
}

/// [`Store::outcome`](crate::domain::ports::Store::outcome), without regard to durability.
pub fn outcome<R: Rows>(rows: &R, request: &RequestId) -> Result<Option<Receipt>, StoreError> {
    let key = request.as_str().as_bytes();
    let Some(frame) = rows.frame(Space::Request, key)? else { return Ok(None) };
    let (version, value) = deframe(Space::Request, key, frame.as_ref())?;
    Ok(Some(done(key, version, value)?.receipt))
}

/// [`Store::status_list`](crate::domain::ports::Store::status_list): the version is read first, so that the entries are
/// at least as new.
pub fn status_list<R: Rows>(rows: &R, list: &ListId) -> Result<StatusEntries, StoreError> {
    let key = list_key(list);
    let version = match rows.frame(Space::List, &key)? {
        Some(frame) => deframe(Space::List, &key, frame.as_ref())?.0,
        None => 0,
    };
    let mut entries = Vec::new();
    rows.walk(Space::Slot, Bound::Included(&slot_key(list, 0)), &mut |slot, frame| {
        let Some(idx) = slot.strip_prefix(key.as_slice()) else { return Ok(false) };
        let idx = idx.try_into().map(u32::from_be_bytes).map_err(|_| damaged(Space::Slot, slot))?;
        entries.push((idx, slot_status(slot, deframe(Space::Slot, slot, frame)?.1)?));
        Ok(true)
    })?;
    Ok(StatusEntries { version, entries })
}

/// The status in a slot's value.
pub fn slot_status(key: &[u8], value: &[u8]) -> Result<Status, StoreError> {
    let [bits] = value else { return Err(damaged(Space::Slot, key)) };
    Status::from_bits(*bits).ok_or_else(|| damaged(Space::Slot, key))
}

/// The key of the one head row.
pub const HEAD_KEY: &[u8] = b"log";

/// The frontier of the log.
pub fn frontier<R: Rows>(rows: &R) -> Result<Frontier, StoreError> {
    let Some((_, value)) = read(rows, Space::Head, HEAD_KEY)? else { return Ok(Frontier::default()) };
    frontier_of(&value)
}

/// The frontier in the value of a head row.
pub fn frontier_of(value: &[u8]) -> Result<Frontier, StoreError> {
    let wrong = || damaged(Space::Head, HEAD_KEY);
    let (size, peaks) = value.split_first_chunk().ok_or_else(wrong)?;
    let (peaks, []) = peaks.as_chunks::<32>() else { return Err(wrong()) };
    Frontier::from_peaks(u64::from_be_bytes(*size), peaks.to_vec()).ok_or_else(wrong)
}

/// The value of a head row.
pub fn head_value(frontier: &Frontier) -> Vec<u8> {
    let mut value = frontier.size().to_be_bytes().to_vec();
    for peak in frontier.peaks() {
        value.extend_from_slice(peak);
    }
    value
}

/// The head a frontier stands for.
pub fn head(frontier: &Frontier) -> LogHead {
    LogHead { size: frontier.size(), root: frontier.root() }
}

/// [`Store::log_range`](crate::domain::ports::Store::log_range) of a log of `size` leaves.
pub fn log_range<R: Rows>(rows: &R, size: u64, from: u64, n: u16) -> Result<Vec<Vec<u8>>, StoreError> {
    let end = size.min(from.saturating_add(u64::from(n.min(MAX_PAGE))));
    let mut leaves = Vec::new();
    each_leaf(rows, from..end, &mut |leaf| leaves.push(leaf.to_vec()))?;
    Ok(leaves)
}

/// Shows the leaves of a range, all of which must be there.
fn each_leaf<R: Rows>(rows: &R, range: Range<u64>, see: &mut dyn FnMut(&[u8])) -> Result<(), StoreError> {
    let mut next = range.start;
    if range.is_empty() {
        return Ok(());
    }
    log_rows::walk(rows, next, &mut |number, leaf| {
        if number == next {
            see(leaf);
            next += 1;
        }
        Ok(number < next && next < range.end)
    })?;
    if next < range.end { Err(damaged(Space::Leaf, &log_rows::key(next))) } else { Ok(()) }
}

/// [`Store::log_node`](crate::domain::ports::Store::log_node) of a log of `size` leaves.
pub fn log_node<R: Rows>(rows: &R, size: u64, level: u8, index: u64) -> Result<Hash, StoreError> {
    let covered = level < 64 && index.checked_add(1).is_some_and(|end| end <= size >> level);
    if !covered {
        return Err(StoreError::NotFound { table: None, key: node_key(Node { level, index }) });
    }
    let kept = level - level % NODE_STEP;
    let width = 1 << (level - kept);
    let (mut subtree, range) = (Frontier::default(), index * width..(index + 1) * width);
    if kept == 0 {
        each_leaf(rows, range, &mut |leaf| subtree.push(merkle::leaf_hash(leaf)))?;
        return Ok(subtree.root());
    }
    for at in range {
        subtree.push(kept_node(rows, Node { level: kept, index: at })?);
    }
    Ok(subtree.root())
}

fn kept_node<R: Rows>(rows: &R, node: Node) -> Result<Hash, StoreError> {
    let key = node_key(node);
    let found = read(rows, Space::Node, &key)?.ok_or_else(|| damaged(Space::Node, &key))?;
    found.1.try_into().map_err(|_| damaged(Space::Node, &key))
}
