//! A resident receives licences by OpenID4VCI 1.0: by value and by reference, several copies in every format, a lost phone,
//! a licence that waits — and every refusal with its code.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use certless::adapters::client::issuer::IssuerClient;
use certless::base::bytes::from_base64url;
use certless::base::clock::{FixedClock, SystemClock};
use certless::base::id::TypeCode;
use certless::base::json::{Map, Value, json};
use certless::base::random::SystemRandom;
use certless::crypto::Algorithm;
use certless::domain::account::StaffRole;
use certless::domain::city::rules::{Deed, FourEyes, Rules};
use certless::domain::error::ErrorKind;
use certless::domain::wallet::keys::HolderKey;
use certless::domain::wallet::waiting::Received;
use certless::domain::wallet::{Asked, Wallet};
use certless::vc::compact::{self, Showing};
use certless::vc::finding::Check;
use certless::vc::sd_jwt::{KeyBinding, SdJwt};

use crate::support::city::TestCity;
use crate::support::phone::{Phone, is_error};
use crate::support::roles::{Agency, Resident, Stranger, Verdict, demo_city, now, row_of};
use crate::support::staff::at_work;

/// A city with an identity card of the stock whose holder has no key, and its agency.
pub(super) struct World {
    pub(super) city: TestCity,
    pub(super) credential: String,
}

impl World {
    pub(super) fn new() -> Self {
        Self::of(TestCity::start())
    }

    pub(super) fn of(city: TestCity) -> Self {
        let resident = Resident::nth(0);
        let row = row_of("idCard", &resident.code);
        let mut order = certless::app::demo::order(row);
        order.row.remove("holderKey");
        let body = json!({"type": "idCard", "row": order.row});
        let (status, answer) = Agency::new(&city, "GA").post("/api/credentials", &body);
        assert_eq!(status, 201, "{answer}");
        let credential = answer["id"].as_str().unwrap().to_owned();
        Self { city, credential }
    }

    pub(super) fn offer(&self) -> Value {
        self.offer_with(&json!({"credential": self.credential}))
    }

    pub(super) fn offer_with(&self, body: &Value) -> Value {
        let (status, answer) = self.city.post("/api/offers", body);
        assert_eq!(status, 201, "{answer}");
        answer
    }

    fn state(&self, offer: &Value) -> Value {
        let got = self.city.get(Some(&self.city.token), &path(offer, ""), "application/json");
        assert_eq!(got.status, 200, "{}", got.text);
        got.json()
    }

    /// A token for a fresh offer.
    pub(super) fn opened(&self, phone: &Phone<'_>) -> String {
        let offer = self.offer();
        phone.token(&phone.open(text(&offer, "offerUri")), offer["pin"].as_str())
    }
}

pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

fn path(offer: &Value, act: &str) -> String {
    format!("/api/offers/{}{act}", text(offer, "id"))
}

/// What the city says of a copy shown by the phone's key.
pub(super) fn shown(city: &TestCity, phone: &Phone<'_>, key: usize, copy: &Value) -> Verdict {
    static SHOWN: AtomicU32 = AtomicU32::new(0);
    let nonce = SHOWN.fetch_add(1, Ordering::Relaxed).to_string();
    let signer = &phone.keys[key];
    let stranger = Stranger(city);
    if let Some(sd_jwt) = copy.as_str() {
        let binding = KeyBinding { nonce, audience: "https://w.example".into(), issued_at: now() };
        return stranger.verify(&SdJwt::parse(sd_jwt).unwrap().bind(&binding, signer).unwrap().to_string());
    }
    let Some(view) = copy["basic"].as_str() else { return stranger.verify(&copy.to_string()) };
    let showing = Showing { time: now(), audience: None, nonce: Some(&nonce) };
    let code = compact::show(&from_base64url(view).unwrap(), &showing, signer).unwrap();
    stranger.verify(&compact::to_text(&code))
}

/// Where a copy's status is read.
fn status_of(copy: &Value) -> (String, u64) {
    if let Some(sd_jwt) = copy.as_str() {
        let list = SdJwt::parse(sd_jwt).unwrap().payload()["status"]["status_list"].clone();
        return (text(&list, "uri").to_owned(), list["idx"].as_u64().unwrap());
    }
    if let Some(view) = copy["basic"].as_str() {
        let status = compact::Credential::decode(&from_base64url(view).unwrap()).unwrap().status.unwrap();
        return (status.uri, status.index);
    }
    let status = &copy["credentialStatus"];
    let entry = status.as_array().map_or(status, |all| &all[0]);
    (text(entry, "statusListCredential").to_owned(), text(entry, "statusListIndex").parse().unwrap())
}

#[test]
fn several_keys_get_copies_in_every_format_each_with_a_status_of_its_own() {
    let world = World::new();
    let phone = Phone::new(&world.city, 4);
    let offer = world.offer();
    let message = phone.open(text(&offer, "offerUri"));
    assert_eq!(message, phone.open(text(&offer, "offerByValue")));
    assert_eq!(message, phone.open(text(&offer, "link")));
    assert_eq!(message.configurations, ["idCard.sd-jwt", "idCard.ldp", "idCard.compact"]);
    assert_eq!(world.state(&offer)["state"], "offered");

    let token = phone.token(&message, offer["pin"].as_str());
    let mut statuses = BTreeSet::new();
    let mut all = Vec::new();
    for configuration in &message.configurations {
        let (copies, notification) = phone.copies(&token, configuration);
        assert_eq!(copies.len(), phone.keys.len(), "{configuration}");
        for (key, copy) in copies.into_iter().enumerate() {
            assert!(statuses.insert(status_of(&copy)), "{configuration}: a status twice");
            let verdict = shown(&world.city, &phone, key, &copy);
            verdict.accept();
            let bound = if configuration.ends_with("ldp") { "skipped" } else { "valid" };
            assert_eq!(verdict.check(Check::Binding).0, bound, "{configuration}");
            all.push((key, copy));
        }
        assert_eq!(phone.notify(&token, &notification, "credential_accepted").status, 204);
    }
    let state = world.state(&offer);
    assert_eq!((text(&state, "state"), state["copies"].as_array().unwrap().len()), ("claimed", 3));
    assert_eq!(state["copies"][0]["event"], "credential_accepted");

    assert_eq!(Agency::new(&world.city, "GA").change(&world.credential, "revoke").0, 200);
    for (key, copy) in &all {
        shown(&world.city, &phone, *key, copy).refuse(Check::Status, "revoked");
    }
}

#[test]
fn a_credential_by_data_integrity_is_bound_to_the_proved_key() {
    let world = World::new();
    let phone = Phone::new(&world.city, 1);
    let (copies, _) = phone.copies(&world.opened(&phone), "idCard.ldp");
    assert_eq!(copies[0]["credentialSubject"]["id"], phone.keys[0].did());
    assert_eq!(copies[0]["id"], format!("urn:certless:{}", world.credential));
}

#[test]
fn code_and_pin_are_good_once_and_wrong_pins_lock() {
    let world = World::new();
    let phone = Phone::new(&world.city, 1);
    let offer = world.offer();
    let message = phone.open(text(&offer, "offerUri"));
    let code = ("pre-authorized_code", message.code.as_str());
    let pin = text(&offer, "pin");
    assert_eq!((pin.len(), message.tx_code.as_ref().unwrap().length), (6, Some(6)));
    is_error(&phone.ask_token(&[code]), 400, "invalid_request");
    is_error(&phone.ask_token(&[]), 400, "invalid_request");
    is_error(&phone.ask_token(&[code, code]), 400, "invalid_request");
    is_error(&phone.ask_token(&[("pre-authorized_code", "x"), ("tx_code", pin)]), 400, "invalid_grant");
    let other = if message.code.ends_with('A') { "E" } else { "A" };
    let forged = format!("{}{other}", &message.code[..message.code.len() - 1]);
    is_error(&phone.ask_token(&[("pre-authorized_code", &forged), ("tx_code", pin)]), 400, "invalid_grant");
    let wrong = if pin == "000000" { "000001" } else { "000000" };
    for _ in 0..4 {
        is_error(&phone.ask_token(&[code, ("tx_code", wrong)]), 400, "invalid_grant");
    }
    let token = phone.token(&message, Some(pin));
    is_error(&phone.ask_token(&[code, ("tx_code", pin)]), 400, "invalid_grant");
    let by_reference = world.city.get(None, &format!("/oid4vci/offers/{}", text(&offer, "id")), "*/*");
    assert_eq!(by_reference.status, 410, "an opened offer is not told again");
    phone.copies(&token, "idCard.sd-jwt");

    let locked = world.offer();
    let message = phone.open(text(&locked, "offerUri"));
    let (code, pin) = (("pre-authorized_code", message.code.as_str()), text(&locked, "pin"));
    let wrong = if pin == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        is_error(&phone.ask_token(&[code, ("tx_code", wrong)]), 400, "invalid_grant");
    }
    is_error(&phone.ask_token(&[code, ("tx_code", pin)]), 400, "invalid_grant");
    let state = world.state(&locked);
    assert_eq!((text(&state, "state"), &state["locked"]), ("cancelled", &json!(true)));
}

#[test]
fn an_offer_without_a_pin_wants_none() {
    let world = World::new();
    let phone = Phone::new(&world.city, 1);
    let offer = world.offer_with(&json!({"credential": world.credential, "pin": false}));
    let message = phone.open(text(&offer, "offerUri"));
    assert_eq!((message.tx_code.is_none(), &offer["pin"]), (true, &Value::Null));
    let code = ("pre-authorized_code", message.code.as_str());
    is_error(&phone.ask_token(&[code, ("tx_code", "123456")]), 400, "invalid_request");
    phone.copies(&phone.token(&message, None), "idCard.compact");
}

#[test]
fn token_requests_of_other_kinds_are_told_so() {
    let world = World::new();
    let send = |media: &str, body: &str| world.city.send(None, "/oid4vci/token", media, body.as_bytes());
    let form = "application/x-www-form-urlencoded";
    is_error(&send(form, "grant_type=authorization_code&code=x"), 400, "unsupported_grant_type");
    is_error(&send(form, "grant_type=%"), 400, "invalid_request");
    is_error(&send("application/json", "{}"), 400, "invalid_request");
}

#[test]
fn authorization_details_give_identifiers_which_then_must_be_used() {
    let world = World::new();
    let phone = Phone::new(&world.city, 1);
    let offer = world.offer();
    let message = phone.open(text(&offer, "offerUri"));
    let details = |name: &str| json!([{"type": "openid_credential", "credential_configuration_id": name}]).to_string();
    let ask = |name: &str| {
        let code = ("pre-authorized_code", message.code.as_str());
        phone.ask_token(&[code, ("tx_code", text(&offer, "pin")), ("authorization_details", &details(name))])
    };
    is_error(&ask("birth.sd-jwt"), 400, "invalid_authorization_details");
    let answer = ask("idCard.sd-jwt").json();
    let detail = &answer["authorization_details"][0];
    assert_eq!(detail["credential_configuration_id"], "idCard.sd-jwt");
    let (token, identifier) = (text(&answer, "access_token"), &detail["credential_identifiers"][0]);
    is_error(&phone.ask_with(token, "idCard.sd-jwt", &phone.proofs()), 400, "invalid_credential_request");
    let by_name =
        |name: &Value| phone.ask(token, &json!({"credential_identifier": name, "proofs": {"jwt": phone.proofs()}}));
    is_error(&by_name(&json!("x")), 400, "unknown_credential_identifier");
    assert_eq!(by_name(identifier).status, 200);
}

#[test]
fn a_request_without_a_good_token_is_challenged() {
    let world = World::new();
    let phone = Phone::new(&world.city, 1);
    for path in ["credential", "deferred", "notification"] {
        let path = format!("/oid4vci/{path}");
        let none = world.city.send(None, &path, "application/json", b"{}");
        assert_eq!((none.status, none.header("www-authenticate")), (401, "Bearer"), "{path}");
        for token in ["x", &world.city.token] {
            let wrong = world.city.send(Some(token), &path, "application/json", b"{}");
            is_error(&wrong, 401, "invalid_token");
            assert!(wrong.header("www-authenticate").starts_with("Bearer error=\"invalid_token\""), "{path}");
        }
    }
    let token = world.opened(&phone);
    let (status, _) = world.city.post_as(Some(&token), "/api/credentials", &json!({"type": "idCard", "row": {}}));
    assert_eq!(status, 401, "an access token opens nothing else");
}

#[test]
fn every_wrong_request_has_its_code() {
    let world = World::new();
    let phone = Phone::new(&world.city, 2);
    let token = world.opened(&phone);
    let proofs = phone.proofs();
    is_error(&phone.ask_with(&token, "idCard.jwt", &proofs), 400, "unknown_credential_configuration");
    is_error(&phone.ask_with(&token, "nothing.sd-jwt", &proofs), 400, "unknown_credential_configuration");
    is_error(&phone.ask_with(&token, "birth.sd-jwt", &proofs), 403, "insufficient_scope");
    is_error(&phone.ask(&token, &json!({"proofs": {"jwt": proofs}})), 400, "invalid_credential_request");
    is_error(
        &phone.ask(&token, &json!({"credential_identifier": "x", "proofs": {"jwt": proofs}})),
        400,
        "invalid_credential_request",
    );
    is_error(&phone.ask(&token, &json!({"credential_configuration_id": "idCard.sd-jwt"})), 400, "invalid_proof");
    let sealed = json!({"credential_configuration_id": "idCard.sd-jwt", "proofs": {"jwt": proofs}, "credential_response_encryption": {}});
    is_error(&phone.ask(&token, &sealed), 400, "invalid_encryption_parameters");
    is_error(
        &world.city.send(Some(&token), "/oid4vci/credential", "application/json", b"{"),
        400,
        "invalid_credential_request",
    );
    // None of these used the nonce up.
    assert_eq!(phone.ask_with(&token, "idCard.sd-jwt", &proofs).status, 200);
}

#[test]
fn every_wrong_proof_has_its_code() {
    let world = World::new();
    let phone = Phone::new(&world.city, 2);
    let token = world.opened(&phone);
    let refused = |header: &Value, claims: &Value, code: &str| {
        let got = phone.ask_with(&token, "idCard.sd-jwt", &[phone.proof_with(0, header, claims)]);
        is_error(&got, 400, code);
    };
    let (header, nonce) = (phone.header(0), phone.nonce());
    let claims = phone.claims(&nonce);
    let with = |name: &str, value: Value| {
        let mut changed = claims.clone();
        changed[name] = value;
        changed
    };
    let without = |name: &str| {
        let mut changed: Map = claims.as_object().unwrap().clone();
        changed.remove(name);
        Value::Object(changed)
    };
    let mut untyped = header.clone();
    untyped["typ"] = json!("JWT");
    refused(&untyped, &claims, "invalid_proof");
    refused(&phone.header(1), &claims, "invalid_proof");
    refused(&header, &with("aud", json!("https://other.example")), "invalid_proof");
    refused(&header, &with("iat", json!(now().as_second() - 400)), "invalid_proof");
    refused(&header, &with("iat", json!(now().as_second() + 120)), "invalid_proof");
    refused(&header, &with("iss", json!("me")), "invalid_proof");
    for name in ["aud", "iat", "nonce"] {
        refused(&header, &without(name), "invalid_proof");
    }
    refused(&header, &with("nonce", json!("made up")), "invalid_nonce");
    let mut forged = nonce.clone();
    forged.replace_range(0..1, if nonce.starts_with('A') { "B" } else { "A" });
    refused(&header, &with("nonce", json!(forged)), "invalid_nonce");
    let twice = [phone.proof_with(0, &header, &claims), phone.proof_with(0, &header, &claims)];
    is_error(&phone.ask_with(&token, "idCard.sd-jwt", &twice), 400, "invalid_proof");
    let many = vec![twice[0].clone(); 11];
    is_error(&phone.ask_with(&token, "idCard.sd-jwt", &many), 400, "invalid_proof");

    let proofs = phone.proofs();
    assert_eq!(phone.ask_with(&token, "idCard.sd-jwt", &proofs).status, 200);
    is_error(&phone.ask_with(&token, "idCard.sd-jwt", &proofs), 400, "invalid_nonce");
    is_error(&phone.ask_with(&token, "idCard.compact", &proofs), 400, "invalid_nonce");
}

#[test]
fn a_lost_answer_is_asked_for_again_and_the_number_of_copies_is_bounded() {
    let world = World::new();
    let phone = Phone::new(&world.city, 10);
    let token = world.opened(&phone);
    let first = phone.copies(&token, "idCard.sd-jwt").0;
    let second = phone.copies(&token, "idCard.sd-jwt").0;
    assert_ne!(status_of(&first[0]), status_of(&second[0]));
    shown(&world.city, &phone, 0, &first[0]).accept();
    phone.copies(&token, "idCard.sd-jwt");
    let got = phone.ask_with(&token, "idCard.sd-jwt", &phone.proofs());
    is_error(&got, 400, "credential_request_denied");
    phone.copies(&token, "idCard.compact");
}

#[test]
fn a_withdrawn_offer_opens_nothing() {
    let world = World::new();
    let phone = Phone::new(&world.city, 1);
    let offer = world.offer();
    let message = phone.open(text(&offer, "offerUri"));
    let cancel = |offer: &Value| world.city.post(&path(offer, "/cancel"), &json!({}));
    assert_eq!(cancel(&offer).1["state"], "cancelled");
    let parameters = [("pre-authorized_code", message.code.as_str()), ("tx_code", text(&offer, "pin"))];
    is_error(&phone.ask_token(&parameters), 400, "invalid_grant");

    let opened = world.offer();
    let token = phone.token(&phone.open(text(&opened, "offerUri")), opened["pin"].as_str());
    assert_eq!(cancel(&opened).0, 200);
    is_error(&phone.ask_with(&token, "idCard.sd-jwt", &phone.proofs()), 400, "credential_request_denied");

    let claimed = world.offer();
    let token = phone.token(&phone.open(text(&claimed, "offerUri")), claimed["pin"].as_str());
    phone.copies(&token, "idCard.sd-jwt");
    assert_eq!(cancel(&claimed).0, 409);

    let other = Agency::new(&world.city, "YB");
    assert_eq!(other.post(&path(&claimed, "/cancel"), &json!({})).0, 404, "another agency's offer");
    assert_eq!(other.post("/api/offers", &json!({"credential": world.credential})).0, 404);
}

#[test]
fn a_licence_that_is_not_in_force_is_not_handed_out() {
    let world = World::new();
    let phone = Phone::new(&world.city, 1);
    let agency = Agency::new(&world.city, "GA");
    let token = world.opened(&phone);
    assert_eq!(agency.change(&world.credential, "suspend").0, 200);
    is_error(&phone.ask_with(&token, "idCard.sd-jwt", &phone.proofs()), 400, "credential_request_denied");
    assert_eq!(agency.post("/api/offers", &json!({"credential": world.credential})).0, 409);
    assert_eq!(agency.change(&world.credential, "reinstate").0, 200);
    let (copies, _) = phone.copies(&token, "idCard.sd-jwt");
    assert_eq!(agency.change(&world.credential, "suspend").0, 200);
    shown(&world.city, &phone, 0, &copies[0]).refuse(Check::Status, "suspended");
}

#[test]
fn a_new_phone_ends_the_copies_of_the_lost_one() {
    let world = World::new();
    let (old, new) = (Phone::new(&world.city, 2), Phone::new(&world.city, 1));
    let token = world.opened(&old);
    let lost = old.copies(&token, "idCard.sd-jwt").0;
    let lost_code = old.copies(&token, "idCard.compact").0;
    let kept = new.copies(&world.opened(&new), "idCard.compact").0;
    shown(&world.city, &new, 0, &kept[0]).accept();
    for (key, copy) in lost.iter().enumerate().chain(lost_code.iter().enumerate()) {
        shown(&world.city, &old, key, copy).refuse(Check::Status, "revoked");
    }
}

#[test]
fn what_a_lost_phone_still_has_of_older_offers_takes_nothing_back() {
    let clock = FixedClock::new(now());
    let world = World::of(TestCity::on_clock(Arc::new(clock.clone())));
    let (old, new) = (Phone::new(&world.city, 1), Phone::new(&world.city, 1));
    let letter = world.offer_with(&json!({"credential": world.credential, "letter": true}));
    let open = |offer: &Value| old.token(&old.open(text(offer, "offerUri")), offer["pin"].as_str());
    let held = world.offer_with(&json!({"credential": world.credential, "hold": true}));
    let later = open(&held);
    let waiting = old.ask_with(&later, "idCard.sd-jwt", &old.proofs()).json();
    let first = world.opened(&old);
    let (_, notification) = old.copies(&first, "idCard.sd-jwt");
    clock.advance(60);
    let kept = new.copies(&world.opened(&new), "idCard.sd-jwt").0;
    let denied = |token: &str| {
        is_error(&old.ask_with(token, "idCard.compact", &old.proofs()), 400, "credential_request_denied");
    };
    denied(&first);
    denied(&open(&letter));
    let (status, told) = world.city.post(&path(&held, "/release"), &json!({}));
    assert_eq!(status, 200, "{told}");
    is_error(&old.ask_later(&later, text(&waiting, "transaction_id")), 400, "credential_request_denied");
    assert_eq!(old.notify(&first, &notification, "credential_deleted").status, 204);
    shown(&world.city, &new, 0, &kept[0]).accept();
    // Whoever is given a newer offer gets the licence again.
    clock.advance(60);
    let again = old.copies(&world.opened(&old), "idCard.sd-jwt").0;
    shown(&world.city, &old, 0, &again[0]).accept();
    shown(&world.city, &new, 0, &kept[0]).refuse(Check::Status, "revoked");
}

#[test]
fn a_key_that_the_row_brought_ends_when_another_phone_claims() {
    let city = TestCity::start();
    let mut resident = Resident::nth(0);
    let credential = resident.obtain(&city, "idCard");
    let code = resident.code("idCard", "basic");
    Stranger(&city).verify(&code).accept();
    let world = World { city, credential };
    let phone = Phone::new(&world.city, 1);
    let kept = phone.copies(&world.opened(&phone), "idCard.sd-jwt").0;
    shown(&world.city, &phone, 0, &kept[0]).accept();
    Stranger(&world.city).verify(&resident.code("idCard", "basic")).refuse(Check::Status, "revoked");
    Stranger(&world.city).verify(&resident.sd_jwt("idCard", "n")).refuse(Check::Status, "revoked");
    let register = Agency::new(&world.city, "GA");
    let got = world.city.get(Some(register.token()), &format!("/api/credentials/{}", world.credential), "*/*").json();
    assert_eq!(got["status"], "valid");
    Stranger(&world.city).verify(&got["package"]["credential"].to_string()).accept();
    assert!(got["package"]["credential"]["credentialSubject"].get("id").is_none());
}

#[test]
fn a_licence_is_issued_when_it_is_claimed() {
    let world = World::new();
    let phone = Phone::new(&world.city, 2);
    let resident = Resident::nth(1);
    let mut order = certless::app::demo::order(row_of("idCard", &resident.code));
    order.row.remove("holderKey");
    let offer = world.offer_with(&json!({"type": "idCard", "row": order.row, "letter": true}));
    assert_eq!(world.state(&offer)["credential"], Value::Null);
    let token = phone.token(&phone.open(text(&offer, "offerUri")), offer["pin"].as_str());
    for configuration in ["idCard.sd-jwt", "idCard.compact", "idCard.ldp"] {
        let (copies, _) = phone.copies(&token, configuration);
        shown(&world.city, &phone, 1, &copies[1]).accept();
    }
    let id = world.state(&offer)["credential"].as_str().unwrap().to_owned();
    assert_eq!(Agency::new(&world.city, "GA").change(&id, "revoke").0, 200);

    let wrong = json!({"type": "idCard", "row": {"name": "张三"}});
    assert_eq!(world.city.post("/api/offers", &wrong).0, 422);
    assert_eq!(world.city.post("/api/offers", &json!({"type": "idCard"})).0, 400);
    assert_eq!(world.city.post("/api/offers", &json!({"credential": world.credential, "holder": 2})).0, 422);
}

#[test]
fn a_licence_that_waits_is_deferred_until_it_is_released() {
    let world = World::new();
    let phone = Phone::new(&world.city, 2);
    let offer = world.offer_with(&json!({"credential": world.credential, "hold": true}));
    let token = phone.token(&phone.open(text(&offer, "offerUri")), offer["pin"].as_str());
    let proofs = phone.proofs();
    let got = phone.ask_with(&token, "idCard.sd-jwt", &proofs);
    assert_eq!(got.status, 202, "{}", got.text);
    let answer = got.json();
    assert!(answer["interval"].as_u64().unwrap() > 0 && answer.get("credentials").is_none());
    is_error(&phone.ask_with(&token, "idCard.sd-jwt", &proofs), 400, "invalid_nonce");
    let transaction = text(&answer, "transaction_id");
    let waiting = phone.ask_later(&token, transaction);
    assert_eq!((waiting.status, text(&waiting.json(), "transaction_id")), (202, transaction));
    is_error(&phone.ask_later(&token, "x"), 400, "invalid_transaction_id");
    assert_eq!(world.city.post(&path(&offer, "/release"), &json!({})).0, 200);
    let ready = phone.ask_later(&token, transaction);
    assert_eq!(ready.status, 200, "{}", ready.text);
    shown(&world.city, &phone, 1, &ready.json()["credentials"][1]["credential"]).accept();
    is_error(&phone.ask_later(&token, transaction), 400, "invalid_transaction_id");

    let offer = world.offer_with(&json!({"credential": world.credential, "hold": true}));
    let token = phone.token(&phone.open(text(&offer, "offerUri")), offer["pin"].as_str());
    let answer = phone.ask_with(&token, "idCard.sd-jwt", &phone.proofs()).json();
    assert_eq!(world.city.post(&path(&offer, "/cancel"), &json!({})).0, 200);
    is_error(&phone.ask_later(&token, text(&answer, "transaction_id")), 400, "credential_request_denied");
}

#[test]
fn copies_that_never_arrived_end_and_saying_so_twice_changes_nothing() {
    let world = World::new();
    let phone = Phone::new(&world.city, 1);
    let token = world.opened(&phone);
    let (lost, notification) = phone.copies(&token, "idCard.sd-jwt");
    let (kept, other) = phone.copies(&token, "idCard.sd-jwt");
    for _ in 0..2 {
        assert_eq!(phone.notify(&token, &notification, "credential_failure").status, 204);
    }
    shown(&world.city, &phone, 0, &lost[0]).refuse(Check::Status, "revoked");
    shown(&world.city, &phone, 0, &kept[0]).accept();
    assert_eq!(phone.notify(&token, &other, "credential_accepted").status, 204);
    is_error(&phone.notify(&token, "x", "credential_accepted"), 400, "invalid_notification_id");
    is_error(&phone.notify(&token, &other, "accepted"), 400, "invalid_notification_request");
}

#[test]
fn a_joint_licence_has_a_phone_for_each_holder() {
    let world = World::new();
    let row = demo_city().stock.iter().find(|row| row.type_code.as_str() == "marriage").unwrap();
    let mut order = certless::app::demo::order(row);
    order.row.retain(|name, _| !name.starts_with("holderKey"));
    let agency = Agency::new(&world.city, row.agency.as_str());
    let (status, answer) = agency.post("/api/credentials", &json!({"type": "marriage", "row": order.row}));
    assert_eq!(status, 201, "{answer}");
    let mut phones = Vec::new();
    for holder in [1, 2] {
        let phone = Phone::new(&world.city, 2);
        let (status, offer) = agency.post("/api/offers", &json!({"credential": answer["id"], "holder": holder}));
        assert_eq!(status, 201, "{offer}");
        let token = phone.token(&phone.open(text(&offer, "offerUri")), offer["pin"].as_str());
        let copies = phone.copies(&token, "marriage.compact").0;
        let whole = phone.copies(&token, "marriage.ldp").0;
        assert_eq!(whole[0]["credentialSubject"][holder - 1]["id"], phone.keys[0].did());
        phones.push((phone, copies, whole));
    }
    for (phone, copies, whole) in &phones {
        shown(&world.city, phone, 1, &copies[1]).accept();
        shown(&world.city, phone, 1, &whole[1]).accept();
    }
}

#[test]
fn the_metadata_tells_every_type_in_every_format() {
    let world = World::new();
    let got = world.city.get(None, "/.well-known/openid-credential-issuer", "application/json");
    assert_eq!((got.status, got.media.as_str()), (200, "application/json"));
    let told = got.json();
    assert_eq!(told["credential_issuer"], world.city.base);
    assert_eq!(told["batch_credential_issuance"]["batch_size"], 10);
    let types = certless::domain::catalogue::Catalogue::embedded().unwrap().types().len();
    let all = told["credential_configurations_supported"].as_object().unwrap();
    assert_eq!(all.len(), types * 3);
    for (name, one) in all {
        assert_eq!(
            one["proof_types_supported"]["jwt"]["proof_signing_alg_values_supported"],
            json!(["EdDSA", "ES256"]),
            "{name}"
        );
        assert_eq!(one["credential_metadata"]["display"].as_array().unwrap().len(), 2, "{name}");
    }
    for name in ["credential_endpoint", "nonce_endpoint", "deferred_credential_endpoint", "notification_endpoint"] {
        assert!(text(&told, name).starts_with(&world.city.base), "{name}");
    }
    let server = world.city.get(None, "/.well-known/oauth-authorization-server", "application/json").json();
    assert_eq!(server["pre-authorized_grant_anonymous_access_supported"], true);
    assert_eq!(text(&server, "token_endpoint"), format!("{}/oid4vci/token", world.city.base));
}

#[test]
fn the_wallet_of_this_program_receives_and_shows() {
    let world = World::new();
    let stranger = Stranger(&world.city);
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
        let mut wallet = Wallet::new("演示", HolderKey::generate(algorithm, &SystemRandom));
        let offer = world.offer();
        let net = IssuerClient::new(None).unwrap();
        let without = wallet.receive_offer(text(&offer, "offerUri"), None, &net, now()).map(drop).unwrap_err();
        assert!(without.message.unwrap().en.contains("--pin"));
        let wrong = if text(&offer, "pin") == "000000" { "000001" } else { "000000" };
        let wrong = wallet.receive_offer(text(&offer, "link"), Some(wrong), &net, now()).map(drop).unwrap_err();
        assert_eq!(wrong.kind, ErrorKind::NotAllowed, "{wrong}");
        let taken = wallet.receive_offer(text(&offer, "link"), offer["pin"].as_str(), &net, now()).unwrap();
        assert_eq!(taken, Received::Licence(world.credential.clone()));
        let licence = wallet.find(&world.credential).unwrap();
        assert_eq!((licence.id.as_str(), licence.type_code.as_str()), (world.credential.as_str(), "idCard"));
        assert!(!licence.number.is_empty());
        let asked = Asked { audience: Some("https://w.example"), nonce: Some("wallet"), now: now() };
        stranger.verify(&wallet.code("idCard", "basic", &asked).unwrap()).accept();
        stranger.verify(&wallet.sd_jwt("idCard", &[], &asked).unwrap()).accept();
        let again = wallet.receive_offer(text(&offer, "offerUri"), offer["pin"].as_str(), &net, now());
        assert_eq!(again.map(drop).unwrap_err().message.unwrap().en, "The offer was used already.");
        let events = world.state(&offer)["copies"].clone();
        assert!(events.as_array().unwrap().iter().all(|copy| copy["event"] == "credential_accepted"), "{events}");
    }
}

#[test]
fn the_wallet_of_this_program_keeps_what_it_waits_for_and_collects_it() {
    let world = World::new();
    let net = IssuerClient::new(None).unwrap();
    let mut wallet = Wallet::new("演示", HolderKey::generate(Algorithm::EdDsa, &SystemRandom));
    let take = |wallet: &mut Wallet| {
        let offer = world.offer_with(&json!({"credential": world.credential, "hold": true}));
        let taken = wallet.receive_offer(text(&offer, "link"), offer["pin"].as_str(), &net, now()).unwrap();
        assert_eq!(taken, Received::Waits(30));
        offer
    };
    let (offer, withdrawn) = (take(&mut wallet), take(&mut wallet));
    // It survives being written, and says no secret.
    let bytes = wallet.to_bytes().unwrap();
    let mut wallet = Wallet::from_bytes(bytes.expose()).unwrap();
    assert!(String::from_utf8_lossy(bytes.expose()).contains("vci_") && !format!("{wallet:?}").contains("vci_"));
    assert_eq!((wallet.awaited(), wallet.licences().len()), (2, 0));
    let collected = wallet.collect(&net, now());
    assert_eq!((collected.received.len(), collected.refused.len(), collected.next), (0, 0, Some(30)));

    assert_eq!(world.city.post(&path(&offer, "/release"), &json!({})).0, 200);
    assert_eq!(world.city.post(&path(&withdrawn, "/cancel"), &json!({})).0, 200);
    let collected = wallet.collect(&net, now());
    assert_eq!(collected.received, [world.credential.as_str()]);
    assert_eq!((collected.next, wallet.awaited()), (None, 0));
    assert!(collected.refused[0].message.as_ref().unwrap().en.contains("Ask the agency"), "{:?}", collected.refused);
    let asked = Asked { audience: None, nonce: None, now: now() };
    Stranger(&world.city).verify(&wallet.code("idCard", "basic", &asked).unwrap()).accept();
    let events = world.state(&offer)["copies"].clone();
    assert!(events.as_array().unwrap().iter().all(|copy| copy["event"] == "credential_accepted"), "{events}");
}

#[test]
fn an_offer_that_issues_waits_for_a_second_person_where_the_city_wants_one() {
    let needed = vec![(Deed::Issue, Some(TypeCode::parse("idCard").unwrap()))];
    let rules = Rules { four_eyes: FourEyes { needed, ..FourEyes::default() }, ..Rules::default() };
    let city = TestCity::with_rules(Arc::new(SystemClock), rules);
    let staff = |account: &str, role| at_work(&city, account, role, "GA");
    let (clerk, approver) = (staff("clerk", StaffRole::AgencyClerk), staff("approver", StaffRole::AgencyApprover));
    let other = staff("other", StaffRole::AgencyApprover);
    let mut order = certless::app::demo::order(row_of("idCard", &Resident::nth(1).code));
    order.row.remove("holderKey");
    for (maker, releaser) in [(&clerk, &approver), (&approver, &other)] {
        let (status, offer) = city.post_as(Some(maker), "/api/offers", &json!({"type": "idCard", "row": order.row}));
        assert_eq!(status, 201, "{offer}");
        let phone = Phone::new(&city, 1);
        let token = phone.token(&phone.open(text(&offer, "offerUri")), offer["pin"].as_str());
        let waiting = phone.ask_with(&token, "idCard.compact", &phone.proofs());
        assert_eq!(waiting.status, 202, "{}", waiting.text);
        let transaction = text(&waiting.json(), "transaction_id").to_owned();
        for nobody in [maker, &clerk] {
            let (status, told) = city.post_as(Some(nobody), &path(&offer, "/release"), &json!({}));
            assert_eq!((status, told["code"].as_str()), (403, Some("second_person")), "{told}");
        }
        assert_eq!(phone.ask_later(&token, &transaction).status, 202);
        assert_eq!(city.post_as(Some(releaser), &path(&offer, "/release"), &json!({})).0, 200);
        let ready = phone.ask_later(&token, &transaction);
        assert_eq!(ready.status, 200, "{}", ready.text);
        shown(&city, &phone, 0, &ready.json()["credentials"][0]["credential"]).accept();
        order.row = certless::app::demo::order(row_of("idCard", &Resident::nth(2).code)).row;
        order.row.remove("holderKey");
    }
}
