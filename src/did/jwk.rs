//! `did:jwk`: the identifier is the base64url of one public JWK (did:jwk method specification; Ed25519 and P-256 only).
//!
//! Not here: encryption keys; a JWK with `use: enc` is refused because nothing in the city encrypts to a DID.

use super::document::{Document, Form, Method, Relationships};
use crate::base::bytes::{base64url, from_base64url};
use crate::base::error::ParseError;
use crate::base::jcs;
use crate::base::json::{self, Limits, Map};
use crate::crypto::PublicKey;

/// What every `did:jwk` starts with.
pub const PREFIX: &str = "did:jwk:";

/// Writes the `did:jwk` of a public key, with the canonical (RFC 8785) form of its JWK.
pub fn did(key: &PublicKey) -> String {
    format!("{PREFIX}{}", base64url(&jcs::canonicalize_object(&key.to_jwk())))
}

/// Writes the URL of the only verification method of a key's `did:jwk`: `did:jwk:…#0`.
pub fn method_url(key: &PublicKey) -> String {
    format!("{}#0", did(key))
}

/// Expands a `did:jwk` into its document: one JsonWebKey method `#0`, usable for every purpose that signs.
///
/// Fails when the identifier is not base64url of a public Ed25519 or P-256 JWK meant for signatures.
pub fn expand(did: &str) -> Result<Document, ParseError> {
    let jwk = decode(did)?;
    if jwk.get("use").is_some_and(|usage| usage != "sig") {
        return Err(ParseError::new("did.jwk", "the key is not for signatures"));
    }
    let key = PublicKey::from_jwk(&jwk).map_err(|error| ParseError::new("did.jwk", error.to_string()))?;
    let method = Method::new(format!("{did}#0"), did, key, Form::Jwk, Relationships::SIGNING);
    Ok(Document::new(did).with_method(method))
}

fn decode(did: &str) -> Result<Map, ParseError> {
    let encoded = did.strip_prefix(PREFIX).ok_or_else(|| ParseError::new("did.jwk", "not a did:jwk identifier"))?;
    json::parse_object(&from_base64url(encoded)?, &Limits::DEFAULT)
}

#[cfg(test)]
mod tests {
    use super::*;

    // The P-256 example of the did:jwk method specification.
    const P256: &str = "did:jwk:eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6ImFjYklRaXVNczNpOF91c3pFakoydHBUdFJNNEVVM3l6OTFQSDZDZEgyVjAiLCJ5IjoiX0tjeUxqOXZXTXB0bm1LdG00NkdxRHo4d2Y3NEk1TEtncmwyR3pIM25TRSJ9";

    #[test]
    fn the_published_example_expands() {
        let document = expand(P256).unwrap();
        let method = document.methods.first().unwrap();
        assert_eq!(method.id, format!("{P256}#0"));
        assert_eq!(did(method.key.as_ref().unwrap()), P256);
        assert_eq!(method_url(method.key.as_ref().unwrap()), method.id);
    }

    #[test]
    fn private_and_encryption_keys_are_refused() {
        let mut jwk = decode(P256).unwrap();
        jwk.insert("use".into(), "enc".into());
        assert!(expand(&format!("{PREFIX}{}", base64url(&jcs::canonicalize_object(&jwk)))).is_err());
        jwk.insert("use".into(), "sig".into());
        assert!(expand(&format!("{PREFIX}{}", base64url(&jcs::canonicalize_object(&jwk)))).is_ok());
        jwk.insert("d".into(), "AAAA".into());
        assert!(expand(&format!("{PREFIX}{}", base64url(&jcs::canonicalize_object(&jwk)))).is_err());
    }
}
