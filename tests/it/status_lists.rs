//! `GET /status/{list}` of a running city: forms, caching, and how soon a revocation shows.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use axum::http::HeaderMap;
use certless::adapters::store::memory::MemoryStore;
use certless::base::clock::FixedClock;
use certless::base::id::{AgencyCode, ListId, RequestId};
use certless::base::json::{Limits, Value, parse_object};
use certless::base::secret::Secret;
use certless::base::time::{Timestamp, from_unix};
use certless::crypto::derive::SeededRandom;
use certless::crypto::seal::Sealer;
use certless::crypto::{Signer, SigningKey};
use certless::domain::change::{Change, Status};
use certless::domain::city::keys::{AgencySigner, CityKeys, OwnKeys, OwnSigner};
use certless::domain::city::names::Names;
use certless::domain::city::{City, Ports};
use certless::domain::ports::Store;
use certless::domain::trust::Registry;
use certless::domain::trust::own::OwnPublic;
use certless::http::service::Service;
use certless::tlog::note::{Kind, VerifierKey};
use certless::vc::contexts::Contexts;
use certless::vc::data_integrity::{self, Expect};
use certless::vc::finding::Finding;
use certless::vc::keys::{Keys, Purpose, ResolvedKey};
use certless::vc::status::bitstring::{check, entries, status_of_slot};
use certless::vc::status::permutation::Permutation;
use certless::vc::status::token::{StatusReference, Token};
use serde_json::json;

fn signer(n: u8) -> Arc<dyn Signer> {
    Arc::new(SigningKey::ed25519(&[n; 32]))
}

/// Knows the agency's two keys.
struct Known;

impl Keys for Known {
    fn resolve(&self, method: &str, _: Purpose, _: Timestamp) -> Result<ResolvedKey, Finding> {
        let (controller, fragment) = method.split_once('#').unwrap();
        assert_eq!(controller, "did:web:city.example:agencies:GA");
        let key = signer(if fragment == "key-1" { 2 } else { 3 }).public_key().clone();
        Ok(ResolvedKey { key, controller: controller.to_owned() })
    }
}

struct Running {
    address: String,
    service: Arc<Service>,
    store: Arc<MemoryStore>,
    clock: FixedClock,
    _runtime: tokio::runtime::Runtime,
}

const URL: &str = "https://city.example/status/GA-0";

fn now() -> Timestamp {
    from_unix(1_772_100_000).unwrap()
}

fn agency() -> AgencyCode {
    AgencyCode::parse("GA").unwrap()
}

/// A city with one agency's key, served on a free port.
fn running() -> Running {
    let clock = FixedClock::new(now());
    let store = Arc::new(MemoryStore::new(Arc::new(clock.clone())));
    let names = Names::new("https://city.example").unwrap();
    let key = signer(2);
    let public = OwnPublic {
        root: signer(1).public_key().clone(),
        log: VerifierKey::new(&names.log_origin(), Kind::Ed25519, signer(3).public_key()).unwrap(),
        witness: VerifierKey::new(&names.witness(), Kind::Cosignature, signer(8).public_key()).unwrap(),
    };
    let agencies = [(agency(), "key-1".to_owned(), key.public_key().clone())];
    let registry = Registry::first(&names, &agencies, &public, now()).unwrap();
    let own = |key_id: &str, seed| OwnSigner { key_id: key_id.to_owned(), signer: signer(seed) };
    let keys = CityKeys {
        own: RwLock::new(Arc::new(OwnKeys {
            root: own("root", 1),
            logs: vec![own("log", 3)],
            witnesses: vec![own("witness", 8)],
        })),
        sealer: Sealer::new(&[4; 32]),
        holder_tag: Secret::new([5; 32]),
        tokens: Secret::new([6; 32]),
        permutations: BTreeMap::from([(agency(), Permutation::new(&[7; 32]))]),
        agencies: RwLock::new(BTreeMap::from([(
            agency(),
            Arc::new(AgencySigner { key_id: "key-1".to_owned(), signer: key }),
        )])),
    };
    let random = Arc::new(SeededRandom::new("status lists"));
    let ports =
        Ports { store: Arc::clone(&store) as _, clock: Arc::new(clock.clone()), random, web: None, key_maker: None };
    let city = City::new(ports, names, keys, Contexts::bundled(), registry);
    let service = Arc::new(Service {
        city,
        conformance: false,
        limits: certless::http::service::Limits::default(),
        metrics: None,
        pages: Arc::new(certless::ui::Site),
        hub: certless::http::hub::Hub::default(),
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = certless::http::router(Arc::clone(&service));
    runtime.spawn(async move { axum::serve(listener, router).await });
    Running { address, service, store, clock, _runtime: runtime }
}

struct Got {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Running {
    fn get(&self, path: &str, headers: &[(&str, &str)]) -> Got {
        let agent = ureq::Agent::new_with_config(ureq::Agent::config_builder().http_status_as_error(false).build());
        let request = headers
            .iter()
            .fold(agent.get(format!("{}{path}", self.address)), |request, (name, value)| request.header(*name, *value));
        let mut answer = request.call().unwrap();
        let body = answer.body_mut().read_to_vec().unwrap();
        Got { status: answer.status().as_u16(), headers: answer.headers().clone(), body }
    }

    fn set(&self, request: &str, slot: u32, from: Status, to: Status) {
        let list = ListId { agency: agency(), number: 0 };
        let change = Change::new(RequestId::parse(request).unwrap(), [0; 32]).status(list, slot, from, to);
        self.store.commit(change).unwrap();
        // Another process wrote: what this one knows of the list is at most a second old.
        self.clock.advance(1);
    }

    fn token(&self) -> Token {
        let got = self.get("/status/GA-0", &[("accept", "application/statuslist+jwt")]);
        assert_eq!((got.status, got.header("content-type")), (200, "application/statuslist+jwt"));
        Token::from_jwt(std::str::from_utf8(&got.body).unwrap(), &Known).unwrap().0
    }
}

fn reference(index: u64) -> StatusReference {
    StatusReference { uri: URL.to_owned(), index }
}

#[test]
fn the_three_forms_tell_the_same_and_verify() {
    let city = running();
    city.set("r1", 5, Status::Valid, Status::Suspended);
    city.set("r2", 9, Status::Valid, Status::Revoked);
    let now = from_unix(now().as_second() + 10).unwrap();
    let jwt = city.token();
    let got = city.get("/status/GA-0", &[("accept", "application/statuslist+cwt")]);
    assert_eq!(got.header("content-type"), "application/statuslist+cwt");
    let cwt = Token::from_cwt(&got.body, &Known).unwrap().0;
    for (index, status) in [(4, 0), (5, 2), (9, 1)] {
        assert_eq!(jwt.status(&reference(index), now), Ok(status));
        assert_eq!(cwt.status(&reference(index), now), Ok(status));
    }
    for (accept, media) in [
        ("", "application/vc"),
        ("application/json", "application/json"),
        ("application/ld+json", "application/ld+json"),
    ] {
        let got = city.get("/status/GA-0", &[("accept", if accept.is_empty() { "*/*" } else { accept })]);
        assert_eq!((got.status, got.header("content-type")), (200, media));
        let list = parse_object(&got.body, &Limits::DEFAULT).unwrap();
        assert!(list["issuer"].is_string());
        data_integrity::verify(&list, &Known, &Expect::new(Purpose::AssertionMethod, now), &Contexts::bundled())
            .unwrap();
        let credential = json!({"credentialStatus": status_of_slot(URL, 5)});
        let told: Vec<u8> = entries(credential.as_object().unwrap())
            .unwrap()
            .iter()
            .map(|entry| check(entry, &list, now).unwrap().value)
            .collect();
        assert_eq!(told, [0, 1]);
    }
}

#[test]
fn a_revocation_shows_in_the_next_answer_and_nothing_is_signed_twice() {
    let city = running();
    let first = city.get("/status/GA-0", &[]);
    assert_eq!(first.header("cache-control"), "public, no-cache");
    assert_eq!(first.header("access-control-allow-origin"), "*");
    assert_eq!(first.header("vary"), "Accept");
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"'));
    city.clock.advance(60);
    let again = city.get("/status/GA-0", &[("if-none-match", &tag)]);
    assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, tag.as_str()));
    assert_eq!(city.get("/status/GA-0", &[]).body, first.body, "the same signature");
    assert_eq!(city.token().list.get(3), Some(0));
    city.set("r1", 3, Status::Valid, Status::Revoked);
    let changed = city.get("/status/GA-0", &[("if-none-match", &tag)]);
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), tag);
    assert_eq!(city.token().list.get(3), Some(1));
}

#[test]
fn a_list_is_signed_anew_with_a_new_key_and_before_it_expires() {
    let city = running();
    let first = city.get("/status/GA-0", &[]).body;
    city.clock.advance(12 * 3600);
    let renewed = city.get("/status/GA-0", &[]).body;
    assert_ne!(renewed, first);
    city.service.city.keys().set_agency(agency(), AgencySigner { key_id: "key-2".to_owned(), signer: signer(3) });
    let rotated: Value = serde_json::from_slice(&city.get("/status/GA-0", &[]).body).unwrap();
    assert_eq!(rotated["proof"]["verificationMethod"], "did:web:city.example:agencies:GA#key-2");
    city.token();
}

#[test]
fn what_is_not_served_is_said() {
    let city = running();
    let status = |path: &str, accept: &str| city.get(path, &[("accept", accept)]).status;
    assert_eq!(status("/status/GA-0", "text/html"), 406);
    assert_eq!(status("/status/GA-0?time=1686925000", "*/*"), 501);
    assert_eq!(status("/status/GA-0?timestamp=2026-01-01T00:00:00Z", "*/*"), 501);
    assert_eq!(status("/status/XX-0", "*/*"), 404);
    assert_eq!(status("/status/nothing", "*/*"), 404);
    assert_eq!(status("/status/GA-00", "*/*"), 404);
    let problem: Value = serde_json::from_slice(&city.get("/status/GA-0?time=1", &[]).body).unwrap();
    assert_eq!(problem["type"], "https://www.w3.org/ns/credentials/status-list#STATUS_RETRIEVAL_ERROR");
    assert_eq!(status("/status/GA-4294967295", "*/*"), 200, "a list that nothing happened to");
}
