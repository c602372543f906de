//! Exports, imports and the check, for the rows of every adapter.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use certless::adapters::store::SCHEMA;
use certless::adapters::store::check::check;
use certless::adapters::store::export::export;
use certless::adapters::store::import::into_memory;
use certless::adapters::store::sled::SledStore;
use certless::base::random::SystemRandom;
use certless::domain::backup::Snapshot;
use certless::domain::change::{Status, Table, expiring};
use certless::domain::ports::{LOG_LEASE, LogHead, Store, StoreError};
use certless::tlog::merkle;

use super::fixture::{Fixture, agency, change, clock, credential_key, issuance, list, small};

/// A store with something in every corner: 300 credentials, of whose leaves 270 are in the log.
pub(super) fn fill(fixture: &dyn Fixture) {
    fill_with(fixture, 300, 270);
}

fn fill_with(fixture: &dyn Fixture, credentials: u32, leaves: u32) {
    let store = fixture.store();
    let batch = (0..credentials).map(|n| issuance(&format!("c{n}"))).collect();
    assert!(store.commit_each(batch).iter().all(Result::is_ok));
    store.lease_status(&agency(), 300).unwrap();
    store.commit(change("revoke").status(list(), 3, Status::Valid, Status::Revoked)).unwrap();
    store.commit(change("nonce").insert(Table::Nonce, [0, 0xff].as_slice(), expiring(9, b"\"\\"))).unwrap();
    let epoch = store.lease(LOG_LEASE, "kit", Duration::from_secs(1)).unwrap().unwrap();
    store.integrate(epoch, leaves).unwrap();
}

pub(super) fn an_export_makes_the_same_store_again(fixture: &dyn Fixture) {
    fill(fixture);
    let first = fixture.export();
    let (rows, summary) = into_memory(first.as_slice()).unwrap();
    assert_eq!(first.split(|byte| *byte == b'\n').count() as u64 - 1, summary.rows + 2);
    let mut second = Vec::new();
    assert_eq!(export(&rows, &summary.instance, &mut second), Ok(summary));
    assert!(first == second, "an export of an import differs");
    let (here, there) = (fixture.check(), check(&rows).unwrap());
    assert_eq!((here.rows.get("credential"), here.log.size), (Some(&300), 270));
    assert_eq!((here.log, there.faults), (there.log, 0));
}

pub(super) fn a_broken_export_is_refused(fixture: &dyn Fixture) {
    fill(fixture);
    let text = String::from_utf8(fixture.export()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let join = |lines: &[&str]| lines.iter().flat_map(|line| [line, "\n"]).collect::<String>();
    assert!(into_memory(join(&lines).as_bytes()).is_ok());
    let last = lines.len() - 1;
    let mut broken = vec![
        ("empty", String::new()),
        ("no end", join(&lines[..last])),
        ("a row less", join(&[&lines[..5], &lines[6..]].concat())),
        ("a row twice", join(&[&lines[..5], &lines[4..]].concat())),
        ("more after the end", text.clone() + "{}\n"),
        ("rows exchanged", join(&[&lines[..4], &[lines[5], lines[4]], &lines[6..]].concat())),
        ("a newer schema", text.replacen(&format!(r#""schema":{SCHEMA}"#), &format!(r#""schema":{}"#, SCHEMA + 1), 1)),
        ("no schema", text.replacen(&format!(r#""schema":{SCHEMA}"#), r#""schema":0"#, 1)),
        ("an unknown table", text.replacen(r#""table":"credential""#, r#""table":"secrets""#, 1)),
        ("not base64url", text.replacen(r#""key":"R"#, r#""key":"+"#, 1)),
        ("a value altered", text.replacen("YzEw", "YzEx", 1)),
        ("a row newer than the store", text.replacen(r#""version":2,"#, r#""version":99999,"#, 1)),
    ];
    for at in [1, text.len() / 3, text.len() - 2] {
        broken.push(("cut", text[..at].to_owned()));
    }
    for (name, broken) in broken {
        assert!(broken != text, "{name} alters nothing");
        let result = into_memory(broken.as_bytes());
        assert!(matches!(result, Err(StoreError::Refused(_))), "{name}: {result:?}");
    }
}

pub(super) fn damage_is_found_by_the_check(fixture: &dyn Fixture) {
    fill(fixture);
    let text = String::from_utf8(fixture.export()).unwrap();
    let without = |table: &str| {
        let marker = format!(r#"{{"table":"{table}","#);
        let at = text.find(&marker).unwrap_or_else(|| panic!("no row of {table}"));
        let end = at + text[at..].find('\n').unwrap() + 1;
        let body = text[..at].to_owned() + &text[end..];
        let body = &body[..=body.trim_end().rfind('\n').unwrap()];
        let digest = certless::base::bytes::hex(&certless::crypto::digest::sha256(body.as_bytes()));
        let rows = body.lines().count() - 1;
        format!("{body}{{\"end\":true,\"rows\":{rows},\"sha256\":\"{digest}\"}}\n")
    };
    for table in ["credential", "credential_by_id", "agency_index", "status_list", "log_leaf", "log_head", "log_node"] {
        let (rows, _) = into_memory(without(table).as_bytes()).unwrap();
        let report = check(&rows).unwrap();
        assert!(report.faults > 0, "a missing row of {table} was not noticed");
        assert_eq!(report.faults.min(100), report.listed.len() as u64);
    }
}

fn exported(snapshot: &dyn Snapshot) -> Vec<u8> {
    let mut out = Vec::new();
    snapshot.export(&mut out).unwrap();
    out
}

pub(super) fn a_snapshot_stays_while_others_write(fixture: &dyn Fixture) {
    fill(fixture);
    let store = fixture.store();
    let before = fixture.export();
    let snapshot = store.snapshot().unwrap();
    // New rows, changed rows, a row that goes, one that goes and comes back, the log and a counter.
    store.commit(issuance("after")).unwrap();
    let row = store.get(Table::Credential, &credential_key("c7")).unwrap().unwrap();
    store
        .commit(change("update").update(Table::Credential, credential_key("c7"), row.version, b"new".to_vec()))
        .unwrap();
    store.commit(change("update-twice").put(Table::Credential, credential_key("c7"), b"newer".to_vec())).unwrap();
    for gone in ["c0", "c150", "c299"] {
        let version = store.get(Table::Credential, &credential_key(gone)).unwrap().unwrap().version;
        let delete = change(&format!("delete-{gone}")).delete(Table::Credential, credential_key(gone), version);
        store.commit(delete).unwrap();
    }
    store.commit(change("again").put(Table::Credential, credential_key("c150"), b"again".to_vec())).unwrap();
    store.commit(change("reinstate").status(list(), 4, Status::Valid, Status::Suspended)).unwrap();
    let epoch = store.lease(LOG_LEASE, "kit", Duration::from_secs(1)).unwrap().unwrap();
    store.integrate(epoch, 1000).unwrap();
    store.lease_status(&agency(), 10).unwrap();
    let report = snapshot.check().unwrap();
    assert_eq!((report.faults, report.log.size, report.rows.get("credential")), (0, 270, Some(&300)));
    assert!(exported(snapshot.as_ref()) == before, "the snapshot moved");
    drop(snapshot);
    assert!(fixture.export() != before, "the store did not move");
    for back in ["c0", "c299"] {
        store
            .commit(change(&format!("put-{back}")).put(Table::Credential, credential_key(back), b"back".to_vec()))
            .unwrap();
    }
}

pub(super) fn an_export_under_load_is_a_whole_store(fixture: &dyn Fixture) {
    fill(fixture);
    let (store, stop) = (fixture.store(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0.. {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                std::thread::sleep(Duration::from_micros(500));
                store.commit(issuance(&format!("load{n}"))).unwrap();
                if n >= 5 {
                    let key = credential_key(&format!("load{}", n - 5));
                    store
                        .commit(change(&format!("touch{n}")).put(Table::Credential, key, b"touched".to_vec()))
                        .unwrap();
                }
                let epoch = store.lease(LOG_LEASE, "load", Duration::from_secs(1)).unwrap();
                epoch.map(|epoch| store.integrate(epoch, 7).unwrap());
            }
        });
        for _ in 0..10 {
            let snapshot = store.snapshot().unwrap();
            let (export, here) = (exported(snapshot.as_ref()), snapshot.check().unwrap());
            let (rows, _) = into_memory(export.as_slice()).unwrap();
            let there = check(&rows).unwrap();
            assert_eq!((here.faults, there.faults), (0, 0), "{:?} {:?}", here.listed, there.listed);
            assert_eq!(here.log, there.log);
        }
        stop.store(true, Ordering::Relaxed);
    });
}

/// `tests/store` holds one export of every schema version that was ever released; each must open for ever.
#[test]
fn every_version_ever_exported_opens() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/store");
    for version in 1..=SCHEMA {
        let export = std::fs::read(format!("{folder}/v{version}.jsonl")).unwrap();
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("city");
        let summary = SledStore::import(&dir, &small(), export.as_slice()).unwrap();
        let store = SledStore::open(&dir, &small(), Arc::new(clock()), &SystemRandom).unwrap();
        assert_eq!(store.instance(), Ok(summary.instance));
        let row = store.get(Table::Credential, &credential_key("c1")).unwrap().unwrap();
        assert_eq!(row.value, b"c1".repeat(1024));
        assert_eq!(store.status_list(&list()).unwrap().entries, [(3, Status::Revoked)]);
        assert_eq!(store.lease_status(&agency(), 1), Ok(300..301));
        assert!(store.commit(issuance("c2")).unwrap().repeated);
        assert_eq!(store.log_range(0, 10).unwrap(), [b"c0", b"c1"]);
        let root = merkle::root([merkle::leaf_hash(b"c0"), merkle::leaf_hash(b"c1")]);
        assert_eq!(store.log_head(), Ok(LogHead { size: 2, root }));
    }
}

#[test]
fn an_export_with_any_byte_altered_is_refused() {
    let export = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/store/v1.jsonl")).unwrap();
    assert!(into_memory(export.as_slice()).is_ok());
    let step = export.len() / 400;
    for at in (0..export.len()).step_by(step).chain(export.len() - 100..export.len()) {
        let mut altered = export.clone();
        altered[at] ^= 1;
        assert!(matches!(into_memory(altered.as_slice()), Err(StoreError::Refused(_))), "byte {at}");
    }
}
