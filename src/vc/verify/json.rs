//! JSON credentials and presentations: data model, Data Integrity proofs, and the holder's proof of a presentation.

use std::sync::Arc;

use super::evidence::Evidence;
use super::sources::{Content, Sources, StatusEntry};
use super::verdict::{Format, Report};
use super::{Binding, Once, PRESENTATION_LIFE, Policy, Scope, Shown};
use crate::base::jcs::canonicalize_without;
use crate::base::json::{Map, Value};
use crate::base::time::plus_seconds;
use crate::crypto::digest::sha256_of;
use crate::vc::data_integrity::{self, Expect, VerifiedProof};
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::keys::Purpose;
use crate::vc::status::bitstring;
use crate::vc::{jsonld, model};

/// A credential on its own: nobody proves to be its holder.
pub(super) fn verify_credential(map: Map, policy: &Policy<'_>, sources: &Sources<'_>, report: &mut Report) -> Shown {
    let credentials: Vec<_> = read(map, policy, sources, report).into_iter().collect();
    note_unbound(policy, report);
    Shown { format: Format::Credential, credentials, once: None }
}

/// Notes that nobody proved to be the holder.
pub(super) fn note_unbound(policy: &Policy<'_>, report: &mut Report) {
    match (policy.scope, policy.binding) {
        (_, Binding::Required) => {
            report.fail(Finding::invalid(Check::Binding, Code::BindingMissing, "no holder proof"));
        }
        (Scope::Full, Binding::WhenShown) => report.skip(Check::Binding, Code::BindingMissing),
        (Scope::Proof, Binding::WhenShown) => {}
    }
}

/// A presentation: every credential in it, and the holder's proof over all of it.
pub(super) fn verify_presentation(map: &Map, policy: &Policy<'_>, sources: &Sources<'_>, report: &mut Report) -> Shown {
    let mut shown = Shown { format: Format::Presentation, credentials: Vec::new(), once: None };
    if report.take(Check::Parse, model::check_presentation(map)).is_none() {
        return shown;
    }
    check_terms(map, policy, sources, report);
    let (secured, asserted): (Vec<_>, Vec<_>) = model::credentials(map).partition(|it| it.contains_key("proof"));
    for credential in secured {
        shown.credentials.extend(read(credential.clone(), policy, sources, report));
    }
    // What only the holder asserts is no evidence for the city.
    if policy.scope == Scope::Full && !asserted.is_empty() {
        report.fail(Finding::invalid(Check::Proof, Code::ProofMissing, "a credential without a proof of its issuer"));
    }
    if !map.contains_key("proof") && policy.scope == Scope::Full {
        note_unbound(policy, report);
        return shown;
    }
    if let Some(proof) = verify_holder(map, policy, sources, report) {
        if asserted.iter().any(|credential| model::issuer_id(credential) != Some(&proof.controller)) {
            report.fail(Finding::invalid(Check::Proof, Code::ProofMissing, "the holder's proof is not the issuer's"));
        }
        if policy.scope == Scope::Full {
            report.take(Check::Binding, check_binding(&proof, &shown.credentials));
            report.take(Check::Freshness, check_freshness(&proof, policy));
            shown.once = Some(once(map, policy));
        }
    }
    shown
}

/// Checks that every term is defined, where no schema of a known type says what may be there.
///
/// A context that is not known here leaves that open; a suite that needs contexts then says so itself.
fn check_terms(map: &Map, policy: &Policy<'_>, sources: &Sources<'_>, report: &mut Report) {
    if policy.scope == Scope::Proof
        && let Err(finding) = jsonld::check_terms(map, sources.contexts)
        && finding.code != Code::ContextUnknown
    {
        report.fail(finding);
    }
}

/// Reads one credential and verifies its proofs; what could be read is told even when a proof is wrong.
fn read(map: Map, policy: &Policy<'_>, sources: &Sources<'_>, report: &mut Report) -> Option<Evidence> {
    report.take(Check::Parse, model::check_credential(&map))?;
    report.take(Check::Parse, model::related::check(&map, sources.contexts));
    check_terms(&map, policy, sources, report);
    let expect = Expect::new(Purpose::AssertionMethod, policy.now);
    let proofs = match data_integrity::verify(&map, sources.keys, &expect, sources.contexts) {
        Ok(proofs) => {
            report.pass(Check::Proof);
            proofs
        }
        Err(findings) => {
            report.fail_all(findings);
            Vec::new()
        }
    };
    let status = match bitstring::entries(&map) {
        Ok(entries) => entries,
        Err(finding) => {
            if policy.scope == Scope::Full {
                report.fail(finding);
            }
            Vec::new()
        }
    };
    let issuer = model::issuer_id(&map).unwrap_or_default().to_owned();
    let proof = proofs.iter().find(|proof| proof.controller == issuer).or(proofs.first());
    let (valid_from, valid_until) = model::validity(&map).unwrap_or_default();
    Some(Evidence {
        id: map.get("id").and_then(Value::as_str).map(str::to_owned),
        type_names: model::types(&map).filter(|name| *name != "VerifiableCredential").map(str::to_owned).collect(),
        method: proof.map_or_else(|| method_named(&map), |proof| proof.method.clone()),
        signed_at: proof.and_then(|proof| proof.created),
        issuer,
        valid_from,
        valid_until,
        status: status.into_iter().map(StatusEntry::Bitstring).collect(),
        holders: holders(&map),
        content: Arc::new(Content::Whole(Value::Object(map))),
    })
}

/// The method that the first proof names, for the sake of the other checks when no proof verified.
fn method_named(map: &Map) -> String {
    let proof = objects(map.get("proof")).next();
    proof.and_then(|proof| proof.get("verificationMethod")).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Who holds it: each subject by its `id`, and whoever holds it for a subject (`heldBy`).
fn holders(map: &Map) -> Vec<String> {
    let id = |holder: &Map| holder.get("id").and_then(Value::as_str).map(str::to_owned);
    let subjects = objects(map.get("credentialSubject"));
    subjects.flat_map(|subject| objects(subject.get("heldBy")).chain([subject]).filter_map(id)).collect()
}

/// The object, or the objects of the array.
fn objects(value: Option<&Value>) -> impl Iterator<Item = &Map> {
    let items: &[Value] = match value {
        Some(Value::Array(items)) => items,
        Some(value) => std::slice::from_ref(value),
        None => &[],
    };
    items.iter().filter_map(Value::as_object)
}

fn verify_holder(map: &Map, policy: &Policy<'_>, sources: &Sources<'_>, report: &mut Report) -> Option<VerifiedProof> {
    let expect =
        Expect { challenge: policy.nonce, domain: policy.audience, ..Expect::new(Purpose::Authentication, policy.now) };
    match data_integrity::verify(map, sources.keys, &expect, sources.contexts) {
        Ok(proofs) => {
            report.pass(Check::Proof);
            proofs.into_iter().next()
        }
        Err(findings) => {
            report.fail_all(findings);
            None
        }
    }
}

fn check_binding(proof: &VerifiedProof, credentials: &[Evidence]) -> Result<(), Finding> {
    let bound = |evidence: &Evidence| evidence.holders.contains(&proof.controller);
    match credentials.iter().position(|evidence| !bound(evidence)) {
        None => Ok(()),
        Some(at) => {
            Err(Finding::invalid(Check::Binding, Code::NotTheHolder, format!("credential {at} has another subject")))
        }
    }
}

/// A nonce of the request ties the proof to now; without one its time must be recent.
fn check_freshness(proof: &VerifiedProof, policy: &Policy<'_>) -> Result<(), Finding> {
    match (policy.nonce, proof.created) {
        (Some(_), _) => Ok(()),
        (None, Some(created)) => policy.check_age(created, PRESENTATION_LIFE),
        (None, None) => Err(Finding::invalid(Check::Freshness, Code::CodeExpired, "neither nonce nor time of signing")),
    }
}

fn once(map: &Map, policy: &Policy<'_>) -> Once {
    let signed = canonicalize_without(map, "proof");
    let mut digest = sha256_of(&[b"ldp_vp", &signed]);
    for proof in objects(map.get("proof")) {
        digest = sha256_of(&[&digest, &canonicalize_without(proof, "proofValue")]);
    }
    Once { digest, until: plus_seconds(policy.now, PRESENTATION_LIFE * 2) }
}
