//! Offers at a window: a holder who is there and was identified gets a licence of any agency's stock onto the phone.
//!
//! Who holds it is shown in a case (a licence verified for its applicant not long ago), or seen by the clerk in another way
//! (the paper card, the face), which is then written down. Looking up what somebody holds and offering it are both audit
//! events of the window, offering also of the agency that issued the licence.

use serde::Deserialize;

use super::record::Offer;
use super::{NewOffer, Offered};
use crate::base::id::{AgencyCode, ApplicationId, CredentialId, OfferId};
use crate::base::json::{Value, json};
use crate::base::time::{plus_seconds, rfc3339};
use crate::crypto::digest::sha256;
use crate::domain::account::Author;
use crate::domain::agency::Agencies;
use crate::domain::application::file::check_code;
use crate::domain::application::record::By;
use crate::domain::catalogue::Catalogue;
use crate::domain::change::{Change, Table};
use crate::domain::city::City;
use crate::domain::error::{Error, ErrorKind, given_reason};
use crate::domain::issuance::record::CredentialHead;
use crate::domain::record;

/// How long a licence shown in a case says that its holder is there, seconds.
const PRESENT: i64 = 1_800;
/// Most licences that are told.
const MOST: u16 = 200;

/// Whom the clerk has before the window, and what is offered.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AtWindow {
    /// The case in which the applicant showed a licence just now.
    pub application: Option<ApplicationId>,
    /// The holder, identified by the clerk in another way.
    pub holder: Option<HolderCode>,
    /// How the holder was identified, and what for; needed with `holder`.
    pub purpose: Option<String>,
    /// The licence that is offered.
    pub credential: Option<CredentialId>,
}

/// A holder by code.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HolderCode {
    /// 公民身份号码 or 统一社会信用代码.
    pub code: String,
    /// The kind of the code (GB/T 36903), `111` when absent.
    pub code_type: Option<String>,
}

/// Who is there, and how that is known.
struct Known {
    tag: String,
    purpose: String,
}

impl City {
    /// The licences in force of who is there, of every agency.
    pub fn licences_at_window(&self, window: &AgencyCode, asked: &AtWindow, by: &Author) -> Result<Vec<Value>, Error> {
        let known = self.known_at_window(window, asked)?;
        let held = self.held_by(&known.tag)?;
        let head = json!({"event": "lookedUp", "window": window, "by": by, "found": held.len()});
        let change = Change::new(self.fresh_request("look")?, sha256(known.tag.as_bytes()));
        let sealed = json!({"holder": known.tag, "purpose": known.purpose});
        self.store().commit(self.noted(change, window.as_str(), head, &sealed)?)?;
        held.iter().map(told).collect()
    }

    /// Offers a licence to the phone of who is there.
    pub fn offer_at_window(&self, window: &AgencyCode, asked: &AtWindow, by: &Author) -> Result<Offered, Error> {
        let known = self.known_at_window(window, asked)?;
        let id = asked.credential.as_ref().ok_or_else(|| Error::malformed("credential is missing"))?;
        let head = self.credential(id)?.head;
        let position = head.holders.iter().position(|holder| holder.tag == known.tag);
        let position = position.ok_or_else(|| {
            Error::not_found("the licence is somebody else's")
                .says("该持证人没有这个证照。", "This holder has no such licence.")
        })?;
        let new = NewOffer {
            credential: Some(id.clone()),
            type_code: None,
            row: None,
            holder: Some(position + 1),
            letter: false,
            pin: None,
            hold: false,
        };
        self.make_offer(&head.agency, &new, by, Some((window, &known.purpose)))
    }

    /// An offer that this window made.
    pub fn window_offer(&self, window: &AgencyCode, id: &OfferId) -> Result<Offer, Error> {
        let offer = self.load_offer(id)?.map(|stored| stored.offer);
        offer.filter(|offer| offer.window.as_ref() == Some(window)).ok_or_else(super::no_such_offer)
    }

    /// Withdraws an offer that this window made.
    pub fn cancel_window_offer(&self, window: &AgencyCode, id: &OfferId) -> Result<Offer, Error> {
        let offer = self.window_offer(window, id)?;
        self.cancel_offer(&offer.agency, id)
    }

    fn known_at_window(&self, window: &AgencyCode, asked: &AtWindow) -> Result<Known, Error> {
        match (&asked.application, &asked.holder) {
            (Some(id), None) => self.shown_in_case(window, id, asked.purpose.as_deref()),
            (None, Some(holder)) => {
                let purpose = asked.purpose.as_deref().unwrap_or_default();
                let code_type = holder.code_type.as_deref().unwrap_or("111");
                let code = check_code(code_type, &holder.code, self.now())?;
                Ok(Known { tag: self.holder_tag(code_type, &code), purpose: given_reason(purpose)? })
            }
            _ => Err(Error::malformed("either application or holder").says(
                "请给出办件号，或持证人证件号码和核验方式。",
                "Give a case, or the holder's code and how the holder was identified.",
            )),
        }
    }

    fn shown_in_case(&self, window: &AgencyCode, id: &ApplicationId, purpose: Option<&str>) -> Result<Known, Error> {
        let head = self.application(id)?.head;
        let since = plus_seconds(self.now(), -PRESENT);
        let own = |by: &By| matches!(by, By::Credential { holder, .. } if *holder == head.applicant);
        let shown = head.fulfilled.iter().any(|one| one.at >= since && own(&one.by));
        if head.window != *window || !shown {
            return Err(Error::new(ErrorKind::NotAllowed, "nobody was identified in this case").says(
                "请先让申请人在本窗口的办件中出示一次本人证照。",
                "Have the applicant show a licence in a case of this window first.",
            ));
        }
        let purpose = purpose.map_or_else(|| Ok(format!("case {id}")), given_reason)?;
        Ok(Known { tag: head.applicant, purpose })
    }

    /// The licences in force of a holder.
    fn held_by(&self, tag: &str) -> Result<Vec<CredentialHead>, Error> {
        let page = self.store().scan(Table::HolderIndex, &record::prefix(&[tag]), None, MOST)?;
        let mut held = Vec::new();
        for (_, index) in page.rows {
            let row = self.store().get(Table::Credential, &index.value)?;
            let row = row.ok_or_else(|| Error::corrupt("an index leads to no credential"))?;
            let head: CredentialHead = record::decode(Table::Credential, &row.value)?;
            if self.require_in_force(&head).is_ok() {
                held.push(head);
            }
        }
        Ok(held)
    }
}

fn told(head: &CredentialHead) -> Result<Value, Error> {
    let label = Catalogue::embedded()?.find(head.type_code.as_str()).map(|known| known.label().clone());
    let agency = Agencies::shipped()?.find(&head.agency).map(|agency| agency.name.clone());
    Ok(json!({
        "credential": head.id,
        "type": head.type_code,
        "typeName": label,
        "agency": head.agency,
        "agencyName": agency,
        "issuedAt": rfc3339(head.issued_at),
        "validUntil": head.valid_until.map(rfc3339),
        "onPhone": !head.phones.is_empty() || head.holders.iter().any(|holder| holder.key.is_some()),
    }))
}
