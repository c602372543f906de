//! A log of somebody else, as a list of leaves.

use certless::base::bytes::base64;
use certless::crypto::{Signer as _, SigningKey};
use certless::tlog::checkpoint::Checkpoint;
use certless::tlog::merkle::{Hash, Node, consistency_proof, leaf_hash, node_hash, root};
use certless::tlog::note::{Kind, Note, VerifierKey};

/// A log with its key.
pub(super) struct Tree {
    pub(super) origin: String,
    pub(super) key: SigningKey,
    leaves: Vec<Hash>,
}

impl Tree {
    /// A log of `size` leaves; logs of other flavours have other leaves.
    pub(super) fn new(origin: &str, flavour: u8, size: u64) -> Self {
        let mut tree = Self { origin: origin.to_owned(), key: SigningKey::ed25519(&[11; 32]), leaves: Vec::new() };
        tree.grow(flavour, size);
        tree
    }

    pub(super) fn grow(&mut self, flavour: u8, by: u64) {
        let from = self.size();
        self.leaves.extend((from..from + by).map(|n| leaf_hash(&[&[flavour], &n.to_be_bytes()[..]].concat())));
    }

    pub(super) fn size(&self) -> u64 {
        u64::try_from(self.leaves.len()).unwrap()
    }

    pub(super) fn vkey(&self) -> String {
        VerifierKey::new(&self.origin, Kind::Ed25519, self.key.public_key()).unwrap().to_string()
    }

    /// The signed checkpoint of the first `size` leaves.
    pub(super) fn note(&self, size: u64) -> Note {
        let leaves = self.leaves[..usize::try_from(size).unwrap()].iter().copied();
        let tree = Checkpoint { origin: self.origin.clone(), size, root: root(leaves) };
        let mut note = tree.note().unwrap();
        note.sign(&self.origin, &self.key).unwrap();
        note
    }

    pub(super) fn proof(&self, old: u64, new: u64) -> Vec<Hash> {
        consistency_proof(old, new, |at| Ok::<_, ()>(self.node(at))).unwrap().unwrap()
    }

    fn node(&self, at: Node) -> Hash {
        if at.level == 0 {
            return self.leaves[usize::try_from(at.index).unwrap()];
        }
        let child = |index| self.node(Node { level: at.level - 1, index });
        node_hash(&child(at.index * 2), &child(at.index * 2 + 1))
    }

    /// The request that leads a witness from `old` to `new`.
    pub(super) fn request(&self, old: u64, new: u64) -> String {
        body(old, &self.proof(old, new), &self.note(new).to_string())
    }
}

/// A request as the specification writes it.
pub(super) fn body(old: u64, proof: &[Hash], note: &str) -> String {
    let mut lines = vec![format!("old {old}")];
    lines.extend(proof.iter().map(|hash| base64(hash)));
    format!("{}\n\n{note}", lines.join("\n"))
}
