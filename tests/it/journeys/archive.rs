//! The archive package: a case that was decided proves itself when every key has rotated and the city is gone.

use std::collections::BTreeSet;

use certless::base::id::AgencyCode;
use certless::base::json::{Value, json};
use certless::crypto::{PublicKey, Signer as _, SigningKey};
use certless::domain::agency::Agencies;
use certless::domain::archive::Archive;
use certless::domain::archive::check::check;
use certless::domain::archive::report::Report;

use crate::support::city::TestCity;
use crate::support::roles::{Agency, Resident, Window};
use crate::support::vp::{ask, fetch};

pub(super) const MATTER: &str = "异地就医备案";

/// A granted case: one licence was scanned, one asked for; one presentation was refused between.
fn decided(city: &TestCity) -> Value {
    let window = Window::new(city, "YB");
    let mut resident = Resident::nth(0);
    let card = resident.obtain(city, "idCard");
    resident.obtain_bound(city, "socialSecurityCard");
    let case = window.file(MATTER, &resident);
    let agency = Agency::new(city, "GA");
    assert_eq!(agency.change(&card, "suspend").0, 200);
    assert!(!window.scan(&case, &resident.code("idCard", "basic")).0.accepted());
    assert_eq!(agency.change(&card, "reinstate").0, 200);
    window.scan(&case, &resident.code("idCard", "basic")).0.accept();
    let invitation = ask(city, &window, &json!({"application": case["id"]}));
    assert_eq!(resident.respond(city, &fetch(city, &invitation, &[])).status, 200);
    assert_eq!(window.step(&case, "accept", &json!({})).0, 200);
    let not_yet = city.get(Some(window.token()), &path(&case), "*/*");
    assert_eq!(not_yet.status, 409, "not decided: {}", not_yet.text);
    let results = json!({"filingReceipt": {"content": "演示备案", "legalBasis": "演示依据"}});
    let (status, told) = window.step(&case, "decide", &json!({"decision": "grant", "results": results}));
    assert_eq!(status, 200, "{told}");
    // What happened afterwards does not matter.
    assert_eq!(agency.change(&card, "revoke").0, 200);
    case
}

fn path(case: &Value) -> String {
    format!("/api/applications/{}/archive", case["id"].as_str().unwrap())
}

pub(super) fn fetched(city: &TestCity, case: &Value) -> (Archive, PublicKey) {
    let window = Window::new(city, "YB");
    city.integrate();
    let got = city.get(Some(window.token()), &path(case), "*/*");
    assert_eq!(got.status, 200, "{}", got.text);
    (Archive::parse(&got.bytes).unwrap(), city.service.city.keys().own().root.signer.public_key().clone())
}

pub(super) fn wrong(report: &Report) -> Vec<&str> {
    report.findings.iter().filter(|one| one.wrong.is_some()).map(|one| one.name.as_str()).collect()
}

/// A manifest made anew by whoever has the root key.
pub(super) fn sign_anew(city: &TestCity, archive: &mut Archive) {
    let claims = certless::vc::jws::Jws::parse(&archive.manifest).unwrap().claims().unwrap();
    let mut claims = Value::Object(claims);
    let digest = |bytes: &[u8]| certless::base::bytes::base64url(&certless::crypto::digest::sha256(bytes));
    claims["members"] =
        archive.members.iter().map(|(name, bytes)| (name.clone(), Value::from(digest(bytes)))).collect();
    archive.manifest = sign_as_root(city, "certless-archive+jwt", &claims);
}

/// A JWT of whoever has the root key.
pub(super) fn sign_as_root(city: &TestCity, typ: &str, claims: &Value) -> String {
    let kid = format!("{}#root", city.service.city.names.city_did());
    let header = json!({"typ": typ, "kid": kid});
    certless::vc::jws::sign(
        header.as_object().unwrap(),
        claims.as_object().unwrap(),
        city.service.city.keys().own().root.signer.as_ref(),
    )
}

#[test]
fn an_archive_is_accepted_with_the_root_key_alone_when_every_key_has_rotated_and_the_city_is_gone() {
    let (archive, root) = {
        let city = TestCity::start();
        let case = decided(&city);
        let made = fetched(&city, &case);
        for agency in Agencies::shipped().unwrap() {
            let old = city.service.city.keys().agency(&agency.code).unwrap().key_id.clone();
            city.service.city.rotate_key(&agency.code).unwrap();
            city.service.city.retire_key(&agency.code, &old, city.service.city.now()).unwrap();
        }
        // Made again with all those keys retired, it still verifies.
        let after = fetched(&city, &case);
        let report = check(&after.0, &after.1);
        assert!(report.accepted(), "{:#?}", report.findings);
        made
    };
    let report = check(&archive, &root);
    assert!(report.accepted(), "{:#?}", report.findings);
    let folder = |name: &str| archive.members.keys().filter(|one| one.starts_with(name)).count();
    assert_eq!((folder("uses/"), folder("presentations/")), (6, 2), "three uses with their proofs, two were accepted");
    assert_eq!((folder("events/"), folder("results/")), (3, 2));
    let registries =
        archive.members.keys().filter(|one| one.starts_with("trust/") && one.strip_suffix(".json").is_some()).count();
    assert_eq!((folder("trust/"), registries > 0), (2 * registries, true), "each registry with its place in the log");
    assert!(
        archive.members.keys().any(|name| name.starts_with("status/") && name.strip_suffix(".jwt").is_some()),
        "{:?}",
        archive.members.keys()
    );
    assert_eq!(report.manifest.unwrap().members.len(), archive.members.len());
    let another = SigningKey::ed25519(&[9; 32]);
    assert_eq!(wrong(&check(&archive, another.public_key())), ["manifest"], "another city's key");
}

#[test]
fn whatever_is_changed_is_refused_and_named() {
    let city = TestCity::start();
    let case = decided(&city);
    let (archive, root) = fetched(&city, &case);
    for name in archive.members.keys() {
        let mut changed = archive.clone();
        let bytes = changed.members.get_mut(name).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        assert_eq!(wrong(&check(&changed, &root)), [name.as_str()]);
        let mut without = archive.clone();
        without.members.remove(name);
        assert_eq!(wrong(&check(&without, &root)), [name.as_str()]);
    }
    let mut more = archive.clone();
    more.members.insert("results/9.json".to_owned(), b"{}".to_vec());
    assert_eq!(wrong(&check(&more, &root)), ["results/9.json"]);
    let mut unsigned = archive.clone();
    unsigned.manifest.truncate(unsigned.manifest.len() - 4);
    assert_eq!(wrong(&check(&unsigned, &root)), ["manifest"]);
}

#[test]
fn what_the_root_key_signed_must_also_be_true() {
    let city = TestCity::start();
    let case = decided(&city);
    let (archive, root) = fetched(&city, &case);
    // Members that do not belong together.
    let forged = |change: &dyn Fn(&mut Archive)| {
        let mut archive = archive.clone();
        change(&mut archive);
        sign_anew(&city, &mut archive);
        let report = check(&archive, &root);
        assert!(!report.accepted());
        wrong(&report).into_iter().map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let swap = |archive: &mut Archive| {
        let other = archive.members["uses/001.tlog-proof"].clone();
        archive.members.insert("uses/000.tlog-proof".to_owned(), other);
    };
    assert!(forged(&swap).contains("uses/000.jwt"));
    let shown = archive.members.keys().find(|name| name.starts_with("presentations/")).unwrap().clone();
    let foreign = |archive: &mut Archive| {
        archive.members.insert(shown.clone(), b"CL1:0".to_vec());
    };
    assert!(forged(&foreign).contains(&shown));
    let result = |archive: &mut Archive| {
        let text =
            String::from_utf8(archive.members["results/0.json"].clone()).unwrap().replace("演示备案", "演示变更");
        archive.members.insert("results/0.json".to_owned(), text.into_bytes());
    };
    assert_eq!(forged(&result), BTreeSet::from(["results/0.json".to_owned()]));
    // A list of a later day, signed by the right agency, is not the one that the record names.
    let list = archive.members.keys().find(|name| name.starts_with("status/")).unwrap().clone();
    let another = |archive: &mut Archive| {
        let later = city.get(None, "/status/GA-0", "application/statuslist+jwt");
        assert_eq!(later.status, 200);
        archive.members.insert(list.clone(), later.bytes);
    };
    assert!(forged(&another).contains(&list));
    let without = |archive: &mut Archive| drop(archive.members.remove(&list));
    let missing = forged(&without);
    assert!(missing.iter().any(|name| name.starts_with("status/")), "{missing:?}");
    assert!(missing.iter().any(|name| name.starts_with("presentations/")), "what was shown rests on it: {missing:?}");
    let trust =
        archive.members.keys().find(|name| name.starts_with("trust/") && name.ends_with("proof")).unwrap().clone();
    let elsewhere = |archive: &mut Archive| {
        archive.members.insert(trust.clone(), archive.members["uses/000.tlog-proof"].clone());
    };
    assert_eq!(forged(&elsewhere), BTreeSet::from([trust.replace("tlog-proof", "json")]));
    let earlier = |archive: &mut Archive| {
        let text = String::from_utf8(archive.members["events.json"].clone()).unwrap().replace("20", "21");
        archive.members.insert("events.json".to_owned(), text.into_bytes());
    };
    assert_eq!(forged(&earlier), BTreeSet::from(["events.json".to_owned()]));
}

#[test]
fn the_audit_names_who_made_an_archive() {
    let city = TestCity::start();
    let case = decided(&city);
    fetched(&city, &case);
    let agency = AgencyCode::parse("YB").unwrap();
    let events = city.service.city.audit_events(agency.as_str(), None, None).unwrap().events;
    let made = events.iter().find(|one| one["event"] == "archived").unwrap();
    assert_eq!(made["application"], case["id"]);
    assert_eq!(made["by"]["token"], "test window");
}
