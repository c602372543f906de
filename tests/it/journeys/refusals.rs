//! What a city does not accept although every signature is right: too early, too late, not this agency's to issue, not
//! known, or with a status that nobody can tell.

use std::sync::Arc;

use certless::adapters::fetch::Fetcher;
use certless::app::config::Config;
use certless::app::open::Outbound;
use certless::base::clock::FixedClock;
use certless::base::id::AgencyCode;
use certless::base::json::{Map, Value, json};
use certless::crypto::{Signer, SigningKey};
use certless::vc::data_integrity::{ProofOptions, sign};
use certless::vc::finding::Check;
use certless::vc::keys::Purpose;

use crate::support::city::TestCity;
use crate::support::roles::{Agency, Resident, Stranger, now, row_of};

const YEAR: i64 = 366 * 86_400;

#[test]
fn a_licence_is_refused_before_its_first_day_and_after_its_last() {
    let clock = FixedClock::new(now());
    let city = TestCity::on_clock(Arc::new(clock.clone()));
    let mut resident = Resident::nth(0);
    resident.obtain(&city, "socialSecurityCard");
    let whole = resident.wallet.find("socialSecurityCard").unwrap().credential().to_owned();
    let stranger = Stranger(&city);
    stranger.verify(&whole).accept();
    clock.advance(-11 * YEAR);
    let early = stranger.verify(&whole);
    assert!(!early.accepted());
    assert_eq!(early.check(Check::Validity), ("invalid", "not_yet_valid"));
    clock.advance(22 * YEAR);
    let late = stranger.verify(&whole);
    assert!(!late.accepted());
    assert_eq!(late.check(Check::Validity), ("invalid", "expired"));
}

#[test]
fn an_agency_does_not_issue_what_is_not_its_own() {
    let city = TestCity::start();
    let row = row_of("idCard", &Resident::nth(0).code);
    let body = json!({"type": "idCard", "row": row.values});
    let (status, answer) = Agency::new(&city, "MZ").post("/api/credentials", &body);
    assert_eq!((status, &answer["type"]), (403, &json!("/problems/not-allowed")), "{answer}");
    assert!(answer["zh"].as_str().unwrap().contains("无权签发"));
}

/// A credential of the city, changed and signed anew with a key and as its method says.
fn signed_anew(
    city: &TestCity,
    credential: &Value,
    method: &str,
    key: &dyn Signer,
    change: impl Fn(&mut Map),
) -> String {
    let mut map = credential.as_object().unwrap().clone();
    map.remove("proof");
    change(&mut map);
    let options = ProofOptions::new(Purpose::AssertionMethod, method, now());
    Value::Object(sign(map, &options, key, city.service.city.contexts()).unwrap()).to_string()
}

/// The same signed by an agency of the city with its own key.
fn signed_by(city: &TestCity, code: &str, credential: &Value, change: impl Fn(&mut Map)) -> String {
    let code = AgencyCode::parse(code).unwrap();
    let own = city.service.city.keys().agency(&code).unwrap();
    let did = city.service.city.names.agency_did(&code);
    let method = format!("{did}#{}", own.key_id);
    signed_anew(city, credential, &method, own.signer.as_ref(), |map| {
        map.insert("issuer".into(), json!({"id": did, "name": "演示"}));
        change(map);
    })
}

fn identity_card(city: &TestCity) -> Value {
    Agency::new(city, "GA").issue(row_of("idCard", &Resident::nth(0).code))["package"]["credential"].clone()
}

#[test]
fn what_another_agency_or_a_stranger_signs_is_not_trusted() {
    let city = TestCity::start();
    let card = identity_card(&city);
    let stranger = Stranger(&city);
    stranger.verify(&signed_by(&city, "GA", &card, |_| {})).accept();
    stranger.verify(&signed_by(&city, "MZ", &card, |_| {})).refuse(Check::Trust, "issuer_not_allowed");

    let key = SigningKey::ed25519(&[9; 32]);
    let did = certless::did::key::did(key.public_key());
    let method = certless::did::key::method_url(key.public_key());
    let foreign = signed_anew(&city, &card, &method, &key, |map| {
        map.insert("issuer".into(), json!({"id": did, "name": "伪造"}));
    });
    let verdict = stranger.verify(&foreign);
    assert!(!verdict.accepted());
    assert_eq!(verdict.check(Check::Trust), ("invalid", "issuer_unknown"));
    assert_eq!(verdict.check(Check::Proof).0, "valid", "the signature itself is right");

    // Another's key under the agency's name.
    let forged = signed_anew(&city, &card, &method, &key, |_| {});
    assert!(!stranger.verify(&forged).accepted());
}

#[test]
fn a_status_list_that_cannot_be_had_is_undecided_and_never_valid() {
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let policy = Config::parse(br#"{"fetch": {"loopback": true, "seconds": 2}}"#).unwrap().fetch_policy().unwrap();
    let fetching = TestCity::with_web(Arc::new(Outbound(Fetcher::new(policy))));
    for city in [TestCity::start(), fetching] {
        let card = identity_card(&city);
        let elsewhere = |map: &mut Map| {
            let entry = json!({"type": "BitstringStatusListEntry", "statusPurpose": "revocation",
                "statusListIndex": "4", "statusListCredential": format!("{closed}/status/1")});
            map.insert("credentialStatus".into(), entry);
        };
        let verdict = Stranger(&city).verify(&signed_by(&city, "GA", &card, elsewhere));
        verdict.undecided(Check::Status, "status_unreachable");
        // A list that is there and is none.
        let wrong = format!("{}/health", city.base);
        let odd = |map: &mut Map| {
            let entry = json!({"type": "BitstringStatusListEntry", "statusPurpose": "revocation",
                "statusListIndex": "4", "statusListCredential": wrong});
            map.insert("credentialStatus".into(), entry);
        };
        let verdict = Stranger(&city).verify(&signed_by(&city, "GA", &card, odd));
        assert!(!verdict.accepted());
        assert_eq!(verdict.check(Check::Status).0, "error", "{:#}", verdict.0["checks"]);
    }
}
