//! What a verdict needs from outside, as ports: the trust registry, status lists, the types' schemas, used codes.
//!
//! Every port answers with a finding when it has no answer: `Error` when it could not look, `Invalid` when it looked and
//! the answer is no.

use std::sync::Arc;

use serde::Serialize;

use crate::base::json::{Map, Value};
use crate::base::text::Label;
use crate::base::time::Timestamp;
use crate::vc::contexts::Contexts;
use crate::vc::finding::Finding;
use crate::vc::keys::Keys;
use crate::vc::status::bitstring;
use crate::vc::status::token::StatusReference;

/// Everything that verification asks.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// Keys of issuers and holders.
    pub keys: &'a dyn Keys,
    /// The trust registry.
    pub trust: &'a dyn Trust,
    /// Status lists.
    pub statuses: &'a dyn Statuses,
    /// Types and their schemas.
    pub types: &'a dyn Types,
    /// Codes that were already used.
    pub replays: &'a dyn Replays,
    /// Bundled contexts.
    pub contexts: &'a Contexts,
}

/// Whether an issuer may be relied on.
pub trait Trust: Send + Sync {
    /// Who the issuer is, if it may issue that type with that key at that time.
    fn judge(&self, question: &TrustQuestion<'_>) -> Result<Issuer, Finding>;
}

/// What is asked of the trust registry.
#[derive(Clone, Copy, Debug)]
pub struct TrustQuestion<'a> {
    /// The issuer's DID or URL.
    pub issuer: &'a str,
    /// The verification method of the signature.
    pub method: &'a str,
    /// Names of the credential's type.
    pub type_names: &'a [String],
    /// When it was signed, as the signature says; compact credentials do not say.
    pub signed_at: Option<Timestamp>,
    /// The time of the check.
    pub now: Timestamp,
}

/// An issuer as the trust registry names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// Its DID.
    pub did: String,
    /// Its name.
    pub name: Label,
    /// The registry that says so, where it is not the verifier's own as it stands now.
    pub registry: Option<Arc<Relied>>,
}

/// A registry that was relied on, and how old what is known of it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relied {
    /// The DID of the city whose registry it is.
    pub city: String,
    /// The city's name.
    pub name: Label,
    /// The version.
    pub version: u64,
    /// When it was last known to be the newest.
    pub as_of: Timestamp,
    /// Another city's as it was taken; absent for the own.
    pub taken: Option<Taken>,
}

/// Which document of another city is relied on, and since when as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The digest of the registry as it was published, base64url.
    pub digest: String,
    /// When it was decided to rely on it so: the time of the log's leaf.
    pub since: Timestamp,
}

/// What a status list told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// The state.
    pub status: Status,
    /// When the list was read, where it is not the verifier's own as it stands now.
    pub as_of: Option<Timestamp>,
}

/// Where a credential's status is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatusEntry {
    /// An entry of `credentialStatus` (Bitstring Status List 1.0).
    Bitstring(bitstring::Entry),
    /// A `status_list` reference (Token Status List).
    Token(StatusReference),
}

/// The state of a credential.
pub use crate::vc::status::Status;

/// Reads status lists.
pub trait Statuses: Send + Sync {
    /// The state that an entry tells now, for a credential of `issuer` and of these types (which say how old a list
    /// may be).
    fn status(&self, entry: &StatusEntry, issuer: &str, type_names: &[String], now: Timestamp)
    -> Result<Told, Finding>;
}

/// Knows types and their schemas.
pub trait Types: Send + Sync {
    /// The type's name for people; `None` for an unknown type.
    fn label(&self, type_names: &[String]) -> Option<Label>;

    /// The names of the type's fields in its own order, which compact credentials count by.
    fn fields(&self, type_code: &str, version: u32) -> Option<Vec<&str>>;

    /// Checks the content against the type's schema.
    fn check(&self, type_names: &[String], content: &Content) -> Result<(), Finding>;
}

/// The content of a credential, as far as it was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A whole JSON credential: an object.
    Whole(Value),
    /// Disclosed claims of the subject: absent ones were not shown.
    Part(Map),
    /// The claims of a named view, predicates included.
    View {
        /// The view's name.
        name: String,
        /// Its claims.
        claims: Map,
    },
}

/// Claims where they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Claims<'a> {
    /// One subject, or an array of several.
    Subjects(&'a Value),
    /// The claims of one subject.
    One(&'a Map),
}

impl<'a> Claims<'a> {
    /// The claims subject by subject.
    pub fn subjects(self) -> impl Iterator<Item = &'a Map> {
        let (one, many) = match self {
            Self::One(map) => (Some(map), None),
            Self::Subjects(Value::Array(items)) => (None, Some(items)),
            Self::Subjects(value) => (value.as_object(), None),
        };
        one.into_iter().chain(many.into_iter().flatten().filter_map(Value::as_object))
    }
}

impl Content {
    /// The claims about the subject.
    pub fn shown(&self) -> Claims<'_> {
        match self {
            Self::Whole(credential) => Claims::Subjects(credential.get("credentialSubject").unwrap_or(&Value::Null)),
            Self::Part(claims) | Self::View { claims, .. } => Claims::One(claims),
        }
    }

    /// The claims about the subject, for keeping.
    pub fn claims(&self) -> Value {
        match self.shown() {
            Claims::Subjects(value) => value.clone(),
            Claims::One(map) => Value::Object(map.clone()),
        }
    }
}

/// Remembers codes that were accepted.
pub trait Replays: Send + Sync {
    /// Whether this presentation was accepted before.
    fn seen(&self, digest: &[u8; 32]) -> Result<bool, Finding>;
}
