//! Signatures by themselves: Ed25519, ES256, and the compact JWS around them.

use super::Refusal;
use super::input::{self, answer};
use crate::base::bytes::base64url;
use crate::base::json::{Map, Value};
use crate::crypto::{Algorithm, PublicKey};
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::jws::Jws;

/// `ed25519-verify`.
pub(super) fn ed25519(input: &Map) -> Result<Map, Refusal> {
    verify(input, Algorithm::EdDsa)
}

/// `p256-verify`.
pub(super) fn p256(input: &Map) -> Result<Map, Refusal> {
    verify(input, Algorithm::Es256)
}

fn verify(input: &Map, algorithm: Algorithm) -> Result<Map, Refusal> {
    let key: PublicKey = input::key(input)?;
    if key.algorithm() != algorithm {
        return Err(Refusal::input("the key is of another type"));
    }
    let signature = input::signature(input)?;
    match key.verify(&input::message(input)?, &signature) {
        Ok(()) => Ok(Map::new()),
        Err(bad) => Err(Finding::invalid(Check::Proof, Code::ProofInvalid, bad.to_string()).into()),
    }
}

/// `jws-verify`.
pub(super) fn jws(input: &Map) -> Result<Map, Refusal> {
    let jws = Jws::parse(input::text(input, "jws")?)?;
    if let Some(typ) = input::optional(input, "typ")? {
        jws.header().require_typ(typ)?;
    }
    jws.verify(&input::key(input)?)?;
    let header = Value::Object(jws.header().members().clone());
    Ok(match jws.claims() {
        Ok(claims) => answer([("header", header), ("claims", claims.into())]),
        Err(_) => answer([("header", header), ("payload", base64url(jws.payload()).into())]),
    })
}
