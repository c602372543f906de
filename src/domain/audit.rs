//! Audit events as the auditor reads them: what happened, when, by whom; never what is sealed in them.

use super::change::Table;
use super::city::City;
use super::error::Error;
use super::record;
use crate::base::bytes::{base64url, from_base64url};
use crate::base::json::{Map, Value};

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
    /// The audit events of an agency, or of the [`CITY`], oldest first; from a time on where one is given.
    pub fn audit_events(&self, place: &str, from: Option<&str>, after: Option<&str>) -> Result<Events, Error> {
        let start = from.map(|from| record::key(&[place, from]));
        let after = after.map(from_base64url).transpose()?.or(start);
        let page = self.store().scan(Table::Audit, &record::prefix(&[place]), after.as_deref(), 200)?;
        let read = page.rows.iter().map(|(_, row)| record::decode::<Map>(Table::Audit, &row.value).map(Value::Object));
        Ok(Events { events: read.collect::<Result<_, _>>()?, next: page.next.map(|key| base64url(&key)) })
    }
}
