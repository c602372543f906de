//! Asking the witnesses: a thread of its own sends each new checkpoint to every witness, so that one that is slow or down
//! keeps neither the log nor the others waiting.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::adapters::fetch::allow::AllowList;
use crate::adapters::fetch::{Fetcher, Policy};
use crate::base::json::Value;
use crate::domain::city::City;
use crate::domain::error::Error;
use crate::domain::witness::collect::{MOST_ANSWER, Next, Reply, Task};
use crate::http::service::Service;

/// How often a checkpoint goes out at most; several leaves share one.
const ROUND: Duration = Duration::from_secs(1);
/// How long the end of the program waits at most for the thread to notice.
const LOOK: Duration = Duration::from_millis(100);
/// How often one witness is asked in a round: it may tell another size, and a second time if it was asked by two at once.
const TRIES: u32 = 3;
/// Rounds between two reports of the metrics.
const REPORTS: u64 = 5;

/// The thread; stops when it is dropped.
pub struct Witnessing {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Witnessing {
    /// Starts the thread; `policy` bounds time and addresses, the witnesses' own hosts are allowed.
    pub fn start(service: Arc<Service>, policy: Policy) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("witnesses".to_owned())
            .spawn(move || run(&service.city, &policy, &stopped))
            .ok();
        Self { stop, thread }
    }
}

impl Drop for Witnessing {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(city: &City, policy: &Policy, stop: &AtomicBool) {
    let mut round = 0_u64;
    while !stop.load(Ordering::Relaxed) && city.store().health().ready {
        if let Err(error) = ask_all(city, policy) {
            tracing::debug!(%error, "the witnesses were not asked");
        }
        if round.is_multiple_of(REPORTS) {
            report(city);
        }
        round = round.wrapping_add(1);
        let mut left = ROUND;
        while !left.is_zero() && !stop.load(Ordering::Relaxed) {
            std::thread::sleep(LOOK);
            left = left.saturating_sub(LOOK);
        }
    }
}

/// One round: every witness that is due is asked, all at the same time.
pub fn ask_all(city: &City, policy: &Policy) -> Result<(), Error> {
    let tasks = city.witness_tasks()?;
    std::thread::scope(|scope| {
        for task in tasks {
            scope.spawn(move || {
                if let Err(error) = ask(city, policy, task) {
                    tracing::debug!(%error, "a witness was not asked");
                }
            });
        }
    });
    Ok(())
}

fn ask(city: &City, policy: &Policy, mut task: Task) -> Result<(), Error> {
    let fetcher = Fetcher::new(own(policy, &task.url)?);
    for _ in 0..TRIES {
        match city.witness_told(&task, &send(&fetcher, &task))? {
            Next::Done => break,
            Next::Trouble(detail) => {
                tracing::warn!(witness = task.witness.name(), detail, "a witness did not cosign");
                break;
            }
            Next::Again(next) => task = *next,
        }
    }
    Ok(())
}

fn send(fetcher: &Fetcher, task: &Task) -> Reply {
    let answered = fetcher.post(&task.url, "text/plain; charset=utf-8", task.body.as_bytes());
    answered
        .map(|(status, fetched)| (status, fetched.content_type.unwrap_or_default(), fetched.bytes))
        .map_err(|error| error.to_string())
}

/// The policy with the witness's own host, which the operator named.
fn own(policy: &Policy, url: &str) -> Result<Policy, Error> {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest).split('/').next().unwrap_or_default();
    Ok(Policy { hosts: AllowList::parse(&[authority])?, max_bytes: MOST_ANSWER, max_redirects: 0, ..policy.clone() })
}

/// The metrics: per witness whether it answers and what it cosigned, and how far the quorum is.
fn report(city: &City) {
    let Ok(state) = city.witness_state(false) else { return };
    let number = |value: &Value| value.as_f64().unwrap_or_default();
    for witness in state.get("witnesses").and_then(Value::as_array).into_iter().flatten() {
        let name = witness.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let up = matches!(witness.get("state").and_then(Value::as_str), Some("current" | "behind"));
        metrics::gauge!("certless_witness_up", "witness" => name.clone()).set(if up { 1.0 } else { 0.0 });
        let size = witness.get("size").map(number).unwrap_or_default();
        metrics::gauge!("certless_witness_size", "witness" => name).set(size);
    }
    metrics::gauge!("certless_witnessed_size").set(state.get("witnessed").map(number).unwrap_or_default());
}
