//! Actions that wait for a second person (双人复核): begun by one, decided by an approver of the same agency who is
//! somebody else.
//!
//! Which deeds of which types wait is a [rule of the city](crate::domain::city::rules). An action is one row: who began
//! what in the open, the row to issue and the reasons sealed. It can be decided for some days and once; what came of it is
//! kept a month longer. [`begin`] is where every issuing and status change by a caller goes through, [`decide`] carries an
//! action out in the same change that closes it, or closes it with a reason.

pub mod begin;
pub mod decide;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::account::Author;
use super::catalogue::Catalogue;
use super::change::{Change, Row, Table, expiring, until};
use super::city::City;
use super::city::rules::Deed;
use super::error::{Error, ErrorKind};
use super::record;
use crate::base::bytes::base64url;
use crate::base::id::{AgencyCode, ApplicationId, CredentialId, PendingId, TypeCode};
use crate::base::json::{Map, Value, json};
use crate::base::random::bytes;
use crate::base::time::{Timestamp, plus_seconds, rfc3339};

/// How long an action is kept after it can no longer be decided, seconds.
const KEPT: i64 = 30 * 24 * 3_600;

/// How an action ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ending {
    /// Carried out.
    Approved,
    /// Not carried out, for a reason.
    Refused,
    /// Taken back by who began it.
    Withdrawn,
}

/// Who ended an action, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ended {
    /// How.
    pub how: Ending,
    /// By whom.
    pub by: Author,
    /// When.
    pub at: Timestamp,
}

/// What stands in the open: no personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// Its identifier; identifiers sort by time.
    pub id: PendingId,
    /// The agency whose action it is.
    pub agency: AgencyCode,
    /// What is to be done.
    pub deed: Deed,
    /// The type.
    #[serde(rename = "type")]
    pub type_code: TypeCode,
    /// The credential: whose life changes, or that was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<CredentialId>,
    /// The case whose decision it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<ApplicationId>,
    /// Who began it.
    pub by: Author,
    /// When.
    pub at: Timestamp,
    /// Until when it can be decided.
    pub expires: Timestamp,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
}

/// What is sealed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body {
    /// The row to issue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<Map>,
    /// What the window gave for the results of a case, by type.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub results: BTreeMap<TypeCode, Map>,
    /// The key that makes issuing it twice harmless.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Why a life is to change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why it was not done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
}

/// An action as loaded.
#[derive(Clone, Debug)]
pub struct Pending {
    /// What stands in the open.
    pub head: Head,
    pub(super) body: Body,
    pub(super) version: u64,
}

/// One page of actions.
#[derive(Debug)]
pub struct Pendings {
    /// The actions, oldest first.
    pub pendings: Vec<Pending>,
    /// Where to go on; absent at the end.
    pub next: Option<String>,
}

impl Pending {
    /// Where it stands: `open`, `approved`, `refused`, `withdrawn` or `expired`.
    pub fn state(&self, now: Timestamp) -> &'static str {
        match &self.head.ended {
            Some(Ended { how: Ending::Approved, .. }) => "approved",
            Some(Ended { how: Ending::Refused, .. }) => "refused",
            Some(Ended { how: Ending::Withdrawn, .. }) => "withdrawn",
            None if now >= self.head.expires => "expired",
            None => "open",
        }
    }

    /// What lists show: no personal data.
    pub fn to_json(&self, now: Timestamp) -> Value {
        let head = &self.head;
        let label = Catalogue::embedded().ok().and_then(|all| all.find(head.type_code.as_str()));
        let ended = head.ended.as_ref().map(|ended| json!({"by": ended.by, "at": rfc3339(ended.at)}));
        json!({
            "id": head.id,
            "agency": head.agency,
            "deed": head.deed,
            "type": head.type_code,
            "typeName": label.map(|known| known.label()),
            "credential": head.credential,
            "case": head.case,
            "by": head.by,
            "at": rfc3339(head.at),
            "expiresAt": rfc3339(head.expires),
            "state": self.state(now),
            "decided": ended,
        })
    }

    /// Everything, for who decides.
    pub fn to_json_whole(&self, now: Timestamp) -> Value {
        let mut whole = self.to_json(now);
        if let Value::Object(map) = &mut whole {
            map.insert("row".to_owned(), json!(self.body.row));
            map.insert("reason".to_owned(), json!(self.body.reason));
            map.insert("refusal".to_owned(), json!(self.body.refusal));
        }
        whole
    }

    /// Why it was not done.
    pub fn refusal(&self) -> Option<&str> {
        self.body.refusal.as_deref()
    }

    fn require_open(&self, now: Timestamp) -> Result<(), Error> {
        let (zh, en) = match self.state(now) {
            "open" => return Ok(()),
            "expired" => ("该事项已超过复核期限，请重新提交。", "It waited too long. Begin it anew."),
            "approved" => ("该事项已复核通过并办理。", "It was approved and carried out."),
            _ => ("该事项已被退回或撤回。", "It was refused or taken back."),
        };
        Err(Error::new(ErrorKind::Conflict, "the action was decided, or expired").says(zh, en))
    }
}

impl City {
    /// An action of an agency.
    pub fn pending(&self, agency: &AgencyCode, id: &PendingId) -> Result<Pending, Error> {
        let key = record::key(&[agency.as_str(), id.as_str()]);
        let row = self.store().get(Table::Pending, &key)?;
        let row = row.ok_or_else(|| {
            Error::not_found("no such action").says("没有这个待复核事项。", "There is no such action waiting.")
        })?;
        self.read_pending(&key, &row)
    }

    /// The actions of an agency, oldest first; only those that can be decided, or all that are kept.
    pub fn pendings(&self, agency: &AgencyCode, open: bool, after: Option<&str>) -> Result<Pendings, Error> {
        let prefix = record::prefix(&[agency.as_str()]);
        let after = after.map(|id| record::key(&[agency.as_str(), id]));
        let page = self.store().scan(Table::Pending, &prefix, after.as_deref(), 100)?;
        let now = self.now();
        let read = page.rows.iter().map(|(key, row)| self.read_pending(key, row));
        let pendings = read.filter(|one| !open || one.as_ref().is_ok_and(|one| one.state(now) == "open"));
        let next = page.next.and_then(|key| String::from_utf8(key.get(prefix.len()..)?.to_vec()).ok());
        Ok(Pendings { pendings: pendings.collect::<Result<_, _>>()?, next })
    }

    fn read_pending(&self, key: &[u8], row: &Row) -> Result<Pending, Error> {
        let (_, value) = until(&row.value).ok_or_else(|| Error::corrupt("an action without its end"))?;
        let body = record::open(&self.keys.sealer, Table::Pending, key, value)?;
        let body = serde_json::from_slice(&body).map_err(|error| Error::corrupt(format!("action: {error}")))?;
        Ok(Pending { head: record::decode(Table::Pending, value)?, body, version: row.version })
    }

    /// Adds an action to a change as it is now: a new one, or one that is still as it was read.
    fn with_pending(&self, change: Change, pending: &Pending) -> Result<Change, Error> {
        let head = &pending.head;
        let key = record::key(&[head.agency.as_str(), head.id.as_str()]);
        let body = serde_json::to_vec(&pending.body).map_err(|error| Error::corrupt(format!("action: {error}")))?;
        let value = self.vault().encode(Table::Pending, &key, head, &body)?;
        let value = expiring(plus_seconds(head.expires, KEPT).as_second(), &value);
        Ok(match pending.version {
            0 => change.insert(Table::Pending, key, value),
            version => change.update(Table::Pending, key, version, value),
        })
    }

    /// Adds an audit event about an action; what a person wrote is sealed.
    fn pending_event(
        &self,
        change: Change,
        pending: &Pending,
        event: &str,
        by: &Author,
        reason: Option<&str>,
    ) -> Result<Change, Error> {
        let (head, at) = (&pending.head, rfc3339(self.now()));
        let key = record::key(&[head.agency.as_str(), &at, &base64url(&bytes::<9>(self.random()))]);
        let told = json!({
            "event": event, "pending": head.id, "deed": head.deed, "type": head.type_code,
            "credential": head.credential, "by": by, "at": at,
        });
        let sealed = json!({"reason": reason}).to_string();
        let value = self.vault().encode(Table::Audit, &key, &told, sealed.as_bytes())?;
        Ok(change.put(Table::Audit, key, value))
    }
}
