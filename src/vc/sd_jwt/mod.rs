//! SD-JWT (RFC 9901) and SD-JWT VC (draft-ietf-oauth-sd-jwt-vc): signed claims of which the holder shows a selection.
//!
//! Issue, read, process, select and bind, as the three roles do it. Not here: whose key an issuer's is and whether it is
//! trusted, the status list, and the verdict; those are the pipeline's. Reading order: [`disclosure`] and [`hash`] (the
//! pieces), [`issue`](mod@issue), [`process`] (section 7.1), `present` (the holder's selection), [`key_binding`]
//! (section 4.3 and 7.3), [`credential`] (the rules that SD-JWT VC adds), [`json_form`] (section 8), [`path`],
//! [`integrity`] and [`numeric_date`].

pub mod credential;
pub mod disclosure;
pub mod hash;
pub mod integrity;
pub mod issue;
pub mod json_form;
pub mod key_binding;
pub mod numeric_date;
pub mod path;
mod present;
pub mod process;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::base::json::Map;
use crate::crypto::PublicKey;

use super::finding::{Check, Code, Finding};
use super::jws::{Header, Jws, MAX_TEXT};

pub use credential::Credential;
pub use disclosure::Disclosure;
pub use hash::HashAlgorithm;
pub use issue::{Issuance, Open, issue};
pub use key_binding::{ExpectedBinding, KeyBinding};
pub use path::{ClaimPath, Step};
pub use process::Processed;

/// Most disclosures that are read: a licence has dozens of claims.
pub const MAX_DISCLOSURES: usize = 4096;

/// An SD-JWT or SD-JWT+KB that was read but not verified.
#[derive(Clone, Debug, PartialEq)]
pub struct SdJwt {
    jwt: Jws,
    payload: Map,
    hash: HashAlgorithm,
    disclosures: Vec<Disclosure>,
    key_binding: Option<Jws>,
}

impl SdJwt {
    /// Reads the compact form of section 4: `JWT~disclosure~…~` and, in an SD-JWT+KB, the key-binding JWT at the end.
    pub fn parse(text: &str) -> Result<Self, Finding> {
        if text.len() > MAX_TEXT {
            return Err(malformed(format!("longer than {MAX_TEXT} bytes")));
        }
        let Some((front, last)) = text.rsplit_once('~') else { return Err(malformed("no tilde")) };
        let mut parts = front.split('~');
        let jwt = Jws::parse(parts.next().unwrap_or_default())?;
        let disclosures: Vec<&str> = parts.collect();
        if disclosures.len() > MAX_DISCLOSURES {
            return Err(malformed(format!("more than {MAX_DISCLOSURES} disclosures")));
        }
        let disclosures = disclosures.into_iter().map(Disclosure::parse).collect::<Result<_, _>>()?;
        let key_binding = if last.is_empty() { None } else { Some(Jws::parse(last)?) };
        Self::assemble(jwt, disclosures, key_binding)
    }

    fn assemble(jwt: Jws, disclosures: Vec<Disclosure>, key_binding: Option<Jws>) -> Result<Self, Finding> {
        let payload = jwt.claims()?;
        let hash = HashAlgorithm::of_payload(&payload)?;
        Ok(Self { jwt, payload, hash, disclosures, key_binding })
    }

    /// The protected header of the issuer-signed JWT.
    pub fn header(&self) -> &Header {
        self.jwt.header()
    }

    /// The payload of the issuer-signed JWT with its digests: what finds the issuer's key, and nothing else.
    pub fn payload(&self) -> &Map {
        &self.payload
    }

    /// The disclosures, in the order of the text.
    pub fn disclosures(&self) -> &[Disclosure] {
        &self.disclosures
    }

    /// Whether a key-binding JWT is attached; says nothing about its validity.
    pub fn has_key_binding(&self) -> bool {
        self.key_binding.is_some()
    }

    /// The key-binding JWT, unverified.
    pub fn key_binding(&self) -> Option<&Jws> {
        self.key_binding.as_ref()
    }

    /// Verifies the issuer's signature and processes the disclosures (section 7.1, steps 2 to 5).
    pub fn verify(&self, issuer: &PublicKey) -> Result<Processed, Finding> {
        self.jwt.verify(issuer)?;
        self.process()
    }

    /// Processes the disclosures without looking at the signature: for a holder's own, already verified SD-JWT.
    pub fn process(&self) -> Result<Processed, Finding> {
        process::process(&self.payload, self.hash, &self.disclosures)
    }

    /// The SD-JWT without its key binding, each part followed by a tilde: what `sd_hash` is taken over.
    pub fn without_key_binding(&self) -> String {
        let mut text = self.jwt.as_text().to_owned();
        text.push('~');
        for disclosure in &self.disclosures {
            text.push_str(disclosure.as_text());
            text.push('~');
        }
        text
    }

    fn sd_hash(&self) -> String {
        self.hash.digest(&self.without_key_binding())
    }
}

impl fmt::Display for SdJwt {
    /// The compact form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.without_key_binding())?;
        self.key_binding.as_ref().map_or(Ok(()), |jwt| f.write_str(jwt.as_text()))
    }
}

fn malformed(detail: impl Into<String>) -> Finding {
    Finding::invalid(Check::Parse, Code::SdJwtMalformed, detail)
}
