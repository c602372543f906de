//! The companion of a licence: found by whoever issued it and by whoever holds it, verified by anyone offline.

use certless::base::bytes::{base64url, hex};
use certless::base::jcs::canonicalize;
use certless::base::json::{Value, json};
use certless::crypto::digest::sha256;
use certless::domain::account::StaffRole;
use certless::domain::leaf::Entry;
use certless::tlog::merkle::leaf_hash;
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
