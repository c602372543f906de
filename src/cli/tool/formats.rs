//! Canonical forms, SD-JWT and status lists.

use std::sync::LazyLock;

use super::Refusal;
use super::input::{self, answer};
use crate::base::bytes::hex;
use crate::base::jcs::canonicalize;
use crate::base::json::{Limits, Map, Value, json, parse};
use crate::base::time::Timestamp;
use crate::crypto::PublicKey;
use crate::crypto::digest::sha256;
use crate::vc::contexts::Contexts;
use crate::vc::jws::Jws;
use crate::vc::rdfc;
use crate::vc::sd_jwt::{Credential, ExpectedBinding, SdJwt, credential, json_form, key_binding};
use crate::vc::status::bitstring;
use crate::vc::status::token::{StatusList, Token};

/// Most set entries that `status-decode` lists.
const MOST_SET: usize = 1000;

static BUNDLED: LazyLock<Contexts> = LazyLock::new(Contexts::bundled);

/// `jcs`.
pub(super) fn jcs(input: &Map) -> Result<Map, Refusal> {
    let canonical = match (input.get("document"), input::optional(input, "text")?) {
        (Some(document), None) => canonicalize(document),
        (None, Some(text)) => canonicalize(&parse(text.as_bytes(), &Limits::DEFAULT)?),
        _ => return Err(Refusal::input("give either document or text")),
    };
    Ok(canonical_answer(&canonical))
}

/// `rdfc`.
pub(super) fn rdfc(input: &Map) -> Result<Map, Refusal> {
    let document = input.get("document").and_then(Value::as_object);
    let document = document.ok_or_else(|| Refusal::input("document is missing or no object"))?;
    let mut contexts = BUNDLED.clone();
    match input.get("contexts") {
        None | Some(Value::Null) => {}
        Some(Value::Object(further)) => {
            for (url, context) in further {
                contexts = contexts.with(url.as_str(), &context.to_string())?;
            }
        }
        Some(_) => return Err(Refusal::input("contexts is no object")),
    }
    Ok(canonical_answer(rdfc::canonical(document, &contexts)?.as_bytes()))
}

/// A canonical form in UTF-8 with its digest.
fn canonical_answer(canonical: &[u8]) -> Map {
    let text = String::from_utf8_lossy(canonical).into_owned();
    answer([("canonical", text.into()), ("sha256", hex(&sha256(canonical)).into())])
}

/// `sd-jwt-verify`.
pub(super) fn sd_jwt(input: &Map, now: Timestamp) -> Result<Map, Refusal> {
    let issuer = input::key(input)?;
    let sd_jwt = presentation(input, &issuer)?;
    let processed = sd_jwt.verify(&issuer)?;
    let disclosed: Vec<String> = processed.disclosed.iter().map(|(path, _)| path.to_string()).collect();
    let (claims, withheld) = (processed.claims.clone(), processed.withheld);
    if sd_jwt.header().typ() == Some(credential::TYP) {
        Credential::check(&sd_jwt, processed)?.check_validity(now, 0)?;
    }
    let binding = binding(input, &sd_jwt, &claims, now)?;
    Ok(answer([
        ("header", sd_jwt.header().members().clone().into()),
        ("claims", claims.into()),
        ("disclosed", disclosed.into()),
        ("withheld", withheld.into()),
        ("binding", binding),
    ]))
}

/// In the JSON form, the SD-JWT of the signature that the issuer's key verifies, else of the first.
fn presentation(input: &Map, issuer: &PublicKey) -> Result<SdJwt, Refusal> {
    let mut forms = match input.get("presentation") {
        Some(Value::String(text)) => vec![SdJwt::parse(text)?],
        Some(Value::Object(document)) => json_form::parse(document)?,
        _ => return Err(Refusal::input("presentation is missing, or neither text nor object")),
    };
    let position = forms.iter().position(|form| form.verify(issuer).is_ok()).unwrap_or_default();
    if position < forms.len() { Ok(forms.swap_remove(position)) } else { Err(Refusal::input("no signature")) }
}

fn binding(input: &Map, sd_jwt: &SdJwt, claims: &Map, now: Timestamp) -> Result<Value, Refusal> {
    let (nonce, audience) = (input::optional(input, "nonce")?, input::optional(input, "aud")?);
    let asked = input.get("binding").and_then(Value::as_bool).unwrap_or(nonce.is_some() || audience.is_some());
    if !asked && !sd_jwt.has_key_binding() {
        return Ok(Value::Null);
    }
    let holder = key_binding::holder_key(claims)?.ok_or_else(key_binding::missing)?;
    let binding = sd_jwt.verify_key_binding(&holder, &ExpectedBinding::new(nonce, audience, now))?;
    Ok(json!({"nonce": binding.nonce, "aud": binding.audience, "iat": binding.issued_at.as_second()}))
}

/// `status-decode`.
pub(super) fn status(input: &Map) -> Result<Map, Refusal> {
    let index = match input.get("index") {
        None | Some(Value::Null) => None,
        Some(index) => Some(index.as_u64().ok_or_else(|| Refusal::input("index is no non-negative integer"))?),
    };
    if let Some(encoded) = input::optional(input, "encodedList")? {
        let size = input.get("statusSize").map_or(Some(1), Value::as_u64).filter(|size| [1, 2, 4, 8].contains(size));
        let size = size.ok_or_else(|| Refusal::input("statusSize is not 1, 2, 4 or 8"))?;
        let bytes = bitstring::decode(encoded)?;
        let entries = bytes.len() as u64 * 8 / size;
        return Ok(listed(entries, index, |at| leading_bits(&bytes, at, size)));
    }
    let list = match input.get("statusList") {
        Some(list) => StatusList::from_json(list)?,
        None => token(input)?,
    };
    Ok(listed(list.len(), index, |at| list.get(at)))
}

fn token(input: &Map) -> Result<StatusList, Refusal> {
    let jws = Jws::parse(input::text(input, "token")?)?;
    jws.header().require_typ("statuslist+jwt")?;
    jws.verify(&input::key(input)?)?;
    Ok(Token::from_claims(&jws.claims()?)?.list)
}

fn listed(entries: u64, index: Option<u64>, get: impl Fn(u64) -> Option<u8>) -> Map {
    let set = (0..entries).filter_map(|at| get(at).filter(|&status| status != 0).map(|status| json!([at, status])));
    let set: Vec<Value> = set.take(MOST_SET).collect();
    let mut answer = answer([("entries", entries.into()), ("set", set.into())]);
    if let Some(index) = index {
        answer.insert("status".to_owned(), get(index).into());
    }
    answer
}

/// The `size` bits of an entry, the highest bit of each byte first (Bitstring Status List 1.0 section 3.4).
fn leading_bits(bytes: &[u8], index: u64, size: u64) -> Option<u8> {
    let bit = index.checked_mul(size)?;
    let byte = bytes.get(usize::try_from(bit / 8).ok()?)?;
    let shift = u32::try_from(8 - size - bit % 8).ok()?;
    let mask = u8::MAX >> u32::try_from(8 - size).ok()?;
    Some((byte >> shift) & mask)
}
