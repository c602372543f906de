//! The stored form of an issued credential: what stands in the open, and the sealed package.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::base::id::{AgencyCode, CredentialId, OfferId, TypeCode};
use crate::base::time::Timestamp;
use crate::domain::error::Error;
use crate::domain::status::Slot;

/// What stands in the open: no personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CredentialHead {
    /// The 电子证照标识.
    pub id: CredentialId,
    /// Who issued it.
    pub agency: AgencyCode,
    /// Its type.
    pub type_code: TypeCode,
    /// The version of the type's schema.
    pub type_version: u32,
    /// Its holders.
    pub holders: Vec<HolderMark>,
    /// The status slots of the forms that the register keeps; all share its life.
    pub slots: Vec<Slot>,
    /// The phones that hold copies by an offer, one for each holder; their slots share its life too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<Phone>,
    /// Its life.
    pub life: Life,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// From when it is valid.
    pub valid_from: Timestamp,
    /// Until when; absent for 长期.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
}

/// The copies that one holder's wallet received by an offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phone {
    /// Which holder, from 0.
    pub holder: usize,
    /// The offer that brought them.
    pub offer: OfferId,
    /// When that offer was made; absent in records of earlier days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offered: Option<Timestamp>,
    /// The thumbprints of the keys.
    pub keys: Vec<String>,
    /// The status slots, one for each copy.
    pub slots: Vec<Slot>,
}

impl CredentialHead {
    /// Every status slot of the register's forms and of the phones' copies.
    pub fn all_slots(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter().chain(self.phones.iter().flat_map(|phone| &phone.slots))
    }

    /// Whether a holder's copies are on another phone that a later offer brought: an older one does not take them back.
    pub fn is_moved(&self, holder: usize, offer: &OfferId, offered: Timestamp, delivered: bool) -> bool {
        let later = |phone: &Phone| delivered || phone.offered.is_some_and(|at| offered < at);
        self.phones.iter().any(|phone| phone.holder == holder && phone.offer != *offer && later(phone))
    }

    /// The tags of the holders who have a key.
    pub fn tags_of_key<'a>(&'a self, thumbprint: &'a str) -> impl Iterator<Item = &'a str> {
        let phones = self.phones.iter().filter(move |phone| phone.keys.iter().any(|key| key == thumbprint));
        let by_phone = phones.filter_map(|phone| self.holders.get(phone.holder));
        let kept = self.holders.iter().filter(move |holder| holder.key.as_deref() == Some(thumbprint));
        kept.chain(by_phone).map(|holder| holder.tag.as_str())
    }
}

/// A holder as the store knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HolderMark {
    /// The keyed digest of the holder's code.
    pub tag: String,
    /// The thumbprint of the holder's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// Where a credential stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "status")]
pub enum Life {
    /// In force.
    Valid,
    /// 暂扣 since.
    Suspended {
        /// When.
        at: Timestamp,
    },
    /// 注销/吊销 since.
    Revoked {
        /// When.
        at: Timestamp,
    },
}

impl Life {
    /// The frozen name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Suspended { .. } => "suspended",
            Self::Revoked { .. } => "revoked",
        }
    }
}

/// What a holder receives: the credential in every form, exactly as signed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Package {
    /// The 电子证照标识.
    pub id: CredentialId,
    /// The type.
    #[serde(rename = "type")]
    pub type_code: TypeCode,
    /// The licence number (证照编号).
    pub number: String,
    /// The JSON credential.
    pub credential: Box<RawValue>,
    /// The forms that are bound to one holder each.
    pub copies: Vec<Copy>,
}

/// The forms of one holder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Copy {
    /// The holder's DID; absent when no key was known, then the compact views can only be printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// The SD-JWT VC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sd_jwt: Option<String>,
    /// The compact credentials by view, base64url.
    pub compact: BTreeMap<String, String>,
}

impl Copy {
    /// Whether it says only for whom it is.
    pub fn is_unsigned(&self) -> bool {
        self.sd_jwt.is_none() && self.compact.is_empty()
    }
}

impl Package {
    /// The bytes to seal.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let texts = self.copies.iter().flat_map(|copy| copy.sd_jwt.iter().chain(copy.compact.values()));
        let length = self.credential.get().len() + texts.map(|text| text.len() + 64).sum::<usize>();
        let mut bytes = Vec::with_capacity(length + 512);
        serde_json::to_writer(&mut bytes, self).map_err(|error| Error::corrupt(format!("package: {error}")))?;
        Ok(bytes)
    }

    /// Reads what [`Package::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        serde_json::from_slice(bytes).map_err(|error| Error::corrupt(format!("package: {error}")))
    }
}
