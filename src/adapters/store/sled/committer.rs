//! The one writer: drains the queue, decides a batch, writes it as one transaction, passes the barrier, answers.
//!
//! What waits is not ordered among callers; what one caller sends after an answer comes after it. A caller that goes away
//! changes nothing: what is in the queue is done.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::disk::{self, Barrier};
use super::marker::Marker;
use super::pace::Pace;
use super::{Shared, Trees};
use crate::adapters::store::batch::Batch;
use crate::adapters::store::reads;
use crate::adapters::store::rows::Space;
use crate::adapters::store::turns::Cursor;
use crate::base::clock::Clock;
use crate::domain::change::{Change, Receipt};
use crate::domain::ports::StoreError;

/// Longest wait for a batch to fill up again.
const LINGER: Duration = Duration::from_millis(1);
/// Changes of a caller's batch that travel together.
const CHUNK: usize = 64;
/// Seconds between two markers while changes come.
const MARKER_EVERY: i64 = 60;

type Turn<'a> = Batch<'a, Trees>;
/// Tells a caller, given what became of the batch.
type Answer = Box<dyn FnOnce(&Result<(), StoreError>) + Send>;
type Work = Box<dyn FnOnce(&mut Turn<'_>, &mut Cursor) -> Answer + Send>;

/// Work for the writer and how many changes it is.
struct Job {
    weight: usize,
    work: Work,
}

/// The callers' side.
pub(super) struct Committer {
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
}

impl Committer {
    pub(super) fn start(writer: Writer, queue: usize) -> Result<Self, StoreError> {
        let (jobs, queued) = sync_channel(queue.max(1));
        let shared = Arc::clone(&writer.shared);
        let thread = std::thread::Builder::new().name("committer".to_owned()).spawn(move || writer.run(&queued));
        let thread = thread.map_err(|error| StoreError::Corrupt(format!("no thread for the committer: {error}")))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread), shared })
    }

    /// Has the writer do something and waits until it is durable; `Retry` when the queue is full.
    pub(super) fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Turn<'_>, &mut Cursor) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.shared.alive()?;
        let (job, answer) = job(1, move |turn, cursor| vec![work(turn, cursor)]);
        let jobs = self.jobs.as_ref().ok_or(StoreError::Retry)?;
        match jobs.try_send(job) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Err(StoreError::Retry),
            Err(TrySendError::Disconnected(_)) => return Err(self.gone()),
        }
        let answer = answer.recv().ok().and_then(|mut answers| answers.pop()).unwrap_or(Err(StoreError::Unknown));
        answer.inspect_err(|error| self.shared.judge(error))
    }

    /// Independent changes: queued in chunks that wait for room, answered in order.
    pub(super) fn changes(&self, changes: Vec<Change>) -> Vec<Result<Receipt, StoreError>> {
        let mut changes = changes.into_iter();
        let mut waiting = Vec::new();
        loop {
            let chunk: Vec<Change> = changes.by_ref().take(CHUNK).collect();
            if chunk.is_empty() {
                break;
            }
            waiting.push((chunk.len(), self.send(chunk)));
        }
        let answers = waiting.into_iter().flat_map(|(n, sent)| match sent {
            Ok(answers) => answers.recv().unwrap_or_else(|_| vec![Err(StoreError::Unknown); n]),
            Err(error) => vec![Err(error); n],
        });
        answers.collect()
    }

    fn send(&self, chunk: Vec<Change>) -> Result<Receiver<Vec<Result<Receipt, StoreError>>>, StoreError> {
        self.shared.alive()?;
        let weight = chunk.len();
        let (job, answers) = job(weight, move |turn, _| chunk.into_iter().map(|change| turn.change(change)).collect());
        let jobs = self.jobs.as_ref().ok_or(StoreError::Retry)?;
        jobs.send(job).map_err(|_| self.gone())?;
        Ok(answers)
    }

    fn gone(&self) -> StoreError {
        self.shared.alive().err().unwrap_or(StoreError::Retry)
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A job and where its answers will come.
fn job<T: Send + 'static>(
    weight: usize,
    work: impl FnOnce(&mut Turn<'_>, &mut Cursor) -> Vec<Result<T, StoreError>> + Send + 'static,
) -> (Job, Receiver<Vec<Result<T, StoreError>>>) {
    let (tell, answers) = sync_channel(1);
    let work: Work = Box::new(move |turn, cursor| {
        let decided = work(turn, cursor);
        Box::new(move |durable| {
            let told = decided.into_iter().map(|answer| durable.clone().and(answer));
            let _ = tell.send(told.collect());
        })
    });
    (Job { weight, work }, answers)
}

/// The writer's side; lives in its thread.
pub(super) struct Writer {
    shared: Arc<Shared>,
    dir: PathBuf,
    barrier: Barrier,
    marker: Marker,
    marked_at: i64,
    clock: Arc<dyn Clock>,
    cursor: Cursor,
    pace: Pace,
}

impl Writer {
    pub(super) fn new(
        shared: Arc<Shared>,
        dir: PathBuf,
        barrier: Barrier,
        marker: Marker,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let marked_at = clock.now().as_second();
        Self { shared, dir, barrier, marker, marked_at, clock, cursor: None, pace: Pace::default() }
    }

    fn run(mut self, queued: &Receiver<Job>) {
        let mut last = 0;
        while let Ok(first) = queued.recv() {
            let jobs = drain(first, queued, last, self.pace.full());
            last = jobs.iter().map(|job| job.weight).sum();
            let turn = catch_unwind(AssertUnwindSafe(|| self.turn(jobs, last)));
            if turn.is_err() {
                self.shared.kill(StoreError::Corrupt("the engine panicked at a write".to_owned()));
            }
            if self.shared.dead.get().is_some() {
                return;
            }
        }
        self.mark();
    }

    /// One batch from decision to answer. Dropping a job unanswered tells its caller `Unknown`.
    fn turn(&mut self, jobs: Vec<Job>, weight: usize) {
        let begun = Instant::now();
        let free = disk::space(&self.dir).map_or(u64::MAX, |(free, _)| free);
        self.shared.free.store(free, Ordering::Relaxed);
        let refuse = self.shared.is_full().then_some(StoreError::Full);
        let trees = self.shared.trees.clone();
        let mut answers = Vec::with_capacity(jobs.len());
        let durable = Batch::new(&trees, self.clock.now(), refuse).and_then(|mut batch| {
            answers.extend(jobs.into_iter().map(|job| (job.work)(&mut batch, &mut self.cursor)));
            self.persist(batch, weight, begun)
        });
        let durable = durable.map_err(|error| self.judge(error));
        for answer in answers {
            answer(&durable);
        }
        if self.clock.now().as_second() - self.marked_at >= MARKER_EVERY {
            self.mark();
        }
    }

    fn persist(&mut self, batch: Turn<'_>, weight: usize, begun: Instant) -> Result<(), StoreError> {
        let version = batch.version();
        let writes = batch.finish();
        if writes.is_empty() {
            return Ok(());
        }
        let log_moved = writes.contains_key(&Space::Head);
        self.shared.aside.keep(&self.shared.trees, &writes)?;
        self.shared.trees.apply(writes)?;
        let applied = Instant::now();
        self.shared.trees.flush()?;
        self.barrier.sync()?;
        self.pace.learn(weight, applied - begun, applied.elapsed());
        self.marker.version = version;
        if log_moved {
            let head = reads::head(&reads::frontier(&self.shared.trees)?);
            self.marker.log = head.size;
            *self.shared.head.lock().unwrap_or_else(PoisonError::into_inner) = head;
        }
        Ok(())
    }

    /// The engine cannot go on after any error; whether the batch was kept shows at the next start.
    fn judge(&self, error: StoreError) -> StoreError {
        self.shared.kill(error);
        StoreError::Unknown
    }

    /// Promises what is durable now. Failing leaves the older promise, which is as true.
    fn mark(&mut self) {
        self.marked_at = self.clock.now().as_second();
        if let Err(error) = self.marker.write(&self.dir) {
            tracing::warn!(%error, "the marker could not be renewed");
        }
    }
}

/// What is in the queue, up to a full batch; callers just answered get a moment to come back with their next.
fn drain(first: Job, queued: &Receiver<Job>, last: usize, full: usize) -> Vec<Job> {
    let until = Instant::now() + LINGER;
    let mut weight = first.weight;
    let mut jobs = vec![first];
    while weight < full {
        let next = if weight < last {
            queued.recv_timeout(until.saturating_duration_since(Instant::now()))
        } else {
            queued.try_recv().map_err(|_| RecvTimeoutError::Timeout)
        };
        let Ok(next) = next else { break };
        weight += next.weight;
        jobs.push(next);
    }
    jobs
}
