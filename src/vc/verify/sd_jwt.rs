//! SD-JWT VC: the issuer's signature, the disclosures, and the holder's key binding.

use std::sync::Arc;

use super::evidence::Evidence;
use super::json::note_unbound;
use super::sources::{Content, Sources, StatusEntry};
use super::verdict::{Format, Report, Summary, Verdict};
use super::{Binding, CLOCK_SKEW, Once, PRESENTATION_LIFE, Policy, Scope, Shown};
use crate::base::json::{Map, Value};
use crate::base::time::{Timestamp, plus_seconds};
use crate::crypto::PublicKey;
use crate::crypto::digest::sha256_of;
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::keys::Purpose;
use crate::vc::sd_jwt::credential::{NEVER_CONCEALED, TYP, verification_method};
use crate::vc::sd_jwt::key_binding::holder_key;
use crate::vc::sd_jwt::{Credential, ExpectedBinding, Processed, SdJwt, numeric_date};

/// Verifies an SD-JWT with its key binding, if it has one.
pub(super) fn verify(sd_jwt: &SdJwt, policy: &Policy<'_>, sources: &Sources<'_>, report: &mut Report) -> Shown {
    let mut shown = Shown { format: Format::SdJwt, credentials: Vec::new(), once: None };
    let Some(processed) = verify_issuer(sd_jwt, policy, sources, report) else { return shown };
    let Some(credential) = report.take(Check::Parse, Credential::check(sd_jwt, processed)) else { return shown };
    verify_holder(sd_jwt, credential.holder_key(), policy, report);
    if policy.scope == Scope::Full {
        // `exp` itself is already too late (RFC 7519 section 4.1.4).
        report.take(Check::Validity, credential.check_validity(policy.now, 0));
    }
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

/// Verifies with the issuer's key as the caller gives it: for somebody who knows the issuer otherwise.
///
/// Nothing is asked of the city: trust, status, schema and log are skipped, and so no [`super::Verified`] comes of it.
/// An SD-JWT that is no SD-JWT VC by its `typ` is verified too, by RFC 9901 alone.
pub fn verify_with_key(sd_jwt: &SdJwt, issuer: &PublicKey, policy: &Policy<'_>) -> Verdict {
    let (mut report, mut credentials) = (Report::default(), Vec::new());
    match sd_jwt.verify(issuer) {
        Ok(processed) => {
            report.pass(Check::Proof);
            credentials.extend(verify_claims(sd_jwt, processed, policy, &mut report));
        }
        Err(finding) => report.fail(finding),
    }
    let required: &[Check] = match policy.binding {
        Binding::Required => &[Check::Parse, Check::Proof, Check::Binding, Check::Freshness],
        Binding::WhenShown => &[Check::Parse, Check::Proof],
    };
    let accepted = report.accepts(required);
    Verdict { accepted, format: Format::SdJwt, credentials, report, checked_at: policy.now }
}

fn verify_claims(sd_jwt: &SdJwt, processed: Processed, policy: &Policy<'_>, report: &mut Report) -> Option<Summary> {
    let claims = processed.claims.clone();
    if sd_jwt.header().typ() == Some(TYP) {
        report.take(Check::Parse, Credential::check(sd_jwt, processed))?;
    }
    report.pass(Check::Parse);
    if policy.scope == Scope::Full {
        report.take(Check::Validity, numeric_date::check_window(&claims, policy.now, 0));
    }
    verify_holder(sd_jwt, holder_key(&claims), policy, report);
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Some(Summary {
        type_names: claims.get("vct").and_then(Value::as_str).map(str::to_owned).into_iter().collect(),
        issuer: text("iss"),
        valid_from: time(&claims, "nbf"),
        valid_until: time(&claims, "exp"),
        content: Some(Arc::new(Content::Part(subject_claims(claims)))),
        ..Summary::default()
    })
}

fn verify_holder(sd_jwt: &SdJwt, holder: Result<Option<PublicKey>, Finding>, policy: &Policy<'_>, report: &mut Report) {
    if !sd_jwt.has_key_binding() {
        note_unbound(policy, report);
        return;
    }
    let (nonce, audience, now) = (policy.nonce, policy.audience.first().map(String::as_str), policy.now);
    let expected = ExpectedBinding { nonce, audience, now, max_age: PRESENTATION_LIFE, max_ahead: CLOCK_SKEW };
    let outcome = match holder {
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
        holders: holder.iter().map(PublicKey::thumbprint).collect(),
        content: Arc::new(Content::Part(subject_claims(claims))),
    })
}

/// The claims about the subject: all but those that belong to the JWT.
fn subject_claims(claims: Map) -> Map {
    let belongs = |name: &str| NEVER_CONCEALED.contains(&name) || matches!(name, "iat" | "aud" | "jti");
    claims.into_iter().filter(|(name, _)| !belongs(name)).collect()
}

fn time(claims: &Map, name: &str) -> Option<Timestamp> {
    numeric_date::numeric_date(claims, name).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::json::json;
    use crate::base::time::from_unix;
    use crate::crypto::Signer as _;
    use crate::vc::finding::State;
    use crate::vc::sd_jwt::credential::NewCredential;
    use crate::vc::sd_jwt::testing::{ed25519_key, es256_key, object, seeded};
    use crate::vc::sd_jwt::{ClaimPath, KeyBinding};

    const NOW: i64 = 1_790_000_000;

    fn at(seconds: i64) -> Timestamp {
        from_unix(seconds).unwrap()
    }

    fn shown() -> (SdJwt, SdJwt) {
        let (claims, holder) = (object(json!({"name": "演示甲", "age": 61})), es256_key(2));
        let credential = NewCredential {
            issuer: "https://city.example",
            key_id: "key-1",
            vct: "https://city.example/schemas/credentials/idCard/1",
            valid_from: None,
            valid_until: Some(at(NOW + 100)),
            issued_at: None,
            status: None,
            holder: Some(holder.public_key()),
            claims: &claims,
            open: &[],
            decoys: 0,
        };
        let plain = credential.issue(&ed25519_key(1), &seeded(1)).unwrap().select(&[ClaimPath::top("age")]).unwrap();
        let binding = KeyBinding { nonce: "n".into(), audience: "window".into(), issued_at: at(NOW) };
        let bound = plain.bind(&binding, &holder).unwrap();
        (plain, bound)
    }

    fn states(sd_jwt: &SdJwt, policy: &Policy) -> (bool, Vec<(Check, State)>) {
        let verdict = verify_with_key(sd_jwt, ed25519_key(1).public_key(), policy);
        let results = verdict.report.results().iter().filter(|result| result.state != State::Skipped);
        (verdict.accepted, results.map(|result| (result.check, result.state)).collect())
    }

    #[test]
    fn with_a_given_key_the_city_is_not_asked() {
        use Check::{Binding as Holder, Freshness, Parse, Proof, Validity};
        use State::{Invalid, Valid};
        let (plain, bound) = shown();
        let policy = Policy::full(at(NOW));
        assert_eq!(states(&plain, &policy), (true, vec![(Parse, Valid), (Proof, Valid), (Validity, Valid)]));
        let audience = ["window".to_owned()];
        let asked = Policy { binding: Binding::Required, nonce: Some("n"), audience: &audience, ..policy };
        let all = vec![(Parse, Valid), (Proof, Valid), (Validity, Valid), (Holder, Valid), (Freshness, Valid)];
        assert_eq!(states(&bound, &asked), (true, all));
        let (accepted, checks) = states(&plain, &asked);
        assert!(!accepted && checks.contains(&(Holder, Invalid)), "{checks:?}");
        let (accepted, checks) = states(&bound, &Policy { nonce: Some("other"), ..asked });
        assert!(!accepted && checks.contains(&(Freshness, Invalid)), "{checks:?}");
        let (accepted, checks) = states(&plain, &Policy::full(at(NOW + 100)));
        assert!(!accepted && checks.contains(&(Validity, Invalid)), "exp itself is too late: {checks:?}");
        assert!(states(&plain, &Policy { scope: Scope::Proof, ..Policy::full(at(NOW + 100)) }).0, "proof only");
        assert!(!states(&plain, &Policy { scope: Scope::Proof, binding: Binding::Required, ..policy }).0);
        assert!(!verify_with_key(&plain, ed25519_key(9).public_key(), &policy).accepted);
    }
}
