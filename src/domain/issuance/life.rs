//! The life of a credential: suspend (暂扣), reinstate, revoke (注销/吊销).
//!
//! A suspension can be undone, a revocation cannot. All copies share the life: every slot changes in the same change as the
//! record, and the published lists show it before the call answers.

use std::collections::BTreeSet;

use super::record::{CredentialHead, Life};
use crate::base::id::{AgencyCode, CredentialId, TypeCode};
use crate::base::json::{Value, json};
use crate::domain::account::Author;
use crate::domain::change::{Change, Table};
use crate::domain::city::City;
use crate::domain::error::{Error, ErrorKind, given_reason};
use crate::domain::leaf::{Kind, leaf, slot_number};
use crate::domain::record;
use crate::domain::status::Slot;
use crate::vc::status::Status;

/// What is done to a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// 暂扣.
    Suspend,
    /// 解除暂扣.
    Reinstate,
    /// 注销.
    Revoke,
}

impl Act {
    /// The act of a name; `None` for every other.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "suspend" => Some(Self::Suspend),
            "reinstate" => Some(Self::Reinstate),
            "revoke" => Some(Self::Revoke),
            _ => None,
        }
    }

    /// The name of the act.
    pub fn name(self) -> &'static str {
        match self {
            Self::Suspend => "suspend",
            Self::Reinstate => "reinstate",
            Self::Revoke => "revoke",
        }
    }

    fn kind(self) -> Kind {
        match self {
            Self::Suspend => Kind::Suspended,
            Self::Reinstate => Kind::Reinstated,
            Self::Revoke => Kind::Revoked,
        }
    }

    /// The life before and after in the lists, if the act fits.
    fn fits(self, life: &Life) -> Option<(Status, Status)> {
        match (self, life) {
            (Self::Suspend, Life::Valid) => Some((Status::Valid, Status::Suspended)),
            (Self::Reinstate, Life::Suspended { .. }) => Some((Status::Suspended, Status::Valid)),
            (Self::Revoke, Life::Valid) => Some((Status::Valid, Status::Revoked)),
            (Self::Revoke, Life::Suspended { .. }) => Some((Status::Suspended, Status::Revoked)),
            (Self::Suspend, Life::Suspended { .. } | Life::Revoked { .. })
            | (Self::Reinstate, Life::Valid | Life::Revoked { .. })
            | (Self::Revoke, Life::Revoked { .. }) => None,
        }
    }
}

impl City {
    /// Changes the life of a credential of an agency; `conflict` when the act does not fit its present life.
    pub fn change_life(
        &self,
        agency: &AgencyCode,
        id: &CredentialId,
        act: Act,
        reason: &str,
    ) -> Result<CredentialHead, Error> {
        self.change_life_by(agency, id, act, reason, None)
    }

    /// The same, naming who does it in the audit event.
    pub(in crate::domain) fn change_life_by(
        &self,
        agency: &AgencyCode,
        id: &CredentialId,
        act: Act,
        reason: &str,
        by: Option<&Author>,
    ) -> Result<CredentialHead, Error> {
        let (head, mut change) = self.life_change(agency, id, act, reason)?;
        if let Some(by) = by {
            change = record::signed_by(change, &json!({"by": by}))?;
        }
        self.store().commit(change)?;
        self.refresh_life(&head)?;
        Ok(head)
    }

    /// The type of an agency's credential, if the act fits its present life.
    pub(in crate::domain) fn check_life(
        &self,
        agency: &AgencyCode,
        id: &CredentialId,
        act: Act,
    ) -> Result<TypeCode, Error> {
        let (head, ..) = self.own_credential(agency, id)?;
        act.fits(&head.life).ok_or_else(|| does_not_fit(&head.life))?;
        Ok(head.type_code)
    }

    /// Puts the published lists in step with the life of a credential.
    pub(in crate::domain) fn refresh_life(&self, head: &CredentialHead) -> Result<(), Error> {
        self.refresh_lists(&head.agency, head.all_slots())
    }

    /// The change of a life, and the credential after it.
    pub(in crate::domain) fn life_change(
        &self,
        agency: &AgencyCode,
        id: &CredentialId,
        act: Act,
        reason: &str,
    ) -> Result<(CredentialHead, Change), Error> {
        let reason = given_reason(reason)?;
        let (mut head, key, value, version) = self.own_credential(agency, id)?;
        let (before, after) = act.fits(&head.life).ok_or_else(|| does_not_fit(&head.life))?;
        let at = self.this_second();
        head.life = match act {
            Act::Suspend => Life::Suspended { at },
            Act::Reinstate => Life::Valid,
            Act::Revoke => Life::Revoked { at },
        };
        let body = record::open(&self.keys.sealer, Table::Credential, &key, &value)?;
        let value = self.vault().encode(Table::Credential, &key, &head, &body)?;
        let mut change = Change::new(self.fresh_request("life")?, self.keyed_digest("reason", reason.as_bytes()))
            .update(Table::Credential, key, version, value);
        for slot in head.all_slots() {
            change = change.status(slot.list_of(agency), slot.idx, before, after);
        }
        let members = [
            ("agency", agency.as_str().into()),
            ("credential", self.credential_tag(id)),
            ("slots", slots_of(head.all_slots())),
        ];
        change.leaves.push(leaf(act.kind(), at, &members));
        let change = self.audited(change, agency.as_str(), act.kind().name(), id, &json!({"reason": reason}))?;
        Ok((head, change))
    }

    /// Puts the published lists of these slots in step with the store.
    pub(in crate::domain) fn refresh_lists<'a>(
        &self,
        agency: &AgencyCode,
        slots: impl Iterator<Item = &'a Slot>,
    ) -> Result<(), Error> {
        let lists: BTreeSet<_> = slots.map(|slot| slot.list_of(agency)).collect();
        lists.iter().try_for_each(|list| self.refresh_status_list(list).map(drop))
    }

    fn own_credential(
        &self,
        agency: &AgencyCode,
        id: &CredentialId,
    ) -> Result<(CredentialHead, Vec<u8>, Vec<u8>, u64), Error> {
        let key = record::key(&[agency.as_str(), id.as_str()]);
        let row = self.store().get(Table::Credential, &key)?;
        let row = row.ok_or_else(|| Error::not_found("the agency issued no such credential"))?;
        Ok((record::decode(Table::Credential, &row.value)?, key, row.value, row.version))
    }
}

/// Slots as a leaf tells them.
pub(super) fn slots_of<'a>(slots: impl Iterator<Item = &'a Slot>) -> Value {
    slots.map(|slot| slot_number(slot.list, slot.idx)).collect()
}

fn does_not_fit(life: &Life) -> Error {
    let (zh, en) = match life {
        Life::Valid => ("证照状态正常，无需此操作。", "The credential is in force; there is nothing to undo."),
        Life::Suspended { .. } => ("证照已暂扣。", "The credential is suspended already."),
        Life::Revoked { .. } => ("证照已注销，不能再更改。", "The credential is revoked for good."),
    };
    Error::new(ErrorKind::Conflict, format!("the credential is {}", life.name())).says(zh, en)
}
