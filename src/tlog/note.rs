//! Signed notes (C2SP signed-note): a text, and below it signatures of named keys.
//!
//! Two kinds of signature: plain Ed25519 over the text (type 0x01) and the timestamped cosignature of a witness (type
//! 0x04, C2SP tlog-cosignature). Signatures of keys that are not known are kept and ignored.

use std::fmt;

use crate::base::bytes::{base64, from_base64, from_hex, hex};
use crate::base::error::ParseError;
use crate::crypto::digest::sha256_of;
use crate::crypto::{PublicKey, Signer, ed25519};

/// Longest note that is read, bytes: a checkpoint with many cosignatures of large keys.
const MOST_BYTES: usize = 256 << 10;
/// Most signatures of a note that is read; the specification asks for at least 16.
const MOST_SIGNATURES: usize = 64;
/// What a signature line begins with: an em dash and a space.
const DASH: &str = "\u{2014} ";

/// What a key signs: its signature type byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Ed25519 over the text.
    Ed25519,
    /// A witness's cosignature with its time.
    Cosignature,
}

impl Kind {
    fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::Cosignature => 0x04,
        }
    }

    fn from_byte(byte: u8) -> Option<Self> {
        [Self::Ed25519, Self::Cosignature].into_iter().find(|kind| kind.byte() == byte)
    }
}

/// The first four bytes of what identifies a key beside its name.
pub type KeyId = [u8; 4];

/// A named key that signs notes; as text a vkey, `name+hex(id)+base64(type ‖ key)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    kind: Kind,
    id: KeyId,
    key: PublicKey,
}

impl VerifierKey {
    /// A key under a name; `note_key` for a name with spaces or a plus sign, or a key that is not Ed25519.
    pub fn new(name: &str, kind: Kind, key: &PublicKey) -> Result<Self, ParseError> {
        check_name(name)?;
        let PublicKey::Ed25519(bytes) = key else { return Err(bad_key("only Ed25519 keys sign notes")) };
        let digest = sha256_of(&[name.as_bytes(), b"\n", &[kind.byte()], bytes.as_bytes()]);
        let [a, b, c, d, ..] = digest;
        Ok(Self { name: name.to_owned(), kind, id: [a, b, c, d], key: key.clone() })
    }

    /// Reads a vkey; `note_key` when it is none, or its id is not that of its name and key.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(bad_key("expected name+id+key"));
        };
        let bytes = from_base64(key).map_err(|_| bad_key("the key is not base64"))?;
        let (&kind, bytes) = bytes.split_first().ok_or_else(|| bad_key("the key is empty"))?;
        let kind = Kind::from_byte(kind).ok_or_else(|| bad_key("a signature type that is not supported"))?;
        let key = ed25519::PublicKey::from_bytes(bytes).map_err(|error| bad_key(&error.to_string()))?;
        let read = Self::new(name, kind, &PublicKey::Ed25519(key))?;
        if from_hex(id).is_ok_and(|id| id == read.id) && !id.contains(|c: char| c.is_ascii_uppercase()) {
            return Ok(read);
        }
        Err(bad_key("the id is not that of the name and the key"))
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id of the key.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The key itself.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// What it signs.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The same with its multiples worked out, for verifying often.
    #[must_use]
    pub fn prepared(mut self) -> Self {
        self.key = self.key.prepared();
        self
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = match &self.key {
            PublicKey::Ed25519(key) => [&[self.kind.byte()], &key.as_bytes()[..]].concat(),
            PublicKey::P256(_) => Vec::new(),
        };
        write!(f, "{}+{}+{}", self.name, hex(&self.id), base64(&bytes))
    }
}

/// One signature line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The name of the key.
    pub name: String,
    /// The id of the key.
    pub id: KeyId,
    /// What the key made: 64 bytes, or 8 bytes of time and 64 bytes.
    pub bytes: Vec<u8>,
}

impl Signature {
    fn parse(line: &str) -> Result<Self, ParseError> {
        let wrong = || malformed("a line below the text is no signature");
        let (name, encoded) = line.strip_prefix(DASH).and_then(|rest| rest.split_once(' ')).ok_or_else(wrong)?;
        check_name(name).map_err(|_| wrong())?;
        let bytes = from_base64(encoded).map_err(|_| wrong())?;
        let (id, bytes) = bytes.split_first_chunk::<4>().filter(|(_, rest)| !rest.is_empty()).ok_or_else(wrong)?;
        Ok(Self { name: name.to_owned(), id: *id, bytes: bytes.to_vec() })
    }

    fn is_by(&self, key: &VerifierKey) -> bool {
        self.name == key.name && self.id == key.id
    }

    /// Reads signature lines alone, as a witness answers; `note_malformed` for anything else.
    pub fn parse_lines(text: &str) -> Result<Vec<Self>, ParseError> {
        if text.len() > MOST_BYTES || text.lines().count() > MOST_SIGNATURES {
            return Err(malformed("too long"));
        }
        let body = text.strip_suffix('\n').ok_or_else(|| malformed("the last line has no end"))?;
        body.split('\n').map(Self::parse).collect()
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{DASH}{} {}", self.name, base64(&[&self.id[..], &self.bytes].concat()))
    }
}

/// A text and its signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

impl Note {
    /// An unsigned note; `note_malformed` when the text does not end in a newline or has a control character.
    pub fn new(text: String) -> Result<Self, ParseError> {
        check_text(&text)?;
        Ok(Self { text, signatures: Vec::new() })
    }

    /// Reads a note; `note_malformed` when it is none, or too large.
    pub fn parse(note: &str) -> Result<Self, ParseError> {
        if note.len() > MOST_BYTES {
            return Err(malformed("longer than 256 KiB"));
        }
        let at = note.rfind("\n\n").ok_or_else(|| malformed("no blank line before the signatures"))?;
        let (text, below) = (note.get(..=at).unwrap_or_default(), note.get(at + 2..).unwrap_or_default());
        check_text(text)?;
        let signatures = Signature::parse_lines(below)?;
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// The text, with its last newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures, known and unknown.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Signs the text with a plain Ed25519 key under a name.
    pub fn sign(&mut self, name: &str, signer: &dyn Signer) -> Result<(), ParseError> {
        let key = VerifierKey::new(name, Kind::Ed25519, signer.public_key())?;
        let bytes = signer.sign(self.text.as_bytes()).to_vec();
        self.add(Signature { name: key.name, id: key.id, bytes });
        Ok(())
    }

    /// The cosignature of a witness at a time, seconds since 1970 (C2SP tlog-cosignature).
    pub fn cosign(&self, name: &str, signer: &dyn Signer, time: u64) -> Result<Signature, ParseError> {
        let key = VerifierKey::new(name, Kind::Cosignature, signer.public_key())?;
        let signature = signer.sign(cosigned(&self.text, time).as_bytes());
        let bytes = [&time.to_be_bytes()[..], &signature[..]].concat();
        Ok(Signature { name: key.name, id: key.id, bytes })
    }

    /// Adds a signature, in place of an older one of the same key.
    pub fn add(&mut self, signature: Signature) {
        self.signatures.retain(|old| (&old.name, old.id) != (&signature.name, signature.id));
        self.signatures.push(signature);
    }

    /// The same text without the signatures of which `keep` says no.
    #[must_use]
    pub fn only(mut self, keep: impl FnMut(&Signature) -> bool) -> Self {
        self.signatures.retain(keep);
        self
    }

    /// Verifies the signature of a key: the time of a cosignature, 0 for a plain one; `None` when the key did not sign.
    ///
    /// `note_signature` when a signature under its name and id does not verify: then the whole note is to be refused.
    pub fn verify(&self, key: &VerifierKey) -> Result<Option<u64>, ParseError> {
        let mut found = None;
        for signature in self.signatures.iter().filter(|signature| signature.is_by(key)) {
            found = Some(self.verify_one(key, &signature.bytes)?);
        }
        Ok(found)
    }

    fn verify_one(&self, key: &VerifierKey, bytes: &[u8]) -> Result<u64, ParseError> {
        let wrong = || ParseError::new("note_signature", format!("the signature of {} does not verify", key.name));
        match key.kind {
            Kind::Ed25519 => key.key.verify(self.text.as_bytes(), bytes).map(|()| 0).map_err(|_| wrong()),
            Kind::Cosignature => {
                let (time, signature) = bytes.split_first_chunk::<8>().ok_or_else(wrong)?;
                let time = u64::from_be_bytes(*time);
                let message = cosigned(&self.text, time);
                key.key.verify(message.as_bytes(), signature).map_err(|_| wrong())?;
                i64::try_from(time).map(|_| time).map_err(|_| wrong())
            }
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| write!(f, "{signature}"))
    }
}

fn cosigned(text: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

fn check_name(name: &str) -> Result<(), ParseError> {
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+') {
        return Err(bad_key("a name has no space, no plus sign and at least one character"));
    }
    Ok(())
}

fn check_text(text: &str) -> Result<(), ParseError> {
    if !text.ends_with('\n') || text.contains(|c: char| c < ' ' && c != '\n') {
        return Err(malformed("the text does not end in a newline or has a control character"));
    }
    Ok(())
}

fn bad_key(detail: &str) -> ParseError {
    ParseError::new("note_key", detail)
}

fn malformed(detail: &str) -> ParseError {
    ParseError::new("note_malformed", detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::SigningKey;

    const VKEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    const NOTE: &str = "This is an example message.\n\n\u{2014} example.com/foo \
        Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

    #[test]
    fn the_example_of_the_specification_verifies() {
        let key = VerifierKey::parse(VKEY).unwrap();
        assert_eq!(key.to_string(), VKEY);
        let note = Note::parse(NOTE).unwrap();
        assert_eq!(note.to_string(), NOTE);
        assert_eq!(note.verify(&key), Ok(Some(0)));
        let changed = Note::parse(&NOTE.replace("example message", "other message")).unwrap();
        assert_eq!(changed.verify(&key).unwrap_err().code, "note_signature");
    }

    #[test]
    fn a_key_must_fit_its_id_and_name() {
        for wrong in [
            VKEY.replace("530d903a", "530d903b"),
            VKEY.replace("530d903a", "530D903A"),
            VKEY.replace("foo", "fo o"),
            VKEY.replace("Aek", "Bek"),
            "example.com/foo".to_owned(),
        ] {
            assert_eq!(VerifierKey::parse(&wrong).unwrap_err().code, "note_key", "{wrong}");
        }
    }

    #[test]
    fn a_cosignature_covers_text_and_time_and_unknown_signatures_are_kept() {
        let (log, witness) = (SigningKey::ed25519(&[1; 32]), SigningKey::ed25519(&[2; 32]));
        let mut note = Note::new("log.example\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n".to_owned()).unwrap();
        note.sign("log.example", &log).unwrap();
        let cosignature = note.cosign("witness.example/w1", &witness, 1_679_315_147).unwrap();
        note.add(cosignature.clone());
        note.add(Signature { name: "grease.example".to_owned(), id: [9; 4], bytes: vec![7; 5] });
        let read = Note::parse(&note.to_string()).unwrap();
        assert_eq!(read, note);
        let key = VerifierKey::new("witness.example/w1", Kind::Cosignature, witness.public_key()).unwrap();
        assert_eq!(read.verify(&key), Ok(Some(1_679_315_147)));
        let other = VerifierKey::new("witness.example/w2", Kind::Cosignature, witness.public_key()).unwrap();
        assert_eq!(read.verify(&other), Ok(None));
        let mut later = cosignature;
        later.bytes[7] ^= 1;
        note.add(later);
        assert!(note.verify(&key).is_err(), "another time is another message");
    }

    #[test]
    fn what_is_no_note_is_refused() {
        for wrong in [
            "",
            "text\n",
            "text\n\n",
            "text\n\nno signature\n",
            "te\txt\n\n\u{2014} a AAAAAAA=\n",
            "a\n\n\u{2014} a AAAA\n",
        ] {
            assert_eq!(Note::parse(wrong).unwrap_err().code, "note_malformed", "{wrong:?}");
        }
        let line = "\u{2014} a AAAAAAA=\n";
        assert!(Note::parse(&format!("a\n\n{}", line.repeat(64))).is_ok());
        assert!(Note::parse(&format!("a\n\n{}", line.repeat(65))).is_err());
    }
}
