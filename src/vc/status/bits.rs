//! The array of a list: two bits for each of [`SLOTS`] slots.
//!
//! Slot i stands at bit 2i as `revocation` and bit 2i+1 as `suspension`. In the order of the Token Status List (least
//! significant bit first) these are one number: 0 valid, 1 revoked, 2 suspended. Revoked clears suspended.

use super::{SLOTS, Status};

/// Bytes of the array: four slots in each.
const BYTES: usize = 32_768;

/// The bits of one list.
#[derive(Clone, PartialEq, Eq)]
pub struct Bits(Vec<u8>);

impl Default for Bits {
    fn default() -> Self {
        Self(vec![0; BYTES])
    }
}

impl Bits {
    /// A list with these slots set and all others valid; slots at or beyond [`SLOTS`] are left out.
    pub fn of(entries: impl IntoIterator<Item = (u32, Status)>) -> Self {
        let mut bits = Self::default();
        for (slot, status) in entries {
            bits.set(slot, status);
        }
        bits
    }

    /// Sets a slot; false when there is no such slot.
    pub fn set(&mut self, slot: u32, status: Status) -> bool {
        let Some((byte, shift)) = place(slot).and_then(|(at, shift)| Some((self.0.get_mut(at)?, shift))) else {
            return false;
        };
        *byte = (*byte & !(0b11 << shift)) | (status.bits() << shift);
        true
    }

    /// The status of a slot; `None` when there is no such slot.
    pub fn get(&self, slot: u32) -> Option<Status> {
        let (at, shift) = place(slot)?;
        Status::from_bits((self.0.get(at)? >> shift) & 0b11)
    }

    /// The array as the Token Status List orders it: lowest bit of each byte first (`bits` = 2).
    pub fn token_order(&self) -> &[u8] {
        &self.0
    }

    /// The array as Bitstring Status List orders it: highest bit of each byte first, 262,144 entries of one bit.
    pub fn bitstring_order(&self) -> Vec<u8> {
        self.0.iter().map(|byte| byte.reverse_bits()).collect()
    }
}

impl std::fmt::Debug for Bits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bits({SLOTS} slots)")
    }
}

fn place(slot: u32) -> Option<(usize, u32)> {
    let at = usize::try_from(slot / 4).ok()?;
    (slot < SLOTS).then_some((at, slot % 4 * 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_keeps_its_own_status() {
        let mut bits = Bits::default();
        assert!(bits.set(0, Status::Revoked) && bits.set(1, Status::Suspended) && bits.set(SLOTS - 1, Status::Revoked));
        assert_eq!(
            [bits.get(0), bits.get(1), bits.get(2)],
            [Some(Status::Revoked), Some(Status::Suspended), Some(Status::Valid)]
        );
        bits.set(1, Status::Revoked);
        assert_eq!(bits.get(1), Some(Status::Revoked), "revoked clears suspended");
        assert_eq!(bits.get(SLOTS - 1), Some(Status::Revoked));
        assert!(!bits.set(SLOTS, Status::Revoked));
        assert_eq!(bits.get(SLOTS), None);
    }

    #[test]
    fn the_two_orders_agree_slot_by_slot() {
        let bits =
            Bits::of([(0, Status::Revoked), (3, Status::Suspended), (6, Status::Revoked), (9, Status::Suspended)]);
        let bitstring = bits.bitstring_order();
        let bit = |at: usize| bitstring[at / 8] >> (7 - at % 8) & 1;
        for slot in 0..16_u32 {
            let at = slot as usize;
            let expected = (bit(2 * at) == 1, bit(2 * at + 1) == 1);
            let status = bits.get(slot).unwrap();
            assert_eq!(expected, (status == Status::Revoked, status == Status::Suspended), "slot {slot}");
        }
        assert_eq!(bits.token_order()[0], 0b1000_0001);
        assert_eq!(bitstring[0], 0b1000_0001);
        assert_eq!((bits.token_order()[1], bitstring[1]), (0b0001_0000, 0b0000_1000));
    }
}
