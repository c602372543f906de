//! What the sled adapter alone must bear: being opened, held, emptied, moved back, damaged and refused.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use certless::adapters::store::SCHEMA;
use certless::adapters::store::rows::{Space, deframe, enframe};
use certless::adapters::store::sled::raw::Raw;
use certless::adapters::store::sled::{Options, SledStore};
use certless::base::random::SystemRandom;
use certless::domain::change::{MAX_VALUE, Status, Table};
use certless::domain::ports::{LOG_LEASE, Store, StoreError};

use super::fixture::{Fixture, Sled, agency, change, clock, credential_key, issuance, list, request, small};
use super::moving::fill;
use crate::log::by_hand::engine;

pub(super) fn open(dir: &Path) -> Result<SledStore, StoreError> {
    SledStore::open(dir, &small(), Arc::new(clock()), &SystemRandom)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() { copy(&entry.path(), &to) } else { drop(fs::copy(entry.path(), to)) }
    }
}

fn corrupt(result: Result<SledStore, StoreError>) -> String {
    match result.map(drop) {
        Err(StoreError::Corrupt(why)) => why,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[test]
fn everything_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let mut leased = Vec::new();
    for round in 0..4 {
        let store = open(dir.path()).unwrap();
        leased.extend(store.lease_status(&agency(), 3).unwrap());
        let revoke = issuance(&format!("c{round}")).status(list(), round, Status::Valid, Status::Revoked);
        store.commit(revoke).unwrap();
        let epoch = store.lease(LOG_LEASE, "same", Duration::from_secs(1)).unwrap().unwrap();
        assert_eq!(store.integrate(epoch, 10).unwrap().head.size, u64::from(round) + 1);
        for earlier in 0..=round {
            let key = credential_key(&format!("c{earlier}"));
            assert!(store.get(Table::Credential, &key).unwrap().is_some());
            assert!(store.outcome(&request(&format!("c{earlier}"))).unwrap().is_some());
        }
        assert_eq!(store.status_list(&list()).unwrap().entries.len(), round as usize + 1);
    }
    assert_eq!(leased, (0..12).collect::<Vec<_>>());
}

#[test]
fn no_row_lands_in_a_file_that_is_never_synced() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    for round in 0..8 {
        let put = |n: u32| {
            let value = vec![7; MAX_VALUE - 16];
            change(&format!("big-{round}-{n}")).put(Table::Config, format!("{n:03}"), value)
        };
        assert!(store.commit_each((0..40).map(put).collect()).iter().all(Result::is_ok));
    }
    drop(store);
    assert_eq!(fs::read_dir(dir.path().join("sled/blobs")).unwrap().count(), 0);
    assert!(open(dir.path()).unwrap().get(Table::Config, b"039").unwrap().is_some());
}

#[test]
fn a_store_in_use_is_not_opened_twice() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    let Err(StoreError::Held(by)) = open(dir.path()) else { panic!("opened twice") };
    assert!(by.contains(&std::process::id().to_string()), "{by}");
    drop(store);
    assert!(open(dir.path()).is_ok());
}

#[test]
fn a_database_that_comes_up_empty_or_older_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let kept = tempfile::tempdir().unwrap();
    open(dir.path()).unwrap().commit(issuance("old")).unwrap();
    copy(&dir.path().join("sled"), &kept.path().join("old"));
    open(dir.path()).unwrap().commit(issuance("new")).unwrap();

    fs::rename(dir.path().join("sled"), kept.path().join("new")).unwrap();
    let why = corrupt(open(dir.path()));
    assert!(why.contains("empty"), "{why}");

    fs::remove_dir_all(dir.path().join("sled")).unwrap();
    fs::rename(kept.path().join("old"), dir.path().join("sled")).unwrap();
    let why = corrupt(open(dir.path()));
    assert!(why.contains("went back"), "{why}");

    fs::remove_dir_all(dir.path().join("sled")).unwrap();
    let other = tempfile::tempdir().unwrap();
    open(other.path()).unwrap().commit(issuance("other")).unwrap();
    fs::rename(other.path().join("sled"), dir.path().join("sled")).unwrap();
    let why = corrupt(open(dir.path()));
    assert!(why.contains("another store"), "{why}");

    fs::remove_dir_all(dir.path().join("sled")).unwrap();
    fs::rename(kept.path().join("new"), dir.path().join("sled")).unwrap();
    let store = open(dir.path()).unwrap();
    assert!(store.get(Table::Credential, &credential_key("new")).unwrap().is_some());
}

#[test]
fn a_crash_between_database_and_marker_is_no_damage() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()).unwrap());
    fs::remove_file(dir.path().join("GENESIS")).unwrap();
    drop(open(dir.path()).unwrap());
    assert!(dir.path().join("GENESIS").exists());
}

#[test]
fn a_snapshot_cut_off_while_it_was_written_is_no_damage() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).unwrap().commit(issuance("one")).unwrap();
    fs::write(dir.path().join("sled/snap.FFFFFFFFFFFFFFFF.generating"), "half").unwrap();
    let store = open(dir.path()).unwrap();
    assert!(store.get(Table::Credential, &credential_key("one")).unwrap().is_some());
}

#[test]
fn a_newer_schema_version_is_refused_and_an_older_one_is_raised() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()).unwrap());
    let newer = u64::from(SCHEMA) + 1;
    let write = |schema: u64| {
        let frame = enframe(Space::Meta, b"schema", 1, &schema.to_be_bytes());
        Raw::create(dir.path(), &small()).unwrap().commit([(Space::Meta, b"schema".to_vec(), frame)]).unwrap();
    };
    for wrong in [0, newer] {
        write(wrong);
        let result = open(dir.path()).map(drop);
        let named = format!("schema version {wrong}");
        assert!(matches!(&result, Err(StoreError::Refused(why)) if why.contains(&named)), "{result:?}");
    }
    write(1);
    drop(open(dir.path()).unwrap());
    let frame = engine(dir.path()).open_tree(Space::Meta.name()).unwrap().get(b"schema").unwrap().unwrap();
    assert_eq!(deframe(Space::Meta, b"schema", &frame).unwrap().1, u64::from(SCHEMA).to_be_bytes());
}

/// The engine's threads hold its lock for a moment after the database was closed; and a child that was forked holds every
/// lock until it begins its own program. Whoever opens a store that was dropped must not see either.
#[test]
fn a_dropped_store_is_free_at_once_under_load() {
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let busy: Vec<_> = (0..4)
        .map(|_| {
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    std::process::Command::new("true").status().unwrap();
                }
            })
        })
        .collect();
    let dir = tempfile::tempdir().unwrap();
    for round in 0..40 {
        let store = open(dir.path()).unwrap_or_else(|error| panic!("round {round}: {error}"));
        store.commit(issuance(&format!("c{round}"))).unwrap();
        drop(store);
        drop(Raw::create(dir.path(), &small()).unwrap_or_else(|error| panic!("round {round}, the engine: {error}")));
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    for thread in busy {
        thread.join().unwrap();
    }
}

#[test]
fn a_damaged_row_ends_the_store() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).unwrap().commit(issuance("one")).unwrap();
    let frame = enframe(Space::Table(Table::Licence), b"elsewhere", 1, b"x");
    let row = (Space::Table(Table::Credential), b"GA\0moved".to_vec(), frame);
    Raw::create(dir.path(), &small()).unwrap().commit([row]).unwrap();
    let store = open(dir.path()).unwrap();
    assert!(store.health().ready);
    assert!(store.get(Table::Credential, &credential_key("one")).unwrap().is_some());
    assert!(matches!(store.get(Table::Credential, b"GA\0moved"), Err(StoreError::Corrupt(_))));
    assert!(matches!(store.get(Table::Credential, &credential_key("one")), Err(StoreError::Corrupt(_))));
    assert!(matches!(store.commit(issuance("two")), Err(StoreError::Corrupt(_))));
    assert!(matches!(store.commit_each(vec![issuance("two")]).pop(), Some(Err(StoreError::Corrupt(_)))));
    assert!(matches!(store.log_head(), Err(StoreError::Corrupt(_))));
    let health = store.health();
    assert!(!health.ready && !health.writable && health.reason.unwrap().contains("damaged"));
}

/// Bytes are flipped all over the data file: opening and reading may fail, but never panic, and never give a wrong value.
#[test]
fn a_damaged_data_file_never_gives_a_wrong_value() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    assert!(store.commit_each((0..200).map(|n| issuance(&format!("c{n}"))).collect()).iter().all(Result::is_ok));
    drop(store);
    let data = fs::read(dir.path().join("sled/db")).unwrap();
    let end = data.iter().rposition(|byte| *byte != 0).unwrap();
    for round in 0..12 {
        let broken = tempfile::tempdir().unwrap();
        copy(dir.path(), broken.path());
        let mut data = data.clone();
        let at = end * round / 12 + round;
        data[at..at + 8].iter_mut().for_each(|byte| *byte ^= 0x55);
        fs::write(broken.path().join("sled/db"), data).unwrap();
        let Ok(store) = open(broken.path()) else { continue };
        for n in 0..200 {
            let name = format!("c{n}");
            match store.get(Table::Credential, &credential_key(&name)) {
                Ok(Some(row)) => assert_eq!(row.value, name.as_bytes().repeat(2048 / name.len())),
                Ok(None) => panic!("round {round}: {name} is silently gone"),
                Err(_) => break,
            }
        }
    }
}

#[test]
fn a_broken_export_leaves_no_store_and_a_good_one_makes_it() {
    let source = Sled::new();
    fill(&source);
    let export = source.export();
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("city");
    for cut in [0, export.len() / 2, export.len() - 3] {
        let result = SledStore::import(&dir, &small(), &export[..cut]);
        assert!(matches!(result, Err(StoreError::Refused(_))), "{result:?}");
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0, "something was left behind");
    }
    let summary = SledStore::import(&dir, &small(), export.as_slice()).unwrap();
    let store = open(&dir).unwrap();
    assert_eq!(store.instance().unwrap(), summary.instance);
    assert_eq!(store.log_head().unwrap().size, 270);
    assert_eq!(store.lease_status(&agency(), 1).unwrap(), 300..301);
    assert!(store.commit(issuance("c7")).unwrap().repeated);
    drop(store);
    let again = SledStore::import(&dir, &small(), export.as_slice());
    assert!(matches!(again, Err(StoreError::Refused(why)) if why.contains("not empty")));
}

#[test]
fn below_the_floor_nothing_is_written_and_everything_is_read() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).unwrap().commit(issuance("one")).unwrap();
    let no_room = Options { floor: u64::MAX - 1, ..small() };
    let store = SledStore::open(dir.path(), &no_room, Arc::new(clock()), &SystemRandom).unwrap();
    assert_eq!(store.commit(issuance("two")), Err(StoreError::Full));
    assert_eq!(store.lease_status(&agency(), 1), Err(StoreError::Full));
    assert_eq!(store.commit_each(vec![issuance("two")]), [Err(StoreError::Full)]);
    assert!(store.commit(issuance("one")).unwrap().repeated, "what was done is told");
    assert!(store.outcome(&request("one")).unwrap().is_some());
    assert!(store.get(Table::Credential, &credential_key("one")).unwrap().is_some());
    let health = store.health();
    assert!(health.ready && !health.writable && health.free.is_some());
}

#[test]
fn the_ballast_lies_ready_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { ballast: 3 << 20, ..small() };
    drop(SledStore::open(dir.path(), &options, Arc::new(clock()), &SystemRandom).unwrap());
    assert_eq!(fs::metadata(dir.path().join("ballast")).unwrap().len(), 3 << 20);
}

#[test]
fn a_store_of_some_thousand_licences_opens_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    assert!(store.commit_each((0..3000).map(|n| issuance(&format!("c{n}"))).collect()).iter().all(Result::is_ok));
    drop(store);
    let begin = Instant::now();
    let store = open(dir.path()).unwrap();
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    store.commit(change("after").put(Table::Config, "k", "v")).unwrap();
}
