//! How a holder asks for what is kept about them: without an account, by proof of the keys that licences are bound to.
//!
//! A proof is a JWT whose header names the key as `jwk`, with `aud` (the city's address), a `nonce` of the city and `iat`, as
//! the key proofs of OpenID4VCI (appendix F.1) but of another `typ`, so that neither can be taken for the other.

use std::collections::BTreeSet;

use super::read::{Listed, Uses};
use crate::base::json::{Map, Value};
use crate::base::time::{Timestamp, from_unix, plus_seconds};
use crate::crypto::digest::sha256;
use crate::crypto::{PublicKey, Signer};
use crate::domain::change::{Change, Table};
use crate::domain::city::City;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::ports::StoreError;
use crate::vc::jws::{self, Jws};

/// The `typ` of a proof that asks for the holder's records.
pub const LIST_TYP: &str = "certless-uses+jwt";
/// Most keys that are proved at once.
pub const MOST: usize = 32;
/// Longest proof, bytes.
const LENGTH: usize = 16 << 10;
/// How old a proof may be, seconds.
const AGE: i64 = 300;
/// How far a phone's clock may be ahead, seconds.
const AHEAD: i64 = 60;

/// A key that was proved, and what was said with it.
#[derive(Clone, Debug)]
pub struct Proved {
    /// The thumbprint of the key.
    pub thumbprint: String,
    /// Everything that was signed.
    pub claims: Map,
    nonce: String,
    ends: Timestamp,
}

impl Proved {
    /// A claim that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
    }

    /// Adds to a change that the nonce is used up.
    pub(super) fn used_up(&self, change: Change) -> Change {
        City::use_nonce(change, &self.nonce, self.ends)
    }
}

impl City {
    /// What was used of the licences that are bound to these keys, and of the others of the same persons.
    pub fn my_uses(&self, proofs: &[String], after: Option<&str>) -> Result<Uses<Listed>, Error> {
        let proved = self.prove_keys(proofs, LIST_TYP)?;
        let mut whose = BTreeSet::new();
        for one in &proved {
            whose.extend(self.names_of(&one.thumbprint)?);
        }
        self.uses_under(&whose.into_iter().collect::<Vec<_>>(), after)
    }

    /// Keys that are proved together, with one nonce, which is used up by this.
    pub(super) fn prove_keys(&self, proofs: &[String], typ: &str) -> Result<Vec<Proved>, Error> {
        if proofs.is_empty() || proofs.len() > MOST {
            return Err(refused(&format!("1 to {MOST} proofs")));
        }
        let proved = proofs.iter().map(|jwt| self.prove_key(jwt, typ)).collect::<Result<Vec<_>, _>>()?;
        let first = proved.first().ok_or_else(|| refused("no proof"))?;
        if proved.iter().any(|one| one.nonce != first.nonce) {
            return Err(refused("one nonce for all proofs"));
        }
        let change = Change::new(self.fresh_request("holder")?, sha256(first.nonce.as_bytes()));
        self.store().commit(first.used_up(change)).map_err(nonce_used)?;
        Ok(proved)
    }

    /// The names under which the records of a key's holder are found.
    pub(super) fn names_of(&self, thumbprint: &str) -> Result<Vec<String>, Error> {
        let mut names = self.tags_of_key(thumbprint)?;
        names.push(Self::key_tag(thumbprint));
        Ok(names)
    }

    /// Reads a proof of this type: signed by the key that it names, for this city, now, with a nonce of ours.
    pub(super) fn prove_key(&self, jwt: &str, typ: &str) -> Result<Proved, Error> {
        if jwt.len() > LENGTH {
            return Err(refused("the proof is too long"));
        }
        let jws = Jws::parse(jwt).map_err(|finding| refused(&finding.to_string()))?;
        jws.header().require_typ(typ).map_err(|finding| refused(&finding.to_string()))?;
        let Some(Value::Object(jwk)) = jws.header().members().get("jwk") else { return Err(refused("no jwk")) };
        let key = PublicKey::from_jwk(jwk).map_err(|error| refused(&error.to_string()))?;
        jws.verify(&key).map_err(|finding| refused(&finding.to_string()))?;
        let claims = jws.claims().map_err(|finding| refused(&finding.to_string()))?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        if text("aud") != self.names.base() {
            return Err(refused("aud is not this city"));
        }
        let made = claims.get("iat").and_then(Value::as_i64).and_then(from_unix).ok_or_else(|| refused("iat"))?;
        if made < plus_seconds(self.now(), -AGE) || made > plus_seconds(self.now(), AHEAD) {
            return Err(refused("iat is not now").says(
                "手机时间不准，请开启自动设置时间后重试。",
                "The phone's clock is off. Switch on automatic time and try again.",
            ));
        }
        let nonce = text("nonce");
        let ends = self.nonce_end(&nonce).ok_or_else(|| stale("the nonce is not ours or too old"))?;
        Ok(Proved { thumbprint: key.thumbprint(), claims, nonce, ends })
    }
}

/// A proof as wallets make it; `more` are the claims beside `aud`, `nonce` and `iat`.
pub fn sign(
    typ: &str,
    audience: &str,
    nonce: &str,
    now: Timestamp,
    more: &[(&str, &str)],
    signer: &dyn Signer,
) -> String {
    let jwk = Value::Object(signer.public_key().to_jwk());
    let header: Map = [("typ".to_owned(), typ.into()), ("jwk".to_owned(), jwk)].into_iter().collect();
    let mut claims: Map = more.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
    claims.insert("aud".to_owned(), audience.into());
    claims.insert("nonce".to_owned(), nonce.into());
    claims.insert("iat".to_owned(), now.as_second().into());
    jws::sign(&header, &claims, signer)
}

/// What a store says of a nonce that was used before.
pub(super) fn nonce_used(error: StoreError) -> Error {
    if matches!(error, StoreError::Duplicate { table: Table::Nonce, .. }) {
        return stale("the nonce was used before");
    }
    error.into()
}

fn stale(detail: &str) -> Error {
    Error::new(ErrorKind::Refused, detail)
        .coded("invalid_nonce")
        .says("操作已超时，请重试。", "It took too long. Try again.")
}

fn refused(detail: &str) -> Error {
    Error::new(ErrorKind::Refused, format!("holder proof: {detail}")).coded("invalid_proof").says(
        "无法确认是持证人本人，请用持有该证照的手机操作。",
        "This does not prove the holder. Use the phone that holds the licence.",
    )
}
