//! Every commit of every use case fails once, before or after it was persisted: the caller is told `unknown-outcome`, the
//! store is whole, asking again comes to one and the same end, and a process that starts afterwards sees it.

mod issuing;
mod keys;
mod matters;
mod offers;
mod running;
mod trust;

use std::sync::{Arc, Mutex};

use certless::adapters::keyring::Keyring;
use certless::adapters::store::memory::MemoryStore;
use certless::app::open::assemble;
use certless::base::clock::{Clock, FixedClock};
use certless::base::random::SystemRandom;
use certless::domain::city::{City, Ports};
use certless::domain::error::{Error, ErrorKind};
use certless::domain::ports::Store;

use crate::support::city::{Maker, keyring};
use crate::support::faults::{FAULTS, Fault, FaultyStore};
use crate::support::roles::now;

const BASE: &str = "https://city.example";

/// A store, a clock, and processes that come and go.
struct World {
    store: Arc<MemoryStore>,
    clock: FixedClock,
    /// The key files, which outlive a process.
    ring: Arc<Mutex<Keyring>>,
}

impl World {
    fn new() -> Self {
        let clock = FixedClock::new(now());
        let ring = Arc::new(Mutex::new(keyring()));
        Self { store: Arc::new(MemoryStore::new(Arc::new(clock.clone()))), clock, ring }
    }

    /// A process on a store.
    fn process(&self, store: Arc<dyn Store>) -> City {
        let ports = Ports {
            store,
            clock: Arc::new(self.clock.clone()) as Arc<dyn Clock>,
            random: Arc::new(SystemRandom),
            web: Some(trust::neighbour()),
            key_maker: Some(Arc::new(Maker(Arc::clone(&self.ring)))),
        };
        assemble(BASE, &self.ring.lock().unwrap(), ports).unwrap()
    }

    /// A process that nothing happens to.
    fn sound(&self) -> City {
        self.process(Arc::clone(&self.store) as Arc<dyn Store>)
    }

    fn check(&self, when: &str) {
        let report = self.store.snapshot().unwrap().check().unwrap();
        assert_eq!(report.faults, 0, "{when}: {:?}", report.listed);
    }
}

/// One use case.
struct Case<C> {
    name: &'static str,
    /// Makes what the use case needs.
    prepare: fn(&City) -> C,
    act: fn(&City, &C) -> Result<(), Error>,
    /// Whether it has happened; fails when it has happened in part.
    done: fn(&City, &C) -> bool,
    /// What asking again may answer when it has happened, besides yes.
    again: &'static [ErrorKind],
    /// Whether it asks the store itself what became of a commit.
    resolves: bool,
}

impl<C> Case<C> {
    /// Goes through the table: every write × both faults.
    fn run(&self) {
        let writes = self.writes();
        assert!(writes > 0, "{}: nothing is written", self.name);
        for nth in 0..writes {
            for fault in FAULTS {
                self.fails(nth, fault, writes);
            }
        }
    }

    /// How many writes the use case makes when nothing fails.
    fn writes(&self) -> u32 {
        let world = World::new();
        let context = (self.prepare)(&world.sound());
        let store = Arc::new(FaultyStore::new(Arc::clone(&world.store) as Arc<dyn Store>));
        let city = world.process(Arc::clone(&store) as Arc<dyn Store>);
        let before = store.writes();
        assert!(!(self.done)(&world.sound(), &context), "{}: done beforehand", self.name);
        (self.act)(&city, &context).unwrap();
        assert!((self.done)(&world.sound(), &context), "{}: not done", self.name);
        assert_eq!(before, 0, "{}: opening writes", self.name);
        store.writes()
    }

    fn fails(&self, nth: u32, fault: Fault, writes: u32) {
        let told = format!("{}: write {nth} of {writes} fails {fault:?}", self.name);
        let world = World::new();
        let context = (self.prepare)(&world.sound());
        let faulty = FaultyStore::failing(Arc::clone(&world.store) as Arc<dyn Store>, nth, fault);
        let city = world.process(Arc::new(faulty));
        let happened = nth + 1 == writes && fault == Fault::After;
        match (self.act)(&city, &context) {
            Ok(()) => assert!(self.resolves && happened, "{told}: told as done"),
            Err(error) => {
                assert_eq!((error.kind, error.kind.code()), (ErrorKind::Unknown, "unknown-outcome"), "{told}: {error}");
                assert!(!(self.resolves && happened), "{told}: could have been told");
            }
        }
        world.check(&told);
        // What other processes may have kept of a list is a second old at most.
        world.clock.advance(2);
        assert_eq!((self.done)(&world.sound(), &context), happened, "{told}: after a restart");
        match (self.act)(&city, &context) {
            Ok(()) => {}
            Err(error) => assert!(happened && self.again.contains(&error.kind), "{told}, asked again: {error}"),
        }
        world.clock.advance(2);
        assert!((self.done)(&city, &context), "{told}: asked again");
        assert!((self.done)(&world.sound(), &context), "{told}: asked again, then restarted");
        world.check(&told);
    }
}
