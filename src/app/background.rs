//! What a running city does by itself: integrate queued log leaves, sweep what has ended, renew
//! the trust registry and its public copy.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::open::write_trust_copy;
use crate::base::bytes::hex;
use crate::base::random::bytes;
use crate::domain::error::Error;
use crate::domain::ports::{LOG_LEASE, LOG_LEASE_TIME, StoreError};
use crate::http::service::Service;

/// How often the queue of the log is looked at: a leaf is in the log within a second.
const TICK: Duration = Duration::from_millis(250);
/// Leaves integrated in one turn, and rows looked at by one sweep.
const TURN: u32 = 4_096;
/// Pages of the log that are indexed in one turn: twice as much as is integrated.
const PAGES: u32 = 16;
/// Ticks between sweeps, and between looks at the registry's age.
const SWEEP_TICKS: u64 = 40;

/// The lease whose holder asks other cities for their registries.
const TRUST_LEASE: &str = "trust";
/// How long that lease lasts: longer than every city may take to answer.
const TRUST_LEASE_TIME: Duration = Duration::from_mins(10);
/// How often it is looked whether a city has to be asked.
const TRUST_TURN: Duration = Duration::from_secs(20);

/// The threads; they stop when this is dropped.
pub struct Background {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Background {
    /// Starts the threads. Other cities are asked on one of their own: they may take their time, the log may not.
    pub fn start(service: Arc<Service>, keys: PathBuf) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let (abroad, ended) = (Arc::clone(&service), Arc::clone(&stop));
        let named = |name: &str| std::thread::Builder::new().name(name.to_owned());
        let threads = [
            named("background").spawn(move || run(&service, &keys, &stopped)),
            named("abroad").spawn(move || ask_others(&abroad, &ended)),
        ];
        Self { stop, threads: threads.into_iter().filter_map(Result::ok).collect() }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn run(service: &Service, keys: &Path, stop: &AtomicBool) {
    let owner = hex(&bytes::<8>(service.city.random()));
    let (mut tick, mut copied) = (0_u64, service.city.registry().version);
    let mut trouble = None;
    while !stop.load(Ordering::Relaxed) && service.city.store().health().ready {
        tell_change(&mut trouble, integrate(service, &owner).err());
        copied = copy_trust(service, keys, copied);
        if tick.is_multiple_of(SWEEP_TICKS) {
            tidy(service);
        }
        tick = tick.wrapping_add(1);
        std::thread::sleep(TICK);
    }
}

/// Asks the cities that are believed for newer registries; of several processes on one store, one does it.
fn ask_others(service: &Service, stop: &AtomicBool) {
    let owner = hex(&bytes::<8>(service.city.random()));
    let mut waited = TRUST_TURN;
    while !stop.load(Ordering::Relaxed) && service.city.store().health().ready {
        if waited >= TRUST_TURN {
            waited = Duration::ZERO;
            if let Err(error) = ask_turn(service, &owner) {
                tracing::warn!(%error, "the registries of other cities were not asked for");
            }
        }
        std::thread::sleep(TICK);
        waited += TICK;
    }
}

fn ask_turn(service: &Service, owner: &str) -> Result<(), Error> {
    let city = &service.city;
    city.load_partners()?;
    if !city.partners_due() || city.store().lease(TRUST_LEASE, owner, TRUST_LEASE_TIME)?.is_none() {
        return Ok(());
    }
    city.update_partners()?;
    for partner in city.partners() {
        if let Some(trouble) = partner.trouble {
            tracing::warn!(city = partner.city, trouble = trouble.name(), "the registry of another city is in doubt");
        }
    }
    Ok(())
}

fn integrate(service: &Service, owner: &str) -> Result<(), StoreError> {
    let store = service.city.store();
    if let Some(epoch) = store.lease(LOG_LEASE, owner, LOG_LEASE_TIME)? {
        let done = store.integrate(epoch, TURN)?;
        metrics::counter!("certless_log_size").absolute(done.head.size);
        index(service);
    }
    Ok(())
}

/// Follows the log with the index of its digests, as fast as it grows; what fails is done at the next turn.
fn index(service: &Service) {
    for _ in 0..PAGES {
        match service.city.index_log() {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => return tracing::debug!(%error, "the log was not indexed"),
        }
    }
}

/// Logs that the log stopped growing, and that it grows again; what stays as it is was told before.
fn tell_change(known: &mut Option<StoreError>, now: Option<StoreError>) {
    if *known == now {
        return;
    }
    if let Some(error) = &now {
        tracing::warn!(%error, "log leaves are not integrated until this ends");
    } else {
        tracing::info!("log leaves are integrated again");
    }
    *known = now;
}

/// Keeps the public copy of the trust registry beside the keys as new as the registry; the version that is there now.
fn copy_trust(service: &Service, keys: &Path, copied: u64) -> u64 {
    let version = service.city.registry().version;
    if version == copied {
        return copied;
    }
    match write_trust_copy(keys, &service.city) {
        Ok(()) => version,
        Err(error) => {
            tracing::warn!(%error, "the copy of the trust registry was not written");
            copied
        }
    }
}

fn tidy(service: &Service) {
    if let Err(error) = service.city.store().sweep(TURN) {
        tracing::warn!(%error, "rows past their end were not swept");
    }
    if let Err(error) = service.city.renew_trust() {
        tracing::warn!(%error, "the trust registry was not renewed");
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Mutex;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn trouble_is_told_when_it_comes_and_when_it_goes() {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
        tracing::subscriber::with_default(subscriber, || {
            let mut known = None;
            for _ in 0..5 {
                tell_change(&mut known, None);
            }
            for _ in 0..50 {
                tell_change(&mut known, Some(StoreError::Full));
            }
            tell_change(&mut known, Some(StoreError::Retry));
            for _ in 0..5 {
                tell_change(&mut known, None);
            }
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(text.lines().last().unwrap().contains("again"), "{text}");
    }
}
