//! What runs the city: its first opening, its registry, its tokens, its running numbers.

use std::collections::BTreeSet;
use std::sync::Arc;

use certless::app::demo;
use certless::base::clock::Clock;
use certless::base::id::AgencyCode;
use certless::base::random::SystemRandom;
use certless::crypto::{PublicKey, Signer as _, SigningKey};
use certless::domain::account::Author;
use certless::domain::city::Ports;
use certless::domain::error::{Error, ErrorKind};
use certless::domain::token::Role;
use certless::domain::witness::serve::Told;
use certless::vc::verify::{Policy, receive};

use super::{BASE, Case, World};
use crate::support::city::{keyring, try_city_on};
use crate::support::faults::{FAULTS, Fault, FaultyStore};
use crate::support::roles::stock;

fn new_key() -> PublicKey {
    SigningKey::ed25519(&[9; 32]).public_key().clone()
}

#[test]
fn opening_a_new_city() {
    for fault in FAULTS {
        let world = World::new();
        let clock = Arc::new(world.clock.clone()) as Arc<dyn Clock>;
        let faulty = FaultyStore::failing(Arc::clone(&world.store) as _, 0, fault);
        let error = try_city_on(BASE, Arc::new(faulty), clock).err().unwrap();
        assert_eq!(error.kind, ErrorKind::Unknown, "{error}");
        world.check("a first opening");
        let city = world.sound();
        assert_eq!((city.registry().version, city.registry().agencies.len()), (1, 9));
        world.check("a second opening");
    }
}

#[test]
fn changing_the_registry() {
    Case {
        name: "change trust",
        prepare: |_| AgencyCode::parse("GA").unwrap(),
        act: |city, code| {
            let now = city.now();
            city.change_trust(|registry| registry.rotate(code, "key-new".to_owned(), new_key(), now)).map(drop)
        },
        done: |city, code| {
            let registry = city.registry();
            let keys = &registry.agency(code).unwrap().keys;
            assert_eq!(u64::try_from(keys.len()).unwrap(), registry.version, "a version for every change");
            keys.len() == 2
        },
        again: &[ErrorKind::Conflict],
        resolves: true,
    }
    .run();
}

#[test]
fn renewing_the_registry() {
    let world = World::new();
    drop(world.sound());
    world.clock.advance(20 * 86_400);
    for fault in FAULTS {
        let city = world.process(Arc::new(FaultyStore::failing(Arc::clone(&world.store) as _, 0, fault)));
        let first = city.renew_trust().map_err(|error| error.kind);
        assert_eq!(first, if fault == Fault::After { Ok(()) } else { Err(ErrorKind::Unknown) });
        city.renew_trust().unwrap();
        assert!(city.registry().expires > world.sound().now());
        world.check("a renewal");
        world.clock.advance(20 * 86_400);
    }
}

#[test]
fn cosigning_a_checkpoint() {
    use certless::tlog::checkpoint::Checkpoint;
    use certless::tlog::merkle::{leaf_hash, root};
    use certless::tlog::note::{Kind, VerifierKey};
    const ORIGIN: &str = "log.example";
    Case {
        name: "cosign",
        prepare: |city| {
            let key = SigningKey::ed25519(&[9; 32]);
            let vkey = VerifierKey::new(ORIGIN, Kind::Ed25519, key.public_key()).unwrap().to_string();
            city.witness_log(None, &[vkey], &Author::Token("test".to_owned())).unwrap();
            let tree = Checkpoint { origin: ORIGIN.to_owned(), size: 1, root: root([leaf_hash(b"leaf")]) };
            let mut note = tree.note().unwrap();
            note.sign(ORIGIN, &key).unwrap();
            format!("old 0\n\n{note}")
        },
        act: |city, request| match city.add_checkpoint(request.as_bytes())? {
            Told::Cosigned(_) => Ok(()),
            Told::Size(_) => Err(Error::new(ErrorKind::Conflict, "another size")),
        },
        done: |city, _| city.witnessed_tree(ORIGIN).unwrap().is_some_and(|tree| tree.size == 1),
        again: &[ErrorKind::Conflict],
        resolves: false,
    }
    .run();
}

#[test]
fn making_a_token() {
    Case {
        name: "put token",
        prepare: |_| "cl_token",
        act: |city, token| city.put_token(token, Role::Operator, "演示"),
        done: |city, token| city.authenticate(token).is_ok_and(|caller| caller.role == Role::Operator),
        again: &[],
        resolves: false,
    }
    .run();
}

#[test]
fn running_numbers_are_never_given_twice() {
    for fault in FAULTS {
        let world = World::new();
        let mut seen = BTreeSet::new();
        let before = world.sound();
        assert!((0..100).all(|_| seen.insert(before.next_number(&["GA", "demo"]).unwrap())));
        let city = world.process(Arc::new(FaultyStore::failing(Arc::clone(&world.store) as _, 0, fault)));
        assert_eq!(city.next_number(&["GA", "demo"]).unwrap_err().kind, ErrorKind::Unknown);
        for process in [&city, &before, &world.sound()] {
            assert!((0..100).all(|_| seen.insert(process.next_number(&["GA", "demo"]).unwrap())), "{fault:?}");
        }
        world.check("a counter");
    }
}

#[test]
fn a_key_that_was_made_and_not_published_signs_nothing_after_a_restart() {
    let world = World::new();
    drop(world.sound());
    let code = AgencyCode::parse("GA").unwrap();
    let mut ring = keyring();
    let generation = ring.rotate(&code, &SystemRandom).unwrap();
    let unpublished = ring.agency(&code, generation).unwrap().eddsa.public_key().clone();
    let clock = Arc::new(world.clock.clone()) as Arc<dyn Clock>;
    let ports = Ports {
        store: Arc::clone(&world.store) as _,
        clock,
        random: Arc::new(SystemRandom),
        web: None,
        key_maker: None,
    };
    let city = certless::app::open::assemble(BASE, &ring, ports).unwrap();
    let signs_with = city.keys().agency(&code).unwrap();
    assert_ne!(*signs_with.signer.public_key(), unpublished);
    let order = demo::order(stock("idCard").next().unwrap());
    let id = city.issue(&order).unwrap().id;
    let credential = city.credential(&id).unwrap().package.credential;
    let received = receive(credential.get().as_bytes()).unwrap();
    assert!(city.verify(received, &Policy::full(city.now())).verdict.accepted);
}
