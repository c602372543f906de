//! The JWS JSON serialization of SD-JWT (RFC 9901 section 8), read only: what other issuers and wallets may send.
//!
//! Flattened and general form become the compact form, which is what everything is verified over; in the general form
//! each signature gives one SD-JWT with the same disclosures, and `sd_hash` counts for the first.

use crate::base::json::{Map, Value};
use crate::vc::finding::Finding;

use super::{SdJwt, malformed};

/// Most signatures that are read.
const MAX_SIGNATURES: usize = 16;

/// Reads either form; one SD-JWT for each signature, the one that key binding refers to first.
pub fn parse(document: &Map) -> Result<Vec<SdJwt>, Finding> {
    let payload = text(document, "payload")?;
    let signatures: Vec<&Map> = match document.get("signatures") {
        None => vec![document],
        Some(_) if document.contains_key("signature") => return Err(malformed("both signature and signatures")),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| item.as_object().ok_or_else(|| malformed("a signature is not an object")))
            .collect::<Result<_, _>>()?,
        Some(_) => return Err(malformed("signatures is not an array")),
    };
    if signatures.is_empty() || signatures.len() > MAX_SIGNATURES {
        return Err(malformed("no signature, or too many"));
    }
    let shared = Unprotected::read(signatures.first().copied())?;
    if signatures
        .iter()
        .skip(1)
        .any(|signature| Unprotected::read(Some(signature)).is_ok_and(|header| !header.is_empty()))
    {
        return Err(malformed("disclosures or kb_jwt outside the first unprotected header"));
    }
    signatures.iter().map(|signature| compact(payload, signature, &shared)).collect()
}

/// What the first unprotected header carries.
struct Unprotected {
    disclosures: Vec<String>,
    key_binding: String,
}

impl Unprotected {
    fn read(signature: Option<&Map>) -> Result<Self, Finding> {
        let header = match signature.and_then(|signature| signature.get("header")) {
            None => return Ok(Self { disclosures: Vec::new(), key_binding: String::new() }),
            Some(header) => header.as_object().ok_or_else(|| malformed("header is not an object"))?,
        };
        let disclosure = |value: &Value| value.as_str().map(ToOwned::to_owned);
        let disclosures = match header.get("disclosures") {
            None => Some(Vec::new()),
            Some(value) => value.as_array().and_then(|items| items.iter().map(disclosure).collect()),
        };
        let key_binding = match header.get("kb_jwt") {
            None => "",
            Some(_) => text(header, "kb_jwt")?,
        };
        let disclosures = disclosures.ok_or_else(|| malformed("disclosures is not an array of strings"))?;
        Ok(Self { disclosures, key_binding: key_binding.to_owned() })
    }

    fn is_empty(&self) -> bool {
        self.disclosures.is_empty() && self.key_binding.is_empty()
    }
}

fn compact(payload: &str, signature: &Map, shared: &Unprotected) -> Result<SdJwt, Finding> {
    let mut parts = vec![format!("{}.{payload}.{}", text(signature, "protected")?, text(signature, "signature")?)];
    parts.extend(shared.disclosures.iter().cloned());
    parts.push(shared.key_binding.clone());
    if parts.iter().any(|part| part.contains('~')) {
        return Err(malformed("a tilde inside a part"));
    }
    SdJwt::parse(&parts.join("~"))
}

fn text<'a>(map: &'a Map, name: &str) -> Result<&'a str, Finding> {
    let wrong = || malformed(format!("{name} is missing or no string"));
    map.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).ok_or_else(wrong)
}
