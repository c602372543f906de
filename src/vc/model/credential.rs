//! What a credential must be (VC Data Model 2.0 §4 and §5).

use super::values::{
    check_context, check_everywhere, check_id, check_reference, check_text, check_time, check_type, check_typed,
    objects,
};
use super::{Place, has_type, is_legacy, one_or_more, related, violation};
use crate::base::json::{Map, Value};
use crate::base::time::Timestamp;
use crate::vc::finding::Finding;

/// Properties whose values are one or more objects, each with a type (§4.5, table; §5.11 reserved properties).
const TYPED: [&str; 7] = [
    "credentialStatus",
    "credentialSchema",
    "refreshService",
    "termsOfUse",
    "evidence",
    "confidenceMethod",
    "renderMethod",
];

/// Checks a credential, secured or not; the finding names the first property that breaks a rule.
pub fn check(credential: &Map) -> Result<(), Finding> {
    check_at(credential, &Place::ROOT)
}

/// The issuer's URL; `None` when the credential has none.
pub fn issuer_id(credential: &Map) -> Option<&str> {
    check_reference(credential.get("issuer")?, &Place::ROOT).ok()
}

/// The validity of a credential: not before, not after; `None` where it is open. In the Data Model 1.1 these are the
/// issuance and expiration dates. Fails on malformed times or order.
pub fn validity(credential: &Map) -> Result<(Option<Timestamp>, Option<Timestamp>), Finding> {
    validity_at(credential, &Place::ROOT)
}

pub(super) fn check_at(credential: &Map, place: &Place<'_>) -> Result<(), Finding> {
    check_context(credential, place)?;
    check_type(credential, place)?;
    if !has_type(credential, "VerifiableCredential") {
        return Err(violation(&place.member("type"), "does not name VerifiableCredential"));
    }
    check_id(credential, place)?;
    check_texts(credential, place)?;
    check_issuer(credential, place)?;
    check_subjects(credential, place)?;
    validity_at(credential, place)?;
    if is_legacy(credential) {
        check_legacy(credential, place)?;
    }
    TYPED.iter().try_for_each(|name| check_typed(credential, name, place))?;
    check_schemas(credential, place)?;
    related::check_form(credential, place)?;
    check_proof(credential, place)?;
    check_everywhere(credential, place)
}

fn check_texts(map: &Map, place: &Place<'_>) -> Result<(), Finding> {
    check_text(map, "name", place)?;
    check_text(map, "description", place)
}

fn check_issuer(credential: &Map, place: &Place<'_>) -> Result<(), Finding> {
    let place = place.member("issuer");
    let issuer = credential.get("issuer").ok_or_else(|| violation(&place, "is missing"))?;
    check_reference(issuer, &place)?;
    issuer.as_object().map_or(Ok(()), |map| check_texts(map, &place))
}

fn check_subjects(credential: &Map, place: &Place<'_>) -> Result<(), Finding> {
    let subjects = objects(credential, "credentialSubject", place)?;
    let place = place.member("credentialSubject");
    if !credential.contains_key("credentialSubject") {
        return Err(violation(&place, "is missing"));
    }
    subjects.into_iter().try_for_each(|subject| {
        if subject.is_empty() {
            return Err(violation(&place, "is an object without a claim"));
        }
        check_id(subject, &place)
    })
}

fn validity_at(credential: &Map, place: &Place<'_>) -> Result<(Option<Timestamp>, Option<Timestamp>), Finding> {
    let (first, last) =
        if is_legacy(credential) { ("issuanceDate", "expirationDate") } else { ("validFrom", "validUntil") };
    let from = check_time(credential, first, place)?;
    let until = check_time(credential, last, place)?;
    match (from, until) {
        (Some(from), Some(until)) if until < from => {
            Err(violation(&place.member(last), &format!("is earlier than {first}")))
        }
        validity => Ok(validity),
    }
}

/// What the Data Model 1.1 demands beyond 2.0: `issuanceDate` (§4.6), an `id` of every status and refresh service (§4.9,
/// §5.4).
fn check_legacy(credential: &Map, place: &Place<'_>) -> Result<(), Finding> {
    if !credential.contains_key("issuanceDate") {
        return Err(violation(&place.member("issuanceDate"), "is missing"));
    }
    for name in ["credentialStatus", "refreshService"] {
        if objects(credential, name, place)?.any(|member| !member.contains_key("id")) {
            return Err(violation(&place.member(name).member("id"), "is missing"));
        }
    }
    Ok(())
}

fn check_schemas(credential: &Map, place: &Place<'_>) -> Result<(), Finding> {
    for schema in objects(credential, "credentialSchema", place)? {
        if !schema.contains_key("id") {
            return Err(violation(&place.member("credentialSchema").member("id"), "is missing"));
        }
    }
    Ok(())
}

/// Checks the shape of `proof`: one or more objects, each with a type (Data Integrity 1.0 §2.1).
pub(super) fn check_proof(map: &Map, place: &Place<'_>) -> Result<(), Finding> {
    let objects = objects(map, "proof", place)?;
    let place = place.member("proof");
    for proof in objects {
        if !proof.get("type").is_some_and(Value::is_string) {
            return Err(violation(&place.member("type"), "is missing or not a string"));
        }
        check_id(proof, &place)?;
    }
    Ok(())
}

/// Tells whether the credential carries at least one embedded proof.
pub(super) fn is_secured(credential: &Map) -> bool {
    !one_or_more(credential.get("proof")).is_empty()
}
