//! Status lists: two bits for every credential, published as a W3C credential and as IETF tokens.
//!
//! One array of bits serves both: Bitstring Status List 1.0 counts bits from the left of each byte, the Token Status
//! List draft from the right, so each is the other with every byte reversed. Read in this order: [`bits`] (the array),
//! [`permutation`] (which slot a new credential gets), [`bitstring`], [`token`]. Nothing here fetches a list or decides
//! whose list to trust. A list that is wrong in any way decides nothing: those findings have the state `error`; only
//! a malformed reference inside a credential is that credential's fault and `invalid`.

pub mod bits;
pub mod bitstring;
mod inflate;
pub mod permutation;
pub mod token;

pub use bits::Bits;

/// Slots of one list: twice as many bits, 32 KiB, the least that Bitstring Status List 1.0 section 3.2 asks for herd
/// privacy, per purpose.
pub const SLOTS: u32 = 131_072;

/// The life of a credential. The discriminant is its two bits, and its Status Type of the Token Status List (section
/// 7.1 "Status Types Values").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Status {
    /// In force (`VALID`).
    #[default]
    Valid = 0,
    /// 注销/吊销, for good (`INVALID`).
    Revoked = 1,
    /// 暂扣, can be undone (`SUSPENDED`).
    Suspended = 2,
}

impl Status {
    /// The two bits of the slot.
    pub const fn bits(self) -> u8 {
        match self {
            Self::Valid => 0,
            Self::Revoked => 1,
            Self::Suspended => 2,
        }
    }

    /// The status of two bits; `None` for 3.
    pub const fn from_bits(bits: u8) -> Option<Self> {
        match bits {
            0 => Some(Self::Valid),
            1 => Some(Self::Revoked),
            2 => Some(Self::Suspended),
            _ => None,
        }
    }
}
