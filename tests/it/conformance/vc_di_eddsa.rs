//! Data Integrity EdDSA Cryptosuites 1.0: the published vectors with their intermediate values, proof sets and chains.

use certless::base::bytes::{base58, from_base58, hex};
use certless::base::jcs::canonicalize_without;
use certless::base::json::{Map, Value};
use certless::base::time::{Timestamp, parse_rfc3339};
use certless::crypto::digest::sha256;
use certless::crypto::{PublicKey, Signer as _, SigningKey};
use certless::vc::contexts::Contexts;
use certless::vc::data_integrity::hash::hash;
use certless::vc::data_integrity::proof::{Proof, signature};
use certless::vc::data_integrity::{Cryptosuite, Expect, ProofOptions, sign, verify};
use certless::vc::finding::{Code, Finding, State};
use certless::vc::keys::{Keys, Purpose, ResolvedKey, SelfResolving};
use certless::vc::rdfc;

use crate::support::vectors;

const FOLDER: &str = "vc-di-eddsa";

fn text(name: &str) -> Option<String> {
    vectors::text(&format!("{FOLDER}/{name}"))
}

fn object(name: &str) -> Option<Map> {
    vectors::json(&format!("{FOLDER}/{name}")).map(|value| value.as_object().unwrap().clone())
}

fn now() -> Timestamp {
    parse_rfc3339("2026-01-01T00:00:00Z").unwrap()
}

/// The Ed25519 seed in a published private Multikey (header 0x8026).
fn signing_key(multikey: &Value) -> SigningKey {
    let bytes = from_base58(multikey.as_str().unwrap().strip_prefix('z').unwrap()).unwrap();
    SigningKey::ed25519(bytes.strip_prefix(&[0x80, 0x26]).unwrap().try_into().unwrap())
}

/// Knows the vector's key under any URL, as the published verification methods are not all did:key.
struct Published(PublicKey);

impl Keys for Published {
    fn resolve(&self, method: &str, _: Purpose, _: Timestamp) -> Result<ResolvedKey, Finding> {
        let controller = method.split('#').next().unwrap_or_default().to_owned();
        Ok(ResolvedKey { key: self.0.clone(), controller })
    }
}

/// Every intermediate value of one vector folder, then the signature both ways.
fn walk(folder: &str, tag: &str, canonical: impl Fn(&Map, &Contexts) -> Vec<u8>) {
    let Some(signed) = object(&format!("{folder}/signed{tag}.json")) else { return };
    let read = |name: &str| text(&format!("{folder}/{name}{tag}.txt")).unwrap().trim_end_matches('\n').to_owned();
    let contexts = Contexts::bundled();
    let config = object(&format!("{folder}/proofConfig{tag}.json")).unwrap();
    let mut document = signed.clone();
    document.remove("proof");
    let (document, config) = (canonical(&document, &contexts), canonical(&config, &contexts));
    assert_eq!(String::from_utf8_lossy(&document).trim_end(), read("canonDoc"));
    assert_eq!(String::from_utf8_lossy(&config).trim_end(), read("proofCanon"));
    assert_eq!(hex(&sha256(&document)), read("docHash"));
    assert_eq!(hex(&sha256(&config)), read("proofHash"));

    let raw = signed["proof"].as_object().unwrap();
    let proof = Proof::parse(raw).unwrap();
    let bytes = hash(&signed, &proof, &[], &contexts).unwrap();
    assert_eq!(hex(&bytes), read("combinedHash"));
    assert_eq!(hex(&signature(raw).unwrap()), read("sigHex"));

    let pair = object("keyPair.json").unwrap();
    let key = signing_key(&pair["privateKeyMultibase"]);
    assert_eq!(key.public_key().to_multikey(), pair["publicKeyMultibase"]);
    assert_eq!(format!("z{}", base58(&key.sign(&bytes))), read("sigBTC58"));
    let expect = Expect::new(Purpose::AssertionMethod, now());
    assert!(verify(&signed, &SelfResolving, &expect, &contexts).is_ok());
    assert!(verify(&signed, &Published(key.public_key().clone()), &expect, &contexts).is_ok());
}

#[test]
fn eddsa_jcs_2022_every_intermediate_value() {
    walk("eddsa-jcs-2022", "JCS", |map, _| canonicalize_without(map, "proofValue"));
}

#[test]
fn eddsa_rdfc_2022_every_intermediate_value() {
    walk("eddsa-rdfc-2022", "DataInt", |map, contexts| rdfc::canonical(map, contexts).unwrap().into_bytes());
}

#[test]
fn eddsa_jcs_2022_signing_gives_the_published_document() {
    let Some(signed) = object("eddsa-jcs-2022/signedJCS.json") else { return };
    resign(&signed, Cryptosuite::EddsaJcs2022);
}

#[test]
fn eddsa_rdfc_2022_signing_gives_the_published_document() {
    let Some(signed) = object("eddsa-rdfc-2022/signedDataInt.json") else { return };
    resign(&signed, Cryptosuite::EddsaRdfc2022);
}

fn resign(signed: &Map, suite: Cryptosuite) {
    let key = signing_key(&object("keyPair.json").unwrap()["privateKeyMultibase"]);
    let proof = &signed["proof"];
    let created = parse_rfc3339(proof["created"].as_str().unwrap()).unwrap();
    let method = proof["verificationMethod"].as_str().unwrap();
    let options = ProofOptions::new(Purpose::AssertionMethod, method, created).with_suite(suite);
    let unsigned = object("unsigned.json").unwrap();
    assert_eq!(sign(unsigned, &options, &key, &Contexts::bundled()).as_ref(), Ok(signed));
}

/// What the published canonical forms say of the employment authorization document's own context: types that carry contexts,
/// two of them on one node.
const CITIZENSHIP: &str = r#"{ "@context": {
    "@protected": true,
    "image": { "@id": "https://schema.org/image", "@type": "@id" },
    "EmploymentAuthorizationDocumentCredential": "https://w3id.org/citizenship#EmploymentAuthorizationDocumentCredential",
    "Person": { "@id": "https://schema.org/Person", "@context": {
        "@protected": true, "id": "@id", "type": "@type",
        "additionalName": "https://schema.org/additionalName", "familyName": "https://schema.org/familyName",
        "birthCountry": "https://w3id.org/citizenship#birthCountry", "givenName": "https://schema.org/givenName",
        "birthDate": { "@id": "https://schema.org/birthDate", "@type": "http://www.w3.org/2001/XMLSchema#dateTime" },
        "gender": "https://schema.org/gender", "image": { "@id": "https://schema.org/image", "@type": "@id" } } },
    "EmployablePerson": { "@id": "https://w3id.org/citizenship#EmployablePerson", "@context": {
        "@protected": true, "id": "@id", "type": "@type",
        "employmentAuthorizationDocument": {
            "@id": "https://w3id.org/citizenship#employmentAuthorizationDocument", "@type": "@id" },
        "residentSince": {
            "@id": "https://w3id.org/citizenship#residentSince", "@type": "http://www.w3.org/2001/XMLSchema#dateTime" } } },
    "EmploymentAuthorizationDocument": { "@id": "https://w3id.org/citizenship#EmploymentAuthorizationDocument", "@context": {
        "@protected": true, "id": "@id", "type": "@type", "identifier": "https://schema.org/identifier",
        "lprCategory": "https://w3id.org/citizenship#lprCategory",
        "lprNumber": "https://w3id.org/citizenship#lprNumber" } } } }"#;

/// The employment authorization document verifies with its context, and is undecided without.
#[test]
fn eddsa_rdfc_2022_employment_authorization() {
    let Some(signed) = object("eddsa-rdfc-2022/employ/signedDataInt.json") else { return };
    let findings = verify(&signed, &SelfResolving, &Expect::new(Purpose::AssertionMethod, now()), &Contexts::bundled())
        .unwrap_err();
    assert_eq!((findings[0].code, findings[0].state), (Code::ContextUnknown, State::Error));

    let contexts = Contexts::bundled().with("https://w3id.org/citizenship/v4rc1", CITIZENSHIP).unwrap();
    let expect = Expect::new(Purpose::AssertionMethod, now());
    let read = |name: &str| text(&format!("eddsa-rdfc-2022/employ/{name}DataInt.txt")).unwrap();
    let mut unsigned = signed.clone();
    unsigned.remove("proof");
    assert_eq!(rdfc::canonical(&unsigned, &contexts).unwrap().trim(), read("canonDoc").trim());
    assert_eq!(verify(&signed, &SelfResolving, &expect, &contexts).unwrap().len(), 1);
    let mut changed = signed;
    changed["credentialSubject"]["givenName"] = "JACK".into();
    assert!(verify(&changed, &SelfResolving, &expect, &contexts).is_err());
}

fn set_or_chain(name: &str, proofs: usize) {
    let Some(signed) = object(&format!("proof-set-chain/{name}.json")) else { return };
    let contexts = Contexts::bundled();
    let expect = Expect::new(Purpose::AssertionMethod, now());
    assert_eq!(verify(&signed, &SelfResolving, &expect, &contexts).unwrap().len(), proofs);
    let mut changed = signed;
    changed.insert("name".into(), "Changed".into());
    assert_eq!(verify(&changed, &SelfResolving, &expect, &contexts).unwrap_err().len(), proofs);
}

#[test]
fn proof_set_1() {
    set_or_chain("signedProofSet1", 1);
}

#[test]
fn proof_set_2() {
    set_or_chain("signedProofSet2", 2);
}

#[test]
fn proof_chain_1() {
    set_or_chain("signedProofChain1", 3);
}

#[test]
fn proof_chain_2() {
    set_or_chain("signedProofChain2", 4);
}

#[test]
fn a_chain_is_signed_link_by_link_as_published() {
    let Some(published) = object("proof-set-chain/signedProofChain2.json") else { return };
    let keys = object("proof-set-chain/multiKeyPairs.json").unwrap();
    let mut document = object("proof-set-chain/unsigned.json").unwrap();
    for (index, proof) in published["proof"].as_array().unwrap().iter().enumerate() {
        let key = signing_key(&keys[&format!("keyPair{}", index + 1)]["privateKeyMultibase"]);
        let created = parse_rfc3339(proof["created"].as_str().unwrap()).unwrap();
        let method = proof["verificationMethod"].as_str().unwrap();
        let mut options =
            ProofOptions::new(Purpose::AssertionMethod, method, created).with_suite(Cryptosuite::EddsaRdfc2022);
        options.id = proof["id"].as_str().map(str::to_owned);
        // The previous proofs as published: an array stays an array, a string a string.
        if let Some(previous) = proof["previousProof"].as_array() {
            options.previous = previous.iter().map(|id| id.as_str().unwrap().to_owned()).collect();
        } else {
            options.previous = proof["previousProof"].as_str().map(str::to_owned).into_iter().collect();
        }
        document = sign(document, &options, &key, &Contexts::bundled()).unwrap();
    }
    assert_eq!(document, published);
}

#[test]
fn a_link_taken_out_of_a_chain_breaks_what_covers_it() {
    let Some(mut signed) = object("proof-set-chain/signedProofChain2.json") else { return };
    let expect = Expect::new(Purpose::AssertionMethod, now());
    if let Some(Value::Array(proofs)) = signed.get_mut("proof") {
        proofs.remove(0);
    }
    let findings = verify(&signed, &SelfResolving, &expect, &Contexts::bundled()).unwrap_err();
    assert_eq!(findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), [Code::ProofInvalid]);
}
