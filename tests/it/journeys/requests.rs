//! A window asks, a wallet answers: OpenID4VP from the code on the screen to the ticked materials.

use certless::base::json::{Value, json};
use certless::crypto::Signer as _;
use certless::vc::contexts::Contexts;
use certless::vc::data_integrity::{Cryptosuite, ProofOptions, sign};
use certless::vc::finding::Check;
use certless::vc::keys::Purpose;
use certless::wire::oid4vp::response::{Content, VpToken};

use crate::support::city::TestCity;
use crate::support::roles::{Resident, Verdict, Window, demo_city, now, stock};
use crate::support::vp::{ask, events, fetch, path, post, reference, result};

/// Needs the applicant's identity card and social security card.
const MATTER: &str = "异地就医备案";

fn both(city: &TestCity, resident: &mut Resident) {
    resident.obtain_bound(city, "idCard");
    resident.obtain_bound(city, "socialSecurityCard");
}

/// The names of the claims that a window got for one want.
fn shown<'a>(told: &'a Value, id: &str) -> Vec<&'a str> {
    let one = told["disclosed"].as_array().unwrap().iter().find(|one| one["id"] == id);
    one.unwrap_or_else(|| panic!("{told}"))["claims"].as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn a_request_for_a_case_ticks_off_its_materials_in_every_mode_and_with_every_key() {
    let city = TestCity::start();
    let window = Window::new(&city, "YB");
    for (mut resident, mode) in [
        (Resident::nth(0), "direct_post"),
        (Resident::nth(1), "direct_post.jwt"),
        (Resident::with_p256(2), "direct_post"),
        (Resident::with_p256(3), "direct_post.jwt"),
    ] {
        both(&city, &mut resident);
        let case = window.file(MATTER, &resident);
        let invitation = ask(&city, &window, &json!({"application": case["id"], "mode": mode}));
        assert!(invitation["qr"].as_str().unwrap().starts_with("<svg"));
        assert_eq!(result(&city, &window, &invitation)["state"], "waiting");

        let request = fetch(&city, &invitation, &[]);
        assert_eq!((request.object.mode.name(), request.object.query.sets.len()), (mode, 0));
        let told = request.object.told.as_ref().unwrap();
        assert_eq!(told["matter"]["zh"], MATTER);
        assert!(told["fields"].as_array().unwrap().iter().all(|field| field["why"]["zh"].is_string()), "{told}");
        assert_eq!(result(&city, &window, &invitation)["state"], "opened");

        let got = resident.respond(&city, &request);
        let records = got.json()["use_records"].as_array().map(Vec::len);
        assert_eq!((got.status, records, got.json().get("redirect_uri")), (200, Some(2), None), "{}", got.text);
        let told = result(&city, &window, &invitation);
        Verdict(told["verdict"].clone()).accept();
        assert_eq!((&told["state"], &told["met"]), (&json!("answered"), &json!(["idCard", "socialSecurityCard"])));
        assert_eq!(shown(&told, "idCard"), ["idNumber", "name"], "what the basic view shows and nothing else");
        let case = window.show(&case);
        assert_eq!(case["missing"], json!([]), "{case}");
        assert_eq!(window.step(&case, "accept", &json!({})).0, 200);
    }
}

#[test]
fn a_request_object_by_get_is_the_same_but_for_the_wallets_nonce() {
    let city = TestCity::start();
    let window = Window::new(&city, "YB");
    let invitation = ask(&city, &window, &json!({"types": ["idCard"], "purpose": "核对身份"}));
    let posted = fetch(&city, &invitation, &[]).object;
    let got = city.get(None, path(&city, &reference(&invitation).request_uri), "*/*");
    let header = certless::vc::jws::Jws::parse(&got.text).unwrap();
    assert_eq!(header.header().typ(), Some("oauth-authz-req+jwt"));
    assert_eq!(header.header().kid(), Some(&*format!("{}:agencies:YB#key-1", city.service.city.names.city_did())));
    let claims = header.claims().unwrap();
    assert_eq!((&claims["aud"], claims.get("wallet_nonce")), (&json!("https://self-issued.me/v2"), None));
    assert_eq!((&claims["nonce"], &claims["state"]), (&json!(posted.nonce), &json!(posted.state)));
    assert_eq!(claims["certless"]["purpose"], json!({"zh": "核对身份", "en": "核对身份"}));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 300);
    let other = fetch(&city, &ask(&city, &window, &json!({"types": ["idCard"]})), &[]).object;
    assert!(other.nonce != posted.nonce && other.state != posted.state);
}

#[test]
fn an_encrypted_request_has_a_key_of_its_own() {
    let city = TestCity::start();
    let window = Window::new(&city, "YB");
    let body = json!({"types": ["idCard"], "mode": "direct_post.jwt"});
    let key = || {
        let metadata = fetch(&city, &ask(&city, &window, &body), &[]).object.client_metadata;
        assert_eq!(metadata["encrypted_response_enc_values_supported"], json!(["A256GCM", "A128GCM"]));
        let key = metadata["jwks"]["keys"][0].clone();
        assert_eq!((&key["alg"], &key["use"], &key["kid"]), (&json!("ECDH-ES"), &json!("enc"), &json!("1")));
        assert!(key.get("d").is_none());
        key
    };
    assert_ne!(key(), key());
}

#[test]
fn what_the_wallet_supports_decides_in_which_form_it_is_asked() {
    let city = TestCity::start();
    let window = Window::new(&city, "YB");
    let mut resident = Resident::nth(0);
    both(&city, &mut resident);
    let case = window.file(MATTER, &resident);
    let request = fetch(&city, &ask(&city, &window, &json!({"application": case["id"]})), &["ldp_vc"]);
    assert!(request.object.query.credentials.iter().all(|one| one.format == "ldp_vc"));
    let got = resident.respond(&city, &request);
    assert_eq!(got.status, 200, "{}", got.text);
    assert_eq!(window.show(&case)["missing"], json!([]));

    let invitation =
        ask(&city, &window, &json!({"types": ["idCard"], "formats": ["ldp_vc"], "mode": "direct_post.jwt"}));
    let request = fetch(&city, &invitation, &[]);
    assert_eq!(resident.respond(&city, &request).status, 200);
    let told = result(&city, &window, &invitation);
    assert_eq!(told["disclosed"][0]["format"], "ldp_vc");
    assert_eq!(
        shown(&told, "idCard"),
        ["idNumber", "name"],
        "a whole credential was shown, what was asked for is taken"
    );
    assert_eq!(told["verdict"]["credential"]["claims"], told["disclosed"][0]["claims"]);

    let invitation = ask(&city, &window, &json!({"types": ["idCard"]}));
    let body = r#"wallet_metadata={"vp_formats_supported":{"mso_mdoc":{}}}"#;
    let uri = reference(&invitation).request_uri;
    let got = city.send(None, path(&city, &uri), "application/x-www-form-urlencoded", body.as_bytes());
    assert_eq!((got.status, &got.json()["error"]), (400, &json!("invalid_request")), "{}", got.text);
}

#[test]
fn holders_of_either_key_present_whole_credentials_and_nobody_presents_anothers() {
    let city = TestCity::start();
    let window = Window::new(&city, "YB");
    for (mut resident, mut other, suite) in [
        (Resident::nth(0), Resident::nth(1), Cryptosuite::EddsaJcs2022),
        (Resident::with_p256(2), Resident::with_p256(3), Cryptosuite::EcdsaJcs2019),
    ] {
        resident.obtain_bound(&city, "idCard");
        other.obtain_bound(&city, "idCard");
        for mode in ["direct_post", "direct_post.jwt"] {
            let invitation = ask(&city, &window, &json!({"types": ["idCard"], "formats": ["ldp_vc"], "mode": mode}));
            let request = fetch(&city, &invitation, &[]);
            let suites = &request.object.client_metadata["vp_formats_supported"]["ldp_vc"]["cryptosuite_values"];
            assert!(suites.as_array().unwrap().contains(&json!(suite.name())), "{suites}");
            let answer = resident.answer(&request);
            let Content::Token(token) = &answer else { panic!("an answer") };
            assert!(token.values().flatten().all(|made| made["proof"]["cryptosuite"] == suite.name()), "{token:?}");
            let got = post(&city, &request, answer);
            assert_eq!(got.status, 200, "{mode} {}: {}", suite.name(), got.text);
            let told = result(&city, &window, &invitation);
            Verdict(told["verdict"].clone()).accept();
            assert_eq!(told["disclosed"][0]["claims"]["idNumber"], json!(resident.code));
        }
        // The other one takes the credential for the own one, and signs what is right but for the holder.
        let request = fetch(&city, &ask(&city, &window, &json!({"types": ["idCard"], "formats": ["ldp_vc"]})), &[]);
        let key = other.wallet.key();
        let unsigned = json!({
            "@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiablePresentation"], "holder": key.did(),
            "verifiableCredential": [resident.wallet.find("idCard").unwrap().credential_value().unwrap()],
        });
        let mut options = ProofOptions::new(Purpose::Authentication, key.method(), now()).with_suite(suite);
        assert_eq!(key.algorithm(), suite.algorithm());
        options.challenge = Some(request.object.nonce.clone());
        options.domain = vec![request.object.client_id.clone()];
        let made = sign(unsigned.as_object().unwrap().clone(), &options, key, &Contexts::bundled()).unwrap();
        let token = VpToken::from([("idCard_ldp".to_owned(), vec![Value::Object(made)])]);
        let got = post(&city, &request, Content::Token(token));
        assert_eq!((got.status, &got.json()["checks"][0]["code"]), (400, &json!("not_the_holder")), "{}", got.text);
    }
}

#[test]
fn any_of_several_types_is_enough_and_what_may_be_missing_may_be_missing() {
    let city = TestCity::start();
    let owners = |code: &str| demo_city().residents.iter().any(|one| one.id.as_str() == code);
    let row = stock("realEstate").find(|row| row.holders.len() == 1 && owners(&row.holders[0].code)).unwrap();
    let mut resident = Resident::of_code(&row.holders[0].code);
    for kind in ["idCard", "realEstate"] {
        resident.obtain(&city, kind);
    }
    let window = Window::new(&city, "GA");
    let invitation = ask(&city, &window, &json!({"matter": "养犬登记"}));
    let request = fetch(&city, &invitation, &[]);
    let sets: Vec<_> = request.object.query.sets.iter().map(|set| (set.options.len(), set.required)).collect();
    assert_eq!(sets, [(1, true), (2, true)]);
    let got = resident.respond(&city, &request);
    assert_eq!(got.status, 200, "{}", got.text);
    let told = result(&city, &window, &invitation);
    assert_eq!((told["disclosed"].as_array().unwrap().len(), &told["disclosed"][1]["type"]), (2, &json!("realEstate")));
    assert_eq!(told["met"], json!([]), "no case, nothing to tick");

    // The home may be proved later here, so the rest can be shown without it.
    let mut other = Resident::nth(0);
    for kind in ["idCard", "householdRegister"] {
        other.obtain(&city, kind);
    }
    let case = window.file("分户登记", &other);
    let request = fetch(&city, &ask(&city, &window, &json!({"application": case["id"]})), &[]);
    assert_eq!(request.object.query.sets.iter().filter(|set| !set.required).count(), 1);
    let got = other.respond(&city, &request);
    assert_eq!(got.status, 200, "{}", got.text);
    assert_eq!(window.show(&case)["missing"], json!(["any-1"]));
}

#[test]
fn a_condition_is_proved_by_its_view_or_by_the_one_field_that_it_is_about() {
    let city = TestCity::start();
    let window = Window::new(&city, "MZ");
    let today = certless::base::time::china_date(now());
    let aged = |at_least: bool| {
        let fits = |age: i16| if at_least { age >= 62 } else { (20..50).contains(&age) };
        let found = demo_city().residents.iter().find(|one| fits(i16::from(one.id.age_on(today))));
        Resident::of_code(found.unwrap().id.as_str())
    };
    let (mut old, mut young) = (aged(true), aged(false));
    old.obtain(&city, "idCard");
    young.obtain(&city, "idCard");
    for (formats, claim) in [(&[][..], "birthDate"), (&["dc+sd-jwt", "certless_compact"], "ageOver60")] {
        let case = window.file("老年人优待证办理", &old);
        let invitation = ask(&city, &window, &json!({"application": case["id"]}));
        let request = fetch(&city, &invitation, formats);
        let got = old.respond(&city, &request);
        assert_eq!(got.status, 200, "{}", got.text);
        assert_eq!(shown(&result(&city, &window, &invitation), "idCard"), [claim]);
        assert_eq!(window.show(&case)["missing"], json!([]));
    }
    let case = window.file("老年人优待证办理", &young);
    let invitation = ask(&city, &window, &json!({"application": case["id"]}));
    let request = fetch(&city, &invitation, &["dc+sd-jwt", "certless_compact"]);
    let got = young.respond(&city, &request);
    assert_eq!((got.status, &got.json()["checks"][0]["code"]), (400, &json!("condition_not_met")), "{}", got.text);
    Verdict(result(&city, &window, &invitation)["verdict"].clone()).refuse(Check::Schema, "condition_not_met");
    assert_eq!(window.show(&case)["missing"], json!(["idCard"]));
    let (verdict, _) = window.scan(&case, &young.code("idCard", "basic"));
    verdict.refuse(Check::Schema, "condition_not_met");
}

#[test]
fn a_window_watches_check_by_check_on_every_screen() {
    let city = TestCity::start();
    let window = Window::new(&city, "YB");
    let mut resident = Resident::nth(0);
    both(&city, &mut resident);
    let invitation = ask(&city, &window, &json!({"matter": MATTER}));
    let id = invitation["id"].as_str().unwrap();
    std::thread::scope(|scope| {
        let watchers = [(); 2].map(|()| scope.spawn(|| events(&city, &window, id)));
        std::thread::sleep(std::time::Duration::from_millis(300));
        let request = fetch(&city, &invitation, &[]);
        std::thread::sleep(std::time::Duration::from_millis(300));
        assert_eq!(resident.respond(&city, &request).status, 200);
        for watcher in watchers {
            let seen = watcher.join().unwrap();
            let names: Vec<_> = seen.iter().map(|(name, _)| name.as_str()).collect();
            let checks = [["check"; 9].as_slice(), &["verdict", "state"]].concat();
            assert_eq!(names, [&["state", "state"], checks.as_slice()].concat());
            let states: Vec<_> =
                seen.iter().filter(|(name, _)| name == "state").map(|(_, data)| data["state"].clone()).collect();
            assert_eq!(states, ["waiting", "opened", "answered"]);
            assert_eq!(seen.last().unwrap().1, result(&city, &window, &invitation), "the last event says everything");
        }
    });
    let late = events(&city, &window, id);
    assert_eq!((late.len(), late.last().unwrap().0.as_str()), (11, "state"), "who comes late sees the end");
}

#[test]
fn a_page_that_the_wallet_leads_to_must_know_the_code() {
    let city = TestCity::start();
    let window = Window::new(&city, "YB");
    let mut resident = Resident::nth(0);
    resident.obtain(&city, "idCard");
    let invitation = ask(&city, &window, &json!({"types": ["idCard"], "returnTo": "/window/done?from=wallet"}));
    let request = fetch(&city, &invitation, &[]);
    let uri = resident.respond(&city, &request).json()["redirect_uri"].as_str().unwrap().to_owned();
    let code = uri.strip_prefix(&format!("{}/window/done?from=wallet#response_code=", city.base)).unwrap();
    assert_eq!(code.len(), 22);
    let told = result(&city, &window, &invitation);
    assert_eq!((&told["state"], told.get("verdict")), (&json!("answered"), None));
    let path = format!("/api/requests/{}?response_code={code}", invitation["id"].as_str().unwrap());
    let told = city.get(Some(window.token()), &path, "*/*").json();
    assert_eq!(told["verdict"]["accepted"], true);
}

#[test]
fn values_and_several_presentations_are_asked_for_and_checked() {
    let city = TestCity::start();
    let window = Window::new(&city, "YB");
    let mut resident = Resident::nth(0);
    resident.obtain(&city, "idCard");
    let sex = resident.wallet.find("idCard").unwrap().credential_value().unwrap()["credentialSubject"]["sex"].clone();
    let other = if sex == "1" { "2" } else { "1" };
    let wanted = |value: &Value| json!({"types": [{"type": "idCard", "claims": ["name"], "values": {"sex": value}}]});
    let request = fetch(&city, &ask(&city, &window, &wanted(&sex)), &[]);
    assert_eq!(resident.respond(&city, &request).status, 200);
    let request = fetch(&city, &ask(&city, &window, &wanted(&json!([other]))), &[]);
    assert!(resident.wallet.plan(&request.object).is_err(), "the wallet has none with that value");
    let several = json!({"types": [{"type": "idCard", "view": "full", "multiple": true}, {"anyOf": ["nurse", "disability"], "optional": true}]});
    let invitation = ask(&city, &window, &several);
    let request = fetch(&city, &invitation, &[]);
    assert!(request.object.query.credentials[0].multiple);
    let got = resident.respond(&city, &request);
    assert_eq!(got.status, 200, "{}", got.text);
    assert!(shown(&result(&city, &window, &invitation), "idCard").len() >= 8);
}
