//! Compact credentials: a show code with the holder's proof, or a printed code without one.

use std::sync::Arc;

use super::evidence::Evidence;
use super::json::note_unbound;
use super::sources::{Content, Sources, StatusEntry};
use super::verdict::{Format, Report};
use super::{CODE_LIFE, Once, Policy, Scope, Shown};
use crate::base::time::plus_seconds;
use crate::vc::compact;
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::keys::Purpose;

/// Verifies a code: the agency's signature, the holder's, and whether it is fresh.
pub(super) fn verify(code: &compact::Code, policy: &Policy<'_>, sources: &Sources<'_>, report: &mut Report) -> Shown {
    let mut shown = Shown { format: Format::Compact, credentials: Vec::new(), once: None };
    let credential = &code.credential;
    report.take(Check::Proof, verify_issuer(credential, sources));
    if let Some(proof) = &code.shown {
        report.take(Check::Binding, code.verify_holder());
        report.take(Check::Freshness, check_freshness(proof, policy));
        let until = plus_seconds(policy.now, CODE_LIFE * 2);
        shown.once = (policy.scope == Scope::Full).then(|| Once { digest: proof.replay_digest(), until });
    } else {
        note_unbound(policy, report);
    }
    shown.credentials.extend(report.take(Check::Parse, evidence(credential, sources)));
    shown
}

fn verify_issuer(credential: &compact::Credential, sources: &Sources<'_>) -> Result<(), Finding> {
    let key = sources.keys.resolve(&credential.method, Purpose::AssertionMethod, credential.issued_at);
    let key = key.map_err(|finding| finding.under(Check::Proof))?;
    credential.verify_issuer(&key.key)
}

fn check_freshness(proof: &compact::Shown, policy: &Policy<'_>) -> Result<(), Finding> {
    let wrong = |code, detail: &str| Err(Finding::invalid(Check::Freshness, code, detail));
    if !policy.audience.is_empty()
        && proof.audience.as_ref().is_some_and(|audience| !policy.audience.contains(audience))
    {
        return wrong(Code::AudienceMismatch, "the code was shown to another");
    }
    if policy.nonce.is_some() && proof.nonce.as_deref() != policy.nonce {
        return wrong(Code::NonceMismatch, "the code does not answer the request");
    }
    policy.check_age(proof.time, CODE_LIFE)
}

fn evidence(credential: &compact::Credential, sources: &Sources<'_>) -> Result<Evidence, Finding> {
    let unknown = || Finding::error(Check::Schema, Code::SchemaUnknown, "no such type in the catalogue");
    let fields = sources.types.fields(&credential.type_code, credential.version).ok_or_else(unknown)?;
    let claims = credential.claims(&fields)?;
    Ok(Evidence {
        id: Some(format!("urn:certless:{}", credential.id)),
        type_names: vec![credential.type_code.clone()],
        issuer: credential.issuer.clone(),
        method: credential.method.clone(),
        signed_at: Some(credential.issued_at),
        valid_from: Some(credential.valid_from),
        valid_until: credential.valid_until,
        status: credential.status.iter().cloned().map(StatusEntry::Token).collect(),
        holders: credential.holder.iter().map(crate::crypto::PublicKey::thumbprint).collect(),
        content: Arc::new(Content::View { name: credential.view.clone(), claims }),
    })
}
