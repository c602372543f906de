//! Codes of Chinese administration: every vector of `id_vectors.json`, one test per group.

use certless::base::codes::{CertificateIdentifier, CitizenId, LegacyId, OrganisationCode, Uscc, check};
use certless::base::error::ParseError;
use serde_json::Value;

use crate::support::domain;

/// The vectors of a group; empty only where the folder is not there.
fn group(name: &str) -> Vec<Value> {
    let Some(file) = domain::read("id_vectors.json") else { return Vec::new() };
    let vectors = file[name].as_array().cloned().unwrap_or_default();
    assert!(!vectors.is_empty(), "id_vectors.json has no group {name}");
    vectors
}

fn text<'a>(vector: &'a Value, member: &str) -> &'a str {
    vector[member].as_str().unwrap_or_else(|| panic!("{vector} has no {member}"))
}

/// Each vector must be accepted or refused as it says; what is accepted prints in its canonical form.
fn judged<T: ToString>(name: &str, parse: impl Fn(&str) -> Result<T, ParseError>) {
    for vector in group(name) {
        let value = text(&vector, "value");
        let valid = vector["valid"].as_bool().unwrap();
        match parse(value) {
            Ok(parsed) => {
                assert!(valid, "{vector} was accepted");
                assert_eq!(parsed.to_string(), value.to_uppercase(), "{vector}");
            }
            Err(error) => assert!(!valid, "{vector} was refused: {error}"),
        }
    }
}

/// The check character of each worked body.
fn worked(name: &str, check: impl Fn(&[u8]) -> Option<char>) {
    for vector in group(name) {
        let given = check(text(&vector, "body").as_bytes()).map(String::from);
        assert_eq!(given.as_deref(), vector["check"].as_str(), "{vector}");
    }
}

#[test]
fn citizen_ids() {
    judged("citizen_id", CitizenId::parse);
}

#[test]
fn citizen_id_check_characters() {
    worked("citizen_id_worked", check::citizen);
}

#[test]
fn legacy_fifteen_digit_ids() {
    for vector in group("legacy15") {
        let legacy = LegacyId::parse(text(&vector, "in15")).unwrap();
        assert_eq!(legacy.citizen_id().as_str(), text(&vector, "out18"), "{vector}");
        assert_eq!(legacy.to_string(), text(&vector, "in15"), "{vector}");
    }
}

#[test]
fn unified_social_credit_codes() {
    judged("uscc", Uscc::parse);
    judged("uscc_invalid", Uscc::parse);
}

#[test]
fn unified_social_credit_code_check_characters() {
    worked("uscc_worked", check::uscc);
}

#[test]
fn organisation_code_check_characters() {
    worked("org_code_worked", check::organisation);
    for vector in group("org_code_worked") {
        let body = text(&vector, "body");
        let code = OrganisationCode::build(body).unwrap();
        assert_eq!(code.to_string(), format!("{body}-{}", text(&vector, "check")));
    }
}

#[test]
fn certificate_identifiers() {
    judged("cert_identifier", CertificateIdentifier::parse);
}
