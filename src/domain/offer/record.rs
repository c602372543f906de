//! The stored form of an offer, in the table of things that expire.

use serde::{Deserialize, Serialize};

use crate::base::id::{AgencyCode, CredentialId, OfferId, TypeCode};
use crate::base::json::{Limits, Map, Value, json, parse_object};
use crate::base::time::{Timestamp, plus_seconds, rfc3339};
use crate::domain::account::Author;
use crate::domain::change::{Table, expiring, until};
use crate::domain::city::City;
use crate::domain::error::Error;
use crate::domain::record;
use crate::domain::status::Slot;
use crate::wire::oid4vci::Format;
use crate::wire::oid4vci::credential::Event;

/// How long an offer is remembered after its end, seconds.
const REMEMBERED: i64 = 30 * 86_400;

/// An offer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    /// Its identifier.
    pub id: OfferId,
    /// Who offers.
    pub agency: AgencyCode,
    /// The type of the licence.
    pub type_code: TypeCode,
    /// Which licence.
    pub source: Source,
    /// Which of its holders, from 0.
    pub holder: usize,
    /// When it was made.
    pub made: Timestamp,
    /// Until when it can be opened.
    pub expires: Timestamp,
    /// The keyed digest of the PIN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<String>,
    /// How often a wrong PIN was tried.
    pub wrong: u8,
    /// Whether wallets wait until the agency releases it.
    pub held: bool,
    /// Whether releasing it needs a second person.
    pub second: bool,
    /// Who made it.
    pub by: Author,
    /// The window that made it; none when the agency did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<AgencyCode>,
    /// Since it was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redeemed: Option<Redeemed>,
    /// Since it was withdrawn or locked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled: Option<Cancelled>,
    /// Copies that were handed out.
    pub deliveries: Vec<Delivery>,
    /// Copies that are waited for.
    pub deferred: Vec<Deferred>,
}

/// Which licence is offered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Source {
    /// One of the stock, or issued by this offer's first claim.
    Stored {
        /// The licence.
        credential: CredentialId,
    },
    /// One to be issued from the sealed row.
    Row,
}

/// An offer that was opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Redeemed {
    /// The keyed digest of the access token.
    pub token: String,
    /// Until when the token is good.
    pub until: Timestamp,
    /// The formats that the token is good for.
    pub formats: Vec<Format>,
    /// Whether requests name credential identifiers.
    pub identifiers: bool,
}

/// An offer that was withdrawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cancelled {
    /// When.
    pub at: Timestamp,
    /// Whether by wrong PINs.
    pub locked: bool,
}

/// Copies that were handed out in one answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// What the wallet names them by.
    pub notification: String,
    /// Their format.
    pub format: Format,
    /// Their slots.
    pub slots: Vec<Slot>,
    /// What the wallet said of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Event>,
}

/// Copies that are waited for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deferred {
    /// What the wallet names them by.
    pub transaction: String,
    /// Their format.
    pub format: Format,
    /// The DIDs of the keys that were proved.
    pub keys: Vec<String>,
}

/// An offer as read.
pub(super) struct Stored {
    pub(super) offer: Offer,
    pub(super) row: Option<Map>,
    pub(super) version: u64,
}

impl Offer {
    /// The key of its row.
    pub(super) fn key(id: &OfferId) -> Vec<u8> {
        record::key(&["offer", id.as_str()])
    }

    /// `offered`, `claimed`, `cancelled` or `expired`.
    pub fn state(&self, now: Timestamp) -> &'static str {
        let open_until = self.redeemed.as_ref().map_or(self.expires, |redeemed| redeemed.until);
        match () {
            () if !self.deliveries.is_empty() => "claimed",
            () if self.cancelled.is_some() => "cancelled",
            () if now >= open_until => "expired",
            () => "offered",
        }
    }

    /// What the agency sees.
    pub fn to_json(&self, now: Timestamp) -> Value {
        let credential = match &self.source {
            Source::Stored { credential } => Some(credential.as_str()),
            Source::Row => None,
        };
        let copies = self.deliveries.iter().map(|delivery| {
            json!({
                "configuration": delivery.format.configuration(self.type_code.as_str()),
                "copies": delivery.slots.len(),
                "event": delivery.event,
            })
        });
        json!({
            "id": self.id.as_str(),
            "agency": self.agency.as_str(),
            "type": self.type_code.as_str(),
            "credential": credential,
            "state": self.state(now),
            "opened": self.redeemed.is_some(),
            "waiting": self.held,
            "secondPerson": self.second,
            "locked": self.cancelled.as_ref().is_some_and(|cancelled| cancelled.locked),
            "madeAt": rfc3339(self.made),
            "expiresAt": rfc3339(self.expires),
            "copies": copies.collect::<Vec<_>>(),
        })
    }
}

impl City {
    /// The value of an offer's row; the row of a licence to be issued is sealed.
    pub(super) fn offer_value(&self, offer: &Offer, row: Option<&Map>) -> Result<Vec<u8>, Error> {
        let body = row.map(|row| Value::Object(row.clone()).to_string()).unwrap_or_default();
        let value = self.vault().encode(Table::Session, &Offer::key(&offer.id), offer, body.as_bytes())?;
        let last = offer.redeemed.as_ref().map_or(offer.expires, |redeemed| redeemed.until.max(offer.expires));
        Ok(expiring(plus_seconds(last, REMEMBERED).as_second(), &value))
    }

    /// An offer; `None` when there is none, or none any more.
    pub(super) fn load_offer(&self, id: &OfferId) -> Result<Option<Stored>, Error> {
        let key = Offer::key(id);
        let Some(found) = self.store().get(Table::Session, &key)? else { return Ok(None) };
        let (_, value) = until(&found.value).ok_or_else(|| Error::corrupt("an offer without its end"))?;
        let offer: Offer = record::decode(Table::Session, value)?;
        let body = record::open(&self.keys.sealer, Table::Session, &key, value)?;
        let row = if body.is_empty() { None } else { Some(parse_object(&body, &Limits::DEFAULT)?) };
        Ok(Some(Stored { offer, row, version: found.version }))
    }
}
