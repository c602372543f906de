//! Witnessing: this city cosigns the logs of others, and others cosign its own (C2SP tlog-witness, tlog-cosignature).
//!
//! A witness says of a log that the tree only grew since it last looked, so that nobody can be shown another history
//! than everybody else. [`serve`] is the witness that others ask; [`collect`] asks the witnesses of the own log and keeps
//! what they sign. This file is the configuration of both, kept in the store. Cosignatures are of the type
//! `cosignature/v1` (Ed25519); subtrees are not signed.

pub mod collect;
mod growth;
pub mod serve;

use serde::{Deserialize, Serialize};

use super::account::Author;
use super::audit::CITY;
use super::change::{Change, Table};
use super::city::City;
use super::error::{Error, ErrorKind};
use super::ports::MAX_PAGE;
use super::record;
use crate::base::bytes::base64url;
use crate::base::json::json;
use crate::base::random::bytes;
use crate::base::time::{Timestamp, rfc3339};
use crate::crypto::digest::sha256;
use crate::tlog::note::{Kind, VerifierKey};

/// Most logs that are witnessed, and most witnesses of the own log.
const MOST_LOGS: usize = 400;
/// Most witnesses of the own log: each costs a request for every checkpoint.
const MOST_WITNESSES: usize = 16;
/// Most keys of one log.
const MOST_KEYS: usize = 8;
/// Longest origin, URL or vkey.
const LONGEST: usize = 400;

/// A log of others that this city witnesses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WitnessedLog {
    /// Its origin line.
    pub origin: String,
    /// Its keys as vkeys; one of them must have signed.
    pub keys: Vec<String>,
    /// Since when.
    pub since: Timestamp,
}

/// A witness of the city's own log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness {
    /// Its vkey.
    pub key: String,
    /// Its submission prefix.
    pub url: String,
    /// Since when.
    pub since: Timestamp,
}

impl Witness {
    /// The name of its key.
    pub fn name(&self) -> &str {
        self.key.split('+').next().unwrap_or_default()
    }

    fn verifier(&self) -> Result<VerifierKey, Error> {
        Ok(VerifierKey::parse(&self.key)?)
    }
}

impl City {
    /// The name under which this city cosigns.
    pub fn witness_name(&self) -> String {
        self.names.witness()
    }

    /// The newest key with which this city cosigns, for whoever relies on it.
    pub fn witness_key(&self) -> Result<VerifierKey, Error> {
        let own = self.keys.own();
        let newest = own.witnesses.last().ok_or_else(|| Error::corrupt("no key of the witness"))?;
        Ok(VerifierKey::new(&self.witness_name(), Kind::Cosignature, newest.signer.public_key())?)
    }

    /// The logs that this city witnesses.
    pub fn witnessed_logs(&self) -> Result<Vec<WitnessedLog>, Error> {
        let page = self.store().scan(Table::WitnessedLog, b"", None, MAX_PAGE)?;
        page.rows.iter().map(|(_, row)| record::decode(Table::WitnessedLog, &row.value)).collect()
    }

    /// Witnesses a log from now on, or changes its keys; `origin` is the name of its first key where it is not named.
    pub fn witness_log(&self, origin: Option<&str>, keys: &[String], by: &Author) -> Result<WitnessedLog, Error> {
        let parsed = parse_keys(keys, Kind::Ed25519)?;
        let first = parsed.first().map(|key| key.name().to_owned()).unwrap_or_default();
        let origin = origin.map_or(first, str::to_owned);
        if origin.is_empty() || origin.len() > LONGEST || origin.contains(char::is_control) {
            return Err(refused("the origin", "日志名称（origin）有误。", "The origin of the log is not right."));
        }
        if origin == self.log_origin() {
            return Err(refused("the own log", "不能见证本城市自己的日志。", "A city does not witness its own log."));
        }
        let known = self.witnessed_logs()?;
        if known.len() >= MOST_LOGS && !known.iter().any(|log| log.origin == origin) {
            return Err(refused("too many logs", "见证的日志已达上限。", "No more logs can be witnessed."));
        }
        let keys = parsed.iter().map(ToString::to_string).collect();
        let log = WitnessedLog { origin: origin.clone(), keys, since: self.this_second() };
        let change = self.configured("logWitnessed", &origin, by)?;
        self.store().commit(change.put(Table::WitnessedLog, origin, record::encode(&log)?))?;
        Ok(log)
    }

    /// Witnesses a log no longer. What was cosigned stays known, so that no rollback follows from forgetting.
    pub fn forget_log(&self, origin: &str, by: &Author) -> Result<(), Error> {
        self.forget(Table::WitnessedLog, origin, "logNotWitnessed", by)
    }

    /// The witnesses of the city's own log.
    pub fn witnesses(&self) -> Result<Vec<Witness>, Error> {
        let page = self.store().scan(Table::Witness, b"", None, MAX_PAGE)?;
        page.rows.iter().map(|(_, row)| record::decode(Table::Witness, &row.value)).collect()
    }

    /// Asks a witness to cosign the own log from now on.
    pub fn add_witness(&self, url: &str, key: &str, by: &Author) -> Result<Witness, Error> {
        let parsed = parse_keys(&[key.to_owned()], Kind::Cosignature)?.pop();
        let key = parsed.ok_or_else(|| Error::malformed("no key"))?;
        let url = url.trim_end_matches('/');
        if !(url.starts_with("https://") || url.starts_with("http://")) || url.len() > LONGEST {
            return Err(refused(
                "the URL",
                "见证人网址有误，应以 https:// 开头。",
                "The witness's address is https://…",
            ));
        }
        let known = self.witnesses()?;
        if known.len() >= MOST_WITNESSES && !known.iter().any(|witness| witness.name() == key.name()) {
            return Err(refused("too many witnesses", "见证人已达上限（16）。", "There can be 16 witnesses at most."));
        }
        let witness = Witness { key: key.to_string(), url: url.to_owned(), since: self.this_second() };
        let change = self.configured("witnessAdded", key.name(), by)?;
        self.store().commit(change.put(Table::Witness, key.name(), record::encode(&witness)?))?;
        Ok(witness)
    }

    /// Asks a witness no longer.
    pub fn remove_witness(&self, name: &str, by: &Author) -> Result<(), Error> {
        self.forget(Table::Witness, name, "witnessRemoved", by)
    }

    fn forget(&self, table: Table, key: &str, event: &str, by: &Author) -> Result<(), Error> {
        let row = self.store().get(table, key.as_bytes())?;
        let row = row.ok_or_else(|| Error::not_found("neither a witness nor a witnessed log of that name"))?;
        let change = self.configured(event, key, by)?;
        self.store().commit(change.delete(table, key, row.version))?;
        Ok(())
    }

    /// A change with the audit event that says who changed the configuration.
    fn configured(&self, event: &str, subject: &str, by: &Author) -> Result<Change, Error> {
        let at = rfc3339(self.now());
        let key = record::key(&[CITY, &at, &base64url(&bytes::<9>(self.random()))]);
        let head = json!({"event": event, "subject": subject, "by": by, "at": at});
        let value = self.vault().encode(Table::Audit, &key, &head, b"{}")?;
        let change = Change::new(self.fresh_request("witness")?, sha256(head.to_string().as_bytes()));
        Ok(change.put(Table::Audit, key, value))
    }
}

/// Reads keys of one kind; refused when there is none, one too many, or one of the other kind.
fn parse_keys(keys: &[String], kind: Kind) -> Result<Vec<VerifierKey>, Error> {
    let parsed: Result<Vec<_>, _> = keys.iter().take(MOST_KEYS + 1).map(|key| VerifierKey::parse(key.trim())).collect();
    let right = parsed.ok().filter(|keys| (1..=MOST_KEYS).contains(&keys.len()));
    right.filter(|keys| keys.iter().all(|key| key.kind() == kind && key.name().len() <= LONGEST)).ok_or_else(|| {
        refused(
            "not a vkey of this kind",
            "公钥有误：应为“名称+编号+公钥”，日志用类型 1，见证人用类型 4。",
            "Not a right key: name+id+key, of type 1 for a log and of type 4 for a witness.",
        )
    })
}

fn refused(detail: &str, zh: &str, en: &str) -> Error {
    Error::new(ErrorKind::Refused, detail).says(zh, en)
}

/// Puts a row in place of the one that was read, or of none.
fn replace(change: Change, table: Table, key: &str, version: Option<u64>, value: Vec<u8>) -> Change {
    match version {
        Some(version) => change.update(table, key, version, value),
        None => change.insert(table, key, value),
    }
}
