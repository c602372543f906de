//! The inclusion of one entry as a text that travels with it (C2SP tlog-proof): index, hashes and the signed checkpoint.

use std::fmt;

use super::checkpoint::{Accepted, Policy, decimal};
use super::merkle::{Hash, verify_inclusion};
use crate::base::bytes::{base64, from_base64};
use crate::base::error::ParseError;

/// The first line.
const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// Most hashes: a tree of 2⁶³ leaves has no longer proof.
const MOST_HASHES: usize = 63;

/// Shows that an entry stands in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogProof {
    /// Further data, not authenticated: what the reader needs to work out the entry.
    pub extra: Option<Vec<u8>>,
    /// The place of the entry, from 0.
    pub index: u64,
    /// The inclusion proof, from the leaf's sibling up.
    pub hashes: Vec<Hash>,
    /// The signed checkpoint, as the log gave it.
    pub checkpoint: String,
}

impl LogProof {
    /// Reads a proof; `log_proof_malformed` when it is none.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        Self::read(text).ok_or_else(|| ParseError::new("log_proof_malformed", "not a tlog-proof"))
    }

    fn read(text: &str) -> Option<Self> {
        let (head, checkpoint) = text.split_once("\n\n")?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(HEADER) {
            return None;
        }
        let extra = match lines.peek().and_then(|line| line.strip_prefix("extra ")) {
            Some(encoded) => {
                lines.next();
                Some(from_base64(encoded).ok()?)
            }
            None => None,
        };
        let index = decimal(lines.next()?.strip_prefix("index ")?)?;
        let hash = |line: &str| Hash::try_from(from_base64(line).ok()?).ok();
        let hashes = lines.map(hash).collect::<Option<Vec<_>>>().filter(|hashes| hashes.len() <= MOST_HASHES)?;
        Some(Self { extra, index, hashes, checkpoint: checkpoint.to_owned() })
    }

    /// Verifies that the leaf with this hash stands in a log that the policy accepts.
    ///
    /// `log_proof_wrong` when the hashes do not lead to the root; otherwise as [`Policy::open`].
    pub fn verify(&self, leaf: &Hash, policy: &Policy) -> Result<Accepted, ParseError> {
        let accepted = policy.open(&self.checkpoint)?;
        let tree = &accepted.checkpoint;
        if verify_inclusion(leaf, self.index, tree.size, &self.hashes, &tree.root) {
            return Ok(accepted);
        }
        Err(ParseError::new("log_proof_wrong", "the hashes do not lead to the root of the checkpoint"))
    }
}

impl fmt::Display for LogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", base64(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{}", base64(hash)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{Signer as _, SigningKey};
    use crate::tlog::checkpoint::Checkpoint;
    use crate::tlog::merkle::{Node, inclusion_proof, leaf_hash, node_hash, root};
    use crate::tlog::note::{Kind, VerifierKey};

    fn node(leaves: &[Hash], at: Node) -> Hash {
        if at.level == 0 {
            return leaves[usize::try_from(at.index).unwrap()];
        }
        let child = |index| node(leaves, Node { level: at.level - 1, index });
        node_hash(&child(at.index * 2), &child(at.index * 2 + 1))
    }

    #[test]
    fn every_entry_of_a_tree_proves_itself_and_no_other() {
        let key = SigningKey::ed25519(&[4; 32]);
        let policy = Policy::of_key(VerifierKey::new("log.example", Kind::Ed25519, key.public_key()).unwrap());
        let leaves: Vec<Hash> = (0..21_u8).map(|i| leaf_hash(&[i])).collect();
        let tree = Checkpoint { origin: "log.example".to_owned(), size: 21, root: root(leaves.iter().copied()) };
        let mut note = tree.note().unwrap();
        note.sign("log.example", &key).unwrap();
        for index in 0..21 {
            let hashes = inclusion_proof(index, 21, |at| Ok::<_, ()>(node(&leaves, at))).unwrap().unwrap();
            let extra = (index % 2 == 0).then(|| vec![7; 3]);
            let proof = LogProof { extra, index, hashes, checkpoint: note.to_string() };
            let read = LogProof::parse(&proof.to_string()).unwrap();
            assert_eq!(read, proof);
            let own = leaves[usize::try_from(index).unwrap()];
            assert_eq!(read.verify(&own, &policy).unwrap().checkpoint, tree);
            let other = leaves[usize::try_from((index + 1) % 21).unwrap()];
            assert_eq!(read.verify(&other, &policy).unwrap_err().code, "log_proof_wrong");
        }
    }

    #[test]
    fn what_is_no_proof_is_refused() {
        let good = format!("{HEADER}\nindex 0\n\nlog.example\n");
        assert!(LogProof::parse(&good).is_ok());
        for wrong in [
            good.replace("@v1", "@v2"),
            good.replace("index 0", "index 00"),
            good.replace("index 0", "index 0\nAAAA"),
            good.replace("\n\n", "\n"),
            good.replace("index 0", &format!("index 0{}", format!("\n{}", base64(&[0; 32])).repeat(64))),
        ] {
            assert_eq!(LogProof::parse(&wrong).unwrap_err().code, "log_proof_malformed", "{wrong}");
        }
    }
}
