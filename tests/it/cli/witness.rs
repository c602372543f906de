//! `certless witness`, `certless wallet proof` and what `certless verify` relies on about the log.

use certless::adapters::fetch::Policy;
use certless::adapters::fetch::allow::AllowList;
use certless::app::witnesses::ask_all;
use certless::domain::city::keys::OwnRole;
use certless::domain::token::Role;
use certless::tlog::checkpoint::Checkpoint;
use certless::tlog::note::Note;

use super::run::{Place, Ran};
use crate::support::city::{TestCity, keyring};
use crate::support::roles::{Agency, Resident, row_of};

fn text(city: &TestCity, path: &str) -> String {
    city.get(Some(&city.token), path, "*/*").text
}

/// A city with a token of its operator in a file.
fn operated(place: &Place, file: &str) -> TestCity {
    let city = TestCity::start();
    place.write(file, city.service.city.new_token(Role::Operator, "test").unwrap());
    city
}

fn ask(city: &TestCity) {
    let policy = Policy {
        hosts: AllowList::parse(&["nobody.example"]).unwrap(),
        loopback: true,
        private: false,
        total: std::time::Duration::from_secs(5),
        max_bytes: 1 << 20,
        max_redirects: 0,
        authorities: Vec::new(),
    };
    ask_all(&city.service.city, &policy).unwrap();
}

#[test]
fn witnesses_are_added_listed_and_removed_and_a_proof_is_verified_with_their_quorum() {
    let place = Place::empty();
    let (city, witness) = (operated(&place, "token"), operated(&place, "witness-token"));
    let issued = Agency::new(&city, "GA").issue(row_of("idCard", &Resident::nth(0).code));
    city.integrate();
    place.write("witness.vkey", text(&witness, "/witness/key"));
    place.write("log.vkey", text(&city, "/log/key"));
    let on = |city: &TestCity, token: &str, more: &[&str]| {
        place.certless(&[&["witness", "--server", &city.base, "--token", token], more].concat())
    };
    let prefix = format!("{}/witness", witness.base);
    assert_eq!(on(&city, "token", &["add", &prefix, "log.vkey"]).code, 2, "a log's key is no witness's");
    let added = on(&city, "token", &["add", &prefix, "witness.vkey"]);
    assert_eq!(added.code, 0, "{added:?}");
    let log = on(&witness, "witness-token", &["log", "log.vkey"]);
    assert!(log.code == 0 && log.answers.contains(&city.service.city.log_origin()), "{log:?}");

    // A proof before the witness has signed, and one after.
    place.write("registry.json", text(&city, "/.well-known/certless/trust"));
    place.write("card.json", issued["package"]["credential"].to_string());
    let companion = format!("/api/credentials/{}/log-proof", issued["id"].as_str().unwrap());
    place.write("early.tlog-proof", text(&city, &companion));
    ask(&city);
    place.write("card.tlog-proof", text(&city, &companion));
    let verify = |proof: &str, more: &[&str]| {
        let fixed = ["verify", "card.json", "--proof", proof, "--trust", "registry.json", "--data", "none"];
        place.certless(&[&fixed, more].concat())
    };
    let good = verify("card.tlog-proof", &["--log-key", "log.vkey"]);
    assert!(good.code == 0 && good.answers.contains("✓ Public log"), "{good:?}");
    let witnessed = ["--log-key", "log.vkey", "--witness", "witness.vkey"];
    assert_eq!(verify("card.tlog-proof", &witnessed).code, 0);
    let early = verify("early.tlog-proof", &witnessed);
    assert!(early.code == 2 && early.answers.contains("? Public log"), "{early:?}");
    assert_eq!(verify("early.tlog-proof", &[&witnessed[..], &["--quorum", "0"]].concat()).code, 0);
    assert_eq!(
        verify("card.tlog-proof", &[&witnessed[..], &["--quorum", "2"]].concat()).code,
        2,
        "more than there are"
    );
    assert_eq!(verify("card.tlog-proof", &[]).code, 0, "the registry lists the key of the log");
    assert_eq!(verify("card.tlog-proof", &["--log-key", "witness.vkey"]).code, 2, "nor is this one");
    assert_eq!(verify("registry.json", &["--log-key", "log.vkey"]).code, 2, "no proof at all");

    // The checkpoint that is held: the same one stands in for the key, a contradicting one is a fork.
    let proof = text(&city, &companion);
    let held = proof.split_once("\n\n").unwrap().1.to_owned();
    place.write("held.txt", &held);
    assert_eq!(verify("card.tlog-proof", &["--checkpoint", "held.txt"]).code, 0);
    let tree = Checkpoint::parse(Note::parse(&held).unwrap().text()).unwrap();
    let mut fork = Checkpoint { root: [9; 32], ..tree }.note().unwrap();
    fork.sign(&city.service.city.log_origin(), &keyring().city().log).unwrap();
    place.write("fork.txt", fork.to_string());
    let forked = verify("card.tlog-proof", &["--log-key", "log.vkey", "--checkpoint", "fork.txt"]);
    assert!(forked.code == 1 && forked.answers.contains("two histories"), "{forked:?}");

    // A server verifies with the companion too.
    let asked = place.certless(&["verify", "card.json", "--proof", "card.tlog-proof", "--server", &city.base]);
    assert!(asked.code == 0 && asked.answers.contains("✓ Public log"), "{asked:?}");

    let listed = on(&city, "token", &["list"]);
    assert!(listed.answers.contains("current") && listed.answers.contains(&prefix), "{listed:?}");
    let listed = on(&witness, "witness-token", &["list"]);
    assert!(listed.answers.contains(&city.service.city.log_origin()), "{listed:?}");
    let name = witness.service.city.witness_name();
    assert_eq!(on(&city, "token", &["remove", &name]).code, 0);
    assert_eq!(on(&city, "token", &["remove", &name]).code, 2, "it is gone");
    assert_eq!(on(&witness, "witness-token", &["forget", &city.service.city.log_origin()]).code, 0);
}

/// A place with the wallet `w`, which holds an identity card of the city.
fn with_card(city: &TestCity) -> Place {
    let place = Place::empty();
    place.write("pass", "word\n");
    let made = wallet(&place, &["new", "w"]);
    let did = serde_json::from_str::<serde_json::Value>(&made.answers).unwrap()["did"].as_str().unwrap().to_owned();
    let row = row_of("idCard", &Resident::nth(0).code);
    let order = certless::app::demo::order(row);
    let body = serde_json::json!({"type": "idCard", "row": order.row, "holderKey": did});
    let (status, issued) = Agency::new(city, "GA").post("/api/credentials", &body);
    assert_eq!(status, 201, "{issued}");
    place.write("package.json", issued["package"].to_string());
    assert_eq!(wallet(&place, &["receive", "w", "package.json"]).code, 0);
    place
}

fn wallet(place: &Place, arguments: &[&str]) -> Ran {
    place.certless(&[&["wallet"], arguments, &["--passphrase-file", "pass"]].concat())
}

#[test]
fn a_wallet_fetches_the_companion_once_and_keeps_it() {
    let city = TestCity::start();
    let place = with_card(&city);
    let wallet = |arguments: &[&str]| wallet(&place, arguments);
    assert!(wallet(&["list", "w"]).answers.contains("\"logProof\": false"));
    assert_eq!(wallet(&["proof", "w", "idCard"]).code, 2, "the log has no entry of it yet");
    city.integrate();
    let proof = wallet(&["proof", "w", "idCard", "--credential", "card.json"]);
    assert!(proof.code == 0 && proof.answers.starts_with("c2sp.org/tlog-proof@v1\n"), "{proof:?}");
    assert_eq!(wallet(&["proof", "w", "idCard"]).answers, proof.answers, "kept");
    place.write("card.tlog-proof", &proof.answers);
    let asked = place.certless(&["verify", "card.json", "--proof", "card.tlog-proof", "--server", &city.base]);
    assert!(asked.code == 0 && asked.answers.contains("✓ Public log"), "{asked:?}");
    for shown in ["  Valid ", "    Name: "] {
        assert!(asked.answers.contains(shown), "{shown}: {asked:?}");
    }

    // Nobody's key signed this showing: refused where that is asked for, also when a server decides.
    let bound = |more: &[&str]| place.certless(&[&["verify", "--server", &city.base, "package.json"], more].concat());
    assert_eq!(bound(&[]).code, 0);
    let refused = bound(&["--bound"]);
    assert!(refused.code == 1 && refused.answers.contains("✗ Holder"), "{refused:?}");
    let refused = bound(&["--bound", "--json"]);
    assert!(refused.code == 1 && refused.answers.contains("\"accepted\":false"), "{refused:?}");
}

#[test]
fn a_wallet_believes_a_companion_by_the_keys_that_the_citys_registry_names() {
    let city = TestCity::start();
    let place = with_card(&city);
    city.integrate();
    let proof = |more: &[&str]| wallet(&place, &[&["proof", "w", "idCard"], more].concat());
    let first = proof(&[]);
    let root = city.service.city.keys().own().root.signer.public_key().thumbprint();
    assert!(first.code == 0 && first.notes.contains(&root), "the root key is told once: {first:?}");
    assert!(wallet(&place, &["list", "w"]).answers.contains(&root), "and remembered");
    let again = proof(&["--fresh"]);
    assert!(again.code == 0 && !again.notes.contains(&root), "{again:?}");

    // The log and the root have other keys: both are followed from the key that is remembered.
    for role in [OwnRole::Log, OwnRole::Root] {
        city.service.city.rotate_own(role, 0).unwrap();
    }
    city.integrate();
    let rotated = proof(&["--fresh"]);
    let new = city.service.city.keys().own().root.signer.public_key().thumbprint();
    assert!(rotated.code == 0 && rotated.notes.contains(&new), "{rotated:?}");

    // A stolen root hands over to nobody: the holder compares the new one, or keeps what there is.
    city.service.city.compromise_own(OwnRole::Root, "root-2", city.service.city.now()).unwrap();
    let stopped = proof(&["--fresh"]);
    let newest = city.service.city.keys().own().root.signer.public_key().thumbprint();
    assert!(stopped.code != 0 && stopped.notes.contains(&format!("--root {newest}")), "{stopped:?}");
    let zh =
        place.certless(&["--lang", "zh", "wallet", "proof", "w", "idCard", "--fresh", "--passphrase-file", "pass"]);
    assert!(zh.notes.contains("核对新指纹") && zh.notes.contains(&newest), "{zh:?}");
    assert_eq!(proof(&[]).answers, rotated.answers, "what was kept before stays");
    assert_ne!(proof(&["--root", &root]).code, 0, "another key than that was compared");
    let compared = proof(&["--root", &newest]);
    assert!(compared.code == 0 && compared.answers.starts_with("c2sp.org/tlog-proof@v1\n"), "{compared:?}");
}
