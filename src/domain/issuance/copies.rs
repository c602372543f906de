//! The forms that are bound to one holder each: the SD-JWT VC and the compact views.
//!
//! Every holder with a key gets one copy bound to that key. A credential whose holders brought no key has compact views
//! bound to nobody: they can be printed, and say that the bearer is not proved. Few of a stock are ever fetched or
//! printed, so the register keeps the JSON credential alone, and copies are signed when they are asked for, the same
//! each time as long as the agency signs with the same key. The SD-JWT and the compact views of a copy have status slots of their own, taken when the credential was
//! issued, so that two verifiers cannot link them by their status.

use std::collections::BTreeMap;

use super::Prepared;
use super::record::Copy;
use crate::base::bytes::base64url;
use crate::base::json::Map;
use crate::base::random::Random;
use crate::base::time::{Timestamp, china_end_of_day};
use crate::crypto::PublicKey;
use crate::crypto::derive::SeededRandom;
use crate::domain::city::City;
use crate::domain::error::Error;
use crate::domain::holder;
use crate::domain::status::Slot;
use crate::vc::status::token::StatusReference;
use crate::vc::{compact, sd_jwt};

/// How many status slots a credential needs: its own, two for each copy that is bound, or one for the views of nobody.
pub(super) fn slots(keys: &[Option<PublicKey>]) -> u32 {
    let bound = u32::try_from(keys.iter().flatten().count()).unwrap_or(u32::MAX / 4);
    1 + if bound == 0 { 1 } else { bound * 2 }
}

/// One copy to be: its subject, and its holder's key.
pub(super) struct Draft<'a> {
    pub(super) subject: &'a Map,
    pub(super) key: Option<&'a PublicKey>,
}

/// The copies as the register keeps them: for whom, and nothing signed.
pub(super) fn unsigned(keys: &[Option<PublicKey>]) -> Vec<Copy> {
    let bound = keys.iter().flatten();
    bound.map(|key| Copy { holder: Some(holder::did_of(key)), sd_jwt: None, compact: BTreeMap::new() }).collect()
}

impl City {
    /// Signs every copy: one for each holder with a key, or the views that anybody may print.
    pub(super) fn sign_copies(&self, prepared: &Prepared) -> Result<Vec<Copy>, Error> {
        let mut slots = prepared.slots.iter().skip(1);
        let mut copies = Vec::new();
        for draft in drafts(prepared) {
            let (first, second) = (slots.next(), slots.next());
            copies.push(Copy {
                holder: draft.key.map(holder::did_of),
                sd_jwt: draft.key.map(|key| self.sign_kept(prepared, draft.subject, key, first)).transpose()?,
                compact: self.sign_views(prepared, &draft, second.or(first)),
            });
        }
        Ok(copies)
    }

    /// The SD-JWT that a holder of the register gets: its salts follow from the credential and the keys.
    fn sign_kept(
        &self,
        prepared: &Prepared,
        subject: &Map,
        key: &PublicKey,
        slot: Option<&Slot>,
    ) -> Result<String, Error> {
        let parts = [prepared.id.as_str(), &prepared.signer.key_id, &key.thumbprint()];
        let salts = SeededRandom::keyed(self.keyed_digest("salts", parts.join("\0").as_bytes()));
        self.sign_sd_jwt(prepared, subject, key, slot, &salts)
    }

    fn reference(&self, prepared: &Prepared, slot: Option<&Slot>) -> Option<StatusReference> {
        let slot = slot?;
        let uri = self.names.status_list(&slot.list_of(&prepared.agency.code));
        Some(StatusReference { uri, index: u64::from(slot.idx) })
    }

    pub(super) fn sign_sd_jwt(
        &self,
        prepared: &Prepared,
        subject: &Map,
        key: &PublicKey,
        slot: Option<&Slot>,
        random: &dyn Random,
    ) -> Result<String, Error> {
        let mut claims = subject.clone();
        claims.remove("id");
        claims.remove("heldBy");
        let reference = self.reference(prepared, slot);
        let issuer = self.names.agency_url(&prepared.agency.code);
        let vct = prepared.credential_type.schema_url(self.names.base());
        let credential = sd_jwt::credential::NewCredential {
            issuer: &issuer,
            key_id: &prepared.signer.key_id,
            vct: &vct,
            valid_from: Some(prepared.filled.validity.begins()),
            valid_until: prepared.filled.validity.ends(),
            issued_at: Some(prepared.at),
            status: reference.as_ref().map(|reference| (reference.uri.as_str(), reference.index)),
            holder: Some(key),
            claims: &claims,
            open: &[],
            decoys: 4,
        };
        Ok(credential.issue(prepared.signer.signer.as_ref(), random)?.to_string())
    }

    pub(super) fn sign_views(
        &self,
        prepared: &Prepared,
        draft: &Draft<'_>,
        slot: Option<&Slot>,
    ) -> BTreeMap<String, String> {
        let credential_type = prepared.credential_type;
        let reference = self.reference(prepared, slot);
        let issuer = self.names.agency_did(&prepared.agency.code);
        let fields: Vec<_> = credential_type.fields().iter().map(|field| field.name.as_str()).collect();
        let mut views = BTreeMap::new();
        for view in credential_type.views_for(draft.subject, prepared.at) {
            let Some(claims) = credential_type.view_claims(&view.name, draft.subject, prepared.at) else { continue };
            let credential = compact::NewCredential {
                issuer: &issuer,
                key_id: &prepared.signer.key_id,
                id: prepared.id.as_str(),
                type_code: credential_type.code(),
                version: credential_type.version(),
                view: &view.name,
                issued_at: prepared.at,
                valid_from: prepared.filled.validity.begins(),
                valid_until: view_end(prepared, draft.subject, &view.name),
                holder: draft.key,
                status: reference.as_ref(),
                claims: &claims,
                fields: &fields,
            };
            // A view that would not fit into a code is not made; the other forms carry it.
            if let Ok(bytes) = credential.issue(prepared.signer.signer.as_ref()) {
                views.insert(view.name.clone(), base64url(&bytes));
            }
        }
        views
    }
}

/// The end of a view: of the licence, or the last day on which what it says is true.
fn view_end(prepared: &Prepared, subject: &Map, view: &str) -> Option<Timestamp> {
    let licence = prepared.filled.validity.ends();
    let truth = prepared.credential_type.view_expiry(view, subject, prepared.at).map(china_end_of_day);
    match (licence, truth) {
        (Some(licence), Some(truth)) => Some(licence.min(truth)),
        (licence, truth) => licence.or(truth),
    }
}

fn drafts(prepared: &Prepared) -> Vec<Draft<'_>> {
    let subjects = &prepared.filled.subjects;
    let holders = prepared.filled.holders.iter().zip(&prepared.keys);
    let drafts: Vec<_> = holders
        .filter_map(|(holder, key)| {
            let subject = subjects.get(holder.subject.unwrap_or(0))?;
            Some(Draft { subject, key: Some(key.as_ref()?) })
        })
        .collect();
    match (drafts.is_empty(), subjects.first()) {
        (true, Some(subject)) => vec![Draft { subject, key: None }],
        _ => drafts,
    }
}
