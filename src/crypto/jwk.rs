//! JSON Web Keys (RFC 7517; OKP by RFC 8037, EC by RFC 7518) and their thumbprints (RFC 7638).

use crate::base::bytes::{base64url, from_base64url};
use crate::base::jcs::canonicalize_object;
use crate::base::json::{Map, Value};

use super::digest::sha256;
use super::{KeyError, PublicKey, ed25519, p256};

impl PublicKey {
    /// The public JWK: required members only.
    pub fn to_jwk(&self) -> Map {
        let members: Vec<(&str, String)> = match self {
            Self::Ed25519(key) => {
                vec![("kty", "OKP".into()), ("crv", "Ed25519".into()), ("x", base64url(key.as_bytes()))]
            }
            Self::P256(key) => {
                let (x, y) = key.coordinates();
                vec![("kty", "EC".into()), ("crv", "P-256".into()), ("x", base64url(&x)), ("y", base64url(&y))]
            }
        };
        members.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))).collect()
    }

    /// Reads a public JWK; a private one (member `d`) is refused, other members are ignored.
    pub fn from_jwk(jwk: &Map) -> Result<Self, KeyError> {
        if jwk.contains_key("d") {
            return Err(KeyError::Malformed("a private key where a public one is expected"));
        }
        match (text(jwk, "kty")?, text(jwk, "crv")?) {
            ("OKP", "Ed25519") => ed25519::PublicKey::from_bytes(&coordinate(jwk, "x")?).map(Self::Ed25519),
            ("EC", "P-256") => {
                let point = [&[4][..], &coordinate(jwk, "x")?, &coordinate(jwk, "y")?].concat();
                p256::PublicKey::from_sec1(&point).map(Self::P256)
            }
            _ => Err(KeyError::Unsupported),
        }
    }

    /// The SHA-256 thumbprint of the key, 32 bytes (RFC 7638 section 3).
    pub fn thumbprint_bytes(&self) -> [u8; 32] {
        sha256(&canonicalize_object(&self.to_jwk()))
    }

    /// The SHA-256 thumbprint in base64url, 43 characters.
    pub fn thumbprint(&self) -> String {
        base64url(&self.thumbprint_bytes())
    }
}

fn text<'a>(jwk: &'a Map, name: &'static str) -> Result<&'a str, KeyError> {
    jwk.get(name).and_then(Value::as_str).ok_or(KeyError::Malformed(name))
}

fn coordinate(jwk: &Map, name: &'static str) -> Result<Vec<u8>, KeyError> {
    let bytes = from_base64url(text(jwk, name)?).map_err(|_| KeyError::Malformed(name))?;
    if bytes.len() == 32 { Ok(bytes) } else { Err(KeyError::Malformed(name)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::json::{Limits, parse_object};

    #[test]
    fn rfc_8037_thumbprint() {
        // RFC 8037 appendix A.2 and A.3.
        let jwk = br#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","use":"sig"}"#;
        let key = PublicKey::from_jwk(&parse_object(jwk, &Limits::DEFAULT).unwrap()).unwrap();
        assert_eq!(key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(PublicKey::from_jwk(&key.to_jwk()).unwrap(), key);
    }

    #[test]
    fn private_and_foreign_keys_are_refused() {
        let read = |text: &str| PublicKey::from_jwk(&parse_object(text.as_bytes(), &Limits::DEFAULT).unwrap());
        assert!(matches!(read(r#"{"kty":"OKP","crv":"Ed25519","x":"AA","d":"AA"}"#), Err(KeyError::Malformed(_))));
        assert_eq!(read(r#"{"kty":"EC","crv":"P-384","x":"AA","y":"AA"}"#), Err(KeyError::Unsupported));
        assert_eq!(read(r#"{"kty":"oct","k":"AA","crv":""}"#), Err(KeyError::Unsupported));
        assert!(read(r#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#).is_err());
    }
}
