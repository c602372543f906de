//! Where randomness comes from.

use std::cell::RefCell;

use zeroize::Zeroize as _;

/// Fills bytes with randomness.
pub trait Random: Send + Sync {
    /// Fills `out` with bytes that nobody can predict.
    fn fill(&self, out: &mut [u8]);
}

/// The operating system's generator.
///
/// Salts, nonces and identifiers are many and short: a thread asks for a pool of them at once. Whatever is as long
/// as a key is asked for by itself and never lies in a pool.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

/// Bytes of a pool.
const POOL: usize = 1024;
/// Length from which bytes may be a key.
const KEY: usize = 32;

thread_local! {
    static OWN: RefCell<Pool> = const { RefCell::new(Pool { bytes: [0; POOL], used: POOL }) };
}

/// Randomness of one thread that nobody has had yet; what was handed out is wiped at once.
struct Pool {
    bytes: [u8; POOL],
    used: usize,
}

impl Pool {
    fn take(&mut self, out: &mut [u8]) {
        if POOL - self.used < out.len() {
            ask(&mut self.bytes);
            self.used = 0;
        }
        let end = self.used + out.len();
        if let Some(fresh) = self.bytes.get_mut(self.used..end) {
            out.copy_from_slice(fresh);
            fresh.zeroize();
        }
        self.used = end;
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl Random for SystemRandom {
    /// Panics when the operating system has none: no key, salt or nonce may then be made.
    fn fill(&self, out: &mut [u8]) {
        let pooled = out.len() < KEY && OWN.try_with(|pool| pool.borrow_mut().take(out)).is_ok();
        if !pooled {
            ask(out);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that asks the operating system for randomness")]
fn ask(out: &mut [u8]) {
    assert!(getrandom::fill(out).is_ok(), "the operating system gives no randomness");
}

/// `N` random bytes.
pub fn bytes<const N: usize>(random: &dyn Random) -> [u8; N] {
    let mut out = [0; N];
    random.fill(&mut out);
    out
}

/// A number below `bound` without bias; 0 when `bound` is 0.
pub fn below(random: &dyn Random, bound: u64) -> u64 {
    let Some(limit) = u64::MAX.checked_rem(bound).map(|rest| u64::MAX - rest) else { return 0 };
    loop {
        let number = u64::from_be_bytes(bytes(random));
        if number < limit {
            return number % bound;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_handed_out_twice_and_nothing_is_kept() {
        let drawn: Vec<[u8; 16]> = (0..4 * POOL / 16).map(|_| bytes(&SystemRandom)).collect();
        let mut distinct = drawn.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), drawn.len());
        assert!(drawn.iter().all(|one| *one != [0; 16]));
        OWN.with_borrow(|pool| assert!(pool.bytes[..pool.used].iter().all(|byte| *byte == 0)));
    }

    #[test]
    fn a_pool_that_is_too_short_is_filled_anew() {
        let mut pool = Pool { bytes: [0; POOL], used: POOL - 3 };
        let mut out = [0; 8];
        pool.take(&mut out);
        assert_ne!(out, [0; 8]);
        assert_eq!(pool.used, 8);
    }

    #[test]
    fn threads_draw_apart_and_keys_do_not_come_from_the_pool() {
        let other = std::thread::spawn(|| bytes::<16>(&SystemRandom)).join().unwrap();
        assert_ne!(bytes::<16>(&SystemRandom), other);
        let before = OWN.with_borrow(|pool| pool.used);
        assert_ne!(bytes::<32>(&SystemRandom), [0; 32]);
        assert_eq!(OWN.with_borrow(|pool| pool.used), before);
    }

    #[test]
    fn numbers_stay_below_their_bound() {
        assert!((0..1_000).all(|_| below(&SystemRandom, 36) < 36));
        assert_eq!(below(&SystemRandom, 0), 0);
    }
}
