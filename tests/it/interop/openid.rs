//! Wallets and verifiers of other makers in the place of ours, over the real interfaces: OpenID4VCI and OpenID4VP with npm
//! `@openid4vc`, `dcql`, `@sd-jwt` and `@digitalbazaar`.

use std::process::Command;
use std::sync::Arc;

use certless::base::clock::SystemClock;
use certless::base::id::{AgencyCode, TypeCode};
use certless::base::json::{Value, json};
use certless::base::text::Label;
use certless::base::time::{Timestamp, plus_seconds};
use certless::crypto::{PublicKey, SigningKey};
use certless::domain::account::StaffRole;
use certless::domain::city::rules::{Deed, FourEyes, Rules};
use certless::domain::trust::{Registry, TrustedAgency, TrustedKey};
use certless::vc::contexts::Contexts;
use tempfile::TempDir;

use super::peer::Peer;
use crate::support::city::TestCity;
use crate::support::roles::{Agency, Resident, Verdict, Window, now, row_of};
use crate::support::staff::at_work;
use crate::support::vp::{ask, result};

/// An offer of the identity card of a resident, from the stock.
fn offer_of(city: &TestCity, resident: usize) -> Value {
    let mut order = certless::app::demo::order(row_of("idCard", &Resident::nth(resident).code));
    order.row.remove("holderKey");
    let (status, offer) = Agency::new(city, "GA").post("/api/offers", &json!({"type": "idCard", "row": order.row}));
    assert_eq!(status, 201, "{offer}");
    offer
}

/// The peer's wallet takes up an offer.
fn receive(peer: &mut Peer, wallet: &str, offer: &Value, formats: &[&str]) -> Result<Value, String> {
    peer.ask(&json!({"op": "wallet-receive", "wallet": wallet, "offer": offer["offerUri"], "pin": offer["pin"],
        "formats": formats}))
}

/// A peer's wallet that holds the card of a resident under keys of these algorithms.
fn holding(peer: &mut Peer, city: &TestCity, resident: usize, algorithms: &[&str], formats: &[&str]) -> String {
    let name = format!("{resident}-{}", algorithms.concat());
    peer.ask(&json!({"op": "wallet-new", "wallet": name, "algs": algorithms})).unwrap();
    let received = receive(peer, &name, &offer_of(city, resident), formats).unwrap();
    let received = received["received"].as_array().unwrap();
    assert_eq!(received.len(), formats.len(), "{received:?}");
    assert!(received.iter().all(|one| one["taken"].as_array().unwrap().len() == algorithms.len()), "{received:?}");
    name
}

fn answer(peer: &mut Peer, wallet: &str, invitation: &Value, more: &Value) -> Result<Value, String> {
    let mut question = json!({"op": "wallet-answer", "wallet": wallet, "request": invitation["requestUri"]});
    question.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
    peer.ask(&question)
}

#[test]
fn a_wallet_of_another_maker_receives_by_offer_and_pin() {
    let Some(mut peer) = Peer::start() else { return };
    let city = TestCity::start();
    let resident = Resident::nth(0);
    peer.ask(&json!({"op": "wallet-new", "wallet": "w", "algs": ["EdDSA", "ES256"]})).unwrap();

    let offer = offer_of(&city, 0);
    let mut wrong = offer.clone();
    wrong["pin"] = json!("000000");
    let refused = receive(&mut peer, "w", &wrong, &["dc+sd-jwt"]).unwrap_err();
    assert!(refused.contains("invalid_grant"), "{refused}");

    let got = receive(&mut peer, "w", &offer, &["dc+sd-jwt", "ldp_vc"]).unwrap();
    assert!(got["known"].as_u64().unwrap() >= 60, "every type in every format: {}", got["known"]);
    for one in got["received"].as_array().unwrap() {
        let taken = one["taken"].as_array().unwrap();
        assert_eq!(taken.len(), 2, "a copy for each key: {one}");
        for claims in taken {
            let subject = if one["format"] == "ldp_vc" { &claims["credentialSubject"] } else { claims };
            assert_eq!((&subject["name"], &subject["idNumber"]), (&json!(resident.name), &json!(resident.code)));
        }
    }
    let state = city.get(Some(Agency::new(&city, "GA").token()), &state_of(&offer), "application/json").json();
    assert_eq!(state["state"], "claimed", "{state}");
    assert!(state["copies"].as_array().unwrap().iter().all(|one| one["event"] == "credential_accepted"), "{state}");
    assert!(receive(&mut peer, "w", &offer, &["dc+sd-jwt"]).is_err(), "an offer is taken up once");

    let inline = json!({"offerUri": offer_of(&city, 1)["offerByValue"], "pin": null});
    let refused = receive(&mut peer, "w", &inline, &["dc+sd-jwt"]).unwrap_err();
    assert!(refused.contains("invalid_request") || refused.contains("tx_code"), "without its PIN: {refused}");
}

fn state_of(offer: &Value) -> String {
    format!("/api/offers/{}", offer["id"].as_str().unwrap())
}

#[test]
fn a_wallet_of_another_maker_waits_for_the_second_person() {
    let Some(mut peer) = Peer::start() else { return };
    let four_eyes = FourEyes { needed: vec![(Deed::Issue, TypeCode::parse("idCard").ok())], wait: 3_600 };
    let city = TestCity::with_rules(Arc::new(SystemClock), Rules { four_eyes, ..Rules::default() });
    peer.ask(&json!({"op": "wallet-new", "wallet": "w", "algs": ["ES256"]})).unwrap();
    let offer = offer_of(&city, 0);
    let waiting = receive(&mut peer, "w", &offer, &["dc+sd-jwt"]).unwrap()["received"][0].clone();
    assert!(waiting["transaction"].is_string() && waiting["interval"].is_u64(), "{waiting}");
    let later = json!({"op": "wallet-later", "wallet": "w", "received": waiting});
    assert_eq!(peer.ask(&later).unwrap()["waits"], waiting["interval"]);
    let approver = at_work(&city, "ga-approver", StaffRole::AgencyApprover, "GA");
    let (status, released) = city.post_as(Some(&approver), &format!("{}/release", state_of(&offer)), &json!({}));
    assert_eq!(status, 200, "{released}");
    let taken = peer.ask(&later).unwrap();
    assert_eq!(taken["received"]["taken"][0]["idNumber"], json!(Resident::nth(0).code));
}

#[test]
fn a_wallet_of_another_maker_answers_our_windows() {
    let Some(mut peer) = Peer::start() else { return };
    let city = TestCity::start();
    let window = Window::new(&city, "YB");
    let both = ["dc+sd-jwt", "ldp_vc"];
    let wallets = [
        (holding(&mut peer, &city, 0, &["EdDSA"], &both), Resident::nth(0)),
        (holding(&mut peer, &city, 1, &["ES256"], &both), Resident::nth(1)),
    ];
    for (wallet, resident) in &wallets {
        for mode in ["direct_post", "direct_post.jwt"] {
            for format in both {
                let body = json!({"types": ["idCard"], "mode": mode, "formats": [format]});
                let invitation = ask(&city, &window, &body);
                let got = answer(&mut peer, wallet, &invitation, &json!({})).unwrap();
                // Whoever does not know use records ignores the member.
                let told = got["answer"].as_object().unwrap();
                assert_eq!((&got["status"], told.len()), (&json!(200), 1), "{mode} {format}: {got}");
                assert_eq!(told["use_records"].as_array().unwrap().len(), 1);
                assert_eq!(
                    (&got["version"], &got["client"]["prefix"]),
                    (&json!(100), &json!("decentralized_identifier"))
                );
                let told = result(&city, &window, &invitation);
                Verdict(told["verdict"].clone()).accept();
                assert_eq!(told["disclosed"][0]["claims"]["idNumber"], json!(resident.code), "{told}");
            }
        }
    }
    let wallet = &wallets[0].0;
    let invitation = ask(&city, &window, &json!({"types": ["idCard"]}));
    let got = answer(&mut peer, wallet, &invitation, &json!({"plain": true})).unwrap();
    assert_eq!(got["status"], 200, "a wallet that fetches the request by GET: {got}");
    for (spoil, mode) in [
        (json!({"nonce": "another"}), "direct_post"),
        (json!({"audience": "decentralized_identifier:did:web:other.example"}), "direct_post.jwt"),
    ] {
        let invitation = ask(&city, &window, &json!({"types": ["idCard"], "mode": mode}));
        let got = answer(&mut peer, wallet, &invitation, &json!({"spoil": spoil})).unwrap();
        assert_eq!((&got["status"], &got["answer"]["error"]), (&json!(400), &json!("invalid_request")), "{got}");
        assert_eq!(result(&city, &window, &invitation)["verdict"]["accepted"], json!(false));
        let again = answer(&mut peer, wallet, &invitation, &json!({})).unwrap_err();
        assert!(again.contains("410") || again.to_lowercase().contains("request"), "used up: {again}");
    }
}

#[test]
fn a_wallet_of_another_maker_tells_what_it_supports_and_meets_a_whole_matter() {
    let Some(mut peer) = Peer::start() else { return };
    let city = TestCity::start();
    let window = Window::new(&city, "YB");
    let wallet = holding(&mut peer, &city, 0, &["EdDSA"], &["ldp_vc"]);
    let invitation = ask(&city, &window, &json!({"types": ["idCard"]}));
    let metadata = json!({"metadata": {"vp_formats_supported": {"ldp_vc": {}}}});
    let got = answer(&mut peer, &wallet, &invitation, &metadata).unwrap();
    assert_eq!((&got["status"], &got["queries"][0]["format"]), (&json!(200), &json!("ldp_vc")), "{got}");

    let lacking = answer(&mut peer, &wallet, &ask(&city, &window, &json!({"matter": "异地就医备案"})), &metadata);
    assert!(lacking.unwrap_err().contains("cannot be satisfied"), "one of two licences is not enough");
}

/// Our wallet in a file, driven by the command line, which trusts the peer's verifier.
struct CommandLine {
    folder: TempDir,
}

impl CommandLine {
    fn new(city: &TestCity, resident: usize, verifier: &Value, more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let one = Self { folder };
        let registry = registry(verifier);
        std::fs::write(one.folder.path().join("trust.json"), registry).unwrap();
        one.run(&[&["new", "wallet"], more].concat());
        let offer = offer_of(city, resident);
        let (link, pin) = (offer["offerUri"].as_str().unwrap(), offer["pin"].as_str().unwrap());
        one.run(&["receive", "wallet", link, "--pin", pin]);
        one
    }

    fn try_run(&self, arguments: &[&str]) -> std::process::Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_certless"));
        command.current_dir(self.folder.path()).env("LC_ALL", "en_US.UTF-8");
        command.env("CERTLESS_WALLET_PASSPHRASE", "a passphrase of the tests");
        command.arg("wallet").args(arguments).output().unwrap()
    }

    #[track_caller]
    fn run(&self, arguments: &[&str]) -> String {
        let output = self.try_run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

/// A registry that names the peer's verifier and nobody else.
fn registry(verifier: &Value) -> Vec<u8> {
    let issued: Timestamp = plus_seconds(now(), -60);
    let (did, url) = (verifier["did"].as_str().unwrap(), verifier["url"].as_str().unwrap());
    let key = PublicKey::from_jwk(verifier["jwk"].as_object().unwrap()).unwrap();
    let agency = TrustedAgency {
        code: AgencyCode::parse("GA").unwrap(),
        did: did.to_owned(),
        url: url.to_owned(),
        name: Label::new("另一家核验方", "Another verifier"),
        uscc: String::new(),
        types: Vec::new(),
        keys: vec![TrustedKey {
            id: "key-1".to_owned(),
            key,
            valid_from: issued,
            valid_until: None,
            compromised_from: None,
        }],
    };
    let registry = Registry {
        city: "did:web:registry.example".to_owned(),
        name: Label::new("名录", "Registry"),
        version: 1,
        issued,
        expires: plus_seconds(issued, 86_400),
        previous: None,
        roots: Vec::new(),
        logs: Vec::new(),
        witnesses: Vec::new(),
        agencies: vec![agency],
    };
    registry.sign(&SigningKey::ed25519(&[9; 32]), &Contexts::bundled()).unwrap()
}

fn query(city: &TestCity, format: &str) -> (Value, Value) {
    let card = certless::domain::catalogue::context::type_iri("IdCard");
    let (meta, before) = if format == "ldp_vc" {
        (
            json!({"type_values": [["https://www.w3.org/2018/credentials#VerifiableCredential", card]]}),
            vec![json!("credentialSubject")],
        )
    } else {
        (json!({"vct_values": [format!("{}/schemas/credentials/idCard/1", city.base)]}), Vec::new())
    };
    let path = |name: &str| Value::Array([before.clone(), vec![json!(name)]].concat());
    let claims = json!([{"path": path("name")}, {"path": path("idNumber")}]);
    (json!({"credentials": [{"id": "card", "format": format, "meta": meta, "claims": claims}]}), json!([card]))
}

#[test]
fn our_wallet_answers_a_verifier_of_another_maker() {
    let Some(mut peer) = Peer::start() else { return };
    let city = TestCity::start();
    let verifier = peer.ask(&json!({"op": "verifier-open"})).unwrap();
    for (resident, more) in [(0, &[][..]), (1, &["--p256"][..])] {
        let wallet = CommandLine::new(&city, resident, &verifier, more);
        for format in ["dc+sd-jwt", "ldp_vc"] {
            for mode in ["direct_post", "direct_post.jwt"] {
                let (query, types) = query(&city, format);
                let asked = json!({"op": "verifier-ask", "query": query, "mode": mode, "types": types});
                let asked = peer.ask(&asked).unwrap();
                let link = asked["link"].as_str().unwrap();
                let told = wallet.try_run(&["present", "wallet", link, "--trust", "trust.json"]);
                let told = String::from_utf8(told.stderr).unwrap();
                assert_eq!(told.contains("everything in the licence"), format == "ldp_vc", "{told}");
                wallet.run(&["present", "wallet", link, "--trust", "trust.json", "--yes"]);
                let got = peer.ask(&json!({"op": "verifier-result", "id": asked["id"]})).unwrap();
                assert_eq!(got["encrypted"], json!(mode == "direct_post.jwt"), "{got}");
                let shown = &got["shown"]["card"][0];
                let subject = if format == "ldp_vc" { &shown["credentialSubject"] } else { shown };
                assert_eq!(subject["idNumber"], json!(Resident::nth(resident).code), "{got}");
                assert!(format == "ldp_vc" || shown.get("address").is_none(), "what was not asked for: {got}");
            }
        }
        // An asker that cannot verify the holder's proof is shown nothing.
        let (ldp, types) = query(&city, "ldp_vc");
        let other = if more.is_empty() { "ecdsa-jcs-2019" } else { "eddsa-jcs-2022" };
        let asked =
            json!({"op": "verifier-ask", "query": ldp, "mode": "direct_post", "types": types, "suites": [other]});
        let link = peer.ask(&asked).unwrap()["link"].as_str().unwrap().to_owned();
        assert!(!wallet.try_run(&["present", "wallet", &link, "--trust", "trust.json", "--yes"]).status.success());
        // The city's own registry does not name this asker.
        let (query, _) = query(&city, "dc+sd-jwt");
        let asked = peer.ask(&json!({"op": "verifier-ask", "query": query, "mode": "direct_post"})).unwrap();
        let trust = city.get(None, "/.well-known/certless/trust", "application/json").bytes;
        std::fs::write(wallet.folder.path().join("city.json"), trust).unwrap();
        let link = asked["link"].as_str().unwrap();
        assert!(!wallet.try_run(&["present", "wallet", link, "--trust", "city.json", "--yes"]).status.success());
        assert!(peer.ask(&json!({"op": "verifier-result", "id": asked["id"]})).unwrap().get("shown").is_none());
    }
}
