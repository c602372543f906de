//! The 64 bytes that are signed: SHA-256 of the proof configuration, then SHA-256 of the document.
//!
//! Sections: Data Integrity EdDSA Cryptosuites 1.0 §3.2.3–3.2.5 (rdfc) and §3.3.2–3.3.5 (jcs); the same of Data Integrity
//! ECDSA Cryptosuites 1.0 with P-256, whose hash is SHA-256 too. The document is hashed without its proofs; proofs that a chain covers are put back as the `proof` property (Data Integrity 1.0 §4.3, §4.5).

use std::borrow::Cow;

use super::malformed;
use super::proof::Proof;
use crate::base::jcs::{canonicalize_object, canonicalize_without};
use crate::base::json::{Map, Value};
use crate::crypto::digest::sha256;
use crate::vc::contexts::Contexts;
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::{model, rdfc};

/// Computes the signed bytes of a proof over a document.
///
/// `matching` are the earlier proofs that the proof covers. Fails when the proof's `@context` is not a beginning of the
/// document's (jcs), or when the document cannot be canonicalised (rdfc).
pub fn hash(document: &Map, proof: &Proof<'_>, matching: &[&Map], contexts: &Contexts) -> Result<[u8; 64], Finding> {
    let (config, document) = if proof.suite.is_jcs() {
        jcs(document, proof.raw, matching)?
    } else {
        rdfc(document, proof.raw, matching, contexts)?
    };
    let mut signed = [0; 64];
    let (head, tail) = signed.split_at_mut(32);
    head.copy_from_slice(&config);
    tail.copy_from_slice(&document);
    Ok(signed)
}

fn jcs(document: &Map, proof: &Map, matching: &[&Map]) -> Result<([u8; 32], [u8; 32]), Finding> {
    let config = sha256(&canonicalize_without(proof, "proofValue"));
    let mut document = Cow::Borrowed(document);
    if let Some(context) = proof.get("@context").filter(|context| document.get("@context") != Some(*context)) {
        check_beginning(document.get("@context"), context)?;
        document.to_mut().insert("@context".into(), context.clone());
    }
    if matching.is_empty() {
        return Ok((config, sha256(&canonicalize_without(&document, "proof"))));
    }
    let document = with_proofs(document.into_owned(), matching);
    Ok((config, sha256(&canonicalize_object(&document))))
}

/// Checks that the document's contexts start with all contexts of the proof, in the same order.
fn check_beginning(document: Option<&Value>, proof: &Value) -> Result<(), Finding> {
    let (document, proof) = (model::one_or_more(document), model::one_or_more(Some(proof)));
    if document.starts_with(proof) {
        return Ok(());
    }
    let detail = "the document's @context does not begin with the proof's";
    Err(Finding::invalid(Check::Proof, Code::ProofInvalid, detail))
}

fn rdfc(document: &Map, proof: &Map, matching: &[&Map], contexts: &Contexts) -> Result<([u8; 32], [u8; 32]), Finding> {
    let context = document.get("@context").ok_or_else(|| malformed("a proof over RDF needs an @context"))?;
    let mut config = proof.clone();
    config.remove("proofValue");
    config.insert("@context".into(), context.clone());
    let mut document = document.clone();
    document.remove("proof");
    let document = with_proofs(document, matching);
    let canonical = |map: &Map| rdfc::canonical(map, contexts).map(|text| sha256(text.as_bytes()));
    Ok((canonical(&config)?, canonical(&document)?))
}

fn with_proofs(mut document: Map, matching: &[&Map]) -> Map {
    if !matching.is_empty() {
        let proofs = matching.iter().map(|proof| Value::Object((*proof).clone())).collect();
        document.insert("proof".into(), Value::Array(proofs));
    }
    document
}
