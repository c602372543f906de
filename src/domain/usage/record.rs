//! The form of a use record, and where it is kept.
//!
//! A record is a JWT of the type `certless-use+jwt`, signed under a root key of the city, `<city>#root`. Its claims are [`UseRecord`]; `prev` is the
//! base64url SHA-256 of the JWT before it in its `chain`, whose numbers `seq` count from 1 without a gap.

use serde::{Deserialize, Serialize};

use crate::base::bytes::base64url;
use crate::base::error::ParseError;
use crate::base::id::{AgencyCode, ApplicationId, CredentialId, TypeCode};
use crate::base::json::{Map, Value};
use crate::base::text::Label;
use crate::base::time::Timestamp;
use crate::crypto::digest::sha256;
use crate::domain::record;
use crate::domain::trust::roots::Roots;
use crate::domain::usage::{Basis, Mode};
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::jws::Jws;
use crate::vc::verify::sources::Relied;

/// The header member `typ`.
pub const TYP: &str = "certless-use+jwt";
/// Beyond every time that is kept, so that the newest comes first.
const END: i64 = 9_999_999_999;

/// What a record says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UseRecord {
    /// Its identifier: agency, time and 96 random bits.
    pub id: String,
    /// The chain that it stands in: the agency and the pseudonym of who works there.
    pub chain: String,
    /// Its number in the chain, from 1.
    pub seq: u64,
    /// The digest of the one before it; absent for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prev: Option<String>,
    /// When.
    pub at: Timestamp,
    /// When the holder handed it in, where that was before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_at: Option<Timestamp>,
    /// The unit whose window it was.
    pub unit: AgencyCode,
    /// The unit's name.
    pub unit_name: Label,
    /// The window, where it has a name of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<String>,
    /// The clerk's pseudonym: the same for all records of a clerk, told to nobody else.
    pub clerk: String,
    /// The application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<ApplicationId>,
    /// The matter's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matter: Option<String>,
    /// The matter's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matter_name: Option<Label>,
    /// What it was for, at most 200 characters.
    pub purpose: Label,
    /// Why the window might look.
    pub basis: Basis,
    /// The licence; absent when nothing could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<Used>,
    /// The names of the fields that were disclosed.
    pub fields: Vec<String>,
    /// How it was shown.
    pub mode: Mode,
    /// In which format.
    pub format: String,
    /// The SHA-256 of what was shown, base64url.
    pub presentation: String,
    /// What came of it.
    pub verdict: Verdict,
}

/// The licence that was shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Used {
    /// Its identifier, where the format told it or the city knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<CredentialId>,
    /// Its type.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_code: Option<TypeCode>,
    /// The type's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_name: Option<Label>,
    /// Who issued it.
    pub issuer: String,
    /// The issuer's name in the trust registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer_name: Option<Label>,
    /// Where its status was looked up; it was valid there when the verdict accepts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub status: Vec<Place>,
    /// The registry of another city by which its issuer was believed; absent for an agency of this city.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abroad: Option<Abroad>,
}

/// The registry of another city that was relied on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Abroad {
    /// The city's DID.
    pub city: String,
    /// The version.
    pub version: u64,
    /// The SHA-256 of the registry as it was published, base64url.
    pub digest: String,
    /// Since when it was believed for these types and agencies: the time of the log's entry.
    pub since: Timestamp,
}

impl Abroad {
    /// What was relied on, where it is another city's registry.
    pub fn of(relied: &Relied) -> Option<Self> {
        let taken = relied.taken.as_ref()?;
        let (city, digest) = (relied.city.clone(), taken.digest.clone());
        Some(Self { city, version: relied.version, digest, since: taken.since })
    }
}

/// One place in a status list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The list's address.
    pub list: String,
    /// The index in it.
    pub index: u64,
    /// The SHA-256 of the list as it was published then, base64url; where it is kept with a case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// What came of a verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether it was accepted.
    pub accepted: bool,
    /// Why not: frozen codes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<String>,
    /// The version of the trust registry that was relied on.
    pub registry: u64,
}

/// A record as signed.
#[derive(Clone, Debug, PartialEq)]
pub struct Signed {
    /// What it says.
    pub record: UseRecord,
    /// The JWT.
    pub jwt: String,
}

impl Signed {
    /// The digest that the next record and the log's leaf name.
    pub fn digest(&self) -> String {
        digest(&self.jwt)
    }

    /// Reads a record and verifies it with the city's root keys: by the one that it names, in its time.
    pub fn open(jwt: &str, roots: &Roots) -> Result<Self, Finding> {
        let jws = Jws::parse(jwt)?;
        jws.header().require_typ(TYP)?;
        let wrong = |detail: String| Finding::invalid(Check::Parse, Code::JwtMalformed, detail);
        let record: UseRecord =
            serde_json::from_value(Value::Object(jws.claims()?)).map_err(|error| wrong(error.to_string()))?;
        roots.verify(&jws, record.at)?;
        Ok(Self { record, jwt: jwt.to_owned() })
    }
}

/// The digest of a record: the base64url SHA-256 of its JWT.
pub fn digest(jwt: &str) -> String {
    base64url(&sha256(jwt.as_bytes()))
}

/// The identifier of a record, which says where it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseId {
    /// The agency.
    pub unit: AgencyCode,
    at: i64,
    random: String,
}

impl UseId {
    /// A new one.
    pub fn new(unit: AgencyCode, at: Timestamp, random: &[u8; 12]) -> Self {
        Self { unit, at: at.as_second(), random: base64url(random) }
    }

    /// Reads `AGENCY.seconds.random`; `use_id_malformed` otherwise.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let wrong = || ParseError::new("use_id_malformed", "expected AGENCY.SECONDS.RANDOM");
        let mut parts = text.split('.');
        let (Some(unit), Some(at), Some(random), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong());
        };
        let digits = (1..=10).contains(&at.len()) && at.bytes().all(|c| c.is_ascii_digit()) && !at.starts_with('0');
        let plain = random.len() == 16 && random.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_".contains(&c));
        if !digits || !plain {
            return Err(wrong());
        }
        let at = at.parse().map_err(|_| wrong())?;
        Ok(Self { unit: AgencyCode::parse(unit)?, at, random: random.to_owned() })
    }

    /// The row's key; the newest of an agency comes first.
    pub fn key(&self) -> Vec<u8> {
        record::key(&[self.unit.as_str(), &self.order(), &self.random])
    }

    /// The key in an index of what belongs to `whose`.
    pub fn index_key(&self, whose: &str) -> Vec<u8> {
        record::key(&[whose, &self.order(), self.unit.as_str(), &self.random])
    }

    fn order(&self) -> String {
        format!("{:010}", END.saturating_sub(self.at).max(0))
    }
}

impl std::fmt::Display for UseId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.unit, self.at, self.random)
    }
}

/// Whose records an index row is of.
pub fn of_case(id: &ApplicationId) -> String {
    format!("case:{id}")
}

/// Whose records an index row is of.
pub fn of_credential(id: &CredentialId) -> String {
    format!("credential:{id}")
}

/// A record as its claims.
pub fn claims(record: &UseRecord) -> Map {
    match serde_json::to_value(record) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::from_unix;

    #[test]
    fn an_identifier_says_where_the_record_is_and_newer_ones_come_first() {
        let unit = AgencyCode::parse("YB").unwrap();
        let old = UseId::new(unit.clone(), from_unix(1_700_000_000).unwrap(), &[1; 12]);
        let new = UseId::new(unit, from_unix(1_700_000_001).unwrap(), &[1; 12]);
        assert!(new.key() < old.key() && new.index_key("x") < old.index_key("x"));
        assert_eq!(UseId::parse(&old.to_string()).unwrap(), old);
        for wrong in ["", "YB.1.x", "YB.01.AAAAAAAAAAAAAAAA", "yb.1.AAAAAAAAAAAAAAAA", "YB.1.AAAAAAAAAAAAAAAA.x"] {
            assert!(UseId::parse(wrong).is_err(), "{wrong}");
        }
    }
}
