//! The leaves that wait for the log: those of one turn lie in one row, so that the log costs issuing little.
//!
//! Key: version, number of the row's first leaf within the turn (8 bytes each); a later turn has a greater version.
//! Value: the leaves, [packed](super::pack). A key of 12 bytes is older: its value is one leaf.

use super::pack;
use super::rows::{Space, damaged};
use crate::domain::change::MAX_VALUE;
use crate::domain::ports::StoreError;

/// Bytes of a key, and of the older kind.
const KEY: usize = 16;
const SINGLE: usize = 12;

/// Whether a key is one of the queue's.
pub fn is_key(key: &[u8]) -> bool {
    [KEY, SINGLE].contains(&key.len())
}

/// Keys and values of the rows that hold a turn's leaves; a row of several is not longer than a value may be.
pub fn rows(version: u64, leaves: &[Vec<u8>]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut rows: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for (number, leaf) in (0_u64..).zip(leaves) {
        match rows.last_mut().filter(|(_, row)| pack::fits(row, leaf, MAX_VALUE)) {
            Some((_, row)) => pack::add(row, leaf),
            None => rows.push(([version.to_be_bytes(), number.to_be_bytes()].concat(), row(&[leaf]))),
        }
    }
    rows
}

/// The value of a row of leaves.
pub fn row(leaves: &[impl AsRef<[u8]>]) -> Vec<u8> {
    let mut row = Vec::new();
    for leaf in leaves {
        pack::add(&mut row, leaf.as_ref());
    }
    row
}

/// The leaves of a row, oldest first.
pub fn leaves(key: &[u8], value: &[u8]) -> Result<Vec<Vec<u8>>, StoreError> {
    if key.len() == SINGLE {
        return Ok(vec![value.to_vec()]);
    }
    pack::leaves(value).map(|leaf| leaf.map(<[u8]>::to_vec).ok_or_else(|| damaged(Space::Queue, key))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_come_back_as_they_were_queued() {
        let queued: Vec<Vec<u8>> = [0, 1, 100, MAX_VALUE, 70, MAX_VALUE - 8, 3].map(|size| vec![7; size]).into();
        let rows = rows(9, &queued);
        let firsts: Vec<_> = rows.iter().map(|(key, _)| key[8..].to_vec()).collect();
        assert_eq!(firsts, [0_u64, 3, 4, 5, 6].map(|first| first.to_be_bytes().to_vec()));
        let back: Vec<_> = rows.iter().flat_map(|(key, row)| leaves(key, row).unwrap()).collect();
        assert_eq!(back, queued);
        assert!(rows.iter().all(|(key, _)| is_key(key)));
    }

    #[test]
    fn a_row_cut_short_is_damaged_and_an_older_row_is_one_leaf() {
        let (key, whole) = rows(9, &[b"one".to_vec(), b"two".to_vec()]).remove(0);
        for length in (0..whole.len()).filter(|length| ![0, 7].contains(length)) {
            assert!(leaves(&key, &whole[..length]).is_err(), "{length}");
        }
        assert_eq!(leaves(&key[..SINGLE], b"\0\0\0\x09leaf"), Ok(vec![b"\0\0\0\x09leaf".to_vec()]));
    }
}
