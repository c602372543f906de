//! The stored form of an account: what stands in the open, and what is sealed.

use serde::{Deserialize, Serialize};

use super::{Author, Person, StaffRole};
use crate::base::bytes::{base64url, from_base64url};
use crate::base::id::{AccountName, AgencyCode};
use crate::base::json::{Value, json};
use crate::base::random::bytes;
use crate::base::secret::Secret;
use crate::base::time::{Timestamp, rfc3339};
use crate::crypto::password::Kept;
use crate::crypto::totp::SECRET_BYTES;
use crate::domain::audit::CITY;
use crate::domain::change::{Change, Table};
use crate::domain::city::City;
use crate::domain::error::Error;
use crate::domain::record;

/// What stands in the open: no personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// What is typed to sign in.
    pub account: AccountName,
    /// What the account may do.
    pub role: StaffRole,
    /// The agency it works for, where the role has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency: Option<AgencyCode>,
    /// Nobody can sign in.
    pub disabled: bool,
    /// The password is known to somebody else and must be changed first.
    pub must_change: bool,
    /// A one-time password is asked for.
    pub totp: bool,
    /// When it was made.
    pub created: Timestamp,
    /// When somebody last signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_sign_in: Option<Timestamp>,
    /// Sessions of another epoch have ended.
    pub epoch: u64,
}

/// What is sealed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sealed {
    /// The person's name.
    pub name: String,
    /// The password.
    pub password: Kept,
    /// The one-time password in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totp: Option<OneTime>,
    /// The secret of one that is being set up, base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totp_next: Option<String>,
}

/// A one-time password in use.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct OneTime {
    /// The secret, base64url.
    pub secret: String,
    /// The last step that was accepted; it and earlier ones are refused.
    pub last: u64,
}

/// Reads a secret as it is kept.
pub(super) fn totp_secret(text: &str) -> Result<Secret<[u8; SECRET_BYTES]>, Error> {
    let bytes = from_base64url(text)?;
    let bytes = <[u8; SECRET_BYTES]>::try_from(bytes).map_err(|_| Error::corrupt("one-time secret"))?;
    Ok(Secret::new(bytes))
}

/// An account as loaded.
#[derive(Clone)]
pub struct Account {
    /// What stands in the open.
    pub head: Head,
    pub(super) sealed: Sealed,
    pub(super) version: u64,
}

impl Account {
    /// The person's name.
    pub fn name(&self) -> &str {
        &self.sealed.name
    }

    /// The person behind the account.
    pub fn person(&self) -> Person {
        Person {
            account: self.head.account.clone(),
            name: self.sealed.name.clone(),
            role: self.head.role,
            must_change: self.head.must_change,
        }
    }

    /// What administrators see.
    pub fn to_json(&self) -> Value {
        let head = &self.head;
        json!({
            "account": head.account,
            "name": self.sealed.name,
            "role": head.role,
            "agency": head.agency,
            "disabled": head.disabled,
            "mustChange": head.must_change,
            "totp": head.totp,
            "created": rfc3339(head.created),
            "lastSignIn": head.last_sign_in.map(rfc3339),
        })
    }
}

impl City {
    /// An account; `None` where there is none.
    pub fn find_account(&self, name: &AccountName) -> Result<Option<Account>, Error> {
        let key = name.as_str().as_bytes();
        let Some(row) = self.store().get(Table::Account, key)? else { return Ok(None) };
        self.read_account(key, &row.value, row.version).map(Some)
    }

    pub(super) fn read_account(&self, key: &[u8], value: &[u8], version: u64) -> Result<Account, Error> {
        let sealed = record::open(&self.keys.sealer, Table::Account, key, value)?;
        let sealed = serde_json::from_slice(&sealed).map_err(|error| Error::corrupt(format!("account: {error}")))?;
        Ok(Account { head: record::decode(Table::Account, value)?, sealed, version })
    }

    /// The row of an account.
    pub(super) fn account_row(&self, account: &Account) -> Result<Vec<u8>, Error> {
        let key = account.head.account.as_str().as_bytes();
        let sealed = serde_json::to_vec(&account.sealed).map(Secret::new);
        let sealed = sealed.map_err(|error| Error::corrupt(format!("account: {error}")))?;
        self.vault().encode(Table::Account, key, &account.head, sealed.expose())
    }

    /// Adds to a change the account as it is now, if it is still as it was read.
    pub(super) fn with_account(&self, change: Change, account: &Account) -> Result<Change, Error> {
        let value = self.account_row(account)?;
        Ok(change.update(Table::Account, account.head.account.as_str(), account.version, value))
    }

    /// Adds an audit event about an account.
    pub(super) fn account_event(
        &self,
        change: Change,
        event: &str,
        account: &Head,
        by: &Author,
    ) -> Result<Change, Error> {
        let at = rfc3339(self.now());
        let place = account.agency.as_ref().map_or(CITY, AgencyCode::as_str);
        let key = record::key(&[place, &at, &base64url(&bytes::<9>(self.random()))]);
        let head = json!({"event": event, "account": account.account, "by": by, "at": at});
        let value = self.vault().encode(Table::Audit, &key, &head, b"{}")?;
        Ok(change.put(Table::Audit, key, value))
    }
}
