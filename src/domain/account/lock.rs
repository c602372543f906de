//! Wrong tries of an account: counted before each try, so that many at once count as many.
//!
//! What is counted is the name that was typed, whether there is such an account or not, so that being locked tells
//! nobody which accounts exist. Five tries are free; then the account is locked for half a minute, and twice as long with
//! each further try, up to a quarter of an hour. Being let in ends it, and so does a day without a try, or an administrator.

use serde::{Deserialize, Serialize};

use crate::base::bytes::hex;
use crate::base::time::{Timestamp, from_unix};
use crate::crypto::digest::{hmac_sha256, sha256};
use crate::domain::change::{Change, Table, Write, expiring, until};
use crate::domain::city::City;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::ports::{Contested, StoreError};
use crate::domain::record;

/// Tries before the first lock.
const FREE: u32 = 5;
/// The first lock, seconds.
const FIRST: i64 = 30;
/// The longest lock, seconds.
const LONGEST: i64 = 15 * 60;
/// How long tries are remembered, seconds.
const MEMORY: i64 = 24 * 3_600;
/// How often a contested count is asked again.
const TURNS: usize = 64;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Count {
    tries: u32,
    /// Unix seconds.
    locked_until: i64,
}

impl Count {
    /// The count with one more try at a time, or the seconds until the next is allowed.
    fn charge(self, now: i64) -> Result<Self, u32> {
        if self.locked_until > now {
            return Err(u32::try_from(self.locked_until - now).unwrap_or(u32::MAX));
        }
        let tries = self.tries.saturating_add(1);
        let beyond = tries.saturating_sub(FREE).min(16);
        let lock = if tries < FREE { 0 } else { (FIRST << beyond).min(LONGEST) };
        Ok(Self { tries, locked_until: now + lock })
    }
}

impl City {
    /// Counts one try for a name before it is looked at; `rate-limited` with the seconds to wait while it is locked.
    pub(super) fn charge_try(&self, name: &str) -> Result<(), Error> {
        let key = self.tries_key(name);
        for _ in 0..TURNS {
            let now = self.now();
            let row = self.store().get(Table::Session, &key)?;
            let count = row.as_ref().map_or(Ok(Count::default()), |row| read(&row.value, now))?;
            let count = count.charge(now.as_second()).map_err(locked)?;
            let value = expiring(now.as_second() + MEMORY, &record::encode(&count)?);
            let change = Change::new(self.fresh_request("try")?, sha256(b"try"));
            let change = match row {
                Some(row) => change.update(Table::Session, key.clone(), row.version, value),
                None => change.insert(Table::Session, key.clone(), value),
            };
            match self.store().commit(change) {
                Ok(_) => return Ok(()),
                Err(
                    StoreError::Conflict(Contested::Row { .. })
                    | StoreError::Duplicate { .. }
                    | StoreError::NotFound { .. },
                ) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::new(ErrorKind::Unavailable, "the count of tries is contested"))
    }

    /// Adds to a change that the tries of a name are forgotten.
    pub(super) fn forget_tries(&self, mut change: Change, name: &str) -> Change {
        change.writes.push(Write { table: Table::Session, key: self.tries_key(name), value: None });
        change
    }

    /// A keyed digest: people type passwords where a name is asked for.
    fn tries_key(&self, name: &str) -> Vec<u8> {
        let name = hmac_sha256(self.keys.tokens.expose(), name.as_bytes());
        record::key(&["tries", &hex(&name)])
    }
}

fn read(value: &[u8], now: Timestamp) -> Result<Count, Error> {
    let (end, rest) = until(value).ok_or_else(|| Error::corrupt("a count of tries without its end"))?;
    if from_unix(end).is_none_or(|end| end <= now) {
        return Ok(Count::default());
    }
    record::decode(Table::Session, rest)
}

fn locked(seconds: u32) -> Error {
    let minutes = seconds.div_ceil(60);
    Error::new(ErrorKind::RateLimited, "too many wrong tries").coded("locked").after(seconds).says(
        format!("尝试次数过多，已暂时锁定，请约 {minutes} 分钟后再试，或联系管理员重置。"),
        format!(
            "Too many tries; locked for now. Try again in about {minutes} min, or ask an administrator to reset it."
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_grows_and_has_an_end() {
        let (mut count, mut now, mut waits) = (Count::default(), 1_000, Vec::new());
        for _ in 0..40 {
            count = count.charge(now).unwrap();
            let wait = count.locked_until - now;
            if wait > 0 {
                assert_eq!(count.charge(now + wait - 1), Err(1), "locked to the last second");
            }
            now += wait;
            waits.push(wait);
        }
        assert_eq!(waits[..11], [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900]);
        assert_eq!(waits[39], 900);
    }
}
