//! Data Integrity ECDSA Cryptosuites 1.0: the published vectors of P-256 with their intermediate values; P-384 is refused.
//!
//! Values of the specification's section "Test Vectors" and of `TestVectors/` of github.com/w3c/vc-di-ecdsa.

use certless::base::bytes::{from_base58, hex};
use certless::base::json::{Map, Value, json};
use certless::base::time::{Timestamp, parse_rfc3339};
use certless::crypto::{Signer as _, SigningKey};
use certless::vc::contexts::Contexts;
use certless::vc::data_integrity::hash::hash;
use certless::vc::data_integrity::proof::{Proof, signature};
use certless::vc::data_integrity::{Cryptosuite, Expect, ProofOptions, sign, verify};
use certless::vc::finding::{Code, State};
use certless::vc::keys::{Purpose, SelfResolving};

/// `p256KeyPair.json`.
const PUBLIC: &str = "zDnaepBuvsQ8cpsWrVKw8fbpGpvPeNSjVPTWoq6cRqaYzBKVP";
const SECRET: &str = "z42twTcNeSYcnqg1FLuSFs2bsGH3ZqbRHFmvS9XMsYhjxvHN";
/// `p384KeyPair.json`.
const PUBLIC_384: &str = "z82LkuBieyGShVBhvtE2zoiD6Kma4tJGFtkAhxR5pfkp5QPw4LutoYWhvQCnGjdVn14kujQ";

/// What is published of one suite.
struct Published {
    suite: Cryptosuite,
    /// The hash of the proof configuration, then that of the document.
    combined: &'static str,
    signature: &'static str,
    proof_value: &'static str,
    proof_value_384: &'static str,
}

const VECTORS: [Published; 2] = [
    Published {
        suite: Cryptosuite::EcdsaRdfc2019,
        combined: "3a8a522f689025727fb9d1f0fa99a618da023e8494ac74f51015d009d35abc2e\
                   517744132ae165a5349155bef0bb0cf2258fff99dfe1dbd914b938d775a36017",
        signature: "1cb4290918ffb04a55ff7ae1e55e316a9990fda8eec67325eac7fcbf2ddf9dd2\
                    b06716a657e72b284c9604df3a172ecbf06a1a475b49ac807b1d9162df855636",
        proof_value: "zaHXrr7AQdydBk3ahpCDpWbxfLokDqmCToYm2dyWvpcFVyWooC2he63w1f7UNQoAMKdhaRtcnaE2KTo5o5vTCcfw",
        proof_value_384: "z967Mvv5bxtmLNqTzPZ8KmJjFmFXaAKeQNzq7GWnQkMcLtaGSSmuozE5WtJ8PipMe178B1tE28K1vsJur9b\
                          GVJhz6jgSJsRHFSQeqgH8hhjcg8gZDFJC1b9FsR5ggNmDBqHv",
    },
    Published {
        suite: Cryptosuite::EcdsaJcs2019,
        combined: "fe5799489119c7fe3c528715e72bd39d2ec6b4ab345978df32e9a9312648ec25\
                   59b7cb6251b8991add1ce0bc83107e3db9dbbab5bd2c28f687db1a03abc92f19",
        signature: "f15c3b599eb9b3cad05df9d8e8b39a70a86375833b53743c764ac0a88c4457d6\
                    0707fd7d073e03d906130631d87803f80a9824dc9939632ba92d418181be9d16",
        proof_value: "z5ptCet75SaEgzG4v4zJhbJtfNi74Wv7Fq15hhKouJQQjEPQvPZKaYxcMXAMLPQS2FXrkCWokNJkFVkwxNzZfD5oT",
        proof_value_384: "zq3EuTeLiGurmB2JR5oL8oWEsT7u2tba4HT1oZbiMYWc5qzsoW2kLYcBcF4HM5vCpJyTkceULKrVXuJQkXe\
                          N5seL4uXrFNFRMm53GWy1Yrto8rTWxZi9DkNeWP7yUPs7ELAm",
    },
];

/// `unsigned.json`.
fn unsigned() -> Map {
    let document = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"],
        "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
        "type": ["VerifiableCredential", "AlumniCredential"],
        "name": "Alumni Credential",
        "description": "A minimum viable example of an Alumni Credential.",
        "issuer": "https://vc.example/issuers/5678",
        "validFrom": "2023-01-01T00:00:00Z",
        "credentialSubject": {"id": "did:example:abcdefgh", "alumniOf": "The School of Examples"},
    });
    document.as_object().cloned().unwrap()
}

/// The document with the proof of a suite by a key.
fn secured(suite: Cryptosuite, key: &str, proof_value: &str) -> Map {
    let mut document = unsigned();
    let mut proof = json!({
        "type": "DataIntegrityProof", "cryptosuite": suite.name(), "created": "2023-02-24T23:36:38Z",
        "verificationMethod": format!("did:key:{key}#{key}"), "proofPurpose": "assertionMethod",
        "proofValue": proof_value,
    });
    if suite.is_jcs() {
        proof["@context"] = document["@context"].clone();
    }
    document.insert("proof".into(), proof);
    document
}

fn at(text: &str) -> Timestamp {
    parse_rfc3339(text).unwrap()
}

fn expect() -> Expect<'static> {
    Expect::new(Purpose::AssertionMethod, at("2026-01-01T00:00:00Z"))
}

/// The scalar in the published private Multikey (header 0x8626).
fn signing_key() -> SigningKey {
    let bytes = from_base58(SECRET.strip_prefix('z').unwrap()).unwrap();
    let key = SigningKey::p256(bytes.strip_prefix(&[0x86, 0x26]).unwrap().try_into().unwrap()).unwrap();
    assert_eq!(key.public_key().to_multikey(), PUBLIC);
    key
}

#[test]
fn hashes_and_signatures_of_p256_are_the_published_ones() {
    for one in &VECTORS {
        let document = secured(one.suite, PUBLIC, one.proof_value);
        let raw = document["proof"].as_object().unwrap();
        let proof = Proof::parse(raw).unwrap();
        let hashed = hash(&document, &proof, &[], &Contexts::bundled()).unwrap();
        assert_eq!(hex(&hashed), one.combined, "{:?}", one.suite);
        assert_eq!(hex(&signature(raw).unwrap()), one.signature, "{:?}", one.suite);
        let proofs = verify(&document, &SelfResolving, &expect(), &Contexts::bundled()).unwrap();
        assert_eq!((proofs.len(), proofs[0].suite), (1, one.suite));
        let mut changed = document.clone();
        changed.insert("name".into(), "Changed".into());
        let findings = verify(&changed, &SelfResolving, &expect(), &Contexts::bundled()).unwrap_err();
        assert_eq!((findings[0].code, findings[0].state), (Code::ProofInvalid, State::Invalid));
    }
}

/// ECDSA by RFC 6979 is deterministic: the same key signs the same bytes the same way.
#[test]
fn signing_with_p256_gives_the_published_documents() {
    for one in &VECTORS {
        let method = format!("did:key:{PUBLIC}#{PUBLIC}");
        let options =
            ProofOptions::new(Purpose::AssertionMethod, method, at("2023-02-24T23:36:38Z")).with_suite(one.suite);
        let signed = sign(unsigned(), &options, &signing_key(), &Contexts::bundled()).unwrap();
        assert_eq!(signed, secured(one.suite, PUBLIC, one.proof_value), "{:?}", one.suite);
    }
}

#[test]
fn p384_is_told_to_be_unsupported_and_never_to_be_wrong() {
    for one in &VECTORS {
        let document = secured(one.suite, PUBLIC_384, one.proof_value_384);
        let findings = verify(&document, &SelfResolving, &expect(), &Contexts::bundled()).unwrap_err();
        assert_eq!((findings[0].code, findings[0].state), (Code::ProofUnsupported, State::Error), "{:?}", one.suite);
        assert!(findings[0].detail.contains("P-384"), "{}", findings[0].detail);
        // Neither does a P-256 key verify it, nor a P-384 key 64 bytes.
        let mut mixed = secured(one.suite, PUBLIC_384, one.proof_value);
        assert!(verify(&mixed, &SelfResolving, &expect(), &Contexts::bundled()).is_err());
        if let Some(Value::Object(proof)) = mixed.get_mut("proof") {
            proof.insert("proofValue".into(), one.proof_value_384.into());
            proof.insert("verificationMethod".into(), format!("did:key:{PUBLIC}#{PUBLIC}").into());
        }
        assert!(verify(&mixed, &SelfResolving, &expect(), &Contexts::bundled()).is_err());
    }
}
