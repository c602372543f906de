//! What a running city does by itself: integrate queued log leaves, sweep what has ended, renew the trust registry.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::base::bytes::hex;
use crate::base::random::bytes;
use crate::domain::ports::LOG_LEASE;
use crate::http::service::Service;

/// How often the queue of the log is looked at: a leaf is in the log within a second.
const TICK: Duration = Duration::from_millis(250);
/// How long the integrator's lease lasts without renewal.
const LEASE: Duration = Duration::from_secs(5);
/// Leaves integrated in one turn, and rows looked at by one sweep.
const TURN: u32 = 4_096;
/// Ticks between sweeps, and between looks at the registry's age.
const SWEEP_TICKS: u64 = 40;

/// The thread; stops when it is dropped.
pub struct Background {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    /// Starts the thread.
    pub fn start(service: Arc<Service>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread =
            std::thread::Builder::new().name("background".to_owned()).spawn(move || run(&service, &stopped)).ok();
        Self { stop, thread }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(service: &Service, stop: &AtomicBool) {
    let owner = hex(&bytes::<8>(service.city.random()));
    let mut tick = 0_u64;
    while !stop.load(Ordering::Relaxed) && service.city.store().health().ready {
        integrate(service, &owner);
        if tick % SWEEP_TICKS == 0 {
            tidy(service);
        }
        tick = tick.wrapping_add(1);
        std::thread::sleep(TICK);
    }
}

fn integrate(service: &Service, owner: &str) {
    let store = service.city.store();
    match store.lease(LOG_LEASE, owner, LEASE) {
        Ok(Some(epoch)) => match store.integrate(epoch, TURN) {
            Ok(done) => metrics::gauge!("certless_log_size").set(done.head.size as f64),
            Err(error) => tracing::warn!(%error, "log leaves were not integrated"),
        },
        Ok(None) => {}
        Err(error) => tracing::warn!(%error, "the integrator's lease was not taken"),
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
