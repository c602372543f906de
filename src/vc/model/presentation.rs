//! What a presentation must be (VC Data Model 2.0 §4.13).
//!
//! Enveloped credentials and presentations (§4.13.1, §4.13.2) are recognised and their form is checked; they are then
//! refused as a format that is not supported (an SD-JWT or a compact code is presented as such, not in an envelope).

use super::credential::{check_at, check_proof, is_secured, issuer_id};
use super::values::{check_context, check_everywhere, check_id, check_reference, check_type, check_typed, objects};
use super::{BASE_CONTEXT, Place, has_type, one_or_more, violation};
use crate::base::json::{Map, Value};
use crate::vc::finding::{Check, Code, Finding};

const MOST_CREDENTIALS: usize = 64;

/// Checks a presentation and every credential in it; the finding names the first property that breaks a rule.
///
/// A credential without a proof of its own is allowed only when it is self-asserted: its issuer is the holder (§4.13.3).
pub fn check(presentation: &Map) -> Result<(), Finding> {
    let place = &Place::ROOT;
    if has_type(presentation, "EnvelopedVerifiablePresentation") {
        check_envelope(presentation, place)?;
        return Err(unsupported("an enveloped presentation"));
    }
    check_context(presentation, place)?;
    check_type(presentation, place)?;
    if !has_type(presentation, "VerifiablePresentation") {
        return Err(violation(&place.member("type"), "does not name VerifiablePresentation"));
    }
    check_id(presentation, place)?;
    if let Some(holder) = presentation.get("holder") {
        check_reference(holder, &place.member("holder"))?;
    }
    check_typed(presentation, "termsOfUse", place)?;
    check_proof(presentation, place)?;
    check_everywhere(presentation, place)?;
    check_credentials(presentation)
}

/// The holder's URL; `None` when the presentation names none.
pub fn holder_id(presentation: &Map) -> Option<&str> {
    check_reference(presentation.get("holder")?, &Place::ROOT).ok()
}

/// The credentials in a presentation.
pub fn credentials(presentation: &Map) -> impl Iterator<Item = &Map> {
    one_or_more(presentation.get("verifiableCredential")).iter().filter_map(Value::as_object)
}

fn check_credentials(presentation: &Map) -> Result<(), Finding> {
    // An empty array says the same as an absent property.
    if presentation.get("verifiableCredential").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        return Ok(());
    }
    let credentials = objects(presentation, "verifiableCredential", &Place::ROOT)?;
    if one_or_more(presentation.get("verifiableCredential")).len() > MOST_CREDENTIALS {
        return Err(Finding::invalid(Check::Parse, Code::TooLarge, "verifiableCredential: more than 64 credentials"));
    }
    let holder = holder_id(presentation);
    let place = &Place::ROOT.member("verifiableCredential");
    for credential in credentials {
        if has_type(credential, "EnvelopedVerifiableCredential") {
            check_envelope(credential, place)?;
            return Err(unsupported("an enveloped credential"));
        }
        check_at(credential, place)?;
        if !is_secured(credential) && (holder.is_none() || issuer_id(credential) != holder) {
            return Err(violation(&place.member("proof"), "is missing and the issuer is not the holder"));
        }
    }
    Ok(())
}

fn check_envelope(envelope: &Map, place: &Place<'_>) -> Result<(), Finding> {
    let based = one_or_more(envelope.get("@context")).iter().any(|context| context == BASE_CONTEXT);
    if !based {
        return Err(violation(&place.member("@context"), "does not include the base context"));
    }
    let data = envelope.get("id").and_then(Value::as_str).is_some_and(|id| id.starts_with("data:") && id.contains(','));
    if data { Ok(()) } else { Err(violation(&place.member("id"), "is not a data: URL")) }
}

fn unsupported(what: &str) -> Finding {
    Finding::error(
        Check::Parse,
        Code::FormatUnsupported,
        format!("{what} is not supported; present the secured form itself"),
    )
}
