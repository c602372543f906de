//! The archive of a case that another city's licence was accepted for: both cities may be gone, and it still proves itself.

use certless::base::bytes::{base64url, hex};
use certless::base::clock::Clock as _;
use certless::base::id::RequestId;
use certless::base::json::{Value, json};
use certless::base::text::Label;
use certless::base::time::{plus_seconds, rfc3339};
use certless::crypto::PublicKey;
use certless::crypto::digest::sha256;
use certless::domain::agency::Agencies;
use certless::domain::archive::Archive;
use certless::domain::archive::check::check;
use certless::domain::archive::report::Report;
use certless::domain::change::Change;
use certless::domain::city::City;
use certless::domain::city::keys::OwnRole;
use certless::domain::leaf::{Kind, leaf};
use certless::vc::jws::Jws;
use certless::vc::leaf::Entry;

use super::abroad::Story;
use super::archive::{MATTER, fetched, sign_anew, sign_as_root, wrong};
use crate::support::city::keyring_of;
use crate::support::roles::{Agency, Window};

/// A case at city A that was granted with licences of city B alone.
fn decided(story: &mut Story) -> Value {
    let card = story.resident.obtain(&story.b, "idCard");
    story.resident.obtain(&story.b, "socialSecurityCard");
    let window = Window::new(&story.a, "YB");
    let case = window.file(MATTER, &story.resident);
    for licence in ["idCard", "socialSecurityCard"] {
        story.clock.advance(1);
        let code = story.resident.code_at(licence, "basic", story.a.service.city.now());
        window.scan(&case, &code).0.accept();
    }
    assert_eq!(window.step(&case, "accept", &json!({})).0, 200);
    let results = json!({"filingReceipt": {"content": "演示备案", "legalBasis": "演示依据"}});
    let (status, told) = window.step(&case, "decide", &json!({"decision": "grant", "results": results}));
    assert_eq!(status, 200, "{told}");
    assert_eq!(Agency::new(&story.b, "GA").change(&card, "revoke").0, 200, "afterwards, which does not matter");
    case
}

const BOTH: [&str; 2] = ["idCard", "socialSecurityCard"];

fn rotate_everything(city: &City) {
    for agency in Agencies::shipped().unwrap() {
        let old = city.keys().agency(&agency.code).unwrap().key_id.clone();
        city.rotate_key(&agency.code).unwrap();
        city.retire_key(&agency.code, &old, city.now()).unwrap();
    }
    for role in [OwnRole::Log, OwnRole::Witness, OwnRole::Root] {
        city.rotate_own(role, 0).unwrap();
    }
}

fn abroad(archive: &Archive) -> Vec<String> {
    archive.members.keys().filter(|name| name.starts_with("abroad/")).cloned().collect()
}

#[test]
fn a_licence_of_the_other_city_is_judged_when_both_cities_have_other_keys_and_are_gone() {
    let (archive, root) = {
        let mut story = Story::new(&BOTH, &[]);
        let case = decided(&mut story);
        let made = fetched(&story.a, &case);
        story.clock.advance(60);
        rotate_everything(&story.b.service.city);
        story.update();
        story.update();
        rotate_everything(&story.a.service.city);
        story.a.service.city.remove_partner(&story.did_of_b()).unwrap();
        // Made again when the other city is believed no more, it says the same.
        let (later, new_root) = fetched(&story.a, &case);
        for root in [&made.1, &new_root] {
            let report = check(&later, root);
            assert!(report.accepted(), "{:#?}", report.findings);
        }
        assert_eq!(abroad(&later), abroad(&made.0));
        made
    };
    let report = check(&archive, &root);
    assert!(report.accepted(), "{:#?}", report.findings);
    let [name] = abroad(&archive).try_into().unwrap();
    let told = report.findings.iter().find(|one| one.name == name).unwrap();
    assert_eq!(told.about, Some(Label::new("望城区（演示） 第 1 版", "Wangcheng District (demo), version 1")));
    let proofs = archive.members.keys().filter(|name| name.contains(".abroad."));
    assert_eq!(proofs.count(), 2, "what the city was believed for, at each use");
}

#[test]
fn what_a_city_was_believed_by_stays_when_it_shows_another_document_under_that_number() {
    let mut story = Story::new(&BOTH, &[]);
    let case = decided(&mut story);
    let first = abroad(&fetched(&story.a, &case).0);
    let city = &story.b.service.city;
    let mut other = city.registry().as_ref().clone();
    other.name = Label::new("另一市", "Another");
    let other = other.sign(&keyring_of(2).city().root, city.contexts()).unwrap();
    story.line.answer(&story.trust_url(), Some(other));
    story.a.service.city.remove_partner(&story.did_of_b()).unwrap();
    story.clock.advance(60);
    story.believe(&BOTH, &[]);
    assert_eq!(story.a.service.city.partners()[0].name.en, "Another");
    let (archive, root) = fetched(&story.a, &case);
    assert_eq!(abroad(&archive), first);
    let report = check(&archive, &root);
    assert!(report.accepted(), "{:#?}", report.findings);
}

/// What whoever has the keys of city A may make of an archive, with true entries in its log.
struct Forger {
    story: Story,
    archive: Archive,
    root: PublicKey,
}

impl Forger {
    fn new() -> Self {
        let mut story = Story::strangers();
        story.believe(&["socialSecurityCard"], &[]);
        story.clock.advance(400);
        story.believe(&BOTH, &[]);
        story.clock.advance(400);
        let case = decided(&mut story);
        let (archive, root) = fetched(&story.a, &case);
        Self { story, archive, root }
    }

    /// The use of the identity card: the name of its record, and what it says.
    fn use_of_card(&self) -> (String, Value) {
        let records = self
            .archive
            .members
            .iter()
            .filter(|(name, _)| name.starts_with("uses/") && name.strip_suffix(".jwt").is_some());
        let open = |jwt: &[u8]| Value::Object(Jws::parse(std::str::from_utf8(jwt).unwrap()).unwrap().claims().unwrap());
        let mut uses = records.map(|(name, jwt)| (name.clone(), open(jwt)));
        uses.find(|(_, said)| said["credential"]["type"] == "idCard").unwrap()
    }

    /// Judges the archive with that record changed, signed and entered into the log.
    fn with_record(&self, change: impl Fn(&mut Value), more: impl Fn(&mut Archive, &str)) -> Report {
        let city = &self.story.a.service.city;
        let (name, mut said) = self.use_of_card();
        change(&mut said);
        let jwt = sign_as_root(&self.story.a, "certless-use+jwt", &said);
        let digest = sha256(jwt.as_bytes());
        let entry = leaf(Kind::Used, city.this_second(), &[("record", base64url(&digest).into())]);
        let request = RequestId::parse(&format!("forged-{}", hex(&digest[..8]))).unwrap();
        city.store().commit(Change::new(request, digest).leaf(entry.bytes)).unwrap();
        let mut archive = self.archive.clone();
        let proof = self.proof(|entry| entry.bytes("record") == Some(&digest));
        archive.members.insert(name.replace(".jwt", ".tlog-proof"), proof.into_bytes());
        archive.members.insert(name.clone(), jwt.into_bytes());
        more(&mut archive, &name);
        self.judge(archive)
    }

    fn judge(&self, mut archive: Archive) -> Report {
        sign_anew(&self.story.a, &mut archive);
        check(&archive, &self.root)
    }

    /// The proof of the first entry of city A's log that is the one.
    fn proof(&self, is: impl Fn(&Entry) -> bool) -> String {
        self.story.a.integrate();
        let city = &self.story.a.service.city;
        let leaves = city.store().log_range(0, 500).unwrap();
        let index = leaves.iter().position(|leaf| is(&Entry::parse(leaf).unwrap())).unwrap();
        let extra = Some(leaves[index].clone());
        certless::tlog::proof::LogProof { extra, ..city.log_proof(index as u64).unwrap() }.to_string()
    }
}

/// What a report says of a member.
fn said<'a>(report: &'a Report, name: &str) -> &'a str {
    let found = report.findings.iter().find(|one| one.name.starts_with(name) && one.wrong.is_some());
    found.map_or("nothing", |one| one.wrong.as_deref().unwrap())
}

#[test]
fn the_other_citys_registry_is_the_one_that_was_relied_on() {
    let forger = Forger::new();
    assert!(check(&forger.archive, &forger.root).accepted());
    let [name] = abroad(&forger.archive).try_into().unwrap();
    let mut changed = forger.archive.clone();
    let bytes = changed.members.get_mut(&name).unwrap();
    let at = bytes.windows(5).position(|bytes| bytes == b"types").unwrap();
    bytes[at + 10] ^= 1;
    assert_eq!(wrong(&check(&changed, &forger.root)), [name.as_str()], "a byte, as the manifest tells it");
    let report = forger.judge(changed);
    assert_eq!(said(&report, &name), "not the registry that the use record names");
    assert_ne!(said(&report, "presentations/"), "nothing", "what was shown rests on it");

    let mut without = forger.archive.clone();
    without.members.remove(&name);
    let report = forger.judge(without);
    assert_eq!(said(&report, &name), "the other city's registry is missing");
    assert_ne!(said(&report, "presentations/"), "nothing", "what was shown rests on it");

    let mut more = forger.archive.clone();
    more.members.insert("abroad/00.json".to_owned(), b"{}".to_vec());
    assert_eq!(said(&forger.judge(more), "abroad/00.json"), "no use record names it");

    // A registry by a key that the log does not name, under a record that names it.
    let city = &forger.story.b.service.city;
    let strange = city.registry().sign(&keyring_of(3).city().root, city.contexts());
    let strange = strange.unwrap_or_else(|_| b"{}".to_vec());
    let digest = sha256(&strange);
    let report = forger.with_record(
        |said| said["credential"]["abroad"]["digest"] = base64url(&digest).into(),
        |archive, _| drop(archive.members.insert(format!("abroad/{}.json", hex(&digest)), strange.clone())),
    );
    assert_eq!(said(&report, &format!("abroad/{}", hex(&digest))), "the log's entry is of something else");

    let unchanged = forger.with_record(|_| {}, |_, _| {});
    assert!(unchanged.accepted(), "the record itself may be signed anew: {:#?}", unchanged.findings);
    let report = forger.with_record(
        |said| drop(said["credential"].as_object_mut().unwrap().remove("abroad")),
        |archive, name| drop(archive.members.remove(&name.replace(".jwt", ".abroad.tlog-proof"))),
    );
    assert_ne!(said(&report, "presentations/"), "nothing", "what was shown rests on it");
}

#[test]
fn what_the_city_was_believed_for_is_what_the_log_says_of_that_time() {
    let forger = Forger::new();
    let first = |entry: &Entry| entry.kind == Kind::ForeignTrust;
    let (entry, since) = {
        let proof = forger.proof(first);
        let leaves = forger.story.a.service.city.store().log_range(0, 500).unwrap();
        let entry = leaves.iter().map(|leaf| Entry::parse(leaf).unwrap()).find(first).unwrap();
        (proof, entry.at)
    };
    let put = |archive: &mut Archive, name: &str| {
        archive.members.insert(name.replace(".jwt", ".abroad.tlog-proof"), entry.clone().into_bytes());
    };
    let report = forger.with_record(|said| said["credential"]["abroad"]["since"] = rfc3339(since).into(), put);
    assert!(said(&report, "presentations/").contains("type_not_recognised"), "{:#?}", report.findings);
    let report = forger.with_record(|_| {}, put);
    assert_eq!(said(&report, "abroad/"), "the log's entry is of something else");

    // The belief of a later day says nothing about an earlier one.
    let before = plus_seconds(since, 100);
    let report = forger.with_record(|said| said["at"] = rfc3339(before).into(), |_, _| {});
    assert_eq!(said(&report, "abroad/"), "the log's entry is of something else");

    // The registry had expired when the licence was looked at.
    let shown = forger.use_of_card().1["at"].clone();
    let late = rfc3339(plus_seconds(forger.story.clock.now(), 31 * 86_400));
    let report = forger.with_record(
        |said| {
            said["shownAt"] = shown.clone();
            said["at"] = late.as_str().into();
        },
        |_, _| {},
    );
    assert!(said(&report, "abroad/").starts_with("expired "), "{:#?}", report.findings);
    assert_ne!(said(&report, "presentations/"), "nothing", "what was shown rests on it");
}
