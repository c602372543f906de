//! What anyone at the door may cost: passwords stretched at once, and tries from one address.
//!
//! Both live in the memory of the process and are bounded; what must survive it, the count of wrong tries of an account,
//! is in the store ([`lock`](super::lock)).

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};

use crate::base::random::Random;
use crate::base::time::Timestamp;
use crate::crypto::password::{Cost, Kept};
use crate::domain::error::{Error, ErrorKind};

/// Passwords stretched at once, 19 MiB each.
const AT_ONCE: usize = 2;
/// Callers that may wait for that.
const WAITING: usize = 32;
/// Tries that an address may make at once.
const BURST: i64 = 30;
/// Seconds after which an address gets one more.
const REFILL: i64 = 2;
/// Addresses remembered.
const ADDRESSES: usize = 8_192;

/// The door of one process.
#[derive(Default)]
pub struct Desk {
    gate: Gate,
    addresses: Mutex<HashMap<IpAddr, Tries>>,
    nobody: OnceLock<Kept>,
}

impl Desk {
    /// Runs one stretching of a password when there is room; `rate-limited` when too many wait.
    pub fn stretch<T>(&self, work: impl FnOnce() -> T) -> Result<T, Error> {
        self.gate.run(work)
    }

    /// A password that nobody has, as expensive as everybody's: what is compared when there is no such account.
    pub fn nobody(&self, random: &dyn Random) -> Result<Kept, Error> {
        if let Some(kept) = self.nobody.get() {
            return Ok(kept.clone());
        }
        let word = crate::base::bytes::base64url(&crate::base::random::bytes::<32>(random));
        let made = self.stretch(|| Kept::new(&word, Cost::DEFAULT, random))?;
        let made = made.map_err(|error| Error::corrupt(error.to_string()))?;
        Ok(self.nobody.get_or_init(|| made).clone())
    }

    /// Takes one try of an address; `rate-limited` when it has none left.
    pub fn admit(&self, address: IpAddr, now: Timestamp) -> Result<(), Error> {
        let (address, now) = (network(address), now.as_second());
        let mut known = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= ADDRESSES && !known.contains_key(&address) {
            make_room(&mut known, now);
        }
        let tries = known.entry(address).or_insert(Tries { left: BURST, at: now });
        tries.refill(now);
        if tries.left == 0 {
            return Err(Error::new(ErrorKind::RateLimited, "too many tries from this address")
                .coded("address")
                .after(u32::try_from(REFILL).unwrap_or(1))
                .says(
                    "本网络登录尝试过于频繁，请稍后再试。",
                    "Too many tries from this network. Try again in a moment.",
                ));
        }
        tries.left -= 1;
        Ok(())
    }
}

/// The tries of one address.
struct Tries {
    left: i64,
    at: i64,
}

impl Tries {
    fn refill(&mut self, now: i64) {
        let gained = now.saturating_sub(self.at).max(0) / REFILL;
        self.left = self.left.saturating_add(gained).min(BURST);
        self.at = if self.left == BURST { now } else { self.at.saturating_add(gained * REFILL) };
    }
}

/// An IPv6 caller has a whole /64 to choose addresses from.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Forgets addresses that have all their tries, else the one that tried longest ago.
fn make_room(known: &mut HashMap<IpAddr, Tries>, now: i64) {
    known.retain(|_, tries| {
        tries.refill(now);
        tries.left < BURST
    });
    while known.len() >= ADDRESSES {
        let Some(oldest) = known.iter().min_by_key(|(_, tries)| tries.at).map(|(address, _)| *address) else { return };
        known.remove(&oldest);
    }
}

/// A counting semaphore with a bounded queue.
#[derive(Default)]
struct Gate {
    state: Mutex<Crowd>,
    left: Condvar,
}

#[derive(Default)]
struct Crowd {
    inside: usize,
    waiting: usize,
}

impl Gate {
    fn run<T>(&self, work: impl FnOnce() -> T) -> Result<T, Error> {
        let mut crowd = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if crowd.inside >= AT_ONCE {
            if crowd.waiting >= WAITING {
                return Err(Error::new(ErrorKind::RateLimited, "too many passwords at once")
                    .coded("busy")
                    .says("登录人数过多，请稍后再试。", "Too many people sign in right now. Try again in a moment."));
            }
            crowd.waiting += 1;
            crowd =
                self.left.wait_while(crowd, |crowd| crowd.inside >= AT_ONCE).unwrap_or_else(PoisonError::into_inner);
            crowd.waiting -= 1;
        }
        crowd.inside += 1;
        drop(crowd);
        let _leaving = Leaving(self);
        Ok(work())
    }
}

/// Gives the place back, also when the work panics.
struct Leaving<'a>(&'a Gate);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).inside -= 1;
        self.0.left.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::base::time::from_unix;

    #[test]
    fn an_address_has_a_burst_and_then_one_try_in_two_seconds() {
        let desk = Desk::default();
        let (one, other): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let at = |second: i64| from_unix(1_000 + second).unwrap();
        for _ in 0..BURST {
            desk.admit(one, at(0)).unwrap();
        }
        let refused = desk.admit(one, at(1)).unwrap_err();
        assert_eq!((refused.kind, refused.code()), (ErrorKind::RateLimited, Some("address")));
        desk.admit(other, at(1)).unwrap();
        desk.admit(one, at(2)).unwrap();
        assert!(desk.admit(one, at(3)).is_err(), "one only");
        for _ in 0..BURST {
            desk.admit(one, at(1_000)).unwrap();
        }
        assert!(desk.admit(one, at(1_000)).is_err(), "no more than a burst is saved up");
    }

    #[test]
    fn neighbours_in_a_64_share_and_mapped_addresses_are_their_own() {
        let same = |a: &str, b: &str| network(a.parse().unwrap()) == network(b.parse().unwrap());
        assert!(same("2001:db8::1", "2001:db8::ffff:2") && !same("2001:db8::1", "2001:db8:0:1::1"));
        assert!(same("::ffff:192.0.2.1", "192.0.2.1") && !same("::ffff:192.0.2.1", "::ffff:192.0.2.2"));
    }

    #[test]
    fn memory_for_addresses_is_bounded() {
        let desk = Desk::default();
        let now = from_unix(1_000).unwrap();
        for n in 0..u32::try_from(ADDRESSES).unwrap() + 500 {
            desk.admit(IpAddr::from(n.to_be_bytes()), now).unwrap();
        }
        assert!(desk.addresses.lock().unwrap().len() <= ADDRESSES);
        desk.admit("192.0.2.1".parse().unwrap(), from_unix(9_000).unwrap()).unwrap();
        assert_eq!(desk.addresses.lock().unwrap().len(), 1, "all others have their tries back and are forgotten");
    }

    #[test]
    fn only_so_many_stretch_at_once_and_wait() {
        let gate = Arc::new(Gate::default());
        let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (open, wait) = std::sync::mpsc::channel::<()>();
        let wait = Arc::new(Mutex::new(wait));
        let threads: Vec<_> = (0..AT_ONCE + WAITING)
            .map(|_| {
                let (gate, inside, most, wait) = (gate.clone(), inside.clone(), most.clone(), wait.clone());
                std::thread::spawn(move || {
                    gate.run(|| {
                        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        wait.lock().unwrap().recv().unwrap();
                        inside.fetch_sub(1, Ordering::SeqCst);
                    })
                    .unwrap();
                })
            })
            .collect();
        while gate.state.lock().unwrap().waiting < WAITING {
            std::thread::yield_now();
        }
        assert_eq!(gate.run(|| ()).unwrap_err().code(), Some("busy"), "the queue is full");
        for _ in &threads {
            open.send(()).unwrap();
        }
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(most.load(Ordering::SeqCst), AT_ONCE);
        assert!(gate.run(|| ()).is_ok());
        let broken = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| gate.run(|| panic!("x"))));
        assert!(broken.is_err() && gate.state.lock().unwrap().inside == 0, "the place is given back");
    }
}
