//! Status entries of credentials: own ones from the store, those of others from their published lists.
//!
//! A list of another city is fetched within bounds, its signature verified with a key of the credential's issuer, and kept
//! no longer than its own time to live. Whatever goes wrong on the way is an error, never a valid status.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Serialize};

use super::signers::ListSigners;
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
use crate::vc::verify::sources::{StatusEntry, Told};

/// How long a fetched document is used before it is asked for again, seconds, where it does not say less.
const REFRESH: i64 = 300;
/// How long an older document is used before it is asked for again when that failed, seconds.
const PATIENCE: i64 = 15;
/// Most documents kept.
const MOST_KEPT: usize = 1_024;

/// Documents of others.
#[derive(Default)]
pub(in crate::domain) struct Cache {
    pub(super) bitstrings: Documents<Listed<Map>>,
    pub(super) tokens: Documents<Listed<Token>>,
    documents: Documents<did::Document>,
}

pub(super) type Documents<T> = RwLock<HashMap<String, Kept<T>>>;

pub(super) struct Kept<T> {
    value: Arc<T>,
    source: Arc<Vec<u8>>,
    fetched_at: Timestamp,
    until: Timestamp,
}

/// A verified list, and whose key signed it.
pub(super) struct Listed<T> {
    list: T,
    controller: String,
}

/// A form in which lists of others are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ListForm {
    /// A status list token as JWT.
    Jwt,
    /// A `BitstringStatusListCredential`.
    Vc,
}

/// A list as it was published, and when it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptList {
    /// Its address.
    pub uri: String,
    /// Its form.
    pub form: ListForm,
    /// When it was read.
    pub fetched_at: Timestamp,
    /// The list as it was published.
    pub content: String,
}

impl Cache {
    /// The lists that are kept and whose address begins so.
    pub(in crate::domain) fn lists(&self, base: &str) -> Vec<KeptList> {
        let mut lists = told(&self.tokens, ListForm::Jwt);
        lists.extend(told(&self.bitstrings, ListForm::Vc));
        lists.retain(|list| list.uri.strip_prefix(base).is_some_and(|path| path.starts_with('/')));
        lists.sort_by(|a, b| a.uri.cmp(&b.uri));
        lists
    }
}

impl City {
    /// The state that an entry tells at `now`; a list of another city may be `max_age` seconds old.
    pub(in crate::domain) fn status_of(
        &self,
        entry: &StatusEntry,
        issuer: &str,
        max_age: i64,
        now: Timestamp,
    ) -> Result<Told, Finding> {
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
    ) -> Result<Told, Finding> {
        if let Some(list) = self.names.own_status_list(&reference.uri) {
            return Ok(Told { status: self.own_status(&list, reference.index)?, as_of: None });
        }
        let url = reference.uri.as_str();
        let kept = kept(&self.statuses.foreign.tokens, url, max_age, now, || self.fetch_token(url, now))?;
        self.require_issuer(issuer, &kept.value.controller)?;
        let status = match kept.value.list.status(reference, now)? {
            0 => Status::Valid,
            2 => Status::Suspended,
            _ => Status::Revoked,
        };
        Ok(Told { status, as_of: Some(kept.fetched_at) })
    }

    fn bitstring_status(&self, entry: &Entry, issuer: &str, max_age: i64, now: Timestamp) -> Result<Told, Finding> {
        let told = match entry.purpose.as_str() {
            bitstring::REVOCATION => Status::Revoked,
            bitstring::SUSPENSION => Status::Suspended,
            // Any other purpose says nothing about whether the credential holds.
            _ => return Ok(Told { status: Status::Valid, as_of: None }),
        };
        if let Some(list) = self.names.own_status_list(&entry.list) {
            let shift = u64::from(told == Status::Suspended);
            if entry.size != 1 || entry.index % 2 != shift {
                return Err(invalid("the index is not of that purpose"));
            }
            let own = self.own_status(&list, entry.index / 2)?;
            return Ok(Told { status: if own == told { own } else { Status::Valid }, as_of: None });
        }
        let url = entry.list.as_str();
        let kept = kept(&self.statuses.foreign.bitstrings, url, max_age, now, || self.fetch_bitstring(url, now))?;
        self.require_issuer(issuer, &kept.value.controller)?;
        let outcome = bitstring::check(entry, &kept.value.list, now)?;
        Ok(Told { status: if outcome.value == 0 { Status::Valid } else { told }, as_of: Some(kept.fetched_at) })
    }

    fn require_issuer(&self, issuer: &str, controller: &str) -> Result<(), Finding> {
        if self.same_issuer(issuer, controller) { Ok(()) } else { Err(invalid("the list is another issuer's")) }
    }

    fn own_status(&self, list: &ListId, idx: u64) -> Result<Status, Finding> {
        let status = self
            .slot_status(list, idx)
            .map_err(|error| Finding::error(Check::Status, Code::StatusUnreachable, error.to_string()))?;
        status.ok_or_else(|| invalid("no such entry in the list"))
    }

    fn fetch_token(&self, url: &str, now: Timestamp) -> Result<Kept<Listed<Token>>, Finding> {
        let bytes = self.fetch(url, token::JWT_TYPE, Check::Status, Code::StatusUnreachable)?;
        self.read_token(bytes, now)
    }

    /// Reads and verifies a list token that was fetched at `now`.
    fn read_token(&self, bytes: Vec<u8>, now: Timestamp) -> Result<Kept<Listed<Token>>, Finding> {
        let text = std::str::from_utf8(&bytes).map_err(|_| invalid("the list is not text"))?;
        let (list, key) = Token::from_jwt(text.trim(), &ListSigners(self))?;
        let life = list.ttl.and_then(|ttl| i64::try_from(ttl).ok()).map_or(REFRESH, |ttl| ttl.min(REFRESH));
        Ok(Kept::new(Listed { list, controller: key.controller }, bytes, now, life))
    }

    fn fetch_bitstring(&self, url: &str, now: Timestamp) -> Result<Kept<Listed<Map>>, Finding> {
        let bytes = self.fetch(url, "application/vc", Check::Status, Code::StatusUnreachable)?;
        self.read_bitstring(bytes, now)
    }

    /// Reads and verifies a list credential that was fetched at `now`.
    fn read_bitstring(&self, bytes: Vec<u8>, now: Timestamp) -> Result<Kept<Listed<Map>>, Finding> {
        let list = parse_object(&bytes, &Limits::DEFAULT).map_err(|error| invalid(&error.to_string()))?;
        let proofs = data_integrity::verify(
            &list,
            &ListSigners(self),
            &Expect::new(Purpose::AssertionMethod, now),
            self.contexts(),
        )
        .map_err(|findings| unsigned(findings.into_iter().next()))?;
        let named = list.get("issuer").and_then(issuer_id).unwrap_or_default().to_owned();
        if !proofs.iter().any(|proof| proof.controller == named) {
            return Err(invalid("the list is another issuer's"));
        }
        Ok(Kept::new(Listed { list, controller: named }, bytes, now, REFRESH))
    }

    /// Asks for a list, whatever is kept of it.
    pub(in crate::domain) fn refresh_list(&self, uri: &str, form: ListForm) -> Result<(), Finding> {
        let now = self.now();
        match form {
            ListForm::Jwt => drop(put(&self.statuses.foreign.tokens, uri, self.fetch_token(uri, now)?)),
            ListForm::Vc => drop(put(&self.statuses.foreign.bitstrings, uri, self.fetch_bitstring(uri, now)?)),
        }
        Ok(())
    }

    /// Keeps a list that was read before, at the time that it says; its signature is verified again.
    pub(in crate::domain) fn take_list(&self, list: KeptList) -> Result<(), Finding> {
        let (at, bytes) = (list.fetched_at, list.content.into_bytes());
        match list.form {
            ListForm::Jwt => drop(put(&self.statuses.foreign.tokens, &list.uri, self.read_token(bytes, at)?)),
            ListForm::Vc => drop(put(&self.statuses.foreign.bitstrings, &list.uri, self.read_bitstring(bytes, at)?)),
        }
        Ok(())
    }

    /// Whether two names mean the same issuer: equal, or the DID and the URL of one agency.
    fn same_issuer(&self, a: &str, b: &str) -> bool {
        let registry = self.registry();
        let own = |name: &str| registry.issuer(name).map(|agency| agency.did.clone());
        let did = |name: &str| own(name).or_else(|| self.abroad.did(name));
        a == b || did(a).is_some_and(|agency| did(b) == Some(agency))
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
        Ok(put(&self.statuses.foreign.documents, subject, Kept::new(document, bytes, now, REFRESH)).value)
    }

    /// The bytes at an address of others.
    pub(in crate::domain) fn fetch(
        &self,
        url: &str,
        accept: &str,
        check: Check,
        code: Code,
    ) -> Result<Vec<u8>, Finding> {
        let web = self.ports.web.as_ref();
        let web = web.ok_or_else(|| Finding::error(check, code, "outbound fetches are switched off"))?;
        let fetched = web.get(url, accept).map_err(|error| Finding::error(check, code, error.to_string()))?;
        Ok(fetched.bytes)
    }
}

fn issuer_id(issuer: &Value) -> Option<&str> {
    issuer.as_str().or_else(|| issuer.get("id").and_then(Value::as_str))
}

impl<T> Kept<T> {
    fn new(value: T, source: Vec<u8>, fetched_at: Timestamp, life: i64) -> Self {
        let until = plus_seconds(fetched_at, life);
        Self { value: Arc::new(value), source: Arc::new(source), fetched_at, until }
    }

    fn share(&self) -> Self {
        let (value, source) = (Arc::clone(&self.value), Arc::clone(&self.source));
        Self { value, source, fetched_at: self.fetched_at, until: self.until }
    }
}

/// The document as kept, or as fetched now; when it cannot be fetched, the kept one if it is young enough.
fn kept<T>(
    kept: &Documents<T>,
    url: &str,
    max_age: i64,
    now: Timestamp,
    fetch: impl FnOnce() -> Result<Kept<T>, Finding>,
) -> Result<Kept<T>, Finding> {
    let old = get(kept, url);
    if let Some(old) = old.as_ref().filter(|old| now < old.until) {
        return Ok(old.share());
    }
    match (fetch(), old) {
        (Ok(fresh), _) => Ok(put(kept, url, fresh)),
        (Err(finding), None) => Err(finding),
        (Err(_), Some(old)) if now <= plus_seconds(old.fetched_at, max_age) => {
            // Whoever does not answer is not asked by everyone who stands at a window meanwhile.
            let until = plus_seconds(now, PATIENCE).min(plus_seconds(old.fetched_at, max_age));
            Ok(put(kept, url, Kept { until, ..old }))
        }
        (Err(_), Some(old)) => {
            let age = now.as_second().saturating_sub(old.fetched_at.as_second());
            let detail = format!("the last list is {age} s old, this type allows {max_age} s");
            Err(Finding::error(Check::Status, Code::StatusStale, detail))
        }
    }
}

fn get<T>(kept: &Documents<T>, key: &str) -> Option<Kept<T>> {
    kept.read().unwrap_or_else(PoisonError::into_inner).get(key).map(Kept::share)
}

/// A document as it was fetched.
pub(super) fn source<T>(kept: &Documents<T>, key: &str) -> Option<Arc<Vec<u8>>> {
    get(kept, key).map(|kept| kept.source)
}

fn put<T>(kept: &Documents<T>, key: &str, one: Kept<T>) -> Kept<T> {
    let mut kept = kept.write().unwrap_or_else(PoisonError::into_inner);
    if kept.len() >= MOST_KEPT && !kept.contains_key(key) {
        let now = one.fetched_at;
        kept.retain(|_, other| now < other.until);
    }
    if kept.len() < MOST_KEPT || kept.contains_key(key) {
        kept.insert(key.to_owned(), one.share());
    }
    one
}

fn told<T>(kept: &Documents<T>, form: ListForm) -> Vec<KeptList> {
    let kept = kept.read().unwrap_or_else(PoisonError::into_inner);
    let list = |(uri, one): (&String, &Kept<T>)| {
        let content = String::from_utf8(one.source.as_ref().clone()).ok()?;
        Some(KeptList { uri: uri.clone(), form, fetched_at: one.fetched_at, content })
    };
    kept.iter().filter_map(list).collect()
}

/// A list whose proof does not hold; what is wrong with the key is said as such.
fn unsigned(finding: Option<Finding>) -> Finding {
    match finding {
        Some(finding) if finding.check == Check::Status => finding,
        finding => invalid(&finding.map(|finding| finding.to_string()).unwrap_or_default()),
    }
}

fn invalid(detail: &str) -> Finding {
    Finding::error(Check::Status, Code::StatusInvalid, detail)
}
