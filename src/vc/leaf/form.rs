//! The forms that a leaf's members have, and how each is told in JSON.

use std::collections::BTreeSet;

use crate::base::bytes::{base64url, from_base64url};
use crate::base::json::{Value, json};
use crate::vc::cbor::Cbor;

/// Bits of a slot's index in a [`slot_number`]: a status list has 131,072 entries.
pub const SLOT_BITS: u32 = 17;
/// Bytes of a tag.
const TAG: usize = 16;
/// The longest text.
const TEXT: usize = 128;

/// What a member holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// 1 to 128 printable ASCII characters: codes and names that are public anyway.
    Text,
    /// Such texts, ascending, none twice.
    Texts,
    /// A whole number from 0.
    Number,
    /// A SHA-256 digest.
    Digest,
    /// A keyed digest of 16 bytes, under which the city knows what it names; nobody else can work it out.
    Tag,
    /// Status slots in ascending order, none twice.
    Slots,
}

impl Form {
    /// Whether an item has this form.
    pub(super) fn fits(self, item: &Cbor) -> bool {
        match (self, item) {
            (Self::Text, Cbor::Text(text)) => {
                (1..=TEXT).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
            }
            (Self::Texts, Cbor::Array(texts)) => {
                texts.iter().all(|text| Self::Text.fits(text)) && texts.is_sorted_by(|a, b| a.as_text() < b.as_text())
            }
            (Self::Number, Cbor::Int(number)) => (0..=i128::from(i64::MAX)).contains(number),
            (Self::Digest, Cbor::Bytes(bytes)) => bytes.len() == 32,
            (Self::Tag, Cbor::Bytes(bytes)) => bytes.len() == TAG,
            (Self::Slots, Cbor::Array(slots)) => {
                slots.iter().all(|slot| number(slot).is_some_and(|slot| slot_of_number(slot).is_some()))
                    && slots.is_sorted_by(|a, b| number(a) < number(b))
            }
            _ => false,
        }
    }

    /// The item of a value; `None` when it has another form.
    pub(super) fn write(self, value: &Value) -> Option<Cbor> {
        let item = match self {
            Self::Text => Cbor::from(value.as_str()?),
            Self::Texts => {
                let texts = value.as_array()?.iter().map(Value::as_str).collect::<Option<BTreeSet<_>>>()?;
                Cbor::Array(texts.into_iter().map(Cbor::from).collect())
            }
            Self::Number => Cbor::Int(value.as_u64()?.into()),
            Self::Digest | Self::Tag => Cbor::Bytes(from_base64url(value.as_str()?).ok()?),
            Self::Slots => {
                let slots = value.as_array()?.iter().map(Value::as_u64).collect::<Option<BTreeSet<_>>>()?;
                Cbor::Array(slots.into_iter().map(|slot| Cbor::Int(slot.into())).collect())
            }
        };
        self.fits(&item).then_some(item)
    }

    /// The value of an item; `None` for one that is absent.
    pub(super) fn read(self, item: &Cbor) -> Option<Value> {
        match self {
            Self::Text => item.as_text().map(Value::from),
            Self::Texts => {
                let texts = item.as_array()?.iter().filter_map(Cbor::as_text);
                Some(texts.map(Value::from).collect())
            }
            Self::Number => item.as_int().map(Value::from),
            Self::Digest | Self::Tag => item.as_bytes().map(|bytes| base64url(bytes).into()),
            Self::Slots => {
                let slot = |item: &Cbor| slot_of_number(number(item)?).map(|(list, idx)| json!([list, idx]));
                item.as_array().map(|slots| slots.iter().filter_map(slot).collect())
            }
        }
    }
}

fn number(item: &Cbor) -> Option<u64> {
    item.as_int().and_then(|number| u64::try_from(number).ok())
}

/// A status slot as one number: the list's number, and the index in its lowest 17 bits.
pub fn slot_number(list: u32, idx: u32) -> u64 {
    (u64::from(list) << SLOT_BITS) | u64::from(idx)
}

/// The list's number and the index in a [`slot_number`]; `None` for a list beyond the largest number.
pub fn slot_of_number(number: u64) -> Option<(u32, u32)> {
    let list = u32::try_from(number >> SLOT_BITS).ok()?;
    let idx = u32::try_from(number & ((1 << SLOT_BITS) - 1)).ok()?;
    Some((list, idx))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_one_number() {
        assert_eq!(1_u32 << SLOT_BITS, crate::vc::status::SLOTS);
        for slot in [(0, 0), (3, 131_071), (u32::MAX, 1)] {
            assert_eq!(slot_of_number(slot_number(slot.0, slot.1)), Some(slot));
        }
        assert_eq!(slot_of_number(u64::MAX), None);
    }

    #[test]
    fn slots_are_sorted_and_told_once() {
        let written = Form::Slots.write(&json!([9, 3, 9])).unwrap();
        assert_eq!(written, Cbor::Array(vec![Cbor::Int(3), Cbor::Int(9)]));
        assert!(!Form::Slots.fits(&Cbor::Array(vec![Cbor::Int(3), Cbor::Int(3)])));
        assert!(!Form::Slots.fits(&Cbor::Array(vec![Cbor::Int(4), Cbor::Int(3)])));
        assert!(
            !Form::Text.fits(&"two words".into()) && !Form::Text.fits(&"证".into()) && !Form::Text.fits(&"".into())
        );
    }
}
