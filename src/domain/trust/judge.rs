//! The registry's answers to verification: whose key it is, and whether the issuer may be relied on.

use super::{Registry, TrustedKey};
use crate::base::id::TypeCode;
use crate::base::time::{Timestamp, rfc3339};
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::verify::sources::{Issuer, TrustQuestion};

impl Registry {
    /// Who the issuer is, if it may issue the type `code` with that key at that time.
    pub fn judge(&self, question: &TrustQuestion<'_>, code: Option<&TypeCode>) -> Result<Issuer, Finding> {
        if self.expires < question.now {
            let detail = format!("version {} expired {}", self.version, rfc3339(self.expires));
            return Err(Finding::error(Check::Trust, Code::RegistryExpired, detail));
        }
        let no = |code, detail: &str| Err(Finding::invalid(Check::Trust, code, detail));
        let Some(agency) = self.issuer(question.issuer) else {
            return no(Code::IssuerUnknown, "no agency of that name");
        };
        let Some((signer, key)) = self.method(question.method) else {
            return no(Code::KeyNotAuthorized, "no key of that name");
        };
        if signer.code != agency.code {
            return no(Code::KeyNotAuthorized, "the key is another agency's");
        }
        if !code.is_some_and(|code| agency.may_issue(code)) {
            return no(Code::IssuerNotAllowed, "the type is not the agency's");
        }
        key.check(question.signed_at)?;
        Ok(Issuer { did: agency.did.clone(), name: agency.name.clone(), registry: None })
    }
}

impl TrustedKey {
    /// Whether the key may be relied on for something signed at `signed_at`; where the time is not told, a key that was
    /// ever compromised may not.
    pub fn check(&self, signed_at: Option<Timestamp>) -> Result<(), Finding> {
        if self.compromised_from.is_some_and(|from| signed_at.is_none_or(|at| from <= at)) {
            return Err(Finding::invalid(Check::Trust, Code::KeyCompromised, format!("key {}", self.id)));
        }
        let outside = |at| at < self.valid_from || self.valid_until.is_some_and(|until| until < at);
        if signed_at.is_some_and(outside) {
            return Err(Finding::invalid(Check::Trust, Code::KeyNotValidThen, format!("key {}", self.id)));
        }
        Ok(())
    }
}
