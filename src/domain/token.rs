//! Bearer tokens of machines: agencies that issue, windows that take applications, the operator.
//!
//! A token is 32 random bytes; the store keeps a keyed digest of it and what it may do, so that a stolen store opens
//! nothing.

use serde::{Deserialize, Serialize};

use super::change::{Change, Table};
use super::city::City;
use super::error::{Error, ErrorKind};
use super::record;
use crate::base::bytes::base64url;
use crate::base::id::{AgencyCode, RequestId};
use crate::base::random::bytes;
use crate::base::time::rfc3339;
use crate::crypto::digest::{hmac_sha256, sha256};

/// What a bearer may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "role")]
pub enum Role {
    /// Issue and change the credentials of one agency.
    Agency {
        /// The agency.
        agency: AgencyCode,
    },
    /// Take, accept and decide applications at the windows of one agency.
    Window {
        /// The agency that the window belongs to.
        agency: AgencyCode,
    },
    /// Everything that runs the city: keys, exports, conformance.
    Operator,
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// What the caller may do.
    #[serde(flatten)]
    pub role: Role,
    /// What the token was made for, in the operator's words.
    pub label: String,
    /// When it was made.
    pub created: String,
}

impl Caller {
    /// The agency that the caller issues for; `not-allowed` for others.
    pub fn issuing_agency(&self) -> Result<&AgencyCode, Error> {
        match &self.role {
            Role::Agency { agency } => Ok(agency),
            Role::Window { .. } | Role::Operator => Err(not_allowed("an agency's token is needed")),
        }
    }

    /// The agency whose window calls; `not-allowed` for others.
    pub fn window(&self) -> Result<&AgencyCode, Error> {
        match &self.role {
            Role::Window { agency } => Ok(agency),
            Role::Agency { .. } | Role::Operator => Err(not_allowed("a window's token is needed")),
        }
    }

    /// Whether the caller runs the city.
    pub fn require_operator(&self) -> Result<(), Error> {
        match &self.role {
            Role::Operator => Ok(()),
            Role::Agency { .. } | Role::Window { .. } => Err(not_allowed("the operator's token is needed")),
        }
    }
}

fn not_allowed(detail: &str) -> Error {
    Error::new(ErrorKind::NotAllowed, detail)
}

impl City {
    /// Makes a token; it is shown once and cannot be read back.
    pub fn new_token(&self, role: Role, label: &str) -> Result<String, Error> {
        let token = format!("cl_{}", base64url(&bytes::<32>(self.random())));
        self.put_token(&token, role, label)?;
        Ok(token)
    }

    /// Keeps a given token, for the demo city whose tokens are known.
    pub fn put_token(&self, token: &str, role: Role, label: &str) -> Result<(), Error> {
        let key = self.token_key(token);
        let caller = Caller { role, label: label.to_owned(), created: rfc3339(self.now()) };
        let value = record::encode(&caller)?;
        let request = RequestId::parse(&format!("token/{}", base64url(&bytes::<16>(self.random()))))?;
        let body = sha256(&value);
        self.store().commit(Change::new(request, body).put(Table::Token, key, value))?;
        Ok(())
    }

    /// Who a token belongs to; `unauthenticated` when nobody.
    pub fn authenticate(&self, token: &str) -> Result<Caller, Error> {
        let row = self.store().get(Table::Token, &self.token_key(token))?;
        let row = row.ok_or_else(|| Error::new(ErrorKind::Unauthenticated, "unknown token"))?;
        record::decode(Table::Token, &row.value)
    }

    fn token_key(&self, token: &str) -> Vec<u8> {
        hmac_sha256(self.keys.tokens.expose(), token.as_bytes()).to_vec()
    }
}
