//! `did:key`: the identifier is the Multikey of one public key (W3C CCG did:key; Ed25519 and P-256 only).
//!
//! Not here: other key types; an identifier holding one is refused by [`expand`].

use super::document::{Document, Form, Method, Relationships};
use crate::base::error::ParseError;
use crate::crypto::PublicKey;

/// What every `did:key` starts with.
pub const PREFIX: &str = "did:key:";

/// Writes the `did:key` of a public key.
pub fn did(key: &PublicKey) -> String {
    format!("{PREFIX}{}", key.to_multikey())
}

/// Writes the URL of the only verification method of a key's `did:key`: `did:key:z…#z…`.
pub fn method_url(key: &PublicKey) -> String {
    let multikey = key.to_multikey();
    format!("{PREFIX}{multikey}#{multikey}")
}

/// Reads the public key out of a `did:key`; fails on another method, encoding or key type.
pub fn public_key(did: &str) -> Result<PublicKey, ParseError> {
    let multikey = did.strip_prefix(PREFIX).ok_or_else(|| ParseError::new("did.key", "not a did:key identifier"))?;
    PublicKey::from_multikey(multikey).map_err(|error| ParseError::new("did.key", error.to_string()))
}

/// Expands a `did:key` into its document: one Multikey method, usable for every purpose that signs.
///
/// Fails when the identifier holds no Ed25519 or P-256 key.
pub fn expand(did: &str) -> Result<Document, ParseError> {
    let key = public_key(did)?;
    let fragment = did.strip_prefix(PREFIX).unwrap_or_default();
    let method = Method::new(format!("{did}#{fragment}"), did, key, Form::Multikey, Relationships::SIGNING);
    Ok(Document::new(did).with_method(method))
}

#[cfg(test)]
mod tests {
    use super::super::Relationship;
    use super::*;

    const ED25519: &str = "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2";
    const P256: &str = "did:key:zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv";

    #[test]
    fn a_did_key_expands_to_one_multikey_method() {
        for did in [ED25519, P256] {
            let document = expand(did).unwrap();
            let method = document.methods.first().unwrap();
            assert_eq!(document.id, did);
            assert_eq!(method.id, format!("{did}#{}", did.strip_prefix(PREFIX).unwrap()));
            assert_eq!(method.controller, did);
            assert!(method.relationships.has(Relationship::AssertionMethod));
            assert!(method.relationships.has(Relationship::Authentication));
            let key = method.key.as_ref().unwrap();
            assert_eq!(super::did(key), did);
            assert_eq!(method_url(key), method.id);
        }
    }

    #[test]
    fn other_encodings_and_key_types_are_refused() {
        for bad in [
            "did:key:",
            "did:key:z",
            "did:key:u7QFc",
            "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ",
            // X25519 and secp256k1 keys of the did:key test vectors
            "did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc",
            "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme",
        ] {
            assert!(expand(bad).is_err(), "{bad}");
        }
    }
}
