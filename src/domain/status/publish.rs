//! Lists as they are published: the same bits as a credential, a JWT or a CWT, signed by the agency.
//!
//! What is signed is kept until the list changes, the agency's key changes or half its life has passed, so that serving
//! costs no signature and a revocation is in the next answer.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::Snapshot;
use crate::base::bytes::base64url;
use crate::base::id::ListId;
use crate::base::json::Value;
use crate::base::time::{Timestamp, plus_seconds};
use crate::crypto::digest::sha256;
use crate::domain::city::City;
use crate::domain::city::keys::AgencySigner;
use crate::domain::error::Error;
use crate::vc::data_integrity::{self, ProofOptions};
use crate::vc::keys::Purpose;
use crate::vc::status::bitstring::{ListOptions, list_credential};
use crate::vc::status::token::{StatusList, Token};

/// How long a signed list may be relied on, seconds.
const LIFE: i64 = 24 * 3600;
/// How long it may be cached, seconds.
const TTL: u32 = 10;

/// The forms of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// A `BitstringStatusListCredential` with a Data Integrity proof.
    Credential,
    /// A status list token as JWT.
    Jwt,
    /// A status list token as CWT.
    Cwt,
}

/// A signed list.
#[derive(Debug)]
pub struct Published {
    /// What is served.
    pub bytes: Vec<u8>,
    /// A digest of the bytes: the strong entity tag, without quotes.
    pub tag: String,
    pub(super) version: u64,
    key_id: String,
    signed_at: Timestamp,
}

/// Lists as last signed.
pub(super) type Cache = RwLock<HashMap<(ListId, Form), Arc<Published>>>;

impl City {
    /// An own list in one form, signed; `NotFound` for the list of an agency that is not in the registry.
    pub fn published_list(&self, list: &ListId, form: Form) -> Result<Arc<Published>, Error> {
        let snapshot = self.status_list(list)?;
        let signer = self.keys.agency(&list.agency)?;
        let now = self.now();
        let place = (list.clone(), form);
        let kept = self.statuses.published.read().unwrap_or_else(PoisonError::into_inner).get(&place).cloned();
        if let Some(kept) = kept.filter(|kept| kept.is_current(&snapshot, &signer, now)) {
            return Ok(kept);
        }
        let bytes = self.sign_list(&snapshot, form, &signer, now, LIFE)?;
        let tag = base64url(&sha256(&bytes));
        let (version, key_id) = (snapshot.version, signer.key_id.clone());
        let published = Arc::new(Published { bytes, tag, version, key_id, signed_at: now });
        if snapshot.is_worth_keeping() {
            let mut kept = self.statuses.published.write().unwrap_or_else(PoisonError::into_inner);
            kept.insert(place, Arc::clone(&published));
        }
        Ok(published)
    }

    /// An own list signed for whoever takes it along, good for `life` seconds.
    pub(in crate::domain) fn list_for(&self, list: &ListId, form: Form, life: i64) -> Result<Vec<u8>, Error> {
        let (snapshot, signer) = (self.status_list(list)?, self.keys.agency(&list.agency)?);
        self.sign_list(&snapshot, form, &signer, self.now(), life)
    }

    fn sign_list(
        &self,
        list: &Snapshot,
        form: Form,
        signer: &AgencySigner,
        now: Timestamp,
        life: i64,
    ) -> Result<Vec<u8>, Error> {
        let url = self.names.status_list(&list.list);
        let issuer = self.names.agency_did(&list.list.agency);
        let method = format!("{issuer}#{}", signer.key_id);
        if form == Form::Credential {
            let options = ListOptions {
                url: &url,
                issuer: &issuer,
                valid_from: now,
                valid_until: Some(plus_seconds(now, life)),
                ttl: Some(TTL),
            };
            let options_of_proof = ProofOptions::new(Purpose::AssertionMethod, method, now);
            let credential = list_credential(&options, &list.bits);
            let signed = data_integrity::sign(credential, &options_of_proof, signer.signer.as_ref(), self.contexts())?;
            return Ok(Value::Object(signed).to_string().into_bytes());
        }
        let token = Token {
            subject: url,
            issued_at: now,
            expires: Some(plus_seconds(now, life)),
            ttl: Some(TTL.into()),
            list: StatusList::of(&list.bits),
        };
        Ok(match form {
            Form::Jwt => token.to_jwt(&method, signer.signer.as_ref()).into_bytes(),
            Form::Cwt | Form::Credential => token.to_cwt(&method, signer.signer.as_ref()),
        })
    }
}

impl Published {
    fn is_current(&self, snapshot: &Snapshot, signer: &AgencySigner, now: Timestamp) -> bool {
        let young = self.signed_at <= now && now < plus_seconds(self.signed_at, LIFE / 2);
        self.version == snapshot.version && self.key_id == signer.key_id && young
    }
}
