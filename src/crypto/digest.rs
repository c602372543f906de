//! SHA-2 digests (FIPS 180-4) and HMAC (RFC 2104).

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use zeroize::Zeroize as _;

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// SHA-256 over several pieces as if they were one.
pub fn sha256_of(pieces: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for piece in pieces {
        hasher.update(piece);
    }
    hasher.finalize().into()
}

/// SHA-384.
pub fn sha384(bytes: &[u8]) -> [u8; 48] {
    Sha384::digest(bytes).into()
}

/// SHA-512.
pub fn sha512(bytes: &[u8]) -> [u8; 64] {
    Sha512::digest(bytes).into()
}

/// HMAC-SHA-256.
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// HMAC-SHA-256 under one key many times over: what depends on the key alone is worked out once. Wiped when dropped.
#[derive(Clone)]
pub struct Keyed(Hmac<Sha256>);

impl Keyed {
    /// Takes a key.
    pub fn new(key: &[u8; 32]) -> Self {
        // A key of 32 bytes is shorter than a block, so this only lays it out.
        let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
        for (place, byte) in block.iter_mut().zip(key) {
            *place = *byte;
        }
        let keyed = Self(Hmac::new(&block));
        block.zeroize();
        keyed
    }

    /// The code of a message: as [`hmac_sha256`] under the key.
    pub fn code(&self, message: &[u8]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(message);
        mac.finalize().into_bytes().into()
    }
}

impl std::fmt::Debug for Keyed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keyed(…)")
    }
}

/// A digest that is fed piece by piece: SHA-256.
#[derive(Clone, Default)]
pub struct Running(Sha256);

impl Running {
    /// Takes in more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all bytes taken in.
    pub fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::bytes::hex;

    #[test]
    fn published_digests_agree() {
        // FIPS 180-4 examples ("abc") and RFC 4231 test case 2.
        assert_eq!(hex(&sha256(b"abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(sha256_of(&[b"a", b"", b"bc"]), sha256(b"abc"));
        assert_eq!(hex(&sha384(b"abc")[..8]), "cb00753f45a35e8b");
        assert_eq!(hex(&sha512(b"abc")[..8]), "ddaf35a193617aba");
        assert_eq!(
            hex(&hmac_sha256(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn a_key_laid_out_once_makes_the_same_codes() {
        let keyed = Keyed::new(&[7; 32]);
        for length in [0, 1, 55, 56, 64, 200] {
            let message = vec![3; length];
            assert_eq!(keyed.code(&message), hmac_sha256(&[7; 32], &message), "{length}");
        }
        assert_eq!(format!("{keyed:?}"), "Keyed(…)");
    }
}
