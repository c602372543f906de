//! Whether what was presented is what was asked for (OpenID4VP 1.0 section 8.6): the right query, format, type and claims.
//!
//! Everything here comes after the one pipeline has verified signatures, holder, nonce and audience, or beside it; it can
//! only refuse. Of what was disclosed nothing is taken but what was asked for.

use std::sync::Arc;

use super::wants::{ClaimWant, Offered, TypeWant, Want};
use crate::base::json::{Map, Value, json};
use crate::domain::catalogue::CredentialType;
use crate::vc::compact;
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::sd_jwt::SdJwt;
use crate::vc::verify::sources::Content;
use crate::vc::verify::{Evidence, Received, receive_map};
use crate::wire::format::Format;
use crate::wire::oid4vp::response::VpToken;

/// Reads a presentation in the format of its query.
pub(super) fn read(format: Format, presentation: &Value) -> Result<Received, Finding> {
    let other = || {
        Finding::invalid(Check::Parse, Code::FormatUnsupported, format!("not in the format {}", format.identifier()))
    };
    match (format, presentation) {
        (Format::SdJwt, Value::String(text)) => SdJwt::parse(text).map(|sd_jwt| Received::SdJwt(Box::new(sd_jwt))),
        (Format::Compact, Value::String(text)) if compact::Code::is_code(text) => {
            compact::Code::from_text(text).map(|code| Received::Compact(Box::new(code)))
        }
        (Format::Ldp, Value::Object(document)) => match receive_map(document.clone())? {
            presentation @ Received::Presentation(_) => Ok(presentation),
            Received::Credential(_) => {
                Err(Finding::invalid(Check::Binding, Code::BindingMissing, "a credential without a presentation"))
            }
            Received::SdJwt(_) | Received::Compact(_) => Err(other()),
        },
        _ => Err(other()),
    }
}

/// Checks the parts of an answer against the request as a whole: nothing that was not asked for, one presentation where
/// one was asked for, and every want that is required.
pub(super) fn check_whole(wants: &[Want], offered: &[Offered<'_>], token: &VpToken) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, presentations) in token {
        let wrong = match offered.iter().find(|one| one.id == *id) {
            None => "vp_token names a query that is not there",
            Some(one) if presentations.len() > 1 && !one.want.multiple => {
                "several presentations where one is asked for"
            }
            Some(_) => continue,
        };
        findings.push(Finding::invalid(Check::Parse, Code::NotRequested, wrong));
    }
    let given = |want: &Want| offered.iter().any(|one| one.want.id == want.id && token.contains_key(&one.id));
    let missing = wants.iter().filter(|want| want.required && !given(want));
    findings.extend(
        missing.map(|want| Finding::invalid(Check::Schema, Code::RequestUnmet, format!("{} is missing", want.id))),
    );
    findings
}

/// Checks one credential against its query.
pub(super) fn check_one(
    offered: &Offered<'_>,
    evidence: &Evidence,
    credential_type: Option<&CredentialType>,
) -> Result<(), Finding> {
    let option = offered.option;
    if credential_type.is_none_or(|found| found.annotation().code != option.type_code) {
        return Err(Finding::invalid(Check::Schema, Code::NotAskedFor, "a credential of another type"));
    }
    if let Content::View { name, .. } = evidence.content.as_ref() {
        return if *name == option.view {
            Ok(())
        } else {
            Err(Finding::invalid(Check::Schema, Code::ClaimsMissing, "another view than the one asked for"))
        };
    }
    // Where no licence must have any of the fields, one without all of them answers nothing.
    let none_required = option.claims.iter().all(|claim| !claim.required);
    for claim in option.claims.iter().filter(|claim| claim.required || none_required) {
        check_claim(claim, evidence)?;
    }
    Ok(())
}

fn check_claim(claim: &ClaimWant, evidence: &Evidence) -> Result<(), Finding> {
    let mut shown = evidence.content.shown().subjects().filter_map(|subject| subject.get(&claim.name)).peekable();
    if shown.peek().is_none() {
        return Err(Finding::invalid(Check::Schema, Code::ClaimsMissing, format!("{} was not disclosed", claim.name)));
    }
    if !claim.values.is_empty() && !shown.any(|value| claim.values.contains(value)) {
        return Err(Finding::invalid(Check::Schema, Code::ValueMismatch, format!("{} has another value", claim.name)));
    }
    Ok(())
}

/// What was asked for of what was disclosed.
pub(super) fn asked_for(option: &TypeWant, content: &Content) -> Arc<Content> {
    let part = |subject: &Map| -> Map {
        let claims =
            option.claims.iter().filter_map(|claim| Some((claim.name.clone(), subject.get(&claim.name)?.clone())));
        claims.collect()
    };
    Arc::new(match content {
        Content::View { .. } => content.clone(),
        Content::Part(claims) => Content::Part(part(claims)),
        Content::Whole(credential) => {
            let mut subjects: Vec<_> = content.shown().subjects().map(part).collect();
            let several = credential.get("credentialSubject").is_some_and(Value::is_array);
            match (several, subjects.pop()) {
                (false, Some(one)) => Content::Part(one),
                (_, last) => {
                    subjects.extend(last);
                    Content::Whole(json!({"credentialSubject": subjects}))
                }
            }
        }
    })
}
