//! What a credential must be (VC Data Model 2.0 §4 and §5).

use super::values::{
    check_context, check_everywhere, check_id, check_reference, check_text, check_time, check_type, check_typed,
    objects,
};
use super::{has_type, is_legacy, one_or_more, related, violation};
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
    check_at(credential, "")
}

/// The issuer's URL; `None` when the credential has none.
pub fn issuer_id(credential: &Map) -> Option<&str> {
    check_reference(credential.get("issuer")?, "issuer").ok()
}

/// The validity of a credential: not before, not after; `None` where it is open. In the Data Model 1.1 these are the
/// issuance and expiration dates. Fails on malformed times or order.
pub fn validity(credential: &Map) -> Result<(Option<Timestamp>, Option<Timestamp>), Finding> {
    validity_at(credential, "")
}

pub(super) fn check_at(credential: &Map, path: &str) -> Result<(), Finding> {
    check_context(credential, path)?;
    check_type(credential, path)?;
    if !has_type(credential, "VerifiableCredential") {
        return Err(violation(&format!("{path}type"), "does not name VerifiableCredential"));
    }
    check_id(credential, path)?;
    check_texts(credential, path)?;
    check_issuer(credential, path)?;
    check_subjects(credential, path)?;
    validity_at(credential, path)?;
    if is_legacy(credential) {
        check_legacy(credential, path)?;
    }
    TYPED.iter().try_for_each(|name| check_typed(credential, name, path))?;
    check_schemas(credential, path)?;
    related::check_form(credential, path)?;
    check_proof(credential, path)?;
    check_everywhere(credential, path)
}

fn check_texts(map: &Map, path: &str) -> Result<(), Finding> {
    check_text(map, "name", path)?;
    check_text(map, "description", path)
}

fn check_issuer(credential: &Map, path: &str) -> Result<(), Finding> {
    let path = format!("{path}issuer");
    let issuer = credential.get("issuer").ok_or_else(|| violation(&path, "is missing"))?;
    check_reference(issuer, &path)?;
    issuer.as_object().map_or(Ok(()), |map| check_texts(map, &format!("{path}.")))
}

fn check_subjects(credential: &Map, path: &str) -> Result<(), Finding> {
    let path = format!("{path}credentialSubject");
    let subjects = objects(credential, "credentialSubject", &path)?;
    if subjects.is_empty() {
        return Err(violation(&path, "is missing"));
    }
    if subjects.iter().any(|subject| subject.is_empty()) {
        return Err(violation(&path, "is an object without a claim"));
    }
    subjects.iter().try_for_each(|subject| check_id(subject, &format!("{path}.")))
}

fn validity_at(credential: &Map, path: &str) -> Result<(Option<Timestamp>, Option<Timestamp>), Finding> {
    let (first, last) =
        if is_legacy(credential) { ("issuanceDate", "expirationDate") } else { ("validFrom", "validUntil") };
    let from = check_time(credential, first, path)?;
    let until = check_time(credential, last, path)?;
    match (from, until) {
        (Some(from), Some(until)) if until < from => {
            Err(violation(&format!("{path}{last}"), &format!("is earlier than {first}")))
        }
        validity => Ok(validity),
    }
}

/// What the Data Model 1.1 demands beyond 2.0: `issuanceDate` (§4.6), an `id` of every status and refresh service (§4.9,
/// §5.4).
fn check_legacy(credential: &Map, path: &str) -> Result<(), Finding> {
    if !credential.contains_key("issuanceDate") {
        return Err(violation(&format!("{path}issuanceDate"), "is missing"));
    }
    for name in ["credentialStatus", "refreshService"] {
        let path = format!("{path}{name}");
        if objects(credential, name, &path)?.iter().any(|member| !member.contains_key("id")) {
            return Err(violation(&format!("{path}.id"), "is missing"));
        }
    }
    Ok(())
}

fn check_schemas(credential: &Map, path: &str) -> Result<(), Finding> {
    let path = format!("{path}credentialSchema");
    for schema in objects(credential, "credentialSchema", &path)? {
        if !schema.contains_key("id") {
            return Err(violation(&format!("{path}.id"), "is missing"));
        }
    }
    Ok(())
}

/// Checks the shape of `proof`: one or more objects, each with a type (Data Integrity 1.0 §2.1).
pub(super) fn check_proof(map: &Map, path: &str) -> Result<(), Finding> {
    let path = format!("{path}proof");
    for proof in objects(map, "proof", &path)? {
        if !proof.get("type").is_some_and(Value::is_string) {
            return Err(violation(&format!("{path}.type"), "is missing or not a string"));
        }
        check_id(proof, &format!("{path}."))?;
    }
    Ok(())
}

/// Tells whether the credential carries at least one embedded proof.
pub(super) fn is_secured(credential: &Map) -> bool {
    !one_or_more(credential.get("proof")).is_empty()
}
