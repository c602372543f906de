//! Compact JSON Web Signatures (RFC 7515 section 3.1) with EdDSA (RFC 8037) and ES256 (RFC 7518 section 3.4).
//!
//! Not a general JOSE library: no JSON serialization, no encryption, no other algorithm, no key taken from a header here
//! (`jku`, `x5u` and `x5c` are never read as keys, `jwk` only by the proof of possession that brings a new key,
//! [`crate::wire::oid4vci::proof`]). Reading is strict as RFC 8725 asks: three parts, base64url in its one spelling, no
//! duplicate member, an algorithm from the list, no critical extension.

use crate::base::bytes::{base64url, from_base64url};
use crate::base::jcs;
use crate::base::json::{Limits, Map, Value, parse_object};
use crate::crypto::{Algorithm, PublicKey, Signer};

use super::finding::{Check, Code, Finding};

/// Longest compact JWS that is read, in bytes; a portrait in a claim fits.
pub const MAX_TEXT: usize = 1 << 20;

/// Longest encoded header that is read, in characters; a certificate chain fits.
const MAX_HEADER: usize = 32 << 10;

/// The protected header of a JWS whose algorithm is one of ours.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    members: Map,
    algorithm: Algorithm,
}

impl Header {
    /// The signature algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The text of a header member; `None` when it is absent or no text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.members.get(name).and_then(Value::as_str)
    }

    /// The declared media type, as written.
    pub fn typ(&self) -> Option<&str> {
        self.text("typ")
    }

    /// The identifier of the signing key.
    pub fn kid(&self) -> Option<&str> {
        self.text("kid")
    }

    /// Every member, known or not.
    pub fn members(&self) -> &Map {
        &self.members
    }

    /// Requires the explicit type (RFC 8725 section 3.11), so that no token of another kind is taken for this one.
    pub fn require_typ(&self, typ: &str) -> Result<(), Finding> {
        if self.typ() == Some(typ) {
            return Ok(());
        }
        Err(Finding::invalid(Check::Parse, Code::JwtTypeWrong, format!("header member typ is not {typ}")))
    }

    fn read(encoded: &str) -> Result<Self, Finding> {
        if encoded.len() > MAX_HEADER {
            return Err(malformed(format!("header longer than {MAX_HEADER} characters")));
        }
        Self::of(object(encoded, "header")?)
    }

    fn of(members: Map) -> Result<Self, Finding> {
        if members.contains_key("crit") {
            return Err(Finding::invalid(
                Check::Parse,
                Code::JwtMalformed,
                "no critical header extension is understood",
            ));
        }
        if members.get("b64").is_some_and(|value| *value != Value::Bool(true)) {
            return Err(malformed("unencoded payloads (b64) are not understood"));
        }
        if ["typ", "kid"].into_iter().any(|name| members.get(name).is_some_and(|value| !value.is_string())) {
            return Err(malformed("header members typ and kid must be strings"));
        }
        let algorithm = algorithm(members.get("alg"))?;
        Ok(Self { members, algorithm })
    }
}

/// A compact JWS that was read but not verified.
#[derive(Clone, Debug, PartialEq)]
pub struct Jws {
    text: String,
    /// Length of the signing input, the first two parts with the dot between them.
    signed: usize,
    header: Header,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl Jws {
    /// Reads a compact JWS of at most [`MAX_TEXT`] bytes; nothing is verified yet.
    ///
    /// An algorithm that is secure but not ours is an error finding (could not decide), everything else is invalid.
    pub fn parse(text: &str) -> Result<Self, Finding> {
        if text.len() > MAX_TEXT {
            return Err(malformed(format!("longer than {MAX_TEXT} bytes")));
        }
        let mut parts = text.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed("not three parts"));
        };
        Ok(Self {
            text: text.to_owned(),
            signed: header.len() + 1 + payload.len(),
            header: Header::read(header)?,
            payload: bytes(payload, "payload")?,
            signature: bytes(signature, "signature")?,
        })
    }

    /// Signs a claims set; `alg` is set from the signer, whatever `header` says. Fails for a header, and for a length,
    /// that [`Jws::parse`] would not read.
    pub fn sign(header: &Map, claims: &Map, signer: &dyn Signer) -> Result<Self, Finding> {
        let header = Header::of(with_algorithm(header, signer))?;
        let payload = jcs::canonicalize_object(claims);
        let (text, signature) = signed(&header.members, &payload, signer);
        if text.len() > MAX_TEXT || text.find('.').is_some_and(|length| length > MAX_HEADER) {
            return Err(malformed(format!("longer than {MAX_TEXT} bytes, or its header than {MAX_HEADER}")));
        }
        let signed = text.rfind('.').unwrap_or_default();
        Ok(Self { text, signed, header, payload, signature: signature.to_vec() })
    }

    /// The protected header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The signed bytes of the payload.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The payload as a JWT claims set (RFC 7519 section 7.2); invalid unless it is one JSON object.
    pub fn claims(&self) -> Result<Map, Finding> {
        let limits = Limits { bytes: MAX_TEXT, ..Limits::DEFAULT };
        parse_object(&self.payload, &limits).map_err(|error| malformed(format!("payload: {error}")))
    }

    /// The text as it was read.
    pub fn as_text(&self) -> &str {
        &self.text
    }

    /// Verifies the signature; invalid when the algorithm is not the key's own or the signature is wrong.
    pub fn verify(&self, key: &PublicKey) -> Result<(), Finding> {
        if key.algorithm() != self.header.algorithm {
            return Err(Finding::invalid(
                Check::Proof,
                Code::AlgorithmRefused,
                "the header's alg is not the key's algorithm",
            ));
        }
        let input = self.text.get(..self.signed).unwrap_or_default();
        key.verify(input.as_bytes(), &self.signature)
            .map_err(|_| Finding::invalid(Check::Proof, Code::ProofInvalid, "the JWS signature does not verify"))
    }
}

/// Signs a claims set and answers the compact JWS; `alg` is set from the signer, whatever `header` says.
pub fn sign(header: &Map, claims: &Map, signer: &dyn Signer) -> String {
    signed(&with_algorithm(header, signer), &jcs::canonicalize_object(claims), signer).0
}

fn with_algorithm(header: &Map, signer: &dyn Signer) -> Map {
    let mut header = header.clone();
    header.insert("alg".to_owned(), Value::from(signer.algorithm().jose()));
    header
}

/// The compact text of a header and a payload, and its signature.
fn signed(header: &Map, payload: &[u8], signer: &dyn Signer) -> (String, [u8; 64]) {
    let mut text = base64url(&jcs::canonicalize_object(header));
    text.push('.');
    text.push_str(&base64url(payload));
    let signature = signer.sign(text.as_bytes());
    text.push('.');
    text.push_str(&base64url(&signature));
    (text, signature)
}

fn algorithm(alg: Option<&Value>) -> Result<Algorithm, Finding> {
    let Some(name) = alg.and_then(Value::as_str) else {
        return Err(Finding::invalid(
            Check::Parse,
            Code::AlgorithmRefused,
            "header member alg is missing or no string",
        ));
    };
    Algorithm::from_jose(name).ok_or_else(|| match name {
        "ES384" | "ES512" | "ES256K" | "Ed448" | "PS256" | "PS384" | "PS512" | "RS256" | "RS384" | "RS512" => {
            Finding::error(Check::Parse, Code::ProofUnsupported, "a signature algorithm that is not supported here")
        }
        _ => Finding::invalid(Check::Parse, Code::AlgorithmRefused, "alg is no signature algorithm"),
    })
}

fn object(encoded: &str, part: &str) -> Result<Map, Finding> {
    parse_object(&bytes(encoded, part)?, &Limits::DEFAULT).map_err(|error| malformed(format!("{part}: {error}")))
}

fn bytes(encoded: &str, part: &str) -> Result<Vec<u8>, Finding> {
    if encoded.is_empty() {
        return Err(malformed(format!("{part} is empty")));
    }
    from_base64url(encoded).map_err(|error| malformed(format!("{part}: {error}")))
}

fn malformed(detail: impl Into<String>) -> Finding {
    Finding::invalid(Check::Parse, Code::JwtMalformed, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::json::json;
    use crate::crypto::SigningKey;
    use crate::vc::finding::State;
    use crate::vc::sd_jwt::testing::{ed25519_key, es256_key, object as map};

    fn signed(key: &SigningKey, header: Value) -> String {
        sign(&map(header), &map(json!({"iss": "someone"})), key)
    }

    fn with_header(header: &str) -> Result<Jws, Finding> {
        Jws::parse(&format!("{}.e30.AA", base64url(header.as_bytes())))
    }

    fn code(result: Result<Jws, Finding>) -> (Code, State) {
        let finding = result.expect_err("must be refused");
        (finding.code, finding.state)
    }

    #[test]
    fn both_algorithms_sign_and_verify() {
        for key in [ed25519_key(1), es256_key(1)] {
            let jws = Jws::parse(&signed(&key, json!({"typ": "x+jwt"}))).unwrap();
            assert_eq!(jws.verify(key.public_key()), Ok(()));
            assert_eq!(jws.claims().unwrap(), map(json!({"iss": "someone"})));
            assert_eq!(jws.header().require_typ("x+jwt"), Ok(()));
            assert_eq!(jws.header().require_typ("y+jwt").unwrap_err().code, Code::JwtTypeWrong);
        }
    }

    #[test]
    fn what_is_signed_is_what_would_be_read() {
        for key in [ed25519_key(1), es256_key(1)] {
            let (header, claims) = (map(json!({"typ": "x+jwt", "alg": "none"})), map(json!({"iss": "someone"})));
            let signed = Jws::sign(&header, &claims, &key).unwrap();
            assert_eq!(signed, Jws::parse(signed.as_text()).unwrap());
            assert_eq!(signed.as_text(), sign(&header, &claims, &key));
            assert_eq!(signed.verify(key.public_key()), Ok(()));
        }
        let refused =
            |header: Value, claims: Value| Jws::sign(&map(header), &map(claims), &ed25519_key(1)).unwrap_err();
        assert_eq!(refused(json!({"crit": ["b64"]}), json!({})).code, Code::JwtMalformed);
        assert_eq!(refused(json!({"typ": 7}), json!({})).code, Code::JwtMalformed);
        assert_eq!(refused(json!({"x5c": "A".repeat(MAX_HEADER)}), json!({})).code, Code::JwtMalformed);
        assert_eq!(refused(json!({}), json!({"a": "A".repeat(MAX_TEXT)})).code, Code::JwtMalformed);
    }

    #[test]
    fn another_key_or_the_key_of_another_algorithm_does_not_verify() {
        let jws = Jws::parse(&signed(&ed25519_key(1), json!({}))).unwrap();
        assert_eq!(jws.verify(ed25519_key(2).public_key()).unwrap_err().code, Code::ProofInvalid);
        assert_eq!(jws.verify(es256_key(1).public_key()).unwrap_err().code, Code::AlgorithmRefused);
    }

    #[test]
    fn the_algorithm_none_and_macs_are_invalid_and_foreign_signatures_undecided() {
        for alg in ["none", "None", "HS256", "eddsa", ""] {
            assert_eq!(
                code(with_header(&format!(r#"{{"alg":"{alg}"}}"#))),
                (Code::AlgorithmRefused, State::Invalid),
                "{alg}"
            );
        }
        assert_eq!(code(with_header(r#"{"alg":1}"#)), (Code::AlgorithmRefused, State::Invalid));
        assert_eq!(code(with_header("{}")), (Code::AlgorithmRefused, State::Invalid));
        assert_eq!(code(with_header(r#"{"alg":"PS256"}"#)), (Code::ProofUnsupported, State::Error));
    }

    #[test]
    fn duplicate_names_and_critical_extensions_are_refused() {
        assert_eq!(code(with_header(r#"{"alg":"EdDSA","alg":"EdDSA"}"#)).0, Code::JwtMalformed);
        assert_eq!(code(with_header(r#"{"alg":"EdDSA","crit":["b64"],"b64":false}"#)).0, Code::JwtMalformed);
        assert_eq!(code(with_header(r#"{"alg":"EdDSA","crit":[]}"#)).0, Code::JwtMalformed);
        assert_eq!(code(with_header(r#"{"alg":"EdDSA","b64":false}"#)).0, Code::JwtMalformed);
        assert_eq!(code(with_header(r#"{"alg":"EdDSA","typ":7}"#)).0, Code::JwtMalformed);
    }

    #[test]
    fn only_three_canonical_parts_are_read() {
        let good = signed(&ed25519_key(1), json!({}));
        let parts: Vec<&str> = good.split('.').collect();
        let mut others = vec![
            String::new(),
            "..".to_owned(),
            format!("{}.{}", parts[0], parts[1]),
            format!("{good}.{}", parts[2]),
            format!("{good}="),
            format!("{good}\n"),
            format!("{}..{}", parts[0], parts[2]),
            format!("{}.{}.", parts[0], parts[1]),
            "a".repeat(MAX_TEXT + 1),
        ];
        // An Ed25519 signature has 64 bytes: the last character carries four bits that must be zero.
        let last = good.chars().last().map(|c| if c == 'A' { 'B' } else { char::from_u32(c as u32 + 1).unwrap() });
        others.push(format!("{}{}", &good[..good.len() - 1], last.unwrap()));
        for text in others {
            assert_eq!(code(Jws::parse(&text)).0, Code::JwtMalformed, "{}", &text[..text.len().min(80)]);
        }
    }

    #[test]
    fn a_payload_that_is_no_object_has_no_claims() {
        for payload in ["[]", "1", "{", r#"{"a":1,"a":1}"#] {
            let text = format!("{}.{}.AA", base64url(br#"{"alg":"EdDSA"}"#), base64url(payload.as_bytes()));
            assert_eq!(Jws::parse(&text).unwrap().claims().unwrap_err().code, Code::JwtMalformed);
        }
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in ".*", header in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..64)) {
            let _ = Jws::parse(&text);
            let _ = Jws::parse(&format!("{}.{}.AA", base64url(&header), base64url(&header)));
        }
    }
}
