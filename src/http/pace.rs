//! How often one address may ask for something that costs: a bounded memory of the last minute.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use crate::base::time::Timestamp;
use crate::domain::error::{Error, ErrorKind};

/// Seconds that are counted together.
const SPAN: i64 = 60;
/// Addresses that are remembered; with more at once all share what is left of the minute.
const ADDRESSES: usize = 4_096;

/// A pace for one operation.
pub struct Pace {
    each: u32,
    all: u32,
    minute: Mutex<Minute>,
}

#[derive(Default)]
struct Minute {
    begun: i64,
    all: u32,
    by_address: HashMap<IpAddr, u32>,
}

impl Pace {
    /// At most `each` a minute from one address, and `all` from all of them.
    pub fn new(each: u32, all: u32) -> Self {
        Self { each, all, minute: Mutex::default() }
    }

    /// Counts one call; `rate-limited` when it is one too many.
    pub fn admit(&self, address: IpAddr, now: Timestamp) -> Result<(), Error> {
        let mut minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now.as_second();
        if !(minute.begun..minute.begun.saturating_add(SPAN)).contains(&now) {
            *minute = Minute { begun: now, ..Minute::default() };
        }
        let address = network(address);
        let known = minute.by_address.get(&address).copied().unwrap_or_default();
        let crowded = known == 0 && minute.by_address.len() >= ADDRESSES;
        if known >= self.each || minute.all >= self.all || crowded {
            let left = minute.begun.saturating_add(SPAN).saturating_sub(now);
            let error = Error::new(ErrorKind::RateLimited, "too many calls in a minute");
            return Err(error.after(u32::try_from(left).unwrap_or(1)));
        }
        minute.all += 1;
        minute.by_address.insert(address, known + 1);
        Ok(())
    }
}

/// An IPv6 caller has a whole /64 to choose addresses from.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::{from_unix, plus_seconds};

    #[test]
    fn each_address_and_all_together_have_a_limit_that_ends_with_the_minute() {
        let (pace, now) = (Pace::new(2, 3), from_unix(1_700_000_000).unwrap());
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let one = |text: &str, now| pace.admit(address(text), now).is_ok();
        assert!(one("192.0.2.1", now) && one("192.0.2.1", now) && !one("192.0.2.1", now));
        assert!(one("2001:db8::1", now) && !one("2001:db8::2", now), "all together");
        let refused = pace.admit(address("192.0.2.1"), plus_seconds(now, 20)).unwrap_err();
        assert_eq!(refused.retry(), Some(40), "when the minute is over");
        let later = plus_seconds(now, SPAN);
        assert!(one("2001:db8::1", later) && one("2001:db8::2", later) && !one("2001:db8::3", later), "one network");
        assert!(one("192.0.2.1", plus_seconds(now, -SPAN)), "a clock that was set back locks nobody out");
    }
}
