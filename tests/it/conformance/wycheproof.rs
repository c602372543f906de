//! Signature edge cases: C2SP/wycheproof for Ed25519 and ES256, C2SP/CCTV for Ed25519.
//!
//! For CCTV every verifier has its own rule; ours is the strict one: no point of small order, canonical encodings only,
//! the equation without the cofactor. Which vectors verify follows from their flags alone.

use certless::base::bytes::from_hex;
use certless::crypto::{PublicKey, ed25519, p256};
use serde_json::Value;

use crate::support::vectors;

fn hex(value: &Value) -> Vec<u8> {
    from_hex(value.as_str().unwrap()).unwrap()
}

/// Verifies with the key as read and with the key made ready; for Ed25519 the library's strict rule must agree.
fn verifies(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    let verified = key.verify(message, signature).is_ok();
    assert_eq!(key.clone().prepared().verify(message, signature).is_ok(), verified, "the prepared key differs");
    if let (PublicKey::Ed25519(key), Ok(signature)) = (key, <&[u8; 64]>::try_from(signature)) {
        assert_eq!(key.verify_by_library(message, signature).is_ok(), verified, "the library differs");
    }
    verified
}

/// Judges every test of a wycheproof file; answers how many verified and how many did not.
fn judged(file: &str) -> Option<(usize, usize)> {
    let file = vectors::json(&format!("wycheproof/{file}"))?;
    let (mut valid, mut invalid) = (0, 0);
    for group in file["testGroups"].as_array().unwrap() {
        let key = match group["publicKey"]["pk"].as_str() {
            Some(_) => ed25519::PublicKey::from_bytes(&hex(&group["publicKey"]["pk"])).map(PublicKey::Ed25519),
            None => p256::PublicKey::from_sec1(&hex(&group["publicKey"]["uncompressed"])).map(PublicKey::P256),
        };
        for test in group["tests"].as_array().unwrap() {
            let verified = key.as_ref().is_ok_and(|key| verifies(key, &hex(&test["msg"]), &hex(&test["sig"])));
            let expected = test["result"] == "valid";
            assert_eq!(verified, expected, "tcId {}: {}", test["tcId"], test["comment"]);
            if verified { valid += 1 } else { invalid += 1 }
        }
    }
    assert_eq!(Some(valid + invalid), file["numberOfTests"].as_u64().and_then(|count| usize::try_from(count).ok()));
    Some((valid, invalid))
}

#[test]
fn wycheproof_ed25519() {
    if let Some(counts) = judged("ed25519_test.json") {
        assert_eq!(counts, (88, 63));
    }
}

#[test]
fn wycheproof_ecdsa_secp256r1_sha256_p1363() {
    if let Some(counts) = judged("ecdsa_secp256r1_sha256_p1363_test.json") {
        assert_eq!(counts, (173, 89));
    }
}

#[test]
fn cctv_ed25519_by_the_strict_rule() {
    let Some(file) = vectors::json("cctv-ed25519.json") else { return };
    let mut accepted = 0;
    for vector in file.as_array().unwrap() {
        let flags: Vec<&str> = vector["flags"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        // A component of small order alone is allowed in A and R; everything else that is flagged is not.
        let expected = flags.iter().all(|flag| ["low_order_component_A", "low_order_component_R"].contains(flag));
        let message = vector["msg"].as_str().unwrap().as_bytes();
        let verified = ed25519::PublicKey::from_bytes(&hex(&vector["key"]))
            .is_ok_and(|key| verifies(&PublicKey::Ed25519(key), message, &hex(&vector["sig"])));
        assert_eq!(verified, expected, "vector {} {flags:?}", vector["number"]);
        accepted += usize::from(verified);
    }
    assert!(accepted > 0, "a rule that refuses everything is no rule");
}
