//! Key agreement over P-256 with content encryption by AES-GCM: the primitives of `ECDH-ES` in RFC 7518.
//!
//! Direct key agreement (section 4.6) only: the agreed secret goes through the Concat KDF (NIST SP 800-56A section 5.8.1)
//! and becomes the content encryption key. Not the serialization, which `wire::jwe` reads and prints.

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes128Gcm, Aes256Gcm, Nonce};
use p256::NonZeroScalar;
use p256::elliptic_curve::point::AffineCoordinates as _;

use super::digest::sha256;
use super::{BadSignature, KeyError, PublicKey, p256 as keys};
use crate::base::random::{Random, bytes};
use crate::base::secret::Secret;

/// A content encryption algorithm of RFC 7518 section 5.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// `A128GCM`.
    A128Gcm,
    /// `A256GCM`.
    A256Gcm,
}

impl Encryption {
    /// Every algorithm, the one that is preferred first.
    pub const ALL: [Self; 2] = [Self::A256Gcm, Self::A128Gcm];

    /// The `enc` header member.
    pub fn jose(self) -> &'static str {
        match self {
            Self::A128Gcm => "A128GCM",
            Self::A256Gcm => "A256GCM",
        }
    }

    /// The algorithm of an `enc` header member.
    pub fn from_jose(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.jose() == name)
    }

    fn key_bytes(self) -> usize {
        match self {
            Self::A128Gcm => 16,
            Self::A256Gcm => 32,
        }
    }

    /// Encrypts: ciphertext ‖ tag (16 bytes). A key may be used with one initialization vector once.
    pub fn seal(self, key: &ContentKey, iv: &[u8; 12], aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, BadSignature> {
        let (nonce, payload) = (Nonce::from(*iv), Payload { msg: plain, aad });
        match self {
            Self::A128Gcm => aes128(key)?.encrypt(&nonce, payload),
            Self::A256Gcm => aes256(key)?.encrypt(&nonce, payload),
        }
        .map_err(|_| BadSignature)
    }

    /// Decrypts what [`Self::seal`] made; [`BadSignature`] when a byte of anything differs.
    pub fn open(self, key: &ContentKey, iv: &[u8; 12], aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, BadSignature> {
        let (nonce, payload) = (Nonce::from(*iv), Payload { msg: sealed, aad });
        match self {
            Self::A128Gcm => aes128(key)?.decrypt(&nonce, payload),
            Self::A256Gcm => aes256(key)?.decrypt(&nonce, payload),
        }
        .map_err(|_| BadSignature)
    }
}

/// A key that one message is encrypted with.
pub struct ContentKey(Secret<Vec<u8>>);

fn aes128(key: &ContentKey) -> Result<Aes128Gcm, BadSignature> {
    Aes128Gcm::new_from_slice(key.0.expose()).map_err(|_| BadSignature)
}

fn aes256(key: &ContentKey) -> Result<Aes256Gcm, BadSignature> {
    Aes256Gcm::new_from_slice(key.0.expose()).map_err(|_| BadSignature)
}

/// A private key on P-256 for agreement, used for one message or one request.
pub struct AgreementKey {
    scalar: NonZeroScalar,
    public: PublicKey,
    secret: Secret<[u8; 32]>,
}

impl AgreementKey {
    /// A new key.
    pub fn generate(random: &dyn Random) -> Self {
        loop {
            // Fails with a chance below 2⁻³².
            if let Ok(key) = Self::from_scalar(&bytes(random)) {
                return key;
            }
        }
    }

    /// The key of a scalar, 32 bytes big-endian; `Weak` when it is no scalar of the group.
    pub fn from_scalar(scalar: &[u8; 32]) -> Result<Self, KeyError> {
        let key = p256::SecretKey::from_slice(scalar).map_err(|_| KeyError::Weak)?;
        let public = keys::PublicKey::from_sec1(&key.public_key().to_sec1_bytes())?;
        Ok(Self { scalar: key.to_nonzero_scalar(), public: PublicKey::P256(public), secret: Secret::new(*scalar) })
    }

    /// The scalar, for keeping it sealed.
    pub fn secret(&self) -> &Secret<[u8; 32]> {
        &self.secret
    }

    /// The public key.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// The content encryption key agreed with `other` (RFC 7518 section 4.6.2), with the decoded `apu` and `apv`.
    pub fn agree(&self, other: &PublicKey, enc: Encryption, apu: &[u8], apv: &[u8]) -> Result<ContentKey, KeyError> {
        let PublicKey::P256(other) = other else { return Err(KeyError::Unsupported) };
        let point = other.point() * *self.scalar;
        let z = Secret::new(<[u8; 32]>::from(point.to_affine().x()));
        Ok(ContentKey(Secret::new(concat_kdf(z.expose(), enc, apu, apv))))
    }
}

/// The Concat KDF with one round, which is enough for the keys here: 32 bytes at most.
fn concat_kdf(z: &[u8; 32], enc: Encryption, apu: &[u8], apv: &[u8]) -> Vec<u8> {
    let mut input = vec![0, 0, 0, 1];
    input.extend_from_slice(z);
    for part in [enc.jose().as_bytes(), apu, apv] {
        input.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        input.extend_from_slice(part);
    }
    let bits = u32::try_from(enc.key_bytes() * 8).unwrap_or_default();
    input.extend_from_slice(&bits.to_be_bytes());
    let mut key = sha256(&input).to_vec();
    zeroize::Zeroize::zeroize(&mut input);
    key.truncate(enc.key_bytes());
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::bytes::{base64url, from_base64url};
    use crate::base::json::{Map, Value, json};
    use crate::base::random::SystemRandom;

    fn scalar(text: &str) -> AgreementKey {
        AgreementKey::from_scalar(&from_base64url(text).unwrap().try_into().unwrap()).unwrap()
    }

    fn jwk(value: &Value) -> Map {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn rfc_7518_appendix_c() {
        let alice = scalar("0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo");
        let bob = scalar("VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw");
        let expected = jwk(&json!({"kty": "EC", "crv": "P-256", "x": "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
            "y": "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps"}));
        assert_eq!(alice.public_key().to_jwk(), expected);
        for (own, other) in [(&alice, &bob), (&bob, &alice)] {
            let key = own.agree(other.public_key(), Encryption::A128Gcm, b"Alice", b"Bob").unwrap();
            assert_eq!(base64url(key.0.expose()), "VqqN6vgjbSBcIijNcacQGg");
        }
    }

    #[test]
    fn what_was_sealed_opens_under_the_agreed_key_and_the_same_header_only() {
        let (own, other) = (AgreementKey::generate(&SystemRandom), AgreementKey::generate(&SystemRandom));
        for enc in Encryption::ALL {
            let key = own.agree(other.public_key(), enc, b"", b"n").unwrap();
            let sealed = enc.seal(&key, &[1; 12], b"header", b"claims").unwrap();
            let same = other.agree(own.public_key(), enc, b"", b"n").unwrap();
            assert_eq!(enc.open(&same, &[1; 12], b"header", &sealed).unwrap(), b"claims");
            assert!(enc.open(&same, &[1; 12], b"Header", &sealed).is_err());
            assert!(enc.open(&same, &[2; 12], b"header", &sealed).is_err());
            let foreign = other.agree(own.public_key(), enc, b"", b"m").unwrap();
            assert!(enc.open(&foreign, &[1; 12], b"header", &sealed).is_err());
            assert_eq!(Encryption::from_jose(enc.jose()), Some(enc));
        }
        assert!(Encryption::from_jose("A128CBC-HS256").is_none());
        let ed = crate::crypto::SigningKey::ed25519(&[1; 32]);
        let ed = crate::crypto::Signer::public_key(&ed).clone();
        assert!(own.agree(&ed, Encryption::A128Gcm, b"", b"").is_err());
    }
}
