//! Issuing: a row of an agency's stock becomes a signed credential, in one change; its other forms when they are asked for.
//!
//! Order of work, after the example of certificate authorities: check the row against the type, lease the status slots
//! durably, assemble, sign, check what was signed against the schema, then one commit with the record, its indexes, the
//! unique number, the log leaf and the audit event. A crash before the commit leaves leased slots that are never used;
//! a crash after it leaves the whole credential. [`assemble`] builds the JSON credential, [`copies`] the forms bound to
//! a holder, [`record`] is what is stored, [`claim`] makes copies for the keys that a wallet proves, `ending` ends
//! those of an earlier phone, `again` tells what signing needs out of what was issued, [`life`] suspends, reinstates and
//! revokes.

mod again;
pub mod assemble;
pub mod claim;
pub mod copies;
mod ending;
pub mod life;
pub mod record;
mod write;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::account::Author;
use super::agency::{Agencies, Agency};
use super::catalogue::{Catalogue, CredentialType, Filled, Issuing, RowError};
use super::change::{Change, Table};
use super::city::City;
use super::city::keys::AgencySigner;
use super::error::{Error, ErrorKind, Reason};
use super::holder;
use super::ports::StoreError;
use super::record::{decode, signed_by};
use super::status::Slot;
use crate::base::bytes::base64url;
use crate::base::codes::{CertificateIdentifier, CertificateTypeCode};
use crate::base::id::{AgencyCode, CredentialId, TypeCode};
use crate::base::json::{Map, json};
use crate::base::random::below;
use crate::base::text::Label;
use crate::base::time::{Timestamp, china_date};
use crate::crypto::PublicKey;

/// What an agency asks to be issued.
#[derive(Clone, Debug)]
pub struct Order {
    /// The agency.
    pub agency: AgencyCode,
    /// The type.
    pub type_code: TypeCode,
    /// The row: columns or members by name.
    pub row: Map,
    /// Makes asking twice harmless: the same key with the same row is the same credential.
    pub key: Option<String>,
}

/// What came of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The credential.
    pub id: CredentialId,
    /// Whether this very order had been carried out before.
    pub again: bool,
}

/// Everything that a signature needs, decided and leased.
#[derive(Clone)]
pub(super) struct Prepared {
    pub credential_type: &'static CredentialType,
    pub agency: &'static Agency,
    pub signer: Arc<AgencySigner>,
    pub filled: Filled,
    pub keys: Vec<Option<PublicKey>>,
    pub id: CredentialId,
    pub slots: Vec<Slot>,
    pub at: Timestamp,
}

impl City {
    /// Issues one credential.
    pub fn issue(&self, order: &Order) -> Result<Issued, Error> {
        self.issue_each(std::slice::from_ref(order)).pop().unwrap_or_else(|| Err(Error::corrupt("no answer")))
    }

    /// Issues many, independent of each other, with one trip to the store; one answer each, in order.
    pub fn issue_each(&self, orders: &[Order]) -> Vec<Result<Issued, Error>> {
        self.issue_each_by(orders, None)
    }

    /// The same, naming who does it in the audit events.
    pub(super) fn issue_each_by(&self, orders: &[Order], by: Option<&Author>) -> Vec<Result<Issued, Error>> {
        let look = orders.len() > 1 || self.repeats.expected();
        let prepared: Vec<_> = orders.iter().map(|order| self.order_change_by(order, by, look)).collect();
        let mut answers = Vec::with_capacity(orders.len());
        let mut changes = Vec::with_capacity(orders.len());
        for one in prepared {
            answers.push(match one {
                Ok(Ordered::New(id, change)) => {
                    changes.push(change);
                    Ok(Issued { id, again: false })
                }
                Ok(Ordered::Before(id)) => Ok(Issued { id, again: true }),
                Err(error) => Err(error),
            });
        }
        let mut outcomes = self.store().commit_each(changes).into_iter();
        for (answer, order) in answers.iter_mut().zip(orders) {
            if !matches!(answer, Ok(Issued { again: false, .. })) {
                continue;
            }
            let outcome = outcomes.next().unwrap_or(Err(StoreError::Unknown));
            if let Err(error) = outcome {
                *answer = self.resolve_refused(order, error);
            }
        }
        answers
    }

    /// Checks an order without issuing: the licence number it would have, or what is wrong.
    pub fn check_order(&self, order: &Order) -> Result<Filled, Error> {
        let (agency, credential_type) = self.parties(order)?;
        let filled = self.fill(order, agency, credential_type, Some(0))?;
        keys_of(&filled)?;
        Ok(filled)
    }

    fn order_change_by(&self, order: &Order, by: Option<&Author>, look: bool) -> Result<Ordered, Error> {
        match (self.order_change(order, look)?, by) {
            (Ordered::New(id, change), Some(by)) => Ok(Ordered::New(id, signed_by(change, &json!({"by": by}))?)),
            (ordered, _) => Ok(ordered),
        }
    }

    fn order_change(&self, order: &Order, look: bool) -> Result<Ordered, Error> {
        if look && let Some(id) = self.issued_before(order)? {
            self.repeats.met();
            return Ok(Ordered::Before(id));
        }
        let prepared = self.prepare(order)?;
        let package = self.secure(&prepared)?;
        let change = self.issuing_change(order, &prepared, &self.head(&prepared), &package)?;
        Ok(Ordered::New(prepared.id, change))
    }

    /// Prepares an order whose change is the caller's: the result of an application.
    pub(super) fn issuing(&self, order: &Order) -> Result<(CredentialId, Change), Error> {
        let prepared = self.prepare(order)?;
        let package = self.secure(&prepared)?;
        let change = self.issuing_change(order, &prepared, &self.head(&prepared), &package)?;
        Ok((prepared.id, change))
    }

    fn prepare(&self, order: &Order) -> Result<Prepared, Error> {
        let (agency, credential_type) = self.parties(order)?;
        let sequence = self.sequence_for(order, credential_type)?;
        let mut filled = self.fill(order, agency, credential_type, sequence)?;
        let keys = keys_of(&filled)?;
        filled.bind(&keys.iter().map(|key| key.as_ref().map(holder::did_of)).collect::<Vec<_>>());
        let signer = self.keys.agency(&order.agency)?;
        let id = self.new_identifier(agency, credential_type)?;
        filled.certificate.insert("certificateIdentifier".to_owned(), id.as_str().into());
        let slots = self.take_slots(&order.agency, copies::slots(&keys))?;
        Ok(Prepared { credential_type, agency, signer, filled, keys, id, slots, at: self.this_second() })
    }

    fn secure(&self, prepared: &Prepared) -> Result<record::Package, Error> {
        let credential = self.sign_credential(prepared)?;
        Ok(record::Package {
            id: prepared.id.clone(),
            type_code: prepared.credential_type.annotation().code.clone(),
            number: prepared.filled.number.clone(),
            credential,
            copies: copies::unsigned(&prepared.keys),
        })
    }

    fn parties(&self, order: &Order) -> Result<(&'static Agency, &'static CredentialType), Error> {
        let agencies = Agencies::shipped()?;
        let agency = agencies.find(&order.agency).ok_or_else(|| {
            Error::new(ErrorKind::Refused, "no such agency")
                .says(format!("没有机关 {}。", order.agency), format!("There is no agency {}.", order.agency))
        })?;
        let catalogue = Catalogue::embedded()?;
        let credential_type = catalogue.find(order.type_code.as_str()).ok_or_else(|| {
            Error::new(ErrorKind::Refused, "no such type").says(
                format!("没有证照类型 {}。", order.type_code),
                format!("There is no credential type {}.", order.type_code),
            )
        })?;
        let trusted = self.registry();
        let may = trusted.agency(&order.agency).is_some_and(|agency| agency.may_issue(&order.type_code));
        if !may {
            return Err(Error::new(ErrorKind::NotAllowed, "the type is not the agency's").says(
                format!("{} 无权签发 {}。", agency.name.zh, credential_type.label().zh),
                format!("{} may not issue {}.", agency.name.en, credential_type.label().en),
            ));
        }
        Ok((agency, credential_type))
    }

    fn fill(
        &self,
        order: &Order,
        agency: &Agency,
        credential_type: &CredentialType,
        sequence: Option<u64>,
    ) -> Result<Filled, Error> {
        let issuing = Issuing {
            agency_name: &agency.name.zh,
            agency_code: agency.uscc.as_str(),
            division: agency.division.as_str(),
            place: "望城区",
            province: "湘",
            today: china_date(self.now()),
            sequence,
            version: 1,
        };
        credential_type.fill(&order.row, &issuing).map_err(|errors| row_error(&errors))
    }

    /// A fresh 电子证照标识: the type, the agency's USCC and 20 random characters.
    fn new_identifier(&self, agency: &Agency, credential_type: &CredentialType) -> Result<CredentialId, Error> {
        const ALPHABET: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let character = |_| {
            let at = usize::try_from(below(self.random(), 36)).unwrap_or_default();
            char::from(ALPHABET.get(at).copied().unwrap_or(b'0'))
        };
        let serial: String = (0..20).map(character).collect();
        let type_code = CertificateTypeCode::parse(credential_type.certificate_type_code())?;
        let identifier = CertificateIdentifier::build(type_code, &agency.uscc, &serial, 1)?;
        Ok(CredentialId::parse(&identifier.to_string())?)
    }

    /// What an order with a key was answered before; `conflict` when it was another row.
    pub(in crate::domain) fn issued_before(&self, order: &Order) -> Result<Option<CredentialId>, Error> {
        let Some(key) = self.row_key(order) else { return Ok(None) };
        let Some(row) = self.store().get(Table::ImportRow, &key)? else { return Ok(None) };
        let before: write::ImportedRow = decode(Table::ImportRow, &row.value)?;
        if before.digest != base64url(&self.order_digest(order)) {
            return Err(Error::new(ErrorKind::Conflict, "the key was used with another row").says(
                "该行编号已用于其他内容，未重复签发。",
                "This row key was used with other content; nothing was issued.",
            ));
        }
        Ok(Some(before.id))
    }

    fn resolve_refused(&self, order: &Order, error: StoreError) -> Result<Issued, Error> {
        let StoreError::Duplicate { table, .. } = error else { return Err(error.into()) };
        // The same row asked for twice at once also meets its own licence number.
        if let Some(id) = self.issued_before(order)? {
            self.repeats.met();
            return Ok(Issued { id, again: true });
        }
        if table == Table::Licence {
            return Err(Error::new(ErrorKind::Conflict, "the licence number is taken")
                .says("证照编号已被使用，未重复签发。", "The licence number is taken; nothing was issued."));
        }
        Err(Error::new(ErrorKind::Unavailable, "the row is being issued"))
    }
}

/// Whether orders are likely to come again, as when a register is sent whole each night.
///
/// The store refuses a second issuing in any case; to look first saves its signature and status slots. But a look waits
/// while the store writes, so an order that comes alone is looked for only for some time after one that came again.
#[derive(Default)]
pub(super) struct Repeats(AtomicU32);

impl Repeats {
    /// Orders that are looked for after one that came again.
    const WARY: u32 = 1_000;

    fn met(&self) {
        self.0.store(Self::WARY, Ordering::Relaxed);
    }

    fn expected(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }
}

enum Ordered {
    New(CredentialId, Change),
    Before(CredentialId),
}

/// The keys that the row brings for its holders.
fn keys_of(filled: &Filled) -> Result<Vec<Option<PublicKey>>, Error> {
    filled.holders.iter().map(|holder| holder.key.as_deref().map(holder::parse_key).transpose()).collect()
}

fn row_error(errors: &[RowError]) -> Error {
    let reasons = errors.iter().map(|error| Reason {
        field: error.field.clone(),
        code: error.code.to_owned(),
        message: Label::new(error.zh.clone(), error.en.clone()),
    });
    let said = |part: fn(&RowError) -> &str| errors.iter().map(part).collect::<Vec<_>>().join(" ");
    Error::new(
        ErrorKind::Refused,
        errors.iter().map(|error| format!("{} {}", error.field, error.code)).collect::<Vec<_>>().join(", "),
    )
    .says(said(|error| &error.zh), said(|error| &error.en))
    .because(reasons.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_came_again_has_the_next_thousand_looked_for() {
        let repeats = Repeats::default();
        assert!(!repeats.expected());
        repeats.met();
        assert!((0..Repeats::WARY).all(|_| repeats.expected()));
        assert!(!repeats.expected());
    }
}
