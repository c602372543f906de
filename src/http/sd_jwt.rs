//! `POST /sd-jwt/verify`: an SD-JWT presentation and what the verifier expects of it become a verdict.
//!
//! With `issuer_jwk` the caller vouches for the issuer's key, and nothing is asked of this city: proof, disclosures,
//! times and key binding are checked, trust, status and schema are skipped. Without it the city's whole policy holds.
//! Naming a `nonce` or an `aud` requires key binding (RFC 9901 section 7.3): the decision is the verifier's, never the
//! presentation's.

use axum::Json;
use axum::extract::State;
use axum::routing::post;
use serde::Deserialize;

use super::extract;
use super::problem::Answer;
use super::route::{JSON, Route};
use super::service::{Service, Shared, blocking};
use crate::base::json::{Map, Value};
use crate::base::time::Timestamp;
use crate::crypto::PublicKey;
use crate::domain::error::Error;
use crate::vc::finding::{Check, Finding};
use crate::vc::sd_jwt::{SdJwt, json_form};
use crate::vc::verify::{Binding, Policy, Received, Scope, Verdict, verify_with_key};

/// The operations of this resource.
pub fn routes() -> Vec<Route> {
    let path = "/sd-jwt/verify";
    let summary = "Verifies an SD-JWT presentation, with the issuer's key as given or as this city knows it.";
    vec![Route::post(path, summary, &[(JSON, "SdJwtVerify")], post(verify)).answers(&[
        (200, JSON, "The verdict, accepted or not."),
        (400, "application/problem+json", "The question is malformed."),
    ])]
}

/// The question.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    /// The compact form, or an object in the JWS JSON serialization.
    presentation: Value,
    issuer_jwk: Option<Map>,
    nonce: Option<String>,
    aud: Option<String>,
    /// Names of checks; absent for the whole policy.
    checks: Option<Vec<String>>,
}

async fn verify(
    State(service): State<Shared>,
    extract::Json(question): extract::Json<Question>,
) -> Answer<Json<Value>> {
    let verdict = blocking(&service, move |service| question.judge(service)).await?;
    Ok(Json(verdict.to_json()))
}

impl Question {
    fn judge(self, service: &Service) -> Result<Verdict, Error> {
        let audience: Vec<String> = self.aud.iter().cloned().collect();
        let policy = self.policy(service.city.now(), &audience)?;
        let key = self.issuer_jwk.as_ref().map(PublicKey::from_jwk).transpose();
        let key = key.map_err(|error| Error::malformed(format!("issuer_jwk: {error}")))?;
        let forms = match self.read()? {
            Ok(forms) => forms,
            Err(finding) => return Ok(Verdict::unreadable(finding, policy.now)),
        };
        let verifies = |form: &SdJwt| key.as_ref().is_some_and(|key| form.verify(key).is_ok());
        let at = forms.iter().position(verifies).unwrap_or_default();
        let form = forms.into_iter().nth(at).ok_or_else(|| Error::malformed("no signature"))?;
        match key {
            Some(key) => Ok(verify_with_key(&form, &key, &policy)),
            None => Ok(service.city.verify_once(Received::SdJwt(Box::new(form)), &policy)?.verdict),
        }
    }

    /// One SD-JWT for each signature; a finding when the presentation is none.
    fn read(&self) -> Result<Result<Vec<SdJwt>, Finding>, Error> {
        match &self.presentation {
            Value::String(text) => Ok(SdJwt::parse(text.trim()).map(|form| vec![form])),
            Value::Object(document) => Ok(json_form::parse(document)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
                Err(Error::malformed("presentation is neither text nor object"))
            }
        }
    }

    fn policy<'a>(&'a self, now: Timestamp, audience: &'a [String]) -> Result<Policy<'a>, Error> {
        let named = self.checks.as_deref().unwrap_or_default();
        let checks: Vec<Check> = named.iter().map(|name| check(name)).collect::<Result<_, _>>()?;
        let beyond = |check: &Check| !matches!(check, Check::Parse | Check::Proof | Check::Binding | Check::Freshness);
        let scope = if self.checks.is_none() || checks.iter().any(beyond) { Scope::Full } else { Scope::Proof };
        let expected = self.nonce.is_some() || self.aud.is_some() || checks.contains(&Check::Binding);
        let binding = if expected { Binding::Required } else { Binding::WhenShown };
        Ok(Policy { now, scope, binding, audience, nonce: self.nonce.as_deref(), log: None })
    }
}

fn check(name: &str) -> Result<Check, Error> {
    let found = Check::ALL.into_iter().find(|check| check.name() == name);
    found.ok_or_else(|| Error::malformed("checks names a check that there is not"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::json::json;
    use crate::vc::finding::Code;

    fn question(value: Value) -> Result<Question, serde_json::Error> {
        serde_json::from_value(value)
    }

    fn asked(value: Value) -> (Scope, Binding) {
        let question = question(value).unwrap();
        let policy = question.policy(Timestamp::UNIX_EPOCH, &[]).unwrap();
        (policy.scope, policy.binding)
    }

    #[test]
    fn a_nonce_or_an_audience_requires_key_binding() {
        assert_eq!(asked(json!({"presentation": ""})), (Scope::Full, Binding::WhenShown));
        assert_eq!(asked(json!({"presentation": "", "nonce": "n"})), (Scope::Full, Binding::Required));
        assert_eq!(
            asked(json!({"presentation": "", "aud": "a", "checks": ["proof"]})),
            (Scope::Proof, Binding::Required)
        );
        assert_eq!(asked(json!({"presentation": "", "checks": ["binding"]})), (Scope::Proof, Binding::Required));
        assert_eq!(
            asked(json!({"presentation": "", "checks": ["proof", "status"]})),
            (Scope::Full, Binding::WhenShown)
        );
    }

    #[test]
    fn a_question_is_strict_and_an_unreadable_presentation_is_a_finding() {
        assert!(question(json!({})).is_err());
        assert!(question(json!({"presentation": "", "nounce": "n"})).is_err());
        let odd = question(json!({"presentation": "", "checks": ["everything"]})).unwrap();
        assert!(odd.policy(Timestamp::UNIX_EPOCH, &[]).is_err());
        assert!(question(json!({"presentation": 1})).unwrap().read().is_err());
        let code = |presentation: Value| {
            question(json!({"presentation": presentation})).unwrap().read().unwrap().unwrap_err().code
        };
        assert_eq!(code(json!("x")), Code::SdJwtMalformed);
        assert_eq!(code(json!({"payload": 1})), Code::SdJwtMalformed);
    }
}
