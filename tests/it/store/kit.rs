//! What every store promises about rows, requests, status slots and leases.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use certless::domain::change::{
    Change, Expect, Found, MAX_KEY, MAX_VALUE, Receipt, Status, StatusEntries, Table, expiring,
};
use certless::domain::ports::{Contested, Epoch, LOG_LEASE, MAX_PAGE, Store, StoreError};

use super::fixture::{Fixture, agency, change, credential_key, issuance, list, request};
use crate::support::faults::{FAULTS, FaultyStore};

/// Adds to a change what makes it fail.
type Fail = fn(Change) -> Change;

const TTL: Duration = Duration::from_secs(10);

fn count(store: &dyn Store, table: Table) -> usize {
    store.scan(table, b"", None, MAX_PAGE).unwrap().rows.len()
}

pub(super) fn a_change_is_applied_whole_or_not_at_all(fixture: &dyn Fixture) {
    let store = fixture.store();
    store.commit(issuance("first")).unwrap();
    let failing: [(&str, Fail); 4] = [
        ("licence", |change| change.insert(Table::Licence, "idCard\0first", "")),
        ("version", |change| change.update(Table::Credential, credential_key("first"), 99, "")),
        ("absent", |change| change.delete(Table::Credential, "GA\0nobody", 1)),
        ("status", |change| change.status(list(), 5, Status::Suspended, Status::Valid)),
    ];
    for (name, failing) in failing {
        let change = failing(issuance(name).status(list(), 7, Status::Valid, Status::Revoked));
        assert!(store.commit(change).is_err(), "{name}");
        for table in [Table::Credential, Table::Licence, Table::HolderIndex, Table::Audit] {
            assert_eq!(count(&*store, table), 1, "{name} left something in {}", table.name());
        }
        assert_eq!(store.outcome(&request(name)), Ok(None));
    }
    assert_eq!(store.status_list(&list()), Ok(StatusEntries::default()));
    let epoch = store.lease(LOG_LEASE, "kit", TTL).unwrap().unwrap();
    assert_eq!(store.integrate(epoch, 100).unwrap().added, 1);
}

pub(super) fn every_expectation_is_told_by_its_error(fixture: &dyn Fixture) {
    let store = fixture.store();
    let version = store.commit(change("one").insert(Table::Config, "key", "value")).unwrap().version;
    let key = b"key".to_vec();
    let expecting = |name: &str, key: &str, found: Found| {
        let mut change = change(name);
        change.expect.push(Expect { table: Table::Config, key: key.into(), found });
        change
    };
    let table = Table::Config;
    let duplicate = Err(StoreError::Duplicate { table, key: key.clone() });
    assert_eq!(store.commit(expecting("a", "key", Found::Absent)), duplicate);
    let missing = Err(StoreError::NotFound { table: Some(table), key: b"none".to_vec() });
    assert_eq!(store.commit(expecting("b", "none", Found::Present)), missing);
    assert_eq!(store.commit(expecting("c", "none", Found::Version(1))), missing);
    let changed = Contested::Row { table, key, version };
    assert_eq!(store.commit(expecting("d", "key", Found::Version(version + 1))), Err(StoreError::Conflict(changed)));
    assert!(store.commit(expecting("e", "key", Found::Version(version))).is_ok());
    assert!(store.commit(expecting("f", "key", Found::Present)).is_ok());
    assert!(store.commit(expecting("g", "none", Found::Absent)).is_ok());
}

pub(super) fn of_64_racers_for_a_licence_number_exactly_one_gets_it(fixture: &dyn Fixture) {
    let store = fixture.store();
    let racers: Vec<_> = (0..64)
        .map(|n| {
            let store = Arc::clone(&store);
            thread::spawn(move || store.commit(change(&format!("racer-{n}")).insert(Table::Licence, "no", "x")))
        })
        .collect();
    let results: Vec<_> = racers.into_iter().map(|racer| racer.join().unwrap()).collect();
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    let duplicate = StoreError::Duplicate { table: Table::Licence, key: b"no".to_vec() };
    assert_eq!(results.iter().filter(|result| result.as_ref() == Err(&duplicate)).count(), 63);
    let won = results.into_iter().find_map(Result::ok).unwrap();
    let row = store.get(Table::Licence, b"no").unwrap().unwrap();
    assert_eq!(row.version, won.version);
    // The index row of this test points nowhere: take it away before the scan.
    store.commit(change("away").delete(Table::Licence, "no", row.version)).unwrap();
}

pub(super) fn the_same_request_gets_the_same_receipt(fixture: &dyn Fixture) {
    let store = fixture.store();
    assert_eq!(store.outcome(&request("once")), Ok(None));
    let first = store.commit(issuance("once")).unwrap();
    assert_eq!(first, Receipt { version: first.version, bytes: b"once".to_vec(), repeated: false });
    let again = Receipt { repeated: true, ..first };
    assert_eq!(store.commit(issuance("once")).as_ref(), Ok(&again));
    assert_eq!(store.outcome(&request("once")), Ok(Some(again)));
    let mut other = issuance("once");
    other.body = [0; 32];
    assert_eq!(store.commit(other), Err(StoreError::Conflict(Contested::Request)));
    let same_in_one_batch = store.commit_each(vec![issuance("twice"), issuance("twice")]);
    let repeated: Vec<_> = same_in_one_batch.into_iter().map(|result| result.unwrap().repeated).collect();
    assert_eq!(repeated, [false, true]);
    assert_eq!(count(&*store, Table::Credential), 2);
}

pub(super) fn a_batch_answers_each_change_for_itself(fixture: &dyn Fixture) {
    let store = fixture.store();
    let name = |n: u32| if n.is_multiple_of(3) { "same".to_owned() } else { format!("row-{n}") };
    let batch = (0..300).map(|n| Change { request: request(&format!("r{n}")), ..issuance(&name(n)) }).collect();
    let results = store.commit_each(batch);
    assert_eq!(results.len(), 300);
    for (n, result) in (0..).zip(&results) {
        let expected_ok = n == 0 || !u32::is_multiple_of(n, 3);
        assert_eq!(result.is_ok(), expected_ok, "{n}: {result:?}");
        if !expected_ok {
            assert!(matches!(result, Err(StoreError::Duplicate { table: Table::Credential, .. })));
        }
    }
    assert_eq!(count(&*store, Table::Credential), 201);
    assert_eq!(store.commit_each(Vec::new()), Vec::new());
}

pub(super) fn status_counters_are_never_handed_out_twice(fixture: &dyn Fixture) {
    let store = fixture.store();
    let takers: Vec<_> = (1..=8)
        .map(|n| {
            let store = Arc::clone(&store);
            thread::spawn(move || (0..20).flat_map(|_| store.lease_status(&agency(), n).unwrap()).collect::<Vec<_>>())
        })
        .collect();
    let all: Vec<u64> = takers.into_iter().flat_map(|taker| taker.join().unwrap()).collect();
    assert_eq!(all.len(), 20 * 36);
    assert_eq!(all.iter().copied().collect::<BTreeSet<_>>(), (0..720).collect());
    let other = certless::base::id::AgencyCode::parse("MZ").unwrap();
    assert_eq!(store.lease_status(&other, 5), Ok(0..5));
    assert!(matches!(store.lease_status(&other, u32::MAX), Err(StoreError::Refused(_))));
}

pub(super) fn status_moves_by_compare_and_set_and_revocation_is_for_good(fixture: &dyn Fixture) {
    let store = fixture.store();
    let moved = |name: &str, idx, from, to| store.commit(change(name).status(list(), idx, from, to));
    let (valid, suspended, revoked) = (Status::Valid, Status::Suspended, Status::Revoked);
    let first = moved("1", 9, valid, suspended).unwrap().version;
    moved("2", 131_071, valid, revoked).unwrap();
    let seen = store.status_list(&list()).unwrap();
    assert_eq!(seen.entries, [(9, suspended), (131_071, revoked)]);
    assert!(seen.version > first);
    let contested = |idx, found| Err(StoreError::Conflict(Contested::Status { list: list(), idx, found }));
    assert_eq!(moved("3", 9, valid, revoked), contested(9, suspended));
    moved("4", 9, suspended, valid).unwrap();
    assert_eq!(store.status_list(&list()).unwrap().entries, [(131_071, revoked)]);
    assert!(store.status_list(&list()).unwrap().version > seen.version);
    for to in [valid, suspended] {
        assert_eq!(moved("5", 131_071, revoked, to), contested(131_071, revoked));
    }
    assert!(matches!(moved("6", 131_072, valid, revoked), Err(StoreError::Refused(_))));
    let other = certless::base::id::ListId::parse("GA-1").unwrap();
    assert_eq!(store.status_list(&other), Ok(StatusEntries::default()));
}

pub(super) fn pages_are_complete_and_stable_under_inserts(fixture: &dyn Fixture) {
    let store = fixture.store();
    let key = |n: u32| format!("GA\0{n:04}");
    let put = |n: u32| change(&format!("put-{n}")).put(Table::Audit, key(n), n.to_string());
    assert!(store.commit_each((0..700).map(|n| put(2 * n)).collect()).iter().all(Result::is_ok));
    store.commit(change("other").put(Table::Audit, "GB\x000000", "other")).unwrap();
    store.commit(change("before").put(Table::Audit, "G", "other")).unwrap();
    let (mut seen, mut after, mut odd) = (Vec::new(), None, 1);
    loop {
        let page = store.scan(Table::Audit, b"GA\0", after.as_deref(), 64).unwrap();
        assert!(page.rows.len() <= 64);
        seen.extend(page.rows.into_iter().map(|(key, _)| key));
        store.commit(put(odd)).unwrap();
        odd += 100;
        let Some(next) = page.next else { break };
        after = Some(next);
    }
    assert!(seen.is_sorted(), "keys in order");
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len(), "no row twice");
    let stood: BTreeSet<Vec<u8>> = (0..700).map(|n| key(2 * n).into_bytes()).collect();
    assert!(stood.is_subset(&seen.into_iter().collect()), "every row that stood throughout");
    assert_eq!(store.scan(Table::Audit, b"", None, u16::MAX).unwrap().rows.len(), usize::from(MAX_PAGE));
    assert_eq!(store.scan(Table::Audit, b"GC", None, 10).unwrap().rows, []);
    let own = store.scan(Table::Audit, b"GB\0", Some(b"GA\0zzz"), 10).unwrap();
    assert_eq!(own.rows.len(), 1, "a cursor before the prefix begins at the prefix");
}

pub(super) fn values_are_kept_byte_by_byte_and_limits_hold(fixture: &dyn Fixture) {
    let store = fixture.store();
    let every_byte: Vec<u8> = (0..=255).collect();
    let longest = every_byte.repeat(MAX_VALUE / 256);
    let long_key = vec![0xff; MAX_KEY];
    let change_of = |name: &str, key: &[u8], value: &[u8]| change(name).put(Table::Config, key, value);
    for (name, key, value) in
        [("bytes", b"\0".as_slice(), every_byte.as_slice()), ("empty", b"e", b""), ("long", &long_key, &longest)]
    {
        store.commit(change_of(name, key, value)).unwrap();
        assert_eq!(store.get(Table::Config, key).unwrap().unwrap().value, value, "{name}");
    }
    let too_long = [longest.as_slice(), b"x"].concat();
    let no_end = change("no-end").put(Table::Nonce, "key", "short");
    let too_many = (0..1025).fold(change("many"), |change, n: u32| change.leaf(n.to_be_bytes()));
    for refused in [
        change_of("value", b"v", &too_long),
        change_of("key", &[0xff; MAX_KEY + 1], b""),
        change_of("no-key", b"", b""),
        change("leaf").leaf(too_long.clone()),
        change("receipt").receipt(too_long.clone()),
        no_end,
        too_many,
    ] {
        assert!(matches!(store.commit(refused.clone()), Err(StoreError::Refused(_))), "{}", refused.request);
    }
    assert_eq!(store.get(Table::Config, b""), Ok(None));
    assert_eq!(store.get(Table::Config, &[0xff; MAX_KEY + 1]), Ok(None));
}

pub(super) fn versions_never_come_back(fixture: &dyn Fixture) {
    let store = fixture.store();
    let first = store.commit(change("1").insert(Table::Config, "k", "a")).unwrap().version;
    store.commit(change("2").delete(Table::Config, "k", first)).unwrap();
    assert_eq!(store.get(Table::Config, b"k"), Ok(None));
    let second = store.commit(change("3").insert(Table::Config, "k", "a")).unwrap().version;
    assert!(second > first);
    assert!(store.commit(change("4").update(Table::Config, "k", first, "b")).is_err());
    let third = store.commit(change("5").update(Table::Config, "k", second, "b")).unwrap().version;
    let row = store.get(Table::Config, b"k").unwrap().unwrap();
    assert_eq!((row.version, row.value.as_slice()), (third, b"b".as_slice()));
}

pub(super) fn what_is_past_its_life_is_swept(fixture: &dyn Fixture) {
    let (store, clock) = (fixture.store(), fixture.clock());
    let now = certless::base::clock::Clock::now(clock).as_second();
    for n in 0..20_i64 {
        let end = expiring(now + 10 * n, b"rest");
        store.commit(change(&format!("n{n}")).insert(Table::Nonce, format!("key-{n:02}"), end)).unwrap();
    }
    clock.advance(95);
    let swept: u32 = (0..12).map(|_| store.sweep(5).unwrap()).sum();
    assert_eq!(swept, 10, "ends at 0, 10 … 90 seconds have passed");
    assert_eq!(count(&*store, Table::Nonce), 10);
    assert!(store.outcome(&request("n0")).unwrap().is_some());
    clock.advance(90 * 86_400);
    let swept: u32 = (0..12).map(|_| store.sweep(5).unwrap()).sum();
    assert_eq!(swept, 30, "the other nonces and all receipts");
    assert_eq!(store.outcome(&request("n0")), Ok(None));
}

pub(super) fn reads_go_on_while_changes_are_written(fixture: &dyn Fixture) {
    let store = fixture.store();
    let (done, reads) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let reader = thread::spawn({
        let (store, done, reads) = (Arc::clone(&store), Arc::clone(&done), Arc::clone(&reads));
        move || {
            while !done.load(Ordering::Relaxed) {
                let page = store.scan(Table::Licence, b"idCard\0", None, 500).unwrap();
                for (_, row) in page.rows.iter().rev().take(3) {
                    assert!(store.get(Table::Credential, &row.value).unwrap().is_some(), "a change seen in part");
                }
                reads.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    // Written until enough was read meanwhile: reads that waited for the writer would never be enough.
    for n in 0..1_000 {
        let batch = (0..40).map(|m| issuance(&format!("c-{n}-{m}"))).collect();
        assert!(store.commit_each(batch).iter().all(Result::is_ok));
        if n >= 10 && reads.load(Ordering::Relaxed) > 10 {
            break;
        }
    }
    done.store(true, Ordering::Relaxed);
    reader.join().unwrap();
    assert!(reads.load(Ordering::Relaxed) > 10);
}

pub(super) fn leases_pass_on_with_a_new_epoch(fixture: &dyn Fixture) {
    let (store, clock) = (fixture.store(), fixture.clock());
    let first = store.lease("job", "a", TTL).unwrap().unwrap();
    assert_eq!(store.lease("job", "a", TTL), Ok(Some(first)), "renewed");
    assert_eq!(store.lease("job", "b", TTL), Ok(None), "held");
    assert!(store.lease("other job", "b", TTL).unwrap().is_some());
    clock.advance(9);
    assert_eq!(store.lease("job", "a", TTL), Ok(Some(first)));
    clock.advance(9);
    assert_eq!(store.lease("job", "b", TTL), Ok(None), "the renewal counts");
    clock.advance(2);
    let second = store.lease("job", "b", TTL).unwrap().unwrap();
    assert!(second > first);
    assert_eq!(store.lease("job", "a", TTL), Ok(None));
}

/// Every write of a small life × {fails before, fails after}: asking again with the same request ends in the same state.
pub(super) fn every_write_that_fails_is_done_once_by_asking_again(fixture: &dyn Fixture) {
    let inner = fixture.store();
    let counting = FaultyStore::new(Arc::clone(&inner));
    live(&counting, "reference", 0);
    let writes = counting.writes();
    assert_eq!(writes, 6, "a lease of counters, two issuances, a status change, a lease, the integrator");
    let mut lives: u32 = 1;
    for nth in 0..writes {
        for fault in FAULTS {
            let faulty = FaultyStore::failing(Arc::clone(&inner), nth, fault);
            live(&faulty, &format!("life-{nth}-{fault:?}"), lives);
            lives += 1;
        }
    }
    assert_eq!(count(&*inner, Table::Credential), 2 * lives as usize);
    assert_eq!(inner.log_head().unwrap().size, u64::from(3 * lives));
    let leaves: Vec<_> = (0..).map_while(|from| inner.log_range(from, 1).unwrap().pop()).collect();
    assert_eq!(leaves.iter().collect::<BTreeSet<_>>().len(), leaves.len(), "no leaf twice");
}

fn live(store: &dyn Store, name: &str, slot: u32) {
    let leased = again(|| store.lease_status(&agency(), 4));
    assert_eq!(leased.end - leased.start, 4);
    for part in ["a", "b"] {
        let receipt = again(|| store.commit(issuance(&format!("{name}-{part}"))));
        assert_eq!(receipt.bytes, format!("{name}-{part}").as_bytes());
    }
    let revoke = || {
        let change = change(&format!("{name}-revoke")).leaf(format!("{name}-revoke"));
        change.status(list(), slot, Status::Valid, Status::Revoked)
    };
    again(|| store.commit(revoke()));
    let epoch: Option<Epoch> = again(|| store.lease(LOG_LEASE, "kit", TTL));
    let head = again(|| store.integrate(epoch.unwrap(), 100)).head;
    assert_eq!(head.size, u64::from(3 * (slot + 1)));
}

fn again<T>(mut ask: impl FnMut() -> Result<T, StoreError>) -> T {
    match ask() {
        Err(StoreError::Unknown) => ask().unwrap(),
        other => other.unwrap(),
    }
}
