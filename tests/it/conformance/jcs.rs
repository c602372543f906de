//! RFC 8785: the published files, ten thousand published numbers, and the differential against another writer.

use certless::base::bytes::from_hex;
use certless::base::jcs::canonicalize;
use certless::base::json::{Limits, Value, parse};
use proptest::prelude::*;

use crate::support::vectors;

#[test]
fn every_published_file_has_its_canonical_form() {
    for name in ["arrays", "french", "structures", "unicode", "values", "weird"] {
        let Some(input) = vectors::text(&format!("jcs/input/{name}.json")) else { return };
        let written = canonicalize(&parse(input.as_bytes(), &Limits::DEFAULT).unwrap());
        let output = vectors::text(&format!("jcs/output/{name}.json")).unwrap();
        assert_eq!(String::from_utf8_lossy(&written), output, "{name}");
        let hex: String = vectors::text(&format!("jcs/outhex/{name}.txt")).unwrap().split_ascii_whitespace().collect();
        assert_eq!(written, from_hex(&hex).unwrap(), "{name}: bytes");
    }
}

#[test]
fn ten_thousand_numbers_print_as_ecmascript_prints_them() {
    let Some(lines) = vectors::text("jcs/es6-10000.txt") else { return };
    let mut count = 0;
    for line in lines.lines() {
        let (bits, expected) = line.split_once(',').unwrap();
        let number = f64::from_bits(u64::from_str_radix(bits, 16).unwrap());
        assert_eq!(String::from_utf8(canonicalize(&Value::from(number))).unwrap(), expected, "{bits}");
        let read = parse(expected.as_bytes(), &Limits::DEFAULT).unwrap();
        assert_eq!(String::from_utf8(canonicalize(&read)).unwrap(), expected, "{bits} read back");
        count += 1;
    }
    assert_eq!(count, 10_000);
}

proptest! {
    #[test]
    fn another_canonical_writer_agrees(value in any_value()) {
        let other = serde_json_canonicalizer::to_vec(&value).unwrap();
        prop_assert_eq!(String::from_utf8(canonicalize(&value)).unwrap(), String::from_utf8(other).unwrap());
    }

    #[test]
    fn what_is_written_reads_back_to_the_same_form(value in any_value()) {
        let written = canonicalize(&value);
        let read = parse(&written, &Limits::DEFAULT).unwrap();
        prop_assert_eq!(canonicalize(&read), written);
    }

    #[test]
    fn arbitrary_bytes_never_panic_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes, &Limits::DEFAULT);
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[\\x00-\\x20\"\\\\/\u{7f}-\u{a0}\u{2028}\u{d7ff}\u{e000}\u{ffff}\u{10000}]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 48, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map("[a-c\u{e000}\u{ffff}\u{10000}\u{1f600}\"\\\\\n]{0,4}", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}
