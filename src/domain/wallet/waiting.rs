//! A licence on its way: the issuer has the key proofs and has not released the copies yet (OpenID4VCI 1.0 section 9).
//!
//! The offer is used up by then, so the wallet keeps what it needs to ask again: the access token, which is secret, and the
//! transaction of each format.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Wallet;
use super::receive::{Issuer, Request, credential_of, object, package};
use crate::base::json::{Map, Value, json};
use crate::base::time::Timestamp;
use crate::domain::error::{Error, ErrorKind};
use crate::wire::oid4vci::Format;

/// Seconds to wait where the issuer names none.
const INTERVAL: u32 = 5;
/// Longest wait that is kept to, seconds.
const LONGEST: u64 = 3_600;

/// What an issuer gave and what it still owes for one offer.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// Who issues.
    pub issuer: String,
    pub(super) deferred: Option<String>,
    pub(super) notification: Option<String>,
    pub(super) token: String,
    #[serde(default)]
    notifications: Vec<String>,
    #[serde(default)]
    parts: Vec<Part>,
    #[serde(default)]
    interval: u32,
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Waiting({})", self.issuer)
    }
}

/// One format of a licence: there, or promised.
#[derive(Serialize, Deserialize)]
struct Part {
    format: Format,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credential: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    transaction: Option<String>,
}

/// What came of an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// The licence of this identifier is in the wallet.
    Licence(String),
    /// The issuer has not released it; ask again after so many seconds.
    Waits(u32),
}

/// What came of asking for all that is waited for.
#[derive(Debug, Default)]
pub struct Collected {
    /// The identifiers of licences that are in the wallet now.
    pub received: Vec<String>,
    /// Why others will not come.
    pub refused: Vec<Error>,
    /// Seconds to wait before asking for the rest; `None` when nothing is left.
    pub next: Option<u32>,
}

impl Waiting {
    pub(super) fn new(issuer: &str, token: String, deferred: Option<String>, notification: Option<String>) -> Self {
        let issuer = issuer.to_owned();
        Self { issuer, deferred, notification, token, notifications: Vec::new(), parts: Vec::new(), interval: 0 }
    }

    /// Notes the answer to a credential request.
    pub(super) fn note(&mut self, format: Format, status: u16, answer: &Map) -> Result<(), Error> {
        let mut part = Part { format, credential: None, transaction: None };
        self.fill(&mut part, status, answer)?;
        self.parts.push(part);
        Ok(())
    }

    fn fill(&mut self, part: &mut Part, status: u16, answer: &Map) -> Result<(), Error> {
        if status == 202 {
            let interval = answer.get("interval").and_then(Value::as_u64).map(|seconds| seconds.clamp(1, LONGEST));
            self.interval = interval.and_then(|seconds| u32::try_from(seconds).ok()).unwrap_or(INTERVAL);
            let named = answer.get("transaction_id").and_then(Value::as_str).map(str::to_owned);
            part.transaction = named.or_else(|| part.transaction.take());
            return if part.transaction.is_some() { Ok(()) } else { Err(Error::malformed("no transaction_id")) };
        }
        part.credential = Some(credential_of(answer)?);
        part.transaction = None;
        self.notifications.extend(answer.get("notification_id").and_then(Value::as_str).map(str::to_owned));
        Ok(())
    }

    /// Asks for what is not there yet.
    fn ask(&mut self, net: &dyn Issuer) -> Result<(), Error> {
        let url = self.deferred.clone().ok_or_else(|| Error::malformed("no deferred_credential_endpoint"))?;
        let mut parts = std::mem::take(&mut self.parts);
        let asked = parts.iter_mut().try_for_each(|part| {
            let Some(transaction) = part.transaction.clone() else { return Ok(()) };
            let reply = net.ask(&url, Request::Json(&self.token, &json!({"transaction_id": transaction})))?;
            let answer = object(&reply)?;
            self.fill(part, reply.status, &answer)
        });
        self.parts = parts;
        asked
    }

    fn is_complete(&self) -> bool {
        self.parts.iter().all(|part| part.transaction.is_none())
    }

    fn credential(&self, format: Format) -> Option<Value> {
        self.parts.iter().find(|part| part.format == format).and_then(|part| part.credential.clone())
    }

    /// Tells the issuer what became of the copies; nothing depends on it.
    fn tell(&self, net: &dyn Issuer, event: &str) {
        let Some(url) = &self.notification else { return };
        for id in &self.notifications {
            let body = json!({"notification_id": id, "event": event});
            let _ = net.ask(url, Request::Json(&self.token, &body));
        }
    }
}

impl Wallet {
    /// How many licences the wallet waits for.
    pub fn awaited(&self) -> usize {
        self.waiting.len()
    }

    /// Asks for everything that is waited for. What cannot be asked now is kept; what is refused is given up.
    pub fn collect(&mut self, net: &dyn Issuer, now: Timestamp) -> Collected {
        let mut collected = Collected::default();
        for mut one in std::mem::take(&mut self.waiting) {
            match one.ask(net) {
                Err(error) if error.kind == ErrorKind::Unavailable => {
                    collected.wait(one.interval.max(INTERVAL));
                    self.waiting.push(one);
                    continue;
                }
                Err(error) => {
                    collected.refused.push(error);
                    continue;
                }
                Ok(()) => {}
            }
            match self.settle(one, net, now) {
                Ok(Received::Licence(licence)) => collected.received.push(licence),
                Ok(Received::Waits(seconds)) => collected.wait(seconds),
                Err(error) => collected.refused.push(error),
            }
        }
        collected
    }

    /// Keeps the licence when every part is there, and otherwise what is needed to ask again.
    pub(super) fn settle(&mut self, one: Waiting, net: &dyn Issuer, now: Timestamp) -> Result<Received, Error> {
        if !one.is_complete() {
            let seconds = one.interval;
            self.waiting.push(one);
            return Ok(Received::Waits(seconds));
        }
        let package = package(self, |format| one.credential(format))?;
        let taken = self.receive(package.to_string().as_bytes(), now).map(|licence| licence.id.clone());
        one.tell(net, if taken.is_ok() { "credential_accepted" } else { "credential_failure" });
        taken.map(Received::Licence)
    }
}

impl Collected {
    fn wait(&mut self, seconds: u32) {
        self.next = Some(self.next.map_or(seconds, |known| known.min(seconds)));
    }
}
