//! The proof object, read from its raw JSON (Data Integrity 1.0 §2.1, §3.1).

use super::{Cryptosuite, MOST_PROOFS, PROOF_TYPE, malformed};
use crate::base::bytes::from_base58;
use crate::base::json::{Map, Value};
use crate::base::time::Timestamp;
use crate::crypto::Algorithm;
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::model::values;

/// A proof whose members have the form that the specification demands.
#[derive(Clone, Debug)]
pub struct Proof<'a> {
    /// The whole object, unknown members included.
    pub raw: &'a Map,
    /// The cryptosuite.
    pub suite: Cryptosuite,
    /// The URL of the verification method.
    pub method: &'a str,
    /// The purpose, as written.
    pub purpose: &'a str,
    /// When the proof was made, as its maker says.
    pub created: Option<Timestamp>,
    /// From this time the proof is void.
    pub expires: Option<Timestamp>,
    /// The challenge that was answered.
    pub challenge: Option<&'a str>,
    /// The security domains that the proof is meant for.
    pub domain: Vec<&'a str>,
    /// The ids of the proofs that this one also covers.
    pub previous: Vec<&'a str>,
}

impl<'a> Proof<'a> {
    /// Reads everything but `proofValue`, whose bytes [`signature`] reads.
    pub fn parse(raw: &'a Map) -> Result<Self, Finding> {
        let suite = suite(raw)?;
        let method = text(raw, "verificationMethod")?;
        if !values::is_url(method) {
            return Err(malformed("verificationMethod is not a URL"));
        }
        if raw.get("id").is_some_and(|id| !id.as_str().is_some_and(values::is_url)) {
            return Err(malformed("id is not a URL"));
        }
        let (created, expires) = (time(raw, "created")?, time(raw, "expires")?);
        if let (Some(created), Some(expires)) = (created, expires)
            && expires < created
        {
            return Err(malformed("expires is earlier than created"));
        }
        let challenge = if raw.contains_key("challenge") { Some(text(raw, "challenge")?) } else { None };
        if raw.contains_key("nonce") {
            text(raw, "nonce")?;
        }
        let (domain, previous) = (texts(raw, "domain")?, texts(raw, "previousProof")?);
        let purpose = text(raw, "proofPurpose")?;
        Ok(Self { raw, suite, method, purpose, created, expires, challenge, domain, previous })
    }
}

fn suite(raw: &Map) -> Result<Cryptosuite, Finding> {
    match text(raw, "type")? {
        PROOF_TYPE => Cryptosuite::from_name(text(raw, "cryptosuite")?).ok_or_else(|| {
            unsupported("the cryptosuite is neither of eddsa-…-2022 nor of ecdsa-…-2019, over jcs or rdfc")
        }),
        "Ed25519Signature2020" => {
            text(raw, "created")?;
            Ok(Cryptosuite::Ed25519Signature2020)
        }
        _ => Err(unsupported("the proof type is not DataIntegrityProof")),
    }
}

/// Reads `proofValue`: `z`, then base58btc of exactly 64 bytes.
///
/// The 96 bytes of a P-384 key in a suite of ECDSA are sound, and not supported.
pub fn signature(raw: &Map) -> Result<[u8; 64], Finding> {
    let value = text(raw, "proofValue")?;
    let encoded = value.strip_prefix('z').ok_or_else(|| malformed("proofValue is not multibase base58btc"))?;
    let bytes = from_base58(encoded).map_err(|_| malformed("proofValue is not base58btc"))?;
    if bytes.len() == 96 && suite(raw)?.algorithm() == Algorithm::Es256 {
        return Err(unsupported("the signature is one of P-384; of ECDSA only P-256 is supported"));
    }
    bytes.try_into().map_err(|_| malformed("proofValue is not 64 bytes long"))
}

/// The proofs of a document: one object, or an array of at least one and at most [`MOST_PROOFS`].
pub fn proofs(document: &Map) -> Result<Vec<&Map>, Finding> {
    let proofs = match document.get("proof") {
        None => return Err(Finding::invalid(Check::Proof, Code::ProofMissing, "the document has no proof")),
        Some(Value::Object(proof)) => vec![proof],
        Some(Value::Array(items)) if (1..=MOST_PROOFS).contains(&items.len()) => items
            .iter()
            .map(|item| item.as_object().ok_or_else(|| malformed("proof has an item that is no object")))
            .collect::<Result<_, _>>()?,
        Some(_) => return Err(malformed("proof is neither an object nor an array of 1 to 16 objects")),
    };
    let mut ids: Vec<&Value> = proofs.iter().filter_map(|proof| proof.get("id")).collect();
    let count = ids.len();
    ids.dedup();
    if ids.len() != count || ids.iter().enumerate().any(|(at, id)| ids.iter().skip(at + 1).any(|other| other == id)) {
        return Err(malformed("two proofs have the same id"));
    }
    Ok(proofs)
}

/// The proofs that one proof also covers; fails when one is not in the document or is the proof itself.
pub fn matching<'a>(proof: &Proof<'_>, all: &[&'a Map]) -> Result<Vec<&'a Map>, Finding> {
    let find = |id: &&str| {
        let own = proof.raw.get("id").and_then(Value::as_str) == Some(*id);
        let found = all.iter().find(|other| other.get("id").and_then(Value::as_str) == Some(*id)).copied();
        let detail = "previousProof names a proof that is not in the document";
        found.filter(|_| !own).ok_or_else(|| Finding::invalid(Check::Proof, Code::ProofInvalid, detail))
    };
    proof.previous.iter().map(find).collect()
}

fn text<'a>(raw: &'a Map, name: &str) -> Result<&'a str, Finding> {
    raw.get(name)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
        .ok_or_else(|| malformed(format!("{name} is missing or not a string")))
}

fn texts<'a>(raw: &'a Map, name: &str) -> Result<Vec<&'a str>, Finding> {
    let wrong = || malformed(format!("{name} is neither a string nor a set of strings"));
    match raw.get(name) {
        None => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![text]),
        Some(Value::Array(items)) if !items.is_empty() && items.len() <= MOST_PROOFS => {
            items.iter().map(|item| item.as_str().ok_or_else(wrong)).collect()
        }
        Some(_) => Err(wrong()),
    }
}

fn time(raw: &Map, name: &str) -> Result<Option<Timestamp>, Finding> {
    let Some(value) = raw.get(name) else { return Ok(None) };
    let time = value.as_str().and_then(values::time);
    time.map(Some).ok_or_else(|| malformed(format!("{name} is not a dateTimeStamp")))
}

fn unsupported(detail: &str) -> Finding {
    Finding::error(Check::Proof, Code::ProofUnsupported, detail)
}
