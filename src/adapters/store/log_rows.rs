//! The leaves of the log as they lie in rows: up to sixteen in one, so that the log costs issuing little.
//!
//! Key: number of the row's first leaf (8 bytes), 0. Value: the leaves, [packed](super::pack). No row goes over a multiple
//! of sixteen, so that a leaf is found from the multiple before it on. A key of 8 bytes is older: its value is one leaf.

use std::ops::Bound;

use super::pack;
use super::rows::{Rows, Space, damaged, deframe};
use crate::domain::ports::StoreError;

/// Most leaves of a row.
const WIDTH: u64 = 16;
/// A row of several leaves is not longer, bytes.
const MAX_ROW: usize = 16 << 10;

/// What [`walk`] calls with the number and the bytes of a leaf: whether to go on.
pub type Each<'a> = dyn FnMut(u64, &[u8]) -> Result<bool, StoreError> + 'a;

/// The key of the row that begins with a leaf.
pub fn key(first: u64) -> Vec<u8> {
    [first.to_be_bytes().as_slice(), &[0]].concat()
}

/// Where the row may begin that holds a leaf or that the leaf goes on.
pub fn firsts(leaf: u64) -> std::ops::Range<u64> {
    leaf - leaf % WIDTH..leaf
}

/// Whether a row can be understood.
pub fn is_sound(key: &[u8], value: &[u8]) -> bool {
    match key {
        [_, _, _, _, _, _, _, _] => true,
        [_, _, _, _, _, _, _, _, 0] => !value.is_empty() && pack::leaves(value).all(|leaf| leaf.is_some()),
        _ => false,
    }
}

/// The row that leaves are added to.
pub struct Open {
    /// The number of its first leaf.
    pub first: u64,
    /// Its value so far.
    pub value: Vec<u8>,
}

impl Open {
    /// A row without leaves.
    pub fn new(first: u64) -> Self {
        Self { first, value: Vec::new() }
    }

    /// The number of the leaf after its last.
    pub fn next(&self) -> u64 {
        self.first + (0_u64..).zip(pack::leaves(&self.value)).map(|(at, _)| at + 1).last().unwrap_or(0)
    }

    /// Adds the leaf of a number; the row before when a new one had to be begun.
    pub fn add(&mut self, number: u64, leaf: &[u8]) -> Option<Self> {
        let goes_on = self.value.is_empty() || !number.is_multiple_of(WIDTH) && pack::fits(&self.value, leaf, MAX_ROW);
        let full = (!goes_on).then(|| std::mem::replace(self, Self::new(number)));
        pack::add(&mut self.value, leaf);
        full
    }
}

/// Calls `each` with every leaf from a number on.
pub fn walk<R: Rows>(rows: &R, from: u64, each: &mut Each<'_>) -> Result<(), StoreError> {
    let start = firsts(from).start.to_be_bytes();
    rows.walk(Space::Leaf, Bound::Included(&start), &mut |key, frame| {
        let (_, value) = deframe(Space::Leaf, key, frame)?;
        let wrong = || damaged(Space::Leaf, key);
        let (first, tag) = key.split_first_chunk().ok_or_else(wrong)?;
        let first = u64::from_be_bytes(*first);
        if tag.is_empty() {
            return if first < from { Ok(true) } else { each(first, value) };
        }
        for (number, leaf) in (first..).zip(pack::leaves(value)) {
            let leaf = leaf.ok_or_else(wrong)?;
            if number >= from && !each(number, leaf)? {
                return Ok(false);
            }
        }
        Ok(true)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::store::memory::MemoryRows;
    use crate::adapters::store::rows::enframe;

    fn leaf(number: u64) -> Vec<u8> {
        vec![7; usize::try_from(number % 5 * 1500).unwrap()]
    }

    /// Leaves up to `older` in rows of their own, then up to `size` as they come in turns of `turn`.
    fn rows(older: u64, size: u64, turn: u64) -> MemoryRows {
        let mut kept = std::collections::BTreeMap::new();
        for number in 0..older {
            kept.insert(number.to_be_bytes().to_vec(), leaf(number));
        }
        let mut next = older;
        while next < size {
            let found = firsts(next).find_map(|first| {
                let value = kept.get(&key(first))?.clone();
                Some(Open { first, value }).filter(|row| row.next() == next)
            });
            let mut row = found.unwrap_or_else(|| Open::new(next));
            let end = size.min(next + turn);
            for number in next..end {
                let full = row.add(number, &leaf(number));
                kept.extend(full.map(|full| (key(full.first), full.value)));
            }
            next = end;
            kept.insert(key(row.first), row.value);
        }
        assert!(kept.iter().all(|(key, value)| is_sound(key, value)));
        let frames = kept.into_iter().map(|(key, value)| {
            let frame = enframe(Space::Leaf, &key, 1, &value);
            (key, Some(frame))
        });
        let mut rows = MemoryRows::default();
        rows.apply([(Space::Leaf, frames.collect())].into());
        rows
    }

    fn count(rows: &MemoryRows) -> usize {
        let mut count = 0;
        rows.walk(Space::Leaf, Bound::Unbounded, &mut |_, _| {
            count += 1;
            Ok(true)
        })
        .unwrap();
        count
    }

    #[test]
    fn leaves_come_back_in_order_from_wherever_one_begins() {
        for (older, size, turn) in [(0, 100, 1), (0, 100, 7), (0, 100, 64), (21, 100, 3), (32, 100, 5), (5, 5, 1)] {
            let rows = rows(older, size, turn);
            for from in 0..=size {
                let mut next = from;
                walk(&rows, from, &mut |number, bytes| {
                    assert_eq!((number, bytes), (next, leaf(next).as_slice()), "{older} {turn} {from}");
                    next += 1;
                    Ok(true)
                })
                .unwrap();
                assert_eq!(next, size);
            }
        }
    }

    #[test]
    fn small_leaves_lie_sixteen_in_a_row_whatever_the_turns() {
        assert_eq!(count(&rows(0, 3, 1)), 1);
        // Leaves of 0 to 6,000 bytes: five of them have 15,000, so a row of 16 KiB holds some six.
        let (one, many) = (count(&rows(0, 160, 1)), count(&rows(0, 160, 160)));
        assert_eq!(one, many);
        assert!((20..=40).contains(&one), "{one}");
    }

    #[test]
    fn a_row_cut_short_is_told() {
        let mut row = Open::new(0);
        assert!(row.add(0, b"one").is_none() && row.add(1, b"two").is_none());
        assert!(is_sound(&key(0), &row.value));
        for length in (0..row.value.len()).filter(|length| *length != 7) {
            assert!(!is_sound(&key(0), &row.value[..length]), "{length}");
        }
        assert!(!is_sound(b"\0\0\0\0\0\0\0\0\x01", &row.value));
    }
}
