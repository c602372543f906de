//! Who calls: machines by bearer token, people by the session of their account.
//!
//! A token is 32 random bytes; the store keeps a keyed digest of it and what it may do, so that a stolen store opens
//! nothing. A [session](super::account::session) gives the same [`Caller`], with the person in it.

use serde::{Deserialize, Serialize};

use super::account::{Author, Person, StaffRole};
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
    /// Everything that runs the city: keys, accounts, exports, conformance.
    Operator,
    /// Look at the work of every agency and window.
    Supervisor,
    /// Look at the work and at the audit events of every agency and window.
    Auditor,
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// What the caller may do.
    #[serde(flatten)]
    pub role: Role,
    /// What the token was made for, in the operator's words; the account's name for a person.
    pub label: String,
    /// When it was made.
    pub created: String,
    /// The person, when a session calls.
    #[serde(skip)]
    pub person: Option<Person>,
}

impl Caller {
    /// The agency that the caller issues for; `not-allowed` for others.
    pub fn issuing_agency(&self) -> Result<&AgencyCode, Error> {
        match &self.role {
            Role::Agency { agency } => Ok(agency),
            Role::Window { .. } | Role::Operator | Role::Supervisor | Role::Auditor => {
                Err(not_allowed("an agency's caller is needed"))
            }
        }
    }

    /// The agency whose credentials the caller looks at: its own, or for those who watch all agencies the one they name.
    pub fn reading_agency(&self, named: Option<&str>) -> Result<AgencyCode, Error> {
        match (&self.role, named) {
            (Role::Agency { agency }, None) => Ok(agency.clone()),
            (Role::Agency { agency }, Some(named)) if named == agency.as_str() => Ok(agency.clone()),
            (Role::Supervisor | Role::Auditor, Some(named)) => Ok(AgencyCode::parse(named)?),
            (Role::Supervisor | Role::Auditor, None) => Err(Error::malformed("no agency named")
                .says("请指明机关（?agency=代码）。", "Name the agency: ?agency=CODE.")),
            (Role::Agency { .. } | Role::Window { .. } | Role::Operator, _) => {
                Err(not_allowed("a caller of this agency, or one that watches all, is needed"))
            }
        }
    }

    /// The agency whose window calls; `not-allowed` for others.
    pub fn window(&self) -> Result<&AgencyCode, Error> {
        match &self.role {
            Role::Window { agency } => Ok(agency),
            Role::Agency { .. } | Role::Operator | Role::Supervisor | Role::Auditor => {
                Err(not_allowed("a window's caller is needed"))
            }
        }
    }

    /// Whether the caller runs the city.
    pub fn require_operator(&self) -> Result<(), Error> {
        if self.role == Role::Operator {
            Ok(())
        } else {
            Err(not_allowed("the operator or an administrator is needed"))
        }
    }

    /// Whether the caller watches all agencies and windows.
    pub fn watches(&self) -> bool {
        matches!(self.role, Role::Supervisor | Role::Auditor)
    }

    /// The staff role of the person who calls; `None` for a machine.
    pub fn staff_role(&self) -> Option<StaffRole> {
        self.person.as_ref().map(|person| person.role)
    }

    /// Who is named in the records of what this caller does.
    pub fn author(&self) -> Author {
        match &self.person {
            Some(person) => Author::Account(person.account.clone()),
            None => Author::Token(self.label.clone()),
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
        let caller = Caller { role, label: label.to_owned(), created: rfc3339(self.now()), person: None };
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
