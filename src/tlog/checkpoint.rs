//! Checkpoints (C2SP tlog-checkpoint): the size and root of a log as a text that the log signs and witnesses cosign.

use std::fmt;

use super::merkle::{Hash, empty_root};
use super::note::{Kind, Note, VerifierKey};
use crate::base::bytes::{base64, from_base64};
use crate::base::error::ParseError;
use crate::base::time::Timestamp;

/// A tree as its log names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: a URL without scheme.
    pub origin: String,
    /// Leaves.
    pub size: u64,
    /// The Merkle tree hash over them.
    pub root: Hash,
}

impl Checkpoint {
    /// Reads the text of a note; lines beyond the third are allowed and not kept. `checkpoint_malformed` otherwise.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let wrong = |what: &str| ParseError::new("checkpoint_malformed", what);
        let body = text.strip_suffix('\n').ok_or_else(|| wrong("the last line has no end"))?;
        let mut lines = body.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(wrong("fewer than three lines"));
        };
        if origin.is_empty() || lines.any(str::is_empty) {
            return Err(wrong("an empty line"));
        }
        let size = decimal(size).ok_or_else(|| wrong("the size"))?;
        let root =
            from_base64(root).ok().and_then(|root| Hash::try_from(root).ok()).ok_or_else(|| wrong("the root"))?;
        if size == 0 && root != empty_root() {
            return Err(wrong("an empty tree with the root of another"));
        }
        Ok(Self { origin: origin.to_owned(), size, root })
    }

    /// The unsigned note; `note_malformed` for an origin that no note can have.
    pub fn note(&self) -> Result<Note, ParseError> {
        Note::new(self.to_string())
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, base64(&self.root))
    }
}

/// A key of a log, and until when it signs.
///
/// "Clients MUST ignore unknown signatures. This enables, for example, log key rotation" (C2SP tlog-checkpoint): while two
/// keys overlap a checkpoint has a line of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogKey {
    /// The key.
    pub key: VerifierKey,
    /// When it signed last; absent while it is in use, or where nothing is told.
    pub until: Option<Timestamp>,
    /// From when others may have it.
    pub compromised_from: Option<Timestamp>,
}

impl From<VerifierKey> for LogKey {
    fn from(key: VerifierKey) -> Self {
        Self { key, until: None, compromised_from: None }
    }
}

impl LogKey {
    /// Whether it is the log's alone, and signs, at a time.
    pub fn counts_at(&self, at: Timestamp) -> bool {
        self.until.is_none_or(|until| at <= until) && self.compromised_from.is_none_or(|from| at < from)
    }
}

/// Whom a reader relies on: the log's own keys, and how many of which witnesses must have cosigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The origin line.
    pub origin: String,
    /// The log's keys; one of them must have signed.
    pub logs: Vec<LogKey>,
    /// The witnesses.
    pub witnesses: Vec<VerifierKey>,
    /// How many of them must have cosigned.
    pub quorum: usize,
}

/// A checkpoint that a policy accepts, and who cosigned it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// The keys of the log that signed it.
    pub signed: Vec<LogKey>,
    /// Names of the witnesses and their times, seconds since 1970.
    pub witnessed: Vec<(String, u64)>,
}

impl Accepted {
    /// Fails with `checkpoint_key_ended` unless one of the keys that signed counts at a time.
    pub fn require_at(&self, at: Timestamp) -> Result<(), ParseError> {
        if self.signed.iter().any(|signed| signed.counts_at(at)) {
            return Ok(());
        }
        Err(ParseError::new("checkpoint_key_ended", "signed by a key of the log that counts no more"))
    }
}

impl Policy {
    /// Relies on the keys of one log, and asks for no witness.
    pub fn of_log(origin: impl Into<String>, logs: Vec<LogKey>) -> Self {
        Self { origin: origin.into(), logs, witnesses: Vec::new(), quorum: 0 }
    }

    /// Relies on one key whose name is the log's origin, and asks for no witness.
    pub fn of_key(key: VerifierKey) -> Self {
        Self::of_log(key.name().to_owned(), vec![key.into()])
    }

    /// The same without witnesses.
    #[must_use]
    pub fn unwitnessed(&self) -> Self {
        Self::of_log(self.origin.clone(), self.logs.clone())
    }

    /// Reads a signed checkpoint and verifies every signature of a known key.
    ///
    /// `checkpoint_origin` for another log, `checkpoint_unsigned` without a signature of the log, `checkpoint_quorum` with
    /// too few cosignatures, `note_signature` when a known key's signature does not verify.
    pub fn open(&self, note: &str) -> Result<Accepted, ParseError> {
        let note = Note::parse(note)?;
        let checkpoint = Checkpoint::parse(note.text())?;
        if checkpoint.origin != self.origin {
            return Err(ParseError::new("checkpoint_origin", format!("of {}", checkpoint.origin)));
        }
        let mut signed = Vec::new();
        for one in self.logs.iter().filter(|one| one.key.kind() == Kind::Ed25519) {
            if note.verify(&one.key)?.is_some() {
                signed.push(one.clone());
            }
        }
        if signed.is_empty() {
            return Err(ParseError::new("checkpoint_unsigned", "no signature of the log"));
        }
        let mut witnessed = Vec::new();
        for key in self.witnesses.iter().filter(|key| key.kind() == Kind::Cosignature) {
            if let Some(time) = note.verify(key)? {
                witnessed.push((key.name().to_owned(), time));
            }
        }
        if witnessed.len() < self.quorum {
            let detail = format!("{} of {} witnesses", witnessed.len(), self.quorum);
            return Err(ParseError::new("checkpoint_quorum", detail));
        }
        Ok(Accepted { checkpoint, signed, witnessed })
    }
}

/// A decimal number without sign and leading zeroes.
pub(super) fn decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{Signer as _, SigningKey};

    fn checkpoint() -> Checkpoint {
        Checkpoint { origin: "log.example/city".to_owned(), size: 20_852_163, root: [7; 32] }
    }

    #[test]
    fn the_example_of_the_specification_reads() {
        let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        let read = Checkpoint::parse(text).unwrap();
        assert_eq!((read.size, read.to_string().as_str()), (20_852_163, text));
        assert_eq!(Checkpoint::parse(&format!("{text}extension\n")), Ok(read));
    }

    #[test]
    fn other_texts_are_refused() {
        let root = base64(&[7; 32]);
        for wrong in [
            String::new(),
            "a\n1\n".to_owned(),
            format!("\n1\n{root}\n"),
            format!("a\n01\n{root}\n"),
            format!("a\n+1\n{root}\n"),
            format!("a\n18446744073709551616\n{root}\n"),
            format!("a\n1\n{root}"),
            format!("a\n0\n{root}\n"),
            format!("a\n1\n{}\n", base64(&[7; 31])),
            format!("a\n1\n{root}\n\n"),
        ] {
            assert_eq!(Checkpoint::parse(&wrong).unwrap_err().code, "checkpoint_malformed", "{wrong:?}");
        }
    }

    #[test]
    fn a_policy_wants_the_log_and_a_quorum() {
        let (log, first, second) =
            (SigningKey::ed25519(&[1; 32]), SigningKey::ed25519(&[2; 32]), SigningKey::ed25519(&[3; 32]));
        let witness = |name, key: &SigningKey| VerifierKey::new(name, Kind::Cosignature, key.public_key()).unwrap();
        let policy = Policy {
            origin: checkpoint().origin,
            logs: vec![VerifierKey::new("log.example/city", Kind::Ed25519, log.public_key()).unwrap().into()],
            witnesses: vec![witness("w.example/1", &first), witness("w.example/2", &second)],
            quorum: 1,
        };
        let mut note = checkpoint().note().unwrap();
        let code = |note: &Note| policy.open(&note.to_string()).map_err(|error| error.code);
        note.sign("log.example/other", &log).unwrap();
        assert_eq!(code(&note), Err("checkpoint_unsigned"));
        note.sign("log.example/city", &log).unwrap();
        assert_eq!(code(&note), Err("checkpoint_quorum"));
        note.add(note.cosign("w.example/2", &second, 5).unwrap());
        assert_eq!(code(&note).unwrap().witnessed, [("w.example/2".to_owned(), 5)]);
        let mut forged = note.cosign("w.example/1", &first, 6).unwrap();
        forged.bytes[20] ^= 1;
        note.add(forged);
        assert_eq!(code(&note), Err("note_signature"));
        let other = Policy { origin: "log.example/else".to_owned(), ..policy.clone() };
        assert_eq!(other.open(&note.to_string()).unwrap_err().code, "checkpoint_origin");
    }

    #[test]
    fn a_log_with_two_keys_is_believed_by_whoever_knows_either_and_each_counts_in_its_time() {
        let (old, new) = (SigningKey::ed25519(&[1; 32]), SigningKey::ed25519(&[2; 32]));
        let vkey = |key: &SigningKey| VerifierKey::new("log.example/city", Kind::Ed25519, key.public_key()).unwrap();
        let at = |seconds| crate::base::time::from_unix(seconds).unwrap();
        let mut note = checkpoint().note().unwrap();
        note.sign("log.example/city", &old).unwrap();
        let before = note.to_string();
        note.sign("log.example/city", &new).unwrap();
        let overlap = note.to_string();
        for key in [&old, &new] {
            assert!(Policy::of_key(vkey(key)).open(&overlap).is_ok(), "either alone");
        }
        let ended = LogKey { until: Some(at(100)), ..vkey(&old).into() };
        let both = Policy::of_log("log.example/city", vec![ended.clone(), vkey(&new).into()]);
        assert_eq!(both.open(&overlap).unwrap().signed.len(), 2);
        let told = both.open(&before).unwrap();
        assert_eq!(told.signed, std::slice::from_ref(&ended));
        assert_eq!(told.require_at(at(100)), Ok(()));
        assert_eq!(told.require_at(at(101)).unwrap_err().code, "checkpoint_key_ended");
        assert_eq!(both.open(&overlap).unwrap().require_at(at(101)), Ok(()));
        let stolen = LogKey { compromised_from: Some(at(50)), ..ended };
        assert!(stolen.counts_at(at(49)) && !stolen.counts_at(at(50)));
    }
}
