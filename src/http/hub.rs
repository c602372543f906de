//! What the handlers of one process share in memory: who watches presentation requests, and how often some may ask.
//!
//! A watcher is woken when something happened to a request, in this process only, and it is only a hint: what stands is in the store, which watchers read again when they are woken and,
//! because another process may have written it, now and then anyway.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::broadcast;

use super::pace::Pace;

/// How many changes a slow watcher may lag behind before it reads the store whatever happened.
const QUEUE: usize = 256;

/// The hub of one process.
pub struct Hub {
    changed: broadcast::Sender<Arc<str>>,
    closed: AtomicBool,
    /// How often an address may ask for a spoken code.
    pub spoken: Pace,
    /// How often an address may try to open an offer: the phones of a whole office may share one.
    pub tokens: Pace,
    /// How often an address may ask for a nonce, one for each credential request.
    pub nonces: Pace,
    /// How often an address may ask for a cosignature.
    pub witnessing: Pace,
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            changed: broadcast::Sender::new(QUEUE),
            closed: AtomicBool::new(false),
            spoken: Pace::new(20, 2_000),
            tokens: Pace::new(120, 6_000),
            nonces: Pace::new(600, 30_000),
            witnessing: Pace::new(600, 12_000),
        }
    }
}

impl Hub {
    /// Says that something happened to a request.
    pub fn wake(&self, id: &str) {
        // Nobody may be watching.
        let _ = self.changed.send(Arc::from(id));
    }

    /// Ends every watch: the process stops.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.wake("");
    }

    /// Whether the process stops.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Watches from now on.
    pub fn watch(&self) -> Watch {
        Watch(self.changed.subscribe())
    }
}

/// One watcher.
pub struct Watch(broadcast::Receiver<Arc<str>>);

impl Watch {
    /// Waits until something may have happened to a request.
    pub async fn changed(&mut self, id: &str) {
        loop {
            match self.0.recv().await {
                Ok(other) if &*other != id && !other.is_empty() => {}
                Ok(_) | Err(_) => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn a_watcher_wakes_for_its_own_request_and_when_the_process_stops() {
        let hub = Hub::default();
        let mut watch = hub.watch();
        hub.wake("other");
        hub.wake("own");
        watch.changed("own").await;
        let waiting = tokio::time::timeout(std::time::Duration::from_millis(20), watch.changed("own"));
        assert!(waiting.await.is_err(), "woken without reason");
        hub.close();
        watch.changed("own").await;
        assert!(hub.is_closed());
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_watcher_that_lags_behind_looks_again() {
        let hub = Hub::default();
        let mut watch = hub.watch();
        (0..=QUEUE * 2).for_each(|_| hub.wake("other"));
        watch.changed("own").await;
    }
}
