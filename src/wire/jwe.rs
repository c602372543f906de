//! Encrypted JWTs in compact serialization (RFC 7516 section 3.1) with `ECDH-ES` on P-256 and AES-GCM.
//!
//! What OpenID4VP 1.0 section 8.3 and OpenID4VCI 1.0 section 10 need, and no more: direct key agreement (RFC 7518
//! section 4.6) with an ephemeral key of the sender, no compression, no critical extension, no other algorithm.

use crate::base::bytes::{base64url, from_base64url};
use crate::base::error::ParseError;
use crate::base::jcs::canonicalize_object;
use crate::base::json::{Limits, Map, Value, parse_object};
use crate::base::random::{Random, bytes};
use crate::crypto::PublicKey;
use crate::crypto::ecdh::{AgreementKey, Encryption};

/// The only key management algorithm.
pub const ALG: &str = "ECDH-ES";
/// Longest serialization that is read, bytes.
const MAX_TEXT: usize = 1 << 20;

/// One encrypted message, taken apart.
#[derive(Clone, Debug)]
pub struct Jwe {
    /// The protected header.
    header: Map,
    protected: String,
    enc: Encryption,
    sender: PublicKey,
    iv: [u8; 12],
    sealed: Vec<u8>,
}

/// Whom to encrypt for: a key of `client_metadata.jwks`.
#[derive(Clone, Debug)]
pub struct Recipient<'a> {
    /// The public key.
    pub key: &'a PublicKey,
    /// Its `kid`.
    pub kid: Option<&'a str>,
    /// The content encryption algorithm, one that the recipient supports.
    pub enc: Encryption,
}

impl Jwe {
    /// Takes a compact serialization apart; `jwe_malformed`, or `jwe_unsupported` for other algorithms.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        if text.len() > MAX_TEXT {
            return Err(malformed("too long"));
        }
        let mut parts = text.split('.');
        let (Some(protected), Some(""), Some(iv), Some(body), Some(tag), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed("not five parts with an empty encrypted key"));
        };
        let header = parse_object(&from_base64url(protected)?, &Limits::DEFAULT)?;
        let text = |name: &str| header.get(name).and_then(Value::as_str);
        if text("alg") != Some(ALG) || ["crit", "zip"].iter().any(|name| header.contains_key(*name)) {
            return Err(unsupported("alg is not ECDH-ES, or crit or zip is there"));
        }
        let enc = text("enc").and_then(Encryption::from_jose).ok_or_else(|| unsupported("enc"))?;
        let epk = header.get("epk").and_then(Value::as_object).ok_or_else(|| malformed("epk"))?;
        let sender = PublicKey::from_jwk(epk).map_err(|error| malformed(&format!("epk: {error}")))?;
        let iv = from_base64url(iv)?.try_into().map_err(|_| malformed("initialization vector"))?;
        let (mut sealed, tag) = (from_base64url(body)?, from_base64url(tag)?);
        if tag.len() != 16 {
            return Err(malformed("authentication tag"));
        }
        sealed.extend_from_slice(&tag);
        Ok(Self { protected: protected.to_owned(), enc, sender, iv, sealed, header })
    }

    /// The key that it is encrypted for, by name.
    pub fn kid(&self) -> Option<&str> {
        self.header.get("kid").and_then(Value::as_str)
    }

    /// The content encryption algorithm.
    pub fn encryption(&self) -> Encryption {
        self.enc
    }

    /// Decrypts; `jwe_not_opened` when the key is another or a byte was changed.
    pub fn open(&self, key: &AgreementKey) -> Result<Vec<u8>, ParseError> {
        let failed = || ParseError::new("jwe_not_opened", "the message does not open with this key");
        let (apu, apv) = (self.party("apu")?, self.party("apv")?);
        let content_key = key.agree(&self.sender, self.enc, &apu, &apv).map_err(|_| failed())?;
        self.enc.open(&content_key, &self.iv, self.protected.as_bytes(), &self.sealed).map_err(|_| failed())
    }

    fn party(&self, name: &str) -> Result<Vec<u8>, ParseError> {
        match self.header.get(name) {
            None => Ok(Vec::new()),
            Some(Value::String(text)) => from_base64url(text),
            Some(_) => Err(malformed("apu and apv are texts")),
        }
    }
}

/// Encrypts a message, with an ephemeral key of its own.
pub fn encrypt(plain: &[u8], recipient: &Recipient<'_>, random: &dyn Random) -> Result<String, ParseError> {
    let ephemeral = AgreementKey::generate(random);
    let mut header = Map::new();
    header.insert("alg".to_owned(), ALG.into());
    header.insert("enc".to_owned(), recipient.enc.jose().into());
    header.insert("epk".to_owned(), Value::Object(ephemeral.public_key().to_jwk()));
    if let Some(kid) = recipient.kid {
        header.insert("kid".to_owned(), kid.into());
    }
    let protected = base64url(&canonicalize_object(&header));
    let key = ephemeral.agree(recipient.key, recipient.enc, b"", b"");
    let key = key.map_err(|error| unsupported(&error.to_string()))?;
    let iv: [u8; 12] = bytes(random);
    let sealed = recipient.enc.seal(&key, &iv, protected.as_bytes(), plain).map_err(|_| malformed("too long"))?;
    let (body, tag) = sealed.split_at_checked(sealed.len().saturating_sub(16)).unwrap_or_default();
    Ok(format!("{protected}..{}.{}.{}", base64url(&iv), base64url(body), base64url(tag)))
}

fn malformed(detail: &str) -> ParseError {
    ParseError::new("jwe_malformed", detail)
}

fn unsupported(detail: &str) -> ParseError {
    ParseError::new("jwe_unsupported", detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::json::json;
    use crate::base::random::SystemRandom;

    /// The example of OpenID4VP 1.0 section 8.3.
    const EXAMPLE: &str = concat!(
        "eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTEyOEdDTSIsImtpZCI6ImFjIiwiZXBrIjp7Imt",
        "0eSI6IkVDIiwieCI6Im5ubVZwbTNWM2piaGNhZlFhUkJrU1ZOSGx3Wkh3dC05ck9wSnVmeVlJdWsiLCJ5I",
        "joicjRmakRxd0p5czlxVU9QLV9iM21SNVNaRy0tQ3dPMm1pYzVWU05UWU45ZyIsImNydiI6IlAtMjU2In1",
        "9..uAYcHRUSSn2X0WPX.yVzlGSYG4qbg0bq18JcUiDRw56yVnbKR8E7S7YlEtzT00RqE3Pw5oTpUG3hdLN",
        "4taHZ9gC1kwak8JOnJgQ.1wR024_3-qtAlx1oFIUpQQ",
    );

    fn key(text: &str) -> AgreementKey {
        AgreementKey::from_scalar(&from_base64url(text).unwrap().try_into().unwrap()).unwrap()
    }

    #[test]
    fn openid4vp_section_8_3_example() {
        let jwe = Jwe::parse(EXAMPLE).unwrap();
        assert_eq!((jwe.kid(), jwe.encryption()), (Some("ac"), Encryption::A128Gcm));
        let plain = jwe.open(&key("Et-3ce0omz8_TuZ96Df9lp0GAaaDoUnDe6X-CRO7Aww")).unwrap();
        let plain: Value = serde_json::from_slice(&plain).unwrap();
        assert_eq!(plain, json!({"vp_token": {"example_credential_id": ["eyJhb...YMetA"]}}));
    }

    #[test]
    fn a_message_opens_for_its_recipient_only() {
        let (own, other) = (AgreementKey::generate(&SystemRandom), AgreementKey::generate(&SystemRandom));
        for enc in Encryption::ALL {
            let recipient = Recipient { key: own.public_key(), kid: Some("k"), enc };
            let text = encrypt(b"{}", &recipient, &SystemRandom).unwrap();
            let jwe = Jwe::parse(&text).unwrap();
            assert_eq!((jwe.open(&own).unwrap(), jwe.kid()), (b"{}".to_vec(), Some("k")));
            assert_eq!(jwe.open(&other).unwrap_err().code, "jwe_not_opened");
            let changed = text.replacen("..", "..A", 1);
            assert!(Jwe::parse(&changed).and_then(|jwe| jwe.open(&own)).is_err());
        }
    }

    #[test]
    fn other_forms_and_algorithms_are_refused() {
        let with = |header: Value| {
            format!("{}..{}.AA.{}", base64url(header.to_string().as_bytes()), base64url(&[0; 12]), base64url(&[0; 16]))
        };
        let epk = AgreementKey::generate(&SystemRandom).public_key().to_jwk();
        let good = json!({"alg": "ECDH-ES", "enc": "A128GCM", "epk": epk});
        assert!(Jwe::parse(&with(good.clone())).is_ok());
        for (name, value) in [
            ("alg", json!("ECDH-ES+A128KW")),
            ("alg", json!("dir")),
            ("enc", json!("A128CBC-HS256")),
            ("zip", json!("DEF")),
            ("crit", json!([])),
            ("epk", json!({"kty": "EC"})),
            ("epk", json!(null)),
        ] {
            let mut header = good.clone();
            header[name] = value;
            assert!(Jwe::parse(&with(header.clone())).is_err(), "{header}");
        }
        for text in ["", "....", "a.b.c", &EXAMPLE.replacen("..", ".AA.", 1), &format!("{EXAMPLE}.x")] {
            assert!(Jwe::parse(text).is_err(), "{text}");
        }
    }
}
