//! How large the writer's batches are: as large as the disk makes worth while, and no larger.
//!
//! A batch pays for one barrier. Once the barrier is a small part of its time, more changes in it gain next to nothing:
//! they only keep their callers waiting, who could prepare the next batch meanwhile.

use std::time::Duration;

/// The work of a full batch, in barriers.
const BARRIERS: u32 = 4;
/// Changes of a full batch, at least and at most.
const LEAST: usize = 32;
const MOST: usize = 256;
/// Batches over which times are averaged.
const MEMORY: u32 = 8;

/// Times of late: of a barrier, and of what one change adds to a batch.
#[derive(Default)]
pub(super) struct Pace {
    barrier: Duration,
    change: Duration,
}

impl Pace {
    /// Learns from a batch of `changes`: what their work took and what the barrier took.
    pub(super) fn learn(&mut self, changes: usize, work: Duration, barrier: Duration) {
        let changes = u32::try_from(changes).unwrap_or(u32::MAX).max(1);
        self.barrier = average(self.barrier, barrier);
        self.change = average(self.change, work / changes);
    }

    /// Changes of a full batch.
    pub(super) fn full(&self) -> usize {
        let changes = (self.barrier * BARRIERS).as_nanos() / self.change.as_nanos().max(1);
        usize::try_from(changes).unwrap_or(MOST).clamp(LEAST, MOST)
    }
}

fn average(of_late: Duration, new: Duration) -> Duration {
    if of_late.is_zero() { new } else { (of_late * (MEMORY - 1) + new) / MEMORY }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(barrier: u64, change: u64) -> usize {
        let mut pace = Pace::default();
        for _ in 0..100 {
            pace.learn(10, Duration::from_micros(change * 10), Duration::from_micros(barrier));
        }
        pace.full()
    }

    #[test]
    fn a_slower_disk_has_larger_batches() {
        assert_eq!(Pace::default().full(), LEAST);
        assert_eq!(full(100, 100), LEAST);
        assert_eq!(full(2_000, 100), 80);
        assert_eq!(full(20_000, 100), MOST);
        assert_eq!(full(1_000, 0), MOST);
    }

    #[test]
    fn one_slow_barrier_is_soon_forgotten() {
        let mut pace = Pace::default();
        let mut learn = |barrier| {
            pace.learn(1, Duration::from_micros(100), Duration::from_micros(barrier));
            pace.full()
        };
        for _ in 0..100 {
            learn(1_000);
        }
        assert!(learn(10_000) > 2 * LEAST);
        assert_eq!((0..30).map(|_| learn(1_000)).last(), Some(40));
    }
}
