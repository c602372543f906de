//! The hash algorithms of `_sd_alg` (RFC 9901 section 4.1.1), by their names in the IANA registry "Named Information
//! Hash Algorithm".

use crate::base::bytes::base64url;
use crate::base::json::{Map, Value};
use crate::crypto::digest::{sha256, sha384, sha512};
use crate::vc::finding::{Check, Code, Finding};

/// How digests of disclosures and the `sd_hash` of a key-binding JWT are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HashAlgorithm {
    /// `sha-256`, the default and the one that everybody must support.
    #[default]
    Sha256,
    /// `sha-384`.
    Sha384,
    /// `sha-512`.
    Sha512,
}

impl HashAlgorithm {
    /// The name in `_sd_alg`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha-256",
            Self::Sha384 => "sha-384",
            Self::Sha512 => "sha-512",
        }
    }

    /// The digest over the ASCII bytes of a text, in base64url.
    pub fn digest(self, text: &str) -> String {
        let text = text.as_bytes();
        match self {
            Self::Sha256 => base64url(&sha256(text)),
            Self::Sha384 => base64url(&sha384(text)),
            Self::Sha512 => base64url(&sha512(text)),
        }
    }

    /// What the payload names; an unknown name is an error finding (could not decide), another type is invalid.
    pub fn of_payload(payload: &Map) -> Result<Self, Finding> {
        match payload.get("_sd_alg") {
            None => Ok(Self::Sha256),
            Some(Value::String(name)) => [Self::Sha256, Self::Sha384, Self::Sha512]
                .into_iter()
                .find(|algorithm| algorithm.name() == name)
                .ok_or_else(|| {
                    Finding::error(Check::Parse, Code::ProofUnsupported, "_sd_alg names an unsupported algorithm")
                }),
            Some(_) => Err(Finding::invalid(Check::Parse, Code::SdJwtMalformed, "_sd_alg is not a string")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::json::json;
    use crate::vc::finding::State;
    use crate::vc::sd_jwt::testing::object;

    #[test]
    fn the_digest_is_the_one_of_the_specification() {
        // RFC 9901 section 4.2.3.
        let disclosure = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0";
        assert_eq!(HashAlgorithm::Sha256.digest(disclosure), "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0");
    }

    #[test]
    fn names_are_case_sensitive_and_unknown_ones_undecided() {
        let of = |value: Value| HashAlgorithm::of_payload(&object(json!({"_sd_alg": value})));
        assert_eq!(HashAlgorithm::of_payload(&Map::new()), Ok(HashAlgorithm::Sha256));
        assert_eq!(of(json!("sha-512")), Ok(HashAlgorithm::Sha512));
        assert_eq!(of(json!("SHA-256")).unwrap_err().state, State::Error);
        assert_eq!(of(json!("sha-256-32")).unwrap_err().state, State::Error);
        assert_eq!(of(json!(["sha-256"])).unwrap_err().state, State::Invalid);
    }
}
