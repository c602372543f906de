//! Which slot a new credential gets: a keyed permutation of a counter, so that a slot tells nothing of the order of
//! issuing (Token Status List section 12.5.1, Bitstring Status List 1.0 section 2.1 `statusListIndex`).
//!
//! An alternating Feistel network over 17 bits (8 on the left, 9 on the right) with HMAC-SHA-256 as its round function.
//! A slot costs eight HMACs whatever the list holds, and two counters never get the same slot.

use super::SLOTS;
use crate::crypto::digest::Keyed;

/// Rounds; small domains want more than the four of a large one.
const ROUNDS: u8 = 8;
const LEFT: u32 = 0xFF;
const RIGHT: u32 = 0x1FF;

/// The permutation of one agency.
#[derive(Debug)]
pub struct Permutation {
    key: Keyed,
}

/// Where a credential stands: the number of the list and the slot in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// Number of the list, from 0.
    pub list: u32,
    /// Slot in the list, below [`SLOTS`].
    pub slot: u32,
}

impl Permutation {
    /// The permutation under a secret key.
    pub fn new(key: &[u8; 32]) -> Self {
        Self { key: Keyed::new(key) }
    }

    /// The place of the `counter`-th credential; `None` beyond 2³² lists. Every list has its own order.
    pub fn place(&self, counter: u64) -> Option<Place> {
        let list = u32::try_from(counter / u64::from(SLOTS)).ok()?;
        let position = u32::try_from(counter % u64::from(SLOTS)).ok()?;
        Some(Place { list, slot: self.permute(list, position) })
    }

    fn permute(&self, list: u32, position: u32) -> u32 {
        let (mut left, mut right) = (position >> 9 & LEFT, position & RIGHT);
        for round in 0..ROUNDS {
            if round % 2 == 0 {
                left ^= self.round(list, round, right) & LEFT;
            } else {
                right ^= self.round(list, round, left) & RIGHT;
            }
        }
        left << 9 | right
    }

    fn round(&self, list: u32, round: u8, half: u32) -> u32 {
        let [l0, l1, l2, l3] = list.to_be_bytes();
        let [h0, h1, h2, h3] = half.to_be_bytes();
        let [a, b, c, d, ..] = self.key.code(&[l0, l1, l2, l3, round, h0, h1, h2, h3]);
        u32::from_be_bytes([a, b, c, d])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slot_is_given_exactly_once() {
        let permutation = Permutation::new(&[5; 32]);
        let mut seen = vec![false; SLOTS as usize];
        for counter in 0..u64::from(SLOTS) {
            let place = permutation.place(counter).unwrap();
            assert_eq!(place.list, 0);
            assert!(!std::mem::replace(&mut seen[place.slot as usize], true), "slot {} twice", place.slot);
        }
        assert!(seen.iter().all(|&given| given));
    }

    #[test]
    fn lists_and_keys_have_different_orders() {
        let order = |key: u8, list: u64| {
            let permutation = Permutation::new(&[key; 32]);
            (0..64).map(|i| permutation.place(list * u64::from(SLOTS) + i).unwrap().slot).collect::<Vec<_>>()
        };
        assert_ne!(order(1, 0), order(1, 1));
        assert_ne!(order(1, 0), order(2, 0));
        assert_eq!(order(1, 3), order(1, 3));
        assert_eq!(Permutation::new(&[1; 32]).place(u64::from(SLOTS) * 7).unwrap().list, 7);
        assert_eq!(Permutation::new(&[1; 32]).place(u64::MAX), None);
    }

    #[test]
    fn neighbours_do_not_stay_neighbours() {
        let permutation = Permutation::new(&[9; 32]);
        let slots: Vec<u32> = (0..1000).map(|i| permutation.place(i).unwrap().slot).collect();
        let close = slots.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) < 64).count();
        assert!(close < 10, "{close} of 999 steps stay within 64 slots; chance says 1");
        let low = slots.iter().filter(|&&slot| slot < SLOTS / 2).count();
        assert!((400..600).contains(&low), "{low} of 1000 in the lower half");
    }
}
