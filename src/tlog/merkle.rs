//! The Merkle tree of RFC 6962 §2.1 (RFC 9162 §2.1): hashes, the appending frontier, proofs and their verification.
//!
//! Pure: whoever keeps the tree hands in the hashes of complete subtrees by level and index ([`Node`]). No storage, no
//! signed heads (`note`, `checkpoint`).

use crate::crypto::digest::{sha256, sha256_of};

/// A SHA-256 hash of a leaf or of a subtree.
pub type Hash = [u8; 32];

/// A complete subtree: 2^`level` leaves from leaf `index`·2^`level` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// Height above the leaves; a leaf has 0.
    pub level: u8,
    /// Counts the subtrees of this height from the left, from 0.
    pub index: u64,
}

/// The root of the empty tree: the hash of nothing (RFC 6962 §2.1).
pub fn empty_root() -> Hash {
    sha256(b"")
}

/// The hash of a leaf: SHA-256 of 0x00 and the leaf input.
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    sha256_of(&[&[0], leaf])
}

/// The hash of an inner node: SHA-256 of 0x01, the left and the right hash.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    sha256_of(&[&[1], left, right])
}

/// The right edge of a growing tree: the complete subtrees it consists of, largest first.
///
/// Appending costs two hashes on average, the root one for each subtree; at most 64 hashes are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The frontier of a tree of `size` leaves; `None` unless there is one hash for every bit set in `size`.
    pub fn from_peaks(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        (u32::try_from(peaks.len()) == Ok(size.count_ones())).then_some(Self { size, peaks })
    }

    /// Leaves so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The hashes of the complete subtrees, largest first.
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// Appends a leaf by its hash.
    pub fn push(&mut self, leaf: Hash) {
        self.push_with(leaf, |_, _| ());
    }

    /// Appends a leaf by its hash and tells of every subtree above the leaf that this completes, lowest first.
    pub fn push_with(&mut self, leaf: Hash, mut completed: impl FnMut(Node, &Hash)) {
        let mut hash = leaf;
        let mut node = Node { level: 0, index: self.size };
        while node.index & 1 == 1 {
            let Some(left) = self.peaks.pop() else { break };
            hash = node_hash(&left, &hash);
            node = Node { level: node.level + 1, index: node.index >> 1 };
            completed(node, &hash);
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The Merkle tree hash.
    pub fn root(&self) -> Hash {
        fold_right(&self.peaks).unwrap_or_else(empty_root)
    }
}

/// The root over a list of leaf hashes.
pub fn root(leaves: impl IntoIterator<Item = Hash>) -> Hash {
    let mut frontier = Frontier::default();
    for leaf in leaves {
        frontier.push(leaf);
    }
    frontier.root()
}

/// The audit path of leaf `index` in the tree of `size` leaves (RFC 6962 §2.1.1), lowest first; `None` beyond the tree.
///
/// `read` gives the hash of a complete subtree; its error ends the proof.
pub fn inclusion_proof<E>(
    index: u64,
    size: u64,
    read: impl FnMut(Node) -> Result<Hash, E>,
) -> Result<Option<Vec<Hash>>, E> {
    if index >= size {
        return Ok(None);
    }
    let mut parts = Vec::new();
    let (mut from, mut to) = (0, size);
    while to - from > 1 {
        let middle = from + split(to - from);
        if index < middle {
            parts.push((middle, to));
            to = middle;
        } else {
            parts.push((from, middle));
            from = middle;
        }
    }
    hash_parts(parts, read).map(Some)
}

/// The consistency proof between the trees of `old` and `new` leaves (RFC 6962 §2.1.2); `None` unless `old` ≤ `new`.
///
/// Empty for an empty old tree and for equal sizes. `read` as for [`inclusion_proof`].
pub fn consistency_proof<E>(
    old: u64,
    new: u64,
    read: impl FnMut(Node) -> Result<Hash, E>,
) -> Result<Option<Vec<Hash>>, E> {
    if old > new {
        return Ok(None);
    }
    if old == 0 || old == new {
        return Ok(Some(Vec::new()));
    }
    let mut parts = Vec::new();
    let (mut from, mut to) = (0, new);
    while to != old {
        let middle = from + split(to - from);
        if old <= middle {
            parts.push((middle, to));
            to = middle;
        } else {
            parts.push((from, middle));
            from = middle;
        }
    }
    if from != 0 {
        parts.push((from, to));
    }
    hash_parts(parts, read).map(Some)
}

/// Whether `proof` shows that the leaf hash stands at `index` of the tree with this size and root (RFC 9162 §2.1.3.2).
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last, mut hash) = (index, size - 1, *leaf);
    for part in proof {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(part, &hash);
            let up = if node & 1 == 1 { 0 } else { node.trailing_zeros().min(last.trailing_zeros()) };
            node = shift(node, up);
            last = shift(last, up);
        } else {
            hash = node_hash(&hash, part);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Whether `proof` shows that the old tree is the beginning of the new one (RFC 9162 §2.1.4.2).
pub fn verify_consistency(old: u64, old_root: &Hash, new: u64, new_root: &Hash, proof: &[Hash]) -> bool {
    if old > new {
        return false;
    }
    if old == 0 {
        return proof.is_empty() && *old_root == empty_root();
    }
    if old == new {
        return proof.is_empty() && old_root == new_root;
    }
    let mut rest = proof.iter();
    let first = if old.is_power_of_two() { Some(old_root) } else { rest.next() };
    let Some(first) = first else { return false };
    let up = (old - 1).trailing_ones();
    let (mut node, mut last) = (shift(old - 1, up), shift(new - 1, up));
    let (mut old_hash, mut new_hash) = (*first, *first);
    for part in rest {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            old_hash = node_hash(part, &old_hash);
            new_hash = node_hash(part, &new_hash);
            let up = if node & 1 == 1 || node == 0 { 0 } else { node.trailing_zeros() };
            node = shift(node, up);
            last = shift(last, up);
        } else {
            new_hash = node_hash(&new_hash, part);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && old_hash == *old_root && new_hash == *new_root
}

fn shift(value: u64, by: u32) -> u64 {
    value.checked_shr(by).unwrap_or(0)
}

/// The largest power of two below `size`, which is at least 2.
fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

/// Hashes of ranges of leaves, last collected first: proofs are written from the leaf up.
fn hash_parts<E>(parts: Vec<(u64, u64)>, mut read: impl FnMut(Node) -> Result<Hash, E>) -> Result<Vec<Hash>, E> {
    parts.into_iter().rev().map(|(from, to)| hash_range(from, to, &mut read)).collect()
}

/// The hash of the leaves `from..to`; `from` is a multiple of a power of two that is at least as large as the range.
fn hash_range<E>(mut from: u64, to: u64, read: &mut impl FnMut(Node) -> Result<Hash, E>) -> Result<Hash, E> {
    let mut peaks = Vec::new();
    while from < to {
        let level = (to - from).ilog2();
        let level = u8::try_from(level).unwrap_or_default();
        peaks.push(read(Node { level, index: from >> level })?);
        from += 1 << level;
    }
    Ok(fold_right(&peaks).unwrap_or_else(empty_root))
}

/// Joins subtrees from the right, smallest first; `None` for none.
pub(super) fn fold_right(peaks: &[Hash]) -> Option<Hash> {
    let (last, rest) = peaks.split_last()?;
    Some(rest.iter().rev().fold(*last, |right, left| node_hash(left, &right)))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::base::bytes;

    /// The tree of RFC 6962 §2.1 word for word, as the reference.
    fn naive(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => empty_root(),
            [leaf] => *leaf,
            more => {
                let (left, right) = more.split_at(usize::try_from(split(more.len() as u64)).unwrap());
                node_hash(&naive(left), &naive(right))
            }
        }
    }

    fn leaves(n: u64) -> Vec<Hash> {
        (0..n).map(|i| leaf_hash(&i.to_be_bytes())).collect()
    }

    fn reader(leaves: &[Hash]) -> impl FnMut(Node) -> Result<Hash, Infallible> + '_ {
        |node| {
            let from = usize::try_from(node.index << node.level).unwrap();
            Ok(naive(&leaves[from..from + (1 << node.level)]))
        }
    }

    /// Roots of the eight-leaf tree published with Certificate Transparency (`merkle_tree_test`).
    #[test]
    fn roots_equal_those_published_with_certificate_transparency() {
        let inputs =
            ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut frontier = Frontier::default();
        assert_eq!(bytes::hex(&frontier.root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        for (input, root) in inputs.into_iter().zip(roots) {
            frontier.push(leaf_hash(&bytes::from_hex(input).unwrap()));
            assert_eq!(bytes::hex(&frontier.root()), root);
        }
    }

    #[test]
    fn the_frontier_grows_into_the_tree_of_the_specification() {
        let all = leaves(130);
        let mut frontier = Frontier::default();
        for n in 0..all.len() {
            assert_eq!(frontier.root(), naive(&all[..n]), "{n}");
            let kept = Frontier::from_peaks(frontier.size(), frontier.peaks().to_vec());
            assert_eq!(kept.as_ref(), Some(&frontier));
            frontier.push(all[n]);
        }
        assert_eq!(Frontier::from_peaks(3, vec![[0; 32]]), None);
    }

    #[test]
    fn every_inclusion_proof_verifies_and_no_altered_one_does() {
        let all = leaves(40);
        for size in 1..=40_u64 {
            let tree = &all[..usize::try_from(size).unwrap()];
            let root = naive(tree);
            for index in 0..size {
                let proof = inclusion_proof(index, size, reader(tree)).unwrap().unwrap();
                let leaf = tree[usize::try_from(index).unwrap()];
                assert!(verify_inclusion(&leaf, index, size, &proof, &root), "{index} of {size}");
                assert!(!verify_inclusion(&leaf_hash(b"other"), index, size, &proof, &root));
                assert!(!verify_inclusion(&leaf, size, size, &proof, &root));
                if size > 1 {
                    assert!(!verify_inclusion(&leaf, (index + 1) % size, size, &proof, &root));
                    assert!(!verify_inclusion(&leaf, index, size, &proof[1..], &root));
                }
                let longer = [proof.as_slice(), &[root]].concat();
                assert!(!verify_inclusion(&leaf, index, size, &longer, &root));
            }
        }
        assert_eq!(inclusion_proof(3, 3, reader(&all)).unwrap(), None);
    }

    #[test]
    fn every_consistency_proof_verifies_and_no_altered_one_does() {
        let all = leaves(40);
        for new in 0..=40_usize {
            let new_root = naive(&all[..new]);
            for old in 0..=new {
                let old_root = naive(&all[..old]);
                let (m, n) = (old as u64, new as u64);
                let proof = consistency_proof(m, n, reader(&all[..new])).unwrap().unwrap();
                assert!(verify_consistency(m, &old_root, n, &new_root, &proof), "{old} in {new}");
                let longer = [proof.as_slice(), &[new_root]].concat();
                assert!(!verify_consistency(m, &old_root, n, &new_root, &longer));
                assert!(!verify_consistency(m, &leaf_hash(b"other"), n, &new_root, &proof));
                if old > 0 && old < new {
                    assert!(!verify_consistency(m, &old_root, n, &leaf_hash(b"other"), &proof));
                    assert!(!verify_consistency(m, &old_root, n, &new_root, &proof[..proof.len() - 1]));
                }
            }
        }
        assert_eq!(consistency_proof(4, 3, reader(&all)).unwrap(), None);
    }
}
