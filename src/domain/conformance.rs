//! Issuers for published test suites: a `did:key` that signs any conforming credential.
//!
//! What it is: what the W3C suites need of an issuer, served only where the operator asks for it. What it is not: an
//! agency; nobody's registry names these keys, so that nothing signed here is ever accepted by a full verification.

use super::agency::Agencies;
use super::city::City;
use super::error::{Error, ErrorKind};
use crate::base::json::{Map, Value};
use crate::crypto::digest::hmac_sha256;
use crate::crypto::{Signer as _, SigningKey};
use crate::did;
use crate::vc::data_integrity::{Cryptosuite, ProofOptions, sign};
use crate::vc::finding::Finding;
use crate::vc::keys::Purpose;
use crate::vc::status::bitstring::status_of_slot;
use crate::vc::{jsonld, model};

/// A conformance issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conformance {
    /// Signs with `eddsa-jcs-2022`.
    Jcs,
    /// Signs with `eddsa-rdfc-2022`.
    Rdfc,
    /// Signs with `eddsa-rdfc-2022` and adds a status entry.
    Status,
}

impl Conformance {
    /// Every issuer.
    pub const ALL: [Self; 3] = [Self::Jcs, Self::Rdfc, Self::Status];

    /// The name in its URL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jcs => "jcs",
            Self::Rdfc => "rdfc",
            Self::Status => "status",
        }
    }

    /// The issuer of that name; `not-found` for every other name.
    pub fn from_name(name: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|issuer| issuer.name() == name);
        found.ok_or_else(|| Error::not_found("no such conformance issuer"))
    }

    fn suite(self) -> Cryptosuite {
        match self {
            Self::Jcs => Cryptosuite::EddsaJcs2022,
            Self::Rdfc | Self::Status => Cryptosuite::EddsaRdfc2022,
        }
    }
}

impl City {
    /// The DID of the conformance issuers: one key, the same as long as the city's secrets are.
    pub fn conformance_did(&self) -> String {
        did::key::did(self.conformance_key().public_key())
    }

    /// Signs a credential as it is; the inner finding says which rule it breaks.
    ///
    /// Fails outside when no status slot can be leased.
    pub fn issue_conformance(&self, issuer: Conformance, credential: Map) -> Result<Result<Map, Finding>, Error> {
        if let Err(finding) = self.check_conforming(&credential) {
            return Ok(Err(finding));
        }
        let credential = if issuer == Conformance::Status { self.with_status(credential)? } else { credential };
        let key = self.conformance_key();
        let method = did::key::method_url(key.public_key());
        let options = ProofOptions::new(Purpose::AssertionMethod, method, self.now()).with_suite(issuer.suite());
        Ok(sign(credential, &options, &key, self.contexts()))
    }

    fn check_conforming(&self, credential: &Map) -> Result<(), Finding> {
        model::check_credential(credential)?;
        model::related::check(credential, self.contexts())?;
        jsonld::check_terms(credential, self.contexts())
    }

    fn with_status(&self, mut credential: Map) -> Result<Map, Error> {
        let agencies = Agencies::shipped()?;
        let nobody = || Error::new(ErrorKind::Unavailable, "no agency whose status lists could be used");
        let agency = &agencies.iter().next().ok_or_else(nobody)?.code;
        let slot = self.take_slots(agency, 1)?.pop().ok_or_else(nobody)?;
        let entries = status_of_slot(&self.names.status_list(&slot.list_of(agency)), slot.idx);
        let mut all = model::one_or_more(credential.get("credentialStatus")).to_vec();
        all.extend(model::one_or_more(Some(&entries)).iter().cloned());
        credential.insert("credentialStatus".into(), Value::Array(all));
        Ok(credential)
    }

    fn conformance_key(&self) -> SigningKey {
        SigningKey::ed25519(&hmac_sha256(self.keys.tokens.expose(), b"conformance issuer"))
    }
}
