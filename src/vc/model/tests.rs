//! Rules of the data model, one changed property at a time.

use super::*;
use crate::base::json::json;

fn credential() -> Map {
    let value = json!({
        "@context": [BASE_CONTEXT, { "X": "https://example.org/#X" }],
        "id": "urn:uuid:9c9a36f8-518f-4976-a934-6649502d0008",
        "type": ["VerifiableCredential", "X"],
        "issuer": { "id": "did:example:issuer", "name": "A" },
        "validFrom": "2023-01-01T00:00:00Z",
        "validUntil": "2024-01-01T00:00:00Z",
        "credentialSubject": { "id": "did:example:subject", "friend": { "id": "did:example:friend", "type": "X" } },
        "credentialStatus": { "type": "BitstringStatusListEntry" },
        "credentialSchema": { "id": "https://example.org/schema", "type": "JsonSchema" },
        "proof": { "type": "DataIntegrityProof" }
    });
    value.as_object().unwrap().clone()
}

fn presentation() -> Map {
    let value = json!({
        "@context": [BASE_CONTEXT],
        "type": "VerifiablePresentation",
        "holder": "did:example:holder",
        "verifiableCredential": [credential()]
    });
    value.as_object().unwrap().clone()
}

fn changed(document: &Map, path: &[&str], value: &Value) -> Map {
    let mut whole = Value::Object(document.clone());
    let mut place = &mut whole;
    for name in path {
        place = if let Ok(index) = name.parse::<usize>() { &mut place[index] } else { &mut place[*name] };
    }
    *place = value.clone();
    whole.as_object().unwrap().clone()
}

#[test]
fn a_whole_credential_and_presentation_are_accepted() {
    assert_eq!(check_credential(&credential()), Ok(()));
    assert_eq!(check_presentation(&presentation()), Ok(()));
    assert_eq!(issuer_id(&credential()), Some("did:example:issuer"));
    assert_eq!(types(&credential()).collect::<Vec<_>>(), ["VerifiableCredential", "X"]);
    assert_eq!(holder_id(&presentation()), Some("did:example:holder"));
    assert_eq!(credentials(&presentation()).count(), 1);
}

#[test]
fn required_properties_cannot_be_missing() {
    for name in ["@context", "type", "issuer", "credentialSubject"] {
        let mut document = credential();
        document.remove(name);
        let finding = check_credential(&document).unwrap_err();
        assert!(finding.detail.starts_with(name), "{finding}");
        assert_eq!(finding.code.problem_type(), Some("https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR"));
    }
    for name in ["@context", "type"] {
        let mut document = presentation();
        document.remove(name);
        assert!(check_presentation(&document).is_err(), "{name}");
    }
}

#[test]
fn wrong_values_are_refused() {
    let cases: &[(&[&str], Value)] = &[
        (&["@context"], json!(BASE_CONTEXT)),
        (&["@context"], json!([])),
        (&["@context"], json!(["https://www.w3.org/ns/credentials/examples/v2", BASE_CONTEXT])),
        (&["@context"], json!([BASE_CONTEXT, 123])),
        (&["@context"], json!([BASE_CONTEXT, null])),
        (&["@context"], json!([BASE_CONTEXT, []])),
        (&["@context"], json!([BASE_CONTEXT, "https ://not-a-url"])),
        (&["id"], json!(null)),
        (&["id"], json!(["urn:a:b", "urn:a:c"])),
        (&["id"], json!("https ://not-a-url")),
        (&["type"], json!("X")),
        (&["type"], json!([])),
        (&["type"], json!(["VerifiableCredential", 2])),
        (&["issuer"], json!(null)),
        (&["issuer"], json!("fake-issuer")),
        (&["issuer"], json!(["did:example:issuer"])),
        (&["issuer", "id"], json!(null)),
        (&["issuer", "name"], json!({ "@value": "A", "@language": "en", "url": "did:example:x" })),
        (&["name"], json!(3)),
        (&["name"], json!(["A"])),
        (&["name"], json!({ "@language": "en" })),
        (&["description"], json!({ "@value": "A", "@direction": "up" })),
        (&["description"], json!({ "@value": "A", "@language": "not a tag" })),
        (&["credentialSubject"], json!({})),
        (&["credentialSubject"], json!([])),
        (&["credentialSubject"], json!("did:example:subject")),
        (&["credentialSubject"], json!([{ "id": "did:example:subject" }, {}])),
        (&["credentialSubject", "id"], json!(["did:example:a", "did:example:b"])),
        (&["credentialSubject", "friend", "id"], json!("no-url")),
        (&["credentialSubject", "friend", "type"], json!(7)),
        (&["validFrom"], json!("Sat 25 Feb 2023 07:16:31 PM CST")),
        (&["validFrom"], json!(1_700_000_000)),
        (&["validFrom"], json!("2025-01-01T00:00:00Z")),
        (&["validUntil"], json!("2022-12-31T23:59:59Z")),
        (&["credentialStatus"], json!({ "id": "did:example:status" })),
        (&["credentialStatus"], json!([])),
        (&["credentialStatus"], json!({ "type": 2 })),
        (&["credentialStatus"], json!({ "type": "X", "id": ["did:a:b"] })),
        (&["credentialSchema"], json!({ "type": "JsonSchema" })),
        (&["credentialSchema"], json!({ "id": "https://example.org/schema" })),
        (&["refreshService"], json!({ "id": "did:example:r" })),
        (&["termsOfUse"], json!({})),
        (&["evidence"], json!({})),
        (&["evidence"], json!("https://example.org/evidence")),
        (&["renderMethod"], json!({})),
        (&["confidenceMethod"], json!([{ "type": "X" }, {}])),
        (&["relatedResource"], json!(["https://example.org"])),
        (&["proof"], json!("x")),
        (&["proof"], json!({})),
        (&["proof"], json!([])),
    ];
    for (path, value) in cases {
        let document = changed(&credential(), path, value);
        assert!(check_credential(&document).is_err(), "{path:?} = {value}");
        let within = changed(&presentation(), &["verifiableCredential", "0"], &Value::Object(document));
        assert!(check_presentation(&within).is_err(), "in a presentation, {path:?} = {value}");
    }
}

#[test]
fn other_forms_that_the_specification_allows_are_accepted() {
    let cases: &[(&[&str], Value)] = &[
        (&["type"], json!("VerifiableCredential")),
        (&["type"], json!(["https://example.org/#A", "VerifiableCredential"])),
        (&["issuer"], json!("https://example.org/issuer")),
        (
            &["name"],
            json!([{ "@value": "证照", "@language": "zh-Hans" }, { "@value": "Licence", "@language": "en", "@direction": "ltr" }]),
        ),
        (&["credentialSubject"], json!([{ "id": "did:example:a" }, { "id": "did:example:b" }])),
        (&["credentialStatus"], json!([{ "type": "X" }, { "type": "X", "id": "urn:a:b" }])),
        (&["validUntil"], json!("2023-01-01T00:00:00Z")),
        (&["proof"], json!([{ "type": "DataIntegrityProof" }, { "type": "Other" }])),
    ];
    for (path, value) in cases {
        assert_eq!(check_credential(&changed(&credential(), path, value)), Ok(()), "{path:?} = {value}");
    }
}

#[test]
fn a_presentation_keeps_its_own_rules() {
    let cases: &[(&[&str], Value)] = &[
        (&["type"], json!("Presentation")),
        (&["holder"], json!("z6Mk")),
        (&["holder"], json!({ "name": "Acme" })),
        (&["verifiableCredential"], json!(["eyJhbGciOiJFUzI1NiJ9.e30.AA"])),
        (&["verifiableCredential"], json!("https://example.org/credential")),
        (&["termsOfUse"], json!({})),
        (&["id"], json!("no-url")),
    ];
    for (path, value) in cases {
        assert!(check_presentation(&changed(&presentation(), path, value)).is_err(), "{path:?} = {value}");
    }
    let empty = changed(&presentation(), &["verifiableCredential"], &json!([]));
    assert_eq!(check_presentation(&empty), Ok(()));
}

#[test]
fn an_unsecured_credential_is_accepted_only_from_the_holder() {
    let mut unsecured = credential();
    unsecured.remove("proof");
    let document = changed(&presentation(), &["verifiableCredential"], &json!([unsecured]));
    assert!(check_presentation(&document).is_err());
    let own = changed(&document, &["holder"], &json!({ "id": "did:example:issuer" }));
    assert_eq!(check_presentation(&own), Ok(()));
    let mut nobody = document;
    nobody.remove("holder");
    assert!(check_presentation(&nobody).is_err());
}

#[test]
fn an_envelope_is_refused_as_unsupported_and_a_broken_one_as_wrong() {
    let envelope = json!({
        "@context": BASE_CONTEXT, "type": "EnvelopedVerifiableCredential", "id": "data:application/vc+jwt,eyJ.eyJ.AA"
    });
    let document = changed(&presentation(), &["verifiableCredential"], &json!([envelope]));
    assert_eq!(check_presentation(&document).unwrap_err().code, Code::FormatUnsupported);
    for (name, value) in [("id", json!("eyJ.eyJ.AA")), ("@context", json!([]))] {
        let broken = changed(&document, &["verifiableCredential", "0", name], &value);
        assert_eq!(check_presentation(&broken).unwrap_err().code, Code::ModelViolation);
    }
    let presented = json!({ "@context": BASE_CONTEXT, "type": ["EnvelopedVerifiablePresentation"], "id": "data:application/vp+jwt,x" });
    assert_eq!(check_presentation(presented.as_object().unwrap()).unwrap_err().code, Code::FormatUnsupported);
}

#[test]
fn a_credential_of_the_data_model_1_1_keeps_the_rules_of_that_version() {
    let legacy = changed(&credential(), &["@context"], &json!([LEGACY_CONTEXT]));
    assert!(check_credential(&legacy).is_err(), "issuanceDate is missing");
    let mut legacy = changed(&legacy, &["credentialStatus"], &json!({ "id": "urn:a:b", "type": "X" }));
    legacy.insert("issuanceDate".into(), json!("2020-01-01T00:00:00Z"));
    legacy.insert("expirationDate".into(), json!("2021-01-01T00:00:00Z"));
    assert_eq!(check_credential(&legacy), Ok(()));
    let (from, until) = validity(&legacy).unwrap();
    let (from, until) = (from.unwrap().to_string(), until.unwrap().to_string());
    assert_eq!((from.as_str(), until.as_str()), ("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"));
    for (name, value) in [
        ("issuanceDate", json!("2020-01-01")),
        ("expirationDate", json!("2019-01-01T00:00:00Z")),
        ("credentialStatus", json!({ "type": "X" })),
    ] {
        assert!(check_credential(&changed(&legacy, &[name], &value)).is_err(), "{name}");
    }
}
