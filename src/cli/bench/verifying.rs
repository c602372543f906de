//! Verification in process: the whole policy on a JSON credential, and the verdict for one scanned code.

use std::hint::black_box;
use std::time::{Duration, Instant};

use super::Figure;
use super::raw::{Raw, per_call};
use crate::app::demo;
use crate::base::bytes::from_base64url;
use crate::domain::city::City;
use crate::domain::error::Error;
use crate::domain::issuance::record::Package;
use crate::vc::compact::{Showing, show, to_text};
use crate::vc::verify::{Policy, receive};

/// Scans whose latency is measured.
const SCANS: usize = 400;

/// Issues one licence to a resident of the demo and returns its package and the holder's code.
pub(super) fn licence(city: &City) -> Result<(Package, String), Error> {
    let people = demo::generate(city)?;
    let row = people.stock.iter().find(|row| row.type_code.as_str() == "driverLicence" && row.holders.len() == 1);
    let row = row.ok_or_else(|| Error::corrupt("the demo has no such row"))?;
    let issued = city.issue(&demo::order(row))?;
    let holder = row.holders.first().map(|holder| holder.code.clone()).unwrap_or_default();
    Ok((city.credential(&issued.id)?.package, holder))
}

pub(super) fn measure(city: &City, raw: &Raw, span: Duration) -> Result<Vec<Figure>, Error> {
    let (package, holder) = licence(city)?;
    let json = package.credential.get().as_bytes().to_vec();
    require(city, &json)?;
    let whole =
        per_call(span, || drop(black_box(receive(&json).map(|one| city.verify(one, &Policy::full(city.now()))))));
    let code = to_text(&show(
        &basic(&package)?,
        &Showing { time: city.now(), audience: None, nonce: None },
        &demo::wallet_key(&holder),
    )?);
    require(city, code.as_bytes())?;
    let shown = per_call(span, || {
        drop(black_box(receive(code.as_bytes()).map(|one| city.verify(one, &Policy::full(city.now())))));
    });
    let scans = scan(city, &package, &holder)?;
    Ok(vec![
        Figure::plain("JSON credential, whole policy, in process (CPU)", format!("{:.1} µs", whole * 1e6)),
        Figure::ratio("  ratio to one raw verification", raw.verify / whole, 0.8, "≥ 0.80"),
        Figure::plain("show code, whole policy, in process (CPU)", format!("{:.1} µs", shown * 1e6)),
        Figure::ratio("  ratio to two raw verifications", 2.0 * raw.verify / shown, 0.8, "≥ 0.80"),
        Figure::at_most(
            "verdict for one scanned code, remembered durably, median",
            median(&scans, 0.5),
            "ms",
            2.0,
            "≤ 2 ms",
        ),
        Figure::plain("  99th percentile", format!("{:.2} ms", median(&scans, 0.99))),
    ])
}

/// The bench must not measure refusals.
fn require(city: &City, input: &[u8]) -> Result<(), Error> {
    let outcome = city.verify(receive(input)?, &Policy::full(city.now()));
    if outcome.verdict.accepted { Ok(()) } else { Err(Error::corrupt(outcome.verdict.to_json().to_string())) }
}

/// The compact credential of the basic view.
fn basic(package: &Package) -> Result<Vec<u8>, Error> {
    let view = package.copies.first().and_then(|copy| copy.compact.get("basic"));
    Ok(from_base64url(view.map(String::as_str).unwrap_or_default())?)
}

/// Milliseconds from a scanned text to its verdict, each code new.
fn scan(city: &City, package: &Package, holder: &str) -> Result<Vec<f64>, Error> {
    let credential = basic(package)?;
    let key = demo::wallet_key(holder);
    let mut times = Vec::with_capacity(SCANS);
    for i in 0..SCANS {
        let nonce = i.to_string();
        let text =
            to_text(&show(&credential, &Showing { time: city.now(), audience: None, nonce: Some(&nonce) }, &key)?);
        let start = Instant::now();
        let outcome = city.verify_once(receive(text.as_bytes())?, &Policy::full(city.now()))?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
        if !outcome.verdict.accepted {
            return Err(Error::corrupt(outcome.verdict.to_json().to_string()));
        }
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index of a short list"
)]
fn median(sorted: &[f64], part: f64) -> f64 {
    sorted.get((sorted.len() as f64 * part) as usize).copied().unwrap_or_default()
}
