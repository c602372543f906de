//! DID methods: the published keys expand to documents that give the same keys back.

use certless::base::time::parse_rfc3339;
use certless::did::{self, Document, Relationship};
use certless::vc::keys::{Keys as _, Purpose, SelfResolving};

use crate::support::vectors;

#[test]
fn did_key_of_every_published_key_pair() {
    let Some(pairs) = vectors::json("vc-di-eddsa/proof-set-chain/multiKeyPairs.json") else { return };
    let now = parse_rfc3339("2026-01-01T00:00:00Z").unwrap();
    for pair in pairs.as_object().unwrap().values() {
        let multikey = pair["publicKeyMultibase"].as_str().unwrap();
        let did = format!("did:key:{multikey}");
        let document = did::expand(&did).unwrap().unwrap();
        assert_eq!(Document::parse(&document.to_json()).unwrap(), document);
        let method = document.method(&format!("{did}#{multikey}")).unwrap();
        assert!(method.relationships.has(Relationship::AssertionMethod));
        let resolved = SelfResolving.resolve(&method.id, Purpose::Authentication, now).unwrap();
        assert_eq!((resolved.key.to_multikey().as_str(), resolved.controller), (multikey, did));
    }
}

/// The P-256 key of the did:key specification (§"P-256"), and the same key as did:jwk.
#[test]
fn did_key_and_did_jwk_name_the_same_p256_key() {
    let did = "did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169";
    let key = did::key::public_key(did).unwrap();
    assert_eq!(did::key::did(&key), did);
    let document = did::expand(&did::jwk::did(&key)).unwrap().unwrap();
    assert_eq!(document.methods[0].key.as_ref(), Some(&key));
    assert_eq!(document.methods[0].id, did::jwk::method_url(&key));
}
