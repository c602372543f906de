//! Proofs made here verify here; every change of a signed byte, member or expectation is refused.

use super::*;
use crate::base::json::{Map, Value, json};
use crate::base::time::{Timestamp, parse_rfc3339};
use crate::crypto::{Algorithm, Signer as _, SigningKey};
use crate::did;
use crate::vc::contexts::Contexts;
use crate::vc::finding::State;
use crate::vc::keys::{Purpose, SelfResolving};

const SUITES: [Cryptosuite; 4] = Cryptosuite::NAMED;

type Change = fn(&mut Value);

fn now() -> Timestamp {
    parse_rfc3339("2026-01-01T00:00:00Z").unwrap()
}

fn key(seed: u8) -> (SigningKey, String) {
    let key = SigningKey::ed25519(&[seed; 32]);
    let method = did::key::method_url(key.public_key());
    (key, method)
}

/// The key that a suite signs with, of a seed.
fn key_for(suite: Cryptosuite, seed: u8) -> (SigningKey, String) {
    let key = match suite.algorithm() {
        Algorithm::EdDsa => SigningKey::ed25519(&[seed; 32]),
        Algorithm::Es256 => SigningKey::p256(&[seed; 32]).unwrap(),
    };
    let method = did::key::method_url(key.public_key());
    (key, method)
}

fn document() -> Map {
    let value = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2", { "age": "https://example.org/#age" }],
        "type": "VerifiableCredential",
        "issuer": "did:example:issuer",
        "credentialSubject": { "id": "did:example:subject", "age": 60, "name": "演示" }
    });
    value.as_object().unwrap().clone()
}

fn options(suite: Cryptosuite, seed: u8) -> ProofOptions {
    ProofOptions::new(Purpose::AssertionMethod, key_for(suite, seed).1, now()).with_suite(suite)
}

fn signed(document: &Map, options: &ProofOptions, seed: u8) -> Map {
    sign(document.clone(), options, &key_for(options.suite, seed).0, &Contexts::bundled()).unwrap()
}

fn check(document: &Map) -> Result<Vec<VerifiedProof>, Vec<Finding>> {
    check_as(document, &Expect::new(Purpose::AssertionMethod, now()))
}

fn check_as(document: &Map, expect: &Expect<'_>) -> Result<Vec<VerifiedProof>, Vec<Finding>> {
    verify(document, &SelfResolving, expect, &Contexts::bundled())
}

fn codes(result: Result<Vec<VerifiedProof>, Vec<Finding>>) -> Vec<Code> {
    result.unwrap_err().into_iter().map(|finding| finding.code).collect()
}

fn with(document: &Map, change: impl FnOnce(&mut Value)) -> Map {
    let mut value = Value::Object(document.clone());
    change(&mut value);
    value.as_object().unwrap().clone()
}

#[test]
fn what_is_signed_verifies_and_names_its_controller() {
    for suite in SUITES {
        let secured = signed(&document(), &options(suite, 1), 1);
        let proofs = check(&secured).unwrap();
        assert_eq!(proofs.len(), 1);
        assert_eq!(proofs[0].controller, did::key::did(key_for(suite, 1).0.public_key()));
        assert_eq!((proofs[0].suite, proofs[0].created), (suite, Some(now())));
    }
}

#[test]
fn a_changed_document_or_proof_does_not_verify() {
    for suite in SUITES {
        let secured = signed(&document(), &options(suite, 1), 1);
        let other = key_for(suite, 2).1;
        assert_eq!(
            codes(check(&with(&secured, |it| it["proof"]["verificationMethod"] = json!(other)))),
            [Code::ProofInvalid]
        );
        let changes: [Change; 5] = [
            |it| it["credentialSubject"]["age"] = json!(61),
            |it| it["issuer"] = json!("did:example:other"),
            |it| it["validUntil"] = json!("2030-01-01T00:00:00Z"),
            |it| it["proof"]["created"] = json!("2026-01-01T00:00:01Z"),
            |it| it["proof"]["expires"] = json!("2030-01-01T00:00:00Z"),
        ];
        for (at, change) in changes.into_iter().enumerate() {
            assert_eq!(codes(check(&with(&secured, change))), [Code::ProofInvalid], "{suite:?} change {at}");
        }
    }
}

#[test]
fn unknown_proof_members_are_kept_and_signed() {
    let mut options = options(Cryptosuite::EddsaJcs2022, 1);
    options.further.insert("extension".into(), json!({ "level": 3 }));
    let secured = signed(&document(), &options, 1);
    assert_eq!(secured["proof"]["extension"]["level"], 3);
    assert!(check(&secured).is_ok());
    let changed = with(&secured, |it| it["proof"]["extension"]["level"] = json!(4));
    assert_eq!(codes(check(&changed)), [Code::ProofInvalid]);
    let removed = with(&secured, |it| drop(it["proof"].as_object_mut().unwrap().remove("extension")));
    assert_eq!(codes(check(&removed)), [Code::ProofInvalid]);
}

#[test]
fn the_suites_over_rdf_refuse_undefined_terms_when_signing_and_verifying() {
    for suite in [Cryptosuite::EddsaRdfc2022, Cryptosuite::EcdsaRdfc2019] {
        let undefined = with(&document(), |it| it["undefined"] = json!("x"));
        let finding = sign(undefined, &options(suite, 1), &key_for(suite, 1).0, &Contexts::bundled()).unwrap_err();
        assert_eq!(finding.code, Code::ModelViolation);
        let secured = signed(&document(), &options(suite, 1), 1);
        let added = with(&secured, |it| it["undefined"] = json!("x"));
        assert_eq!(codes(check(&added)), [Code::ModelViolation]);
        let in_proof = with(&secured, |it| it["proof"]["undefined"] = json!("x"));
        assert_eq!(codes(check(&in_proof)), [Code::ModelViolation]);
    }
}

#[test]
fn malformed_proofs_are_refused() {
    let secured = signed(&document(), &options(Cryptosuite::EddsaJcs2022, 1), 1);
    let changes: &[(Change, Code)] = &[
        (|it| drop(it.as_object_mut().unwrap().remove("proof")), Code::ProofMissing),
        (|it| it["proof"] = json!([]), Code::ProofMalformed),
        (|it| it["proof"] = json!("x"), Code::ProofMalformed),
        (|it| it["proof"] = Value::Array(vec![it["proof"].clone(); 17]), Code::ProofMalformed),
        (|it| it["proof"]["type"] = json!("BbsBlsSignature2020"), Code::ProofUnsupported),
        (|it| it["proof"]["type"] = json!(7), Code::ProofMalformed),
        (|it| it["proof"]["cryptosuite"] = json!("ecdsa-sd-2023"), Code::ProofUnsupported),
        (|it| it["proof"]["cryptosuite"] = json!(["eddsa-jcs-2022"]), Code::ProofMalformed),
        (|it| it["proof"]["verificationMethod"] = json!("no url"), Code::ProofMalformed),
        (|it| it["proof"]["proofPurpose"] = json!("authentication"), Code::ProofPurpose),
        (|it| it["proof"]["created"] = json!("yesterday"), Code::ProofMalformed),
        (|it| it["proof"]["expires"] = json!(5), Code::ProofMalformed),
        (|it| it["proof"]["expires"] = json!("2020-01-01T00:00:00Z"), Code::ProofMalformed),
        (|it| it["proof"]["id"] = json!("no url"), Code::ProofMalformed),
        (|it| it["proof"]["domain"] = json!([1]), Code::ProofMalformed),
        (|it| it["proof"]["challenge"] = json!(1), Code::ProofMalformed),
        (|it| it["proof"]["previousProof"] = json!({}), Code::ProofMalformed),
        (|it| it["proof"]["previousProof"] = json!("urn:uuid:nowhere"), Code::ProofInvalid),
        (|it| it["proof"]["proofValue"] = json!("u2HnFSSPPBzR36zdDgK8PbEHeXbR56YF24jwMpt3R1eH"), Code::ProofMalformed),
        (|it| it["proof"]["proofValue"] = json!("z0OIl"), Code::ProofMalformed),
        (|it| it["proof"]["proofValue"] = json!("z2HnFSSPPBzR36"), Code::ProofMalformed),
        (|it| it["proof"]["@context"] = json!(["https://example.org/other"]), Code::ProofInvalid),
    ];
    for (at, (change, code)) in changes.iter().enumerate() {
        assert_eq!(codes(check(&with(&secured, change))), [*code], "change {at}");
    }
}

#[test]
fn the_document_may_have_further_contexts_after_those_of_the_proof() {
    let secured = signed(&document(), &options(Cryptosuite::EddsaJcs2022, 1), 1);
    let appended = with(&secured, |it| it["@context"].as_array_mut().unwrap().push(json!("https://example.org/more")));
    assert!(check(&appended).is_ok());
    let before =
        with(&secured, |it| it["@context"].as_array_mut().unwrap().insert(0, json!("https://example.org/more")));
    assert_eq!(codes(check(&before)), [Code::ProofInvalid]);
}

#[test]
fn expired_proofs_are_refused() {
    let mut options = options(Cryptosuite::EddsaJcs2022, 1);
    options.expires = Some(parse_rfc3339("2026-01-02T00:00:00Z").unwrap());
    let secured = signed(&document(), &options, 1);
    let at = |text: &str| Expect::new(Purpose::AssertionMethod, parse_rfc3339(text).unwrap());
    assert!(check_as(&secured, &at("2026-01-01T23:59:59Z")).is_ok());
    assert_eq!(codes(check_as(&secured, &at("2026-01-02T00:00:00Z"))), [Code::ProofExpired]);
}

#[test]
fn challenge_and_domain_must_be_the_expected_ones() {
    let mut options = ProofOptions::new(Purpose::Authentication, key(1).1, now());
    options.challenge = Some("abc".into());
    options.domain = vec!["a.example".into(), "b.example".into()];
    let secured = signed(&document(), &options, 1);
    let domain = ["b.example".to_owned(), "a.example".to_owned()];
    let right = Expect { challenge: Some("abc"), domain: &domain, ..Expect::new(Purpose::Authentication, now()) };
    assert!(check_as(&secured, &right).is_ok());
    assert!(check_as(&secured, &Expect::new(Purpose::Authentication, now())).is_ok());
    let wrong = Expect { challenge: Some("abd"), ..right };
    let findings = check_as(&secured, &wrong).unwrap_err();
    assert_eq!(findings[0].code.problem_type(), Some("https://w3id.org/security#INVALID_CHALLENGE_ERROR"));
    for other in [&domain[..1], &["c.example".to_owned()], &[domain.as_slice(), &["c.example".to_owned()]].concat()] {
        let findings = check_as(&secured, &Expect { domain: other, ..right }).unwrap_err();
        assert_eq!(
            findings[0].code.problem_type(),
            Some("https://w3id.org/security#INVALID_DOMAIN_ERROR"),
            "{other:?}"
        );
    }
}

#[test]
fn every_proof_of_a_set_must_hold() {
    let one = signed(&document(), &options(Cryptosuite::EddsaJcs2022, 1), 1);
    let two = signed(&one, &options(Cryptosuite::EddsaRdfc2022, 2), 2);
    assert_eq!(check(&two).unwrap().len(), 2);
    let broken = with(&two, |it| it["proof"][1]["created"] = json!("2020-01-01T00:00:00Z"));
    assert_eq!(codes(check(&broken)), [Code::ProofInvalid]);
    let unknown = with(&two, |it| it["proof"][0]["cryptosuite"] = json!("bbs-2023"));
    assert_eq!(check(&unknown).unwrap_err()[0].state, State::Error);
    let fewer = with(&two, |it| it["proof"] = it["proof"][1].clone());
    assert!(check(&fewer).is_ok(), "a set binds nothing together; a chain does");
}

#[test]
fn a_chain_covers_the_earlier_proofs() {
    for suite in SUITES {
        let mut first = options(suite, 1);
        first.id = Some("urn:uuid:26329423-bec9-4b2e-88cb-a7c7d9dc4544".into());
        let mut second = options(suite, 2);
        second.previous = first.id.clone().into_iter().collect();
        let one = signed(&document(), &first, 1);
        let two = signed(&one, &second, 2);
        assert_eq!(check(&two).unwrap().len(), 2);
        assert_eq!(codes(check(&with(&two, |it| it["proof"] = json!([it["proof"][1]])))), [Code::ProofInvalid]);
        let replaced = signed(&document(), &ProofOptions { created: None, ..first.clone() }, 1);
        let other = with(&two, |it| it["proof"][0] = replaced["proof"].clone());
        assert_eq!(codes(check(&other)), [Code::ProofInvalid], "the covered proof was replaced by another valid one");
        let nobody = sign(document(), &second, &key_for(suite, 2).0, &Contexts::bundled());
        assert_eq!(nobody.unwrap_err().code, Code::ProofInvalid);
    }
}

#[test]
fn ambiguous_and_circular_chains_are_refused() {
    let mut first = options(Cryptosuite::EddsaJcs2022, 1);
    first.id = Some("urn:uuid:1".into());
    let one = signed(&document(), &first, 1);
    let twice = with(&one, |it| it["proof"] = json!([it["proof"], it["proof"]]));
    assert_eq!(codes(check(&twice)), [Code::ProofMalformed]);
    let own = with(&one, |it| it["proof"]["previousProof"] = json!("urn:uuid:1"));
    assert_eq!(codes(check(&own)), [Code::ProofInvalid]);
}

#[test]
fn keys_of_another_algorithm_neither_sign_nor_verify() {
    for suite in SUITES {
        let other = SUITES.into_iter().find(|other| other.algorithm() != suite.algorithm()).unwrap();
        let (wrong, method) = key_for(other, 7);
        let made_with = ProofOptions { suite, ..ProofOptions::new(Purpose::AssertionMethod, method.clone(), now()) };
        let finding = sign(document(), &made_with, &wrong, &Contexts::bundled()).unwrap_err();
        assert_eq!(finding.code, Code::ProofUnsupported);
        let secured = signed(&document(), &options(suite, 1), 1);
        let named = with(&secured, |it| it["proof"]["verificationMethod"] = json!(method));
        assert_eq!(codes(check(&named)), [Code::KeyNotAuthorized], "{suite:?}");
        // The same 64 bytes under the name of a suite for other keys.
        let renamed = with(&secured, |it| it["proof"]["cryptosuite"] = json!(other.name()));
        assert_eq!(codes(check(&renamed)), [Code::KeyNotAuthorized], "{suite:?}");
    }
}

#[test]
fn a_proof_of_one_canonical_form_is_none_of_the_other() {
    for (suite, other) in [
        (Cryptosuite::EcdsaJcs2019, Cryptosuite::EcdsaRdfc2019),
        (Cryptosuite::EcdsaRdfc2019, Cryptosuite::EcdsaJcs2019),
    ] {
        let secured = signed(&document(), &options(suite, 1), 1);
        let renamed = with(&secured, |it| it["proof"]["cryptosuite"] = json!(other.name()));
        assert_eq!(codes(check(&renamed)), [Code::ProofInvalid], "{suite:?}");
    }
}

#[test]
fn a_document_whose_contexts_define_no_proof_gets_the_context_that_does() {
    let legacy = with(&document(), |it| {
        it["@context"][0] = json!("https://www.w3.org/2018/credentials/v1");
        it["credentialSubject"].as_object_mut().unwrap().remove("name");
        it["issuanceDate"] = json!("2026-01-01T00:00:00Z");
    });
    for suite in SUITES {
        let secured = signed(&legacy, &options(suite, 1), 1);
        assert_eq!(secured["@context"][2], "https://w3id.org/security/data-integrity/v2");
        assert!(check(&secured).is_ok(), "{suite:?}");
    }
    assert_eq!(signed(&document(), &options(SUITES[0], 1), 1)["@context"], document()["@context"]);
}

#[test]
fn proofs_of_the_older_kind_are_verified_and_not_made() {
    // The vector of the cryptosuites' appendix: examples context, Ed25519Signature2020.
    let value = json!({
        "@context": [
            "https://www.w3.org/ns/credentials/v2",
            "https://www.w3.org/ns/credentials/examples/v2",
            "https://w3id.org/security/suites/ed25519-2020/v1"
        ],
        "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
        "type": ["VerifiableCredential", "AlumniCredential"],
        "name": "Alumni Credential",
        "description": "A minimum viable example of an Alumni Credential.",
        "issuer": "https://vc.example/issuers/5678",
        "validFrom": "2023-01-01T00:00:00Z",
        "credentialSubject": { "id": "did:example:abcdefgh", "alumniOf": "The School of Examples" },
        "proof": {
            "type": "Ed25519Signature2020",
            "created": "2023-02-24T23:36:38Z",
            "verificationMethod": "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2#z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2",
            "proofPurpose": "assertionMethod",
            "proofValue": "z57Mm1vboMtZiCyJ4aReZsv8co4Re64Y8GEjL1ZARzMbXZgkARFLqFs1P345NpPGG2hgCrS4nNdvJhpwnrNyG3kEF"
        }
    });
    let published = value.as_object().unwrap().clone();
    assert_eq!(check(&published).unwrap()[0].suite, Cryptosuite::Ed25519Signature2020);
    let changed = with(&published, |it| it["name"] = json!("Changed"));
    assert_eq!(codes(check(&changed)), [Code::ProofInvalid]);
    let made_with = options(Cryptosuite::Ed25519Signature2020, 1);
    assert!(sign(document(), &made_with, &key(1).0, &Contexts::bundled()).is_err());
}
