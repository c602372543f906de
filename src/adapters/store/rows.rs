//! Rows as they lie on disk: spaces, the frame around a value, and the two questions every adapter answers.
//!
//! A frame is version (8 bytes), CRC-32 (4 bytes) and value; the checksum covers space, key, version and value, so that
//! a row that turns up under another key is noticed. Numbers in keys are big-endian: bytes order as numbers.

use std::ops::Bound;

use crate::base::id::{AgencyCode, ListId};
use crate::domain::change::Table;
use crate::domain::ports::StoreError;

/// Bytes of a frame before the value.
const HEAD: usize = 12;

/// Where a row lies: a table of the domain, or one of the store's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Space {
    /// A table of the domain.
    Table(Table),
    /// Status slots that are not valid. Key: list, slot. Value: the two bits.
    Slot,
    /// Status lists that were ever changed. Key: list. Its version is the list's.
    List,
    /// The next status counter. Key: agency.
    StatusCounter,
    /// Requests done. Value: digest of the body, time, receipt.
    Request,
    /// Leaves not yet integrated ([`queue`](super::queue)). Key: order of arrival.
    Queue,
    /// The log ([`log_rows`](super::log_rows)). Key: number of the row's first leaf.
    Leaf,
    /// Hashes of complete subtrees of 256, 65,536 … leaves. Key: level, index.
    Node,
    /// The head of the log and its frontier.
    Head,
    /// Leases. Value: epoch, end (Unix milliseconds), owner.
    Lease,
    /// The store itself: schema, instance, last version.
    Meta,
}

impl Space {
    /// The store's own spaces.
    pub const OWN: &[Self] = &[
        Self::Slot,
        Self::List,
        Self::StatusCounter,
        Self::Request,
        Self::Queue,
        Self::Leaf,
        Self::Node,
        Self::Head,
        Self::Lease,
        Self::Meta,
    ];
    /// Above every number of a space.
    pub const COUNT: usize = 110;

    /// Every space, in the order of an export.
    pub fn all() -> impl Iterator<Item = Self> {
        Table::ALL.iter().map(|table| Self::Table(*table)).chain(Self::OWN.iter().copied())
    }

    /// The number, below [`Space::COUNT`].
    pub const fn id(self) -> u8 {
        match self {
            Self::Table(table) => table.id(),
            Self::Slot => 100,
            Self::List => 101,
            Self::StatusCounter => 102,
            Self::Request => 103,
            Self::Queue => 104,
            Self::Leaf => 105,
            Self::Node => 106,
            Self::Head => 107,
            Self::Lease => 108,
            Self::Meta => 109,
        }
    }

    /// The name in exports, on disk and in errors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Table(table) => table.name(),
            Self::Slot => "status_slot",
            Self::List => "status_list",
            Self::StatusCounter => "status_counter",
            Self::Request => "request",
            Self::Queue => "log_queue",
            Self::Leaf => "log_leaf",
            Self::Node => "log_node",
            Self::Head => "log_head",
            Self::Lease => "lease",
            Self::Meta => "meta",
        }
    }

    /// The space of a name; `None` for a name of none.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|space| space.name() == name)
    }
}

/// What an adapter can tell of its rows.
pub trait Rows {
    /// A frame as the adapter hands it out.
    type Frame: AsRef<[u8]>;

    /// The frame of a key.
    fn frame(&self, space: Space, key: &[u8]) -> Result<Option<Self::Frame>, StoreError>;

    /// Calls `each` with keys and frames from `from` on, in order, until it says `false`.
    fn walk(&self, space: Space, from: Bound<&[u8]>, each: &mut Each<'_>) -> Result<(), StoreError>;
}

/// What [`Rows::walk`] calls: whether to go on.
pub type Each<'a> = dyn FnMut(&[u8], &[u8]) -> Result<bool, StoreError> + 'a;

/// Puts a frame around a value.
pub fn enframe(space: Space, key: &[u8], version: u64, value: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(HEAD + value.len());
    frame.extend_from_slice(&version.to_be_bytes());
    frame.extend_from_slice(&checksum(space, key, version, value).to_be_bytes());
    frame.extend_from_slice(value);
    frame
}

/// Takes a frame apart into version and value; `Corrupt` when it does not belong to this key.
pub fn deframe<'a>(space: Space, key: &[u8], frame: &'a [u8]) -> Result<(u64, &'a [u8]), StoreError> {
    let parts = frame.split_first_chunk().and_then(|(version, rest)| Some((version, rest.split_first_chunk()?)));
    let Some((version, (crc, value))) = parts else { return Err(damaged(space, key)) };
    let version = u64::from_be_bytes(*version);
    if checksum(space, key, version, value) != u32::from_be_bytes(*crc) {
        return Err(damaged(space, key));
    }
    Ok((version, value))
}

fn checksum(space: Space, key: &[u8], version: u64, value: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&[space.id()]);
    crc.update(key);
    crc.update(&version.to_be_bytes());
    crc.update(value);
    crc.finalize()
}

/// What a row that cannot be read is called; the key is told in hexadecimal digits.
pub fn damaged(space: Space, key: &[u8]) -> StoreError {
    StoreError::Corrupt(format!("the row {} of {} is damaged", crate::base::bytes::hex(key), space.name()))
}

/// The key of a status list: agency, 0, number.
pub fn list_key(list: &ListId) -> Vec<u8> {
    let mut key = list.agency.as_str().as_bytes().to_vec();
    key.push(0);
    key.extend_from_slice(&list.number.to_be_bytes());
    key
}

/// The list of a [`list_key`].
pub fn list_of_key(key: &[u8]) -> Option<ListId> {
    let (agency, number) = key.split_last_chunk()?;
    let agency = std::str::from_utf8(agency.strip_suffix(&[0])?).ok()?;
    Some(ListId { agency: AgencyCode::parse(agency).ok()?, number: u32::from_be_bytes(*number) })
}

/// The key of a status slot: list, slot.
pub fn slot_key(list: &ListId, idx: u32) -> Vec<u8> {
    let mut key = list_key(list);
    key.extend_from_slice(&idx.to_be_bytes());
    key
}

/// The key of a subtree: level, index.
pub fn node_key(node: crate::tlog::merkle::Node) -> Vec<u8> {
    let mut key = vec![node.level];
    key.extend_from_slice(&node.index.to_be_bytes());
    key
}

/// Reads a value that is one number.
pub fn number(space: Space, key: &[u8], value: &[u8]) -> Result<u64, StoreError> {
    value.try_into().map(u64::from_be_bytes).map_err(|_| damaged(space, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_belongs_to_its_key_and_space() {
        let space = Space::Table(Table::Credential);
        let frame = enframe(space, b"GA\0x", 7, b"value");
        assert_eq!(deframe(space, b"GA\0x", &frame), Ok((7, b"value".as_slice())));
        assert!(deframe(space, b"GA\0y", &frame).is_err());
        assert!(deframe(Space::Request, b"GA\0x", &frame).is_err());
        for bit in 0..frame.len() * 8 {
            let mut wrong = frame.clone();
            wrong[bit / 8] ^= 1 << (bit % 8);
            assert!(deframe(space, b"GA\0x", &wrong).is_err(), "bit {bit}");
        }
        for len in 0..HEAD {
            assert!(deframe(space, b"GA\0x", &frame[..len]).is_err());
        }
    }

    #[test]
    fn spaces_have_one_number_and_one_name_each() {
        let mut ids: Vec<_> = Space::all().map(Space::id).collect();
        let mut names: Vec<_> = Space::all().map(Space::name).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        names.sort_unstable();
        names.dedup();
        assert_eq!((ids.len(), names.len()), (count, count));
        assert!(ids.iter().all(|id| usize::from(*id) < Space::COUNT));
        assert!(Space::all().all(|space| Space::from_name(space.name()) == Some(space)));
        assert!(Table::ALL.iter().all(|table| Table::from_name(table.name()) == Some(*table) && table.id() < 100));
    }

    #[test]
    fn a_list_is_known_by_its_key() {
        let list = ListId::parse("GA-300").unwrap();
        assert_eq!(list_of_key(&list_key(&list)), Some(list.clone()));
        assert!(slot_key(&list, 1) < slot_key(&list, 256));
    }
}
