//! The archive package of an application, 归档包: one file that proves by itself what was shown and decided.
//!
//! It is a JSON object: a manifest that the city's root key signs, naming every member with its SHA-256, and the members:
//! the case, its events and use records with their proofs of inclusion, the presentations as they were received, the results,
//! the trust registries of those days with the agencies' keys and their places in the log, those of the other cities whose
//! licences were accepted with what the log says they were believed for, the status lists as they were published at the
//! moment of use, the schemas and the context. [`make`] puts it together,
//! [`check`] judges it with the root key alone: every key may have rotated since, and the city's server may be gone.
//! `opening` holds the members against the manifest; `known` is what verification is told then: the registry, the statuses
//! and the types as of the moment of use; `lists` reads the status lists, `abroad` the other cities' registries.

mod abroad;
pub mod check;
mod find;
mod known;
mod lists;
pub mod make;
mod opening;
pub mod report;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::bytes::{base64, base64url, from_base64};
use crate::base::error::ParseError;
use crate::base::json::{Limits, Map, Value, json, parse_object};
use crate::crypto::digest::sha256;

/// The `format` of the file.
pub const FORMAT: &str = "certless-archive";
/// The header member `typ` of the manifest.
pub const TYP: &str = "certless-archive+jwt";
/// An archive of a large case stays below this, bytes.
const LIMITS: Limits = Limits { bytes: 64 << 20, depth: 16 };

/// What the root key signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// The city.
    pub iss: String,
    /// Its address then.
    pub base: String,
    /// The case.
    pub case: String,
    /// When the archive was made.
    pub at: String,
    /// The key of the city's log, as its checkpoints name it.
    pub log_key: String,
    /// The SHA-256 of every member, base64url.
    pub members: BTreeMap<String, String>,
}

/// An archive as read; nothing of it is verified yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Archive {
    /// The signed manifest.
    pub manifest: String,
    /// The members by name.
    pub members: BTreeMap<String, Vec<u8>>,
}

impl Archive {
    /// Whether some bytes say that they are an archive.
    pub fn is_archive(bytes: &[u8]) -> bool {
        let start = bytes.get(..200).unwrap_or(bytes);
        bytes.first() == Some(&b'{') && start.windows(FORMAT.len()).any(|part| part == FORMAT.as_bytes())
    }

    /// Reads the file.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let wrong = |what: &str| ParseError::new("archive_malformed", what);
        let mut file = parse_object(bytes, &LIMITS)?;
        if file.get("format").and_then(Value::as_str) != Some(FORMAT) || file.get("version") != Some(&json!(1)) {
            return Err(wrong("not an archive of version 1"));
        }
        let manifest = file.get("manifest").and_then(Value::as_str).ok_or_else(|| wrong("manifest"))?.to_owned();
        let Some(Value::Object(listed)) = file.remove("members") else { return Err(wrong("members")) };
        let members = listed.into_iter().map(|(name, value)| {
            let bytes = match (value.get("text").and_then(Value::as_str), value.get("base64").and_then(Value::as_str)) {
                (Some(text), None) => text.as_bytes().to_vec(),
                (None, Some(text)) => from_base64(text)?,
                _ => return Err(wrong("a member is a text or base64")),
            };
            Ok((name, bytes))
        });
        Ok(Self { manifest, members: members.collect::<Result<_, _>>()? })
    }

    /// The file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let member = |bytes: &Vec<u8>| match std::str::from_utf8(bytes) {
            Ok(text) => json!({"text": text}),
            Err(_) => json!({"base64": base64(bytes)}),
        };
        let members: Map = self.members.iter().map(|(name, bytes)| (name.clone(), member(bytes))).collect();
        json!({"format": FORMAT, "version": 1, "manifest": self.manifest, "members": members}).to_string().into_bytes()
    }

    /// A member; `archive_member` when it is missing.
    fn member(&self, name: &str) -> Result<&[u8], ParseError> {
        let found = self.members.get(name).map(Vec::as_slice);
        found.ok_or_else(|| ParseError::new("archive_member", format!("{name} is missing")))
    }

    /// A member that is a text.
    fn text(&self, name: &str) -> Result<&str, ParseError> {
        std::str::from_utf8(self.member(name)?)
            .map_err(|_| ParseError::new("archive_member", format!("{name} is no text")))
    }

    /// The names of members in a folder.
    fn folder<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.members.keys().map(String::as_str).filter(move |name| name.starts_with(folder))
    }
}

/// The digest of a member.
fn digest(bytes: &[u8]) -> String {
    base64url(&sha256(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let members = [("a.json".to_owned(), b"{}".to_vec()), ("b".to_owned(), vec![0xff, 0])].into_iter().collect();
        let archive = Archive { manifest: "x.y.z".to_owned(), members };
        let bytes = archive.to_bytes();
        assert!(Archive::is_archive(&bytes) && !Archive::is_archive(b"{\"format\":\"x\"}"));
        assert_eq!(Archive::parse(&bytes).unwrap(), archive);
        for wrong in ["{}", r#"{"format":"certless-archive","version":2,"manifest":"","members":{}}"#, "[]", ""] {
            assert!(Archive::parse(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
