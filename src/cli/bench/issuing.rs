//! Durable issuing with 64 callers, beside a bare group commit of rows of the same number and size.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::{Figure, city};
use crate::adapters::store::rows::Space;
use crate::adapters::store::sled::Options;
use crate::adapters::store::sled::raw::Raw;
use crate::app::demo;
use crate::domain::change::Table;
use crate::domain::error::Error;

/// Callers at once, and rows of one group of the bare commit.
const CALLERS: usize = 64;

pub(super) fn measure(folder: &Path, span: Duration) -> Result<Vec<Figure>, Error> {
    let (issued, bytes, rows) = issue(&folder.join("issuing"), span)?;
    let bare = bare(&folder.join("raw"), span, bytes, rows)?;
    Ok(vec![
        Figure::plain("raw limit: group commit of 64, on the disk", format!("{bare:.0}/s")),
        Figure::plain("durable issuing, 64 callers", format!("{issued:.0}/s")),
        Figure::ratio("  ratio to the raw limit", issued / bare, 0.5, "≥ 0.50"),
    ])
}

/// Issues a second, and the size and number of rows of one issuance.
fn issue(folder: &Path, span: Duration) -> Result<(f64, usize, usize), Error> {
    let city = city(folder)?;
    let people = demo::generate(&city)?;
    let orders: Vec<_> = people.stock.iter().map(demo::order).collect();
    let (next, start) = (AtomicUsize::new(0), Instant::now());
    let failures = thread::scope(|scope| {
        let callers = (0..CALLERS).map(|_| {
            scope.spawn(|| {
                while start.elapsed() < span {
                    let Some(order) = orders.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
                    city.issue(order)?;
                }
                Ok::<(), Error>(())
            })
        });
        callers.collect::<Vec<_>>().into_iter().find_map(|caller| caller.join().ok()?.err())
    });
    let elapsed = start.elapsed();
    if let Some(error) = failures {
        return Err(error);
    }
    let done = next.load(Ordering::Relaxed).min(orders.len());
    let mean = city.store().scan(Table::Credential, b"", None, 100)?;
    let bytes = mean.rows.iter().map(|(_, row)| row.value.len()).sum::<usize>() / mean.rows.len().max(1);
    Ok((rate(done, elapsed), bytes, 11))
}

/// Groups of the same rows as one transaction each, one after another.
fn bare(folder: &Path, span: Duration, bytes: usize, rows: usize) -> Result<f64, Error> {
    let raw = Raw::create(folder, &Options::default())?;
    let (start, mut done) = (Instant::now(), 0_usize);
    while start.elapsed() < span {
        let group = (0..CALLERS).flat_map(|i| {
            let n = (done + i).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            (0..rows).map(move |row| {
                let value = if row == 0 { vec![7; bytes] } else { vec![7; 120] };
                (
                    Space::Table(Table::Credential),
                    format!("{row:02}/{n:016x}/0123456789abcdef0123456789").into_bytes(),
                    value,
                )
            })
        });
        raw.commit(group)?;
        done += CALLERS;
    }
    Ok(rate(done, start.elapsed()))
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn rate(count: usize, elapsed: Duration) -> f64 {
    count as f64 / elapsed.as_secs_f64()
}
