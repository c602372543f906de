//! The strict, bounded JSON reader: I-JSON (RFC 7493) as signatures need it.
//!
//! Refused: duplicate member names, lone surrogates, numbers outside the finite IEEE 754 doubles, nesting deeper than
//! the limit, input longer than the limit, bytes after the value. A lenient reader keeps the last of two equal names,
//! so two programs can read two different documents out of the same signed bytes.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

pub use serde_json::{Map as GenericMap, Number, Value, json};

use super::error::ParseError;

/// A JSON object.
pub type Map = serde_json::Map<String, Value>;

/// How large and how deep a document may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest input in bytes.
    pub bytes: usize,
    /// Deepest nesting of arrays and objects; a bare scalar has depth 0.
    pub depth: usize,
}

impl Limits {
    /// 1 MiB and 64 levels: more than any credential or presentation needs.
    pub const DEFAULT: Self = Self { bytes: 1 << 20, depth: 64 };
}

/// Reads one JSON value; `json_too_large`, `json_too_deep`, `json_duplicate_name` or `json_malformed` otherwise.
pub fn parse(input: &[u8], limits: &Limits) -> Result<Value, ParseError> {
    if input.len() > limits.bytes {
        return Err(too_large(input.len(), limits));
    }
    // Checked once as a whole, so that the reader need not check every string by itself.
    let text = std::str::from_utf8(input).map_err(|_| ParseError::new("json_malformed", "not UTF-8"))?;
    parse_text(text, limits)
}

/// The same for what is known to be UTF-8.
pub fn parse_text(text: &str, limits: &Limits) -> Result<Value, ParseError> {
    if text.len() > limits.bytes {
        return Err(too_large(text.len(), limits));
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Strict { depth: limits.depth }.deserialize(&mut reader).map_err(|error| name_error(&error))?;
    reader.end().map_err(|error| name_error(&error))?;
    Ok(value)
}

/// Shows an object as a value to whoever wants one, without copying it.
pub fn lent<T>(map: &mut Map, see: impl FnOnce(&Value) -> T) -> T {
    let value = Value::Object(std::mem::take(map));
    let seen = see(&value);
    if let Value::Object(back) = value {
        *map = back;
    }
    seen
}

fn too_large(length: usize, limits: &Limits) -> ParseError {
    ParseError::new("json_too_large", format!("{length} bytes, limit {}", limits.bytes))
}

/// Reads one JSON object; as [`parse`], and `json_not_object` for any other value.
pub fn parse_object(input: &[u8], limits: &Limits) -> Result<Map, ParseError> {
    let Value::Object(map) = parse(input, limits)? else {
        return Err(ParseError::new("json_not_object", "the document is not a JSON object"));
    };
    Ok(map)
}

const DUPLICATE: &str = "duplicate member name";
const TOO_DEEP: &str = "nesting too deep";

fn name_error(error: &serde_json::Error) -> ParseError {
    let text = error.to_string();
    let code = if text.starts_with(DUPLICATE) {
        "json_duplicate_name"
    } else if text.starts_with(TOO_DEEP) || text.starts_with("recursion limit") {
        "json_too_deep"
    } else {
        "json_malformed"
    };
    ParseError::new(code, format!("line {} column {}", error.line(), error.column()))
}

/// Deserializes any value while counting down the depth that is left.
struct Strict {
    depth: usize,
}

impl Strict {
    fn deeper<E: serde::de::Error>(&self) -> Result<Self, E> {
        self.depth.checked_sub(1).map(|depth| Self { depth }).ok_or_else(|| E::custom(TOO_DEEP))
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number is not finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(self.deeper()?)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut read: Vec<(String, Value)> = Vec::new();
        while let Some(name) = members.next_key()? {
            read.push((name, members.next_value_seed(self.deeper()?)?));
        }
        // A map is made in one go out of names in order, which signed documents mostly have; equal names then meet.
        if !read.is_sorted_by(|a, b| a.0 < b.0) {
            read.sort_by(|a, b| a.0.cmp(&b.0));
            if !read.is_sorted_by(|a, b| a.0 < b.0) {
                return Err(A::Error::custom(DUPLICATE));
            }
        }
        Ok(Value::Object(read.into_iter().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_lent_comes_back() {
        let mut map = Map::from_iter([("a".to_owned(), json!([1, 2]))]);
        let before = map.clone();
        assert_eq!(lent(&mut map, |value| value["a"][1].clone()), json!(2));
        assert_eq!(map, before);
    }

    fn code(text: &str) -> &'static str {
        parse(text.as_bytes(), &Limits::DEFAULT).expect_err("must be refused").code
    }

    #[test]
    fn a_duplicate_name_is_refused_at_any_depth() {
        assert_eq!(code(r#"{"a":1,"a":2}"#), "json_duplicate_name");
        assert_eq!(code(r#"[{"b":{"a":1,"\u0061":2}}]"#), "json_duplicate_name");
    }

    #[test]
    fn lone_surrogates_and_infinite_numbers_are_refused() {
        assert_eq!(code(r#""\ud800""#), "json_malformed");
        assert_eq!(code(r#""\udc00\ud800""#), "json_malformed");
        assert_eq!(code("1e400"), "json_malformed");
        assert_eq!(code("NaN"), "json_malformed");
    }

    #[test]
    fn depth_is_bounded_exactly() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(parse(nested(64).as_bytes(), &Limits::DEFAULT).is_ok());
        assert_eq!(code(&nested(65)), "json_too_deep");
        assert_eq!(code(&"[".repeat(100_000)), "json_too_deep");
    }

    #[test]
    fn trailing_bytes_and_long_input_are_refused() {
        assert_eq!(code("{} x"), "json_malformed");
        let limits = Limits { bytes: 4, depth: 1 };
        assert_eq!(parse(b"[1,2]", &limits).expect_err("too long").code, "json_too_large");
    }

    #[test]
    fn doubles_survive_exactly() {
        let value = parse(b"[9007199254740993, 0.1, 5e-324, 1.7976931348623157e308]", &Limits::DEFAULT).unwrap();
        assert_eq!(value[1].as_f64(), Some(0.1));
        assert_eq!(value[2].as_f64(), Some(5e-324));
        assert_eq!(value[3].as_f64(), Some(f64::MAX));
    }

    #[test]
    fn serde_json_keeps_doubles_exact() {
        // Guards the `float_roundtrip` feature: without it this text reads as another double.
        let value = parse(b"-9.223372036854776e-250", &Limits::DEFAULT).unwrap();
        assert_eq!(value.as_f64().unwrap().to_bits(), (-9.223_372_036_854_776e-250_f64).to_bits());
    }
}
