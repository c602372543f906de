//! Where randomness comes from.

/// Fills bytes with randomness.
pub trait Random: Send + Sync {
    /// Fills `out` with bytes that nobody can predict.
    fn fill(&self, out: &mut [u8]);
}

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the operating system for randomness")]
    /// Panics when the operating system has none: no key, salt or nonce may then be made.
    fn fill(&self, out: &mut [u8]) {
        assert!(getrandom::fill(out).is_ok(), "the operating system gives no randomness");
    }
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
