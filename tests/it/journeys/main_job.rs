//! The main job: an agency issues, a wallet shows, anyone verifies; a code is good once and for a short time, a change
//! is seen, and the licence's life shows at once.

use certless::base::bytes::base45;
use certless::base::json::Value;
use certless::base::time::plus_seconds;
use certless::vc::finding::Check;
use certless::vc::finding::State;
use certless::vc::verify::{Policy, receive};

use crate::support::city::TestCity;
use crate::support::roles::{Agency, Resident, Stranger, compact_bytes, now, row_of};

#[test]
fn a_show_code_is_accepted_once_and_tells_every_check() {
    let city = TestCity::start();
    let mut resident = Resident::nth(0);
    resident.obtain(&city, "idCard");
    let code = resident.code("idCard", "basic");
    assert!(code.starts_with("CL1:"), "{code}");
    let verdict = Stranger(&city).verify(&code);
    verdict.accept();
    assert_eq!(verdict.0["format"], "compact");
    assert_eq!(verdict.0["credential"]["claims"]["name"], resident.name.as_str());
    for check in [Check::Parse, Check::Proof, Check::Trust, Check::Validity, Check::Status, Check::Schema] {
        assert_eq!(verdict.check(check).0, "valid", "{}", check.name());
    }
    assert_eq!(verdict.check(Check::Binding).0, "valid");
    assert_eq!(verdict.check(Check::Freshness).0, "valid");
    Stranger(&city).verify(&code).refuse(Check::Freshness, "replayed");
    Stranger(&city).verify(&resident.code("idCard", "basic")).accept();
}

#[test]
fn a_code_that_is_late_or_of_a_clock_ahead_is_refused_with_what_to_do() {
    let city = TestCity::start();
    let mut resident = Resident::nth(1);
    resident.obtain(&city, "idCard");
    let late = resident.code_at("idCard", "basic", plus_seconds(now(), -120));
    let verdict = Stranger(&city).verify(&late);
    verdict.refuse(Check::Freshness, "code_expired");
    let ahead = resident.code_at("idCard", "basic", plus_seconds(now(), 120));
    Stranger(&city).verify(&ahead).refuse(Check::Freshness, "clock_ahead");
    let slightly = resident.code_at("idCard", "basic", plus_seconds(now(), 20));
    Stranger(&city).verify(&slightly).accept();
}

#[test]
fn a_printed_code_says_that_the_bearer_is_not_proved_and_may_be_shown_again() {
    let city = TestCity::start();
    let mut resident = Resident::nth(2);
    resident.obtain(&city, "idCard");
    let printed = resident.printed("idCard", "basic");
    for _ in 0..2 {
        let verdict = Stranger(&city).verify(&printed);
        verdict.accept();
        assert_eq!(verdict.check(Check::Binding), ("skipped", "binding_missing"));
    }
}

#[test]
fn one_changed_claim_breaks_the_proof() {
    let city = TestCity::start();
    let mut resident = Resident::nth(3);
    let answer = Agency::new(&city, "GA").issue(row_of("idCard", &resident.code));
    resident.receive(&answer);
    let stranger = Stranger(&city);
    let whole = &answer["package"]["credential"];
    stranger.verify(&whole.to_string()).accept();
    let mut changed = whole.clone();
    changed["credentialSubject"]["name"] = Value::from("演示某");
    stranger.verify(&changed.to_string()).refuse(Check::Proof, "proof_invalid");
    let sd_jwt = answer["package"]["copies"][0]["sdJwt"].as_str().unwrap();
    let mut parts: Vec<_> = sd_jwt.split('~').map(str::to_owned).collect();
    let disclosure = certless::base::bytes::from_base64url(&parts[1]).unwrap();
    let mut disclosure: Vec<Value> = serde_json::from_slice(&disclosure).unwrap();
    disclosure[2] = Value::from("演示某");
    parts[1] = certless::base::bytes::base64url(serde_json::to_string(&disclosure).unwrap().as_bytes());
    let verdict = stranger.verify(&parts.join("~"));
    assert!(!verdict.accepted());
    assert_eq!(verdict.check(Check::Proof), ("invalid", "disclosure_invalid"));
}

#[test]
fn no_changed_byte_of_a_code_is_accepted() {
    let city = TestCity::start();
    let mut resident = Resident::nth(4);
    let answer = Agency::new(&city, "GA").issue(row_of("idCard", &resident.code));
    resident.receive(&answer);
    let bytes = compact_bytes(&answer, "basic");
    let policy = Policy::full(now());
    let mut readable = 0;
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let Ok(received) = receive(format!("CL1:{}", base45(&changed)).as_bytes()) else { continue };
        let verdict = city.service.city.verify(received, &policy).verdict;
        assert!(!verdict.accepted, "byte {at}");
        readable += 1;
        let proof = verdict.report.state(Check::Proof);
        assert!(matches!(proof, State::Invalid | State::Error), "byte {at}: {proof:?}");
    }
    assert!(readable > 100, "{readable} changes were readable");
}

#[test]
fn suspended_at_once_reinstated_and_revoked_for_good() {
    let city = TestCity::start();
    let agency = Agency::new(&city, "GA");
    let mut resident = Resident::nth(5);
    let id = resident.obtain(&city, "idCard");
    let stranger = Stranger(&city);
    stranger.verify(&resident.code("idCard", "basic")).accept();
    let before = published(&city);

    assert_eq!(agency.change(&id, "suspend").1["status"], "suspended");
    refused_everywhere(&city, &mut resident, "suspended");
    let suspended = published(&city);
    assert_ne!(before, suspended, "the published list tells it at once");
    assert_eq!(agency.change(&id, "suspend").0, 409, "twice");

    assert_eq!(agency.change(&id, "reinstate").0, 200);
    stranger.verify(&resident.code("idCard", "basic")).accept();
    assert_eq!(published(&city), before);

    assert_eq!(agency.change(&id, "revoke").0, 200);
    refused_everywhere(&city, &mut resident, "revoked");
    let (status, answer) = agency.change(&id, "reinstate");
    assert_eq!((status, &answer["type"]), (409, &Value::from("/problems/conflict")), "{answer}");
    assert_eq!(agency.change(&id, "suspend").0, 409);
    refused_everywhere(&city, &mut resident, "revoked");
}

/// Every form that a wallet can show is refused by its status, and by nothing else.
fn refused_everywhere(city: &TestCity, resident: &mut Resident, code: &str) {
    let stranger = Stranger(city);
    stranger.verify(&resident.code("idCard", "basic")).refuse(Check::Status, code);
    stranger.verify(&resident.printed("idCard", "basic")).refuse(Check::Status, code);
    stranger.verify(&resident.sd_jwt("idCard", "n")).refuse(Check::Status, code);
    let presentation = resident.presentation(&["idCard"], city.service.city.contexts());
    stranger.verify(&Value::Object(presentation).to_string()).refuse(Check::Status, code);
    let whole = resident.wallet.find("idCard").unwrap().credential().to_owned();
    stranger.verify(&whole).refuse(Check::Status, code);
}

/// The bits of the published list.
fn published(city: &TestCity) -> String {
    let got = Stranger(city).get("/status/GA-0", "application/vc");
    assert_eq!(got.status, 200);
    got.json()["credentialSubject"]["encodedList"].as_str().unwrap().to_owned()
}
