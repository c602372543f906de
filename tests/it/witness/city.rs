//! The other side: a city collects cosignatures, whatever its witnesses do.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use certless::adapters::fetch::Policy as FetchPolicy;
use certless::adapters::fetch::allow::AllowList;
use certless::adapters::store::memory::MemoryStore;
use certless::app::open::assemble;
use certless::app::witnesses::ask_all;
use certless::base::clock::{Clock, FixedClock};
use certless::base::id::RequestId;
use certless::base::json::Value;
use certless::crypto::derive::SeededRandom;
use certless::domain::account::Author;
use certless::domain::change::Change;
use certless::domain::city::{City, Ports};
use certless::domain::ports::{LOG_LEASE, Store};
use certless::tlog::checkpoint::Policy;
use certless::tlog::merkle::leaf_hash;
use certless::tlog::note::{Note, VerifierKey};
use certless::tlog::proof::LogProof;

use crate::support::city::{TestCity, city_on, keyring};
use crate::support::roles::{Agency, Resident, now, row_of};

fn by() -> Author {
    Author::Token("test".to_owned())
}

fn fetching() -> FetchPolicy {
    FetchPolicy {
        hosts: AllowList::parse(&["nobody.example"]).unwrap(),
        loopback: true,
        private: false,
        total: Duration::from_secs(5),
        max_bytes: 1 << 20,
        max_redirects: 0,
        authorities: Vec::new(),
    }
}

fn key_of(city: &TestCity, path: &str) -> String {
    city.get(None, path, "*/*").text.trim_end().to_owned()
}

/// `log` is witnessed by `witness` from now on.
fn connect(log: &City, witness: &TestCity) {
    witness.service.city.witness_log(None, &[log.log_key().unwrap().to_string()], &by()).unwrap();
    log.add_witness(&format!("{}/witness", witness.base), &key_of(witness, "/witness/key"), &by()).unwrap();
}

fn ask(city: &City) {
    ask_all(city, &fetching()).unwrap();
}

/// Adds leaves to a log and integrates them.
fn grow(city: &City, store: &dyn Store, name: &str, leaves: usize) {
    let request = RequestId::parse(&format!("grow/{name}")).unwrap();
    let change = (0..leaves).fold(Change::new(request, [0; 32]), |change, n| change.leaf(format!("{name}/{n}")));
    city.store().commit(change).unwrap();
    let epoch = store.lease(LOG_LEASE, "test", Duration::from_secs(5)).unwrap().unwrap();
    store.integrate(epoch, 100_000).unwrap();
}

fn state(city: &City) -> Value {
    city.witness_state(true).unwrap()
}

#[test]
fn two_cities_witness_each_other() {
    let (first, second) = (TestCity::start(), TestCity::start());
    connect(&first.service.city, &second);
    connect(&second.service.city, &first);
    for n in 0..3 {
        for (city, witness) in [(&first, &second), (&second, &first)] {
            let issued = Agency::new(city, "GA").issue(row_of("idCard", &Resident::nth(n).code));
            city.integrate();
            ask(&city.service.city);
            let served = city.get(None, "/log/checkpoint", "*/*").text;
            let policy = Policy {
                origin: city.service.city.log_origin(),
                logs: vec![VerifierKey::parse(&key_of(city, "/log/key")).unwrap().into()],
                witnesses: vec![VerifierKey::parse(&key_of(witness, "/witness/key")).unwrap()],
                quorum: 1,
            };
            let accepted = policy.open(&served).unwrap();
            assert_eq!(accepted.witnessed[0].0, witness.service.city.witness_name());
            assert_eq!(city.get(None, "/log/witnessed", "*/*").status, 200);
            let id = issued["id"].as_str().unwrap();
            let companion = city.get(Some(&city.token), &format!("/api/credentials/{id}/log-proof"), "*/*").text;
            let proof = LogProof::parse(&companion).unwrap();
            proof.verify(&leaf_hash(proof.extra.as_ref().unwrap()), &policy).unwrap();
            let told = state(&city.service.city);
            assert_eq!((told["witnesses"][0]["state"].as_str(), &told["witnessed"]), (Some("current"), &told["size"]));
            let watched = state(&witness.service.city);
            assert_eq!(watched["logs"][0]["size"], told["size"], "the other side tells it too");
        }
    }
    let open = first.get(None, "/log/witnesses", "*/*").json();
    assert_eq!(open["witnesses"][0]["state"], "current");
    let growth = first.get(None, "/log/growth", "*/*").json();
    assert_eq!(growth["points"].as_array().unwrap().len() as u64, growth["size"].as_u64().unwrap());
    assert_eq!(growth["checkpoints"][0]["witnesses"], 1);
}

#[test]
fn a_witness_that_knows_an_older_tree_is_led_on_from_there() {
    let (city, witness) = (TestCity::start(), TestCity::start());
    connect(&city.service.city, &witness);
    city.integrate();
    Agency::new(&city, "GA").issue(row_of("idCard", &Resident::nth(0).code));
    city.integrate();
    // Somebody else has brought the checkpoint already: the city itself does not know.
    let note = Note::parse(&city.service.city.checkpoint().unwrap()).unwrap();
    let brought = witness.send(None, "/witness/add-checkpoint", "text/plain", format!("old 0\n\n{note}").as_bytes());
    assert_eq!(brought.status, 200);
    for n in 1..3 {
        Agency::new(&city, "GA").issue(row_of("idCard", &Resident::nth(n).code));
    }
    city.integrate();
    ask(&city.service.city);
    assert_eq!(state(&city.service.city)["witnesses"][0]["state"], "current");
}

#[test]
fn a_witness_that_is_down_stops_nothing_and_is_asked_less_often() {
    let clock = FixedClock::new(now());
    let store = Arc::new(MemoryStore::new(Arc::new(clock.clone())));
    let city = city_on("https://a.example", Arc::clone(&store) as _, Arc::new(clock.clone()) as Arc<dyn Clock>);
    // One that takes the connection and never answers, one that is not there, and one that is well.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let well = TestCity::start();
    connect(&city, &well);
    let key = |name: &str| {
        let key = VerifierKey::parse(&key_of(&TestCity::start(), "/witness/key")).unwrap().to_string();
        assert!(!key.contains(name));
        key
    };
    let silent_url = format!("http://{}", silent.local_addr().unwrap());
    city.add_witness(&silent_url, &key("silent"), &by()).unwrap();
    city.add_witness("http://127.0.0.1:9", &key("absent"), &by()).unwrap();
    grow(&city, store.as_ref(), "first", 5);
    let begun = Instant::now();
    ask_all(&city, &FetchPolicy { total: Duration::from_secs(1), ..fetching() }).unwrap();
    assert!(begun.elapsed() < Duration::from_secs(3), "the others are not waited for one after another");
    let states = |city: &City| -> Vec<String> {
        let told = state(city);
        let mut states: Vec<_> =
            told["witnesses"].as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap().to_owned()).collect();
        states.sort();
        states
    };
    assert_eq!(states(&city), ["current", "down", "down"]);
    let policy = city.witnessed_policy().unwrap();
    assert_eq!(policy.quorum, 1);
    policy.open(&city.checkpoint().unwrap()).unwrap();
    assert!(city.witness_tasks().unwrap().is_empty(), "those that failed are left alone for a while");
    clock.advance(61);
    assert_eq!(city.witness_tasks().unwrap().len(), 2, "and asked again later");
    // Two are wanted and one has signed: no quorum, and the log goes on all the same.
    let mut strict = city_on("https://a.example", Arc::clone(&store) as _, Arc::new(clock.clone()) as Arc<dyn Clock>);
    strict.rules.witnesses.quorum = 2;
    grow(&strict, store.as_ref(), "second", 5);
    ask_all(&strict, &FetchPolicy { total: Duration::from_secs(1), ..fetching() }).unwrap();
    assert_eq!(
        strict.witnessed_policy().unwrap().open(&strict.checkpoint().unwrap()).unwrap_err().code,
        "checkpoint_quorum"
    );
    assert_eq!(strict.witnessed_checkpoint().unwrap().map(|(head, _)| head.size), Some(18), "what had a quorum before");
    assert_eq!(strict.log_proof(17).unwrap().index, 17);
}

#[test]
fn a_log_that_was_rolled_back_or_forked_is_noticed_by_its_own_city() {
    let witness = TestCity::start();
    let clock = FixedClock::new(now());
    let open = || {
        let store = Arc::new(MemoryStore::new(Arc::new(clock.clone())));
        let city = city_on("https://a.example", Arc::clone(&store) as _, Arc::new(clock.clone()) as Arc<dyn Clock>);
        (store, city)
    };
    let (store, city) = open();
    connect(&city, &witness);
    grow(&city, store.as_ref(), "first", 9);
    ask(&city);
    assert_eq!(state(&city)["witnesses"][0]["state"], "current");
    // An old backup was restored: fewer entries than the witness has seen.
    let (store, restored) = open();
    connect(&restored, &witness);
    grow(&restored, store.as_ref(), "first", 4);
    ask(&restored);
    let told = state(&restored);
    assert_eq!(told["witnesses"][0]["state"], "ahead", "{told}");
    assert!(told["witnessed"].is_null());
    // And it went on from there: another history.
    grow(&restored, store.as_ref(), "another", 8);
    clock.advance(61);
    ask(&restored);
    assert_eq!(state(&restored)["witnesses"][0]["state"], "refused");
    assert!(restored.witnessed_checkpoint().unwrap().is_none());
}

#[test]
fn the_witnessed_checkpoint_outlives_the_process() {
    let witness = TestCity::start();
    let clock = FixedClock::new(now());
    let store = Arc::new(MemoryStore::new(Arc::new(clock.clone())));
    let open = || city_on("https://a.example", Arc::clone(&store) as _, Arc::new(clock.clone()) as Arc<dyn Clock>);
    let city = open();
    connect(&city, &witness);
    grow(&city, store.as_ref(), "first", 9);
    ask(&city);
    let (head, note) = city.witnessed_checkpoint().unwrap().unwrap();
    assert_eq!(head.size, 22, "the city's registry, its three keys and nine of agencies have entries too");
    let later = open();
    assert_eq!(later.witnessed_checkpoint().unwrap().unwrap().1, note);
    assert_eq!(later.log_proof(3).unwrap().checkpoint, note);
}

#[test]
fn grease_comes_by_chance_that_can_be_repeated_and_every_reader_ignores_it() {
    let clock = FixedClock::new(now());
    let served = |seed: &str| -> Vec<bool> {
        let store = Arc::new(MemoryStore::new(Arc::new(clock.clone())));
        let random = Arc::new(SeededRandom::new(seed));
        let ports = Ports { store, clock: Arc::new(clock.clone()), random, web: None, key_maker: None };
        let city = assemble("https://a.example", &keyring(), ports).unwrap();
        let policy = city.log_policy().unwrap();
        (0..64)
            .map(|_| {
                let note = city.served_checkpoint().unwrap();
                policy.open(&note).unwrap();
                note.contains("grease.invalid")
            })
            .collect()
    };
    let first = served("one");
    assert_eq!(first, served("one"));
    assert_ne!(first, served("two"));
    let greased = first.iter().filter(|greased| **greased).count();
    assert!((1..32).contains(&greased), "{greased} of 64");
}
