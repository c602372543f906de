//! Data Integrity with npm `@digitalbazaar/vc`: `eddsa-…-2022` and `ecdsa-…-2019`, each side with the other's.

use certless::base::bytes::base64url;
use certless::base::json::{Map, Value, json};
use certless::base::time::{Timestamp, parse_rfc3339};
use certless::crypto::{Algorithm, Signer as _, SigningKey};
use certless::did;
use certless::vc::contexts::Contexts;
use certless::vc::data_integrity::{Cryptosuite, Expect, ProofOptions, sign, verify};
use certless::vc::finding::{Check, Code, Finding};
use certless::vc::keys::{Keys, Purpose, ResolvedKey};
use certless::vc::model;

use super::peer::Peer;

const CONTEXT: &str = "https://city.example/contexts/v1.jsonld";

/// Resolves did:key and nothing else.
struct DidKeys;

impl Keys for DidKeys {
    fn resolve(&self, method: &str, _: Purpose, _: Timestamp) -> Result<ResolvedKey, Finding> {
        let (controller, _) = did::split_fragment(method);
        let key = did::key::public_key(controller);
        let key = key.map_err(|error| Finding::invalid(Check::Proof, Code::KeyMalformed, error.to_string()))?;
        Ok(ResolvedKey { key, controller: controller.to_owned() })
    }
}

/// The key that a suite signs with.
fn key(suite: Cryptosuite) -> SigningKey {
    match suite.algorithm() {
        Algorithm::EdDsa => SigningKey::ed25519(&[3; 32]),
        Algorithm::Es256 => SigningKey::p256(&[3; 32]).unwrap(),
    }
}

fn now() -> Timestamp {
    parse_rfc3339("2026-03-01T00:00:00Z").unwrap()
}

fn context() -> Value {
    json!({"@context": {"@protected": true, "IdCard": "https://city.example/vocabulary#IdCard",
        "nameOnCard": "https://city.example/vocabulary#nameOnCard", "floors": "https://city.example/vocabulary#floors"}})
}

fn contexts() -> Contexts {
    Contexts::bundled().with(CONTEXT, &context().to_string()).unwrap()
}

fn credential(suite: Cryptosuite) -> Map {
    let issuer = did::key::did(key(suite).public_key());
    let document = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2", CONTEXT],
        "id": "urn:certless:interop", "type": ["VerifiableCredential", "IdCard"], "issuer": {"id": issuer},
        "validFrom": "2026-01-01T00:00:00Z", "validUntil": "2027-01-01T00:00:00Z",
        "credentialSubject": {"id": "urn:uuid:6d1b2d1a-0000-4000-8000-000000000001", "nameOnCard": "演示丙 \"𠮷\" é", "floors": [1, 2.5, 1e21]},
    });
    document.as_object().cloned().unwrap()
}

/// What the peer has to look up: our context, the key and who controls it.
fn documents(suite: Cryptosuite) -> Value {
    let key = key(suite);
    let (controller, method) = (did::key::did(key.public_key()), did::key::method_url(key.public_key()));
    let multikey = json!({"@context": "https://w3id.org/security/multikey/v1", "id": method, "type": "Multikey",
        "controller": controller, "publicKeyMultibase": key.public_key().to_multikey()});
    let owner = json!({"@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": controller, "assertionMethod": [multikey.clone()]});
    json!({CONTEXT: context(), method: multikey, controller: owner})
}

#[test]
fn the_peer_verifies_what_we_sign() {
    let Some(mut peer) = Peer::start() else { return };
    for suite in Cryptosuite::NAMED {
        let method = did::key::method_url(key(suite).public_key());
        let options = ProofOptions::new(Purpose::AssertionMethod, method, now()).with_suite(suite);
        let signed = sign(credential(suite), &options, &key(suite), &contexts()).unwrap();
        let question = |credential: &Map| {
            json!({"op": "di-verify", "credential": credential, "cryptosuite": suite.name(), "documents": documents(suite),
                "now": "2026-03-01T00:00:00Z"})
        };
        peer.ask(&question(&signed)).unwrap_or_else(|error| panic!("{}: {error}", suite.name()));
        let mut changed = signed.clone();
        changed["credentialSubject"]["nameOnCard"] = json!("演示丁");
        assert!(peer.ask(&question(&changed)).is_err(), "{}: a changed claim", suite.name());
    }
}

#[test]
fn we_verify_what_the_peer_signs() {
    let Some(mut peer) = Peer::start() else { return };
    for suite in Cryptosuite::NAMED {
        let mut jwk = key(suite).public_key().to_jwk();
        jwk.insert("d".into(), base64url(&[3; 32]).into());
        let question = json!({"op": "di-issue", "credential": credential(suite), "cryptosuite": suite.name(), "jwk": jwk,
            "method": did::key::method_url(key(suite).public_key()), "documents": documents(suite), "now": "2026-03-01T00:00:00Z"});
        let answer = peer.ask(&question).unwrap_or_else(|error| panic!("{}: {error}", suite.name()));
        let signed = answer["credential"].as_object().cloned().unwrap();
        model::check_credential(&signed).unwrap();
        // The peer writes the time of now into its proof.
        let expect = Expect::new(Purpose::AssertionMethod, Timestamp::MAX);
        let proofs = verify(&signed, &DidKeys, &expect, &contexts()).unwrap();
        assert_eq!((proofs.len(), proofs[0].suite), (1, suite));
        let mut changed = signed.clone();
        changed["credentialSubject"]["floors"][0] = json!(3);
        assert!(verify(&changed, &DidKeys, &expect, &contexts()).is_err(), "{}: a changed claim", suite.name());
    }
}
