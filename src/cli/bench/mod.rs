//! `certless bench`: the raw limit and the product beside it, in one run, as ratios.
//!
//! A ratio is (signatures needed × time of one raw signature operation) / CPU time spent, so that a noisy machine slows
//! both sides alike; where threads share the machine the two are measured in turns. `machine` says where it ran, `raw` measures the limits, the others the product.

mod http;
mod issuing;
mod log;
mod machine;
mod raw;
mod starting;
mod verifying;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::OK;
use super::args::BenchArgs;
use super::output::Output;
use crate::adapters::keyring::Keyring;
use crate::adapters::store::sled::{Options, SledStore};
use crate::app::open::assemble;
use crate::base::clock::SystemClock;
use crate::base::random::SystemRandom;
use crate::crypto::derive::Seed;
use crate::domain::agency::Agencies;
use crate::domain::city::{City, Ports};
use crate::domain::error::{Error, ErrorKind};

/// One measured figure and what it is held to.
pub(super) struct Figure {
    pub name: &'static str,
    pub value: String,
    pub aim: &'static str,
    pub met: Option<bool>,
}

impl Figure {
    fn plain(name: &'static str, value: String) -> Self {
        Self { name, value, aim: "", met: None }
    }

    fn ratio(name: &'static str, value: f64, aim: f64, aim_text: &'static str) -> Self {
        Self { name, value: format!("{value:.2}"), aim: aim_text, met: Some(value >= aim) }
    }

    fn at_most(name: &'static str, value: f64, unit: &str, most: f64, aim: &'static str) -> Self {
        Self { name, value: format!("{value:.2} {unit}"), aim, met: Some(value <= most) }
    }
}

/// Times that a side and its limit are measured in turns; the middle one counts, so that a busy moment counts little.
const ROUNDS: usize = 5;

/// The middle of what the rounds gave.
fn median(mut rounds: Vec<f64>) -> f64 {
    rounds.sort_by(f64::total_cmp);
    rounds.get(rounds.len() / 2).copied().unwrap_or_default()
}

/// Measures everything and prints a table.
pub fn run(args: &BenchArgs, out: Output) -> Result<u8, Error> {
    let span = Duration::from_secs(args.seconds);
    let folder = args
        .folder
        .clone()
        .unwrap_or_else(|| std::env::temp_dir().join(format!("certless-bench-{}", std::process::id())));
    for line in machine::describe(&folder) {
        out.line(line);
    }
    if let Some(leaves) = args.log {
        print(&log::measure(&folder, span, leaves)?, out);
        drop(std::fs::remove_dir_all(&folder));
        return Ok(OK);
    }
    let raw = raw::measure(span);
    print(&raw.figures(), out);
    let city = city(&folder.join("city"))?;
    print(&verifying::measure(&city, &raw, span)?, out);
    print(&http::measure(city, span)?, out);
    print(&issuing::measure(&folder, span)?, out);
    print(&starting::measure(&folder.join("demo"))?, out);
    drop(std::fs::remove_dir_all(&folder));
    Ok(OK)
}

fn print(figures: &[Figure], out: Output) {
    for figure in figures {
        let mark = match figure.met {
            Some(true) => "✓",
            Some(false) => "✗",
            None => " ",
        };
        out.line(format!("{mark} {:58} {:>16}  {}", figure.name, figure.value, figure.aim));
    }
}

/// The embedded store of a measured city's folder.
fn open_store(folder: &Path) -> Result<SledStore, Error> {
    std::fs::create_dir_all(folder).map_err(|error| Error::new(ErrorKind::Unavailable, error.to_string()))?;
    let options = Options { floor: 0, ballast: 0, ..Options::default() };
    Ok(SledStore::open(&folder.join("store"), &options, Arc::new(SystemClock), &SystemRandom)?)
}

/// A city with derived keys on the embedded store in a folder.
fn city(folder: &Path) -> Result<City, Error> {
    let store = open_store(folder)?;
    let agencies: Vec<_> = Agencies::shipped()?.iter().map(|agency| agency.code.clone()).collect();
    let ring = Keyring::derived(&Seed::new([9; 32]), &agencies);
    let clock = Arc::new(SystemClock);
    let ports = Ports { store: Arc::new(store), clock, random: Arc::new(SystemRandom), web: None, key_maker: None };
    assemble("http://127.0.0.1:8080", &ring, ports)
}
