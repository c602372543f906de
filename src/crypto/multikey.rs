//! Multikey (Controlled Identifiers 1.0 section 2.2.2): base58btc of a multicodec prefix and the key.

use crate::base::bytes::{base58, from_base58};

use super::{KeyError, PublicKey, ed25519, p256};

/// Multicodec `ed25519-pub`, 0xed as an unsigned varint.
const ED25519_PUB: [u8; 2] = [0xED, 0x01];
/// Multicodec `p256-pub`, 0x1200 as an unsigned varint.
const P256_PUB: [u8; 2] = [0x80, 0x24];

impl PublicKey {
    /// The value of `publicKeyMultibase`, `z…`.
    pub fn to_multikey(&self) -> String {
        let bytes = match self {
            Self::Ed25519(key) => [&ED25519_PUB[..], key.as_bytes()].concat(),
            Self::P256(key) => [&P256_PUB[..], &key.to_compressed()].concat(),
        };
        format!("z{}", base58(&bytes))
    }

    /// Reads a `publicKeyMultibase` value; only base58btc (`z`) is allowed.
    pub fn from_multikey(text: &str) -> Result<Self, KeyError> {
        let encoded = text.strip_prefix('z').ok_or(KeyError::Malformed("multibase prefix"))?;
        let bytes = from_base58(encoded).map_err(|_| KeyError::Malformed("base58"))?;
        match bytes.split_at_checked(2) {
            Some((prefix, key)) if prefix == ED25519_PUB => ed25519::PublicKey::from_bytes(key).map(Self::Ed25519),
            Some((prefix, key)) if prefix == P256_PUB && key.len() == 33 => {
                p256::PublicKey::from_sec1(key).map(Self::P256)
            }
            _ => Err(KeyError::Unsupported),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_multikeys_round_trip() {
        // The key of the W3C eddsa-jcs-2022 examples, and a P-256 key of the did:key specification.
        for text in
            ["z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2", "zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169"]
        {
            assert_eq!(PublicKey::from_multikey(text).unwrap().to_multikey(), text);
        }
    }

    #[test]
    fn other_bases_and_codecs_are_refused() {
        assert!(PublicKey::from_multikey("uAAAA").is_err());
        assert!(PublicKey::from_multikey("z").is_err());
        assert_eq!(
            PublicKey::from_multikey("z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc"),
            Err(KeyError::Unsupported)
        );
    }
}
