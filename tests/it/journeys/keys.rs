//! The keys of an agency: changed, ended, known to others; what was signed before stays what it was.

use std::sync::Arc;

use certless::base::clock::FixedClock;
use certless::base::id::AgencyCode;
use certless::base::json::Value;
use certless::base::time::plus_seconds;
use certless::crypto::{Signer as _, SigningKey};
use certless::domain::city::keys::AgencySigner;
use certless::vc::finding::Check;

use crate::support::city::TestCity;
use crate::support::roles::{Agency, Resident, Stranger, now, row_of};

struct Story {
    city: TestCity,
    clock: FixedClock,
    code: AgencyCode,
}

impl Story {
    fn new() -> Self {
        let clock = FixedClock::new(now());
        let city = TestCity::on_clock(Arc::new(clock.clone()));
        Self { city, clock, code: AgencyCode::parse("GA").unwrap() }
    }

    /// Issues the identity card of a resident: the JSON credential and the resident.
    fn issue(&self, n: usize) -> (String, Resident) {
        let mut resident = Resident::nth(n);
        let answer = Agency::new(&self.city, "GA").issue(row_of("idCard", &resident.code));
        resident.receive(&answer);
        (answer["package"]["credential"].to_string(), resident)
    }

    /// Puts a new key into use.
    fn rotate(&self, id: &str) {
        let key = SigningKey::ed25519(&certless::crypto::digest::sha256(id.as_bytes()));
        let (public, now) = (key.public_key().clone(), self.city.service.city.now());
        let city = &self.city.service.city;
        city.change_trust(|registry| registry.rotate(&self.code, id.to_owned(), public.clone(), now)).unwrap();
        let signer = AgencySigner { key_id: id.to_owned(), signer: Arc::new(key) };
        city.keys().set_agency(self.code.clone(), signer);
    }

    fn first_key(&self) -> String {
        let registry = self.city.service.city.registry();
        registry.agency(&self.code).unwrap().keys[0].id.clone()
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
    story.rotate("key-2");
    story.clock.advance(60);
    let (new, mut other) = story.issue(1);
    assert_eq!((Story::method(&old), Story::method(&new)), (story.first_key(), "key-2".to_owned()));
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
fn a_compromised_key_fails_what_it_signed_from_that_date_on() {
    let story = Story::new();
    let stranger = Stranger(&story.city);
    let (before, _) = story.issue(0);
    story.clock.advance(3_600);
    let from = story.city.service.city.now();
    story.clock.advance(3_600);
    let (after, mut resident) = story.issue(1);
    stranger.verify(&after).accept();
    let key = story.first_key();
    story.city.service.city.change_trust(|registry| registry.compromise(&story.code, &key, from)).unwrap();
    stranger.verify(&after).refuse(Check::Trust, "key_compromised");
    stranger.verify(&before).accept();
    let sd_jwt = resident.wallet.find("idCard").unwrap().copies[0].sd_jwt.clone().unwrap();
    stranger.verify(&sd_jwt).refuse(Check::Trust, "key_compromised");
    // A code does not say when it was signed: with a key that was ever compromised it is not trusted.
    let now = story.city.service.city.now();
    stranger.verify(&resident.code_at("idCard", "basic", now)).refuse(Check::Trust, "key_compromised");

    story.rotate("key-2");
    let (new, _) = story.issue(2);
    stranger.verify(&new).accept();
}

#[test]
fn a_retired_key_holds_for_what_it_signed_and_signs_no_more() {
    let story = Story::new();
    let stranger = Stranger(&story.city);
    let (before, mut resident) = story.issue(0);
    story.clock.advance(60);
    let at = story.city.service.city.now();
    let key = story.first_key();
    story.city.service.city.change_trust(|registry| registry.retire(&story.code, &key, at)).unwrap();
    story.clock.advance(60);
    stranger.verify(&before).accept();
    let now = story.city.service.city.now();
    stranger.verify(&resident.code_at("idCard", "basic", now)).accept();
    let (after, _) = story.issue(1);
    stranger.verify(&after).refuse(Check::Trust, "key_not_valid_then");
    assert_eq!(plus_seconds(at, 60), now);
}
