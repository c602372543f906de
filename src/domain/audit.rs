//! Audit events as the auditor reads them: what happened, when, by whom; never what is sealed in them.

use super::account::Author;
use super::change::{Change, Table};
use super::city::City;
use super::error::Error;
use super::record;
use crate::base::bytes::{base64url, from_base64url, hex};
use crate::base::id::{AccountName, AgencyCode, ApplicationId};
use crate::base::json::{Map, Value, json};
use crate::base::random::bytes;
use crate::base::time::rfc3339;

/// Where events that belong to no agency are kept.
pub const CITY: &str = "city";

/// One page of events.
#[derive(Debug)]
pub struct Events {
    /// The open part of each event, oldest first.
    pub events: Vec<Value>,
    /// Where to go on; absent at the end.
    pub next: Option<String>,
}

impl City {
    /// Adds an event to a change; what says something of a person goes sealed.
    pub(in crate::domain) fn noted(
        &self,
        change: Change,
        place: &str,
        mut head: Value,
        sealed: &Value,
    ) -> Result<Change, Error> {
        let at = rfc3339(self.now());
        let key = record::key(&[place, &at, &base64url(&bytes::<9>(self.random()))]);
        if let Value::Object(head) = &mut head {
            head.insert("at".to_owned(), at.into());
        }
        let value = self.vault().encode(Table::Audit, &key, &head, sealed.to_string().as_bytes())?;
        Ok(change.put(Table::Audit, key, value))
    }

    /// Puts pseudonyms in the place of accounts and labels, for those outside of the city's staff.
    pub fn under_pseudonyms(&self, events: &mut Events) {
        for event in events.events.iter_mut().filter_map(Value::as_object_mut) {
            for name in ["by", "approvedBy"] {
                let by = event.get(name).cloned().and_then(|by| serde_json::from_value::<Author>(by).ok());
                if let Some(by) = by {
                    event.insert(name.to_owned(), self.pseudonym(&by).into());
                }
            }
            // An event about an account is about somebody.
            if let Some(Ok(account)) = event.get("account").and_then(Value::as_str).map(AccountName::parse) {
                event.insert("account".to_owned(), self.pseudonym(&Author::Account(account)).into());
            }
        }
    }

    /// How records name who did something to those outside: always the same for one person or machine of this city, in use
    /// records as in exports of the audit, so that an auditor joins them; nobody's name, and nothing without the city's key.
    pub fn pseudonym(&self, by: &Author) -> String {
        let (letter, kind, name) = match by {
            Author::Account(account) => ("C", "staff", account.as_str()),
            Author::Token(label) => ("M", "machine", label.as_str()),
        };
        let digest = self.keyed_digest("pseudonym", format!("{kind}/{name}").as_bytes());
        format!("{letter}-{}", hex(digest.get(..5).unwrap_or_default()).to_uppercase())
    }

    /// Adds to a change the event that an application reached a state.
    pub(in crate::domain) fn audited_case(
        &self,
        change: Change,
        agency: &AgencyCode,
        id: &ApplicationId,
        state: &str,
    ) -> Result<Change, Error> {
        let head = json!({"event": "application", "case": id.as_str(), "state": state});
        self.noted(change, agency.as_str(), head, &json!({}))
    }

    /// The audit events of an agency, or of the [`CITY`], oldest first; from a time on where one is given.
    pub fn audit_events(&self, place: &str, from: Option<&str>, after: Option<&str>) -> Result<Events, Error> {
        let start = from.map(|from| record::key(&[place, from]));
        let after = after.map(from_base64url).transpose()?.or(start);
        let page = self.store().scan(Table::Audit, &record::prefix(&[place]), after.as_deref(), 200)?;
        let read = page.rows.iter().map(|(_, row)| record::decode::<Map>(Table::Audit, &row.value).map(Value::Object));
        Ok(Events { events: read.collect::<Result<_, _>>()?, next: page.next.map(|key| base64url(&key)) })
    }
}
