//! `keys rotate` and `keys compromise` cut by kill -9 at any moment: the city opens, what was issued holds, what is issued
//! holds, and the command can be given again.
//!
//! One cut of every command; ten with `CERTLESS_CRASH=long`. Half of them wait for the key files to change, where the
//! most can go wrong; the others come at any time of the run.

use std::fs;
use std::path::Path;
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use certless::base::clock::{Clock as _, SystemClock};
use certless::base::json::Value;
use certless::base::time::rfc3339;

use super::city::with_a_card;
use super::run::{Place, Ran, csv_of, first_id, identity_cards, start};
use crate::store::writer::{dice, long};

fn keys(place: &Place, more: &[&str]) -> Ran {
    place.certless(&[&["keys", "--data", "city"], more].concat())
}

/// The names and sizes of the seeds.
fn seeds(place: &Place) -> Vec<(String, u64)> {
    let of = |folder: &str| fs::read_dir(place.path("city/keys").join(folder)).into_iter().flatten().flatten();
    let told = |entry: fs::DirEntry| Some((entry.file_name().into_string().ok()?, entry.metadata().ok()?.len()));
    let mut found: Vec<_> = of("city").chain(of("agencies")).filter_map(told).collect();
    found.sort();
    found
}

/// Kills the program while it works: some time after it began, or after the first of its key files is there.
fn cut(place: &Place, command: &[&str], round: u64, whole: Duration) {
    let before = seeds(place);
    let mut child = start(&place.path(""), command);
    let begun = Instant::now();
    if round.is_multiple_of(2) {
        while seeds(place) == before && begun.elapsed() < whole * 3 && is_running(&mut child) {}
        thread::sleep(Duration::from_micros(dice(round, 0..20_000)));
    } else {
        let most = u64::try_from(whole.as_micros()).unwrap().max(2);
        thread::sleep(Duration::from_micros(dice(round, 1..most)));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

fn is_running(child: &mut Child) -> bool {
    child.try_wait().unwrap().is_none()
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// What must hold whenever the program died: the number of the registry's version.
fn look(place: &Place, card: &str, rows: &mut impl Iterator<Item = Vec<String>>) -> u64 {
    let listed = keys(place, &["list"]);
    assert_eq!(listed.code, 0, "{listed:?}");
    let registry = json(&place.path("city/keys/trust/registry.json"));
    let version = registry["version"].as_u64().unwrap();
    assert!(listed.answers.contains(&format!("version {version},")), "{listed:?}");
    seeds_of(place, &registry);
    let root = json(&place.path("city/keys/trust/city.pub.jwk"));
    let newest = registry["roots"].as_array().unwrap().last().unwrap()["publicKeyMultibase"].as_str().unwrap();
    let newest = certless::crypto::PublicKey::from_multikey(newest).unwrap();
    assert_eq!(root["kid"], newest.thumbprint(), "the public key beside the seeds is the one that signs");

    place.write("more.csv", csv_of(&[identity_cards(1).remove(0), rows.next().unwrap()]));
    let issued = place.issue("more.csv", &["--out", "issued"]);
    assert_eq!(issued.code, 0, "{issued:?}");
    let fresh = format!("issued/{}.json", first_id(&issued, "row 2"));
    let bundle = place.certless(&["trust", "bundle", "--data", "city", "-o", "bundle.json"]);
    assert_eq!(bundle.code, 0, "{bundle:?}");
    for licence in [card, &fresh] {
        let verified = place.certless(&["verify", "--data", "city", "--bundle", "bundle.json", licence]);
        assert_eq!(verified.code, 0, "{licence}: {verified:?}");
    }
    version
}

/// Every key that the registry names as one that signs has its seed.
fn seeds_of(place: &Place, registry: &Value) {
    let there = |file: String| assert!(place.path("city/keys").join(&file).exists(), "{file} is missing");
    let generation = |id: &str| id.rsplit_once('-').and_then(|(_, n)| n.parse::<u32>().ok()).unwrap_or(1);
    for (kind, role) in [("roots", "root"), ("logs", "log"), ("witnesses", "witness")] {
        for key in registry[kind].as_array().unwrap() {
            let n = generation(key["id"].as_str().unwrap());
            there(if n == 1 { "city.seed".to_owned() } else { format!("city/{role}.{n}.seed") });
        }
    }
    for agency in registry["agencies"].as_array().unwrap() {
        for key in agency["keys"].as_array().unwrap() {
            let (code, n) = (agency["code"].as_str().unwrap(), generation(key["id"].as_str().unwrap()));
            there(format!("agencies/{code}.{n}.seed"));
        }
    }
}

#[test]
fn a_rotation_that_is_killed_at_any_moment_leaves_a_city_that_goes_on() {
    let (place, id) = with_a_card();
    let card = format!("issued/{id}.json");
    let mut rows = identity_cards(200).into_iter().skip(2);
    // Whole seconds are told: what was issued in the second of the theft would be refused.
    thread::sleep(Duration::from_millis(1_100));
    let from = rfc3339(SystemClock.now());
    let begun = Instant::now();
    let mut version = look(&place, &card, &mut rows);
    let whole = begun.elapsed() / 5;
    let commands: [(&str, &[&str]); 6] = [
        ("a stolen key of an agency", &["compromise", "--agency", "GA", "key-1", "--from", &from]),
        ("an agency", &["rotate", "--agency", "GA"]),
        ("the log", &["rotate", "log"]),
        ("the witness", &["rotate", "witness"]),
        ("a stolen root", &["compromise", "root", "--from", &from]),
        ("the root", &["rotate", "root"]),
    ];
    let rounds = if long() { 10 } else { 1 };
    for (n, (what, command)) in (0..).zip(commands) {
        for round in 0..rounds {
            cut(&place, &[&["keys", "--data", "city"], command].concat(), n * 101 + round, whole);
            let now = look(&place, &card, &mut rows);
            assert!(now >= version, "{what}, round {round}: version {now} after {version}");
            version = now;
        }
        let again = keys(&place, command);
        assert_eq!(again.code, 0, "{what} again: {again:?}");
    }
    assert!(look(&place, &card, &mut rows) > version);
}
