//! The public log: what appending costs issuing, and a log of many leaves as an outsider has it, on the disk.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::machine::process_seconds;
use super::{Figure, ROUNDS, median, open_store};
use crate::adapters::keyring::Keyring;
use crate::adapters::log_files::{LogFiles, LogFolder};
use crate::adapters::store::sled::SledStore;
use crate::app::demo;
use crate::app::open::assemble;
use crate::base::bytes::base64url;
use crate::base::clock::SystemClock;
use crate::base::id::{AgencyCode, ListId, RequestId};
use crate::base::json::json;
use crate::base::random::{SystemRandom, bytes};
use crate::base::time::from_unix;
use crate::crypto::derive::Seed;
use crate::crypto::digest::sha256;
use crate::crypto::{Signer as _, SigningKey};
use crate::domain::agency::Agencies;
use crate::domain::backup::Snapshot;
use crate::domain::change::{Change, Page, Receipt, Row, StatusEntries, Table};
use crate::domain::city::{City, Ports};
use crate::domain::error::Error;
use crate::domain::log_audit::Findings;
use crate::domain::log_audit::copy::Target as _;
use crate::domain::log_audit::follow::Tiles;
use crate::domain::log_audit::replay::Replay;
use crate::domain::log_audit::walk::walk;
use crate::domain::ports::{Epoch, Health, Integrated, LogHead, Store, StoreError};
use crate::tlog::audit::{Audit, leaves};
use crate::tlog::checkpoint::Checkpoint;
use crate::tlog::merkle::{Hash, leaf_hash, verify_inclusion};
use crate::tlog::note::{Kind as KeyKind, VerifierKey};
use crate::tlog::tile::{Content, Tile, WIDTH, bundle};
use crate::vc::leaf::{Kind, encode, slot_number};

/// Callers at once.
const CALLERS: usize = 64;
/// Proofs that are timed.
const PROOFS: u64 = 10_000;
/// The origin of the measured log.
const ORIGIN: &str = "bench.example/log";

/// Measures both; `count` leaves on the disk.
pub(super) fn measure(folder: &Path, span: Duration, count: u64) -> Result<Vec<Figure>, Error> {
    let mut figures = appending(folder, span)?;
    figures.extend(carried(&folder.join("tiles"), count)?);
    Ok(figures)
}

/// Issuing with leaves and an integrator at work, beside issuing without either.
fn appending(folder: &Path, span: Duration) -> Result<Vec<Figure>, Error> {
    let (mut with, mut without, mut cost, mut cpu) = (Vec::new(), Vec::new(), Vec::new(), (Vec::new(), Vec::new()));
    for round in 0..ROUNDS {
        // What ran before leaves the disk work to do, so neither side always comes second.
        let run = |name: &str, logged| issue(&folder.join(format!("{name}-{round}")), span, logged);
        let [plain, logged, again, other] =
            [run("without", false)?, run("with", true)?, run("with-again", true)?, run("without-again", false)?];
        without.push(f64::midpoint(plain.0, other.0));
        with.push(f64::midpoint(logged.0, again.0));
        cost.push((1.0 - (logged.0 + again.0) / (plain.0 + other.0)) * 100.0);
        cpu.0.push(f64::midpoint(plain.1, other.1));
        cpu.1.push(f64::midpoint(logged.1, again.1));
    }
    let cpu = format!("{:.0}, {:.0} µs", median(cpu.0), median(cpu.1));
    Ok(vec![
        Figure::plain("durable issuing without the log, 64 callers", format!("{:.0}/s", median(without))),
        Figure::plain("durable issuing with the log", format!("{:.0}/s", median(with))),
        Figure::at_most("  throughput that appending costs", median(cost), "%", 10.0, "≤ 10 %"),
        Figure::plain("  CPU time of one issuance, without and with", cpu),
    ])
}

/// Issues a second, and microseconds of CPU time for one.
fn issue(folder: &Path, span: Duration, logged: bool) -> Result<(f64, f64), Error> {
    let store: Arc<dyn Store> = match (open_store(folder)?, logged) {
        (store, true) => Arc::new(store),
        (store, false) => Arc::new(Leafless(store)),
    };
    let agencies: Vec<_> = Agencies::shipped()?.iter().map(|agency| agency.code.clone()).collect();
    let ring = Keyring::derived(&Seed::new([9; 32]), &agencies);
    let clock = Arc::new(SystemClock);
    let ports = Ports { store, clock, random: Arc::new(SystemRandom), web: None, key_maker: None };
    let city = assemble("http://127.0.0.1:8080", &ring, ports)?;
    let people = demo::generate(&city)?;
    let orders = super::issuing::orders(&people);
    let (next, (stop, stopped)) = (AtomicUsize::new(0), channel());
    let (start, begun) = (Instant::now(), process_seconds());
    let outcome = thread::scope(|scope| {
        let city = &city;
        if logged {
            scope.spawn(move || integrating(city, &stopped));
        }
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                scope.spawn(|| {
                    while start.elapsed() < span {
                        let Some(order) = orders.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
                        city.issue(order)?;
                    }
                    Ok::<(), Error>(())
                })
            })
            .collect();
        let failure = callers.into_iter().find_map(|caller| caller.join().ok()?.err());
        // The last leaves are integrated at once, and that counts; waiting for the next turn would not be work.
        drop(stop);
        failure
    });
    let (elapsed, spent) = (start.elapsed().as_secs_f64(), process_seconds() - begun);
    if let Some(error) = outcome {
        return Err(error);
    }
    let done = number(next.load(Ordering::Relaxed).min(orders.len()));
    Ok((done / elapsed, spent / done * 1e6))
}

fn integrating(city: &City, stopped: &Receiver<()>) {
    let mut going = true;
    while going {
        going = stopped.recv_timeout(Duration::from_millis(250)) == Err(RecvTimeoutError::Timeout);
        drop(city.settle_log("bench"));
    }
}

/// A log of many leaves: written, weighed, asked for proofs, verified.
fn carried(folder: &Path, count: u64) -> Result<Vec<Figure>, Error> {
    let (head, size) = write(folder, count)?;
    let files = LogFiles::Folder(folder.to_owned());
    let proofs = prove(&files, &head)?;
    let (mut replay, mut findings, start) = (Replay::default(), Findings::default(), Instant::now());
    walk(&files, &head, &mut replay, &mut findings, &|_| ())?;
    let rate = number(count) / start.elapsed().as_secs_f64();
    let sound = if findings.faults == 0 { "" } else { " with faults" };
    let at = |part: f64| proofs.get(position(proofs.len(), part)).copied().unwrap_or_default();
    let gigabytes = number(size) / 1e9;
    let scaled = gigabytes / number(count) * 1e7;
    Ok(vec![
        Figure::plain("leaves of the carried log", format!("{count}{sound}")),
        Figure::plain("  tiles and bundles", format!("{gigabytes:.3} GB")),
        Figure::at_most("  of ten million leaves", scaled, "GB", 1.2, "≤ 1.2 GB"),
        Figure::at_most("  proof of a random leaf, median", at(0.5), "ms", 1.0, "≤ 1 ms"),
        Figure::at_most("  proof of a random leaf, 99 of 100", at(0.99), "ms", 1.0, "≤ 1 ms"),
        Figure::ratio("  leaves verified from outside a second, in 200,000", rate / 200_000.0, 1.0, "≥ 1.00"),
    ])
}

fn position(count: usize, part: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a small count")]
    let at = (number(count) * part) as usize;
    at
}

/// Writes a log of mixed leaves; its head, and the bytes of its tiles and bundles.
fn write(folder: &Path, count: u64) -> Result<(Checkpoint, u64), Error> {
    let mut target = LogFolder::open(folder)?;
    let (mut audit, mut size) = (Audit::default(), 0);
    let mut put = |tile: Tile, bytes: &[u8]| {
        size += u64::try_from(bytes.len()).unwrap_or_default();
        target.write(&tile.to_string(), bytes)
    };
    for index in 0..count.div_ceil(u64::from(WIDTH)) {
        let place = Tile::of_tree(Content::Entries, index, count).ok_or_else(|| Error::corrupt("beyond the log"))?;
        let entries: Vec<Vec<u8>> = place.nodes().map(|node| entry(node.index)).collect();
        let entries: Vec<&[u8]> = entries.iter().map(Vec::as_slice).collect();
        put(place, &bundle(entries.iter().copied())?)?;
        let hashed = leaves(&entries);
        put(Tile { content: Content::Hashes(0), ..place }, &hashed.hashes.concat())?;
        for (tile, hashes) in audit.push(hashed) {
            put(tile, &hashes.concat())?;
        }
    }
    let (rest, root) = audit.finish();
    for (tile, hashes) in rest {
        put(tile, &hashes.concat())?;
    }
    let head = Checkpoint { origin: ORIGIN.to_owned(), size: count, root };
    let key = SigningKey::ed25519(&[3; 32]);
    let mut note = head.note()?;
    note.sign(ORIGIN, &key)?;
    target.write("checkpoint", note.to_string().as_bytes())?;
    let key = VerifierKey::new(ORIGIN, KeyKind::Ed25519, key.public_key())?;
    target.write("key", format!("{key}\n").as_bytes())?;
    Ok((head, size))
}

/// Milliseconds of proofs of random leaves, ascending; each reads its tiles anew and is verified.
fn prove(files: &LogFiles, head: &Checkpoint) -> Result<Vec<f64>, Error> {
    let mut times = Vec::new();
    for _ in 0..PROOFS.min(head.size) {
        let index = u64::from_be_bytes(bytes(&SystemRandom)) % head.size;
        let leaf = leaf_hash(&entry(index));
        let start = Instant::now();
        let proof = Tiles::new(files, head.size).inclusion(index)?.unwrap_or_default();
        times.push(start.elapsed().as_secs_f64() * 1e3);
        if !verify_inclusion(&leaf, index, head.size, &proof, &head.root) {
            return Err(Error::corrupt("a proof does not verify"));
        }
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

/// Leaves as a city makes them: of ten, four were issued, three used, two claimed, and one is an application's or, at
/// times, a suspension of five slots.
fn entry(index: u64) -> Vec<u8> {
    let at = from_unix(1_780_000_000 + i64::try_from(index / 50).unwrap_or_default()).unwrap_or_default();
    let digest: Hash = sha256(&index.to_be_bytes());
    let tag = json!(base64url(digest.first_chunk::<16>().map_or(&digest[..], |tag| tag)));
    let (agency, digest) = (json!("GA"), json!(base64url(&digest)));
    let of = |list: u64| slot_number(u32::try_from(list).unwrap_or_default(), 77_777);
    match index % 10 {
        0..4 => {
            let kind = json!("businessLicense");
            let members = [("agency", agency), ("type", kind), ("credential", tag), ("digest", digest)];
            encode(Kind::Issued, at, &members)
        }
        4..7 => encode(Kind::Used, at, &[("record", digest)]),
        7..9 => {
            let (kind, format, copies) = (json!("socialSecurityCard"), json!("dc+sd-jwt"), json!(10));
            let members =
                [("agency", agency), ("type", kind), ("credential", tag), ("format", format), ("copies", copies)];
            encode(Kind::Claimed, at, &members)
        }
        _ if index % 50 == 9 => {
            let slots: Vec<u64> = (0..5).map(|n| of(index / 10 + n)).collect();
            encode(Kind::Suspended, at, &[("agency", agency), ("credential", tag), ("slots", json!(slots))])
        }
        _ => encode(Kind::Application, at, &[("case", tag), ("state", json!("accepted"))]),
    }
}

/// A store that forgets leaves: what issuing would be without the log.
struct Leafless(SledStore);

impl Store for Leafless {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Row>, StoreError> {
        self.0.get(table, key)
    }

    fn scan(&self, table: Table, prefix: &[u8], after: Option<&[u8]>, limit: u16) -> Result<Page, StoreError> {
        self.0.scan(table, prefix, after, limit)
    }

    fn commit(&self, mut change: Change) -> Result<Receipt, StoreError> {
        change.leaves.clear();
        self.0.commit(change)
    }

    fn commit_each(&self, mut changes: Vec<Change>) -> Vec<Result<Receipt, StoreError>> {
        for change in &mut changes {
            change.leaves.clear();
        }
        self.0.commit_each(changes)
    }

    fn outcome(&self, request: &RequestId) -> Result<Option<Receipt>, StoreError> {
        self.0.outcome(request)
    }

    fn lease_status(&self, agency: &AgencyCode, n: u32) -> Result<Range<u64>, StoreError> {
        self.0.lease_status(agency, n)
    }

    fn status_list(&self, list: &ListId) -> Result<StatusEntries, StoreError> {
        self.0.status_list(list)
    }

    fn log_head(&self) -> Result<LogHead, StoreError> {
        self.0.log_head()
    }

    fn log_range(&self, from: u64, n: u16) -> Result<Vec<Vec<u8>>, StoreError> {
        self.0.log_range(from, n)
    }

    fn log_node(&self, level: u8, index: u64) -> Result<[u8; 32], StoreError> {
        self.0.log_node(level, index)
    }

    fn lease(&self, name: &str, owner: &str, ttl: Duration) -> Result<Option<Epoch>, StoreError> {
        self.0.lease(name, owner, ttl)
    }

    fn integrate(&self, epoch: Epoch, max: u32) -> Result<Integrated, StoreError> {
        self.0.integrate(epoch, max)
    }

    fn sweep(&self, max: u32) -> Result<u32, StoreError> {
        self.0.sweep(max)
    }

    fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        self.0.snapshot()
    }

    fn health(&self) -> Health {
        self.0.health()
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn number(count: impl Into<Count>) -> f64 {
    count.into().0 as f64
}

/// A count of either width.
struct Count(u64);

impl From<u64> for Count {
    fn from(count: u64) -> Self {
        Self(count)
    }
}

impl From<usize> for Count {
    fn from(count: usize) -> Self {
        Self(u64::try_from(count).unwrap_or(u64::MAX))
    }
}
