//! ECDSA over P-256 with SHA-256 (`ES256`), deterministic nonces by RFC 6979, signatures as r ‖ s.

use p256::ecdsa::{self, Signature, signature::Signer as _, signature::Verifier as _};

use super::{BadSignature, KeyError, PublicKey as AnyKey};

/// A checked P-256 public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(ecdsa::VerifyingKey);

impl PublicKey {
    /// Decodes a SEC1 point, compressed (33 bytes) or not (65 bytes).
    pub fn from_sec1(bytes: &[u8]) -> Result<Self, KeyError> {
        ecdsa::VerifyingKey::from_sec1_bytes(bytes).map(Self).map_err(|_| KeyError::Malformed("point"))
    }

    /// The compressed SEC1 point, 33 bytes.
    pub fn to_compressed(&self) -> Vec<u8> {
        self.0.to_sec1_point(true).as_bytes().to_vec()
    }

    /// The affine coordinates x and y, 32 bytes each.
    pub fn coordinates(&self) -> (Vec<u8>, Vec<u8>) {
        let point = self.0.to_sec1_point(false);
        let (x, y) = point.as_bytes().get(1..).unwrap_or_default().split_at(32);
        (x.to_vec(), y.to_vec())
    }

    /// The point, for key agreement.
    pub(super) fn point(&self) -> p256::ProjectivePoint {
        (*self.0.as_affine()).into()
    }

    /// Verifies r ‖ s; both must lie in 1..n.
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> Result<(), BadSignature> {
        let signature = Signature::from_slice(signature).map_err(|_| BadSignature)?;
        self.0.verify(message, &signature).map_err(|_| BadSignature)
    }
}

/// A P-256 private key; wiped when dropped.
pub struct SigningKey {
    key: ecdsa::SigningKey,
    public: AnyKey,
}

impl SigningKey {
    /// The key of a 32-byte big-endian scalar in 1..n.
    pub fn from_scalar(scalar: &[u8; 32]) -> Result<Self, KeyError> {
        let key = ecdsa::SigningKey::from_slice(scalar).map_err(|_| KeyError::Weak)?;
        let public = AnyKey::P256(PublicKey(*key.verifying_key()));
        Ok(Self { key, public })
    }

    /// The key that verifies.
    pub fn public_key(&self) -> &AnyKey {
        &self.public
    }

    /// Signs a message: r ‖ s.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let signature: Signature = self.key.sign(message);
        signature.to_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_verifies_for_its_message_only() {
        let key = SigningKey::from_scalar(&[7; 32]).unwrap();
        let signature = key.sign(b"licence");
        assert_eq!(key.public_key().verify(b"licence", &signature), Ok(()));
        assert_eq!(key.public_key().verify(b"Licence", &signature), Err(BadSignature));
        assert_eq!(key.public_key().verify(b"licence", &[0; 64]), Err(BadSignature));
    }

    #[test]
    fn compressed_and_full_points_are_the_same_key() {
        let key = SigningKey::from_scalar(&[9; 32]).unwrap();
        let AnyKey::P256(public) = key.public_key() else { panic!("wrong kind") };
        let (x, y) = public.coordinates();
        let full = [&[4][..], &x, &y].concat();
        assert_eq!(PublicKey::from_sec1(&full).unwrap(), *public);
        assert_eq!(PublicKey::from_sec1(&public.to_compressed()).unwrap(), *public);
        assert!(SigningKey::from_scalar(&[0; 32]).is_err());
        assert!(SigningKey::from_scalar(&[0xFF; 32]).is_err());
    }
}
