//! Stores to test and the one record set they are tested with: an issuance as the city writes it.

use std::sync::Arc;

use certless::adapters::store::memory::MemoryStore;
use certless::adapters::store::sled::{Options, SledStore};
use certless::base::clock::FixedClock;
use certless::base::id::{AgencyCode, ListId, RequestId};
use certless::base::random::SystemRandom;
use certless::base::time::from_unix;
use certless::crypto::digest::sha256;
use certless::domain::backup::Report;
use certless::domain::change::{Change, Table};
use certless::domain::ports::Store;

/// A store with its clock.
pub(super) trait Fixture {
    fn store(&self) -> Arc<dyn Store>;
    fn clock(&self) -> &FixedClock;
    fn check(&self) -> Report;
    fn export(&self) -> Vec<u8>;
}

pub(super) struct Memory {
    store: Arc<MemoryStore>,
    clock: FixedClock,
}

impl Memory {
    pub(super) fn new() -> Self {
        let clock = clock();
        Self { store: Arc::new(MemoryStore::new(Arc::new(clock.clone()))), clock }
    }
}

impl Fixture for Memory {
    fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store) as Arc<dyn Store>
    }

    fn clock(&self) -> &FixedClock {
        &self.clock
    }

    fn check(&self) -> Report {
        self.store.snapshot().unwrap().check().unwrap()
    }

    fn export(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.store.snapshot().unwrap().export(&mut out).unwrap();
        out
    }
}

pub(super) struct Sled {
    store: Arc<SledStore>,
    clock: FixedClock,
    _dir: tempfile::TempDir,
}

impl Sled {
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = clock();
        let store = SledStore::open(dir.path(), &small(), Arc::new(clock.clone()), &SystemRandom).unwrap();
        Self { store: Arc::new(store), clock, _dir: dir }
    }
}

impl Fixture for Sled {
    fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store) as Arc<dyn Store>
    }

    fn clock(&self) -> &FixedClock {
        &self.clock
    }

    fn check(&self) -> Report {
        self.store.snapshot().unwrap().check().unwrap()
    }

    fn export(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.store.snapshot().unwrap().export(&mut out).unwrap();
        out
    }
}

/// Options that let many stores live beside each other on a small disk.
pub(super) fn small() -> Options {
    Options { cache: 16 << 20, floor: 1 << 20, ballast: 0, ..Options::default() }
}

pub(super) fn clock() -> FixedClock {
    FixedClock::new(from_unix(1_800_000_000).unwrap())
}

pub(super) fn agency() -> AgencyCode {
    AgencyCode::parse("GA").unwrap()
}

pub(super) fn list() -> ListId {
    ListId::parse("GA-0").unwrap()
}

pub(super) fn request(name: &str) -> RequestId {
    RequestId::parse(name).unwrap()
}

/// A change with a body that is its name.
pub(super) fn change(name: &str) -> Change {
    Change::new(request(name), sha256(name.as_bytes()))
}

/// The key of the credential an [`issuance`] of this name makes.
pub(super) fn credential_key(name: &str) -> Vec<u8> {
    format!("GA\0{name}").into_bytes()
}

/// One issuance: record of 2 KB, licence number, indexes, audit event, log entry, receipt.
pub(super) fn issuance(name: &str) -> Change {
    let key = credential_key(name);
    let joined = |first: &str| [first.as_bytes(), b"\0", &key].concat();
    change(name)
        .insert(Table::Credential, key.clone(), name.as_bytes().repeat(2048 / name.len()))
        .insert(Table::CredentialById, name, key.clone())
        .insert(Table::Licence, format!("idCard\0{name}"), key.clone())
        .put(Table::HolderIndex, joined("holder"), key.clone())
        .put(Table::TypeIndex, joined("idCard"), key.clone())
        .put(Table::AgencyIndex, format!("GA\0002026\0{name}"), key.clone())
        .put(Table::Audit, format!("GA\0002026\0{name}"), vec![b'a'; 270])
        .leaf(name)
        .receipt(name)
}
