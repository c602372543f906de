//! The status lists of an archive: as they were published when something was decided by them, signed by the agency whose
//! licence it was.

use std::collections::BTreeMap;

use super::Archive;
use super::known::Known;
use crate::base::bytes::{from_base64url, hex};
use crate::base::json::{Limits, Map, parse_object};
use crate::base::time::{Timestamp, plus_seconds};
use crate::domain::usage::record::{Place, Used};
use crate::vc::contexts::Contexts;
use crate::vc::data_integrity::{self, Expect};
use crate::vc::keys::Purpose;
use crate::vc::status::bitstring;
use crate::vc::status::token::Token;
use crate::vc::verify::sources::StatusEntry;

/// A list as it was published.
pub(super) enum List {
    /// A status list token.
    Token(Token),
    /// A `BitstringStatusListCredential`.
    Credential(Map),
}

/// What came of the lists: those that are good by the beginning of their member's name, and what is said of each member.
#[derive(Default)]
pub(super) struct Opened {
    /// The lists that are good for every record that names them.
    pub(super) good: BTreeMap<String, List>,
    /// What was looked at, and what is wrong with it.
    pub(super) told: BTreeMap<String, Option<String>>,
}

impl Opened {
    /// Takes in the list that a record names.
    pub(super) fn take(
        &mut self,
        archive: &Archive,
        (used, place): (&Used, &Place),
        at: Timestamp,
        known: &Known<'_>,
        contexts: &Contexts,
    ) {
        let Some(stem) = stem(place) else { return };
        match open(archive, (used, place, &stem), at, known, contexts) {
            Ok((name, list)) => {
                self.told.entry(name).or_default();
                self.good.entry(stem).or_insert(list);
            }
            Err(wrong) => {
                let name = archive.folder(&stem).next().map_or_else(|| stem.clone(), str::to_owned);
                self.told.insert(name, Some(wrong));
            }
        }
    }
}

/// The beginning of the name of the member that holds a list.
pub(super) fn stem(place: &Place) -> Option<String> {
    let digest = from_base64url(place.digest.as_deref()?).ok()?;
    Some(format!("status/{}.", hex(&digest)))
}

/// Reads the list that a record names and verifies it as of then: the digest, the signature by a key of the licence's own
/// agency that was good, the address, the time.
fn open(
    archive: &Archive,
    (used, place, stem): (&Used, &Place, &str),
    at: Timestamp,
    known: &Known<'_>,
    contexts: &Contexts,
) -> Result<(String, List), String> {
    let name = archive.folder(stem).next().ok_or("the status list of that moment is missing")?.to_owned();
    let bytes = archive.member(&name).map_err(|error| error.to_string())?;
    if super::digest(bytes) != *place.digest.as_deref().unwrap_or_default() {
        return Err("not the list that the use record names".to_owned());
    }
    let (list, signer, signed_at) = read(bytes, at, known, contexts)?;
    let (own, key) = known.method(&signer).ok_or("signed by a key that the registry of that day does not name")?;
    if known.issuer(&used.issuer).is_none_or(|agency| agency.did != own.did) {
        return Err("signed by another agency".to_owned());
    }
    key.check(Some(signed_at)).map_err(|finding| finding.to_string())?;
    // Records tell whole seconds.
    if signed_at > plus_seconds(at, 1) {
        return Err("signed after it was looked at".to_owned());
    }
    if list.address() != Some(place.list.as_str()) {
        return Err("the list of another address".to_owned());
    }
    Ok((name, list))
}

/// The list, the verification method that signed it, and when.
fn read(
    bytes: &[u8],
    at: Timestamp,
    known: &Known<'_>,
    contexts: &Contexts,
) -> Result<(List, String, Timestamp), String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    if !text.starts_with('{') {
        let (token, _) = Token::from_jwt(text, known).map_err(|finding| finding.to_string())?;
        let jws = crate::vc::jws::Jws::parse(text).map_err(|finding| finding.to_string())?;
        let (method, signed_at) = (jws.header().kid().unwrap_or_default().to_owned(), token.issued_at);
        return Ok((List::Token(token), method, signed_at));
    }
    let list = parse_object(bytes, &Limits::DEFAULT).map_err(|error| error.to_string())?;
    let expect = Expect::new(Purpose::AssertionMethod, plus_seconds(at, 1));
    let proofs = data_integrity::verify(&list, known, &expect, contexts)
        .map_err(|findings| findings.first().map(ToString::to_string).unwrap_or_default())?;
    let proof = proofs.first().ok_or("unsigned")?;
    let signed_at = proof.created.ok_or("the list does not say when it was signed")?;
    Ok((List::Credential(list.clone()), proof.method.clone(), signed_at))
}

impl List {
    fn address(&self) -> Option<&str> {
        match self {
            Self::Token(token) => Some(&token.subject),
            Self::Credential(list) => list.get("id").and_then(crate::base::json::Value::as_str),
        }
    }

    /// Whether the list says nothing against an entry at a time.
    pub(super) fn is_valid(&self, entry: &StatusEntry, at: Timestamp) -> Result<bool, String> {
        match (self, entry) {
            (Self::Token(token), StatusEntry::Token(reference)) => {
                token.status(reference, at).map(|status| status == 0).map_err(|finding| finding.to_string())
            }
            (Self::Credential(list), StatusEntry::Bitstring(entry)) => {
                let found =
                    bitstring::check(entry, list, plus_seconds(at, 1)).map_err(|finding| finding.to_string())?;
                Ok(found.value == 0)
            }
            (Self::Token(_), StatusEntry::Bitstring(_)) | (Self::Credential(_), StatusEntry::Token(_)) => {
                Err("the list is of another form".to_owned())
            }
        }
    }
}
