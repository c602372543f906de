//! Bitstring Status List 1.0: the list as a credential, and the entries that refer to it.
//!
//! Built here unsigned; the Data Integrity layer signs it. Read after its proofs were verified: nothing here verifies a
//! signature. Entries of several bits and the purpose `message` are understood; what they mean is the reader's to say.

use super::inflate::{gunzip, gzip};
use super::{Bits, SLOTS};
use crate::base::bytes::{base64url, from_base64url};
use crate::base::json::{Map, Value, json};
use crate::base::time::{Timestamp, parse_rfc3339, rfc3339};
use crate::vc::finding::{Check, Code, Finding};

/// The purpose of the first bit of a slot.
pub const REVOCATION: &str = "revocation";
/// The purpose of the second bit of a slot.
pub const SUSPENSION: &str = "suspension";
/// Widest entry that is read, in bits.
const MAX_SIZE: u64 = 8;

/// What the list credential says beside its bits.
#[derive(Clone, Copy, Debug)]
pub struct ListOptions<'a> {
    /// Where the list is published: its `id`, and the `statusListCredential` of its entries.
    pub url: &'a str,
    /// Who publishes it.
    pub issuer: &'a str,
    /// From when it speaks.
    pub valid_from: Timestamp,
    /// Until when it may be relied on.
    pub valid_until: Option<Timestamp>,
    /// How many seconds it may be cached.
    pub ttl: Option<u32>,
}

/// The unsigned list credential (section 2.2), with the purposes `revocation` and `suspension`.
pub fn list_credential(options: &ListOptions<'_>, bits: &Bits) -> Map {
    let mut subject = json!({
        "id": format!("{}#list", options.url),
        "type": "BitstringStatusList",
        "statusPurpose": [REVOCATION, SUSPENSION],
        "encodedList": encode(&bits.bitstring_order()),
    });
    if let (Some(ttl), Some(members)) = (options.ttl, subject.as_object_mut()) {
        members.insert("ttl".to_owned(), Value::from(u64::from(ttl) * 1000));
    }
    let members = [
        ("@context", Some(json!(["https://www.w3.org/ns/credentials/v2"]))),
        ("id", Some(Value::from(options.url))),
        ("type", Some(json!(["VerifiableCredential", "BitstringStatusListCredential"]))),
        ("issuer", Some(Value::from(options.issuer))),
        ("validFrom", Some(Value::from(rfc3339(options.valid_from)))),
        ("validUntil", options.valid_until.map(|until| Value::from(rfc3339(until)))),
        ("credentialSubject", Some(subject)),
    ];
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// The `credentialStatus` of a credential in a slot: one entry for revocation, one for suspension.
pub fn status_of_slot(url: &str, slot: u32) -> Value {
    let entry = |purpose: &str, index: u64| {
        json!({
            "type": "BitstringStatusListEntry",
            "statusPurpose": purpose,
            "statusListIndex": index.to_string(),
            "statusListCredential": url,
        })
    };
    let first = u64::from(slot) * 2;
    json!([entry(REVOCATION, first), entry(SUSPENSION, first + 1)])
}

/// The `encodedList` of a bitstring: multibase base64url of its GZIP compression (section 3.3).
pub fn encode(bitstring: &[u8]) -> String {
    format!("u{}", base64url(&gzip(bitstring)))
}

/// The bitstring of an `encodedList` (section 3.4), at most 4 MiB.
pub fn decode(encoded: &str) -> Result<Vec<u8>, Finding> {
    let text = encoded.strip_prefix('u').ok_or_else(|| list("encodedList is not base64url multibase"))?;
    let compressed = from_base64url(text).map_err(|error| list(format!("encodedList: {error}")))?;
    gunzip(&compressed).map_err(list)
}

/// One `BitstringStatusListEntry` of a credential (section 2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What a set bit means: `revocation`, `suspension`, `refresh`, `message` or another text.
    pub purpose: String,
    /// Position in the list, in entries.
    pub index: u64,
    /// Where the list is.
    pub list: String,
    /// Bits of the entry, 1 to 8.
    pub size: u8,
    /// What each value means, if the credential says so: 2 to the power of `size` texts.
    pub messages: Vec<String>,
}

/// What an entry's bits say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The entry's purpose.
    pub purpose: String,
    /// The value; 0 says nothing against the credential.
    pub value: u8,
    /// The message of that value.
    pub message: Option<String>,
}

/// The status entries of a credential, none when it has no `credentialStatus`.
///
/// A malformed entry is an invalid finding (`MALFORMED_VALUE_ERROR`); a status of another type cannot be decided.
pub fn entries(credential: &Map) -> Result<Vec<Entry>, Finding> {
    match credential.get("credentialStatus") {
        None => Ok(Vec::new()),
        Some(Value::Array(items)) => items.iter().map(entry).collect(),
        Some(item) => Ok(vec![entry(item)?]),
    }
}

fn entry(value: &Value) -> Result<Entry, Finding> {
    let Value::Object(members) = value else { return Err(malformed("credentialStatus is not an object")) };
    if !has_type(members, "BitstringStatusListEntry") {
        return Err(Finding::error(Check::Status, Code::FormatUnsupported, "credentialStatus is of another type"));
    }
    let text = |name: &'static str| members.get(name).and_then(Value::as_str).ok_or_else(|| malformed(name));
    let list = text("statusListCredential")?;
    if !is_url(list) {
        return Err(malformed("statusListCredential is not a URL"));
    }
    match members.get("id") {
        None => {}
        Some(Value::String(id)) if id != list && is_url(id) => {}
        Some(_) => return Err(malformed("id of the entry is no URL, or the URL of the list")),
    }
    let size = size(members.get("statusSize"))?;
    Ok(Entry {
        purpose: text("statusPurpose")?.to_owned(),
        index: index(text("statusListIndex")?)?,
        list: list.to_owned(),
        size,
        messages: messages(members.get("statusMessage"), size)?,
    })
}

/// An integer of any size in base 10; one too large for this machine lies outside every list.
fn index(text: &str) -> Result<u64, Finding> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(malformed("statusListIndex is not an integer in base 10"));
    }
    text.parse().map_err(|_| out_of_range())
}

fn size(value: Option<&Value>) -> Result<u8, Finding> {
    let Some(value) = value else { return Ok(1) };
    let size =
        value.as_u64().filter(|&size| size > 0).ok_or_else(|| malformed("statusSize is not an integer above 0"))?;
    match u8::try_from(size) {
        Ok(bits) if size <= MAX_SIZE => Ok(bits),
        _ => Err(Finding::error(Check::Status, Code::FormatUnsupported, "statusSize is above 8")),
    }
}

fn messages(value: Option<&Value>, size: u8) -> Result<Vec<String>, Finding> {
    let Some(value) = value else {
        return if size == 1 {
            Ok(Vec::new())
        } else {
            Err(malformed("statusMessage is missing though statusSize is above 1"))
        };
    };
    let items = value.as_array().filter(|items| items.len() == 1 << size);
    let items = items.ok_or_else(|| malformed("statusMessage does not have one element for each value"))?;
    let mut messages = vec![None; items.len()];
    for item in items {
        let text = |name: &str| item.get(name).and_then(Value::as_str);
        let value = text("status").and_then(|status| usize::from_str_radix(status.strip_prefix("0x")?, 16).ok());
        let place = value.and_then(|value| messages.get_mut(value));
        let (Some(place), Some(message)) = (place, text("message")) else {
            return Err(malformed("an element of statusMessage lacks a status in range or a message"));
        };
        *place = Some(message.to_owned());
    }
    messages.into_iter().collect::<Option<_>>().ok_or_else(|| malformed("statusMessage names a status twice"))
}

/// Reads an entry's value from a list credential whose proofs were verified (section 3.2).
///
/// The list must be one of this entry: its address, its purpose, valid at `now`, long enough for herd privacy.
pub fn check(entry: &Entry, list_credential: &Map, now: Timestamp) -> Result<Outcome, Finding> {
    let encoded = matching_list(entry, list_credential, now)?;
    let bitstring = decode(encoded)?;
    let bits = u64::try_from(bitstring.len()).unwrap_or(u64::MAX).saturating_mul(8);
    if bits / u64::from(entry.size) < u64::from(SLOTS) {
        return Err(Finding::error(Check::Status, Code::StatusLength, format!("{bits} bits of {}", entry.size)));
    }
    let first = entry.index.checked_mul(u64::from(entry.size)).ok_or_else(out_of_range)?;
    let mut value = 0_u8;
    for offset in 0..u64::from(entry.size) {
        let at = first.checked_add(offset).ok_or_else(out_of_range)?;
        let byte = usize::try_from(at / 8).ok().and_then(|at| bitstring.get(at)).ok_or_else(out_of_range)?;
        value = value << 1 | (byte >> (7 - at % 8) & 1);
    }
    let message = entry.messages.get(usize::from(value)).cloned();
    Ok(Outcome { purpose: entry.purpose.clone(), value, message })
}

fn matching_list<'a>(entry: &Entry, credential: &'a Map, now: Timestamp) -> Result<&'a str, Finding> {
    if !has_type(credential, "BitstringStatusListCredential") {
        return Err(list("not a BitstringStatusListCredential"));
    }
    if credential.get("id").is_some_and(|id| *id != entry.list) {
        return Err(list("the list's id is not the address that the entry names"));
    }
    check_window(credential, now)?;
    let subject = credential.get("credentialSubject").and_then(Value::as_object);
    let subject = subject.filter(|subject| has_type(subject, "BitstringStatusList"));
    let subject = subject.ok_or_else(|| list("credentialSubject is not a BitstringStatusList"))?;
    let purposes = subject.get("statusPurpose");
    let fits = match purposes {
        Some(Value::Array(purposes)) => purposes.iter().any(|purpose| *purpose == entry.purpose),
        Some(purpose) => *purpose == entry.purpose,
        None => false,
    };
    if !fits {
        return Err(list("the list has no status of the entry's purpose"));
    }
    subject.get("encodedList").and_then(Value::as_str).ok_or_else(|| list("encodedList is missing"))
}

fn check_window(credential: &Map, now: Timestamp) -> Result<(), Finding> {
    let time = |name: &str| match credential.get(name) {
        None => Ok(None),
        Some(value) => {
            let time = value.as_str().and_then(|text| parse_rfc3339(text).ok());
            time.map(Some).ok_or_else(|| list(format!("{name} of the list is not a time")))
        }
    };
    let stale = |detail: &str| Err(Finding::error(Check::Status, Code::StatusStale, detail));
    if time("validFrom")?.is_some_and(|from| now < from) {
        return stale("the list is not valid yet");
    }
    if time("validUntil")?.is_some_and(|until| now > until) {
        return stale("the list is not valid any more");
    }
    Ok(())
}

fn has_type(members: &Map, name: &str) -> bool {
    match members.get("type") {
        Some(Value::Array(types)) => types.iter().any(|value| value == name),
        Some(value) => value == name,
        None => false,
    }
}

/// A scheme and something after it, without white space: what the URL Standard and DIDs have in common.
fn is_url(text: &str) -> bool {
    let scheme = text.split_once(':').filter(|(_, rest)| !rest.is_empty()).map(|(scheme, _)| scheme);
    let letters = |scheme: &str| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    scheme.is_some_and(|scheme| scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && letters(scheme))
        && !text.contains(char::is_whitespace)
}

fn malformed(detail: impl Into<String>) -> Finding {
    Finding::invalid(Check::Status, Code::ModelViolation, detail)
}

fn list(detail: impl Into<String>) -> Finding {
    Finding::error(Check::Status, Code::StatusInvalid, detail)
}

fn out_of_range() -> Finding {
    Finding::error(Check::Status, Code::StatusRange, "statusListIndex lies outside the list")
}
