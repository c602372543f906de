//! How much of the engine's group commit is left to callers of the port. Measured, not asserted to the digit: run with
//! `cargo test --release --test it -- --ignored --nocapture speed`.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use certless::adapters::store::rows::Space;
use certless::adapters::store::sled::raw::Raw;
use certless::adapters::store::sled::{Options, SledStore};
use certless::base::clock::SystemClock;
use certless::base::random::SystemRandom;
use certless::domain::change::{Change, Table};
use certless::domain::ports::Store;

use super::fixture::issuance;
use super::writer::variable;

const CALLERS: u32 = 64;
const ROUND: Duration = Duration::from_secs(2);

fn options() -> Options {
    Options { floor: 1 << 20, ballast: 0, ..Options::default() }
}

/// The same bytes that an issuance comes to: its rows, the queued leaf, the request.
fn bare_rows(change: Change) -> Vec<(Space, Vec<u8>, Vec<u8>)> {
    let name = change.request.as_str().as_bytes().to_vec();
    let writes = change.writes.into_iter();
    let rows = writes.map(|write| (Space::Table(write.table), write.key, write.value.unwrap_or_default()));
    rows.chain([(Space::Queue, name.clone(), vec![0; 32]), (Space::Request, name, vec![0; 52])]).collect()
}

fn rate(done: u32, begin: Instant) -> f64 {
    f64::from(done) / begin.elapsed().as_secs_f64()
}

fn raw(dir: &Path, batch: u32) -> f64 {
    let raw = Raw::create(dir, &options()).unwrap();
    let (begin, mut done) = (Instant::now(), 0);
    while begin.elapsed() < ROUND {
        let rows = (0..batch).flat_map(|n| bare_rows(issuance(&format!("raw-{batch}-{done}-{n}"))));
        raw.commit(rows).unwrap();
        done += batch;
    }
    rate(done, begin)
}

fn through_the_port(dir: &Path, callers: u32) -> f64 {
    let store = Arc::new(SledStore::open(dir, &options(), Arc::new(SystemClock), &SystemRandom).unwrap());
    let begin = Instant::now();
    let callers: Vec<_> = (0..callers)
        .map(|caller| {
            let store = Arc::clone(&store);
            thread::spawn(move || {
                let mut done = 0;
                while begin.elapsed() < ROUND {
                    store.commit(issuance(&format!("port-{caller}-{done}"))).unwrap();
                    done += 1;
                }
                done
            })
        })
        .collect();
    rate(callers.into_iter().map(|caller| caller.join().unwrap()).sum(), begin)
}

fn in_batches(dir: &Path) -> f64 {
    let store = SledStore::open(dir, &options(), Arc::new(SystemClock), &SystemRandom).unwrap();
    let (begin, mut done) = (Instant::now(), 0);
    while begin.elapsed() < ROUND {
        let changes = (0..1000).map(|n| issuance(&format!("batch-{done}-{n}"))).collect();
        assert!(store.commit_each(changes).iter().all(Result::is_ok));
        done += 1000;
    }
    rate(done, begin)
}

/// Reads while 64 callers write: what a lookup waits for the writer.
fn reads_beside_writes(dir: &Path) -> [Duration; 2] {
    let store = Arc::new(SledStore::open(dir, &options(), Arc::new(SystemClock), &SystemRandom).unwrap());
    store.commit(issuance("read")).unwrap();
    let reader = thread::spawn({
        let (store, begin) = (Arc::clone(&store), Instant::now());
        move || {
            let mut waits = Vec::new();
            while begin.elapsed() < ROUND {
                let read = Instant::now();
                store.get(Table::Licence, b"idCard\0read").unwrap();
                waits.push(read.elapsed());
                thread::sleep(Duration::from_micros(200));
            }
            waits.sort();
            [waits[waits.len() / 2], waits[waits.len() * 99 / 100]]
        }
    });
    let writers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (store, begin) = (Arc::clone(&store), Instant::now());
            thread::spawn(move || {
                for n in (0..).take_while(|_| begin.elapsed() < ROUND) {
                    store.commit(issuance(&format!("beside-{caller}-{n}"))).unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.join().unwrap();
    }
    reader.join().unwrap()
}

#[test]
#[ignore = "a measurement: run it alone and optimised"]
fn what_the_port_leaves_of_the_engines_speed() {
    let rounds: u32 = variable("CERTLESS_SPEED_ROUNDS").map_or(2, |rounds| rounds.parse().unwrap());
    for round in 0..rounds {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let at = |name: &str| dir.path().join(name);
        let limit = raw(&at("raw"), CALLERS);
        let port = through_the_port(&at("port"), CALLERS);
        let wide = raw(&at("raw-256"), 256);
        let batched = in_batches(&at("batch"));
        let one = through_the_port(&at("one"), 1);
        let [median, worst] = reads_beside_writes(&at("reads"));
        println!(
            "round {round}: raw 64 {limit:.0}/s, port 64 callers {port:.0}/s = {:.2}; raw 256 {wide:.0}/s, batches \
             {batched:.0}/s = {:.2}; one caller {one:.0}/s; read beside writes p50 {median:?} p99 {worst:?}",
            port / limit,
            batched / wide,
        );
        assert!(port > 0.3 * limit, "the port costs more than the engine");
    }
}
