//! Two cities: the residents of one use their licences at the windows of the other (跨城通办), as far as that one says.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use certless::adapters::fetch::allow::AllowList;
use certless::adapters::fetch::{Fetcher, Policy};
use certless::app::open::Outbound;
use certless::base::bytes::base64url;
use certless::base::clock::{Clock as _, FixedClock};
use certless::base::id::{AgencyCode, TypeCode};
use certless::base::json::{Value, json};
use certless::crypto::Signer as _;
use certless::crypto::digest::sha256;
use certless::domain::city::keys::OwnRole;
use certless::domain::error::ErrorKind;
use certless::domain::ports::{Fetched, Web, WebError};
use certless::domain::token::Role;
use certless::domain::trust::abroad::subscribe::NewPartner;
use certless::vc::finding::{Check, Code, State};
use certless::vc::leaf::Entry;

use crate::support::city::{TestCity, keyring_of};
use crate::support::roles::{Agency, Resident, Stranger, Verdict, Window, now};
use crate::support::vp::{ask, fetch, result};

/// Needs the applicant's identity card and social security card.
const MATTER: &str = "异地就医备案";

/// The way from one city to others: it can break, and an attacker on it can answer in place of them.
pub(crate) struct Line {
    web: Outbound,
    down: AtomicBool,
    answers: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl Line {
    fn new() -> Arc<Self> {
        let policy = Policy {
            hosts: AllowList::parse(&["127.0.0.1:*"]).unwrap(),
            loopback: true,
            private: false,
            total: Duration::from_secs(20),
            max_bytes: 1 << 20,
            max_redirects: 2,
            authorities: Vec::new(),
        };
        let (down, answers) = (AtomicBool::new(false), Mutex::default());
        Arc::new(Self { web: Outbound(Fetcher::new(policy)), down, answers })
    }

    pub(super) fn cut(&self, down: bool) {
        self.down.store(down, Ordering::Relaxed);
    }

    /// Answers so for an address from now on; truthfully without an answer.
    pub(super) fn answer(&self, url: &str, bytes: Option<Vec<u8>>) {
        let mut answers = self.answers.lock().unwrap();
        match bytes {
            Some(bytes) => answers.insert(url.to_owned(), bytes),
            None => answers.remove(url),
        };
    }
}

impl Web for Line {
    fn get(&self, url: &str, accept: &str) -> Result<Fetched, WebError> {
        if self.down.load(Ordering::Relaxed) {
            return Err(WebError("unreachable: the line is cut".to_owned()));
        }
        if let Some(bytes) = self.answers.lock().unwrap().get(url) {
            return Ok(Fetched { media_type: "application/json".to_owned(), bytes: bytes.clone() });
        }
        self.web.get(url, accept)
    }
}

/// City A, which believes city B for identity cards, and a resident of B.
pub(super) struct Story {
    pub(super) a: TestCity,
    pub(super) b: TestCity,
    pub(super) line: Arc<Line>,
    pub(super) clock: FixedClock,
    pub(super) resident: Resident,
}

impl Story {
    pub(super) fn new(types: &[&str], agencies: &[&str]) -> Self {
        let story = Self::strangers();
        story.believe(types, agencies);
        story
    }

    pub(super) fn strangers() -> Self {
        let (clock, line) = (FixedClock::new(now()), Line::new());
        let a = TestCity::with_keys(1, Arc::new(clock.clone()), Arc::clone(&line) as _);
        let b = TestCity::with_keys(2, Arc::new(clock.clone()), Arc::clone(&line) as _);
        Self { a, b, line, clock, resident: Resident::nth(0) }
    }

    pub(super) fn root_of_b() -> String {
        keyring_of(2).city().root.public_key().thumbprint()
    }

    pub(super) fn believe(&self, types: &[&str], agencies: &[&str]) {
        self.a
            .service
            .city
            .add_partner(&NewPartner {
                url: self.b.base.clone(),
                root: Self::root_of_b(),
                types: types.iter().map(|code| TypeCode::parse(code).unwrap()).collect(),
                agencies: agencies.iter().map(|code| AgencyCode::parse(code).unwrap()).collect(),
            })
            .unwrap();
    }

    pub(super) fn did_of_b(&self) -> String {
        self.b.service.city.names.city_did().to_owned()
    }

    pub(super) fn update(&self) -> Value {
        let partner = self.a.service.city.update_partner(&self.did_of_b()).unwrap();
        serde_json::to_value(partner).unwrap()
    }

    pub(super) fn trust_url(&self) -> String {
        format!("{}/.well-known/certless/trust", self.b.base)
    }

    /// The resident shows a code of a licence to city A, by the clock of the story.
    fn show(&mut self, which: &str) -> Verdict {
        self.clock.advance(1);
        let code = self.resident.code_at(which, "basic", self.a.service.city.now());
        Stranger(&self.a).verify(&code)
    }

    pub(super) fn rotate_key_of_b(&self) -> String {
        self.b.service.city.rotate_key(&AgencyCode::parse("GA").unwrap()).unwrap()
    }

    fn leaves_of_a(&self) -> Vec<Value> {
        self.a.integrate();
        let leaves = self.a.service.city.store().log_range(0, 500).unwrap();
        let leaves = leaves.iter().map(|leaf| Value::Object(Entry::parse(leaf).unwrap().to_json()));
        leaves.filter(|leaf| leaf["kind"] == "foreignTrust").collect()
    }
}

#[test]
fn a_licence_of_the_other_city_is_used_at_a_window_in_every_form() {
    let mut story = Story::new(&["idCard", "socialSecurityCard"], &[]);
    let id = story.resident.obtain(&story.b, "idCard");
    story.resident.obtain(&story.b, "socialSecurityCard");
    let verdict = story.show("idCard");
    verdict.accept();
    let registry = &verdict.0["credential"]["reliedOn"]["registry"];
    assert_eq!((&registry["city"], &registry["version"]), (&json!(story.did_of_b()), &json!(1)), "{registry}");
    let detail = verdict.0["checks"].as_array().unwrap().iter().find(|one| one["check"] == "trust").unwrap();
    assert!(detail["detail"].as_str().unwrap().contains(&story.did_of_b()), "{detail}");
    let stranger = Stranger(&story.a);
    stranger.verify(story.resident.wallet.find("idCard").unwrap().credential()).accept();
    stranger.verify(&story.resident.wallet.find("idCard").unwrap().copies[0].sd_jwt.clone().unwrap()).accept();

    let window = Window::new(&story.a, "YB");
    let case = window.file(MATTER, &story.resident);
    for licence in ["idCard", "socialSecurityCard"] {
        story.clock.advance(1);
        let code = story.resident.code_at(licence, "basic", story.a.service.city.now());
        let (verdict, _) = window.scan(&case, &code);
        verdict.accept();
    }
    assert_eq!(window.show(&case)["missing"], json!([]));

    // Revoked there is refused here: the copies of the list are asked for again.
    assert_eq!(Agency::new(&story.b, "GA").change(&id, "revoke").0, 200);
    story.clock.advance(400);
    story.show("idCard").refuse(Check::Status, "revoked");
}

#[test]
fn what_was_not_named_is_refused_with_words() {
    let mut story = Story::new(&["idCard"], &[]);
    story.resident.obtain(&story.b, "idCard");
    story.resident.obtain(&story.b, "socialSecurityCard");
    story.show("idCard").accept();
    let verdict = story.show("socialSecurityCard");
    verdict.refuse(Check::Trust, "type_not_recognised");
    // The types may be changed later; an agency that is not named is refused too.
    story.believe(&["idCard", "socialSecurityCard"], &[]);
    story.show("socialSecurityCard").accept();
    story.believe(&["idCard"], &["GA"]);
    story.show("idCard").accept();
    let error = story.a.service.city.add_partner(&NewPartner {
        url: story.b.base.clone(),
        root: Story::root_of_b(),
        types: vec![TypeCode::parse("socialSecurityCard").unwrap()],
        agencies: vec![AgencyCode::parse("GA").unwrap()],
    });
    assert_eq!(error.unwrap_err().kind, ErrorKind::Refused, "GA issues no such type");
    story.a.service.city.remove_partner(&story.did_of_b()).unwrap();
    story.show("idCard").refuse(Check::Trust, "issuer_unknown");
    let acts: Vec<_> = story.leaves_of_a().iter().map(|leaf| leaf["act"].as_str().unwrap().to_owned()).collect();
    assert_eq!(acts, ["believed", "believed", "believed", "ended"]);
}

#[test]
fn newer_versions_are_taken_one_by_one_and_each_is_in_the_log() {
    let mut story = Story::new(&["idCard"], &[]);
    for _ in 0..3 {
        story.clock.advance(60);
        story.rotate_key_of_b();
    }
    story.resident.obtain(&story.b, "idCard");
    // The key is new to city A: it asks at once.
    story.show("idCard").accept();
    let partner = story.update();
    assert_eq!((&partner["version"], &partner["trouble"]), (&json!(4), &Value::Null), "{partner}");
    let versions: Vec<_> = story.leaves_of_a().iter().map(|leaf| leaf["version"].as_u64().unwrap()).collect();
    assert_eq!(versions, [1, 2, 3, 4]);
    let published = Stranger(&story.b).get(&format!("{}/3", story.trust_url()), "*/*");
    let fourth: Value = Stranger(&story.b).get(&story.trust_url(), "*/*").json();
    assert_eq!(fourth["previous"], base64url(&sha256(&published.bytes)), "each version names the one before");
    assert_eq!(Stranger(&story.b).get(&format!("{}/9", story.trust_url()), "*/*").status, 404);
}

#[test]
fn a_rollback_a_fork_and_an_expired_registry_are_undecided() {
    let mut story = Story::new(&["idCard"], &[]);
    story.resident.obtain(&story.b, "idCard");
    let first = story.b.service.city.trust_document().unwrap();
    story.clock.advance(60);
    story.rotate_key_of_b();
    story.update();
    story.show("idCard").accept();

    story.line.answer(&story.trust_url(), Some(first.clone()));
    assert_eq!(story.update()["trouble"]["kind"], "rolledBack");
    story.show("idCard").undecided(Check::Trust, "registry_rolled_back");
    story.line.answer(&story.trust_url(), None);
    assert_eq!(story.update()["trouble"], Value::Null, "the newest is shown again");
    story.show("idCard").accept();

    // Another version 2 by the right key, and a version 3 that follows from it.
    let contexts = story.b.service.city.contexts();
    let (registry, root) = (story.b.service.city.registry(), keyring_of(2).city().root);
    let mut other = registry.as_ref().clone();
    other.agencies.truncate(1);
    let forked = other.sign(&root, contexts).unwrap();
    let next = other.next(story.b.service.city.now(), base64url(&sha256(&forked))).sign(&root, contexts).unwrap();
    for document in [next, forked] {
        story.line.answer(&story.trust_url(), Some(document));
        assert_eq!(story.update()["trouble"]["kind"], "forked");
        story.show("idCard").undecided(Check::Trust, "registry_forked");
    }
    story.line.answer(&story.trust_url(), None);
    assert_eq!(story.update()["trouble"]["kind"], "forked", "somebody has to look into it");
    story.a.service.city.remove_partner(&story.did_of_b()).unwrap();
    story.believe(&["idCard"], &[]);
    story.show("idCard").accept();

    story.line.cut(true);
    story.clock.advance(31 * 86_400);
    story.show("idCard").undecided(Check::Trust, "registry_expired");
}

#[test]
fn a_list_signed_with_a_key_that_the_registry_does_not_name_decides_nothing() {
    let mut story = Story::new(&["idCard"], &[]);
    story.resident.obtain(&story.b, "idCard");
    let whole = story.resident.wallet.find("idCard").unwrap().credential().to_owned();
    let first = story.b.service.city.trust_document().unwrap();
    story.clock.advance(30);
    // The agency's own document names the new key; the registry that city A has does not, and it asked a moment ago.
    story.rotate_key_of_b();
    story.show("idCard").undecided(Check::Status, "key_unknown");
    Stranger(&story.a).verify(&whole).undecided(Check::Status, "key_unknown");
    // Nor does the one that it is shown when it asks again.
    story.line.answer(&story.trust_url(), Some(first));
    story.clock.advance(60);
    story.show("idCard").undecided(Check::Status, "key_unknown");
    Stranger(&story.a).verify(&whole).undecided(Check::Status, "key_unknown");
    story.line.answer(&story.trust_url(), None);
    story.clock.advance(60);
    story.show("idCard").accept();
    Stranger(&story.a).verify(&whole).accept();
}

#[test]
fn a_list_signed_with_a_stolen_key_decides_nothing() {
    let mut story = Story::new(&["idCard"], &[]);
    let id = story.resident.obtain(&story.b, "idCard");
    let whole = story.resident.wallet.find("idCard").unwrap().credential().to_owned();
    let ga = AgencyCode::parse("GA").unwrap();
    let registry = story.b.service.city.registry();
    let stolen = registry.agencies.iter().find(|agency| agency.code == ga).unwrap().keys[0].id.clone();
    let since = certless::base::time::plus_seconds(story.b.service.city.now(), 500);
    story.clock.advance(1_000);
    for verb in ["suspend", "reinstate"] {
        assert_eq!(Agency::new(&story.b, "GA").change(&id, verb).0, 200);
    }
    let made = |form: &str| story.b.get(None, "/status/GA-0", form).bytes;
    let (bitstring, token) = (made("application/vc"), made("application/statuslist+jwt"));
    story.rotate_key_of_b();
    story.b.service.city.compromise_key(&ga, &stolen, since).unwrap();
    // The licence was signed while the key was good, the lists were not.
    let list = format!("{}/status/GA-0", story.b.base);
    story.line.answer(&list, Some(bitstring));
    story.update();
    Stranger(&story.a).verify(&whole).undecided(Check::Status, "key_compromised");
    story.line.answer(&list, Some(token));
    story.show("idCard").undecided(Check::Status, "key_compromised");
    story.line.answer(&list, None);
    story.show("idCard").accept();
    Stranger(&story.a).verify(&whole).accept();
}

#[test]
fn while_the_other_city_is_away_what_is_known_counts_until_it_is_too_old() {
    let mut story = Story::new(&["idCard"], &[]);
    story.resident.obtain(&story.b, "idCard");
    story.show("idCard").accept();
    story.line.cut(true);
    story.clock.advance(3_600);
    assert_eq!(story.update()["trouble"]["kind"], "notHad");
    let verdict = story.show("idCard");
    verdict.accept();
    let relied = &verdict.0["credential"]["reliedOn"];
    for what in ["registry", "status"] {
        assert!(relied[what]["ageSeconds"].as_u64().unwrap() >= 3_600, "{relied}");
    }
    story.clock.advance(24 * 3_600);
    story.show("idCard").undecided(Check::Status, "status_stale");
    story.clock.advance(50 * 3_600);
    story.show("idCard").undecided(Check::Trust, "registry_stale");
    story.line.cut(false);
    story.update();
    story.show("idCard").accept();
}

#[test]
fn a_city_is_believed_only_after_its_root_key_was_compared() {
    let story = Story::strangers();
    let operator = story.a.service.city.new_token(Role::Operator, "test").unwrap();
    let post = |path: &str, body: &Value| story.a.post_as(Some(&operator), path, body);
    let (status, glimpse) = post("/api/trust/look", &json!({"url": story.b.base}));
    assert_eq!((status, &glimpse["fingerprint"]), (200, &json!(Story::root_of_b())), "{glimpse}");
    let own = keyring_of(1).city().root.public_key().thumbprint();
    let mut asked = json!({"url": story.b.base, "root": own, "types": ["idCard"]});
    let (status, refused) = post("/api/trust", &asked);
    assert_eq!((status, &refused["code"]), (422, &json!("root_not_compared")), "{refused}");
    asked["root"] = glimpse["root"].clone();
    let (status, partner) = post("/api/trust", &asked);
    assert_eq!((status, &partner["version"]), (200, &json!(1)), "{partner}");
    let listed = story.a.get(Some(&operator), "/api/trust", "*/*").json();
    assert_eq!((&listed["fingerprint"], listed["partners"].as_array().unwrap().len()), (&json!(own), 1), "{listed}");
    asked["types"] = json!(["noSuchType"]);
    assert_eq!(post("/api/trust", &asked).0, 422);
    asked["url"] = story.a.base.as_str().into();
    assert_eq!(post("/api/trust", &asked).0, 400, "the own city");
    assert_eq!(post("/api/trust/update", &json!({"city": story.did_of_b()})).0, 200);
    assert_eq!(post("/api/trust/remove", &json!({"city": story.did_of_b()})).1["partners"], json!([]));
}

#[test]
fn what_comes_over_a_bad_line_is_not_believed() {
    let mut story = Story::new(&["idCard"], &[]);
    story.resident.obtain(&story.b, "idCard");
    story.show("idCard").accept();
    story.clock.advance(60);
    story.rotate_key_of_b();
    let truth = story.b.service.city.trust_document().unwrap();
    let mut changed = truth.clone();
    let at = changed.windows(5).position(|bytes| bytes == b"types").unwrap();
    changed[at + 10] ^= 1;
    let of_a = story.a.service.city.trust_document().unwrap();
    let by_another = story.b.service.city.registry().sign(&keyring_of(3).city().root, story.a.service.city.contexts());
    for (what, document) in [
        ("changed", changed),
        ("another city's", of_a),
        ("by another root key", by_another.unwrap()),
        ("no document", b"<html>".to_vec()),
        ("too much", vec![b' '; 9 << 20]),
    ] {
        story.line.answer(&story.trust_url(), Some(document));
        let partner = story.update();
        assert_eq!((&partner["trouble"]["kind"], &partner["version"]), (&json!("notHad"), &json!(1)), "{what}");
        story.show("idCard").accept();
    }
    story.line.answer(&story.trust_url(), None);
    assert_eq!(story.update()["version"], 2);
}

#[test]
fn residents_of_the_other_city_answer_requests_with_their_wallets() {
    let mut story = Story::new(&["idCard", "socialSecurityCard"], &[]);
    for licence in ["idCard", "socialSecurityCard"] {
        story.resident.obtain_bound(&story.b, licence);
    }
    let window = Window::new(&story.a, "YB");
    let invitation = ask(&story.a, &window, &json!({"matter": MATTER, "file": true}));
    let request = fetch(&story.a, &invitation, &[]);
    assert_eq!(story.resident.respond(&story.a, &request).status, 200);
    let told = result(&story.a, &window, &invitation);
    Verdict(told["verdict"].clone()).accept();
    let case = window.show(&json!({"id": told["application"]}));
    assert_eq!((&case["applicant"]["name"], &case["missing"]), (&json!(story.resident.name), &json!([])));
}

/// A server that answers every question in one bad way.
fn hostile(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut asked = [0; 1024];
            let _ = stream.read(&mut asked);
            let _ = match answer {
                "slow" => {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
                    while stream.write_all(b"1\r\nx\r\n").is_ok() {
                        std::thread::sleep(Duration::from_millis(50));
                    }
                    Ok(())
                }
                "endless" => {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
                    while stream.write_all(&[b' '; 4096]).is_ok() {}
                    Ok(())
                }
                redirect => {
                    let text = format!("HTTP/1.1 302 Found\r\nlocation: {redirect}\r\ncontent-length: 0\r\n\r\n");
                    stream.write_all(text.as_bytes())
                }
            };
        }
    });
    base
}

#[test]
fn those_who_ask_the_city_do_not_wait_for_whom_the_city_asks() {
    let policy = Policy {
        hosts: AllowList::parse(&["127.0.0.1:*"]).unwrap(),
        loopback: true,
        private: false,
        total: Duration::from_secs(3),
        max_bytes: 64 * 1024,
        max_redirects: 0,
        authorities: Vec::new(),
    };
    let city = TestCity::with_web(Arc::new(Outbound(Fetcher::new(policy))));
    let mut resident = Resident::nth(0);
    resident.obtain(&city, "idCard");
    let mut credential: Value = serde_json::from_str(resident.wallet.find("idCard").unwrap().credential()).unwrap();
    credential["credentialStatus"][0]["statusListCredential"] = format!("{}/status/GA-0", hostile("slow")).into();
    let text = credential.to_string();
    std::thread::scope(|scope| {
        // More than the threads that answer requests.
        let asked: Vec<_> = (0..4).map(|_| scope.spawn(|| Stranger(&city).verify(&text))).collect();
        std::thread::sleep(Duration::from_millis(500));
        let begun = Instant::now();
        assert_eq!(city.get(None, "/health", "*/*").status, 200);
        let waited = begun.elapsed();
        assert!(asked.iter().all(|one| !one.is_finished()), "the slow server was not asked");
        assert!(waited < Duration::from_secs(1), "{waited:?}");
        for one in asked {
            assert_eq!(one.join().unwrap().check(Check::Status).0, "error");
        }
    });
}

#[test]
fn a_hostile_server_costs_little_and_leads_nowhere() {
    let policy = Policy {
        hosts: AllowList::parse(&["127.0.0.1:*", "10.0.0.1", "169.254.169.254"]).unwrap(),
        loopback: true,
        private: false,
        total: Duration::from_millis(600),
        max_bytes: 64 * 1024,
        max_redirects: 3,
        authorities: Vec::new(),
    };
    let city = TestCity::with_web(Arc::new(Outbound(Fetcher::new(policy))));
    for (answer, why) in [
        ("slow", "no complete answer in time"),
        ("endless", "longer than allowed"),
        ("https://10.0.0.1/trust", "an address that may not be asked"),
        ("https://169.254.169.254/latest", "an address that may not be asked"),
        ("https://other.example/trust", "not on the list of hosts"),
    ] {
        let begun = Instant::now();
        let error = city.service.city.glimpse(&hostile(answer)).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unavailable, "{answer}: {error}");
        assert!(error.detail.contains(why), "{answer}: {error}");
        assert!(begun.elapsed() < Duration::from_secs(4), "{answer} took {:?}", begun.elapsed());
    }
}

#[test]
fn a_new_root_of_the_other_city_is_followed_version_by_version() {
    let mut story = Story::new(&["idCard"], &[]);
    story.resident.obtain(&story.b, "idCard");
    let old = story.b.service.city.keys().own().root.signer.public_key().clone();
    for _ in 0..2 {
        story.clock.advance(60);
        story.b.service.city.rotate_own(OwnRole::Root, 0).unwrap();
    }
    story.clock.advance(60);
    story.rotate_key_of_b();
    let new = story.b.service.city.keys().own().root.signer.public_key().clone();
    let (second, hidden) = (format!("{}/2", story.trust_url()), b"<html>".to_vec());
    story.line.answer(&second, Some(hidden));
    assert_eq!(story.update()["trouble"]["kind"], "notHad", "the version between is not to be had");
    story.line.answer(&second, None);
    let partner = story.update();
    assert_eq!(
        (&partner["version"], &partner["signedBy"], &partner["trouble"]),
        (&json!(4), &json!(new.to_multikey()), &Value::Null)
    );
    assert_eq!(partner["pinned"], old.to_multikey(), "what the operator compared stays known");
    story.show("idCard").accept();
    let by_old = story.b.service.city.registry().as_ref().clone();
    let by_old = by_old.next(story.clock.now(), base64url(&sha256(&story.b.service.city.trust_document().unwrap())));
    let by_old = by_old.sign(&keyring_of(2).city().root, &certless::vc::contexts::Contexts::bundled()).unwrap();
    story.line.answer(&story.trust_url(), Some(by_old));
    assert_eq!(story.update()["trouble"]["kind"], "notHad", "the old key has handed over");
    let roots: Vec<_> = story.leaves_of_a().iter().map(|leaf| leaf["root"].clone()).collect();
    assert_eq!(roots.last().unwrap(), &json!(new.to_multikey()));
}

#[test]
fn a_stolen_root_of_the_other_city_halts_until_the_new_one_was_compared() {
    let mut story = Story::new(&["idCard"], &[]);
    story.resident.obtain(&story.b, "idCard");
    story.show("idCard").accept();
    story.clock.advance(60);
    let city = &story.b.service.city;
    city.compromise_own(OwnRole::Root, "root", city.now()).unwrap();
    let new = city.keys().own().root.signer.public_key().thumbprint();
    let partner = story.update();
    assert_eq!((&partner["version"], &partner["trouble"]["kind"]), (&json!(1), &json!("rootCompromised")), "{partner}");
    assert_eq!(partner["trouble"]["root"], new, "what is to be compared");
    story.show("idCard").undecided(Check::Trust, "root_compromised");
    story.line.cut(true);
    assert_eq!(story.update()["trouble"]["kind"], "rootCompromised", "silence does not clear it up");
    story.line.cut(false);
    let named = |root: &str| NewPartner {
        url: story.b.base.clone(),
        root: root.to_owned(),
        types: vec![TypeCode::parse("idCard").unwrap()],
        agencies: Vec::new(),
    };
    let stranger = keyring_of(3).city().root.public_key().thumbprint();
    assert!(story.a.service.city.add_partner(&named(&stranger)).is_err(), "another fingerprint");
    assert_eq!(story.a.service.city.partners()[0].version, 1);
    let partner = story.a.service.city.add_partner(&named(&new)).unwrap();
    assert!(partner.trouble.is_none() && partner.version == 2, "{partner:?}");
    story.show("idCard").accept();
    assert_eq!(story.update()["trouble"], Value::Null);
}

#[test]
fn a_proof_of_the_other_citys_log_counts_by_its_registry() {
    let mut story = Story::new(&["idCard"], &[]);
    let id = story.resident.obtain(&story.b, "idCard");
    story.b.integrate();
    let proof =
        story.b.service.city.companion(&certless::base::id::CredentialId::parse(&id).unwrap()).unwrap().to_string();
    let judge = |proof: &str| {
        let city = &story.a.service.city;
        let log = city.log_evidence(proof).unwrap();
        let received =
            certless::vc::verify::receive(story.resident.wallet.find("idCard").unwrap().credential().as_bytes());
        let policy = certless::vc::verify::Policy { log: Some(&log), ..certless::vc::verify::Policy::full(city.now()) };
        let verdict = city.verify(received.unwrap(), &policy).verdict;
        let told = verdict.report.results().iter().find(|one| one.check == Check::Log).unwrap();
        (told.state, told.code)
    };
    assert_eq!(judge(&proof), (State::Valid, None));
    story.b.service.city.rotate_own(OwnRole::Log, 0).unwrap();
    story.update();
    assert_eq!(judge(&proof), (State::Valid, None), "an earlier proof, by the key of then");
    story.a.service.city.remove_partner(&story.did_of_b()).unwrap();
    assert_eq!(judge(&proof), (State::Error, Some(Code::LogUnknown)));
}
