//! The holder's key: one secret of 32 bytes, Ed25519 unless the wallet was made for P-256.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::base::bytes::{base64url, from_base64url};
use crate::base::random::{Random, bytes};
use crate::base::secret::Secret;
use crate::crypto::derive::Seed;
use crate::crypto::{Algorithm, KeyError, PublicKey, Signer, SigningKey};
use crate::did;

/// A holder's signing key, with the secret that it is stored as.
pub struct HolderKey {
    secret: Secret<[u8; 32]>,
    key: SigningKey,
}

impl HolderKey {
    /// A fresh key.
    pub fn generate(algorithm: Algorithm, random: &dyn Random) -> Self {
        loop {
            // Fails for P-256 only, with a chance below 2⁻³².
            if let Ok(key) = Self::of(algorithm, bytes(random)) {
                return key;
            }
        }
    }

    /// The Ed25519 key that follows from a seed and a name: how the demo's residents get theirs.
    pub fn derived(seed: &Seed, name: &str) -> Self {
        let secret = seed.derive(name);
        Self { secret: Secret::new(secret), key: SigningKey::ed25519(&secret) }
    }

    fn of(algorithm: Algorithm, secret: [u8; 32]) -> Result<Self, KeyError> {
        let key = match algorithm {
            Algorithm::EdDsa => SigningKey::ed25519(&secret),
            Algorithm::Es256 => SigningKey::p256(&secret)?,
        };
        Ok(Self { secret: Secret::new(secret), key })
    }

    /// The holder's DID.
    pub fn did(&self) -> String {
        did::key::did(self.public_key())
    }

    /// The verification method of the holder's signatures.
    pub fn method(&self) -> String {
        did::key::method_url(self.public_key())
    }
}

impl Signer for HolderKey {
    fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message)
    }
}

impl std::fmt::Debug for HolderKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HolderKey({})", self.did())
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    alg: String,
    secret: String,
}

impl Serialize for HolderKey {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Stored { alg: self.algorithm().jose().to_owned(), secret: base64url(self.secret.expose()) }.serialize(to)
    }
}

impl<'de> Deserialize<'de> for HolderKey {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let stored = Stored::deserialize(from)?;
        let secret = from_base64url(&stored.secret).ok().and_then(|secret| <[u8; 32]>::try_from(secret).ok());
        let (Some(algorithm), Some(secret)) = (Algorithm::from_jose(&stored.alg), secret) else {
            return Err(D::Error::custom("the wallet's key is malformed"));
        };
        Self::of(algorithm, secret).map_err(D::Error::custom)
    }
}
