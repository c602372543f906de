//! The keys of signed notes in the registry: those of the city's log and those under which it witnesses the logs of others.
//!
//! A key of notes belongs to a name (C2SP signed-note), which for a log is its origin (tlog-checkpoint). Two keys under one
//! name are two keys, told apart by their ids. While the old one and the new one overlap, both sign, so that whoever knows
//! only one of them goes on; a reader ignores the line that it does not know.

use super::Registry;
use crate::base::error::ParseError;
use crate::base::time::{Timestamp, plus_seconds};
use crate::domain::city::City;
use crate::domain::error::Error;
use crate::tlog::checkpoint::{LogKey, Policy};
use crate::tlog::note::VerifierKey;
use crate::vc::verify::TrustedLog;

/// A key of signed notes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteKey {
    /// Its name among the city's keys, `log-2`.
    pub id: String,
    /// The key, with the name that stands in notes.
    pub key: VerifierKey,
    /// From when it signs.
    pub valid_from: Timestamp,
    /// Until when it signs; absent while nothing follows it.
    pub valid_until: Option<Timestamp>,
    /// From when it must be taken as known to others.
    pub compromised_from: Option<Timestamp>,
}

impl NoteKey {
    /// A key that signs from now on.
    pub fn new(id: impl Into<String>, key: VerifierKey, valid_from: Timestamp) -> Self {
        Self { id: id.into(), key, valid_from, valid_until: None, compromised_from: None }
    }

    /// Whether it signs at a time.
    pub fn signs_at(&self, at: Timestamp) -> bool {
        self.compromised_from.is_none() && self.valid_until.is_none_or(|until| at < until)
    }
}

impl From<&NoteKey> for LogKey {
    fn from(known: &NoteKey) -> Self {
        Self { key: known.key.clone(), until: known.valid_until, compromised_from: known.compromised_from }
    }
}

/// Adds the next key of a name; those in use until now go on for `overlap` seconds and keep what they signed.
pub(super) fn rotate(
    keys: &mut Vec<NoteKey>,
    (id, key): (&str, VerifierKey),
    now: Timestamp,
    overlap: i64,
) -> Result<(), ParseError> {
    if keys.iter().any(|known| known.key == key || known.id == id) {
        return Err(ParseError::new("key_published", format!("key {id} is published already")));
    }
    let until = plus_seconds(now, overlap);
    for known in keys.iter_mut() {
        known.valid_until = Some(known.valid_until.map_or(until, |ends| ends.min(until)));
    }
    keys.push(NoteKey::new(id, key, now));
    Ok(())
}

impl Registry {
    /// What a reader of a log of this city relies on; `None` for a log that the registry does not list.
    pub fn log_policy(&self, origin: &str) -> Option<Policy> {
        let keys: Vec<_> = self.logs.iter().filter(|log| log.key.name() == origin).map(LogKey::from).collect();
        (!keys.is_empty()).then(|| Policy::of_log(origin, keys))
    }

    /// The city's logs, each for what the city issues.
    pub fn trusted_logs(&self) -> Vec<TrustedLog> {
        let mut origins: Vec<_> = self.logs.iter().map(|log| log.key.name()).collect();
        origins.sort_unstable();
        origins.dedup();
        let policies = origins.into_iter().filter_map(|origin| self.log_policy(origin));
        policies.map(|policy| TrustedLog { policy, city: Some(self.city.clone()) }).collect()
    }
}

impl City {
    /// The logs whose proofs count here: the own, and those of the cities that are believed, each for its own city.
    pub fn trusted_logs(&self) -> Result<Vec<TrustedLog>, Error> {
        let own = self.registry().trusted_logs();
        let abroad = self.abroad.all();
        Ok(own.into_iter().chain(abroad.iter().flat_map(|known| known.registry.trusted_logs())).collect())
    }
}
