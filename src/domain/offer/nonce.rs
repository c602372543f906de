//! Nonces for key proofs (section 7): made without writing anything, used up in the change that they are good for.
//!
//! A nonce is `time (8 bytes) ‖ random (12) ‖ keyed digest (16)`. Whether it is ours and fresh is told from itself; that it
//! was used is a row that a second use meets.

use crate::base::bytes::{base64url, from_base64url, hex};
use crate::base::random::bytes;
use crate::base::time::{Timestamp, from_unix, plus_seconds};
use crate::crypto::digest::{hmac_sha256, sha256};
use crate::crypto::equal;
use crate::domain::change::{Change, Table, expiring};
use crate::domain::city::City;

/// How long a nonce is good, seconds.
const LIFE: i64 = 300;

impl City {
    /// A fresh nonce.
    pub fn new_nonce(&self) -> String {
        let time = self.now().as_second().to_be_bytes();
        let random: [u8; 12] = bytes(self.random());
        let named = [&time[..], &random].concat();
        base64url(&[&named[..], &self.nonce_mark(&named)].concat())
    }

    /// Until when a nonce is good; `None` when it is not the city's or too old.
    pub(in crate::domain) fn nonce_end(&self, nonce: &str) -> Option<Timestamp> {
        let read = from_base64url(nonce).ok()?;
        let (named, mark) = read.split_at_checked(20)?;
        let (time, _) = named.split_first_chunk::<8>()?;
        let made = from_unix(i64::from_be_bytes(*time)).filter(|_| equal(mark, &self.nonce_mark(named)))?;
        let end = plus_seconds(made, LIFE);
        (self.now() < end).then_some(end)
    }

    /// Adds to a change that a nonce is used up.
    pub(in crate::domain) fn use_nonce(change: Change, nonce: &str, end: Timestamp) -> Change {
        let key = format!("oid4vci/{}", hex(&sha256(nonce.as_bytes())));
        change.insert(Table::Nonce, key.into_bytes(), expiring(plus_seconds(end, LIFE).as_second(), &[]))
    }

    fn nonce_mark(&self, named: &[u8]) -> Vec<u8> {
        let message = [b"oid4vci/nonce/", named].concat();
        hmac_sha256(self.keys.tokens.expose(), &message).iter().take(16).copied().collect()
    }
}
