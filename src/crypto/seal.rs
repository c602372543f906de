//! Sealed values: XChaCha20-Poly1305 with the place of the value as associated data, so that a stolen ciphertext cannot
//! be moved to another row.

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use crate::base::random::{Random, bytes};

use super::BadSignature;

/// Where a sealed value belongs.
#[derive(Clone, Copy, Debug)]
pub struct Aad<'a> {
    /// The table or file.
    pub table: &'a str,
    /// The row.
    pub row: &'a [u8],
    /// The column or purpose.
    pub column: &'a str,
}

impl Aad<'_> {
    /// Each part with its length before it, so that no two places spell the same.
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        for part in [self.table.as_bytes(), self.row, self.column.as_bytes()] {
            out.extend_from_slice(&(part.len() as u64).to_be_bytes());
            out.extend_from_slice(part);
        }
        out
    }
}

/// Seals and opens values under one key.
pub struct Sealer(XChaCha20Poly1305);

impl Sealer {
    /// A sealer of a 32-byte key.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(key.into()))
    }

    /// Nonce (24 bytes) ‖ ciphertext ‖ tag (16 bytes).
    pub fn seal(&self, aad: &Aad<'_>, plain: &[u8], random: &dyn Random) -> Vec<u8> {
        let nonce: [u8; 24] = bytes(random);
        let payload = Payload { msg: plain, aad: &aad.encode() };
        // Fails only for messages beyond 256 GiB.
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload).unwrap_or_default();
        [&nonce[..], &sealed].concat()
    }

    /// The plain value; [`BadSignature`] when the key, the place or a byte differs.
    pub fn open(&self, aad: &Aad<'_>, sealed: &[u8]) -> Result<Vec<u8>, BadSignature> {
        let (nonce, sealed) = sealed.split_at_checked(24).ok_or(BadSignature)?;
        let nonce: [u8; 24] = nonce.try_into().map_err(|_| BadSignature)?;
        let payload = Payload { msg: sealed, aad: &aad.encode() };
        self.0.decrypt(&XNonce::from(nonce), payload).map_err(|_| BadSignature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::SystemRandom;

    #[test]
    fn a_sealed_value_opens_only_in_its_place() {
        let sealer = Sealer::new(&[3; 32]);
        let place = Aad { table: "credential", row: b"GA/1", column: "document" };
        let mut sealed = sealer.seal(&place, b"plain", &SystemRandom);
        assert_eq!(sealer.open(&place, &sealed).unwrap(), b"plain");
        let moved = Aad { row: b"GA/2", ..place };
        assert!(sealer.open(&moved, &sealed).is_err());
        let shifted = Aad { table: "credentialG", row: b"A/1", column: "document" };
        assert!(sealer.open(&shifted, &sealed).is_err());
        assert!(Sealer::new(&[4; 32]).open(&place, &sealed).is_err());
        sealed[30] ^= 1;
        assert!(sealer.open(&place, &sealed).is_err());
        assert!(sealer.open(&place, &[0; 10]).is_err());
    }
}
