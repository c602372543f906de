//! Keys for many purposes out of one seed: HKDF-SHA-256 (RFC 5869) with the purpose as `info`.

use std::sync::{Mutex, PoisonError};

use hkdf::Hkdf;
use sha2::Sha256;

use crate::base::random::{Random, bytes};
use crate::base::secret::Secret;

use super::SigningKey;
use super::digest::{hmac_sha256, sha256_of};

/// The salt of every derivation of this program: separates its keys from any other use of the same seed.
const SALT: &[u8] = b"certless/v1";

/// 32 secret bytes from which every key of one owner follows.
#[derive(Clone, Debug)]
pub struct Seed(Secret<[u8; 32]>);

impl Seed {
    /// Takes 32 bytes as a seed.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    /// A fresh seed.
    pub fn generate(random: &dyn Random) -> Self {
        Self::new(bytes(random))
    }

    /// The bytes, for the key file that keeps them.
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    /// HKDF[salt, purpose](seed, 32).
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut out = [0; 32];
        // Fails only beyond 255 blocks of output; one block is asked for.
        let _ = Hkdf::<Sha256>::new(Some(SALT), self.0.expose()).expand(purpose.as_bytes(), &mut out);
        out
    }

    /// The Ed25519 key for a purpose.
    pub fn ed25519(&self, purpose: &str) -> SigningKey {
        SigningKey::ed25519(&self.derive(purpose))
    }

    /// The P-256 key for a purpose; the rare derivation that is no valid scalar is counted on (RFC 9380's rejection
    /// sampling), with a chance below 2⁻³².
    pub fn p256(&self, purpose: &str) -> SigningKey {
        let mut attempt = 0_u32;
        loop {
            let name = if attempt == 0 { purpose.to_owned() } else { format!("{purpose}#{attempt}") };
            if let Ok(key) = SigningKey::p256(&self.derive(&name)) {
                return key;
            }
            attempt = attempt.wrapping_add(1);
        }
    }
}

/// A deterministic stream: out of a secret key, for what must come out the same each time; out of a text, for the demo
/// city and for tests, never for keys of a real city.
pub struct SeededRandom {
    key: [u8; 32],
    state: Mutex<(u64, [u8; 32], usize)>,
}

impl SeededRandom {
    /// The stream that belongs to a seed text.
    pub fn new(seed: &str) -> Self {
        Self::keyed(sha256_of(&[b"certless/seeded-random/", seed.as_bytes()]))
    }

    /// The stream that belongs to a key.
    pub fn keyed(key: [u8; 32]) -> Self {
        Self { key, state: Mutex::new((0, [0; 32], 32)) }
    }
}

impl Random for SeededRandom {
    fn fill(&self, out: &mut [u8]) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (counter, block, used) = &mut *state;
        for byte in out {
            if *used >= block.len() {
                *block = hmac_sha256(&self.key, &counter.to_be_bytes());
                *counter = counter.wrapping_add(1);
                *used = 0;
            }
            *byte = block.get(*used).copied().unwrap_or_default();
            *used += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Signer as _;

    #[test]
    fn purposes_do_not_share_keys() {
        let seed = Seed::new([1; 32]);
        assert_ne!(seed.derive("a"), seed.derive("b"));
        assert_eq!(seed.derive("a"), Seed::new([1; 32]).derive("a"));
        assert_ne!(seed.ed25519("sign").public_key(), seed.ed25519("sign/2").public_key());
        assert_eq!(format!("{seed:?}"), "Seed(Secret(…))");
    }

    #[test]
    fn a_seeded_stream_does_not_depend_on_how_it_is_read() {
        let (whole, pieces) = (SeededRandom::new("demo"), SeededRandom::new("demo"));
        let mut a = [0; 100];
        whole.fill(&mut a);
        let mut b = [0; 100];
        for piece in b.chunks_mut(7) {
            pieces.fill(piece);
        }
        assert_eq!(a, b);
        assert_ne!(a[..32], a[32..64]);
    }
}
