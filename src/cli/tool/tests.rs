//! Each operation as another program would use it, and lines that nobody should send.

use super::*;
use crate::base::bytes::hex;
use crate::base::clock::FixedClock;
use crate::base::json::json;
use crate::base::time::from_unix;
use crate::crypto::{Signer as _, SigningKey};
use crate::vc::jws;
use crate::vc::sd_jwt::{HashAlgorithm, Issuance, KeyBinding, issue};
use proptest::prelude::*;

fn now() -> Timestamp {
    from_unix(1_790_000_000).unwrap()
}

fn ask(op: Op, input: &Value) -> Value {
    Value::Object(op.answer(input.to_string().as_bytes(), now()))
}

fn code(op: Op, input: &Value) -> String {
    let answer = ask(op, input);
    assert_eq!(answer["ok"], false, "{answer}");
    answer["code"].as_str().unwrap().to_owned()
}

#[test]
fn one_answer_a_line_in_the_same_order_and_bad_lines_too() {
    let long = format!("{{\"text\":\"{}\"}}", "x".repeat(Limits::DEFAULT.bytes));
    let input = format!("{{\"document\":1}}\n\n  \nnot json\n{long}\n{{\"document\":2}}");
    let mut output = Vec::new();
    run(Op::Jcs, input.as_bytes(), &mut output, &FixedClock::new(now())).unwrap();
    let lines: Vec<Value> =
        String::from_utf8(output).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let results: Vec<_> =
        lines.iter().map(|line| line.get("canonical").or(line.get("code")).unwrap().clone()).collect();
    assert_eq!(results, [json!("1"), json!("json_malformed"), json!("json_too_large"), json!("2")]);
}

#[test]
fn jcs_canonicalizes_a_document_or_strictly_read_text() {
    let answer = ask(Op::Jcs, &json!({"document": {"b": 1.0, "a": "ü"}}));
    assert_eq!(answer["canonical"], r#"{"a":"ü","b":1}"#);
    assert_eq!(answer["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(ask(Op::Jcs, &json!({"text": "[1e1]"}))["canonical"], "[10]");
    assert_eq!(code(Op::Jcs, &json!({"text": r#"{"a":1,"a":2}"#})), "json_duplicate_name");
    assert_eq!(code(Op::Jcs, &json!({})), "input_malformed");
}

#[test]
fn rdfc_names_what_it_can_and_refuses_undefined_terms() {
    let document =
        json!({"@context": "https://www.w3.org/ns/credentials/v2", "id": "urn:x", "type": "VerifiableCredential"});
    let expected = "<urn:x> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://www.w3.org/2018/credentials#VerifiableCredential> .\n";
    assert_eq!(ask(Op::Rdfc, &json!({"document": document}))["canonical"], expected);
    let own = json!({"@context": "https://example.org/c", "@id": "urn:x", "a": "b"});
    assert_eq!(code(Op::Rdfc, &json!({"document": own})), "context_unknown");
    let contexts = json!({"https://example.org/c": {"@context": {"a": "https://example.org/a"}}});
    let answer = ask(Op::Rdfc, &json!({"document": own, "contexts": contexts}));
    assert_eq!(answer["canonical"], "<urn:x> <https://example.org/a> \"b\" .\n");
}

#[test]
fn signatures_verify_by_every_spelling_of_the_key() {
    for (op, key) in
        [(Op::Ed25519Verify, SigningKey::ed25519(&[1; 32])), (Op::P256Verify, SigningKey::p256(&[1; 32]).unwrap())]
    {
        let signature = hex(&key.sign(b"message"));
        let mut input = json!({"text": "message", "signature": signature, "jwk": key.public_key().to_jwk()});
        assert_eq!(ask(op, &input), json!({"ok": true}));
        input["text"] = json!("another");
        assert_eq!(code(op, &input), "proof_invalid");
        let input =
            json!({"message": hex(b"message"), "signature": signature, "multikey": key.public_key().to_multikey()});
        assert_eq!(ask(op, &input), json!({"ok": true}));
        let other = if op == Op::P256Verify { Op::Ed25519Verify } else { Op::P256Verify };
        assert_eq!(code(other, &input), "input_malformed");
    }
    let identity = format!("01{}", "00".repeat(31));
    assert_eq!(code(Op::Ed25519Verify, &json!({"key": identity, "message": "", "signature": ""})), "key_weak");
}

#[test]
fn a_jws_shows_its_claims_once_it_verifies() {
    let key = SigningKey::ed25519(&[1; 32]);
    let claims = json!({"a": 1}).as_object().cloned().unwrap();
    let text = jws::sign(&Map::new(), &claims, &key);
    let mut input = json!({"jws": text, "jwk": key.public_key().to_jwk()});
    assert_eq!(ask(Op::JwsVerify, &input)["claims"], json!({"a": 1}));
    input["typ"] = json!("JWT");
    assert_eq!(code(Op::JwsVerify, &input), "jwt_type_wrong");
}

#[test]
fn an_sd_jwt_shows_its_claims_and_needs_binding_where_asked() {
    let (issuer, holder) = (SigningKey::ed25519(&[1; 32]), SigningKey::p256(&[2; 32]).unwrap());
    let claims = json!({"name": "x", "cnf": {"jwk": holder.public_key().to_jwk()}}).as_object().cloned().unwrap();
    let open = [crate::vc::sd_jwt::Open::Whole(crate::vc::sd_jwt::ClaimPath::top("cnf"))];
    let issuance =
        Issuance { header: Map::new(), claims: &claims, open: &open, decoys: 0, hash: HashAlgorithm::Sha256 };
    let issued = issue(&issuance, &issuer, &crate::crypto::derive::SeededRandom::new("tool")).unwrap();
    let mut input = json!({"presentation": issued.to_string(), "jwk": issuer.public_key().to_jwk()});
    let answer = ask(Op::SdJwtVerify, &input);
    assert_eq!(
        (&answer["claims"]["name"], &answer["disclosed"], &answer["binding"]),
        (&json!("x"), &json!(["name"]), &Value::Null)
    );
    input["nonce"] = json!("n");
    assert_eq!(code(Op::SdJwtVerify, &input), "binding_missing");
    let binding = KeyBinding { nonce: "n".into(), audience: "a".into(), issued_at: now() };
    input["presentation"] = json!(issued.bind(&binding, &holder).unwrap().to_string());
    assert_eq!(ask(Op::SdJwtVerify, &input)["binding"]["aud"], "a");
    input["now"] = json!("2030-01-01T00:00:00Z");
    assert_eq!(code(Op::SdJwtVerify, &input), "code_expired");
    input["jwk"] = holder.public_key().to_jwk().into();
    assert_eq!(code(Op::SdJwtVerify, &input), "algorithm_refused");
}

#[test]
fn status_lists_are_read_in_both_orders() {
    use crate::vc::status::bitstring::encode;
    // The example of the Token Status List, section 4.1, with one bit for each token.
    let list = json!({"bits": 1, "lst": "eNrbuRgAAhcBXQ"});
    let answer = ask(Op::StatusDecode, &json!({"statusList": list, "index": 3}));
    assert_eq!((&answer["entries"], &answer["status"]), (&json!(16), &json!(1)));
    let encoded = encode(&[0b0100_0000, 0b0000_0001]);
    let answer = ask(Op::StatusDecode, &json!({"encodedList": encoded, "index": 1}));
    assert_eq!((&answer["status"], &answer["set"]), (&json!(1), &json!([[1, 1], [15, 1]])));
    let answer = ask(Op::StatusDecode, &json!({"encodedList": encoded, "statusSize": 2, "index": 16}));
    assert_eq!((&answer["status"], &answer["set"]), (&Value::Null, &json!([[0, 1], [7, 1]])));
    assert_eq!(ask(Op::StatusDecode, &json!({"encodedList": "u"}))["ok"], false);
    assert_eq!(code(Op::StatusDecode, &json!({})), "input_malformed");
}

#[test]
fn documents_are_checked_against_a_type_or_a_schema() {
    let answer =
        ask(Op::SchemaValidate, &json!({"type": "idCard", "part": "disclosed", "document": {"name": "演示甲"}}));
    assert_eq!(answer, json!({"ok": true}));
    let answer = ask(Op::SchemaValidate, &json!({"type": "idCard", "part": "disclosed", "document": {"sex": "男"}}));
    assert_eq!((&answer["code"], &answer["problems"][0]["path"]), (&json!("schema_violation"), &json!("/sex")));
    assert_eq!(code(Op::SchemaValidate, &json!({"type": "passport", "document": {}})), "schema_unknown");
    let own =
        json!({"schema": {"$ref": "urn:x"}, "documents": {"urn:x": {"format": "cn-date"}}, "document": "2026-02-30"});
    assert_eq!(ask(Op::SchemaValidate, &own)["problems"][0]["keyword"], "format");
    assert_eq!(code(Op::SchemaValidate, &json!({"schema": {"$ref": "urn:y"}, "document": 1})), "schema_malformed");
    assert_eq!(code(Op::SchemaValidate, &json!({"schema": {"type": "nothing"}, "document": 1})), "schema_malformed");
    assert_eq!(code(Op::SchemaValidate, &json!({"document": 1})), "input_malformed");
}

proptest! {
    #[test]
    fn no_line_panics(line in proptest::collection::vec(any::<u8>(), 0..120), text in ".{0,40}", number in any::<i64>()) {
        let names = ["document", "text", "jws", "presentation", "signature", "message", "key", "multikey", "jwk", "now",
            "token", "encodedList", "statusList", "index", "statusSize", "contexts", "type", "part", "schema", "documents", "nonce", "typ"];
        for op in Op::value_variants() {
            op.answer(&line, now());
            for value in [json!(text), json!(number), json!({"bits": number, "lst": text, "payload": text})] {
                let input: Map = names.iter().map(|name| ((*name).to_owned(), value.clone())).collect();
                op.answer(Value::Object(input).to_string().as_bytes(), now());
            }
        }
    }
}
