//! One licence as a wallet holds it: the JSON credential exactly as signed, and the forms that are bound to the holder.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::base::bytes::from_base64url;
use crate::base::json::{Limits, Map, Value, parse_object};
use crate::crypto::PublicKey;
use crate::domain::error::{Error, ErrorKind};
use crate::vc::compact::Credential;
use crate::vc::sd_jwt::SdJwt;
use crate::vc::sd_jwt::key_binding::holder_key;

/// Largest package in bytes.
const MAX_PACKAGE: usize = 4 << 20;

/// A received licence.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Licence {
    /// The identifier (电子证照标识).
    pub id: String,
    /// The code of the type.
    #[serde(rename = "type")]
    pub type_code: String,
    /// The licence number (证照编号).
    pub number: String,
    /// When it came into the wallet, RFC 3339.
    #[serde(default)]
    pub received: String,
    credential: Box<RawValue>,
    /// The companion: that its issuing stands in the city's log (C2SP tlog-proof).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_proof: Option<String>,
    /// The forms that are bound to one key each.
    pub copies: Vec<Copy>,
}

/// The forms that share a key and a status slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Copy {
    /// The DID of the holder that it is bound to; `None` for views that can only be printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// The SD-JWT VC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sd_jwt: Option<String>,
    /// The compact credentials by view, base64url.
    #[serde(default)]
    pub compact: BTreeMap<String, String>,
    /// How often its SD-JWT was shown.
    #[serde(default)]
    pub shown: u32,
}

impl Licence {
    /// Reads a credential package strictly; members that a wallet does not know are left out.
    pub(super) fn read(package: &[u8]) -> Result<Self, Error> {
        let limits = Limits { bytes: MAX_PACKAGE, ..Limits::DEFAULT };
        parse_object(package, &limits)?;
        let licence: Self =
            serde_json::from_slice(package).map_err(|error| Error::malformed(format!("package: {error}")))?;
        licence.credential_value()?;
        Ok(licence)
    }

    /// Keeps the copies that are bound to this holder or to nobody, after looking into each.
    pub(super) fn keep_for(&mut self, did: &str, key: &PublicKey) -> Result<(), Error> {
        let before = self.copies.len();
        self.copies.retain(|copy| copy.holder.as_deref().is_none_or(|holder| holder == did));
        if self.copies.is_empty() && before > 0 {
            return Err(Error::new(ErrorKind::NotAllowed, "every copy is bound to another key").says(
                "该证照绑定到其他卡包的密钥，不能收入。",
                "The licence is bound to another wallet's key and cannot be taken in.",
            ));
        }
        self.copies.iter().try_for_each(|copy| copy.check(key))
    }

    /// Whether another copy is of the very same signed bytes, whose companion serves this one too.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.id == other.id && self.credential() == other.credential()
    }

    /// The JSON credential exactly as signed.
    pub fn credential(&self) -> &str {
        self.credential.get()
    }

    /// The JSON credential as a value.
    pub fn credential_value(&self) -> Result<Value, Error> {
        Ok(Value::Object(parse_object(
            self.credential().as_bytes(),
            &Limits { bytes: MAX_PACKAGE, ..Limits::DEFAULT },
        )?))
    }

    /// The views that can be shown, each once.
    pub fn views(&self) -> Vec<&str> {
        let mut views: Vec<_> = self.copies.iter().flat_map(|copy| copy.compact.keys().map(String::as_str)).collect();
        views.sort_unstable();
        views.dedup();
        views
    }

    /// The SD-JWT that was shown least often, counted as shown once more.
    pub(super) fn next_sd_jwt(&mut self) -> Option<String> {
        let copy = self.copies.iter_mut().filter(|copy| copy.sd_jwt.is_some()).min_by_key(|copy| copy.shown)?;
        copy.shown = copy.shown.saturating_add(1);
        copy.sd_jwt.clone()
    }
}

impl Copy {
    /// Every form must be readable and bound to what the copy says: `key`, or nobody.
    fn check(&self, key: &PublicKey) -> Result<(), Error> {
        let expected = self.holder.as_ref().map(|_| key);
        let other =
            || Error::new(ErrorKind::Refused, "a form of the licence is bound to another key than its copy says");
        for text in self.compact.values() {
            let credential = Credential::decode(&from_base64url(text)?)?;
            if credential.holder.as_ref() != expected {
                return Err(other());
            }
        }
        if let Some(text) = &self.sd_jwt {
            let claims: Map = SdJwt::parse(text)?.payload().clone();
            if holder_key(&claims)?.as_ref() != expected {
                return Err(other());
            }
        }
        Ok(())
    }
}
