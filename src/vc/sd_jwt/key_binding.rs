//! The key-binding JWT (RFC 9901 section 4.3): the holder's signature over one presentation for one verifier.

use crate::base::json::{Map, Value};
use crate::base::time::{Timestamp, plus_seconds};
use crate::crypto::{KeyError, PublicKey, Signer};
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::jws::Jws;

use super::SdJwt;
use super::numeric_date::{self, numeric_date};

/// The header member `typ` of a key-binding JWT.
pub const TYP: &str = "kb+jwt";

/// What a key-binding JWT says beside its `sd_hash`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyBinding {
    /// The verifier's challenge.
    pub nonce: String,
    /// Whom the presentation is meant for.
    pub audience: String,
    /// When it was made.
    pub issued_at: Timestamp,
}

/// What a verifier expects of a key-binding JWT.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedBinding<'a> {
    /// The challenge that was sent; `None` accepts any, which gives no protection against replay.
    pub nonce: Option<&'a str>,
    /// The verifier's own identifier; `None` accepts any.
    pub audience: Option<&'a str>,
    /// The time of verification.
    pub now: Timestamp,
    /// Greatest age in seconds.
    pub max_age: i64,
    /// How far `iat` may lie ahead of `now` in seconds: clocks differ.
    pub max_ahead: i64,
}

impl<'a> ExpectedBinding<'a> {
    /// A nonce and an audience at a time, five minutes old at most and one minute ahead.
    pub fn new(nonce: Option<&'a str>, audience: Option<&'a str>, now: Timestamp) -> Self {
        Self { nonce, audience, now, max_age: 300, max_ahead: 60 }
    }
}

impl SdJwt {
    /// Signs this selection of disclosures for one verifier and answers the SD-JWT+KB.
    pub fn bind(&self, binding: &KeyBinding, holder: &dyn Signer) -> Result<Self, Finding> {
        let header = [("typ".to_owned(), Value::from(TYP))].into_iter().collect();
        let claims = [
            ("nonce".to_owned(), Value::from(binding.nonce.as_str())),
            ("aud".to_owned(), Value::from(binding.audience.as_str())),
            ("iat".to_owned(), Value::from(binding.issued_at.as_second())),
            ("sd_hash".to_owned(), Value::from(self.sd_hash())),
        ];
        let jwt = Jws::sign(&header, &claims.into_iter().collect(), holder)?;
        Self::assemble(self.jwt.clone(), self.disclosures.clone(), Some(jwt))
    }

    /// Verifies the key binding (section 7.3, step 5); findings are of the checks `binding` and `freshness`.
    ///
    /// Whether a presentation without key binding is refused is the caller's policy, decided before looking; a caller
    /// that comes here requires it.
    pub fn verify_key_binding(&self, holder: &PublicKey, expected: &ExpectedBinding) -> Result<KeyBinding, Finding> {
        let jwt = self.key_binding.as_ref().ok_or_else(missing)?;
        jwt.header().require_typ(TYP).map_err(unbound)?;
        jwt.verify(holder).map_err(unbound)?;
        let claims = jwt.claims().map_err(unbound)?;
        if text(&claims, "sd_hash")? != self.sd_hash() {
            return Err(Finding::invalid(
                Check::Binding,
                Code::BindingInvalid,
                "sd_hash is not the hash of this SD-JWT",
            ));
        }
        let issued_at = numeric_date(&claims, "iat").map_err(unbound)?;
        let binding = KeyBinding {
            nonce: text(&claims, "nonce")?,
            audience: text(&claims, "aud")?,
            issued_at: issued_at.ok_or_else(|| malformed("iat is missing"))?,
        };
        expected.check(&binding)?;
        numeric_date::check_window(&claims, expected.now, expected.max_ahead)
            .map_err(|finding| finding.under(Check::Freshness))?;
        Ok(binding)
    }
}

impl ExpectedBinding<'_> {
    fn check(&self, binding: &KeyBinding) -> Result<(), Finding> {
        let stale = |code, detail: &str| Err(Finding::invalid(Check::Freshness, code, detail));
        if self.audience.is_some_and(|audience| audience != binding.audience) {
            return stale(Code::AudienceMismatch, "aud is not this verifier");
        }
        if self.nonce.is_some_and(|nonce| nonce != binding.nonce) {
            return stale(Code::NonceMismatch, "nonce is not the one that was sent");
        }
        if binding.issued_at < plus_seconds(self.now, -self.max_age) {
            return stale(Code::CodeExpired, "the key binding was made too long ago");
        }
        if binding.issued_at > plus_seconds(self.now, self.max_ahead) {
            return stale(Code::ClockAhead, "the key binding was made in the future");
        }
        Ok(())
    }
}

/// The holder's key in `cnf` (RFC 7800 section 3.2); `None` when the credential is bound to nobody.
///
/// A confirmation method or key type that is not supported is an error finding, a broken one is invalid.
pub fn holder_key(claims: &Map) -> Result<Option<PublicKey>, Finding> {
    let Some(cnf) = claims.get("cnf") else { return Ok(None) };
    let Some(cnf) = cnf.as_object() else { return Err(confirmation("cnf is not an object")) };
    match cnf.get("jwk") {
        Some(Value::Object(jwk)) if jwk.get("kty").is_some_and(|kty| kty == "RSA") => Err(unsupported("an RSA key")),
        Some(Value::Object(jwk)) => PublicKey::from_jwk(jwk).map(Some).map_err(|error| match error {
            KeyError::Unsupported => unsupported("a key of another type or curve"),
            KeyError::Malformed(_) | KeyError::Weak => confirmation("the holder's key is malformed or weak"),
        }),
        Some(_) => Err(confirmation("cnf.jwk is not an object")),
        None => Err(unsupported("another method than jwk")),
    }
}

/// The finding for a presentation that lacks the key binding that is required.
pub fn missing() -> Finding {
    Finding::invalid(Check::Binding, Code::BindingMissing, "key binding is required, the presentation has none")
}

/// What is wrong with the token itself, as a finding of the binding.
fn unbound(finding: Finding) -> Finding {
    Finding { code: Code::BindingInvalid, ..finding.under(Check::Binding) }
}

fn text(claims: &Map, name: &str) -> Result<String, Finding> {
    claims
        .get(name)
        .and_then(Value::as_str)
        .map(ToOwned::to_owned)
        .ok_or_else(|| malformed(format!("{name} is missing or not one string")))
}

fn malformed(detail: impl Into<String>) -> Finding {
    Finding::invalid(Check::Binding, Code::BindingInvalid, detail)
}

fn unsupported(what: &str) -> Finding {
    Finding::error(Check::Binding, Code::ProofUnsupported, format!("cnf holds {what}, which is not supported"))
}

fn confirmation(detail: &str) -> Finding {
    Finding::invalid(Check::Binding, Code::BindingInvalid, detail)
}
