//! What tests of this folder share: keys, a seeded random and short ways to build values.

use crate::base::json::{Map, Value};
use crate::base::random::Random;
use crate::crypto::SigningKey;
use crate::crypto::derive::SeededRandom;

/// The Ed25519 key number `n`.
pub(crate) fn ed25519_key(n: u8) -> SigningKey {
    SigningKey::ed25519(&[n; 32])
}

/// The P-256 key number `n`.
pub(crate) fn es256_key(n: u8) -> SigningKey {
    SigningKey::p256(&[n; 32]).expect("a scalar below the group order")
}

/// The object in a value.
pub(crate) fn object(value: Value) -> Map {
    let Value::Object(map) = value else { panic!("not an object: {value}") };
    map
}

/// Randomness that is the same in every run.
pub(crate) fn seeded(n: u8) -> impl Random {
    SeededRandom::new(&format!("test {n}"))
}
