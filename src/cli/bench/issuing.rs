//! Durable issuing with 64 callers, beside a bare group commit of the very rows that it wrote.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::Path;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::machine::process_seconds;
use super::{Figure, ROUNDS, city, median, open_store};
use crate::adapters::store::rows::{Rows as _, Space, deframe};
use crate::adapters::store::sled::Options;
use crate::adapters::store::sled::raw::Raw;
use crate::app::demo;
use crate::domain::change::Table;
use crate::domain::demo::DemoCity;
use crate::domain::error::Error;
use crate::domain::issuance::Order;

/// Callers at once, and rows of one group of the bare commit.
const CALLERS: usize = 64;

/// Licences issued, and changes written bare, before anything is measured: threads and caches are then as they stay.
const WARMING: usize = 16 * CALLERS;

/// A row as it lies on disk: where, key, frame.
type Row = (Space, Vec<u8>, Vec<u8>);

pub(super) fn measure(folder: &Path, span: Duration) -> Result<Vec<Figure>, Error> {
    let (mut raw, mut issued, mut each, mut ratio) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let issuing = folder.join(format!("issuing-{round}"));
        let (rate, seconds) = issue(&issuing, span)?;
        let limit = bare(&folder.join(format!("raw-{round}")), changes(&issuing)?)?;
        raw.push(limit);
        issued.push(rate);
        each.push(seconds * 1e6);
        ratio.push(rate / limit);
    }
    Ok(vec![
        Figure::plain("raw limit: group commit of 64, on the disk", format!("{:.0}/s", median(raw))),
        Figure::plain("durable issuing, 64 callers", format!("{:.0}/s", median(issued))),
        Figure::plain("  CPU time of one issuance", format!("{:.0} µs", median(each))),
        Figure::ratio("  ratio to the raw limit", median(ratio), 0.5, "≥ 0.50"),
    ])
}

/// Issues a second, and CPU seconds of one, by callers who have each issued some before.
fn issue(folder: &Path, span: Duration) -> Result<(f64, f64), Error> {
    let city = city(folder)?;
    let people = demo::generate(&city)?;
    let orders = orders(&people);
    let (warming, measured) = orders.split_at(WARMING.min(orders.len() / 2));
    let (next, warm) = (AtomicUsize::new(0), Barrier::new(CALLERS + 1));
    thread::scope(|scope| {
        let caller = |start: usize| {
            let mine = warming.iter().skip(start).step_by(CALLERS);
            let warmed = mine.map(|order| city.issue(order).map(drop)).collect::<Result<Vec<()>, Error>>();
            warm.wait();
            warmed?;
            let begun = Instant::now();
            while begun.elapsed() < span {
                let Some(order) = measured.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
                city.issue(order)?;
            }
            Ok::<(), Error>(())
        };
        let callers: Vec<_> = (0..CALLERS).map(|start| scope.spawn(move || caller(start))).collect();
        warm.wait();
        let (start, begun) = (Instant::now(), process_seconds());
        let failures = callers.into_iter().find_map(|caller| caller.join().ok()?.err());
        let (elapsed, spent) = (start.elapsed(), process_seconds() - begun);
        let done = next.load(Ordering::Relaxed).min(measured.len());
        failures.map_or_else(|| Ok((rate(done, elapsed), 1.0 / per_second(done, spent))), Err)
    })
}

/// What a city is asked for, its agencies and types mixed as they come to it.
pub(super) fn orders(people: &DemoCity) -> Vec<Order> {
    let rows = |first: usize| people.stock.iter().skip(first).step_by(CALLERS);
    (0..CALLERS).flat_map(rows).map(demo::order).collect()
}

/// The rows of every issuance in a store, change by change: what one change wrote bears one version.
fn changes(folder: &Path) -> Result<Vec<Vec<Row>>, Error> {
    let store = open_store(folder)?;
    let mut changes: BTreeMap<u64, Vec<Row>> = BTreeMap::new();
    for space in Space::all() {
        store.rows().walk(space, Bound::Unbounded, &mut |key, frame| {
            let (version, _) = deframe(space, key, frame)?;
            changes.entry(version).or_default().push((space, key.to_vec(), frame.to_vec()));
            Ok(true)
        })?;
    }
    let issuing = |row: &Row| row.0 == Space::Table(Table::Credential);
    Ok(changes.into_values().filter(|rows| rows.iter().any(issuing)).collect())
}

/// The same changes once more, 64 a transaction, one transaction after another.
fn bare(folder: &Path, changes: Vec<Vec<Row>>) -> Result<f64, Error> {
    let raw = Raw::create(folder, &Options::default())?;
    let mut changes = changes.into_iter();
    for _ in 0..WARMING / CALLERS {
        raw.commit(changes.by_ref().take(CALLERS).flatten())?;
    }
    let (mut done, start) = (0, Instant::now());
    loop {
        let group: Vec<_> = changes.by_ref().take(CALLERS).collect();
        if group.is_empty() {
            return Ok(rate(done, start.elapsed()));
        }
        done += group.len();
        raw.commit(group.into_iter().flatten())?;
    }
}

fn rate(count: usize, elapsed: Duration) -> f64 {
    per_second(count, elapsed.as_secs_f64())
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn per_second(count: usize, seconds: f64) -> f64 {
    count as f64 / seconds
}
