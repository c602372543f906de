//! The keys of an agency: changed, ended, known to others; what was signed before stays what it was.

use certless::base::id::AgencyCode;
use certless::base::json::{Value, json};
use certless::base::time::rfc3339;
use certless::vc::data_integrity::{ProofOptions, sign};
use certless::vc::finding::Check;
use certless::vc::keys::Purpose;

use crate::support::city::keyring;
use crate::support::operator::Operated as Story;
use crate::support::roles::{Agency, Resident, Stranger, row_of};

const GA: &str = "GA";

fn ga() -> AgencyCode {
    AgencyCode::parse(GA).unwrap()
}

impl Story {
    /// Issues the identity card of a resident: the JSON credential and the resident.
    fn issue(&self, n: usize) -> (String, Resident) {
        let mut resident = Resident::nth(n);
        let answer = Agency::new(&self.city, "GA").issue(row_of("idCard", &resident.code));
        resident.receive(&answer);
        (answer["package"]["credential"].to_string(), resident)
    }

    fn first_key(&self) -> String {
        let registry = self.city.service.city.registry();
        registry.agency(&ga()).unwrap().keys[0].id.clone()
    }

    fn method(credential: &str) -> String {
        let credential: Value = serde_json::from_str(credential).unwrap();
        credential["proof"]["verificationMethod"].as_str().unwrap().rsplit_once('#').unwrap().1.to_owned()
    }
}

#[test]
fn after_a_rotation_old_licences_hold_and_new_ones_are_signed_by_the_new_key() {
    let story = Story::new();
    let stranger = Stranger(&story.city);
    let (old, mut resident) = story.issue(0);
    story.clock.advance(60);
    let second = story.rotate(GA)["key"].as_str().unwrap().to_owned();
    let (new, mut other) = story.issue(1);
    assert_eq!((Story::method(&old), Story::method(&new)), (story.first_key(), second));
    stranger.verify(&old).accept();
    stranger.verify(&new).accept();
    let now = story.city.service.city.now();
    stranger.verify(&resident.code_at("idCard", "basic", now)).accept();
    stranger.verify(&other.code_at("idCard", "basic", now)).accept();

    let document = stranger.get("/agencies/GA/did.json", "application/json").json();
    assert_eq!(document["verificationMethod"].as_array().unwrap().len(), 2, "both keys are published");
    let trust = stranger.get("/.well-known/certless/trust", "application/json").json();
    let agencies = trust["credentialSubject"]["agencies"].as_array().or(trust["agencies"].as_array()).unwrap();
    let agency = agencies.iter().find(|agency| agency["code"] == "GA").unwrap();
    assert_eq!(agency["keys"].as_array().unwrap().len(), 2, "{agency}");
}

#[test]
fn copies_fetched_again_are_the_same_until_the_key_changes_and_hold_after_it() {
    let story = Story::new();
    let stranger = Stranger(&story.city);
    let (_, mut resident) = story.issue(0);
    let id = resident.wallet.find("idCard").unwrap().id.clone();
    let path = format!("/api/credentials/{id}");
    let fetch = || story.city.get(Some(&story.city.token), &path, "application/json").json()["package"].clone();
    let (first, again) = (fetch(), fetch());
    assert!(first["copies"][0]["sdJwt"].is_string() && first["copies"][0]["compact"]["basic"].is_string(), "{first}");
    assert_eq!(first, again);

    story.clock.advance(60);
    story.rotate(GA);
    let later = fetch();
    assert_eq!(later["credential"], first["credential"]);
    assert_ne!(later["copies"], first["copies"]);
    resident.receive(&json!({"package": later}));
    let now = story.city.service.city.now();
    stranger.verify(&resident.code_at("idCard", "basic", now)).accept();
    stranger.verify(resident.wallet.find("idCard").unwrap().copies[0].sd_jwt.as_deref().unwrap()).accept();
}

#[test]
fn a_compromised_key_fails_what_it_signed_from_that_date_on() {
    let story = Story::new();
    let stranger = Stranger(&story.city);
    let (before, mut early) = story.issue(0);
    story.clock.advance(3_600);
    let from = story.city.service.city.now();
    story.clock.advance(3_600);
    let (after, mut resident) = story.issue(1);
    stranger.verify(&after).accept();
    let key = story.first_key();
    // The key that signs now is changed with the same act.
    assert_eq!(story.operate(GA, "compromise", &json!({"key": key, "at": rfc3339(from)})).0, 200);
    stranger.verify(&after).refuse(Check::Trust, "key_compromised");
    stranger.verify(&before).accept();
    let sd_jwt = resident.wallet.find("idCard").unwrap().copies[0].sd_jwt.clone().unwrap();
    stranger.verify(&sd_jwt).refuse(Check::Trust, "key_compromised");
    let now = story.city.service.city.now();
    stranger.verify(&early.code_at("idCard", "basic", now)).accept();
    stranger.verify(&resident.code_at("idCard", "basic", now)).refuse(Check::Trust, "key_compromised");

    let (new, _) = story.issue(2);
    stranger.verify(&new).accept();
}

#[test]
fn a_retired_key_holds_for_what_it_signed_and_signs_no_more() {
    let story = Story::new();
    let stranger = Stranger(&story.city);
    let (before, mut resident) = story.issue(0);
    story.clock.advance(60);
    let key = story.first_key();
    assert_eq!(story.operate(GA, "retire", &json!({"key": key})).0, 409, "it signs now");
    let second = story.rotate(GA)["key"].as_str().unwrap().to_owned();
    assert_eq!(story.operate(GA, "retire", &json!({"key": key})).0, 200);
    assert_eq!(story.operate(GA, "retire", &json!({"key": "nothing"})).0, 404);
    story.clock.advance(60);
    stranger.verify(&before).accept();
    let now = story.city.service.city.now();
    stranger.verify(&resident.code_at("idCard", "basic", now)).accept();
    let (after, _) = story.issue(1);
    stranger.verify(&after).accept();
    assert_eq!(Story::method(&after), second);
    // Whoever still holds the old key cannot sign anything new with it.
    let old = keyring().agency(&ga(), 1).unwrap().eddsa;
    let mut forged: Value = serde_json::from_str(&after).unwrap();
    let forged = forged.as_object_mut().unwrap();
    forged.remove("proof");
    let method = format!("{}#{key}", story.city.service.city.names.agency_did(&ga()));
    let options = ProofOptions::new(Purpose::AssertionMethod, method, now);
    let forged = sign(forged.clone(), &options, &old, story.city.service.city.contexts()).unwrap();
    stranger.verify(&Value::Object(forged).to_string()).refuse(Check::Trust, "key_not_valid_then");
}
