//! The one change that issues a credential: record, indexes, unique number, log leaf, audit event.

use serde::{Deserialize, Serialize};

use super::record::{CredentialHead, HolderMark, Life, Package};
use super::{Order, Prepared};
use crate::base::bytes::base64url;
use crate::base::id::{CredentialId, RequestId};
use crate::base::jcs::canonicalize_object;
use crate::base::json::{Value, json};
use crate::base::random::bytes;
use crate::base::time::{Timestamp, rfc3339};
use crate::crypto::digest::sha256;
use crate::domain::catalogue::{CredentialType, Unique};
use crate::domain::change::{Change, Leaf, Table};
use crate::domain::city::City;
use crate::domain::error::Error;
use crate::domain::leaf::{Kind, leaf};
use crate::domain::record;

/// What is remembered of a row that was issued.
#[derive(Serialize, Deserialize)]
pub(super) struct ImportedRow {
    /// The credential.
    pub id: CredentialId,
    /// The keyed digest of the row.
    pub digest: String,
}

impl City {
    /// The leaf of a JSON credential that was signed.
    pub(super) fn issued_leaf(&self, head: &CredentialHead, credential: &str, at: Timestamp) -> Leaf {
        let members = [
            ("agency", head.agency.as_str().into()),
            ("type", head.type_code.as_str().into()),
            ("credential", self.credential_tag(&head.id)),
            ("digest", base64url(&sha256(credential.as_bytes())).into()),
        ];
        leaf(Kind::Issued, at, &members)
    }

    /// How the log names a credential in what everyone may put together: issuing and the status of its slots.
    pub(in crate::domain) fn credential_tag(&self, id: &CredentialId) -> Value {
        self.log_tag("credential", id.as_str().as_bytes())
    }

    /// How the log names a credential where its copies are told of, so that nobody puts them and its issuing together.
    pub(in crate::domain) fn claim_tag(&self, id: &CredentialId) -> Value {
        self.log_tag("claim", id.as_str().as_bytes())
    }

    /// The key under which an order with a key is remembered; a keyed digest, because rows are numbered as people like.
    pub(super) fn row_key(&self, order: &Order) -> Option<Vec<u8>> {
        let digest = self.commitment("row-key", order.key.as_ref()?.as_bytes());
        Some(record::key(&[order.agency.as_str(), order.type_code.as_str(), &digest]))
    }

    /// The keyed digest of an order's content: a row has little that could not be guessed.
    pub(in crate::domain) fn order_digest(&self, order: &Order) -> [u8; 32] {
        let head = json!({"agency": order.agency.as_str(), "type": order.type_code.as_str()});
        self.keyed_digest("order", &[head.to_string().as_bytes(), &canonicalize_object(&order.row)].concat())
    }

    pub(super) fn issuing_change(
        &self,
        order: &Order,
        prepared: &Prepared,
        head: &CredentialHead,
        package: &Package,
    ) -> Result<Change, Error> {
        let (agency, id) = (head.agency.as_str(), head.id.as_str());
        let key = record::key(&[agency, id]);
        let value = self.vault().encode(Table::Credential, &key, head, &package.to_bytes()?)?;
        let issued = rfc3339(head.issued_at);
        let request = RequestId::parse(&format!("issue/{}", base64url(&bytes::<16>(self.random()))))?;
        let digest = self.order_digest(order);
        let mut change = Change::new(request, digest)
            .put(Table::Credential, key.clone(), value)
            .insert(Table::CredentialById, id, key.clone())
            .insert(Table::Licence, self.number_key(prepared), key.clone())
            .put(Table::TypeIndex, record::key(&[head.type_code.as_str(), agency, id]), key.clone())
            .put(Table::AgencyIndex, record::key(&[agency, &issued, id]), key.clone());
        for holder in &head.holders {
            change = change.put(Table::HolderIndex, record::key(&[&holder.tag, agency, id]), key.clone());
            if let Some(thumbprint) = &holder.key {
                change =
                    change.put(Table::HolderIndex, record::key(&[&Self::key_tag(thumbprint), agency, id]), key.clone());
            }
        }
        if let Some(row_key) = self.row_key(order) {
            let imported = ImportedRow { id: head.id.clone(), digest: base64url(&digest) };
            change = change.insert(Table::ImportRow, row_key, record::encode(&imported)?);
        }
        change.leaves.push(self.issued_leaf(head, package.credential.get(), head.issued_at));
        change.receipt = json!({"id": id}).to_string().into_bytes();
        self.audited(change, agency, "issued", &head.id, &json!({"type": head.type_code.as_str()}))
    }

    pub(super) fn head(&self, prepared: &Prepared) -> CredentialHead {
        let marks = prepared.filled.holders.iter().zip(&prepared.keys).map(|(holder, key)| HolderMark {
            tag: self.holder_tag(&holder.code_type, &holder.code),
            key: key.as_ref().map(crate::crypto::PublicKey::thumbprint),
        });
        CredentialHead {
            id: prepared.id.clone(),
            agency: prepared.agency.code.clone(),
            type_code: prepared.credential_type.annotation().code.clone(),
            type_version: prepared.credential_type.version(),
            holders: marks.collect(),
            slots: prepared.slots.clone(),
            phones: Vec::new(),
            life: Life::Valid,
            issued_at: prepared.at,
            valid_from: prepared.filled.validity.begins(),
            valid_until: prepared.filled.validity.ends(),
        }
    }

    /// The key that makes a licence number unique: a keyed digest, because many numbers are personal.
    fn number_key(&self, prepared: &Prepared) -> Vec<u8> {
        let holder = prepared.filled.holders.first().map(|holder| holder.code.as_str()).unwrap_or_default();
        self.licence_key(prepared.credential_type, &prepared.filled.number, holder)
    }

    /// The key of a number of a type; `holder` counts where numbers are unique for each holder only.
    pub(in crate::domain) fn licence_key(&self, of: &CredentialType, number: &str, holder: &str) -> Vec<u8> {
        let holder = match of.numbering().unique {
            Unique::Number => "",
            Unique::NumberAndHolder => holder,
        };
        let tag = self.commitment("licence", format!("{number}\0{holder}").as_bytes());
        record::key(&[of.code(), &tag])
    }

    /// Adds an audit event about a credential; what a person wrote is sealed.
    pub(in crate::domain) fn audited(
        &self,
        change: Change,
        agency: &str,
        event: &str,
        id: &CredentialId,
        details: &Value,
    ) -> Result<Change, Error> {
        let at = rfc3339(self.now());
        let key = record::key(&[agency, &at, &base64url(&bytes::<9>(self.random()))]);
        let head = json!({"event": event, "credential": id.as_str(), "at": at});
        let value = self.vault().encode(Table::Audit, &key, &head, details.to_string().as_bytes())?;
        Ok(change.put(Table::Audit, key, value))
    }
}
