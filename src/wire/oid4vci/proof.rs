//! Key proofs of the type `jwt` (appendix F.1): read and verified against their own key, and made by a wallet.

use super::{ErrorCode, ProtocolError};
use crate::base::json::{Map, Value, json};
use crate::base::time::{Timestamp, from_unix};
use crate::crypto::{PublicKey, Signer};
use crate::did;
use crate::vc::jws::{self, Jws};

/// The header member `typ`.
pub const TYP: &str = "openid4vci-proof+jwt";
/// Longest proof, bytes.
const MOST: usize = 16 << 10;

/// A key proof whose signature verifies with the key that it names; whom it is meant for and when is not decided yet.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyProof {
    /// The key that credentials are to be bound to.
    pub key: PublicKey,
    /// The holder's DID: the one that `kid` is of, or the `did:key` of a `jwk`.
    pub holder: String,
    /// `aud`.
    pub audience: String,
    /// `nonce`.
    pub nonce: String,
    /// `iat`.
    pub issued_at: Timestamp,
}

impl KeyProof {
    /// Reads a proof and verifies its signature; `invalid_proof` otherwise.
    pub fn parse(jwt: &str) -> Result<Self, ProtocolError> {
        if jwt.len() > MOST {
            return Err(invalid("the proof is too long"));
        }
        let jws = Jws::parse(jwt).map_err(|finding| invalid(&finding.to_string()))?;
        let header = jws.header();
        if header.text("typ") != Some(TYP) {
            return Err(invalid("typ is not openid4vci-proof+jwt"));
        }
        let (key, holder) = key_of(header)?;
        jws.verify(&key).map_err(|finding| invalid(&finding.to_string()))?;
        let claims = jws.claims().map_err(|finding| invalid(&finding.to_string()))?;
        if claims.contains_key("iss") {
            return Err(invalid("iss must be left out: the access token was obtained anonymously"));
        }
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        let iat = claims.get("iat").and_then(Value::as_i64).and_then(from_unix);
        Ok(Self {
            key,
            holder,
            audience: text("aud").ok_or_else(|| invalid("aud is missing or not one text"))?,
            nonce: text("nonce").ok_or_else(|| invalid("nonce is missing"))?,
            issued_at: iat.ok_or_else(|| invalid("iat is missing or no whole number of seconds"))?,
        })
    }
}

/// The one key that the header names by `jwk` or `kid`.
fn key_of(header: &jws::Header) -> Result<(PublicKey, String), ProtocolError> {
    if header.members().get("x5c").is_some() || header.members().get("key_attestation").is_some() {
        return Err(invalid("x5c and key_attestation are not supported"));
    }
    match (header.members().get("jwk"), header.text("kid")) {
        (Some(Value::Object(jwk)), None) => {
            let key = PublicKey::from_jwk(jwk).map_err(|error| invalid(&format!("jwk: {error}")))?;
            let holder = did::key::did(&key);
            Ok((key, holder))
        }
        (None, Some(kid)) => key_of_did(kid),
        (Some(_), None) => Err(invalid("jwk is no object")),
        _ => Err(invalid("exactly one of jwk and kid")),
    }
}

/// The key of a DID URL whose DID contains it: `did:key` or `did:jwk`.
fn key_of_did(kid: &str) -> Result<(PublicKey, String), ProtocolError> {
    let (holder, fragment) = did::split_fragment(kid);
    let document = did::expand(holder).ok_or_else(|| invalid("kid is no DID URL of did:key or did:jwk"))?;
    let document = document.map_err(|error| invalid(&format!("kid: {error}")))?;
    let named = document.methods.into_iter().find(|method| fragment.is_none() || method.id == kid);
    let key = named.and_then(|method| method.key).ok_or_else(|| invalid("kid names no key of its DID"))?;
    Ok((key, holder.to_owned()))
}

/// A proof for an issuer, with the key in `jwk`.
pub fn sign(audience: &str, nonce: &str, now: Timestamp, signer: &dyn Signer) -> String {
    let header: Map = [("typ".to_owned(), json!(TYP)), ("jwk".to_owned(), Value::Object(signer.public_key().to_jwk()))]
        .into_iter()
        .collect();
    let claims: Map = [
        ("aud".to_owned(), json!(audience)),
        ("nonce".to_owned(), json!(nonce)),
        ("iat".to_owned(), json!(now.as_second())),
    ]
    .into_iter()
    .collect();
    jws::sign(&header, &claims, signer)
}

fn invalid(detail: &str) -> ProtocolError {
    ProtocolError::new(ErrorCode::InvalidProof, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::SigningKey;

    fn keys() -> [SigningKey; 2] {
        [SigningKey::ed25519(&[1; 32]), SigningKey::p256(&[2; 32]).unwrap()]
    }

    fn map(value: Value) -> Map {
        let Value::Object(map) = value else { panic!() };
        map
    }

    fn told(header: Value, claims: Value, key: &SigningKey) -> String {
        KeyProof::parse(&jws::sign(&map(header), &map(claims), key)).unwrap_err().description
    }

    #[test]
    fn a_proof_names_its_key_by_jwk_or_did() {
        let now = from_unix(1_700_000_000).unwrap();
        for key in keys() {
            let proof = KeyProof::parse(&sign("https://city.example", "n-1", now, &key)).unwrap();
            assert_eq!(
                (&proof.key, proof.audience.as_str(), proof.nonce.as_str()),
                (key.public_key(), "https://city.example", "n-1")
            );
            assert_eq!((proof.issued_at, proof.holder), (now, did::key::did(key.public_key())));
            let claims = json!({"aud": "a", "nonce": "n", "iat": 1});
            let jwk_did = format!(
                "did:jwk:{}",
                crate::base::bytes::base64url(Value::Object(key.public_key().to_jwk()).to_string().as_bytes())
            );
            for kid in [did::key::method_url(key.public_key()), did::key::did(key.public_key()), format!("{jwk_did}#0")]
            {
                let text = jws::sign(&map(json!({"typ": TYP, "kid": kid})), &map(claims.clone()), &key);
                let proof = KeyProof::parse(&text).unwrap();
                assert_eq!(&proof.key, key.public_key());
                assert!(kid.starts_with(&proof.holder));
            }
        }
    }

    #[test]
    fn every_defect_is_an_invalid_proof() {
        let [key, other] = keys();
        let jwk = Value::Object(key.public_key().to_jwk());
        let good = json!({"aud": "a", "nonce": "n", "iat": 1});
        let header = json!({"typ": TYP, "jwk": jwk});
        assert!(told(json!({"typ": "JWT", "jwk": jwk}), good.clone(), &key).contains("typ"));
        assert!(told(json!({"typ": TYP}), good.clone(), &key).contains("exactly one"));
        let kid = did::key::method_url(key.public_key());
        assert!(told(json!({"typ": TYP, "jwk": jwk, "kid": kid}), good.clone(), &key).contains("exactly one"));
        assert!(told(json!({"typ": TYP, "kid": "did:web:a#b"}), good.clone(), &key).contains("kid"));
        assert!(told(json!({"typ": TYP, "kid": format!("{kid}x")}), good.clone(), &key).contains("kid"));
        assert!(told(json!({"typ": TYP, "jwk": jwk, "x5c": []}), good.clone(), &key).contains("x5c"));
        let mut private = jwk.clone();
        private["d"] = json!("AA");
        assert!(told(json!({"typ": TYP, "jwk": private}), good.clone(), &key).contains("private"));
        assert!(told(header.clone(), good.clone(), &SigningKey::ed25519(&[9; 32])).contains("signature"));
        assert!(!told(header.clone(), good, &other).is_empty(), "alg of another key");
        for (name, value) in
            [("aud", json!(["a"])), ("aud", json!(null)), ("nonce", json!(1)), ("iat", json!("1")), ("iss", json!("x"))]
        {
            let mut claims = json!({"aud": "a", "nonce": "n", "iat": 1});
            claims[name] = value;
            assert!(told(header.clone(), claims, &key).contains(name), "{name}");
        }
        assert!(KeyProof::parse("a.b.c").is_err());
        assert!(KeyProof::parse(&"a".repeat(MOST + 1)).is_err());
    }
}
