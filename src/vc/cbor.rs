//! The CBOR that signatures need (RFC 8949): a strict, bounded reader and a deterministic writer.
//!
//! Refused when reading: indefinite lengths, duplicate map keys, keys that are neither integer nor text, trailing
//! bytes, `undefined` and other simple values, half-precision floats, nesting deeper than 8, more than 1,024 items.
//! Written deterministically (section 4.2.1): shortest heads, map keys in the order of their encodings. Only what COSE
//! and CWT use; no streaming.

use minicbor::data::{Tag, Type};
use minicbor::decode::{Decoder, Error};

use crate::base::error::ParseError;

const MAX_DEPTH: u8 = 8;
const MAX_ITEMS: u64 = 1024;

/// A CBOR data item.
#[derive(Clone, Debug, PartialEq)]
pub enum Cbor {
    /// Major types 0 and 1: −2⁶⁴ to 2⁶⁴−1.
    Int(i128),
    /// Major type 2.
    Bytes(Vec<u8>),
    /// Major type 3.
    Text(String),
    /// Major type 4.
    Array(Vec<Self>),
    /// Major type 5, in the order read or given.
    Map(Vec<(Self, Self)>),
    /// Major type 6.
    Tag(u64, Box<Self>),
    /// False or true.
    Bool(bool),
    /// Null.
    Null,
    /// A finite single- or double-precision float.
    Float(f64),
}

impl From<&str> for Cbor {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Cbor {
    fn from(value: i64) -> Self {
        Self::Int(value.into())
    }
}

impl From<&[u8]> for Cbor {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl Cbor {
    /// The value under an integer key; `None` when absent or when this is no map.
    pub fn at(&self, key: i64) -> Option<&Self> {
        let Self::Map(entries) = self else { return None };
        entries.iter().find(|(name, _)| *name == Self::Int(key.into())).map(|(_, value)| value)
    }

    /// The value under a text key; `None` when absent or when this is no map.
    pub fn named(&self, key: &str) -> Option<&Self> {
        let Self::Map(entries) = self else { return None };
        entries.iter().find(|(name, _)| matches!(name, Self::Text(text) if text == key)).map(|(_, value)| value)
    }

    /// The text, if this is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The bytes, if this is a byte string.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    /// The integer, if this is one that fits.
    pub fn as_int(&self) -> Option<i64> {
        if let Self::Int(value) = self { i64::try_from(*value).ok() } else { None }
    }

    /// Whole seconds of a NumericDate (RFC 8392 section 2): an integer, or a float that is cut off towards the past.
    pub fn as_seconds(&self) -> Option<i64> {
        #[expect(clippy::cast_possible_truncation, reason = "a float beyond the range saturates, which no time is")]
        if let Self::Float(value) = self { Some(value.floor() as i64) } else { self.as_int() }
    }

    /// The items, if this is an array.
    pub fn as_array(&self) -> Option<&[Self]> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    /// The deterministic encoding.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Int(value) => {
                let negative = *value < 0;
                let size = if negative { -1 - value } else { *value };
                head(out, u8::from(negative), u64::try_from(size).unwrap_or(u64::MAX));
            }
            Self::Bytes(bytes) => string(out, 2, bytes),
            Self::Text(text) => string(out, 3, text.as_bytes()),
            Self::Array(items) => {
                head(out, 4, length(items.len()));
                for item in items {
                    item.write(out);
                }
            }
            Self::Map(entries) => {
                let mut encoded: Vec<_> = entries.iter().map(|(key, value)| (key.encode(), value)).collect();
                encoded.sort_by(|a, b| a.0.cmp(&b.0));
                head(out, 5, length(encoded.len()));
                for (key, value) in encoded {
                    out.extend_from_slice(&key);
                    value.write(out);
                }
            }
            Self::Tag(tag, item) => {
                head(out, 6, *tag);
                item.write(out);
            }
            Self::Bool(value) => out.push(if *value { 0xF5 } else { 0xF4 }),
            Self::Null => out.push(0xF6),
            Self::Float(value) => {
                out.push(0xFB);
                out.extend_from_slice(&value.to_be_bytes());
            }
        }
    }

    /// Reads exactly one item; `cbor_malformed` otherwise.
    pub fn decode(bytes: &[u8]) -> Result<Self, ParseError> {
        let mut decoder = Decoder::new(bytes);
        let mut items = MAX_ITEMS;
        let value = read(&mut decoder, MAX_DEPTH, &mut items).map_err(|error| malformed(error.to_string()))?;
        if decoder.position() == bytes.len() { Ok(value) } else { Err(malformed("bytes after the item")) }
    }
}

fn malformed(detail: impl Into<String>) -> ParseError {
    ParseError::new("cbor_malformed", detail)
}

fn length(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

fn string(out: &mut Vec<u8>, major: u8, bytes: &[u8]) {
    head(out, major, length(bytes.len()));
    out.extend_from_slice(bytes);
}

/// Initial byte and argument in their shortest form (RFC 8949 section 3).
fn head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let major = major << 5;
    let [_, _, _, _, b3, b2, b1, b0] = argument.to_be_bytes();
    match argument {
        0..=23 => out.push(major | b0),
        24..=0xFF => out.extend_from_slice(&[major | 0x18, b0]),
        0x100..=0xFFFF => out.extend_from_slice(&[major | 0x19, b1, b0]),
        0x1_0000..=0xFFFF_FFFF => out.extend_from_slice(&[major | 0x1A, b3, b2, b1, b0]),
        _ => {
            out.push(major | 0x1B);
            out.extend_from_slice(&argument.to_be_bytes());
        }
    }
}

fn read(decoder: &mut Decoder<'_>, depth: u8, items: &mut u64) -> Result<Cbor, Error> {
    *items = items.checked_sub(1).ok_or_else(|| Error::message("more than 1,024 items"))?;
    let deeper = || depth.checked_sub(1).ok_or_else(|| Error::message("nesting deeper than 8"));
    Ok(match decoder.datatype()? {
        Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::Int => {
            Cbor::Int(decoder.int()?.into())
        }
        Type::Bytes => Cbor::Bytes(decoder.bytes()?.to_vec()),
        Type::String => Cbor::Text(decoder.str()?.to_owned()),
        Type::Array => {
            let depth = deeper()?;
            let count = decoder.array()?.unwrap_or_default();
            (0..count).map(|_| read(decoder, depth, items)).collect::<Result<_, _>>().map(Cbor::Array)?
        }
        Type::Map => {
            let depth = deeper()?;
            let count = decoder.map()?.unwrap_or_default();
            read_map(decoder, count, depth, items)?
        }
        Type::Tag => {
            let depth = deeper()?;
            let tag: Tag = decoder.tag()?;
            Cbor::Tag(tag.as_u64(), Box::new(read(decoder, depth, items)?))
        }
        Type::Bool => Cbor::Bool(decoder.bool()?),
        Type::Null => {
            decoder.null()?;
            Cbor::Null
        }
        Type::F32 => finite(f64::from(decoder.f32()?))?,
        Type::F64 => finite(decoder.f64()?)?,
        Type::BytesIndef | Type::StringIndef | Type::ArrayIndef | Type::MapIndef | Type::Break => {
            return Err(Error::message("indefinite length"));
        }
        Type::F16 | Type::Simple | Type::Undefined | Type::Unknown(_) => {
            return Err(Error::message("half-precision float, undefined or simple value"));
        }
    })
}

fn finite(value: f64) -> Result<Cbor, Error> {
    if value.is_finite() { Ok(Cbor::Float(value)) } else { Err(Error::message("float is not finite")) }
}

fn read_map(decoder: &mut Decoder<'_>, count: u64, depth: u8, items: &mut u64) -> Result<Cbor, Error> {
    let mut entries: Vec<(Cbor, Cbor)> = Vec::new();
    for _ in 0..count {
        let key = read(decoder, depth, items)?;
        if !matches!(key, Cbor::Int(_) | Cbor::Text(_)) {
            return Err(Error::message("a map key that is neither integer nor text"));
        }
        if entries.iter().any(|(name, _)| *name == key) {
            return Err(Error::message("duplicate map key"));
        }
        let value = read(decoder, depth, items)?;
        entries.push((key, value));
    }
    Ok(Cbor::Map(entries))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::bytes::{from_hex, hex};

    #[test]
    fn rfc_8949_examples_round_trip() {
        // RFC 8949 appendix A, the definite-length items of the types in use.
        for text in [
            "00",
            "17",
            "1818",
            "1903e8",
            "1a000f4240",
            "1bffffffffffffffff",
            "20",
            "3863",
            "3bffffffffffffffff",
            "f4",
            "f5",
            "f6",
            "40",
            "4401020304",
            "60",
            "63e6b0b4",
            "80",
            "83010203",
            "8301820203820405",
            "a0",
            "a201020304",
            "a26161016162820203",
            "c11a514b67b0",
            "fb3ff199999999999a",
        ] {
            let item = Cbor::decode(&from_hex(text).unwrap()).expect(text);
            assert_eq!(hex(&item.encode()), text);
        }
    }

    #[test]
    fn maps_are_written_in_the_order_of_their_encoded_keys() {
        let map = Cbor::Map(vec![
            ("b".into(), 1.into()),
            ((-1).into(), 2.into()),
            (100.into(), 3.into()),
            (10.into(), 4.into()),
        ]);
        assert_eq!(hex(&map.encode()), "a40a0418640320026162 01".replace(' ', ""));
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        for (text, why) in [
            ("5f42010243030405ff", "indefinite bytes"),
            ("7f657374726561646d696e67ff", "indefinite text"),
            ("9fff", "indefinite array"),
            ("bfff", "indefinite map"),
            ("a201020103", "duplicate key"),
            ("a20102180103", "duplicate key in a longer spelling"),
            ("a1f601", "null as a key"),
            ("a1410101", "bytes as a key"),
            ("0000", "trailing byte"),
            ("", "nothing"),
            ("f7", "undefined"),
            ("f90000", "half-precision float"),
            ("fb7ff0000000000000", "infinity"),
            ("61ff", "no UTF-8"),
            ("5b00000000ffffffff", "longer than the input"),
            ("9b00000000ffffffff", "more items than the input"),
            ("818181818181818181 00", "nine levels"),
        ] {
            assert!(Cbor::decode(&from_hex(&text.replace(' ', "")).unwrap()).is_err(), "{why}");
        }
        assert!(Cbor::decode(&from_hex("818181818181818100").unwrap()).is_ok(), "eight levels");
        let many = [&[0x99, 0x04, 0x00][..], &[0; 1024]].concat();
        assert!(Cbor::decode(&many).is_err(), "more than 1,024 items");
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_never_panic_and_what_is_read_is_written_equally(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..64)) {
            if let Ok(item) = Cbor::decode(&bytes) {
                proptest::prop_assert_eq!(Cbor::decode(&item.encode()).unwrap().encode(), item.encode());
            }
        }
    }
}
