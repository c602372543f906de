//! Deciding: the second person approves, and it is done in the same change that closes the action; or refuses.
//!
//! Of two who approve at once, and of one who asks again after a crash, one change is applied: it expects the action as it
//! was read.

use super::{Ended, Ending, Pending};
use crate::base::id::{AccountName, AgencyCode, CredentialId, PendingId};
use crate::base::json::json;
use crate::crypto::digest::sha256;
use crate::domain::account::Author;
use crate::domain::change::{Change, Table};
use crate::domain::city::City;
use crate::domain::city::rules::Deed;
use crate::domain::error::{Error, ErrorKind, given_reason};
use crate::domain::issuance::Order;
use crate::domain::issuance::life::Act;
use crate::domain::issuance::record::CredentialHead;
use crate::domain::ports::StoreError;
use crate::domain::record;

impl City {
    /// Carries an action out as the second person; the action as it ended, with its credential.
    pub fn approve(&self, agency: &AgencyCode, id: &PendingId, by: &AccountName) -> Result<Pending, Error> {
        let mut pending = self.pending(agency, id)?;
        pending.require_open(self.now())?;
        let approver = Author::Account(by.clone());
        if pending.head.by == approver {
            return Err(Error::new(ErrorKind::NotAllowed, "the second person is the first").coded("same_person").says(
                "复核人不能是提交人，请由其他审批员复核。",
                "Whoever began it cannot approve it. Ask another approver.",
            ));
        }
        let (credential, change, changed) = self.carried_out(&pending)?;
        pending.head.credential = Some(credential);
        pending.head.ended = Some(Ended { how: Ending::Approved, by: approver.clone(), at: self.this_second() });
        let change = record::signed_by(change, &json!({"by": pending.head.by, "approvedBy": approver}))?;
        let change = self.with_pending(change, &pending)?;
        let change = self.pending_event(change, &pending, "approved", &approver, None)?;
        self.store().commit(change).map_err(|error| self.contested(agency, id, error))?;
        if let Some(head) = changed {
            self.refresh_life(&head)?;
        }
        self.pending(agency, id)
    }

    /// Closes an action without doing it: an approver for a reason, or who began it.
    pub fn refuse_pending(
        &self,
        agency: &AgencyCode,
        id: &PendingId,
        by: &Author,
        approver: bool,
        reason: &str,
    ) -> Result<Pending, Error> {
        let reason = given_reason(reason)?;
        let mut pending = self.pending(agency, id)?;
        pending.require_open(self.now())?;
        let own = pending.head.by == *by;
        if !own && !approver {
            return Err(Error::new(ErrorKind::NotAllowed, "neither an approver nor who began it"));
        }
        let how = if own { Ending::Withdrawn } else { Ending::Refused };
        pending.head.ended = Some(Ended { how, by: by.clone(), at: self.this_second() });
        pending.body.refusal = Some(reason.clone());
        let change = Change::new(self.fresh_request("refuse")?, sha256(reason.as_bytes()));
        let change = self.with_pending(change, &pending)?;
        let event = if own { "withdrawn" } else { "refused" };
        let change = self.pending_event(change, &pending, event, by, Some(&reason))?;
        self.store().commit(change).map_err(|error| self.contested(agency, id, error))?;
        self.pending(agency, id)
    }

    /// The change that does it, as it would be done now.
    fn carried_out(&self, pending: &Pending) -> Result<(CredentialId, Change, Option<CredentialHead>), Error> {
        let head = &pending.head;
        let act = match head.deed {
            Deed::Issue => return self.carried_out_issue(pending),
            Deed::Suspend => Act::Suspend,
            Deed::Reinstate => Act::Reinstate,
            Deed::Revoke => Act::Revoke,
        };
        let id = head.credential.clone().ok_or_else(|| Error::corrupt("an action about no credential"))?;
        let reason = pending.body.reason.as_deref().unwrap_or_default();
        let (changed, change) = self.life_change(&head.agency, &id, act, reason)?;
        Ok((id, change, Some(changed)))
    }

    fn carried_out_issue(&self, pending: &Pending) -> Result<(CredentialId, Change, Option<CredentialHead>), Error> {
        let (head, body) = (&pending.head, &pending.body);
        if let Some(case) = &head.case {
            let (ids, change) = self.granting(self.application(case)?, &body.results, &head.by)?;
            let first = ids.into_iter().next().ok_or_else(|| Error::corrupt("a grant without a result"))?;
            return Ok((first, change, None));
        }
        let order = Order {
            agency: head.agency.clone(),
            type_code: head.type_code.clone(),
            row: body.row.clone().ok_or_else(|| Error::corrupt("an action without its row"))?,
            key: Some(body.key.clone().unwrap_or_else(|| format!("pending/{}", head.id))),
        };
        if let Some(id) = self.issued_before(&order)? {
            return Ok((id, Change::new(self.fresh_request("approve")?, sha256(b"approve")), None));
        }
        let (id, change) = self.issuing(&order)?;
        Ok((id, change, None))
    }

    /// What a refused commit means: somebody else was first, or the number is taken.
    fn contested(&self, agency: &AgencyCode, id: &PendingId, error: StoreError) -> Error {
        let decided = self.pending(agency, id).and_then(|pending| pending.require_open(self.now()));
        match (decided, error) {
            (Err(decided), StoreError::Conflict(_) | StoreError::Duplicate { .. }) => decided,
            (Ok(()), StoreError::Duplicate { table: Table::Licence, .. }) => Error::new(
                ErrorKind::Conflict,
                "the licence number is taken",
            )
            .says("证照编号已被使用，未签发。请退回。", "The licence number is taken; nothing was issued. Refuse it."),
            (_, error) => error.into(),
        }
    }
}
