//! A city in which everything happened that the log tells of.

use certless::base::json::{Value, json};
use certless::domain::city::rules::Rules;

use crate::support::city::TestCity;
use crate::support::roles::{Agency, Resident, Window, row_of};
use std::sync::Arc;

/// The origin line of cities whose logs are compared.
pub(super) const ORIGIN: &str = "log.example/city";

/// A city whose log has a name of its own.
pub(super) fn named() -> TestCity {
    let rules = Rules { log_origin: Some(ORIGIN.to_owned()), ..Rules::default() };
    TestCity::with_rules(Arc::new(certless::base::clock::SystemClock), rules)
}

/// Issues an identity card; its identifier.
pub(super) fn issue(city: &TestCity, n: usize) -> String {
    let issued = Agency::new(city, "GA").issue(row_of("idCard", &Resident::nth(n).code));
    issued["id"].as_str().unwrap().to_owned()
}

/// Changes the life of a credential.
pub(super) fn change(city: &TestCity, id: &str, act: &str) {
    let (status, answer) = city.post(&format!("/api/credentials/{id}/{act}"), &json!({"reason": "a test"}));
    assert_eq!(status, 200, "{answer}");
}

/// Licences of every life, an application that was accepted, a rotated key, types and matters; the identifiers.
pub(super) fn mix(city: &TestCity) -> Vec<String> {
    city.service.city.publish().unwrap();
    let ids: Vec<String> = (0..4).map(|n| issue(city, n)).collect();
    change(city, &ids[1], "suspend");
    change(city, &ids[2], "suspend");
    change(city, &ids[2], "reinstate");
    change(city, &ids[3], "suspend");
    change(city, &ids[3], "revoke");
    let window = Window::new(city, "YB");
    let filed: Value = window.file("异地就医备案", &Resident::nth(0));
    assert!(filed["id"].is_string(), "{filed}");
    let agency = certless::base::id::AgencyCode::parse("RS").unwrap();
    city.service.city.rotate_key(&agency).unwrap();
    city.integrate();
    ids
}
