//! The companion of a licence: found by whoever issued it and by whoever holds it, verified by anyone offline.

use certless::adapters::client::issuer::IssuerClient;
use certless::base::bytes::{base64url, hex};
use certless::base::jcs::canonicalize;
use certless::base::json::{Value, json};
use certless::base::text::Lang;
use certless::crypto::digest::sha256;
use certless::crypto::{Signer as _, SigningKey};
use certless::domain::account::StaffRole;
use certless::domain::city::keys::OwnRole;
use certless::domain::error::{Error, ErrorKind};
use certless::domain::leaf::Entry;
use certless::domain::trust::roots::RootKey;
use certless::domain::wallet::receive::{Issuer, Reply, Request};
use certless::tlog::checkpoint::Checkpoint;
use certless::tlog::merkle::leaf_hash;
use certless::tlog::note::Note;
use certless::tlog::proof::LogProof;

use crate::support::city::{Got, TestCity};
use crate::support::roles::{Agency, Resident, row_of};
use crate::support::staff::at_work;

const BOUNDARY: &str = "frontier";

fn credential(issued: &Value) -> &Value {
    &issued["package"]["credential"]
}

fn issue(city: &TestCity, n: usize) -> Value {
    let issued = Agency::new(city, "GA").issue(row_of("idCard", &Resident::nth(n).code));
    city.integrate();
    issued
}

fn companion(city: &TestCity, issued: &Value) -> Got {
    let id = issued["id"].as_str().unwrap();
    city.get(Some(&city.token), &format!("/api/credentials/{id}/log-proof"), "*/*")
}

fn find(city: &TestCity, credential: &Value) -> Got {
    city.get(None, &format!("/log/find/{}", base64url(&sha256(&canonicalize(credential)))), "*/*")
}

fn verify(city: &TestCity, file: &str, proofs: &[&str]) -> Got {
    let part = |name: &str, content: &str| {
        format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{content}\r\n")
    };
    let proofs: String = proofs.iter().map(|proof| part("proof", proof)).collect();
    let body = format!("{}{proofs}--{BOUNDARY}--\r\n", part("file", file));
    city.send(None, "/verify", &format!("multipart/form-data; boundary={BOUNDARY}"), body.as_bytes())
}

fn log_check(got: &Got) -> (bool, String, String) {
    let verdict = got.json();
    let check = verdict["checks"].as_array().unwrap().iter().find(|check| check["check"] == "log").unwrap();
    let text = |name: &str| check[name].as_str().unwrap_or_default().to_owned();
    (verdict["accepted"] == true, text("state"), text("code"))
}

#[test]
fn the_agency_and_the_holder_get_the_same_companion_and_it_verifies() {
    let city = TestCity::start();
    let issued = issue(&city, 0);
    let (of_agency, of_holder) = (companion(&city, &issued), find(&city, credential(&issued)));
    assert_eq!((of_agency.status, of_holder.status), (200, 200), "{} {}", of_agency.text, of_holder.text);
    let (first, second) = (LogProof::parse(&of_agency.text).unwrap(), LogProof::parse(&of_holder.text).unwrap());
    assert_eq!((first.index, &first.extra), (second.index, &second.extra));
    let policy = city.service.city.log_policy().unwrap();
    first.verify(&leaf_hash(first.extra.as_ref().unwrap()), &policy).unwrap();
    let hexed = city.get(None, &format!("/log/find/{}", hex(&sha256(&canonicalize(credential(&issued))))), "*/*");
    assert_eq!(hexed.status, 200);
    let text = credential(&issued).to_string();
    let got = verify(&city, &text, &[&of_agency.text]);
    assert_eq!(log_check(&got), (true, "valid".to_owned(), String::new()), "{}", got.text);
    // The spelling of the JSON does not matter, its content does.
    let pretty = serde_json::to_string_pretty(credential(&issued)).unwrap();
    assert_eq!(log_check(&verify(&city, &pretty, &[&of_agency.text])).1, "valid");
    let without = city.send(None, "/verify", "application/json", text.as_bytes());
    assert_eq!(log_check(&without), (true, "skipped".to_owned(), "log_unproven".to_owned()));
}

#[test]
fn a_companion_of_another_credential_or_another_log_is_not_accepted() {
    let city = TestCity::start();
    let (mine, other) = (issue(&city, 0), issue(&city, 1));
    let (proof, of_other) = (companion(&city, &mine).text, companion(&city, &other).text);
    let text = credential(&mine).to_string();
    let told = |proof: &str| log_check(&verify(&city, &text, &[proof]));
    assert_eq!(told(&of_other), (false, "invalid".to_owned(), "log_proof_other".to_owned()));
    assert_eq!(told(&format!("{proof}{of_other}")).2, "log_proof_other", "one too many");
    let elsewhere = proof.replace(&city.service.city.log_origin(), "elsewhere.example/log");
    assert_eq!(told(&elsewhere), (false, "error".to_owned(), "log_unknown".to_owned()));
    let mut moved = LogProof::parse(&proof).unwrap();
    moved.index = LogProof::parse(&of_other).unwrap().index;
    assert_eq!(told(&moved.to_string()), (false, "invalid".to_owned(), "log_proof_invalid".to_owned()));
    for no_proof in ["", "x", "c2sp.org/tlog-proof@v1\n"] {
        assert_eq!(verify(&city, &text, &[no_proof]).status, 400, "{no_proof}");
    }
    assert_eq!(verify(&city, &text, &[&proof, &proof]).status, 400, "the form has one part of proofs");
}

#[test]
fn the_log_has_no_companion_of_what_was_not_issued_and_none_before_it_is_integrated() {
    let city = TestCity::start();
    city.integrate();
    let issued = Agency::new(&city, "GA").issue(row_of("idCard", &Resident::nth(0).code));
    assert_eq!((companion(&city, &issued).status, find(&city, credential(&issued)).status), (404, 404));
    city.integrate();
    assert_eq!((companion(&city, &issued).status, find(&city, credential(&issued)).status), (200, 200));
    assert_eq!(find(&city, &json!({"id": "none"})).status, 404);
    for digest in ["x", &"0".repeat(63), &"g".repeat(64)] {
        assert_eq!(city.get(None, &format!("/log/find/{digest}"), "*/*").status, 404);
    }
    let id = issued["id"].as_str().unwrap();
    let path = format!("/api/credentials/{id}/log-proof");
    assert_eq!(city.get(None, &path, "*/*").status, 401);
    assert_eq!(city.get(Some(Agency::new(&city, "MZ").token()), &path, "*/*").status, 404, "another agency's");
    assert_eq!(city.get(Some(&at_work(&city, "auditor", StaffRole::Auditor, "")), &path, "*/*").status, 200);
}

#[test]
fn the_index_follows_the_log_and_is_made_again_where_it_is_missing() {
    let city = TestCity::start();
    let agency = Agency::new(&city, "GA");
    let first = agency.issue(row_of("idCard", &Resident::nth(0).code));
    let id = first["id"].as_str().unwrap();
    for _ in 0..300 {
        for act in ["suspend", "reinstate"] {
            assert_eq!(agency.change(id, act).0, 200);
        }
    }
    let last = agency.issue(row_of("idCard", &Resident::nth(1).code));
    city.integrate();
    assert!(city.service.city.index_log().unwrap(), "a whole page");
    assert!(!city.service.city.index_log().unwrap(), "and no second");
    for issued in [&first, &last] {
        let proof = LogProof::parse(&companion(&city, issued).text).unwrap();
        let entry = Entry::parse(proof.extra.as_ref().unwrap()).unwrap();
        assert_eq!(entry.bytes("digest"), Some(&sha256(&canonicalize(credential(issued)))[..]));
    }
    assert_eq!(LogProof::parse(&companion(&city, &last).text).unwrap().index, 614);
}

/// The way of a wallet to the city, on which answers are changed.
struct Line<'a> {
    city: IssuerClient,
    change: &'a dyn Fn(&str, Vec<u8>) -> Vec<u8>,
}

impl Issuer for Line<'_> {
    fn ask(&self, url: &str, request: Request<'_>) -> Result<Reply, Error> {
        let Reply { status, body } = self.city.ask(url, request)?;
        Ok(Reply { status, body: (self.change)(url, body) })
    }
}

#[test]
fn a_wallet_keeps_no_companion_but_one_by_the_keys_of_the_citys_log() {
    let city = TestCity::start();
    let mut resident = Resident::nth(0);
    resident.obtain(&city, "idCard");
    resident.obtain(&city, "socialSecurityCard");
    city.integrate();
    let wallet = &mut resident.wallet;
    let mut asked = |which: &str, change: &dyn Fn(&str, Vec<u8>) -> Vec<u8>| {
        let line = Line { city: IssuerClient::new(None).unwrap(), change };
        let got = wallet.fetch_companion(which, None, &line).map(str::to_owned);
        (got, wallet.kept_companion(which).unwrap().map(str::to_owned), wallet.cities().len())
    };
    let forged = |url: &str, body: Vec<u8>| {
        if !url.contains("/log/find/") {
            return body;
        }
        // The right entry at its place in the right tree, signed by a key of somebody else's under the log's name.
        let proof = LogProof::parse(std::str::from_utf8(&body).unwrap()).unwrap();
        let tree = Checkpoint::parse(Note::parse(&proof.checkpoint).unwrap().text()).unwrap();
        let mut note = tree.note().unwrap();
        note.sign(&tree.origin, &SigningKey::ed25519(&[7; 32])).unwrap();
        LogProof { checkpoint: note.to_string(), ..proof }.to_string().into_bytes()
    };
    let (refused, kept, _) = asked("idCard", &forged);
    let refused = refused.unwrap_err();
    assert_eq!((refused.kind, kept), (ErrorKind::Refused, None), "{refused}");
    assert!(refused.sentence(Lang::Zh).contains("日志公钥不符"), "{}", refused.sentence(Lang::Zh));
    assert!(refused.sentence(Lang::En).contains("does not fit the keys"), "{}", refused.sentence(Lang::En));

    let none = |url: &str, body: Vec<u8>| if url.contains("/.well-known/") { b"<html>".to_vec() } else { body };
    let (no_registry, kept, cities) = asked("socialSecurityCard", &none);
    assert!(no_registry.is_err() && kept.is_none() && cities == 1, "no registry, no proof: {no_registry:?}");
    let (good, kept, _) = asked("idCard", &|_, body| body);
    assert_eq!(good.ok(), kept);
    assert!(kept.is_some());

    // An older registry, which the right root signed, does not take the place of a newer one.
    let old = city.service.city.trust_document().unwrap();
    city.service.city.rotate_own(OwnRole::Log, 0).unwrap();
    city.integrate();
    asked("idCard", &|_, body| body).0.unwrap();
    let (held, ..) = asked("idCard", &|url, body| if url.contains("/.well-known/") { old.clone() } else { body });
    held.unwrap();

    // Another city's registry, and one by another root.
    let elsewhere = TestCity::start();
    let of_another = elsewhere.service.city.trust_document().unwrap();
    let by_another = city.service.city.registry().as_ref().clone();
    let mut by_another = by_another;
    by_another.roots = vec![RootKey::first(SigningKey::ed25519(&[9; 32]).public_key().clone(), by_another.issued)];
    let by_another = by_another.sign(&SigningKey::ed25519(&[9; 32]), city.service.city.contexts()).unwrap();
    for (what, document) in [("another city's", of_another), ("by another root", by_another)] {
        let (refused, ..) =
            asked("idCard", &|url, body| if url.contains("/.well-known/") { document.clone() } else { body });
        assert!(refused.is_err(), "{what}");
    }
}
