//! Bitstring Status List 1.0: the example of its text and each MUST of its entries, lists and algorithms.

use certless::base::json::{Map, Value, json};
use certless::base::time::{Timestamp, parse_rfc3339};
use certless::vc::finding::{Code, State};
use certless::vc::status::bitstring::{ListOptions, check, decode, encode, entries, list_credential, status_of_slot};
use certless::vc::status::{Bits, SLOTS, Status};

const URL: &str = "https://city.example/status/GA-0";

fn now() -> Timestamp {
    parse_rfc3339("2026-03-01T00:00:00Z").unwrap()
}

fn entry(purpose: &str, index: u64) -> Value {
    json!({"type": "BitstringStatusListEntry", "statusPurpose": purpose, "statusListIndex": index.to_string(), "statusListCredential": URL})
}

fn credential(status: Value) -> Map {
    Map::from_iter([("credentialStatus".to_owned(), status)])
}

fn with(mut value: Value, name: &str, member: Value) -> Value {
    value[name] = member;
    value
}

fn list(bits: &Bits) -> Map {
    let options = ListOptions {
        url: URL,
        issuer: "did:web:city.example:agencies:GA",
        valid_from: parse_rfc3339("2026-02-28T00:00:00Z").unwrap(),
        valid_until: Some(parse_rfc3339("2026-03-02T00:00:00Z").unwrap()),
        ttl: Some(60),
    };
    list_credential(&options, bits)
}

fn value_of(status: Value, list: &Map) -> Result<u8, (Code, State)> {
    let entries = entries(&credential(status)).map_err(|finding| (finding.code, finding.state))?;
    check(&entries[0], list, now()).map(|outcome| outcome.value).map_err(|finding| (finding.code, finding.state))
}

#[test]
fn the_example_list_of_the_text_expands_to_131072_valid_entries() {
    let bits = decode("uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA").unwrap();
    assert_eq!(bits, vec![0; 16_384]);
}

#[test]
fn index_zero_is_the_left_most_bit() {
    let mut bytes = vec![0_u8; 16_384];
    bytes[0] = 0b1000_0000;
    bytes[16_383] = 0b0000_0001;
    let mut list = list(&Bits::default());
    list["credentialSubject"]["encodedList"] = json!(encode(&bytes));
    let set: Vec<u64> = [0, 1, 7, 8, 131_070, 131_071]
        .into_iter()
        .filter(|&i| value_of(entry("revocation", i), &list) == Ok(1))
        .collect();
    assert_eq!(set, [0, 131_071]);
    assert_eq!(value_of(entry("revocation", 131_072), &list), Err((Code::StatusRange, State::Error)));
}

#[test]
fn the_two_entries_of_a_slot_tell_its_status() {
    let list = list(&Bits::of([(7, Status::Revoked), (8, Status::Suspended), (SLOTS - 1, Status::Suspended)]));
    for (slot, expected) in [(6, [0, 0]), (7, [1, 0]), (8, [0, 1]), (SLOTS - 1, [0, 1])] {
        let entries = entries(&credential(status_of_slot(URL, slot))).unwrap();
        assert_eq!(
            entries.iter().map(|entry| entry.purpose.as_str()).collect::<Vec<_>>(),
            ["revocation", "suspension"]
        );
        let values: Vec<u8> = entries.iter().map(|entry| check(entry, &list, now()).unwrap().value).collect();
        assert_eq!(values, expected, "slot {slot}");
    }
}

#[test]
fn a_credential_without_status_has_no_entries() {
    assert_eq!(entries(&Map::new()).unwrap(), []);
}

#[test]
fn malformed_entries_are_the_credentials_fault() {
    let good = entry("revocation", 0);
    let cases = [
        with(good.clone(), "statusListIndex", json!(0)),
        with(good.clone(), "statusListIndex", json!("-1")),
        with(good.clone(), "statusListIndex", json!("1.0")),
        with(good.clone(), "statusListIndex", json!("+1")),
        with(good.clone(), "statusListIndex", json!("")),
        with(good.clone(), "statusListIndex", json!(null)),
        with(good.clone(), "statusPurpose", json!(null)),
        with(good.clone(), "statusPurpose", json!(["revocation"])),
        with(good.clone(), "statusListCredential", json!("not a url")),
        with(good.clone(), "statusListCredential", json!(1)),
        with(good.clone(), "id", json!(URL)),
        with(good.clone(), "id", json!(7)),
        with(good.clone(), "statusSize", json!(0)),
        with(good.clone(), "statusSize", json!("1")),
        with(good.clone(), "statusSize", json!(1.5)),
        with(good.clone(), "statusSize", json!(2)),
        with(good.clone(), "statusMessage", json!("set")),
        with(good.clone(), "statusMessage", json!([{"status": "0x0", "message": "unset"}])),
        with(
            good.clone(),
            "statusMessage",
            json!([{"status": "0x0", "message": "a"}, {"status": "0x0", "message": "b"}]),
        ),
        with(
            good.clone(),
            "statusMessage",
            json!([{"status": "0", "message": "a"}, {"status": "0x1", "message": "b"}]),
        ),
        with(good.clone(), "statusMessage", json!([{"status": "0x0"}, {"status": "0x1", "message": "b"}])),
        json!("https://city.example/status"),
        json!([good.clone(), 1]),
    ];
    let list = list(&Bits::default());
    assert_eq!(value_of(good, &list), Ok(0));
    for case in cases {
        assert_eq!(value_of(case.clone(), &list), Err((Code::ModelViolation, State::Invalid)), "{case}");
    }
}

#[test]
fn a_status_of_another_type_is_not_decided() {
    let other = with(entry("revocation", 0), "type", json!("StatusList2021Entry"));
    assert_eq!(value_of(other, &list(&Bits::default())), Err((Code::FormatUnsupported, State::Error)));
    let wide = with(entry("message", 0), "statusSize", json!(9));
    assert_eq!(value_of(wide, &list(&Bits::default())), Err((Code::FormatUnsupported, State::Error)));
}

#[test]
fn an_index_beyond_every_list_is_out_of_range() {
    let huge = with(entry("revocation", 0), "statusListIndex", json!("99999999999999999999999999"));
    assert_eq!(value_of(huge, &list(&Bits::default())), Err((Code::StatusRange, State::Error)));
    assert_eq!(
        value_of(entry("revocation", u64::MAX), &list(&Bits::default())),
        Err((Code::StatusRange, State::Error))
    );
}

#[test]
fn a_list_of_another_purpose_type_address_or_time_decides_nothing() {
    let good = list(&Bits::default());
    let change = |edit: &dyn Fn(&mut Map)| {
        let mut list = good.clone();
        edit(&mut list);
        value_of(entry("revocation", 0), &list)
    };
    let invalid = Err((Code::StatusInvalid, State::Error));
    assert_eq!(change(&|list| list["credentialSubject"]["statusPurpose"] = json!("revocation")), Ok(0));
    assert_eq!(change(&|list| drop(list.remove("id"))), Ok(0), "the id is optional");
    assert_eq!(change(&|list| list["credentialSubject"]["statusPurpose"] = json!("suspension")), invalid);
    assert_eq!(change(&|list| list["credentialSubject"]["statusPurpose"] = json!(["suspension", "refresh"])), invalid);
    assert_eq!(change(&|list| list["credentialSubject"]["type"] = json!("BitstringStatusListEntry")), invalid);
    assert_eq!(change(&|list| list["type"] = json!(["VerifiableCredential"])), invalid);
    assert_eq!(change(&|list| list["id"] = json!("https://city.example/status/GA-1")), invalid);
    assert_eq!(change(&|list| list["credentialSubject"]["encodedList"] = json!(7)), invalid);
    assert_eq!(change(&|list| list["credentialSubject"]["encodedList"] = json!("H4sIAAAAAAAAA")), invalid);
    assert_eq!(change(&|list| list["credentialSubject"]["encodedList"] = json!("uAAAA")), invalid);
    assert_eq!(change(&|list| list["validFrom"] = json!("yesterday")), invalid);
    let stale = Err((Code::StatusStale, State::Error));
    assert_eq!(change(&|list| list["validFrom"] = json!("2026-03-01T00:00:01Z")), stale);
    assert_eq!(change(&|list| list["validUntil"] = json!("2026-02-28T23:59:59Z")), stale);
}

#[test]
fn short_lists_raise_the_length_error_with_its_problem_type() {
    let mut short = list(&Bits::default());
    short["credentialSubject"]["encodedList"] = json!(encode(&vec![0; 16_383]));
    assert_eq!(value_of(entry("revocation", 0), &short), Err((Code::StatusLength, State::Error)));
    let problem = |code: Code| code.problem_type().unwrap().rsplit_once('#').unwrap();
    assert_eq!(
        problem(Code::StatusLength),
        ("https://www.w3.org/ns/credentials/status-list", "STATUS_LIST_LENGTH_ERROR")
    );
    assert_eq!(
        problem(Code::StatusInvalid),
        ("https://www.w3.org/ns/credentials/status-list", "STATUS_VERIFICATION_ERROR")
    );
    assert_eq!(
        problem(Code::StatusUnreachable),
        ("https://www.w3.org/ns/credentials/status-list", "STATUS_RETRIEVAL_ERROR")
    );
    assert_eq!(problem(Code::ModelViolation).1, "MALFORMED_VALUE_ERROR");
    assert_eq!(problem(Code::StatusRange).1, "RANGE_ERROR");
}

#[test]
fn entries_of_two_bits_need_twice_the_list_and_speak_their_messages() {
    let messages = json!([
        {"status": "0x0", "message": "pending_review"},
        {"status": "0x1", "message": "accepted"},
        {"status": "0x2", "message": "rejected"},
        {"status": "0x3", "message": "undefined"},
    ]);
    let wide = with(with(entry("message", 4), "statusSize", json!(2)), "statusMessage", messages);
    let mut bytes = vec![0_u8; 32_768];
    bytes[1] = 0b1000_0000;
    let mut list = list(&Bits::default());
    list["credentialSubject"]["statusPurpose"] = json!("message");
    list["credentialSubject"]["encodedList"] = json!(encode(&bytes));
    let entry = entries(&credential(wide.clone())).unwrap().remove(0);
    let outcome = check(&entry, &list, now()).unwrap();
    assert_eq!((outcome.value, outcome.message.as_deref()), (2, Some("rejected")));
    list["credentialSubject"]["encodedList"] = json!(encode(&bytes[..16_384]));
    assert_eq!(value_of(wide, &list), Err((Code::StatusLength, State::Error)));
}

#[test]
fn a_list_that_inflates_without_end_is_stopped() {
    let bomb = encode(&vec![0; (4 << 20) + 1]);
    assert!(bomb.len() < 20_000);
    assert_eq!(decode(&bomb).unwrap_err().code, Code::StatusInvalid);
}

#[test]
fn the_list_credential_has_the_shape_of_the_specification() {
    let list = Value::Object(list(&Bits::default()));
    assert_eq!(list["type"], json!(["VerifiableCredential", "BitstringStatusListCredential"]));
    assert_eq!(list["id"], json!(URL));
    assert_eq!(list["credentialSubject"]["id"], json!(format!("{URL}#list")));
    assert_eq!(list["credentialSubject"]["ttl"], json!(60_000), "milliseconds");
    assert!(list["issuer"].is_string());
    assert_eq!(decode(list["credentialSubject"]["encodedList"].as_str().unwrap()).unwrap().len(), 32_768);
}

proptest::proptest! {
    #[test]
    fn arbitrary_texts_never_panic(text in ".{0,80}", number in proptest::prelude::any::<u64>()) {
        let _ = decode(&text);
        let status = json!({"type": "BitstringStatusListEntry", "statusPurpose": text, "statusListIndex": text, "statusListCredential": text, "statusSize": number, "statusMessage": [text]});
        let _ = entries(&credential(status));
    }
}
