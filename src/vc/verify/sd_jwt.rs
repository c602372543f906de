//! SD-JWT VC: the issuer's signature, the disclosures, and the holder's key binding.

use super::evidence::Evidence;
use super::json::note_unbound;
use super::sources::{Content, Sources, StatusEntry};
use super::verdict::{Format, Report};
use super::{CLOCK_SKEW, Once, PRESENTATION_LIFE, Policy, Scope, Shown};
use crate::base::json::{Map, Value};
use crate::base::time::{Timestamp, from_unix, plus_seconds};
use crate::crypto::digest::sha256_of;
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::keys::Purpose;
use crate::vc::sd_jwt::credential::{NEVER_CONCEALED, verification_method};
use crate::vc::sd_jwt::{Credential, ExpectedBinding, Processed, SdJwt};

/// Verifies an SD-JWT with its key binding, if it has one.
pub(super) fn verify(sd_jwt: &SdJwt, policy: &Policy<'_>, sources: &Sources<'_>, report: &mut Report) -> Shown {
    let mut shown = Shown { format: Format::SdJwt, credentials: Vec::new(), once: None };
    let Some(processed) = verify_issuer(sd_jwt, policy, sources, report) else { return shown };
    let Some(credential) = report.take(Check::Parse, Credential::check(sd_jwt, processed)) else { return shown };
    verify_holder(sd_jwt, &credential, policy, report);
    if sd_jwt.has_key_binding() && policy.scope == Scope::Full {
        shown.once = once(sd_jwt, policy);
    }
    shown.credentials.extend(evidence(sd_jwt, credential, report));
    shown
}

fn verify_issuer(sd_jwt: &SdJwt, policy: &Policy<'_>, sources: &Sources<'_>, report: &mut Report) -> Option<Processed> {
    let signed_at = time(sd_jwt.payload(), "iat").unwrap_or(policy.now);
    let key = verification_method(sd_jwt)
        .and_then(|method| sources.keys.resolve(&method, Purpose::AssertionMethod, signed_at));
    match key {
        Ok(key) => match sd_jwt.verify(&key.key) {
            Ok(processed) => {
                report.pass(Check::Proof);
                Some(processed)
            }
            Err(finding) => {
                report.fail(finding);
                sd_jwt.process().ok()
            }
        },
        Err(finding) => {
            report.fail(Finding { check: Check::Proof, ..finding });
            report.take(Check::Parse, sd_jwt.process())
        }
    }
}

fn verify_holder(sd_jwt: &SdJwt, credential: &Credential, policy: &Policy<'_>, report: &mut Report) {
    if !sd_jwt.has_key_binding() {
        note_unbound(policy, report);
        return;
    }
    let (nonce, audience, now) = (policy.nonce, policy.audience.first().map(String::as_str), policy.now);
    let expected = ExpectedBinding { nonce, audience, now, max_age: PRESENTATION_LIFE, max_ahead: CLOCK_SKEW };
    let outcome = match credential.holder_key() {
        Ok(Some(holder)) => sd_jwt.verify_key_binding(&holder, &expected),
        Ok(None) => {
            Err(Finding::invalid(Check::Binding, Code::BindingInvalid, "key binding to a credential without cnf"))
        }
        Err(finding) => Err(finding),
    };
    match outcome {
        Ok(_) => {
            report.pass(Check::Binding);
            report.pass(Check::Freshness);
        }
        Err(finding) => {
            if finding.check == Check::Freshness {
                report.pass(Check::Binding);
            }
            report.fail(finding);
        }
    }
}

/// Remembers what the holder signed, without the signature.
fn once(sd_jwt: &SdJwt, policy: &Policy<'_>) -> Option<Once> {
    let binding = sd_jwt.key_binding()?.as_text();
    let signed = binding.rsplit_once('.').map_or(binding, |(signed, _)| signed);
    let digest = sha256_of(&[b"kb+jwt", signed.as_bytes()]);
    Some(Once { digest, until: plus_seconds(policy.now, PRESENTATION_LIFE * 2) })
}

fn evidence(sd_jwt: &SdJwt, credential: Credential, report: &mut Report) -> Option<Evidence> {
    let status = report.take(Check::Parse, credential.status())?;
    let holder = credential.holder_key().ok().flatten();
    let Credential { claims, vct, issuer } = credential;
    Some(Evidence {
        id: None,
        type_names: vec![vct],
        issuer: issuer.unwrap_or_default(),
        method: verification_method(sd_jwt).unwrap_or_default(),
        signed_at: time(&claims, "iat"),
        valid_from: time(&claims, "nbf"),
        valid_until: time(&claims, "exp"),
        status: status.into_iter().map(StatusEntry::Token).collect(),
        holders: holder.iter().map(crate::crypto::PublicKey::thumbprint).collect(),
        content: Content::Part(subject_claims(claims)),
    })
}

/// The claims about the subject: all but those that belong to the JWT.
fn subject_claims(claims: Map) -> Map {
    let belongs = |name: &str| NEVER_CONCEALED.contains(&name) || matches!(name, "iat" | "aud" | "jti");
    claims.into_iter().filter(|(name, _)| !belongs(name)).collect()
}

fn time(claims: &Map, name: &str) -> Option<Timestamp> {
    from_unix(claims.get(name).and_then(Value::as_i64)?)
}
