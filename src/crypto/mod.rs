//! Keys, signatures, digests, derivation and sealing: the only layer that names an algorithm crate.
//!
//! Two signature algorithms: EdDSA over Ed25519 (RFC 8032, verified by the strict rule) and ES256 over P-256 (FIPS
//! 186-5). A further one is one more file and one more variant of [`Algorithm`] and [`PublicKey`]; the compiler then
//! names every place that has to decide. A failed verification is [`BadSignature`], without detail to leak.

pub mod derive;
pub mod digest;
pub mod ecdh;
pub mod ed25519;
pub mod jwk;
pub mod multikey;
mod multiples;
pub mod p256;
pub mod password;
pub mod seal;
pub mod totp;

use std::fmt;

/// A signature algorithm, named as in JOSE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// Ed25519, `EdDSA` (RFC 8037).
    EdDsa,
    /// ECDSA with P-256 and SHA-256, `ES256` (RFC 7518).
    Es256,
}

impl Algorithm {
    /// The JOSE `alg` value.
    pub fn jose(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
        }
    }

    /// The algorithm of a JOSE `alg` value; `None` for every other name, `none` included.
    pub fn from_jose(name: &str) -> Option<Self> {
        match name {
            "EdDSA" | "Ed25519" => Some(Self::EdDsa),
            "ES256" => Some(Self::Es256),
            _ => None,
        }
    }
}

/// The signature does not verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadSignature;

impl fmt::Display for BadSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the signature does not verify")
    }
}

impl std::error::Error for BadSignature {}

/// A key that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// The encoding is not that of a key; the text says where.
    Malformed(&'static str),
    /// The key is well-formed but weak: of small order, or not on the curve.
    Weak,
    /// The key type or curve is none of ours.
    Unsupported,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(place) => write!(f, "malformed key: {place}"),
            Self::Weak => f.write_str("weak key"),
            Self::Unsupported => f.write_str("unsupported key type"),
        }
    }
}

impl std::error::Error for KeyError {}

/// Makes signatures of 64 bytes: R ‖ S for Ed25519, r ‖ s (IEEE P1363) for ES256.
pub trait Signer: Send + Sync {
    /// The algorithm of the signatures.
    fn algorithm(&self) -> Algorithm {
        self.public_key().algorithm()
    }

    /// The key that verifies them.
    fn public_key(&self) -> &PublicKey;

    /// Signs a message.
    fn sign(&self, message: &[u8]) -> [u8; 64];
}

/// A public key, decoded and checked once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// An Ed25519 key.
    Ed25519(ed25519::PublicKey),
    /// A P-256 key.
    P256(p256::PublicKey),
}

impl PublicKey {
    /// The algorithm that the key verifies.
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ed25519(_) => Algorithm::EdDsa,
            Self::P256(_) => Algorithm::Es256,
        }
    }

    /// The key made ready to verify often; see [`ed25519::PublicKey::prepared`].
    #[must_use]
    pub fn prepared(self) -> Self {
        match self {
            Self::Ed25519(key) => Self::Ed25519(key.prepared()),
            Self::P256(key) => Self::P256(key),
        }
    }

    /// Verifies a signature of exactly 64 bytes over `message`.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        let signature: &[u8; 64] = signature.try_into().map_err(|_| BadSignature)?;
        match self {
            Self::Ed25519(key) => key.verify(message, signature),
            Self::P256(key) => key.verify(message, signature),
        }
    }
}

/// A private key held in memory; wiped when dropped.
pub enum SigningKey {
    /// An Ed25519 key.
    Ed25519(ed25519::SigningKey),
    /// A P-256 key.
    P256(p256::SigningKey),
}

impl SigningKey {
    /// The Ed25519 key of a 32-byte seed (RFC 8032 section 5.1.5).
    pub fn ed25519(seed: &[u8; 32]) -> Self {
        Self::Ed25519(ed25519::SigningKey::from_seed(seed))
    }

    /// The P-256 key of a 32-byte scalar; [`KeyError::Weak`] for zero and values not below the group order.
    pub fn p256(scalar: &[u8; 32]) -> Result<Self, KeyError> {
        p256::SigningKey::from_scalar(scalar).map(Self::P256)
    }
}

impl Signer for SigningKey {
    fn public_key(&self) -> &PublicKey {
        match self {
            Self::Ed25519(key) => key.public_key(),
            Self::P256(key) => key.public_key(),
        }
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        match self {
            Self::Ed25519(key) => key.sign(message),
            Self::P256(key) => key.sign(message),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.algorithm().jose())
    }
}

/// Compares two byte strings in time that depends on their lengths only.
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    use subtle::ConstantTimeEq as _;
    a.ct_eq(b).into()
}
