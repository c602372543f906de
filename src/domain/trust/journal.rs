//! The journal of a verifier without a network: what it accepted, one JSON line each, chained by digests.
//!
//! A line holds nothing of what was shown: which copy of which licence (its identifier and status entries), who signed it,
//! when and where it was accepted, and the mark that a presentation is used up. `prev` is the SHA-256 of the line before, so
//! that a line taken out, changed or put in between shows, and a line cut off at the end shows when the journal was
//! reconciled once.

use serde::{Deserialize, Serialize};

use super::document::digest;
use crate::base::bytes::{base64url, hex};
use crate::base::jcs::canonicalize;
use crate::base::random::{Random, bytes};
use crate::base::time::Timestamp;
use crate::crypto::digest::sha256_of;
use crate::domain::error::{Error, ErrorKind};
use crate::vc::status::bitstring;
use crate::vc::status::token::StatusReference;
use crate::vc::verify::sources::{Content, StatusEntry};
use crate::vc::verify::{Evidence, Presentation, Verified};

/// Most lines of one journal; a new one is begun well before.
pub const MOST_LINES: usize = 20_000;
/// Longest name of a place, in characters.
const LONGEST_PLACE: usize = 80;

/// One acceptance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entry {
    /// The version of the format, 1.
    pub v: u8,
    /// The journal's name: random.
    pub journal: String,
    /// The number of the line, from 1.
    pub seq: u64,
    /// The digest of the line before; empty in the first.
    pub prev: String,
    /// When it was accepted.
    pub at: Timestamp,
    /// Where.
    pub place: String,
    /// When the bundle was made that it was verified with.
    pub bundle: Timestamp,
    /// The mark that the presentation is used up, hex; absent for what may be shown again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub once: Option<String>,
    /// The licences.
    pub credentials: Vec<Used>,
}

/// A licence that was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Used {
    /// Its identifier, where the format carries one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The issuer's DID or URL.
    pub issuer: String,
    /// The verification method that signed.
    pub method: String,
    /// The names of its type.
    pub types: Vec<String>,
    /// When it was signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_at: Option<Timestamp>,
    /// Valid from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Timestamp>,
    /// Valid until.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// Where its status is told.
    pub status: Vec<Place>,
    /// What tells this view of this copy from others, hex.
    pub view: String,
}

/// A status entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Place {
    /// The address of the list.
    pub list: String,
    /// The place in it.
    pub index: u64,
    /// The purpose, of an entry of a Bitstring Status List.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
}

/// Where a journal ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// The journal's name.
    pub journal: String,
    /// The number of its last line.
    pub seq: u64,
    /// That line's digest.
    pub digest: String,
}

/// A line that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it says.
    pub entry: Entry,
    /// Its digest.
    pub digest: String,
}

impl End {
    /// A new journal.
    pub fn new(random: &dyn Random) -> Self {
        Self { journal: base64url(&bytes::<16>(random)), seq: 0, digest: String::new() }
    }

    /// Where lines that were read end; `None` for no lines.
    pub fn of(lines: &[Line]) -> Option<Self> {
        lines.last().map(|line| Self {
            journal: line.entry.journal.clone(),
            seq: line.entry.seq,
            digest: line.digest.clone(),
        })
    }

    /// The next line: what was accepted at a place, without a line feed.
    pub fn line(
        &self,
        presentation: &Verified<Presentation>,
        place: &str,
        bundle: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<u8>, Error> {
        let place = place.trim();
        if place.is_empty() || place.chars().count() > LONGEST_PLACE || place.chars().any(char::is_control) {
            return Err(Error::malformed("place")
                .says("请写明核验地点（80 字以内）。", "Name the place, in up to 80 characters."));
        }
        let entry = Entry {
            v: 1,
            journal: self.journal.clone(),
            seq: self.seq.saturating_add(1),
            prev: self.digest.clone(),
            at: now,
            place: place.to_owned(),
            bundle,
            once: presentation.once.map(|once| hex(&once.digest)),
            credentials: presentation.credentials.iter().map(Used::of).collect(),
        };
        let value = serde_json::to_value(&entry).map_err(|error| Error::corrupt(error.to_string()))?;
        Ok(canonicalize(&value))
    }
}

impl Used {
    fn of(evidence: &Evidence) -> Self {
        let status: Vec<_> = evidence.status.iter().map(Place::of).collect();
        let view = match evidence.content.as_ref() {
            Content::View { name, .. } => name.as_str(),
            Content::Whole(_) | Content::Part(_) => "",
        };
        let named = evidence.id.as_deref().unwrap_or_default();
        let places: Vec<_> = status.iter().map(|place| format!("{} {}", place.list, place.index)).collect();
        let view = sha256_of(&[
            b"certless/view\n",
            evidence.issuer.as_bytes(),
            b"\n",
            named.as_bytes(),
            b"\n",
            places.join("\n").as_bytes(),
            b"\n",
            view.as_bytes(),
        ]);
        Self {
            id: evidence.id.clone(),
            issuer: evidence.issuer.clone(),
            method: evidence.method.clone(),
            types: evidence.type_names.clone(),
            signed_at: evidence.signed_at,
            valid_from: evidence.valid_from,
            valid_until: evidence.valid_until,
            status,
            view: hex(&view),
        }
    }
}

impl Place {
    fn of(entry: &StatusEntry) -> Self {
        match entry {
            StatusEntry::Token(reference) => {
                Self { list: reference.uri.clone(), index: reference.index, purpose: None }
            }
            StatusEntry::Bitstring(entry) => {
                Self { list: entry.list.clone(), index: entry.index, purpose: Some(entry.purpose.clone()) }
            }
        }
    }

    /// The entry as verification asks it.
    pub fn entry(&self) -> StatusEntry {
        match &self.purpose {
            None => StatusEntry::Token(StatusReference { uri: self.list.clone(), index: self.index }),
            Some(purpose) => StatusEntry::Bitstring(bitstring::Entry {
                purpose: purpose.clone(),
                index: self.index,
                list: self.list.clone(),
                size: 1,
                messages: Vec::new(),
            }),
        }
    }
}

/// Reads a journal; `refused` names the first line that does not follow from the one before.
pub fn read(text: &str) -> Result<Vec<Line>, Error> {
    let mut lines: Vec<Line> = Vec::new();
    for (at, text) in text.lines().enumerate() {
        if at >= MOST_LINES {
            return Err(Error::new(ErrorKind::TooLarge, format!("more than {MOST_LINES} lines")));
        }
        let entry: Entry = serde_json::from_str(text).map_err(|error| broken(at, &error.to_string()))?;
        let end = End::of(&lines);
        let follows = entry.v == 1
            && end.as_ref().is_none_or(|end| end.journal == entry.journal)
            && entry.seq == end.as_ref().map_or(0, |end| end.seq) + 1
            && entry.prev == end.map_or_else(String::new, |end| end.digest);
        if !follows {
            return Err(broken(at, "it does not follow from the line before"));
        }
        lines.push(Line { entry, digest: digest(text.as_bytes()) });
    }
    Ok(lines)
}

fn broken(at: usize, detail: &str) -> Error {
    let number = at + 1;
    Error::new(ErrorKind::Refused, format!("line {number}: {detail}")).coded("journal_broken").says(
        format!("离线核验记录第 {number} 行与前文不符，记录可能被改动。请保留原件并上报。"),
        format!("Line {number} of the journal does not follow from the one before: it may have been changed. Keep it and report it."),
    )
}
