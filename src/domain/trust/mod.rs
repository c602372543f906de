//! The trust registry: which agency may issue which credential types, with which keys, and since when.
//!
//! The city's root key signs it as one document; it is published at `/.well-known/certless/trust`, versioned and
//! expiring, and every new version is queued for the log. Keys of an agency are never removed: a rotated key still
//! verifies what it signed, a key marked compromised from a date fails what was signed from that date on.
//! The city's own keys stand in it too: its roots with their handovers ([`roots`]), its log's and its witness's ([`notes`]),
//! changed by [`own`]. [`document`] writes and reads the signed form, [`publish`] keeps and changes it, [`judge`] answers verification.
//! [`abroad`] relies on other cities' registries for named types; [`bundle`] carries all of it to a verifier without a
//! network, whose [`journal`] is [reconciled](reconcile) afterwards.

pub mod abroad;
pub mod bundle;
pub mod document;
pub mod journal;
pub mod judge;
pub mod notes;
pub mod own;
pub mod publish;
pub mod reconcile;
pub mod roots;

use crate::base::id::{AgencyCode, TypeCode};
use crate::base::text::Label;
use crate::base::time::Timestamp;
use crate::crypto::PublicKey;

/// How long a version of the registry may be relied on, seconds: 30 days.
pub const LIFETIME: i64 = 30 * 86_400;

/// One version of the registry.
#[derive(Clone, Debug, PartialEq)]
pub struct Registry {
    /// The city's DID.
    pub city: String,
    /// The city's name.
    pub name: Label,
    /// Grows by one with every change.
    pub version: u64,
    /// When this version was signed.
    pub issued: Timestamp,
    /// Until when it may be relied on.
    pub expires: Timestamp,
    /// The digest of the version before, as [`document::digest`] writes it; absent in the first.
    pub previous: Option<String>,
    /// The city's root keys, oldest first; the last signs. Empty for the key under `#root` alone.
    pub roots: Vec<roots::RootKey>,
    /// The keys of the city's log, oldest first.
    pub logs: Vec<notes::NoteKey>,
    /// The keys under which the city witnesses the logs of others, oldest first.
    pub witnesses: Vec<notes::NoteKey>,
    /// The agencies.
    pub agencies: Vec<TrustedAgency>,
}

/// One agency of the registry.
#[derive(Clone, Debug, PartialEq)]
pub struct TrustedAgency {
    /// The agency's code in the city.
    pub code: AgencyCode,
    /// Its DID, the `issuer` of its JSON credentials.
    pub did: String,
    /// Its URL, the `iss` of its SD-JWT credentials.
    pub url: String,
    /// Its name.
    pub name: Label,
    /// Its 统一社会信用代码.
    pub uscc: String,
    /// The types it may issue.
    pub types: Vec<TypeCode>,
    /// Its keys, oldest first.
    pub keys: Vec<TrustedKey>,
}

/// One key of an agency.
#[derive(Clone, Debug, PartialEq)]
pub struct TrustedKey {
    /// The fragment of its verification method, `key-1`.
    pub id: String,
    /// The key.
    pub key: PublicKey,
    /// From when it signs.
    pub valid_from: Timestamp,
    /// Until when it signs; absent while it is in use.
    pub valid_until: Option<Timestamp>,
    /// From when it must be taken as known to others; what was signed from then on is not trusted.
    pub compromised_from: Option<Timestamp>,
}

impl Registry {
    /// The agency of a code.
    pub fn agency(&self, code: &AgencyCode) -> Option<&TrustedAgency> {
        self.agencies.iter().find(|agency| agency.code == *code)
    }

    /// The city's public origin, as its agencies are named; absent where it has none.
    pub fn base(&self) -> Option<&str> {
        self.agencies.first()?.url.rsplit_once("/agencies/").map(|(base, _)| base)
    }

    /// The agency to change.
    pub fn agency_mut(&mut self, code: &AgencyCode) -> Option<&mut TrustedAgency> {
        self.agencies.iter_mut().find(|agency| agency.code == *code)
    }

    /// The agency that a DID, or the URL of an SD-JWT's `iss`, names.
    pub fn issuer(&self, issuer: &str) -> Option<&TrustedAgency> {
        self.agencies.iter().find(|agency| agency.did == issuer || agency.url == issuer)
    }

    /// The agency and key of a verification method.
    pub fn method(&self, method: &str) -> Option<(&TrustedAgency, &TrustedKey)> {
        let (issuer, fragment) = method.split_once('#')?;
        let agency = self.issuer(issuer)?;
        Some((agency, agency.keys.iter().find(|key| key.id == fragment)?))
    }

    /// This registry as its next version, signed at `now`; `previous` is the digest of the present one as it was signed.
    #[must_use]
    pub fn next(mut self, now: Timestamp, previous: String) -> Self {
        self.version = self.version.saturating_add(1);
        self.previous = Some(previous);
        self.issued = now;
        self.expires = crate::base::time::plus_seconds(now, LIFETIME);
        self
    }
}

impl TrustedAgency {
    /// Whether the agency may issue a type.
    pub fn may_issue(&self, code: &TypeCode) -> bool {
        self.types.contains(code)
    }

    /// The verification method of one of its keys as its DID names it.
    pub fn method(&self, key: &TrustedKey) -> String {
        format!("{}#{}", self.did, key.id)
    }
}
