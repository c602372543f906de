//! The commands that keep a city: verify, keys, store, token, and the demo that leaves real cities alone.

use std::fs;

use certless::domain::token::Role;

use super::run::{Place, Ran, csv_of, first_id, identity_cards};
use crate::support::city::TestCity;

/// A city with one identity card whose holder has a wallet `w` with it in, and the card's identifier.
pub(super) fn with_a_card() -> (Place, String) {
    let place = Place::with_city();
    place.write("pass", "test\n");
    let made = place.certless(&["wallet", "new", "w", "--passphrase-file", "pass"]);
    assert_eq!(made.code, 0, "{made:?}");
    let listed = place.certless(&["wallet", "list", "w", "--passphrase-file", "pass"]);
    let did: serde_json::Value = serde_json::from_str(&listed.answers).unwrap();
    place.write("cards.csv", csv_of(&identity_cards(1)));
    let issued = place.issue("cards.csv", &["--out", "issued", "--holder-key", did["did"].as_str().unwrap()]);
    let id = first_id(&issued, "row 2");
    let received =
        place.certless(&["wallet", "receive", "w", &format!("issued/{id}.json"), "--passphrase-file", "pass"]);
    assert_eq!(received.code, 0, "{received:?}");
    (place, id)
}

fn verify(place: &Place, more: &[&str]) -> Ran {
    place.certless(&[&["verify", "--data", "city"], more].concat())
}

pub(super) fn code(place: &Place, more: &[&str]) -> Ran {
    let ran = place.certless(&[&["wallet", "code", "w", "idCard", "--passphrase-file", "pass"], more].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    ran
}

#[test]
fn a_picture_of_a_code_is_accepted_once_where_its_status_can_be_told() {
    let (place, id) = with_a_card();
    code(&place, &["--out", "code.png"]);
    // No server tells the status list: that cannot be decided, and is not accepted.
    let ran = verify(&place, &["code.png"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.answers.starts_with("? Cannot verify right now"), "{ran:?}");
    let ran = verify(&place, &["--json", &format!("issued/{id}.json")]);
    let verdict: serde_json::Value = serde_json::from_str(&ran.answers).unwrap();
    assert_eq!((verdict["accepted"].as_bool(), verdict["format"].as_str()), (Some(false), Some("ldp_vc")));
    let package = fs::read_to_string(place.path(&format!("issued/{id}.json"))).unwrap();
    place.write("answer.json", format!("{{\"package\":{package},\"status\":\"valid\"}}"));
    let of_an_answer = verify(&place, &["--json", "answer.json"]).answers;
    assert!(of_an_answer.contains("\"format\":\"ldp_vc\""), "{of_an_answer}");
    let states: Vec<_> =
        verdict["checks"].as_array().unwrap().iter().map(|check| check["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["valid", "valid", "valid", "valid", "error", "valid", "skipped", "skipped", "skipped"]);
}

#[test]
fn what_is_wrong_is_refused_whatever_else_is_unknown() {
    let (place, id) = with_a_card();
    let package = fs::read_to_string(place.path(&format!("issued/{id}.json"))).unwrap();
    place.write("changed.json", package.replacen("\"sex\":\"", "\"sex\":\"9", 1));
    let ran = verify(&place, &["changed.json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.answers.contains("✗ Signature"), "{ran:?}");
    place.write("late.txt", code(&place, &[]).answers);
    let ran = verify(&place, &["late.txt", "--at", "2030-01-01T00:00:00Z"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.answers.contains("✗ Freshness: The code has expired"), "{ran:?}");
    place.write("printed.txt", code(&place, &["--printed"]).answers);
    let ran = verify(&place, &["--bound", "--lang", "zh", "printed.txt"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.answers.contains("✗ 持证人"), "{ran:?}");
    let ran = verify(&place, &["cards.csv"]);
    assert_eq!(ran.code, 2, "{ran:?}");
}

#[test]
fn two_codes_of_one_second_differ() {
    let (place, _) = with_a_card();
    assert_ne!(code(&place, &[]).answers, code(&place, &[]).answers);
}

#[test]
fn keys_rotate_retire_and_are_marked() {
    let place = Place::with_city();
    let keys = |more: &[&str]| place.certless(&[&["keys", "--data", "city"], more].concat());
    assert!(keys(&["list"]).answers.contains("key-1"));
    let ran = keys(&["retire", "--agency", "GA", "key-1"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(keys(&["rotate", "--agency", "GA"]).answers.contains("GA signs with key-2 from now on"));
    assert_eq!(keys(&["compromise", "--agency", "GA", "key-1", "--from", "2026-01-01T00:00:00Z"]).code, 0);
    let listed = place.certless(&["keys", "list", "--data", "city", "--lang", "zh"]);
    assert!(listed.answers.contains("失密自 2026-01-01T00:00:00Z"), "{listed:?}");
    let seed = place.path("city/keys/agencies/GA.1.seed");
    let ran = keys(&["retire", "--agency", "GA", "key-1", "--at", "2999-01-01T00:00:00Z"]);
    assert!(ran.code == 0 && seed.exists(), "its time is not over: {ran:?}");
    assert_eq!(keys(&["retire", "--agency", "GA", "key-1"]).code, 0);
    assert!(!seed.exists() && place.path("city/keys/agencies/GA.2.seed").exists());
    assert!(place.path("city/keys/trust/GA.1.pub.jwk").exists(), "what it signed is still verified");
    assert_eq!(keys(&["retire", "--agency", "GA", "key-1"]).code, 0, "asking again");
    assert!(keys(&["rotate", "--agency", "GA"]).answers.contains("key-3"), "a number is never given twice");
    let copy = fs::read_to_string(place.path("city/keys/trust/registry.json")).unwrap();
    assert!(copy.contains("\"compromisedFrom\":\"2026-01-01T00:00:00Z\""), "{copy}");
}

#[test]
fn a_store_is_checked_moved_and_missed() {
    let (place, _) = with_a_card();
    let store = |more: &[&str]| place.certless(&[&["store"], more, &["--data", "city"]].concat());
    assert!(store(&["check"]).answers.contains("✓ The store is sound."));
    assert_eq!(store(&["export", "--out", "backup.jsonl"]).code, 0);
    fs::remove_dir_all(place.path("city/store")).unwrap();
    let ran = store(&["check"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.notes.contains("Import a backup"), "{ran:?}");
    fs::remove_dir_all(place.path("city/store")).unwrap();
    assert_eq!(store(&["import", "backup.jsonl"]).code, 0);
    assert!(store(&["check"]).answers.contains("✓ The store is sound."));
}

#[test]
fn a_mistyped_folder_is_told_and_nothing_is_made_in_it() {
    let place = Place::with_city();
    for command in [&["store", "check"][..], &["store", "export"], &["keys", "list"], &["serve"], &["account", "list"]]
    {
        let ran = place.certless(&[command, &["--data", "citty"]].concat());
        assert_eq!(ran.code, 2, "{command:?} {ran:?}");
        assert!(ran.notes.contains("There is no city in citty. Name its folder with --data"), "{command:?} {ran:?}");
        assert!(ran.answers.is_empty() && !place.path("citty").exists(), "{command:?} {ran:?}");
    }
    place.write("code.txt", "CL1:");
    let ran = place.certless(&["verify", "code.txt", "--trust", "city/keys/trust/registry.json", "--at", "yesterday"]);
    assert!(ran.code == 2 && ran.notes.contains("yesterday is no time for --at"), "{ran:?}");
}

#[test]
fn a_city_is_not_half_made_on_a_full_disk() {
    let place = Place::empty();
    place.write("large.json", r#"{"data": "city", "store": {"freeBytes": 1099511627776}}"#);
    let ran = place.certless(&["init", "--data", "city", "--config", "large.json"]);
    assert!(ran.code == 2 && ran.notes.contains("disk"), "{ran:?}");
    assert_eq!(place.path("city").read_dir().map(Iterator::count).unwrap_or_default(), 0);
    let ran = place.certless(&["init", "--data", "city"]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn a_store_is_exported_and_checked_through_the_server_that_holds_it() {
    let (place, city) = (Place::empty(), TestCity::start());
    let operator = city.service.city.new_token(Role::Operator, "test").unwrap();
    place.write("operator", operator);
    place.write("agency", &city.token);
    let store = |token: &str, more: &[&str]| {
        place.certless(&[&["store"], more, &["--server", &city.base, "--token", token]].concat())
    };
    let ran = store("operator", &["check"]);
    assert!(ran.code == 0 && ran.answers.contains("✓ The store is sound."), "{ran:?}");
    assert_eq!(store("agency", &["check"]).code, 2);
    let ran = store("operator", &["export", "--out", "backup.jsonl"]);
    assert!(ran.code == 0 && ran.notes.contains("SHA-256"), "{ran:?}");
    let printed = store("operator", &["export"]);
    let written = fs::read_to_string(place.path("backup.jsonl")).unwrap();
    assert_eq!((printed.code, printed.answers.as_str()), (0, written.as_str()));
    let ran = store("agency", &["export", "--out", "none.jsonl"]);
    assert!(ran.code == 2 && !place.path("none.jsonl").exists() && !place.path("none.jsonl.new").exists(), "{ran:?}");
    let ran = store("operator", &["import", "backup.jsonl"]);
    assert!(ran.code == 2 && ran.notes.contains("stop the server"), "{ran:?}");
    assert_eq!(place.certless(&["store", "import", "backup.jsonl", "--data", "moved"]).code, 0);
    let ran = place.certless(&["store", "import", "backup.jsonl", "--data", "moved"]);
    assert!(ran.code == 2 && ran.notes.contains("does not overwrite"), "{ran:?}");
}

#[test]
fn a_reader_who_has_had_enough_is_no_error() {
    let (place, _) = with_a_card();
    let fixed: [&[&str]; 2] =
        [&["wallet", "list", "w", "--passphrase-file", "pass"], &["store", "export", "--data", "city"]];
    for arguments in fixed {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_certless"));
        command.current_dir(place.path("")).env("LC_ALL", "en").args(arguments).stderr(std::process::Stdio::piped());
        let (reader, writer) = std::io::pipe().unwrap();
        let running = command.stdout(writer).spawn().unwrap();
        drop((reader, command));
        let ended = running.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success() && told.is_empty(), "{arguments:?}: {} {told}", ended.status);
    }
}

#[test]
fn a_token_is_made_for_an_agency_of_the_city_only() {
    let place = Place::with_city();
    let token = |more: &[&str]| place.certless(&[&["token", "--data", "city"], more].concat());
    let ran = token(&["--role", "agency", "--agency", "GA", "--out", "GA.token"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(fs::read_to_string(place.path("GA.token")).unwrap().starts_with("cl_"));
    assert_eq!(token(&["--role", "agency", "--agency", "GA", "--out", "GA.token"]).code, 2, "never overwritten");
    assert_eq!(token(&["--role", "window", "--agency", "XX"]).code, 2);
    assert_eq!(token(&["--role", "operator"]).code, 0);
}

#[test]
fn the_demo_does_not_take_over_a_real_city() {
    let place = Place::with_city();
    for more in [&["demo", "--data", "city"][..], &["demo", "--data", "city", "--reset"]] {
        let ran = place.certless(more);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.notes.contains("certless serve --data city"), "{ran:?}");
    }
    assert!(place.path("city/certless.json").exists());
    let ran = place.certless(&["--data", "city", "keys", "list"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.notes.contains("Options go after the command"), "{ran:?}");
}
