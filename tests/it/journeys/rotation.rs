//! The city's own keys change: its root, its log's, its witness's. What was signed before stays what it was, and nobody who
//! knows an older key is left behind, or led astray.

use std::sync::Arc;

use certless::base::clock::Clock as _;
use certless::base::json::{Value, json};
use certless::base::time::{Timestamp, plus_seconds, rfc3339};
use certless::crypto::PublicKey;
use certless::domain::archive::Archive;
use certless::domain::archive::check::{check, check_by};
use certless::domain::city::keys::OwnRole;
use certless::domain::error::ErrorKind;
use certless::domain::trust::Registry;
use certless::domain::trust::bundle::Bundle;
use certless::domain::trust::roots::{Anchor, Roots};
use certless::domain::usage::record::Signed;
use certless::tlog::checkpoint::Policy;
use certless::tlog::note::{Note, VerifierKey};
use certless::vc::contexts::Contexts;
use certless::vc::data_integrity::proof::proofs;
use certless::vc::finding::Code;
use certless::vc::jws::Jws;
use certless::vc::leaf::{Entry, Kind};

use crate::support::city::{TestCity, keyring_of};
use crate::support::operator::Operated as Story;
use crate::support::roles::{Resident, Window, now};

const MATTER: &str = "异地就医备案";
const DAY: i64 = 86_400;

impl Story {
    fn root(&self) -> PublicKey {
        self.city.service.city.keys().own().root.signer.public_key().clone()
    }

    fn trust(&self) -> Vec<u8> {
        self.city.service.city.trust_document().unwrap()
    }

    /// A use record of a scan, as the window has it.
    fn used(&self, n: usize) -> String {
        let window = Window::new(&self.city, "YB");
        let mut resident = Resident::nth(n);
        resident.obtain(&self.city, "idCard");
        let case = window.file(MATTER, &resident);
        let code = resident.code_at("idCard", "basic", self.city.service.city.now());
        let (verdict, answer) = window.scan(&case, &code);
        verdict.accept();
        answer["uses"][0]["jwt"].as_str().unwrap().to_owned()
    }

    /// The archive of a case that was not taken up.
    fn archive(&self, n: usize) -> Archive {
        let window = Window::new(&self.city, "YB");
        let resident = Resident::nth(n);
        let case = window.file(MATTER, &resident);
        let (status, told) = window.step(&case, "reject", &json!({"reason": "材料不符"}));
        assert_eq!(status, 200, "{told}");
        self.city.integrate();
        let path = format!("/api/applications/{}/archive", case["id"].as_str().unwrap());
        let got = self.city.get(Some(window.token()), &path, "*/*");
        assert_eq!(got.status, 200, "{}", got.text);
        Archive::parse(&got.bytes).unwrap()
    }

    fn vkey(&self) -> VerifierKey {
        VerifierKey::parse(self.city.get(None, "/log/key", "*/*").text.trim_end()).unwrap()
    }

    fn checkpoint(&self) -> String {
        self.city.service.city.checkpoint().unwrap()
    }

    fn told_keys(&self) -> Vec<(String, String)> {
        self.city.integrate();
        let leaves = self.city.service.city.store().log_range(0, 500).unwrap();
        let entries = leaves.iter().map(|leaf| Entry::parse(leaf).unwrap());
        let own = entries.filter(|entry| entry.kind == Kind::Key && entry.text("owner") == Some("city"));
        own.map(|entry| (entry.text("key").unwrap().to_owned(), entry.text("state").unwrap().to_owned())).collect()
    }
}

fn contexts() -> Contexts {
    Contexts::bundled()
}

#[test]
fn a_new_root_is_signed_for_by_the_old_one_and_nothing_that_was_signed_is_lost() {
    let story = Story::new();
    let (old, before) = (story.root(), story.trust());
    let (used, archive) = (story.used(0), story.archive(1));
    let bundle = story.city.service.city.bundle().unwrap();
    story.clock.advance(120);
    let told = story.rotate("city/root");
    let new = story.root();
    assert!(told["key"] == "root-2" && told["fingerprint"] == new.thumbprint() && old != new, "{told}");

    // The version that begins the new root is signed by both; the next is followed from the old one all the same.
    let over = story.trust();
    let document: Value = serde_json::from_slice(&over).unwrap();
    assert_eq!(proofs(document.as_object().unwrap()).unwrap().len(), 2);
    story.clock.advance(120);
    story.city.service.city.change_trust(|_| Ok(())).unwrap();
    let after = story.trust();
    let document: Value = serde_json::from_slice(&after).unwrap();
    assert_eq!(proofs(document.as_object().unwrap()).unwrap().len(), 1);
    for (what, registry) in [("with which it begins", &over), ("after it", &after)] {
        for root in [&old, &new] {
            assert!(Registry::open(registry, root, &contexts()).is_ok(), "the version {what}");
        }
        let stranger = keyring_of(9).city().root;
        let refused = Registry::open(registry, certless::crypto::Signer::public_key(&stranger), &contexts());
        assert_eq!(refused.unwrap_err().code, Code::RegistryInvalid, "the version {what}, by a stranger's root");
    }
    assert_eq!(Registry::open(&before, &new, &contexts()).unwrap_err().code, Code::RegistryInvalid, "no way back");

    // What was signed before, and what is signed now, under the name of its key.
    let roots = story.city.service.city.roots();
    let again = story.used(2);
    for (jwt, kid) in [(&used, "#root"), (&again, "#root-2")] {
        assert!(Jws::parse(jwt).unwrap().header().kid().unwrap().ends_with(kid));
        Signed::open(jwt, &roots).unwrap();
    }
    let then = Registry::open(&before, &old, &contexts()).unwrap();
    let refused = Signed::open(&again, &Roots::of(&then)).unwrap_err();
    assert_eq!(refused.code, Code::KeyNotAuthorized, "the registry of before knows no such key");

    // Bundle and archive of before by the old root, those of now by either.
    let (holds_old, holds_new) = (|key: &PublicKey| *key == old, |key: &PublicKey| *key == new);
    assert!(Bundle::open(&bundle, &holds_old, &contexts()).is_ok());
    assert!(Bundle::open(&bundle, &holds_new, &contexts()).is_err());
    let fresh = story.city.service.city.bundle().unwrap();
    assert!(
        Bundle::open(&fresh, &holds_old, &contexts()).is_ok() && Bundle::open(&fresh, &holds_new, &contexts()).is_ok()
    );
    assert!(check(&archive, &old).accepted());
    let alone = check(&archive, &new);
    assert!(!alone.accepted(), "the new root alone says nothing of the old");
    let known = Anchor::new(new.clone()).knowing(&Registry::open(&after, &new, &contexts()).unwrap());
    let report = check_by(&archive, &known);
    assert!(report.accepted(), "{:#?}", report.findings);
    let later = story.archive(3);
    for root in [&old, &new] {
        let report = check(&later, root);
        assert!(report.accepted(), "{:#?}", report.findings);
    }

    let did = story.city.get(None, "/.well-known/did.json", "*/*").json();
    let methods = did["verificationMethod"].as_array().unwrap();
    assert_eq!(methods.len(), 2);
    assert!(methods[0]["expires"].is_string() && methods[1].get("expires").is_none(), "{did}");
    assert_eq!(did["assertionMethod"].as_array().unwrap().len(), 2);
    let keys = story.told_keys();
    let told = |key: &str, state: &str| keys.contains(&(key.to_owned(), state.to_owned()));
    assert!(told("root", "published") && told("root", "ended") && told("root-2", "published"), "{keys:?}");
}

#[test]
fn a_root_is_rotated_by_the_operator_alone_and_as_often_as_it_must() {
    let story = Story::new();
    let first = story.root();
    for (token, status) in [(None, 401), (Some(&story.city.token), 403)] {
        let (got, _) = story.city.post_as(token.map(String::as_str), "/api/keys/city/root/rotate", &json!({}));
        assert_eq!(got, status);
    }
    assert_eq!(story.operate("city/nothing", "rotate", &json!({})).0, 404);
    assert_eq!(story.operate("city/root", "compromise", &json!({"key": "root-7"})).0, 404);
    for n in 2..5 {
        story.clock.advance(60);
        assert_eq!(story.rotate("city/root")["key"], format!("root-{n}"));
    }
    assert!(Registry::open(&story.trust(), &first, &contexts()).is_ok(), "from the first over three handovers");
    let listed = story.city.get(Some(&story.operator), "/api/keys", "*/*").json();
    assert_eq!(listed["city"]["roots"].as_array().unwrap().len(), 4, "{listed}");
}

#[test]
fn a_stolen_root_leads_nobody_on_and_what_it_signed_since_is_refused() {
    let story = Story::new();
    let old = story.root();
    let (before, archive) = (story.used(0), story.archive(1));
    story.clock.advance(3_600);
    let stolen = story.city.service.city.now();
    story.clock.advance(3_600);
    let (since, later) = (story.used(2), story.archive(3));
    let (status, told) = story.operate("city/root", "compromise", &json!({"key": "root", "at": rfc3339(stolen)}));
    assert_eq!(status, 200, "{told}");
    let new = story.root();
    assert_ne!(old, new, "it signed, so the next takes over in the same version");

    let refused = Registry::open(&story.trust(), &old, &contexts()).unwrap_err();
    assert_eq!(refused.code, Code::RootCompromised);
    assert!(refused.detail.contains(&new.thumbprint()), "{refused}");
    let registry = Registry::open(&story.trust(), &new, &contexts()).unwrap();
    let roots = Roots::of(&registry);
    Signed::open(&before, &roots).unwrap();
    assert_eq!(Signed::open(&since, &roots).unwrap_err().code, Code::KeyCompromised);
    let known = Anchor::new(new).knowing(&registry);
    assert!(check_by(&archive, &known).accepted());
    assert!(!check_by(&later, &known).accepted(), "made after the theft, as it says itself");
    let did = story.city.get(None, "/.well-known/did.json", "*/*").json();
    assert_eq!(did["verificationMethod"][0]["revoked"], rfc3339(stolen), "{did}");
    assert_eq!(did["assertionMethod"].as_array().unwrap().len(), 1, "{did}");
    let keys = story.told_keys();
    assert!(keys.contains(&("root".to_owned(), "compromised".to_owned())), "{keys:?}");
}

#[test]
fn while_two_keys_of_the_log_overlap_whoever_knows_one_goes_on() {
    let story = Story::new();
    story.city.integrate();
    let (old, before) = (story.vkey(), story.checkpoint());
    story.clock.advance(60);
    let told = story.rotate("city/log");
    assert_eq!(told["key"], "log-2");
    story.city.integrate();
    let (new, overlap) = (story.vkey(), story.checkpoint());
    assert!(old.name() == new.name() && old.id() != new.id(), "one origin, two keys");
    assert_eq!(Note::parse(&overlap).unwrap().signatures().len(), 2);
    for key in [&old, &new] {
        Policy::of_key(key.clone()).open(&overlap).unwrap();
    }
    let policy = story.city.service.city.registry().log_policy(old.name()).unwrap();
    let at = |seconds: i64| -> Timestamp { plus_seconds(now(), seconds) };
    assert_eq!(policy.open(&before).unwrap().require_at(at(29 * DAY)), Ok(()));
    assert_eq!(policy.open(&before).unwrap().require_at(at(31 * DAY)).unwrap_err().code, "checkpoint_key_ended");
    assert_eq!(policy.open(&overlap).unwrap().require_at(at(31 * DAY)), Ok(()));

    story.clock.advance(31 * DAY);
    story.city.service.city.renew_trust().unwrap();
    story.city.integrate();
    let after = story.checkpoint();
    assert_eq!(Note::parse(&after).unwrap().signatures().len(), 1, "the old key has ended");
    assert_eq!(Policy::of_key(old).open(&after).unwrap_err().code, "checkpoint_unsigned");
    Policy::of_key(new).open(&after).unwrap();
    policy.open(&before).unwrap();
    let keys = story.told_keys();
    let told = |key: &str, state: &str| keys.contains(&(key.to_owned(), state.to_owned()));
    assert!(told("log", "published") && told("log", "ended") && told("log-2", "published"), "{keys:?}");
}

#[test]
fn a_stolen_log_key_signs_no_more_at_once() {
    let story = Story::new();
    story.city.integrate();
    let old = story.vkey();
    story.clock.advance(60);
    let stolen = rfc3339(story.city.service.city.now());
    assert_eq!(story.operate("city/log", "compromise", &json!({"key": "log", "at": stolen})).0, 200);
    story.city.integrate();
    let note = story.checkpoint();
    assert_eq!(Policy::of_key(old.clone()).open(&note).unwrap_err().code, "checkpoint_unsigned");
    Policy::of_key(story.vkey()).open(&note).unwrap();
    let policy = story.city.service.city.registry().log_policy(old.name()).unwrap();
    assert!(!policy.logs[0].counts_at(story.city.service.city.now()));
}

#[test]
fn a_witness_with_two_keys_cosigns_with_both() {
    let story = Story::new();
    let city = &story.city.service.city;
    let old = city.witness_key().unwrap();
    city.rotate_own(OwnRole::Witness, DAY).unwrap();
    let new = city.witness_key().unwrap();
    assert_ne!(old, new);
    let listed = &city.registry().witnesses;
    assert_eq!(listed.iter().map(|known| &known.key).collect::<Vec<_>>(), [&old, &new]);
    let log = TestCity::on_clock(Arc::new(story.clock.clone()));
    log.integrate();
    let by = certless::domain::account::Author::Token("test".to_owned());
    city.witness_log(None, &[log.service.city.log_key().unwrap().to_string()], &by).unwrap();
    let note = log.service.city.checkpoint().unwrap();
    let body = format!("old 0\n\n{note}");
    let told = city.add_checkpoint(body.as_bytes()).unwrap();
    let certless::domain::witness::serve::Told::Cosigned(lines) = told else { panic!("{told:?}") };
    let cosigned = Note::parse(&format!("{note}{lines}")).unwrap();
    for key in [&old, &new] {
        assert!(cosigned.verify(key).unwrap().is_some());
    }
}

#[test]
fn a_registry_of_before_there_were_own_keys_in_it_gets_them() {
    let story = Story::new();
    let (city, began) = (&story.city.service.city, story.clock.now());
    city.change_trust(|registry| {
        (registry.logs, registry.witnesses) = (Vec::new(), Vec::new());
        Ok(())
    })
    .unwrap();
    assert!(city.registry().logs.is_empty());
    city.list_own_keys().unwrap();
    let (registry, version) = (city.registry(), city.registry().version);
    assert_eq!((registry.logs.len(), registry.witnesses.len()), (1, 1));
    assert_eq!(registry.logs[0].valid_from.as_second(), began.as_second(), "since the city began");
    city.list_own_keys().unwrap();
    assert_eq!(city.registry().version, version, "nothing new, no new version");
    assert_eq!(city.compromise_own(OwnRole::Log, "log-9", now()).unwrap_err().kind, ErrorKind::NotFound);
}
