//! Copies for the keys that a holder's wallet proves: a licence of the stock, or one that is issued by this.
//!
//! Each key gets a copy of its own with a status slot of its own, so that two verifiers cannot link the copies. One
//! holder has one phone: copies that an earlier offer brought, and those bound to the key of the holder's row, are revoked
//! in the change that makes the new ones, while the licence itself stays valid — how a lost phone is replaced. Whatever
//! the lost phone still has of an older offer brings it nothing back. What the register keeps is then bound to nobody,
//! and signed anew if it was (`ending`).

use std::collections::BTreeSet;

use serde_json::value::RawValue;

use super::copies::Draft;
use super::record::{CredentialHead, Life, Package, Phone};
use super::{Order, Prepared};
use crate::base::id::{CredentialId, OfferId};
use crate::base::json::{Map, Value, json};
use crate::base::time::Timestamp;
use crate::crypto::PublicKey;
use crate::crypto::digest::sha256;
use crate::domain::change::{Change, Leaf, Table, Write};
use crate::domain::city::City;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::leaf::{Kind, leaf};
use crate::domain::record;
use crate::domain::status::Slot;
use crate::vc::status::Status;
use crate::wire::oid4vci::Format;

/// A key that was proved, and the holder's DID for it.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundKey {
    /// The key.
    pub key: PublicKey,
    /// The DID that stands in JSON credentials.
    pub holder: String,
}

/// For whom copies are made.
#[derive(Clone, Copy, Debug)]
pub struct Claimant<'a> {
    /// Which holder of the licence, from 0.
    pub holder: usize,
    /// The offer.
    pub offer: &'a OfferId,
    /// When it was made.
    pub offered: Timestamp,
}

/// A licence whose copies are being made; nothing is written until its [`change`](City::claiming_change) is committed.
pub(in crate::domain) struct Claimed {
    pub(super) prepared: Prepared,
    pub(in crate::domain) head: CredentialHead,
    pub(super) package: Package,
    basis: Basis,
    /// Slots that end with this claim.
    pub(super) revoked: Vec<Slot>,
    /// Thumbprints that no longer lead here.
    pub(super) forgotten: BTreeSet<String>,
    known: BTreeSet<String>,
    pub(super) leaves: Vec<Leaf>,
}

enum Basis {
    New(Box<Order>),
    Stored(u64),
}

impl City {
    /// A licence of the stock, ready to be signed again; refused when it is not in force.
    pub(in crate::domain) fn claim_stored(&self, id: &CredentialId) -> Result<Claimed, Error> {
        let key = self.store().get(Table::CredentialById, id.as_str().as_bytes())?;
        let key = key.ok_or_else(|| Error::not_found("no such credential"))?.value;
        let row = self.store().get(Table::Credential, &key)?;
        let row = row.ok_or_else(|| Error::corrupt("an index leads to no credential"))?;
        let head: CredentialHead = record::decode(Table::Credential, &row.value)?;
        self.require_in_force(&head)?;
        let package = Package::from_bytes(&record::open(&self.keys.sealer, Table::Credential, &key, &row.value)?)?;
        let prepared = self.prepared_again(&head, &package)?;
        Ok(Claimed::new(prepared, head, package, Basis::Stored(row.version)))
    }

    /// A licence that this claim issues.
    pub(in crate::domain) fn claim_new(&self, order: &Order) -> Result<Claimed, Error> {
        let prepared = self.prepare(order)?;
        let package = self.secure(&prepared)?;
        let head = self.head(&prepared);
        Ok(Claimed::new(prepared, head, package, Basis::New(Box::new(order.clone()))))
    }

    /// Refused unless a licence is valid now.
    pub(in crate::domain) fn require_in_force(&self, head: &CredentialHead) -> Result<(), Error> {
        let over = head.valid_until.is_some_and(|until| until < self.now());
        let (zh, en) = match &head.life {
            Life::Valid if !over => return Ok(()),
            Life::Valid => ("证照已过有效期，请先换发。", "The licence has expired. Have it renewed first."),
            Life::Suspended { .. } => ("证照已暂扣，不能领取。", "The licence is suspended and cannot be received."),
            Life::Revoked { .. } => ("证照已注销，不能领取。", "The licence is revoked and cannot be received."),
        };
        Err(Error::new(ErrorKind::Conflict, "the licence is not in force").says(zh, en))
    }

    /// Makes a copy for each key in a format; the credentials as an answer carries them.
    pub(in crate::domain) fn make_copies(
        &self,
        claimed: &mut Claimed,
        claimant: Claimant<'_>,
        format: Format,
        keys: &[BoundKey],
    ) -> Result<(Vec<Value>, Vec<Slot>), Error> {
        self.replace_phone(claimed, claimant)?;
        let count = u32::try_from(keys.len()).unwrap_or(u32::MAX);
        let slots = self.take_slots(&claimed.head.agency, count)?;
        let copies = keys.iter().zip(&slots).map(|(key, slot)| match format {
            Format::SdJwt => self.copy_sd_jwt(claimed, claimant.holder, key, slot),
            Format::Ldp => self.copy_ldp(claimed, claimant.holder, key, slot),
            Format::Compact => self.copy_compact(claimed, claimant.holder, key, slot),
        });
        let copies = copies.collect::<Result<Vec<_>, _>>()?;
        claimed.note(claimant, keys, &slots);
        claimed.leaves.push(self.claimed_leaf(claimed, format, copies.len()));
        Ok((copies, slots))
    }

    fn copy_sd_jwt(&self, claimed: &Claimed, holder: usize, key: &BoundKey, slot: &Slot) -> Result<Value, Error> {
        let subject = claimed.subject(holder)?;
        self.sign_sd_jwt(&claimed.prepared, subject, &key.key, Some(slot), self.random()).map(Value::String)
    }

    fn copy_compact(&self, claimed: &Claimed, holder: usize, key: &BoundKey, slot: &Slot) -> Result<Value, Error> {
        let draft = Draft { subject: claimed.subject(holder)?, key: Some(&key.key) };
        let views = self.sign_views(&claimed.prepared, &draft, Some(slot));
        Ok(json!(views))
    }

    fn copy_ldp(&self, claimed: &mut Claimed, holder: usize, key: &BoundKey, slot: &Slot) -> Result<Value, Error> {
        let mut prepared = claimed.prepared.clone();
        let ids: Vec<_> = (0..prepared.filled.holders.len())
            .map(|i| if i == holder { Some(key.holder.clone()) } else { prepared.kept_id(i) })
            .collect();
        prepared.filled.bind(&ids);
        prepared.slots = vec![slot.clone()];
        let signed = self.sign_credential(&prepared)?;
        claimed.leaves.push(self.issued_leaf(&claimed.head, signed.get(), prepared.at));
        value_of(&signed)
    }

    fn claimed_leaf(&self, claimed: &Claimed, format: Format, copies: usize) -> Leaf {
        let head = &claimed.head;
        let members = [
            ("agency", head.agency.as_str().into()),
            ("type", head.type_code.as_str().into()),
            ("credential", self.claim_tag(&head.id)),
            ("format", format.identifier().into()),
            ("copies", copies.into()),
        ];
        leaf(Kind::Claimed, claimed.prepared.at, &members)
    }

    /// The change that makes the copies stand: the record, its indexes, the slots that end, the log.
    pub(in crate::domain) fn claiming_change(&self, claimed: &Claimed) -> Result<Change, Error> {
        let head = &claimed.head;
        let key = record::key(&[head.agency.as_str(), head.id.as_str()]);
        let mut change = match &claimed.basis {
            Basis::New(order) => self.issuing_change(order, &claimed.prepared, head, &claimed.package)?,
            Basis::Stored(version) => {
                let value = self.vault().encode(Table::Credential, &key, head, &claimed.package.to_bytes()?)?;
                let body = sha256(&value);
                Change::new(self.fresh_request("claim")?, body).update(Table::Credential, key.clone(), *version, value)
            }
        };
        change.leaves.extend(claimed.leaves.iter().cloned());
        if !claimed.revoked.is_empty() {
            change.leaves.push(self.ended_leaf(&head.agency, &head.id, &claimed.revoked));
        }
        for slot in &claimed.revoked {
            change = change.status(slot.list_of(&head.agency), slot.idx, Status::Valid, Status::Revoked);
        }
        let index = |print: &str| record::key(&[&Self::key_tag(print), head.agency.as_str(), head.id.as_str()]);
        // A key that still holds copies for another holder of the licence leads here as before.
        for print in claimed.forgotten.iter().filter(|print| head.tags_of_key(print).next().is_none()) {
            change.writes.push(Write { table: Table::HolderIndex, key: index(print), value: None });
        }
        for print in &claimed.known {
            change = change.put(Table::HolderIndex, index(print), key.clone());
        }
        let told = json!({"revoked": claimed.revoked.len(), "keys": claimed.known.len()});
        self.audited(change, head.agency.as_str(), "claimed", &head.id, &told)
    }

    /// After the commit: the published lists show the slots that ended.
    pub(in crate::domain) fn show_claimed(&self, claimed: &Claimed) -> Result<(), Error> {
        self.refresh_lists(&claimed.head.agency, claimed.revoked.iter())
    }
}

impl Claimed {
    fn new(prepared: Prepared, head: CredentialHead, package: Package, basis: Basis) -> Self {
        let (revoked, leaves) = (Vec::new(), Vec::new());
        Self { prepared, head, package, basis, revoked, forgotten: BTreeSet::new(), known: BTreeSet::new(), leaves }
    }

    /// The subject that stands for a holder.
    fn subject(&self, holder: usize) -> Result<&Map, Error> {
        let filled = &self.prepared.filled;
        let one = filled.holders.get(holder).ok_or_else(|| Error::not_found("the licence has no such holder"))?;
        filled.subjects.get(one.subject.unwrap_or(0)).ok_or_else(|| Error::corrupt("a holder without a subject"))
    }

    /// Notes what the phone holds now.
    fn note(&mut self, claimant: Claimant<'_>, keys: &[BoundKey], slots: &[Slot]) {
        let prints = keys.iter().map(|key| key.key.thumbprint());
        self.known.extend(prints.clone());
        let position = self.head.phones.iter().position(|phone| phone.holder == claimant.holder);
        let position = position.unwrap_or_else(|| {
            let (holder, offer) = (claimant.holder, claimant.offer.clone());
            let offered = Some(claimant.offered);
            self.head.phones.push(Phone { holder, offer, offered, keys: Vec::new(), slots: Vec::new() });
            self.head.phones.len() - 1
        });
        if let Some(phone) = self.head.phones.get_mut(position) {
            let fresh: Vec<_> = prints.filter(|print| !phone.keys.contains(print)).collect();
            phone.keys.extend(fresh);
            phone.slots.extend_from_slice(slots);
        }
    }
}

fn value_of(signed: &RawValue) -> Result<Value, Error> {
    serde_json::from_str(signed.get()).map_err(|error| Error::corrupt(error.to_string()))
}
