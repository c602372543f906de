//! A full disk: a clean error, nothing lost, and a start on the full disk.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use certless::adapters::store::check::check;
use certless::adapters::store::sled::{Options, SledStore};
use certless::base::random::SystemRandom;
use certless::domain::change::Table;
use certless::domain::ports::{Store, StoreError};

use super::fixture::{clock, credential_key, issuance, small};
use super::power::LoopDisk;

fn open(dir: &Path, floor: u64, ballast: u64) -> Result<SledStore, StoreError> {
    let options = Options { floor, ballast, ..small() };
    SledStore::open(dir, &options, Arc::new(clock()), &SystemRandom)
}

/// Issues until something else than a receipt comes; the names promised and the error.
fn fill(store: &SledStore, round: &str) -> (Vec<String>, StoreError) {
    let mut promised = Vec::new();
    for batch in 0.. {
        let names: Vec<_> = (0..64).map(|n| format!("{round}-{batch}-{n}")).collect();
        let results = store.commit_each(names.iter().map(|name| issuance(name)).collect());
        for (name, result) in names.into_iter().zip(results) {
            match result {
                Ok(_) => promised.push(name),
                Err(error) => return (promised, error),
            }
        }
    }
    unreachable!("a disk without end")
}

fn assert_kept(store: &SledStore, promised: &[String]) {
    for name in promised {
        assert!(store.get(Table::Credential, &credential_key(name)).unwrap().is_some(), "{name} is lost");
    }
    assert_eq!(check(store.rows()).unwrap().listed, Vec::<String>::new());
}

/// Takes every byte that is left.
fn fill_up(path: &Path) {
    let mut file = File::create(path).unwrap();
    while file.write_all(&[1; 4096]).and_then(|()| file.flush()).is_ok() {}
    while file.write_all(&[1]).is_ok() {}
    let _ = file.sync_all();
}

#[test]
fn the_floor_stops_writing_in_time_and_room_lets_it_go_on() {
    let Some(disk) = LoopDisk::or_skip(160, "the_floor_stops_writing_in_time_and_room_lets_it_go_on") else { return };
    let filler = disk.path().join("filler");
    rustix::fs::fallocate(File::create(&filler).unwrap(), rustix::fs::FallocateFlags::empty(), 0, 80 << 20).unwrap();
    let store = open(&disk.path().join("store"), 30 << 20, 4 << 20).unwrap();
    let (promised, error) = fill(&store, "a");
    assert_eq!(error, StoreError::Full);
    assert!(promised.len() > 500, "{}", promised.len());
    assert!(store.health().ready && !store.health().writable);
    assert_kept(&store, &promised);
    fs::remove_file(filler).unwrap();
    store.commit(issuance("after")).unwrap();
    assert_kept(&store, &promised);
}

#[test]
fn a_store_starts_again_on_a_disk_that_is_really_full() {
    let Some(disk) = LoopDisk::or_skip(160, "a_store_starts_again_on_a_disk_that_is_really_full") else { return };
    let filler = disk.path().join("filler");
    rustix::fs::fallocate(File::create(&filler).unwrap(), rustix::fs::FallocateFlags::empty(), 0, 90 << 20).unwrap();
    let dir = disk.path().join("store");
    let store = open(&dir, 0, 24 << 20).unwrap();
    let (promised, error) = fill(&store, "a");
    assert!(matches!(error, StoreError::Unknown | StoreError::Full), "{error}");
    assert!(promised.len() > 500, "{}", promised.len());
    assert!(store.commit(issuance("late")).is_err());
    drop(store);
    fill_up(&disk.path().join("last"));

    let store = open(&dir, 12 << 20, 0).unwrap();
    assert_kept(&store, &promised);
    drop(store);
    assert!(!dir.join("ballast").exists(), "the ballast made room");

    fs::remove_file(filler).unwrap();
    let store = open(&dir, 12 << 20, 0).unwrap();
    assert_kept(&store, &promised);
    store.commit(issuance("after")).unwrap();
}
