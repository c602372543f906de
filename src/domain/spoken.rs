//! The spoken code, 授权码: eight digits that stand for a show code, for windows without a camera.
//!
//! The wallet hands in a fresh show code, which is verified and used up at once, and gets eight digits that are good for
//! five minutes and once. The store keeps them under a keyed digest and the show code sealed. When a window redeems them,
//! the show code is verified again as of the moment when it was handed in: what was revoked since is refused. Five wrong
//! tries lock the redeeming of a window for ten minutes; each try is counted before it is looked at.

use serde::{Deserialize, Serialize};

use super::change::{Change, Table, Write, expiring, until};
use super::city::City;
use super::error::{Error, ErrorKind};
use super::presentation::remember;
use super::record;
use crate::base::bytes::hex;
use crate::base::id::AgencyCode;
use crate::base::random::below;
use crate::base::text::normalize_scan;
use crate::base::time::{Timestamp, plus_seconds};
use crate::crypto::digest::{hmac_sha256, sha256};
use crate::domain::ports::StoreError;
use crate::domain::usage::record::Signed;
use crate::domain::usage::write::{Context, Seen};
use crate::domain::usage::{Mode, Place};
use crate::vc::finding::Finding;
use crate::vc::verify::sources::{Replays, Sources};
use crate::vc::verify::{Binding, Once, Outcome, Policy, Received, receive, verify};

/// How long a spoken code is good for, seconds.
pub const LIFE: i64 = 300;
/// Wrong tries that lock a window.
const TRIES: u32 = 5;
/// How long it stays locked, and how long tries are remembered, seconds.
const LOCK: i64 = 600;
/// How often a code that is taken, or a contested count, is tried anew.
const DRAWS: usize = 16;

/// A spoken code as the wallet gets it.
#[derive(Clone, Debug)]
pub struct Spoken {
    /// Eight digits.
    pub code: String,
    /// Until when it is good.
    pub expires: Timestamp,
}

/// A show code that was redeemed by its spoken code.
#[derive(Debug)]
pub(in crate::domain) struct Redeemed {
    /// What was handed in.
    pub(in crate::domain) outcome: Outcome,
    /// When it was handed in.
    pub(in crate::domain) handed_in: Timestamp,
    /// The show code's text.
    pub(in crate::domain) text: Vec<u8>,
    key: Vec<u8>,
    version: u64,
    tries: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Head {
    handed_in: Timestamp,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Count {
    tries: u32,
    /// Unix seconds.
    locked_until: i64,
}

/// What a clerk typed or a scanner sent, as eight digits; `None` when it is none.
pub fn digits(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok().filter(|text| text.len() <= 64)?;
    let plain: String = normalize_scan(text).chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    (plain.len() == 8 && plain.bytes().all(|c| c.is_ascii_digit())).then_some(plain)
}

/// The show code was used up when it was handed in; that it is remembered says nothing against it here.
struct UsedUp;

impl Replays for UsedUp {
    fn seen(&self, _digest: &[u8; 32]) -> Result<bool, Finding> {
        Ok(false)
    }
}

impl City {
    /// Takes a show code in and gives eight digits for it; `not-verified` when it would not be accepted at a window.
    pub fn hand_in(&self, text: &[u8]) -> Result<Spoken, Error> {
        let received = receive(text)?;
        if !matches!(received, Received::Compact(_)) {
            return Err(Error::new(ErrorKind::Refused, "no show code")
                .says("只能用亮证码换取授权码。", "Only a show code can be exchanged for a spoken code."));
        }
        let now = self.this_second();
        let policy = Policy { binding: Binding::Required, ..Policy::full(self.now()) };
        let outcome = self.verify(received, &policy);
        let once = outcome.verified.as_ref().and_then(|verified| verified.once);
        let Some(once) = once else { return Err(not_verified(&outcome)) };
        // Remembered for as long as its spoken code can be redeemed.
        let once = Once { until: once.until.max(plus_seconds(now, LIFE)), ..once };
        let expires = plus_seconds(now, LIFE);
        for _ in 0..DRAWS {
            let code = format!("{:08}", below(self.random(), 100_000_000));
            let key = self.spoken_key(&code);
            let value = self.vault().encode(Table::Session, &key, &Head { handed_in: now }, text)?;
            let change = Change::new(self.fresh_request("spoken")?, once.digest);
            let change = change.insert(Table::Session, key, expiring(expires.as_second(), &value));
            match self.store().commit(remember(change, &once)) {
                Ok(_) => return Ok(Spoken { code, expires }),
                Err(StoreError::Duplicate { table: Table::Session, .. }) => {}
                Err(StoreError::Duplicate { .. }) => {
                    let mut outcome = outcome;
                    outcome.refuse_replay();
                    return Err(not_verified(&outcome));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::new(ErrorKind::Unavailable, "no free code was drawn"))
    }

    /// Redeems a spoken code without an application: the verdict on what was handed in, and the records of it.
    pub fn redeem(&self, place: &Place, code: &str) -> Result<(Outcome, Vec<Signed>), Error> {
        let redeemed = self.find_spoken(&place.unit, &place.who, code)?;
        let change = Change::new(self.fresh_request("spoken")?, sha256(&redeemed.text));
        let change = redeemed.used_up(change);
        let seen = [Seen { outcome: &redeemed.outcome, received: &redeemed.text }];
        let uses =
            self.commit_seen(change, &Context::new(place, Mode::Spoken).since(Some(redeemed.handed_in)), &seen)??;
        Ok((redeemed.outcome, uses))
    }

    /// Finds and verifies what a spoken code stands for. The code is used up by [`Redeemed::used_up`].
    pub(in crate::domain) fn find_spoken(&self, window: &AgencyCode, who: &str, code: &str) -> Result<Redeemed, Error> {
        let tries = self.tries_of(window, who);
        self.charge_try_of(&tries)?;
        let key = self.spoken_key(code);
        let row = self.store().get(Table::Session, &key)?.ok_or_else(unknown)?;
        let (ends, value) = until(&row.value).ok_or_else(|| Error::corrupt("a spoken code without its end"))?;
        if ends <= self.now().as_second() {
            return Err(unknown());
        }
        let Head { handed_in } = record::decode(Table::Session, value)?;
        let text = record::open(&self.keys.sealer, Table::Session, &key, value)?;
        let policy = Policy { binding: Binding::Required, ..Policy::full(handed_in) };
        let sources = Sources { replays: &UsedUp, ..self.sources() };
        let mut outcome = verify(receive(&text)?, &policy, &sources);
        outcome.verdict.checked_at = self.now();
        Ok(Redeemed { outcome, handed_in, text, key, version: row.version, tries })
    }

    fn spoken_key(&self, code: &str) -> Vec<u8> {
        self.secret_key("spoken", code.as_bytes())
    }

    fn tries_of(&self, window: &AgencyCode, who: &str) -> Vec<u8> {
        self.secret_key("spoken-tries", format!("{window}/{who}").as_bytes())
    }

    fn secret_key(&self, purpose: &str, of: &[u8]) -> Vec<u8> {
        let named = [purpose.as_bytes(), b"\0", of].concat();
        record::key(&[purpose, &hex(&hmac_sha256(self.keys.tokens.expose(), &named))])
    }

    /// Counts a try; `rate-limited` while the window is locked.
    fn charge_try_of(&self, key: &[u8]) -> Result<(), Error> {
        for _ in 0..DRAWS {
            let now = self.now().as_second();
            let row = self.store().get(Table::Session, key)?;
            let stored = row.as_ref().and_then(|row| until(&row.value)).filter(|(ends, _)| *ends > now);
            let count: Count =
                stored.map_or_else(|| Ok(Count::default()), |(_, value)| record::decode(Table::Session, value))?;
            if count.locked_until > now {
                return Err(locked(count.locked_until - now));
            }
            let tries = if count.locked_until > 0 { 1 } else { count.tries.saturating_add(1) };
            let locked_until = if tries >= TRIES { now + LOCK } else { 0 };
            let value = expiring(now + LOCK, &record::encode(&Count { tries, locked_until })?);
            let change = Change::new(self.fresh_request("try")?, sha256(b"spoken"));
            let change = match &row {
                Some(row) => change.update(Table::Session, key, row.version, value),
                None => change.insert(Table::Session, key, value),
            };
            match self.store().commit(change) {
                Ok(_) => return Ok(()),
                Err(StoreError::Conflict(_) | StoreError::Duplicate { .. } | StoreError::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::new(ErrorKind::Unavailable, "the count of tries is contested"))
    }
}

impl Redeemed {
    /// Adds to a change that the code is used up and the window's tries are forgotten.
    pub(in crate::domain) fn used_up(&self, change: Change) -> Change {
        let mut change = change.delete(Table::Session, self.key.clone(), self.version);
        change.writes.push(Write { table: Table::Session, key: self.tries.clone(), value: None });
        change
    }
}

fn unknown() -> Error {
    Error::new(ErrorKind::Refused, "no such spoken code").says(
        "授权码不正确、已使用或已过期。请核对，或让对方重新生成。",
        "The code is wrong, used or expired. Check it, or ask for a new one.",
    )
}

fn locked(seconds: i64) -> Error {
    let minutes = seconds / 60 + 1;
    Error::new(ErrorKind::RateLimited, "too many wrong codes").says(
        format!("授权码多次输入有误，本窗口暂停 {minutes} 分钟。可改用扫码。"),
        format!("Too many wrong codes; typing codes is locked here for {minutes} min. Scan instead."),
    )
}

fn not_verified(outcome: &Outcome) -> Error {
    super::presentation::not_verified(&outcome.verdict)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_as_people_and_scanners_write_them() {
        for text in ["12345678", " 1234 5678 ", "1234-5678", "１２３４５６７８", "12345678\r\n"] {
            assert_eq!(digits(text.as_bytes()).as_deref(), Some("12345678"), "{text}");
        }
        for text in ["1234567", "123456789", "1234567a", "", "CL1:12345678", "{\"a\":1}"] {
            assert_eq!(digits(text.as_bytes()), None, "{text}");
        }
    }
}
