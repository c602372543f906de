//! The city's own keys by the command line: rotated, marked, and what verifiers on other machines make of it.

use std::fs;

use super::city::with_a_card;
use super::run::{Place, Ran};

fn keys(place: &Place, more: &[&str]) -> Ran {
    place.certless(&[&["keys", "--data", "city"], more].concat())
}

fn bundle(place: &Place, file: &str) {
    let ran = place.certless(&["trust", "bundle", "--data", "city", "-o", file]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

fn fingerprint(place: &Place) -> String {
    let ran = place.certless(&["trust", "list", "--data", "city"]);
    ran.answers.lines().next().unwrap().rsplit(' ').next().unwrap().to_owned()
}

/// A verifier on another machine, which has a bundle and a root key that was compared.
fn offline(place: &Place, bundle: &str, root: &str, input: &str) -> Ran {
    fs::create_dir_all(place.path("gate")).unwrap();
    place.certless(&["verify", "--data", "gate", "--bundle", bundle, "--root", root, input])
}

/// The public keys and the registry as somebody took them along.
fn take_along(place: &Place, to: &str) {
    fs::create_dir_all(place.path(to)).unwrap();
    for name in ["registry.json", "city.pub.jwk"] {
        fs::copy(place.path("city/keys/trust").join(name), place.path(to).join(name)).unwrap();
    }
}

fn told(ran: &Ran, code: i32, words: &[&str]) {
    assert_eq!(ran.code, code, "{ran:?}");
    for word in words {
        assert!(ran.answers.contains(word) || ran.notes.contains(word), "{word}: {ran:?}");
    }
}

#[test]
fn a_root_is_rotated_and_those_who_hold_the_old_one_follow() {
    let (place, id) = with_a_card();
    let card = format!("issued/{id}.json");
    let old = fingerprint(&place);
    bundle(&place, "early.json");
    take_along(&place, "abroad");
    told(&keys(&place, &["rotate", "root"]), 0, &["root key is root-2", "stays valid"]);
    told(&keys(&place, &["list"]), 0, &["The city itself", "root-2", "log ", "witness "]);
    let new = fingerprint(&place);
    assert_ne!(old, new);
    told(&keys(&place, &["--lang", "zh", "rotate", "root"]), 0, &["城市根密钥已更换为 root-3", "新指纹"]);
    told(&keys(&place, &["rotate", "root", "--overlap", "1", "--agency", "GA"]), 2, &[]);
    told(&keys(&place, &["rotate"]), 2, &[]);

    // Bundles of before and of now, for whoever compared the first root; of now for whoever compared the second.
    bundle(&place, "late.json");
    for (bundle, root) in [("early.json", &old), ("late.json", &old), ("late.json", &new)] {
        told(&offline(&place, bundle, root, &card), 0, &["✓ Verified"]);
    }
    told(&offline(&place, "early.json", &new, &card), 2, &["not by the one that was given"]);
    // A registry that was fetched anew, beside the root key of then.
    fs::copy(place.path("city/keys/trust/registry.json"), place.path("abroad/registry.json")).unwrap();
    let by = |trust: &str| place.certless(&["verify", "--data", "none", "--trust", trust, &card]);
    assert!(!by("abroad/registry.json").answers.contains("registry_invalid"), "{:?}", by("abroad/registry.json"));
    let other = Place::with_city();
    fs::copy(other.path("city/keys/trust/city.pub.jwk"), place.path("abroad/city.pub.jwk")).unwrap();
    told(&by("abroad/registry.json"), 2, &["not signed by the root key that is held"]);

    // What a crash may leave: the copies of before, a seed that nothing names; and what a backup may lack.
    let trust = place.path("city/keys/trust");
    fs::remove_file(trust.join("registry.json")).unwrap();
    fs::remove_file(trust.join("city.pub.jwk")).unwrap();
    let seed = place.path("city/keys/city/root.3.seed");
    fs::copy(&seed, place.path("city/keys/city/root.4.seed")).unwrap();
    told(&keys(&place, &["list"]), 0, &["root-3"]);
    assert!(trust.join("registry.json").exists() && trust.join("city.pub.jwk").exists());
    told(&keys(&place, &["rotate", "root"]), 0, &["root-5"]);
    let seed = place.path("city/keys/city/root.5.seed");
    fs::rename(&seed, place.path("kept.seed")).unwrap();
    told(&keys(&place, &["list"]), 2, &["root-5", "backup"]);
    fs::rename(place.path("kept.seed"), &seed).unwrap();
    told(&keys(&place, &["list"]), 0, &["root-5"]);
}

#[test]
fn a_stolen_root_is_replaced_and_whoever_holds_it_must_compare_anew() {
    let (place, id) = with_a_card();
    let card = format!("issued/{id}.json");
    let old = fingerprint(&place);
    take_along(&place, "abroad");
    told(
        &keys(&place, &["compromise", "root", "--from", "2026-01-01T00:00:00Z"]),
        0,
        &["marked compromised", "do not follow by themselves"],
    );
    told(&keys(&place, &["compromise", "root-9", "--from", "2026-01-01T00:00:00Z"]), 2, &["no such key"]);
    told(&keys(&place, &["compromise", "key-1", "--from", "2026-01-01T00:00:00Z"]), 2, &["--agency"]);
    bundle(&place, "late.json");
    let new = fingerprint(&place);
    told(&offline(&place, "late.json", &old, &card), 2, &[&new, "Compare the new fingerprint"]);
    told(&offline(&place, "late.json", &new, &card), 0, &["✓ Verified"]);
    fs::copy(place.path("city/keys/trust/registry.json"), place.path("abroad/registry.json")).unwrap();
    let ran = place.certless(&["verify", "--lang", "zh", "--data", "none", "--trust", "abroad/registry.json", &card]);
    told(&ran, 2, &[&new, "核对新指纹"]);
}

#[test]
fn the_keys_of_a_log_come_from_the_registry_and_may_change() {
    let (place, _) = with_a_card();
    let log = |act: &str, more: &[&str]| place.certless(&[&["log", act], more].concat());
    let export = |to: &str| {
        let ran = log("export", &[to, "--data", "city"]);
        assert_eq!(ran.code, 0, "{ran:?}");
    };
    export("copy");
    let old = fs::read_to_string(place.path("copy/key")).unwrap();
    place.write("old.vkey", &old);
    told(&log("verify", &["copy", "--data", "city"]), 0, &["Keys from the trust registry of did:web:"]);
    told(&log("verify", &["copy"]), 0, &["The key came from the log itself", "--root"]);
    let watch = |more: &[&str]| log("watch", &[&["copy", "--once", "--state", "seen.json"], more].concat());
    told(&watch(&["--data", "city"]), 0, &["Remembered"]);

    told(&keys(&place, &["rotate", "log", "--overlap", "10"]), 0, &["log-2", "10 days"]);
    export("copy");
    let key = fs::read_to_string(place.path("copy/key")).unwrap();
    assert_eq!(key.lines().count(), 2, "{key}");
    // By the registry, by the key of before alone, and by whoever watched since before.
    told(&log("verify", &["copy", "--data", "city"]), 0, &["(2)"]);
    told(&log("verify", &["copy", "--key", "old.vkey"]), 0, &["✓"]);
    told(&watch(&["--data", "city"]), 0, &[]);

    let other = Place::with_city();
    take_along(&other, "trust");
    let registry = other.path("trust/registry.json");
    let ran = log("verify", &["copy", "--trust", registry.to_str().unwrap()]);
    // Both cities have the same address here, so that only the keys tell them apart.
    assert_ne!(ran.code, 0, "{ran:?}");
    let root = fingerprint(&place);
    told(&log("verify", &["copy", "--root", &root]), 2, &["--trust"]);
    let own = "city/keys/trust/registry.json";
    told(&log("verify", &["copy", "--trust", own, "--root", &root]), 0, &["Keys from the trust registry"]);
    told(&log("verify", &["copy", "--trust", own, "--root", "another"]), 2, &[]);
    bundle(&place, "bundle.json");
    told(&log("verify", &["copy", "--trust", "bundle.json"]), 0, &["Keys from the trust registry"]);

    // The old key is stolen: what it alone has signed counts no more, for whoever has the registry of now.
    let list = fs::read_to_string(place.path("copy/checkpoint")).unwrap();
    let (text, lines) = list.split_once("\n\n").unwrap();
    let first = lines.lines().next().unwrap();
    told(&keys(&place, &["compromise", "log", "--from", "2026-01-01T00:00:00Z"]), 0, &["signs no more"]);
    place.write("copy/checkpoint", format!("{text}\n\n{first}\n"));
    let told_of = log("verify", &["copy", "--trust", own]);
    assert!(told_of.code == 1 && told_of.answers.contains("checkpoint_key_ended"), "{told_of:?}");
    let told_of = log("verify", &["--lang", "zh", "copy", "--trust", own]);
    assert!(told_of.answers.contains("已失密"), "{told_of:?}");
    told(&log("verify", &["copy", "--key", "old.vkey"]), 0, &["✓"]);
}
