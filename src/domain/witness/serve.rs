//! The witness that others ask: `add-checkpoint` of C2SP tlog-witness.
//!
//! The tree that was cosigned last is one row for each log, replaced by compare-and-set in the change that must be
//! durable before the cosignature leaves: of two requests at once one is told the other's size, and a crash leaves either
//! the old tree or the new one, whose cosignature is made again when it is asked for again.

use serde::{Deserialize, Serialize};

use super::{WitnessedLog, replace};
use crate::base::bytes::{base64, from_base64};
use crate::base::error::ParseError;
use crate::base::time::Timestamp;
use crate::crypto::digest::sha256;
use crate::domain::change::{Change, Row, Table};
use crate::domain::city::City;
use crate::domain::city::keys::OwnSigner;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::ports::StoreError;
use crate::domain::record;
use crate::tlog::checkpoint::Checkpoint;
use crate::tlog::merkle::{Hash, empty_root, verify_consistency};
use crate::tlog::note::{Note, VerifierKey};

/// Longest request, bytes: 63 hashes and a checkpoint with many signatures.
pub const MOST_BYTES: usize = 48 << 10;
/// Most lines of a consistency proof.
const MOST_HASHES: usize = 63;
/// How long a cosignature answers a repetition of its own checkpoint, seconds: nobody makes a witness write for nothing.
const REPEATS: i64 = 60;

/// What a witness answers to a checkpoint that it may judge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// The cosignature: signature lines.
    Cosigned(String),
    /// The old size is not that of the latest tree, which this is.
    Size(u64),
}

/// The latest tree of a log that was cosigned.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WitnessedTree {
    /// Leaves.
    pub size: u64,
    /// The root, base64.
    pub root: String,
    /// The checkpoint with the log's signatures and the cosignature.
    pub note: String,
    /// The cosignature's line.
    pub line: String,
    /// When.
    pub at: Timestamp,
}

impl WitnessedTree {
    fn root(&self) -> Result<Hash, Error> {
        let root = from_base64(&self.root).ok().and_then(|root| root.try_into().ok());
        root.ok_or_else(|| Error::corrupt("the root of a witnessed tree"))
    }
}

/// A request as it was read.
struct Submission {
    old: u64,
    proof: Vec<Hash>,
    note: Note,
    tree: Checkpoint,
}

impl City {
    /// Judges a checkpoint of a log that this city witnesses, and cosigns it when the tree only grew.
    ///
    /// `malformed` for what is no request or has an old size beyond the new, `not-found` for an unknown origin,
    /// `not-allowed` without a signature of the log, `refused` for a tree that does not continue the last.
    pub fn add_checkpoint(&self, body: &[u8]) -> Result<Told, Error> {
        let asked = Submission::read(body)?;
        let log = self.store().get(Table::WitnessedLog, asked.tree.origin.as_bytes())?;
        let log = log.ok_or_else(|| Error::not_found(format!("no log {} is witnessed here", asked.tree.origin)))?;
        let keys = record::decode::<WitnessedLog>(Table::WitnessedLog, &log.value)?.keys;
        let mut keys = keys.iter().map(|key| VerifierKey::parse(key)).collect::<Result<Vec<_>, _>>()?;
        keys.extend(self.successors_of(&keys, &asked.tree.origin));
        let signed = asked.signed_by(&keys)?;
        if asked.old > asked.tree.size {
            return Err(Error::malformed("the old size is larger than the size of the checkpoint"));
        }
        let origin = asked.tree.origin.as_bytes();
        let row = self.store().get(Table::WitnessedTree, origin)?;
        let last = row.as_ref().map(tree_of).transpose()?;
        let known = last.as_ref().map_or(0, |tree| tree.size);
        if asked.old != known {
            return Ok(Told::Size(known));
        }
        asked.continues(last.as_ref())?;
        if let Some(last) = last.filter(|last| asked.repeats(last) && self.is_fresh(last)) {
            return Ok(Told::Cosigned(last.line));
        }
        self.cosign(&asked.tree, signed, row.map(|row| row.version))
    }

    /// The keys that follow the named ones in the registry of a city that is believed: a log that changed its key is
    /// witnessed on.
    fn successors_of(&self, named: &[VerifierKey], origin: &str) -> Vec<VerifierKey> {
        let mut found = Vec::new();
        for known in self.abroad.all() {
            let now = self.now();
            let keys: Vec<_> = known.registry.logs.iter().filter(|log| log.key.name() == origin).collect();
            if keys.iter().any(|log| named.contains(&log.key)) {
                let next = keys.into_iter().filter(|log| log.signs_at(now) && !named.contains(&log.key));
                found.extend(next.map(|log| log.key.clone()));
            }
        }
        found
    }

    fn is_fresh(&self, tree: &WitnessedTree) -> bool {
        (0..REPEATS).contains(&self.now().as_second().saturating_sub(tree.at.as_second()))
    }

    /// Signs, makes it durable against the tree that was read, and only then gives the signature away.
    fn cosign(&self, tree: &Checkpoint, mut note: Note, version: Option<u64>) -> Result<Told, Error> {
        let at = self.this_second();
        let time = u64::try_from(at.as_second()).map_err(|_| Error::corrupt("a time before 1970"))?;
        let (own, registry) = (self.keys.own(), self.registry());
        let (newest, older) = own.witnesses.split_last().ok_or_else(|| Error::corrupt("no key of the witness"))?;
        let signs = |one: &&OwnSigner| {
            let key = one.signer.public_key();
            registry.witnesses.iter().any(|known| known.key.key() == key && known.signs_at(at))
        };
        let mut line = String::new();
        for one in older.iter().filter(signs).chain([newest]) {
            let signature = note.cosign(&self.witness_name(), one.signer.as_ref(), time)?;
            line += &signature.to_string();
            note.add(signature);
        }
        let root = base64(&tree.root);
        let next = WitnessedTree { size: tree.size, root, note: note.to_string(), line: line.clone(), at };
        let value = record::encode(&next)?;
        let change = Change::new(self.fresh_request("cosign")?, sha256(&value));
        match self.store().commit(replace(change, Table::WitnessedTree, &tree.origin, version, value)) {
            Ok(_) => Ok(Told::Cosigned(line)),
            Err(StoreError::Conflict(_) | StoreError::Duplicate { .. }) => {
                let tree = self.witnessed_tree(&tree.origin)?;
                Ok(Told::Size(tree.map_or(0, |tree| tree.size)))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The latest tree of a log that was cosigned here.
    pub fn witnessed_tree(&self, origin: &str) -> Result<Option<WitnessedTree>, Error> {
        self.store().get(Table::WitnessedTree, origin.as_bytes())?.as_ref().map(tree_of).transpose()
    }

    /// The latest cosigned checkpoint of the log whose origin has this SHA-256, for monitors; `not-found` without one.
    pub fn monitored(&self, origin_hash: &[u8; 32]) -> Result<String, Error> {
        let logs = self.witnessed_logs()?;
        let log = logs.iter().find(|log| sha256(log.origin.as_bytes()) == *origin_hash);
        let tree = log.map(|log| self.witnessed_tree(&log.origin)).transpose()?.flatten();
        tree.map(|tree| tree.note).ok_or_else(|| Error::not_found("no checkpoint of such a log was cosigned"))
    }
}

fn tree_of(row: &Row) -> Result<WitnessedTree, Error> {
    record::decode(Table::WitnessedTree, &row.value)
}

impl Submission {
    fn read(body: &[u8]) -> Result<Self, Error> {
        let wrong = |what: &str| Error::malformed(format!("not an add-checkpoint request: {what}"));
        if body.len() > MOST_BYTES {
            return Err(Error::new(ErrorKind::TooLarge, "an add-checkpoint request of more than 48 KiB"));
        }
        let text = std::str::from_utf8(body).map_err(|_| wrong("not UTF-8"))?;
        let (head, note) = text.split_once("\n\n").ok_or_else(|| wrong("no empty line"))?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| decimal(line.strip_prefix("old ")?)).ok_or_else(|| wrong("old size"))?;
        let hash = |line: &str| Hash::try_from(from_base64(line).ok()?).ok();
        let proof: Option<Vec<Hash>> = lines.map(hash).collect();
        let proof = proof.filter(|proof| proof.len() <= MOST_HASHES).ok_or_else(|| wrong("the proof"))?;
        let note = Note::parse(note).map_err(|error| wrong(&error.to_string()))?;
        let tree = tree(note.text()).map_err(|error| wrong(&error.to_string()))?;
        Ok(Self { old, proof, note, tree })
    }

    /// The checkpoint with the signatures of the log's keys alone; refused without one, or with one that is wrong.
    fn signed_by(&self, keys: &[VerifierKey]) -> Result<Note, Error> {
        let unsigned = |why: &str| Error::new(ErrorKind::NotAllowed, why.to_owned());
        let mut found = false;
        for key in keys {
            found |= self.note.verify(key).map_err(|error| unsigned(&error.to_string()))?.is_some();
        }
        if !found {
            return Err(unsigned("no signature of a key of the log"));
        }
        let known = |name: &str, id: [u8; 4]| keys.iter().any(|key| key.name() == name && key.id() == id);
        Ok(self.note.clone().only(|signature| known(&signature.name, signature.id)))
    }

    /// Whether the very text was cosigned last: extension lines are covered by the signature too.
    fn repeats(&self, last: &WitnessedTree) -> bool {
        Note::parse(&last.note).is_ok_and(|note| note.text() == self.note.text())
    }

    /// Whether the tree is the last one grown.
    fn continues(&self, last: Option<&WitnessedTree>) -> Result<(), Error> {
        let tree = &self.tree;
        let refuse = |why: &str| Err(Error::new(ErrorKind::Refused, why.to_owned()));
        if tree.size == 0 && tree.root != empty_root() {
            return refuse("an empty tree with the root of another");
        }
        let old_root = last.map_or_else(|| Ok(empty_root()), WitnessedTree::root)?;
        if verify_consistency(self.old, &old_root, tree.size, &tree.root, &self.proof) {
            return Ok(());
        }
        refuse(if self.old == tree.size {
            "another tree of the same size was cosigned"
        } else {
            "the tree does not continue the one that was cosigned"
        })
    }
}

/// The tree of a checkpoint; an empty one with the root of another is read too, because it is refused otherwise.
fn tree(text: &str) -> Result<Checkpoint, ParseError> {
    Checkpoint::parse(text).or_else(|error| {
        let mut lines = text.split('\n');
        let (origin, size, root) = (lines.next(), lines.next(), lines.next());
        let root = root.and_then(|root| Hash::try_from(from_base64(root).ok()?).ok());
        match (origin, size, root) {
            (Some(origin), Some("0"), Some(root)) if !origin.is_empty() => {
                Ok(Checkpoint { origin: origin.to_owned(), size: 0, root })
            }
            _ => Err(error),
        }
    })
}

/// A decimal number without sign and leading zeroes.
pub(super) fn decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(head: &str, size: &str, root: &[u8; 32]) -> String {
        format!("{head}\n\nlog.example\n{size}\n{}\n\n\u{2014} log.example AAAAAAA=\n", base64(root))
    }

    fn code(body: &str) -> Option<ErrorKind> {
        Submission::read(body.as_bytes()).err().map(|error| error.kind)
    }

    #[test]
    fn a_request_is_read_as_the_specification_writes_it() {
        let hash = base64(&[5; 32]);
        let read = Submission::read(request(&format!("old 7\n{hash}\n{hash}"), "9", &[6; 32]).as_bytes()).unwrap();
        assert_eq!((read.old, read.proof.as_slice()), (7, &[[5; 32]; 2][..]));
        assert_eq!((read.tree.size, read.tree.root), (9, [6; 32]));
        let empty = Submission::read(request("old 0", "0", &[6; 32]).as_bytes()).unwrap();
        assert_eq!(empty.tree.size, 0, "read, and refused later as inconsistent");
    }

    #[test]
    fn what_is_no_request_is_malformed() {
        let hash = base64(&[5; 32]);
        for head in ["", "old", "old ", "old 07", "old -1", "old x", "old 7\n", "old 7\nAAAA", "new 7", " old 7"] {
            assert_eq!(code(&request(head, "9", &[6; 32])), Some(ErrorKind::Malformed), "{head:?}");
        }
        let long = format!("old 7{}", format!("\n{hash}").repeat(64));
        assert_eq!(code(&request(&long, "9", &[6; 32])), Some(ErrorKind::Malformed), "64 hashes");
        assert_eq!(code(&request("old 7", "09", &[6; 32])), Some(ErrorKind::Malformed));
        assert_eq!(code("old 7\n\nlog.example\n9\n"), Some(ErrorKind::Malformed), "no note");
        let large = "x".repeat(MOST_BYTES + 1);
        assert_eq!(code(&large), Some(ErrorKind::TooLarge));
    }
}
