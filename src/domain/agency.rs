//! The agencies of the city, 发证机关: names, codes, window, and which licences each may issue.
//!
//! The shipped file (`schemas/agencies.json`) holds the nine demo agencies. Some licences are kept by a body without a
//! window here and are imported by an agency (残疾人证 by civil affairs). What it is not: the trust registry — what
//! others may believe is signed by the city root and published; this is the list it is made from.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::base::codes::{DivisionCode, OrganisationCode, Uscc};
use crate::base::error::ParseError;
use crate::base::id::{AgencyCode, TypeCode};
use crate::base::text::Label;

const SHIPPED: &str = include_str!("../../schemas/agencies.json");

/// One agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Agency {
    /// The short code, `GA`.
    pub code: AgencyCode,
    /// The full name.
    pub name: Label,
    /// The branch of government, 公安.
    pub sector: Label,
    /// The unified social credit code, which stands in every licence and matter code.
    pub uscc: Uscc,
    /// The organisation code inside the USCC.
    pub organisation_code: OrganisationCode,
    /// Where the agency governs.
    pub division: DivisionCode,
    /// The competent department's two digits in basic codes.
    pub department: String,
    /// Where people go and call.
    pub window: Window,
    /// Types it issues by its own power.
    pub issues: Vec<TypeCode>,
    /// Types it issues from another body's register.
    pub imports: Vec<Import>,
}

/// Where people go and call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// The address.
    pub address: Label,
    /// The opening hours.
    pub hours: Label,
    /// The telephone of the first responsible person.
    pub phone: String,
    /// The telephone for complaints.
    pub complaints: String,
}

/// A type whose register another body keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Import {
    /// The type.
    #[serde(rename = "type")]
    pub type_code: TypeCode,
    /// The body that keeps the register.
    pub from: Label,
}

impl Agency {
    /// Whether the agency may issue licences of this type, from its own register or an imported one.
    pub fn may_issue(&self, wanted: &TypeCode) -> bool {
        self.issues.contains(wanted) || self.imports.iter().any(|import| import.type_code == *wanted)
    }
}

/// The agencies, in the order of the file.
#[derive(Clone, Debug)]
pub struct Agencies(Vec<Agency>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "illustrative")]
    _illustrative: bool,
    agencies: Vec<Agency>,
}

impl Agencies {
    /// The demo agencies this version ships, read once.
    pub fn shipped() -> Result<&'static Self, ParseError> {
        static AGENCIES: OnceLock<Result<Agencies, ParseError>> = OnceLock::new();
        AGENCIES.get_or_init(|| Self::parse(SHIPPED.as_bytes())).as_ref().map_err(Clone::clone)
    }

    /// Reads a list; refuses agencies that share a code or USCC, and an organisation code other than the USCC's.
    pub fn parse(json: &[u8]) -> Result<Self, ParseError> {
        let file: File =
            serde_json::from_slice(json).map_err(|error| ParseError::new("agencies_malformed", error.to_string()))?;
        for (i, agency) in file.agencies.iter().enumerate() {
            let mut earlier = file.agencies.iter().take(i);
            if earlier.any(|other| other.code == agency.code || other.uscc == agency.uscc) {
                return Err(ParseError::new("agencies_twice", format!("{} shares its code or USCC", agency.code)));
            }
            if agency.uscc.organisation() != agency.organisation_code.compact() {
                return Err(ParseError::new(
                    "agencies_organisation",
                    format!("{}: the organisation code is not the one in the USCC", agency.code),
                ));
            }
        }
        Ok(Self(file.agencies))
    }

    /// The agency with this code.
    pub fn find(&self, code: &AgencyCode) -> Option<&Agency> {
        self.0.iter().find(|agency| agency.code == *code)
    }

    /// Those who may issue licences of this type.
    pub fn issuers<'a>(&'a self, of: &'a TypeCode) -> impl Iterator<Item = &'a Agency> + 'a {
        self.0.iter().filter(|agency| agency.may_issue(of))
    }

    /// All agencies.
    pub fn iter(&self) -> std::slice::Iter<'_, Agency> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Agencies {
    type Item = &'a Agency;
    type IntoIter = std::slice::Iter<'a, Agency>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn type_code(text: &str) -> TypeCode {
        TypeCode::parse(text).unwrap()
    }

    #[test]
    fn the_nine_agencies_of_the_demo_city_load() {
        let agencies = Agencies::shipped().unwrap();
        let codes: Vec<_> = agencies.iter().map(|agency| agency.code.as_str()).collect();
        assert_eq!(codes, ["GA", "MZ", "RS", "ZR", "ZJ", "SJ", "WJ", "JY", "YB"]);
        assert!(agencies.iter().all(|agency| agency.name.zh.contains("演示") && agency.name.en.contains("demo")));
    }

    #[test]
    fn every_shipped_credential_type_has_an_agency_that_may_issue_it() {
        let agencies = Agencies::shipped().unwrap();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/credentials");
        let mut seen = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let code = type_code(name.split('.').next().unwrap());
            assert!(agencies.issuers(&code).next().is_some(), "{code} has no agency");
            seen += 1;
        }
        let named = agencies.iter().flat_map(|agency| agency.issues.iter());
        let named: std::collections::BTreeSet<_> = named.chain(agencies.iter().flat_map(imported)).collect();
        assert_eq!((seen, named.len()), (42, 42));
    }

    fn imported(agency: &Agency) -> impl Iterator<Item = &TypeCode> {
        agency.imports.iter().map(|import| &import.type_code)
    }

    #[test]
    fn the_disability_certificate_is_imported_by_civil_affairs_only() {
        let agencies = Agencies::shipped().unwrap();
        let code = type_code("disability");
        let issuers: Vec<_> = agencies.issuers(&code).collect();
        assert_eq!(issuers.len(), 1);
        assert_eq!(issuers[0].code.as_str(), "MZ");
        assert!(!issuers[0].issues.contains(&code));
        assert!(!agencies.find(&AgencyCode::parse("MZ").unwrap()).unwrap().may_issue(&type_code("idCard")));
    }

    #[test]
    fn lists_with_a_code_twice_or_a_foreign_organisation_code_are_refused() {
        let twice = SHIPPED.replacen("\"code\": \"MZ\"", "\"code\": \"GA\"", 1);
        assert_eq!(Agencies::parse(twice.as_bytes()).unwrap_err().code, "agencies_twice");
        let foreign = SHIPPED.replacen("MB0DEM01-7", "MB0DEM02-5", 1);
        assert_eq!(Agencies::parse(foreign.as_bytes()).unwrap_err().code, "agencies_organisation");
        let wrong = SHIPPED.replacen("11430112MB0DEM0176", "11430112MB0DEM0177", 1);
        assert_eq!(Agencies::parse(wrong.as_bytes()).unwrap_err().code, "agencies_malformed");
    }
}
