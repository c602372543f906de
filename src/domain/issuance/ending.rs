//! Ending copies while the licence stays in force: what an earlier phone holds, and what never arrived.

use super::claim::{Claimant, Claimed};
use super::life::slots_of;
use super::record::{CredentialHead, Life, Phone};
use crate::base::id::{AgencyCode, CredentialId};
use crate::crypto::digest::sha256;
use crate::domain::change::{Change, Leaf, Table};
use crate::domain::city::City;
use crate::domain::error::Error;
use crate::domain::leaf::{Kind, leaf};
use crate::domain::record;
use crate::domain::status::Slot;
use crate::vc::status::Status;

impl City {
    /// Ends what the holder's earlier phone holds, once for each claim.
    pub(super) fn replace_phone(&self, claimed: &mut Claimed, claimant: Claimant<'_>) -> Result<(), Error> {
        let (old, kept) = std::mem::take(&mut claimed.head.phones)
            .into_iter()
            .partition::<Vec<Phone>, _>(|phone| phone.holder == claimant.holder && phone.offer != *claimant.offer);
        claimed.head.phones = kept;
        for phone in old {
            claimed.revoked.extend(phone.slots);
            claimed.forgotten.extend(phone.keys);
        }
        let keyed = claimed.head.holders.get_mut(claimant.holder).and_then(|holder| holder.key.take());
        match keyed {
            Some(thumbprint) => {
                claimed.forgotten.insert(thumbprint);
                self.unbind_register(claimed, claimant.holder)
            }
            None => Ok(()),
        }
    }

    /// Signs anew what the register keeps, now that a holder's key no longer holds it.
    fn unbind_register(&self, claimed: &mut Claimed, holder: usize) -> Result<(), Error> {
        let before = claimed.prepared.keys.iter().take(holder).flatten().count();
        let (json_slot, pairs) = (1, 1 + before * 2);
        let fresh = self.take_slots(&claimed.head.agency, 2)?;
        let mut slots: Vec<Slot> = claimed.head.slots.clone();
        claimed.revoked.extend(slots.drain(pairs.min(slots.len())..(pairs + 2).min(slots.len())));
        claimed.revoked.extend(slots.drain(..json_slot.min(slots.len())));
        slots.splice(..0, fresh.first().cloned());
        if before < claimed.package.copies.len() {
            claimed.package.copies.remove(before);
        }
        if let Some(key) = claimed.prepared.keys.get_mut(holder) {
            *key = None;
        }
        claimed.prepared.slots = slots;
        claimed.prepared.bind_kept();
        claimed.package.credential = self.sign_credential(&claimed.prepared)?;
        claimed.leaves.push(self.issued_leaf(&claimed.head, claimed.package.credential.get(), claimed.prepared.at));
        if claimed.package.copies.is_empty() {
            claimed.prepared.slots.extend(fresh.into_iter().skip(1));
        }
        claimed.head.slots.clone_from(&claimed.prepared.slots);
        Ok(())
    }

    /// The leaf of copies that end while the credential stays in force.
    pub(super) fn ended_leaf(&self, agency: &AgencyCode, id: &CredentialId, slots: &[Slot]) -> Leaf {
        let members =
            [("agency", agency.as_str().into()), ("credential", self.claim_tag(id)), ("slots", slots_of(slots.iter()))];
        leaf(Kind::Ended, self.this_second(), &members)
    }

    /// Ends some copies of a phone: they never arrived, or were not wanted. `None` when nothing is left to end.
    pub(in crate::domain) fn ending_copies(
        &self,
        id: &CredentialId,
        agency: &AgencyCode,
        slots: &[Slot],
    ) -> Result<Option<Change>, Error> {
        let key = record::key(&[agency.as_str(), id.as_str()]);
        let row = self.store().get(Table::Credential, &key)?;
        let row = row.ok_or_else(|| Error::corrupt("a claimed credential is gone"))?;
        let mut head: CredentialHead = record::decode(Table::Credential, &row.value)?;
        let before = match head.life {
            Life::Valid => Status::Valid,
            Life::Suspended { .. } => Status::Suspended,
            Life::Revoked { .. } => return Ok(None),
        };
        let mut ended = Vec::new();
        for phone in &mut head.phones {
            let (gone, kept) = std::mem::take(&mut phone.slots).into_iter().partition(|slot| slots.contains(slot));
            phone.slots = kept;
            ended.extend::<Vec<Slot>>(gone);
        }
        if ended.is_empty() {
            return Ok(None);
        }
        let body = record::open(&self.keys.sealer, Table::Credential, &key, &row.value)?;
        let value = self.vault().encode(Table::Credential, &key, &head, &body)?;
        let mut change = Change::new(self.fresh_request("unclaim")?, sha256(&value)).update(
            Table::Credential,
            key,
            row.version,
            value,
        );
        change.leaves.push(self.ended_leaf(agency, id, &ended));
        for slot in ended {
            change = change.status(slot.list_of(agency), slot.idx, before, Status::Revoked);
        }
        Ok(Some(change))
    }
}
