//! Integrity of related resources (VC Data Model 2.0 §5.3; multihash by Controlled Identifiers 1.0 §2.5).
//!
//! The form is a rule of the model. The digest is compared for every resource that this program has pinned and
//! therefore uses; other resources are not fetched, and are not used either.

use super::values::{check_id, objects};
use super::{Place, one_or_more, violation};
use crate::base::bytes::{from_base58, from_base64, from_base64url};
use crate::base::json::{Map, Value};
use crate::vc::contexts::{Contexts, Digests};
use crate::vc::finding::{Check, Code, Finding};

/// A digest that a document declares for a resource.
#[derive(Debug, PartialEq, Eq)]
enum Digest {
    Sha256(Vec<u8>),
    Sha384(Vec<u8>),
    Sha512(Vec<u8>),
    /// An algorithm that is well-formed and not ours.
    Other,
}

/// Compares the digests of related resources with the resources pinned here.
///
/// Fails with [`Code::RelatedResourceMismatch`] when a pinned resource has another digest.
pub fn check(credential: &Map, contexts: &Contexts) -> Result<(), Finding> {
    for resource in one_or_more(credential.get("relatedResource")).iter().filter_map(Value::as_object) {
        let Some(id) = resource.get("id").and_then(Value::as_str) else { continue };
        let Some(editions) = contexts.digests(id) else { continue };
        for digest in declared(resource, &Place::ROOT.member("relatedResource"))? {
            if !editions.iter().any(|edition| digest.is_of(edition)) {
                let detail = format!("the pinned resource {id} has another digest");
                return Err(Finding::invalid(Check::Parse, Code::RelatedResourceMismatch, detail));
            }
        }
    }
    Ok(())
}

/// Checks the form of `relatedResource`: objects with a unique `id` and at least one well-formed digest.
pub(super) fn check_form(credential: &Map, place: &Place<'_>) -> Result<(), Finding> {
    let mut seen = Vec::new();
    let resources = objects(credential, "relatedResource", place)?;
    let place = &place.member("relatedResource");
    for resource in resources {
        check_id(resource, place)?;
        let id = resource.get("id").ok_or_else(|| violation(&place.member("id"), "is missing"))?;
        if seen.contains(&id) {
            return Err(violation(&place.member("id"), "is not unique"));
        }
        seen.push(id);
        if resource.get("mediaType").is_some_and(|media| !media.is_string()) {
            return Err(violation(&place.member("mediaType"), "is not a string"));
        }
        if declared(resource, place)?.is_empty() {
            return Err(violation(place, "has neither digestSRI nor digestMultibase"));
        }
    }
    Ok(())
}

fn declared(resource: &Map, place: &Place<'_>) -> Result<Vec<Digest>, Finding> {
    let mut digests = Vec::new();
    for (name, read) in
        [("digestSRI", read_sri as fn(&str) -> Option<Vec<Digest>>), ("digestMultibase", read_multibase)]
    {
        for value in one_or_more(resource.get(name)) {
            let read = value.as_str().and_then(read);
            digests.extend(read.ok_or_else(|| violation(&place.member(name), "is not a digest"))?);
        }
    }
    Ok(digests)
}

/// Reads Subresource Integrity hash expressions, separated by spaces; base64url is read as well (published examples use
/// it).
fn read_sri(text: &str) -> Option<Vec<Digest>> {
    let digests: Option<Vec<Digest>> = text.split_ascii_whitespace().map(read_hash_expression).collect();
    digests.filter(|digests| !digests.is_empty())
}

fn read_hash_expression(text: &str) -> Option<Digest> {
    let (algorithm, value) = text.split_once('-')?;
    let value = value.split_once('?').map_or(value, |(value, _)| value);
    let bytes = from_base64(value).or_else(|_| from_base64url(value.trim_end_matches('='))).ok()?;
    match (algorithm, bytes.len()) {
        ("sha256", 32) => Some(Digest::Sha256(bytes)),
        ("sha384", 48) => Some(Digest::Sha384(bytes)),
        ("sha512", 64) => Some(Digest::Sha512(bytes)),
        _ => None,
    }
}

/// Reads a Multibase-encoded Multihash; 32 bytes without a header are read as SHA-256, which texts before the
/// Recommendation still use.
fn read_multibase(text: &str) -> Option<Vec<Digest>> {
    let bytes = match text.split_at_checked(1)? {
        ("z", rest) => from_base58(rest).ok()?,
        ("u", rest) => from_base64url(rest).ok()?,
        _ => return None,
    };
    if bytes.len() == 32 {
        return Some(vec![Digest::Sha256(bytes)]);
    }
    let (&[code, length], value) = bytes.split_first_chunk::<2>()?;
    if usize::from(length) != value.len() || value.is_empty() {
        return None;
    }
    let digest = match (code, value.len()) {
        (0x12, 32) => Digest::Sha256(value.to_vec()),
        (0x20, 48) => Digest::Sha384(value.to_vec()),
        (0x13, 64) => Digest::Sha512(value.to_vec()),
        (0x12 | 0x13 | 0x20, _) => return None,
        _ => Digest::Other,
    };
    Some(vec![digest])
}

impl Digest {
    fn is_of(&self, edition: &Digests) -> bool {
        match self {
            Self::Sha256(bytes) => *bytes == edition.sha256,
            Self::Sha384(bytes) => *bytes == edition.sha384,
            Self::Sha512(bytes) => *bytes == edition.sha512,
            Self::Other => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::json::json;

    fn with(resource: &Value) -> Map {
        json!({ "relatedResource": resource }).as_object().unwrap().clone()
    }

    const BASE: &str = "https://www.w3.org/ns/credentials/v2";
    // SHA-384 of the published base context in base64.
    const SHA384: &str = "sha384-l/HrjlBCNWyAX91hr6LFV2Y3heB5Tcr6IeE4/Tje8YyzYBM8IhqjHWiWpr8+ZbYU";

    #[test]
    fn a_pinned_resource_must_have_the_declared_digest() {
        let contexts = Contexts::bundled();
        let good = with(&json!({ "id": BASE, "digestSRI": SHA384 }));
        assert_eq!(check(&good, &contexts), Ok(()));
        let sri = SHA384.replace("l/Hr", "l/Hs");
        let bad = with(&json!([{ "id": BASE, "digestSRI": [SHA384, sri] }]));
        assert_eq!(check(&bad, &contexts).unwrap_err().code, Code::RelatedResourceMismatch);
        let elsewhere = with(&json!({ "id": "https://example.org/image", "digestSRI": SHA384 }));
        assert_eq!(check(&elsewhere, &contexts), Ok(()));
    }

    #[test]
    fn the_form_is_checked_for_every_resource() {
        for good in [
            json!({ "id": BASE, "digestSRI": SHA384 }),
            json!([{ "id": BASE, "digestSRI": SHA384, "mediaType": "x/y" }]),
        ] {
            assert_eq!(check_form(&with(&good), &Place::ROOT), Ok(()));
        }
        for bad in [
            json!([]),
            json!([BASE]),
            json!({ "digestSRI": SHA384 }),
            json!({ "id": BASE }),
            json!({ "id": BASE, "digestSRI": "sha384-AAAA" }),
            json!({ "id": BASE, "digestSRI": "md5-AAAA" }),
            json!({ "id": BASE, "digestMultibase": "x00" }),
            json!({ "id": BASE, "digestMultibase": "zQm" }),
            json!({ "id": BASE, "digestSRI": SHA384, "mediaType": 1 }),
            json!([{ "id": BASE, "digestSRI": SHA384 }, { "id": BASE, "digestSRI": SHA384 }]),
        ] {
            assert!(check_form(&with(&bad), &Place::ROOT).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_multihash_is_read_with_its_header() {
        let read = read_multibase("zQmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n").unwrap();
        assert!(matches!(read.as_slice(), [Digest::Sha256(bytes)] if bytes.len() == 32));
    }
}
