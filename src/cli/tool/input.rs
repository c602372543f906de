//! The members that operations have in common: keys, messages, signatures, the time.

use super::Refusal;
use crate::base::bytes::{from_base64url, from_hex};
use crate::base::json::{Map, Value};
use crate::base::time::{Timestamp, parse_rfc3339};
use crate::crypto::{PublicKey, ed25519, p256};

/// A text member that may be absent.
pub(super) fn optional<'a>(input: &'a Map, name: &str) -> Result<Option<&'a str>, Refusal> {
    match input.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Refusal::input(format!("{name} is no string"))),
    }
}

/// A text member that must be there.
pub(super) fn text<'a>(input: &'a Map, name: &str) -> Result<&'a str, Refusal> {
    optional(input, name)?.ok_or_else(|| Refusal::input(format!("{name} is missing")))
}

/// The key in `jwk`, `multikey` or `key`.
pub(super) fn key(input: &Map) -> Result<PublicKey, Refusal> {
    if let Some(jwk) = input.get("jwk") {
        let jwk = jwk.as_object().ok_or_else(|| Refusal::input("jwk is no object"))?;
        return Ok(PublicKey::from_jwk(jwk)?);
    }
    if let Some(multikey) = optional(input, "multikey")? {
        return Ok(PublicKey::from_multikey(multikey)?);
    }
    let bytes = from_hex(text(input, "key")?)?;
    if bytes.len() == 32 {
        return Ok(PublicKey::Ed25519(ed25519::PublicKey::from_bytes(&bytes)?));
    }
    Ok(PublicKey::P256(p256::PublicKey::from_sec1(&bytes)?))
}

/// The bytes in `message`, or of `text`.
pub(super) fn message(input: &Map) -> Result<Vec<u8>, Refusal> {
    match optional(input, "text")? {
        Some(text) => Ok(text.as_bytes().to_vec()),
        None => Ok(from_hex(text(input, "message")?)?),
    }
}

/// The bytes in `signature`.
pub(super) fn signature(input: &Map) -> Result<Vec<u8>, Refusal> {
    let text = text(input, "signature")?;
    from_hex(text).or_else(|_| from_base64url(text)).map_err(Refusal::from)
}

/// The time in `now`, or the time that it is.
pub(super) fn time(input: &Map, clock: Timestamp) -> Result<Timestamp, Refusal> {
    match optional(input, "now")? {
        None => Ok(clock),
        Some(text) => Ok(parse_rfc3339(text)?),
    }
}

/// An answer of named members.
pub(super) fn answer<const N: usize>(members: [(&str, Value); N]) -> Map {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
