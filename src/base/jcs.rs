//! The canonical JSON writer of RFC 8785 (JSON Canonicalization Scheme).
//!
//! Members are sorted by their UTF-16 code units (section 3.2.3), numbers printed as ECMAScript does (3.2.2.3, all
//! numbers are IEEE 754 doubles), strings escaped minimally (3.2.2.2).

use super::json::{Map, Number, Value};

/// The canonical form of a value, in UTF-8.
pub fn canonicalize(value: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    write_value(&mut out, value);
    out
}

/// The canonical form of an array of these items, in UTF-8.
pub fn canonicalize_array(items: &[&Value]) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    write_array(&mut out, items.iter().copied());
    out
}

/// The canonical form of an object, in UTF-8.
pub fn canonicalize_object(map: &Map) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    write_object(&mut out, map, None);
    out
}

/// The canonical form of an object as if the member `name` were not there: what a Data Integrity proof signs.
pub fn canonicalize_without(map: &Map, name: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(4096);
    write_object(&mut out, map, Some(name));
    out
}

fn write_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => write_number(out, number),
        Value::String(text) => write_string(out, text),
        Value::Array(items) => write_array(out, items.iter()),
        Value::Object(map) => write_object(out, map, None),
    }
}

fn write_array<'a>(out: &mut Vec<u8>, items: impl Iterator<Item = &'a Value>) {
    out.push(b'[');
    for (i, item) in items.enumerate() {
        if i > 0 {
            out.push(b',');
        }
        write_value(out, item);
    }
    out.push(b']');
}

fn write_object(out: &mut Vec<u8>, map: &Map, without: Option<&str>) {
    let members = map.iter().filter(|(name, _)| Some(name.as_str()) != without);
    // A map iterates in byte order, which is the order of UTF-16 except above the surrogates (U+E000–U+FFFF against
    // U+10000 and up).
    if map.keys().any(|name| !name.is_ascii() && name.bytes().any(|byte| byte >= 0xEE)) {
        let mut sorted: Vec<_> = members.collect();
        sorted.sort_by(|a, b| a.0.encode_utf16().cmp(b.0.encode_utf16()));
        write_members(out, sorted.into_iter());
    } else {
        write_members(out, members);
    }
}

fn write_members<'a>(out: &mut Vec<u8>, members: impl Iterator<Item = (&'a String, &'a Value)>) {
    out.push(b'{');
    for (i, (name, value)) in members.enumerate() {
        if i > 0 {
            out.push(b',');
        }
        write_string(out, name);
        out.push(b':');
        write_value(out, value);
    }
    out.push(b'}');
}

fn write_number(out: &mut Vec<u8>, number: &Number) {
    const EXACT: u64 = 1 << 53;
    if let Some(integer) = number.as_i64().filter(|integer| integer.unsigned_abs() <= EXACT) {
        out.extend_from_slice(integer.to_string().as_bytes());
        return;
    }
    let mut buffer = ryu_js::Buffer::new();
    out.extend_from_slice(buffer.format(number.as_f64().unwrap_or_default()).as_bytes());
}

fn write_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let (plain, tail) = rest.split_at(plain_length(rest));
        out.extend_from_slice(plain);
        let Some((&byte, tail)) = tail.split_first() else { break };
        write_escape(out, byte);
        rest = tail;
    }
    out.push(b'"');
}

/// How many bytes at the beginning need no escape; eight are looked at in one step.
fn plain_length(bytes: &[u8]) -> usize {
    let (words, _) = bytes.as_chunks::<8>();
    let whole = words.iter().take_while(|word| !needs_escape(u64::from_le_bytes(**word))).count() * 8;
    let rest = bytes.get(whole..).unwrap_or_default();
    let special = |&byte: &u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    whole + rest.iter().position(special).unwrap_or(rest.len())
}

/// Whether one of eight bytes is a control character, a quotation mark or a backslash: a byte below `n` borrows into its
/// high bit when `n` is taken from it, a byte of 0x80 and more is none of them.
fn needs_escape(word: u64) -> bool {
    const ONES: u64 = u64::MAX / 0xFF;
    let below = |word: u64, n: u8| word.wrapping_sub(ONES * u64::from(n)) & !word;
    let is = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    (below(word, 0x20) | is(b'"') | is(b'\\')) & (ONES << 7) != 0
}

fn write_escape(out: &mut Vec<u8>, byte: u8) {
    match byte {
        b'"' => out.extend_from_slice(b"\\\""),
        b'\\' => out.extend_from_slice(b"\\\\"),
        0x08 => out.extend_from_slice(b"\\b"),
        0x09 => out.extend_from_slice(b"\\t"),
        0x0A => out.extend_from_slice(b"\\n"),
        0x0C => out.extend_from_slice(b"\\f"),
        0x0D => out.extend_from_slice(b"\\r"),
        other => out.extend_from_slice(format!("\\u{other:04x}").as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::json::{Limits, json, parse};

    fn canonical(text: &str) -> String {
        let value = parse(text.as_bytes(), &Limits::DEFAULT).unwrap();
        String::from_utf8(canonicalize(&value)).unwrap()
    }

    #[test]
    fn names_sort_by_utf16_units() {
        // RFC 8785 section 3.2.3: U+1F600 (a surrogate pair) sorts before U+FB33.
        let text = canonical("{\"\u{fb33}\":1,\"\u{1f600}\":2,\"\u{20ac}\":3,\"1\":4,\"\\r\":5}");
        assert_eq!(text, "{\"\\r\":5,\"1\":4,\"\u{20ac}\":3,\"\u{1f600}\":2,\"\u{fb33}\":1}");
    }

    #[test]
    fn numbers_print_as_ecmascript_does() {
        assert_eq!(
            canonical("[333333333.33333329, 1E30, 4.50, 2e-3, 1e-27, -0, -0.0]"),
            "[333333333.3333333,1e+30,4.5,0.002,1e-27,0,0]"
        );
        assert_eq!(canonical("[9007199254740993, 18446744073709551615]"), "[9007199254740992,18446744073709552000]");
    }

    #[test]
    fn control_characters_escape_minimally() {
        assert_eq!(canonical("\"\\u0000\\u001f\\b\\/\\u20ac\\\"\\\\\""), "\"\\u0000\\u001f\\b/\u{20ac}\\\"\\\\\"");
    }

    #[test]
    fn an_escape_is_found_at_every_place() {
        for length in 0..40 {
            for at in 0..length {
                for special in [0_u8, 0x1F, b'"', b'\\'] {
                    for filler in [b' ', b'!', b'#', b'[', b']', 0x7F, 0x80, 0xFF] {
                        let mut bytes = vec![filler; length];
                        bytes[at] = special;
                        assert_eq!(plain_length(&bytes), at, "{filler:#x} {special:#x}");
                        assert_eq!(plain_length(&vec![filler; length]), length);
                    }
                }
            }
        }
    }

    #[test]
    fn a_member_can_be_left_out() {
        let Value::Object(map) = json!({"b": 1, "proof": {"x": 1}, "a": {"proof": 2}}) else { panic!() };
        assert_eq!(canonicalize_without(&map, "proof"), br#"{"a":{"proof":2},"b":1}"#);
    }
}
