//! A process that writes until it is killed and notes beside the store what it was promised; and the look afterwards.
//!
//! The process is this test program itself, told by `CERTLESS_WRITER` to be one.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use certless::adapters::store::check::check;
use certless::adapters::store::sled::{Options, SledStore};
use certless::base::clock::SystemClock;
use certless::base::random::SystemRandom;
use certless::domain::change::{Status, Table};
use certless::domain::ports::{LOG_LEASE, Store, StoreError};

use super::fixture::{agency, change, credential_key, issuance, list};

const WRITERS: u32 = 16;
const OWNER: &str = "writer";

/// A variable of the environment.
#[expect(clippy::disallowed_methods, reason = "tests are steered by the environment")]
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Whether the long profile was asked for (`CERTLESS_CRASH=long`).
pub(crate) fn long() -> bool {
    variable("CERTLESS_CRASH").as_deref() == Some("long")
}

/// Numbers that look random and are the same each time.
pub(crate) fn dice(round: u64, range: std::ops::Range<u64>) -> u64 {
    let digest = certless::crypto::digest::sha256(&round.to_be_bytes());
    let (first, _) = digest.split_first_chunk().unwrap();
    range.start + u64::from_be_bytes(*first) % (range.end - range.start)
}

/// Starts the writing process on a store; promises go to `journal`, one line each. It refuses to write below `floor`.
pub(super) fn spawn(store: &Path, journal: &Path, round: u64, floor: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["store::writer::writes_until_killed", "--exact", "--nocapture"])
        .env("CERTLESS_WRITER", store)
        .env("CERTLESS_WRITER_JOURNAL", journal)
        .env("CERTLESS_WRITER_ROUND", round.to_string())
        .env("CERTLESS_WRITER_FLOOR", floor.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Waits until something was promised, so that a cut has something to lose.
pub(super) fn await_promise(journal: &Path, child: &mut Child) {
    let begin = Instant::now();
    while fs::metadata(journal).map_or(0, |file| file.len()) == 0 {
        assert!(child.try_wait().unwrap().is_none(), "the writer ended by itself");
        assert!(begin.elapsed() < Duration::from_mins(1), "the writer promised nothing");
        thread::sleep(Duration::from_millis(2));
    }
}

fn options(floor: u64) -> Options {
    Options { cache: 32 << 20, floor, ballast: 0, ..Options::default() }
}

/// Not a test of its own: the body of the writing process.
#[test]
fn writes_until_killed() {
    let Some(dir) = variable("CERTLESS_WRITER").map(PathBuf::from) else { return };
    let journal = variable("CERTLESS_WRITER_JOURNAL").unwrap();
    let round = variable("CERTLESS_WRITER_ROUND").unwrap();
    let floor = variable("CERTLESS_WRITER_FLOOR").unwrap().parse().unwrap();
    let journal = Arc::new(OpenOptions::new().create(true).append(true).open(journal).unwrap());
    let store = Arc::new(SledStore::open(&dir, &options(floor), Arc::new(SystemClock), &SystemRandom).unwrap());
    let mut threads: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (store, journal, round) = (Arc::clone(&store), Arc::clone(&journal), round.clone());
            thread::spawn(move || write(&store, &journal, &format!("{round}-{writer}")))
        })
        .collect();
    threads.push(thread::spawn(move || integrate(&store, &journal)));
    for thread in threads {
        thread.join().unwrap();
    }
}

fn note(mut journal: &File, line: &str) {
    journal.write_all(format!("{line}\n").as_bytes()).unwrap();
}

fn write(store: &SledStore, journal: &File, name: &str) {
    for n in 0.. {
        let Ok(leased) = store.lease_status(&agency(), 1) else { return };
        note(journal, &format!("slot {}", leased.start));
        let name = format!("{name}-{n}");
        let Ok(receipt) = store.commit(issuance(&name)) else { return };
        note(journal, &format!("issued {name} {}", receipt.version));
        if n % 8 == 0 {
            let idx = u32::try_from(leased.start).unwrap();
            let revoke = change(&format!("revoke-{name}")).status(list(), idx, Status::Valid, Status::Revoked);
            if store.commit(revoke).is_err() {
                return;
            }
            note(journal, &format!("revoked {idx}"));
        }
    }
}

fn integrate(store: &SledStore, journal: &File) {
    while let Ok(epoch) = store.lease(LOG_LEASE, OWNER, Duration::from_secs(1)) {
        let Ok(done) = store.integrate(epoch.unwrap(), 256) else { return };
        note(journal, &format!("log {}", done.head.size));
        thread::sleep(Duration::from_millis(5));
    }
}

/// What was promised and whether it was kept.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) promised: u64,
    pub(super) lost: Vec<String>,
    pub(super) opened_in: Duration,
}

/// Opens the store and looks for everything in the journals; the faults of the store itself count as lost too.
pub(super) fn look(dir: &Path, journals: &[PathBuf]) -> Result<Kept, StoreError> {
    let begin = Instant::now();
    let store = SledStore::open(dir, &options(0), Arc::new(SystemClock), &SystemRandom)?;
    let mut kept = Kept { opened_in: begin.elapsed(), ..Kept::default() };
    let revoked: BTreeSet<u32> = store.status_list(&list())?.entries.into_iter().map(|(idx, _)| idx).collect();
    let size = store.log_head()?.size;
    let mut slots = BTreeSet::new();
    for journal in journals {
        let Ok(file) = File::open(journal) else { continue };
        for line in BufReader::new(file).lines().map(Result::unwrap) {
            let mut words = line.split(' ');
            let (what, of) = (words.next().unwrap(), words.next().unwrap());
            let there = match what {
                "slot" => slots.insert(of.to_owned()),
                "revoked" => revoked.contains(&of.parse().unwrap()),
                "log" => of.parse::<u64>().unwrap() <= size,
                _ => issued(&store, of, words.next().unwrap())?,
            };
            kept.promised += 1;
            if !there {
                kept.lost.push(line);
            }
        }
    }
    let next = store.lease_status(&agency(), 1)?.start;
    if slots.contains(&next.to_string()) {
        kept.lost.push(format!("slot {next} was handed out again"));
    }
    kept.lost.extend(check(store.rows())?.listed);
    Ok(kept)
}

fn issued(store: &SledStore, name: &str, version: &str) -> Result<bool, StoreError> {
    let key = credential_key(name);
    let record = store.get(Table::Credential, &key)?;
    let licence = store.get(Table::Licence, format!("idCard\0{name}").as_bytes())?;
    let whole = record.is_some_and(|row| {
        row.version.to_string() == version && row.value == name.as_bytes().repeat(2048 / name.len())
    });
    Ok(whole && licence.is_some_and(|row| row.value == key))
}
