//! Beginning: what needs no second person is done at once, the rest waits.

use std::collections::BTreeMap;

use super::{Body, Head, Pending};
use crate::base::bytes::{base64url, hex};
use crate::base::id::{AgencyCode, ApplicationId, CredentialId, PendingId, RequestId, TypeCode};
use crate::base::json::Map;
use crate::base::random::bytes;
use crate::base::time::plus_seconds;
use crate::crypto::digest::sha256;
use crate::domain::account::Author;
use crate::domain::change::Change;
use crate::domain::city::City;
use crate::domain::city::rules::Deed;
use crate::domain::error::{Error, ErrorKind, given_reason};
use crate::domain::issuance::life::Act;
use crate::domain::issuance::record::CredentialHead;
use crate::domain::issuance::{Issued, Order};

/// Longest row that can wait, bytes.
const LONGEST_ROW: usize = 48 * 1024;

/// What came of something that was begun.
#[derive(Debug)]
pub enum Begun<T> {
    /// Done.
    Done(T),
    /// Waits for a second person.
    Waits(Box<Pending>),
}

impl From<Act> for Deed {
    fn from(act: Act) -> Self {
        match act {
            Act::Suspend => Self::Suspend,
            Act::Reinstate => Self::Reinstate,
            Act::Revoke => Self::Revoke,
        }
    }
}

impl City {
    /// Issues one credential, or lets it wait.
    pub fn begin_issue(&self, order: &Order, by: &Author) -> Result<Begun<Issued>, Error> {
        let begun = self.begin_issue_each(std::slice::from_ref(order), by).pop();
        begun.unwrap_or_else(|| Err(Error::corrupt("no answer")))
    }

    /// Issues many, or lets those wait that need a second person; one answer each, in order.
    pub fn begin_issue_each(&self, orders: &[Order], by: &Author) -> Vec<Result<Begun<Issued>, Error>> {
        let waits = |order: &Order| self.rules.four_eyes.needs(Deed::Issue, &order.type_code);
        if !orders.iter().any(waits) {
            let issued = self.issue_each_by(orders, Some(by));
            return issued.into_iter().map(|one| one.map(Begun::Done)).collect();
        }
        let one = |order: &Order| {
            if waits(order) {
                return self.wait_to_issue(order, by);
            }
            let issued = self.issue_each_by(std::slice::from_ref(order), Some(by)).pop();
            issued.unwrap_or_else(|| Err(Error::corrupt("no answer"))).map(Begun::Done)
        };
        orders.iter().map(one).collect()
    }

    /// Changes the life of a credential of an agency, or lets it wait.
    pub fn begin_life(
        &self,
        agency: &AgencyCode,
        id: &CredentialId,
        act: Act,
        reason: &str,
        by: &Author,
    ) -> Result<Begun<CredentialHead>, Error> {
        let type_code = self.check_life(agency, id, act)?;
        if !self.rules.four_eyes.needs(act.into(), &type_code) {
            return self.change_life_by(agency, id, act, reason, Some(by)).map(Begun::Done);
        }
        let body = Body { reason: Some(given_reason(reason)?), ..Body::default() };
        let pending = self.new_pending(agency, act.into(), type_code, by, body)?;
        let pending = Pending { head: Head { credential: Some(id.clone()), ..pending.head }, ..pending };
        let request = self.fresh_request("wait")?;
        self.keep_pending(&pending, request, sha256(reason.as_bytes())).map(|kept| Begun::Waits(Box::new(kept)))
    }

    /// An order with a key waits once: asked again, it is the same action as long as that is open.
    fn wait_to_issue(&self, order: &Order, by: &Author) -> Result<Begun<Issued>, Error> {
        if let Some(id) = self.issued_before(order)? {
            return Ok(Begun::Done(Issued { id, again: true }));
        }
        self.check_order(order)?;
        let row = serde_json::to_vec(&order.row).map_err(|error| Error::corrupt(error.to_string()))?;
        if row.len() > LONGEST_ROW {
            return Err(Error::new(ErrorKind::TooLarge, "a row too long to wait"));
        }
        let body = Body { row: Some(order.row.clone()), key: order.key.clone(), ..Body::default() };
        let pending = self.new_pending(&order.agency, Deed::Issue, order.type_code.clone(), by, body)?;
        let digest = self.order_digest(order);
        if let Some(key) = &order.key {
            let named = self.keyed_digest("row-key", format!("{}\0{key}", order.type_code).as_bytes());
            let request = RequestId::parse(&format!("wait/{}/{}", order.agency, hex(&named)))?;
            let kept = self.keep_pending(&pending, request, digest)?;
            if kept.state(self.now()) == "open" {
                return Ok(Begun::Waits(Box::new(kept)));
            }
        }
        self.keep_pending(&pending, self.fresh_request("wait")?, digest).map(|kept| Begun::Waits(Box::new(kept)))
    }

    /// The action of a case's grant, which the agency of an order's result decides.
    pub(in crate::domain) fn pending_grant(
        &self,
        order: &Order,
        case: &ApplicationId,
        results: BTreeMap<TypeCode, Map>,
        by: &Author,
    ) -> Result<Pending, Error> {
        let body = Body { row: Some(order.row.clone()), results, ..Body::default() };
        let long = serde_json::to_vec(&body).map_err(|error| Error::corrupt(error.to_string()))?.len() > LONGEST_ROW;
        if long {
            return Err(Error::new(ErrorKind::TooLarge, "rows too long to wait"));
        }
        let pending = self.new_pending(&order.agency, Deed::Issue, order.type_code.clone(), by, body)?;
        Ok(Pending { head: Head { case: Some(case.clone()), ..pending.head }, ..pending })
    }

    /// Adds to a change that an action waits from now on.
    pub(in crate::domain) fn waiting_change(&self, change: Change, pending: &Pending) -> Result<Change, Error> {
        let change = self.with_pending(change, pending)?;
        self.pending_event(change, pending, "waits", &pending.head.by, pending.body.reason.as_deref())
    }

    fn new_pending(
        &self,
        agency: &AgencyCode,
        deed: Deed,
        type_code: TypeCode,
        by: &Author,
        body: Body,
    ) -> Result<Pending, Error> {
        let at = self.this_second();
        let id = format!("{:010x}-{}", at.as_second(), base64url(&bytes::<9>(self.random())));
        let head = Head {
            id: PendingId::parse(&id)?,
            agency: agency.clone(),
            deed,
            type_code,
            credential: None,
            case: None,
            by: by.clone(),
            at,
            expires: plus_seconds(at, i64::from(self.rules.four_eyes.wait)),
            ended: None,
        };
        Ok(Pending { head, body, version: 0 })
    }

    fn keep_pending(&self, pending: &Pending, request: RequestId, digest: [u8; 32]) -> Result<Pending, Error> {
        let change = self.waiting_change(Change::new(request, digest), pending)?;
        let change = change.receipt(pending.head.id.as_str());
        let receipt = self.store().commit(change)?;
        let kept = std::str::from_utf8(&receipt.bytes).map_err(|_| Error::corrupt("the receipt of an action"))?;
        self.pending(&pending.head.agency, &PendingId::parse(kept)?)
    }
}
