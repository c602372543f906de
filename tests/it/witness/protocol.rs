//! `add-checkpoint`, status code by status code (C2SP tlog-witness), over HTTP and over every store.

use std::sync::{Arc, Barrier};

use certless::adapters::store::memory::MemoryStore;
use certless::adapters::store::sled::{Options, SledStore};
use certless::base::bytes::hex;
use certless::base::clock::{Clock, FixedClock};
use certless::base::random::SystemRandom;
use certless::crypto::SigningKey;
use certless::crypto::digest::sha256;
use certless::domain::account::Author;
use certless::domain::error::ErrorKind;
use certless::domain::ports::Store;
use certless::domain::witness::serve::Told;
use certless::tlog::merkle::{empty_root, verify_consistency};
use certless::tlog::note::{Note, Signature, VerifierKey};

use super::tree::{Tree, body};
use crate::support::city::{Got, TestCity, city_on};
use crate::support::roles::now;

const ORIGIN: &str = "log.example/elsewhere";

fn by() -> Author {
    Author::Token("test".to_owned())
}

fn witnessing(tree: &Tree) -> TestCity {
    let city = TestCity::start();
    city.service.city.witness_log(None, &[tree.vkey()], &by()).unwrap();
    city
}

fn ask(city: &TestCity, body: &str) -> Got {
    city.send(None, "/witness/add-checkpoint", "text/plain", body.as_bytes())
}

/// The time of the cosignature in an answer, verified over what was asked.
#[track_caller]
fn cosigned(city: &TestCity, note: &Note, got: &Got) -> u64 {
    assert_eq!((got.status, got.media.as_str()), (200, "text/plain; charset=utf-8"), "{}", got.text);
    let key = VerifierKey::parse(city.get(None, "/witness/key", "*/*").text.trim_end()).unwrap();
    let mut note = note.clone();
    for line in Signature::parse_lines(&got.text).unwrap() {
        note.add(line);
    }
    note.verify(&key).unwrap().expect("a cosignature of the witness's key")
}

#[track_caller]
fn told_size(got: &Got, size: u64) {
    let told = (got.status, got.media.as_str(), got.text.as_str());
    assert_eq!(told, (409, "text/x.tlog.size", format!("{size}\n").as_str()));
}

#[test]
fn a_log_that_grows_is_cosigned_step_by_step() {
    let tree = Tree::new(ORIGIN, 1, 20);
    let city = witnessing(&tree);
    let monitor = format!("/witness/{}/checkpoint", hex(&sha256(ORIGIN.as_bytes())));
    assert_eq!(city.get(None, &monitor, "*/*").status, 404, "nothing was cosigned yet");
    let mut old = 0;
    for new in [0, 1, 2, 7, 8, 13, 20] {
        let time = cosigned(&city, &tree.note(new), &ask(&city, &tree.request(old, new)));
        assert!(time.abs_diff(u64::try_from(now().as_second()).unwrap()) < 5);
        if new > 0 {
            told_size(&ask(&city, &tree.request(new - 1, new)), new);
        }
        old = new;
    }
    let kept = city.get(None, &monitor, "*/*");
    assert_eq!(kept.status, 200);
    let kept = Note::parse(&kept.text).unwrap();
    assert_eq!(kept.signatures().len(), 2, "the log's and ours");
    assert_eq!(kept.text(), tree.note(20).text());
}

#[test]
fn every_refusal_has_its_status() {
    let mut tree = Tree::new(ORIGIN, 1, 10);
    let city = witnessing(&tree);
    let status = |body: &str| ask(&city, body).status;
    let good = tree.request(0, 10);
    // 404 and 403: whose log it is.
    let stranger = Tree::new("log.example/unknown", 1, 10);
    assert_eq!(status(&stranger.request(0, 10)), 404);
    let mut forged = Tree::new(ORIGIN, 1, 10);
    forged.key = SigningKey::ed25519(&[12; 32]);
    assert_eq!(status(&forged.request(0, 10)), 403, "a key that is not the log's");
    let mut broken = tree.note(10);
    let mut line = broken.signatures()[0].clone();
    line.bytes[5] ^= 1;
    broken.add(line);
    assert_eq!(status(&body(0, &[], &broken.to_string())), 403, "the log's key, and a wrong signature");
    let mut both = Note::parse(&tree.note(10).to_string()).unwrap();
    both.sign("log.example/other", &forged.key).unwrap();
    let (line, last) = (good.lines().last().unwrap(), both.to_string());
    assert!(last.contains(line));
    // 400: no request, or one that cannot be.
    for wrong in [
        "",
        "old 0\n",
        "x",
        &good.replace("old 0", "old 00"),
        &good.replace("old 0\n", ""),
        &good.replace('\u{2014}', "-"),
    ] {
        assert_eq!(status(wrong), 400, "{wrong}");
    }
    assert_eq!(status(&good.replace("old 0", "old 11")), 400, "beyond the checkpoint");
    let many = format!("old 0\n{}", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n".repeat(64));
    assert_eq!(status(&good.replace("old 0\n", &many)), 400, "64 hashes");
    assert_eq!(ask(&city, &"x".repeat(60_000)).status, 413);
    // 422: a proof where there can be none, and an empty tree that is not.
    assert_eq!(status(&body(0, &[[3; 32]], &tree.note(10).to_string())), 422);
    let empty = certless::tlog::checkpoint::Checkpoint { origin: ORIGIN.to_owned(), size: 0, root: [9; 32] };
    let mut note = empty.note().unwrap();
    note.sign(ORIGIN, &tree.key).unwrap();
    assert_eq!(status(&body(0, &[], &note.to_string())), 422);
    assert_ne!(empty.root, empty_root());
    // A checkpoint may carry signatures of others.
    cosigned(&city, &tree.note(10), &ask(&city, &body(0, &[], &last)));
    // 409: the size that is known; a rollback is not possible, with or without a proof.
    told_size(&ask(&city, &tree.request(0, 10)), 10);
    told_size(&ask(&city, &tree.request(4, 6)), 10);
    assert_eq!(status(&body(10, &[], &tree.note(6).to_string())), 400, "a rollback from the known size");
    // 422: a fork, at the same size and beyond it.
    let fork = Tree::new(ORIGIN, 2, 16);
    assert_eq!(status(&body(10, &[], &fork.note(10).to_string())), 422);
    assert_eq!(status(&fork.request(10, 16)), 422);
    tree.grow(1, 6);
    let mut proof = tree.proof(10, 16);
    assert!(verify_consistency(10, &root_of(&tree, 10), 16, &root_of(&tree, 16), &proof));
    proof.pop();
    assert_eq!(status(&body(10, &proof, &tree.note(16).to_string())), 422, "a proof that ends early");
    cosigned(&city, &tree.note(16), &ask(&city, &tree.request(10, 16)));
}

fn root_of(tree: &Tree, size: u64) -> [u8; 32] {
    certless::tlog::checkpoint::Checkpoint::parse(tree.note(size).text()).unwrap().root
}

#[test]
fn the_same_checkpoint_asked_again_is_answered_without_another_write_and_forgetting_forgets_no_tree() {
    let tree = Tree::new(ORIGIN, 1, 10);
    let city = witnessing(&tree);
    let first = ask(&city, &tree.request(0, 10));
    let again = ask(&city, &tree.request(10, 10));
    assert_eq!((again.status, &again.text), (200, &first.text));
    let mut extended = Note::new(format!("{}an extension line\n", tree.note(10).text())).unwrap();
    extended.sign(ORIGIN, &tree.key).unwrap();
    cosigned(&city, &extended, &ask(&city, &body(10, &[], &extended.to_string())));
    city.service.city.forget_log(ORIGIN, &by()).unwrap();
    assert_eq!(ask(&city, &tree.request(10, 10)).status, 404);
    city.service.city.witness_log(None, &[tree.vkey()], &by()).unwrap();
    told_size(&ask(&city, &Tree::new(ORIGIN, 2, 10).request(0, 10)), 10);
}

#[test]
fn what_cannot_be_witnessed_is_refused() {
    let city = TestCity::start();
    let own = city.get(None, "/log/key", "*/*").text.trim().to_owned();
    let cosigner = city.get(None, "/witness/key", "*/*").text.trim().to_owned();
    let add = |keys: &[String]| city.service.city.witness_log(None, keys, &by()).map_err(|error| error.kind).err();
    assert_eq!(add(&[own]), Some(ErrorKind::Refused), "the own log");
    assert_eq!(add(std::slice::from_ref(&cosigner)), Some(ErrorKind::Refused), "a witness's key is no log's");
    assert_eq!(add(&[]), Some(ErrorKind::Refused));
    let tree = Tree::new(ORIGIN, 1, 1);
    let witness =
        |url: &str, key: &str| city.service.city.add_witness(url, key, &by()).map_err(|error| error.kind).err();
    assert_eq!(witness("https://w.example", &tree.vkey()), Some(ErrorKind::Refused), "a log's key is no witness's");
    assert_eq!(witness("ftp://w.example", &cosigner), Some(ErrorKind::Refused));
    assert_eq!(witness("https://w.example/witness/", &cosigner), None);
    assert_eq!(city.service.city.witnesses().unwrap()[0].url, "https://w.example/witness");
}

/// Both stores, each behind what opens it again.
fn stores() -> Vec<(Arc<dyn Store>, FixedClock, Option<tempfile::TempDir>)> {
    let clock = || FixedClock::new(now());
    let (first, second) = (clock(), clock());
    let dir = tempfile::tempdir().unwrap();
    let options = Options { floor: 1, ..Options::default() };
    let sled = SledStore::open(dir.path(), &options, Arc::new(second.clone()), &SystemRandom).unwrap();
    let memory = Arc::new(MemoryStore::new(Arc::new(first.clone()))) as Arc<dyn Store>;
    vec![(memory, first, None), (Arc::new(sled), second, Some(dir))]
}

#[test]
fn of_many_at_once_each_old_size_is_left_once_on_every_store() {
    for (store, clock, _dir) in stores() {
        let tree = Tree::new(ORIGIN, 1, 40);
        let city = |store: &Arc<dyn Store>| {
            city_on("https://w.example", Arc::clone(store), Arc::new(clock.clone()) as Arc<dyn Clock>)
        };
        let shared = city(&store);
        shared.witness_log(None, &[tree.vkey()], &by()).unwrap();
        for round in 0..6 {
            let old = shared.witnessed_tree(ORIGIN).unwrap().map_or(0, |tree| tree.size);
            let barrier = Barrier::new(5);
            let told: Vec<Told> = std::thread::scope(|scope| {
                let ask = |new: u64| {
                    let (shared, tree, barrier) = (&shared, &tree, &barrier);
                    scope.spawn(move || {
                        barrier.wait();
                        shared.add_checkpoint(tree.request(old, new).as_bytes()).unwrap()
                    })
                };
                let threads: Vec<_> = (1..=5).map(|n| ask(old + n)).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            let cosigned = told.iter().filter(|told| matches!(told, Told::Cosigned(_))).count();
            let now = shared.witnessed_tree(ORIGIN).unwrap().unwrap();
            assert_eq!(cosigned, 1, "round {round}: {told:?}");
            assert!(
                told.iter().all(|told| matches!(told, Told::Cosigned(_)) || *told == Told::Size(now.size)),
                "{told:?}"
            );
            assert_eq!(city(&store).witnessed_tree(ORIGIN).unwrap().unwrap().size, now.size, "another process sees it");
        }
    }
}
