//! Verifying every proof of a document (Data Integrity 1.0 §4.4, §4.5).

use super::Cryptosuite;
use super::hash::hash;
use super::proof::{Proof, matching, proofs, signature};
use crate::base::json::Map;
use crate::base::time::Timestamp;
use crate::vc::contexts::Contexts;
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::keys::{Keys, Purpose};

/// What the verifier expects of the proofs.
#[derive(Clone, Copy, Debug)]
pub struct Expect<'a> {
    /// What every proof must be for.
    pub purpose: Purpose,
    /// The challenge that every proof must answer; `None` asks for nothing.
    pub challenge: Option<&'a str>,
    /// The domains that every proof must name, neither more nor fewer; an empty slice asks for nothing.
    pub domain: &'a [String],
    /// The time of the check.
    pub now: Timestamp,
}

impl Expect<'_> {
    /// Expects a purpose at a time, without challenge and domain.
    pub fn new(purpose: Purpose, now: Timestamp) -> Self {
        Self { purpose, challenge: None, domain: &[], now }
    }
}

/// A proof that verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedProof {
    /// The cryptosuite.
    pub suite: Cryptosuite,
    /// The URL of the verification method.
    pub method: String,
    /// Who controls the method: a DID or URL.
    pub controller: String,
    /// When the proof was made, as its maker says.
    pub created: Option<Timestamp>,
    /// From when the proof is void.
    pub expires: Option<Timestamp>,
}

/// Verifies all proofs of a document: every one must hold.
///
/// Fails with one finding per proof that does not: state `Invalid` when it is wrong, `Error` when it could not be
/// decided on (unknown context, suite or key). A proof that a chain covers is verified like every other.
pub fn verify(
    document: &Map,
    keys: &dyn Keys,
    expect: &Expect<'_>,
    contexts: &Contexts,
) -> Result<Vec<VerifiedProof>, Vec<Finding>> {
    let all = proofs(document).map_err(|finding| vec![finding])?;
    let (mut verified, mut findings) = (Vec::with_capacity(all.len()), Vec::new());
    for raw in &all {
        match verify_one(document, raw, &all, keys, expect, contexts) {
            Ok(proof) => verified.push(proof),
            Err(finding) => findings.push(finding),
        }
    }
    if findings.is_empty() { Ok(verified) } else { Err(findings) }
}

fn verify_one(
    document: &Map,
    raw: &Map,
    all: &[&Map],
    keys: &dyn Keys,
    expect: &Expect<'_>,
    contexts: &Contexts,
) -> Result<VerifiedProof, Finding> {
    let proof = Proof::parse(raw)?;
    let signature = signature(raw)?;
    check_expected(&proof, expect)?;
    let matching = matching(&proof, all)?;
    let resolved = keys.resolve(proof.method, expect.purpose, proof.created.unwrap_or(expect.now))?;
    if resolved.key.algorithm() != proof.suite.algorithm() {
        return Err(invalid(Code::KeyNotAuthorized, "the verification method's key is not one for the cryptosuite"));
    }
    let signed = hash(document, &proof, &matching, contexts)?;
    let wrong = |_| invalid(Code::ProofInvalid, "the signature does not fit the document and the proof");
    resolved.key.verify(&signed, &signature).map_err(wrong)?;
    Ok(VerifiedProof {
        suite: proof.suite,
        method: proof.method.to_owned(),
        controller: resolved.controller,
        created: proof.created,
        expires: proof.expires,
    })
}

fn check_expected(proof: &Proof<'_>, expect: &Expect<'_>) -> Result<(), Finding> {
    if proof.purpose != expect.purpose.name() {
        return Err(invalid(Code::ProofPurpose, format!("proofPurpose is not {}", expect.purpose.name())));
    }
    if proof.expires.is_some_and(|expires| expires <= expect.now) {
        return Err(invalid(Code::ProofExpired, "expires has passed"));
    }
    if expect.challenge.is_some() && proof.challenge != expect.challenge {
        let detail = "the proof's challenge is not the expected one";
        return Err(Finding::invalid(Check::Freshness, Code::NonceMismatch, detail));
    }
    let among = |domain: &&str| expect.domain.iter().any(|expected| expected == domain);
    let named = |expected: &String| proof.domain.contains(&expected.as_str());
    let same = proof.domain.iter().all(among) && expect.domain.iter().all(named);
    if !expect.domain.is_empty() && !same {
        let detail = "the proof's domain is not the expected one";
        return Err(Finding::invalid(Check::Freshness, Code::AudienceMismatch, detail));
    }
    Ok(())
}

fn invalid(code: Code, detail: impl Into<String>) -> Finding {
    Finding::invalid(Check::Proof, code, detail)
}
