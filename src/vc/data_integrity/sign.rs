//! Adding a proof: alone, to a set, or as the next link of a chain (Data Integrity 1.0 §4.2, §4.3).

use super::hash::hash;
use super::proof::{Proof, matching, proofs};
use super::{Cryptosuite, MOST_PROOFS, PROOF_TYPE, malformed};
use crate::base::bytes::base58;
use crate::base::json::{Map, Value, json};
use crate::base::time::{Timestamp, rfc3339};
use crate::crypto::Signer;
use crate::vc::contexts::Contexts;
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::keys::Purpose;
use crate::vc::model::{BASE_CONTEXT, one_or_more};

/// What a new proof says besides its signature.
#[derive(Clone, Debug)]
pub struct ProofOptions {
    /// The cryptosuite.
    pub suite: Cryptosuite,
    /// What the proof is for.
    pub purpose: Purpose,
    /// The URL of the signer's verification method.
    pub method: String,
    /// When the proof is made; written in whole seconds.
    pub created: Option<Timestamp>,
    /// From when the proof is void.
    pub expires: Option<Timestamp>,
    /// The challenge that is answered.
    pub challenge: Option<String>,
    /// The security domains that the proof is meant for.
    pub domain: Vec<String>,
    /// The ids of proofs in the document that the new one also covers.
    pub previous: Vec<String>,
    /// The new proof's id, so that later proofs can cover it.
    pub id: Option<String>,
    /// Further members, signed as they are.
    pub further: Map,
}

impl ProofOptions {
    /// A proof by the default suite `eddsa-jcs-2022`, made at a time.
    pub fn new(purpose: Purpose, method: impl Into<String>, created: Timestamp) -> Self {
        Self {
            suite: Cryptosuite::EddsaJcs2022,
            purpose,
            method: method.into(),
            created: Some(created),
            expires: None,
            challenge: None,
            domain: Vec::new(),
            previous: Vec::new(),
            id: None,
            further: Map::new(),
        }
    }

    /// The same proof by another suite.
    #[must_use]
    pub fn with_suite(mut self, suite: Cryptosuite) -> Self {
        self.suite = suite;
        self
    }

    fn to_json(&self) -> Map {
        let mut proof = self.further.clone();
        let mut put = |name: &str, value: Value| drop(proof.insert(name.to_owned(), value));
        put("type", PROOF_TYPE.into());
        put("cryptosuite", self.suite.name().into());
        put("verificationMethod", self.method.clone().into());
        put("proofPurpose", self.purpose.name().into());
        for (name, time) in [("created", self.created), ("expires", self.expires)] {
            if let Some(time) = time {
                put(name, rfc3339(time).into());
            }
        }
        for (name, text) in [("challenge", &self.challenge), ("id", &self.id)] {
            if let Some(text) = text {
                put(name, text.clone().into());
            }
        }
        for (name, texts) in [("domain", &self.domain), ("previousProof", &self.previous)] {
            match texts.as_slice() {
                [] => {}
                [single] => put(name, single.clone().into()),
                several => put(name, json!(several)),
            }
        }
        proof
    }
}

/// The context that defines the terms of a proof, where the document's own contexts do not.
const CONTEXT: &str = "https://w3id.org/security/data-integrity/v2";

/// Signs a document and hands it back with one proof more.
///
/// A document whose contexts do not define the terms of a proof gets the context that does (Data Integrity 1.0 §2.4.2
/// "Context Injection").
/// Fails when the signer's key is not one for the suite, a member of the options has a wrong form, a previous proof is not in the
/// document, the document has 16 proofs already, or it cannot be canonicalised.
pub fn sign(
    mut document: Map,
    options: &ProofOptions,
    signer: &dyn Signer,
    contexts: &Contexts,
) -> Result<Map, Finding> {
    if signer.algorithm() != options.suite.algorithm() {
        return Err(Finding::error(Check::Proof, Code::ProofUnsupported, "the key is not one for the cryptosuite"));
    }
    if options.suite == Cryptosuite::Ed25519Signature2020 {
        return Err(Finding::error(Check::Proof, Code::ProofUnsupported, "proofs of this kind are verified only"));
    }
    add_context(&mut document);
    let present = if document.contains_key("proof") { proofs(&document)? } else { Vec::new() };
    if present.len() >= MOST_PROOFS {
        return Err(malformed("the document has 16 proofs already"));
    }
    let mut raw = options.to_json();
    if let Some(context) = document.get("@context").filter(|_| options.suite.is_jcs()) {
        raw.insert("@context".into(), context.clone());
    }
    let signature = {
        let proof = Proof::parse(&raw)?;
        signer.sign(&hash(&document, &proof, &matching(&proof, &present)?, contexts)?)
    };
    raw.insert("proofValue".into(), format!("z{}", base58(&signature)).into());
    let proof = match document.remove("proof") {
        None => Value::Object(raw),
        Some(Value::Array(mut items)) => {
            items.push(Value::Object(raw));
            Value::Array(items)
        }
        Some(single) => Value::Array(vec![single, Value::Object(raw)]),
    };
    document.insert("proof".into(), proof);
    Ok(document)
}

/// Adds the context for proofs where the document has contexts of which none brings their terms.
fn add_context(document: &mut Map) {
    let defines = |context: &Value| {
        let url = context.as_str().unwrap_or_default();
        url == BASE_CONTEXT || url == CONTEXT || url == "https://w3id.org/security/data-integrity/v1"
    };
    let contexts = one_or_more(document.get("@context"));
    if !contexts.is_empty() && !contexts.iter().any(defines) {
        let mut contexts = contexts.to_vec();
        contexts.push(CONTEXT.into());
        document.insert("@context".into(), contexts.into());
    }
}
