//! Keys out of passphrases, and passwords as they are kept: Argon2id (RFC 9106).

use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};

use super::{KeyError, equal};
use crate::base::bytes::{base64url, from_base64url};
use crate::base::random::{Random, bytes};
use crate::base::secret::Secret;

/// What a derivation costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory: u32,
    /// Passes over the memory.
    pub passes: u32,
}

impl Cost {
    /// 19 MiB and two passes, with one lane: about 30 ms on one core.
    pub const DEFAULT: Self = Self { memory: 19 * 1024, passes: 2 };
    /// The most that a file may ask for when it is opened: 1 GiB, 16 passes.
    pub const MOST: Self = Self { memory: 1 << 20, passes: 16 };
}

/// Argon2id[salt, cost](passphrase, 32); refuses a cost beyond [`Cost::MOST`] and a salt under 8 bytes.
pub fn derive_key(passphrase: &str, salt: &[u8], cost: Cost) -> Result<Secret<[u8; 32]>, KeyError> {
    if cost.memory > Cost::MOST.memory || cost.passes > Cost::MOST.passes {
        return Err(KeyError::Malformed("passphrase cost"));
    }
    let params =
        Params::new(cost.memory, cost.passes, 1, Some(32)).map_err(|_| KeyError::Malformed("passphrase cost"))?;
    let mut out = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), salt, &mut out)
        .map_err(|_| KeyError::Malformed("salt"))?;
    Ok(Secret::new(out))
}

/// A password as it is kept: what it was stretched with, and what came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    memory: u32,
    passes: u32,
    salt: String,
    key: String,
}

impl Kept {
    /// Stretches a password with a fresh salt.
    pub fn new(password: &str, cost: Cost, random: &dyn Random) -> Result<Self, KeyError> {
        let salt: [u8; 16] = bytes(random);
        let key = derive_key(password, &salt, cost)?;
        Ok(Self { memory: cost.memory, passes: cost.passes, salt: base64url(&salt), key: base64url(key.expose()) })
    }

    /// Whether this is the password; as slow as [`Kept::new`], in time that does not depend on where it differs.
    pub fn fits(&self, password: &str) -> Result<bool, KeyError> {
        let wrong = |_| KeyError::Malformed("kept password");
        let (salt, kept) = (from_base64url(&self.salt).map_err(wrong)?, from_base64url(&self.key).map_err(wrong)?);
        let key = derive_key(password, &salt, Cost { memory: self.memory, passes: self.passes })?;
        Ok(equal(key.expose(), &kept))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::SystemRandom;

    #[test]
    fn a_kept_password_fits_itself_only_and_tells_nothing() {
        let cost = Cost { memory: 64, passes: 1 };
        let kept = Kept::new("correct horse", cost, &SystemRandom).unwrap();
        assert!(kept.fits("correct horse").unwrap());
        assert!(!kept.fits("correct horsf").unwrap() && !kept.fits("").unwrap());
        let again = Kept::new("correct horse", cost, &SystemRandom).unwrap();
        assert_ne!(kept, again, "salted");
        assert!(!serde_json::to_string(&kept).unwrap().contains("correct"));
        assert!(Kept { memory: 1 << 21, ..kept }.fits("x").is_err(), "no record may ask for all memory");
    }

    #[test]
    fn a_key_depends_on_passphrase_salt_and_cost() {
        let cost = Cost { memory: 64, passes: 1 };
        let key = |phrase, salt: &[u8], cost| *derive_key(phrase, salt, cost).unwrap().expose();
        let first = key("correct horse", b"saltsalt", cost);
        assert_eq!(first, key("correct horse", b"saltsalt", cost));
        assert_ne!(first, key("correct horsf", b"saltsalt", cost));
        assert_ne!(first, key("correct horse", b"saltsal2", cost));
        assert_ne!(first, key("correct horse", b"saltsalt", Cost { passes: 2, ..cost }));
        assert!(derive_key("x", b"short", cost).is_err());
        assert!(derive_key("x", b"saltsalt", Cost { memory: 1 << 21, passes: 1 }).is_err());
    }
}
