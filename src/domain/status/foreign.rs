//! Status entries of credentials: own ones from the store, those of others from their published lists.
//!
//! A list of another city is fetched within bounds, its signature verified with a key of the credential's issuer, and kept
//! no longer than its own time to live. Whatever goes wrong on the way is an error, never a valid status.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::base::id::ListId;
use crate::base::json::{Limits, Map, Value, parse_object};
use crate::base::time::{Timestamp, plus_seconds};
use crate::did;
use crate::domain::city::City;
use crate::vc::data_integrity::{self, Expect};
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::keys::{Purpose, ResolvedKey, key_of};
use crate::vc::status::Status;
use crate::vc::status::bitstring::{self, Entry};
use crate::vc::status::token::{self, StatusReference, Token};
use crate::vc::verify::sources::StatusEntry;

/// How long a fetched document is used before it is asked for again, seconds, where it does not say less.
const REFRESH: i64 = 300;
/// Most documents kept.
const MOST_KEPT: usize = 1_024;

/// Documents of others.
#[derive(Default)]
pub(in crate::domain) struct Cache {
    bitstrings: RwLock<HashMap<String, Kept<Map>>>,
    tokens: RwLock<HashMap<String, Kept<Token>>>,
    documents: RwLock<HashMap<String, Kept<did::Document>>>,
}

struct Kept<T> {
    value: Arc<T>,
    fetched_at: Timestamp,
    until: Timestamp,
}

impl City {
    /// The state that an entry tells at `now`; a list of another city may be `max_age` seconds old.
    pub(in crate::domain) fn status_of(
        &self,
        entry: &StatusEntry,
        issuer: &str,
        max_age: i64,
        now: Timestamp,
    ) -> Result<Status, Finding> {
        match entry {
            StatusEntry::Token(reference) => self.token_status(reference, issuer, max_age, now),
            StatusEntry::Bitstring(entry) => self.bitstring_status(entry, issuer, max_age, now),
        }
    }

    fn token_status(
        &self,
        reference: &StatusReference,
        issuer: &str,
        max_age: i64,
        now: Timestamp,
    ) -> Result<Status, Finding> {
        if let Some(list) = self.names.own_status_list(&reference.uri) {
            return self.own_status(&list, reference.index);
        }
        let url = reference.uri.as_str();
        let list = kept(&self.statuses.foreign.tokens, url, max_age, now, || self.fetch_token(url, issuer, now))?;
        match list.status(reference, now)? {
            0 => Ok(Status::Valid),
            2 => Ok(Status::Suspended),
            _ => Ok(Status::Revoked),
        }
    }

    fn bitstring_status(&self, entry: &Entry, issuer: &str, max_age: i64, now: Timestamp) -> Result<Status, Finding> {
        let told = match entry.purpose.as_str() {
            bitstring::REVOCATION => Status::Revoked,
            bitstring::SUSPENSION => Status::Suspended,
            // Any other purpose says nothing about whether the credential holds.
            _ => return Ok(Status::Valid),
        };
        if let Some(list) = self.names.own_status_list(&entry.list) {
            let shift = u64::from(told == Status::Suspended);
            if entry.size != 1 || entry.index % 2 != shift {
                return Err(invalid("the index is not of that purpose"));
            }
            let own = self.own_status(&list, entry.index / 2)?;
            return Ok(if own == told { own } else { Status::Valid });
        }
        let url = entry.list.as_str();
        let list =
            kept(&self.statuses.foreign.bitstrings, url, max_age, now, || self.fetch_bitstring(url, issuer, now))?;
        let outcome = bitstring::check(entry, &list, now)?;
        Ok(if outcome.value == 0 { Status::Valid } else { told })
    }

    fn own_status(&self, list: &ListId, idx: u64) -> Result<Status, Finding> {
        let status = self
            .slot_status(list, idx)
            .map_err(|error| Finding::error(Check::Status, Code::StatusUnreachable, error.to_string()))?;
        status.ok_or_else(|| invalid("no such entry in the list"))
    }

    fn fetch_token(&self, url: &str, issuer: &str, now: Timestamp) -> Result<(Token, Timestamp), Finding> {
        let bytes = self.fetch(url, token::JWT_TYPE, Check::Status, Code::StatusUnreachable)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| invalid("the list is not text"))?;
        let (list, key) = Token::from_jwt(text.trim(), self)?;
        if !self.same_issuer(issuer, &key.controller) {
            return Err(invalid("the list is another issuer's"));
        }
        let life = list.ttl.and_then(|ttl| i64::try_from(ttl).ok()).map_or(REFRESH, |ttl| ttl.min(REFRESH));
        Ok((list, plus_seconds(now, life)))
    }

    fn fetch_bitstring(&self, url: &str, issuer: &str, now: Timestamp) -> Result<(Map, Timestamp), Finding> {
        let bytes = self.fetch(url, "application/vc", Check::Status, Code::StatusUnreachable)?;
        let list = parse_object(&bytes, &Limits::DEFAULT).map_err(|error| invalid(&error.to_string()))?;
        let proofs = data_integrity::verify(&list, self, &Expect::new(Purpose::AssertionMethod, now), self.contexts())
            .map_err(|findings| invalid(&findings.first().map(ToString::to_string).unwrap_or_default()))?;
        let named = list.get("issuer").and_then(issuer_id).unwrap_or_default();
        if named != issuer || !proofs.iter().any(|proof| proof.controller == issuer) {
            return Err(invalid("the list is another issuer's"));
        }
        Ok((list, plus_seconds(now, REFRESH)))
    }

    /// Whether two names mean the same issuer: equal, or the DID and the URL of one agency.
    fn same_issuer(&self, a: &str, b: &str) -> bool {
        let registry = self.registry();
        let code = |name: &str| registry.issuer(name).map(|agency| agency.code.clone());
        a == b || code(a).is_some_and(|agency| code(b) == Some(agency))
    }

    /// The key of a DID that has to be fetched.
    pub(in crate::domain) fn resolve_foreign(
        &self,
        method: &str,
        purpose: Purpose,
        at: Timestamp,
    ) -> Result<ResolvedKey, Finding> {
        let (subject, _) = did::split_fragment(method);
        let document = self.foreign_document(subject)?;
        key_of(&document, method, purpose, at)
    }

    /// The document of a `did:web` of another city.
    pub fn foreign_document(&self, subject: &str) -> Result<Arc<did::Document>, Finding> {
        let now = self.now();
        if let Some(kept) = get(&self.statuses.foreign.documents, subject).filter(|kept| now < kept.until) {
            return Ok(kept.value);
        }
        let unknown = |detail: String| Finding::error(Check::Proof, Code::KeyUnknown, detail);
        let url = did::web::url(subject).map_err(|error| unknown(error.to_string()))?;
        let bytes = self.fetch(&url, "application/did+ld+json", Check::Proof, Code::KeyUnknown)?;
        let map = parse_object(&bytes, &Limits::DEFAULT).map_err(|error| unknown(error.to_string()))?;
        let document = did::web::parse(subject, &map).map_err(|error| unknown(error.to_string()))?;
        Ok(put(&self.statuses.foreign.documents, subject, document, now, plus_seconds(now, REFRESH)))
    }

    fn fetch(&self, url: &str, accept: &str, check: Check, code: Code) -> Result<Vec<u8>, Finding> {
        let web = self.ports.web.as_ref();
        let web = web.ok_or_else(|| Finding::error(check, code, "outbound fetches are switched off"))?;
        let fetched = web.get(url, accept).map_err(|error| Finding::error(check, code, error.to_string()))?;
        Ok(fetched.bytes)
    }
}

fn issuer_id(issuer: &Value) -> Option<&str> {
    issuer.as_str().or_else(|| issuer.get("id").and_then(Value::as_str))
}

/// The document as kept, or as fetched now; when it cannot be fetched, the kept one if it is young enough.
fn kept<T>(
    kept: &RwLock<HashMap<String, Kept<T>>>,
    url: &str,
    max_age: i64,
    now: Timestamp,
    fetch: impl FnOnce() -> Result<(T, Timestamp), Finding>,
) -> Result<Arc<T>, Finding> {
    let old = get(kept, url);
    if let Some(old) = old.as_ref().filter(|old| now < old.until) {
        return Ok(Arc::clone(&old.value));
    }
    match (fetch(), old) {
        (Ok((value, until)), _) => Ok(put(kept, url, value, now, until)),
        (Err(finding), None) => Err(finding),
        (Err(_), Some(old)) if now <= plus_seconds(old.fetched_at, max_age) => Ok(old.value),
        (Err(_), Some(_)) => Err(Finding::error(Check::Status, Code::StatusStale, "the last list is too old")),
    }
}

fn get<T>(kept: &RwLock<HashMap<String, Kept<T>>>, key: &str) -> Option<Kept<T>> {
    let kept = kept.read().unwrap_or_else(PoisonError::into_inner);
    kept.get(key).map(|one| Kept { value: Arc::clone(&one.value), fetched_at: one.fetched_at, until: one.until })
}

fn put<T>(
    kept: &RwLock<HashMap<String, Kept<T>>>,
    key: &str,
    value: T,
    fetched_at: Timestamp,
    until: Timestamp,
) -> Arc<T> {
    let mut kept = kept.write().unwrap_or_else(PoisonError::into_inner);
    if kept.len() >= MOST_KEPT {
        kept.retain(|_, one| fetched_at < one.until);
    }
    let value = Arc::new(value);
    if kept.len() < MOST_KEPT {
        kept.insert(key.to_owned(), Kept { value: Arc::clone(&value), fetched_at, until });
    }
    value
}

fn invalid(detail: &str) -> Finding {
    Finding::error(Check::Status, Code::StatusInvalid, detail)
}
