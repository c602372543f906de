//! Ed25519 (RFC 8032), verified strictly.
//!
//! Strict means: canonical encodings of A, R and S only, no point of small order, the equation without the cofactor.
//! Two verifiers that follow this rule always agree; under the RFC's own latitude they need not.

use ed25519_dalek::{Signature, Signer as _, VerifyingKey};

use super::{BadSignature, KeyError, PublicKey as AnyKey};

/// A checked Ed25519 public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Decodes the 32 bytes of a key: canonical, on the curve and not of small order.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let bytes: &[u8; 32] = bytes.try_into().map_err(|_| KeyError::Malformed("length"))?;
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::Malformed("point"))?;
        if key.is_weak() || !is_canonical(bytes) {
            return Err(KeyError::Weak);
        }
        Ok(Self(key))
    }

    /// The 32 bytes of the key.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Verifies by the strict rule.
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> Result<(), BadSignature> {
        self.0.verify_strict(message, &Signature::from_bytes(signature)).map_err(|_| BadSignature)
    }
}

/// Whether the y coordinate is below the field prime 2²⁵⁵ − 19.
fn is_canonical(bytes: &[u8; 32]) -> bool {
    let [low, middle @ .., high] = bytes;
    *low < 0xED || middle.iter().any(|&byte| byte != 0xFF) || high & 0x7F != 0x7F
}

/// An Ed25519 private key; wiped when dropped.
pub struct SigningKey {
    key: ed25519_dalek::SigningKey,
    public: AnyKey,
}

impl SigningKey {
    /// The key of a 32-byte seed.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        let public = AnyKey::Ed25519(PublicKey(key.verifying_key()));
        Self { key, public }
    }

    /// The key that verifies.
    pub fn public_key(&self) -> &AnyKey {
        &self.public
    }

    /// Signs a message: R ‖ S.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_8032_test_2_signs_and_verifies() {
        let bytes = |text| crate::base::bytes::from_hex(text).unwrap();
        let seed = bytes("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
        let key = SigningKey::from_seed(&seed.try_into().unwrap());
        let signature = key.sign(&[0x72]);
        assert_eq!(
            signature.to_vec(),
            bytes(
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
            )
        );
        assert_eq!(key.public_key().verify(&[0x72], &signature), Ok(()));
        assert_eq!(key.public_key().verify(&[0x73], &signature), Err(BadSignature));
        assert_eq!(key.public_key().verify(&[0x72], &signature[..63]), Err(BadSignature));
    }

    #[test]
    fn keys_of_small_order_and_uncanonical_keys_are_refused() {
        let mut identity = [0; 32];
        identity[0] = 1;
        assert_eq!(PublicKey::from_bytes(&identity), Err(KeyError::Weak));
        // y = p + 3, the second spelling of y = 3.
        let mut second = [0xFF; 32];
        second[0] = 0xF0;
        second[31] = 0x7F;
        assert!(PublicKey::from_bytes(&second).is_err());
    }
}
