//! Without a network: the bundle, what is accepted by it, the journal, and what becomes of it.

use std::fs;

use super::city::{code, with_a_card};
use super::run::{Place, Ran};

fn bundle(place: &Place) -> String {
    let ran = place.certless(&["trust", "bundle", "--data", "city", "-o", "bundle.json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = place.certless(&["trust", "list", "--data", "city"]);
    assert!(ran.answers.contains("No other city is accepted."), "{ran:?}");
    ran.answers.lines().next().unwrap().rsplit(' ').next().unwrap().to_owned()
}

/// A verifier on another machine: a folder of its own, and the root key that was compared.
fn check(place: &Place, machine: &str, root: &str, more: &[&str]) -> Ran {
    fs::create_dir_all(place.path(machine)).unwrap();
    let fixed = ["verify", "--data", machine, "--bundle", "bundle.json", "--root", root];
    place.certless(&[&fixed, more].concat())
}

fn accept(place: &Place, machine: &str, root: &str, input: &str) -> Ran {
    let journal = format!("{machine}.journal");
    check(place, machine, root, &["--accept", "--journal", &journal, "--place", machine, input])
}

fn reconcile(place: &Place, journal: &str) -> Ran {
    place.certless(&["trust", "reconcile", "--data", "city", journal])
}

#[test]
fn a_bundle_verifies_without_a_network_until_it_is_too_old() {
    let (place, id) = with_a_card();
    let root = bundle(&place);
    let card = format!("issued/{id}.json");
    let ran = check(&place, "gate", &root, &[&card]);
    assert_eq!(ran.code, 0, "{ran:?}");
    for said in ["Without a network (bundle made", "✓ Verified", "By the registry of", "Its status is what was known"]
    {
        assert!(ran.answers.contains(said), "{said}: {ran:?}");
    }
    let ran = check(&place, "gate", &root, &["--json", &card]);
    let verdict: serde_json::Value = serde_json::from_str(&ran.answers).unwrap();
    let relied = &verdict["credential"]["reliedOn"];
    assert!(relied["status"]["ageSeconds"].is_number() && relied["registry"]["version"] == 1, "{verdict}");

    let at = |hours: i64| {
        let now = crate::support::roles::now() + jiff::SignedDuration::from_hours(hours);
        now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    };
    // An identity card's status may be a day old.
    assert_eq!(check(&place, "gate", &root, &["--at", &at(23), &card]).code, 0);
    let ran = check(&place, "gate", &root, &["--at", &at(25), &card]);
    assert!(ran.code == 2 && ran.answers.contains("? Status: The status list is older"), "{ran:?}");
    let ran = check(&place, "gate", &root, &["--at", &at(31 * 24), &card]);
    assert!(ran.code == 2 && ran.answers.contains("? Issuer: The trust registry has expired"), "{ran:?}");

    let ran = check(&place, "gate", "another", &[&card]);
    assert!(ran.code == 2 && ran.notes.contains("not by the one that was given"), "{ran:?}");
    let text = fs::read_to_string(place.path("bundle.json")).unwrap();
    for (what, broken) in [
        ("a changed date", text.replacen("\"made\":\"20", "\"made\":\"21", 1)),
        ("a registry without its end", text.replacen("\"registry\":\"{", "\"registry\":\"", 1)),
        ("a list taken out", text.replacen("\"fetchedAt\"", "\"fetchedat\"", 1)),
        ("half of it", text[..text.len() / 2].to_owned()),
    ] {
        assert!(broken != text, "{what}");
        place.write("bundle.json", &broken);
        assert_eq!(check(&place, "gate", &root, &[&card]).code, 2, "{what}");
    }
}

#[test]
fn what_was_accepted_is_reconciled_and_double_use_is_shown_with_both_places() {
    let (place, id) = with_a_card();
    let root = bundle(&place);
    place.write("code.txt", code(&place, &[]).answers);
    let ran = accept(&place, "east-gate", &root, "code.txt");
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = accept(&place, "east-gate", &root, "code.txt");
    assert!(ran.code == 1 && ran.answers.contains("already used"), "{ran:?}");
    fs::remove_file(place.path("east-gate/verified-codes")).unwrap();
    let ran = accept(&place, "east-gate", &root, "code.txt");
    assert!(ran.code == 1, "the journal knows it too: {ran:?}");
    // The other gate has no network either and cannot know.
    assert_eq!(accept(&place, "west-gate", &root, "code.txt").code, 0);
    assert_eq!(accept(&place, "west-gate", &root, &format!("issued/{id}.json")).code, 0);

    let ran = reconcile(&place, "east-gate.journal");
    assert!(ran.code == 0 && ran.answers.contains("1 entries looked at, 1 of them stand."), "{ran:?}");
    let ran = reconcile(&place, "west-gate.journal");
    assert!(ran.code == 1 && ran.answers.contains("2 entries looked at, 1 of them stand."), "{ran:?}");
    assert!(ran.answers.contains("the other place: east-gate 20"), "{ran:?}");
    let ran = reconcile(&place, "west-gate.journal");
    assert!(ran.code == 0 && ran.answers.contains("Nothing new"), "once: {ran:?}");

    let ran = place.certless(&["status", "--data", "city", &id, "revoke", "--reason", "test"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(accept(&place, "west-gate", &root, &format!("issued/{id}.json")).code, 0, "the bundle does not know");
    let ran = reconcile(&place, "west-gate.journal");
    assert!(ran.code == 1 && ran.answers.contains("suspended or revoked before it was accepted"), "{ran:?}");

    let journal = fs::read_to_string(place.path("west-gate.journal")).unwrap();
    let lines: Vec<_> = journal.lines().collect();
    for (what, broken, said) in [
        ("changed", journal.replacen("west-gate", "east-gate", 1), "Line 2 of the journal"),
        ("a line taken out", format!("{}\n{}\n", lines[0], lines[2]), "Line 2 of the journal"),
        ("cut off", format!("{}\n", lines[0]), "rewritten or cut off"),
    ] {
        place.write("broken.journal", broken);
        let ran = reconcile(&place, "broken.journal");
        assert!(ran.code == 2 && ran.notes.contains(said), "{what}: {ran:?}");
    }
    for word in ["姓名", "\"name\"", "claims"] {
        assert!(!journal.contains(word), "{word}");
    }
}
